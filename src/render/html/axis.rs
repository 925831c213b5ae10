//! Which round numbers stand beside a picture, and where?

#![allow(
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "a picture has some thousand points, and spans are positive"
)]

use std::time::Duration;

use crate::ink::written;
use crate::render::quantity;

/// A line of numbers from one place of a picture to another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Axis {
    from: f64,
    to: f64,
    /// What stands at `from`, and at `to`.
    low: f64,
    high: f64,
    is_logarithmic: bool,
}

/// Seconds beyond ten that are round for people.
const LONG: [u64; 13] = [20, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400];

impl Axis {
    pub(super) fn new(from: f64, to: f64, low: u64, high: u64) -> Self {
        let (low, high) = (low as f64, high.max(low + 1) as f64);
        Self { from, to, low, high, is_logarithmic: false }
    }

    /// Powers of ten are equally far from each other. `low` must not be 0.
    pub(super) fn logarithmic(from: f64, to: f64, low: u64, high: u64) -> Self {
        let low = low.max(1);
        Self { is_logarithmic: true, ..Self::new(from, to, low, high) }
    }

    pub(super) fn place(&self, value: u64) -> f64 {
        let value = value as f64;
        let share = if self.is_logarithmic {
            (value.max(1.0).ln() - self.low.ln()) / (self.high.ln() - self.low.ln())
        } else {
            (value - self.low) / (self.high - self.low)
        };
        self.from + share * (self.to - self.from)
    }

    /// Round spans of time, at most so many.
    pub(super) fn times(&self, most: u64) -> Vec<(f64, String)> {
        if self.is_logarithmic {
            return self.powers(duration);
        }
        let span = (self.high - self.low) as u64;
        let fits = |step: &u64| span / step <= most;
        let short = (0..=10).flat_map(|power| [1, 2, 5].map(|one| one * 10_u64.pow(power)));
        let short = short.filter(|step| *step <= 10_000_000_000);
        let long = LONG.into_iter().map(|seconds| seconds * 1_000_000_000);
        let days = (1..40).map(|power| (86_400_000_000_000_u64) << power.min(17));
        let step = short.chain(long).chain(days).find(fits).unwrap_or(u64::MAX);
        self.every(step, duration)
    }

    /// Round numbers of octets, at most so many.
    pub(super) fn octets(&self, most: u64) -> Vec<(f64, String)> {
        let span = (self.high - self.low) as u64;
        let steps = (0..=18).flat_map(|power| [1, 2, 5].map(|one| one * 10_u64.pow(power)));
        let step = steps.into_iter().find(|step| span / step <= most).unwrap_or(u64::MAX);
        self.every(step, |number| written(|ink| quantity::octets(number, ink)))
    }

    fn every(&self, step: u64, write: impl Fn(u64) -> String) -> Vec<(f64, String)> {
        let (low, high) = (self.low as u64, self.high as u64);
        let first = low.div_ceil(step);
        let numbers = (first..=high / step).map(|times| times * step);
        numbers.map(|number| (self.place(number), write(number))).collect()
    }

    fn powers(&self, write: impl Fn(u64) -> String) -> Vec<(f64, String)> {
        let numbers = (0..19).map(|power| 10_u64.pow(power));
        let fits = |number: &u64| (self.low..=self.high).contains(&(*number as f64));
        numbers.filter(fits).map(|number| (self.place(number), write(number))).collect()
    }
}

pub(super) fn duration(nanos: u64) -> String {
    written(|ink| quantity::duration(Duration::from_nanos(nanos), ink))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_round_and_few() {
        for (span, said) in [
            (1_000_000_000, vec!["0 s", "200 ms", "400 ms", "600 ms", "800 ms", "1 s"]),
            (95_000_000_000, vec!["0 s", "20 s", "40 s", "1 min 0 s", "1 min 20 s"]),
            (1, vec!["0 s", "1 ns"]),
        ] {
            let axis = Axis::new(0.0, 100.0, 0, span);
            let told: Vec<_> = axis.times(6).into_iter().map(|(_, words)| words).collect();
            assert_eq!(told, said);
        }
        for power in 0..64 {
            let axis = Axis::new(0.0, 100.0, 0, 1 << power);
            assert!(axis.times(8).len() <= 9 && axis.octets(8).len() <= 9, "2^{power}");
        }
        let axis = Axis::logarithmic(0.0, 90.0, 1000, 1_000_000);
        assert!((axis.place(1_000_000) - 90.0).abs() < 0.1);
        assert_eq!(axis.times(9).len(), 4);
    }
}
