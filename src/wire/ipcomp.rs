//! The header in front of a compressed IP payload (RFC 3173 §3).
//!
//! ```text
//! |  Next header  |     Flags     |  Compression parameter index  |   0
//! ```
//!
//! A view reads what lies there; what it was compressed from is found by `flow`.

use super::field::{Field, Listener, Value, fields};
use super::ipv4::named_protocol;
use super::{Hint, Name, View};
use crate::ink::Ink;
use crate::octets::{Octets, Why, be16};

#[derive(Clone, Copy, Debug)]
pub struct IpComp<'a> {
    header: &'a [u8; 4],
    payload: Octets<'a>,
}

fields! {
    NEXT  = "ipcomp.next_header", Number, "next header";
    FLAGS = "ipcomp.flags", Hex(2), "flags";
    CPI   = "ipcomp.cpi", Hex(4), "compression parameter index";
}

impl<'a> IpComp<'a> {
    pub fn next_header(self) -> u8 {
        self.header[0]
    }

    pub fn cpi(self) -> u16 {
        be16(self.header, 2)
    }

    /// As it was compressed.
    pub fn payload(self) -> Octets<'a> {
        self.payload
    }
}

impl<'a> View<'a> for IpComp<'a> {
    const NAMES: &'static [Name] = &[Name { key: "ipcomp", words: "IPComp" }];
    const FIELDS: &'static [&'static Field] = FIELDS;

    fn read(_: Hint, octets: Octets<'a>) -> Result<(Self, Hint, Octets<'a>), Why> {
        let (header, payload) = octets.header()?;
        Ok((Self { header, payload }, Hint::End, payload))
    }

    fn line(&self, ink: &mut Ink) {
        match algorithm(self.cpi()) {
            Some(name) => ink.text(name),
            None => ink.text("cpi 0x").hex(self.cpi().into(), 4),
        };
        ink.text(" ").count(self.payload.len()).text(" octets");
    }

    fn fields(&self, listener: &mut dyn Listener) {
        let cpi = u64::from(self.cpi());
        listener.field(&NEXT, 0..1, named_protocol(self.next_header()));
        listener.field(&FLAGS, 1..2, Value::Number(self.header[1].into()));
        let named = algorithm(self.cpi()).map(|name| Value::Named(cpi, name));
        listener.field(&CPI, 2..4, named.unwrap_or(Value::Number(cpi)));
    }
}

/// Those that need no agreement (RFC 3173 §3.3, RFC 2407 §4.4.5).
fn algorithm(cpi: u16) -> Option<&'static str> {
    Some(match cpi {
        1 => "OUI",
        2 => "DEFLATE",
        3 => "LZS",
        4 => "LZJH",
        _ => return None,
    })
}
