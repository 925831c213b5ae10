//! What was acknowledged, and how often?

use super::half::{Facts, Half};
use super::segment::Segment;
use super::verdict::{Evidence, Verdict, What};
use crate::wire::tcp::Seq;

/// Follows the ACK of a segment that is no copy: `by` sent it, about what `to` sent.
pub(super) fn hear(by: &mut Half, to: &mut Half, segment: &Segment, verdicts: &mut Vec<Verdict>) {
    let ack = segment.ack;
    if !to.facts.has(Facts::ACKED) {
        to.facts.note(Facts::ACKED);
        to.acked = ack;
        reach(by, to, segment, verdicts);
        return;
    }
    let new = ack.past(to.acked);
    if new > 0 {
        reach(by, to, segment, verdicts);
    } else if new < 0 {
        by.trail().sent.old_acks += 1;
        verdicts.push(Verdict::certain(What::OldAck, Evidence::Numbers));
    }
    let (dsack, named) = blocks(to, segment);
    if let Some(octets) = dsack {
        by.trail().sent.duplicate_sacks += 1;
        verdicts.push(Verdict::certain(What::DuplicateSack { octets }, Evidence::Sack));
    }
    if new == 0 {
        stand_still(by, to, segment, named, verdicts);
    }
}

/// Something new is acknowledged.
fn reach(by: &mut Half, to: &mut Half, segment: &Segment, verdicts: &mut Vec<Verdict>) {
    let ack = segment.ack;
    to.acked = ack;
    if let Some(trail) = &mut to.trail {
        (trail.duplicate_acks, trail.timers) = (0, 0);
        if trail.recovery.is_some_and(|recovery| ack.past(recovery.until) >= 0) {
            trail.recovery = None;
        }
        let ended = trail.rtt.acked(ack, segment.mark.time);
        if !ended.on_edge && to.facts.has(Facts::BEGUN) && ack.past(to.next) < 0 {
            verdicts.push(Verdict::certain(What::PartialAck, Evidence::Numbers));
        }
        if let Some(trouble) = &mut trail.trouble {
            let missed = trouble.holes.close_below(ack);
            trouble.scoreboard.forget_below(ack);
            trail.sent.missed_octets += u64::from(missed);
        }
    }
    let unseen = ack.past(to.next);
    if unseen > 0 && to.facts.has(Facts::BEGUN) {
        let octets = unseen.cast_unsigned();
        to.next = ack;
        let trail = to.trail();
        trail.sent.missed_octets += u64::from(octets);
        trail.rtt.forget();
        verdicts.push(Verdict::certain(What::AckUnseen { octets }, Evidence::Numbers));
    }
    let _ = by;
}

/// The SACK blocks: octets that came twice (RFC 2883 §4), and whether something new is named.
fn blocks(to: &mut Half, segment: &Segment) -> (Option<u32>, bool) {
    let Some((first, second)) = segment.sacks.first().map(|first| (*first, segment.sacks.get(1)))
    else {
        return (None, false);
    };
    let within =
        second.is_some_and(|second| second.0.past(first.0) <= 0 && second.1.past(first.1) >= 0);
    let twice = first.1.past(segment.ack) <= 0 || within;
    let octets = u32::try_from(first.1.past(first.0)).unwrap_or(0);
    let mut named = false;
    let (acked, next) = (to.acked, to.next);
    for (left, right) in segment.sacks.iter().skip(usize::from(twice)) {
        // What lies below the ACK or was never sent is no news.
        if left.past(acked) >= 0 && (right.past(next) <= 0 || !to.facts.has(Facts::BEGUN)) {
            named |= to.trail().trouble().scoreboard.add(*left, *right);
        }
    }
    (twice.then_some(octets), named)
}

/// The ACK says again what the one before it said.
fn stand_still(
    by: &mut Half,
    to: &mut Half,
    segment: &Segment,
    named: bool,
    verdicts: &mut Vec<Verdict>,
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
    let sent = &mut by.trail().sent;
    sent.duplicate_acks += 1;
    sent.sack_duplicate_acks += u64::from(named);
    sent.longest_duplicate_run = sent.longest_duplicate_run.max(count);
    let evidence = if named { Evidence::Sack } else { Evidence::Numbers };
    verdicts.push(Verdict::certain(What::DuplicateAck { count }, evidence));
}

/// The place that a window of so many octets reaches to.
pub(super) fn edge(ack: Seq, window: u32) -> Seq {
    ack.plus(window)
}
