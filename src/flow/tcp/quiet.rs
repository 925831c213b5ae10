//! Does a segment only go on where the last ones ended?
//!
//! Of most it is true: they bring the next octets, acknowledge some that were seen, and ask for nothing
//! to be thought over. What is kept of a connection's life is not even looked at for them; of many
//! connections at once it would have to be fetched from afar. What [`Connection::observe`] makes of a
//! segment is the same either way.

use super::half::{Facts, Half, Trouble};
use super::holes::Birth;
use super::life::State;
use super::segment::Segment;
use super::verdict::Verdicts;
use super::zeek::Zeek;
use super::{Connection, Side, ack, copies, window};
use crate::wire::tcp::Flags;

/// What may be passed over, as of the last segment that was followed at length; and what was since.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Quiet(u8);

impl Quiet {
    /// A pure ACK of the client; those of the server are twice as much.
    const ACK: u8 = 1;
    /// Octets of the client; those of the server are twice as much.
    const DATA: u8 = 1 << 2;
    /// Something was passed over.
    const WENT_ON: u8 = 1 << 4;

    fn of(segment: &Segment, side: Side) -> u8 {
        (if segment.len > 0 { Self::DATA } else { Self::ACK }) << side.index()
    }

    fn has(self, bits: u8) -> bool {
        self.0 & bits != 0
    }
}

impl Connection {
    /// Follows a segment if it is one of these; says whether it was.
    pub(in crate::flow) fn go_on_quietly(
        &mut self,
        segment: &Segment,
        side: Side,
        verdicts: &mut Verdicts,
    ) -> bool {
        if !self.quiet.has(Quiet::of(segment, side)) || !is_ordinary(segment) {
            return false;
        }
        let (own, peer) = self.pair(side);
        if !own.only_goes_on(peer, segment) {
            return false;
        }
        own.count(segment, peer.mss);
        let moved = segment.ack != peer.acked;
        let turns = own.window != segment.window;
        let turn = own.packets;
        let Some(trail) = &mut own.trail else { return true };
        trail.copies.note(turn, segment.mark, copies::identity(segment), segment.place);
        if segment.len > 0 {
            trail.pace.order.is_older(segment);
            own.advance(segment);
            own.trail().pace.sent_at = segment.mark.time;
            own.weigh(segment.mark.time);
            window::fill(own, peer, segment, verdicts);
        }
        if moved {
            ack::reach(peer, segment, verdicts);
            peer.weigh(segment.mark.time);
        }
        if moved || turns {
            window::reach(own, peer, segment, verdicts);
            own.window = segment.window;
        }
        self.quiet.0 |= Quiet::WENT_ON;
        self.latest = segment.mark;
        true
    }

    /// Says what may be passed over from here on.
    pub(super) fn settle_down(&mut self) {
        self.quiet = Quiet::default();
        let Some(story) = &self.story else { return };
        let is_calm = self.state == State::Established
            && story.doubt.is_none()
            && story.pending.is_none()
            && self.completeness.has_talk()
            && self.halves.iter().all(Half::is_calm);
        if !is_calm {
            return;
        }
        for side in [Side::Client, Side::Server] {
            let (from, half) = (self.which(side), self.half(side));
            if story.zeek.is_level(from, half) {
                let [ack, data] = story.zeek.is_used_to(from);
                let bits = (u8::from(ack) * Quiet::ACK) | (u8::from(data) * Quiet::DATA);
                self.quiet.0 |= bits << side.index();
            } else {
                self.quiet = Quiet::default();
                return;
            }
        }
    }

    /// Tells the story what was passed over.
    pub(super) fn catch_up(&mut self) {
        if !self.quiet.has(Quiet::WENT_ON) {
            return;
        }
        let Some(mut story) = self.story.take() else { return };
        self.level(&mut story.zeek);
        (self.story, self.quiet) = (Some(story), Quiet::default());
    }

    /// Brings Zeek's view to where the connection is.
    pub(super) fn level(&self, zeek: &mut Zeek) {
        if self.quiet.has(Quiet::WENT_ON) {
            for side in [Side::Client, Side::Server] {
                zeek.level(self.which(side), self.half(side));
            }
        }
    }
}

/// Whether a segment by itself asks for nothing to be thought over.
fn is_ordinary(segment: &Segment) -> bool {
    segment.flags.0 & !Flags::PSH == Flags::ACK
        && segment.window != 0
        && segment.sacks.is_empty()
        && !segment.congested
}

impl Half {
    /// Whether a segment brings the next octets of this side, or something new for the other.
    fn only_goes_on(&self, peer: &Self, segment: &Segment) -> bool {
        let Some(trail) = &self.trail else { return false };
        let moved = segment.ack.past(peer.acked);
        segment.seq == self.next
            && moved >= 0
            && segment.ack.past(peer.next) <= 0
            && (moved > 0 || segment.len > 0)
            // A wrap is followed at length.
            && segment.end().0 >= segment.seq.0
            && segment.ack.0 >= peer.acked.0
            && self.window != 0
            && (segment.len != 1 || window::probe(self, segment).is_none())
            && Birth::of(segment).is_before(trail.pace.order.newest(), false) != Some(true)
    }

    /// All is known, nothing was lost, and nothing asked; what only goes on leaves it so.
    fn is_calm(&self) -> bool {
        const KNOWN: u16 = Facts::BEGUN | Facts::ACKED | Facts::WINDOW;
        let is_whole =
            |trouble: &Trouble| trouble.holes.octets() == 0 && trouble.scoreboard.octets() == 0;
        self.facts.has_all(KNOWN)
            && self.trail.as_ref().is_some_and(|trail| {
                trail.probing.is_none()
                    && trail.probed.is_none()
                    && trail.recovery.is_none()
                    && trail.trouble.as_deref().is_none_or(is_whole)
            })
    }
}

/// What a test sees of both ways to follow a segment.
#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::super::{Number, Roles};
    use super::*;
    use crate::flow::key::{End, Key};
    use crate::flow::mark::Mark;
    use crate::flow::tcp::Stamps;
    use crate::timeline::Timestamp;
    use crate::wire::tcp::Seq;

    /// Whatever comes, a connection that is followed at length throughout ends as the same.
    #[test]
    fn quietly_or_at_length_is_the_same() {
        let mut quiet = 0;
        for seed in 0..400_u64 {
            let mut dice = Dice(seed);
            let (mut one, mut other) = (connection(), connection());
            for packet in 1..200 {
                let (segment, side) = dice.segment(packet, &one);
                let (mut said, mut said_at_length) = (Verdicts::default(), Verdicts::default());
                quiet += u32::from(one.quiet.has(Quiet::WENT_ON));
                one.observe(&segment, side, &mut said);
                other.quiet = Quiet::default();
                other.observe(&segment, side, &mut said_at_length);
                assert_eq!(said, said_at_length, "seed {seed}, packet {packet}");
            }
            one.catch_up();
            (one.quiet, other.quiet) = (Quiet::default(), Quiet::default());
            assert_eq!(format!("{one:?}"), format!("{other:?}"), "seed {seed}");
        }
        assert!(quiet > 10_000, "only {quiet} were followed quietly");
    }

    fn connection() -> Connection {
        let end = |last, port| End::new(Ipv4Addr::new(10, 0, 0, last).into(), port);
        let (key, which) = Key::of(6, end(1, 40_000), end(2, 80));
        let mark = Mark { packet: 1, time: Timestamp(1) };
        Connection::new(Number::default(), key, (which, Roles::FirstSender), mark)
    }

    /// splitmix64.
    struct Dice(u64);

    impl Dice {
        fn roll(&mut self, below: u32) -> u32 {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
            ((mixed ^ mixed >> 31) as u32) % below
        }

        /// Mostly what comes next on a connection, sometimes something else.
        fn segment(&mut self, packet: u64, connection: &Connection) -> (Segment, Side) {
            let side = if self.roll(2) == 0 { Side::Client } else { Side::Server };
            let (own, peer) = (connection.half(side), connection.half(side.peer()));
            let handshake = match (packet, side) {
                (1, _) => Some((Flags::SYN, Side::Client)),
                (2, _) => Some((Flags::SYN | Flags::ACK, Side::Server)),
                _ => None,
            };
            let (flags, side) = handshake.unwrap_or((Flags::ACK, side));
            let strange = packet > 3 && self.roll(20) == 0;
            let wander =
                |dice: &mut Self| if strange { dice.roll(3000).wrapping_sub(1500) } else { 0 };
            let len = if packet < 3 || self.roll(3) == 0 { 0 } else { self.roll(1400) };
            let (seq, ack) = if packet < 3 {
                (Seq(u32::MAX - 9000), Seq(u32::MAX - 9000).plus(1))
            } else {
                (own.next.plus(wander(self)), peer.next.plus(wander(self)))
            };
            let clock = packet as u32;
            let others = strange && self.roll(10) == 0;
            let segment = Segment {
                mark: Mark { packet, time: Timestamp(packet * 1_000_000) },
                seq,
                ack,
                flags: Flags(flags | if others { self.roll(32) as u8 & !Flags::SYN } else { 0 }),
                window: if strange { self.roll(3) as u16 * 1000 } else { 60_000 },
                len,
                ip_id: Some(packet as u16),
                stamps: Some(Stamps { value: clock, echo: clock.saturating_sub(1 + self.roll(3)) }),
                octets: len + 66,
                ..Segment::default()
            };
            (segment, side)
        }
    }
}
