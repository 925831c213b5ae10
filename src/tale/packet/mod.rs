//! Why is this packet here, and what came of it?
//!
//! One packet is asked about. What went by before it is remembered, as far as there is room; what comes
//! after it is looked at until its conversation is over.

mod after;
mod asks;
mod learned;
mod reason;
mod trace;
mod why;

use std::net::IpAddr;
use std::time::Duration;

use crate::flow::exchange::{Exchange, Exchanges, Sought, Topic, Wanted, Who};
use crate::flow::tcp::Connection;
use crate::flow::{Datagrams, End, Mark, Seen, Side};
use crate::timeline::Timestamp;
use crate::wire::Packet;
use crate::wire::arp::Meaning;
use crate::wire::tcp::{Flags, Origin};
use after::Watch;
pub use after::{Came, Effect, Ending};
use asks::Asks;
use learned::Learned;
pub use learned::Told;
pub use reason::{Reason, Why};
pub use trace::{Half, Standing, Trace, Written};
use trace::{Past, identity};

/// Asks about one packet.
#[derive(Debug)]
pub struct Inquiry {
    number: u64,
    past: Past,
    exchanges: Exchanges,
    learned: Learned,
    /// The exchanges that the packet belongs to.
    belongs: Vec<(Exchange, Part)>,
    subject: Option<Subject>,
    watch: Option<Watch>,
    ending: Ending,
    /// The packet seen last.
    latest: Mark,
    seen: u64,
    /// When the last packet of its connection came, once that is over.
    closed: Option<Timestamp>,
}

/// What is known of the packet and of what was there before it.
#[derive(Debug)]
pub struct Subject {
    pub trace: Trace,
    pub side: Option<Side>,
    /// The first packet of its conversation.
    pub opened: Option<Mark>,
    /// The client's end and the server's.
    pub ends: Option<[End; 2]>,
    source: Option<(IpAddr, Option<u16>)>,
    asks: Option<Asks>,
    /// How the connection stood before it, as far as is remembered.
    pub before: Option<Standing>,
    /// What each side's numbers are counted from, of a connection.
    pub origin: Option<Origin>,
    pub reasons: Vec<Reason>,
    /// The segment whose round trip it ends.
    pub round_trip: Option<(u64, Duration)>,
}

/// What came out.
#[derive(Debug)]
pub struct Account {
    pub subject: Subject,
    pub effects: Vec<Effect>,
    pub belongs: Vec<(Exchange, Part)>,
    pub ending: Ending,
    /// Whether an ACK for it was awaited in vain.
    pub is_unacked: bool,
    /// The last packet that was looked at.
    pub latest: Mark,
}

/// Which part of an exchange a packet is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Part {
    Question,
    /// Asks the same again, or goes on asking.
    MoreOfTheQuestion,
    MoreOfTheAnswer,
    Answer,
}

impl Part {
    /// Whether it neither begins the question nor ends the answer.
    fn is_within(self) -> bool {
        matches!(self, Self::MoreOfTheQuestion | Self::MoreOfTheAnswer)
    }
}

/// Packets after the one asked about that are looked at.
const FAR: u64 = 1 << 20;
/// So long after it nothing comes any more of what has no connection.
const LONG: Duration = Duration::from_secs(60);
/// A connection that is over is watched for so much longer, for what comes late.
const LATE: Duration = Duration::from_secs(1);
/// Exchanges of one packet that are told.
const MOST: usize = 4;

impl Inquiry {
    pub fn new(number: u64) -> Self {
        Self {
            number,
            past: Past::default(),
            exchanges: Exchanges::default(),
            learned: Learned::default(),
            belongs: Vec::new(),
            subject: None,
            watch: None,
            ending: Ending::CaptureEnds,
            latest: Mark::default(),
            seen: 0,
            closed: None,
        }
    }

    /// Looks at a packet. What it makes known of the one asked about comes with [`Inquiry::end`].
    pub fn observe(&mut self, packet: &Packet<'_>, seen: &Seen<'_>) {
        let trace = Trace::of(packet, seen);
        self.latest = trace.mark;
        self.exchanges.observe(packet, seen, Wanted::Yes);
        let opened = match (seen.connection, seen.datagrams) {
            (Some((one, _)), _) => Some(one.opened()),
            (None, one) => one.map(|(one, _)| one.opened()),
        };
        let led = self.learned.lead(packet, opened == Some(trace.mark));
        if trace.mark.packet == self.number && self.subject.is_none() {
            self.begin(trace, packet, seen);
            if let Some(subject) = &mut self.subject {
                let reasons = led.into_iter().map(|(told, answer)| Reason::led(told, answer));
                subject.reasons.splice(0..0, reasons);
            }
        } else if let Some(watch) = &mut self.watch {
            watch.led(&led, trace.mark);
            self.seen += 1;
            let quoted = packet.quoted_layers();
            watch.see(&trace, packet, if quoted.is_empty() { None } else { identity(quoted) });
            self.go_on(seen);
        } else {
            self.past.push(trace);
        }
        self.sort_out();
    }

    /// Hears that a connection is over, or no longer followed.
    pub fn over(&mut self, connection: &Connection) {
        self.exchanges.over(connection.id());
        self.sort_out();
        self.is_over(connection.id());
    }

    /// Hears that a conversation without connection has been silent for long.
    pub fn silent(&mut self, datagrams: &Datagrams) {
        self.is_over(datagrams.id());
    }

    fn is_over(&mut self, id: u32) {
        if self.subject.as_ref().is_some_and(|subject| subject.trace.conversation == Some(id)) {
            self.ending = Ending::Over;
        }
    }

    /// Whether nothing more is to be found out.
    pub fn is_done(&self) -> bool {
        self.ending != Ending::CaptureEnds
    }

    /// What is known of the packet so far, once it was there.
    pub fn subject(&self) -> Option<&Subject> {
        self.subject.as_ref()
    }

    /// Everything that came out; `None` when the packet never came.
    pub fn end(mut self) -> Option<Account> {
        self.exchanges.end();
        self.sort_out();
        let (subject, watch) = (self.subject?, self.watch?);
        self.belongs.sort_by_key(|(exchange, part)| (part.is_within(), exchange.id));
        let is_unacked = watch.awaits_ack();
        Some(Account {
            subject,
            is_unacked,
            effects: watch.effects(),
            belongs: self.belongs,
            ending: self.ending,
            latest: self.latest,
        })
    }

    fn begin(&mut self, trace: Trace, packet: &Packet<'_>, seen: &Seen<'_>) {
        let last = trace.conversation.and_then(|id| self.past.of(id).next());
        let before = last.and_then(|last| last.standing);
        let last = last.map(|last| last.mark);
        if let Some((connection, _)) = seen.connection {
            self.closed = connection.state().is_over().then_some(trace.mark.time);
        }
        let mut reasons = why::of_segment(&trace, &self.past);
        if trace.segment.is_none() {
            reasons.extend(self.elsewhere(&trace, packet));
        }
        for found in packet.found().iter().filter(|found| found.numbers.len() > 1) {
            let others: Vec<u64> =
                found.numbers.iter().copied().filter(|number| *number != self.number).collect();
            if !others.is_empty() {
                reasons.push(Reason::observed(Why::Joins(others)));
            }
        }
        let (opened, side, ends, origin) = match (seen.connection, seen.datagrams) {
            (Some((one, side)), _) => (
                Some(one.opened()),
                Some(side),
                Some([Side::Client, Side::Server].map(|side| one.end(side))),
                Some(one.origin(side)),
            ),
            (None, Some((one, side))) => (
                Some(one.opened()),
                Some(side),
                Some([Side::Client, Side::Server].map(|side| one.end(side))),
                None,
            ),
            (None, None) => (None, None, None, None),
        };
        let room = |standing: Standing| standing.half(trace.from.other()).edge;
        let room = trace.standing.and_then(room).zip(before.and_then(room));
        let room = room.filter(|(after, before)| after.past(*before) > 0);
        let room = room.filter(|_| trace.has(Flags::ACK)).map(|(after, before)| [before, after]);
        self.subject = Some(Subject {
            trace: trace.clone(),
            side,
            opened,
            ends,
            source: packet
                .addresses()
                .map(|(from, _)| (from, packet.ports().map(|(from, _)| from))),
            asks: Asks::of_packet(packet),
            before,
            origin,
            reasons,
            round_trip: seen.round_trip.map(|trip| (trip.of, trip.time())),
        });
        if let (Some(subject), Some(opened), None) = (&mut self.subject, opened, last)
            && opened != subject.trace.mark
        {
            subject.reasons.retain(|reason| !matches!(reason.why, Why::First | Why::Opens));
            subject.reasons.push(Reason::observed(Why::Forgotten));
        }
        self.watch = Some(Watch::new(trace, room));
    }

    /// Why a packet without connection is here.
    fn elsewhere(&self, trace: &Trace, packet: &Packet<'_>) -> Vec<Reason> {
        let quoted = packet.quoted_layers();
        if let Some(identity) = identity(quoted) {
            let found = self.past.quoted(identity);
            return vec![Reason::observed(match found {
                Some(found) => Why::Quotes(found.mark),
                None => Why::QuotesUnseen,
            })];
        }
        if let Some(copied) = self.past.before(trace) {
            return vec![Reason::likely(Why::SeenBefore(copied.mark))];
        }
        let Some(conversation) = trace.conversation else { return Vec::new() };
        let before = self.past.of(conversation).next();
        vec![Reason::observed(before.map_or(Why::First, |before| Why::Follows(before.mark)))]
    }

    /// Whether there is still something to wait for.
    fn go_on(&mut self, seen: &Seen<'_>) {
        let Some(subject) = &self.subject else { return };
        let now = self.latest.time;
        if let Some((connection, _)) = seen.connection
            && seen.id() == subject.trace.conversation
        {
            self.closed = connection.state().is_over().then_some(now);
        }
        let is_late = self.closed.is_some_and(|closed| now.since(closed) > LATE);
        let has_waited = now.since(subject.trace.mark.time) > LONG;
        if self.seen >= FAR {
            self.ending = Ending::TooFar;
        } else if is_late {
            self.ending = Ending::Over;
        } else if subject.trace.segment.is_none() && has_waited {
            self.ending = Ending::Waited;
        }
    }

    /// Keeps the exchanges that the packet belongs to.
    fn sort_out(&mut self) {
        let Self { exchanges, learned, subject, belongs, .. } = self;
        for exchange in exchanges.told() {
            learned.note(&exchange);
            if belongs.len() < MOST
                && let Some(subject) = subject
                && let Some(part) = part(&exchange, subject)
            {
                belongs.push((exchange, part));
            }
        }
    }
}

/// Which part of an exchange the packet is, if it is any.
fn part(exchange: &Exchange, subject: &Subject) -> Option<Part> {
    let number = subject.trace.mark.packet;
    if is_announcement(&exchange.topic) {
        return None;
    }
    if exchange.answer.is_some_and(|answer| answer.packet == number) {
        return Some(Part::Answer);
    }
    if exchange.question.is_some_and(|question| question.packet == number) {
        return Some(Part::Question);
    }
    let within = exchange.question.is_some_and(|question| question.packet < number)
        && exchange.answer.is_none_or(|answer| answer.packet > number);
    if !within {
        return None;
    }
    if let Some(segment) = subject.trace.segment {
        let Who::At(address, from) = exchange.asker else { return None };
        let asks = subject.source == Some((address, from));
        // Requests may be asked before those before them are answered.
        let is_of = match &exchange.topic {
            Topic::Http(http) if asks => http.request_end.is_none_or(|end| number <= end.packet),
            Topic::Http(http) => http.response_begin.is_none_or(|begin| begin.packet <= number),
            _ => true,
        };
        let is_of = is_of && exchange.connection == subject.trace.conversation && segment.len > 0;
        return is_of.then_some(if asks { Part::MoreOfTheQuestion } else { Part::MoreOfTheAnswer });
    }
    // What is asked again has the same name in both.
    let is_again = exchange.retries > 0
        && exchange.conversation == subject.trace.conversation
        && subject.asks.is_some_and(|asks| Some(asks) == Asks::of_topic(&exchange.topic));
    is_again.then_some(Part::MoreOfTheQuestion)
}

/// What nobody asked for is no exchange.
fn is_announcement(topic: &Topic) -> bool {
    match topic {
        Topic::Arp(arp) => matches!(arp.meaning, Meaning::Announcement | Meaning::GratuitousReply),
        Topic::Neighbour(neighbour) => neighbour.what == Sought::Announcement,
        _ => false,
    }
}
