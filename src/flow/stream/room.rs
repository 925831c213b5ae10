//! How many octets may wait behind holes, in all streams together?

/// What all streams together have kept of early segments.
///
/// Nothing that was captured is lost when there is no room: the stream that needs it gives up its
/// first hole, and hands on what waited behind it.
#[derive(Debug)]
pub struct Room {
    octets: usize,
    pieces: usize,
    limit: usize,
}

impl Room {
    /// The octets that wait in all streams, unless told otherwise.
    pub const OCTETS: usize = 64 << 20;
    /// The pieces that wait in all streams; a row and an allocation each.
    pub const PIECES: usize = 1 << 18;

    /// Room for so many octets.
    pub fn of(octets: usize) -> Self {
        Self { octets: 0, pieces: 0, limit: octets }
    }

    /// How many octets wait in all streams.
    pub fn waiting(&self) -> usize {
        self.octets
    }

    pub(super) fn has(&self, octets: usize, pieces: usize) -> bool {
        self.octets + octets <= self.limit && self.pieces + pieces <= Self::PIECES
    }

    pub(super) fn enter(&mut self, octets: usize) {
        self.octets += octets;
        self.pieces += 1;
    }

    pub(super) fn leave(&mut self, octets: usize) {
        self.octets = self.octets.saturating_sub(octets);
        self.pieces = self.pieces.saturating_sub(1);
    }
}

impl Default for Room {
    fn default() -> Self {
        Self::of(Self::OCTETS)
    }
}
