//! Where does a chunked body end? (RFC 9112 §7.1)

/// How far a body has come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Chunks {
    /// In the line that tells a size.
    Size {
        size: u64,
        digits: u8,
        part: SizePart,
    },
    Data(u64),
    /// In the line end behind a chunk.
    Boundary,
    /// In a line of the trailer, with so many octets before its end.
    Trailer(u32),
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum SizePart {
    Digits,
    /// What follows a semicolon.
    Extension,
}

/// What some octets of a body were.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Piece {
    /// So many octets of content.
    Content(u64),
    /// Of the coding.
    Coding,
    End,
    /// Not what the coding allows.
    Broken,
}

/// A trailer's longer line is refused.
const LINE: u32 = 16 * 1024;

impl Chunks {
    pub(super) const BEGIN: Self = Self::Size { size: 0, digits: 0, part: SizePart::Digits };

    /// Takes the next piece off the octets, of which there is one at least; tells its length too.
    pub(super) fn step(&mut self, octets: &[u8]) -> (usize, Piece) {
        match self {
            Self::Data(left) => {
                let used = (*left).min(octets.len() as u64);
                *left -= used;
                if *left == 0 {
                    *self = Self::Boundary;
                }
                (used as usize, Piece::Content(used))
            }
            _ => (1, self.octet(octets[0])),
        }
    }

    /// Passes over octets that nobody saw.
    pub(super) fn skip(&mut self, len: u64) -> Piece {
        match self {
            Self::Data(left) if len < *left => {
                *left -= len;
                Piece::Content(len)
            }
            _ => Piece::Broken,
        }
    }

    fn octet(&mut self, octet: u8) -> Piece {
        match (self, octet) {
            (this @ Self::Size { .. }, b'\n') => return this.sized(),
            (Self::Size { part, .. }, b';') => *part = SizePart::Extension,
            (Self::Size { .. }, b' ' | b'\t')
            | (Self::Size { .. } | Self::Boundary | Self::Trailer(_), b'\r')
            | (Self::Size { part: SizePart::Extension, .. }, _) => {}
            (Self::Size { size, digits, .. }, octet) => {
                let Some(digit) = char::from(octet).to_digit(16) else { return Piece::Broken };
                *digits += 1;
                if *digits > 15 {
                    return Piece::Broken;
                }
                *size = *size << 4 | u64::from(digit);
            }
            (this @ Self::Boundary, b'\n') => *this = Self::BEGIN,
            (Self::Boundary | Self::Data(_), _) => return Piece::Broken,
            (Self::Trailer(0), b'\n') => return Piece::End,
            (Self::Trailer(len), b'\n') => *len = 0,
            (Self::Trailer(len), _) => {
                *len += 1;
                if *len > LINE {
                    return Piece::Broken;
                }
            }
        }
        Piece::Coding
    }

    fn sized(&mut self) -> Piece {
        match *self {
            Self::Size { digits: 0, .. } => return Piece::Broken,
            Self::Size { size: 0, .. } => *self = Self::Trailer(0),
            Self::Size { size, .. } => *self = Self::Data(size),
            _ => {}
        }
        Piece::Coding
    }
}
