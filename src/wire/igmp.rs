//! IGMP messages, versions 1 to 3 (RFC 1112, RFC 2236, RFC 3376).
//!
//! ```text
//! |      Type     | Answer within |           Checksum            |   0
//! |             Group, or in reports the number of records        |   4
//! ```

use std::net::Ipv4Addr;

use super::field::{Field, Listener, Value, fields};
use super::icmp::named;
use super::{Hint, Name, View};
use crate::ink::Ink;
use crate::octets::{Octets, Reader, Why, be16, be32};

#[derive(Clone, Copy, Debug)]
pub struct Igmp<'a> {
    header: &'a [u8; 8],
    /// What was kept of sources and records behind the first 8 octets, each whole.
    body: &'a [u8],
    len: u32,
}

fields! {
    TYPE      = "igmp.type", Hex(2), "type";
    MAX_RESP  = "igmp.max_resp", Number, "answer within, in tenths of a second";
    RESERVED  = "igmp.reserved", Octets, "reserved";
    CHECKSUM  = "igmp.checksum", Hex(4), "checksum";
    GROUP     = "igmp.maddr", Address, "group";
    FLAGS     = "igmp.flags", Hex(2), "flags";
    SUPPRESS  = "igmp.s", Flag, "other routers need not act";
    ROBUST    = "igmp.qrv", Number, "querier's robustness";
    INTERVAL  = "igmp.qqic", Number, "querier's interval, as coded";
    SOURCES   = "igmp.num_src", Number, "number of sources";
    SOURCE    = "igmp.saddr", Address, "source";
    RECORDS   = "igmp.num_grp_recs", Number, "number of records";
    RECORD    = "igmp.record", Group, "record";
    KIND      = "igmp.record_type", Number, "type";
    AUX_LEN   = "igmp.aux_data_len", Number, "auxiliary length in units of 4 octets";
    AUXILIARY = "igmp.aux_data", Octets, "auxiliary data";
}

const QUERY: u8 = 0x11;
const REPORT_V3: u8 = 0x22;

/// What a record of a report says, put simply where it can be.
pub(super) enum Changes {
    Joins,
    Leaves,
    /// A filter on sources that has no simpler word.
    Sources(&'static str),
}

impl Changes {
    pub(super) fn of(kind: u8, sources: usize) -> Self {
        match (kind, sources) {
            (2 | 4, 0) => Self::Joins,
            (1 | 3, 0) => Self::Leaves,
            _ => Self::Sources(record_name(kind).unwrap_or("unknown filter")),
        }
    }
}

/// RFC 3376 §4.2.12, RFC 3810 §5.2.12.
pub(super) fn record_name(kind: u8) -> Option<&'static str> {
    Some(match kind {
        1 => "includes",
        2 => "excludes",
        3 => "changes to include",
        4 => "changes to exclude",
        5 => "allows",
        6 => "blocks",
        _ => return None,
    })
}

struct Record<'a> {
    kind: u8,
    aux_len: u8,
    group: Ipv4Addr,
    sources: &'a [[u8; 4]],
    auxiliary: &'a [u8],
}

/// Takes a record off the front, if all of it is there.
fn record<'a>(reader: &mut Reader<'a>) -> Option<Record<'a>> {
    let mut ahead = *reader;
    let (kind, aux_len, count) = (ahead.u8()?, ahead.u8()?, ahead.be16()?);
    let group = Ipv4Addr::from(*ahead.array::<4>()?);
    let sources = ahead.take(4 * usize::from(count))?.as_chunks().0;
    let auxiliary = ahead.take(4 * usize::from(aux_len))?;
    *reader = ahead;
    Some(Record { kind, aux_len, group, sources, auxiliary })
}

impl<'a> Igmp<'a> {
    fn kind(self) -> u8 {
        self.header[0]
    }

    pub fn group(self) -> Ipv4Addr {
        be32(self.header, 4).into()
    }

    /// RFC 3376 §7.1: a query of 8 octets is of an older version.
    fn is_query_v3(self) -> bool {
        self.kind() == QUERY && self.len >= 12
    }

    /// In tenths of a second.
    fn answer_within(self) -> u32 {
        let code = u32::from(self.header[1]);
        // RFC 3376 §4.1.1: from 128 on an exponent and a mantissa.
        if self.is_query_v3() && code >= 128 { ((code & 15) + 16) << ((code >> 4 & 7) + 3) } else { code }
    }

    fn is_cut(self) -> bool {
        let told = match self.kind() {
            REPORT_V3 => usize::from(be16(self.header, 6)),
            _ => 0,
        };
        told > self.records().count() && 8 + self.body.len() < self.len as usize
    }

    fn records(self) -> impl Iterator<Item = Record<'a>> {
        let mut reader = Reader::new(if self.kind() == REPORT_V3 { self.body } else { &[] });
        std::iter::from_fn(move || record(&mut reader)).take(be16(self.header, 6).into())
    }

    /// How many octets of `body` are sources and records.
    fn filled(self, body: &[u8]) -> usize {
        if self.kind() == REPORT_V3 {
            let mut reader = Reader::new(body);
            for _ in 0..be16(self.header, 6) {
                if record(&mut reader).is_none() {
                    break;
                }
            }
            return reader.at();
        }
        match body {
            [_, _, high, low, sources @ ..] if self.is_query_v3() => {
                let told = usize::from(u16::from_be_bytes([*high, *low]));
                4 + 4 * told.min(sources.len() / 4)
            }
            _ => 0,
        }
    }
}

impl<'a> View<'a> for Igmp<'a> {
    const NAMES: &'static [Name] = &[Name { key: "igmp", words: "IGMP" }];
    const FIELDS: &'static [&'static Field] = FIELDS;

    fn read(_: Hint, octets: Octets<'a>) -> Result<(Self, Hint, Octets<'a>), Why> {
        let (header, behind) = octets.header()?;
        let mut igmp = Self { header, body: &[], len: octets.len() as u32 };
        let (body, rest) = behind.split(igmp.filled(behind.kept()))?;
        igmp.body = body;
        Ok((igmp, Hint::End, rest))
    }

    fn line(&self, ink: &mut Ink) {
        let group = self.group();
        match self.kind() {
            QUERY if group.is_unspecified() => _ = ink.text("membership query"),
            QUERY => _ = ink.text("membership query for ").address(group),
            0x12 => _ = ink.text("membership report v1 for ").address(group),
            0x16 => _ = ink.text("membership report v2 for ").address(group),
            0x17 => _ = ink.text("leaves ").address(group),
            REPORT_V3 => {
                ink.text("membership report v3:");
                let count = be16(self.header, 6);
                for record in self.records().take(4) {
                    match Changes::of(record.kind, record.sources.len()) {
                        Changes::Joins => _ = ink.text(" joins ").address(record.group),
                        Changes::Leaves => _ = ink.text(" leaves ").address(record.group),
                        Changes::Sources(words) => {
                            ink.text(" ").address(record.group).text(" ").text(words);
                            ink.text(" ").count(record.sources.len()).text(" sources");
                        }
                    }
                }
                if self.is_cut() {
                    ink.ellipsis();
                } else if count > 4 {
                    ink.text(" and ").number(count - 4).text(" more");
                }
            }
            kind => _ = ink.text(type_name(kind).unwrap_or("type ")).text(" 0x").hex(kind.into(), 2),
        }
    }

    fn fields(&self, listener: &mut dyn Listener) {
        listener.field(&TYPE, 0..1, named(self.kind(), type_name(self.kind())));
        if self.kind() == REPORT_V3 {
            listener.field(&RESERVED, 1..2, Value::Octets(&self.header[1..2]));
        } else {
            listener.field(&MAX_RESP, 1..2, Value::Number(self.answer_within().into()));
        }
        listener.field(&CHECKSUM, 2..4, Value::Number(be16(self.header, 2).into()));
        if self.kind() != REPORT_V3 {
            listener.field(&GROUP, 4..8, Value::Address(self.group().into()));
            self.query_fields(listener);
            return;
        }
        listener.field(&RESERVED, 4..6, Value::Octets(&self.header[4..6]));
        listener.field(&RECORDS, 6..8, Value::Number(be16(self.header, 6).into()));
        let mut from = 8;
        for record in self.records() {
            let sources_end = from + 8 + 4 * record.sources.len();
            let to = sources_end + record.auxiliary.len();
            listener.open(&RECORD, from..to, Value::Nothing);
            listener.field(&KIND, from..from + 1, named(record.kind, record_name(record.kind)));
            listener.field(&AUX_LEN, from + 1..from + 2, Value::Number(record.aux_len.into()));
            let count = Value::Number(record.sources.len() as u64);
            listener.field(&SOURCES, from + 2..from + 4, count);
            listener.field(&GROUP, from + 4..from + 8, Value::Address(record.group.into()));
            sources(record.sources, from + 8, listener);
            if !record.auxiliary.is_empty() {
                listener.field(&AUXILIARY, sources_end..to, Value::Octets(record.auxiliary));
            }
            listener.close();
            from = to;
        }
    }
}

impl Igmp<'_> {
    /// Tells what version 3 put behind the group (RFC 3376 §4.1).
    fn query_fields(self, listener: &mut dyn Listener) {
        let [flags, interval, high, low, list @ ..] = self.body else { return };
        listener.open(&FLAGS, 8..9, Value::Number((*flags).into()));
        listener.field(&SUPPRESS, 8..9, Value::Flag(flags & 8 != 0));
        listener.field(&ROBUST, 8..9, Value::Number((flags & 7).into()));
        listener.close();
        listener.field(&INTERVAL, 9..10, Value::Number((*interval).into()));
        let count = u16::from_be_bytes([*high, *low]);
        listener.field(&SOURCES, 10..12, Value::Number(count.into()));
        sources(list.as_chunks().0, 12, listener);
    }
}

fn sources(sources: &[[u8; 4]], from: usize, listener: &mut dyn Listener) {
    for (place, source) in sources.iter().enumerate() {
        let at = from + 4 * place;
        listener.field(&SOURCE, at..at + 4, Value::Address(Ipv4Addr::from(*source).into()));
    }
}

fn type_name(kind: u8) -> Option<&'static str> {
    Some(match kind {
        QUERY => "membership query",
        0x12 => "membership report v1",
        0x13 => "DVMRP",
        0x14 => "PIM v1",
        0x16 => "membership report v2",
        0x17 => "leave group",
        0x1e => "multicast traceroute response",
        0x1f => "multicast traceroute",
        REPORT_V3 => "membership report v3",
        0x30 => "multicast router advertisement",
        0x31 => "multicast router solicitation",
        0x32 => "multicast router termination",
        _ => return None,
    })
}
