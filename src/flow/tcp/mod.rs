//! What happened on a connection, seen from somewhere between its ends?

use std::time::Duration;

mod ack;
mod copies;
mod data;
mod flight;
mod half;
mod handshake;
mod holes;
mod life;
mod name;
mod order;
mod origin;
mod phases;
mod queue;
mod roles;
mod rtt;
mod sack;
mod segment;
mod sent;
mod told;
mod trigger;
mod verdict;
mod window;

use super::key::{End, Key, Which};
use super::mark::{Mark, Side};
use super::table::Keyed;
use crate::wire::tcp::Flags;
use crate::wire::{Layer, Packet};

pub use flight::Flight;
pub use half::{Facts, Half};
pub use handshake::{Handshake, Vantage};
pub use life::{Close, How, State};
pub use phases::Phases;
pub use roles::Roles;
pub use rtt::Rtt;
pub use segment::{Sacks, Segment, Stamps};
pub use sent::Sent;
pub use verdict::{Confidence, Copied, Evidence, FastOpen, Need, Reset, Trigger, Verdict, What};
pub use window::Windows;

/// Two halves, watched from the middle.
#[derive(Debug)]
pub struct Connection {
    key: Key,
    number: Number,
    /// Which end is the client, as far as is known.
    client: Which,
    opened: Mark,
    latest: Mark,
    halves: [Half; 2],
    application: Option<&'static str>,
}

/// Which one of all it is, in the order of the first packets.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Number {
    /// Of the conversations of every kind, counted from 1.
    pub(super) conversation: u32,
    /// Of the connections, counted from 0.
    pub(super) stream: u32,
}

impl Keyed for Connection {
    fn key(&self) -> &Key {
        &self.key
    }
}

impl Connection {
    pub(super) fn new(number: Number, key: Key, from: Which, segment: &Segment) -> Self {
        let answers = segment.has(Flags::SYN) && segment.has(Flags::ACK);
        let client = if answers { from.other() } else { from };
        let halves = [Half::default(), Half::default()];
        Self {
            key,
            number,
            client,
            opened: segment.mark,
            latest: segment.mark,
            halves,
            application: None,
        }
    }

    /// Counted from 1 over conversations of every kind, in the order of the first packets.
    pub fn id(&self) -> u32 {
        self.number.conversation
    }

    /// Counted from 0 over connections, as in Wireshark.
    pub fn stream(&self) -> u32 {
        self.number.stream
    }

    /// The first packet.
    pub fn opened(&self) -> Mark {
        self.opened
    }

    /// The last packet so far.
    pub fn latest(&self) -> Mark {
        self.latest
    }

    pub fn end(&self, side: Side) -> End {
        self.key.end(match side {
            Side::Client => self.client,
            Side::Server => self.client.other(),
        })
    }

    /// The key of the protocol above TCP, once one was read.
    pub fn application(&self) -> Option<&'static str> {
        self.application
    }

    pub(super) fn carries(&mut self, packet: &Packet<'_>) {
        if self.application.is_none() {
            let own = packet.own_layers();
            let tcp = own.iter().rposition(|layer| matches!(layer, Layer::Tcp(_)));
            let above = tcp.and_then(|at| own.get(at + 1));
            self.application = above.map(|layer| layer.name().key);
        }
    }

    /// What this side sent.
    pub fn half(&self, side: Side) -> &Half {
        &self.halves[side.index()]
    }

    /// From one end to the other and back, by the shortest samples of both sides.
    pub fn rtt(&self) -> Option<Duration> {
        let [client, server] = &self.halves;
        client.round_trip(server)
    }

    pub(super) fn side(&self, from: Which) -> Side {
        if from == self.client { Side::Client } else { Side::Server }
    }

    /// Follows one segment.
    pub(super) fn observe(&mut self, segment: &Segment, side: Side, verdicts: &mut Vec<Verdict>) {
        self.latest = segment.mark;
        let [client, server] = &mut self.halves;
        let (own, peer) = match side {
            Side::Client => (client, server),
            Side::Server => (server, client),
        };
        own.sight(segment.seq, segment.has(Flags::SYN));
        if segment.has(Flags::ACK) {
            peer.sight(segment.ack, false);
        }
        own.count(segment, peer.mss);
        if let Some((of, by)) = own.recognise(segment, peer) {
            own.trail().sent().copies[by as usize] += 1;
            verdicts.push(Verdict::certain(What::Copy(by), Evidence::Identity).of(of));
            return;
        }
        if let Some(probe) = window::probe(own, segment) {
            verdicts.push(own.trail().probes(probe, segment));
        } else if segment.span() > 0 {
            let is_new = own.facts.has(Facts::BEGUN) && segment.seq.past(own.next) >= 0;
            own.take(segment, peer, verdicts);
            if is_new {
                window::fill(own, peer, segment, verdicts);
            }
        }
        if segment.has(Flags::ACK) && !segment.has(Flags::RST) {
            ack::hear(own, peer, segment, verdicts);
        }
    }
}

impl Half {
    /// From one end to the other and back, by the shortest samples of both sides.
    fn round_trip(&self, peer: &Self) -> Option<Duration> {
        let one = |half: &Self| half.rtt().and_then(Rtt::shortest);
        match (one(self), one(peer)) {
            (Some(own), Some(theirs)) => Some(own + theirs),
            (own, theirs) => own.or(theirs),
        }
    }

    fn count(&mut self, segment: &Segment, mss: u16) {
        self.packets += 1;
        self.octets += u64::from(segment.octets);
        self.payload += u64::from(segment.len);
        let time = segment.mark.time;
        let idle = if self.packets > 1 { time.0.saturating_sub(self.latest.0) } else { 0 };
        self.latest = self.latest.max(time);
        let joined = mss > 0 && segment.len > u32::from(mss);
        if joined {
            self.facts.note(Facts::OFFLOAD);
        }
        if segment.congested {
            self.trail().sent().congested += 1;
        }
        let pace = &mut self.trail().pace;
        pace.idle = pace.idle.max(idle);
        pace.wire_packets += if joined { u64::from(segment.len.div_ceil(mss.into())) } else { 1 };
        if segment.len > 0 {
            pace.first_data = pace.first_data.or(Some(time));
            pace.last_data = pace.last_data.max(time);
            self.facts.note(Facts::DATA);
        }
    }

    /// The packet that this one is a copy of. Only what brings nothing new can be one.
    fn recognise(&mut self, segment: &Segment, peer: &Half) -> Option<(u64, Copied)> {
        let identity = copies::identity(segment);
        let new_octets = segment.span() > 0
            && (!self.facts.has(Facts::BEGUN) || segment.seq.past(self.next) >= 0);
        let new_ack = segment.has(Flags::ACK)
            && !(peer.facts.has(Facts::ACKED) && segment.ack.past(peer.acked) <= 0);
        let may_be_copy = !new_octets && !new_ack;
        let rtt = if may_be_copy { self.round_trip(peer) } else { None };
        let copies = &mut self.trail().copies;
        let found = if may_be_copy { copies.find(segment, identity, rtt) } else { None };
        if found.is_none() {
            copies.note(segment, identity);
        }
        found
    }
}
