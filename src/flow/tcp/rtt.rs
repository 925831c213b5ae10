//! How long is a round trip?
//!
//! From the capture point to the receiver of these segments and back: from a segment to the ACK that
//! ends where the segment ended. A segment that was sent again gives no sample, because nobody knows
//! which of the two was acknowledged (Karn; RFC 6298 §3); nor does one that was acknowledged only when
//! an older hole was filled.

use std::collections::VecDeque;
use std::time::Duration;

use crate::flow::mark::Mark;
use crate::timeline::Timestamp;
use crate::wire::tcp::Seq;

/// Segments that wait for their ACK. When there are more, each two become one: fewer samples, no
/// wrong ones.
const MOST: usize = 4096;

/// The round trips of one direction.
#[derive(Debug, Default)]
pub struct Rtt {
    flight: VecDeque<Flying>,
    samples: u64,
    ambiguous: u64,
    total: u64,
    squares: f64,
    shortest: u64,
    longest: u64,
    smoothed: f64,
    variation: f64,
    buckets: Buckets,
}

/// A segment that was not acknowledged yet.
#[derive(Clone, Copy, Debug)]
struct Flying {
    end: Seq,
    resent: bool,
    /// When it was last sent.
    sent: Timestamp,
    /// The packet that brought it first.
    packet: u64,
}

/// Where an ACK ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Ended {
    /// Where a segment did, or nobody knows.
    Edge,
    /// In the middle of a segment.
    Inside,
}

/// Samples by their length: each bucket is half as long again as the one before.
#[derive(Debug)]
struct Buckets([u32; 48]);

impl Default for Buckets {
    fn default() -> Self {
        Self([0; 48])
    }
}

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
        let wanted = (self.samples.saturating_mul(share)).div_ceil(100).max(1);
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

    #[allow(clippy::cast_sign_loss)]
    pub(super) fn smoothed(&self) -> Option<Duration> {
        (self.samples > 0).then(|| Duration::from_nanos(self.smoothed as u64))
    }

    /// A segment was sent for the first time.
    pub(super) fn sent(&mut self, end: Seq, mark: Mark) {
        if self.flight.len() >= MOST {
            self.thin();
        }
        let flying = Flying { end, resent: false, sent: mark.time, packet: mark.packet };
        match self.flight.back() {
            Some(last) if last.end.past(end) >= 0 => {
                let at = self.flight.partition_point(|other| other.end.past(end) < 0);
                if self.flight[at].end == end {
                    self.flight[at].sent = mark.time;
                } else {
                    self.flight.insert(at, flying);
                }
            }
            _ => self.flight.push_back(flying),
        }
    }

    /// Octets from `left` to `right` were sent again; gives the packet that brought them first.
    pub(super) fn resent(&mut self, left: Seq, right: Seq, time: Timestamp) -> Option<u64> {
        let from = self.flight.partition_point(|flying| flying.end.past(left) <= 0);
        let mut first = None;
        for flying in self.flight.iter_mut().skip(from) {
            (flying.resent, flying.sent) = (true, time);
            first = first.or(Some(flying.packet));
            if flying.end.past(right) >= 0 {
                break;
            }
        }
        first
    }

    /// Everything below `ack` is acknowledged.
    pub(super) fn acked(&mut self, ack: Seq, time: Timestamp) -> Ended {
        let mut last: Option<Flying> = None;
        let mut newest = Timestamp::default();
        while let Some(flying) = self.flight.front().filter(|flying| flying.end.past(ack) <= 0) {
            newest = last.map_or(newest, |last| newest.max(last.sent));
            last = Some(*flying);
            self.flight.pop_front();
        }
        let Some(last) = last.filter(|last| last.end == ack) else {
            return if self.flight.is_empty() { Ended::Edge } else { Ended::Inside };
        };
        if last.resent {
            self.ambiguous += 1;
        } else if newest <= last.sent {
            self.sample(time.since(last.sent));
        }
        Ended::Edge
    }

    /// Nothing is in flight any more.
    pub(super) fn forget(&mut self) {
        self.flight.clear();
    }

    #[allow(clippy::cast_precision_loss)]
    fn sample(&mut self, rtt: Duration) {
        let nanos = rtt.as_nanos() as u64;
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
        let count = &mut self.buckets.0[bucket_of(nanos)];
        *count = count.saturating_add(1);
    }

    /// Makes one of each two.
    fn thin(&mut self) {
        let mut odd = false;
        let mut carried: Option<Flying> = None;
        self.flight.retain_mut(|flying| {
            odd = !odd;
            if odd {
                carried = Some(*flying);
                return false;
            }
            if let Some(carried) = carried.take() {
                flying.resent |= carried.resent;
                flying.sent = flying.sent.max(carried.sent);
            }
            true
        });
        // The last one has no second to become one with.
        if let Some(carried) = carried {
            self.flight.push_back(carried);
        }
    }
}

/// Two buckets for each doubling, from 1 µs on.
fn bucket_of(nanos: u64) -> usize {
    let micros = nanos / 1000;
    let Some(log) = micros.checked_ilog2() else { return 0 };
    let half = log > 0 && micros >> (log - 1) & 1 == 1;
    (1 + 2 * log as usize + usize::from(half)).min(47)
}

fn middle_of(bucket: usize) -> u64 {
    let Some(above) = bucket.checked_sub(1) else { return 500 };
    let base = 1000_u64 << (above / 2);
    if above % 2 == 0 { base + base / 4 } else { base + 3 * base / 4 }
}
