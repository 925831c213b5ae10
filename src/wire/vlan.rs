//! VLAN tags (IEEE 802.1Q §9.6), of which there may be several: the provider's outside, the
//! customer's inside.
//!
//! ```text
//! | Prio|D|        VLAN           | EtherType, or length          |   0
//! ```

use super::ethernet::{named, write_type};
use super::field::{Listener, Value, fields};
use super::{Hint, Name, View};
use crate::ink::Ink;
use crate::octets::{Octets, Why, be16};

#[derive(Clone, Copy, Debug)]
pub struct Vlan<'a> {
    header: &'a [u8; 4],
    tag: Tag,
}

/// Whose tag it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Tag {
    Customer,
    /// IEEE 802.1ad: the service that a provider sells.
    Service,
}

fields! {
    PRIORITY         = "vlan.priority", Number, "priority";
    DROP             = "vlan.dei", Flag, "may be dropped";
    ID               = "vlan.id", Number, "VLAN";
    TYPE             = "vlan.etype", Hex(4), "type";
    LEN              = "vlan.len", Number, "length";
    SERVICE_PRIORITY = "ieee8021ad.priority", Number, "priority";
    SERVICE_DROP     = "ieee8021ad.dei", Number, "may be dropped";
    SERVICE_ID       = "ieee8021ad.id", Number, "VLAN";
}

impl Vlan<'_> {
    pub fn id(self) -> u16 {
        be16(self.header, 0) & 0x0fff
    }

    /// 0 to 7; 1 is the lowest, 0 is best effort.
    pub fn priority(self) -> u8 {
        self.header[0] >> 5
    }

    /// Whether the frame may be dropped before others.
    pub fn may_be_dropped(self) -> bool {
        self.header[0] & 0x10 != 0
    }

    fn type_or_length(self) -> u16 {
        be16(self.header, 2)
    }
}

impl<'a> View<'a> for Vlan<'a> {
    const NAMES: &'static [Name] = &[
        Name { key: "vlan", words: "VLAN" },
        Name { key: "ieee8021ad", words: "provider VLAN" },
    ];
    const FIELDS: &'static [&'static super::field::Field] = FIELDS;

    fn read(hint: Hint, octets: Octets<'a>) -> Result<(Self, Hint, Octets<'a>), Why> {
        let (header, rest) = octets.header()?;
        let tag = if hint == Hint::Ether(0x88a8) { Tag::Service } else { Tag::Customer };
        let vlan = Self { header, tag };
        Ok(match vlan.type_or_length() {
            length @ ..=1500 => (vlan, Hint::Llc, rest.limit(length.into())),
            ethertype => (vlan, Hint::Ether(ethertype), rest),
        })
    }

    fn name(&self) -> Name {
        Self::NAMES[usize::from(self.tag == Tag::Service)]
    }

    fn line(&self, ink: &mut Ink) {
        ink.number(self.id()).text(" ");
        match self.type_or_length() {
            length @ ..=1500 => ink.text("length ").number(length),
            ethertype => write_type(ethertype, ink),
        };
    }

    fn fields(&self, listener: &mut dyn Listener) {
        let drop = self.may_be_dropped();
        let (priority, id) = match self.tag {
            Tag::Customer => (&PRIORITY, &ID),
            Tag::Service => (&SERVICE_PRIORITY, &SERVICE_ID),
        };
        listener.field(priority, 0..0, Value::Number(self.priority().into()));
        match self.tag {
            Tag::Customer => listener.field(&DROP, 0..0, Value::Flag(drop)),
            Tag::Service => listener.field(&SERVICE_DROP, 0..0, Value::Number(drop.into())),
        }
        listener.field(id, 0..2, Value::Number(self.id().into()));
        match self.type_or_length() {
            length @ ..=1500 => listener.field(&LEN, 2..4, Value::Number(length.into())),
            ethertype => listener.field(&TYPE, 2..4, named(ethertype)),
        }
    }
}
