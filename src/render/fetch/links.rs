//! Which packets show what a call did, and for which transfer was it?
//!
//! Octets tell, not nearness in time: a write is shown by the segments that carry its octets of the stream,
//! wherever they stand. Questions to name servers are known by our port and their id.

mod stream;

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::ops::Range;

use super::entry::Proof;
use super::words::{many, millis};
use crate::flow::Side;
use crate::flow::tcp::Connection;
use crate::timeline::tls::{Direction, Flight, Handshake};
use crate::timeline::{Call, Timestamp};
use crate::wire::tcp::Tcp;
use stream::Stream;

/// Everything that connects calls, packets and transfers.
#[derive(Debug, Default)]
pub(super) struct Links {
    sockets: HashMap<u32, Socket>,
    streams: HashMap<[SocketAddr; 2], Stream>,
    messages: HashMap<(u16, u16, bool), Vec<u64>>,
    /// When connections were being secured.
    secured: HashMap<u32, (Timestamp, Timestamp)>,
    /// What the octets from a place on are, in a few words.
    said: HashMap<(u32, Side), BTreeMap<u64, String>>,
    /// Which octets of a stream TLS made of which of its contents: where the record begins, and both.
    sealed: HashMap<(u32, Side), BTreeMap<u64, Sealed>>,
    /// The octets that each call moved.
    moved: HashMap<(u32, Side), BTreeMap<u64, u64>>,
    /// The sockets that a connection was asked of, in their order.
    order: Vec<u32>,
}

#[derive(Debug, Default)]
struct Socket {
    local: Option<SocketAddr>,
    remote: Option<SocketAddr>,
    /// The transfers it served, since when.
    served: Vec<(Timestamp, u32)>,
}

/// Where a record ends, and what it holds of the contents.
type Sealed = (u64, Range<u64>);

/// Messages of one question, and marks of one socket, that are remembered.
const OPENING: usize = 16;
const SPANS: usize = 1 << 20;

impl Links {
    /// Notes the ends that a call names.
    pub(super) fn call(&mut self, call: &Call) {
        let socket = self.sockets.entry(call.socket).or_default();
        socket.local = call.local.or(socket.local);
        socket.remote = call.remote.or(socket.remote);
        if call.name == "connect" && !self.order.contains(&call.socket) {
            self.order.push(call.socket);
        }
        let side = if call.name == "recvmsg" { Side::Server } else { Side::Client };
        if let Some(octets) = call.octets.as_ref().filter(|octets| !octets.is_empty()) {
            let moved = self.moved.entry((call.socket, side)).or_default();
            if moved.len() < SPANS {
                moved.insert(octets.start, octets.end);
            }
        }
    }

    /// What this side says from this octet on.
    pub(super) fn says(&mut self, socket: u32, from: Side, octet: u64, words: String) {
        self.said.entry((socket, from)).or_default().insert(octet, words);
    }

    /// Notes when a connection was being secured.
    pub(super) fn secured(&mut self, socket: u32, handshake: &Handshake) {
        self.secured.insert(socket, (handshake.began, handshake.ended));
    }

    /// Whether a connection was being secured then.
    pub(super) fn is_being_secured(&self, socket: u32, at: Timestamp) -> bool {
        self.secured.get(&socket).is_some_and(|(began, ended)| (*began..=*ended).contains(&at))
    }

    /// Whether it was secured before then.
    pub(super) fn is_secured(&self, socket: u32, at: Timestamp) -> bool {
        self.secured.get(&socket).is_some_and(|(_, ended)| *ended < at)
    }

    /// Notes which records a flight has.
    pub(super) fn sealed(&mut self, socket: u32, flight: &Flight) {
        let from = match flight.direction {
            Direction::Out => Side::Client,
            Direction::In => Side::Server,
        };
        let sealed = self.sealed.entry((socket, from)).or_default();
        for record in &flight.records {
            if sealed.len() < SPANS
                && let Some(plain) = &record.plain
            {
                sealed.insert(record.octets.start, (record.octets.end, plain.clone()));
            }
        }
    }

    /// What begins within these octets, in a few words.
    fn said(&self, socket: u32, from: Side, octets: &Range<u64>) -> Option<&String> {
        let said = self.said.get(&(socket, from))?;
        let Some(sealed) = self.sealed.get(&(socket, from)) else {
            // Of an interim answer and the one that follows it, the one that counts.
            return said.range(octets.clone()).next_back().map(|(_, words)| words);
        };
        // What a record says is known once it is whole.
        let before = sealed.range(..octets.start).next_back();
        let records = before.into_iter().chain(sealed.range(octets.clone()));
        let whole = records.filter(|(_, (end, _))| (octets.start + 1..=octets.end).contains(end));
        let mut words = None;
        for (_, (_, plain)) in whole {
            words = said.range(plain.clone()).next_back().map(|(_, words)| words).or(words);
        }
        words
    }

    /// How much these octets are of what a call moved, or how many calls moved them.
    fn share(&self, socket: u32, from: Side, octets: &Range<u64>) -> Option<String> {
        let moved = self.moved.get(&(socket, from))?;
        let (start, end) = moved.range(..=octets.start).next_back()?;
        if *end >= octets.end {
            return Some(format!(" ({} of {})", octets.end - octets.start, end - start));
        }
        let others = moved.range(octets.start + 1..octets.end).count() as u64;
        let calls = others + u64::from(*end > octets.start);
        let word = if from == Side::Client { ("write", "writes") } else { ("read", "reads") };
        (calls > 0).then(|| format!(" (in {})", many(calls, word.0, word.1)))
    }

    /// From now on a socket works for this transfer.
    pub(super) fn serves(&mut self, socket: u32, transfer: u32, since: Timestamp) {
        if socket == 0 || transfer == 0 {
            return;
        }
        let served = &mut self.sockets.entry(socket).or_default().served;
        if served.last().is_none_or(|(_, last)| *last != transfer) {
            served.push((since, transfer));
        }
    }

    /// Whom a socket worked for then.
    pub(super) fn transfer(&self, socket: u32, at: Timestamp) -> Option<u32> {
        let served = &self.sockets.get(&socket)?.served;
        let by_then = served.iter().rev().find(|(since, _)| *since <= at);
        by_then.or(served.first()).map(|(_, transfer)| *transfer)
    }

    pub(super) fn socket(&self, ends: [SocketAddr; 2]) -> Option<u32> {
        let is_same = |socket: &Socket| [socket.local, socket.remote] == ends.map(Some);
        self.sockets.iter().filter(|(_, it)| is_same(it)).map(|(number, _)| *number).max()
    }

    /// Our end and theirs.
    pub(super) fn ends(&self, socket: u32) -> Option<[SocketAddr; 2]> {
        let socket = self.sockets.get(&socket)?;
        Some([socket.local?, socket.remote?])
    }

    /// The how many-th connection it is, and where to.
    pub(super) fn connection(&self, socket: u32) -> Option<(usize, Option<SocketAddr>)> {
        let at = self.order.iter().position(|it| *it == socket)?;
        Some((at + 1, self.sockets.get(&socket).and_then(|socket| socket.remote)))
    }

    /// Whether there was more than one connection.
    pub(super) fn many(&self) -> bool {
        self.order.len() > 1
    }

    /// Notes a message of the DNS.
    pub(super) fn message(&mut self, port: u16, id: u16, is_answer: bool, packet: u64) {
        let packets = self.messages.entry((port, id, is_answer)).or_default();
        if packets.len() < OPENING {
            packets.push(packet);
        }
    }

    /// Notes a segment; says which octets it carries.
    pub(super) fn segment(
        &mut self,
        ends: [SocketAddr; 2],
        of: (&Connection, Side),
        tcp: Tcp<'_>,
        mark: (u64, Timestamp),
    ) -> Range<u64> {
        self.streams.entry(ends).or_default().segment(of, tcp, mark)
    }

    /// Everything is known: what follows are questions.
    pub(super) fn settle(&mut self) {
        self.streams.values_mut().for_each(Stream::settle);
    }

    fn stream(&self, socket: u32) -> Option<&Stream> {
        self.streams.get(&self.ends(socket)?)
    }

    /// The packets that show it, in their order.
    pub(super) fn packets(&self, proof: &Proof) -> Vec<u64> {
        let mut packets = match proof {
            Proof::None | Proof::Carried { .. } | Proof::Handshake { is_over: true, .. } => {
                return Vec::new();
            }
            Proof::Handshake { socket, .. } => {
                self.stream(*socket).map(|stream| stream.opening.clone()).unwrap_or_default()
            }
            Proof::Octets { socket, from, octets } => self
                .stream(*socket)
                .map(|stream| stream.carried[from.index()].with(octets).collect())
                .unwrap_or_default(),
            Proof::End { socket, from } => self
                .stream(*socket)
                .map(|stream| stream.carried[from.index()].ending.clone())
                .unwrap_or_default(),
            Proof::Message { port, id, is_answer } => {
                self.messages.get(&(*port, *id, *is_answer)).cloned().unwrap_or_default()
            }
        };
        packets.sort_unstable();
        packets.dedup();
        packets
    }

    /// What the packets add to what a call says of itself.
    /// `socket` is that of who asks.
    pub(super) fn note(&self, proof: &Proof, socket: u32) -> Option<String> {
        match proof {
            Proof::Handshake { socket, is_over: true } => {
                let stream = self.stream(*socket)?;
                let wire = stream.syn_ack?.since(stream.syn?);
                let again = match stream.syns {
                    0 | 1 => String::new(),
                    syns => format!(", the SYN was sent {syns} times"),
                };
                Some(format!(", {} of it on the wire{again}", millis(wire)))
            }
            Proof::Octets { socket, from, octets } => {
                let said = self.said(*socket, *from, octets).cloned();
                let stream = self.stream(*socket);
                let (once, again) =
                    stream.map_or((0, 0), |it| it.carried[from.index()].times(octets));
                let is_news = once + again > 1 || (once == 1 && *from == Side::Client);
                let segments = is_news.then(|| {
                    let segments = many(once, "segment", "segments");
                    match (once, again) {
                        (_, 0) => segments,
                        (1, 1) => format!("{segments}, sent again once"),
                        (1, again) => format!("{segments}, sent again {again} times"),
                        (_, again) => format!("{segments}, {again} of them sent again"),
                    }
                });
                let words: Vec<String> = said.into_iter().chain(segments).collect();
                (!words.is_empty()).then(|| words.join(", in "))
            }
            Proof::End { socket, from: Side::Client } => {
                let [client, server] = &self.stream(*socket)?.carried;
                let (ours, theirs) = (client.ending.first()?, server.ending.first());
                Some(match theirs {
                    Some(theirs) if theirs < ours => format!(", after the server's (#{theirs})"),
                    _ => ", the first of both".to_owned(),
                })
            }
            Proof::Carried { from, octets } => {
                let of = self.share(socket, *from, octets);
                let said = self.said(socket, *from, octets).map(|said| format!("  {said}"));
                Some(format!("{}{}", of.unwrap_or_default(), said.unwrap_or_default()))
            }
            _ => None,
        }
    }
}

/// Packets at the margin: `[#5 #6 #7]`, or the first and the last of many.
pub(super) fn margin(packets: &[u64]) -> String {
    if let [first, _, _, .., last] = packets {
        return format!("[#{first}..#{last}]");
    }
    let numbers: Vec<String> = packets.iter().map(|number| format!("#{number}")).collect();
    if numbers.is_empty() { String::new() } else { format!("[{}]", numbers.join(" ")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timeline::tls::{Contents, Record};

    #[test]
    fn many_packets_are_told_by_the_first_and_the_last() {
        assert_eq!(margin(&[]), "");
        assert_eq!(margin(&[5, 6, 7]), "[#5 #6 #7]");
        assert_eq!(margin(&[13, 15, 17, 29]), "[#13..#29]");
    }

    #[test]
    fn what_was_said_under_tls_is_found_in_the_record_that_ends_it() {
        let record = |octets: Range<u64>, plain: Range<u64>| Record {
            direction: Direction::In,
            content_type: 23,
            octets,
            contents: Contents::Data,
            plain: Some(plain),
        };
        let (began, ended) = (Timestamp(1), Timestamp(2));
        let records = vec![record(800..905, 0..83), record(905..1500, 83..650)];
        let mut links = Links::default();
        links.sealed(1, &Flight { direction: Direction::In, began, ended, records });
        links.says(1, Side::Server, 83, "200 OK".into());
        let said = |octets: Range<u64>| links.said(1, Side::Server, &octets).map(String::as_str);
        assert_eq!(said(800..905), None);
        // The record is not whole before its last octet has come.
        assert_eq!(said(905..1499), None);
        assert_eq!(said(1400..1500), Some("200 OK"));
        assert_eq!(said(1500..1600), None);
    }
}
