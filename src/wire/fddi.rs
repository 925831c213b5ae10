//! FDDI frames: 802.2 behind a frame control octet and two addresses.

use super::field::{Listener, Mac, Value, fields};
use super::{Hint, Name, View};
use crate::ink::Ink;
use crate::octets::{Octets, Why};

#[derive(Clone, Copy, Debug)]
pub struct Fddi<'a> {
    header: &'a [u8; 13],
}

fields! {
    CONTROL     = "fddi.fc", Hex(2), "frame control";
    DESTINATION = "fddi.dst" | "fddi.addr", Mac, "destination";
    SOURCE      = "fddi.src" | "fddi.addr", Mac, "source";
}

impl Fddi<'_> {
    pub fn destination(self) -> Mac {
        self.address(1)
    }

    pub fn source(self) -> Mac {
        self.address(7)
    }

    /// FDDI sends the highest bit of an octet first, Ethernet the lowest; as written here, and by
    /// Wireshark, an address looks as it does on Ethernet.
    fn address(self, at: usize) -> Mac {
        Mac(std::array::from_fn(|octet| self.header[at + octet].reverse_bits()))
    }

    /// ISO 9314-2 §7.3.3: asynchronous frames for the layer above.
    fn carries_llc(self) -> bool {
        self.header[0] & 0xf0 == 0x50
    }
}

impl<'a> View<'a> for Fddi<'a> {
    const NAMES: &'static [Name] = &[Name { key: "fddi", words: "FDDI" }];
    const FIELDS: &'static [&'static super::field::Field] = FIELDS;

    fn read(_: Hint, octets: Octets<'a>) -> Result<(Self, Hint, Octets<'a>), Why> {
        let (header, rest) = octets.header()?;
        let fddi = Self { header };
        Ok((fddi, if fddi.carries_llc() { Hint::Llc } else { Hint::End }, rest))
    }

    fn line(&self, ink: &mut Ink) {
        ink.text("frame control 0x").hex(self.header[0].into(), 2);
    }

    fn fields(&self, listener: &mut dyn Listener) {
        listener.field(&CONTROL, 0..1, Value::Number(self.header[0].into()));
        listener.field(&DESTINATION, 1..7, Value::Mac(self.destination()));
        listener.field(&SOURCE, 7..13, Value::Mac(self.source()));
    }
}
