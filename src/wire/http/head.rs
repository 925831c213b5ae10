//! The header fields between the start line and the empty line (RFC 9112 §5).

use std::ops::Range;

use memchr::memchr;

use super::start::{LINE, trim_end};

/// A head beyond this is not read on.
const HEAD: usize = 64 * 1024;
/// Header fields beyond this are not read.
const COUNT: usize = 200;

/// Walks the header fields of a head as far as they arrived.
#[derive(Debug)]
pub(super) struct Headers<'a> {
    octets: &'a [u8],
    /// Whether the capture lost what follows the octets.
    is_cut: bool,
    at: usize,
    count: usize,
    pub end: End,
}

/// Where a head ends, as far as one packet shows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum End {
    /// Beyond the octets: cut by the capture, or in the next segment.
    Beyond,
    /// At an empty line.
    Here,
    /// The limit in the words; the rest of the head was not read.
    Limit(&'static str),
}

/// One header field.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header<'a> {
    pub start: usize,
    /// Behind the end of its last line.
    pub end: usize,
    pub line: &'a [u8],
    pub name: &'a [u8],
    pub value: &'a [u8],
    pub value_at: usize,
    pub flaws: u8,
}

impl Header<'_> {
    pub(super) fn octets(&self) -> Range<usize> {
        self.start..self.end
    }

    pub(super) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }
}

impl<'a> Headers<'a> {
    pub(super) fn new(octets: &'a [u8], at: usize, is_cut: bool) -> Self {
        Self { octets, is_cut, at, count: 0, end: End::Beyond }
    }

    /// How far the walk has come; behind the empty line, once it was found.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// The end of the field that begins here, folded lines included; `None` when it is not there.
    fn field_end(&mut self, first: usize) -> Option<usize> {
        let mut end = first;
        loop {
            match self.octets.get(end) {
                // RFC 9112 §5.2: a line that begins with white space goes on with the one before.
                Some(b' ' | b'\t') => end = self.line_end(end)?,
                None if self.is_cut => return None,
                _ => return Some(end),
            }
            if end - self.at > LINE {
                self.end = End::Limit("header line above 16 KiB");
                return None;
            }
        }
    }

    fn line_end(&mut self, at: usize) -> Option<usize> {
        let left = &self.octets[at..];
        let found = memchr(b'\n', &left[..left.len().min(LINE)]);
        if found.is_none() && left.len() >= LINE {
            self.end = End::Limit("header line above 16 KiB");
        }
        Some(at + found? + 1)
    }
}

impl<'a> Iterator for Headers<'a> {
    type Item = Header<'a>;

    fn next(&mut self) -> Option<Header<'a>> {
        let start = self.at;
        if self.end != End::Beyond || start >= self.octets.len() {
            return None;
        }
        let first = self.line_end(start)?;
        if trim_end(&self.octets[start..first - 1]).is_empty() {
            (self.at, self.end) = (first, End::Here);
            return None;
        }
        if self.count == COUNT {
            self.end = End::Limit("more than 200 header fields");
            return None;
        }
        let end = self.field_end(first)?;
        if end > HEAD {
            self.end = End::Limit("head above 64 KiB");
            return None;
        }
        self.at = end;
        self.count += 1;
        let line = trim_end(&self.octets[start..end - 1]);
        let (name, value) = match memchr(b':', line) {
            Some(colon) => (&line[..colon], &line[colon + 1..]),
            None => (line, &[][..]),
        };
        let mut flaws = 0;
        if end > first {
            flaws |= FOLDED;
        }
        if !self.octets[..end].ends_with(b"\r\n") {
            flaws |= BARE_LF;
        }
        if name.ends_with(b" ") || name.ends_with(b"\t") {
            flaws |= SPACE;
        }
        let name = name.trim_ascii_end();
        let value_at = start + line.len() - value.trim_ascii_start().len();
        Some(Header { start, end, line, name, value: value.trim_ascii(), value_at, flaws })
    }
}

/// The words for some flaws.
pub(super) fn flaws(bits: u8) -> impl Iterator<Item = &'static str> {
    FLAWS.into_iter().enumerate().filter(move |(bit, _)| bits & 1 << bit != 0).map(|(_, flaw)| flaw)
}

/// What makes two recipients read one message differently, in the order it is told.
const FLAWS: [&str; 7] = [
    "lengths differ (RFC 9112 §6.3)",
    "length and transfer coding (RFC 9112 §6.1)",
    "length is no number (RFC 9112 §6.3)",
    "last coding is not chunked (RFC 9112 §6.3)",
    "space before colon (RFC 9112 §5.1)",
    "folded line (RFC 9112 §5.2)",
    "bare LF (RFC 9112 §2.2)",
];
pub(super) const LENGTHS: u8 = 1;
pub(super) const LENGTH_AND_CODING: u8 = 2;
pub(super) const NO_NUMBER: u8 = 4;
pub(super) const NOT_CHUNKED: u8 = 8;
const SPACE: u8 = 16;
const FOLDED: u8 = 32;
pub(super) const BARE_LF: u8 = 64;
