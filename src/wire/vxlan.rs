//! VXLAN: an Ethernet frame in a datagram (RFC 7348 §5).
//!
//! ```text
//! |     Flags     |                   Reserved                    |   0
//! |          Network identifier                   |   Reserved    |   4
//! ```

use super::field::{Field, Listener, Value, fields};
use super::{Hint, Name, View};
use crate::ink::Ink;
use crate::octets::{Octets, Why, be16, be32};

#[derive(Clone, Copy, Debug)]
pub struct Vxlan<'a> {
    header: &'a [u8; 8],
    payload: Octets<'a>,
}

fields! {
    FLAGS    = "vxlan.flags", Hex(4), "flags";
    POLICY   = "vxlan.flag_g", Flag, "group policy";
    HAS_VNI  = "vxlan.flag_i", Flag, "network identifier is there";
    DONT     = "vxlan.flag_d", Flag, "don't learn";
    APPLIED  = "vxlan.flag_a", Flag, "policy applied";
    GROUP    = "vxlan.gbp", Number, "group policy";
    VNI      = "vxlan.vni", Number, "network identifier";
    RESERVED = "vxlan.reserved8", Number, "reserved";
}

impl Vxlan<'_> {
    /// The VXLAN network identifier: which of the networks that share the tunnel.
    pub fn vni(self) -> u32 {
        be32(self.header, 4) >> 8
    }
}

impl<'a> View<'a> for Vxlan<'a> {
    const NAMES: &'static [Name] = &[Name { key: "vxlan", words: "VXLAN" }];
    const FIELDS: &'static [&'static Field] = FIELDS;

    /// RFC 7348 §5: the flag I is set and nothing else. On its own port a group policy may be there too.
    fn claims(hint: Hint, octets: Octets<'a>) -> bool {
        let ours = matches!(hint, Hint::Udp(4789, _) | Hint::Udp(_, 4789));
        match octets.kept() {
            [flags, ..] if ours => flags & 0x08 != 0,
            [0x08, 0, 0, 0, _, _, _, 0, ..] => true,
            _ => false,
        }
    }

    fn read(_: Hint, octets: Octets<'a>) -> Result<(Self, Hint, Octets<'a>), Why> {
        let (header, payload) = octets.header()?;
        Ok((Self { header, payload }, Hint::Link(1), payload))
    }

    fn line(&self, ink: &mut Ink) {
        ink.text("vni ").number(self.vni()).text(" len ").count(self.payload.len());
    }

    fn fields(&self, listener: &mut dyn Listener) {
        let flags = be16(self.header, 0);
        listener.open(&FLAGS, 0..2, Value::Number(flags.into()));
        listener.field(&POLICY, 0..1, Value::Flag(flags & 0x8000 != 0));
        listener.field(&HAS_VNI, 0..1, Value::Flag(flags & 0x0800 != 0));
        listener.field(&DONT, 1..2, Value::Flag(flags & 0x0040 != 0));
        listener.field(&APPLIED, 1..2, Value::Flag(flags & 0x0008 != 0));
        listener.close();
        listener.field(&GROUP, 2..4, Value::Number(be16(self.header, 2).into()));
        listener.field(&VNI, 4..7, Value::Number(self.vni().into()));
        listener.field(&RESERVED, 7..8, Value::Number(self.header[7].into()));
    }
}
