//! What a router adds behind the packet it quotes (RFC 4884 §7), such as MPLS labels (RFC 4950).

use super::super::field::{Field, Listener, Value, fields};
use crate::ink::Ink;
use crate::octets::{Octets, Reader};

/// The extension structure of an error message, as far as the capture kept it.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Extension<'a>(pub Octets<'a>);

fields! {
    VERSION  = "icmp.ext.version", Number, "extension version";
    CHECKSUM = "icmp.ext.checksum", Hex(4), "extension checksum";
    OBJECT   = "icmp.ext", Group, "extension object";
    LEN      = "icmp.ext.length", Number, "length";
    CLASS    = "icmp.ext.class", Number, "class";
    TYPE     = "icmp.ext.ctype", Number, "type within the class";
    LABEL    = "icmp.mpls.label", Number, "MPLS label";
    EXP      = "icmp.mpls.exp", Number, "MPLS traffic class";
    BOTTOM   = "icmp.mpls.s", Flag, "bottom of the MPLS stack";
    TTL      = "icmp.mpls.ttl", Number, "MPLS time to live";
    DATA     = "icmp.ext.data", Octets, "content";
}

const MPLS: (u8, u8) = (1, 1);

impl<'a> Extension<'a> {
    pub(in super::super) const FIELDS: &'static [&'static Field] = FIELDS;

    /// Class, type within it, and content of each object that was kept whole.
    fn objects(self) -> impl Iterator<Item = (u8, u8, &'a [u8])> {
        let mut reader = Reader::from(self.0.kept(), 4);
        std::iter::from_fn(move || {
            let (len, class, kind) = (reader.be16()?, reader.u8()?, reader.u8()?);
            let content = reader.take(usize::from(len).checked_sub(4)?)?;
            Some((class, kind, content))
        })
    }

    pub(in super::super) fn line(self, ink: &mut Ink) {
        for (class, kind, content) in self.objects() {
            match (class, kind) {
                MPLS => {
                    for entry in content.as_chunks::<4>().0 {
                        let entry = u32::from_be_bytes(*entry);
                        ink.text(", MPLS label ").number(entry >> 12).text(" ttl ").number(entry & 0xff);
                    }
                }
                (2, _) => _ = ink.text(", interface information"),
                _ => _ = ink.text(", extension class ").number(class),
            }
        }
        if self.0.is_cut() {
            ink.ellipsis();
        }
    }

    /// Tells the objects at `at`, where the quoted packet begins: they lie behind it.
    pub(in super::super) fn fields(self, at: usize, listener: &mut dyn Listener) {
        if let [version, _, high, low, ..] = self.0.kept() {
            let checksum = u16::from_be_bytes([*high, *low]);
            listener.field(&VERSION, at..at, Value::Number((version >> 4).into()));
            listener.field(&CHECKSUM, at..at, Value::Number(checksum.into()));
        }
        for (class, kind, content) in self.objects() {
            listener.open(&OBJECT, at..at, Value::Nothing);
            listener.field(&LEN, at..at, Value::Number(content.len() as u64 + 4));
            listener.field(&CLASS, at..at, Value::Number(class.into()));
            listener.field(&TYPE, at..at, Value::Number(kind.into()));
            if (class, kind) == MPLS {
                for entry in content.as_chunks::<4>().0 {
                    let entry = u32::from_be_bytes(*entry);
                    listener.field(&LABEL, at..at, Value::Number((entry >> 12).into()));
                    listener.field(&EXP, at..at, Value::Number((entry >> 9 & 7).into()));
                    listener.field(&BOTTOM, at..at, Value::Flag(entry & 0x100 != 0));
                    listener.field(&TTL, at..at, Value::Number((entry & 0xff).into()));
                }
            } else if !content.is_empty() {
                listener.field(&DATA, at..at, Value::Octets(content));
            }
            listener.close();
        }
    }
}
