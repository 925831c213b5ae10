//! In which order were the segments sent?
//!
//! The sender's clock (RFC 7323 §3) tells it, and so does the IP identification where the sender counts
//! up. Both wrap.

use super::holes::Birth;
use super::segment::Segment;

/// The newest segment in the order sent, and whether the IP identification is to be believed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Order {
    /// Meaningful with [`Order::STAMP`].
    stamp: u32,
    /// Meaningful with [`Order::ID`].
    id: u16,
    /// Of the last segment that brought something new; meaningful with [`Order::LAST_ID`].
    last_id: u16,
    /// New segments whose identification was a little above that of the one before.
    good: u16,
    bad: u16,
    known: u8,
}

impl Order {
    const STAMP: u8 = 1;
    const ID: u8 = 1 << 1;
    const LAST_ID: u8 = 1 << 2;

    /// Whether a segment was sent before another that was seen already; else it is the newest now.
    pub(super) fn is_older(&mut self, segment: &Segment) -> bool {
        let birth = Birth::of(segment);
        let older = birth.is_before(self.newest(), self.counts_up()) == Some(true);
        if !older {
            self.known &= Self::LAST_ID;
            if let Some(stamp) = birth.stamp {
                (self.stamp, self.known) = (stamp, self.known | Self::STAMP);
            }
            if let Some(id) = birth.ip_id {
                (self.id, self.known) = (id, self.known | Self::ID);
            }
        }
        older
    }

    pub(super) fn newest(&self) -> Birth {
        Birth {
            stamp: self.knows(Self::STAMP).then_some(self.stamp),
            ip_id: self.knows(Self::ID).then_some(self.id),
        }
    }

    /// A segment brought something new: how does its identification follow on the last?
    pub(super) fn note(&mut self, segment: &Segment) {
        let Some(id) = segment.ip_id else {
            self.known &= !Self::LAST_ID;
            return;
        };
        if self.knows(Self::LAST_ID) {
            match id.wrapping_sub(self.last_id) {
                // Offload takes one for each segment that the card cuts.
                1..256 => self.good = self.good.saturating_add(1),
                _ => self.bad = self.bad.saturating_add(1),
            }
        }
        (self.last_id, self.known) = (id, self.known | Self::LAST_ID);
    }

    pub(super) fn counts_up(&self) -> bool {
        self.good >= 8 && self.bad.saturating_mul(10) <= self.good
    }

    fn knows(&self, what: u8) -> bool {
        self.known & what != 0
    }
}

impl Birth {
    pub(super) fn of(segment: &Segment) -> Self {
        Self { stamp: segment.stamps.map(|stamps| stamps.value), ip_id: segment.ip_id }
    }
}
