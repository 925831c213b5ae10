//! What is known of one direction of a connection?
//!
//! A [`Half`] is about what one side *sent*; what the other side said about it (its ACKs, its windows)
//! is kept here too. It comes in three sizes: what every connection needs, what is needed once
//! something was said ([`Trail`]), and what is needed once something went wrong ([`Trouble`]).

use std::mem::offset_of;
use std::time::Duration;

use arrayvec::ArrayVec;

use super::copies::Copies;
use super::flight::Flight;
use super::holes::Holes;
use super::order::Order;
use super::rtt::Rtt;
use super::sack::Scoreboard;
use super::segment::Ecn;
use super::sent::Sent;
use super::window::{Probe, Windows};
use crate::flow::fetch::fetch;
use crate::timeline::Timestamp;
use crate::wire::tcp::Seq;

/// One direction.
#[derive(Debug, Default)]
pub struct Half {
    /// What is told as 0: the place of the SYN, or the one before the first seen.
    pub(super) origin: Seq,
    /// The first place seen: the SYN's, or the first segment's.
    pub(super) start: Seq,
    /// The first place not seen yet (RFC 9293 calls the sender's SND.NXT).
    pub(super) next: Seq,
    /// The highest place the peer acknowledged (SND.UNA).
    pub(super) acked: Seq,
    /// The highest place the peer's windows allowed.
    pub(super) edge: Seq,
    /// As this side wrote it last.
    pub(super) window: u16,
    /// Offered in this side's SYN; 0 when none was.
    pub(super) mss: u16,
    /// Offered in this side's SYN; meaningful with [`Facts::SCALE`].
    pub(super) scale: u8,
    pub(super) ecn: Ecn,
    pub(super) facts: Facts,
    pub(super) packets: u64,
    /// The frames' octets on the wire.
    pub(super) octets: u64,
    /// What its only packet looked like and where it was seen, as long as there is no trail.
    pub(super) identity: (u32, u32),
    pub(super) trail: Option<Box<Trail>>,
}

/// What is needed once more than a SYN was sent.
///
/// Laid out by lines of the processor's cache: what every packet moves on stands in front, because of
/// many connections at once each line has to be fetched from afar.
#[derive(Debug, Default)]
#[repr(C, align(64))]
pub(super) struct Trail {
    /// Moved on by what this side sends.
    pub(super) pace: Pace,
    /// By what it sends, and by what the peer acknowledges.
    pub(super) flight: Flight,
    pub(super) trouble: Option<Box<Trouble>>,
    /// Pure ACKs of the peer that say the same, since the last that said something new.
    pub(super) duplicate_acks: u32,
    /// Retransmission timers that went off since something new was acknowledged.
    pub(super) timers: u32,
    pub(super) recovery: Option<Recovery>,
    /// Where an octet ends that was sent into a closed window; it counts once it is acknowledged.
    pub(super) probed: Option<Seq>,
    pub(super) rtt: Rtt,
    pub(super) copies: Copies,
    pub(super) windows: Windows,
    /// Asked, and not answered yet: in which packet.
    pub(super) probing: Option<(Probe, u64)>,
    sent: Option<Box<Sent>>,
    /// Meaningful with [`Facts::DATA`].
    pub(super) first_data: Timestamp,
}

const _: () = {
    assert!(offset_of!(Trail, flight) == 64 && offset_of!(Trail, rtt) == 128, "each is one line");
    assert!(offset_of!(Trail, copies) % 64 == 0 && offset_of!(Trail, windows) % 64 == 0);
};

/// What everything that is sent moves on: one line.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pace {
    pub(super) payload: u64,
    /// How far `next` is from `start`, wraps included.
    pub(super) extent: u64,
    pub(super) latest: Timestamp,
    /// The longest time without a packet, in nanoseconds.
    pub(super) idle: u64,
    /// Meaningful with [`Facts::DATA`].
    pub(super) last_data: Timestamp,
    /// When it last sent something that takes up sequence.
    pub(super) sent_at: Timestamp,
    pub(super) order: Order,
}

/// What is needed once something was lost or came in disorder.
#[derive(Debug, Default)]
pub(super) struct Trouble {
    pub(super) holes: Holes,
    pub(super) scoreboard: Scoreboard,
    /// What was sent again lately, should the peer say that it had it.
    pub(super) again: ArrayVec<Again, 16>,
}

/// A segment that was sent again because it seemed to be lost.
#[derive(Clone, Copy, Debug)]
pub(super) struct Again {
    pub(super) left: Seq,
    pub(super) right: Seq,
    pub(super) packet: u64,
    pub(super) lost: Lost,
}

/// Where a segment was lost.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Lost {
    BeforeCapture,
    AfterCapture,
}

/// The sender is repairing a loss (RFC 5681 §3.2, RFC 6298 §5).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Recovery {
    /// Over when this place is acknowledged.
    pub(super) until: Seq,
    pub(super) by: Repair,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Repair {
    Fast,
    Timeout,
}

/// What was seen of one direction, one bit each.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Facts(u16);

impl Facts {
    /// Something that takes up sequence.
    pub const BEGUN: u16 = 1;
    pub const SYN: u16 = 1 << 1;
    /// A window scale in its SYN.
    pub const SCALE: u16 = 1 << 2;
    pub const SACK: u16 = 1 << 3;
    pub const STAMPS: u16 = 1 << 4;
    pub const FIN: u16 = 1 << 5;
    pub const FIN_ACKED: u16 = 1 << 6;
    pub const RST: u16 = 1 << 7;
    /// The peer acknowledged something: `acked` holds.
    pub const ACKED: u16 = 1 << 8;
    /// The peer's window is known in octets: `edge` holds.
    pub const EDGE: u16 = 1 << 9;
    /// It wrote a window.
    pub const WINDOW: u16 = 1 << 10;
    /// RFC 7413: a cookie was asked for or given.
    pub const FAST_OPEN: u16 = 1 << 11;
    /// RFC 3168 §6.1.1: ECN was offered, or agreed to.
    pub const ECN: u16 = 1 << 12;
    /// Options were lost by the capture.
    pub const CUT: u16 = 1 << 13;
    pub const DATA: u16 = 1 << 14;
    /// A segment was longer than the peer's MSS: seen before the card cut it up, or after it joined it.
    pub const OFFLOAD: u16 = 1 << 15;

    pub fn has(self, fact: u16) -> bool {
        self.0 & fact != 0
    }

    pub(super) fn has_all(self, facts: u16) -> bool {
        self.0 & facts == facts
    }

    pub(super) fn note(&mut self, fact: u16) {
        self.0 |= fact;
    }

    pub(super) fn forget(&mut self, fact: u16) {
        self.0 &= !fact;
    }
}

impl Half {
    pub fn facts(&self) -> Facts {
        self.facts
    }

    /// Every packet, copies included.
    pub fn packets(&self) -> u64 {
        self.packets
    }

    /// The frames' octets on the wire.
    pub fn octets(&self) -> u64 {
        self.octets
    }

    /// Octets of payload, counted as often as they were sent.
    pub fn payload(&self) -> u64 {
        self.trail.as_ref().map_or(0, |trail| trail.pace.payload)
    }

    /// The first sequence number seen: that of the SYN when there was one.
    pub fn start(&self) -> Option<Seq> {
        self.facts.has(Facts::BEGUN).then_some(self.start)
    }

    /// The first place not seen yet.
    pub fn next(&self) -> Option<Seq> {
        self.facts.has(Facts::BEGUN).then_some(self.next)
    }

    /// The highest place that the peer acknowledged.
    pub fn acked(&self) -> Option<Seq> {
        self.facts.has(Facts::ACKED).then_some(self.acked)
    }

    /// The highest place that the peer's windows allow.
    pub fn edge(&self) -> Option<Seq> {
        self.facts.has(Facts::EDGE).then_some(self.edge)
    }

    /// Octets that were sent, and neither acknowledged nor named in a SACK block.
    pub fn in_flight(&self) -> Option<u32> {
        let sent = u32::try_from(self.next()?.past(self.acked()?)).unwrap_or(0);
        let trouble = self.trail.as_ref().and_then(|trail| trail.trouble.as_ref());
        Some(sent.saturating_sub(trouble.map_or(0, |trouble| trouble.scoreboard.octets())))
    }

    /// Octets of payload that were seen, each counted once; what was lost and never sent again, or
    /// was never seen here, is not among them.
    pub fn unique(&self) -> u64 {
        let controls =
            u64::from(self.facts.has(Facts::SYN)) + u64::from(self.facts.has(Facts::FIN));
        let Some(trail) = &self.trail else { return 0 };
        let open = trail.trouble.as_ref().map_or(0, |trouble| trouble.holes.octets());
        let missed = trail.sent.as_ref().map_or(0, |sent| sent.missed_octets) + open;
        trail.pace.extent.saturating_sub(controls).saturating_sub(missed)
    }

    /// The first place not seen yet moves up.
    pub(super) fn reach(&mut self, next: Seq) {
        let ahead = u64::try_from(next.past(self.next)).unwrap_or(0);
        self.trail().pace.extent += ahead;
        self.next = next;
    }

    pub fn mss(&self) -> Option<u16> {
        (self.mss != 0).then_some(self.mss)
    }

    /// RFC 7323 §2: offered by this side, in force only when both offered one.
    pub fn window_scale(&self) -> Option<u8> {
        self.facts.has(Facts::SCALE).then_some(self.scale)
    }

    /// What this side's SYN said of explicit congestion notification; `None` when it was not seen.
    pub fn ecn(&self) -> Option<Ecn> {
        self.facts.has(Facts::SYN).then_some(self.ecn)
    }

    /// How much this side had on its way at once.
    pub fn flight(&self) -> Option<&Flight> {
        self.trail.as_ref().map(|trail| &trail.flight)
    }

    /// What happened to the segments this side sent, in numbers.
    pub fn sent(&self) -> Sent {
        let Some(trail) = &self.trail else {
            return Sent { wire_packets: self.packets, ..Sent::default() };
        };
        let sent = trail.sent.as_deref().copied().unwrap_or_default();
        let Pace { idle, last_data, .. } = trail.pace;
        let has_data = self.facts.has(Facts::DATA);
        Sent {
            // Counted there are those that the card joined to others.
            wire_packets: sent.wire_packets + self.packets,
            idle: Duration::from_nanos(idle),
            first_data: has_data.then_some(trail.first_data),
            last_data: has_data.then_some(last_data),
            ..sent
        }
    }

    /// Round trips from the capture point to the *peer* of this side and back.
    pub fn rtt(&self) -> Option<&Rtt> {
        self.trail.as_ref().map(|trail| &trail.rtt)
    }

    /// From one end to the other and back, by the shortest samples of both sides.
    pub(super) fn round_trip(&self, peer: &Self) -> Option<Duration> {
        let one = |half: &Self| half.rtt().and_then(Rtt::shortest);
        match (one(self), one(peer)) {
            (Some(own), Some(theirs)) => Some(own + theirs),
            (own, theirs) => own.or(theirs),
        }
    }

    /// The windows this side offered.
    pub fn windows(&self) -> Option<&Windows> {
        self.trail.as_ref().map(|trail| &trail.windows)
    }

    #[inline]
    pub(super) fn trail(&mut self) -> &mut Trail {
        self.trail.get_or_insert_default()
    }
}

impl Trail {
    /// Asks for what the packet of this turn will move on.
    pub(super) fn expect_to_send(&self, turn: u64) {
        fetch(&self.pace);
        fetch(&self.flight);
        fetch(&self.rtt);
        self.copies.expect(turn);
        self.windows.expect();
    }

    /// Asks for what an answer to this side will move on.
    pub(super) fn expect_to_hear(&self) {
        fetch(&self.flight);
        self.rtt.expect();
        fetch(&self.windows);
    }

    pub(super) fn sent(&mut self) -> &mut Sent {
        self.sent.get_or_insert_default()
    }

    pub(super) fn trouble(&mut self) -> &mut Trouble {
        self.trouble.get_or_insert_default()
    }
}
