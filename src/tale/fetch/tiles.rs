//! How is the time of a transfer cut up, so that every nanosecond is in exactly one piece?
//!
//! What is laid later lies above what was laid before, as far as it reaches into the time that is cut up.

use std::time::Duration;

use super::phase::{Basis, Edge, Phase, Span};
use crate::timeline::Timestamp;

/// Spans that tile a time without gaps and without overlaps, in their order.
#[derive(Clone, Debug)]
pub(super) struct Tiles {
    spans: Vec<Span>,
}

impl Tiles {
    /// All of it one thing. An end before the beginning is taken for the beginning.
    pub(super) fn new(from: Timestamp, to: Timestamp, phase: Phase) -> Self {
        let (from, to) = (Edge::at(from), Edge::at(to.max(from)));
        Self { spans: vec![Span { from, to, phase, basis: Basis::Observed }] }
    }

    pub(super) fn began(&self) -> Timestamp {
        self.spans.first().map_or(Timestamp(0), |span| span.from.time)
    }

    pub(super) fn ended(&self) -> Timestamp {
        self.spans.last().map_or(Timestamp(0), |span| span.to.time)
    }

    /// Lays a span; nothing is laid where it ends before it begins.
    pub(super) fn lay(&mut self, from: Edge, to: Edge, phase: Phase) {
        self.lay_as(from, to, phase, Basis::Observed);
    }

    pub(super) fn infer(&mut self, from: Edge, to: Edge, phase: Phase) {
        self.lay_as(from, to, phase, Basis::Inferred);
    }

    pub(super) fn lay_as(&mut self, from: Edge, to: Edge, phase: Phase, basis: Basis) {
        self.lay_row(&[Span { from, to, phase, basis }]);
    }

    /// Lays spans of which each begins where the one before ends; one that goes back in time takes none.
    pub(super) fn lay_row(&mut self, row: &[Span]) {
        let Some(first) = row.first() else { return };
        let from = self.within(first.from);
        let mut to = from;
        let mut new = Vec::with_capacity(row.len());
        for span in row {
            let end = self.within(span.to);
            if end.time > to.time {
                new.push(Span { from: to, to: end, ..*span });
                to = end;
            }
        }
        if new.is_empty() {
            return;
        }
        let mut laid = Vec::with_capacity(self.spans.len() + row.len() + 1);
        laid.extend(self.spans.iter().filter(|old| old.from.time < from.time).map(|old| {
            let end = if old.to.time <= from.time { old.to } else { from };
            Span { to: end, ..*old }
        }));
        laid.extend(new);
        laid.extend(self.spans.iter().filter(|old| old.to.time > to.time).map(|old| {
            let begin = if old.from.time >= to.time { old.from } else { to };
            Span { from: begin, ..*old }
        }));
        self.spans = laid;
    }

    /// An edge, moved into the time that is cut up; then no packet proves it.
    fn within(&self, edge: Edge) -> Edge {
        let time = edge.time.clamp(self.began(), self.ended());
        if time == edge.time { edge } else { Edge::at(time) }
    }

    /// Neighbours of one kind become one; what takes no time is left out.
    pub(super) fn end(self) -> Vec<Span> {
        let mut joined: Vec<Span> = Vec::with_capacity(self.spans.len());
        for span in self.spans.into_iter().filter(|span| span.from.time < span.to.time) {
            match joined.last_mut() {
                Some(last) if (last.phase, last.basis) == (span.phase, span.basis) => {
                    last.to = span.to;
                }
                _ => joined.push(span),
            }
        }
        joined
    }
}

/// How much each phase took, in the order of a fetch; those that did not occur are left out.
pub fn sums(spans: &[Span]) -> Vec<(Phase, Duration)> {
    let sum = |phase| spans.iter().filter(|span| span.phase == phase).map(Span::took).sum();
    let all = Phase::ALL.into_iter().map(|phase| (phase, sum(phase)));
    all.filter(|(_, took): &(Phase, Duration)| !took.is_zero()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(time: u64) -> Edge {
        Edge::at(Timestamp(time))
    }

    fn tiled(tiles: Tiles) -> Vec<(u64, u64, Phase)> {
        let spans = tiles.end();
        spans.iter().map(|span| (span.from.time.0, span.to.time.0, span.phase)).collect()
    }

    #[test]
    fn what_is_laid_later_lies_above() {
        let mut tiles = Tiles::new(Timestamp(10), Timestamp(100), Phase::Local);
        tiles.lay(at(20), at(60), Phase::TcpLost);
        tiles.lay(at(40), at(50), Phase::TcpWire);
        tiles.lay(at(55), at(300), Phase::Server);
        tiles.lay(at(90), at(90), Phase::Arp);
        tiles.lay(at(95), at(92), Phase::Arp);
        assert_eq!(
            tiled(tiles),
            [
                (10, 20, Phase::Local),
                (20, 40, Phase::TcpLost),
                (40, 50, Phase::TcpWire),
                (50, 55, Phase::TcpLost),
                (55, 100, Phase::Server),
            ]
        );
    }

    #[test]
    fn an_edge_keeps_its_packet_only_where_it_lies_within() {
        let mut tiles = Tiles::new(Timestamp(10), Timestamp(100), Phase::Local);
        let packet = |time, number| Edge { time: Timestamp(time), packet: Some(number) };
        tiles.lay(packet(5, 1), packet(30, 2), Phase::DnsWire);
        let spans = tiles.end();
        assert_eq!((spans[0].from, spans[0].to), (at(10), packet(30, 2)));
        assert_eq!(spans[1].from, packet(30, 2));
    }

    #[test]
    fn no_time_at_all_has_no_pieces() {
        assert_eq!(tiled(Tiles::new(Timestamp(7), Timestamp(3), Phase::Local)), []);
    }

    proptest! {
        #[test]
        fn tiles_have_no_gaps_and_no_overlaps(
            from in 0_u64..1000,
            len in 0_u64..1000,
            laid in prop::collection::vec((0_u64..2500, 0_u64..2500, 0_usize..Phase::ALL.len()), 0..40),
        ) {
            let mut tiles = Tiles::new(Timestamp(from), Timestamp(from + len), Phase::Local);
            // What each nanosecond must be: the last that covers it.
            let mut expected = vec![Phase::Local; len as usize];
            for (a, b, phase) in laid {
                let phase = Phase::ALL[phase];
                tiles.lay(at(a), at(b), phase);
                for time in a.max(from)..b.min(from + len) {
                    expected[(time - from) as usize] = phase;
                }
            }
            let spans = tiles.end();
            let mut next = from;
            for span in &spans {
                prop_assert_eq!(span.from.time.0, next);
                prop_assert!(span.to.time > span.from.time);
                for time in span.from.time.0..span.to.time.0 {
                    prop_assert_eq!(expected[(time - from) as usize], span.phase);
                }
                next = span.to.time.0;
            }
            prop_assert_eq!(next, from + len);
            let total: Duration = sums(&spans).iter().map(|(_, took)| *took).sum();
            prop_assert_eq!(total, Duration::from_nanos(len));
        }
    }
}
