//! IP over `InfiniBand` (RFC 4391 §6), behind twenty octets that the driver leaves to chance and the
//! address that the packet was sent to.

use std::net::Ipv6Addr;

use super::ethernet::{named, write_type};
use super::field::{Listener, Value, fields};
use super::{Hint, Name, View};
use crate::ink::Ink;
use crate::octets::{Octets, Why, be16, be32};

#[derive(Clone, Copy, Debug)]
pub struct Ipoib<'a> {
    header: &'a [u8; 44],
}

fields! {
    UNUSED   = "ipoib.unused", Octets, "unused";
    QUEUE    = "ipoib.daddr.qpn", Hex(6), "destination queue";
    GLOBAL   = "ipoib.dgid", Address, "destination";
    TYPE     = "ipoib.type", Hex(4), "type";
    RESERVED = "ipoib.reserved", Hex(4), "reserved";
}

impl<'a> View<'a> for Ipoib<'a> {
    const NAMES: &'static [Name] = &[Name { key: "ipoib", words: "IP over InfiniBand" }];
    const FIELDS: &'static [&'static super::field::Field] = FIELDS;

    fn read(_: Hint, octets: Octets<'a>) -> Result<(Self, Hint, Octets<'a>), Why> {
        let (header, rest) = octets.header()?;
        Ok((Self { header }, Hint::Ether(be16(header, 40)), rest))
    }

    fn line(&self, ink: &mut Ink) {
        write_type(be16(self.header, 40), ink);
    }

    fn fields(&self, listener: &mut dyn Listener) {
        let global: [u8; 16] = std::array::from_fn(|octet| self.header[24 + octet]);
        let queue = be32(self.header, 20) & 0x00ff_ffff;
        listener.field(&UNUSED, 0..20, Value::Octets(&self.header[..20]));
        listener.field(&QUEUE, 20..24, Value::Number(queue.into()));
        listener.field(&GLOBAL, 24..40, Value::Address(Ipv6Addr::from(global).into()));
        listener.field(&TYPE, 40..42, named(be16(self.header, 40)));
        listener.field(&RESERVED, 42..44, Value::Number(be16(self.header, 42).into()));
    }
}
