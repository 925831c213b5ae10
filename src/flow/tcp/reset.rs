//! Is a RST to be believed, and what does it mean?

use super::Connection;
use super::half::Facts;
use super::life::{Close, How, State};
use super::segment::Segment;
use super::story::Doubt;
use super::teardown::TIME_WAIT;
use super::verdict::{Confidence, Evidence, Reset, Verdict, Verdicts, What};
use crate::flow::mark::{Mark, Side};
use crate::wire::tcp::{Flags, Seq};

/// Where nothing is known of a window, a RST this near is taken for one of the connection.
const NEAR: u32 = 65_535;

/// Where a RST stands, measured by what its receiver awaits.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Aim {
    /// RFC 5961 §3.2: exactly there.
    Exact,
    /// In the window: a receiver that follows RFC 5961 asks back.
    Near,
    Outside,
    /// The capture has nothing to measure it by.
    Unknown,
}

impl Connection {
    /// Follows a segment with RST.
    pub(super) fn break_off(&mut self, segment: &Segment, side: Side, verdicts: &mut Verdicts) {
        let state = self.state;
        let aim = self.aim(segment, side);
        let kind = self.kind(segment, side, aim);
        let confidence = match (aim, kind) {
            (Aim::Unknown, _) => Confidence::Weak,
            (Aim::Near, _) | (_, Reset::HalfOpen | Reset::AfterUnread) => Confidence::Likely,
            _ => Confidence::Certain,
        };
        let over = self.story.as_ref().and_then(|story| story.over);
        if state == State::Closed
            && let Some(over) = over
            && segment.mark.time.since(over.time) < TIME_WAIT
        {
            let verdict = Verdict::certain(What::TimeWaitReset, Evidence::State);
            verdicts.push(verdict.of(over.packet));
            self.note_reset(segment, side, Reset::AfterClose);
            return;
        }
        let evidence = match aim {
            Aim::Unknown => Evidence::Elimination,
            Aim::Near => Evidence::Window,
            Aim::Exact | Aim::Outside => Evidence::Numbers,
        };
        let of = if kind == Reset::Refused { self.last_syn().packet } else { 0 };
        let verdict = Verdict { what: What::Reset(kind), evidence, confidence, of: None };
        verdicts.push(verdict.of(of));
        if kind == Reset::OutOfWindow {
            self.doubt(segment, side);
            return;
        }
        self.note_reset(segment, side, kind);
        // A client that never asked for what it was answered breaks that off, and goes on asking.
        let only_answers = state == State::Asked && side == Side::Client && kind == Reset::HalfOpen;
        if only_answers || state.is_over() || state == State::Closing {
            return;
        }
        if aim == Aim::Near {
            self.doubt(segment, side);
        }
        self.state = if kind == Reset::Refused { State::Refused } else { State::Reset(side) };
        let Some(story) = &mut self.story else { return };
        story.close = Some(Close { how: How::Reset(kind), by: Some(side), at: segment.mark });
    }

    fn note_reset(&mut self, segment: &Segment, side: Side, kind: Reset) {
        let own = &mut self.halves[side.index()];
        own.facts.note(Facts::RST);
        let sent = own.trail().sent();
        sent.rst = sent.rst.or(Some(segment.mark.packet));
        if let Some(story) = &mut self.story {
            let first = &mut story.resets[side.index()];
            *first = first.or(Some((segment.mark, kind)));
        }
    }

    /// The peer may ask back.
    pub(super) fn doubt(&mut self, segment: &Segment, side: Side) {
        let before = self.state;
        if let Some(story) = &mut self.story {
            story.doubt = Some(Doubt { mark: segment.mark, by: side, before, close: story.close });
        }
    }

    fn aim(&self, segment: &Segment, side: Side) -> Aim {
        let (own, peer) = (&self.halves[side.index()], &self.halves[side.peer().index()]);
        let wrong = self.story.as_ref().and_then(|story| story.wrong);
        if self.state == State::Asked {
            return match side {
                // RFC 9293 §3.10.7.3: it must acknowledge the SYN.
                Side::Server => {
                    let within =
                        segment.ack.past(peer.start) > 0 && segment.ack.past(peer.next) <= 0;
                    let exact = segment.has(Flags::ACK) && within;
                    if exact { Aim::Exact } else { Aim::Outside }
                }
                Side::Client if segment.seq == own.next || wrong == Some(segment.seq) => Aim::Exact,
                Side::Client => Aim::Outside,
            };
        }
        let (begun, acked) = (own.facts.has(Facts::BEGUN), own.facts.has(Facts::ACKED));
        if begun && segment.seq == own.next || acked && segment.seq == own.acked {
            return Aim::Exact;
        }
        if !begun && !acked {
            return Aim::Unknown;
        }
        let awaited = if acked { own.acked } else { own.next };
        let edge = if own.facts.has(Facts::EDGE) && acked { own.edge } else { own.next.plus(NEAR) };
        let within = segment.seq.past(awaited) >= 0 && segment.seq.past(edge) < 0;
        if within { Aim::Near } else { Aim::Outside }
    }

    fn kind(&self, segment: &Segment, side: Side, aim: Aim) -> Reset {
        let (own, peer) = (&self.halves[side.index()], &self.halves[side.peer().index()]);
        let wrong = self.story.as_ref().and_then(|story| story.wrong);
        let both = own.facts.has(Facts::FIN) && peer.facts.has(Facts::FIN);
        // RFC 9293 §3.5.2: who has no connection answers with the number that was acknowledged.
        let has_none = !segment.has(Flags::ACK)
            && (own.facts.has(Facts::ACKED) && segment.seq == own.acked
                || wrong == Some(segment.seq));
        match self.state {
            State::Closed | State::Closing => Reset::AfterClose,
            _ if both => Reset::AfterClose,
            State::Asked if side == Side::Server && aim == Aim::Exact => Reset::Refused,
            // Whoever broke it off, or refused it, answers what still comes.
            _ if self.state.is_over() && aim != Aim::Outside => self.said_before(),
            _ if aim == Aim::Outside => Reset::OutOfWindow,
            _ if own.facts.has(Facts::FIN) => Reset::AfterFin,
            _ if has_none && peer.packets > 0 => Reset::HalfOpen,
            _ if peer.facts.has(Facts::DATA) && peer.next.past(peer.acked) > 0 => {
                Reset::AfterUnread
            }
            _ => Reset::Abort,
        }
    }

    /// The reset that ended it.
    fn said_before(&self) -> Reset {
        match self.close().map(|close| close.how) {
            Some(How::Reset(kind)) => kind,
            _ => Reset::Abort,
        }
    }

    /// An ICMP error sent back what this side sent with this number.
    pub(in crate::flow) fn sent_back(&mut self, (mark, seq): (Mark, Option<Seq>), side: Side) {
        let own = &self.halves[side.index()];
        let is_syn = seq.is_none_or(|seq| seq == own.start);
        if self.state != State::Asked || side != Side::Client || !is_syn {
            return;
        }
        self.unfold();
        self.state = State::Refused;
        if let Some(story) = &mut self.story {
            story.close = Some(Close { how: How::Unreachable, by: None, at: mark });
        }
    }

    /// Whether a segment asks back whether a RST or a SYN before it was meant (RFC 5961 §3.2, §4.2).
    pub(super) fn is_challenge(&mut self, segment: &Segment, side: Side) -> Option<u64> {
        let (own, peer) = (&self.halves[side.index()], &self.halves[side.peer().index()]);
        let story = self.story.as_mut()?;
        let doubt = story.doubt.filter(|doubt| doubt.by != side)?;
        let says_nothing_new = segment.len == 0
            && segment.is_plain()
            && segment.has(Flags::ACK)
            && own.facts.has(Facts::BEGUN)
            && segment.seq == own.next
            && peer.facts.has(Facts::ACKED)
            && segment.ack == peer.acked;
        if !says_nothing_new {
            return None;
        }
        story.doubt = None;
        // What was asked back about did not happen.
        if self.state == State::Reset(doubt.by) {
            story.close = doubt.close;
            story.resets[doubt.by.index()] = None;
            self.state = doubt.before;
            let peer = &mut self.halves[side.peer().index()];
            peer.facts.forget(Facts::RST);
            peer.trail().sent().rst = None;
        }
        Some(doubt.mark.packet)
    }
}
