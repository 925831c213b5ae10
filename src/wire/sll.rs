//! Linux cooked captures, version 1: what Linux knows of a frame when the capture listens on every
//! interface at once. Only the sender's link address is known.
//!
//! ```text
//! |          Packet type          |         Hardware type         |   0
//! |        Address length         |                                   4
//! |           Address, padded to eight octets                     |   6
//! |           Protocol            |                                  14
//! ```

use super::arp::hardware_name;
use super::ethernet;
use super::field::{Field, Listener, Mac, Value, fields};
use super::{Hint, Name, View};
use crate::ink::Ink;
use crate::octets::{Octets, Why, be16};

#[derive(Clone, Copy, Debug)]
pub struct Sll<'a> {
    header: &'a [u8; 16],
}

fields! {
    PACKET    = "sll.pkttype", Number, "packet type";
    HARDWARE  = "sll.hatype", Number, "hardware type";
    SIZE      = "sll.halen", Number, "address length";
    MAC       = "sll.src.eth", Mac, "source";
    IPV4      = "sll.src.ipv4", Address, "source";
    OTHER     = "sll.src.other", Octets, "source";
    UNUSED    = "sll.unused", Octets, "unused";
    TYPE      = "sll.etype", Hex(4), "type";
    PSEUDO    = "sll.ltype", Hex(4), "protocol";
    GRE       = "sll.gretype", Hex(4), "type";
    INTERFACE = "sll.ifindex", Number, "interface";
}

impl Sll<'_> {
    /// 0 to us, 1 to all, 2 to a group, 3 to another host, 4 from us.
    pub fn packet_type(self) -> u16 {
        be16(self.header, 0)
    }

    pub fn hardware_type(self) -> u16 {
        be16(self.header, 2)
    }

    /// The sender's address where it is a MAC.
    pub fn source(self) -> Option<Mac> {
        let [.., a, b, c, d, e, f, _, _, _, _] = *self.header;
        (be16(self.header, 4) == 6).then_some(Mac([a, b, c, d, e, f]))
    }
}

impl<'a> View<'a> for Sll<'a> {
    const NAMES: &'static [Name] = &[Name { key: "sll", words: "cooked" }];
    const FIELDS: &'static [&'static Field] = FIELDS;

    fn read(_: Hint, octets: Octets<'a>) -> Result<(Self, Hint, Octets<'a>), Why> {
        let (header, rest) = octets.header()?;
        let sll = Self { header };
        Ok((sll, next(sll.hardware_type(), be16(header, 14)), rest))
    }

    fn line(&self, ink: &mut Ink) {
        line(self.packet_type(), self.hardware_type(), be16(self.header, 14), ink);
    }

    fn fields(&self, listener: &mut dyn Listener) {
        let (size, hardware) = (be16(self.header, 4), self.hardware_type());
        listener.field(&PACKET, 0..2, named_packet(self.packet_type()));
        listener.field(&HARDWARE, 2..4, named_hardware(hardware));
        listener.field(&SIZE, 4..6, Value::Number(size.into()));
        tell_address(&self.header[6..14], 6, size.into(), listener);
        let (field, value) = protocol(hardware, be16(self.header, 14));
        listener.field(field, 14..16, value);
    }
}

/// What follows, by hardware type and protocol.
///
/// The protocol is an `EtherType`, but for numbers below 1536 and for interfaces whose frames
/// have no such thing.
pub(super) fn next(hardware: u16, protocol: u16) -> Hint {
    match (hardware, protocol) {
        // Netlink's families; 802.11 with its own headers; frame relay.
        (770 | 802 | 803 | 824, _) => Hint::End,
        // The Linux kernel's ETH_P_802_2.
        (_, 0x0004) => Hint::Llc,
        (_, ethertype @ 1536..) => Hint::Ether(ethertype),
        _ => Hint::End,
    }
}

pub(super) fn line(packet: u16, hardware: u16, protocol: u16, ink: &mut Ink) {
    if let Some(name) = packet_name(packet) {
        ink.text(name).text(" ");
    }
    match (hardware_name(hardware), pseudo_name(protocol)) {
        (_, Some(name)) => ink.text(name),
        _ if protocol >= 1536 => ethernet::write_type(protocol, ink),
        (Some(name), None) => ink.text(name).text(" protocol 0x").hex(protocol.into(), 4),
        (None, None) => ink.text("protocol 0x").hex(protocol.into(), 4),
    };
}

/// Tells the address field, which has room for eight octets whatever the address needs.
pub(super) fn tell_address(octets: &[u8], at: usize, size: usize, listener: &mut dyn Listener) {
    let Some((address, unused)) = octets.split_at_checked(size.min(octets.len())) else { return };
    let (middle, end) = (at + address.len(), at + octets.len());
    match *address {
        [] => {}
        [a, b, c, d] => {
            listener.field(&IPV4, at..middle, Value::Address([a, b, c, d].into()));
        }
        [a, b, c, d, e, f] => {
            listener.field(&MAC, at..middle, Value::Mac(Mac([a, b, c, d, e, f])));
        }
        _ => listener.field(&OTHER, at..middle, Value::Octets(address)),
    }
    if !unused.is_empty() {
        listener.field(&UNUSED, middle..end, Value::Octets(unused));
    }
}

pub(super) fn protocol(hardware: u16, protocol: u16) -> (&'static Field, Value<'static>) {
    match (hardware, pseudo_name(protocol)) {
        (778 | 823, _) => (&GRE, ethernet::named(protocol)),
        (_, Some(name)) => (&PSEUDO, Value::Named(protocol.into(), name)),
        (824, None) => (&PSEUDO, Value::Number(protocol.into())),
        _ if protocol >= 1536 => (&TYPE, ethernet::named(protocol)),
        _ => (&PSEUDO, Value::Number(protocol.into())),
    }
}

pub(super) fn named_hardware(number: u16) -> Value<'static> {
    match hardware_name(number) {
        Some(name) => Value::Named(number.into(), name),
        None => Value::Number(number.into()),
    }
}

pub(super) fn named_packet(number: u16) -> Value<'static> {
    match packet_name(number) {
        Some(name) => Value::Named(number.into(), name),
        None => Value::Number(number.into()),
    }
}

fn packet_name(number: u16) -> Option<&'static str> {
    Some(match number {
        0 => "to us",
        1 => "to all",
        2 => "to a group",
        3 => "to another host",
        4 => "from us",
        _ => return None,
    })
}

/// The Linux kernel's protocols that are no `EtherType`s.
fn pseudo_name(protocol: u16) -> Option<&'static str> {
    Some(match protocol {
        0x0001 => "802.3 without 802.2",
        0x0003 => "every protocol",
        0x0004 => "802.2",
        0x0006 => "WAN PPP",
        0x0007 => "PPP",
        0x0009 => "LocalTalk",
        0x000c => "CAN",
        0x000d => "CAN FD",
        0x0017 => "IrDA",
        0x00f5 => "IEEE 802.15.4",
        0x00fb => "802.11",
        _ => return None,
    })
}
