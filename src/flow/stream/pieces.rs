//! Which octets came before those that lie in front of them?

use std::collections::VecDeque;

use super::{Fresh, Mark, Room};
use crate::octets::Octets;

/// The octets that wait in one stream: what the largest usual receive buffer holds. Beyond, the
/// first hole is given up.
const OCTETS: usize = 6 << 20;
/// The pieces that wait in one stream, for segments of few octets; as with [`OCTETS`].
const PIECES: usize = 8192;

/// Early octets in the order of the stream, none of them twice, none touching what was handed on.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    pieces: VecDeque<Piece>,
    octets: usize,
}

#[derive(Debug)]
pub(super) struct Piece {
    from: u64,
    /// How many there were on the wire; the capture may have cut the last.
    len: usize,
    octets: Box<[u8]>,
    mark: Mark,
}

impl Piece {
    fn end(&self) -> u64 {
        self.from + self.len as u64
    }

    pub(super) fn fresh(&self) -> Fresh<'_> {
        let payload = Octets::new(&self.octets, self.len);
        Fresh { from: self.from, payload, mark: self.mark }
    }
}

impl Pieces {
    /// Where the first of them begins.
    pub(super) fn first(&self) -> Option<u64> {
        self.pieces.front().map(|piece| piece.from)
    }

    pub(super) fn octets(&self) -> usize {
        self.octets
    }

    pub(super) fn pop(&mut self, room: &mut Room) -> Option<Piece> {
        let piece = self.pieces.pop_front()?;
        self.octets -= piece.octets.len();
        room.leave(piece.octets.len());
        Some(piece)
    }

    /// Keeps what no piece has yet, and tells how many of the old ones are contradicted; `None` when
    /// there is no room for it, and nothing was kept.
    pub(super) fn insert(&mut self, fresh: Fresh<'_>, room: &mut Room) -> Option<u32> {
        let mut at = self.pieces.partition_point(|piece| piece.end() <= fresh.from);
        let beyond = self.pieces.partition_point(|piece| piece.from < fresh.end());
        let (count, octets) = (1 + beyond.saturating_sub(at), fresh.payload.kept().len());
        let fits = self.octets + octets <= OCTETS && self.pieces.len() + count <= PIECES;
        if !fits || !room.has(octets, count) {
            return None;
        }
        let mut contradicts = 0;
        let mut rest = fresh;
        while !rest.payload.is_empty() {
            let next = self.pieces.get(at).filter(|piece| piece.from < fresh.end());
            let hole = rest.limit(next.map_or(u64::MAX, |piece| piece.from));
            let resume = next.map(|piece| {
                contradicts += u32::from(rest.contradicts(piece.fresh()));
                piece.end()
            });
            if !hole.payload.is_empty() {
                self.place(at, hole, room);
                at += 1;
            }
            at += 1;
            let Some(resume) = resume else { break };
            rest = rest.after(resume);
        }
        Some(contradicts)
    }

    fn place(&mut self, at: usize, fresh: Fresh<'_>, room: &mut Room) {
        let octets = Box::from(fresh.payload.kept());
        self.octets += fresh.payload.kept().len();
        room.enter(fresh.payload.kept().len());
        let Fresh { from, payload, mark } = fresh;
        self.pieces.insert(at, Piece { from, len: payload.len(), octets, mark });
    }
}
