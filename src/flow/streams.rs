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

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use super::key::{Key, Which};
use crate::octets::Octets;
use crate::wire::tcp::{Flags, Seq, Tcp};
use crate::wire::{Hint, Layer, Packet};

const STREAMS: usize = 1024;
/// A DNS message over TCP with its length; more than any head that is read.
const LONGEST: usize = 2 + 65_535;
/// So many octets tell whether a DNS message begins with them, however small the segments.
const BEGINNING: usize = 300;

/// The messages that are still incomplete.
#[derive(Default)]
pub struct Streams {
    waiting: HashMap<(Key, Which), Message, RandomState>,
    /// In the order begun; a message that is gone leaves its row behind for a while.
    begun: VecDeque<((Key, Which), u64)>,
    turn: u64,
    /// The message that the packet at hand ended.
    whole: Message,
}

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
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(super) fn awaits(&self, direction: &(Key, Which)) -> bool {
        self.waiting.contains_key(direction)
    }

    /// Reads the message that this packet goes on with, when it does.
    pub fn join<'a>(&'a mut self, packet: &mut Packet<'a>) {
        if self.waiting.is_empty() && !may_go_on(packet) {
            return;
        }
        let Some(tcp) = packet.tcp().filter(|tcp| !tcp.payload().is_empty()) else { return };
        if tcp.payload().is_cut() {
            return;
        }
        let from = goes_on_from(packet, tcp);
        if from.is_none() && self.waiting.is_empty() {
            return;
        }
        let Some(direction) = Key::of_segment(packet, tcp) else { return };
        let number = packet.frame.number;
        if let Some(message) = self.waiting.get_mut(&direction) {
            let late = message.next.map_or(0, |next| tcp.seq().past(next));
            let end = tcp.seq().plus(tcp.span());
            if late < 0 && message.next.is_some_and(|next| end.past(next) <= 0) {
                return;
            }
            if late == 0 && message.octets.len() <= LONGEST {
                message.take(tcp, 0, number);
                return self.read(direction, packet, tcp);
            }
            self.waiting.remove(&direction);
        }
        if let Some(from) = from {
            self.begin(direction, tcp, from, number);
        }
    }

    /// Reads a message again, now that it has grown.
    fn read<'a>(&'a mut self, direction: (Key, Which), packet: &mut Packet<'a>, tcp: Tcp<'a>) {
        let Some(mut message) = self.waiting.remove(&direction) else { return };
        std::mem::swap(&mut self.whole, &mut message);
        let hint = Hint::Tcp(tcp.source_port(), tcp.destination_port());
        let whole = &self.whole;
        let again = packet.carried_on(hint, Octets::whole(&whole.octets), &whole.numbers);
        let from = goes_on_from(&again, tcp);
        let number = packet.frame.number;
        // A packet that ends nothing is told as itself: what is known of a message that is not yet
        // whole would otherwise be told again with each segment.
        if from != Some(0) {
            *packet = again;
        }
        let Some(from) = from else { return };
        message.octets.clear();
        message.octets.extend_from_slice(&whole.octets[from..]);
        message.numbers.clear();
        if from == 0 {
            message.numbers.extend_from_slice(&whole.numbers);
        } else {
            message.numbers.push(number);
        }
        (message.turn, message.next) = (whole.turn, whole.next);
        self.waiting.insert(direction, message);
    }

    fn begin(&mut self, direction: (Key, Which), tcp: Tcp<'_>, from: usize, number: u64) {
        while self.waiting.len() >= STREAMS || self.begun.len() >= 2 * STREAMS {
            let Some((direction, turn)) = self.begun.pop_front() else { break };
            if self.waiting.get(&direction).is_some_and(|message| message.turn == turn) {
                self.waiting.remove(&direction);
            }
        }
        self.turn += 1;
        let mut message = Message { turn: self.turn, ..Message::default() };
        message.take(tcp, from, number);
        self.begun.push_back((direction, self.turn));
        self.waiting.insert(direction, message);
    }
}

impl Message {
    /// Appends a segment's payload from some octet on.
    fn take(&mut self, tcp: Tcp<'_>, from: usize, number: u64) {
        self.octets.extend_from_slice(tcp.payload().kept().get(from..).unwrap_or(&[]));
        self.next = Some(tcp.seq().plus(tcp.span()));
        self.numbers.push(number);
    }
}

/// Whether [`goes_on_from`] is worth asking: most packets answer by their last layer alone.
fn may_go_on(packet: &Packet<'_>) -> bool {
    match packet.layers().last() {
        Some(Layer::Tcp(tcp)) => is_dns(*tcp) && !tcp.payload().is_empty(),
        Some(layer) => layer.goes_on().is_some(),
        None => false,
    }
}

fn is_dns(tcp: Tcp<'_>) -> bool {
    begins_small((tcp.source_port(), tcp.destination_port()))
}

/// Whether messages between these ports may begin with less than tells what they are: those of DNS.
pub(super) fn begins_small((source, destination): (u16, u16)) -> bool {
    source == 53 || destination == 53
}

/// From which octet of the stream's octets at hand a message goes on in a later segment.
fn goes_on_from(packet: &Packet<'_>, tcp: Tcp<'_>) -> Option<usize> {
    if tcp.flags().has(Flags::FIN) || tcp.flags().has(Flags::RST) {
        return None;
    }
    let octets = packet.message().unwrap_or(tcp.payload());
    let start = octets.kept().as_ptr() as usize;
    let last = packet.places().last()?;
    if let Some(from) = last.layer.goes_on() {
        return (last.octets.kept().as_ptr() as usize + last.start + from).checked_sub(start);
    }
    let unread = packet.rest.kept().as_ptr() as usize;
    let starved = is_dns(tcp)
        && packet.stop.is_none()
        && packet.rest.len() < BEGINNING
        && !packet.rest.is_empty();
    (starved && unread == start && packet.rest.len() == octets.len()).then_some(0)
}
