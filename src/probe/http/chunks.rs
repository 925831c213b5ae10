//! Where does each chunk end, and what stands behind the last one? (RFC 9112 §7.1)

use memchr::memchr;

use super::head;
use crate::timeline::http::{Chunk, Chunks, Field, Problem};

/// A chunked body, as far as it came.
#[derive(Debug, Default)]
pub(super) struct Chunked {
    place: Place,
    /// Of a line that is not whole yet, or of the trailer.
    held: Vec<u8>,
    /// Where in the trailer the line at hand begins.
    line: usize,
    /// Where in the stream the size line at hand begins.
    begun: u64,
    /// With the one at hand.
    number: u64,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum Place {
    #[default]
    Size,
    Content(u64),
    /// In the line end behind a chunk.
    End,
    Trailer,
}

/// What some octets were.
#[derive(Debug)]
pub(super) enum Piece {
    Content,
    Framing,
    /// The body is over, with these fields behind it unless they cannot be read.
    Over(Result<Vec<Field>, Problem>),
}

/// A size line that is longer is refused, extension and all.
const LINE: usize = 4096;
/// So much of what is wrong is shown.
const SHOWN: usize = 32;

impl Chunked {
    /// Takes the next piece off the octets, of which there is one at least, and tells its length.
    /// `at` is where they begin in the stream, `limit` the most a trailer may have.
    pub(super) fn step(
        &mut self,
        octets: &[u8],
        at: u64,
        limit: usize,
        told: &mut Chunks,
    ) -> Result<(usize, Piece), Problem> {
        match self.place {
            Place::Size => self.size(octets, at, told).map(|taken| (taken, Piece::Framing)),
            Place::Content(left) => {
                let taken = left.min(octets.len() as u64);
                self.place = if taken == left { Place::End } else { Place::Content(left - taken) };
                Ok((taken as usize, Piece::Content))
            }
            Place::End => match (self.held.is_empty(), octets) {
                (_, [b'\n', ..]) => {
                    self.held.clear();
                    self.place = Place::Size;
                    told.count += 1;
                    Ok((1, Piece::Framing))
                }
                (true, [b'\r', ..]) => {
                    self.held.push(b'\r');
                    Ok((1, Piece::Framing))
                }
                _ => {
                    self.held.extend_from_slice(&octets[..octets.len().min(SHOWN)]);
                    let found = std::mem::take(&mut self.held).into();
                    Err(Problem::ChunkEnd { chunk: self.number, found })
                }
            },
            Place::Trailer => self.trailer(octets, limit),
        }
    }

    fn size(&mut self, octets: &[u8], at: u64, told: &mut Chunks) -> Result<usize, Problem> {
        if self.held.is_empty() {
            (self.begun, self.number) = (at, self.number + 1);
        }
        let seen = &octets[..octets.len().min(LINE - self.held.len())];
        let end = memchr(b'\n', seen);
        let taken = end.map_or(seen.len(), |end| end + 1);
        self.held.extend_from_slice(&seen[..taken]);
        if end.is_none() {
            return if self.held.len() < LINE { Ok(taken) } else { Err(self.no_size()) };
        }
        let Some((size, has_extension)) = size(&self.held) else { return Err(self.no_size()) };
        self.held.clear();
        told.extensions += u64::from(has_extension);
        if size == 0 {
            self.place = Place::Trailer;
            return Ok(taken);
        }
        self.place = Place::Content(size);
        if told.first.len() < Chunks::LISTED {
            told.first.push(Chunk { at: self.begun, size });
        }
        told.smallest = if self.number == 1 { size } else { told.smallest.min(size) };
        told.largest = told.largest.max(size);
        Ok(taken)
    }

    fn no_size(&mut self) -> Problem {
        let mut line = std::mem::take(&mut self.held);
        line.truncate(SHOWN);
        Problem::ChunkSize { chunk: self.number, line: line.into() }
    }

    fn trailer(&mut self, octets: &[u8], limit: usize) -> Result<(usize, Piece), Problem> {
        let end = memchr(b'\n', octets);
        let taken = end.map_or(octets.len(), |end| end + 1);
        if self.held.len() + taken > limit {
            return Err(Problem::HeadTooLarge(limit as u64));
        }
        self.held.extend_from_slice(&octets[..taken]);
        if end.is_none() {
            return Ok((taken, Piece::Framing));
        }
        if matches!(&self.held[self.line..], b"\n" | b"\r\n") {
            return Ok((taken, Piece::Over(head::fields(&self.held, &mut Vec::new()))));
        }
        self.line = self.held.len();
        Ok((taken, Piece::Framing))
    }

    /// What is awaited, in words.
    pub(super) fn awaits(&self) -> String {
        match self.place {
            Place::Size => format!("the size of chunk {}", self.number.max(1)),
            Place::Content(left) => format!("{left} more octets of chunk {}", self.number),
            Place::End => format!("the line end behind chunk {}", self.number),
            Place::Trailer => "the empty line behind the last chunk".into(),
        }
    }

    /// What is wrong if nothing more comes, after so many octets of content.
    pub(super) fn cut(&mut self, had: u64, told: &Chunks) -> Problem {
        let is_no_size = |line: &[u8]| {
            let digits = line.iter().take_while(|octet| octet.is_ascii_hexdigit()).count();
            !matches!(line[digits..], [] | [b'\r' | b' ' | b'\t' | b';', ..])
                || digits == 0 && !line.is_empty()
        };
        match self.place {
            Place::Trailer => Problem::TrailerCut,
            Place::Size if is_no_size(&self.held) => self.no_size(),
            _ => Problem::LastChunkMissing { had, chunks: told.count },
        }
    }
}

/// The size that a line tells, and whether something follows it; the line end is still there.
fn size(line: &[u8]) -> Option<(u64, bool)> {
    let digits = line.iter().take_while(|octet| octet.is_ascii_hexdigit()).count();
    let (digits, rest) = line.split_at(digits);
    let rest = rest.trim_ascii();
    if digits.is_empty() || !matches!(rest, [] | [b';', ..]) {
        return None;
    }
    let size = digits.iter().try_fold(0_u64, |size, digit| {
        let digit = char::from(*digit).to_digit(16)?;
        size.checked_mul(16)?.checked_add(digit.into())
    });
    Some((size?, !rest.is_empty()))
}
