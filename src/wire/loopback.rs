//! The header that BSD's loopback interface gives a packet: its address family, and nothing else.
//!
//! Link type 0 has it in the order of the machine that captured, link type 108 in network order.

use super::field::{Listener, Value, fields};
use super::{Hint, Name, View};
use crate::ink::Ink;
use crate::octets::{Octets, Why, be16};

#[derive(Clone, Copy, Debug)]
pub struct Loopback<'a> {
    header: &'a [u8; 4],
}

fields! {
    FAMILY = "null.family", Number, "address family";
    TYPE   = "null.type", Hex(4), "type";
}

impl Loopback<'_> {
    /// Families are small numbers, so that the smaller reading is the right one. Where neither is
    /// small, the last two octets are an `EtherType`, as Wireshark has it too.
    fn family(self) -> u32 {
        match u32::from_be_bytes(*self.header).min(u32::from_le_bytes(*self.header)) {
            small @ ..=0xffff => small,
            _ => be16(self.header, 2).into(),
        }
    }
}

impl<'a> View<'a> for Loopback<'a> {
    const NAMES: &'static [Name] = &[Name { key: "null", words: "loopback" }];
    const FIELDS: &'static [&'static super::field::Field] = FIELDS;

    fn read(_: Hint, octets: Octets<'a>) -> Result<(Self, Hint, Octets<'a>), Why> {
        let (header, rest) = octets.header()?;
        let loopback = Self { header };
        let hint = match (loopback.family(), family_name(loopback.family())) {
            (_, Some("IPv4")) => Hint::Ether(0x0800),
            (_, Some("IPv6")) => Hint::Ether(0x86dd),
            // Some drivers write an EtherType instead.
            (ethertype @ 1536..=0xffff, _) => Hint::Ether(ethertype as u16),
            _ => Hint::End,
        };
        Ok((loopback, hint, rest))
    }

    fn line(&self, ink: &mut Ink) {
        ink.text("family ").number(self.family());
    }

    fn fields(&self, listener: &mut dyn Listener) {
        match (self.family(), family_name(self.family())) {
            (family, Some(name)) => {
                listener.field(&FAMILY, 0..4, Value::Named(family.into(), name));
            }
            (ethertype @ 1536..=0xffff, _) => {
                listener.field(&TYPE, 0..4, Value::Number(ethertype.into()));
            }
            (family, None) => listener.field(&FAMILY, 0..4, Value::Number(family.into())),
        }
    }
}

/// IPv6 came late to the BSDs, and to each with another number: 24 `NetBSD`, 28 `FreeBSD`, 30
/// Darwin; 23 Windows, 10 Linux.
fn family_name(family: u32) -> Option<&'static str> {
    Some(match family {
        2 => "IPv4",
        7 => "ISO",
        10 | 23 | 24 | 28 | 30 => "IPv6",
        16 => "AppleTalk",
        _ => return None,
    })
}
