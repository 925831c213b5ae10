//! PKTAP: what Darwin writes before each packet, among it which process the packet is of (`net/pktap.h`).
//!
//! In the order of the host that captured, which was little endian.

use super::field::{Field, Listener, Value, fields};
use super::{Hint, Name, View};
use crate::ink::Ink;
use crate::octets::{Octets, Reader, Why};

#[derive(Clone, Copy, Debug)]
pub struct Pktap<'a> {
    header: &'a [u8; 108],
    /// What a longer header holds.
    more: &'a [u8],
}

fields! {
    HEADER_LEN    = "pktap.hdrlen", Number, "header length";
    RECORD        = "pktap.rectype", Number, "record type";
    LINK          = "pktap.dlt", Number, "link type";
    INTERFACE     = "pktap.ifname", Text, "interface";
    FLAGS         = "pktap.flags", Hex(8), "flags";
    FAMILY        = "pktap.pfamily", Number, "protocol family";
    LINK_LEN      = "pktap.llhdrlen", Number, "link header length";
    TRAILER_LEN   = "pktap.lltrlrlen", Number, "link trailer length";
    PROCESS       = "pktap.pid", Number, "process";
    COMMAND       = "pktap.cmdname", Text, "command";
    CLASS         = "pktap.svc_class", Number, "service class";
    TYPE          = "pktap.iftype", Number, "interface type";
    UNIT          = "pktap.ifunit", Number, "interface unit";
    FOR_PROCESS   = "pktap.epid", Number, "on behalf of process";
    FOR_COMMAND   = "pktap.ecmdname", Text, "on behalf of command";
    MORE          = "pktap.more", Octets, "more";
}

impl<'a> Pktap<'a> {
    pub fn interface(self) -> &'a [u8] {
        text(&self.header[12..36])
    }

    /// The name of the process that the packet is of; empty where the kernel did not know.
    pub fn command(self) -> &'a [u8] {
        text(&self.header[56..76])
    }

    fn number(self, at: usize) -> u32 {
        let octets = Reader::from(self.header, at).array().copied();
        u32::from_le_bytes(octets.unwrap_or_default())
    }

    fn short(self, at: usize) -> u16 {
        u16::from_le_bytes([self.header[at], self.header[at + 1]])
    }
}

impl<'a> View<'a> for Pktap<'a> {
    const NAMES: &'static [Name] = &[Name { key: "pktap", words: "PKTAP" }];
    const FIELDS: &'static [&'static Field] = FIELDS;

    /// Link type 149 is anybody's; a short header of record type 1 is Darwin's.
    fn claims(hint: Hint, octets: Octets<'a>) -> bool {
        hint != Hint::Link(149) || matches!(octets.kept(), [_, _, 0, 0, 1, 0, 0, 0, ..])
    }

    fn read(_: Hint, octets: Octets<'a>) -> Result<(Self, Hint, Octets<'a>), Why> {
        let (header, _) = octets.header::<108>()?;
        let pktap = Self { header, more: &[] };
        let len = pktap.number(0) as usize;
        if len < header.len() {
            return Err(Why::Malformed("header length below 108"));
        }
        let (whole, rest) = octets.split(len)?;
        // Record type 1 holds a packet.
        let hint = match (pktap.number(4), u16::try_from(pktap.number(8))) {
            (1, Ok(link)) => Hint::Link(link),
            _ => Hint::End,
        };
        Ok((Self { header, more: &whole[header.len()..] }, hint, rest))
    }

    fn line(&self, ink: &mut Ink) {
        ink.text("on ").wire(self.interface());
        if !self.command().is_empty() {
            ink.text(" of ").wire(self.command());
        }
    }

    fn fields(&self, listener: &mut dyn Listener) {
        let mut number = |field, at: usize| {
            listener.field(field, at..at + 4, Value::Number(self.number(at).into()));
        };
        number(&HEADER_LEN, 0);
        number(&RECORD, 4);
        number(&LINK, 8);
        listener.field(&INTERFACE, 12..36, Value::Text(self.interface()));
        let mut number = |field, at: usize| {
            listener.field(field, at..at + 4, Value::Number(self.number(at).into()));
        };
        number(&FLAGS, 36);
        number(&FAMILY, 40);
        number(&LINK_LEN, 44);
        number(&TRAILER_LEN, 48);
        number(&PROCESS, 52);
        listener.field(&COMMAND, 56..76, Value::Text(self.command()));
        listener.field(&CLASS, 76..80, Value::Number(self.number(76).into()));
        listener.field(&TYPE, 80..82, Value::Number(self.short(80).into()));
        listener.field(&UNIT, 82..84, Value::Number(self.short(82).into()));
        listener.field(&FOR_PROCESS, 84..88, Value::Number(self.number(84).into()));
        listener.field(&FOR_COMMAND, 88..108, Value::Text(text(&self.header[88..])));
        if !self.more.is_empty() {
            listener.field(&MORE, 108..108 + self.more.len(), Value::Octets(self.more));
        }
    }
}

/// What stands before the first zero.
fn text(octets: &[u8]) -> &[u8] {
    octets.split(|octet| *octet == 0).next().unwrap_or_default()
}
