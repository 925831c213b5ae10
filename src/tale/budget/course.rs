//! What does one side send, and why not sooner?
//!
//! The time between two segments of one burst is put down to whatever held the second one back: a loss,
//! the receiver's window, the program, missing ACKs, or nothing but the length of what was sent before.

use std::time::Duration;

use super::clock::Clock;
use super::count::Count;
use super::tiles::Charge;
use super::view::{Heard, Said};
use crate::flow::tcp::{Segment, Trigger};
use crate::flow::{Mark, Side};
use crate::tale::bucket::Bucket;
use crate::tale::wait::Proof;
use crate::timeline::{Timestamp, nanos};
use crate::wire::tcp::{Flags, Seq};

/// One side, as a sender.
#[derive(Clone, Debug, Default)]
pub(super) struct Course {
    heard: Heard,
    pub(super) clock: Clock,
    pub(super) count: Count,
    /// The last segment that brought something.
    before: Option<Before>,
    /// The sender's clock with the first segment since it last waited for something.
    burst: Option<u32>,
    /// The first place not sent yet.
    reach: Option<Seq>,
    repair: Option<Repair>,
    /// What these were before something was sent again that may not have been lost.
    doubt: Option<(Option<Before>, Option<Repair>)>,
    closed: Option<Closed>,
    gaps: Ring<16>,
    /// How much later than it could have what an ACK let go was seen.
    lags: Ring<8>,
    /// Whether it ever said that it had no more to send.
    has_pushed: bool,
    /// The longest segment that may have crossed the wire as it is.
    longest: u32,
    /// How often the peer said in a row that it has no more than this.
    duplicates: u32,
    /// The shortest time from the capture to this side and back, as its echoes tell.
    nearest: Option<Duration>,
}

/// What is to be known of a segment to judge the pause after it.
#[derive(Clone, Copy, Debug)]
struct Before {
    time: Timestamp,
    /// By its sender's clock.
    stamp: Option<u32>,
    len: u32,
    is_pushed: bool,
    /// Up to where everything before it reaches.
    reach: Seq,
    said: Option<Said>,
}

/// A loss that is not repaired until this place is acknowledged.
#[derive(Clone, Copy, Debug)]
struct Repair {
    until: Seq,
    bucket: Bucket,
}

/// When the peer's window became zero, the last time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Closed {
    pub(super) mark: Mark,
    /// When it was not zero any more.
    pub(super) opened: Option<Mark>,
}

/// What is known of the path at the time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Path {
    /// From the capture to the sender and back.
    pub(super) to_sender: Duration,
    /// From the capture to the receiver and back.
    pub(super) to_receiver: Duration,
    /// As of late, if it is known: from the capture to the receiver and back.
    pub(super) smoothed: Option<Duration>,
    /// The longest segment that the receiver accepts, options taken off; 0 when unknown.
    pub(super) mss: u32,
}

impl Path {
    fn round_trip(&self) -> Duration {
        self.to_sender + self.to_receiver
    }

    /// Whether round trips take much longer than the shortest.
    pub(super) fn is_queued(&self) -> bool {
        let most = self.round_trip().mul_f64(1.25) + QUEUE;
        self.smoothed.is_some_and(|smoothed| self.to_sender + smoothed > most)
    }
}

/// An ACK is delayed by so much at least where one is delayed at all; Linux begins with 40 ms.
pub(super) const DELAYED: Duration = Duration::from_millis(25);
/// What is later than it could be by less than this is not late.
const LATE: Duration = Duration::from_millis(2);
/// Packets of one path take so much longer now and then.
const UNREST: Duration = Duration::from_millis(10);
/// The shortest retransmission timeout of Linux; RFC 6298 §2.4 wants more.
const TIMEOUT: Duration = Duration::from_millis(190);
/// RFC 9293 §3.8.6.3: half a second at most.
const MOST_DELAYED: Duration = Duration::from_millis(500);

impl Course {
    /// Takes note of a segment that brings something, and was told of before.
    pub(super) fn send(&mut self, segment: &Segment, said: Option<Said>) {
        let end = segment.seq.plus(segment.len);
        let reach = self.reach.filter(|reach| end.past(*reach) < 0).unwrap_or(end);
        self.reach = Some(reach);
        self.longest = self.longest.max(segment.len.min(65_535));
        let (time, len) = (segment.mark.time, segment.len);
        let stamp = segment.stamps.map(|stamps| stamps.value);
        let is_pushed = segment.has(Flags::PSH);
        self.has_pushed |= is_pushed;
        self.count.begin();
        self.before = Some(Before { time, stamp, len, is_pushed, reach, said });
    }

    /// Takes note of what kept a segment back, before it is told of: what only follows goes on with a burst.
    pub(super) fn note_burst(&mut self, segment: &Segment, bucket: Bucket) {
        if bucket != Bucket::Transmission {
            self.burst = segment.stamps.map(|stamps| stamps.value);
        }
    }

    /// Whether the sender, by its clock, sent all of the burst at once: how far apart its segments come here
    /// is the line's doing, and the sender waited for something else already.
    pub(super) fn sent_at_once(&self) -> bool {
        let ends = self.burst.zip(self.before.and_then(|before| before.stamp));
        ends.is_some_and(|(first, last)| last.wrapping_sub(first) <= 1)
    }

    /// Takes note of a place that was sent, though nothing is learnt from when.
    pub(super) fn reach(&mut self, end: Seq) {
        if self.reach.is_none_or(|reach| end.past(reach) > 0) {
            self.reach = Some(end);
        }
    }

    /// What the sender had heard when it sent this.
    pub(super) fn view(&mut self, segment: &Segment, path: &Path) -> Option<Said> {
        let echo = segment.stamps.filter(|_| segment.has(Flags::ACK)).map(|stamps| stamps.echo);
        let (said, sample) = self.heard.by(segment.mark.time, echo, path.to_sender);
        if let Some(sample) = sample {
            self.nearest = Some(self.nearest.map_or(sample, |nearest| nearest.min(sample)));
        }
        said
    }

    /// Where the time before a segment goes that was sent again; it begins the repair of a loss.
    pub(super) fn resend(
        &mut self,
        segment: &Segment,
        trigger: Trigger,
        side: Side,
        said: Option<Said>,
    ) -> Charge {
        let bucket = match trigger {
            Trigger::Fast | Trigger::Unknown => Bucket::LossRecovery,
            _ => Bucket::LossTimeout,
        };
        self.doubt = Some((self.before, self.repair));
        let is_repaired = |repair: &Repair| said.is_some_and(|it| it.ack.past(repair.until) >= 0);
        if self.repair.is_none_or(|repair| is_repaired(&repair)) || trigger == Trigger::Timeout {
            self.repair = self.reach.map(|until| Repair { until, bucket });
        }
        let is_last = self.reach.is_some_and(|reach| segment.end().past(reach) >= 0);
        let proof = if is_last { Proof::ResentLast(trigger) } else { Proof::Resent(trigger) };
        Charge::new(bucket, side, proof)
    }

    /// What was sent again last had not been lost.
    pub(super) fn take_back(&mut self) {
        if let Some(doubt) = self.doubt.take() {
            (self.before, self.repair) = doubt;
        }
    }

    /// How much longer it took between two segments here than it took their sender by its own clock: this
    /// one was held up on the way.
    pub(super) fn held_up(&self, segment: &Segment) -> Duration {
        let by_clock = self.before.and_then(|before| {
            let (pause, tick) = self.clock.between(before.stamp?, segment.stamps?.value)?;
            let late = segment.mark.time.since(before.time).saturating_sub(pause + tick);
            (late > tick + LATE).then_some(late)
        });
        by_clock.unwrap_or_default()
    }

    /// Where the time goes between the segment before and this one, which brings something new and was
    /// held up so long on its way.
    pub(super) fn pause(
        &mut self,
        (segment, held_up): (&Segment, Duration),
        side: Side,
        said: Option<Said>,
        path: &Path,
        in_handshake: bool,
    ) -> Charge {
        let app = Bucket::of_pause(side, in_handshake);
        let Some(before) = self.before else {
            return Charge::new(Bucket::Unknown, side, Proof::Unseen);
        };
        let now = segment.mark.time.before(held_up);
        let gap = now.since(before.time);
        let mss = if path.mss == 0 { self.longest } else { path.mss };
        if let Some(repair) = self.repair {
            if said.is_some_and(|it| it.ack.past(repair.until) < 0) {
                return Charge::new(repair.bucket, side, Proof::Repairing);
            }
            self.repair = None;
        }
        let round_trip = path.round_trip();
        let small = (self.gaps.median() * 4).max(Duration::from_millis(1)).max(round_trip / 16);
        let held = |it: Said| (it.edge.map(|edge| edge.past(before.reach)), it);
        if let Some((Some(left), by)) = before.said.map(held)
            && i64::from(left) < i64::from(segment.len.min(mss.max(1)))
        {
            let closed = self.closed_since(before.time);
            let closed =
                closed.map(|closed| closed.mark.packet).or(by.is_closed.then_some(by.packet));
            let bucket = if closed.is_some() { Bucket::WindowClosed } else { Bucket::WindowSmall };
            let proof = Proof::Window(closed.unwrap_or(by.packet));
            return Charge::new(bucket, side.peer(), proof);
        }
        if gap <= small {
            self.gaps.push(gap);
            return Charge::new(Bucket::Transmission, side, Proof::Close);
        }
        let Some(said) = said else {
            return Charge::new(Bucket::Unknown, side, Proof::Unseen);
        };
        let has_moved = before.said.is_some_and(|it| said.ack.past(it.ack) > 0);
        let is_drained = said.ack.past(before.reach) >= 0;
        let lag = now.since(said.time).saturating_sub(path.to_sender);
        let late = LATE.max(round_trip.mul_f64(0.08)) + self.lags.least();
        let is_short = before.len < mss;
        let delay = said.time.since(before.time).saturating_sub(path.to_receiver);
        if is_drained
            && is_short
            && segment.len < mss
            && (DELAYED..=MOST_DELAYED).contains(&delay)
            && lag <= if path.to_sender > LATE { late.max(UNREST) } else { late }
        {
            return Charge::new(Bucket::Stall, side, Proof::Delayed(said.packet));
        }
        if has_moved && !is_drained {
            self.lags.push(lag);
        }
        if is_drained && lag > late.max(round_trip) && self.lacks(segment, before, lag) {
            return Charge::new(Bucket::LossTimeout, side, Proof::Missing);
        }
        let is_app = if self.has_more(segment, before) {
            // It is not the program that was waited for, as far as the path's own unrest may explain it.
            lag > late.max(UNREST).max(round_trip / 4)
        } else {
            lag > late
        };
        if is_drained && is_app {
            return Charge::new(app, side, Proof::Drained(said.packet));
        }
        // What would fill a window is put off as long as more room may come (RFC 9293 §3.8.6.2.1).
        let room = |it: Said| it.edge.map(|edge| edge.past(segment.seq.plus(segment.len)));
        if !has_moved
            && let Some(by) = before.said
            && room(by).is_some_and(|left| i64::from(left) < i64::from(mss))
        {
            let proof = Proof::Window(by.packet);
            return Charge::new(Bucket::WindowSmall, side.peer(), proof);
        }
        // Without echoes nobody knows for sure what was heard.
        let is_surprising = is_short || segment.stamps.is_some() || gap > round_trip.mul_f64(1.25);
        if before.is_pushed && !has_moved && is_surprising {
            return Charge::new(app, side, Proof::Pushed);
        }
        if !(has_moved && lag <= late) && before.is_pushed && is_short {
            return Charge::new(app, side, Proof::Pushed);
        }
        self.gaps.push(gap);
        if path.is_queued() {
            return Charge::new(Bucket::Queueing, side, Proof::Queued(said.packet));
        }
        Charge::new(Bucket::CongestionWindow, side, Proof::Clocked(said.packet))
    }

    /// Whether something was sent between these two that was lost before it came by here.
    fn lacks(&self, segment: &Segment, before: Before, lag: Duration) -> bool {
        if let Some(missed) = self.count.missed() {
            return missed > 0;
        }
        self.has_more(segment, before) && lag >= TIMEOUT
    }

    /// Whether the sender had more when it sent the segment before: who has no more says so (RFC 9293
    /// §3.9.1.2, MUST-61).
    fn has_more(&self, segment: &Segment, before: Before) -> bool {
        (self.has_pushed || segment.has(Flags::PSH)) && !before.is_pushed
    }

    /// When the peer's window was zero, the last time, if it became so after this.
    pub(super) fn closed_since(&self, time: Timestamp) -> Option<Closed> {
        self.closed.filter(|closed| closed.mark.time >= time)
    }

    /// Hears what the peer says of what was sent.
    pub(super) fn hear(&mut self, said: Said) {
        let mark = Mark { packet: said.packet, time: said.time };
        if said.is_closed && self.closed.is_none_or(|closed| closed.opened.is_some()) {
            self.closed = Some(Closed { mark, opened: None });
        } else if !said.is_closed
            && let Some(closed) = &mut self.closed
        {
            closed.opened.get_or_insert(mark);
        }
        let is_again = self.heard.newest().is_some_and(|it| it.ack == said.ack) && said.is_pure;
        self.duplicates = if is_again { self.duplicates + 1 } else { 0 };
        self.heard.note(said);
    }

    /// Whether the peer asked for what begins here (RFC 5681 §3.2).
    pub(super) fn is_asked_for(&self, seq: Seq) -> bool {
        self.duplicates >= 2 && self.heard.newest().is_some_and(|it| it.ack == seq)
    }

    /// Whether this acknowledges more than the longest segment brings.
    pub(super) fn is_several(&self, ack: Seq) -> bool {
        let octets = self.heard.newest().map(|it| ack.past(it.ack));
        octets.is_some_and(|octets| i64::from(octets) > i64::from(self.longest))
    }

    /// The same way, by its echoes if they came back sooner than was known.
    pub(super) fn away(&self, known: Duration) -> Duration {
        self.nearest.map_or(known, |nearest| nearest.min(known))
    }

    /// The usual time between segments, four times over.
    pub(super) fn usual(&self) -> Duration {
        (self.gaps.median() * 4).max(Duration::from_millis(1))
    }
}

/// Round trips that are longer by less than this are no sign of a queue.
const QUEUE: Duration = Duration::from_millis(2);

/// The last few of many.
#[derive(Clone, Debug)]
struct Ring<const N: usize> {
    times: [u64; N],
    made: usize,
}

impl<const N: usize> Default for Ring<N> {
    fn default() -> Self {
        Self { times: [0; N], made: 0 }
    }
}

impl<const N: usize> Ring<N> {
    fn push(&mut self, time: Duration) {
        self.times[self.made % N] = nanos(time);
        self.made += 1;
    }

    fn known(&self) -> &[u64] {
        &self.times[..self.made.min(N)]
    }

    fn median(&self) -> Duration {
        let mut times = self.times;
        let known = &mut times[..self.made.min(N)];
        if known.is_empty() {
            return Duration::ZERO;
        }
        let middle = known.len() / 2;
        Duration::from_nanos(*known.select_nth_unstable(middle).1)
    }

    fn least(&self) -> Duration {
        Duration::from_nanos(self.known().iter().copied().min().unwrap_or(0))
    }
}
