//! Where does the body end? (RFC 9112 §6 and §7)

use std::ops::Range;

use memchr::memchr;

use super::head::{BARE_LF, Header, LENGTH_AND_CODING, LENGTHS, NO_NUMBER, NOT_CHUNKED};
use super::start::{Side, Start, trim_end};

/// What the header fields read so far say of the body.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Framing {
    pub length: Option<u64>,
    pub coding: Option<Coding>,
    pub flaws: u8,
}

/// The last transfer coding.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Coding {
    Chunked,
    Other,
}

/// How the end of a body is found.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Body {
    Nothing,
    Length(u64),
    Chunked,
    /// It ends with the connection, or where the head does not tell.
    Open,
}

impl Framing {
    /// What is known behind the start line.
    pub(super) fn after(start: &Start<'_>, octets: &[u8]) -> Self {
        let line = &octets[..start.third.end.min(octets.len())];
        let flaws = if start.is_whole && !line.ends_with(b"\r\n") { BARE_LF } else { 0 };
        Self { flaws, ..Self::default() }
    }

    /// Takes a header field in; returns the flaws it shows that were not seen before.
    pub(super) fn take(&mut self, header: &Header<'_>) -> u8 {
        let mut flaws = header.flaws;
        if header.is("content-length") {
            match length(header.value) {
                Ok(length) if self.length.is_some_and(|other| other != length) => flaws |= LENGTHS,
                Ok(length) => self.length = Some(length),
                Err(flaw) => flaws |= flaw,
            }
        } else if header.is("transfer-encoding") {
            let last = header.value.rsplit(|octet| *octet == b',').next().unwrap_or_default();
            let is_chunked = last.trim_ascii().eq_ignore_ascii_case(b"chunked");
            self.coding = Some(if is_chunked { Coding::Chunked } else { Coding::Other });
            if !is_chunked {
                flaws |= NOT_CHUNKED;
            }
        }
        if self.length.is_some() && self.coding.is_some() {
            flaws |= LENGTH_AND_CODING;
        }
        let new = flaws & !self.flaws;
        self.flaws |= flaws;
        new
    }

    /// RFC 9112 §6.3, as far as one message shows: the answer to a HEAD looks like any other.
    pub(super) fn body(&self, start: &Start<'_>) -> Body {
        let response = start.side == Side::Response;
        match (start.code(), self.coding, self.length) {
            (Some(100..=199 | 204 | 304), ..) if response => Body::Nothing,
            // A coding overrides a length (rule 3).
            (_, Some(Coding::Chunked), _) => Body::Chunked,
            (_, Some(Coding::Other), _) => Body::Open,
            _ if self.flaws & (LENGTHS | NO_NUMBER) != 0 => Body::Open,
            (_, None, Some(length)) => Body::Length(length),
            _ if response => Body::Open,
            _ => Body::Nothing,
        }
    }
}

impl Body {
    /// Where a body that begins at `head` ends, when all of it is there.
    pub(super) fn end(self, octets: &[u8], head: usize) -> Option<usize> {
        match self {
            Self::Nothing => Some(head),
            Self::Length(length) => {
                let end = head.checked_add(usize::try_from(length).ok()?)?;
                (end <= octets.len()).then_some(end)
            }
            Self::Chunked => chunks(octets, head, |_, _| ()),
            Self::Open => None,
        }
    }
}

/// RFC 9110 §8.6: digits, or several times the same digits in a list.
pub(super) fn length(value: &[u8]) -> Result<u64, u8> {
    let mut told = None;
    for item in value.split(|octet| *octet == b',') {
        let digits = item.trim_ascii();
        if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
            return Err(NO_NUMBER);
        }
        let number = digits.iter().try_fold(0u64, |number, digit| {
            number.checked_mul(10)?.checked_add(u64::from(digit - b'0'))
        });
        let number = number.ok_or(NO_NUMBER)?;
        if told.is_some_and(|other| other != number) {
            return Err(LENGTHS);
        }
        told = Some(number);
    }
    told.ok_or(NO_NUMBER)
}

/// A piece of a chunked body.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Piece {
    /// A chunk's first line, with the size it tells.
    Size(u64),
    Data,
    Boundary,
    Trailer,
}

/// A longer first line of a chunk is refused.
const CHUNK_LINE: usize = 256;
/// A longer trailer is refused.
const TRAILER: usize = 8 * 1024;

/// Walks a chunked body at `at` (RFC 9112 §7.1); returns its end when all of it is there.
pub(super) fn chunks(
    octets: &[u8],
    mut at: usize,
    mut piece: impl FnMut(Piece, Range<usize>),
) -> Option<usize> {
    loop {
        let size_end = line_end(octets, at, CHUNK_LINE)?;
        let size = size(&octets[at..size_end])?;
        piece(Piece::Size(size), at..size_end);
        at = size_end;
        if size == 0 {
            break;
        }
        let end = at.checked_add(usize::try_from(size).ok()?)?;
        let boundary = line_end(octets, end, 2)?;
        piece(Piece::Data, at..end);
        piece(Piece::Boundary, end..boundary);
        at = boundary;
    }
    let trailer = at;
    loop {
        let end = line_end(octets, at, TRAILER.checked_sub(at - trailer)?)?;
        if trim_end(&octets[at..end - 1]).is_empty() {
            if at > trailer {
                piece(Piece::Trailer, trailer..at);
            }
            piece(Piece::Boundary, at..end);
            return Some(end);
        }
        at = end;
    }
}

fn line_end(octets: &[u8], at: usize, limit: usize) -> Option<usize> {
    let left = octets.get(at..)?;
    Some(at + memchr(b'\n', &left[..left.len().min(limit)])? + 1)
}

/// Hexadecimal digits; what follows a semicolon is an extension.
fn size(line: &[u8]) -> Option<u64> {
    let digits = line.split(|octet| *octet == b';').next()?.trim_ascii();
    if digits.is_empty() || digits.len() > 15 {
        return None;
    }
    digits.iter().try_fold(0, |size, digit| {
        Some(size << 4 | u64::from(char::from(*digit).to_digit(16)?))
    })
}
