//! One conversation, step by step: the client's segments on the left, the server's on the right.
//!
//! The notation is that of `tests/ladders`, so that what is told here can be made a test. Behind the
//! semicolon stands the packet's number, and what the tracker makes of it. Windows are as written, as
//! there; time stamps, identifications and hop limits are told when everything is asked for.

mod notation;

use std::io;
use std::time::Duration;

use notation::{unusual, write};

use super::clock::Calendar;
use super::line::{self, Numbers};
use super::out::Out;
use super::why::page::Page;
use super::why::words;
use super::{Report, exchanges, flows, tree, verdict};
use crate::flow::exchange::{Exchanges, Wanted};
use crate::flow::tcp::{Connection, State, What};
use crate::flow::{Datagrams, Flows, Seen, Side};
use crate::ink::{Ink, Paint};
use crate::tale::accounts::{Account, Accounts};
use crate::timeline::{About, Timestamp};
use crate::wire::tcp::{Origin, Tcp};
use crate::wire::{Layer, Packet};

/// How much of each segment is told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Detail {
    /// Nothing: only what became of all of them.
    None,
    Usual,
    /// Every option, and what is in the header of IP.
    All,
}

/// How much is told of a conversation, from 1 to 7; each level tells what those below it do.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Level(pub u8);

impl Level {
    const ACTORS: Self = Self(2);
    /// Where the time went, and what was asked and answered.
    const PHASES: Self = Self(3);
    /// Every segment.
    const SEGMENTS: Self = Self(5);
    /// What is in the header of IP, and every option.
    const HEADERS: Self = Self(6);
    /// Every field of every layer.
    const FIELDS: Self = Self(7);

    fn detail(self) -> Detail {
        match self {
            level if level >= Self::HEADERS => Detail::All,
            level if level >= Self::SEGMENTS => Detail::Usual,
            _ => Detail::None,
        }
    }
}

/// Tells one conversation.
pub struct Ladder {
    out: Out,
    wanted: u32,
    level: Level,
    detail: Detail,
    width: usize,
    accounts: Accounts,
    /// What was asked and answered, where that is told instead of the segments.
    exchanges: Option<Exchanges>,
    /// Up to when waits were told.
    waited: Timestamp,
    /// When it began, once it was met.
    begun: Option<Timestamp>,
    calendar: Calendar,
    state: Option<State>,
    is_told: bool,
}

const SIDES: [Side; 2] = [Side::Client, Side::Server];
/// Where the server's side begins, and where what the tracker says.
const SERVER: usize = 36;
/// Waits that are shorter are not drawn.
const WAIT: Duration = Duration::from_millis(1);
/// Cells of the bar that a wait is drawn with: one for a millisecond, and one more for each time twice as long.
const BAR: usize = 18;
const NOTES: usize = 84;

impl Ladder {
    /// Tells the conversation of this number on lines of so many cells where they are sentences; those of
    /// segments are as long as they need to be.
    pub fn new(out: Out, conversation: u32, level: Level, width: usize) -> Self {
        Self {
            out,
            wanted: conversation,
            level,
            detail: level.detail(),
            width,
            accounts: Accounts::default(),
            exchanges: (level >= Level::PHASES && level < Level::SEGMENTS)
                .then(|| Exchanges::new(Exchanges::OPEN)),
            waited: Timestamp::default(),
            begun: None,
            calendar: Calendar::utc(),
            state: None,
            is_told: false,
        }
    }

    fn head(&mut self, packet: &Packet<'_>, ends: [crate::flow::End; 2], ports: bool) {
        self.begun = Some(packet.frame.time);
        let ink = &mut self.out.ink;
        ink.begin(Paint::Faint).text("# conversation ").number(self.wanted).text(": ");
        for (at, end) in ends.into_iter().enumerate() {
            if at > 0 {
                ink.arrow();
            }
            if ports {
                ink.endpoint(end.address(), end.port);
            } else {
                ink.address(end.address());
            }
        }
        ink.plain().text("\n");
        if ports && ends[0].address().is_ipv6() && self.detail != Detail::None {
            ink.text("ipv6\n");
        }
    }

    fn segment(
        &mut self,
        packet: &Packet<'_>,
        tcp: Tcp<'_>,
        connection: &Connection,
        side: Side,
        seen: &Seen<'_>,
    ) {
        if self.begun.is_none() {
            self.head(packet, SIDES.map(|side| connection.end(side)), true);
        }
        let start = self.rung(packet.frame.time, side);
        let ink = &mut self.out.ink;
        unusual(packet, self.detail, ink);
        write(tcp, connection.origin(side), self.detail, ink);
        let cells = ink.len() - start;
        ink.spaces(NOTES.saturating_sub(cells).max(1));
        ink.begin(Paint::Faint).text("; #").number(packet.frame.number).plain();
        notes(packet, connection, seen, &mut self.state, ink);
    }

    /// Tells who speaks, and what was asked and answered, where segments are not told.
    fn message(&mut self, packet: &Packet<'_>, seen: &Seen<'_>) -> io::Result<()> {
        if self.begun.is_none() && self.level >= Level::ACTORS {
            let ends = seen.connection.map(|(one, _)| SIDES.map(|side| one.end(side)));
            let told = seen.datagrams.map(|(one, _)| SIDES.map(|side| one.end(side)));
            let ports = seen.datagrams.is_none_or(|(one, _)| one.protocol() == 17);
            if let Some(ends) = ends.or(told) {
                self.head(packet, ends, ports);
            }
        }
        self.messages(|exchanges| exchanges.observe(packet, seen, Wanted::Yes))
    }

    /// Tells the exchanges that this makes final, each with when it was asked.
    fn messages(&mut self, changes: impl FnOnce(&mut Exchanges)) -> io::Result<()> {
        let (Some(exchanges), Some(begun)) = (&mut self.exchanges, self.begun) else {
            return Ok(());
        };
        changes(exchanges);
        let ink = &mut self.out.ink;
        for exchange in exchanges.told() {
            let mark = exchange.question.or(exchange.answer);
            let nanos = mark.map_or(0, |mark| mark.time.since(begun).as_nanos());
            ink.text("# ").number(u64::try_from(nanos / 1_000_000_000).unwrap_or(u64::MAX));
            ink.text(".").digits((nanos % 1_000_000_000 / 1000) as u64, 6).text("  ");
            exchanges::within(&exchange, ink);
            ink.text("\n");
        }
        self.out.when_full()
    }

    /// Draws what was waited for up to this packet, to its weight.
    fn waits(&mut self) -> io::Result<()> {
        let Some(tiles) = self.accounts.so_far(self.wanted) else { return Ok(()) };
        let waits = tiles.waits();
        let new = waits.iter().rposition(|wait| wait.begin < self.waited).map_or(0, |at| at + 1);
        self.waited = tiles.ended();
        let ink = &mut self.out.ink;
        for wait in waits[new..].iter().filter(|wait| wait.time() >= WAIT) {
            let weight = (wait.time().as_millis().max(1).ilog2() as usize + 1).min(BAR);
            let stroke = if ink.ascii { "=" } else { "▒" };
            ink.begin(Paint::Faint).text("#         ");
            for _ in 0..weight {
                ink.text(stroke);
            }
            ink.plain().spaces(BAR + 2 - weight);
            ink.text(&words::duration(wait.time())).text(" ").text(words::bucket(wait.bucket));
            ink.begin(Paint::Faint).text("  from #").number(wait.from.packet);
            ink.text(" to #").number(wait.to.packet).plain().text("\n");
        }
        self.out.when_full()
    }

    fn datagram(
        &mut self,
        packet: &Packet<'_>,
        datagrams: &Datagrams,
        side: Side,
        seen: &Seen<'_>,
    ) {
        if self.begun.is_none() {
            let ports = datagrams.protocol() == 17;
            self.head(packet, SIDES.map(|side| datagrams.end(side)), ports);
        }
        self.rung(packet.frame.time, side);
        let ink = &mut self.out.ink;
        line::words(packet, seen, Numbers::Relative, ink);
        ink.begin(Paint::Faint).text("  ; #").number(packet.frame.number).plain();
    }

    /// Writes the time and the direction; says where the line began.
    fn rung(&mut self, time: Timestamp, side: Side) -> usize {
        let since = time.since(self.begun.unwrap_or(time));
        let ink = &mut self.out.ink;
        let start = ink.len();
        let nanos = since.subsec_nanos();
        ink.number(since.as_secs()).text(".");
        if nanos.is_multiple_of(1000) {
            ink.digits((nanos / 1000).into(), 6);
        } else {
            ink.digits(nanos.into(), 9);
        }
        match side {
            Side::Client => ink.text(" > "),
            Side::Server => {
                let cells = ink.len() - start;
                ink.spaces(SERVER.saturating_sub(cells).max(1)).text("< ")
            }
        };
        start
    }

    /// Whose the time was, each line a comment.
    fn account(&mut self, account: &Account) {
        let has_page = self.level >= Level::PHASES;
        self.comment(|page| {
            page.sentence(&words::of(account), 0, 0);
            if has_page {
                page.account(account);
            }
        });
    }

    /// Writes what stands between the rungs, each line a comment.
    fn comment(&mut self, words: impl FnOnce(&mut Page<'_>)) {
        let mut ink = Ink::default();
        (ink.colour, ink.ascii) = (self.out.ink.colour, self.out.ink.ascii);
        words(&mut Page { ink: &mut ink, width: self.width.saturating_sub(2) });
        for line in ink.as_bytes().split(|octet| *octet == b'\n').filter(|line| !line.is_empty()) {
            self.out.ink.text("# ").again(line).text("\n");
        }
    }

    /// What became of it, in words.
    fn foot(&mut self, words: impl FnOnce(&mut Ink)) -> io::Result<()> {
        self.is_told = true;
        let ink = &mut self.out.ink;
        ink.begin(Paint::Faint).text("# ");
        words(ink);
        ink.plain();
        self.out.line()
    }
}

impl Report for Ladder {
    fn packet(&mut self, packet: &Packet<'_>, seen: &Seen<'_>) -> io::Result<()> {
        self.accounts.observe(packet, seen);
        if seen.id() != Some(self.wanted) {
            return Ok(());
        }
        if self.detail == Detail::None {
            return self.message(packet, seen);
        }
        if self.begun.is_some() {
            self.waits()?;
        }
        if let Some((datagrams, side)) = seen.datagrams {
            self.datagram(packet, datagrams, side, seen);
        } else if let (Some((connection, side)), Some(tcp)) = (seen.connection, packet.tcp()) {
            self.segment(packet, tcp, connection, side, seen);
        }
        self.out.line()?;
        if self.level >= Level::FIELDS {
            let mut calendar = std::mem::take(&mut self.calendar);
            self.comment(|page| tree::tree(packet, seen, page.width, &mut calendar, page.ink));
            self.calendar = calendar;
        }
        self.out.when_full()
    }

    fn gone(&mut self, connection: &Connection) -> io::Result<()> {
        let account = self.accounts.close(connection);
        if connection.id() != self.wanted {
            return Ok(());
        }
        self.messages(Exchanges::end)?;
        if self.level >= Level::ACTORS {
            self.foot(|ink| flows::summary(connection, ink))?;
        }
        self.is_told = true;
        if let Some(account) = account {
            self.account(&account);
        }
        self.out.when_full()
    }

    fn silent(&mut self, datagrams: &Datagrams) -> io::Result<()> {
        if datagrams.id() != self.wanted {
            return Ok(());
        }
        self.messages(Exchanges::end)?;
        self.foot(|ink| flows::summary_of_datagrams(datagrams, ink))
    }

    fn lull(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    fn end(&mut self, _: &About, flows: &Flows) -> io::Result<()> {
        self.all_gone(flows)?;
        self.out.flush()?;
        if self.is_told { Ok(()) } else { Err(flows::unknown(self.wanted, flows)) }
    }
}

/// Writes a segment as a rung has it.
pub(super) fn rung(packet: &Packet<'_>, tcp: Tcp<'_>, origin: Origin, ink: &mut Ink) {
    unusual(packet, Detail::Usual, ink);
    write(tcp, origin, Detail::Usual, ink);
}

/// Writes what the tracker makes of a segment, a space before it; `state` is what was told last.
pub(super) fn notes(
    packet: &Packet<'_>,
    connection: &Connection,
    seen: &Seen<'_>,
    state: &mut Option<State>,
    ink: &mut Ink,
) {
    let mut comma = " ";
    for verdict in seen.verdicts {
        ink.text(comma);
        verdict::words(verdict, ink);
        comma = ", ";
    }
    if let [.., last] = packet.own_layers()
        && !matches!(last, Layer::Tcp(_))
    {
        ink.text(comma).paint(Paint::Name, last.name().words).text(" ");
        last.line(ink);
        comma = ", ";
    }
    let now = connection.state();
    let is_said = seen.verdicts.iter().any(|verdict| {
        matches!(verdict.what, What::Finished | What::FinishedByBoth | What::Reset(_))
    });
    if *state != Some(now) && !is_said {
        ink.text(comma).text(state_words(now));
    }
    *state = Some(now);
}

/// The state that a packet leads to.
pub(super) fn state_words(state: State) -> &'static str {
    match state {
        State::Joined => "seen from here on",
        State::Asked => "asked",
        State::AskedByBoth => "asked by both",
        State::Answered => "answered",
        State::Refused => "refused",
        State::Established => "established",
        State::HalfClosed(Side::Client) => "half-closed by the client",
        State::HalfClosed(Side::Server) => "half-closed by the server",
        State::Closing => "closing",
        State::Closed => "closed",
        State::Reset(Side::Client) => "reset by the client",
        State::Reset(Side::Server) => "reset by the server",
        State::Dropped => "no longer followed",
    }
}
