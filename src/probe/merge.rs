//! What came first, the call or the frame?
//!
//! The fetch runs on a thread of its own and tells its calls and steps, the capture on another and hands over
//! its frames. Both are brought in order by their times, as late as a capture may be.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;

use super::now;
use super::ours::Ours;
use super::sightings::Sightings;
use crate::capture::live::{Ender, HANDED_OVER, Live};
use crate::timeline::fetch::{Event, Step};
use crate::timeline::{About, Moment, Source, Timestamp};
pub(super) use told::Shaking;
pub use told::Watched;
use told::{Owned, Told};

#[cfg(test)]
mod tests;
mod told;

/// Our own fetch and what was seen of it, as one source.
pub struct Probe {
    told: Receiver<Told>,
    /// What is not yet surely the next, by time and by the order in which it was told.
    waiting: BTreeMap<(Timestamp, u64), Told>,
    count: u64,
    ours: Ours,
    about: About,
    number: u64,
    /// When it began, until that is told.
    begun: Option<Timestamp>,
    frame: Owned,
    note: String,
    capture: Option<Captured>,
    /// Since when nothing more is fetched.
    over: Option<Instant>,
    /// When the handshakes began that go on.
    shaking: Vec<Timestamp>,
    /// Whether a signal asked for the end, which is then told once.
    interrupt: Arc<AtomicBool>,
    interrupted: bool,
    rested: bool,
}

/// The capture on its thread.
struct Captured {
    /// None once it was asked to end.
    ender: Option<Ender>,
    thread: JoinHandle<About>,
}

/// Runs `fetch` on a thread, watched by a capture if there is one.
///
/// What a probe of the way needs to know of the frames is noted in `sightings`. To be called once all rights are given up. An error is the system's, about threads or signals.
pub fn watch(
    capture: Option<Live>,
    sightings: Option<Sightings>,
    fetch: impl FnOnce(&Watched) + Send + 'static,
) -> io::Result<Probe> {
    let (sender, told) = channel();
    let begun = now();
    let interrupt = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        // The second one ends the program.
        flag::register_conditional_shutdown(signal, 128 + signal, interrupt.clone())?;
        flag::register(signal, interrupt.clone())?;
    }
    let mut about = capture.as_ref().map(|live| live.about().clone()).unwrap_or_default();
    about.formats = vec!["fetch"];
    let capture = capture.map(|live| captured(live, sightings, sender.clone())).transpose()?;
    let watched = Watched(sender);
    thread::Builder::new().name("fetch".into()).spawn(move || {
        fetch(&watched);
        watched.tell(Told::FetchIsOver);
    })?;
    Ok(Probe {
        told,
        waiting: BTreeMap::new(),
        count: 0,
        ours: Ours::default(),
        about,
        number: 0,
        begun: Some(begun),
        frame: Owned::default(),
        note: String::new(),
        capture,
        over: None,
        shaking: Vec::new(),
        interrupt,
        interrupted: false,
        rested: false,
    })
}

fn captured(
    mut live: Live,
    sightings: Option<Sightings>,
    sender: Sender<Told>,
) -> io::Result<Captured> {
    let ender = live.ender()?;
    let thread = thread::Builder::new().name("capture".into()).spawn(move || {
        let fate = loop {
            let moment = match live.next() {
                Ok(Some(Moment::Frame(frame))) => {
                    if let Some(sightings) = &sightings {
                        sightings.hear(frame);
                    }
                    Told::Frame(Owned::of(frame))
                }
                Ok(Some(Moment::Note(note))) => Told::Note(note.to_owned()),
                Ok(Some(_)) => continue,
                Ok(None) => break None,
                Err(error) => break Some(error.to_string()),
            };
            if sender.send(moment).is_err() {
                break None;
            }
        };
        live.finish();
        let _ = sender.send(Told::CaptureIsOver(fate));
        live.about().clone()
    })?;
    Ok(Captured { ender: Some(ender), thread })
}

/// How long the threads are waited for before it is looked whether a signal came.
const PATIENCE: Duration = Duration::from_millis(20);

/// So late a frame may come: handed over by the kernel, then brought in order with those of other interfaces.
const LATE: Duration = Duration::from_millis(2 * HANDED_OVER.as_millis() as u64);

impl Probe {
    /// Whether a signal ended it before it was over.
    pub fn was_interrupted(&self) -> bool {
        self.interrupted
    }

    /// Puts what was told where its time is.
    fn sort(&mut self, told: Told) {
        let time = match &told {
            // Whoever polls waits: it is the end that is of interest. Every other call causes what follows.
            Told::Call(call) if call.name == "poll" => call.left.realtime,
            Told::Call(call) => call.entered.realtime,
            Told::Step(step) => step.ended,
            Told::Frame(frame) => frame.time,
            Told::Note(_) => now(),
            // Nobody can open a connection whose beginning went by without them.
            Told::Keys(began, _) => *began,
            Told::Shaking(began) => {
                self.shaking.push(*began);
                return;
            }
            Told::Shaken(began) => {
                self.shaking.retain(|other| other != began);
                return;
            }
            Told::Name(address, name) => {
                self.about.resolved.push((*address, name.clone()));
                return;
            }
            Told::FetchIsOver => {
                self.over = Some(Instant::now());
                return;
            }
            Told::CaptureIsOver(sentence) => {
                self.capture_is_over();
                let Some(sentence) = sentence else { return };
                self.waiting.insert((now(), self.count), Told::Note(sentence.clone()));
                self.count += 1;
                return;
            }
        };
        match &told {
            Told::Call(call) => self.ours.learn_call(call),
            Told::Step(step) => self.ours.learn_step(step),
            _ => {}
        }
        self.waiting.insert((time, self.count), told);
        self.count += 1;
    }

    fn capture_is_over(&mut self) {
        if let Some(Captured { thread, .. }) = self.capture.take()
            && let Ok(about) = thread.join()
        {
            for (own, counted) in self.about.interfaces.iter_mut().zip(about.interfaces) {
                (own.received, own.dropped) = (counted.received, counted.dropped);
            }
        }
    }

    /// What has its turn, if that is sure, or everything when nothing more will come.
    fn due(&mut self) -> Option<Told> {
        let entry = self.waiting.first_entry()?;
        let is_over = self.over.is_some() && self.capture.is_none();
        let waits_for_keys = self.shaking.iter().any(|began| *began <= entry.key().0);
        let is_sure = !waits_for_keys && now().since(entry.key().0) >= LATE;
        (is_sure || is_over).then(|| entry.remove())
    }

    /// What is yielded of it.
    fn moment(&mut self, told: Told) -> Option<Moment<'_>> {
        match told {
            Told::Call(call) => Some(Moment::Call(call)),
            Told::Step(step) => Some(Moment::Step(step)),
            Told::Note(note) => {
                self.note = note;
                Some(Moment::Note(&self.note))
            }
            Told::Keys(_, lines) => {
                // "TLSK", as in a decryption secrets block.
                self.about.secrets.push((0x544c_534b, lines));
                Some(Moment::Secrets)
            }
            Told::Frame(frame) => {
                self.frame = frame;
                self.number += 1;
                if let Some(interface) =
                    self.about.interfaces.get_mut(self.frame.interface as usize)
                {
                    interface.frames += 1;
                }
                Some(Moment::Frame(self.frame.lent(self.number)))
            }
            _ => None,
        }
    }

    /// Takes in what the threads tell; waits for it a little.
    fn hear(&mut self) {
        let mut patience = PATIENCE;
        loop {
            match self.told.recv_timeout(patience) {
                Ok(told) => self.sort(told),
                Err(RecvTimeoutError::Timeout) => break,
                Err(RecvTimeoutError::Disconnected) => {
                    self.over.get_or_insert_with(Instant::now);
                    break;
                }
            }
            patience = Duration::ZERO;
        }
        if self.interrupt.load(Ordering::Relaxed) && !self.interrupted && self.over.is_none() {
            self.interrupted = true;
            let at = now();
            let step =
                Step { began: at, ended: at, transfer: 0, socket: 0, event: Event::Interrupted };
            self.sort(Told::Step(Box::new(step)));
            self.over = Some(Instant::now());
        }
        if self.over.is_some()
            && let Some(ender) = self.capture.as_mut().and_then(|capture| capture.ender.take())
        {
            // It goes on for as long as a frame may still be under way to it.
            ender.end();
        }
    }
}

impl Source for Probe {
    fn next(&mut self) -> io::Result<Option<Moment<'_>>> {
        if let Some(begun) = self.begun.take() {
            return Ok(Some(Moment::Begin(begun)));
        }
        loop {
            if let Some(told) = self.due() {
                if matches!(&told, Told::Frame(frame) if !self.ours.has(frame.lent(0))) {
                    continue;
                }
                self.rested = false;
                return Ok(self.moment(told));
            }
            if self.over.is_some() && self.capture.is_none() {
                self.hear();
                if self.waiting.is_empty() {
                    return Ok(None);
                }
                continue;
            }
            if !self.rested {
                self.rested = true;
                return Ok(Some(Moment::Lull));
            }
            self.rested = false;
            self.hear();
        }
    }

    fn about(&self) -> &About {
        &self.about
    }
}
