//! Linux cooked captures, version 2, which know the interface too.
//!
//! ```text
//! |           Protocol            |           reserved            |   0
//! |                           Interface                           |   4
//! |         Hardware type         |  Packet type  | Address length|   8
//! |           Address, padded to eight octets                     |  12
//! ```

use super::field::{Field, Listener, Mac, Value};
use super::sll::{self, Sll};
use super::{Hint, Name, View};
use crate::ink::Ink;
use crate::octets::{Octets, Why, be16, be32};

#[derive(Clone, Copy, Debug)]
pub struct Sll2<'a> {
    header: &'a [u8; 20],
}

impl Sll2<'_> {
    pub fn protocol(self) -> u16 {
        be16(self.header, 0)
    }

    /// The number that the kernel of the capturing machine gave the interface.
    pub fn interface(self) -> u32 {
        be32(self.header, 4)
    }

    pub fn hardware_type(self) -> u16 {
        be16(self.header, 8)
    }

    /// As in [`Sll::packet_type`].
    pub fn packet_type(self) -> u16 {
        self.header[10].into()
    }

    /// The sender's address where it is a MAC.
    pub fn source(self) -> Option<Mac> {
        let [.., a, b, c, d, e, f, _, _] = *self.header;
        (self.header[11] == 6).then_some(Mac([a, b, c, d, e, f]))
    }
}

impl<'a> View<'a> for Sll2<'a> {
    const NAMES: &'static [Name] = Sll::NAMES;
    const FIELDS: &'static [&'static Field] = sll::FIELDS;

    fn read(_: Hint, octets: Octets<'a>) -> Result<(Self, Hint, Octets<'a>), Why> {
        let (header, rest) = octets.header()?;
        let sll = Self { header };
        Ok((sll, sll::next(sll.hardware_type(), sll.protocol()), rest))
    }

    fn line(&self, ink: &mut Ink) {
        sll::line(self.packet_type(), self.hardware_type(), self.protocol(), ink);
        ink.text(" on interface ").number(self.interface());
    }

    fn fields(&self, listener: &mut dyn Listener) {
        let hardware = self.hardware_type();
        let (field, value) = sll::protocol(hardware, self.protocol());
        listener.field(field, 0..2, value);
        listener.field(&sll::UNUSED, 2..4, Value::Octets(&self.header[2..4]));
        listener.field(&sll::INTERFACE, 4..8, Value::Number(self.interface().into()));
        listener.field(&sll::HARDWARE, 8..10, sll::named_hardware(hardware));
        listener.field(&sll::PACKET, 10..11, sll::named_packet(self.packet_type()));
        listener.field(&sll::SIZE, 11..12, Value::Number(self.header[11].into()));
        sll::tell_address(&self.header[12..], 12, self.header[11].into(), listener);
    }
}
