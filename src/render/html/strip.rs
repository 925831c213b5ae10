//! Who spent the time of a connection, from its beginning to its end, in a bounded number of pieces?

use super::party::Party;
use crate::tale::budget::Tiles;
use crate::tale::verdict::spender;
use crate::timeline::Timestamp;

/// Pieces of time that follow each other, each with who spent it.
#[derive(Clone, Debug, Default)]
pub(super) struct Strip {
    pieces: Vec<Piece>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Piece {
    pub(super) begin: Timestamp,
    pub(super) end: Timestamp,
    pub(super) party: Party,
}

impl Strip {
    /// Of all waits, in at most so many pieces: where there are more, the one who spent most of a column
    /// of time has it.
    pub(super) fn of(tiles: &Tiles, most: usize) -> Self {
        let mut strip = Self::default();
        let waits = tiles.waits().iter().map(|wait| Piece {
            begin: wait.begin,
            end: wait.end,
            party: Party::of(spender(wait.bucket, wait.side)),
        });
        for piece in waits {
            strip.add(piece, tiles.began());
        }
        strip.fill(tiles.ended(), tiles.began());
        if strip.pieces.len() > most {
            strip = strip.by_columns(tiles.began(), tiles.ended(), most as u64);
        }
        strip
    }

    fn fill(&mut self, until: Timestamp, from: Timestamp) {
        let begin = self.pieces.last().map_or(from, |last| last.end);
        if begin < until {
            self.add(Piece { begin, end: until, party: Party::Several }, from);
        }
    }

    /// Adds a piece; what lies before it and was not kept was short.
    fn add(&mut self, piece: Piece, from: Timestamp) {
        if piece.party != Party::Several {
            self.fill(piece.begin, from);
        }
        match self.pieces.last_mut() {
            Some(last) if last.party == piece.party && last.end >= piece.begin => {
                last.end = piece.end;
            }
            _ => self.pieces.push(piece),
        }
    }

    fn by_columns(&self, from: Timestamp, to: Timestamp, columns: u64) -> Self {
        let width = (to.0 - from.0).div_ceil(columns).max(1);
        let mut sums = vec![[0_u64; 6]; columns as usize];
        for piece in &self.pieces {
            let mut at = piece.begin.0;
            while at < piece.end.0 {
                let column = (at - from.0) / width;
                let end = piece.end.0.min(from.0 + (column + 1) * width);
                sums[column as usize][piece.party.index()] += end - at;
                at = end;
            }
        }
        let mut strip = Self::default();
        for (column, sums) in sums.iter().enumerate() {
            let begin = Timestamp((from.0 + column as u64 * width).min(to.0));
            let end = Timestamp((begin.0 + width).min(to.0));
            let parties = Party::ALL.into_iter().chain([Party::Several]);
            let most = parties.zip(sums).max_by_key(|(_, sum)| **sum);
            if let Some((party, _)) = most.filter(|_| begin < end) {
                strip.add(Piece { begin, end, party }, from);
            }
        }
        strip
    }

    pub(super) fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// What lies between two times.
    pub(super) fn cut(&self, from: Timestamp, to: Timestamp) -> impl Iterator<Item = Piece> {
        self.pieces.iter().filter(move |piece| piece.end > from && piece.begin < to).map(
            move |piece| Piece {
                begin: piece.begin.max(from),
                end: piece.end.min(to),
                party: piece.party,
            },
        )
    }
}
