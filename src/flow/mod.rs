//! What happened?

mod ahead;
mod beyond;
mod bodies;
mod community;
mod connections;
mod datagrams;
pub mod exchange;
mod fetch;
mod fields;
mod fragments;
mod inflated;
mod key;
mod mark;
mod names;
mod ports;
mod servers;
pub mod stream;
mod streams;
mod table;
pub mod tcp;
mod tls;
mod way;

pub use beyond::Beyond;
pub use bodies::Bodies;
pub use community::CommunityId;
pub use datagrams::{Datagrams, Sum};
pub use fields::{FIELDS, fields};
pub use fragments::Fragments;
pub use inflated::Inflated;
pub use key::{End, Key, Which};
pub use mark::{Mark, Side};
pub use names::{Learned, Named, Names};
pub use streams::Streams;
pub use tls::Keyring;
pub use way::{Tunnel, Way};

use crate::timeline::{Frame, Timestamp};
use crate::wire::frame::Others;
use crate::wire::{Packet, usual};
use ahead::Coming;
use connections::Connections;
use tcp::{Connection, Number, RoundTrip, Verdict, Verdicts};

/// Follows every conversation, one packet at a time.
#[derive(Debug)]
pub struct Flows {
    connections: Connections,
    datagrams: datagrams::Followed,
    /// How many conversations there were so far.
    begun: Number,
    /// Of the packet at hand.
    verdicts: Verdicts,
    silent: Vec<Datagrams>,
    /// When the first frame came.
    first: Option<Timestamp>,
    /// Number and time of the latest.
    latest: Option<(u64, Timestamp)>,
}

impl Default for Flows {
    fn default() -> Self {
        Self::with_room_for(Self::MOST_CONNECTIONS)
    }
}

/// What a packet is to its conversation.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen<'f> {
    /// With the packet already taken into account, and who sent it.
    pub connection: Option<(&'f Connection, Side)>,
    /// What it belongs to when it is no TCP.
    pub datagrams: Option<(&'f Datagrams, Side)>,
    pub verdicts: &'f [Verdict],
    /// That of the segment which it acknowledges.
    pub round_trip: Option<RoundTrip>,
    /// When the first frame of the capture came, and the one before this.
    pub others: Others,
}

impl<'f> Seen<'f> {
    fn of(connection: (&'f Connection, Side), verdicts: &'f Verdicts, others: Others) -> Self {
        let (said, round_trip) = (verdicts.said(), verdicts.round_trip());
        let connection = Some(connection);
        Self { connection, datagrams: None, verdicts: said, round_trip, others }
    }

    /// The number of its conversation.
    pub fn id(&self) -> Option<u32> {
        let connection = self.connection.map(|(connection, _)| connection.id());
        connection.or(self.datagrams.map(|(datagrams, _)| datagrams.id()))
    }
}

impl Flows {
    /// Connections that are followed at once, unless another number is asked for.
    pub const MOST_CONNECTIONS: usize = 1 << 20;

    /// Follows at most so many connections at once. When there are more, whichever is most probably over
    /// leaves; if it was not over as far as is known, it is told as dropped.
    pub fn with_room_for(connections: usize) -> Self {
        Self {
            connections: Connections::with_room_for(connections),
            datagrams: datagrams::Followed::default(),
            begun: Number::default(),
            verdicts: Verdicts::default(),
            silent: Vec::new(),
            first: None,
            latest: None,
        }
    }

    pub fn observe(&mut self, packet: &Packet<'_>) -> Seen<'_> {
        self.verdicts.clear();
        let others = self.others(&packet.frame);
        let connection = self.connections.observe(packet, &mut self.begun, &mut self.verdicts);
        if let Some(connection) = connection {
            return Seen::of(connection, &self.verdicts, others);
        }
        let id = self.begun.conversation + 1;
        let datagrams = self.datagrams.observe(packet, id, &mut self.silent);
        if datagrams.is_some_and(|(datagrams, _)| datagrams.id() == id) {
            self.begun.conversation = id;
        }
        Seen { datagrams, others, ..Seen::default() }
    }

    /// The first frame of the capture came at this time, whether it is observed or not.
    pub fn begin(&mut self, time: Timestamp) {
        self.first = Some(time);
    }

    fn others(&mut self, frame: &Frame<'_>) -> Others {
        let first = *self.first.get_or_insert(frame.time);
        let (before, time) = self.latest.replace((frame.number, frame.time)).unwrap_or((0, first));
        // Of one that a capture filter left out nothing is known.
        Others { first: Some(first), before: (before + 1 >= frame.number).then_some(time) }
    }

    /// Whether it is worth while to look ahead, though every packet will be read whole: so many
    /// connections go on at once.
    #[inline]
    pub fn are_many(&self) -> bool {
        self.connections.are_many()
    }

    /// Prepares for a frame that will come soon: see [`Source::ahead`](crate::timeline::Source::ahead).
    #[inline]
    pub fn expect(&mut self, frame: &Frame<'_>) {
        self.connections.expect(frame);
    }

    /// Follows a frame whose segment only goes on with a connection, if nothing is wanted of what stands
    /// above TCP in it: neither by `wants`, which is given the key of the protocol there, nor to know the
    /// connection better. Otherwise the frame is still to be observed.
    #[inline]
    pub fn skim(
        &mut self,
        frame: &Frame<'_>,
        beyond: &Beyond,
        wants: impl Fn(&Connection, &str) -> bool,
    ) -> Option<Seen<'_>> {
        self.verdicts.clear();
        let wants = |connection: &Connection, coming: &Coming| {
            let ports = coming.ports();
            let direction = (coming.key, coming.from);
            usual::above(ports, coming.payload(frame))
                .or_else(|| beyond.awaits(&direction, ports))
                .is_some_and(|protocol| !connection.is_known() || wants(connection, protocol))
        };
        let connection = self.connections.skim(frame, &mut self.verdicts, wants)?;
        self.latest = Some((frame.number, frame.time));
        let others = Others::default();
        Some(Seen::of(connection, &self.verdicts, others))
    }

    /// Whether [`Flows::gone`] or [`Flows::silent`] has any.
    #[inline]
    pub fn has_lost(&self) -> bool {
        self.connections.has_gone() || !self.silent.is_empty()
    }

    /// The connections that nothing will be added to: they have been over for a minute, what came last
    /// was the begin of another one between the same ends, or there was no room for them any more.
    pub fn gone(&mut self) -> impl Iterator<Item = Connection> {
        self.connections.gone()
    }

    /// How many connections were dropped for want of room, that were not over as far as is known.
    pub fn dropped(&self) -> u64 {
        self.connections.dropped()
    }

    /// How many conversations there were so far.
    pub fn count(&self) -> u32 {
        self.begun.conversation
    }

    /// Those without connection that have fallen silent since the last packet.
    pub fn silent(&mut self) -> impl Iterator<Item = Datagrams> {
        self.silent.drain(..)
    }

    /// How many conversations may go on, as far as is known.
    pub fn open(&self) -> usize {
        self.connections.open() + self.datagrams.count()
    }

    /// The connection of this key and number, while it is followed.
    pub fn connection(&self, key: &Key, id: u32) -> Option<&Connection> {
        self.connections.of(key, id)
    }

    /// The same of conversations without connection.
    pub fn datagrams_of(&self, key: &Key, id: u32) -> Option<&Datagrams> {
        self.datagrams.of(key, id)
    }

    /// Every conversation without connection that is still followed, in the order of their numbers.
    pub fn datagrams(&self) -> Vec<&Datagrams> {
        let mut all: Vec<_> = self.datagrams.rows().collect();
        all.sort_unstable_by_key(|datagrams| datagrams.id());
        all
    }

    /// Every connection that is still followed, in the order of their numbers.
    pub fn connections(&self) -> Vec<&Connection> {
        let mut all: Vec<_> = self.connections.all().collect();
        all.sort_unstable_by_key(|connection| connection.id());
        all
    }
}
