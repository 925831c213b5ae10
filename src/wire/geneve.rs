//! Geneve: frames and packets in datagrams, with options in front (RFC 8926 §3.4).
//!
//! ```text
//! |Ver| Opt. len  |O|C|  Reserved |           Protocol            |   0
//! |          Network identifier                   |   Reserved    |   4
//! |  Option class                 |C|   Type      |Resrvd | Length|   8
//! ```

use super::ethernet;
use super::field::{Field, Listener, Value, fields};
use super::{Hint, Name, View};
use crate::ink::Ink;
use crate::octets::{Octets, Reader, Why, be16, be32};

#[derive(Clone, Copy, Debug)]
pub struct Geneve<'a> {
    header: &'a [u8; 8],
    /// As far as the capture kept them.
    options: Octets<'a>,
    payload: Octets<'a>,
}

fields! {
    VERSION       = "geneve.version", Number, "version";
    OPTIONS_LEN   = "geneve.option.length", Number, "length";
    FLAGS         = "geneve.flags", Hex(2), "flags";
    CONTROL       = "geneve.flags.oam", Flag, "control message";
    CRITICAL      = "geneve.flags.critical", Flag, "critical options are there";
    RESERVED_BITS = "geneve.flags.reserved", Number, "reserved";
    PROTOCOL      = "geneve.proto_type", Hex(4), "protocol";
    VNI           = "geneve.vni", Hex(6), "network identifier";
    RESERVED      = "geneve.reserved", Hex(2), "reserved";
    OPTION        = "geneve.option", Octets, "option";
    CLASS         = "geneve.option.class", Hex(4), "class";
    TYPE          = "geneve.option.type", Hex(2), "type";
    OPTION_FLAGS  = "geneve.option.flags", Hex(2), "reserved";
    DATA          = "geneve.option.unknown.data", Octets, "data";
    UNREADABLE    = "geneve.option.length.invalid", Octets, "unreadable";
}

impl Geneve<'_> {
    /// Which of the networks that share the tunnel.
    pub fn vni(self) -> u32 {
        be32(self.header, 4) >> 8
    }

    /// An `EtherType`.
    pub fn protocol(self) -> u16 {
        be16(self.header, 2)
    }

    fn options_len(self) -> usize {
        usize::from(self.header[0] & 0x3f) * 4
    }
}

impl<'a> View<'a> for Geneve<'a> {
    const NAMES: &'static [Name] = &[Name { key: "geneve", words: "Geneve" }];
    const FIELDS: &'static [&'static Field] = FIELDS;

    /// RFC 8926 §3.4: version 0.
    fn claims(_: Hint, octets: Octets<'a>) -> bool {
        matches!(octets.kept(), [0..64, ..])
    }

    fn read(_: Hint, octets: Octets<'a>) -> Result<(Self, Hint, Octets<'a>), Why> {
        let (header, rest) = octets.header()?;
        let mut geneve = Self { header, options: rest, payload: rest };
        let Some((options, payload)) = rest.part(geneve.options_len()) else {
            return Err(octets.lacks(8 + geneve.options_len()));
        };
        (geneve.options, geneve.payload) = (options, payload);
        Ok((geneve, Hint::Ether(geneve.protocol()), payload))
    }

    fn line(&self, ink: &mut Ink) {
        ink.text("vni ").number(self.vni()).text(" len ").count(self.payload.len());
    }

    fn fields(&self, listener: &mut dyn Listener) {
        let flags = self.header[1];
        listener.field(&VERSION, 0..0, Value::Number((self.header[0] >> 6).into()));
        listener.field(&OPTIONS_LEN, 0..1, Value::Number(self.options_len() as u64));
        listener.open(&FLAGS, 1..2, Value::Number(flags.into()));
        listener.field(&CONTROL, 1..2, Value::Flag(flags & 0x80 != 0));
        listener.field(&CRITICAL, 1..2, Value::Flag(flags & 0x40 != 0));
        listener.field(&RESERVED_BITS, 1..2, Value::Number((flags & 0x3f).into()));
        listener.close();
        listener.field(&PROTOCOL, 2..4, ethernet::named(self.protocol()));
        listener.field(&VNI, 4..7, Value::Number(self.vni().into()));
        listener.field(&RESERVED, 7..8, Value::Number(self.header[7].into()));
        let mut options = Reader::new(self.options.kept());
        while !options.is_empty() {
            let from = 8 + options.at();
            let Some((head, whole)) = option(&mut options) else { break };
            let to = from + whole.len();
            listener.open(&OPTION, from..to, Value::Octets(whole));
            listener.field(&CLASS, from..from + 2, Value::Number(be16(head, 0).into()));
            listener.field(&TYPE, from + 2..from + 3, Value::Number(head[2].into()));
            listener.field(&OPTION_FLAGS, from + 3..from + 3, Value::Number((head[3] >> 5).into()));
            listener.field(&OPTIONS_LEN, from + 3..from + 4, Value::Number(whole.len() as u64));
            if whole.len() > head.len() {
                listener.field(&DATA, from + 4..to, Value::Octets(&whole[4..]));
            }
            listener.close();
        }
        let left = options.left();
        if !left.is_empty() && !self.options.is_cut() {
            let from = 8 + options.at();
            listener.field(&UNREADABLE, from..from + left.len(), Value::Octets(left));
        }
    }
}

/// Takes an option: its four octets of header, and all of it. `None` when its end is not there.
fn option<'a>(options: &mut Reader<'a>) -> Option<(&'a [u8; 4], &'a [u8])> {
    let head: &[u8; 4] = options.left().first_chunk()?;
    let whole = options.take(4 + usize::from(head[3] & 0x1f) * 4)?;
    Some((head, whole))
}
