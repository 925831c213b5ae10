//! Which octets between the first and the last were not seen?
//!
//! At most [`Holes::MOST`] runs are told apart. When there are more, the two lowest become one: which
//! octets between them were seen is forgotten then, though not how many; never octets that were not.

use arrayvec::ArrayVec;

use crate::flow::mark::Mark;
use crate::wire::tcp::Seq;

/// What tells the order in which two segments were sent.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Birth {
    /// RFC 7323 §3: the sender's clock.
    pub(super) stamp: Option<u32>,
    pub(super) ip_id: Option<u16>,
}

/// A run of octets that was not seen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hole {
    pub(super) left: Seq,
    pub(super) right: Seq,
    /// The segment above it, by which it was found.
    pub(super) opened: Mark,
    pub(super) above: Birth,
}

/// A run of octets that was sent again into a hole.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fill {
    left: Seq,
    right: Seq,
    birth: Birth,
    packet: u64,
}

/// The holes of one direction, in the order of their places, and what filled others.
#[derive(Debug, Default)]
pub(super) struct Holes {
    open: ArrayVec<Hole, { Holes::MOST }>,
    fills: ArrayVec<Fill, 16>,
    /// How many octets of the holes were seen, nobody knows any more which.
    forgotten: u32,
}

impl Holes {
    pub(super) const MOST: usize = 8;

    pub(super) fn open(&mut self, hole: Hole) {
        if self.open.is_full() {
            let second = self.open.remove(1);
            let first = &mut self.open[0];
            let between = u32::try_from(second.left.past(first.right)).unwrap_or(0);
            self.forgotten = self.forgotten.saturating_add(between);
            (first.right, first.above) = (second.right, second.above);
        }
        self.open.push(hole);
    }

    /// How many octets were not seen.
    pub(super) fn octets(&self) -> u64 {
        let octets: u64 = self.open.iter().map(|hole| u64::from(hole.len())).sum();
        octets.saturating_sub(self.forgotten.into())
    }

    /// The first hole that a segment reaches into, and how many of its octets were not seen.
    pub(super) fn reached(&self, left: Seq, right: Seq) -> Option<(Hole, u32)> {
        let mut unseen: u32 = 0;
        let mut first = None;
        for hole in &self.open {
            let from = if hole.left.past(left) > 0 { hole.left } else { left };
            let to = if hole.right.past(right) < 0 { hole.right } else { right };
            if let Ok(octets @ 1..) = u32::try_from(to.past(from)) {
                unseen = unseen.saturating_add(octets);
                first = first.or(Some(*hole));
            }
        }
        first.map(|hole| (hole, unseen))
    }

    /// Octets from `left` to `right` were seen now.
    pub(super) fn fill(&mut self, left: Seq, right: Seq) {
        for hole in std::mem::take(&mut self.open) {
            if hole.right.past(left) <= 0 || hole.left.past(right) >= 0 {
                self.open(hole);
                continue;
            }
            if hole.left.past(left) < 0 {
                self.open(Hole { right: left, ..hole });
            }
            if hole.right.past(right) > 0 {
                self.open(Hole { left: right, ..hole });
            }
        }
    }

    /// Everything below `place` was acknowledged: says how many of its octets were never seen, at least.
    pub(super) fn close_below(&mut self, place: Seq) -> u32 {
        let mut closed: u32 = 0;
        self.open.retain(|hole| {
            let right = if hole.right.past(place) < 0 { hole.right } else { place };
            let octets = u32::try_from(right.past(hole.left)).unwrap_or(0);
            closed = closed.saturating_add(octets);
            if octets > 0 {
                hole.left = right;
            }
            hole.len() > 0
        });
        let seen = self.forgotten.min(closed);
        self.forgotten -= seen;
        closed - seen
    }

    /// Notes what was sent again into a hole.
    pub(super) fn filled(&mut self, left: Seq, right: Seq, birth: Birth, packet: u64) {
        if self.fills.is_full() {
            self.fills.remove(0);
        }
        self.fills.push(Fill { left, right, birth, packet });
    }

    /// The packet that sent these octets again, after the one of this birth.
    pub(super) fn filled_later(&self, left: Seq, right: Seq, birth: Birth) -> Option<u64> {
        let covers = |fill: &&Fill| fill.left.past(left) <= 0 && fill.right.past(right) >= 0;
        let later = |fill: &&Fill| birth.is_before(fill.birth, true) == Some(true);
        self.fills.iter().find(|fill| covers(fill) && later(fill)).map(|fill| fill.packet)
    }
}

impl Hole {
    fn len(&self) -> u32 {
        u32::try_from(self.right.past(self.left)).unwrap_or(0)
    }
}

impl Birth {
    /// Whether this was sent before `other`; `None` when nothing tells.
    ///
    /// The IP identification counts only where the sender is known to count up.
    pub(super) fn is_before(self, other: Self, by_id: bool) -> Option<bool> {
        if let (Some(own), Some(theirs)) = (self.stamp, other.stamp)
            && own != theirs
        {
            return Some(own.wrapping_sub(theirs).cast_signed() < 0);
        }
        match (self.ip_id, other.ip_id) {
            (Some(own), Some(theirs)) if by_id && own != theirs => {
                Some(own.wrapping_sub(theirs).cast_signed() < 0)
            }
            _ => None,
        }
    }
}
