//! Whose was the time, and in which colour?

use std::time::Duration;

use crate::flow::Side;
use crate::tale::bucket::Bucket;
use crate::tale::budget::Tiles;
use crate::tale::verdict::{Culprit, spender};

/// Who spent some time, as far as it can be shown.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Party {
    Of(Culprit),
    Nobody,
    /// Several, each for too short a time to be shown, or it is not known who.
    Several,
}

impl Party {
    /// As [`spent`](crate::tale::verdict::spent) has them.
    pub(super) const ALL: [Self; 5] = [
        Self::Of(Culprit::Client),
        Self::Of(Culprit::Server),
        Self::Of(Culprit::Network),
        Self::Of(Culprit::Resolver),
        Self::Nobody,
    ];

    pub(super) fn of(culprit: Option<Culprit>) -> Self {
        culprit.map_or(Self::Nobody, Self::Of)
    }

    pub(super) fn index(self) -> usize {
        match self {
            Self::Of(culprit) => culprit as usize,
            Self::Nobody => 4,
            Self::Several => 5,
        }
    }

    /// In the style.
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Of(culprit) => culprit.key(),
            Self::Nobody => "nobody",
            Self::Several => "mixed",
        }
    }

    /// For people.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Of(Culprit::Client) => "the client",
            Self::Of(Culprit::Server) => "the server",
            Self::Of(Culprit::Network) => "the network",
            Self::Of(Culprit::Resolver) => "the resolver",
            Self::Nobody => "nobody",
            Self::Several => "several, or not known",
        }
    }
}

/// Who spent the time of a bucket: as [`Party::ALL`] has them.
pub(super) fn shares(tiles: &Tiles, bucket: Bucket) -> [Duration; 5] {
    let mut shares = [Duration::ZERO; 5];
    let mut rest = tiles.sum(bucket);
    for side in [Side::Client, Side::Server] {
        let time = tiles.sum_of(side, bucket);
        rest = rest.saturating_sub(time);
        shares[Party::of(spender(bucket, Some(side))).index()] += time;
    }
    shares[Party::of(spender(bucket, None)).index()] += rest;
    shares
}

/// Who spent most, and how much; nobody counts last.
pub(super) fn most(spent: &[Duration; 5]) -> Option<(Party, Duration)> {
    let named = Party::ALL.into_iter().zip(*spent).take(4);
    named.filter(|(_, time)| !time.is_zero()).max_by_key(|(_, time)| *time)
}
