//! MPLS label stacks (RFC 3032 §2.1), one view a label.
//!
//! ```text
//! |                Label                  | Exp |S|      TTL      |   0
//! ```

use super::field::{Listener, Value, fields};
use super::{Hint, Name, View};
use crate::ink::Ink;
use crate::octets::{Octets, Why, be32};

#[derive(Clone, Copy, Debug)]
pub struct Mpls<'a> {
    header: &'a [u8; 4],
}

fields! {
    LABEL  = "mpls.label", Number, "label";
    CLASS  = "mpls.exp", Number, "traffic class";
    BOTTOM = "mpls.bottom", Number, "bottom of stack";
    TTL    = "mpls.ttl", Number, "time to live";
}

impl Mpls<'_> {
    pub fn label(self) -> u32 {
        be32(self.header, 0) >> 12
    }

    /// Whether no further label follows.
    pub fn is_bottom(self) -> bool {
        self.header[2] & 1 != 0
    }

    pub fn ttl(self) -> u8 {
        self.header[3]
    }
}

impl<'a> View<'a> for Mpls<'a> {
    const NAMES: &'static [Name] = &[Name { key: "mpls", words: "MPLS" }];
    const FIELDS: &'static [&'static super::field::Field] = FIELDS;

    fn read(_: Hint, octets: Octets<'a>) -> Result<(Self, Hint, Octets<'a>), Why> {
        let (header, rest) = octets.header()?;
        let mpls = Self { header };
        // The label alone says what follows, and only to the routers that agreed on it. RFC 4385
        // §3 has everything that is not IP begin with another nibble than 4 and 6.
        let hint = match (mpls.is_bottom(), rest.kept().first().map(|octet| octet >> 4)) {
            (false, _) => Hint::Ether(0x8847),
            (true, Some(4)) => Hint::Ether(0x0800),
            (true, Some(6)) => Hint::Ether(0x86dd),
            (true, _) => Hint::End,
        };
        Ok((mpls, hint, rest))
    }

    fn line(&self, ink: &mut Ink) {
        ink.text("label ").number(self.label());
        if let Some(name) = reserved(self.label()) {
            ink.text(" ").text(name);
        }
        ink.text(" ttl ").number(self.ttl());
    }

    fn fields(&self, listener: &mut dyn Listener) {
        let label = match reserved(self.label()) {
            Some(name) => Value::Named(self.label().into(), name),
            None => Value::Number(self.label().into()),
        };
        listener.field(&LABEL, 0..0, label);
        listener.field(&CLASS, 0..0, Value::Number((self.header[2] >> 1 & 7).into()));
        listener.field(&BOTTOM, 0..3, Value::Number(self.is_bottom().into()));
        listener.field(&TTL, 3..4, Value::Number(self.ttl().into()));
    }
}

/// RFC 3032 §2.1 and RFC 6790 §3: labels that mean the same everywhere.
fn reserved(label: u32) -> Option<&'static str> {
    Some(match label {
        0 => "IPv4 explicit null",
        1 => "router alert",
        2 => "IPv6 explicit null",
        3 => "implicit null",
        7 => "entropy label indicator",
        13 => "generic associated channel",
        14 => "OAM alert",
        _ => return None,
    })
}
