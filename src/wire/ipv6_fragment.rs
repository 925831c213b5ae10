//! The IPv6 fragment header (RFC 8200 §4.5).
//!
//! ```text
//! |  Next header  |   Reserved    |      Fragment offset    |Res|M|   0
//! |                         Identification                        |   4
//! ```

use super::field::{Field, Listener, Value, fields};
use super::ipv4::{named_protocol, protocol_name};
use super::{Hint, Name, View};
use crate::ink::Ink;
use crate::octets::{Octets, Why, be16, be32};

#[derive(Clone, Copy, Debug)]
pub struct Ipv6Fragment<'a> {
    header: &'a [u8; 8],
    payload: Octets<'a>,
}

fields! {
    NEXT     = "ipv6.fraghdr.nxt", Number, "next header";
    RESERVED = "ipv6.fraghdr.reserved_octet", Number, "reserved";
    OFFSET   = "ipv6.fraghdr.offset", Number, "offset in units of 8 octets";
    BITS     = "ipv6.fraghdr.reserved_bits", Number, "reserved bits";
    MORE     = "ipv6.fraghdr.more", Flag, "more fragments";
    ID       = "ipv6.fraghdr.ident", Hex(8), "identification";
}

impl<'a> Ipv6Fragment<'a> {
    pub fn next_header(self) -> u8 {
        self.header[0]
    }

    /// In octets.
    pub fn offset(self) -> usize {
        usize::from(be16(self.header, 2) & 0xfff8)
    }

    pub fn has_more(self) -> bool {
        self.header[3] & 1 != 0
    }

    pub fn id(self) -> u32 {
        be32(self.header, 4)
    }

    pub fn payload(self) -> Octets<'a> {
        self.payload
    }

    /// RFC 6946: a whole datagram that only carries the header.
    pub fn is_atomic(self) -> bool {
        self.offset() == 0 && !self.has_more()
    }
}

impl<'a> View<'a> for Ipv6Fragment<'a> {
    const NAMES: &'static [Name] = &[Name { key: "ipv6.fraghdr", words: "IPv6 fragment" }];
    const FIELDS: &'static [&'static Field] = FIELDS;

    fn read(_: Hint, octets: Octets<'a>) -> Result<(Self, Hint, Octets<'a>), Why> {
        let (header, payload) = octets.header()?;
        let fragment = Self { header, payload };
        let next = if fragment.is_atomic() { Hint::Ip(fragment.next_header()) } else { Hint::End };
        Ok((fragment, next, payload))
    }

    fn line(&self, ink: &mut Ink) {
        ink.text("id 0x").hex(self.id().into(), 8);
        ink.text(" octets ").count(self.offset()).text("+").count(self.payload.len());
        ink.text(if self.has_more() { " more follow of " } else { " last of " });
        match protocol_name(self.next_header()) {
            Some(name) => ink.text(name),
            None => ink.text("next header ").number(self.next_header()),
        };
    }

    fn fields(&self, listener: &mut dyn Listener) {
        listener.field(&NEXT, 0..1, named_protocol(self.next_header()));
        listener.field(&RESERVED, 1..2, Value::Number(self.header[1].into()));
        listener.field(&OFFSET, 2..2, Value::Number((self.offset() / 8) as u64));
        listener.field(&BITS, 2..2, Value::Number((self.header[3] >> 1 & 3).into()));
        listener.field(&MORE, 2..4, Value::Flag(self.has_more()));
        listener.field(&ID, 4..8, Value::Number(self.id().into()));
    }
}
