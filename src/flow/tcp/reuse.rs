//! Is it the same connection still?
//!
//! Addresses and ports are used again. A SYN with another initial number is the begin of another
//! connection when the one before is over, when no receiver would take it for a part of that, or when it
//! has been quiet for long. Otherwise it waits for its answer.

use std::time::Duration;

use super::Connection;
use super::copies::{self, Copies};
use super::half::Facts;
use super::life::State;
use super::segment::Segment;
use crate::flow::mark::Side;
use crate::wire::tcp::{Flags, Seq};

/// So long without a packet, a connection is taken for forgotten when a SYN comes.
const FORGOTTEN: Duration = Duration::from_secs(120);
/// What a window may allow where it is not known.
const NEAR: u32 = 1 << 20;

/// Whose a segment is.
#[derive(Clone, Debug)]
pub(in crate::flow) enum Heir {
    Same,
    /// The first of another connection.
    New,
    /// The answer to this SYN, which was the first of another connection.
    Answer(Box<(Segment, Side)>),
}

impl Connection {
    /// Whether a segment of this side belongs to another connection between the same ends.
    pub(in crate::flow) fn heir(&mut self, segment: &Segment, side: Side) -> Heir {
        if !segment.has(Flags::SYN) || segment.has(Flags::RST) || self.is_copy(segment, side) {
            return Heir::Same;
        }
        if segment.has(Flags::ACK) {
            return self.answer_is(segment, side);
        }
        if self.syn_is_new(segment, side) { Heir::New } else { Heir::Same }
    }

    fn syn_is_new(&self, segment: &Segment, side: Side) -> bool {
        let (own, peer) = (&self.halves[side.index()], &self.halves[side.peer().index()]);
        let known = own.facts.has(Facts::SYN);
        if known && segment.seq == own.start {
            // Some clients ask again after a refusal, as if nothing had been said.
            return matches!(self.state, State::Closed | State::Reset(_));
        }
        // The capture has the answer before the question.
        let answered = peer.facts.has(Facts::SYN) && own.facts.has(Facts::ACKED);
        if answered && !known && own.acked == segment.end() || self.is_late(segment, side) {
            return false;
        }
        if self.state.is_over() {
            return true;
        }
        if self.state == State::Asked || self.state == State::AskedByBoth {
            return known;
        }
        let idle = segment.mark.time.since(self.latest().time);
        idle > FORGOTTEN || self.is_beyond(segment, side) || self.is_later(segment, side)
    }

    fn answer_is(&mut self, segment: &Segment, side: Side) -> Heir {
        let own = &self.halves[side.index()];
        let known = own.facts.has(Facts::SYN) && segment.seq == own.start;
        if let Some(story) = &mut self.story {
            let asked = |pending: &mut Box<(Segment, Side)>| {
                pending.1 == side.peer() && pending.0.end() == segment.ack
            };
            if let Some(pending) = story.pending.take_if(asked) {
                return Heir::Answer(pending);
            }
        }
        let unlike = own.facts.has(Facts::BEGUN) && !known;
        let is_new = match self.state {
            State::Closed | State::Reset(_) => unlike,
            State::Joined | State::Established | State::HalfClosed(_) | State::Closing => {
                unlike && self.is_beyond(segment, side) && !self.is_late(segment, side)
            }
            _ => false,
        };
        if is_new { Heir::New } else { Heir::Same }
    }

    /// Whether it is the SYN of this very half, and the capture has it too late.
    pub(super) fn is_late(&self, segment: &Segment, side: Side) -> bool {
        let own = &self.halves[side.index()];
        if !own.facts.has(Facts::BEGUN) || own.facts.has(Facts::SYN) || segment.len > 0 {
            return false;
        }
        match own.start.past(segment.seq) {
            1 => true,
            // Later segments were captured before, too, as their times tell.
            0.. => segment.mark.time < self.opened.time && !is_far(segment.seq, own.start),
            _ => false,
        }
    }

    /// Whether the segment was followed already, under this VLAN and tunnel or another.
    pub(in crate::flow) fn is_copy(&self, segment: &Segment, side: Side) -> bool {
        let own = &self.halves[side.index()];
        let identity = copies::identity(segment);
        match &own.trail {
            Some(trail) => trail.copies.find(segment, identity, self.rtt()).is_some(),
            None if own.packets == 0 => false,
            None => {
                let mark = if segment.has(Flags::ACK) { self.syn_ack() } else { self.opened };
                Copies::is_copy_of(mark, own.identity, segment)
            }
        }
    }

    /// Whether the segment is the first of its side, and answers what the other side sent.
    pub(in crate::flow) fn is_answered_by(&self, segment: &Segment, side: Side) -> bool {
        let (own, peer) = (&self.halves[side.index()], &self.halves[side.peer().index()]);
        if own.packets > 0 || !segment.has(Flags::ACK) || !peer.facts.has(Facts::BEGUN) {
            return false;
        }
        let follows = own.facts.has(Facts::ACKED) && !is_far(segment.seq, own.acked);
        let exact = segment.ack.past(peer.start) > 0 && segment.ack.past(peer.next) <= 0;
        exact || follows && !is_far(segment.ack, peer.next)
    }

    /// Whether no receiver would take the segment for a part of this connection.
    fn is_beyond(&self, segment: &Segment, side: Side) -> bool {
        let own = &self.halves[side.index()];
        if !own.facts.has(Facts::BEGUN) && !own.facts.has(Facts::ACKED) {
            return false;
        }
        let left = if own.facts.has(Facts::ACKED) { own.acked } else { own.next };
        let right = if own.facts.has(Facts::EDGE) { own.edge } else { own.next.plus(NEAR) };
        segment.seq.past(left) < 0 || segment.seq.past(right) > 0
    }

    /// Whether the clock of its sender has gone on since (RFC 6191 §2).
    fn is_later(&self, segment: &Segment, side: Side) -> bool {
        let newest = |trail: &super::half::Trail| trail.pace.order.newest().stamp;
        let before = self.halves[side.index()].trail.as_deref().and_then(newest);
        let now = segment.stamps.map(|stamps| stamps.value);
        matches!((before, now), (Some(before), Some(now)) if now.wrapping_sub(before).cast_signed() > 0)
    }
}

/// Whether no window reaches from one place to the other.
fn is_far(one: Seq, other: Seq) -> bool {
    one.past(other).unsigned_abs() > NEAR
}
