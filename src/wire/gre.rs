//! Generic routing encapsulation (RFC 2784, RFC 2890), and the variant of PPTP (RFC 2637 §4.1).
//!
//! ```text
//! |C|R|K|S|s|Recur|A| Flags | Vers|            Protocol           |   0
//! |      Checksum (C or R)        |        Offset (C or R)        |
//! |                            Key (K)                            |
//! |                      Sequence number (S)                      |
//! |                Acknowledgment number (A, PPTP)                |
//! ```

use super::field::{Field, Listener, Value, fields};
use super::{Hint, Name, View, ethernet};
use crate::ink::Ink;
use crate::octets::{Octets, Reader, Why, be16};

#[derive(Clone, Copy, Debug)]
pub struct Gre<'a> {
    header: &'a [u8; 4],
    /// Checksum, key and the rest, as far as the flags announce them.
    optional: &'a [u8],
    payload: Octets<'a>,
}

fields! {
    FLAGS       = "gre.flags_and_version", Hex(4), "flags and version";
    HAS_SUM     = "gre.flags.checksum", Flag, "checksum is there";
    HAS_ROUTING = "gre.flags.routing", Flag, "routing is there";
    HAS_KEY     = "gre.flags.key", Flag, "key is there";
    HAS_SEQ     = "gre.flags.sequence_number", Flag, "sequence number is there";
    STRICT      = "gre.flags.strict_source_route", Flag, "strict source route";
    RECURSION   = "gre.flags.recursion_control", Number, "recursion control";
    HAS_ACK     = "gre.flags.ack", Flag, "acknowledgment number is there";
    RESERVED    = "gre.flags.reserved", Number, "reserved flags";
    VERSION     = "gre.flags.version", Number, "version";
    PROTOCOL    = "gre.proto", Hex(4), "protocol";
    CHECKSUM    = "gre.checksum", Hex(4), "checksum";
    OFFSET      = "gre.offset", Number, "offset";
    KEY         = "gre.key", Hex(8), "key";
    PAYLOAD_LEN = "gre.key.payload_length", Number, "payload length";
    CALL        = "gre.key.call_id", Number, "call";
    SEQUENCE    = "gre.sequence_number", Number, "sequence number";
    ACK         = "gre.ack_number", Number, "acknowledgment number";
}

const WITH_CHECKSUM: u16 = 0x8000;
const WITH_ROUTING: u16 = 0x4000;
const WITH_KEY: u16 = 0x2000;
const WITH_SEQUENCE: u16 = 0x1000;
const WITH_ACK: u16 = 0x0080;

/// The optional parts of a header, in wire order.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Parts {
    pub checksum: Option<u16>,
    pub key: Option<u32>,
    pub sequence: Option<u32>,
    pub ack: Option<u32>,
}

impl Gre<'_> {
    fn flags(self) -> u16 {
        be16(self.header, 0)
    }

    fn has(self, flag: u16) -> bool {
        self.flags() & flag != 0
    }

    fn has_ack(self) -> bool {
        self.version() == 1 && self.has(WITH_ACK)
    }

    pub fn version(self) -> u8 {
        self.header[1] & 7
    }

    /// An `EtherType`.
    pub fn protocol(self) -> u16 {
        be16(self.header, 2)
    }

    pub fn parts(self) -> Parts {
        let mut reader = Reader::new(self.optional);
        let mut part = |told: bool| if told { reader.be32() } else { None };
        Parts {
            checksum: part(self.has(WITH_CHECKSUM)).map(|word| (word >> 16) as u16),
            key: part(self.has(WITH_KEY)),
            sequence: part(self.has(WITH_SEQUENCE)),
            ack: part(self.has_ack()),
        }
    }
}

impl<'a> View<'a> for Gre<'a> {
    const NAMES: &'static [Name] = &[Name { key: "gre", words: "GRE" }];
    const FIELDS: &'static [&'static Field] = FIELDS;

    fn read(_: Hint, octets: Octets<'a>) -> Result<(Self, Hint, Octets<'a>), Why> {
        let (header, behind) = octets.header()?;
        let mut gre = Self { header, optional: &[], payload: behind };
        // RFC 2784 §5.2.1 and §7: source routes are of the past, and their length is a trap.
        if gre.has(WITH_ROUTING) {
            return Err(Why::Malformed("source-routed"));
        }
        if gre.version() > 1 {
            return Err(Why::Malformed("version above 1"));
        }
        let told = [gre.has(WITH_CHECKSUM), gre.has(WITH_KEY), gre.has(WITH_SEQUENCE), gre.has_ack()];
        let len = 4 * told.into_iter().filter(|there| *there).count();
        (gre.optional, gre.payload) = behind.split(len)?;
        let next = match (gre.version(), gre.protocol()) {
            // RFC 2637 §4.1: one that only acknowledges has no payload.
            (1, _) if gre.payload.is_empty() => Hint::End,
            (_, ethertype) => Hint::Ether(ethertype),
        };
        Ok((gre, next, gre.payload))
    }

    fn line(&self, ink: &mut Ink) {
        let parts = self.parts();
        if self.version() == 1 {
            ink.text("PPTP call ").number(parts.key.unwrap_or(0) & 0xffff);
        } else {
            match ethernet::named(self.protocol()) {
                Value::Named(_, name) => ink.text(name),
                _ => ink.text("protocol 0x").hex(self.protocol().into(), 4),
            };
            if let Some(key) = parts.key {
                ink.text(" key 0x").hex(key.into(), 8);
            }
        }
        if let Some(sequence) = parts.sequence {
            ink.text(" seq ").number(sequence);
        }
        if let Some(ack) = parts.ack {
            ink.text(" ack ").number(ack);
        }
        ink.text(" len ").count(self.payload.len());
    }

    fn fields(&self, listener: &mut dyn Listener) {
        let flags = self.flags();
        listener.open(&FLAGS, 0..2, Value::Number(flags.into()));
        listener.field(&HAS_SUM, 0..1, Value::Flag(self.has(WITH_CHECKSUM)));
        listener.field(&HAS_ROUTING, 0..1, Value::Flag(self.has(WITH_ROUTING)));
        listener.field(&HAS_KEY, 0..1, Value::Flag(self.has(WITH_KEY)));
        listener.field(&HAS_SEQ, 0..1, Value::Flag(self.has(WITH_SEQUENCE)));
        listener.field(&STRICT, 0..1, Value::Flag(flags & 0x0800 != 0));
        listener.field(&RECURSION, 0..1, Value::Number((flags >> 8 & 7).into()));
        if self.version() == 1 {
            listener.field(&HAS_ACK, 1..2, Value::Flag(self.has(WITH_ACK)));
            listener.field(&RESERVED, 1..2, Value::Number((flags >> 3 & 15).into()));
        } else {
            listener.field(&RESERVED, 1..2, Value::Number((flags >> 3 & 31).into()));
        }
        listener.field(&VERSION, 1..2, Value::Number(self.version().into()));
        listener.close();
        listener.field(&PROTOCOL, 2..4, ethernet::named(self.protocol()));
        let (parts, mut at) = (self.parts(), 4);
        if let Some(checksum) = parts.checksum {
            listener.field(&CHECKSUM, at..at + 2, Value::Number(checksum.into()));
            let offset = u16::from_be_bytes([self.optional[2], self.optional[3]]);
            listener.field(&OFFSET, at + 2..at + 4, Value::Number(offset.into()));
            at += 4;
        }
        if let Some(key) = parts.key {
            if self.version() == 1 {
                listener.field(&PAYLOAD_LEN, at..at + 2, Value::Number((key >> 16).into()));
                listener.field(&CALL, at + 2..at + 4, Value::Number((key & 0xffff).into()));
            } else {
                listener.field(&KEY, at..at + 4, Value::Number(key.into()));
            }
            at += 4;
        }
        if let Some(sequence) = parts.sequence {
            listener.field(&SEQUENCE, at..at + 4, Value::Number(sequence.into()));
            at += 4;
        }
        if let Some(ack) = parts.ack {
            listener.field(&ACK, at..at + 4, Value::Number(ack.into()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_route_is_refused_whatever_its_length() {
        let octets = [0x40, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        let refused = Gre::read(Hint::Ip(47), Octets::whole(&octets)).err();
        assert_eq!(refused, Some(Why::Malformed("source-routed")));
    }
}
