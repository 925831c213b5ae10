//! `ICMPv6` messages: errors and echoes (RFC 4443), neighbour discovery (RFC 4861), multicast listeners.
//!
//! ```text
//! |      Type     |      Code     |           Checksum            |   0
//! ```

mod mld;
mod neighbour;
mod option;
mod words;

use std::net::Ipv6Addr;

use super::field::{Field, Listener, Value, fields};
use super::icmp::{Extension, named};
use super::{Hint, Name, View};
use crate::ink::Ink;
use crate::octets::{Octets, Reader, Why, be16, be32};
use option::NdOptions;
use words::{code_name, type_name};

#[derive(Clone, Copy, Debug)]
pub struct Icmpv6<'a> {
    /// What every message of this type begins with, at least 4 octets.
    fixed: &'a [u8],
    behind: Octets<'a>,
}

fields! {
    TYPE        = "icmpv6.type", Number, "type";
    CODE        = "icmpv6.code", Number, "code";
    CHECKSUM    = "icmpv6.checksum", Hex(4), "checksum";
    RESERVED    = "icmpv6.reserved", Octets, "reserved";
    LENGTH      = "icmpv6.length", Number, "length of the quoted packet in units of 8 octets";
    MTU         = "icmpv6.mtu", Number, "MTU";
    POINTER     = "icmpv6.pointer", Number, "pointer to the problem";
    ID          = "icmpv6.echo.identifier", Hex(4), "identifier";
    SEQ         = "icmpv6.echo.sequence_number", Number, "sequence number";
    HOP_LIMIT   = "icmpv6.nd.ra.cur_hop_limit", Number, "hop limit to use";
    RA_FLAGS    = "icmpv6.nd.ra.flag", Hex(2), "flags";
    MANAGED     = "icmpv6.nd.ra.flag.m", Flag, "addresses by DHCPv6";
    OTHER       = "icmpv6.nd.ra.flag.o", Flag, "other configuration by DHCPv6";
    HOME_AGENT  = "icmpv6.nd.ra.flag.h", Flag, "home agent";
    PREFERENCE  = "icmpv6.nd.ra.flag.prf", Number, "router preference";
    PROXY       = "icmpv6.nd.ra.flag.p", Flag, "proxy";
    RA_RESERVED = "icmpv6.nd.ra.flag.rsv", Number, "reserved";
    LIFETIME    = "icmpv6.nd.ra.router_lifetime", Number, "router lifetime in seconds";
    REACHABLE   = "icmpv6.nd.ra.reachable_time", Number, "reachable time in milliseconds";
    RETRANSMIT  = "icmpv6.nd.ra.retrans_timer", Number, "retransmission timer in milliseconds";
    NS_TARGET   = "icmpv6.nd.ns.target_address", Address, "target";
    NA_FLAGS    = "icmpv6.nd.na.flag", Hex(8), "flags";
    IS_ROUTER   = "icmpv6.nd.na.flag.r", Flag, "router";
    SOLICITED   = "icmpv6.nd.na.flag.s", Flag, "solicited";
    OVERRIDE    = "icmpv6.nd.na.flag.o", Flag, "override";
    NA_TARGET   = "icmpv6.nd.na.target_address", Address, "target";
    RD_TARGET   = "icmpv6.nd.rd.target_address", Address, "target";
    RD_FOR      = "icmpv6.rd.na.destination_address", Address, "destination";
}

/// How a type's message goes on behind its fixed part.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Goes {
    /// With the packet it is about.
    Quote,
    Options,
    /// With a version 2 query's sources, if the message is long enough.
    Sources,
    Records,
    Opaque,
}

impl<'a> Icmpv6<'a> {
    pub fn kind(self) -> u8 {
        self.fixed[0]
    }

    pub fn code(self) -> u8 {
        self.fixed[1]
    }

    /// Identifier and sequence number of an echo.
    pub fn echo(self) -> Option<(u16, u16)> {
        match self.fixed {
            [128 | 129, _, _, _, a, b, c, d] => {
                Some((u16::from_be_bytes([*a, *b]), u16::from_be_bytes([*c, *d])))
            }
            _ => None,
        }
    }

    /// The largest packet the next hop takes, where the error says so.
    pub fn next_hop_mtu(self) -> Option<u32> {
        (self.kind() == 2).then(|| self.word(4))
    }

    /// Whether it quotes the packet it is about.
    pub fn is_error(self) -> bool {
        shape(self.kind()).1 == Goes::Quote
    }

    fn word(self, at: usize) -> u32 {
        self.fixed.get(at..).and_then(|rest| rest.first_chunk::<4>()).map_or(0, |word| be32(word, 0))
    }

    fn half(self, at: usize) -> u16 {
        self.fixed.get(at..).and_then(|rest| rest.first_chunk::<2>()).map_or(0, |two| be16(two, 0))
    }

    fn address(self, at: usize) -> Ipv6Addr {
        let octets = self.fixed.get(at..).and_then(|rest| rest.first_chunk::<16>());
        octets.map_or(Ipv6Addr::UNSPECIFIED, |octets| Ipv6Addr::from(*octets))
    }

    /// How what follows divides into the packet quoted and the extension behind it.
    fn quote(self) -> (Octets<'a>, Option<Extension<'a>>) {
        // RFC 4884 §5.1: only these two have a length, in units of 8 octets.
        let told = match self.kind() {
            1 | 3 => 8 * usize::from(self.fixed.get(4).copied().unwrap_or(0)),
            _ => 0,
        };
        match self.behind.part(told) {
            Some((quote, extension)) if told > 0 && !extension.is_empty() => {
                (quote, Some(Extension(extension)))
            }
            _ => (self.behind, None),
        }
    }

    /// The records of a version 2 report, and where the last that was kept whole ends.
    fn records(self) -> (impl Iterator<Item = (usize, usize, mld::Record<'a>)>, usize) {
        let count = usize::from(self.half(6));
        let mut reader = Reader::new(self.behind.kept());
        let step = move |reader: &mut Reader<'a>| {
            let from = 8 + reader.at();
            mld::record(reader).map(|record| (from, 8 + reader.at(), record))
        };
        let mut ahead = reader;
        let told = (0..count).map_while(|_| step(&mut ahead)).count();
        let end = ahead.at();
        (std::iter::from_fn(move || step(&mut reader)).take(told), end)
    }

    /// The sources of a version 2 query that were kept, and how many octets they and their count take.
    fn sources(self) -> (&'a [[u8; 16]], usize) {
        let [_, _, high, low, list @ ..] = self.behind.kept() else { return (&[], 0) };
        let told = usize::from(u16::from_be_bytes([*high, *low]));
        let sources = list.as_chunks().0;
        let sources = sources.get(..told).unwrap_or(sources);
        (sources, 4 + 16 * sources.len())
    }
}

/// How long the fixed part of a message is, and how it goes on.
fn shape(kind: u8) -> (usize, Goes) {
    match kind {
        1..=4 => (8, Goes::Quote),
        128 | 129 => (8, Goes::Opaque),
        130 => (24, Goes::Sources),
        131 | 132 => (24, Goes::Opaque),
        134 => (16, Goes::Options),
        135 | 136 => (24, Goes::Options),
        137 => (40, Goes::Options),
        133 | 141 | 142 => (8, Goes::Options),
        143 => (8, Goes::Records),
        _ => (4, Goes::Opaque),
    }
}

impl<'a> View<'a> for Icmpv6<'a> {
    const NAMES: &'static [Name] = &[Name { key: "icmpv6", words: "ICMPv6" }];
    const FIELDS: &'static [&'static Field] = &{
        let lists = [FIELDS, option::FIELDS, mld::FIELDS, Extension::FIELDS];
        let mut all = [FIELDS[0];
            FIELDS.len() + option::FIELDS.len() + mld::FIELDS.len() + Extension::FIELDS.len()];
        let (mut list, mut at, mut place) = (0, 0, 0);
        while list < lists.len() {
            while place < lists[list].len() {
                all[at] = lists[list][place];
                (at, place) = (at + 1, place + 1);
            }
            (list, place) = (list + 1, 0);
        }
        all
    };

    fn read(_: Hint, octets: Octets<'a>) -> Result<(Self, Hint, Octets<'a>), Why> {
        let ([kind, ..], _) = octets.header::<4>()?;
        let (len, goes) = shape(*kind);
        let (fixed, behind) = octets.split(len)?;
        let icmpv6 = Self { fixed, behind };
        let told = match goes {
            Goes::Quote => return Ok((icmpv6, Hint::Quote(0x86dd), icmpv6.quote().0)),
            Goes::Opaque => 0,
            Goes::Sources => icmpv6.sources().1,
            Goes::Records => icmpv6.records().1,
            Goes::Options => match NdOptions::new(behind).extent() {
                (_, Some(packet)) => return Ok((icmpv6, Hint::Quote(0x86dd), packet)),
                (told, None) => told,
            },
        };
        Ok((icmpv6, Hint::End, behind.split(told)?.1))
    }

    fn line(&self, ink: &mut Ink) {
        let (kind, code) = (self.kind(), self.code());
        match type_name(kind) {
            Some(name) => ink.text(name),
            None => ink.text("type ").number(kind),
        };
        match code_name(kind, code) {
            Some(name) if kind == 3 => _ = ink.text(" ").text(name),
            Some(name) => _ = ink.text(": ").text(name),
            None if code != 0 => _ = ink.text(" code ").number(code),
            None => {}
        }
        match kind {
            2 => _ = ink.text(", next-hop MTU ").number(self.word(4)),
            4 => _ = ink.text(" at octet ").number(self.word(4)),
            128 | 129 => {
                let (id, seq) = self.echo().unwrap_or_default();
                ink.text(" id 0x").hex(id.into(), 4).text(" seq ").number(seq);
                ink.text(" len ").count(self.behind.len());
            }
            130 if self.address(8).is_unspecified() => {}
            130..=132 | 135 => _ = ink.text(" for ").address(self.address(8)),
            134 => {
                ink.text(" hop limit ").number(self.fixed[4]);
                ink.text(" lifetime ").number(self.half(6)).text(" s");
            }
            136 => {
                ink.text(" for ").address(self.address(8));
                let flags = [(0x80, " router"), (0x40, " solicited"), (0x20, " override")];
                for (_, word) in flags.iter().filter(|(flag, _)| self.fixed[4] & flag != 0) {
                    ink.text(word);
                }
            }
            137 => _ = ink.text(" of ").address(self.address(24)).text(" to ").address(self.address(8)),
            _ => {}
        }
        self.line_behind(ink);
    }

    fn fields(&self, listener: &mut dyn Listener) {
        let (kind, code) = (self.kind(), self.code());
        listener.field(&TYPE, 0..1, named(kind, type_name(kind)));
        listener.field(&CODE, 1..2, named(code, code_name(kind, code)));
        listener.field(&CHECKSUM, 2..4, Value::Number((self.word(0) & 0xffff).into()));
        self.fixed_fields(listener);
        match shape(kind).1 {
            Goes::Opaque => {}
            Goes::Quote => {
                if let (_, Some(extension)) = self.quote() {
                    extension.fields(8, listener);
                }
            }
            Goes::Options => option::fields(NdOptions::new(self.behind), self.fixed.len(), listener),
            Goes::Records => {
                for (from, to, record) in self.records().0 {
                    record.fields(from, to, listener);
                }
            }
            Goes::Sources => {
                let Some(query) = self.behind.kept().first_chunk::<4>() else { return };
                mld::query_fields(*query, listener);
                let mut at = 28;
                for source in self.sources().0 {
                    let source = Value::Address(Ipv6Addr::from(*source).into());
                    listener.field(&mld::SOURCE, at..at + 16, source);
                    at += 16;
                }
            }
        }
    }
}

impl Icmpv6<'_> {
    /// Writes what options and records say, and whether some of them are missing.
    fn line_behind(self, ink: &mut Ink) {
        match shape(self.kind()).1 {
            Goes::Opaque => {}
            Goes::Quote => {
                if let (_, Some(extension)) = self.quote() {
                    extension.line(ink);
                }
            }
            Goes::Options => {
                let options = NdOptions::new(self.behind);
                options.iter().for_each(|option| option.line(ink));
                if let (told, None) = options.extent()
                    && told < self.behind.len()
                {
                    ink.ellipsis();
                }
            }
            Goes::Sources => {
                let told = self.behind.kept().get(2..).and_then(option::first16);
                match told {
                    Some(told @ 1..) => _ = ink.text(" from ").number(told).text(" sources"),
                    None if self.behind.is_cut() => _ = ink.ellipsis(),
                    _ => {}
                }
            }
            Goes::Records => {
                let count = usize::from(self.half(6));
                let (records, end) = self.records();
                let mut shown = 0;
                for (_, _, record) in records.take(4) {
                    record.line(ink);
                    shown += 1;
                }
                if shown < count.min(4) && end < self.behind.len() {
                    ink.ellipsis();
                } else if count > 4 {
                    ink.text(" and ").count(count - 4).text(" more");
                }
            }
        }
    }

    /// Tells what lies between the checksum and the end of the fixed part.
    fn fixed_fields(self, listener: &mut dyn Listener) {
        let half = |at: usize| Value::Number(self.half(at).into());
        let word = |at: usize| Value::Number(self.word(at).into());
        let octet = |at: usize| Value::Number(self.fixed[at].into());
        let octets = |at: usize, to: usize| Value::Octets(&self.fixed[at..to]);
        let address = |at: usize| Value::Address(self.address(at).into());
        match self.kind() {
            1 | 3 if self.fixed[4] > 0 => {
                listener.field(&LENGTH, 4..5, octet(4));
                listener.field(&RESERVED, 5..8, octets(5, 8));
            }
            2 => listener.field(&MTU, 4..8, word(4)),
            4 => listener.field(&POINTER, 4..8, word(4)),
            128 | 129 => {
                listener.field(&ID, 4..6, half(4));
                listener.field(&SEQ, 6..8, half(6));
            }
            130..=132 => {
                let field = if self.is_query_v2() { &mld::CODE } else { &mld::DELAY };
                listener.field(field, 4..6, half(4));
                listener.field(&RESERVED, 6..8, octets(6, 8));
                listener.field(&mld::GROUP, 8..24, address(8));
            }
            134 => self.router_fields(listener),
            135 => {
                listener.field(&RESERVED, 4..8, octets(4, 8));
                listener.field(&NS_TARGET, 8..24, address(8));
            }
            136 => {
                let flags = self.fixed[4];
                listener.open(&NA_FLAGS, 4..8, word(4));
                listener.field(&IS_ROUTER, 4..5, Value::Flag(flags & 0x80 != 0));
                listener.field(&SOLICITED, 4..5, Value::Flag(flags & 0x40 != 0));
                listener.field(&OVERRIDE, 4..5, Value::Flag(flags & 0x20 != 0));
                listener.close();
                listener.field(&NA_TARGET, 8..24, address(8));
            }
            137 => {
                listener.field(&RESERVED, 4..8, octets(4, 8));
                listener.field(&RD_TARGET, 8..24, address(8));
                listener.field(&RD_FOR, 24..40, address(24));
            }
            143 => {
                listener.field(&RESERVED, 4..6, octets(4, 6));
                listener.field(&mld::RECORDS, 6..8, half(6));
            }
            _ if self.fixed.len() == 8 => listener.field(&RESERVED, 4..8, octets(4, 8)),
            _ => {}
        }
    }

    /// RFC 3810 §8.1: a query of 28 octets and more is of version 2.
    fn is_query_v2(self) -> bool {
        self.kind() == 130 && self.behind.len() >= 4
    }

    /// RFC 4861 §4.2, with the flags of RFC 6275 §7.1, RFC 4191 §2.2 and RFC 4389 §4.1.3.3.
    fn router_fields(self, listener: &mut dyn Listener) {
        let flags = self.fixed[5];
        listener.field(&HOP_LIMIT, 4..5, Value::Number(self.fixed[4].into()));
        listener.open(&RA_FLAGS, 5..6, Value::Number(flags.into()));
        listener.field(&MANAGED, 5..6, Value::Flag(flags & 0x80 != 0));
        listener.field(&OTHER, 5..6, Value::Flag(flags & 0x40 != 0));
        listener.field(&HOME_AGENT, 5..6, Value::Flag(flags & 0x20 != 0));
        listener.field(&PREFERENCE, 5..6, option::preference(flags >> 3 & 3));
        listener.field(&PROXY, 5..6, Value::Flag(flags & 4 != 0));
        listener.field(&RA_RESERVED, 5..6, Value::Number((flags & 3).into()));
        listener.close();
        listener.field(&LIFETIME, 6..8, Value::Number(self.half(6).into()));
        listener.field(&REACHABLE, 8..12, Value::Number(self.word(8).into()));
        listener.field(&RETRANSMIT, 12..16, Value::Number(self.word(12).into()));
    }
}
