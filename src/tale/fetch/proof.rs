//! What proves whose fault a failure was, by packets and by calls?

use std::net::SocketAddr;

use super::account::Account;
use super::course::{Course, Witness};
use super::fault::{Proof, Reset, Unheard};
use super::join::share;
use super::leg::Leg;
use super::phase::Edge;
use super::socket::Socket;
use super::talk::Talk;
use crate::timeline::Stage;
use crate::timeline::fetch::Outcome;
use crate::wire::tcp::Flags;

impl Account {
    /// Everything about a transfer that may say why it failed.
    pub(super) fn proof(&self, leg: &Leg) -> Proof {
        let course = self.course(leg).unwrap_or_default();
        let mut proof = Proof { ended: course.ended, host: leg.host.clone(), ..Proof::default() };
        let questions = leg.queries.iter().filter(|query| query.answered.is_none());
        proof.questions = questions
            .filter_map(|query| {
                let of = |it: &&super::aside::Message| {
                    (it.server, it.port, it.id) == (query.server, query.port, query.id)
                };
                self.aside.messages.iter().find(of).map(|it| it.mark.packet)
            })
            .collect();
        let answer = self.aside.messages.iter().rfind(|message| {
            let is_of = |query: &super::leg::Query| {
                (query.server, query.id) == (message.server, message.id)
            };
            message.is_answer && leg.queries.iter().any(is_of)
        });
        proof.dns_answer = answer.map(|message| message.mark.packet);
        self.sought_in_vain(leg, &mut proof);
        // The attempt that matters: the connection, or the one that failed last.
        let failed = leg.tried.iter().rfind(|tried| {
            tried.socket != 0 && !matches!(tried.outcome, Outcome::Overtaken | Outcome::NotBegun)
        });
        let number = failed.map_or(leg.socket, |tried| tried.socket);
        proof.destination = failed.map(|tried| tried.destination);
        proof.told = leg.tried.iter().flat_map(|tried| tried.refusals.clone()).collect();
        if let Some(socket) = self.sockets.get(&number) {
            proof.destination = proof.destination.or(socket.remote);
            if proof.told.is_empty() {
                proof.told = socket.refusals.iter().map(|(_, refusal)| refusal.clone()).collect();
            }
            self.of_socket(leg, socket, &course, &mut proof);
        }
        proof
    }

    fn sought_in_vain(&self, leg: &Leg, proof: &mut Proof) {
        let Some(address) = leg.next_hop else { return };
        let of = |it: &&super::aside::Neighbour| it.address == address;
        let seen = || self.aside.neighbours.iter().filter(of);
        let told = self.neighbours.iter().any(|it| it.address == address && it.state == "FAILED");
        let was_answered = seen().any(|it| it.is_answer);
        if !was_answered && (told || seen().next().is_some()) {
            let requests = seen().map(|it| it.mark.packet).collect();
            proof.unheard = Some(Unheard { address, is_router: leg.is_routed, requests });
        }
    }

    fn of_socket(&self, leg: &Leg, socket: &Socket, course: &Course, proof: &mut Proof) {
        let port = socket.local.map(|local| local.port());
        let remote = socket.remote.map(|remote| remote.port());
        let of = |it: &&super::aside::Refused| {
            Some(it.port) == port && Some(it.destination.port()) == remote
        };
        proof.refused = self.aside.refused.iter().filter(of).copied().collect();
        proof.waited = socket.connecting.map(|began| proof.ended.since(began));
        proof.is_connected = matches!(socket.connected, Some((_, Ok(()))));
        proof.syns_again = socket.syns_again;
        let share = share(leg, socket, course);
        proof.asked = course.request.last().map(|sent| sent.edge);
        proof.last = course.answer.last().map(|arrived| arrived.edge);
        proof.round_trip = course.shortest;
        let (from, to) = (share.answer.start, share.answer.end);
        proof.received = if course.unread.is_some() { 0 } else { to.saturating_sub(from) };
        let tells =
            |talk: &&Talk| talk.is_placed() || (!proof.is_connected && !talk.pieces.is_empty());
        if let Some(talk) = self.talk(socket).filter(tells) {
            self.of_talk(socket, talk, proof);
            return;
        }
        proof.witness = course.witness;
        proof.hole = course.missing.map(|since| (since, None));
        let written = socket.writes.last().map_or(0, |write| write.octets.end);
        if let Some(last) = written.checked_sub(1) {
            let acknowledged = super::join::reached(socket, Stage::Acknowledged, last).is_some();
            // Where the kernel stamps nothing, it still counts what is unacknowledged; or nobody knows.
            let counted = socket.unacknowledged.unwrap_or(0) == 0;
            proof.is_acknowledged = acknowledged || (socket.stamps.is_empty() && counted);
            let sent = socket.stamps.iter().filter(|stamp| stamp.stage == Stage::Sent);
            let mut sent: Vec<u32> = sent.map(|stamp| stamp.last).collect();
            let all = sent.len();
            sent.sort_unstable();
            sent.dedup();
            proof.sent_again = (all - sent.len()) as u64;
        }
        proof.peer_shut = (socket.windows[0] == Some(0)).then(|| Edge::at(proof.ended));
        proof.shut = (socket.windows[1] == Some(0)).then(|| Edge::at(proof.ended));
    }

    fn of_talk(&self, socket: &Socket, talk: &Talk, proof: &mut Proof) {
        proof.witness = Witness::Packets;
        let from_us = || talk.pieces.iter().filter(|piece| piece.from_us);
        let from_them = || talk.pieces.iter().filter(|piece| !piece.from_us);
        let number = |piece: &super::talk::Piece| piece.mark.packet;
        proof.syns = from_us().filter(|piece| piece.has(Flags::SYN)).map(number).collect();
        proof.syn_ack = from_them().find(|piece| piece.has(Flags::SYN)).map(number);
        let remote = proof.destination.map(|remote: SocketAddr| remote.ip().to_canonical());
        let usual = remote.and_then(|ip| self.hops.get(&ip).copied());
        proof.reset = talk.first(Flags::RST, false).map(|piece| Reset {
            packet: piece.mark.packet,
            hops: piece.hops,
            usual,
        });
        proof.fin = talk.first(Flags::FIN, false).map(|piece| Edge::of_packet(piece.mark));
        let acked = from_them().filter_map(|piece| piece.ack).max().unwrap_or(0);
        let sent = from_us().map(super::talk::Piece::end).max().unwrap_or(0);
        let heard = sent
            .checked_sub(1)
            .and_then(|last| super::join::reached(socket, Stage::Acknowledged, last));
        proof.is_acknowledged = acked >= sent || heard.is_some();
        let again = || from_us().filter(|piece| piece.len > 0 && piece.again);
        proof.sent_again = again().count() as u64;
        if !proof.is_acknowledged {
            let lost = from_us().filter(|piece| piece.len > 0 && piece.end() > acked);
            proof.unacknowledged = lost.map(number).take(16).collect();
        }
        // What of their stream was not seen, with something behind it; what the kernel has came all the same.
        let mut seen: Vec<(u64, u64, Edge)> = from_them()
            .filter(|piece| !piece.has(Flags::SYN) && !piece.has(Flags::RST))
            .filter(|piece| piece.len > 0 || piece.has(Flags::FIN))
            .map(|piece| (piece.start, piece.end(), Edge::of_packet(piece.mark)))
            .collect();
        seen.sort_by_key(|(start, end, _)| (*start, *end));
        let mut next = socket.counted.received().unwrap_or(0);
        for (start, end, edge) in seen {
            if start > next && proof.hole.is_none() {
                proof.hole = Some((edge, Some(start - next)));
            }
            next = next.max(end);
        }
        let open = |from_us: bool| {
            let is_plain = |piece: &&super::talk::Piece| {
                piece.from_us == from_us && !piece.has(Flags::SYN) && !piece.has(Flags::RST)
            };
            let last = talk.pieces.iter().rfind(is_plain)?;
            (last.window == Some(0)).then(|| {
                // Since when: the first of those without interruption.
                let since = talk.pieces.iter().filter(is_plain).rev();
                let first = since.take_while(|piece| piece.window == Some(0)).last();
                Edge::of_packet(first.unwrap_or(last).mark)
            })
        };
        (proof.shut, proof.peer_shut) = (open(true), open(false));
        if proof.last.is_none() {
            let last = from_them().rfind(|piece| piece.len > 0);
            proof.last_seen = last.map(|piece| Edge::of_packet(piece.mark));
        }
    }
}
