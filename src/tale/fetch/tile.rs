//! What was the time of a transfer spent on?

use std::time::Duration;

use super::course::{Attempt, Course, Way, Witness};
use super::phase::{Edge, Phase, Span};
use super::tiles::Tiles;

mod answer;
#[cfg(test)]
mod tests;

/// An acknowledgment this much later than a round trip may have been held back by the receiver: Linux and
/// Windows do it for 40 to 200 ms (RFC 1122 §4.2.3.2 allows 500).
const HELD_BACK: Duration = Duration::from_millis(35);

/// The spans of a transfer: they tile it from its beginning to its end.
pub fn spans(course: &Course) -> Vec<Span> {
    let mut tiles = Tiles::new(course.began, course.ended, Phase::Local);
    tiles.lay(Edge::at(course.began), Edge::at(course.slot), Phase::Queue);
    look_up(course, &mut tiles);
    connect(course, &mut tiles);
    secure(course, &mut tiles);
    for (from, to) in &course.probed {
        tiles.lay(Edge::at(*from), Edge::at(*to), Phase::Hops);
    }
    if course.asking.is_some() {
        ask(course, &mut tiles);
        answer::receive(course, &mut tiles);
    }
    tiles.end()
}

fn look_up(course: &Course, tiles: &mut Tiles) {
    // On a connection that is open already no name is needed.
    if !course.is_first {
        return;
    }
    let ended = course.looked_up.unwrap_or(course.ended);
    tiles.lay(Edge::at(course.slot), Edge::at(ended), Phase::DnsLocal);
    for (asked, answered) in &course.system {
        tiles.lay(Edge::at(*asked), Edge::at(*answered), Phase::DnsSystem);
    }
    let end = Edge::at(ended);
    for question in course.questions.iter().filter(|it| it.answered.is_none()) {
        let given_up = Edge::at(question.given_up);
        tiles.lay(question.asked, earlier(given_up, end), Phase::DnsLost);
    }
    for question in &course.questions {
        let Some(answered) = question.answered else { continue };
        tiles.lay(question.asked, earlier(answered, end), Phase::DnsWire);
    }
}

fn connect(course: &Course, tiles: &mut Tiles) {
    // Those that failed first: the one that connected lies above them.
    for attempt in course.attempts.iter().filter(|attempt| !attempt.connected) {
        let ended = Edge::at(attempt.ended.unwrap_or(course.ended));
        let began = attempt.syns.first().copied().unwrap_or(Edge::at(attempt.began));
        tiles.lay(began, ended, Phase::TcpLost);
        // An answer is an answer, even if it is a refusal.
        if let Some(answer) = attempt.answer {
            tiles.lay(asked_before(&attempt.syns, answer).unwrap_or(began), answer, Phase::TcpWire);
        }
    }
    for attempt in course.attempts.iter().filter(|attempt| attempt.connected) {
        handshake(course, attempt, tiles);
    }
    for sought in &course.neighbours {
        let until = sought.answered.unwrap_or(Edge::at(course.connected.unwrap_or(course.ended)));
        tiles.lay(sought.asked, until, Phase::Arp);
    }
}

/// The last SYN before something.
fn asked_before(syns: &[Edge], answer: Edge) -> Option<Edge> {
    syns.iter().rev().find(|syn| syn.time <= answer.time).copied()
}

fn handshake(course: &Course, attempt: &Attempt, tiles: &mut Tiles) {
    let began = Edge::at(attempt.began);
    let ended = Edge::at(attempt.ended.or(course.connected).unwrap_or(course.ended));
    if let (Some(first), Some(answer)) = (attempt.syns.first(), attempt.answer) {
        let answered = asked_before(&attempt.syns, answer).unwrap_or(*first);
        tiles.lay(*first, answered, Phase::TcpLost);
        tiles.lay(answered, answer, Phase::TcpWire);
        return;
    }
    // No packets: the kernel's round trip ends where the call did, more or less.
    let whole = ended.time.since(began.time);
    match attempt.round_trip.filter(|_| attempt.syns.is_empty()) {
        Some(round_trip) if attempt.again == 0 => {
            let spent = round_trip.min(whole);
            tiles.infer(began, Edge::at(began.time.after(spent)), Phase::TcpWire);
        }
        Some(round_trip) => {
            let answered = Edge::at(ended.time.before(round_trip).max(began.time));
            tiles.infer(began, answered, Phase::TcpLost);
            tiles.infer(answered, ended, Phase::TcpWire);
        }
        None => tiles.infer(began, ended, Phase::Tcp),
    }
}

fn secure(course: &Course, tiles: &mut Tiles) {
    let Some(connected) = course.connected else { return };
    let is_secured = course.secured.is_some_and(|secured| secured > connected);
    if !is_secured && course.flights.is_empty() {
        return;
    }
    let ended = course.secured.unwrap_or(course.ended);
    let (from, to) = (Edge::at(connected), Edge::at(ended));
    if course.flights.is_empty() {
        return tiles.infer(from, to, Phase::Tls);
    }
    tiles.lay(from, to, Phase::TlsLocal);
    // From the last segment of ours to the last of the answer to it: their way, and the server's part.
    let mut sent: Option<Edge> = None;
    let mut row: Option<(Edge, Edge)> = None;
    for flight in &course.flights {
        match flight.way {
            Way::Out => {
                lay_row(tiles, row.take(), to);
                sent = Some(flight.edge);
            }
            Way::In => {
                if let Some(sent) = sent {
                    row = Some((sent, flight.edge));
                }
            }
        }
    }
    lay_row(tiles, row, to);
    // What was sent and never answered.
    if course.secured.is_none() && course.flights.last().is_some_and(|last| last.way == Way::Out) {
        let last = course.flights.last().map_or(from, |last| last.edge);
        tiles.lay(last, to, Phase::TlsWire);
    }
}

fn lay_row(tiles: &mut Tiles, row: Option<(Edge, Edge)>, end: Edge) {
    if let Some((from, to)) = row {
        tiles.lay(earlier(from, end), earlier(to, end), Phase::TlsWire);
    }
}

/// From the first segment of the request to the first octet of the answer.
fn ask(course: &Course, tiles: &mut Tiles) {
    let asking = Edge::at(course.asking.unwrap_or(course.ended));
    let asked = Edge::at(course.asked.unwrap_or(asking.time));
    let first_out = course.request.first().map_or(asking, |sent| sent.edge);
    let last_out = course.request.last().map_or(asked, |sent| sent.edge);
    let arrived = course.answer.first().map(|arrived| arrived.edge);
    let first = arrived.or(course.missing).or(course.answering.map(Edge::at));
    let answering = first.unwrap_or(Edge::at(course.ended));
    tiles.lay(first_out, earlier(last_out, answering), Phase::Send);
    for sent in &course.request {
        if let Some(before) = sent.before {
            tiles.lay(before, sent.edge, Phase::Loss);
        }
    }
    wait(course, (last_out, answering), arrived.or(course.missing).is_some(), tiles);
}

/// From the last segment of the request to the first octet of the answer: how much is the way?
fn wait(course: &Course, (sent, answering): (Edge, Edge), came: bool, tiles: &mut Tiles) {
    let heard = course.acknowledged.filter(|it| it.edge.time >= sent.time);
    let alone = heard.filter(|it| !it.with_data && it.edge.time < answering.time);
    if let Some(alone) = alone {
        let late = |trip| alone.edge.time.since(sent.time).saturating_sub(trip) >= HELD_BACK;
        let held_back = course.shortest.filter(|trip| !course.is_first && late(*trip));
        if let Some(round_trip) = held_back {
            // The server's own delay, as far as anybody can tell.
            split(tiles, sent, round_trip, answering);
        } else {
            tiles.lay(sent, alone.edge, Phase::PathOut);
            tiles.lay(alone.edge, answering, Phase::Server);
        }
    } else if heard.is_none() && !came && course.witness != Witness::Calls {
        // Nobody ever said that the request arrived: as far as we know it did not.
        tiles.lay(sent, answering, Phase::PathOut);
    } else if let Some(round_trip) = course.shortest {
        split(tiles, sent, round_trip, answering);
    } else {
        tiles.infer(sent, answering, Phase::Waiting);
    }
}

/// The shortest round trip is the way's, the rest is the server's.
fn split(tiles: &mut Tiles, sent: Edge, round_trip: Duration, answering: Edge) {
    let there = earlier(Edge::at(sent.time.after(round_trip)), answering);
    tiles.infer(sent, there, Phase::PathOut);
    tiles.infer(there, answering, Phase::Server);
}

fn earlier(one: Edge, other: Edge) -> Edge {
    if one.time <= other.time { one } else { other }
}
