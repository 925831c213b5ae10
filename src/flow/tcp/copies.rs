//! Was this very packet seen before?
//!
//! A network may deliver a packet twice, and a capture may see it at two places. What the sender chose
//! is the same in both; what is changed on the way (hop limit, addresses of the link, checksums) is not
//! compared. Remembered are the last [`MOST`] packets of a direction.

use std::collections::VecDeque;
use std::time::Duration;

use super::segment::Segment;
use super::verdict::Copied;
use crate::flow::mark::Mark;

const MOST: usize = 16;
/// A sender that gives every packet the same identification may mean two packets by it, but not so
/// soon one after the other.
const SOON: Duration = Duration::from_millis(10);

/// The last packets of one direction.
#[derive(Debug, Default)]
pub(super) struct Copies {
    recent: VecDeque<Seen>,
}

#[derive(Clone, Copy, Debug)]
struct Seen {
    identity: u64,
    mark: Mark,
    place: u64,
}

impl Copies {
    /// The packet that this one is a copy of, and who made the copy.
    ///
    /// `rtt` is the shortest round trip known: nothing that was sent as an answer to a loss comes sooner.
    pub(super) fn find(
        &self,
        segment: &Segment,
        identity: u64,
        rtt: Option<Duration>,
    ) -> Option<(u64, Copied)> {
        let seen = self.recent.iter().rev().find(|seen| seen.identity == identity)?;
        let has_id = segment.ip_id.is_some_and(|id| id != 0);
        let soon = rtt.map_or(SOON, |rtt| SOON.min(rtt / 2));
        if !has_id {
            let late = segment.mark.time.since(seen.mark.time) >= soon;
            if late || (segment.span() == 0 && seen.place == segment.place) {
                return None;
            }
        }
        let by = if seen.place == segment.place { Copied::Network } else { Copied::Capture };
        Some((seen.mark.packet, by))
    }

    pub(super) fn note(&mut self, segment: &Segment, identity: u64) {
        if self.recent.len() == MOST {
            self.recent.pop_front();
        }
        self.recent.push_back(Seen { identity, mark: segment.mark, place: segment.place });
    }
}

/// What the sender chose, in a number.
pub(super) fn identity(segment: &Segment) -> u64 {
    let id = segment.ip_id.map_or(0x1_0000, u64::from);
    let stamp = segment.stamps.map_or(0, |stamps| u64::from(stamps.value) | 1 << 32);
    let numbers = u64::from(segment.seq.0) << 32 | u64::from(segment.ack.0);
    let shape =
        u64::from(segment.len) << 24 | u64::from(segment.flags.0) << 16 | u64::from(segment.window);
    let mut mixed = numbers.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
    mixed = (mixed ^ shape).wrapping_mul(0xbf58_476d_1ce4_e5b9).rotate_left(31);
    (mixed ^ stamp ^ id << 40).wrapping_mul(0x94d0_49bb_1331_11eb) ^ mixed >> 32
}
