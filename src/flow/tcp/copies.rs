//! Was this very packet seen before?
//!
//! A network may deliver a packet twice, and a capture may see it at two places. What the sender chose
//! is the same in both; what is changed on the way (hop limit, addresses of the link, checksums) is not
//! compared. Remembered are the last [`MOST`] packets of a direction.

use std::time::Duration;

use super::half::{Facts, Half};
use super::segment::Segment;
use super::verdict::Copied;
use crate::flow::fetch::fetch;
use crate::flow::mark::Mark;
use crate::timeline::{Timestamp, nanos};
use crate::wire::tcp::Flags;

const MOST: usize = 16;
/// A sender that gives every packet the same identification may mean two packets by it, but not so
/// soon one after the other.
const SOON: Duration = Duration::from_millis(10);

/// The last packets of one direction. Stands in one line of the processor's cache for each four.
#[derive(Debug, Default)]
pub(super) struct Copies {
    recent: [Seen; MOST],
}

#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    /// 0 where nothing was seen.
    identity: u32,
    place: u32,
    /// The packet's number, as far as 32 bits reach back.
    packet: u32,
    /// In units of 2^16 ns, as far as 32 bits reach back.
    time: u32,
}

impl Copies {
    /// The packet that this one is a copy of, and who made the copy.
    ///
    /// `rtt` is the shortest round trip known: nothing that was sent as an answer to a loss comes sooner.
    pub(super) fn find(
        &self,
        segment: &Segment,
        identity: u32,
        rtt: Option<Duration>,
    ) -> Option<(u64, Copied)> {
        self.recent.iter().find(|seen| seen.identity == identity)?.copied(segment, rtt)
    }

    /// Asks for where the packet of this turn will be noted.
    pub(super) fn expect(&self, turn: u64) {
        fetch(&self.recent[turn as usize % MOST]);
    }

    /// The same for a direction of which only one packet was seen.
    pub(super) fn is_copy_of(mark: Mark, (identity, place): (u32, u32), segment: &Segment) -> bool {
        let seen = Seen::of(mark, identity, place);
        identity == self::identity(segment) && seen.copied(segment, None).is_some()
    }

    /// Notes the packet of some turn; one of a few turns before is forgotten.
    pub(super) fn note(&mut self, turn: u64, mark: Mark, identity: u32, place: u32) {
        self.recent[turn as usize % MOST] = Seen::of(mark, identity, place);
    }
}

impl Half {
    /// The packet that this one is a copy of. Only what brings nothing new can be one.
    pub(super) fn recognise(&mut self, segment: &Segment, peer: &Half) -> Option<(u64, Copied)> {
        let identity = identity(segment);
        let new_octets = segment.span() > 0
            && (!self.facts.has(Facts::BEGUN) || segment.seq.past(self.next) >= 0);
        let new_ack = segment.has(Flags::ACK)
            && !(peer.facts.has(Facts::ACKED) && segment.ack.past(peer.acked) <= 0);
        let may_be_copy = !new_octets && !new_ack;
        let rtt = if may_be_copy { self.round_trip(peer) } else { None };
        let turn = self.packets;
        let copies = &mut self.trail().copies;
        let found = if may_be_copy { copies.find(segment, identity, rtt) } else { None };
        if found.is_none() {
            copies.note(turn, segment.mark, identity, segment.place);
        }
        found
    }
}

impl Seen {
    fn of(mark: Mark, identity: u32, place: u32) -> Self {
        Self { identity, place, packet: mark.packet as u32, time: coarse(mark.time) }
    }

    /// The packet, if the segment is a copy of it rather than sent once more, and who made the copy.
    fn copied(&self, segment: &Segment, rtt: Option<Duration>) -> Option<(u64, Copied)> {
        let has_id = segment.ip_id.is_some_and(|id| id != 0);
        let soon = rtt.map_or(SOON, |rtt| SOON.min(rtt / 2));
        let waited = coarse(segment.mark.time).wrapping_sub(self.time);
        let late = u64::from(waited) << 16 >= nanos(soon);
        let same_place = self.place == segment.place;
        if !has_id && (late || segment.span() == 0 && same_place) {
            return None;
        }
        let by = if same_place { Copied::Network } else { Copied::Capture };
        let back = (segment.mark.packet as u32).wrapping_sub(self.packet);
        Some((segment.mark.packet.saturating_sub(back.into()), by))
    }
}

fn coarse(time: Timestamp) -> u32 {
    (time.0 >> 16) as u32
}

/// What the sender chose, in a number.
pub(super) fn identity(segment: &Segment) -> u32 {
    let id = segment.ip_id.map_or(0x1_0000, u64::from);
    let stamp = segment.stamps.map_or(0, |stamps| u64::from(stamps.value) | 1 << 32);
    let numbers = u64::from(segment.seq.0) << 32 | u64::from(segment.ack.0);
    let shape =
        u64::from(segment.len) << 24 | u64::from(segment.flags.0) << 16 | u64::from(segment.window);
    let mut mixed = numbers.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
    mixed = (mixed ^ shape).wrapping_mul(0xbf58_476d_1ce4_e5b9).rotate_left(31);
    let mixed = (mixed ^ stamp ^ id << 40).wrapping_mul(0x94d0_49bb_1331_11eb) ^ mixed >> 32;
    (mixed >> 32) as u32 | 1
}
