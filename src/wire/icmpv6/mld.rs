//! Multicast listener discovery, versions 1 and 2 (RFC 2710, RFC 3810).

use std::net::Ipv6Addr;

use super::super::field::{Listener, Value, fields};
use super::super::icmp::named;
use super::super::igmp::{Changes, record_name};
use crate::ink::Ink;
use crate::octets::Reader;

fields! {
    DELAY     = "icmpv6.mld.maximum_response_delay", Number, "answer within, in milliseconds";
    CODE      = "icmpv6.mld.maximum_response_code", Number, "answer within, as coded";
    RESERVED  = "icmpv6.mld.reserved", Octets, "reserved";
    GROUP     = "icmpv6.mld.multicast_address", Address, "group";
    FLAGS     = "icmpv6.mld.flag", Hex(2), "flags";
    SUPPRESS  = "icmpv6.mld.flag.s", Flag, "other routers need not act";
    ROBUST    = "icmpv6.mld.flag.qrv", Number, "querier's robustness";
    INTERVAL  = "icmpv6.mld.qqi", Number, "querier's interval, as coded";
    COUNT     = "icmpv6.mld.nb_sources", Number, "number of sources";
    SOURCE    = "icmpv6.mld.source_address", Address, "source";
    RECORDS   = "icmpv6.mldr.nb_mcast_records", Number, "number of records";
    RECORD    = "icmpv6.mldr.mar", Group, "record";
    KIND      = "icmpv6.mldr.mar.record_type", Number, "type";
    AUX_LEN   = "icmpv6.mldr.mar.aux_data_len", Number, "auxiliary length in units of 4 octets";
    SOURCES   = "icmpv6.mldr.mar.nb_sources", Number, "number of sources";
    ADDRESS   = "icmpv6.mldr.mar.multicast_address", Address, "group";
    LISTED    = "icmpv6.mldr.mar.source_address", Address, "source";
    AUXILIARY = "icmpv6.mldr.mar.auxiliary_data", Octets, "auxiliary data";
}

/// One record of a report: what a listener wants from a group.
pub(super) struct Record<'a> {
    kind: u8,
    aux_len: u8,
    group: Ipv6Addr,
    sources: &'a [[u8; 16]],
    auxiliary: &'a [u8],
}

/// Takes a record off the front, if all of it is there.
pub(super) fn record<'a>(reader: &mut Reader<'a>) -> Option<Record<'a>> {
    let mut ahead = *reader;
    let (kind, aux_len, count) = (ahead.u8()?, ahead.u8()?, ahead.be16()?);
    let group = Ipv6Addr::from(*ahead.array::<16>()?);
    let sources = ahead.take(16 * usize::from(count))?.as_chunks().0;
    let auxiliary = ahead.take(4 * usize::from(aux_len))?;
    *reader = ahead;
    Some(Record { kind, aux_len, group, sources, auxiliary })
}

impl Record<'_> {
    pub(super) fn line(&self, ink: &mut Ink) {
        match Changes::of(self.kind, self.sources.len()) {
            Changes::Joins => _ = ink.text(" joins ").address(self.group),
            Changes::Leaves => _ = ink.text(" leaves ").address(self.group),
            Changes::Sources(words) => {
                ink.text(" ").address(self.group).text(" ").text(words);
                ink.text(" ").count(self.sources.len()).text(" sources");
            }
        }
    }

    pub(super) fn fields(&self, from: usize, to: usize, listener: &mut dyn Listener) {
        listener.open(&RECORD, from..to, Value::Nothing);
        listener.field(&KIND, from..from + 1, named(self.kind, record_name(self.kind)));
        listener.field(&AUX_LEN, from + 1..from + 2, Value::Number(self.aux_len.into()));
        listener.field(&SOURCES, from + 2..from + 4, Value::Number(self.sources.len() as u64));
        listener.field(&ADDRESS, from + 4..from + 20, Value::Address(self.group.into()));
        let mut at = from + 20;
        for source in self.sources {
            listener.field(&LISTED, at..at + 16, Value::Address(Ipv6Addr::from(*source).into()));
            at += 16;
        }
        if !self.auxiliary.is_empty() {
            listener.field(&AUXILIARY, at..to, Value::Octets(self.auxiliary));
        }
        listener.close();
    }
}

/// Tells flags, interval and number of sources of a version 2 query, from octet 24 on.
pub(super) fn query_fields(octets: [u8; 4], listener: &mut dyn Listener) {
    listener.open(&FLAGS, 24..25, Value::Number(octets[0].into()));
    listener.field(&SUPPRESS, 24..25, Value::Flag(octets[0] & 8 != 0));
    listener.field(&ROBUST, 24..25, Value::Number((octets[0] & 7).into()));
    listener.close();
    listener.field(&INTERVAL, 25..26, Value::Number(octets[1].into()));
    let count = u16::from_be_bytes([octets[2], octets[3]]);
    listener.field(&COUNT, 26..28, Value::Number(count.into()));
}
