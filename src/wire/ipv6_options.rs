//! Hop-by-hop and destination options, two IPv6 extension headers of one shape (RFC 8200 §4.3, §4.6).
//!
//! ```text
//! |  Next header  |    Length     |   options, each type, length and content
//! ```

use std::net::Ipv6Addr;

use super::field::{Field, Listener, Value, fields};
use super::ipv4::named_protocol;
use super::{Hint, Name, View};
use crate::ink::Ink;
use crate::octets::{Octets, Reader, Why};

#[derive(Clone, Copy, Debug)]
pub struct Ipv6Options<'a> {
    reader: Whose,
    octets: &'a [u8],
}

/// Who on the way is to read the options.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Whose {
    EveryHop,
    Destination,
}

fields! {
    HOP_NEXT     = "ipv6.hopopts.nxt", Number, "next header";
    HOP_LEN      = "ipv6.hopopts.len", Number, "length in units of 8 octets beyond the first";
    HOP_OCTETS   = "ipv6.hopopts.len_oct", Number, "length in octets";
    NEXT         = "ipv6.dstopts.nxt", Number, "next header";
    LEN          = "ipv6.dstopts.len", Number, "length in units of 8 octets beyond the first";
    OCTETS       = "ipv6.dstopts.len_oct", Number, "length in octets";
    OPTION       = "ipv6.opt", Group, "option";
    TYPE         = "ipv6.opt.type", Hex(2), "type";
    OPTION_LEN   = "ipv6.opt.length", Number, "length";
    PADDING      = "ipv6.opt.padn", Octets, "padding";
    ROUTER_ALERT = "ipv6.opt.router_alert", Number, "router alert";
    JUMBO        = "ipv6.opt.jumbo", Number, "payload length of a jumbogram";
    TUNNEL_LIMIT = "ipv6.opt.tel", Number, "tunnels that may still be entered";
    HOME_ADDRESS = "ipv6.opt.mipv6.home_address", Address, "home address";
    UNKNOWN      = "ipv6.opt.unknown", Octets, "content";
}

impl<'a> Ipv6Options<'a> {
    pub fn next_header(self) -> u8 {
        self.octets[0]
    }

    /// Each option's type and content, in order; a lying length takes all that is left.
    pub fn options(self) -> impl Iterator<Item = (u8, &'a [u8])> {
        let mut reader = Reader::from(self.octets, 2);
        std::iter::from_fn(move || option(&mut reader).map(|(kind, _, content)| (kind, content)))
    }
}

impl<'a> View<'a> for Ipv6Options<'a> {
    const NAMES: &'static [Name] = &[
        Name { key: "ipv6.hopopts", words: "hop-by-hop options" },
        Name { key: "ipv6.dstopts", words: "destination options" },
    ];
    const FIELDS: &'static [&'static Field] = FIELDS;

    fn read(hint: Hint, octets: Octets<'a>) -> Result<(Self, Hint, Octets<'a>), Why> {
        let ([next, len], _) = octets.header()?;
        let (octets, rest) = octets.split(8 + 8 * usize::from(*len))?;
        let reader = if hint == Hint::Ip(0) { Whose::EveryHop } else { Whose::Destination };
        Ok((Self { reader, octets }, Hint::Ip(*next), rest))
    }

    fn name(&self) -> Name {
        match self.reader {
            Whose::EveryHop => Self::NAMES[0],
            Whose::Destination => Self::NAMES[1],
        }
    }

    fn line(&self, ink: &mut Ink) {
        let mut between = "";
        for (kind, _) in self.options().filter(|(kind, _)| *kind > 1) {
            ink.text(between);
            match option_name(kind) {
                Some(name) => ink.text(name),
                None => ink.text("option ").number(kind),
            };
            between = ", ";
        }
        if between.is_empty() {
            ink.text("only padding");
        }
    }

    fn fields(&self, listener: &mut dyn Listener) {
        let (next, len, octets) = match self.reader {
            Whose::EveryHop => (&HOP_NEXT, &HOP_LEN, &HOP_OCTETS),
            Whose::Destination => (&NEXT, &LEN, &OCTETS),
        };
        listener.field(next, 0..1, named_protocol(self.next_header()));
        listener.field(len, 1..2, Value::Number(self.octets[1].into()));
        listener.field(octets, 2..2, Value::Number(self.octets.len() as u64));
        let mut reader = Reader::from(self.octets, 2);
        loop {
            let from = reader.at();
            let Some((kind, len, content)) = option(&mut reader) else { break };
            let to = reader.at();
            listener.open(&OPTION, from..to, Value::Words(option_name(kind).unwrap_or("unknown")));
            listener.field(&TYPE, from..from + 1, Value::Number(kind.into()));
            if let Some(len) = len {
                listener.field(&OPTION_LEN, from + 1..from + 2, Value::Number(len.into()));
            }
            let (field, value) = match (kind, content) {
                (_, []) => {
                    listener.close();
                    continue;
                }
                (1, _) => (&PADDING, Value::Octets(content)),
                (4, [limit]) => (&TUNNEL_LIMIT, Value::Number((*limit).into())),
                (5, [a, b]) => {
                    (&ROUTER_ALERT, alert(u16::from_be_bytes([*a, *b])))
                }
                (0xc2, [a, b, c, d]) => {
                    (&JUMBO, Value::Number(u32::from_be_bytes([*a, *b, *c, *d]).into()))
                }
                (0xc9, address) => match <[u8; 16]>::try_from(address) {
                    Ok(octets) => (&HOME_ADDRESS, Value::Address(Ipv6Addr::from(octets).into())),
                    Err(_) => (&UNKNOWN, Value::Octets(content)),
                },
                _ => (&UNKNOWN, Value::Octets(content)),
            };
            listener.field(field, to - content.len()..to, value);
            listener.close();
        }
    }
}

/// One option: its type, its length if it has one, and its content.
fn option<'a>(reader: &mut Reader<'a>) -> Option<(u8, Option<u8>, &'a [u8])> {
    let kind = reader.u8()?;
    // RFC 8200 §4.2: Pad1 is the one option without a length.
    if kind == 0 {
        return Some((kind, None, &[]));
    }
    let len = reader.u8();
    let content = len.and_then(|len| reader.take(len.into()));
    let left = reader.left();
    Some((kind, len, content.unwrap_or_else(|| reader.take(left.len()).unwrap_or(&[]))))
}

/// RFC 2711 §2.1 and IANA's list of values.
fn alert(value: u16) -> Value<'static> {
    let name = match value {
        0 => "multicast listener discovery",
        1 => "RSVP",
        2 => "active networks",
        _ => return Value::Number(value.into()),
    };
    Value::Named(value.into(), name)
}

/// IANA's list of destination and hop-by-hop options.
fn option_name(kind: u8) -> Option<&'static str> {
    Some(match kind {
        0 | 1 => "padding",
        0x04 => "tunnel encapsulation limit",
        0x05 => "router alert",
        0x07 => "CALIPSO",
        0x08 => "SMF_DPD",
        0x0f => "performance and diagnostic metrics",
        0x11 | 0x31 => "IOAM",
        0x23 | 0x63 => "RPL",
        0x26 => "quick start",
        0x30 => "minimum path MTU",
        0x6d => "MPL",
        0x8b => "ILNP nonce",
        0x8c => "line identification",
        0xc2 => "jumbo payload",
        0xc9 => "home address",
        0xee => "DFF",
        _ => return None,
    })
}
