//! Which segments make one message?
//!
//! A message that goes on in the next segment of its stream is kept until the segment that ends it,
//! and told there. Only messages that a view says go on are kept: the heads of HTTP messages, TLS
//! handshakes, DNS messages. Everything else costs nothing.
//!
//! Segments must come in order: one that was sent again is passed over, and after a gap the message is
//! given up. At most [`STREAMS`] messages are kept, each of at most [`LONGEST`] octets; the oldest goes
//! first.

use std::collections::VecDeque;
use std::net::IpAddr;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use crate::octets::Octets;
use crate::wire::tcp::{Flags, Seq, Tcp};
use crate::wire::{Hint, Packet};

const STREAMS: usize = 1024;
/// A DNS message over TCP with its length; more than any head that is read.
const LONGEST: usize = 2 + 65_535;
/// So many octets tell whether a DNS message begins with them, however small the segments.
const BEGINNING: usize = 300;

/// The messages that are still incomplete.
#[derive(Default)]
pub struct Streams {
    waiting: HashMap<Way, Message, RandomState>,
    /// In the order begun; a message that is gone leaves its row behind for a while.
    begun: VecDeque<(Way, u64)>,
    turn: u64,
    /// The message that the packet at hand ended.
    whole: Message,
}

/// One direction of one connection.
type Way = (IpAddr, u16, IpAddr, u16);

#[derive(Debug, Default)]
struct Message {
    turn: u64,
    octets: Vec<u8>,
    /// Where the next segment must begin.
    next: Option<Seq>,
    /// The packets that brought it.
    numbers: Vec<u64>,
}

impl Streams {
    /// Reads the message that this packet goes on with, when it does.
    pub fn join<'a>(&'a mut self, packet: Packet<'a>) -> Packet<'a> {
        let Some(tcp) = packet.tcp() else { return packet };
        if tcp.payload().is_empty() || packet.datagram().is_some() {
            return packet;
        }
        let from = goes_on_from(&packet, tcp);
        if from.is_none() && self.waiting.is_empty() {
            return packet;
        }
        let (Some((source, destination)), false) = (packet.addresses(), tcp.payload().is_cut())
        else {
            return packet;
        };
        let (from_port, to_port) = (tcp.source_port(), tcp.destination_port());
        let way = (source, from_port, destination, to_port);
        let number = packet.frame.number;
        let Some(message) = self.waiting.get_mut(&way) else {
            if let Some(from) = from {
                self.begin(way, tcp, from, number);
            }
            return packet;
        };
        let late = message.next.map_or(0, |next| tcp.seq().past(next));
        if late != 0 {
            let is_old =
                late < 0 && tcp.seq().plus(tcp.span()).past(message.next.unwrap_or(tcp.seq())) <= 0;
            if !is_old {
                self.waiting.remove(&way);
                if let Some(from) = from {
                    self.begin(way, tcp, from, number);
                }
            }
            return packet;
        }
        message.take(tcp, 0, number);
        if message.octets.len() > LONGEST {
            self.waiting.remove(&way);
            return packet;
        }
        self.read(way, packet, tcp)
    }

    /// Reads a message again, now that it has grown.
    fn read<'a>(&'a mut self, way: Way, packet: Packet<'a>, tcp: Tcp<'a>) -> Packet<'a> {
        let Some(mut message) = self.waiting.remove(&way) else { return packet };
        std::mem::swap(&mut self.whole, &mut message);
        let hint = Hint::Tcp(tcp.source_port(), tcp.destination_port());
        let again = packet.carried_on(hint, Octets::whole(&self.whole.octets), &self.whole.numbers);
        let Some(from) = goes_on_from(&again, tcp) else { return again };
        message.clear();
        message.turn = self.whole.turn;
        message.octets.extend_from_slice(&self.whole.octets[from..]);
        message.next = self.whole.next;
        // What was already told of a message that is not yet whole would be told again with each
        // segment: a packet that ends nothing is told as itself.
        if from == 0 {
            message.numbers.extend_from_slice(&self.whole.numbers);
            self.waiting.insert(way, message);
            return packet;
        }
        message.numbers.push(packet.frame.number);
        self.waiting.insert(way, message);
        again
    }

    fn begin(&mut self, way: Way, tcp: Tcp<'_>, from: usize, number: u64) {
        while self.waiting.len() >= STREAMS || self.begun.len() >= 2 * STREAMS {
            let Some((way, turn)) = self.begun.pop_front() else { break };
            if self.waiting.get(&way).is_some_and(|message| message.turn == turn) {
                self.waiting.remove(&way);
            }
        }
        self.turn += 1;
        let mut message = Message { turn: self.turn, ..Message::default() };
        message.take(tcp, from, number);
        self.begun.push_back((way, self.turn));
        self.waiting.insert(way, message);
    }
}

impl Message {
    /// Appends a segment's payload from some octet on.
    fn take(&mut self, tcp: Tcp<'_>, from: usize, number: u64) {
        self.octets.extend_from_slice(tcp.payload().kept().get(from..).unwrap_or(&[]));
        self.next = Some(tcp.seq().plus(tcp.span()));
        self.numbers.push(number);
    }

    fn clear(&mut self) {
        self.octets.clear();
        self.numbers.clear();
    }
}

/// From which octet of the stream's octets at hand a message goes on in a later segment.
fn goes_on_from(packet: &Packet<'_>, tcp: Tcp<'_>) -> Option<usize> {
    if tcp.flags().has(Flags::FIN) || tcp.flags().has(Flags::RST) {
        return None;
    }
    let octets = packet.datagram().unwrap_or(tcp.payload());
    let start = octets.kept().as_ptr() as usize;
    let last = packet.places().last()?;
    if let Some(from) = last.layer.goes_on() {
        return (last.octets.kept().as_ptr() as usize + last.start + from).checked_sub(start);
    }
    let is_dns = tcp.source_port() == 53 || tcp.destination_port() == 53;
    let unread = packet.rest.kept().as_ptr() as usize;
    let starved =
        is_dns && packet.stop.is_none() && packet.rest.len() < BEGINNING && !packet.rest.is_empty();
    (starved && unread == start && packet.rest.len() == octets.len()).then_some(0)
}
