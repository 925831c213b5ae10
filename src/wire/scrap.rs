//! The first octets of a TCP header, as an ICMP error sends them back.
//!
//! RFC 792 has the error quote 64 bits of what follows the IP header: both ports and the sequence
//! number, which is enough to find the connection.

use super::field::{Listener, Value};
use super::tcp::{self, Seq};
use super::{Hint, Name, View};
use crate::ink::Ink;
use crate::octets::{Octets, Why, be16, be32};

#[derive(Clone, Copy, Debug)]
pub struct Scrap<'a> {
    header: &'a [u8; 8],
}

impl Scrap<'_> {
    pub fn source_port(self) -> u16 {
        be16(self.header, 0)
    }

    pub fn destination_port(self) -> u16 {
        be16(self.header, 2)
    }

    pub fn seq(self) -> Seq {
        Seq(be32(self.header, 4))
    }
}

impl<'a> View<'a> for Scrap<'a> {
    const NAMES: &'static [Name] = <tcp::Tcp<'_> as View<'_>>::NAMES;
    const FIELDS: &'static [&'static super::field::Field] =
        &[&tcp::SOURCE_PORT, &tcp::DESTINATION_PORT, &tcp::SEQ];

    fn read(_: Hint, octets: Octets<'a>) -> Result<(Self, Hint, Octets<'a>), Why> {
        let (header, rest) = octets.header()?;
        Ok((Self { header }, Hint::End, rest))
    }

    fn line(&self, ink: &mut Ink) {
        ink.text("seq ").number(self.seq().0);
    }

    fn fields(&self, listener: &mut dyn Listener) {
        listener.field(&tcp::SOURCE_PORT, 0..2, Value::Number(self.source_port().into()));
        listener.field(&tcp::DESTINATION_PORT, 2..4, Value::Number(self.destination_port().into()));
        listener.field(&tcp::SEQ, 4..8, Value::Number(self.seq().0.into()));
    }
}
