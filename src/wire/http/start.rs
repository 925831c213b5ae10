//! The first line of a message (RFC 9112 §3 and §4), and whether some octets begin with one.

use memchr::memchr;

/// A line beyond this is not looked at; RFC 9112 §3 asks for at least 8,000 octets.
pub(super) const LINE: usize = 16 * 1024;

/// A start line: each part with the white space or the line end behind it, as far as it arrived.
#[derive(Clone, Copy, Debug)]
pub(super) struct Start<'a> {
    pub side: Side,
    /// Method, or version.
    pub first: Part<'a>,
    /// Target, or status code.
    pub second: Part<'a>,
    /// Version, or reason phrase. Empty where the sender left it out.
    pub third: Part<'a>,
    pub is_whole: bool,
}

/// Which way a message goes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Side {
    Request,
    Response,
}

/// A word and where it ends, delimiter included.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Part<'a> {
    pub word: &'a [u8],
    pub end: usize,
    /// Whether its delimiter was seen, so that the word is all there.
    pub is_whole: bool,
}

impl<'a> Start<'a> {
    /// Reads what is there of a start line at `at`; `None` when it cannot be one.
    ///
    /// The line may lack its end: a target that the capture cut, or that goes on in the next
    /// segment, is still worth telling.
    pub(super) fn read(octets: &'a [u8], at: usize) -> Option<Self> {
        let rest = octets.get(at..)?;
        let side = Side::of(rest)?;
        let seen = &rest[..rest.len().min(LINE)];
        let end = memchr(b'\n', seen);
        let line = trim_end(&seen[..end.unwrap_or(seen.len())]);
        if line.iter().any(u8::is_ascii_control) {
            return None;
        }
        let whole = end.map(|end| at + end + 1);
        let mut words = Words { line, base: at, at: 0, whole };
        let first = words.next();
        let second = words.next();
        let third = words.remainder();
        let start = Self { side, first, second, third, is_whole: whole.is_some() };
        start.is_sound().then_some(start)
    }

    pub(super) fn code(&self) -> Option<u16> {
        match self.second.word {
            [a @ b'1'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9'] => {
                Some([a, b, c].iter().fold(0, |code, digit| code * 10 + u16::from(*digit - b'0')))
            }
            _ => None,
        }
    }

    /// Where the told parts end.
    pub(super) fn end(&self) -> usize {
        let parts = [self.third, self.second, self.first];
        parts.iter().find(|part| part.is_whole).map_or(0, |part| part.end)
    }

    fn is_sound(&self) -> bool {
        match self.side {
            Side::Response => self.code().is_some() || !self.second.is_whole,
            // RFC 9112 §3.2 names the forms of a target. Other protocols share the methods
            // (OPTIONS in RTSP, NOTIFY in SIP), but not these forms with this version.
            Side::Request => {
                let target = self.second.word;
                let authority = self.first.word == b"CONNECT"
                    && matches!(target, [b'[' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z', ..]);
                let form = matches!(target, [b'/' | b'*', ..]) || authority || is_absolute(self.second);
                let version = self.third.word;
                form && (!self.third.is_whole
                    || version.is_empty()
                    || memchr::memmem::find(version, b"HTTP/").is_some())
            }
        }
    }
}

/// An `http` target; of one that is not all there, as much as arrived.
fn is_absolute(target: Part<'_>) -> bool {
    let scheme = &target.word[..target.word.len().min(4)];
    scheme.eq_ignore_ascii_case(b"http")
        || !target.is_whole && !scheme.is_empty() && b"http".starts_with(scheme)
}

impl Side {
    /// What octets begin as, by a look at the first few.
    pub(super) fn of(octets: &[u8]) -> Option<Self> {
        let first = *octets.first()?;
        if !FIRST[usize::from(first)] {
            return None;
        }
        if let [b'H', b'T', b'T', b'P', b'/', b'0'..=b'9', b'.', b'0'..=b'9', b' ', ..] = octets {
            return Some(Self::Response);
        }
        let method = &octets[..memchr(b' ', &octets[..octets.len().min(LONGEST + 1)])?];
        METHODS.contains(&method).then_some(Self::Request)
    }
}

/// Cuts a line into words.
struct Words<'a> {
    line: &'a [u8],
    base: usize,
    at: usize,
    /// Where the line ends, if it was seen to end.
    whole: Option<usize>,
}

impl<'a> Words<'a> {
    /// RFC 9112 §3: one space, no more; of two, the second makes an empty word.
    fn next(&mut self) -> Part<'a> {
        let left = &self.line[self.at..];
        let Some(space) = memchr(b' ', left) else { return self.remainder() };
        self.at += space + 1;
        Part { word: &left[..space], end: self.base + self.at, is_whole: true }
    }

    /// The rest of the line with its end.
    fn remainder(&mut self) -> Part<'a> {
        let word = &self.line[self.at..];
        self.at = self.line.len();
        match self.whole {
            Some(end) => Part { word, end, is_whole: true },
            None => Part { word, end: self.base + self.at, is_whole: false },
        }
    }
}

/// A line without its end, which is CR LF, or, as RFC 9112 §2.2 lets a recipient accept, LF.
pub(super) fn trim_end(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Registered methods, and those that Microsoft's servers and `UPnP` (SSDP, GENA) use.
const METHODS: &[&[u8]] = &[
    b"GET", b"POST", b"HEAD", b"PUT", b"DELETE", b"OPTIONS", b"CONNECT", b"TRACE", b"PATCH",
    b"M-SEARCH", b"NOTIFY", b"SUBSCRIBE", b"UNSUBSCRIBE", b"PROPFIND", b"PROPPATCH", b"MKCOL",
    b"COPY", b"MOVE", b"LOCK", b"UNLOCK", b"SEARCH", b"REPORT", b"ACL", b"BIND", b"UNBIND",
    b"REBIND", b"LINK", b"UNLINK", b"MERGE", b"UPDATE", b"LABEL", b"CHECKIN", b"CHECKOUT",
    b"UNCHECKOUT", b"MKACTIVITY", b"MKCALENDAR", b"MKWORKSPACE", b"MKREDIRECTREF",
    b"UPDATEREDIRECTREF", b"ORDERPATCH", b"VERSION-CONTROL", b"BASELINE-CONTROL", b"QUERY",
    b"POLL", b"PURGE", b"BCOPY", b"BDELETE", b"BMOVE", b"BPROPFIND", b"BPROPPATCH",
    b"RPC_IN_DATA", b"RPC_OUT_DATA",
];

/// Of a method, in octets.
const LONGEST: usize = 17;

/// Octets that a message may begin with.
const FIRST: [bool; 256] = {
    let mut first = [false; 256];
    let mut at = 0;
    while at < METHODS.len() {
        first[METHODS[at][0] as usize] = true;
        at += 1;
    }
    first[b'H' as usize] = true;
    first
};
