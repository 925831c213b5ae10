//! How fast does a sender's clock run?
//!
//! RFC 7323 §5.4 leaves it to the sender. It is found by comparing it with the capture's, and believed
//! only when it is one that systems use.

use std::time::Duration;

use crate::timeline::Timestamp;

/// One side's clock, as its time stamps tell it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Clock {
    first: Option<(Timestamp, u32)>,
    hertz: Option<u32>,
}

/// Those of Linux, BSD, Windows and macOS.
const USUAL: [u32; 5] = [1000, 250, 100, 1_000_000, 10];
/// A clock is compared with the capture's for so long at least.
const LONG: Duration = Duration::from_millis(250);

impl Clock {
    pub(super) fn note(&mut self, now: Timestamp, stamp: u32) {
        let Some((then, first)) = self.first else {
            self.first = Some((now, stamp));
            return;
        };
        let (time, ticks) = (now.since(then), stamp.wrapping_sub(first));
        if time < LONG || ticks.cast_signed() <= 0 {
            return;
        }
        let found = f64::from(ticks) / time.as_secs_f64();
        // A packet may have been under way longer than the first: by this share of the time.
        let doubt = 0.02 + 0.005 / time.as_secs_f64();
        let is_it = |hertz: &&u32| (found / f64::from(**hertz) - 1.0).abs() <= doubt;
        self.hertz = USUAL.iter().find(is_it).copied().or(self.hertz);
    }

    /// How long it was between two stamps, and how much that may be wrong.
    pub(super) fn between(&self, earlier: u32, later: u32) -> Option<(Duration, Duration)> {
        let hertz = self.hertz.filter(|hertz| *hertz >= 100)?;
        let ticks = later.wrapping_sub(earlier);
        let tick = Duration::from_secs(1) / hertz;
        (ticks.cast_signed() >= 0).then(|| (tick * ticks, tick))
    }
}
