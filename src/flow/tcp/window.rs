//! How much may still be sent?

use std::time::Duration;

use crate::flow::mark::Mark;

/// The windows that one side offered.
#[derive(Debug, Default)]
pub struct Windows {
    /// In octets, scaled; only those whose scale is known.
    range: Option<(u32, u32)>,
    last: Option<u32>,
    pub(super) zeros: u64,
    pub(super) zero_since: Option<Mark>,
    pub(super) zero_time: Duration,
    pub(super) full_since: Option<Mark>,
    pub(super) full_time: Duration,
    pub(super) shrunk: u64,
}

impl Windows {
    /// The smallest and the largest, in octets; `None` while the scale is unknown.
    pub fn range(&self) -> Option<(u32, u32)> {
        self.range
    }

    pub fn last(&self) -> Option<u32> {
        self.last
    }

    /// How often it closed.
    pub fn zeros(&self) -> u64 {
        self.zeros
    }

    /// How long it was closed.
    pub fn zero_time(&self) -> Duration {
        self.zero_time
    }

    /// How long it was used up, though not zero.
    pub fn full_time(&self) -> Duration {
        self.full_time
    }

    pub fn shrunk(&self) -> u64 {
        self.shrunk
    }

    pub(super) fn offered(&mut self, window: u32) {
        self.last = Some(window);
        let (least, most) = self.range.unwrap_or((window, window));
        self.range = Some((least.min(window), most.max(window)));
    }
}
