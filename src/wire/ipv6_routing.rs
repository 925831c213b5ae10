//! The IPv6 routing header: which nodes the packet still has to visit (RFC 8200 §4.4).
//!
//! ```text
//! |  Next header  |    Length     |     Type      | Segments left |   0
//! ```

use std::net::Ipv6Addr;

use super::field::{Field, Listener, Value, fields};
use super::ipv4::named_protocol;
use super::{Hint, Name, View};
use crate::ink::Ink;
use crate::octets::{Octets, Why};

#[derive(Clone, Copy, Debug)]
pub struct Ipv6Routing<'a> {
    /// At least 8.
    octets: &'a [u8],
}

fields! {
    NEXT          = "ipv6.routing.nxt", Number, "next header";
    LEN           = "ipv6.routing.len", Number, "length in units of 8 octets beyond the first";
    OCTETS        = "ipv6.routing.len_oct", Number, "length in octets";
    TYPE          = "ipv6.routing.type", Number, "type";
    LEFT          = "ipv6.routing.segleft", Number, "segments left";
    RESERVED      = "ipv6.routing.src.reserved", Octets, "reserved";
    ADDRESS       = "ipv6.routing.src.addr", Address, "address";
    HOME_RESERVED = "ipv6.routing.mipv6.reserved", Octets, "reserved";
    HOME_ADDRESS  = "ipv6.routing.mipv6.home_address", Address, "home address";
    LAST          = "ipv6.routing.srh.last_entry", Number, "last entry";
    FLAGS         = "ipv6.routing.srh.flags", Hex(2), "flags";
    TAG           = "ipv6.routing.srh.tag", Octets, "tag";
    SEGMENT       = "ipv6.routing.srh.addr", Address, "segment";
    UNKNOWN       = "ipv6.routing.unknown_data", Octets, "content";
}

impl<'a> Ipv6Routing<'a> {
    pub fn next_header(self) -> u8 {
        self.octets[0]
    }

    pub fn kind(self) -> u8 {
        self.octets[2]
    }

    /// While it is not 0, the destination in the IPv6 header is not the last one.
    pub fn segments_left(self) -> u8 {
        self.octets[3]
    }

    /// The addresses to visit, where the type is one that lists them whole.
    pub fn addresses(self) -> impl Iterator<Item = Ipv6Addr> + use<'a> {
        let listed = match self.kind() {
            0 | 2 => &self.octets[8..],
            4 => {
                let last = usize::from(self.octets[4]);
                self.octets[8..].get(..16 * (last + 1)).unwrap_or(&self.octets[8..])
            }
            _ => &[],
        };
        let (addresses, _) = listed.as_chunks::<16>();
        addresses.iter().map(|octets| Ipv6Addr::from(*octets))
    }
}

impl<'a> View<'a> for Ipv6Routing<'a> {
    const NAMES: &'static [Name] = &[Name { key: "ipv6.routing", words: "routing header" }];
    const FIELDS: &'static [&'static Field] = FIELDS;

    fn read(_: Hint, octets: Octets<'a>) -> Result<(Self, Hint, Octets<'a>), Why> {
        let ([next, len], _) = octets.header()?;
        let (octets, rest) = octets.split(8 + 8 * usize::from(*len))?;
        Ok((Self { octets }, Hint::Ip(*next), rest))
    }

    fn line(&self, ink: &mut Ink) {
        match kind_name(self.kind()) {
            Some(name) => ink.text(name),
            None => ink.text("type ").number(self.kind()),
        };
        ink.text(" segments left ").number(self.segments_left());
        for address in self.addresses().take(4) {
            ink.text(" ").address(address);
        }
    }

    fn fields(&self, listener: &mut dyn Listener) {
        let end = self.octets.len();
        listener.field(&NEXT, 0..1, named_protocol(self.next_header()));
        listener.field(&LEN, 1..2, Value::Number(self.octets[1].into()));
        listener.field(&OCTETS, 2..2, Value::Number(end as u64));
        listener.field(&TYPE, 2..3, named_kind(self.kind()));
        listener.field(&LEFT, 3..4, Value::Number(self.segments_left().into()));
        let address = match self.kind() {
            0 => {
                listener.field(&RESERVED, 4..8, Value::Octets(&self.octets[4..8]));
                &ADDRESS
            }
            2 => {
                listener.field(&HOME_RESERVED, 4..8, Value::Octets(&self.octets[4..8]));
                &HOME_ADDRESS
            }
            // RFC 8754 §2.
            4 => {
                listener.field(&LAST, 4..5, Value::Number(self.octets[4].into()));
                listener.field(&FLAGS, 5..6, Value::Number(self.octets[5].into()));
                listener.field(&TAG, 6..8, Value::Octets(&self.octets[6..8]));
                &SEGMENT
            }
            _ => {
                listener.field(&UNKNOWN, 4..end, Value::Octets(&self.octets[4..]));
                return;
            }
        };
        let mut at = 8;
        for listed in self.addresses() {
            listener.field(address, at..at + 16, Value::Address(listed.into()));
            at += 16;
        }
        if at < end {
            listener.field(&UNKNOWN, at..end, Value::Octets(&self.octets[at..]));
        }
    }
}

fn named_kind(kind: u8) -> Value<'static> {
    match kind_name(kind) {
        Some(name) => Value::Named(kind.into(), name),
        None => Value::Number(kind.into()),
    }
}

/// IANA's list of routing types; RFC 5095 took type 0 out of use.
fn kind_name(kind: u8) -> Option<&'static str> {
    Some(match kind {
        0 => "source route",
        2 => "home address",
        3 => "RPL source route",
        4 => "segment routing",
        5 => "CRH-16",
        6 => "CRH-32",
        _ => return None,
    })
}
