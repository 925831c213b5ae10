//! What do the fragments received so far make?

use super::PIECES;
use crate::timeline::Timestamp;
use crate::wire::packet::Fragment;

/// A datagram of which some fragments have come.
#[derive(Debug, Default)]
pub(super) struct Datagram {
    /// Tells it from a later one with the same key.
    pub(super) turn: u64,
    pub(super) began: Timestamp,
    /// By offset; no two overlap.
    pieces: Vec<Piece>,
    octets: Vec<u8>,
    /// The highest end seen.
    end: usize,
    has_last: bool,
    /// What the first fragment says it holds.
    pub(super) protocol: u8,
}

#[derive(Clone, Copy, Debug)]
struct Piece {
    offset: usize,
    len: usize,
    /// Where it lies in [`Datagram::octets`].
    at: usize,
    /// Whether it did not arrive right behind the one before. Linux looks for duplicates in runs of
    /// fragments that came in order.
    begins_run: bool,
    number: u64,
}

/// What a fragment did to its datagram.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Outcome {
    Waits,
    Completes,
    /// It says again what was said, or cannot be used; the others wait on.
    Ignored,
    /// It contradicts the fragment in this packet; the datagram is void.
    Overlaps(u64),
    /// The datagram is void by what its fragments claim.
    Void,
}

impl Datagram {
    /// How many octets it keeps.
    pub(super) fn held(&self) -> usize {
        self.octets.len()
    }

    /// Empties it, for its buffers to serve again.
    pub(super) fn clear(&mut self) {
        self.pieces.clear();
        self.octets.clear();
        (self.end, self.has_last, self.protocol) = (0, false, 0);
    }

    /// Follows `ip_frag_queue` and `inet_frag_queue_insert` of Linux step by step.
    pub(super) fn add(&mut self, fragment: &Fragment<'_>, number: u64, longest: usize) -> Outcome {
        let mut octets = fragment.payload.kept();
        if fragment.more && !octets.len().is_multiple_of(8) {
            // RFC 8200 §4.5 has such a fragment refused; in IPv4 Linux takes the whole units.
            if fragment.source.is_ipv6() {
                return self.refuse();
            }
            octets = &octets[..octets.len() / 8 * 8];
        }
        let (offset, end) = (fragment.offset, fragment.offset + octets.len());
        if end > longest {
            return if fragment.source.is_ipv6() { self.refuse() } else { Outcome::Void };
        }
        if fragment.more {
            if end > self.end && self.has_last {
                return Outcome::Void;
            }
            self.end = self.end.max(end);
        } else {
            if end < self.end || self.has_last && end != self.end {
                return Outcome::Void;
            }
            (self.end, self.has_last) = (end, true);
        }
        if octets.is_empty() || self.pieces.len() == PIECES {
            return Outcome::Void;
        }
        let (place, begins_run) = match self.place(offset, end) {
            Ok(place) => place,
            Err(outcome) => return outcome,
        };
        let at = self.octets.len();
        self.octets.extend_from_slice(octets);
        let piece = Piece { offset, len: octets.len(), at, begins_run, number };
        self.pieces.insert(place, piece);
        if offset == 0 {
            self.protocol = fragment.protocol;
        }
        let is_whole = self.has_last && self.octets.len() == self.end;
        if is_whole { Outcome::Completes } else { Outcome::Waits }
    }

    /// Leaves a fragment out; a datagram of which it would have been the first does not begin.
    fn refuse(&self) -> Outcome {
        if self.pieces.is_empty() { Outcome::Void } else { Outcome::Ignored }
    }

    /// Where among the pieces the new one belongs, and whether it begins a run.
    fn place(&self, offset: usize, end: usize) -> Result<(usize, bool), Outcome> {
        let Some(last) = self.pieces.last() else { return Ok((0, true)) };
        let last_end = last.offset + last.len;
        if end > last_end {
            if offset < last_end {
                return Err(Outcome::Overlaps(last.number));
            }
            return Ok((self.pieces.len(), offset != last_end));
        }
        let mut pieces = self.pieces.as_slice();
        while let [first, others @ ..] = pieces {
            let run = 1 + others.iter().take_while(|piece| !piece.begins_run).count();
            let (run, beyond) = pieces.split_at(run);
            let run_end = run.last().map_or(0, |piece| piece.offset + piece.len);
            if end > first.offset && offset < run_end {
                if offset >= first.offset && end <= run_end {
                    return Err(Outcome::Ignored);
                }
                let other = run.iter().find(|piece| offset < piece.offset + piece.len);
                return Err(Outcome::Overlaps(other.unwrap_or(first).number));
            }
            pieces = beyond;
        }
        Ok((self.pieces.partition_point(|piece| piece.offset < offset), true))
    }

    /// Writes its octets and the numbers of the packets that brought them.
    pub(super) fn write(&self, joined: &mut Vec<u8>, numbers: &mut Vec<u64>) {
        joined.clear();
        numbers.clear();
        for piece in &self.pieces {
            joined.extend_from_slice(&self.octets[piece.at..piece.at + piece.len]);
            numbers.push(piece.number);
        }
        numbers.sort_unstable();
    }
}
