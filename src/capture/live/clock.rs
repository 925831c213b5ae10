//! What time is it, and did somebody set the clock?

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::timeline::{Timestamp, nanos};

/// Now, by the clock that stamps frames.
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(nanos(since))
}

/// The clock that stamps frames, held against one that nobody can set.
pub(super) struct Clock {
    stamped: Timestamp,
    steady: Instant,
}

/// A clock that is only kept in step with others is moved by less, between two looks.
const STEP: i128 = 50_000_000;

impl Clock {
    pub(super) fn start() -> Self {
        Self { stamped: now(), steady: Instant::now() }
    }

    /// By how much the clock was set since the last look, if it was: nanoseconds, ahead if positive.
    pub(super) fn step(&mut self) -> Option<i128> {
        // Should we be put aside between the two, both differences are as long.
        let before = Instant::now();
        let stamped = now();
        let took = before.elapsed();
        if took > Duration::from_millis(5) {
            return None;
        }
        let steady = before.saturating_duration_since(self.steady).as_nanos().cast_signed();
        let step = i128::from(stamped.0) - i128::from(self.stamped.0) - steady;
        (self.stamped, self.steady) = (stamped, before);
        (step.abs() >= STEP).then_some(step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_was_set_is_told_once_with_its_sign() {
        const SECONDS: u64 = 1_000_000_000;
        for (moved, ahead) in [(3, true), (5, false)] {
            let mut clock = Clock::start();
            // As if the clock had been set since.
            let then = clock.stamped.0;
            clock.stamped.0 = if ahead { then - moved * SECONDS } else { then + moved * SECONDS };
            let step = (0..100).find_map(|_| clock.step()).expect("a step");
            assert_eq!(step > 0, ahead);
            assert!(
                step.unsigned_abs().abs_diff(u128::from(moved * SECONDS)) < STEP.unsigned_abs()
            );
            assert_eq!(clock.step(), None);
        }
    }
}
