//! Which parts of a connection's life were seen?

use super::Connection;
use super::half::Facts;
use super::life::State;
use super::segment::Segment;
use crate::flow::mark::Side;
use crate::wire::tcp::Flags;

/// One bit each.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Phases(u16);

impl Phases {
    pub const SYN: u16 = 1;
    pub const SYN_ACK: u16 = 1 << 1;
    /// The client's ACK of the SYN-ACK.
    pub const ACK: u16 = 1 << 2;
    pub const CLIENT_DATA: u16 = 1 << 3;
    pub const SERVER_DATA: u16 = 1 << 4;
    pub const CLIENT_FIN: u16 = 1 << 5;
    pub const SERVER_FIN: u16 = 1 << 6;
    pub const CLIENT_FIN_ACKED: u16 = 1 << 7;
    pub const SERVER_FIN_ACKED: u16 = 1 << 8;
    pub const CLIENT_RESET: u16 = 1 << 9;
    pub const SERVER_RESET: u16 = 1 << 10;
    /// The first packet was no SYN.
    pub const JOINED: u16 = 1 << 11;
    /// It was not over when the capture was.
    pub const OPEN: u16 = 1 << 12;
    /// There was no room to follow it to its end.
    pub const DROPPED: u16 = 1 << 13;
    /// Octets were acknowledged that the capture never saw.
    pub const GAPS: u16 = 1 << 14;
    /// The capture lost parts of the headers.
    pub const CUT: u16 = 1 << 15;

    pub fn has(self, phase: u16) -> bool {
        self.0 & phase != 0
    }

    /// Every bit in a number.
    pub fn bits(self) -> u16 {
        self.0
    }

    pub(super) fn note(&mut self, phase: u16, seen: bool) {
        self.0 |= if seen { phase } else { 0 };
    }
}

/// Wireshark's `tcp.completeness`, as far as it got.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Completeness(pub(super) u8);

impl Completeness {
    const SYN: u8 = 1;
    const SYN_ACK: u8 = 1 << 1;
    const ACK: u8 = 1 << 2;
    const DATA: u8 = 1 << 3;
    const FIN: u8 = 1 << 4;
    const RST: u8 = 1 << 5;

    /// Whether neither octets nor a pure ACK would be news.
    pub(super) fn has_talk(self) -> bool {
        self.0 & (Self::ACK | Self::DATA) == Self::ACK | Self::DATA
    }

    pub(super) fn note(&mut self, segment: &Segment) {
        if segment.flags.0 & !Flags::PSH == Flags::ACK {
            self.0 |= if segment.len > 0 { Self::DATA } else { Self::ACK };
            return;
        }
        let [syn, ack, fin, rst] =
            [Flags::SYN, Flags::ACK, Flags::FIN, Flags::RST].map(|flag| segment.has(flag));
        let mut add = |bit: u8, seen: bool| self.0 |= if seen { bit } else { 0 };
        add(Self::SYN, syn && !ack);
        add(Self::DATA, syn && !ack && segment.len > 0);
        add(Self::SYN_ACK, syn && ack);
        add(Self::ACK, ack && !syn && segment.len == 0);
        add(Self::DATA, ack && !syn && segment.len > 0);
        add(Self::FIN, fin && ack);
        add(Self::RST, rst);
    }
}

impl Connection {
    /// Which parts of its life were seen.
    pub fn phases(&self) -> Phases {
        let mut phases = Phases::default();
        let handshake = self.handshake();
        let [client, server] = [Side::Client, Side::Server].map(|side| self.half(side));
        let missed = |side| self.half(side).sent().missed_octets > 0;
        let is_cut = client.facts().has(Facts::CUT) || server.facts().has(Facts::CUT);
        for (phase, seen) in [
            (Phases::SYN, handshake.syn.is_some()),
            (Phases::SYN_ACK, handshake.syn_ack.is_some()),
            (Phases::ACK, handshake.ack.is_some()),
            (Phases::CLIENT_DATA, client.facts().has(Facts::DATA)),
            (Phases::SERVER_DATA, server.facts().has(Facts::DATA)),
            (Phases::CLIENT_FIN, client.facts().has(Facts::FIN)),
            (Phases::SERVER_FIN, server.facts().has(Facts::FIN)),
            (Phases::CLIENT_FIN_ACKED, client.facts().has(Facts::FIN_ACKED)),
            (Phases::SERVER_FIN_ACKED, server.facts().has(Facts::FIN_ACKED)),
            (Phases::CLIENT_RESET, client.facts().has(Facts::RST)),
            (Phases::SERVER_RESET, server.facts().has(Facts::RST)),
            (Phases::JOINED, !self.begins_with_syn),
            (Phases::OPEN, !self.state().is_over()),
            (Phases::DROPPED, self.state() == State::Dropped),
            (Phases::GAPS, missed(Side::Client) || missed(Side::Server)),
            (Phases::CUT, is_cut),
        ] {
            phases.note(phase, seen);
        }
        phases
    }

    /// Whether it was seen from its SYN to its end.
    pub fn is_complete(&self) -> bool {
        let phases = self.phases();
        let opened = [Phases::SYN, Phases::SYN_ACK, Phases::ACK].iter().all(|it| phases.has(*it));
        let closed = phases.has(Phases::CLIENT_FIN_ACKED) && phases.has(Phases::SERVER_FIN_ACKED);
        opened && (closed || matches!(self.state(), State::Reset(_)))
    }
}
