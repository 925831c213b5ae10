//! The options of neighbour discovery messages (RFC 4861 §4.6 and the RFCs named at each).

use std::net::Ipv6Addr;

use arrayvec::ArrayVec;

use super::super::field::{Listener, Mac, Value, fields};
use super::super::icmp::named;
use super::words::option_name;
use crate::ink::Ink;
use crate::octets::{Octets, Reader, be16, be32};

fields! {
    OPTION       = "icmpv6.opt", Group, "option";
    TYPE         = "icmpv6.opt.type", Number, "type";
    LEN          = "icmpv6.opt.length", Number, "length in units of 8 octets";
    SOURCE_LINK  = "icmpv6.opt.src_linkaddr" | "icmpv6.opt.linkaddr", Mac, "source link-layer address";
    TARGET_LINK  = "icmpv6.opt.target_linkaddr" | "icmpv6.opt.linkaddr", Mac, "target link-layer address";
    PREFIX_LEN   = "icmpv6.opt.prefix.length", Number, "prefix length";
    PREFIX_FLAGS = "icmpv6.opt.prefix.flag", Hex(2), "flags";
    ON_LINK      = "icmpv6.opt.prefix.flag.l", Flag, "on this link";
    AUTONOMOUS   = "icmpv6.opt.prefix.flag.a", Flag, "addresses may be made from it";
    ROUTER       = "icmpv6.opt.prefix.flag.r", Flag, "holds the router's address";
    VALID        = "icmpv6.opt.prefix.valid_lifetime", Number, "valid lifetime in seconds";
    PREFERRED    = "icmpv6.opt.prefix.preferred_lifetime", Number, "preferred lifetime in seconds";
    PREFIX       = "icmpv6.opt.prefix", Address, "prefix";
    MTU          = "icmpv6.opt.mtu", Number, "MTU";
    NONCE        = "icmpv6.opt.nonce", Octets, "nonce";
    ROUTE_FLAGS  = "icmpv6.opt.route_info.flag", Hex(2), "flags";
    ROUTE_PREF   = "icmpv6.opt.route_info.flag.route_preference", Number, "preference";
    ROUTE_LIFE   = "icmpv6.opt.route_lifetime", Number, "route lifetime in seconds";
    RDNSS_LIFE   = "icmpv6.opt.rdnss.lifetime", Number, "lifetime in seconds";
    RDNSS        = "icmpv6.opt.rdnss", Address, "recursive DNS server";
    DNSSL_LIFE   = "icmpv6.opt.dnssl.lifetime", Number, "lifetime in seconds";
    DNSSL        = "icmpv6.opt.dnssl", Text, "search domain";
    PORTAL       = "icmpv6.opt.captive_portal", Text, "captive portal";
    CONTENT      = "icmpv6.opt.data", Octets, "content";
    BROKEN       = "icmpv6.opt.invalid", Octets, "unreadable options";
}

/// One option, its content without type and length.
#[derive(Clone, Copy, Debug)]
pub(super) struct NdOption<'a> {
    pub(super) kind: u8,
    pub(super) content: &'a [u8],
    /// Where it begins, counted from the start of all options.
    pub(super) at: usize,
}

/// The options that were kept whole. A redirected packet ends them: it is no header.
#[derive(Clone, Copy, Debug)]
pub(super) struct NdOptions<'a> {
    octets: Octets<'a>,
}

impl<'a> NdOptions<'a> {
    pub(super) fn new(octets: Octets<'a>) -> Self {
        Self { octets }
    }

    pub(super) fn iter(self) -> impl Iterator<Item = NdOption<'a>> {
        let mut at = 0;
        std::iter::from_fn(move || {
            let [kind, len, ..] = self.octets.kept().get(at..)? else { return None };
            // RFC 4861 §4.6: a length of 0 makes the whole message void.
            let end = at + 8 * usize::from(*len).max(1);
            let content = self.octets.kept().get(at + 2..end).filter(|_| *len > 0)?;
            let option = NdOption { kind: *kind, content, at };
            at = end;
            Some(option)
        })
    }

    /// How many octets can be told, and the packet that a redirect sends back.
    pub(super) fn extent(self) -> (usize, Option<Octets<'a>>) {
        let mut end = 0;
        for option in self.iter() {
            if option.kind == REDIRECTED
                && let Some((front, _)) = self.octets.part(option.at + 2 + option.content.len())
                && let Some((_, packet)) = front.part(option.at + 8)
            {
                return (option.at + 8, Some(packet));
            }
            end = option.at + 2 + option.content.len();
        }
        // What is left is told as unreadable when all of it is there; else the capture cut it.
        match self.octets.kept().get(end..) {
            Some([REDIRECTED, len, ..]) if *len > 0 && self.octets.kept().len() >= end + 8 => {
                let packet = self.octets.part(end + 8).map(|(_, packet)| packet);
                (end + 8, packet.map(|packet| packet.limit(8 * usize::from(*len) - 8)))
            }
            _ if self.octets.is_cut() => (end, None),
            _ => (self.octets.len(), None),
        }
    }
}

const REDIRECTED: u8 = 4;

impl NdOption<'_> {
    /// Writes ` words` for those options an engineer asks for.
    pub(super) fn line(self, ink: &mut Ink) {
        let content = self.content;
        match (self.kind, content) {
            (1, [a, b, c, d, e, f]) => _ = ink.text(" from ").mac([*a, *b, *c, *d, *e, *f]),
            (2, [a, b, c, d, e, f]) => _ = ink.text(" at ").mac([*a, *b, *c, *d, *e, *f]),
            (3, [len, ..]) => {
                if let Some(prefix) = address(content, 14) {
                    ink.text(" prefix ").address(prefix).text("/").number(*len);
                }
            }
            (5, [_, _, a, b, c, d]) => {
                ink.text(" mtu ").number(u32::from_be_bytes([*a, *b, *c, *d]));
            }
            (24, [len, ..]) => {
                ink.text(" route ").address(route(content)).text("/").number(*len);
            }
            (25, _) => {
                ink.text(" dns");
                for server in addresses(content.get(6..).unwrap_or(&[])) {
                    ink.text(" ").address(server);
                }
            }
            (31, _) => {
                ink.text(" search");
                names(content.get(6..).unwrap_or(&[]), |name, _| _ = ink.text(" ").clipped(name, 64));
            }
            _ => {}
        }
    }

    /// Tells the option, whose octets begin at `from`.
    pub(super) fn fields(self, from: usize, listener: &mut dyn Listener) {
        let content = self.content;
        let (at, to) = (from + 2, from + 2 + content.len());
        let shown = if self.kind == REDIRECTED { from + 8 } else { to };
        let words = option_name(self.kind).unwrap_or("unknown");
        listener.open(&OPTION, from..shown, Value::Words(words));
        heading(self.kind, (content.len() / 8 + 1) as u8, from, listener);
        let number = |octets: &[u8; 4]| Value::Number(be32(octets, 0).into());
        let word = |place: usize| content.get(place..).and_then(|rest| rest.first_chunk::<4>());
        match (self.kind, content) {
            (REDIRECTED, _) => {}
            (kind @ (1 | 2), [a, b, c, d, e, f]) => {
                let field = if kind == 1 { &SOURCE_LINK } else { &TARGET_LINK };
                listener.field(field, at..to, Value::Mac(Mac([*a, *b, *c, *d, *e, *f])));
            }
            (3, [len, flags, ..]) if content.len() >= 30 => {
                listener.field(&PREFIX_LEN, at..at + 1, Value::Number((*len).into()));
                listener.open(&PREFIX_FLAGS, at + 1..at + 2, Value::Number((*flags).into()));
                listener.field(&ON_LINK, at + 1..at + 2, Value::Flag(flags & 0x80 != 0));
                listener.field(&AUTONOMOUS, at + 1..at + 2, Value::Flag(flags & 0x40 != 0));
                listener.field(&ROUTER, at + 1..at + 2, Value::Flag(flags & 0x20 != 0));
                listener.close();
                for (field, place) in [(&VALID, 2), (&PREFERRED, 6)] {
                    if let Some(seconds) = word(place) {
                        listener.field(field, at + place..at + place + 4, number(seconds));
                    }
                }
                if let Some(prefix) = address(content, 14) {
                    listener.field(&PREFIX, at + 14..at + 30, Value::Address(prefix.into()));
                }
            }
            (5, [_, _, mtu @ ..]) => {
                if let Some(mtu) = mtu.first_chunk::<4>() {
                    listener.field(&MTU, at + 2..at + 6, number(mtu));
                }
            }
            // RFC 3971 §5.3.2.
            (14, nonce) => listener.field(&NONCE, at..to, Value::Octets(nonce)),
            // RFC 4191 §2.3.
            (24, [len, flags, a, b, c, d, ..]) => {
                let seconds = u32::from_be_bytes([*a, *b, *c, *d]);
                listener.field(&PREFIX_LEN, at..at + 1, Value::Number((*len).into()));
                listener.open(&ROUTE_FLAGS, at + 1..at + 2, Value::Number((*flags).into()));
                listener.field(&ROUTE_PREF, at + 1..at + 2, preference(flags >> 3 & 3));
                listener.close();
                listener.field(&ROUTE_LIFE, at + 2..at + 6, Value::Number(seconds.into()));
                listener.field(&PREFIX, at + 6..to, Value::Address(route(content).into()));
            }
            // RFC 8106 §5.1 and §5.2.
            (kind @ (25 | 31), [_, _, a, b, c, d, list @ ..]) => {
                let seconds = Value::Number(u32::from_be_bytes([*a, *b, *c, *d]).into());
                let at = at + 6;
                if kind == 25 {
                    listener.field(&RDNSS_LIFE, at - 4..at, seconds);
                    for (place, server) in addresses(list).enumerate() {
                        let from = at + 16 * place;
                        listener.field(&RDNSS, from..from + 16, Value::Address(server.into()));
                    }
                } else {
                    listener.field(&DNSSL_LIFE, at - 4..at, seconds);
                    names(list, |name, place| {
                        listener.field(&DNSSL, at + place.start..at + place.end, Value::Text(name));
                    });
                }
            }
            // RFC 8910 §2.3: padded with zeros.
            (37, uri) => {
                let end = uri.iter().rposition(|octet| *octet != 0).map_or(0, |last| last + 1);
                listener.field(&PORTAL, at..to, Value::Text(&uri[..end]));
            }
            _ => listener.field(&CONTENT, at..to, Value::Octets(content)),
        }
        listener.close();
    }
}

/// Tells type and length of an option.
fn heading(kind: u8, len: u8, from: usize, listener: &mut dyn Listener) {
    listener.field(&TYPE, from..from + 1, named(kind, option_name(kind)));
    listener.field(&LEN, from + 1..from + 2, Value::Number(len.into()));
}

/// Tells every option, the first of which begins at `from`.
pub(super) fn fields(options: NdOptions<'_>, from: usize, listener: &mut dyn Listener) {
    let mut end = 0;
    let mut last = 0;
    for option in options.iter() {
        option.fields(from + option.at, listener);
        (end, last) = (option.at + 2 + option.content.len(), option.kind);
        if last == REDIRECTED {
            break;
        }
    }
    let (extent, packet) = options.extent();
    let left = options.octets.kept().get(end..extent).unwrap_or(&[]);
    match left {
        [] => {}
        [kind, len, ..] if packet.is_some() => {
            listener.open(&OPTION, from + end..from + extent, Value::Words("redirected packet"));
            heading(*kind, *len, from + end, listener);
            listener.close();
        }
        _ if last == REDIRECTED => {}
        _ => listener.field(&BROKEN, from + end..from + extent, Value::Octets(left)),
    }
}

fn address(content: &[u8], at: usize) -> Option<Ipv6Addr> {
    Some(Ipv6Addr::from(*content.get(at..)?.first_chunk::<16>()?))
}

fn addresses(list: &[u8]) -> impl Iterator<Item = Ipv6Addr> {
    list.as_chunks::<16>().0.iter().map(|octets| Ipv6Addr::from(*octets))
}

/// The prefix of a route, of which only 0, 8 or 16 octets are sent.
fn route(content: &[u8]) -> Ipv6Addr {
    let mut octets = [0; 16];
    for (octet, sent) in octets.iter_mut().zip(content.get(6..).unwrap_or(&[])) {
        *octet = *sent;
    }
    octets.into()
}

/// Hands over each domain name of a search list, dotted, and where it stands in the list.
fn names(list: &[u8], mut hand_over: impl FnMut(&[u8], std::ops::Range<usize>)) {
    let mut reader = Reader::new(list);
    // RFC 8106 §5.2: names are not compressed; the end is padded with zeros.
    while !reader.is_empty() {
        let from = reader.at();
        let mut name = ArrayVec::<u8, 255>::new();
        while let Some(len @ 1..64) = reader.u8() {
            let Some(label) = reader.take(len.into()) else { return };
            if !name.is_empty() && name.try_push(b'.').is_err()
                || name.try_extend_from_slice(label).is_err()
            {
                return;
            }
        }
        if !name.is_empty() {
            hand_over(&name, from..reader.at());
        }
    }
}

/// RFC 4191 §2.1.
pub(super) fn preference(bits: u8) -> Value<'static> {
    let name = match bits {
        0 => "medium",
        1 => "high",
        2 => "reserved",
        _ => "low",
    };
    Value::Named(bits.into(), name)
}

/// Two octets at the start of a content.
pub(super) fn first16(content: &[u8]) -> Option<u16> {
    content.first_chunk::<2>().map(|octets| be16(octets, 0))
}
