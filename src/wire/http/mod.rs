//! HTTP/1.x messages (RFC 9112), and SSDP, which is HTTP's words in UDP datagrams.
//!
//! Recognised by content on any port. A view is one message's head, and its body when it ends
//! within the packet, so that a message behind it (pipelining) is the next layer. Of a head that
//! ends in a later segment the complete lines are told. What only the connection knows, such as
//! that a response answers a HEAD, is not known here.

mod body;
mod head;
mod message;
mod start;
mod tell;
mod told;

use super::field::{Listener, Value};
use super::{Hint, Name, View};
use crate::ink::Ink;
use crate::octets::{Octets, Why};
use body::{Body, Framing};
use head::{End, Header, Headers, flaws};
pub use message::{Beginning, Ending, Head, Way};
use start::{Side, Start};
use told::{HEAD_END, LEADING_CRLF};

#[derive(Clone, Copy, Debug)]
pub struct Http<'a> {
    /// The message; all that follows in the packet too while the head has no end here.
    octets: Octets<'a>,
    skipped: Skipped,
    carrier: Carrier,
    /// Whether the head ends here.
    ends: bool,
}

/// What stands in front of the start line.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Skipped {
    Nothing,
    EmptyLine,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Carrier {
    Stream,
    Tls,
    Datagram,
}

impl<'a> Http<'a> {
    /// Whether a client sends it.
    pub fn is_request(&self) -> Option<bool> {
        self.start().map(|start| start.side == Side::Request)
    }

    fn start(&self) -> Option<Start<'a>> {
        Start::read(self.octets.kept(), self.skipped.len())
    }
}

impl Http<'_> {
    /// How long its body is, when the head tells that and the body does not end here.
    pub fn body_len(&self) -> Option<usize> {
        let start = self.start().filter(|_| self.ends && self.carrier == Carrier::Stream)?;
        let mut framing = Framing::after(&start, self.octets.kept());
        let mut headers = headers(self.octets, &start);
        for header in headers.by_ref() {
            framing.take(&header);
        }
        match framing.body(&start) {
            Body::Length(len) if headers.at() == self.octets.len() => usize::try_from(len).ok(),
            _ => None,
        }
    }
}

impl<'a> View<'a> for Http<'a> {
    const NAMES: &'static [Name] =
        &[Name { key: "http", words: "HTTP" }, Name { key: "ssdp", words: "SSDP" }];
    const FIELDS: &'static [&'static super::field::Field] = told::FIELDS;

    fn claims(_: Hint, octets: Octets<'a>) -> bool {
        Start::read(octets.kept(), Skipped::of(octets.kept()).len()).is_some()
    }

    fn read(hint: Hint, octets: Octets<'a>) -> Result<(Self, Hint, Octets<'a>), Why> {
        let skipped = Skipped::of(octets.kept());
        let start = Start::read(octets.kept(), skipped.len());
        let start = start.ok_or(Why::Malformed("no start line"))?;
        let carrier = match hint {
            Hint::Udp(..) => Carrier::Datagram,
            Hint::Tls(..) => Carrier::Tls,
            _ => Carrier::Stream,
        };
        let mut http = Self { octets, skipped, carrier, ends: false };
        let mut headers = headers(octets, &start);
        let mut framing = Framing::after(&start, octets.kept());
        for header in headers.by_ref() {
            framing.take(&header);
        }
        let head = if start.is_whole { headers.at() } else { start.end() };
        if headers.end != End::Here {
            let (_, rest) = octets.split(head)?;
            return Ok((http, Hint::End, rest));
        }
        let whole = framing.body(&start).end(octets.kept(), head);
        let (message, rest) = octets.split(whole.unwrap_or(head))?;
        (http.octets, http.ends) = (Octets::whole(message), true);
        let next = match carrier {
            Carrier::Stream | Carrier::Tls if whole.is_some() => hint,
            _ => Hint::End,
        };
        Ok((http, next, rest))
    }

    fn name(&self) -> Name {
        Self::NAMES[usize::from(self.carrier == Carrier::Datagram)]
    }

    fn goes_on(&self) -> Option<usize> {
        let waits = self.carrier != Carrier::Datagram && !self.ends;
        (waits && self.octets.len() <= LONGEST_HEAD).then_some(0)
    }

    fn line(&self, ink: &mut Ink) {
        let Some(start) = self.start() else { return };
        for (at, part) in [start.first, start.second, start.third].into_iter().enumerate() {
            if at > 0 && !part.word.is_empty() {
                ink.text(" ");
            }
            if !part.is_whole {
                ink.clipped(whole_characters(part.word), WIDTH).ellipsis();
                return;
            }
            ink.clipped(part.word, WIDTH);
        }
        let framing = Framing::after(&start, self.octets.kept());
        let mut gist = Gist { framing, ..Gist::default() };
        let mut headers = headers(self.octets, &start);
        for header in headers.by_ref() {
            gist.take(&header);
        }
        gist.line(&start, headers.end, ink);
    }

    fn fields(&self, listener: &mut dyn Listener) {
        let Some(start) = self.start() else { return };
        let octets = self.octets.kept();
        let skipped = self.skipped.len();
        if skipped > 0 {
            listener.field(&LEADING_CRLF, 0..skipped, Value::Nothing);
        }
        tell::start(&start, skipped, listener);
        let mut framing = Framing::after(&start, octets);
        tell::ambiguous(framing.flaws, start.end(), listener);
        let mut host = None;
        let mut headers = headers(self.octets, &start);
        let mut end = start.end();
        for header in headers.by_ref() {
            end = header.end;
            tell::header(start.side, &header, listener);
            if start.side == Side::Request && host.is_none() && header.is("host") {
                host = Some(header.value);
                let scheme = if self.carrier == Carrier::Tls { "https://" } else { "http://" };
                tell::full_uri(scheme, [header.value, start.second.word], end, listener);
            }
            tell::ambiguous(framing.take(&header), end, listener);
        }
        if headers.end == End::Here {
            listener.field(&HEAD_END, end..headers.at(), Value::Nothing);
            tell::body(framing.body(&start), octets, headers.at(), listener);
        }
    }
}

impl Skipped {
    /// RFC 9112 §2.2: a server ignores an empty line in front of a request.
    fn of(octets: &[u8]) -> Self {
        if octets.starts_with(b"\r\n") { Self::EmptyLine } else { Self::Nothing }
    }

    fn len(self) -> usize {
        match self {
            Self::Nothing => 0,
            Self::EmptyLine => 2,
        }
    }
}

/// The header fields behind a start line; none while that has no end.
fn headers<'a>(octets: Octets<'a>, start: &Start<'a>) -> Headers<'a> {
    let at = if start.is_whole { start.third.end } else { octets.kept().len() };
    Headers::new(octets.kept(), at, octets.is_cut())
}

/// A head that is longer is not waited for.
const LONGEST_HEAD: usize = 64 * 1024;

/// Words in a line are clipped to this.
const WIDTH: usize = 80;

/// What a line says of the head, in this order.
#[derive(Default)]
struct Gist<'a> {
    host: Option<&'a [u8]>,
    upgrade: Option<&'a [u8]>,
    content_type: Option<&'a [u8]>,
    length: Option<&'a [u8]>,
    encoding: Option<&'a [u8]>,
    coding: Option<&'a [u8]>,
    framing: Framing,
}

impl<'a> Gist<'a> {
    fn take(&mut self, header: &Header<'a>) {
        let place = match header.name.len() {
            4 if header.is("host") => &mut self.host,
            7 if header.is("upgrade") => &mut self.upgrade,
            12 if header.is("content-type") => &mut self.content_type,
            14 if header.is("content-length") => &mut self.length,
            16 if header.is("content-encoding") => &mut self.encoding,
            17 if header.is("transfer-encoding") => &mut self.coding,
            _ => &mut None,
        };
        place.get_or_insert(header.value);
        self.framing.take(header);
    }

    /// What is missing may come behind the end: from there on nothing is said.
    fn line(&self, start: &Start<'_>, end: End, ink: &mut Ink) {
        let is_open = end == End::Beyond;
        let media = self.content_type.and_then(|value| value.split(|octet| *octet == b';').next());
        let (first, word) = match start.code() {
            Some(101) if start.side == Side::Response => (self.upgrade, " "),
            _ if start.side == Side::Request => (self.host, " host "),
            _ => (Some(&[][..]), ""),
        };
        for (value, before, after) in [
            (first, word, ""),
            (media, " ", ""),
            (self.length, " ", " octets"),
            (self.encoding, " ", ""),
            (self.coding, " ", ""),
        ] {
            match value {
                Some(value) => {
                    ink.text(before).clipped(value.trim_ascii_end(), WIDTH / 2).text(after);
                }
                None if is_open => break,
                None => {}
            }
        }
        if is_open {
            ink.ellipsis();
            return;
        }
        for flaw in flaws(self.framing.flaws) {
            ink.text("; ").text(flaw);
        }
        if let End::Limit(limit) = end {
            ink.text("; ").text(limit).text(", not read on");
        }
    }
}

/// Text that was cut somewhere, without the part of a character at its end.
fn whole_characters(text: &[u8]) -> &[u8] {
    let lead = text.iter().rev().take(3).position(|octet| *octet & 0xc0 != 0x80);
    match lead.map(|back| text.len() - 1 - back) {
        Some(at) if text[at] >= 0xc0 => &text[..at],
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(octets: &[u8]) -> (String, usize) {
        let hint = Hint::Tcp(50_000, 80);
        let (http, _, rest) = Http::read(hint, Octets::whole(octets)).expect("a message");
        (crate::ink::written(|ink| http.line(ink)), rest.len())
    }

    #[test]
    fn what_recipients_read_differently_is_told_with_its_clause() {
        for (head, clause) in [
            ("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "§6.1"),
            ("Content-Length: 3\r\nContent-Length: 4\r\n", "lengths differ (RFC 9112 §6.3)"),
            ("Content-Length: +3\r\n", "no number (RFC 9112 §6.3)"),
            ("Transfer-Encoding: xchunked\r\n", "not chunked (RFC 9112 §6.3)"),
            ("Content-Length : 3\r\n", "§5.1"),
            ("X: a\r\n b\r\n", "§5.2"),
            ("X: a\n", "§2.2"),
        ] {
            let (line, _) = read(format!("POST / HTTP/1.1\r\n{head}\r\nabc").as_bytes());
            assert!(line.contains(clause), "{head:?}: {line}");
        }
    }

    #[test]
    fn a_body_that_ends_here_leaves_the_next_message_and_one_that_does_not_leaves_itself() {
        let next = "GET / HTTP/1.1\r\n\r\n";
        for body in [
            "Content-Length: 3\r\n\r\nabc",
            "Transfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nX: y\r\n\r\n",
        ] {
            let both = format!("POST / HTTP/1.1\r\n{body}{next}");
            assert_eq!(read(both.as_bytes()).1, next.len(), "{body:?}");
        }
        let (_, left) = read(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");
        assert_eq!(left, 3);
    }

    #[test]
    fn other_protocols_with_the_same_methods_are_left_alone() {
        for line in [
            "OPTIONS rtsp://lab.example/ RTSP/1.0\r\n",
            "NOTIFY sip:a@lab.example SIP/2.0\r\n",
            "GET / RTSP/1.0\r\n",
            "GET key\r\n",
            "PRI * HTTP/2.0\n\0",
            "HTTP/1.1 OK\r\n",
        ] {
            let octets = Octets::whole(line.as_bytes());
            assert!(!Http::claims(Hint::Tcp(50_000, 80), octets), "{line:?}");
        }
    }
}
