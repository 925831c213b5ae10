//! Who is talking just now? A table of conversations that is drawn anew while it changes.
//!
//! At the end the picture gives way to the table that a file would have got.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use super::Table;
use crate::flow::tcp::Connection;
use crate::flow::{Datagrams, Flows, Seen};
use crate::render::owners::Owned;
use crate::render::{Report, tally};
use crate::timeline::{About, Frame, Timestamp, nanos};
use crate::wire::Packet;

mod ends;
mod figures;
mod followed;
mod keys;
mod layout;
mod margins;
mod order;
mod pace;
mod picture;
mod row;
mod screen;
mod strip;
mod terminal;

use followed::Followed;
use keys::Wish;
use margins::Whole;
use order::Sort;
use pace::{Pace, Rounds};
use picture::Picture;
use screen::Screen;
pub use terminal::{Terminal, Tty};

/// The table that lives.
pub struct Live<T> {
    /// What is told in the end.
    table: Table,
    terminal: T,
    /// No more columns than these, where somebody said so.
    width: Option<u16>,
    /// How long it has been going on, by a clock that nobody sets.
    clock: Box<dyn Fn() -> Duration>,
    screen: Screen,
    followed: Followed,
    picture: Picture,
    /// Packets and octets so far, and in a second.
    sums: [u64; 2],
    pace: Pace,
    rounds: Rounds,
    /// When the last packet was captured.
    latest: Timestamp,
    first: Option<Timestamp>,
    moment: Option<Moment>,
    /// Whether it is time to look at the clock, and packets and capture time since that was done.
    is_due: bool,
    unlooked: u32,
    looked: Timestamp,
    next_look: Duration,
    next_picture: Duration,
    notes: Notes,
    /// Whether somebody wanted it to end.
    is_ending: bool,
}

/// The capture's time at some reading of our clock.
#[derive(Clone, Copy)]
struct Moment {
    packets: u64,
    capture: Timestamp,
    clock: Duration,
}

/// What happened to the source.
#[derive(Default)]
struct Notes {
    all: VecDeque<String>,
    left_out: u64,
    /// When the last one was told.
    told: Option<Duration>,
}

/// The clock is looked at after so many packets, or when the capture's has moved on by so much.
const PACKETS: u32 = 1024;
const LOOK: Duration = Duration::from_millis(50);
/// Between two pictures.
const PICTURE: Duration = Duration::from_millis(200);
/// How long a note is shown, and how many of the last are told again at the end.
const NOTE: Duration = Duration::from_secs(8);
const NOTES: usize = 200;
/// Clocks that are kept in step with others do not go back farther.
const JITTER: Duration = Duration::from_secs(1);

impl<T: Terminal> Live<T> {
    /// `table` is told at the end; the picture begins in its order. `most` limits the rows.
    pub fn new(
        table: Table,
        most: Option<usize>,
        terminal: T,
        clock: impl Fn() -> Duration + 'static,
    ) -> Self {
        let picture = Picture::new(Sort::of(table.order()), most.unwrap_or(usize::MAX));
        Self {
            table,
            terminal,
            width: None,
            clock: Box::new(clock),
            screen: Screen::default(),
            followed: Followed::default(),
            picture,
            sums: [0; 2],
            pace: Pace::default(),
            rounds: Rounds::default(),
            latest: Timestamp::default(),
            first: None,
            moment: None,
            is_due: true,
            unlooked: 0,
            looked: Timestamp::default(),
            next_look: Duration::ZERO,
            next_picture: Duration::ZERO,
            notes: Notes::default(),
            is_ending: false,
        }
    }

    /// In no more columns than these; the table at the end has its own width.
    #[must_use]
    pub fn within(self, width: Option<u16>) -> Self {
        Self { width, ..self }
    }

    fn size(&self) -> (u16, u16) {
        let (width, height) = self.terminal.size();
        (self.width.map_or(width, |most| most.min(width)), height)
    }

    #[inline]
    fn count(&mut self, frame: &Frame<'_>, seen: &Seen<'_>) {
        self.sums[0] += 1;
        self.sums[1] += frame.octets.len() as u64;
        self.latest = frame.time;
        self.followed.meet(seen);
        self.unlooked += 1;
        // A clock that was set back counts as one that has moved on far.
        let moved = frame.time.0.wrapping_sub(self.looked.0);
        self.is_due |= self.unlooked >= PACKETS || moved >= nanos(LOOK);
    }

    /// Notes what time it is by the capture's clock, if a packet came since that was done.
    fn set_clock(&mut self, clock: Duration) {
        let packets = self.sums[0];
        if packets > 0 && self.moment.is_none_or(|moment| moment.packets < packets) {
            self.moment = Some(Moment { packets, capture: self.latest, clock });
        }
    }

    /// What time it is by the capture's clock; nothing before the first packet.
    ///
    /// It goes on when no packet comes, as ours does.
    fn now(&self, clock: Duration) -> Option<Timestamp> {
        let moment = self.moment?;
        let now = moment.capture.after(clock.saturating_sub(moment.clock));
        let last = self.rounds.last().filter(|last| last.since(now) < JITTER);
        Some(last.map_or(now, |last| last.max(now)))
    }

    /// Looks at how everything stands.
    fn renew(&mut self, clock: Duration, about: &About, flows: &Flows) {
        if let Some(now) = self.now(clock) {
            self.rounds.begin(now);
            self.pace.note(self.sums, self.first.unwrap_or(now), &self.rounds);
            self.followed.renew(now, flows, self.picture.sort);
        }
        if self.picture.is_paused {
            return;
        }
        let whole = Whole {
            names: about.names.join(", "),
            elapsed: clock,
            packets: self.sums[0],
            rates: self.pace.rates(&self.rounds),
            open: flows.open() as u64,
            dropped: tally::dropped(about),
        };
        let now = self.rounds.last().unwrap_or_default();
        self.picture.renew(whole, &self.followed, now, clock);
    }

    /// Does what the keys ask for; says whether anything was typed.
    fn obey(&mut self, clock: Duration) -> io::Result<bool> {
        let wishes = keys::wishes(&self.terminal.typed());
        for wish in &wishes {
            match wish {
                Wish::Redraw => self.screen.forget(),
                Wish::Suspend => self.give_back_for(T::suspend)?,
                // Who asks again does not wait, and nobody puts the terminal back then.
                Wish::End if self.is_ending => self.give_back_for(T::interrupt)?,
                Wish::End => {
                    self.is_ending = true;
                    self.terminal.interrupt();
                }
                wish => self.picture.obey(*wish, clock),
            }
        }
        Ok(!wishes.is_empty())
    }

    /// Gives the terminal back for something after which we may not go on.
    fn give_back_for(&mut self, act: fn(&mut T)) -> io::Result<()> {
        self.terminal.close()?;
        act(&mut self.terminal);
        self.screen.forget();
        self.terminal.open()
    }

    fn draw(&mut self, clock: Duration) -> io::Result<()> {
        let size = self.size();
        let told = self.notes.told.filter(|told| clock.saturating_sub(*told) < NOTE);
        let note = self.notes.all.back().filter(|_| told.is_some());
        let (known, like) = (self.table.known(), self.table.ink());
        let lines = self.picture.lines(size, known, note.map(String::as_str), like);
        self.terminal.write(&self.screen.turn_into(lines, size))
    }
}

impl<T: Terminal> Report for Live<T> {
    fn begin(&mut self, about: &About) -> io::Result<()> {
        self.table.known_mut().read(about);
        self.terminal.open()
    }

    fn first(&mut self, time: Timestamp) {
        self.first = Some(time);
    }

    fn packet(&mut self, packet: &Packet<'_>, seen: &Seen<'_>) -> io::Result<()> {
        self.count(&packet.frame, seen);
        self.table.packet(packet, seen)
    }

    fn skims(&self) -> bool {
        true
    }

    fn wants(&self, connection: &Connection, protocol: &str) -> bool {
        self.table.wants(connection, protocol)
    }

    fn passed(&mut self, frame: &Frame<'_>, seen: &Seen<'_>) {
        self.count(frame, seen);
        self.table.passed(frame, seen);
    }

    fn gone(&mut self, connection: &Connection) -> io::Result<()> {
        self.followed.gone(connection, self.table.known());
        self.table.gone(connection)
    }

    fn silent(&mut self, datagrams: &Datagrams) -> io::Result<()> {
        self.followed.silent(datagrams, self.table.known());
        self.table.silent(datagrams)
    }

    fn lull(&mut self) -> io::Result<()> {
        self.is_due = true;
        Ok(())
    }

    fn shows(&self) -> bool {
        true
    }

    fn is_due(&self) -> bool {
        self.is_due
    }

    fn show(&mut self, about: &About, flows: &Flows) -> io::Result<()> {
        (self.is_due, self.unlooked, self.looked) = (false, 0, self.latest);
        let clock = (self.clock)();
        self.set_clock(clock);
        if clock < self.next_look {
            return Ok(());
        }
        self.next_look = clock + LOOK;
        let typed = self.obey(clock)?;
        let resized = !self.screen.is_of(self.size());
        let outdated = clock >= self.next_picture;
        if outdated {
            self.next_picture = clock + PICTURE;
            self.renew(clock, about, flows);
        }
        if typed || resized || outdated { self.draw(clock) } else { Ok(()) }
    }

    fn owners(&mut self) -> Option<&mut Owned> {
        self.table.owners()
    }

    fn note(&mut self, sentence: &str) -> io::Result<()> {
        if self.notes.all.len() == NOTES {
            self.notes.all.pop_front();
            self.notes.left_out += 1;
        }
        self.notes.all.push_back(sentence.to_owned());
        self.notes.told = Some((self.clock)());
        Ok(())
    }

    fn end(&mut self, about: &About, flows: &Flows) -> io::Result<()> {
        let (width, _) = self.terminal.size();
        let closed = self.terminal.close();
        if self.width.is_none() {
            self.table.widen(width);
        }
        let told = self.table.end(about, flows);
        if self.notes.left_out > 0 {
            say!("wiretale: {} earlier notes are left out", self.notes.left_out);
        }
        for note in &self.notes.all {
            say!("wiretale: {note}");
        }
        closed.and(told)
    }
}
