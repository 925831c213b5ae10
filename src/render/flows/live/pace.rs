//! How much came in the last seconds?
//!
//! Sums are looked at in rounds, some a second; a rate is what was added from the oldest round that is
//! remembered to the newest, over the time between them as the capture stamped it.

use std::time::Duration;

use crate::timeline::Timestamp;

/// Rounds that are remembered, and for how long, unless they are farther apart.
const ROUNDS: usize = 17;
const SPAN: Duration = Duration::from_millis(3300);

/// When the last rounds were.
#[derive(Debug, Default)]
pub(super) struct Rounds {
    times: [Timestamp; ROUNDS],
    count: u64,
    /// The first after the capture's clock was set back: those before it count no more.
    first: u64,
}

/// What two sums were in the last rounds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pace {
    sums: [[u64; 2]; ROUNDS],
    /// The first round whose sums are known; `None` before any.
    first: Option<u64>,
}

impl Rounds {
    /// Another round begins.
    pub(super) fn begin(&mut self, now: Timestamp) {
        if self.last().is_some_and(|last| now < last) {
            self.first = self.count;
        }
        self.times[place(self.count)] = now;
        self.count += 1;
    }

    /// When the newest one was.
    pub(super) fn last(&self) -> Option<Timestamp> {
        (self.count > self.first).then(|| self.times[place(self.count - 1)])
    }

    /// When the one before it was, and its number.
    fn before(&self) -> Option<(Timestamp, u64)> {
        let number = self.count.checked_sub(2).filter(|number| *number >= self.first)?;
        Some((self.times[place(number)], number))
    }
}

impl Pace {
    /// Notes what the sums are in the newest round, once a round. `begun` is when they were nothing.
    pub(super) fn note(&mut self, sums: [u64; 2], begun: Timestamp, rounds: &Rounds) {
        let newest = rounds.count.saturating_sub(1);
        if self.first.is_none() {
            self.first = Some(newest);
            if let Some((_, number)) = rounds.before().filter(|(time, _)| begun >= *time) {
                (self.first, self.sums[place(number)]) = (Some(number), [0; 2]);
            }
        }
        self.sums[place(newest)] = sums;
    }

    /// Both sums belong to the other.
    pub(super) fn swap(&mut self) {
        self.sums.iter_mut().for_each(|sums| sums.reverse());
    }

    /// What is added in a second.
    pub(super) fn rates(&self, rounds: &Rounds) -> [u64; 2] {
        let newest = rounds.count.saturating_sub(1);
        let remembered = (newest + 1).saturating_sub(ROUNDS as u64);
        let mut oldest = self.first.unwrap_or(newest).max(rounds.first).max(remembered);
        let since = |round| rounds.times[place(newest)].since(rounds.times[place(round)]);
        while oldest + 1 < newest && since(oldest) > SPAN {
            oldest += 1;
        }
        let nanos = since(oldest).as_nanos();
        let (from, to) = (self.sums[place(oldest)], self.sums[place(newest)]);
        [0, 1].map(|at| {
            let more = u128::from(to[at].saturating_sub(from[at])) * 1_000_000_000;
            more.checked_div(nanos).map_or(0, |rate| u64::try_from(rate).unwrap_or(u64::MAX))
        })
    }
}

fn place(round: u64) -> usize {
    (round % ROUNDS as u64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A fifth of a second.
    const ROUND: u64 = 200_000_000;

    #[test]
    fn a_rate_is_that_of_the_last_seconds() {
        let (mut rounds, mut pace) = (Rounds::default(), Pace::default());
        // 1000 octets a round, then nothing.
        for round in 0..100_u64 {
            rounds.begin(Timestamp(round * ROUND));
            pace.note([round.min(50) * 1000, 7 * round], Timestamp(0), &rounds);
            let [octets, steady] = pace.rates(&rounds);
            match round {
                0 => assert_eq!([octets, steady], [0, 0], "no time has passed"),
                1..51 => assert_eq!(octets, 5000),
                51..66 => assert!((1..5000).contains(&octets), "{octets} in round {round}"),
                66.. => assert_eq!(octets, 0),
            }
            assert_eq!(steady, if round == 0 { 0 } else { 35 });
        }
    }

    #[test]
    fn what_began_after_the_last_round_counts_from_nothing_and_all_else_from_what_it_was() {
        let mut rounds = Rounds::default();
        rounds.begin(Timestamp(0));
        rounds.begin(Timestamp(ROUND));
        let mut new = Pace::default();
        new.note([400, 0], Timestamp(ROUND / 2), &rounds);
        assert_eq!(new.rates(&rounds), [2000, 0]);
        rounds.begin(Timestamp(2 * ROUND));
        let mut known = Pace::default();
        known.note([9_000_000, 0], Timestamp(0), &rounds);
        assert_eq!(known.rates(&rounds), [0, 0]);
        rounds.begin(Timestamp(3 * ROUND));
        known.note([9_000_100, 0], Timestamp(0), &rounds);
        assert_eq!(known.rates(&rounds), [500, 0]);
        known.swap();
        assert_eq!(known.rates(&rounds), [0, 500]);
    }

    #[test]
    fn a_clock_that_is_set_back_makes_no_rate() {
        let (mut rounds, mut pace) = (Rounds::default(), Pace::default());
        for (time, sum) in [(5000, 0), (5001, 1000), (10, 2000)] {
            rounds.begin(Timestamp(time * ROUND));
            pace.note([sum, 0], Timestamp(0), &rounds);
        }
        assert_eq!(pace.rates(&rounds), [0, 0]);
        rounds.begin(Timestamp(11 * ROUND));
        pace.note([2100, 0], Timestamp(0), &rounds);
        assert_eq!(pace.rates(&rounds), [500, 0]);
    }
}
