//! What came, or went, and was not seen, because our own capture lost it?
//!
//! Octets that were read came, captured or not. The kernel stamps when they were there, and counts what came out
//! of order: whether the network lost anything before is its word, not the capture's.

use std::ops::Range;

use super::stamped::closed;
use super::{Share, acknowledged};
use crate::tale::fetch::course::{Arrived, Course, Flight, Sent, Way};
use crate::tale::fetch::phase::Edge;
use crate::tale::fetch::socket::Socket;
use crate::tale::fetch::talk::Talk;
use crate::timeline::{Stage, Timestamp};

/// Puts into a course that packets tell what they do not.
pub(super) fn fill(socket: &Socket, talk: &Talk, share: &Share, course: &mut Course) {
    let last = socket.reads.last().map_or(0, |read| read.octets.end);
    let came = came(socket, talk, share.answer.start..share.answer.end.min(last));
    course.unseen = came.iter().map(|it| it.octets.end - it.octets.start).sum();
    if course.unseen > 0 {
        course.closed.extend(closed(socket));
    }
    course.answer.extend(came);
    course.answer.sort_by_key(|it| (it.edge.time, it.octets.start));
    let went_out = went(socket, talk, share.request.clone());
    for (nth, (at, last)) in went_out.iter().enumerate() {
        let before = went_out[..nth].iter().find(|before| before.1 == *last);
        let before = before.map(|(at, _)| Edge::at(*at));
        course.request.push(Sent { edge: Edge::at(*at), before });
    }
    course.request.sort_by_key(|it| it.edge.time);
    if !course.flights.is_empty() {
        let until = course.secured.unwrap_or(course.ended);
        let [request, answer] = [&share.request, &share.answer].map(|share| share.start);
        // Before there is a request all is of the handshake.
        let end = |start| if share.request.is_empty() { u64::MAX } else { start };
        let came = self::came(socket, talk, 0..end(answer).min(last)).into_iter();
        let came = came.map(|it| Flight { edge: it.edge, way: Way::In });
        let went = went(socket, talk, 0..end(request)).into_iter();
        let went = went.map(|(at, _)| Flight { edge: Edge::at(at), way: Way::Out });
        course.flights.extend(came.chain(went).filter(|it| it.edge.time <= until));
        course.flights.sort_by_key(|it| it.edge.time);
    }
    let stamped = acknowledged(socket, share, course);
    let known = course.acknowledged.map(|it| it.edge.time.before(super::SAME));
    if let Some(stamped) = stamped.filter(|it| known.is_none_or(|known| it.edge.time < known)) {
        course.acknowledged = Some(stamped);
    }
}

/// What was read of these octets without having been captured.
fn came(socket: &Socket, talk: &Talk, range: Range<u64>) -> Vec<Arrived> {
    let mut came = Vec::new();
    for gap in talk.gaps(false, range) {
        let first = socket.reads.partition_point(|read| read.octets.end <= gap.octets.start);
        let reads = socket.reads[first..].iter();
        for read in reads.take_while(|read| read.octets.start < gap.octets.end) {
            let there = read.arrived.unwrap_or(read.left);
            let was_missing = read.between.is_some_and(|between| between.missing);
            // What was not missing came before what lies behind it.
            let by = gap.beyond.filter(|_| !was_missing).map_or(there, |beyond| beyond.min(there));
            let octets =
                read.octets.start.max(gap.octets.start)..read.octets.end.min(gap.octets.end);
            came.push(Arrived { edge: Edge::at(by), octets, again: was_missing });
        }
    }
    came
}

/// When octets of these were sent without having been captured, by the last octet of each segment.
fn went(socket: &Socket, talk: &Talk, range: Range<u64>) -> Vec<(Timestamp, u64)> {
    let gaps = talk.gaps(true, range);
    let sent = socket.stamps.iter().filter(|stamp| stamp.stage == Stage::Sent);
    let sent = sent.map(|stamp| (stamp.time, u64::from(stamp.last)));
    sent.filter(|(_, last)| gaps.iter().any(|gap| gap.octets.contains(last))).collect()
}
