//! Who spoke to whom, and how much?
//!
//! A conversation is what two hosts say to each other over one service: connections that differ
//! only in the client's port are one. The table is bounded; what comes when it is full is summed
//! up in one row.

use std::net::IpAddr;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use crate::timeline::Timestamp;
use crate::wire::field::Mac;
use crate::wire::{Packet, packet};

/// Conversations that are kept apart; about 30 MB of them.
const LIMIT: usize = 200_000;

#[derive(Debug, Default)]
pub(super) struct Conversations {
    table: HashMap<Key, Conversation, RandomState>,
    /// What came when the table was full.
    pub(super) others: Option<Conversation>,
}

/// What two packets of one conversation have in common.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) struct Key {
    /// Of both, the service first; without a service in the order of the addresses.
    pub(super) ends: Ends,
    /// The transport's key, or the innermost protocol's where there are no ports.
    pub(super) protocol: &'static str,
    /// The port of the service; of two ports the lower.
    pub(super) port: Option<u16>,
}

#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) enum Ends {
    Addresses(IpAddr, IpAddr),
    /// Cooked captures do not keep the destination.
    Hardware(Option<Mac>, Option<Mac>),
    Unknown,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Conversation {
    /// The innermost protocol met so far.
    pub(super) words: &'static str,
    depth: usize,
    /// In which order to name the ends: the service last, or else first who spoke first.
    pub(super) order: [usize; 2],
    /// Sent by the first end of the key, and by the second.
    pub(super) sent: [Sent; 2],
    /// The first packet's number; it breaks ties, so that the order is always the same.
    pub(super) number: u64,
    pub(super) first: Timestamp,
    pub(super) last: Timestamp,
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sent {
    pub(super) packets: u64,
    pub(super) octets: u64,
}

impl Conversations {
    pub(super) fn count(&mut self, packet: &Packet<'_>) {
        let (key, by) = key(packet);
        let service_last = key.port.is_some() || by == 1;
        let begun = Conversation::begun(packet, if service_last { [1, 0] } else { [0, 1] });
        let full = self.table.len() >= LIMIT;
        let conversation = match self.table.get_mut(&key) {
            Some(conversation) => conversation,
            None if full => self.others.get_or_insert(begun),
            None => self.table.entry(key).or_insert(begun),
        };
        conversation.add(packet, by);
    }

    /// How many are kept apart.
    pub(super) fn len(&self) -> usize {
        self.table.len()
    }

    /// By octets, the largest first.
    pub(super) fn largest(&self, count: usize) -> Vec<(Key, Conversation)> {
        let mut all: Vec<_> = self.table.iter().map(|(key, one)| (*key, *one)).collect();
        let rank = |(_, one): &(Key, Conversation)| (std::cmp::Reverse(one.octets()), one.number);
        if all.len() > count {
            all.select_nth_unstable_by_key(count, rank);
            all.truncate(count);
        }
        all.sort_unstable_by_key(rank);
        all
    }
}

impl Conversation {
    fn begun(packet: &Packet<'_>, order: [usize; 2]) -> Self {
        let frame = &packet.frame;
        let (first, last) = (frame.time, frame.time);
        let number = frame.number;
        Self { words: "", depth: 0, order, sent: [Sent::default(); 2], number, first, last }
    }

    fn add(&mut self, packet: &Packet<'_>, by: usize) {
        let time = packet.frame.time;
        (self.first, self.last) = (self.first.min(time), self.last.max(time));
        self.sent[by].packets += 1;
        self.sent[by].octets += packet.frame.octets.len() as u64;
        let layers = packet.own_layers();
        if let Some(layer) = layers.last().filter(|_| layers.len() > self.depth) {
            (self.words, self.depth) = (layer.name().words, layers.len());
        }
    }

    pub(super) fn octets(&self) -> u64 {
        self.sent[0].octets + self.sent[1].octets
    }
}

/// The conversation of a packet, and which end of it sent the packet.
fn key(packet: &Packet<'_>) -> (Key, usize) {
    let innermost = packet.own_layers().last().map_or("", |layer| layer.name().key);
    let Some((source, destination)) = packet.addresses() else {
        let Some((source, destination)) = packet::hardware(packet.own_layers()) else {
            return (Key { ends: Ends::Unknown, protocol: innermost, port: None }, 0);
        };
        let source = Some(source);
        let by = usize::from(source > destination);
        let ends = Ends::Hardware(source.min(destination), source.max(destination));
        return (Key { ends, protocol: innermost, port: None }, by);
    };
    let ports = packet.ports();
    let by = match ports {
        Some((from, to)) if from != to => usize::from(from > to),
        _ => usize::from(source > destination),
    };
    let ends = if by == 0 { (source, destination) } else { (destination, source) };
    let transport = if packet.tcp().is_some() { "tcp" } else { "udp" };
    let key = Key {
        ends: Ends::Addresses(ends.0, ends.1),
        protocol: if ports.is_some() { transport } else { innermost },
        port: ports.map(|(from, to)| from.min(to)),
    };
    (key, by)
}
