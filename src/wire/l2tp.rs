//! L2TP version 2: PPP frames in datagrams (RFC 2661 §3.1).
//!
//! ```text
//! |T|L|   |S|   |O|P|       | Ver |          Length, if L         |   0
//! |           Tunnel id           |          Session id           |
//! |           Ns, if S            |           Nr, if S            |
//! |      Offset size, if O        |        Offset padding ...
//! ```
//!
//! Control messages are left as they are behind their header.

use super::field::{Field, Listener, Value, fields};
use super::{Hint, Name, View};
use crate::ink::Ink;
use crate::octets::{Octets, Reader, Why};

#[derive(Clone, Copy, Debug)]
pub struct L2tp<'a> {
    header: &'a [u8],
    payload: Octets<'a>,
}

fields! {
    FLAGS       = "l2tp.flags", Hex(4), "flags";
    TYPE        = "l2tp.type", Number, "type";
    HAS_LENGTH  = "l2tp.length_bit", Flag, "length is there";
    HAS_NUMBERS = "l2tp.seq_bit", Flag, "sequence numbers are there";
    HAS_OFFSET  = "l2tp.offset_bit", Flag, "offset is there";
    PRIORITY    = "l2tp.priority", Flag, "priority";
    VERSION     = "l2tp.version", Number, "version";
    LENGTH      = "l2tp.length", Number, "length";
    TUNNEL      = "l2tp.tunnel", Number, "tunnel";
    SESSION     = "l2tp.session", Number, "session";
    SENT        = "l2tp.Ns", Number, "number of this message";
    EXPECTED    = "l2tp.Nr", Number, "number of the next message to come";
    OFFSET      = "l2tp.offset", Number, "offset";
    PADDING     = "l2tp.offset_padding", Octets, "padding";
}

impl L2tp<'_> {
    const CONTROL: u16 = 0x8000;
    const LENGTH: u16 = 0x4000;
    const NUMBERS: u16 = 0x0800;
    const OFFSET: u16 = 0x0200;
    const PRIORITY: u16 = 0x0100;

    pub fn tunnel(self) -> u16 {
        self.number(self.ids())
    }

    pub fn session(self) -> u16 {
        self.number(self.ids() + 2)
    }

    fn has(self, flag: u16) -> bool {
        self.number(0) & flag != 0
    }

    /// Where the tunnel's id stands.
    fn ids(self) -> usize {
        if self.has(Self::LENGTH) { 4 } else { 2 }
    }

    fn number(self, at: usize) -> u16 {
        Reader::from(self.header, at).be16().unwrap_or(0)
    }
}

impl<'a> View<'a> for L2tp<'a> {
    const NAMES: &'static [Name] = &[Name { key: "l2tp", words: "L2TP" }];
    const FIELDS: &'static [&'static Field] = FIELDS;

    /// RFC 2661 §3.1: version 2; 1 is L2F, and 3 has another header.
    fn claims(_: Hint, octets: Octets<'a>) -> bool {
        matches!(octets.kept(), [_, version, ..] if version & 0x0f == 2)
    }

    fn read(_: Hint, octets: Octets<'a>) -> Result<(Self, Hint, Octets<'a>), Why> {
        let (flags, _) = octets.split(2)?;
        let first = Self { header: flags, payload: octets };
        let mut len = first.ids() + 4 + if first.has(Self::NUMBERS) { 4 } else { 0 };
        if first.has(Self::OFFSET) {
            let (header, _) = octets.split(len + 2)?;
            len += 2 + usize::from(Reader::from(header, len).be16().unwrap_or(0));
        }
        let (header, rest) = octets.split(len)?;
        let l2tp = Self { header, payload: rest };
        let payload = match usize::from(l2tp.number(2)) {
            _ if !l2tp.has(Self::LENGTH) => rest,
            total if total < len => return Err(Why::Malformed("length below that of the header")),
            total => rest.limit(total - len),
        };
        let hint = if l2tp.has(Self::CONTROL) { Hint::End } else { Hint::Is("ppp") };
        Ok((Self { header, payload }, hint, payload))
    }

    fn line(&self, ink: &mut Ink) {
        ink.text(if self.has(Self::CONTROL) { "control" } else { "data" });
        ink.text(" tunnel ").number(self.tunnel()).text(" session ").number(self.session());
        ink.text(" len ").count(self.payload.len());
    }

    fn fields(&self, listener: &mut dyn Listener) {
        let flags = self.number(0);
        listener.open(&FLAGS, 0..2, Value::Number(flags.into()));
        let kind = if self.has(Self::CONTROL) { "control" } else { "data" };
        listener.field(&TYPE, 0..1, Value::Named((flags >> 15).into(), kind));
        for (field, flag) in [
            (&HAS_LENGTH, Self::LENGTH),
            (&HAS_NUMBERS, Self::NUMBERS),
            (&HAS_OFFSET, Self::OFFSET),
            (&PRIORITY, Self::PRIORITY),
        ] {
            listener.field(field, 0..1, Value::Flag(self.has(flag)));
        }
        listener.field(&VERSION, 1..2, Value::Number((flags & 0x0f).into()));
        listener.close();
        let mut at = 2;
        for (field, is_there) in [
            (&LENGTH, self.has(Self::LENGTH)),
            (&TUNNEL, true),
            (&SESSION, true),
            (&SENT, self.has(Self::NUMBERS)),
            (&EXPECTED, self.has(Self::NUMBERS)),
            (&OFFSET, self.has(Self::OFFSET)),
        ] {
            if is_there {
                listener.field(field, at..at + 2, Value::Number(self.number(at).into()));
                at += 2;
            }
        }
        if let Some(padding @ [_, ..]) = self.header.get(at..) {
            listener.field(&PADDING, at..at + padding.len(), Value::Octets(padding));
        }
    }
}
