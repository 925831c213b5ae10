//! What happened?

#![allow(dead_code)]

mod community;
mod datagrams;
pub mod exchange;
mod fields;
mod fragments;
mod inflated;
mod key;
mod mark;
pub mod stream;
mod streams;
mod table;
pub mod tcp;
mod tls;
mod way;

pub use community::CommunityId;
pub use datagrams::{Datagrams, Sum};
pub use fields::{FIELDS, fields};
pub use fragments::Fragments;
pub use inflated::Inflated;
pub use key::{End, Key, Which};
pub use mark::{Mark, Side};
pub use streams::Streams;
pub use tls::Keyring;
pub use way::{Tunnel, Way};

use crate::wire::Packet;
use table::Table;
use tcp::{Connection, Number, Segment, Verdict};

/// Follows every conversation, one packet at a time.
#[derive(Debug, Default)]
pub struct Flows {
    connections: Table<Connection>,
    datagrams: datagrams::Followed,
    /// How many conversations there were so far.
    begun: u32,
    /// How many of them were connections.
    streams: u32,
    /// Of the packet at hand.
    verdicts: Vec<Verdict>,
    gone: Vec<Connection>,
    silent: Vec<Datagrams>,
}

/// What a packet is to its conversation.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen<'f> {
    /// With the packet already taken into account, and who sent it.
    pub connection: Option<(&'f Connection, Side)>,
    /// What it belongs to when it is no TCP.
    pub datagrams: Option<(&'f Datagrams, Side)>,
    pub verdicts: &'f [Verdict],
}

impl Seen<'_> {
    /// The number of its conversation.
    pub fn id(&self) -> Option<u32> {
        let connection = self.connection.map(|(connection, _)| connection.id());
        connection.or(self.datagrams.map(|(datagrams, _)| datagrams.id()))
    }
}

impl Flows {
    pub fn observe(&mut self, packet: &Packet<'_>) -> Seen<'_> {
        self.verdicts.clear();
        let Some((segment, key, from)) = Segment::of(packet) else {
            return self.observe_datagram(packet);
        };
        let place = self.connections.find(&key).unwrap_or_else(|| {
            self.begun += 1;
            let number = Number { conversation: self.begun, stream: self.streams };
            self.streams += 1;
            self.connections.insert(Connection::new(number, key, from, &segment))
        });
        let Some(connection) = self.connections.at_mut(place) else { return Seen::default() };
        let side = connection.side(from);
        connection.observe(&segment, side, &mut self.verdicts);
        if segment.len > 0 {
            connection.carries(packet);
        }
        let connection = self.connections.at(place).map(|connection| (connection, side));
        Seen { connection, datagrams: None, verdicts: &self.verdicts }
    }

    fn observe_datagram(&mut self, packet: &Packet<'_>) -> Seen<'_> {
        let id = self.begun + 1;
        let datagrams = self.datagrams.observe(packet, id, &mut self.silent);
        if datagrams.is_some_and(|(datagrams, _)| datagrams.id() == id) {
            self.begun = id;
        }
        Seen { connection: None, datagrams, verdicts: &[] }
    }

    /// The connections that the last packet ended for good: what comes next is another one, or there
    /// was no room for them any more.
    pub fn gone(&mut self) -> impl Iterator<Item = Connection> {
        self.gone.drain(..)
    }

    /// Those without connection that have fallen silent since the last packet.
    pub fn silent(&mut self) -> impl Iterator<Item = Datagrams> {
        self.silent.drain(..)
    }

    /// Every conversation without connection that is still followed, in the order of their numbers.
    pub fn datagrams(&self) -> Vec<&Datagrams> {
        let mut all: Vec<_> = self.datagrams.rows().collect();
        all.sort_unstable_by_key(|datagrams| datagrams.id());
        all
    }

    /// Every connection that is still followed, in the order of their numbers.
    pub fn connections(&self) -> Vec<&Connection> {
        let mut all: Vec<_> = self.connections.rows().map(|(_, connection)| connection).collect();
        all.sort_unstable_by_key(|connection| connection.id());
        all
    }
}
