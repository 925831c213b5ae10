//! Which packets did a call make, and which call made a packet?
//!
//! By the octets of the stream that both moved, never by nearness in time.

use std::net::SocketAddr;
use std::ops::Range;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use super::calls::UNKNOWN;
use super::event::{Event, Moved};
use crate::tale::fetch::kind;

/// The events of one connection, by where they stand.
#[derive(Default)]
struct Ends {
    connects: Vec<usize>,
    closes: Vec<usize>,
    others: Vec<usize>,
    /// With the octets that they moved, in the order of the stream.
    writes: Vec<(Range<u64>, usize)>,
    reads: Vec<(Range<u64>, usize)>,
    packets: Vec<usize>,
}

/// Gives calls their packets, and packets their call as parent.
pub(super) fn join(events: &mut [Event]) {
    settle(events);
    let mut ends: HashMap<(SocketAddr, SocketAddr), Ends, RandomState> = HashMap::default();
    let mut messages = Vec::new();
    for (at, event) in events.iter().enumerate() {
        let Some(link) = &event.link else { continue };
        if matches!(link.what, Moved::Message { .. }) {
            messages.push(at);
            continue;
        }
        let ends = ends.entry((plain(link.local), plain(link.remote))).or_default();
        match (&link.what, event.kind) {
            (_, kind::TCP_SYN | kind::TCP_SYN_ACK | kind::TCP_ACK | kind::TCP_SEGMENT) => {
                ends.packets.push(at);
            }
            (_, kind::TCP_FIN | kind::TCP_RST) => ends.packets.push(at),
            (Moved::Handshake, _) => ends.connects.push(at),
            (Moved::Out(octets), _) => ends.writes.push((octets.clone(), at)),
            (Moved::In(octets), _) => ends.reads.push((octets.clone(), at)),
            (Moved::Nothing, _) => ends.others.push(at),
            _ => ends.closes.push(at),
        }
    }
    for ends in ends.values() {
        for &packet in &ends.packets {
            let Some(link) = &events[packet].link else { continue };
            let calls: Vec<usize> = match &link.what {
                Moved::Handshake => ends.connects.clone(),
                Moved::End => first_before(events, &ends.closes, packet),
                Moved::Out(octets) => moved(&ends.writes, octets),
                Moved::In(octets) => moved(&ends.reads, octets),
                Moved::Nothing | Moved::Message { .. } => Vec::new(),
            };
            let (number, connection) = (events[packet].packets.clone(), events[packet].connection);
            for &call in &calls {
                events[call].packets.extend(&number);
                events[call].connection = connection;
            }
            events[packet].parent = calls.first().copied();
        }
        // Every call on a connection that was seen belongs to it.
        let connection = ends.packets.first().and_then(|&packet| events[packet].connection);
        let calls = ends.writes.iter().chain(&ends.reads).map(|(_, at)| at);
        let others = ends.connects.iter().chain(&ends.closes).chain(&ends.others);
        for &call in calls.chain(others) {
            events[call].connection = events[call].connection.or(connection);
        }
    }
    join_messages(events, &messages);
    for event in events {
        event.packets.sort_unstable();
        event.packets.dedup();
    }
}

/// Gives calls our own end, where only later ones on the same socket know it.
fn settle(events: &mut [Event]) {
    let mut known: HashMap<u32, SocketAddr, RandomState> = HashMap::default();
    for event in events.iter() {
        if let (Some(socket), Some(link)) = (event.socket, &event.link)
            && link.local != UNKNOWN
        {
            known.insert(socket, link.local);
        }
    }
    for event in events {
        let own = event.socket.and_then(|socket| known.get(&socket));
        if let (Some(own), Some(link)) = (own, &mut event.link)
            && link.local == UNKNOWN
        {
            link.local = *own;
        }
    }
}

/// Calls that moved some of these octets.
fn moved(calls: &[(Range<u64>, usize)], octets: &Range<u64>) -> Vec<usize> {
    let from = calls.partition_point(|(range, _)| range.end <= octets.start);
    let meets = calls[from..].iter().take_while(|(range, _)| range.start < octets.end);
    meets.map(|(_, at)| *at).collect()
}

/// Of the calls that end a connection, the last that was made before a packet, or else the first.
fn first_before(events: &[Event], calls: &[usize], packet: usize) -> Vec<usize> {
    let time = events[packet].start;
    let before = calls.iter().rfind(|&&call| events[call].start <= time);
    before.or(calls.first()).copied().into_iter().collect()
}

/// A question is the last of its number before its call returned, an answer likewise.
fn join_messages(events: &mut [Event], messages: &[usize]) {
    let of = |at: usize| events[at].link.as_ref().map(|link| (link.remote, link.what.clone()));
    let mut found = Vec::new();
    for &step in messages.iter().filter(|&&at| events[at].is_told) {
        let is_it = |&&at: &&usize| {
            !events[at].is_told && of(at) == of(step) && events[at].start <= events[step].end
        };
        let last = messages.iter().filter(is_it).max_by_key(|&&at| events[at].start);
        found.extend(last.map(|&packet| (step, packet)));
    }
    for (step, packet) in found {
        let number = events[packet].packets.clone();
        events[step].packets.extend(number);
    }
}

/// As packets have it: without a scope, and IPv4 as IPv4.
fn plain(end: SocketAddr) -> SocketAddr {
    SocketAddr::new(end.ip().to_canonical(), end.port())
}
