//! Which packets carried which octets of a connection?

use std::ops::Range;

use crate::flow::Side;
use crate::flow::tcp::Connection;
use crate::timeline::Timestamp;
use crate::wire::tcp::{Flags, Seq, Tcp};

/// A TCP connection as our capture saw it.
#[derive(Debug, Default)]
pub(super) struct Stream {
    pub(super) opening: Vec<u64>,
    pub(super) syns: u32,
    pub(super) syn: Option<Timestamp>,
    pub(super) syn_ack: Option<Timestamp>,
    pub(super) carried: [Carried; 2],
    /// Whether something like a keep-alive was sent: what is empty then is no part of the handshake.
    is_probed: bool,
}

/// What one side sent.
#[derive(Debug, Default)]
pub(super) struct Carried {
    /// Where what was seen last ended, wraps included.
    reached: u64,
    /// Octets, counted from 0, and the packet.
    spans: Vec<(Range<u64>, u64)>,
    is_sorted: bool,
    /// Where the stream ends, and the packets that say so and that acknowledge it.
    end: Option<u64>,
    pub(super) ending: Vec<u64>,
}

/// Packets of one stream that are remembered.
const SPANS: usize = 1 << 20;

/// Packets of a handshake that are remembered: some SYNs, and their answers.
const OPENING: usize = 16;

/// No segment is longer, put together from several as it may be.
const LONGEST: u64 = 1 << 20;

impl Stream {
    /// Notes a segment; says which octets it carries.
    pub(super) fn segment(
        &mut self,
        (connection, side): (&Connection, Side),
        tcp: Tcp<'_>,
        (packet, time): (u64, Timestamp),
    ) -> Range<u64> {
        let (flags, origin) = (tcp.flags(), connection.origin(side));
        let is_opening = flags.has(Flags::SYN) || flags.has(Flags::RST) || tcp.payload().is_empty();
        let own = &self.carried[side.index()];
        self.is_probed |= tcp.span() == 0 && own.extend(tcp.seq(), origin.seq) < own.reached;
        let is_opening = is_opening && !self.is_probed && self.carried_nothing();
        if is_opening && self.opening.len() < OPENING {
            self.opening.push(packet);
        }
        if flags.has(Flags::SYN) && side == Side::Client && self.syn_ack.is_none() {
            self.syns += 1;
            self.syn = Some(time);
        }
        if flags.has(Flags::SYN) && side == Side::Server {
            self.syn_ack = self.syn_ack.or(Some(time));
        }
        let peer = &mut self.carried[side.peer().index()];
        if flags.has(Flags::ACK)
            && let Some(end) = peer.end
            && peer.ending.len() < 2
            && peer.extend(tcp.ack(), origin.ack) > end
        {
            peer.ending.push(packet);
        }
        let own = &mut self.carried[side.index()];
        let begin = own.extend(tcp.seq(), origin.seq);
        let len = tcp.payload().len() as u64;
        own.reached = own.reached.max(begin + u64::from(tcp.span()));
        // The SYN is 0, and the first octet 1.
        let octets = begin.saturating_sub(1)..(begin + len).saturating_sub(1);
        if len > 0 && own.spans.len() < SPANS {
            own.spans.push((octets.clone(), packet));
            own.is_sorted = false;
        }
        if flags.has(Flags::FIN) {
            own.end = own.end.or(Some(begin + len));
            own.ending.truncate(1);
            own.ending.push(packet);
        }
        octets
    }

    /// Nothing more comes: what follows are questions.
    pub(super) fn settle(&mut self) {
        for carried in &mut self.carried {
            carried.spans.sort_by_key(|(octets, packet)| (octets.start, *packet));
            carried.is_sorted = true;
        }
    }

    fn carried_nothing(&self) -> bool {
        self.carried.iter().all(|carried| carried.spans.is_empty() && carried.end.is_none())
    }
}

impl Carried {
    /// How far a place is from the stream's beginning, wraps included.
    fn extend(&self, place: Seq, origin: Seq) -> u64 {
        let past = Seq(place.from(origin)).past(Seq(self.reached as u32));
        self.reached.saturating_add_signed(past.into())
    }

    /// The packets with any of these octets.
    pub(super) fn with(&self, octets: &Range<u64>) -> impl Iterator<Item = u64> {
        self.carrying(octets).map(|(_, packet)| *packet)
    }

    /// How many segments carried these octets, and how many did once more.
    pub(super) fn times(&self, octets: &Range<u64>) -> (u64, u64) {
        let (mut once, mut again, mut reached) = (0, 0, 0);
        for (span, _) in self.carrying(octets) {
            if span.end > reached {
                once += 1;
                reached = span.end;
            } else {
                again += 1;
            }
        }
        (once, again)
    }

    fn carrying(&self, octets: &Range<u64>) -> impl Iterator<Item = &(Range<u64>, u64)> {
        let least = octets.start.saturating_sub(LONGEST);
        let first = if self.is_sorted {
            self.spans.partition_point(|(span, _)| span.start < least)
        } else {
            0
        };
        let end = octets.end;
        let start = octets.start;
        self.spans[first..].iter().filter(move |(span, _)| span.start < end && span.end > start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octets_are_found_beyond_the_wrap_of_sequence_numbers() {
        let mut carried = Carried { reached: u64::from(u32::MAX), ..Carried::default() };
        let origin = Seq(1000);
        let at = carried.extend(Seq(1000_u32.wrapping_sub(1).wrapping_add(11)), origin);
        assert_eq!(at, u64::from(u32::MAX) + 11);
        carried.spans = vec![(at..at + 100, 7), (at + 100..at + 200, 8), (at..at + 50, 9)];
        let with = |octets: Range<u64>| carried.with(&octets).collect::<Vec<_>>();
        assert_eq!(with(at + 50..at + 101), [7, 8]);
        assert_eq!(with(at..at + 1), [7, 9]);
        assert_eq!(with(at + 200..at + 300), [0_u64; 0]);
    }

    #[test]
    fn what_is_sent_again_is_no_further_segment() {
        let spans = vec![(0..92, 10), (0..92, 11), (0..92, 12), (92..184, 13), (92..100, 14)];
        let carried = Carried { spans, is_sorted: true, ..Carried::default() };
        assert_eq!(carried.times(&(0..92)), (1, 2));
        assert_eq!(carried.times(&(0..184)), (2, 3));
        assert_eq!(carried.times(&(184..200)), (0, 0));
    }
}
