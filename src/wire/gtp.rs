//! GTP-U: the packets of mobile phones in datagrams (3GPP TS 29.281 §5).
//!
//! ```text
//! | Ver |P|0|E|S|N|  Message type |            Length             |   0
//! |                 Tunnel endpoint identifier                    |   4
//! |        Sequence number        |  N-PDU number |Next extension |   8  if E, S or N is set
//! |     Length    |             Content           |Next extension |  12  as long as there is a next one
//! ```

use super::field::{Field, Listener, Value, fields};
use super::{Hint, Name, View};
use crate::ink::Ink;
use crate::octets::{Octets, Reader, Why, be16, be32};

#[derive(Clone, Copy, Debug)]
pub struct Gtp<'a> {
    header: &'a [u8; 8],
    /// Sequence number, N-PDU number and the type of the first extension header.
    optional: Option<&'a [u8; 4]>,
    extensions: &'a [u8],
    payload: Octets<'a>,
}

fields! {
    FLAGS        = "gtp.flags", Hex(2), "flags";
    VERSION      = "gtp.flags.version", Number, "version";
    PAYLOAD      = "gtp.flags.payload", Number, "protocol type";
    RESERVED     = "gtp.flags.reserved", Number, "reserved";
    HAS_NEXT     = "gtp.flags.e", Flag, "extension header is there";
    HAS_SEQUENCE = "gtp.flags.s", Flag, "sequence number is there";
    HAS_NPDU     = "gtp.flags.pn", Flag, "N-PDU number is there";
    MESSAGE      = "gtp.message", Hex(2), "message";
    LEN          = "gtp.length", Number, "length";
    TEID         = "gtp.teid", Hex(8), "tunnel endpoint";
    SEQUENCE     = "gtp.seq_number", Hex(4), "sequence number";
    NPDU         = "gtp.npdu_number", Hex(2), "N-PDU number";
    NEXT         = "gtp.ext_hdr.next", Hex(2), "next extension header";
    UNUSED       = "gtp.unused", Octets, "unused";
    EXTENSION    = "gtp.ext_hdr", Group, "extension header";
    EXTENSION_LEN = "gtp.ext_hdr.length", Number, "length";
    PDCP         = "gtp.ext_hdr.pdcp_sn", Number, "PDCP number";
    CONTENT      = "gtp.ext_hdr.content", Octets, "content";
}

const HAS_NEXT_BIT: u8 = 4;
const HAS_SEQUENCE_BIT: u8 = 2;
const HAS_NPDU_BIT: u8 = 1;
const G_PDU: u8 = 255;

impl Gtp<'_> {
    pub fn message(self) -> u8 {
        self.header[1]
    }

    /// Which tunnel, as its receiver numbers them.
    pub fn teid(self) -> u32 {
        be32(self.header, 4)
    }

    /// What follows the first eight octets.
    fn told_len(self) -> usize {
        be16(self.header, 2).into()
    }

    fn has(self, bit: u8) -> bool {
        self.header[0] & bit != 0
    }

    /// The type of the first extension header; 0 when there is none.
    fn first_extension(self) -> u8 {
        match self.optional {
            Some([.., next]) if self.has(HAS_NEXT_BIT) => *next,
            _ => 0,
        }
    }
}

impl<'a> View<'a> for Gtp<'a> {
    const NAMES: &'static [Name] = &[Name { key: "gtp", words: "GTP-U" }];
    const FIELDS: &'static [&'static Field] = FIELDS;

    /// TS 29.281 §5.1 and §6.1: version 1, protocol type 1, a message of the user plane, of which
    /// the datagram holds all. The port is one of those that clients take by chance.
    fn claims(_: Hint, octets: Octets<'a>) -> bool {
        match octets.kept() {
            [0x30..0x40, message, high, low, ..] => {
                let told = usize::from(u16::from_be_bytes([*high, *low]));
                message_name(*message).is_some() && 8 + told <= octets.len()
            }
            _ => false,
        }
    }

    fn read(_: Hint, octets: Octets<'a>) -> Result<(Self, Hint, Octets<'a>), Why> {
        let (header, rest) = octets.header()?;
        let mut gtp = Self { header, optional: None, extensions: &[], payload: rest };
        let rest = rest.limit(gtp.told_len());
        gtp.payload = rest;
        // TS 29.281 §5.1: if any of the flags is set, all four octets are there.
        if gtp.has(HAS_NEXT_BIT | HAS_SEQUENCE_BIT | HAS_NPDU_BIT) {
            let (optional, rest) = rest.header()?;
            (gtp.optional, gtp.payload) = (Some(optional), rest);
        }
        let behind = gtp.payload;
        let (mut len, mut next) = (0, gtp.first_extension());
        while next != 0 {
            let (front, _) = behind.split(len + 1)?;
            match front.last() {
                None | Some(0) => return Err(Why::Malformed("extension header of length 0")),
                Some(units) => len += usize::from(*units) * 4,
            }
            let (front, _) = behind.split(len)?;
            next = front.last().copied().unwrap_or_default();
        }
        (gtp.extensions, gtp.payload) = behind.split(len)?;
        let hint = match gtp.payload.kept() {
            [0x40..0x50, ..] if gtp.message() == G_PDU => Hint::Ether(0x0800),
            [0x60..0x70, ..] if gtp.message() == G_PDU => Hint::Ether(0x86dd),
            _ => Hint::End,
        };
        Ok((gtp, hint, gtp.payload))
    }

    fn line(&self, ink: &mut Ink) {
        match message_name(self.message()) {
            Some(name) if self.message() != G_PDU => _ = ink.text(name),
            _ => _ = ink.text("teid 0x").hex(self.teid().into(), 8).text(" len ").count(self.payload.len()),
        }
    }

    fn fields(&self, listener: &mut dyn Listener) {
        let flags = self.header[0];
        listener.open(&FLAGS, 0..1, Value::Number(flags.into()));
        listener.field(&VERSION, 0..1, Value::Number((flags >> 5).into()));
        listener.field(&PAYLOAD, 0..1, Value::Number((flags >> 4 & 1).into()));
        listener.field(&RESERVED, 0..1, Value::Number((flags >> 3 & 1).into()));
        listener.field(&HAS_NEXT, 0..1, Value::Flag(self.has(HAS_NEXT_BIT)));
        listener.field(&HAS_SEQUENCE, 0..1, Value::Flag(self.has(HAS_SEQUENCE_BIT)));
        listener.field(&HAS_NPDU, 0..1, Value::Flag(self.has(HAS_NPDU_BIT)));
        listener.close();
        let message = match message_name(self.message()) {
            Some(name) => Value::Named(self.message().into(), name),
            None => Value::Number(self.message().into()),
        };
        listener.field(&MESSAGE, 1..2, message);
        listener.field(&LEN, 2..4, Value::Number(self.told_len() as u64));
        listener.field(&TEID, 4..8, Value::Number(self.teid().into()));
        let Some(optional @ [_, _, npdu, next]) = self.optional else { return };
        // TS 29.281 §5.1: without its flag, what stands there means nothing.
        if self.has(HAS_SEQUENCE_BIT) {
            listener.field(&SEQUENCE, 8..10, Value::Number(be16(optional, 0).into()));
        } else {
            listener.field(&UNUSED, 8..10, Value::Octets(&optional[..2]));
        }
        if self.has(HAS_NPDU_BIT) {
            listener.field(&NPDU, 10..11, Value::Number((*npdu).into()));
        } else {
            listener.field(&UNUSED, 10..11, Value::Octets(&optional[2..3]));
        }
        if self.has(HAS_NEXT_BIT) {
            listener.field(&NEXT, 11..12, named_extension(*next));
        } else {
            listener.field(&UNUSED, 11..12, Value::Octets(&optional[3..]));
        }
        let mut kind = self.first_extension();
        let mut extensions = Reader::new(self.extensions);
        while let Some((content, next)) = extension(&mut extensions) {
            let (to, from) = (12 + extensions.at(), 10 + extensions.at() - content.len());
            let units = (to - from) / 4;
            listener.open(&EXTENSION, from..to, Value::Nothing);
            listener.field(&EXTENSION_LEN, from..from + 1, Value::Number(units as u64));
            match (kind, content) {
                (0xc0, [high, low]) => {
                    let number = u16::from_be_bytes([*high, *low]);
                    listener.field(&PDCP, from + 1..to - 1, Value::Number(number.into()));
                }
                _ => listener.field(&CONTENT, from + 1..to - 1, Value::Octets(content)),
            }
            listener.field(&NEXT, to - 1..to, named_extension(next));
            listener.close();
            kind = next;
        }
    }
}

/// Takes an extension header: its content, and the type of the next one. `None` at the end.
fn extension<'a>(extensions: &mut Reader<'a>) -> Option<(&'a [u8], u8)> {
    let len = usize::from(*extensions.left().first()?) * 4;
    match extensions.take(len)? {
        [_, content @ .., next] => Some((content, *next)),
        _ => None,
    }
}

/// TS 29.281 §6.1, table 6.1-1.
fn message_name(message: u8) -> Option<&'static str> {
    Some(match message {
        1 => "echo request",
        2 => "echo response",
        26 => "error indication",
        31 => "supported extension headers",
        253 => "tunnel status",
        254 => "end marker",
        G_PDU => "G-PDU",
        _ => return None,
    })
}

/// TS 29.281 §5.2.1, figure 5.2.1-3.
fn named_extension(kind: u8) -> Value<'static> {
    let name = match kind {
        0x00 => "none",
        0x20 => "service class",
        0x40 => "UDP port",
        0x81 | 0x82 => "RAN container",
        0x03 => "long PDCP number",
        0x83 => "Xw RAN container",
        0x84 => "NR RAN container",
        0x85 => "PDU session container",
        0xc0 => "PDCP number",
        _ => return Value::Number(kind.into()),
    };
    Value::Named(kind.into(), name)
}
