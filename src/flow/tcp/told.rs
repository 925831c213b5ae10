//! What is there to tell of a connection as a whole?

use super::half::Facts;
use super::handshake::{Handshake, Vantage};
use super::life::{Close, State};
use super::phases::Phases;
use super::roles::Roles;
use super::verdict::{Confidence, Reset};
use super::{Connection, window};
use crate::flow::community::CommunityId;
use crate::flow::mark::{Mark, Side};
use crate::flow::way::Tunnel;

impl Connection {
    /// Where in its life it is. A connection that ended keeps that state.
    pub fn state(&self) -> State {
        State::Joined
    }

    /// How it ended or began to end; `None` while nothing ends it.
    pub fn close(&self) -> Option<Close> {
        None
    }

    pub fn handshake(&self) -> Handshake {
        Handshake::default()
    }

    /// Where the capture was made, by the two parts of the round trip.
    pub fn vantage(&self) -> Option<Vantage> {
        self.vantage_share().map(Vantage::of)
    }

    /// Which share of the round trip lies between the capture point and the client: 0.0 beside the
    /// client, 1.0 beside the server.
    pub fn vantage_share(&self) -> Option<f64> {
        None
    }

    /// Why one end is taken for the client.
    pub fn roles(&self) -> Roles {
        Roles::FirstSender
    }

    pub fn role_confidence(&self) -> Confidence {
        self.roles().confidence()
    }

    /// Zeek's `conn_state`: `SF`, `S0`, `REJ`, ...
    pub fn zeek_state(&self) -> &'static str {
        "OTH"
    }

    /// Zeek's `history`: a letter for each kind of packet, upper case for the originator's.
    pub fn zeek_history(&self) -> String {
        String::new()
    }

    /// Wireshark's `tcp.completeness` with its final value: 1 SYN, 2 SYN-ACK, 4 ACK, 8 data, 16 FIN,
    /// 32 RST.
    pub fn wireshark_completeness(&self) -> u8 {
        0
    }

    /// Whether it was seen from its SYN to its end.
    pub fn is_complete(&self) -> bool {
        false
    }

    pub fn phases(&self) -> Phases {
        Phases::default()
    }

    pub fn community_id(&self) -> CommunityId {
        CommunityId::default()
    }

    /// The VLANs of the first packet, outermost first.
    pub fn vlans(&self) -> &[u16] {
        &[]
    }

    /// The innermost tunnel of the first packet.
    pub fn tunnel(&self) -> Option<Tunnel> {
        None
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
        let _ = side;
        None
    }

    /// The first RST of this side that was believed, and what kind it was.
    pub fn rst(&self, side: Side) -> Option<(Mark, Reset)> {
        let _ = side;
        None
    }

    /// Octets that this side still sent after the other had finished.
    pub fn octets_after_fin(&self, side: Side) -> u64 {
        let _ = side;
        0
    }

    /// The connection before this one with the same addresses and ports.
    pub fn reuses(&self) -> Option<u32> {
        None
    }
}
