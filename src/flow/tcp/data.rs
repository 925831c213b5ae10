//! New, again, early, or late?
//!
//! What a segment's octets are is decided by what was seen of them before; and where they fill a hole,
//! by whether the sender sent them before or after the segment above the hole.

use std::time::Duration;

use super::half::{Again, Facts, Half, Lost};
use super::holes::{Birth, Hole};
use super::segment::Segment;
use super::trigger;
use super::verdict::{Confidence, Evidence, Need, Verdict, Verdicts, What};

/// Before any round trip is known: tshark's guess, too.
const RTT_GUESS: Duration = Duration::from_millis(3);

impl Half {
    /// Follows a segment that takes up sequence and is no copy.
    pub(super) fn take(&mut self, segment: &Segment, peer: &Half, verdicts: &mut Verdicts) {
        let (left, right) = (segment.seq, segment.end());
        if !self.facts.has(Facts::BEGUN) {
            return self.begin(segment);
        }
        let newest = self.trail().pace.order.newest();
        let older = self.trail().pace.order.is_older(segment);
        if left.past(self.next) >= 0 {
            if left != self.next {
                self.open_hole(segment, verdicts);
            }
            if Birth::of(segment).is_before(newest, false) == Some(true) {
                // What came before it was sent again, and went faster.
                self.reordered(segment.span());
                let what = What::Reordered { octets: segment.span() };
                verdicts.push(Verdict::certain(what, Evidence::Stamp));
            }
            self.advance(segment);
        } else {
            self.look_back(segment, older, peer, verdicts);
            if right.past(self.next) > 0 {
                self.reach(right);
            }
        }
        self.trail().pace.sent_at = segment.mark.time;
        self.weigh(segment.mark.time);
    }

    /// Follows the first segment of this side that takes up sequence.
    pub(super) fn begin(&mut self, segment: &Segment) {
        self.facts.note(Facts::BEGUN);
        (self.start, self.next) = (segment.seq, segment.seq);
        self.reach(segment.end());
        // What the peer acknowledged before is no news.
        if self.facts.has(Facts::ACKED) && self.acked.past(self.next) > 0 {
            self.reach(self.acked);
        }
        let trail = self.trail();
        trail.pace.order.is_older(segment);
        trail.pace.order.note(segment);
        trail.rtt.sent(segment.end(), segment.mark);
        trail.pace.sent_at = segment.mark.time;
    }

    fn open_hole(&mut self, segment: &Segment, verdicts: &mut Verdicts) {
        let (left, right) = (self.next, segment.seq);
        let above = Birth::of(segment);
        let hole = Hole { left, right, opened: segment.mark, above };
        let trail = self.trail();
        trail.trouble().holes.open(hole);
        trail.sent().gaps += 1;
        let octets = right.past(left).cast_unsigned();
        verdicts.push(Verdict::certain(What::Gap { octets }, Evidence::Numbers));
    }

    /// Follows a segment that brings the next octets.
    pub(super) fn advance(&mut self, segment: &Segment) {
        self.reach(segment.end());
        let trail = self.trail();
        trail.pace.order.note(segment);
        trail.rtt.sent(segment.end(), segment.mark);
    }

    /// A segment that reaches into what was passed already.
    fn look_back(&mut self, segment: &Segment, older: bool, peer: &Half, verdicts: &mut Verdicts) {
        let (left, right) = (segment.seq, segment.end());
        let top = if right.past(self.next) < 0 { right } else { self.next };
        let reached = self.holes().and_then(|holes| holes.reached(left, top));
        let octets = top.past(left).cast_unsigned();
        let unseen = reached.map_or(0, |(_, unseen)| unseen);
        let birth = Birth::of(segment);
        if left.past(self.start) < 0 && unseen == 0 {
            verdicts.push(Verdict::certain(What::BeforeCapture, Evidence::Numbers));
            return;
        }
        let late =
            |half: &Self| half.holes().and_then(|holes| holes.filled_later(left, right, birth));
        if unseen < octets {
            match late(self).filter(|_| older && unseen == 0) {
                Some(again) => {
                    let what = What::Reordered { octets };
                    self.reordered(octets);
                    verdicts.push(Verdict::certain(what, Evidence::Stamp).of(again));
                }
                None => {
                    self.again(segment, unseen, Evidence::Seen, Confidence::Certain, verdicts);
                }
            }
        } else if let Some((hole, _)) = reached {
            let (again, evidence, confidence) = self.judge(segment, &hole, peer);
            if again {
                self.again(segment, unseen, evidence, confidence, verdicts);
            } else {
                self.reordered(octets);
                let what = What::Reordered { octets };
                verdicts.push(Verdict { what, evidence, confidence, of: Some(hole.opened.packet) });
                self.trail().rtt.sent(right, segment.mark);
            }
        }
        if unseen > 0 {
            self.trail().trouble().holes.fill(left, top);
        }
    }

    /// Whether a segment that fills a hole was sent after the segment above the hole.
    fn judge(&self, segment: &Segment, hole: &Hole, peer: &Half) -> (bool, Evidence, Confidence) {
        let birth = Birth::of(segment);
        if let Some(before) = birth.is_before(hole.above, false) {
            return (!before, Evidence::Stamp, Confidence::Certain);
        }
        let counts_up = self.trail.as_ref().is_some_and(|trail| trail.pace.order.counts_up());
        if let Some(before) = birth.is_before(hole.above, counts_up) {
            return (!before, Evidence::IpId, Confidence::Likely);
        }
        let waited = segment.mark.time.since(hole.opened.time);
        // Sooner than this nothing that the receiver said could have reached the sender and come back.
        if waited < self.round_trip(peer).unwrap_or(RTT_GUESS).mul_f64(0.8) {
            return (false, Evidence::Haste, Confidence::Likely);
        }
        if self.was_asked_for() {
            return (true, Evidence::DuplicateAcks, Confidence::Likely);
        }
        (true, Evidence::Elimination, Confidence::Weak)
    }

    /// Whether the receiver said that something is missing.
    fn was_asked_for(&self) -> bool {
        self.trail.as_ref().is_some_and(|trail| {
            let named =
                trail.trouble.as_ref().is_some_and(|trouble| trouble.scoreboard.octets() > 0);
            named || trail.duplicate_acks > 0
        })
    }

    /// A segment was sent again.
    fn again(
        &mut self,
        segment: &Segment,
        unseen: u32,
        evidence: Evidence,
        confidence: Confidence,
        verdicts: &mut Verdicts,
    ) {
        let (left, right) = (segment.seq, segment.end());
        let spurious = self.facts.has(Facts::ACKED) && right.past(self.acked) <= 0;
        let need = if spurious { Need::Spurious } else { Need::Needed };
        let trigger = trigger::find(self, segment);
        let octets = segment.len.max(1).min(segment.span());
        let birth = Birth::of(segment);
        let top = if right.past(self.next) < 0 { right } else { self.next };
        let trail = self.trail();
        trail.sent().resent(trigger, need, octets);
        if unseen > 0 {
            trail.sent().lost_before += 1;
            trail.trouble().holes.filled(left, right, birth, segment.mark.packet);
        } else if need == Need::Needed {
            trail.sent().lost_after += 1;
        }
        if need == Need::Needed {
            let lost = if unseen > 0 { Lost::BeforeCapture } else { Lost::AfterCapture };
            let again = &mut trail.trouble().again;
            if again.is_full() {
                again.remove(0);
            }
            again.push(Again { left, right, packet: segment.mark.packet, lost });
        }
        // What passes here for the first time, or reaches beyond what did, has one ACK for certain.
        let is_whole = unseen == top.past(left).cast_unsigned();
        let first = if is_whole { None } else { trail.rtt.resent(left, top, segment.mark) };
        let first = first.filter(|_| unseen == 0);
        if is_whole || top != right {
            trail.rtt.sent(right, segment.mark);
        }
        let what = What::Resent { trigger, need, octets };
        verdicts.push(Verdict { what, evidence, confidence, of: first });
    }

    fn reordered(&mut self, octets: u32) {
        let sent = self.trail().sent();
        sent.reordered += 1;
        sent.reordered_octets += u64::from(octets);
    }

    fn holes(&self) -> Option<&super::holes::Holes> {
        self.trail.as_ref()?.trouble.as_ref().map(|trouble| &trouble.holes)
    }
}
