//! What is to be remembered of a connection, beside where its time went?

use std::time::Duration;

use crate::flow::tcp::{Confidence, Segment, Trigger};
use crate::flow::{Mark, Side};
use crate::tale::bucket::Bucket;
use crate::tale::stall::{Name, Stall};
use crate::wire::tcp::{Flags, Seq};

/// Noticed while a connection went on.
#[derive(Clone, Debug, Default)]
pub struct Notes {
    /// What has a name already.
    pub(in crate::tale) stalls: Vec<Stall>,
    /// The packets with which the client first spoke, and first asked after a TLS handshake.
    asks: [u64; 2],
    syn_ack: Option<Mark>,
    /// The last packet before the one that broke the connection off.
    pub(in crate::tale) before_reset: Option<Mark>,
    /// Something was still owed then: an answer, or an ACK.
    pub(in crate::tale) was_owed: bool,
    /// A reset that came another way than what its sender sent before: that, and the reset.
    pub(in crate::tale) injected: Option<((Mark, Mark), Confidence)>,
    /// When this side sent something last, and what hop limit it had.
    sent: [Sent; 2],
    /// ACKs that the server's first flight of TLS had to wait for.
    flight: Option<Stall>,
    latest: Mark,
}

/// What is remembered of one side's segments.
#[derive(Clone, Copy, Debug, Default)]
struct Sent {
    hops: Option<u8>,
    data: Option<Mark>,
    /// Octets sent without a pause, now and before the pause.
    burst: u64,
    most: u64,
    /// It paused for long, and sends again since this packet; the time of what it waited for since then.
    resumed: Option<(Mark, Mark, Duration)>,
    large: Option<Large>,
    /// Whether anything of it was acknowledged.
    is_heard: bool,
    /// The longest segment that arrived.
    arrived: u32,
    /// The first place with data.
    first: Option<Seq>,
}

/// A large segment that is sent again and again.
#[derive(Clone, Copy, Debug)]
struct Large {
    seq: Seq,
    len: u32,
    first: Mark,
    last: Mark,
    times: u32,
}

/// Pauses after which senders begin slowly again are longer: RFC 6298 §2.4, as Linux has it.
const IDLE: Duration = Duration::from_millis(300);
/// What fits into the first window: RFC 6928 §2.
const FIRST_WINDOW: u64 = 10 * 1460;
/// Shorter ones pass everywhere: RFC 791 §3.1 has 576 octets.
const LARGE: u32 = 600;

impl Notes {
    /// Whether the client began to ask with this packet.
    pub(in crate::tale) fn asks_first(&self, packet: u64) -> bool {
        self.asks.contains(&packet)
    }

    /// Whether a SYN-ACK had been seen by then.
    pub(in crate::tale) fn syn_acks_before(&self, mark: Mark) -> bool {
        self.syn_ack.is_some_and(|it| it.packet < mark.packet)
    }

    /// Takes any packet, before it is judged.
    pub(super) fn see(&mut self, segment: &Segment, side: Side) {
        let sent = &mut self.sent[side.index()];
        if segment.has(Flags::RST) {
            self.before_reset.get_or_insert(self.latest);
            let known = sent.hops.zip(sent.data);
            if let Some((hops, mark)) = known
                && hops.abs_diff(segment.hops) > 1
                && self.injected.is_none()
            {
                self.injected = Some(((mark, segment.mark), Confidence::Likely));
            }
        } else {
            if segment.has(Flags::SYN) && segment.has(Flags::ACK) {
                self.syn_ack.get_or_insert(segment.mark);
            }
            if let Some((_, confidence)) = &mut self.injected
                && segment.len > 0
                && sent.hops == Some(segment.hops)
            {
                // It goes on as if nothing had happened.
                *confidence = Confidence::Certain;
            }
            sent.hops = Some(segment.hops);
            sent.data.get_or_insert(segment.mark);
        }
        if segment.has(Flags::ACK) && !segment.has(Flags::RST) {
            self.acknowledge(segment.ack, side.peer());
        }
        self.latest = segment.mark;
    }

    /// Everything of this side up to here arrived.
    fn acknowledge(&mut self, ack: Seq, side: Side) {
        let sent = &mut self.sent[side.index()];
        sent.is_heard |= sent.first.is_some_and(|first| ack.past(first) > 0);
        if let Some(large) = sent.large
            && ack.past(large.seq) > 0
        {
            let was_cut = ack.past(large.seq.plus(large.len)) < 0;
            sent.large = None;
            if was_cut {
                self.black_hole(large, side);
            } else {
                sent.arrived = sent.arrived.max(large.len);
            }
        }
    }

    fn black_hole(&mut self, large: Large, side: Side) {
        let sent = &self.sent[side.index()];
        let is_proved = large.times >= 2 && sent.is_heard && sent.arrived < large.len;
        if is_proved {
            let told = if large.times >= 3 { Confidence::Certain } else { Confidence::Likely };
            let stall = Stall::once(Name::BlackHole, side, large.first, large.last);
            self.stalls.push(stall.believed(told));
        }
    }

    /// A segment that brings something new; so much time passed on what kept it back.
    pub(super) fn send(
        &mut self,
        segment: &Segment,
        side: Side,
        (bucket, waited): (Bucket, Duration),
        in_handshake: bool,
        timeout: Duration,
    ) {
        if side == Side::Client && self.asks[0] == 0 {
            self.asks[0] = segment.mark.packet;
        }
        if side == Side::Client && !in_handshake && self.asks[1] == 0 {
            self.asks[1] = segment.mark.packet;
        }
        let mark = segment.mark;
        if in_handshake && side == Side::Server && bucket == Bucket::CongestionWindow {
            let from = self.sent[side.index()].data.unwrap_or(mark);
            let stall = Stall::once(Name::CertificateFlight, side, from, mark).taking(waited);
            match &mut self.flight {
                Some(known) => (known.to, known.time) = (mark, known.time + waited),
                None => self.flight = Some(stall),
            }
        }
        let sent = &mut self.sent[side.index()];
        let paused = sent.data.map(|data| mark.time.since(data.time));
        let before = sent.data;
        if let (Some(paused), Some(before)) = (paused, before)
            && paused >= timeout.max(IDLE)
            && bucket.is_thinking()
        {
            sent.resumed = (sent.most > 2 * FIRST_WINDOW).then_some((before, mark, Duration::ZERO));
            sent.burst = 0;
        }
        sent.burst += u64::from(segment.len);
        sent.most = sent.most.max(sent.burst);
        if let Some((_, _, waits)) = &mut sent.resumed
            && bucket == Bucket::CongestionWindow
        {
            *waits += waited;
        }
        if segment.len > 0 {
            sent.data = Some(mark);
            sent.first.get_or_insert(segment.seq);
        }
    }

    /// A segment that was sent again.
    pub(super) fn resend(&mut self, segment: &Segment, side: Side, trigger: Trigger) {
        let before = self.sent[side.index()].data.unwrap_or(segment.mark);
        // What is slow from here on is slow because of the loss.
        self.sent[side.index()].resumed = None;
        if segment.len < LARGE || trigger == Trigger::Fast {
            return;
        }
        let sent = &mut self.sent[side.index()];
        let mark = segment.mark;
        match &mut sent.large {
            Some(large) if large.seq == segment.seq && large.len == segment.len => {
                (large.times, large.last) = (large.times + 1, mark);
            }
            _ => {
                let (seq, len) = (segment.seq, segment.len);
                sent.large = Some(Large { seq, len, first: before, last: mark, times: 1 });
            }
        }
    }

    /// The word passes to the other side, or nothing more comes.
    pub(super) fn end_burst(&mut self, side: Side, round_trip: Duration) {
        let sent = &mut self.sent[side.index()];
        if let Some((before, resumed, waits)) = sent.resumed.take()
            && waits >= round_trip.max(Duration::from_millis(10))
            && let Some(last) = sent.data
        {
            let stall = Stall::once(Name::SlowStartAfterIdle, side, resumed, last).taking(waits);
            let stall = stall.shown_by([before.packet]).believed(Confidence::Likely);
            if self.stalls.len() < MOST {
                self.stalls.push(stall);
            }
        }
    }

    /// Nothing more will come.
    pub(super) fn end(&mut self, round_trip: Duration) {
        for side in [Side::Client, Side::Server] {
            self.end_burst(side, round_trip);
            if let Some(large) = self.sent[side.index()].large.take() {
                self.black_hole(large, side);
            }
        }
        self.stalls.extend(self.flight.take());
    }
}

/// So many troubles of one connection are kept.
const MOST: usize = 256;
