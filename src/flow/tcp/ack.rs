//! What was acknowledged, and how often?

use super::half::{Again, Facts, Half, Lost, Trail};
use super::rtt::Ended;
use super::segment::Segment;
use super::verdict::{Evidence, Verdict, Verdicts, What};
use super::window::{self, Probe};
use crate::timeline::Timestamp;
use crate::wire::tcp::Seq;

/// Follows the ACK and the window of a segment that is no copy: `by` sent it, about what `to` sent.
pub(super) fn hear(by: &mut Half, to: &mut Half, segment: &Segment, verdicts: &mut Verdicts) {
    let ack = segment.ack;
    let first = !to.facts.has(Facts::ACKED);
    let new = if first { 1 } else { ack.past(to.acked) };
    if new < 0 {
        by.trail().sent().old_acks += 1;
        verdicts.push(Verdict::certain(What::OldAck, Evidence::Numbers));
    }
    if new > 0 {
        to.facts.note(Facts::ACKED);
        reach(to, segment, verdicts);
    }
    let named = if segment.sacks.is_empty() { false } else { blocks(by, to, segment, verdicts) };
    let answers = answers(to, segment);
    if let Some((probe, of)) = answers {
        let what = match probe {
            Probe::KeepAlive => What::KeepAliveAck,
            Probe::Window => What::WindowProbeAck,
        };
        verdicts.push(Verdict::certain(what, Evidence::Numbers).of(of));
    } else if new == 0 {
        stand_still(by, to, segment, named, verdicts);
    }
    if new >= 0 {
        window::offer(by, to, segment, new > 0, named, verdicts);
        by.window = segment.window;
        by.facts.note(Facts::WINDOW);
    }
    if new > 0 || named {
        to.weigh(segment.mark.time);
    }
}

/// A RST that acknowledges a SYN or data ends a round trip as well: a refusal is an answer.
pub(super) fn hear_reset(by: &Half, to: &mut Half, segment: &Segment, verdicts: &mut Verdicts) {
    let is_told = !by.facts.has(Facts::BEGUN) || segment.seq == by.next;
    if is_told
        && let Some(trail) = &mut to.trail
        && let Ended::Sample(sample) = trail.rtt.acked(segment.ack, segment.mark)
    {
        verdicts.acknowledges(sample);
    }
}

/// The probe that a segment answers.
fn answers(to: &mut Half, segment: &Segment) -> Option<(Probe, u64)> {
    let probing = to.trail.as_mut()?.probing.take()?;
    let is_answer = segment.len == 0 && segment.is_plain() && segment.ack.past(to.next) >= 0;
    is_answer.then_some(probing)
}

/// Something new is acknowledged.
pub(super) fn reach(to: &mut Half, segment: &Segment, verdicts: &mut Verdicts) {
    let ack = segment.ack;
    to.acked = ack;
    let mut missed: u32 = 0;
    let mut is_probe = false;
    if let Some(trail) = &mut to.trail {
        (trail.duplicate_acks, trail.timers) = (0, 0);
        if trail.recovery.is_some_and(|recovery| ack.past(recovery.until) >= 0) {
            trail.recovery = None;
        }
        let ended = trail.rtt.acked(ack, segment.mark);
        if trail.probed.take() == Some(ack) && ack.past(to.next) == 1 {
            is_probe = true;
        }
        match ended {
            Ended::Sample(sample) => verdicts.acknowledges(sample),
            Ended::Edge => {}
            Ended::Inside => {
                verdicts.push(Verdict::certain(What::PartialAck, Evidence::Numbers));
            }
        }
        if let Some(trouble) = &mut trail.trouble {
            missed = trouble.holes.close_below(ack);
            trouble.scoreboard.forget_below(ack);
        }
    }
    if is_probe {
        to.reach(ack);
    }
    let unseen = ack.past(to.next);
    if unseen > 0 && to.facts.has(Facts::BEGUN) {
        missed = missed.saturating_add(unseen.cast_unsigned());
        to.reach(ack);
        to.trail().rtt.forget();
    }
    if missed > 0 {
        to.trail().sent().missed_octets += u64::from(missed);
        verdicts.push(Verdict::certain(What::AckUnseen { octets: missed }, Evidence::Numbers));
    }
}

/// Reads the SACK blocks; says whether they name something new.
fn blocks(by: &mut Half, to: &mut Half, segment: &Segment, verdicts: &mut Verdicts) -> bool {
    let Some(&(left, right)) = segment.sacks.first() else { return false };
    // RFC 2883 §4: the first block lies below the ACK or within the second, when octets came twice.
    let within = |second: &(Seq, Seq)| second.0.past(left) <= 0 && second.1.past(right) >= 0;
    let twice = right.past(segment.ack) <= 0 || segment.sacks.get(1).is_some_and(within);
    if twice {
        by.trail().sent().duplicate_sacks += 1;
        let octets = u32::try_from(right.past(left)).unwrap_or(0);
        let of = to.trail().came_twice(left, right);
        let what = What::DuplicateSack { octets };
        verdicts.push(Verdict::certain(what, Evidence::Sack).of(of.unwrap_or(0)));
    }
    let (acked, next, begun) = (to.acked, to.next, to.facts.has(Facts::BEGUN));
    let mut named = false;
    for &(left, right) in segment.sacks.iter().skip(usize::from(twice)) {
        // What lies below the ACK, or was never sent, is no news.
        if left.past(acked) >= 0 && (right.past(next) <= 0 || !begun) {
            named |= to.trail().trouble().scoreboard.add(left, right);
        }
    }
    named
}

/// The ACK says again what the one before it said.
fn stand_still(
    by: &mut Half,
    to: &mut Half,
    segment: &Segment,
    named: bool,
    verdicts: &mut Verdicts,
) {
    let in_flight = to.facts.has(Facts::BEGUN) && to.next != to.acked;
    if segment.len > 0 || !segment.is_plain() || !in_flight {
        return;
    }
    let same_window = by.facts.has(Facts::WINDOW) && by.window == segment.window;
    if !same_window && !named {
        return;
    }
    let trail = to.trail();
    trail.duplicate_acks = trail.duplicate_acks.saturating_add(1);
    let count = trail.duplicate_acks;
    let sent = by.trail().sent();
    sent.duplicate_acks += 1;
    sent.sack_duplicate_acks += u64::from(named);
    sent.longest_duplicate_run = sent.longest_duplicate_run.max(count);
    let evidence = if named { Evidence::Sack } else { Evidence::Numbers };
    verdicts.push(Verdict::certain(What::DuplicateAck { count }, evidence));
}

impl Half {
    /// Counts what is on its way.
    pub(super) fn weigh(&mut self, time: Timestamp) {
        if !self.facts.has(Facts::BEGUN) || !self.facts.has(Facts::ACKED) {
            return;
        }
        let sent = u32::try_from(self.next.past(self.acked)).unwrap_or(0);
        let trail = self.trail();
        let named = trail.trouble.as_ref().map_or(0, |trouble| trouble.scoreboard.octets());
        trail.flight.becomes(sent.saturating_sub(named), time);
    }
}

impl Trail {
    /// The peer had these octets already: sending them again was not needed. Gives the packet.
    fn came_twice(&mut self, left: Seq, right: Seq) -> Option<u64> {
        let again = &mut self.trouble.as_mut()?.again;
        let covered = |again: &Again| left.past(again.left) <= 0 && right.past(again.right) >= 0;
        let found = again.iter().position(covered)?;
        let again = again.remove(found);
        let sent = self.sent();
        sent.spurious += 1;
        sent.spurious_octets += u64::from(again.right.past(again.left).cast_unsigned());
        let lost = match again.lost {
            Lost::BeforeCapture => &mut sent.lost_before,
            Lost::AfterCapture => &mut sent.lost_after,
        };
        *lost = lost.saturating_sub(1);
        Some(again.packet)
    }
}
