//! How long does each phase take, when a fetch is made again and again?

use std::time::Duration;

use comfy_table::Cell;

use super::Outcome;
use crate::ink::Ink;
use crate::render::page::{self, cell, right};
use crate::render::quantity;
use crate::tale::fetch::{Phase, Tale, Whole, sums};

/// Of a hundred.
const SHARES: [(u64, &str); 4] = [(50, "p50"), (90, "p90"), (99, "p99"), (100, "max")];

impl Outcome {
    /// Writes a table: a row for each phase that occurred, and one for all of it.
    pub fn percentiles(&self, tale: &Tale, width: u16, ink: &mut Ink) {
        let rounds = &tale.rounds;
        let is_failed = |round: &&Whole| {
            let own = tale.told.get(round.told.clone()).unwrap_or_default();
            own.iter().any(|told| told.transfer.failure.is_some())
        };
        let failed = rounds.iter().filter(is_failed).count();
        ink.count(rounds.len()).text(if rounds.len() == 1 { " fetch" } else { " fetches" });
        if failed > 0 {
            ink.text(", ").count(failed).text(" of them failed");
        }
        ink.text("\n");
        let mut grid = page::table(width, ink.ascii);
        let ascii = ink.ascii;
        let mut head = vec![cell(ascii, |ink| _ = ink.text("phase"))];
        head.push(cell(ascii, |ink| _ = ink.text("side")));
        head.extend(SHARES.map(|(_, name)| right(cell(ascii, |ink| _ = ink.text(name)))));
        grid.set_header(head);
        let each: Vec<Vec<(Phase, Duration)>> =
            rounds.iter().map(|round| sums(&round.spans)).collect();
        for phase in Phase::ALL {
            let of = |sums: &Vec<(Phase, Duration)>| {
                sums.iter().find(|(one, _)| *one == phase).map_or(Duration::ZERO, |(_, took)| *took)
            };
            let all: Vec<Duration> = each.iter().map(of).collect();
            if all.iter().any(|took| !took.is_zero()) {
                grid.add_row(row(ascii, phase.words(), phase.party().words(), all));
            }
        }
        let all = rounds.iter().map(|round| round.ended.since(round.began)).collect();
        grid.add_row(row(ascii, "all of it", "", all));
        page::put(grid, ink);
    }
}

fn row(ascii: bool, name: &str, side: &str, mut all: Vec<Duration>) -> Vec<Cell> {
    all.sort_unstable();
    let words = |words: &str| cell(ascii, |ink| _ = ink.text(words));
    let mut cells = vec![words(name), words(side)];
    cells.extend(SHARES.map(|(share, _)| {
        let took = percentile(&all, share);
        right(cell(ascii, |ink| quantity::duration(took, ink)))
    }));
    cells
}

/// The least of the values that `share` of a hundred do not exceed: one that really occurred.
fn percentile(sorted: &[Duration], share: u64) -> Duration {
    let rank = (sorted.len() as u64 * share).div_ceil(100).max(1);
    let at = usize::try_from(rank - 1).unwrap_or(usize::MAX);
    sorted.get(at).or(sorted.last()).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_occurred() {
        let all: Vec<Duration> = (1..=200).map(Duration::from_millis).collect();
        for (share, millis) in [(50, 100), (90, 180), (99, 198), (100, 200)] {
            assert_eq!(percentile(&all, share), Duration::from_millis(millis));
        }
        let one = [Duration::from_millis(7)];
        assert_eq!((percentile(&one, 50), percentile(&one, 100)), (one[0], one[0]));
        assert_eq!(percentile(&[], 50), Duration::ZERO);
    }
}
