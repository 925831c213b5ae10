//! Which rows come first?

use std::cmp::Reverse;

use super::figures::Figures;
use crate::render::flows::Order;
use crate::timeline::{Timestamp, nanos};

/// By what rows are sorted; the largest come first.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum By {
    Packets,
    Octets,
    Rate,
    Rtt,
    Resent,
    Duration,
    Number,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Sort {
    pub(super) by: By,
    /// The smallest come first.
    pub(super) is_reversed: bool,
}

/// What is larger comes first; of equals the one that spoke last, then the one with the lower number.
pub(super) type Rank = (Reverse<u64>, Reverse<Timestamp>, u32);

impl Sort {
    /// As asked for on the command line.
    pub(super) fn of(order: Option<Order>) -> Self {
        let by = match order {
            Some(Order::Packets) => By::Packets,
            Some(Order::Octets) | None => By::Octets,
            Some(Order::Duration) => By::Duration,
            Some(Order::Rtt) => By::Rtt,
            Some(Order::Resent) => By::Resent,
            Some(Order::Number) => By::Number,
        };
        Self { by, is_reversed: by == By::Number }
    }

    /// By this, or the other way round if it was by this.
    pub(super) fn turn_to(&mut self, by: By) {
        self.is_reversed = self.by == by && !self.is_reversed;
        self.by = by;
    }

    pub(super) fn rank(self, id: u32, figures: &Figures, rates: [u64; 2]) -> Rank {
        let size = match self.by {
            By::Packets => figures.packets[0] + figures.packets[1],
            By::Octets => figures.octets[0] + figures.octets[1],
            By::Rate => rates[0].saturating_add(rates[1]),
            By::Rtt => figures.rtt.map_or(0, nanos),
            By::Resent => figures.resent,
            By::Duration => nanos(figures.latest.since(figures.opened)),
            By::Number => id.into(),
        };
        (
            Reverse(if self.is_reversed { u64::MAX - size } else { size }),
            Reverse(figures.latest),
            id,
        )
    }
}
