//! What do the TLS records hold whose keys are known?
//!
//! A connection is followed from its `ClientHello` on when the keys at hand name its random. What its
//! records hold is told in the packet that completes them: handshake messages first, then alerts, then
//! data, which is read on as if it had been sent in clear text. What does not authenticate is not told.
//!
//! At most [`CONNECTIONS`] are followed; the one begun first goes first, and its records stay closed.

mod cipher;
mod connection;
mod log;
mod opening;
mod records;

use std::collections::VecDeque;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use super::key::{Key, Which};
use super::mark::{Mark, Side};
use super::stream::{Part, Room, Run, Segment};
use crate::octets::Octets;
use crate::wire::packet::LiesIn;
use crate::wire::tcp::{Flags, Seq, Tcp};
use crate::wire::tls::{Opened, Version};
use crate::wire::{Hint, Packet};
use connection::Connection;
use log::Log;
use records::Heard;

const CONNECTIONS: usize = 1024;
/// What may wait in all connections together behind octets that have not come.
const WAITING: usize = 16 << 20;
/// The type of the secrets that open TLS in pcapng (draft-ietf-opsawg-pcapng §4.7).
const TLS_KEY_LOG: u32 = 0x544c_534b;

/// The keys at hand, and the connections that they open.
#[derive(Debug)]
pub struct Keyring {
    log: Log,
    connections: HashMap<Key, (Which, Connection), RandomState>,
    /// In the order begun; a connection that is gone leaves its row behind for a while.
    begun: VecDeque<(Key, u64)>,
    turn: u64,
    room: Room,
    /// How many of a capture's secrets were learned.
    learned: usize,
    /// Of the packet at hand.
    heard: Heard,
    message: Vec<u8>,
    segments: Vec<u64>,
    data: Vec<u8>,
    brought: Vec<u64>,
}

impl Default for Keyring {
    fn default() -> Self {
        Self {
            log: Log::default(),
            connections: HashMap::default(),
            begun: VecDeque::new(),
            turn: 0,
            room: Room::of(WAITING),
            learned: 0,
            heard: Heard::default(),
            message: Vec::new(),
            segments: Vec::new(),
            data: Vec::new(),
            brought: Vec::new(),
        }
    }
}

impl Keyring {
    /// Notes the keys of a key log; says how many there were.
    pub fn learn(&mut self, text: &[u8]) -> usize {
        self.log.learn(text)
    }

    /// Notes the keys among a capture's secrets that were not there before.
    pub fn learn_from(&mut self, secrets: &[(u32, Box<[u8]>)]) {
        for (_, text) in secrets.iter().skip(self.learned).filter(|(kind, _)| *kind == TLS_KEY_LOG)
        {
            self.learn(text);
        }
        self.learned = secrets.len();
    }

    /// Whether no key is known: nothing can be opened.
    pub(super) fn is_empty(&self) -> bool {
        self.log.is_empty()
    }

    /// Reads on in what the packet's TLS records hold, if they can be opened.
    pub fn open<'a>(&'a mut self, packet: &mut Packet<'a>) {
        if !self.log.is_empty() {
            self.open_records(packet);
        }
    }

    fn open_records<'a>(&'a mut self, packet: &mut Packet<'a>) {
        let Some(tcp) = packet.tcp() else { return };
        let Some((key, from)) = Key::of_segment(packet, tcp) else { return };
        if tcp.flags().has(Flags::SYN) {
            self.forget_before(key, from, tcp.seq().plus(1));
        } else if begins_with_client_hello(tcp) && !self.connections.contains_key(&key) {
            self.begin(key, from, tcp);
        }
        let Some((client, connection)) = self.connections.get_mut(&key) else { return };
        let side = if *client == from { Side::Client } else { Side::Server };
        let mark = Mark::of(&packet.frame);
        connection.sides[side.peer().index()].acknowledged = Some((tcp.ack(), mark));
        if tcp.payload().is_empty() {
            return;
        }
        self.heard.clear();
        let half = &mut connection.sides[side.index()];
        let (records, heard) = (&mut half.records, &mut self.heard);
        let mut is_whole_here = records.held() == 0;
        let mut reader = |run: Run<'_>| match run.part {
            Part::Octets(octets) => {
                is_whole_here &= run.mark == mark;
                records.take(octets, run.mark.packet);
            }
            Part::Gap(_) => records.lose(heard),
            Part::End => {}
        };
        if let Some((ack, since)) = half.acknowledged.take() {
            half.stream.acknowledge(ack, since, &mut self.room, &mut reader);
        }
        half.stream.take(Segment::of(tcp, mark), &mut self.room, &mut reader);
        let read = connection.read(side, &self.log, &mut self.heard);
        let records = &mut connection.sides[side.index()].records;
        self.message.clear();
        self.segments.clear();
        if !is_whole_here && packet.message().is_none() {
            records.joined(&self.heard, &mut self.message, &mut self.segments);
        }
        records.forget(read);
        let is_over = connection.is_over();
        let version = connection.version;
        if !self.heard.is_empty() {
            self.tell(key, side, version, packet, tcp);
        } else if is_over {
            self.connections.remove(&key);
        }
    }

    /// Forgets a connection between the same ends that did not begin with this octet.
    fn forget_before(&mut self, key: Key, from: Which, start: Seq) {
        if let Some((client, known)) = self.connections.get(&key)
            && known.start[usize::from(*client != from)] != start
        {
            self.connections.remove(&key);
        }
    }

    fn begin(&mut self, key: Key, client: Which, tcp: Tcp<'_>) {
        while self.connections.len() >= CONNECTIONS || self.begun.len() >= 2 * CONNECTIONS {
            let Some((key, turn)) = self.begun.pop_front() else { break };
            if self.connections.get(&key).is_some_and(|(_, known)| known.turn == turn) {
                self.connections.remove(&key);
            }
        }
        self.turn += 1;
        self.begun.push_back((key, self.turn));
        let connection = Connection::new(self.turn, [tcp.seq(), tcp.ack()]);
        self.connections.insert(key, (client, connection));
    }

    /// Has a packet tell what was heard in it.
    fn tell<'a>(
        &'a mut self,
        key: Key,
        side: Side,
        version: Version,
        packet: &mut Packet<'a>,
        tcp: Tcp<'_>,
    ) {
        let Self { heard, message, segments, data, brought, connections, .. } = self;
        let ports = (tcp.source_port(), tcp.destination_port());
        if let Some(closed) = heard.closed {
            packet.stay_closed(closed);
        }
        if !message.is_empty() {
            *packet =
                packet.carried_on(Hint::Tcp(ports.0, ports.1), Octets::whole(message), segments);
        }
        for (octets, opened) in
            [(&heard.handshake, Opened::Handshake(version)), (&heard.alert, Opened::Alert(version))]
        {
            if !octets.is_empty() {
                packet.read_on(LiesIn::Decrypted, Hint::Opened(opened), Octets::whole(octets), &[]);
            }
        }
        let Some((_, connection)) = connections.get_mut(&key) else { return };
        if heard.data.is_empty() {
            return;
        }
        let number = packet.frame.number;
        let begun = &mut connection.sides[side.index()].records.begun;
        begun.go_on(&heard.data, number, data, brought);
        let hint = Hint::Tls(ports.0, ports.1);
        let mut again = packet.clone();
        again.read_on(LiesIn::Decrypted, hint, Octets::whole(data), brought);
        let from = goes_on_from(&again);
        // As with segments: a packet that ends nothing is told as itself.
        if from == Some(0) && !begun.is_empty() {
            packet.read_on(LiesIn::Decrypted, hint, Octets::whole(&heard.data), &[]);
        } else {
            *packet = again;
            packet.already_knew(data.len() - heard.data.len());
        }
        begun.wait(from, data, brought, number);
    }
}

/// Whether a segment begins with the record of a `ClientHello`, as far as it goes.
fn begins_with_client_hello(tcp: Tcp<'_>) -> bool {
    matches!(tcp.payload().kept(), [22, 3, 0..=4, _, _, 1, ..])
}

/// From which octet of the data read last a message goes on in a later record.
fn goes_on_from(packet: &Packet<'_>) -> Option<usize> {
    let last = packet.places().last()?;
    let found = packet.found().last()?;
    let is_data = last.octets.kept().as_ptr() == found.octets.kept().as_ptr();
    let from = last.layer.goes_on().filter(|_| is_data && last.lies_in == LiesIn::Decrypted)?;
    Some(last.start + from)
}
