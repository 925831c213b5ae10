//! Cisco's HDLC: an `EtherType` behind an address and a control octet.
//!
//! ```text
//! | Address: 0f 8f|  Control: 00  |           Protocol            |   0
//! ```

use super::ethernet::{named, write_type};
use super::field::{Listener, Value, fields};
use super::{Hint, Name, View};
use crate::ink::Ink;
use crate::octets::{Octets, Why, be16};

#[derive(Clone, Copy, Debug)]
pub struct Chdlc<'a> {
    header: &'a [u8; 4],
}

fields! {
    ADDRESS  = "chdlc.address", Hex(2), "address";
    CONTROL  = "chdlc.control", Hex(2), "control";
    PROTOCOL = "chdlc.protocol", Hex(4), "protocol";
}

/// Cisco's own keep-alives; on Ethernet the number means RARP.
const SLARP: u16 = 0x8035;

impl Chdlc<'_> {
    fn protocol(self) -> u16 {
        be16(self.header, 2)
    }
}

impl<'a> View<'a> for Chdlc<'a> {
    const NAMES: &'static [Name] = &[Name { key: "chdlc", words: "Cisco HDLC" }];
    const FIELDS: &'static [&'static super::field::Field] = FIELDS;

    /// Link type 50 has these frames mixed with PPP's.
    fn claims(hint: Hint, octets: Octets<'a>) -> bool {
        hint == Hint::Link(104) || matches!(octets.kept(), [0x0f | 0x8f] | [0x0f | 0x8f, 0, ..])
    }

    fn read(_: Hint, octets: Octets<'a>) -> Result<(Self, Hint, Octets<'a>), Why> {
        let (header, rest) = octets.header()?;
        let chdlc = Self { header };
        let hint = match chdlc.protocol() {
            SLARP => Hint::End,
            ethertype @ 1536.. => Hint::Ether(ethertype),
            _ => Hint::End,
        };
        Ok((chdlc, hint, rest))
    }

    fn line(&self, ink: &mut Ink) {
        match self.protocol() {
            SLARP => _ = ink.text("SLARP"),
            protocol => _ = write_type(protocol, ink),
        }
    }

    fn fields(&self, listener: &mut dyn Listener) {
        let protocol = match self.protocol() {
            SLARP => Value::Named(SLARP.into(), "SLARP"),
            protocol => named(protocol),
        };
        listener.field(&ADDRESS, 0..1, Value::Number(self.header[0].into()));
        listener.field(&CONTROL, 1..2, Value::Number(self.header[1].into()));
        listener.field(&PROTOCOL, 2..4, protocol);
    }
}
