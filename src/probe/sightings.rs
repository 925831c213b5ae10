//! What did our own capture see of a connection whose way is probed?
//!
//! The capture's thread notes it, whoever probes waits for it. Only what a probe needs is kept.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::timeline::{Frame, Timestamp};
use crate::wire::tcp::{Flags, Tcp};
use crate::wire::{Layer, Packet, packet};

/// A connection's place in both streams, once its handshake was seen.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Standing {
    /// The number of the next octet that we send, and of the next that we expect.
    pub(super) next_out: u32,
    pub(super) next_in: u32,
    /// As our own segment wrote them.
    pub(super) window: u16,
    pub(super) stamps: Option<(u32, u32)>,
}

/// Who answered a probe.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Answer {
    Router(IpAddr),
    Server,
}

/// Shared between the capture and whoever probes.
#[derive(Clone, Debug, Default)]
pub struct Sightings(Arc<(Mutex<Board>, Condvar)>);

#[derive(Debug, Default)]
struct Board {
    /// Handshakes that were seen, the newest last; a SYN-ACK alone has no standing yet.
    handshakes: VecDeque<Handshake>,
    probe: Option<Probe>,
}

#[derive(Clone, Copy, Debug)]
struct Handshake {
    client: SocketAddr,
    server: SocketAddr,
    standing: Standing,
    is_whole: bool,
}

/// The probe that is under way.
#[derive(Clone, Copy, Debug)]
struct Probe {
    client: SocketAddr,
    server: SocketAddr,
    next_out: u32,
    left: Option<Timestamp>,
    answer: Option<(Answer, Timestamp)>,
}

/// Handshakes remembered, those of strangers included; ours is the newest or nearly so.
const KEPT: usize = 256;

impl Sightings {
    /// Notes what a frame says.
    pub(super) fn hear(&self, frame: Frame<'_>) {
        let dissected = Packet::dissect(frame);
        let mut board = self.board();
        if let Some(tcp) = dissected.tcp() {
            let (Some((from, to)), false) = (dissected.addresses(), has_error(&dissected)) else {
                return;
            };
            let source = SocketAddr::new(from, tcp.source_port());
            let destination = SocketAddr::new(to, tcp.destination_port());
            board.segment(tcp, source, destination, frame.time);
        } else if has_error(&dissected) {
            board.error(&dissected, frame.time);
        } else {
            return;
        }
        drop(board);
        self.0.1.notify_all();
    }

    /// Waits for the end of a handshake; `None` when it was not seen until then.
    pub(super) fn standing(
        &self,
        client: SocketAddr,
        server: SocketAddr,
        until: Instant,
    ) -> Option<Standing> {
        self.wait(until, |board| {
            let is_it = |it: &&Handshake| it.is_whole && it.client == client && it.server == server;
            board.handshakes.iter().rev().find(is_it).map(|it| it.standing)
        })
    }

    /// From now on a probe of this connection is looked for, and its answer; what was seen of an earlier one is
    /// forgotten.
    pub(super) fn expect(&self, client: SocketAddr, server: SocketAddr, next_out: u32) {
        let probe = Probe { client, server, next_out, left: None, answer: None };
        self.board().probe = Some(probe);
    }

    /// Waits for the answer, and says how long it took by the frames. Routers quote too little of a probe to tell
    /// it from the one before: one that comes later than anybody waits is taken for the next one's.
    pub(super) fn answer(&self, until: Instant) -> Option<(Answer, Option<std::time::Duration>)> {
        self.wait(until, |board| {
            let probe = board.probe?;
            let (answer, at) = probe.answer?;
            Some((answer, probe.left.map(|left| at.since(left))))
        })
    }

    fn board(&self) -> MutexGuard<'_, Board> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<T>(&self, until: Instant, find: impl Fn(&Board) -> Option<T>) -> Option<T> {
        let mut board = self.board();
        loop {
            if let Some(found) = find(&board) {
                return Some(found);
            }
            let left = until.checked_duration_since(Instant::now()).filter(|it| !it.is_zero())?;
            let waited = self.0.1.wait_timeout(board, left);
            board = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

fn has_error(packet: &Packet<'_>) -> bool {
    !packet.quoted_layers().is_empty()
}

impl Board {
    fn segment(&mut self, tcp: Tcp<'_>, from: SocketAddr, to: SocketAddr, time: Timestamp) {
        let flags = tcp.flags();
        let is_pure = flags.has(Flags::ACK)
            && !flags.has(Flags::SYN)
            && !flags.has(Flags::FIN)
            && !flags.has(Flags::RST)
            && tcp.payload().is_empty();
        if flags.has(Flags::SYN) && flags.has(Flags::ACK) {
            self.handshakes.retain(|it| it.client != to || it.server != from);
            if self.handshakes.len() == KEPT {
                self.handshakes.pop_front();
            }
            let standing = Standing {
                next_out: tcp.ack().0,
                next_in: tcp.seq().plus(1).0,
                window: 0,
                stamps: None,
            };
            let handshake = Handshake { client: to, server: from, standing, is_whole: false };
            return self.handshakes.push_back(handshake);
        }
        if !is_pure {
            return;
        }
        let fresh =
            self.handshakes.iter_mut().rev().find(|it| it.client == from && it.server == to);
        if let Some(it) = fresh.filter(|it| !it.is_whole && it.standing.next_out == tcp.seq().0) {
            it.is_whole = true;
            it.standing.window = tcp.window();
            it.standing.stamps = tcp.lone_stamps();
        }
        let Some(probe) = &mut self.probe else { return };
        if (probe.client, probe.server) == (from, to)
            && tcp.seq().0 == probe.next_out.wrapping_sub(1)
        {
            probe.left.get_or_insert(time);
        } else if (probe.client, probe.server) == (to, from)
            && tcp.ack().0 == probe.next_out
            && probe.left.is_some()
        {
            probe.answer.get_or_insert((Answer::Server, time));
        }
    }

    /// An error message: time exceeded, about the probe?
    fn error(&mut self, packet: &Packet<'_>, time: Timestamp) {
        let is_exceeded = packet.own_layers().iter().any(|layer| match layer {
            Layer::Icmp(icmp) => (icmp.kind(), icmp.code()) == (11, 0),
            Layer::Icmpv6(icmp) => (icmp.kind(), icmp.code()) == (3, 0),
            _ => false,
        });
        let quoted = packet.quoted_layers();
        let (true, Some(probe)) = (is_exceeded, &mut self.probe) else { return };
        let ends = packet::addresses(quoted).zip(packet::ports(quoted));
        let Some(((from, to), (source, destination))) = ends else { return };
        let is_about = probe.client == SocketAddr::new(from, source)
            && probe.server == SocketAddr::new(to, destination);
        if let (true, Some((router, _))) = (is_about && probe.left.is_some(), packet.addresses()) {
            probe.answer.get_or_insert((Answer::Router(router), time));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::octets::Octets;
    use crate::probe::hops::segment;

    const CLIENT: &str = "192.168.0.7:40000";
    const SERVER: &str = "198.51.100.80:80";

    fn ipv4(protocol: u8, from: [u8; 4], to: [u8; 4], payload: &[u8]) -> Vec<u8> {
        let len = u16::try_from(20 + payload.len()).expect("short").to_be_bytes();
        let mut octets = vec![0x45, 0, len[0], len[1], 0, 0, 0x40, 0, 1, protocol, 0, 0];
        octets.extend(from.into_iter().chain(to));
        octets.extend(payload);
        octets
    }

    fn hear(sightings: &Sightings, time: u64, octets: &[u8]) {
        let octets = Octets::new(octets, octets.len());
        let time = Timestamp(time);
        // Raw IP.
        sightings.hear(Frame { number: 0, time, link: 101, interface: 0, comment: &[], octets });
    }

    #[test]
    fn the_answer_to_a_probe_is_told_from_everything_else() {
        let (client, server) = (CLIENT.parse().expect("an end"), SERVER.parse().expect("an end"));
        let (us, them, router) = ([192, 168, 0, 7], [198, 51, 100, 80], [192, 168, 0, 1]);
        let sightings = Sightings::default();
        let soon = || Instant::now() + Duration::from_millis(5);
        let standing = Standing { next_out: 0, next_in: 9, window: 500, stamps: Some((7, 8)) };
        assert_eq!(sightings.standing(client, server, soon()), None);
        let mut answer = segment(server, client, Standing { next_out: 9, ..standing });
        // A SYN-ACK: its sequence number is 8, it acknowledges 0.
        answer[8..12].copy_from_slice(&0_u32.to_be_bytes());
        answer[13] = 0x12;
        hear(&sightings, 1, &ipv4(6, them, us, &answer));
        assert_eq!(sightings.standing(client, server, soon()), None);
        let ack = segment(client, server, Standing { next_out: 1, ..standing });
        hear(&sightings, 2, &ipv4(6, us, them, &ack));
        assert_eq!(sightings.standing(client, server, soon()), Some(standing));
        sightings.expect(client, server, 0);
        let probe = ipv4(6, us, them, &segment(client, server, standing));
        let exceeded =
            |quoted: &[u8]| ipv4(1, router, us, &[&[11, 0, 0, 0, 0, 0, 0, 0], quoted].concat());
        // What is said before the probe left is not about it.
        hear(&sightings, 3, &exceeded(&probe[..28]));
        assert_eq!(sightings.answer(soon()), None);
        hear(&sightings, 10, &probe);
        // Another connection's.
        let mut other = probe.clone();
        other[21] ^= 1;
        hear(&sightings, 11, &exceeded(&other[..28]));
        assert_eq!(sightings.answer(soon()), None);
        // The least that a router may quote.
        hear(&sightings, 15, &exceeded(&probe[..28]));
        let took = Some(Duration::from_nanos(5));
        assert_eq!(sightings.answer(soon()), Some((Answer::Router(router.into()), took)));
        sightings.expect(client, server, 0);
        hear(&sightings, 20, &probe);
        let mut heard = segment(server, client, Standing { next_out: 10, ..standing });
        heard[8..12].copy_from_slice(&0_u32.to_be_bytes());
        hear(&sightings, 27, &ipv4(6, them, us, &heard));
        let took = Some(Duration::from_nanos(7));
        assert_eq!(sightings.answer(soon()), Some((Answer::Server, took)));
    }

    #[test]
    fn of_handshakes_only_the_newest_are_kept() {
        let sightings = Sightings::default();
        let (us, them) = ([192, 168, 0, 7], [198, 51, 100, 80]);
        let server = SERVER.parse().expect("an end");
        for port in 1000..2000 {
            let client = SocketAddr::new(us.into(), port);
            let standing = Standing { next_out: 9, next_in: 9, window: 5, stamps: None };
            let mut answer = segment(server, client, standing);
            answer[13] = 0x12;
            hear(&sightings, 1, &ipv4(6, them, us, &answer));
        }
        assert_eq!(sightings.board().handshakes.len(), KEPT);
    }
}
