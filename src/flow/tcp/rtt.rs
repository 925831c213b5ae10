//! How long is a round trip?
//!
//! From the capture point to the receiver of these segments and back: from a segment to the ACK that
//! ends where the segment ended. A segment that was sent again gives no sample, because nobody knows
//! which of the two was acknowledged (Karn; RFC 6298 §3); nor does one that was acknowledged only when
//! an older hole was filled.

use std::mem::offset_of;
use std::time::Duration;

use super::queue::{Flying, Queue};
use super::verdict::RoundTrip;
use crate::flow::fetch::fetch;
use crate::flow::mark::Mark;
use crate::timeline::Timestamp;
use crate::wire::tcp::Seq;

/// The round trips of one direction; times in nanoseconds.
///
/// Laid out by lines of the processor's cache: what waits, what is summed up, and the buckets.
#[derive(Debug, Default)]
#[repr(C, align(64))]
pub struct Rtt {
    queue: Queue,
    /// When the newest of what was acknowledged so far was sent.
    newest: Timestamp,
    samples: u64,
    total: u64,
    squares: f64,
    shortest: u64,
    longest: u64,
    smoothed: f64,
    variation: f64,
    ambiguous: u64,
    buckets: Buckets,
}

const _: () = assert!(offset_of!(Rtt, samples) == 64 && offset_of!(Rtt, buckets) == 128);

/// Where an ACK ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Ended {
    /// Where a segment did that was sent once, and tells how long a round trip is.
    Sample(RoundTrip),
    /// Where another one did, or nobody knows.
    Edge,
    /// In the middle of a segment.
    Inside,
}

/// Samples by their length, two buckets for each doubling; all are halved when one is full.
#[derive(Debug, Default)]
struct Buckets([u16; 32]);

impl Rtt {
    pub fn samples(&self) -> u64 {
        self.samples
    }

    /// ACKs for a segment that was sent more than once.
    pub fn ambiguous(&self) -> u64 {
        self.ambiguous
    }

    pub fn shortest(&self) -> Option<Duration> {
        (self.samples > 0).then(|| Duration::from_nanos(self.shortest))
    }

    pub fn longest(&self) -> Option<Duration> {
        (self.samples > 0).then(|| Duration::from_nanos(self.longest))
    }

    pub fn average(&self) -> Option<Duration> {
        self.total.checked_div(self.samples).map(Duration::from_nanos)
    }

    /// The standard deviation.
    #[allow(clippy::cast_precision_loss, clippy::cast_sign_loss)]
    pub fn deviation(&self) -> Option<Duration> {
        let count = self.samples as f64;
        let mean = self.total as f64 / count;
        let variance = (self.squares / count - mean * mean).max(0.0);
        (self.samples > 0).then(|| Duration::from_nanos(variance.sqrt() as u64))
    }

    /// A length that `share` of 100 samples do not exceed, from buckets half as long again as the one
    /// before: right to a fifth.
    pub fn percentile(&self, share: u64) -> Option<Duration> {
        let all: u64 = self.buckets.0.iter().map(|count| u64::from(*count)).sum();
        let wanted = (all * share).div_ceil(100).max(1);
        let mut counted = 0;
        for (bucket, count) in self.buckets.0.iter().enumerate() {
            counted += u64::from(*count);
            if counted >= wanted {
                let middle = middle_of(bucket);
                return Some(Duration::from_nanos(middle.clamp(self.shortest, self.longest)));
            }
        }
        None
    }

    /// RFC 6298 §2, as Linux computes it: 200 ms at least on top of the round trip; 1 s before any sample.
    #[allow(clippy::cast_sign_loss)]
    pub(super) fn timeout(&self) -> Duration {
        if self.samples == 0 {
            return Duration::from_secs(1);
        }
        Duration::from_nanos((self.smoothed + (4.0 * self.variation).max(200e6)) as u64)
    }

    /// As of late: RFC 6298 §2.
    #[allow(clippy::cast_sign_loss)]
    pub fn smoothed(&self) -> Option<Duration> {
        (self.samples > 0).then(|| Duration::from_nanos(self.smoothed as u64))
    }

    /// Asks for what an ACK will move on.
    pub(super) fn expect(&self) {
        fetch(&self.queue);
        fetch(&self.samples);
        fetch(&self.buckets);
    }

    /// A segment was sent for the first time.
    pub(super) fn sent(&mut self, end: Seq, mark: Mark) {
        // The capture's clock was set back.
        self.newest = self.newest.min(mark.time);
        self.queue.push(Flying::new(end, mark));
    }

    /// Octets from `left` to `right` were sent again; gives the packet that brought them first.
    pub(super) fn resent(&mut self, left: Seq, right: Seq, mark: Mark) -> Option<u64> {
        self.queue.resend(left, right, mark)
    }

    /// Everything below `ack` is acknowledged.
    pub(super) fn acked(&mut self, ack: Seq, by: Mark) -> Ended {
        let mut last: Option<Flying> = None;
        let mut newest = self.newest;
        while let Some(flying) = self.queue.pop_below(ack) {
            newest = self.newest;
            self.newest = newest.max(flying.sent);
            last = Some(flying);
        }
        let Some(last) = last.filter(|last| last.end == ack) else {
            return if self.queue.is_empty() { Ended::Edge } else { Ended::Inside };
        };
        if last.is_resent() {
            self.ambiguous += 1;
        } else if newest <= last.sent {
            let nanos = by.time.0.saturating_sub(last.sent.0);
            self.sample(nanos);
            return Ended::Sample(RoundTrip { of: last.first(by), nanos });
        }
        Ended::Edge
    }

    /// Nothing is in flight any more.
    pub(super) fn forget(&mut self) {
        self.queue = Queue::default();
    }

    #[allow(clippy::cast_precision_loss)]
    fn sample(&mut self, nanos: u64) {
        let length = nanos as f64;
        if self.samples == 0 {
            // RFC 6298 §2.2.
            (self.smoothed, self.variation, self.shortest) = (length, length / 2.0, nanos);
        } else {
            // RFC 6298 §2.3.
            self.variation = 0.75 * self.variation + 0.25 * (self.smoothed - length).abs();
            self.smoothed = 0.875 * self.smoothed + 0.125 * length;
        }
        self.samples += 1;
        self.shortest = self.shortest.min(nanos);
        self.longest = self.longest.max(nanos);
        self.total = self.total.saturating_add(nanos);
        self.squares += length * length;
        self.buckets.count(nanos);
    }
}

impl Buckets {
    fn count(&mut self, nanos: u64) {
        let bucket = bucket_of(nanos);
        if self.0[bucket] == u16::MAX {
            self.0.iter_mut().for_each(|count| *count /= 2);
        }
        self.0[bucket] += 1;
    }
}

/// From 8 µs to half a second; what is shorter or longer falls into the first or the last.
fn bucket_of(nanos: u64) -> usize {
    let Some(log) = (nanos >> 13).checked_ilog2() else { return 0 };
    let half = nanos >> (12 + log) & 1;
    (1 + 2 * log as usize + half as usize).min(31)
}

fn middle_of(bucket: usize) -> u64 {
    let Some(above) = bucket.checked_sub(1) else { return 4096 };
    let base = 8192_u64 << (above / 2);
    if above % 2 == 0 { base + base / 4 } else { base + 3 * base / 4 }
}
