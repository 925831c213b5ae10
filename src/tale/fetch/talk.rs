//! What was seen on the wire of one of our connections?

use std::ops::Range;

use crate::flow::tcp::{Connection, Copied, Handshake, RoundTrip, Segment, Verdict, What};
use crate::flow::{Mark, Seen, Side};
use crate::timeline::Timestamp;
use crate::wire::Packet;
use crate::wire::tcp::{Flags, Seq};

/// A segment, as much of it as is gone by.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Piece {
    pub(super) mark: Mark,
    pub(super) from_us: bool,
    /// Where its first octet stands in its sender's stream, counted from 0.
    pub(super) start: u64,
    pub(super) len: u32,
    pub(super) flags: Flags,
    /// What it acknowledges, counted so in the other's stream.
    pub(super) ack: Option<u64>,
    /// In octets.
    pub(super) window: Option<u32>,
    /// TTL or hop limit.
    pub(super) hops: u8,
    /// Its octets were sent before.
    pub(super) again: bool,
}

impl Piece {
    pub(super) fn end(&self) -> u64 {
        self.start + u64::from(self.len)
    }

    pub(super) fn has(&self, flag: u8) -> bool {
        self.flags.has(flag)
    }
}

/// One connection's segments, in the order captured.
#[derive(Debug, Default)]
pub(super) struct Talk {
    /// The conversation's number.
    pub(super) connection: u32,
    pub(super) pieces: Vec<Piece>,
    /// Segments beyond what is kept.
    pub(super) omitted: u64,
    pub(super) handshake: Handshake,
    /// The shortest round trip from here to the server and back.
    pub(super) shortest: Option<std::time::Duration>,
    /// The number behind each side's SYN, and how far its stream has come since.
    streams: [Option<Stream>; 2],
}

/// A side's stream, its numbers unrolled.
#[derive(Clone, Copy, Debug)]
struct Stream {
    at: Seq,
    offset: u64,
}

/// Octets that were not captured.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Gap {
    pub(super) octets: Range<u64>,
    /// When the first of those behind it were captured.
    pub(super) beyond: Option<Timestamp>,
}

/// Segments kept of one connection: with a header each, more than any answer within the limits needs.
const KEPT: usize = 1 << 17;

impl Talk {
    pub(super) fn hear(&mut self, packet: &Packet<'_>, seen: &Seen<'_>) {
        let Some((connection, side)) = seen.connection else { return };
        let Some((segment, _, _)) = Segment::of(packet) else { return };
        let is_copy = |verdict: &Verdict| matches!(verdict.what, What::Copy(Copied::Capture));
        if seen.verdicts.iter().any(is_copy) {
            return;
        }
        self.connection = connection.id();
        self.handshake = connection.handshake();
        let handshake = self.handshake.rtt_server();
        // Of what we sent, the ACK brings it; of what they sent, ours does, which tells about this computer.
        let sample = seen.round_trip.filter(|_| side == Side::Server).map(RoundTrip::time);
        for sample in [handshake, sample].into_iter().flatten().filter(|it| !it.is_zero()) {
            self.shortest = Some(self.shortest.map_or(sample, |shortest| shortest.min(sample)));
        }
        let piece = self.piece(&segment, connection, side, seen.verdicts);
        if self.pieces.len() < KEPT { self.pieces.push(piece) } else { self.omitted += 1 }
    }

    fn piece(
        &mut self,
        segment: &Segment,
        connection: &Connection,
        side: Side,
        verdicts: &[Verdict],
    ) -> Piece {
        let is_syn = segment.has(Flags::SYN);
        let first = if is_syn { segment.seq.plus(1) } else { segment.seq };
        let start = unrolled(&mut self.streams[side.index()], first);
        let ack = segment.has(Flags::ACK).then(|| {
            let peer = &mut self.streams[side.peer().index()];
            unrolled(peer, segment.ack)
        });
        let again = |verdict: &Verdict| matches!(verdict.what, What::Resent { .. });
        // RFC 7323 §2.2: the window of a SYN is never scaled.
        let scale = if is_syn { Some(0) } else { connection.window_scale(side) };
        Piece {
            mark: segment.mark,
            from_us: side == Side::Client,
            start,
            len: segment.len,
            flags: segment.flags,
            ack,
            window: scale.map(|scale| u32::from(segment.window) << scale.min(14)),
            hops: segment.hops,
            again: verdicts.iter().any(again),
        }
    }

    /// Those with octets, of one side.
    pub(super) fn data(&self, from_us: bool) -> impl Iterator<Item = &Piece> {
        self.pieces.iter().filter(move |piece| piece.from_us == from_us && piece.len > 0)
    }

    /// Whether it is known where in its stream each octet stands: the server's SYN says so of both.
    pub(super) fn is_placed(&self) -> bool {
        self.first(Flags::SYN, false).is_some()
    }

    /// What of these octets was not captured, in their order.
    pub(super) fn gaps(&self, from_us: bool, range: Range<u64>) -> Vec<Gap> {
        let is_in = |it: &&Piece| it.end() > range.start && it.start < range.end;
        let mut seen: Vec<&Piece> = self.data(from_us).filter(is_in).collect();
        seen.sort_by_key(|it| it.start);
        let (mut gaps, mut next) = (Vec::new(), range.start);
        for piece in &seen {
            if piece.start > next {
                gaps.push(Gap { octets: next..piece.start, beyond: None });
            }
            next = next.max(piece.end());
        }
        if range.end > next {
            gaps.push(Gap { octets: next..range.end, beyond: None });
        }
        // From the end, as the first of all that lie beyond counts.
        let mut beyond: Option<Timestamp> = None;
        let mut later = seen.iter().rev().peekable();
        for gap in gaps.iter_mut().rev() {
            while let Some(piece) = later.next_if(|it| it.start >= gap.octets.end) {
                let at = piece.mark.time;
                beyond = Some(beyond.map_or(at, |beyond| beyond.min(at)));
            }
            gap.beyond = beyond;
        }
        gaps
    }

    /// A side's FIN or RST, the first one.
    pub(super) fn first(&self, flag: u8, from_us: bool) -> Option<&Piece> {
        self.pieces.iter().find(|piece| piece.from_us == from_us && piece.has(flag))
    }
}

/// Where a number stands in a stream. What lies before its beginning is its beginning.
fn unrolled(stream: &mut Option<Stream>, seq: Seq) -> u64 {
    let at = stream.get_or_insert(Stream { at: seq, offset: 0 });
    let past = seq.past(at.at);
    let offset = at.offset.saturating_add_signed(past.into());
    if past > 0 {
        *at = Stream { at: seq, offset };
    }
    offset
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_captured_lies_between_what_was() {
        let piece = |millis: u64, start, len| Piece {
            mark: Mark { packet: millis, time: Timestamp(millis) },
            start,
            len,
            ..Piece::default()
        };
        let pieces = vec![piece(1, 0, 10), piece(5, 30, 10), piece(3, 40, 5), piece(9, 60, 10)];
        let talk = Talk { pieces, ..Talk::default() };
        let gap = |octets, beyond: u64| Gap { octets, beyond: Some(Timestamp(beyond)) };
        let end = Gap { octets: 70..80, beyond: None };
        assert_eq!(talk.gaps(false, 0..80), [gap(10..30, 3), gap(45..60, 9), end]);
        assert_eq!(talk.gaps(false, 5..35), [gap(10..30, 5)]);
        assert_eq!(talk.gaps(true, 3..4), [Gap { octets: 3..4, beyond: None }]);
        assert_eq!(talk.gaps(false, 7..7), []);
    }

    #[test]
    fn numbers_are_unrolled_beyond_the_end_of_the_circle() {
        let mut stream = None;
        assert_eq!(unrolled(&mut stream, Seq(u32::MAX - 9)), 0);
        let mut seq = Seq(u32::MAX - 9);
        for round in 1..=6_u64 {
            seq = seq.plus(1 << 30);
            assert_eq!(unrolled(&mut stream, seq), round << 30);
        }
        assert_eq!(unrolled(&mut stream, seq.plus(0_u32.wrapping_sub(100))), (6 << 30) - 100);
        assert_eq!(unrolled(&mut Some(Stream { at: Seq(5), offset: 0 }), Seq(1)), 0);
    }
}
