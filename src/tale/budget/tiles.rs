//! How is a connection's time cut up, so that every nanosecond is in exactly one bucket?

use std::time::Duration;

use crate::flow::{Mark, Side};
use crate::tale::bucket::Bucket;
use crate::tale::wait::{Proof, Wait};
use crate::timeline::Timestamp;

/// Waits that follow each other without a gap and without an overlap; their sums are exact even where
/// there were too many to keep each of them.
#[derive(Clone, Debug)]
pub struct Tiles {
    began: Timestamp,
    /// Up to where time was put into buckets, and the last packet before.
    at: Timestamp,
    mark: Mark,
    sums: [u64; Bucket::ALL.len()],
    /// Of each side: see [`Wait::side`].
    sides: [[u64; Bucket::ALL.len()]; 2],
    waits: Vec<Wait>,
    most: usize,
    /// Waits shorter than this are not kept, in nanoseconds.
    least: u64,
    omitted: u64,
}

/// Time that is put into a bucket.
#[derive(Clone, Copy, Debug)]
pub(super) struct Charge {
    pub(super) bucket: Bucket,
    pub(super) side: Option<Side>,
    pub(super) proof: Proof,
}

impl Charge {
    pub(super) fn new(bucket: Bucket, side: impl Into<Option<Side>>, proof: Proof) -> Self {
        Self { bucket, side: side.into(), proof }
    }
}

impl Tiles {
    /// So many waits of one connection are kept.
    pub const MOST: usize = 4096;
    /// So many at least, however many connections there are.
    pub(super) const LEAST: usize = 16;

    pub(super) fn begin(mark: Mark, most: usize) -> Self {
        Self {
            began: mark.time,
            at: mark.time,
            mark,
            sums: [0; Bucket::ALL.len()],
            sides: [[0; Bucket::ALL.len()]; 2],
            waits: Vec::new(),
            most: most.max(2),
            least: 0,
            omitted: 0,
        }
    }

    /// All of its time.
    pub fn wall(&self) -> Duration {
        self.at.since(self.began)
    }

    pub fn began(&self) -> Timestamp {
        self.began
    }

    pub fn ended(&self) -> Timestamp {
        self.at
    }

    pub fn sum(&self, bucket: Bucket) -> Duration {
        Duration::from_nanos(self.sums[bucket.index()])
    }

    /// The part of a bucket that this side is to answer for.
    pub fn sum_of(&self, side: Side, bucket: Bucket) -> Duration {
        Duration::from_nanos(self.sides[side.index()][bucket.index()])
    }

    /// In their order. Where [`Tiles::omitted`] is 0, each begins where the one before it ends.
    pub fn waits(&self) -> &[Wait] {
        &self.waits
    }

    /// How many short waits were not kept.
    pub fn omitted(&self) -> u64 {
        self.omitted
    }

    /// Up to where time was put into buckets.
    pub(super) fn at(&self) -> Timestamp {
        self.at
    }

    pub(super) fn mark(&self) -> Mark {
        self.mark
    }

    /// From where it stood to this packet.
    pub(super) fn charge(&mut self, to: Mark, charge: Charge) {
        self.lay(to, to.time, charge);
        self.mark = to;
    }

    /// From where it stood, for so long; at most up to this packet, which came first after it.
    pub(super) fn charge_for(&mut self, time: Duration, to: Mark, charge: Charge) {
        self.lay(to, self.at.after(time).min(to.time), charge);
    }

    fn lay(&mut self, to: Mark, end: Timestamp, charge: Charge) {
        let begin = self.at;
        if end <= begin {
            return;
        }
        self.at = end;
        let nanos = end.0 - begin.0;
        let Charge { bucket, side, proof } = charge;
        self.sums[bucket.index()] += nanos;
        if let Some(side) = side {
            self.sides[side.index()][bucket.index()] += nanos;
        }
        if let Some(last) = self.waits.last_mut()
            && (last.bucket, last.side, last.end) == (bucket, side, begin)
            && goes_on(last.proof, proof)
        {
            (last.end, last.to) = (end, to);
        } else if nanos < self.least {
            self.omitted += 1;
        } else {
            let from = self.mark;
            self.waits.push(Wait { bucket, side, from, to, begin, end, proof });
            if self.waits.len() > self.most {
                self.thin_out();
            }
        }
    }

    /// Takes back what was put down to a loss up to this packet, if nothing was done since.
    pub(super) fn take_back(&mut self, packet: u64) -> bool {
        let at = self.at;
        let is_it =
            |wait: &mut Wait| wait.to.packet == packet && wait.end == at && wait.bucket.is_loss();
        let Some(wait) = self.waits.pop_if(is_it) else { return false };
        let nanos = wait.end.0 - wait.begin.0;
        self.sums[wait.bucket.index()] -= nanos;
        if let Some(side) = wait.side {
            self.sides[side.index()][wait.bucket.index()] -= nanos;
        }
        (self.at, self.mark) = (wait.begin, wait.from);
        true
    }

    /// What was put into one bucket last, up to where it stands, belongs to what comes now.
    pub(super) fn move_last(&mut self, from: Bucket, to: Charge) {
        let at = self.at;
        let Some(last) = self.waits.last_mut().filter(|it| it.bucket == from && it.end == at)
        else {
            return;
        };
        let nanos = last.end.0 - last.begin.0;
        let before = last.side;
        (last.bucket, last.side, last.proof) = (to.bucket, to.side, to.proof);
        self.sums[from.index()] -= nanos;
        self.sums[to.bucket.index()] += nanos;
        if let Some(side) = before {
            self.sides[side.index()][from.index()] -= nanos;
        }
        if let Some(side) = to.side {
            self.sides[side.index()][to.bucket.index()] += nanos;
        }
    }

    /// Drops the shorter half.
    fn thin_out(&mut self) {
        let mut times: Vec<_> = self.waits.iter().map(|wait| wait.end.0 - wait.begin.0).collect();
        let middle = times.len() / 2;
        let (_, median, _) = times.select_nth_unstable(middle);
        self.least = (*median).max(self.least) + 1;
        let (before, least) = (self.waits.len(), self.least);
        self.waits.retain(|wait| wait.end.0 - wait.begin.0 >= least);
        self.omitted += (before - self.waits.len()) as u64;
    }

    /// Client and server turn out to be the other way round.
    pub(super) fn flip(&mut self) {
        self.sides.swap(0, 1);
        for wait in &mut self.waits {
            wait.side = wait.side.map(Side::peer);
        }
    }
}

/// Whether two waits for the same are one; of pauses and retransmissions each is told apart.
fn goes_on(before: Proof, now: Proof) -> bool {
    use Proof::{Clocked, Close, Queued, Repairing, Resent, ResentLast, Window};
    matches!(
        (before, now),
        (Clocked(_), Clocked(_))
            | (Queued(_), Queued(_))
            | (Close, Close)
            | (Window(_), Window(_))
            | (Resent(_) | ResentLast(_) | Repairing, Repairing)
    ) || before == now
}
