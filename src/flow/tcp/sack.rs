//! What did the receiver get beyond what it acknowledged?

use arrayvec::ArrayVec;

use crate::wire::tcp::Seq;

/// Runs of octets that SACK blocks named, in the order of their places (RFC 6675 §4).
///
/// Beyond four the lowest are forgotten: only then may an ACK bring as new what was known.
#[derive(Debug, Default)]
pub(super) struct Scoreboard {
    runs: ArrayVec<(Seq, Seq), 4>,
}

impl Scoreboard {
    /// Adds a block; says whether it named octets that were not known.
    pub(super) fn add(&mut self, left: Seq, right: Seq) -> bool {
        if right.past(left) <= 0 {
            return false;
        }
        let inside = |run: &(Seq, Seq)| run.0.past(left) <= 0 && run.1.past(right) >= 0;
        if self.runs.iter().any(inside) {
            return false;
        }
        let (mut left, mut right) = (left, right);
        self.runs.retain(|run| {
            let apart = run.1.past(left) < 0 || run.0.past(right) > 0;
            if !apart {
                left = if run.0.past(left) < 0 { run.0 } else { left };
                right = if run.1.past(right) > 0 { run.1 } else { right };
            }
            apart
        });
        if self.runs.is_full() {
            self.runs.remove(0);
        }
        let at = self.runs.iter().position(|run| run.0.past(left) > 0).unwrap_or(self.runs.len());
        self.runs.insert(at, (left, right));
        true
    }

    /// Everything below `ack` is acknowledged.
    pub(super) fn forget_below(&mut self, ack: Seq) {
        self.runs.retain(|run| run.1.past(ack) > 0);
    }

    /// How many octets are named.
    pub(super) fn octets(&self) -> u32 {
        self.runs.iter().fold(0, |sum: u32, run| {
            sum.saturating_add(u32::try_from(run.1.past(run.0)).unwrap_or(0))
        })
    }
}
