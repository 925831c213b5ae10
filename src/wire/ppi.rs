//! PPI: what a Wi-Fi capture writes before each packet (CACE's "Per-Packet Information", version 1.0.10).
//!
//! ```text
//! |    Version    |     Flags     |            Length             |   0  little endian
//! |                           Link type                           |   4  little endian
//! |          Field type           |         Field length          |   8  little endian
//! ```

use super::field::{Field, Listener, Value, fields};
use super::{Hint, Name, View};
use crate::ink::Ink;
use crate::octets::{Octets, Reader, Why};

#[derive(Clone, Copy, Debug)]
pub struct Ppi<'a> {
    header: &'a [u8; 8],
    more: &'a [u8],
}

fields! {
    VERSION = "ppi.version", Number, "version";
    FLAGS   = "ppi.flags", Hex(2), "flags";
    LEN     = "ppi.length", Number, "header length";
    LINK    = "ppi.dlt", Number, "link type";
    MORE    = "ppi.fields", Octets, "fields";
}

/// Frames of Wi-Fi.
const WIFI: u32 = 105;

impl Ppi<'_> {
    fn told_len(self) -> usize {
        u16::from_le_bytes([self.header[2], self.header[3]]).into()
    }

    pub fn link(self) -> u32 {
        let [.., a, b, c, d] = *self.header;
        u32::from_le_bytes([a, b, c, d])
    }

    /// §4.1.2: the first flag of the field 802.11-Common says that the frame's checksum is there.
    fn has_checksum(self) -> bool {
        let padded = self.header[1] & 1 != 0;
        let mut fields = Reader::new(self.more);
        while let Some([kind, 0, low, high]) = fields.array() {
            let len = usize::from(u16::from_le_bytes([*low, *high]));
            let Some(field) = fields.take(len) else { break };
            if *kind == 2 {
                return self.link() == WIFI && field.get(8).is_some_and(|flags| flags & 1 != 0);
            }
            // §3.1: fields may begin at multiples of four.
            let padding = if padded { len.next_multiple_of(4) - len } else { 0 };
            if fields.take(padding).is_none() {
                break;
            }
        }
        false
    }
}

impl<'a> View<'a> for Ppi<'a> {
    const NAMES: &'static [Name] = &[Name { key: "ppi", words: "PPI" }];
    const FIELDS: &'static [&'static Field] = FIELDS;

    fn read(_: Hint, octets: Octets<'a>) -> Result<(Self, Hint, Octets<'a>), Why> {
        let (header, _) = octets.header::<8>()?;
        let mut ppi = Self { header, more: &[] };
        if ppi.told_len() < header.len() {
            return Err(Why::Malformed("header length below 8"));
        }
        let (whole, mut rest) = octets.split(ppi.told_len())?;
        ppi.more = &whole[header.len()..];
        if ppi.has_checksum() {
            rest = rest.limit(rest.len().saturating_sub(4));
        }
        let hint = u16::try_from(ppi.link()).map_or(Hint::End, Hint::Link);
        Ok((ppi, hint, rest))
    }

    fn line(&self, ink: &mut Ink) {
        ink.text("link type ").number(self.link());
    }

    fn fields(&self, listener: &mut dyn Listener) {
        listener.field(&VERSION, 0..1, Value::Number(self.header[0].into()));
        listener.field(&FLAGS, 1..2, Value::Number(self.header[1].into()));
        listener.field(&LEN, 2..4, Value::Number(self.told_len() as u64));
        listener.field(&LINK, 4..8, Value::Number(self.link().into()));
        if !self.more.is_empty() {
            listener.field(&MORE, 8..8 + self.more.len(), Value::Octets(self.more));
        }
    }
}
