//! What happened?

#![allow(dead_code)]

mod community;
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
use tcp::{Connection, Segment, Verdict};

/// Follows every conversation, one packet at a time.
#[derive(Debug, Default)]
pub struct Flows {
    connections: Table<Connection>,
    /// How many conversations there were so far.
    begun: u32,
    /// Of the packet at hand.
    verdicts: Vec<Verdict>,
    gone: Vec<Connection>,
}

/// What a packet is to its conversation.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen<'f> {
    /// With the packet already taken into account, and who sent it.
    pub connection: Option<(&'f Connection, Side)>,
    pub verdicts: &'f [Verdict],
}

impl Flows {
    pub fn observe(&mut self, packet: &Packet<'_>) -> Seen<'_> {
        self.verdicts.clear();
        let Some((segment, key, from)) = Segment::of(packet) else { return Seen::default() };
        let place = self.connections.find(&key).unwrap_or_else(|| {
            self.begun += 1;
            self.connections.insert(Connection::new(self.begun, key, from, &segment))
        });
        let Some(connection) = self.connections.at_mut(place) else { return Seen::default() };
        let side = connection.side(from);
        connection.observe(&segment, side, &mut self.verdicts);
        let connection = self.connections.at(place).map(|connection| (connection, side));
        Seen { connection, verdicts: &self.verdicts }
    }

    /// The connections that the last packet ended for good: what comes next is another one, or there
    /// was no room for them any more.
    pub fn gone(&mut self) -> impl Iterator<Item = Connection> {
        self.gone.drain(..)
    }

    /// Every connection that is still followed, in the order of their numbers.
    pub fn connections(&self) -> Vec<&Connection> {
        let mut all: Vec<_> = self.connections.rows().map(|(_, connection)| connection).collect();
        all.sort_unstable_by_key(|connection| connection.id());
        all
    }
}
