//! ARCNET frames as Linux captures them (RFC 1201 §3, RFC 1051).
//!
//! ```text
//! |     Source    |  Destination  |            Offset             |   0
//! |    Protocol   |   Split flag  |           Sequence            |   4
//! ```

use super::field::{Listener, Value, fields};
use super::{Hint, Name, View};
use crate::ink::Ink;
use crate::octets::{Octets, Why};

#[derive(Clone, Copy, Debug)]
pub struct Arcnet<'a> {
    header: &'a [u8; 5],
    /// RFC 1201 has packets split into fragments; RFC 1051 knows no such thing.
    split: Option<&'a [u8; 3]>,
}

fields! {
    SOURCE      = "arcnet.src", Hex(2), "source";
    DESTINATION = "arcnet.dst", Hex(2), "destination";
    OFFSET      = "arcnet.offset", Octets, "offset";
    PROTOCOL    = "arcnet.protid", Hex(2), "protocol";
    SPLIT       = "arcnet.split_flag", Number, "split flag";
    SEQUENCE    = "arcnet.sequence", Number, "sequence";
}

impl<'a> View<'a> for Arcnet<'a> {
    const NAMES: &'static [Name] = &[Name { key: "arcnet", words: "ARCNET" }];
    const FIELDS: &'static [&'static super::field::Field] = FIELDS;

    fn read(_: Hint, octets: Octets<'a>) -> Result<(Self, Hint, Octets<'a>), Why> {
        let (header, mut rest) = octets.header::<5>()?;
        let mut arcnet = Self { header, split: None };
        if matches!(header[4], 0xc4 | 0xd4..=0xd6) {
            let (split, behind) = rest.header::<3>()?;
            (arcnet.split, rest) = (Some(split), behind);
        }
        let hint = match (header[4], arcnet.split) {
            // RFC 1201 §3.2: only a packet in one piece has 0 here.
            (_, Some([1..=255, _, _])) => Hint::End,
            (0xd4 | 0xf0, _) => Hint::Ether(0x0800),
            (0xd5 | 0xf1, _) => Hint::Ether(0x0806),
            (0xd6, _) => Hint::Ether(0x8035),
            (0xc4, _) => Hint::Ether(0x86dd),
            _ => Hint::End,
        };
        Ok((arcnet, hint, rest))
    }

    fn line(&self, ink: &mut Ink) {
        ink.hex(self.header[0].into(), 2).arrow().hex(self.header[1].into(), 2);
        ink.text(" protocol 0x").hex(self.header[4].into(), 2);
    }

    fn fields(&self, listener: &mut dyn Listener) {
        let [source, destination, _, _, protocol] = *self.header;
        listener.field(&SOURCE, 0..1, Value::Number(source.into()));
        listener.field(&DESTINATION, 1..2, Value::Number(destination.into()));
        listener.field(&OFFSET, 2..4, Value::Octets(&self.header[2..4]));
        listener.field(&PROTOCOL, 4..5, Value::Number(protocol.into()));
        if let Some([flag, high, low]) = self.split {
            let sequence = u16::from_be_bytes([*high, *low]);
            listener.field(&SPLIT, 5..6, Value::Number((*flag).into()));
            listener.field(&SEQUENCE, 6..8, Value::Number(sequence.into()));
        }
    }
}
