//! Ethernet frames: Ethernet II, or IEEE 802.3 with a length in place of the type.
//!
//! ```text
//! |                 Destination address           |   0
//! |                   Source address              |   6
//! |  EtherType, or length below 1536  |              12
//! ```

use super::field::{Listener, Mac, Value, fields};
use super::{Hint, Name, View};
use crate::ink::Ink;
use crate::octets::{Octets, Why, be16};

#[derive(Clone, Copy, Debug)]
pub struct Ethernet<'a> {
    header: &'a [u8; 14],
}

fields! {
    DESTINATION = "eth.dst" | "eth.addr", Mac, "destination";
    SOURCE      = "eth.src" | "eth.addr", Mac, "source";
    TYPE        = "eth.type", Hex(4), "type";
    LEN         = "eth.len", Number, "length";
}

impl Ethernet<'_> {
    pub fn destination(self) -> Mac {
        let [a, b, c, d, e, f, ..] = *self.header;
        Mac([a, b, c, d, e, f])
    }

    pub fn source(self) -> Mac {
        let [_, _, _, _, _, _, a, b, c, d, e, f, ..] = *self.header;
        Mac([a, b, c, d, e, f])
    }

    /// Both addresses mixed into a number: another one for each direction of a link.
    pub(crate) fn link(self) -> u64 {
        let [a, b, c, d, e, f, g, h, i, j, k, l, ..] = *self.header;
        let tail = u64::from(u32::from_be_bytes([i, j, k, l]));
        u64::from_be_bytes([a, b, c, d, e, f, g, h]).rotate_left(20) ^ tail
    }

    /// The `EtherType`, or in IEEE 802.3 frames the length of what follows.
    pub fn type_or_length(self) -> u16 {
        be16(self.header, 12)
    }
}

impl<'a> View<'a> for Ethernet<'a> {
    const NAMES: &'static [Name] = &[Name { key: "eth", words: "Ethernet" }];
    const FIELDS: &'static [&'static super::field::Field] = FIELDS;

    fn read(_: Hint, octets: Octets<'a>) -> Result<(Self, Hint, Octets<'a>), Why> {
        let (header, rest) = octets.header()?;
        let ethernet = Self { header };
        Ok(match ethernet.type_or_length() {
            // IEEE 802.3 §3.2.6: up to 1500 it is a length, from 1536 on a type.
            length @ ..=1500 => (ethernet, Hint::Llc, rest.limit(length.into())),
            ethertype => (ethernet, Hint::Ether(ethertype), rest),
        })
    }

    fn line(&self, ink: &mut Ink) {
        match self.type_or_length() {
            length @ ..=1500 => ink.text("length ").number(length),
            ethertype => write_type(ethertype, ink),
        };
    }

    fn fields(&self, listener: &mut dyn Listener) {
        listener.field(&DESTINATION, 0..6, Value::Mac(self.destination()));
        listener.field(&SOURCE, 6..12, Value::Mac(self.source()));
        match self.type_or_length() {
            length @ ..=1500 => listener.field(&LEN, 12..14, Value::Number(length.into())),
            ethertype => listener.field(&TYPE, 12..14, named(ethertype)),
        }
    }
}

/// An `EtherType` with its name, where it is known.
pub(crate) fn named(ethertype: u16) -> Value<'static> {
    match type_name(ethertype) {
        Some(name) => Value::Named(ethertype.into(), name),
        None => Value::Number(ethertype.into()),
    }
}

/// Writes an `EtherType` and its name, where it is known.
pub(crate) fn write_type(ethertype: u16, ink: &mut Ink) -> &mut Ink {
    ink.text("type 0x").hex(ethertype.into(), 4);
    match type_name(ethertype) {
        Some(name) => ink.text(" ").text(name),
        None => ink,
    }
}

fn type_name(ethertype: u16) -> Option<&'static str> {
    Some(match ethertype {
        0x0800 => "IPv4",
        0x0806 => "ARP",
        0x0842 => "Wake-on-LAN",
        0x22f3 => "TRILL",
        0x6003 => "DECnet",
        0x6558 => "Ethernet",
        0x8035 => "RARP",
        0x809b => "AppleTalk",
        0x8100 | 0x9100 => "802.1Q VLAN",
        0x8137 => "IPX",
        0x86dd => "IPv6",
        0x8808 => "flow control",
        0x8809 => "slow protocols",
        0x880b => "PPP",
        0x8847 | 0x8848 => "MPLS",
        0x8863 => "PPPoE discovery",
        0x8864 => "PPPoE session",
        0x888e => "802.1X",
        0x8892 => "PROFINET",
        0x88a8 => "802.1ad VLAN",
        0x88cc => "LLDP",
        0x88e5 => "MACsec",
        0x88e7 => "802.1ah",
        0x88f7 => "PTP",
        0x8902 => "connectivity fault management",
        0x8906 => "FCoE",
        0x9000 => "loopback test",
        _ => return None,
    })
}
