//! Which packets did a call make, which call made a packet, and when is all of that known?
//!
//! By the octets of the stream that both moved, never by nearness in time.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::ops::Range;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use super::calls::UNKNOWN;
use super::event::{Event, Moved};
use crate::tale::fetch::kind;
use crate::timeline::Timestamp;
use crate::timeline::fetch::{Event as Happened, Step};

/// What is known of the events of one round; they are named by where they stand among all of it.
#[derive(Default)]
pub(super) struct Joint {
    ends: HashMap<(SocketAddr, SocketAddr), Ends, RandomState>,
    /// Our own end of a socket.
    locals: HashMap<u32, SocketAddr, RandomState>,
    /// Calls on sockets whose own end only later ones know.
    unsettled: Vec<usize>,
    /// Packets of questions and answers.
    messages: Vec<usize>,
    /// Which transfer a socket serves from when on.
    serves: HashMap<u32, Vec<(Timestamp, u32)>, RandomState>,
    /// Transfers of which it is not known yet which sockets serve them.
    connecting: BTreeSet<u32>,
    /// Where each transfer begins.
    urls: HashMap<u32, usize, RandomState>,
    has_packets: bool,
}

/// The events of one connection.
#[derive(Default)]
struct Ends {
    /// The conversation's number, once a packet was seen.
    connection: Option<u32>,
    connects: Vec<usize>,
    closes: Vec<usize>,
    /// With the octets that they moved, in the order of the stream.
    writes: Vec<(Range<u64>, usize)>,
    reads: Vec<(Range<u64>, usize)>,
    handshake: Vec<usize>,
    /// Packets of which not all calls are known.
    waiting: Vec<usize>,
    /// So many of our octets have arrived.
    acknowledged: u64,
}

impl Joint {
    /// A step is known before the events that are made of it.
    pub(super) fn step(&mut self, step: &Step) {
        let Step { began, transfer, socket, .. } = *step;
        if transfer == 0 {
            return;
        }
        let mut serve = |socket| {
            let list = self.serves.entry(socket).or_default();
            list.insert(list.partition_point(|one| *one <= (began, transfer)), (began, transfer));
        };
        match &step.event {
            Happened::Tried(tried) => tried.iter().for_each(|it| serve(it.socket)),
            _ => serve(socket),
        }
        match &step.event {
            Happened::Url(_) => _ = self.connecting.insert(transfer),
            Happened::Tried(_) | Happened::Reused { .. } | Happened::Ended(_) => {
                self.connecting.remove(&transfer);
            }
            _ => {}
        }
    }

    pub(super) fn has_packets(&mut self, has_packets: bool) {
        self.has_packets = has_packets;
    }

    /// Takes in the event that came last.
    pub(super) fn hear(&mut self, told: &mut [Event], at: usize) {
        let event = &told[at];
        if let (kind::URL_PARSE, Some(transfer)) = (event.kind, event.transfer) {
            self.urls.entry(transfer).or_insert(at);
        }
        let Some(link) = &event.link else { return };
        if matches!(link.what, Moved::Message { .. }) {
            return self.message(told, at);
        }
        let Some(socket) = event.socket else { return self.packet(told, at) };
        if link.local != UNKNOWN {
            self.locals.insert(socket, link.local);
            let (now, later) =
                self.unsettled.iter().partition(|&&at| told[at].socket == Some(socket));
            self.unsettled = later;
            let now: Vec<usize> = now;
            for at in now {
                self.settle(told, at);
            }
        }
        self.settle(told, at);
    }

    /// Gives a call our own end, and its packets.
    fn settle(&mut self, told: &mut [Event], at: usize) {
        let known = told[at].socket.and_then(|socket| self.locals.get(&socket)).copied();
        let Some(link) = &mut told[at].link else { return };
        if link.local == UNKNOWN {
            let Some(known) = known else { return self.unsettled.push(at) };
            link.local = known;
        }
        let what = link.what.clone();
        let Some(ends) = self.ends(told, at) else { return };
        match what {
            Moved::Handshake => {
                ends.connects.push(at);
                ends.handshake.iter().for_each(|&packet| lend(told, at, packet));
                return;
            }
            Moved::Out(octets) => ends.writes.push((octets, at)),
            Moved::In(octets) => ends.reads.push((octets, at)),
            Moved::End => ends.closes.push(at),
            Moved::Nothing | Moved::Message { .. } | Moved::Arrived(_) => return,
        }
        let waiting = std::mem::take(&mut ends.waiting);
        ends.waiting = waiting.into_iter().filter(|&packet| !ends.seek(told, packet)).collect();
    }

    fn packet(&mut self, told: &mut [Event], at: usize) {
        let connection = told[at].connection;
        let Some(ends) = self.ends(told, at) else { return };
        ends.connection = ends.connection.or(connection);
        match told[at].link.as_ref().map(|link| &link.what) {
            Some(Moved::Arrived(octets)) => ends.acknowledged = ends.acknowledged.max(*octets),
            Some(Moved::Handshake) => {
                ends.handshake.push(at);
                ends.connects.iter().for_each(|&call| lend(told, call, at));
            }
            _ => {
                if !ends.seek(told, at) {
                    ends.waiting.push(at);
                }
            }
        }
    }

    /// A question is the last of its number before its call returned, an answer likewise.
    fn message(&mut self, told: &mut [Event], at: usize) {
        if !told[at].is_told {
            return self.messages.push(at);
        }
        let of = |at: usize| told[at].link.as_ref().map(|link| (link.remote, &link.what));
        let is_it = |&&it: &&usize| of(it) == of(at) && told[it].start <= told[at].end;
        let last = self.messages.iter().filter(is_it).max_by_key(|&&it| told[it].start).copied();
        if let Some(packet) = last {
            lend(told, at, packet);
        }
    }

    fn ends(&mut self, told: &[Event], at: usize) -> Option<&mut Ends> {
        let link = told[at].link.as_ref()?;
        Some(self.ends.entry((plain(link.local), plain(link.remote))).or_default())
    }

    /// Whether nothing will be added to it, nor to what it is part of.
    pub(super) fn is_final(&self, told: &[Event], at: usize) -> bool {
        let event = &told[at];
        if event.id.is_some() {
            return true;
        }
        if event.parent.is_some_and(|parent| !self.is_final(told, parent)) {
            return false;
        }
        let link = event.link.as_ref();
        let ends = link.and_then(|link| self.ends.get(&(plain(link.local), plain(link.remote))));
        match (event.socket, link.map(|link| &link.what)) {
            // A packet, or a step.
            (None, Some(Moved::Handshake)) => event.parent.is_some(),
            (None, _) => ends.is_none_or(|ends| !ends.waiting.contains(&at)),
            (Some(socket), what) => {
                if !self.serves.contains_key(&socket) {
                    // Those of lookups serve none; others are told once their transfer is.
                    return self.connecting.is_empty();
                }
                let (true, Some(what)) = (self.has_packets, what) else { return true };
                let Some(ends) = ends.filter(|ends| ends.connection.is_some()) else {
                    return false;
                };
                match what {
                    Moved::Out(octets) => octets.end <= ends.acknowledged,
                    Moved::End => false,
                    _ => true,
                }
            }
        }
    }

    /// What is known by now of an event that is to be told.
    pub(super) fn complete(&self, told: &mut [Event], at: usize) {
        let event = &mut told[at];
        if let Some(link) = event.link.as_ref().filter(|_| event.socket.is_some())
            && let Some(ends) = self.ends.get(&(plain(link.local), plain(link.remote)))
        {
            event.connection = event.connection.or(ends.connection);
        }
        // A call is made for the transfer that its socket serves then.
        if let Some(list) = event.socket.and_then(|socket| self.serves.get(&socket))
            && event.transfer.is_none()
        {
            let before = list.partition_point(|(since, _)| *since <= event.end);
            event.transfer = list.get(before.saturating_sub(1)).map(|(_, transfer)| *transfer);
        }
        // What has no parent yet belongs to the transfer it is for, which begins with its URL.
        let url = event.transfer.and_then(|transfer| self.urls.get(&transfer)).copied();
        event.parent = event.parent.or(url.filter(|url| *url != at));
        event.packets.sort_unstable();
        event.packets.dedup();
    }
}

impl Ends {
    /// Joins a packet with the calls that are known; says whether these are all.
    fn seek(&self, told: &mut [Event], packet: usize) -> bool {
        let what = told[packet].link.as_ref().map(|link| link.what.clone());
        let (calls, octets) = match what {
            Some(Moved::Out(octets)) => (&self.writes, octets),
            Some(Moved::In(octets)) => (&self.reads, octets),
            Some(Moved::End) => {
                // Of the calls that end a connection, the last that was made before it, or else the first.
                let time = told[packet].start;
                let before = self.closes.iter().rfind(|&&call| told[call].start <= time);
                let call = before.or(self.closes.first()).copied();
                let Some(call) = call else { return false };
                lend(told, call, packet);
                return true;
            }
            _ => return true,
        };
        let from = calls.partition_point(|(range, _)| range.end <= octets.start);
        let meets = calls[from..].iter().take_while(|(range, _)| range.start < octets.end);
        meets.for_each(|(_, call)| lend(told, *call, packet));
        calls.last().is_some_and(|(range, _)| range.end >= octets.end)
    }
}

/// Gives a call, or a step, a packet of its own.
fn lend(told: &mut [Event], call: usize, packet: usize) {
    let (numbers, connection) = (told[packet].packets.clone(), told[packet].connection);
    let event = &mut told[call];
    event.packets.extend(&numbers);
    event.connection = event.connection.or(connection);
    if told[packet].is_told {
        told[packet].parent.get_or_insert(call);
    }
}

/// As packets have it: without a scope, and IPv4 as IPv4.
fn plain(end: SocketAddr) -> SocketAddr {
    SocketAddr::new(end.ip().to_canonical(), end.port())
}
