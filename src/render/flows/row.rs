//! One conversation in figures and words for people.

use std::time::Duration;

use crate::flow::tcp::{Connection, How, Reset, State};
use crate::flow::{Datagrams, End, Side};
use crate::ink::{Ink, Paint, written};
use crate::render::clock::Clock;
use crate::render::value::pad;
use crate::render::{owners, quantity};
use crate::timeline::{Owner, Timestamp};
use crate::wire::dictionary;

use super::Known;
use super::record::{self, side_name};

/// What a table and a line tell of a conversation.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) id: u32,
    /// The client and the server.
    pub(super) ends: [End; 2],
    has_ports: bool,
    /// What they are called, where that is to be told.
    pub(super) names: [Option<Box<str>>; 2],
    /// Whose they are, where that is to be told and known.
    processes: [Option<String>; 2],
    has_processes: bool,
    pub(super) protocol: &'static str,
    pub(super) packets: [u64; 2],
    pub(super) octets: [u64; 2],
    pub(super) begun: Timestamp,
    pub(super) span: Duration,
    /// The round trip of the handshake.
    pub(super) connected: Option<Duration>,
    /// To the client and to the server: shortest, average, longest.
    pub(super) rtts: [Option<[Duration; 3]>; 2],
    pub(super) rtt: Option<Duration>,
    pub(super) resent: u64,
    /// What went wrong, and how it ended.
    pub(super) tale: Vec<String>,
}

const SIDES: [Side; 2] = [Side::Client, Side::Server];

impl Row {
    pub(super) fn of(one: &Connection, known: &Known) -> Self {
        let (names, owners) = (&known.names, known.owners(Some(one.id())));
        let name = one.application().and_then(dictionary::protocol);
        let rtts = SIDES.map(|side| {
            // What one side sent makes the round trips to the other.
            let rtt = one.half(side.peer()).rtt()?;
            Some([rtt.shortest()?, rtt.average()?, rtt.longest()?])
        });
        let mut tale: Vec<String> = SIDES.iter().flat_map(|side| trouble(one, *side)).collect();
        tale.push(ending(one));
        Self {
            id: one.id(),
            ends: SIDES.map(|side| one.end(side)),
            has_ports: true,
            names: SIDES.map(|side| {
                let asked = names.of_server(one.id()).filter(|_| side == Side::Server);
                let known = asked.or_else(|| names.of(one.end(side).address()));
                known.map(|known| known.name.clone())
            }),
            processes: SIDES.map(|side| process(owners.at(Some(one.end(side))))),
            has_processes: owners.is_asked(),
            protocol: name.map_or("TCP", |name| name.words),
            packets: SIDES.map(|side| one.half(side).packets()),
            octets: SIDES.map(|side| one.half(side).octets()),
            begun: one.opened().time,
            span: one.latest().time.since(one.opened().time),
            connected: one.handshake().rtt(),
            rtts,
            rtt: one.rtt(),
            resent: SIDES.iter().map(|side| one.half(*side).sent().resent).sum(),
            tale,
        }
    }

    pub(super) fn of_datagrams(one: &Datagrams, known: &Known) -> Self {
        let (names, owners) = (&known.names, known.owners(Some(one.id())));
        let key = record::protocol(one.protocol());
        let name = one.application().or_else(|| dictionary::protocol(key));
        Self {
            id: one.id(),
            ends: SIDES.map(|side| one.end(side)),
            has_ports: one.protocol() == 17,
            names: SIDES
                .map(|side| names.of(one.end(side).address()).map(|named| named.name.clone())),
            processes: SIDES.map(|side| process(owners.at(Some(one.end(side))))),
            has_processes: owners.is_asked(),
            protocol: name.map_or("IP", |name| name.words),
            packets: SIDES.map(|side| one.sent(side).packets),
            octets: SIDES.map(|side| one.sent(side).octets),
            begun: one.opened().time,
            span: one.latest().time.since(one.opened().time),
            connected: None,
            rtts: [None; 2],
            rtt: None,
            resent: 0,
            tale: Vec::new(),
        }
    }

    pub(super) fn end(&self, side: Side, ink: &mut Ink) {
        let end = self.ends[side.index()];
        if self.has_ports {
            ink.endpoint(end.address(), end.port);
        } else {
            ink.address(end.address());
        }
        if let Some(process) = &self.processes[side.index()] {
            ink.text(" ").text(process);
        }
    }

    /// How many cells an end takes.
    pub(super) fn cells(&self, side: Side) -> u16 {
        let mut ink = Ink::default();
        self.end(side, &mut ink);
        ink.len() as u16
    }

    /// Writes a line without its end.
    pub(super) fn line(&self, clock: &mut Clock, ink: &mut Ink) {
        for edge in [10, 100, 1000, 10_000] {
            ink.text(if self.id < edge { " " } else { "" });
        }
        ink.number(self.id).text("  ");
        clock.write(self.begun, ink);
        ink.text("  ");
        let start = ink.len();
        self.end(Side::Client, ink);
        ink.arrow();
        self.end(Side::Server, ink);
        let room = if self.has_processes { ENDS + 2 * PROCESS } else { ENDS };
        pad(start, room, ink);
        ink.text(" ");
        ink.paint(Paint::Name, self.protocol).text("  ");
        match &self.names {
            [None, None] => {}
            [None, Some(server)] => _ = ink.text(server).text("  "),
            [Some(client), None] => _ = ink.text("from ").text(client).text("  "),
            [Some(client), Some(server)] => {
                ink.text(client).arrow().text(server).text("  ");
            }
        }
        self.words(ink);
    }

    /// How much, how fast, what went wrong, and how it ended.
    pub(super) fn words(&self, ink: &mut Ink) {
        both(self.packets, quantity::count, ink);
        ink.text(" packets, ");
        both(self.octets, quantity::octets, ink);
        ink.text(" in ");
        span(self.span, ink);
        if let Some(connected) = self.connected {
            ink.text(", connected after ");
            span(connected, ink);
        }
        for (side, rtt) in SIDES.into_iter().zip(self.rtts) {
            if let Some(lengths) = rtt {
                ink.text(", RTT to ").text(side_name(side)).text(" ");
                range(lengths, ink);
            }
        }
        for words in &self.tale {
            ink.text(" ; ").text(words);
        }
    }
}

/// Cells for both ends of an IPv4 conversation with ports and the arrow between them.
const ENDS: usize = 45;

/// And for a process beside each.
const PROCESS: usize = 15;

fn process(owner: Option<&Owner>) -> Option<String> {
    let owner = owner?;
    Some(written(|ink| owners::words(owner, ink)))
}

/// Of the client and of the server.
pub(super) fn both(numbers: [u64; 2], write: fn(u64, &mut Ink), ink: &mut Ink) {
    write(numbers[0], ink);
    ink.text(" + ");
    write(numbers[1], ink);
}

pub(super) fn span(span: Duration, ink: &mut Ink) {
    quantity::duration(span, ink);
}

/// Shortest, average and longest.
pub(super) fn range(lengths: [Duration; 3], ink: &mut Ink) {
    for (at, length) in lengths.into_iter().enumerate() {
        ink.text(if at > 0 { " / " } else { "" });
        span(length, ink);
    }
}

/// What went wrong with what one side sent, or with its windows.
fn trouble(one: &Connection, side: Side) -> Vec<String> {
    let half = one.half(side);
    let sent = half.sent();
    let who = side_name(side);
    let mut told = Vec::new();
    if sent.resent > 0 {
        let mut words = format!("{who} sent {} again", sent.resent);
        for (count, what) in [
            (sent.lost_before, "lost before the capture point"),
            (sent.lost_after, "lost after the capture point"),
            (sent.spurious, "in vain"),
        ] {
            if count > 0 {
                words.extend([format!(", {count} {what}")]);
            }
        }
        told.push(words);
    }
    if sent.reordered > 0 {
        told.push(format!("{} of the {who} out of order", sent.reordered));
    }
    if sent.missed_octets > 0 {
        told.push(format!("{} octets of the {who} not captured", sent.missed_octets));
    }
    if let Some(windows) = half.windows() {
        if windows.zeros() > 0 {
            let times = if windows.zeros() == 1 { "once" } else { "several times" };
            told.push(format!("{who}'s window closed {times} for {}", words(windows.zero_time())));
        }
        if !windows.full_time().is_zero() {
            told.push(format!("{who}'s window full for {}", words(windows.full_time())));
        }
    }
    told
}

fn words(time: Duration) -> String {
    written(|ink| span(time, ink))
}

/// How it ended, or where it stands.
fn ending(one: &Connection) -> String {
    let by = |side: Option<Side>| {
        side.map_or(String::new(), |side| format!(" by the {}", side_name(side)))
    };
    if let Some(close) = one.close() {
        return match close.how {
            How::Finished => format!("closed{}", by(close.by)),
            How::FinishedByBoth => "closed by both at once".to_owned(),
            How::HalfClosed => format!("half-closed{}", by(close.by)),
            How::Reset(Reset::Refused) => "refused".to_owned(),
            How::Reset(_) => format!("reset{}", by(close.by)),
            How::Unreachable => "unreachable".to_owned(),
        };
    }
    match one.state() {
        State::Asked => "no answer",
        State::AskedByBoth => "asked by both, no answer",
        State::Answered => "answered, not confirmed",
        State::Refused => "refused",
        State::Dropped => "no longer followed",
        State::Joined => "open, and open before the capture",
        _ => "open",
    }
    .to_owned()
}
