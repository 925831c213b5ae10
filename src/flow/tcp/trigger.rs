//! What made the sender send again?
//!
//! From its silence before, from what its receiver had said, and from what it sent again: the first
//! segment not acknowledged, or the last one sent. Exact beside the sender; beside the receiver as good
//! as the path allows.

use super::half::{Facts, Half, Recovery, Repair};
use super::segment::Segment;
use super::verdict::Trigger;
use crate::wire::tcp::Flags;

/// Finds the trigger of a segment sent again, and notes the recovery that it begins.
pub(super) fn find(half: &mut Half, segment: &Segment) -> Trigger {
    let is_head = half.facts.has(Facts::ACKED) && half.acked == segment.seq;
    let is_last = segment.end() == half.next;
    let (acked, next) = (half.acked, half.next);
    let trail = half.trail();
    let silence = segment.mark.time.since(trail.pace.sent_at);
    let is_silent = silence >= trail.rtt.timeout().mul_f64(0.85);
    let recovery = trail.recovery.filter(|recovery| acked.past(recovery.until) < 0);
    let repairs = |by| recovery.is_some_and(|recovery| recovery.by == by);
    // RFC 8985 §5: what was sent before something that arrived is lost too, wherever it stands.
    let named = trail.trouble.as_ref().is_some_and(|trouble| trouble.scoreboard.octets() > 0);
    let first_timer = trail.timers == 0;
    let long_for_a_probe = trail.rtt.smoothed().is_some_and(|rtt| silence >= rtt.mul_f64(1.2));
    let trigger = if segment.has(Flags::SYN) {
        Trigger::Timeout
    } else if repairs(Repair::Timeout) && !is_silent {
        Trigger::Recovery
    } else if is_head && is_silent && !(is_last && first_timer && trail.rtt.smoothed().is_some()) {
        Trigger::Timeout
    } else if (named || trail.duplicate_acks >= 2 || repairs(Repair::Fast)) && !is_silent {
        Trigger::Fast
    } else if is_last && first_timer && long_for_a_probe {
        if is_head && is_silent { Trigger::TailProbeOrTimeout } else { Trigger::TailProbe }
    } else if is_silent {
        Trigger::Timeout
    } else {
        Trigger::Unknown
    };
    if matches!(trigger, Trigger::Timeout | Trigger::TailProbe | Trigger::TailProbeOrTimeout) {
        trail.timers += 1;
    }
    let by = match trigger {
        Trigger::Timeout => Some(Repair::Timeout),
        Trigger::Fast if recovery.is_none() => Some(Repair::Fast),
        _ => None,
    };
    if let Some(by) = by {
        trail.recovery = Some(Recovery { until: next, by });
        match by {
            Repair::Fast => trail.sent().fast_recoveries += 1,
            Repair::Timeout => trail.sent().timeout_recoveries += 1,
        }
    }
    trigger
}
