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
const LONG: Duration = Duration::from_millis(10);
/// A packet may have been under way longer than the first.
const JITTER: Duration = Duration::from_millis(5);

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
        let mut fitting = USUAL.into_iter().filter(|&hertz| {
            let doubt = JITTER + time / 50 + Duration::from_secs(1) / hertz;
            ran(ticks, hertz).abs_diff(time) <= doubt
        });
        if let (Some(hertz), None) = (fitting.next(), fitting.next()) {
            self.hertz = Some(hertz);
        } else if let Some(hertz) = self.hertz {
            let ran = ran(ticks, hertz);
            if ran > time {
                // The first one was held up.
                self.first = Some((now, stamp));
            } else if ran < time / 2 {
                // More than what was held up on the way.
                self.hertz = None;
            }
        }
    }

    /// How long it was between two stamps, and how much that may be wrong.
    pub(super) fn between(&self, earlier: u32, later: u32) -> Option<(Duration, Duration)> {
        let hertz = self.hertz.filter(|hertz| *hertz >= 100)?;
        let ticks = later.wrapping_sub(earlier);
        (ticks.cast_signed() >= 0).then(|| (ran(ticks, hertz), Duration::from_secs(1) / hertz))
    }
}

/// How long so many ticks are.
fn ran(ticks: u32, hertz: u32) -> Duration {
    Duration::from_nanos(u64::from(ticks) * 1_000_000_000 / u64::from(hertz))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The clock after packets at these milliseconds with these stamps.
    fn clock(packets: &[(u64, u32)]) -> Clock {
        let mut clock = Clock::default();
        for &(millis, stamp) in packets {
            clock.note(Timestamp(millis * 1_000_000), stamp);
        }
        clock
    }

    #[test]
    fn a_few_round_trips_tell_which_of_the_usual_clocks_it_is() {
        assert_eq!(clock(&[(0, 500), (20, 520)]).hertz, Some(1000));
        assert_eq!(clock(&[(0, 500), (40, 504), (400, 540)]).hertz, Some(100));
        assert_eq!(clock(&[(0, u32::MAX), (400, 99)]).hertz, Some(250));
        assert_eq!(clock(&[(0, 0), (30, 30_100)]).hertz, Some(1_000_000));
    }

    #[test]
    fn an_unusual_clock_is_not_believed() {
        assert_eq!(clock(&[(0, 0), (300, 150), (900, 450), (2000, 1000)]).hertz, None);
        // One that seemed usual at first.
        assert_eq!(clock(&[(0, 0), (10, 8), (2000, 900)]).hertz, None);
    }

    #[test]
    fn what_was_held_up_on_the_way_does_not_make_a_clock_slow() {
        let clock = clock(&[(0, 0), (20, 20), (425, 320)]);
        let tick = Duration::from_millis(1);
        assert_eq!(clock.between(20, 320), Some((300 * tick, tick)));
        let clock = self::clock(&[(100, 0), (110, 11), (300, 300), (320, 320)]);
        assert_eq!(clock.between(0, 300), Some((300 * tick, tick)));
    }
}
