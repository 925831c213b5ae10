//! What of everything that happens is kept until the fetch is over?

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use super::aside::Aside;
use super::leg::{Leg, Neighbourly};
use super::socket::Socket;
use super::talk::Talk;
use super::{Told, Whole};
use crate::flow::{Seen, Side};
use crate::timeline::fetch::{Event, Step};
use crate::timeline::tls::Fact;
use crate::timeline::{Call, Timestamp};
use crate::wire::Packet;
use crate::wire::tcp::Flags;

/// Is told what happens in a fetch, keeps what matters of it, and can say in the end why it took so long.
#[derive(Debug, Default)]
pub struct Account {
    pub(super) legs: BTreeMap<u32, Leg>,
    pub(super) sockets: BTreeMap<u32, Socket>,
    /// By our end and theirs.
    pub(super) talks: HashMap<(SocketAddr, SocketAddr), Talk, RandomState>,
    pub(super) aside: Aside,
    /// The hops that packets of each address had left, of the connection's own first answer.
    pub(super) hops: HashMap<IpAddr, u8, RandomState>,
    /// What the neighbour cache said, of whatever address.
    pub(super) neighbours: Vec<Neighbourly>,
    /// What came of the rounds before this one: each begins with how the fetch is made.
    pub(super) settled: Vec<Told>,
    pub(super) rounds: Vec<Whole>,
    /// When somebody wanted it to end.
    pub(super) interrupted: Option<Timestamp>,
    pub(super) packets: u64,
}

/// Transfers, sockets and connections kept of one round, each; a fetch has limits far below.
const KEPT: usize = 1024;

impl Account {
    pub fn call(&mut self, call: &Call) {
        if call.socket != 0
            && (self.sockets.len() < KEPT || self.sockets.contains_key(&call.socket))
        {
            self.sockets.entry(call.socket).or_default().hear(call);
        }
    }

    pub fn step(&mut self, step: &Step) {
        match &step.event {
            Event::Policy(_) => self.settle(),
            Event::Interrupted => _ = self.interrupted.get_or_insert(step.ended),
            Event::Neighbour(change) if self.neighbours.len() < KEPT => {
                self.neighbours.push(Neighbourly {
                    told: change.told.realtime,
                    address: change.neighbour.address,
                    state: change.neighbour.state,
                });
            }
            _ => {}
        }
        if let Event::Tls(Fact::Flight(flight)) = &step.event
            && let Some(socket) = self.sockets.get_mut(&step.socket)
        {
            socket.seal(flight);
        }
        if step.transfer != 0 && (self.legs.len() < KEPT || self.legs.contains_key(&step.transfer))
        {
            self.legs.entry(step.transfer).or_default().hear(step);
        }
    }

    pub fn packet(&mut self, packet: &Packet<'_>, seen: &Seen<'_>) {
        self.packets += 1;
        self.aside.hear(packet);
        let Some((connection, side)) = seen.connection else { return };
        let [us, them] = [Side::Client, Side::Server].map(|side| {
            let end = connection.end(side);
            SocketAddr::new(end.address(), end.port)
        });
        if self.talks.len() >= KEPT && !self.talks.contains_key(&(us, them)) {
            return;
        }
        let talk = self.talks.entry((us, them)).or_default();
        talk.hear(packet, seen);
        if let (Side::Server, Some(piece)) = (side, talk.pieces.last()) {
            // Whoever answers a SYN with a RST may be somebody else than the host.
            if !piece.has(Flags::RST) {
                self.hops.entry(them.ip()).or_insert(piece.hops);
            }
        }
    }

    /// The talk of a socket, where its packets were seen.
    pub(super) fn talk(&self, socket: &Socket) -> Option<&Talk> {
        let (local, remote) = (socket.local?, socket.remote?);
        self.talks.get(&(plain(local), plain(remote)))
    }
}

/// As packets have it: without a scope, and IPv4 as IPv4.
fn plain(end: SocketAddr) -> SocketAddr {
    SocketAddr::new(end.ip().to_canonical(), end.port())
}
