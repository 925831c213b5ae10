//! How do calls, stamps, packets and steps of one transfer fit together?
//!
//! Calls and packets are joined by the octets of the stream that they moved, never by nearness in time.

use std::ops::Range;
use std::time::Duration;

use super::account::Account;
use super::course::{Acknowledged, Arrived, Attempt, Course, Flight, Question, Sent, Sought};
use super::course::{Way, Witness};
use super::leg::{Leg, Query};
use super::phase::Edge;
use super::socket::Socket;
use super::talk::Talk;
use crate::timeline::fetch::{Failure, Outcome, Transfer, Tried};
use crate::timeline::tls::Direction;
use crate::timeline::{Stage, Timestamp, nanos};
use crate::wire::tcp::Flags;

mod stamped;
mod unseen;

/// What the answer to a question may come after its call was made: clocks are read before and after.
const SAME: Duration = Duration::from_micros(100);

/// The octets of a connection that are one transfer's.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Share {
    pub(super) request: Range<u64>,
    pub(super) answer: Range<u64>,
}

impl Account {
    /// What became of a transfer, if it is over.
    pub(super) fn transfer(&self, leg: &Leg) -> Option<Transfer> {
        leg.transfer.clone().or_else(|| Some(leg.broken_off(self.interrupted?)))
    }

    /// The course of a transfer that is over.
    pub(super) fn course(&self, leg: &Leg) -> Option<Course> {
        let transfer = &self.transfer(leg)?;
        let timing = &transfer.timing;
        // What a host was waited for comes before everything that is done for the transfer.
        let slot = leg.began?;
        let began = slot.before(timing.queue);
        let at = |span: Duration| slot.after(span);
        let mut course = Course {
            began,
            ended: at(timing.total),
            slot,
            looked_up: timing.name_lookup.map(at),
            connected: timing.connect.map(at),
            probed: leg.probed.clone(),
            secured: timing.app_connect.filter(|it| !it.is_zero()).map(at),
            asking: timing.pre_transfer.map(at),
            asked: timing.post_transfer.map(at),
            answering: timing.start_transfer.filter(|it| !it.is_zero()).map(at),
            questions: leg.queries.iter().map(|query| self.question(query)).collect(),
            system: leg.system.clone(),
            attempts: leg.tried.iter().filter_map(|tried| self.attempt(leg, tried)).collect(),
            is_first: leg.reused.is_none(),
            ..Course::default()
        };
        course.neighbours = self.sought(leg, &course);
        if let Some(socket) = self.sockets.get(&leg.socket) {
            self.exchange(leg, transfer, socket, &mut course);
        }
        Some(course)
    }

    fn question(&self, query: &Query) -> Question {
        let given_up = query.given_up.or(query.answered).unwrap_or(query.asked);
        let is_of = |message: &&super::aside::Message| {
            (message.server, message.port, message.id) == (query.server, query.port, query.id)
        };
        let mut messages = self.aside.messages.iter().filter(is_of);
        // Of a question put again on the same port with the same id, the last before the answer.
        let asked = messages.clone().rfind(|message| {
            let lateness = message.mark.time.since(query.answered.unwrap_or(given_up));
            !message.is_answer
                && message.mark.time >= query.asked.before(SAME)
                && lateness.is_zero()
        });
        let Some(asked) = asked else {
            let answered = query.answered.map(Edge::at);
            let asked = Edge::at(query.asked);
            return Question { asked, answered, given_up, witness: Witness::Calls };
        };
        let answered = query.answered.and_then(|read| {
            let late = read.after(SAME);
            messages.rfind(|message| {
                message.is_answer
                    && message.mark.time >= asked.mark.time
                    && message.mark.time <= late
            })
        });
        let fallback = query.answered.map(Edge::at);
        Question {
            asked: Edge::of_packet(asked.mark),
            answered: answered.map(|answer| Edge::of_packet(answer.mark)).or(fallback),
            given_up,
            witness: Witness::Packets,
        }
    }

    fn attempt(&self, leg: &Leg, tried: &Tried) -> Option<Attempt> {
        let socket = self.sockets.get(&tried.socket)?;
        let ended = socket.connected.as_ref().map(|(at, _)| *at).or(leg.tried_until);
        let mut attempt = Attempt {
            began: socket.connecting?,
            ended,
            syns: Vec::new(),
            answer: None,
            round_trip: socket.first_round_trip,
            again: socket.syns_again,
            connected: tried.outcome == Outcome::Connected,
        };
        if let Some(talk) = self.talk(socket) {
            let is_syn = |flags: Flags| flags.has(Flags::SYN) && !flags.has(Flags::ACK);
            let syns = talk.pieces.iter().filter(|piece| piece.from_us && is_syn(piece.flags));
            attempt.syns = syns.map(|piece| Edge::of_packet(piece.mark)).collect();
            let answer = talk
                .pieces
                .iter()
                .find(|piece| !piece.from_us && (piece.has(Flags::SYN) || piece.has(Flags::RST)));
            attempt.answer = answer.map(|piece| Edge::of_packet(piece.mark));
        }
        if attempt.answer.is_none()
            && let Some(port) = socket.local.map(|local| local.port())
        {
            let is_of = |refused: &&super::aside::Refused| {
                refused.port == port && refused.destination.port() == tried.destination.port()
            };
            let refused = self.aside.refused.iter().find(is_of);
            attempt.answer = refused.map(|refused| Edge::of_packet(refused.mark));
        }
        Some(attempt)
    }

    /// Requests for the next hop's hardware address while we connected, by packets or by the kernel's word.
    fn sought(&self, leg: &Leg, course: &Course) -> Vec<Sought> {
        let Some(next_hop) = leg.next_hop else { return Vec::new() };
        let began = course.attempts.iter().map(|attempt| attempt.began).min();
        let Some(began) = began else { return Vec::new() };
        let ended = course.connected.unwrap_or(course.ended);
        let is_meant = |time: Timestamp| time >= began && time <= ended;
        let seen: Vec<_> = self
            .aside
            .neighbours
            .iter()
            .filter(|it| it.address == next_hop && is_meant(it.mark.time))
            .collect();
        if let Some(asked) = seen.iter().find(|it| !it.is_answer) {
            let answered = seen.iter().find(|it| it.is_answer && it.mark.time >= asked.mark.time);
            let answered = answered.map(|answer| Edge::of_packet(answer.mark));
            return vec![Sought { asked: Edge::of_packet(asked.mark), answered }];
        }
        // A cached entry that is only confirmed again holds nobody up.
        let mut told =
            self.neighbours.iter().filter(|it| it.address == next_hop && is_meant(it.told));
        let Some(asked) = told.find(|it| it.state == "INCOMPLETE") else { return Vec::new() };
        let answered = told.find(|it| it.state == "REACHABLE").map(|it| Edge::at(it.told));
        vec![Sought { asked: Edge::at(asked.told), answered }]
    }

    /// The request and the answer, and TLS before them.
    fn exchange(&self, leg: &Leg, transfer: &Transfer, socket: &Socket, course: &mut Course) {
        let share = share(leg, socket, course);
        let late = matches!(transfer.failure, Some(Failure::Late { .. }));
        course.shortest = socket.shortest;
        let talk = self.talk(socket).filter(|talk| talk.is_placed());
        if let Some(talk) = talk {
            course.witness = Witness::Packets;
            // Among packets the samples of packets.
            course.shortest = talk.shortest.or(socket.shortest);
            course.received = socket.counted.received();
            by_packets(leg, talk, &share, course);
            unseen::fill(socket, talk, &share, course);
        } else {
            stamped::by_stamps(leg, socket, &share, course);
        }
        let over =
            socket.over.filter(|over| *over <= course.ended).or(late.then_some(course.ended));
        let last = course.answer.last().map(|arrived| arrived.edge);
        if let (Some(over), Some(last)) = (over, last) {
            let ending = talk.and_then(|talk| {
                talk.pieces.iter().find(|piece| {
                    let ends = piece.has(Flags::FIN) || piece.has(Flags::RST);
                    !piece.from_us && ends && piece.mark.time >= last.time
                })
            });
            let ending = ending.filter(|piece| piece.mark.time <= over);
            course.over = Some(ending.map_or(Edge::at(over), |piece| Edge::of_packet(piece.mark)));
        }
    }

    /// From our connection's first FIN to what was seen of it last, once the transfer was over.
    pub(super) fn close(&self, leg: &Leg) -> Option<(Edge, Edge)> {
        let later =
            self.legs.values().any(|other| other.socket == leg.socket && other.began > leg.began);
        if later || leg.socket == 0 {
            return None;
        }
        let socket = self.sockets.get(&leg.socket)?;
        if let Some(talk) = self.talk(socket) {
            let is_end = |flags: Flags| flags.has(Flags::FIN) || flags.has(Flags::RST);
            let first = talk.pieces.iter().find(|piece| is_end(piece.flags))?;
            let last = talk.pieces.iter().map(|piece| piece.mark).max_by_key(|mark| mark.time)?;
            return Some((Edge::of_packet(first.mark), Edge::of_packet(last)));
        }
        Some((Edge::at(socket.closing?), Edge::at(socket.closed?)))
    }
}

/// Which octets the request is, and the answer, by the calls that moved them.
pub(super) fn share(leg: &Leg, socket: &Socket, course: &Course) -> Share {
    let Some(asking) = course.asking else { return Share::default() };
    if let (Some(request), Some(answer)) = (&leg.request, &leg.answer) {
        if !leg.is_secure {
            return Share { request: request.clone(), answer: answer.clone() };
        }
        let request = socket.carried(Direction::Out, request);
        let answer = socket.carried(Direction::In, answer);
        if let (Some(request), Some(answer)) = (request, answer) {
            return Share { request, answer };
        }
    }
    let (from, to) = (asking.before(SAME), course.ended);
    let answering = course.answering.unwrap_or(to);
    let wrote = socket.writes.iter().filter(|it| it.left >= from && it.entered <= answering);
    let request = wrote.fold(None, |range: Option<Range<u64>>, it| {
        let range = range.unwrap_or(it.octets.clone());
        Some(range.start.min(it.octets.start)..range.end.max(it.octets.end))
    });
    let read = || socket.reads.iter().filter(|it| it.left >= from && it.left <= to);
    // The read that brought the first octet: the last one that returned before it was said to be there.
    let said = answering.after(SAME);
    let first = read().rfind(|it| it.left <= said).or_else(|| read().next());
    let last = read().next_back();
    let answer = match (course.answering, first, last) {
        (Some(_), Some(first), Some(last)) => first.octets.start..last.octets.end,
        // What came all the same lies beyond what was read before.
        (None, ..) => {
            let before = socket.reads.iter().rfind(|it| it.left <= to);
            before.map_or(0, |it| it.octets.end)..u64::MAX
        }
        _ => 0..0,
    };
    Share { request: request.unwrap_or_default(), answer }
}

fn by_packets(leg: &Leg, talk: &Talk, share: &Share, course: &mut Course) {
    let is_in = |time: Timestamp| time >= course.began && time <= course.ended;
    if leg.is_secure && leg.reused.is_none() {
        let until = course.secured.unwrap_or(course.ended);
        let request = if share.request.is_empty() { u64::MAX } else { share.request.start };
        let data = talk.pieces.iter().filter(|piece| piece.len > 0 && piece.mark.time <= until);
        course.flights = data
            .filter(|piece| !piece.from_us || piece.start < request)
            .map(|piece| {
                let way = if piece.from_us { Way::Out } else { Way::In };
                Flight { edge: Edge::of_packet(piece.mark), way }
            })
            .collect();
    }
    let (request, answer) = (&share.request, &share.answer);
    let mut reached = request.start;
    for piece in
        talk.data(true).filter(|piece| piece.start < request.end && piece.end() > request.start)
    {
        let edge = Edge::of_packet(piece.mark);
        let before = (piece.end() <= reached).then(|| {
            let first = talk.data(true).find(|it| it.end() > piece.start);
            first.map(|first| Edge::of_packet(first.mark))
        });
        reached = reached.max(piece.end());
        course.request.push(Sent { edge, before: before.flatten() });
    }
    let acks = |piece: &&super::talk::Piece| {
        !piece.from_us && piece.ack.is_some_and(|ack| ack >= request.end)
    };
    if !request.is_empty() {
        course.acknowledged = talk.pieces.iter().find(acks).map(|piece| Acknowledged {
            edge: Edge::of_packet(piece.mark),
            with_data: piece.len > 0,
        });
    }
    course.unread = (course.answering.is_none() && !answer.is_empty()).then_some(answer.start);
    course.answer = talk
        .data(false)
        .filter(|piece| piece.start < answer.end && piece.end() > answer.start)
        .filter(|piece| is_in(piece.mark.time))
        .map(|piece| Arrived {
            edge: Edge::of_packet(piece.mark),
            octets: piece.start..piece.end(),
            again: piece.again,
        })
        .collect();
    let mut shut: Option<Edge> = None;
    for piece in talk.pieces.iter().filter(|piece| piece.from_us && is_in(piece.mark.time)) {
        let is_plain = !piece.has(Flags::SYN) && !piece.has(Flags::RST);
        let edge = Edge::of_packet(piece.mark);
        match (piece.window, shut) {
            (Some(0), None) if is_plain => shut = Some(edge),
            (Some(1..), Some(since)) if is_plain => {
                course.closed.push((since, Some(edge)));
                shut = None;
            }
            _ => {}
        }
    }
    course.closed.extend(shut.map(|since| (since, None)));
}

/// When the kernel heard that all of the request is there, by its own stamp.
fn acknowledged(socket: &Socket, share: &Share, course: &Course) -> Option<Acknowledged> {
    let last = share.request.end.checked_sub(1)?;
    let time = reached(socket, Stage::Acknowledged, last)?;
    let first = course.answer.first().map(|arrived| arrived.edge.time);
    // Both stamps are of one packet when they are as near as that.
    let with_data = first.is_some_and(|first| first.0.abs_diff(time.0) < nanos(SAME));
    Some(Acknowledged { edge: Edge::at(time), with_data })
}

/// The time a stage was reached, by the octet it was reached with.
pub(super) fn reached(socket: &Socket, stage: Stage, last: u64) -> Option<Timestamp> {
    let is_it = |it: &&super::socket::Stamped| it.stage == stage && u64::from(it.last) == last;
    socket.stamps.iter().find(is_it).map(|it| it.time)
}
