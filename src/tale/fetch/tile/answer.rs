//! What did the answer wait for, once it had begun to come?

use std::time::Duration;

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
        if let Some(missing) = course.missing {
            tiles.infer(missing, Edge::at(course.ended), Phase::Loss);
        } else if let Some(answering) = course.answering {
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
    if let Some(missing) = course.missing.filter(|missing| missing.time >= last.time) {
        tiles.infer(missing, Edge::at(course.ended), Phase::Loss);
    }
    // The answer is not whole, and nothing more came: this is what was waited for.
    if let Some(hole) = hole_at_end(course) {
        tiles.lay(hole, Edge::at(course.ended), Phase::Loss);
    }
}

/// Since when octets are missing that were never seen, if some are at the end.
fn hole_at_end(course: &Course) -> Option<Edge> {
    let mut holes = Holes::of(course);
    course.answer.iter().for_each(|arrived| holes.take(arrived));
    // What the kernel has was not lost, whatever the capture saw of it.
    let has = |received| holes.next.is_some_and(|next| received > next);
    holes.open.filter(|_| !course.received.is_some_and(has))
}

fn by_packets(course: &Course) -> Vec<Span> {
    let mut row = Row::default();
    let mut holes = Holes::of(course);
    for (before, arrived) in course.answer.iter().zip(course.answer.iter().skip(1)) {
        holes.take(before);
        let (from, to) = (before.edge, arrived.edge);
        if holes.open.is_some() || arrived.again {
            row.push(from, to, Phase::Loss, Basis::Observed);
        } else if is_closed(course, from.time, to.time) {
            row.push(from, to, Phase::ClosedWindow, Basis::Observed);
        } else {
            row.pause(from, to, course.shortest);
        }
    }
    row.0
}

/// Spans of which each begins where the one before ends; neighbours of one kind are one.
#[derive(Default)]
struct Row(Vec<Span>);

impl Row {
    fn push(&mut self, from: Edge, to: Edge, phase: Phase, basis: Basis) {
        match self.0.last_mut() {
            Some(last) if (last.phase, last.basis) == (phase, basis) => last.to = to,
            _ => self.0.push(Span { from, to, phase, basis }),
        }
    }

    /// What is between two segments that follow each other.
    fn pause(&mut self, from: Edge, to: Edge, round_trip: Option<Duration>) {
        let took = to.time.since(from.time);
        let Some(round_trip) = round_trip else {
            let phase = if took > COARSE_PAUSE { Phase::SenderGap } else { Phase::Line };
            return self.push(from, to, phase, Basis::Observed);
        };
        // A quarter more than the shortest round trip is still a round trip.
        if took > NO_PAUSE.max(round_trip + round_trip / 4) {
            // For the first round trip the sender may have waited for our acknowledgment.
            if round_trip >= NO_PAUSE {
                let acknowledged = Edge::at(from.time.after(round_trip));
                self.push(from, acknowledged, Phase::Rounds, Basis::Inferred);
                return self.push(acknowledged, to, Phase::SenderGap, Basis::Inferred);
            }
            self.push(from, to, Phase::SenderGap, Basis::Observed);
        } else if took > NO_PAUSE && took > round_trip / 2 {
            self.push(from, to, Phase::Rounds, Basis::Observed);
        } else {
            self.push(from, to, Phase::Line, Basis::Observed);
        }
    }
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

fn by_stamps(course: &Course) -> Vec<Span> {
    let mut row = Row::default();
    for (before, arrived) in course.answer.iter().zip(course.answer.iter().skip(1)) {
        let (from, to) = (before.edge, arrived.edge);
        let took = to.time.since(from.time);
        let round_trip = course.shortest.unwrap_or_default();
        if took <= COARSE_PAUSE.max(round_trip + round_trip / 4) {
            row.push(from, to, Phase::Transfer, Basis::Inferred);
            continue;
        }
        if is_closed(course, from.time, to.time) {
            row.push(from, to, Phase::ClosedWindow, Basis::Inferred);
            continue;
        }
        let acknowledged = Edge::at(from.time.after(round_trip));
        row.push(from, acknowledged, Phase::Transfer, Basis::Inferred);
        let phase = if arrived.again { Phase::Loss } else { Phase::SenderGap };
        row.push(acknowledged, to, phase, Basis::Inferred);
    }
    row.0
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
    /// What was read was there, seen or not.
    fn of(course: &Course) -> Self {
        Self { next: course.unread, ..Self::default() }
    }

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
