//! What was asked, what was answered, and how long did it take?
//!
//! An exchange is a question and its answer. It is told as soon as nothing more can be added to it: an
//! answered one with the packet that ends the answer, an unanswered one when its connection is over,
//! when there is no room for it any more, or when the capture ends, in the order asked. An answer whose
//! question the capture does not have is told too; its latency is unknown.

#![allow(clippy::similar_names, reason = "who asks is the asker, and who is asked the asked")]

mod arp;
mod dhcp;
mod dns;
mod echo;
mod http;
mod neighbour;
mod open;
mod talk;
mod tls;

use std::net::IpAddr;
use std::time::Duration;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use super::stream::Room;
use super::{Mark, Seen, Side};
use crate::wire::field::Mac;
use crate::wire::{Layer, Packet};
pub use arp::Arp;
pub use dhcp::Dhcp;
pub use dns::{ANSWERS, Answer, Dns, Reply, Transport};
pub use echo::{Echo, Family, What};
pub use http::{Framing, Http};
pub use neighbour::{Neighbour, Sought};
use open::Open;
use talk::Talk;
pub use tls::{Named, Tls};

/// A question and its answer.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// Counted from 1 in the order of the questions, or of the answers that have none.
    pub id: u64,
    /// The connection's number, where there is one.
    pub connection: Option<u32>,
    /// The number of the conversation that its first packet belongs to, connection or not.
    pub conversation: Option<u32>,
    pub asker: Who,
    pub asked: Who,
    /// The packet that began the question; `None` when the capture does not have it.
    pub question: Option<Mark>,
    /// The packet that ended the answer.
    pub answer: Option<Mark>,
    /// From the packet that ended the question, asked first, to the one that ended the answer.
    pub latency: Option<Duration>,
    /// How often it was asked again, word for word.
    pub retries: u32,
    pub outcome: Outcome,
    /// How long an answer was waited for in vain.
    pub waited: Option<Duration>,
    /// Whether a packet that asks, asks again or answers is one that was asked for.
    pub wanted: Wanted,
    pub topic: Topic,
}

/// One end of an exchange.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Who {
    /// An address, and a port where the protocol has ports.
    At(IpAddr, Option<u16>),
    Hardware(Mac),
    Unknown,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Outcome {
    Answered,
    /// The answer began, and its end is not in the capture.
    Begun,
    /// The capture has a gap where the answer may have been.
    Missed,
    /// Until the connection, or the capture, was over.
    Unanswered,
    /// There was no room to wait any longer.
    Dropped,
}

/// Whether somebody wants to hear of a packet, or of what it belongs to.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Wanted {
    #[default]
    No,
    Yes,
}

impl Wanted {
    /// What is wanted once stays so.
    fn or(&mut self, other: Self) {
        if other == Self::Yes {
            *self = other;
        }
    }
}

/// What it was about, by protocol.
#[derive(Clone, Debug)]
pub enum Topic {
    Dns(Box<Dns>),
    Http(Box<Http>),
    Tls(Box<Tls>),
    Dhcp(Box<Dhcp>),
    Arp(Arp),
    Neighbour(Neighbour),
    Echo(Echo),
}

impl Exchange {
    /// One of which nothing is known.
    pub fn unknown() -> Self {
        Told::default().begin(Who::Unknown, Who::Unknown, Topic::Http(Box::default()))
    }
}

impl Topic {
    /// As in filters and records.
    pub fn key(&self) -> &'static str {
        match self {
            Self::Dns(dns) => dns.transport.key(),
            Self::Http(_) => "http",
            Self::Tls(_) => "tls",
            Self::Dhcp(_) => "dhcp",
            Self::Arp(_) => "arp",
            Self::Neighbour(_) => "nd",
            Self::Echo(echo) => echo.key(),
        }
    }
}

/// A question seen twice within this time was captured twice: nobody asks again so soon.
const COPY: Duration = Duration::from_millis(1);

/// Pairs questions and answers, one packet at a time.
#[derive(Debug)]
pub struct Exchanges {
    open: Open,
    talks: HashMap<u32, Talk, RandomState>,
    room: Room,
    told: Told,
    addresses: arp::Addresses,
    /// What all talks keep of unfinished messages.
    weight: usize,
}

/// The exchanges that are final, and the number of the next.
#[derive(Debug, Default)]
struct Told {
    begun: u64,
    exchanges: Vec<Exchange>,
    latest: Mark,
    /// What the packet at hand belongs to.
    conversation: Option<u32>,
    /// Whether the packet at hand is wanted.
    wanted: Wanted,
    heads: Heads,
    hasher: RandomState,
}

/// What becomes of the heads of HTTP messages once they were read.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum Heads {
    #[default]
    Dropped,
    Kept,
}

impl Told {
    /// A head's lines, if they are to be told.
    fn lines(&self, lines: Box<[u8]>) -> Option<Box<[u8]>> {
        (self.heads == Heads::Kept).then_some(lines)
    }

    /// Begins an exchange with its question.
    fn ask(&mut self, question: Mark, asker: Who, asked: Who, topic: Topic) -> Exchange {
        Exchange { question: Some(question), ..self.begin(asker, asked, topic) }
    }

    fn begin(&mut self, asker: Who, asked: Who, topic: Topic) -> Exchange {
        self.begun += 1;
        Exchange {
            id: self.begun,
            connection: None,
            conversation: self.conversation,
            asker,
            asked,
            question: None,
            answer: None,
            latency: None,
            retries: 0,
            outcome: Outcome::Unanswered,
            waited: None,
            wanted: self.wanted,
            topic,
        }
    }

    fn answered(&mut self, mut exchange: Exchange, answer: Mark) {
        exchange.answer = Some(answer);
        exchange.wanted.or(self.wanted);
        exchange.outcome = Outcome::Answered;
        if exchange.latency.is_none() {
            exchange.latency = exchange.question.map(|asked| answer.time.since(asked.time));
        }
        self.exchanges.push(exchange);
    }

    fn unanswered(&mut self, mut exchange: Exchange, outcome: Outcome) {
        exchange.outcome = outcome;
        exchange.waited = exchange.question.map(|asked| self.latest.time.since(asked.time));
        self.exchanges.push(exchange);
    }
}

impl Default for Exchanges {
    fn default() -> Self {
        Self::new(Self::OPEN)
    }
}

impl Exchanges {
    /// The questions that wait for an answer at once, unless told otherwise, those of connections
    /// not counted; the oldest is given up for the newest.
    pub const OPEN: usize = 1 << 16;
    /// What connections keep of messages and questions that are not whole or not answered, in octets;
    /// beyond that, the connection that needs more is listened to no longer.
    const WEIGHT: usize = 64 << 20;

    /// With room for so many open questions.
    pub fn new(open: usize) -> Self {
        Self {
            open: Open::new(open),
            talks: HashMap::default(),
            room: Room::default(),
            told: Told::default(),
            addresses: arp::Addresses::default(),
            weight: 0,
        }
    }

    /// With the heads of HTTP messages as they were sent.
    #[must_use]
    pub fn with_heads(mut self) -> Self {
        self.told.heads = Heads::Kept;
        self
    }

    /// Looks for questions and answers in a packet.
    pub fn observe(&mut self, packet: &Packet<'_>, seen: &Seen<'_>, wanted: Wanted) {
        let mark = Mark::of(&packet.frame);
        self.told.wanted = wanted;
        self.told.latest = mark;
        self.told.conversation = seen.id();
        if let Some((connection, side)) = seen.connection {
            if let Some(tcp) = packet.tcp() {
                let talk = self.talks.get_mut(&connection.id());
                let talk = match talk {
                    Some(talk) => talk,
                    None if tcp.payload().is_empty() => return,
                    None => {
                        self.talks.entry(connection.id()).or_insert_with(|| Talk::new(connection))
                    }
                };
                let before = talk.weight();
                talk.hear(tcp, side, mark, &mut self.room, &mut self.told);
                for octets in packet.unsealed() {
                    talk.hear_unsealed(octets, side, mark, &mut self.told);
                }
                self.weight = (self.weight + talk.weight()).saturating_sub(before);
                if self.weight > Self::WEIGHT && talk.weight() > 0 {
                    self.weight = self.weight.saturating_sub(talk.weight());
                    talk.give_up(&mut self.room, &mut self.told);
                }
            }
            return;
        }
        let Some(innermost) = packet.own_layers().last() else { return };
        match innermost {
            Layer::Dns(dns) if packet.udp().is_some() => {
                dns::observe(*dns, packet, &mut self.open, &mut self.told);
            }
            Layer::Dhcp(message) => dhcp::observe(*message, packet, &mut self.open, &mut self.told),
            Layer::Arp(message) => {
                arp::observe(*message, mark, &mut self.addresses, &mut self.open, &mut self.told);
            }
            Layer::Icmp(message) => echo::observe(*message, packet, &mut self.open, &mut self.told),
            Layer::Icmpv6(message) if message.echo().is_some() => {
                echo::observe_v6(*message, packet, &mut self.open, &mut self.told);
            }
            Layer::Icmpv6(message) => {
                neighbour::observe(*message, packet, &mut self.open, &mut self.told);
            }
            _ => {}
        }
    }

    /// Hears that a connection is over, or no longer followed.
    pub fn over(&mut self, connection: u32) {
        self.told.wanted = Wanted::No;
        self.told.conversation = Some(connection);
        if let Some(talk) = self.talks.remove(&connection) {
            self.weight = self.weight.saturating_sub(talk.weight());
            talk.end(&mut self.room, &mut self.told);
        }
    }

    /// Hears that nothing more will come.
    pub fn end(&mut self) {
        self.told.wanted = Wanted::No;
        let mut talks: Vec<_> = self.talks.drain().collect();
        talks.sort_unstable_by_key(|(connection, _)| *connection);
        let before = self.told.exchanges.len();
        for (connection, talk) in talks {
            self.told.conversation = Some(connection);
            talk.end(&mut self.room, &mut self.told);
        }
        self.open.end(&mut self.told);
        self.told.exchanges[before..].sort_by_key(|exchange| exchange.id);
    }

    /// What became final since the last time, in that order.
    pub fn told(&mut self) -> impl Iterator<Item = Exchange> {
        self.told.exchanges.drain(..)
    }
}

/// Both ends of the innermost IP packet with their ports.
fn ends(packet: &Packet<'_>) -> Option<[Who; 2]> {
    let (source, destination) = packet.addresses()?;
    let ports = packet.ports();
    let (from, to) = (ports.map(|(from, _)| from), ports.map(|(_, to)| to));
    Some([Who::At(source, from), Who::At(destination, to)])
}

/// Whose words these are: the side that asked, or the other.
fn of<T>(side: Side, pair: &mut [T; 2]) -> &mut T {
    &mut pair[side.index()]
}
