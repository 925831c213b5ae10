//! Packets that Linux's netfilter logged: a list of attributes, of which one is the packet.

use super::field::{Listener, Value, fields};
use super::{Hint, Name, View};
use crate::ink::Ink;
use crate::octets::{Octets, Why};

#[derive(Clone, Copy, Debug)]
pub struct Nflog<'a> {
    header: &'a [u8; 4],
    /// All before the packet, and the head of the packet's own attribute.
    attributes: &'a [u8],
}

fields! {
    FAMILY   = "nflog.family", Number, "address family";
    VERSION  = "nflog.version", Number, "version";
    RESOURCE = "nflog.res_id", Number, "resource";
    TLV      = "nflog.tlv", Group, "attribute";
    LEN      = "nflog.tlv_length", Number, "length";
    TYPE     = "nflog.tlv_type", Number, "type";
    VALUE    = "nflog.tlv_value", Octets, "content";
}

/// The attribute that holds the packet.
const PAYLOAD: u16 = 9;

/// Numbers in the order of the machine that captured; lengths and types are small, so that the
/// smaller reading is the right one.
fn small(octets: [u8; 2]) -> u16 {
    u16::from_be_bytes(octets).min(u16::from_le_bytes(octets))
}

/// The length, without padding, and the type of the attribute that comes first.
fn head(octets: &[u8]) -> Option<(usize, u16)> {
    let [a, b, c, d] = *octets.first_chunk()?;
    Some((usize::from(small([a, b])).max(4), small([c, d]) & 0x7fff))
}

impl<'a> View<'a> for Nflog<'a> {
    const NAMES: &'static [Name] = &[Name { key: "nflog", words: "netfilter log" }];
    const FIELDS: &'static [&'static super::field::Field] = FIELDS;

    fn read(_: Hint, octets: Octets<'a>) -> Result<(Self, Hint, Octets<'a>), Why> {
        let (header, list) = octets.header::<4>()?;
        let (mut at, mut left) = (0, list);
        while !left.is_empty() {
            let (front, _) = left.header::<4>()?;
            let (len, kind) = head(front).unwrap_or((4, 0));
            if kind == PAYLOAD {
                let (attributes, packet) = list.split(at + 4)?;
                let hint = match header[0] {
                    2 => Hint::Ether(0x0800),
                    10 => Hint::Ether(0x86dd),
                    _ => Hint::End,
                };
                return Ok((Self { header, attributes }, hint, packet.limit(len - 4)));
            }
            let padded = len.next_multiple_of(4).min(left.len());
            (_, left) = left.split(padded)?;
            at += padded;
        }
        let (attributes, rest) = list.split(list.len())?;
        Ok((Self { header, attributes }, Hint::End, rest))
    }

    fn line(&self, ink: &mut Ink) {
        ink.text("family ").number(self.header[0]);
    }

    fn fields(&self, listener: &mut dyn Listener) {
        let [family, version, high, low] = *self.header;
        let resource = u16::from_be_bytes([high, low]);
        listener.field(&FAMILY, 0..1, Value::Number(family.into()));
        listener.field(&VERSION, 1..2, Value::Number(version.into()));
        listener.field(&RESOURCE, 2..4, Value::Number(resource.into()));
        let mut left = self.attributes;
        while let Some((len, kind)) = head(left) {
            let from = 4 + self.attributes.len() - left.len();
            let (whole, rest) = left.split_at(len.next_multiple_of(4).min(left.len()));
            let to = from + whole.len();
            listener.open(&TLV, from..to, Value::Nothing);
            listener.field(&LEN, from..from + 2, Value::Number(len as u64));
            listener.field(&TYPE, from + 2..from + 4, Value::Number(kind.into()));
            if let Some(content @ [_, ..]) = whole.get(4..len.min(whole.len())) {
                let value = Value::Octets(content);
                listener.field(&VALUE, from + 4..from + 4 + content.len(), value);
            }
            listener.close();
            left = rest;
        }
    }
}
