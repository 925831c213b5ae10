//! Why is this packet here?
//!
//! Answered from the packets before it. What the numbers say is observed; what only fits is inferred, and
//! says so.

use std::time::Duration;

use super::reason::{Reason, Why};
use super::trace::{Half, Past, Trace, Written};
use crate::flow::Mark;
use crate::flow::tcp::{Confidence, Trigger, What};
use crate::wire::tcp::{Flags, Seq};

/// Packets that are named one by one.
const NAMED: usize = 16;
/// Segments that one ACK covers, as far as they are told.
const COVERED: usize = 256;
/// How much later than at once a segment may be that an ACK let go; with long round trips a twelfth of them.
const SOON: Duration = Duration::from_millis(2);

/// Looks for what brought a segment about.
pub(super) fn of_segment(trace: &Trace, past: &Past) -> Vec<Reason> {
    let (Some(conversation), Some(written)) = (trace.conversation, trace.segment) else {
        return Vec::new();
    };
    let history = History { trace, written, traces: past.of(conversation).collect() };
    if let Some(copy) = trace.is(|what| matches!(what, What::Copy(_))) {
        return vec![Reason::observed(Why::Copy(copy.of))];
    }
    let mut reasons = Vec::new();
    history.sequence(&mut reasons);
    history.acknowledgment(&mut reasons);
    history.probe(&mut reasons);
    history.end(&mut reasons);
    if reasons.is_empty() {
        let last = history.traces.first().map(|last| last.mark);
        reasons.push(Reason::observed(last.map_or(Why::First, Why::Follows)));
    }
    reasons
}

/// A segment and those before it on its connection, the last first.
struct History<'h> {
    trace: &'h Trace,
    written: Written,
    traces: Vec<&'h Trace>,
}

impl<'h> History<'h> {
    fn own(&self) -> impl Iterator<Item = (&'h Trace, Written)> {
        let from = self.trace.from;
        self.of(move |trace| trace.from == from)
    }

    fn peer(&self) -> impl Iterator<Item = (&'h Trace, Written)> {
        let from = self.trace.from;
        self.of(move |trace| trace.from != from)
    }

    fn of(&self, wanted: impl Fn(&Trace) -> bool) -> impl Iterator<Item = (&'h Trace, Written)> {
        let traces = self.traces.iter().filter(move |trace| wanted(trace));
        traces.filter_map(|trace| Some((*trace, trace.segment?)))
    }

    fn before(&self) -> Option<[Half; 2]> {
        let standing = self.traces.first()?.standing?;
        Some([standing.half(self.trace.from), standing.half(self.trace.from.other())])
    }

    /// Why its octets, its SYN or its FIN come now.
    fn sequence(&self, reasons: &mut Vec<Reason>) {
        let written = self.written;
        let again = self.trace.is(|what| matches!(what, What::Resent { .. }));
        if let Some(verdict) = again
            && let What::Resent { trigger, .. } = verdict.what
        {
            reasons.push(self.again(
                trigger,
                verdict.is_spurious() == Some(true),
                verdict.of,
                verdict.confidence,
            ));
            return;
        }
        if written.flags.has(Flags::SYN) {
            let syn =
                self.peer().find(|(_, peer)| peer.flags.has(Flags::SYN) && peer.end == written.ack);
            reasons.push(Reason::observed(match syn {
                Some((syn, _)) if written.flags.has(Flags::ACK) => Why::AnswersSyn(syn.mark),
                _ if self.traces.is_empty() => Why::Opens,
                _ => return,
            }));
            return;
        }
        if let Some(late) = self.trace.is(|what| matches!(what, What::Reordered { .. })) {
            let inferred = (late.confidence != Confidence::Certain).then_some(late.confidence);
            reasons.push(Reason { why: Why::Late { before: late.of }, inferred });
        }
        if !written.takes_up() || self.trace.is(is_probe).is_some() {
            return;
        }
        let behind = self.own().find(|(_, own)| own.takes_up() && own.end == written.seq);
        if let Some((own, _)) = behind.filter(|(_, own)| own.len > 0) {
            let why = Why::GoesOn { after: own.mark, octets: written.len };
            reasons.push(Reason::observed(why));
        }
        self.let_go(reasons);
    }

    /// What let new octets go.
    fn let_go(&self, reasons: &mut Vec<Reason>) {
        let last = self.own().find(|(_, own)| own.takes_up());
        let since = last.map_or(0, |(own, _)| own.mark.packet);
        if let Some(allowed) = self.allowed().filter(|mark| mark.packet > since && since > 0) {
            reasons.push(Reason::observed(Why::Allowed(allowed)));
        }
        let heard = self.heard();
        // Without time stamps, whatever came last.
        let next = self.traces.first().filter(|last| last.from != self.trace.from);
        let clock = heard.map(|(first, _)| first).or(next.map(|last| last.mark));
        let is_news = |mark: &Mark| {
            mark.packet > since
                && last.is_some()
                && !self.is_late(*mark)
                && self.took_out_of_flight(*mark)
        };
        if let Some(mark) = clock.filter(is_news) {
            reasons.push(Reason::likely(Why::Clocked(mark)));
        } else if let Some(since) = self.idle().filter(|since| self.is_late(*since)) {
            reasons.push(Reason::likely(Why::Idle(since)));
        } else if let Some((first, last)) = heard
            && first == last
        {
            reasons.push(Reason::observed(Why::Heard(first)));
        }
    }

    /// Whether its sender could have sent it clearly earlier, had it waited only for that packet.
    fn is_late(&self, mark: Mark) -> bool {
        let [own, peer] = self.before().unwrap_or_default();
        let [there, back] = [own, peer].map(|half| half.smoothed.unwrap_or_default());
        // What a packet takes from here to the sender, and the answer back.
        let lag = self.trace.mark.time.since(mark.time).saturating_sub(back);
        lag > SOON.max((there + back) * 2 / 25)
    }

    /// Since when nothing of its sender was on its way.
    fn idle(&self) -> Option<Mark> {
        let is_idle = |trace: &&&Trace| {
            trace.standing.is_some_and(|it| it.half(self.trace.from).in_flight == Some(0))
        };
        self.traces.iter().take_while(is_idle).last().map(|trace| trace.mark)
    }

    /// The other side's packets whose time stamp it echoes.
    fn heard(&self) -> Option<(Mark, Mark)> {
        let echo = self.written.echo()?;
        let mut same =
            self.peer().filter(|(_, peer)| peer.stamps.is_some_and(|(value, _)| value == echo));
        let last = same.next()?.0.mark;
        Some((same.last().map_or(last, |(first, _)| first.mark), last))
    }

    /// Whether that packet acknowledged something that was on its way, and left more on its way.
    fn took_out_of_flight(&self, mark: Mark) -> bool {
        let Some(at) = self.traces.iter().position(|trace| trace.mark == mark) else {
            return false;
        };
        let flight = |at: usize| self.traces.get(at)?.standing?.half(self.trace.from).in_flight;
        flight(at + 1).zip(flight(at)).is_some_and(|(before, after)| before > after)
    }

    /// Since which packet of the other side its window has had room for this segment.
    fn allowed(&self) -> Option<Mark> {
        let room = |trace: &Trace| {
            let edge = trace.standing?.half(self.trace.from).edge?;
            Some(edge.past(self.written.end) >= 0)
        };
        let mut since = None;
        for trace in &self.traces {
            if room(trace) != Some(true) {
                // Where no edge was known, nobody knows since when.
                return since.filter(|_| room(trace) == Some(false));
            }
            if trace.from != self.trace.from {
                since = Some(trace.mark);
            }
        }
        None
    }

    fn again(
        &self,
        trigger: Trigger,
        is_spurious: bool,
        of: Option<u64>,
        confidence: Confidence,
    ) -> Reason {
        let known =
            |number| self.own().find(|(own, _)| own.mark.packet == number).map(|(own, _)| own.mark);
        let first = of.and_then(known);
        let asks = |(peer, segment): &(&Trace, Written)| {
            segment.ack == self.written.seq
                && first.is_none_or(|first| peer.mark.packet > first.packet)
                && peer.is(|what| matches!(what, What::DuplicateAck { .. })).is_some()
        };
        let mut asked_by: Vec<Mark> = Vec::new();
        if matches!(trigger, Trigger::Fast | Trigger::Unknown) {
            asked_by = self.peer().filter(asks).map(|(peer, _)| peer.mark).take(NAMED).collect();
            asked_by.reverse();
        }
        let after = self.own().find(|(_, own)| own.takes_up()).map(|(own, _)| own.mark);
        let inferred = (confidence != Confidence::Certain).then_some(confidence);
        Reason { why: Why::Again { first, trigger, is_spurious, asked_by, after }, inferred }
    }

    /// Why it acknowledges what it does.
    fn acknowledgment(&self, reasons: &mut Vec<Reason>) {
        let written = self.written;
        if !written.flags.has(Flags::ACK) || written.flags.has(Flags::RST) {
            return;
        }
        if let Some(again) = self.trace.is(|what| matches!(what, What::DuplicateAck { .. })) {
            let What::DuplicateAck { count } = again.what else { return };
            let same = self.own().take_while(|(_, own)| own.ack == written.ack).last();
            let because = self.peer().find(|(_, peer)| peer.takes_up());
            let because = because.map(|(peer, _)| peer.mark);
            let why = Why::Repeats { count, same: same.map(|(own, _)| own.mark), because };
            reasons.push(Reason::likely(why));
            return;
        }
        let [_, peer] = self.before().unwrap_or_default();
        let from = peer.acked;
        let is_new =
            |end: Seq| written.ack.past(end) >= 0 && from.is_none_or(|from| end.past(from) > 0);
        let segments: Vec<(Mark, Written)> = self
            .peer()
            .filter(|(_, peer)| peer.takes_up() && is_new(peer.end))
            .map(|(peer, segment)| (peer.mark, segment))
            .take(COVERED)
            .collect();
        if let [(syn, segment)] = segments[..]
            && segment.flags.has(Flags::SYN)
        {
            if !written.flags.has(Flags::SYN) {
                reasons.push(Reason::observed(Why::Completes(syn)));
            }
        } else if !segments.is_empty() {
            let octets = segments.iter().map(|(_, segment)| segment.len).sum();
            let has_fin = segments.iter().any(|(_, segment)| segment.flags.has(Flags::FIN));
            let mut segments: Vec<Mark> = segments.into_iter().map(|(mark, _)| mark).collect();
            segments.reverse();
            reasons.push(Reason::observed(Why::Acknowledges { segments, octets, has_fin }));
        }
    }

    fn probe(&self, reasons: &mut Vec<Reason>) {
        for verdict in &self.trace.verdicts {
            reasons.push(Reason::observed(match verdict.what {
                What::WindowProbe => {
                    let closed = self.peer().find(|(peer, _)| {
                        peer.is(|what| matches!(what, What::ZeroWindow)).is_some()
                    });
                    Why::Probes { closed: closed.map(|(peer, _)| peer.mark) }
                }
                What::KeepAlive => {
                    Why::KeepsAlive { quiet_since: self.traces.first().map(|last| last.mark) }
                }
                What::KeepAliveAck => Why::AnswersProbe { of: verdict.of, keep_alive: true },
                What::WindowProbeAck => Why::AnswersProbe { of: verdict.of, keep_alive: false },
                What::WindowReopened { after } => Why::Reopens { closed: verdict.of, after },
                _ => continue,
            }));
        }
    }

    /// What its FIN or its RST follows.
    fn end(&self, reasons: &mut Vec<Reason>) {
        if self.written.flags.has(Flags::RST) {
            let reset = self.trace.verdicts.iter().find_map(|verdict| match verdict.what {
                What::Reset(reset) => Some(reset),
                _ => None,
            });
            if let (Some(reset), Some((peer, _))) = (reset, self.peer().next()) {
                reasons.push(Reason::likely(Why::AfterPeer { of: peer.mark, reset }));
            }
        } else if self.written.flags.has(Flags::FIN)
            && let Some((fin, _)) = self.peer().find(|(_, peer)| peer.flags.has(Flags::FIN))
        {
            reasons.push(Reason::observed(Why::AfterFin(fin.mark)));
        }
    }
}

fn is_probe(what: What) -> bool {
    matches!(what, What::WindowProbe | What::KeepAlive)
}
