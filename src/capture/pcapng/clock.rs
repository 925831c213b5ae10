//! What an interface's ticks mean.

use std::time::Duration;

use crate::timeline::Timestamp;

/// The clock of one interface: how long a tick is, and where it starts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    tick: Tick,
    /// Added to every time, in nanoseconds.
    offset: i64,
}

#[derive(Clone, Copy, Debug)]
enum Tick {
    /// So many nanoseconds.
    Nanos(u64),
    /// So many ticks are a nanosecond; what is finer is lost.
    PerNano(u64),
    /// 2 to this power of them are a second.
    Binary(u32),
}

impl Clock {
    /// From `if_tsresol` and `if_tsoffset`: a power of ten, or of two if the highest bit is set.
    pub(super) fn new(resolution: u8, offset_seconds: i64) -> Self {
        let power = u32::from(resolution & 0x7f);
        let ten = |power| 10_u64.checked_pow(power).unwrap_or(u64::MAX);
        let tick = match resolution {
            0..=9 => Tick::Nanos(ten(9 - power)),
            10..=127 => Tick::PerNano(ten(power - 9)),
            128.. => Tick::Binary(power),
        };
        Self { tick, offset: offset_seconds.saturating_mul(1_000_000_000) }
    }

    #[inline]
    pub(super) fn time(self, high: u32, low: u32) -> Timestamp {
        let ticks = u64::from(high) << 32 | u64::from(low);
        let nanos = match self.tick {
            Tick::Nanos(nanos) => ticks.saturating_mul(nanos),
            Tick::PerNano(ticks_each) => ticks / ticks_each,
            Tick::Binary(power) => binary(ticks, power),
        };
        Timestamp(nanos.saturating_add_signed(self.offset))
    }

    /// How long a tick is.
    pub(super) fn step(self) -> Duration {
        Duration::from_nanos(match self.tick {
            Tick::Nanos(nanos) => nanos,
            Tick::PerNano(_) => 1,
            Tick::Binary(power) => binary(1, power).max(1),
        })
    }
}

fn binary(ticks: u64, power: u32) -> u64 {
    u64::try_from((u128::from(ticks) * 1_000_000_000) >> power).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_powers_of_ten_or_of_two() {
        let ticks = |resolution, ticks| Clock::new(resolution, 0).time(0, ticks).0;
        assert_eq!(ticks(0, 7), 7_000_000_000);
        assert_eq!(ticks(6, 7), 7_000);
        assert_eq!(ticks(9, 7), 7);
        assert_eq!(ticks(12, 7_999), 7);
        assert_eq!(ticks(0x80, 7), 7_000_000_000);
        assert_eq!(ticks(0x8a, 512), 500_000_000);
        assert_eq!(ticks(0xff, u32::MAX), 0);
        assert_eq!(ticks(0x7f, u32::MAX), 0);
    }

    #[test]
    fn times_out_of_range_are_clamped() {
        assert_eq!(Clock::new(0, i64::MAX).time(u32::MAX, u32::MAX), Timestamp(u64::MAX));
        assert_eq!(Clock::new(6, i64::MIN).time(0, 1), Timestamp(0));
        assert_eq!(Clock::new(6, -1).time(0, 2_000_000), Timestamp(1_000_000_000));
    }
}
