//! What did the answer wait for, once it had begun to come?

use std::time::Duration;

use super::span;
use crate::tale::fetch::course::{Arrived, Course, Witness};
use crate::tale::fetch::phase::{Basis, Edge, Phase, Span};
use crate::tale::fetch::tiles::Tiles;
use crate::timeline::Timestamp;

/// Shorter pauses of a sender are nobody's decision: schedulers, cards that gather interrupts.
const NO_PAUSE: Duration = Duration::from_millis(1);

/// Without packets the arrival of what a read returned last is all there is: shorter pauses say nothing.
const COARSE_PAUSE: Duration = Duration::from_millis(20);

/// From the first octet of the answer to the last. What comes after it is this computer's.
pub(super) fn receive(course: &Course, tiles: &mut Tiles) {
    let Some(first) = course.answer.first() else {
        if let Some(answering) = course.answering {
            tiles.infer(Edge::at(answering), Edge::at(course.ended), Phase::Transfer);
        }
        return;
    };
    let last = course.answer.last().map_or(first.edge, |last| last.edge);
    let row = match course.witness {
        Witness::Packets => by_packets(course),
        Witness::Stamps | Witness::Calls => by_stamps(course),
    };
    tiles.lay_row(&row);
    if let Some(over) = course.over {
        let is_shut = is_closed(course, last.time, over.time);
        tiles.lay(last, over, if is_shut { Phase::ClosedWindow } else { Phase::SenderGap });
    }
    // The answer is not whole, and nothing more came: this is what was waited for.
    if let Some(hole) = hole_at_end(course) {
        tiles.lay(hole, Edge::at(course.ended), Phase::Loss);
    }
}

/// Since when octets are missing that were never seen, if some are at the end.
fn hole_at_end(course: &Course) -> Option<Edge> {
    let mut holes = Holes::default();
    course.answer.iter().for_each(|arrived| holes.take(arrived));
    holes.open
}

fn by_packets(course: &Course) -> Vec<Span> {
    let mut row: Vec<Span> = Vec::new();
    let mut holes = Holes::default();
    for (before, arrived) in course.answer.iter().zip(&course.answer[1..]) {
        holes.take(before);
        let (from, to) = (before.edge, arrived.edge);
        let phase = if holes.open.is_some() || arrived.again {
            Phase::Loss
        } else if is_closed(course, from.time, to.time) {
            Phase::ClosedWindow
        } else {
            pause(to.time.since(from.time), course.shortest)
        };
        match row.last_mut() {
            Some(last) if last.phase == phase => last.to = to,
            _ => row.push(span(from, to, phase, Basis::Observed)),
        }
    }
    row
}

/// Whether we had said for most of the time that there was no room.
fn is_closed(course: &Course, from: Timestamp, to: Timestamp) -> bool {
    let whole = to.since(from);
    let closed = course.closed.iter().map(|(shut, opened)| {
        let opened = opened.map_or(course.ended, |opened| opened.time);
        opened.min(to).since(shut.time.max(from))
    });
    whole >= NO_PAUSE && 2 * closed.sum::<Duration>() > whole
}

/// What a pause between two segments that follow each other is.
fn pause(took: Duration, round_trip: Option<Duration>) -> Phase {
    let Some(round_trip) = round_trip else {
        return if took > COARSE_PAUSE { Phase::SenderGap } else { Phase::Line };
    };
    // A quarter more than the shortest round trip is still a round trip.
    if took > NO_PAUSE.max(round_trip + round_trip / 4) {
        Phase::SenderGap
    } else if took > NO_PAUSE && took > round_trip / 2 {
        Phase::Rounds
    } else {
        Phase::Line
    }
}

fn by_stamps(course: &Course) -> Vec<Span> {
    let mut row: Vec<Span> = Vec::new();
    for (before, arrived) in course.answer.iter().zip(&course.answer[1..]) {
        let (from, to) = (before.edge, arrived.edge);
        let took = to.time.since(from.time);
        let long =
            course.shortest.map_or(COARSE_PAUSE, |shortest| COARSE_PAUSE.max(shortest * 5 / 4));
        let phase = match (took > long, course.disordered) {
            (true, true) => Phase::Loss,
            (true, false) => Phase::SenderGap,
            (false, _) => Phase::Transfer,
        };
        match row.last_mut() {
            Some(last) if last.phase == phase => last.to = to,
            _ => row.push(span(from, to, phase, Basis::Inferred)),
        }
    }
    row
}

/// What of the stream is missing, with more seen behind it.
#[derive(Default)]
struct Holes {
    /// Up to here all came.
    next: Option<u64>,
    /// Beyond that, in order.
    beyond: Vec<(u64, u64)>,
    /// Since when something is missing.
    open: Option<Edge>,
}

/// Pieces behind a hole that are kept apart; with more, the hole is taken as one.
const MOST: usize = 256;

impl Holes {
    fn take(&mut self, arrived: &Arrived) {
        let (start, end) = (arrived.octets.start, arrived.octets.end);
        let next = *self.next.get_or_insert(start);
        if start > next {
            let at = self.beyond.partition_point(|piece| piece.0 < start);
            if self.beyond.len() < MOST {
                self.beyond.insert(at, (start, end));
            } else if let Some(last) = self.beyond.last_mut() {
                last.1 = last.1.max(end);
            }
            self.open.get_or_insert(arrived.edge);
            return;
        }
        let mut next = next.max(end);
        let joined = self.beyond.iter().take_while(|piece| {
            let joins = piece.0 <= next;
            next = if joins { next.max(piece.1) } else { next };
            joins
        });
        let joined = joined.count();
        self.beyond.drain(..joined);
        self.next = Some(next);
        if self.beyond.is_empty() {
            self.open = None;
        }
    }
}
