//! The authentication header (RFC 4302 §2).
//!
//! ```text
//! |  Next header  |    Length     |           Reserved            |   0
//! |                 Security parameters index                     |   4
//! |                       Sequence number                         |   8
//! |                    Integrity check value                      |  12
//! ```

use super::field::{Field, Listener, Value, fields};
use super::ipv4::named_protocol;
use super::{Hint, Name, View};
use crate::ink::Ink;
use crate::octets::{Octets, Why, be32};

#[derive(Clone, Copy, Debug)]
pub struct Ah<'a> {
    header: &'a [u8; 12],
    icv: &'a [u8],
}

fields! {
    NEXT     = "ah.next_header", Number, "next header";
    LEN      = "ah.length", Number, "length in units of 4 octets beyond the first two";
    RESERVED = "ah.reserved", Octets, "reserved";
    SPI      = "ah.spi", Hex(8), "security parameters index";
    SEQUENCE = "ah.sequence", Number, "sequence number";
    ICV      = "ah.icv", Octets, "integrity check value";
}

impl Ah<'_> {
    pub fn next_header(self) -> u8 {
        self.header[0]
    }

    pub fn spi(self) -> u32 {
        be32(self.header, 4)
    }

    pub fn sequence(self) -> u32 {
        be32(self.header, 8)
    }
}

impl<'a> View<'a> for Ah<'a> {
    const NAMES: &'static [Name] = &[Name { key: "ah", words: "AH" }];
    const FIELDS: &'static [&'static Field] = FIELDS;

    fn read(_: Hint, octets: Octets<'a>) -> Result<(Self, Hint, Octets<'a>), Why> {
        let (header, behind) = octets.header::<12>()?;
        // RFC 4302 §2.2: in units of 4 octets, without the first two.
        let Some(len) = (usize::from(header[1]) + 2).checked_mul(4)
            .and_then(|len| len.checked_sub(12))
        else {
            return Err(Why::Malformed("length below 12"));
        };
        let (icv, rest) = behind.split(len)?;
        Ok((Self { header, icv }, Hint::Ip(header[0]), rest))
    }

    fn line(&self, ink: &mut Ink) {
        ink.text("spi 0x").hex(self.spi().into(), 8).text(" seq ").number(self.sequence());
    }

    fn fields(&self, listener: &mut dyn Listener) {
        listener.field(&NEXT, 0..1, named_protocol(self.next_header()));
        listener.field(&LEN, 1..2, Value::Number(self.header[1].into()));
        listener.field(&RESERVED, 2..4, Value::Octets(&self.header[2..4]));
        listener.field(&SPI, 4..8, Value::Number(self.spi().into()));
        listener.field(&SEQUENCE, 8..12, Value::Number(self.sequence().into()));
        if !self.icv.is_empty() {
            listener.field(&ICV, 12..12 + self.icv.len(), Value::Octets(self.icv));
        }
    }
}
