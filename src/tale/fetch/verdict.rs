//! Who spent the time that need not have been spent?
//!
//! Each phase has a floor, below which nobody could have come: round trips that are needed, octets at the best
//! rate seen. What lies above is excess, and the phase with the largest excess decides.

use std::fmt::Write;
use std::time::Duration;

use super::course::{Arrived, Course, Way};
use super::phase::{Basis, Phase, Span};
use super::tiles::sums;
use crate::tale::Party;

/// Excess below this, or below a fifth of the whole, is nobody's fault.
const WORTH: Duration = Duration::from_millis(20);

/// Which part of the time went by with what, and whose that is.
#[derive(Clone, Debug)]
pub struct Verdict {
    pub total: Duration,
    /// The one that stands out; `None` when none does.
    pub culprit: Option<Culprit>,
    /// One sentence.
    pub sentence: String,
}

#[derive(Clone, Debug)]
pub struct Culprit {
    pub party: Party,
    pub phase: Phase,
    pub took: Duration,
    /// What lies above the floor.
    pub excess: Duration,
    /// What it took of the total, rounded.
    pub percent: u8,
    pub basis: Basis,
    /// Packets at the edges of its longest span.
    pub packets: Vec<u64>,
}

/// Judges spans that tile a time.
pub fn judge(spans: &[Span], floor: impl Fn(Phase, Duration) -> Duration) -> Verdict {
    let sums = sums(spans);
    let total: Duration = sums.iter().map(|(_, took)| *took).sum();
    let excess = |(phase, took): &(Phase, Duration)| took.saturating_sub(floor(*phase, *took));
    // Of equals the earlier one.
    let worst = sums.iter().rev().max_by_key(|sum| excess(sum));
    let culprit = worst.and_then(|sum| {
        let (phase, took) = *sum;
        let excess = excess(sum);
        let stands_out = excess >= WORTH && excess * 5 >= total;
        stands_out.then(|| culprit(spans, (phase, took), excess, total))
    });
    let sentence = sentence(culprit.as_ref(), total);
    Verdict { total, culprit, sentence }
}

fn culprit(
    spans: &[Span],
    (phase, took): (Phase, Duration),
    excess: Duration,
    total: Duration,
) -> Culprit {
    let own = || spans.iter().filter(|span| span.phase == phase);
    let longest = own().max_by_key(|span| span.took());
    let packets = longest.map_or(Vec::new(), |span| {
        let mut packets: Vec<u64> =
            [span.from.packet, span.to.packet].into_iter().flatten().collect();
        packets.dedup();
        packets
    });
    let basis = own().map(|span| span.basis).max().unwrap_or(Basis::Observed);
    let percent = (200 * took.as_nanos() / total.as_nanos().max(1)).div_ceil(2);
    let percent = u8::try_from(percent).unwrap_or(100).min(100);
    Culprit { party: phase.party(), phase, took, excess, percent, basis, packets }
}

fn sentence(culprit: Option<&Culprit>, total: Duration) -> String {
    let Some(culprit) = culprit else {
        return format!("nothing stands out in {}", milliseconds(total));
    };
    let (party, phase) = (culprit.party, culprit.phase);
    let mut said = format!("{party}: {} of {}", milliseconds(culprit.took), milliseconds(total));
    _ = write!(said, " ({} %) went by with {}", culprit.percent, doing(phase));
    match culprit.packets.as_slice() {
        [one] => _ = write!(said, " (packet {one})"),
        [from, to] => _ = write!(said, " (longest between packets {from} and {to})"),
        _ => {}
    }
    if culprit.basis == Basis::Inferred {
        said.push_str(", inferred");
    }
    said
}

/// What the time went by with, where the party's name stands before it already.
fn doing(phase: Phase) -> &'static str {
    match phase {
        Phase::Server | Phase::Waiting => "the request there and nothing of the answer here",
        Phase::Local => "nothing on the wire to wait for",
        Phase::SenderGap => "pauses of the sender, with room for more here",
        other => other.words(),
    }
}

/// As people read it: more digits where there is less.
pub(super) fn milliseconds(span: Duration) -> String {
    let millis = span.as_secs_f64() * 1000.0;
    match millis {
        ..10.0 => format!("{millis:.2} ms"),
        ..1000.0 => format!("{millis:.0} ms"),
        _ => format!("{:.2} s", millis / 1000.0),
    }
}

/// What could not have been less, by what is known of a transfer.
pub(super) fn floor(course: &Course, phase: Phase, took: Duration) -> Duration {
    let round_trip = course.shortest.unwrap_or_default();
    match phase {
        Phase::DnsWire => {
            // A resolver can be as near as the server; if it is nearer, that shows.
            let shortest = course.questions.iter().filter_map(|question| {
                question.answered.map(|answered| answered.time.since(question.asked.time))
            });
            shortest.min().unwrap_or_default().min(round_trip)
        }
        // Of TLS at least one, and ours is the last word (RFC 8446 §2).
        Phase::TcpWire | Phase::Tcp | Phase::PathOut | Phase::Waiting | Phase::Tls => round_trip,
        Phase::TlsWire => round_trip * round_trips(course),
        Phase::Line | Phase::Transfer => line(course).min(took),
        // It was asked for.
        Phase::Hops => took,
        _ => Duration::ZERO,
    }
}

/// How often something of theirs followed something of ours.
fn round_trips(course: &Course) -> u32 {
    let turns =
        course.flights.windows(2).filter(|two| (two[0].way, two[1].way) == (Way::Out, Way::In));
    u32::try_from(turns.count()).unwrap_or(u32::MAX)
}

/// Segments that the best rate is taken over: one alone may have come in a lump.
const RUN: usize = 16;

/// The octets of the answer at the best rate it came at.
fn line(course: &Course) -> Duration {
    let answer = &course.answer;
    let octets = |of: &[Arrived]| -> u64 {
        of.iter().skip(1).map(|it| it.octets.end.saturating_sub(it.octets.start)).sum()
    };
    let took = |of: &[Arrived]| match of {
        [first, .., last] => last.edge.time.since(first.edge.time),
        _ => Duration::ZERO,
    };
    // Of two runs the better one needs fewer nanoseconds for its octets.
    let pace = |run: &[Arrived]| (took(run).as_nanos(), u128::from(octets(run).max(1)));
    let best = answer
        .windows(RUN)
        .map(pace)
        .filter(|(took, _)| *took > 0)
        .min_by(|one, other| (one.0 * other.1).cmp(&(other.0 * one.1)));
    let Some((nanos, of)) = best else { return took(answer) };
    let all = u128::from(octets(answer)) * nanos / of;
    Duration::from_nanos(u64::try_from(all).unwrap_or(u64::MAX))
}
