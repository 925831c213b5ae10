//! UDP datagrams (RFC 768).
//!
//! ```text
//! |          Source port          |       Destination port        |   0
//! |             Length            |            Checksum           |   4
//! ```

use super::field::{Listener, Value, fields};
use super::{Hint, Name, View};
use crate::ink::Ink;
use crate::octets::{Octets, Why, be16};

#[derive(Clone, Copy, Debug)]
pub struct Udp<'a> {
    header: &'a [u8; 8],
    payload: Octets<'a>,
}

fields! {
    SOURCE_PORT      = "udp.srcport" | "udp.port", Number, "source port";
    DESTINATION_PORT = "udp.dstport" | "udp.port", Number, "destination port";
    LEN              = "udp.length", Number, "length";
    CHECKSUM         = "udp.checksum", Hex(4), "checksum";
}

impl<'a> Udp<'a> {
    pub fn source_port(self) -> u16 {
        be16(self.header, 0)
    }

    pub fn destination_port(self) -> u16 {
        be16(self.header, 2)
    }

    /// As written, header included.
    pub fn told_len(self) -> usize {
        be16(self.header, 4).into()
    }

    /// 0 when the sender did not compute one.
    pub fn checksum(self) -> u16 {
        be16(self.header, 6)
    }

    pub fn payload(self) -> Octets<'a> {
        self.payload
    }
}

impl<'a> View<'a> for Udp<'a> {
    const NAMES: &'static [Name] = &[Name { key: "udp", words: "UDP" }];
    const FIELDS: &'static [&'static super::field::Field] = FIELDS;

    fn read(_: Hint, octets: Octets<'a>) -> Result<(Self, Hint, Octets<'a>), Why> {
        let (header, rest) = octets.header()?;
        let payload = match be16(header, 4) {
            // RFC 2675 §4: 0 is a jumbogram; it is also what segmentation offload leaves.
            0 => rest,
            1..8 => return Err(Why::Malformed("length below 8")),
            told => rest.limit(usize::from(told) - 8),
        };
        let udp = Self { header, payload };
        Ok((udp, Hint::Udp(udp.source_port(), udp.destination_port()), payload))
    }

    fn line(&self, ink: &mut Ink) {
        ink.text("len ").count(self.payload.len());
    }

    fn fields(&self, listener: &mut dyn Listener) {
        listener.field(&SOURCE_PORT, 0..2, Value::Number(self.source_port().into()));
        listener.field(&DESTINATION_PORT, 2..4, Value::Number(self.destination_port().into()));
        listener.field(&LEN, 4..6, Value::Number(self.told_len() as u64));
        listener.field(&CHECKSUM, 6..8, Value::Number(self.checksum().into()));
    }
}
