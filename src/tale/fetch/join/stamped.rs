//! What can be told without packets, by the kernel's stamps of what it sent and what came?

use super::{Share, acknowledged, reached};
use crate::tale::fetch::course::{Arrived, Course, Flight, Sent, Way, Witness};
use crate::tale::fetch::leg::Leg;
use crate::tale::fetch::phase::Edge;
use crate::tale::fetch::socket::Socket;
use crate::timeline::Stage;

pub(super) fn by_stamps(leg: &Leg, socket: &Socket, share: &Share, course: &mut Course) {
    let arrivals = socket.reads.iter().any(|read| read.arrived.is_some());
    if !arrivals && socket.stamps.is_empty() {
        return;
    }
    course.witness = Witness::Stamps;
    if leg.is_secure && leg.reused.is_none() {
        course.flights = flights(socket, share, course);
    }
    let request = &share.request;
    let mut reached_so_far = None;
    for stamp in socket.stamps.iter().filter(|stamp| stamp.stage == Stage::Sent) {
        let last = u64::from(stamp.last);
        if !request.contains(&last) {
            continue;
        }
        let again = reached_so_far.is_some_and(|reached| last <= reached);
        let before = again.then(|| reached(socket, Stage::Sent, last).map(Edge::at)).flatten();
        course.request.push(Sent { edge: Edge::at(stamp.time), before });
        reached_so_far = reached_so_far.max(Some(last));
    }
    course.answer = socket
        .reads
        .iter()
        .filter(|read| read.octets.start < share.answer.end && read.octets.end > share.answer.start)
        .filter_map(|read| {
            let edge = Edge::at(read.arrived?);
            let again = read.between.is_some_and(|between| between.missing);
            Some(Arrived { edge, octets: read.octets.clone(), again })
        })
        .collect();
    course.missing = socket.counted.missing().filter(|at| *at <= course.ended).map(Edge::at);
    course.closed = closed(socket);
    course.acknowledged = acknowledged(socket, share, course);
}

/// While there was no room: from the last that came into it until it was read.
pub(super) fn closed(socket: &Socket) -> Vec<(Edge, Option<Edge>)> {
    let reads = &socket.reads;
    let full = reads.iter().enumerate().filter(|(_, read)| read.between.is_some_and(|it| it.full));
    full.filter_map(|(at, read)| {
        let there = reads[at..]
            .iter()
            .map_while(|later| later.arrived.filter(|arrived| *arrived <= read.entered));
        Some((Edge::at(there.last()?), Some(Edge::at(read.entered))))
    })
    .collect()
}

fn flights(socket: &Socket, share: &Share, course: &Course) -> Vec<Flight> {
    let until = course.secured.unwrap_or(course.ended);
    let request = if share.request.is_empty() { u64::MAX } else { share.request.start };
    let out = socket
        .stamps
        .iter()
        .filter(|stamp| stamp.stage == Stage::Sent && u64::from(stamp.last) < request)
        .map(|stamp| (stamp.time, Way::Out));
    let came = socket.reads.iter().filter_map(|read| Some((read.arrived?, Way::In)));
    let mut all: Vec<_> = out.chain(came).filter(|(time, _)| *time <= until).collect();
    all.sort_by_key(|(time, _)| *time);
    all.into_iter().map(|(time, way)| Flight { edge: Edge::at(time), way }).collect()
}
