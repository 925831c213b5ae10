//! What passes an interface, as it passes?
//!
//! libpcap opens the interfaces and leaves out what does not pass the filter. Frames are taken from
//! the kernel's buffers in batches, never waiting; waiting is done beside it, on all handles at
//! once and on the signals, because a read that waits cannot be interrupted by a time-out.
//!
//! A signal ends listening at that instant: what was captured until then is still drawn out of the
//! kernel's buffers and told, what came later is not.

use std::io;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::sift::BadFilter;
use crate::timeline::{About, Frame, Interface, Moment, Source, Timestamp};

mod clock;
mod missing;
mod stop;
mod tap;
mod tray;
mod watch;

use clock::Clock;
pub use clock::now;
pub use stop::Ender;
use stop::Stop;
pub use tap::Counts;
use tap::{RETIRE, Tap};
use watch::Watch;

/// What to listen to, and how.
#[derive(Clone, Debug)]
pub struct Listening {
    /// The interfaces; `any` is all of them.
    pub interfaces: Vec<String>,
    /// In libpcap's language.
    pub filter: Option<String>,
    /// The most octets of a frame that are kept.
    pub snaplen: u32,
    /// Whether frames for others are wanted, too.
    pub promiscuous: bool,
    /// Octets of the kernel's buffer for each interface.
    pub buffer: usize,
    pub direction: Direction,
    /// How long.
    pub span: Option<Duration>,
}

/// Which way a frame must go to be wanted, seen from this machine.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Direction {
    Both,
    In,
    Out,
}

/// Opens the interfaces and begins to listen.
///
/// An error is one sentence that names the interface and the cause; one about the filter is a
/// [`BadFilter`].
pub fn listen(listening: &Listening) -> anyhow::Result<Live> {
    let mut about = About::default();
    let mut taps = Vec::new();
    for name in &listening.interfaces {
        let mut tap = Tap::open(name, listening)?;
        if let Some(filter) = &listening.filter {
            tap.filter(filter).map_err(BadFilter)?;
        }
        about.names.push(missing::shown(name));
        about.interfaces.push(Interface {
            name: name.as_bytes().into(),
            filter: listening.filter.as_deref().unwrap_or_default().as_bytes().into(),
            link: tap.link,
            snaplen: listening.snaplen,
            step: Duration::from_nanos(1),
            ..Interface::default()
        });
        taps.push(tap);
    }
    about.is_of("live");
    Ok(Live {
        stop: Stop::after(listening.span)?,
        watch: Watch::begin(&listening.interfaces),
        clock: Clock::start(),
        lost: vec![false; taps.len()],
        taps,
        about,
        notes: Vec::new(),
        note: String::new(),
        number: 0,
        first: None,
        held: None,
        last: Timestamp(0),
        rested: false,
        seen_end: false,
        looked: Instant::now(),
        fate: None,
    })
}

/// Interfaces that are listened to.
pub struct Live {
    taps: Vec<Tap>,
    /// Which of them went away.
    lost: Vec<bool>,
    stop: Stop,
    watch: Watch,
    clock: Clock,
    about: About,
    /// What happened and was not told yet, the latest first.
    notes: Vec<String>,
    note: String,
    number: u64,
    first: Option<Timestamp>,
    /// The interface of a frame whose arrival was announced first.
    held: Option<usize>,
    last: Timestamp,
    /// Whether a lull was told since the last frame.
    rested: bool,
    /// Whether a frame from after the end was met.
    seen_end: bool,
    /// When the clock and the interfaces were last looked at.
    looked: Instant,
    /// The sentence that says why listening ended too early.
    fate: Option<String>,
}

/// After so long without a frame the reports may show what they have.
const PATIENCE: Duration = Duration::from_millis(100);

/// Within this time of its capture a frame is surely handed over.
pub(crate) const HANDED_OVER: Duration = Duration::from_millis(RETIRE + 40);

/// What comes next.
enum Turn {
    /// The next frame of this tap.
    Frame(usize),
    Lull,
    Note,
    End,
}

impl Live {
    /// What the system counted, as of the last [`Source::finish`]; in the order of the interfaces.
    pub fn counts(&self) -> impl Iterator<Item = Counts> {
        self.taps.iter().map(|tap| tap.counts)
    }

    /// Something that ends listening, from whichever thread has it.
    pub fn ender(&self) -> io::Result<Ender> {
        self.stop.ender()
    }

    fn turn(&mut self) -> io::Result<Turn> {
        loop {
            // Once for a load of frames the system is asked, however many wait to be told.
            let is_due = self.taps.iter().any(Tap::is_due);
            if is_due {
                self.stop.look();
                if self.looked.elapsed() >= PATIENCE {
                    self.look_around();
                }
                if let Some(note) = self.notes.pop() {
                    self.note = note;
                    return Ok(Turn::Note);
                }
            }
            let taken = is_due && self.take();
            if let Some(tap) = self.earliest() {
                self.taps[tap].pass();
                self.rested = false;
                return Ok(Turn::Frame(tap));
            }
            if self.has_ended() {
                return Ok(Turn::End);
            }
            if taken {
                continue;
            }
            if !self.rested {
                self.rested = true;
                return Ok(Turn::Lull);
            }
            self.rested = false;
            self.wait()?;
        }
    }

    /// Which interface has the frame that is next in time, once it is sure that no other still
    /// brings an earlier one.
    fn earliest(&mut self) -> Option<usize> {
        loop {
            let heads = self.taps.iter().enumerate();
            let (time, which) = heads.filter_map(|(at, tap)| Some((tap.head()?, at))).min()?;
            if self.stop.end().is_some_and(|end| time > end.time) {
                // Captured after the signal.
                self.seen_end = true;
                self.taps[which].pass();
                continue;
            }
            if self.taps.len() == 1 {
                return Some(which);
            }
            let taken = self.taps[which].taken()?;
            let sure = self.taps.iter().zip(&self.lost).all(|(tap, lost)| {
                *lost || !tap.is_empty() || tap.empty_at.is_some_and(|at| at >= taken + HANDED_OVER)
            });
            return sure.then_some(which);
        }
    }

    /// Takes from every interface that is due; says whether any had something.
    fn take(&mut self) -> bool {
        let mut some = false;
        for at in 0..self.taps.len() {
            if self.lost[at] || !self.taps[at].is_due() {
                continue;
            }
            let taken = self.taps[at].take();
            some |= !self.taps[at].is_empty();
            if let Err(error) = taken {
                self.taps[at].ails.get_or_insert_with(|| {
                    (Instant::now(), missing::lost(&self.about.names[at], &error))
                });
            }
            // What it saw before is still handed over.
            if self.taps[at].is_empty()
                && let Some((since, sentence)) = &self.taps[at].ails
                && since.elapsed() >= HANDED_OVER
            {
                let sentence = sentence.clone();
                self.lose(at, sentence);
            }
        }
        some
    }

    #[cold]
    fn lose(&mut self, at: usize, sentence: String) {
        self.lost[at] = true;
        let before = self.fate.take().map(|before| before + "\n").unwrap_or_default();
        self.fate = Some(format!("{before}{sentence}"));
        if self.lost.contains(&false) {
            self.notes.insert(0, sentence);
        }
    }

    fn has_ended(&mut self) -> bool {
        if !self.lost.contains(&false) {
            return self.taps.iter().all(Tap::is_empty);
        }
        let Some(end) = self.stop.end() else { return false };
        if end.at.elapsed() < HANDED_OVER {
            return false;
        }
        // Whatever came before the end has been handed over: it remains to have seen it all.
        if !self.seen_end && self.take() {
            return false;
        }
        self.taps.iter().all(Tap::is_empty) || self.seen_end
    }

    /// Sees whether the clock was set or an interface changed, and what was counted.
    fn look_around(&mut self) {
        self.looked = Instant::now();
        if let Some(nanos) = self.clock.step() {
            let way = if nanos < 0 { "back" } else { "ahead" };
            let millis = nanos.unsigned_abs() / 1_000_000;
            let (seconds, millis) = (millis / 1000, millis % 1000);
            self.notes.insert(0, format!("the clock was set {way} by {seconds}.{millis:03} s"));
        }
        for note in self.watch.news() {
            self.notes.insert(0, note);
        }
        self.count();
    }

    fn count(&mut self) {
        for (tap, interface) in self.taps.iter_mut().zip(&mut self.about.interfaces) {
            tap.count();
            interface.received = Some(tap.counts.received);
            interface.dropped = Some(tap.counts.dropped + tap.counts.missed);
        }
    }

    /// Waits for a frame or a signal, and not much longer than the reports are patient.
    fn wait(&mut self) -> io::Result<()> {
        let patience = self.stop.left().map_or(PATIENCE, |left| left.min(PATIENCE));
        // A frame that waits for the other interfaces is told soon.
        let held_back = self.taps.iter().any(|tap| !tap.is_empty());
        let ending = self.stop.end().is_some() || self.taps.iter().any(|tap| tap.ails.is_some());
        let patience = if held_back || ending { Duration::from_millis(5) } else { patience };
        let mut handles = vec![PollFd::new(self.stop.as_fd(), PollFlags::POLLIN)];
        for (tap, lost) in self.taps.iter().zip(&self.lost) {
            if !lost && tap.is_empty() && tap.ails.is_none() {
                handles.push(PollFd::new(tap.as_fd(), PollFlags::POLLIN));
            }
        }
        let millis = u16::try_from(patience.as_millis() + 1).unwrap_or(u16::MAX);
        match poll(&mut handles, PollTimeout::from(millis)) {
            Ok(_) | Err(nix::errno::Errno::EINTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn begin(&mut self, tap: usize, time: Timestamp) -> Moment<'_> {
        self.first = Some(time);
        self.held = Some(tap);
        Moment::Begin(time)
    }
}

impl Source for Live {
    #[inline]
    fn next(&mut self) -> io::Result<Option<Moment<'_>>> {
        if let [tap] = &self.taps[..]
            && let Some(time) = tap.head()
            && self.stop.end().is_none()
            && self.first.is_some()
            && self.held.is_none()
        {
            // The usual case: there is one interface, and more of what was taken from it.
            self.taps[0].pass();
            self.rested = false;
            return Ok(Some(self.yields(0, time)));
        }
        self.next_turn()
    }

    fn ahead(&mut self) -> Option<Frame<'_>> {
        // Of several interfaces it is not known which has the next one.
        let [tap] = &mut self.taps[..] else { return None };
        tap.ahead(self.number + 1 + u64::from(self.held.is_some()))
    }

    fn about(&self) -> &About {
        &self.about
    }

    fn finish(&mut self) {
        self.count();
    }
}

impl Live {
    fn next_turn(&mut self) -> io::Result<Option<Moment<'_>>> {
        let turn = match self.held.take() {
            Some(tap) => Turn::Frame(tap),
            None => self.turn()?,
        };
        Ok(match turn {
            Turn::Frame(tap) => {
                let time = self.taps[tap].frame(0, 0).time;
                if self.first.is_none() {
                    return Ok(Some(self.begin(tap, time)));
                }
                Some(self.yields(tap, time))
            }
            Turn::Lull => Some(Moment::Lull),
            Turn::Note => Some(Moment::Note(&self.note)),
            Turn::End => match self.fate.take() {
                Some(sentence) => return Err(io::Error::other(sentence)),
                None => None,
            },
        })
    }

    /// Lends the frame passed last.
    #[inline]
    fn yields(&mut self, tap: usize, time: Timestamp) -> Moment<'_> {
        self.number += 1;
        self.about.backwards += u64::from(time < self.last);
        self.last = time;
        self.about.interfaces[tap].frames += 1;
        Moment::Frame(self.taps[tap].frame(self.number, tap as u32))
    }
}
