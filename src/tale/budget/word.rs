//! Who spoke last, and how long was the way to the other and back?
//!
//! An ACK comes back after a round trip, or later: because of a queue on the way, or because the receiver
//! put it off, hoping for something to send along (RFC 9293 §3.8.6.3). The first belongs to the way, the
//! second to whoever had nothing to say yet.

use std::time::Duration;

use super::course::DELAYED;
use super::ledger::Ledger;
use super::tiles::Charge;
use crate::flow::tcp::{Connection, Segment};
use crate::flow::{Mark, Side};
use crate::tale::bucket::Bucket;
use crate::tale::wait::Proof;
use crate::wire::tcp::Seq;

/// Who spoke last, and what the other said to it since.
#[derive(Clone, Copy, Debug)]
pub(super) struct Word {
    pub(super) by: Side,
    pub(super) mark: Mark,
    pub(super) end: Seq,
    /// The first ACK of all of it that brought nothing else, and its sender's clock.
    pub(super) acked: Option<(Mark, Option<u32>)>,
    /// As of the last ACK that was not put off: from the capture to whoever listens and back.
    way: Option<Duration>,
    /// Whether it had to wait for room in the receiver's window: ACKs may wait for a program that reads.
    is_held: bool,
}

/// ACKs are delayed by 200 ms at most, on the systems in use; RFC 9293 §3.8.6.3 allows half a second.
const MOST_DELAYED: Duration = Duration::from_millis(200);

impl Word {
    /// Somebody says something up to this place, after a wait of this kind; `before` is what was said last.
    pub(super) fn say(before: Option<Self>, by: Side, mark: Mark, end: Seq, after: Bucket) -> Self {
        let is_held = matches!(after, Bucket::WindowSmall | Bucket::WindowClosed);
        match before {
            Some(word) if word.by == by => {
                let end = if word.end.past(end) > 0 { word.end } else { end };
                let is_held = is_held || word.is_held;
                Self { mark, end, acked: None, way: word.way.filter(|_| !is_held), is_held, ..word }
            }
            _ => Self { by, mark, end, acked: None, way: None, is_held },
        }
    }

    /// The other side acknowledges a segment after so long, and nothing else; `is_several` when that was not
    /// the only one it had not acknowledged.
    fn hear(&mut self, round_trip: Duration, is_several: bool, shortest: Duration) {
        // RFC 5681 §4.2: at least every second segment is acknowledged at once.
        if !self.is_held && (is_several || round_trip <= self.known(shortest) + DELAYED) {
            self.way = Some(round_trip);
        }
    }

    /// How much of the time until it was answered was the way; `shortest` is the shortest from the capture to
    /// the answerer and back.
    pub(super) fn way(&self, shortest: Duration) -> Duration {
        let known = self.known(shortest);
        match self.acked_after() {
            // What is answered later than any ACK may be delayed was held up on the way.
            Some(acked) if acked > known + MOST_DELAYED => acked,
            Some(acked) => acked.min(known),
            None => known,
        }
    }

    /// How long after its last segment all of it was acknowledged.
    pub(super) fn acked_after(&self) -> Option<Duration> {
        self.acked.map(|(ack, _)| ack.time.since(self.mark.time))
    }

    fn known(&self, shortest: Duration) -> Duration {
        self.way.map_or(shortest, |way| way.max(shortest))
    }
}

impl Ledger {
    /// Hears how long it took to acknowledge what was said, and nothing else.
    pub(super) fn hear_way(
        &mut self,
        segment: &Segment,
        side: Side,
        round_trip: Duration,
        connection: &Connection,
    ) {
        let Some(mut word) = self.word.filter(|word| word.by == side.peer()) else { return };
        let is_several = self.courses[word.by.index()].is_several(segment.ack);
        word.hear(round_trip, is_several, self.away(connection, side));
        self.word = Some(word);
    }

    /// Puts the time that the last word and its ACK were under way down to the path, in this bucket as far as
    /// it took no longer than the shortest, and what is beyond to a queue if there is one.
    pub(super) fn charge_way(
        &mut self,
        way: Duration,
        to: Mark,
        (bucket, shortest): (Bucket, Duration),
        connection: &Connection,
    ) {
        let path = Charge::new(bucket, None, Proof::RoundTrip);
        if let Some(word) = self.word
            && let Some((ack, _)) = word.acked
            && self.path(connection, word.by).is_queued()
        {
            self.tiles.charge_for(way.min(shortest), to, path);
            let queue = Charge::new(Bucket::Queueing, word.by, Proof::Queued(ack.packet));
            return self.tiles.charge_for(way.saturating_sub(shortest), to, queue);
        }
        self.tiles.charge_for(way, to, path);
    }
}
