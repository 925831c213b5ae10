//! TCP options (RFC 9293 §3.2 and the RFCs named at each).

use super::super::field::{Field, Listener, Value, fields};
use super::{Origin, Seq};
use crate::ink::Ink;
use crate::octets::Reader;

/// One option, read as far as its length allows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TcpOption<'a> {
    End,
    Nop,
    /// RFC 9293 §3.7.1: the largest segment the sender of this wants to receive.
    Mss(u16),
    /// RFC 7323 §2: by how many bits later windows are shifted.
    WindowScale(u8),
    SackPermitted,
    /// RFC 2018 §3: pairs of left and right edge; RFC 2883: the first may be a duplicate.
    Sack(SackBlocks<'a>),
    /// RFC 7323 §3.
    Timestamps { value: u32, echo: u32 },
    /// RFC 7413 §4.1.1; an empty cookie is a request for one.
    FastOpen(&'a [u8]),
    /// RFC 8684 §3; the subtype names the message.
    Mptcp { subtype: u8, content: &'a [u8] },
    /// RFC 5482 §3.
    UserTimeout { minutes: bool, value: u16 },
    /// RFC 2385 §3.0.
    Md5(&'a [u8]),
    /// RFC 5925 §2.2.
    Authentication { key: u8, next_key: u8, mac: &'a [u8] },
    Other { kind: u8, content: &'a [u8] },
    /// The length lies: below 2, or beyond the header. The rest of the header is unreadable.
    Broken { kind: u8 },
}

/// The edges in a SACK option.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SackBlocks<'a>(&'a [u8]);

/// The options of one segment, in order, as far as the capture kept them whole.
#[derive(Clone, Debug)]
pub struct TcpOptions<'a> {
    reader: Reader<'a>,
    /// How many octets of options there were on the wire.
    len: usize,
}

fields! {
    NOP          = "tcp.options.nop", Octets, "no operation";
    END          = "tcp.options.eol", Octets, "end of options";
    OPTION       = "tcp.options.unknown", Octets, "option";
    BROKEN       = "tcp.options.invalid", Octets, "unreadable options";
    MSS          = "tcp.options.mss", Group, "maximum segment size";
    MSS_VALUE    = "tcp.options.mss_val", Number, "maximum segment size";
    SCALE        = "tcp.options.wscale", Group, "window scale";
    SCALE_SHIFT  = "tcp.options.wscale.shift", Number, "shift";
    SACK_OK      = "tcp.options.sack_perm", Octets, "SACK permitted";
    SACK         = "tcp.options.sack", Group, "selective acknowledgment";
    SACK_LEFT    = "tcp.options.sack_le", Number, "left edge";
    SACK_RIGHT   = "tcp.options.sack_re", Number, "right edge";
    TIME         = "tcp.options.timestamp", Group, "time stamps";
    TIME_VALUE   = "tcp.options.timestamp.tsval", Number, "value";
    TIME_ECHO    = "tcp.options.timestamp.tsecr", Number, "echo";
    FAST_OPEN    = "tcp.options.tfo", Group, "fast open";
    COOKIE       = "tcp.options.tfo.cookie", Octets, "cookie";
    MPTCP        = "tcp.options.mptcp", Group, "multipath TCP";
    MPTCP_KIND   = "tcp.options.mptcp.subtype", Number, "subtype";
    MPTCP_DATA   = "tcp.options.mptcp.content", Octets, "content";
    TIMEOUT      = "tcp.options.user_to", Group, "user timeout";
    TIMEOUT_MIN  = "tcp.options.user_to_granularity", Flag, "in minutes";
    TIMEOUT_VAL  = "tcp.options.user_to_val", Number, "value";
    MD5          = "tcp.options.md5", Group, "MD5 signature";
    MD5_DIGEST   = "tcp.options.md5.digest", Octets, "digest";
    AO           = "tcp.options.ao", Group, "authentication option";
    AO_KEY       = "tcp.options.ao.keyid", Number, "key";
    AO_NEXT      = "tcp.options.ao.rnextkeyid", Number, "next key";
    AO_MAC       = "tcp.options.ao.mac", Octets, "code";
    KIND         = "tcp.option_kind", Number, "kind";
    LEN          = "tcp.option_len", Number, "length";
}

/// The fields of the fixed header and those of the options.
pub(super) static WITH_OPTIONS: &[&Field] = &{
    let mut all = [FIELDS[0]; FIELDS.len() + super::FIELDS.len()];
    let mut at = 0;
    while at < all.len() {
        all[at] = if at < super::FIELDS.len() { super::FIELDS[at] } else { FIELDS[at - super::FIELDS.len()] };
        at += 1;
    }
    all
};

impl<'a> TcpOptions<'a> {
    pub(super) fn new(kept: &'a [u8], len: usize) -> Self {
        Self { reader: Reader::new(kept), len }
    }

    /// The next option and its octets.
    fn step(&mut self) -> Option<TcpOption<'a>> {
        let kind = self.reader.u8()?;
        match kind {
            0 => {
                self.reader.take(self.reader.left().len());
                return Some(TcpOption::End);
            }
            1 => return Some(TcpOption::Nop),
            _ => {}
        }
        let begin = self.reader.at() - 1;
        let len = self.reader.u8();
        let content = len.and_then(|len| self.reader.take(usize::from(len).checked_sub(2)?));
        if let Some(content) = content {
            return Some(TcpOption::of(kind, content));
        }
        let kept = self.reader.at() + self.reader.left().len();
        self.reader.take(self.reader.left().len());
        let end = begin + usize::from(len.unwrap_or(2));
        // Lost by the capture, when the header has room for it and its length could be one.
        let cut = kept < self.len && (end <= self.len && end >= begin + 2);
        (!cut).then_some(TcpOption::Broken { kind })
    }
}

impl<'a> Iterator for TcpOptions<'a> {
    type Item = TcpOption<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        self.step()
    }
}

impl<'a> TcpOption<'a> {
    fn of(kind: u8, content: &'a [u8]) -> Self {
        match (kind, content) {
            (2, [a, b]) => Self::Mss(u16::from_be_bytes([*a, *b])),
            (3, [shift]) => Self::WindowScale(*shift),
            (4, []) => Self::SackPermitted,
            (5, blocks) if !blocks.is_empty() && blocks.len().is_multiple_of(8) => {
                Self::Sack(SackBlocks(blocks))
            }
            (8, [a, b, c, d, e, f, g, h]) => Self::Timestamps {
                value: u32::from_be_bytes([*a, *b, *c, *d]),
                echo: u32::from_be_bytes([*e, *f, *g, *h]),
            },
            (19, digest) if digest.len() == 16 => Self::Md5(digest),
            (28, [a, b]) => {
                let told = u16::from_be_bytes([*a, *b]);
                Self::UserTimeout { minutes: told & 0x8000 != 0, value: told & 0x7fff }
            }
            (29, [key, next_key, mac @ ..]) => {
                Self::Authentication { key: *key, next_key: *next_key, mac }
            }
            (30, [first, ..]) => Self::Mptcp { subtype: first >> 4, content },
            // RFC 6994 §3: the experimental kinds begin with an identifier; 0xf989 was fast open's.
            (34, cookie) | (254, [0xf9, 0x89, cookie @ ..]) => Self::FastOpen(cookie),
            _ => Self::Other { kind, content },
        }
    }

    /// Writes ` name value`; nothing for padding.
    pub(super) fn line(self, origin: Origin, ink: &mut Ink) {
        match self {
            Self::End | Self::Nop => {}
            Self::Mss(mss) => _ = ink.text(" mss ").number(mss),
            Self::WindowScale(shift) => _ = ink.text(" wscale ").number(shift),
            Self::SackPermitted => _ = ink.text(" sackOK"),
            Self::Sack(blocks) => {
                ink.text(" sack");
                for (left, right) in blocks.edges() {
                    ink.text(" ").number(left.from(origin.ack));
                    ink.text(":").number(right.from(origin.ack));
                }
            }
            Self::Timestamps { value, echo } => {
                ink.text(" ts ").number(value).text("/").number(echo);
            }
            Self::FastOpen([]) => _ = ink.text(" tfo cookiereq"),
            Self::FastOpen(cookie) => _ = ink.text(" tfo ").hex_octets(cookie),
            Self::Mptcp { subtype, .. } => _ = ink.text(" mptcp ").text(mptcp_name(subtype)),
            Self::UserTimeout { minutes, value } => {
                ink.text(" uto ").number(value).text(if minutes { " min" } else { " s" });
            }
            Self::Md5(_) => _ = ink.text(" md5"),
            Self::Authentication { key, .. } => _ = ink.text(" ao key ").number(key),
            Self::Other { kind, .. } => _ = ink.text(" option-").number(kind),
            Self::Broken { kind } => _ = ink.text(" option-").number(kind).text("-broken"),
        }
    }
}

impl SackBlocks<'_> {
    /// Left and right edge of each block, in the order sent.
    pub fn edges(self) -> impl Iterator<Item = (Seq, Seq)> {
        self.0.chunks_exact(8).map(|block| {
            let mut edges = Reader::new(block);
            (Seq(edges.be32().unwrap_or(0)), Seq(edges.be32().unwrap_or(0)))
        })
    }
}

/// Tells the options of a header, which begin 20 octets into it.
pub(super) fn fields(octets: &[u8], len: usize, listener: &mut dyn Listener) {
    let mut options = TcpOptions::new(octets, len);
    loop {
        let from = 20 + options.reader.at();
        let Some(option) = options.step() else { break };
        let to = 20 + options.reader.at();
        let whole = &octets[from - 20..to - 20];
        let (field, value) = match option {
            TcpOption::End => (&END, Value::Octets(whole)),
            TcpOption::Nop => (&NOP, Value::Octets(whole)),
            TcpOption::Broken { .. } => (&BROKEN, Value::Octets(whole)),
            TcpOption::Other { .. } => (&OPTION, Value::Octets(whole)),
            TcpOption::SackPermitted => (&SACK_OK, Value::Octets(whole)),
            TcpOption::Mss(_) => (&MSS, Value::Nothing),
            TcpOption::WindowScale(_) => (&SCALE, Value::Nothing),
            TcpOption::Sack(_) => (&SACK, Value::Nothing),
            TcpOption::Timestamps { .. } => (&TIME, Value::Nothing),
            TcpOption::FastOpen(_) => (&FAST_OPEN, Value::Nothing),
            TcpOption::Mptcp { subtype, .. } => (&MPTCP, Value::Words(mptcp_name(subtype))),
            TcpOption::UserTimeout { .. } => (&TIMEOUT, Value::Nothing),
            TcpOption::Md5(_) => (&MD5, Value::Nothing),
            TcpOption::Authentication { .. } => (&AO, Value::Nothing),
        };
        listener.open(field, from..to, value);
        listener.field(&KIND, from..from + 1, Value::Number(whole[0].into()));
        if let (false, [_, len, ..]) = (matches!(option, TcpOption::End | TcpOption::Nop), whole) {
            listener.field(&LEN, from + 1..from + 2, Value::Number((*len).into()));
        }
        parts(option, from + 2, to, listener);
        listener.close();
    }
}

/// Tells what lies behind kind and length, from `at` to `end`.
fn parts(option: TcpOption<'_>, at: usize, end: usize, listener: &mut dyn Listener) {
    match option {
        TcpOption::Mss(mss) => listener.field(&MSS_VALUE, at..end, Value::Number(mss.into())),
        TcpOption::WindowScale(shift) => {
            listener.field(&SCALE_SHIFT, at..end, Value::Number(shift.into()));
        }
        TcpOption::Sack(blocks) => {
            for (block, (left, right)) in blocks.edges().enumerate() {
                let at = at + 8 * block;
                listener.field(&SACK_LEFT, at..at + 4, Value::Number(left.0.into()));
                listener.field(&SACK_RIGHT, at + 4..at + 8, Value::Number(right.0.into()));
            }
        }
        TcpOption::Timestamps { value, echo } => {
            listener.field(&TIME_VALUE, at..at + 4, Value::Number(value.into()));
            listener.field(&TIME_ECHO, at + 4..end, Value::Number(echo.into()));
        }
        TcpOption::FastOpen(cookie) => {
            listener.field(&COOKIE, end - cookie.len()..end, Value::Octets(cookie));
        }
        TcpOption::Mptcp { subtype, content } => {
            let kind = Value::Named(subtype.into(), mptcp_name(subtype));
            listener.field(&MPTCP_KIND, at..at + 1, kind);
            listener.field(&MPTCP_DATA, at..end, Value::Octets(content));
        }
        TcpOption::UserTimeout { minutes, value } => {
            listener.field(&TIMEOUT_MIN, at..at, Value::Flag(minutes));
            listener.field(&TIMEOUT_VAL, at..end, Value::Number(value.into()));
        }
        TcpOption::Md5(digest) => listener.field(&MD5_DIGEST, at..end, Value::Octets(digest)),
        TcpOption::Authentication { key, next_key, mac } => {
            listener.field(&AO_KEY, at..at + 1, Value::Number(key.into()));
            listener.field(&AO_NEXT, at + 1..at + 2, Value::Number(next_key.into()));
            listener.field(&AO_MAC, at + 2..end, Value::Octets(mac));
        }
        _ => {}
    }
}

/// RFC 8684 §3, table 2.
fn mptcp_name(subtype: u8) -> &'static str {
    match subtype {
        0 => "capable",
        1 => "join",
        2 => "dss",
        3 => "add-addr",
        4 => "remove-addr",
        5 => "prio",
        6 => "fail",
        7 => "fastclose",
        8 => "reset",
        15 => "experimental",
        _ => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_that_lies_ends_the_options_and_is_told() {
        let octets = [1, 2, 4, 5, 0xb4, 8, 40, 0];
        let read: Vec<_> = TcpOptions::new(&octets, octets.len()).collect();
        assert_eq!(read, [TcpOption::Nop, TcpOption::Mss(1460), TcpOption::Broken { kind: 8 }]);
    }

    #[test]
    fn an_option_that_the_capture_cut_is_not_broken() {
        let octets = [2, 4, 5, 0xb4, 8, 10, 0, 0];
        let whole = |kept: &[u8]| TcpOptions::new(kept, 16).count();
        assert_eq!([4, 5, 6, 8].map(|kept| whole(&octets[..kept])), [1; 4]);
        // A length that goes beyond the header would lie however much was kept.
        let read: Vec<_> = TcpOptions::new(&[8, 40, 0], 16).collect();
        assert_eq!(read, [TcpOption::Broken { kind: 8 }]);
    }
}
