//! In which order were the segments sent?
//!
//! The sender's clock (RFC 7323 §3) tells it, and so does the IP identification where the sender counts
//! up. Both wrap.

use super::holes::Birth;
use super::segment::Segment;

/// The newest segment in the order sent, and whether the IP identification is to be believed.
#[derive(Debug, Default)]
pub(super) struct Order {
    newest: Birth,
    last_id: Option<u16>,
    /// New segments whose identification was a little above that of the one before.
    good: u16,
    bad: u16,
}

impl Order {
    /// Whether a segment was sent before another that was seen already; else it is the newest now.
    pub(super) fn is_older(&mut self, segment: &Segment) -> bool {
        let birth = Birth::of(segment);
        let older = birth.is_before(self.newest, self.counts_up()) == Some(true);
        if !older {
            self.newest = birth;
        }
        older
    }

    pub(super) fn newest(&self) -> Birth {
        self.newest
    }

    /// A segment brought something new: how does its identification follow on the last?
    pub(super) fn note(&mut self, segment: &Segment) {
        if let (Some(id), Some(last)) = (segment.ip_id, self.last_id) {
            match id.wrapping_sub(last) {
                // Offload takes one for each segment that the card cuts.
                1..256 => self.good = self.good.saturating_add(1),
                _ => self.bad = self.bad.saturating_add(1),
            }
        }
        self.last_id = segment.ip_id;
    }

    pub(super) fn counts_up(&self) -> bool {
        self.good >= 8 && self.bad.saturating_mul(10) <= self.good
    }
}

impl Birth {
    pub(super) fn of(segment: &Segment) -> Self {
        Self { stamp: segment.stamps.map(|stamps| stamps.value), ip_id: segment.ip_id }
    }
}
