//! What is there to tell of a connection as a whole?

use super::half::Facts;
use super::handshake::Vantage;
use super::life::{Close, State};
use super::roles::Roles;
use super::verdict::{Confidence, Reset};
use super::{Connection, Rtt, window};
use crate::flow::community::CommunityId;
use crate::flow::mark::{Mark, Side};
use crate::flow::way::Tunnel;

impl Connection {
    /// Where in its life it is. A connection that ended keeps that state.
    pub fn state(&self) -> State {
        self.state
    }

    /// How it ended or began to end; `None` while nothing ends it.
    pub fn close(&self) -> Option<Close> {
        self.story.as_ref()?.close
    }

    /// Where the capture was made, by the two parts of the round trip.
    pub fn vantage(&self) -> Option<Vantage> {
        self.vantage_share().map(Vantage::of)
    }

    /// Which share of the round trip lies between the capture point and the client: 0.0 beside the
    /// client, 1.0 beside the server.
    pub fn vantage_share(&self) -> Option<f64> {
        let handshake = self.handshake();
        // What one side sent is answered by the other: its round trips are those to the peer.
        let shortest = |side: Side| self.half(side.peer()).rtt().and_then(Rtt::shortest);
        let client = handshake.rtt_client().or_else(|| shortest(Side::Client))?.as_secs_f64();
        let server = handshake.rtt_server().or_else(|| shortest(Side::Server))?.as_secs_f64();
        (client + server > 0.0).then(|| client / (client + server))
    }

    /// Why one end is taken for the client.
    pub fn roles(&self) -> Roles {
        self.roles
    }

    pub fn role_confidence(&self) -> Confidence {
        self.roles().confidence()
    }

    /// Zeek's `conn_state`: `SF`, `S0`, `REJ`, ...
    pub fn zeek_state(&self) -> &'static str {
        self.zeek().state()
    }

    /// Zeek's `history`: a letter for each kind of packet, upper case for the originator's.
    pub fn zeek_history(&self) -> String {
        self.zeek().history().to_owned()
    }

    /// Wireshark's `tcp.completeness` with its final value: 1 SYN, 2 SYN-ACK, 4 ACK, 8 data, 16 FIN,
    /// 32 RST.
    pub fn wireshark_completeness(&self) -> u8 {
        let [client, server] = &self.halves;
        // Of a first packet that is no SYN it takes note only when another one comes.
        let is_alone = client.packets + server.packets == 1 && !self.begins_with_syn;
        if is_alone { 0 } else { self.completeness.0 }
    }

    pub fn community_id(&self) -> CommunityId {
        CommunityId::of_ends(6, self.end(Side::Client), self.end(Side::Server))
    }

    /// The VLANs of the first packet, outermost first.
    pub fn vlans(&self) -> &[u16] {
        self.way.as_ref().map_or(&[], |way| &way.vlans)
    }

    /// The innermost tunnel of the first packet.
    pub fn tunnel(&self) -> Option<Tunnel> {
        self.way.as_ref()?.tunnel
    }

    /// By how many bits this side's windows are shifted; `None` where the handshake was not seen.
    pub fn window_scale(&self, side: Side) -> Option<u8> {
        window::scale(self.half(side), self.half(side.peer()))
    }

    /// Whether both sides permitted it in their SYN; `None` where one was not seen.
    pub fn agreed(&self, fact: u16) -> Option<bool> {
        let halves = [self.half(Side::Client), self.half(Side::Server)];
        if halves.iter().any(|half| half.facts().has(Facts::SYN) && !half.facts().has(fact)) {
            return Some(false);
        }
        halves.iter().all(|half| half.facts().has(fact)).then_some(true)
    }

    /// The packet that brought this side's first FIN.
    pub fn fin(&self, side: Side) -> Option<Mark> {
        self.story.as_ref()?.fins[side.index()].map(|fin| fin.mark)
    }

    /// The first RST of this side that was believed, and what kind it was.
    pub fn rst(&self, side: Side) -> Option<(Mark, Reset)> {
        self.story.as_ref()?.resets[side.index()]
    }

    /// Octets that this side still sent after the other had finished.
    pub fn octets_after_fin(&self, side: Side) -> u64 {
        self.story.as_ref().map_or(0, |story| story.after_fin[side.index()])
    }

    /// The connection before this one with the same addresses and ports.
    pub fn reuses(&self) -> Option<u32> {
        (self.reuses != 0).then_some(self.reuses)
    }
}
