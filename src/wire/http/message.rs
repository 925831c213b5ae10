//! A message's head by itself, for whoever follows a stream.

use memchr::memchr;

use super::body::{Body, Framing};
use super::head::{End, Headers};
use super::start::{LINE, Side, Start};
use super::{LONGEST_HEAD, Skipped};

/// Which way a message goes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Way {
    Request,
    Response,
}

/// What the first octets of a stream are.
#[derive(Clone, Copy, Debug)]
pub enum Beginning<'a> {
    /// No message begins like this, or its head is longer than any that is waited for.
    Other,
    /// A message may begin like this; its head goes on.
    Partial,
    Head(Head<'a>),
}

/// How the end of a body is found (RFC 9112 §6.3).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ending {
    /// There is no body.
    Head,
    Length(u64),
    Chunked,
    /// With the connection, or where the head contradicts itself.
    Close,
}

/// A whole head.
#[derive(Clone, Copy, Debug)]
pub struct Head<'a> {
    octets: &'a [u8],
    start: Start<'a>,
    len: usize,
    ending: Ending,
}

impl<'a> Beginning<'a> {
    pub fn read(octets: &'a [u8]) -> Self {
        let skipped = Skipped::of(octets).len();
        let Some(start) = Start::read(octets, skipped) else {
            let waits = skipped == octets.len() || may_begin(&octets[skipped..]);
            return if waits { Self::Partial } else { Self::Other };
        };
        if !start.is_whole {
            return if octets.len() > LINE { Self::Other } else { Self::Partial };
        }
        let mut headers = Headers::new(octets, start.third.end, true);
        let mut framing = Framing::after(&start, octets);
        for header in headers.by_ref() {
            framing.take(&header);
        }
        match headers.end {
            End::Here => {
                let ending = match framing.body(&start) {
                    Body::Nothing => Ending::Head,
                    Body::Length(length) => Ending::Length(length),
                    Body::Chunked => Ending::Chunked,
                    Body::Open => Ending::Close,
                };
                Self::Head(Head { octets, start, len: headers.at(), ending })
            }
            End::Beyond if octets.len() <= LONGEST_HEAD => Self::Partial,
            End::Beyond | End::Limit(_) => Self::Other,
        }
    }
}

/// Whether a start line may begin so that has no more than a first word yet.
fn may_begin(octets: &[u8]) -> bool {
    const LONGEST_METHOD: usize = 17;
    if let Some(blank) = memchr(b' ', octets) {
        return blank + 1 == octets.len() && Side::of(octets) == Some(Side::Request);
    }
    !octets.is_empty()
        && octets.len() <= LONGEST_METHOD
        && octets.iter().all(|octet| octet.is_ascii_uppercase() || b"-_/1.0".contains(octet))
}

impl<'a> Head<'a> {
    /// A head whose end is not there, as far as it goes; `None` when not even its first word is whole.
    pub fn cut(octets: &'a [u8]) -> Option<Self> {
        let start = Start::read(octets, Skipped::of(octets).len())?;
        start.first.is_whole.then_some(Self { octets, start, len: octets.len(), ending: Ending::Close })
    }

    /// As it was sent, as far as it is there, without the empty line.
    pub fn lines(self) -> &'a [u8] {
        self.octets.get(..self.len).unwrap_or(self.octets).trim_ascii()
    }

    pub fn way(self) -> Way {
        match self.start.side {
            Side::Request => Way::Request,
            Side::Response => Way::Response,
        }
    }

    /// In octets, with the empty line.
    #[allow(clippy::len_without_is_empty, reason = "no head is empty")]
    pub fn len(self) -> usize {
        self.len
    }

    /// Of a request.
    pub fn method(self) -> &'a [u8] {
        self.start.first.word
    }

    /// Of a request, if it is all there.
    pub fn target(self) -> Option<&'a [u8]> {
        self.start.second.is_whole.then_some(self.start.second.word)
    }

    pub fn version(self) -> &'a [u8] {
        match self.start.side {
            Side::Request => self.start.third.word,
            Side::Response => self.start.first.word,
        }
    }

    /// Of a response.
    pub fn status(self) -> Option<u16> {
        self.start.code().filter(|_| self.start.side == Side::Response)
    }

    /// Of a response.
    pub fn reason(self) -> &'a [u8] {
        self.start.third.word
    }

    /// As far as the message itself tells: what answers a HEAD has no body, whatever it says.
    pub fn ending(self) -> Ending {
        self.ending
    }

    /// The first header field of this name.
    pub fn header(self, name: &str) -> Option<&'a [u8]> {
        // Of a first line that is cut there are no fields behind.
        let at = if self.start.is_whole { self.start.third.end } else { self.octets.len() };
        let mut headers = Headers::new(self.octets, at, true);
        headers.find(|header| header.is(name)).map(|header| header.value)
    }

    /// Whether a header field lists this word, whatever its case.
    pub fn lists(self, name: &str, word: &str) -> bool {
        let value = self.header(name).unwrap_or_default();
        let mut words = value.split(|octet| *octet == b',');
        words.any(|listed| listed.trim_ascii().eq_ignore_ascii_case(word.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_a_head_may_become_one() {
        for whole in [
            "GET / HTTP/1.1\r\nHost: a.example\r\nX: y\r\n z\r\n\r\n",
            "VERSION-CONTROL http://a.example/b HTTP/1.1\r\n\r\n",
            "OPTIONS * HTTP/1.1\r\n\r\n",
            "\r\nCONNECT [2001:db8::1]:443 HTTP/1.1\r\nHost: a\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.0 404\r\nA: b\n\n",
            "M-SEARCH * HTTP/1.1\r\n\r\n",
        ] {
            for end in 2..whole.len() {
                let beginning = Beginning::read(&whole.as_bytes()[..end]);
                assert!(matches!(beginning, Beginning::Partial), "{:?}", &whole[..end]);
            }
            assert!(matches!(Beginning::read(whole.as_bytes()), Beginning::Head(_)), "{whole:?}");
        }
    }
}
