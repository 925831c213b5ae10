//! ARP and RARP: which hardware address has this protocol address, or the other way (RFC 826).
//!
//! ```text
//! |         Hardware type         |         Protocol type         |   0
//! | Hardware size | Protocol size |           Operation           |   4
//! |  Sender's hardware and protocol address, target's likewise ...    8
//! ```

use super::ethernet;
use super::field::{Field, Listener, Mac, Value, fields};
use super::{Hint, Name, View};
use crate::ink::Ink;
use crate::octets::{Octets, Why, be16};

#[derive(Clone, Copy, Debug)]
pub struct Arp<'a> {
    header: &'a [u8; 8],
    addresses: Octets<'a>,
}

fields! {
    HARDWARE        = "arp.hw.type", Number, "hardware type";
    PROTOCOL        = "arp.proto.type", Hex(4), "protocol type";
    HARDWARE_SIZE   = "arp.hw.size", Number, "hardware size";
    PROTOCOL_SIZE   = "arp.proto.size", Number, "protocol size";
    OPERATION       = "arp.opcode", Number, "operation";
    GRATUITOUS      = "arp.isgratuitous", Flag, "gratuitous";
    PROBE           = "arp.isprobe", Flag, "probe";
    ANNOUNCEMENT    = "arp.isannouncement", Flag, "announcement";
    SENDER_MAC      = "arp.src.hw_mac", Mac, "sender's hardware address";
    SENDER_HARDWARE = "arp.src.hw", Octets, "sender's hardware address";
    SENDER_IPV4     = "arp.src.proto_ipv4", Address, "sender's address";
    SENDER_PROTOCOL = "arp.src.proto", Octets, "sender's address";
    TARGET_MAC      = "arp.dst.hw_mac", Mac, "target's hardware address";
    TARGET_HARDWARE = "arp.dst.hw", Octets, "target's hardware address";
    TARGET_IPV4     = "arp.dst.proto_ipv4", Address, "target's address";
    TARGET_PROTOCOL = "arp.dst.proto", Octets, "target's address";
}

/// What a message means to those who hear it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Meaning {
    /// Who has the target's address?
    Request,
    /// The sender has its address.
    Reply,
    /// RFC 5227 §1.1: is anybody using the address that I want? The sender has none yet.
    Probe,
    /// RFC 5227 §1.1: from now on the address is mine.
    Announcement,
    /// An announcement in the form of a reply; takes over addresses after a failure.
    GratuitousReply,
    /// RFC 903: what is my own address?
    ReverseRequest,
    ReverseReply,
    /// RFC 2390: what address has this circuit?
    InverseRequest,
    InverseReply,
    Other(u16),
}

impl<'a> Arp<'a> {
    pub fn hardware_type(self) -> u16 {
        be16(self.header, 0)
    }

    /// An `EtherType`.
    pub fn protocol_type(self) -> u16 {
        be16(self.header, 2)
    }

    pub fn operation(self) -> u16 {
        be16(self.header, 6)
    }

    /// As long as the message says that hardware addresses are.
    pub fn sender_hardware(self) -> &'a [u8] {
        self.address(0)
    }

    pub fn sender(self) -> &'a [u8] {
        self.address(1)
    }

    pub fn target_hardware(self) -> &'a [u8] {
        self.address(2)
    }

    pub fn target(self) -> &'a [u8] {
        self.address(3)
    }

    pub fn meaning(self) -> Meaning {
        let to_itself = self.sender() == self.target() && !self.target().is_empty();
        match self.operation() {
            1 if !self.sender().is_empty() && is_zero(self.sender()) && !to_itself => Meaning::Probe,
            1 if to_itself => Meaning::Announcement,
            1 => Meaning::Request,
            2 if to_itself => Meaning::GratuitousReply,
            2 => Meaning::Reply,
            3 => Meaning::ReverseRequest,
            4 => Meaning::ReverseReply,
            8 => Meaning::InverseRequest,
            9 => Meaning::InverseReply,
            other => Meaning::Other(other),
        }
    }

    /// Whether the sizes promise more octets than were sent.
    fn is_short(self) -> bool {
        self.place(3).1 > self.addresses.len()
    }

    /// The first, second, third or fourth address.
    fn address(self, place: usize) -> &'a [u8] {
        let (from, to) = self.place(place);
        self.addresses.kept().get(from..to).unwrap_or(&[])
    }

    /// Where an address begins and ends, counted from the first.
    fn place(self, place: usize) -> (usize, usize) {
        let (hardware, protocol) = (usize::from(self.header[4]), usize::from(self.header[5]));
        let from = place.div_ceil(2) * hardware + place / 2 * protocol;
        (from, from + if place.is_multiple_of(2) { hardware } else { protocol })
    }
}

impl<'a> View<'a> for Arp<'a> {
    const NAMES: &'static [Name] =
        &[Name { key: "arp", words: "ARP" }, Name { key: "arp", words: "RARP" }];
    const FIELDS: &'static [&'static Field] = FIELDS;

    /// RFC 2225 §8.7 gives ATM's messages another layout under the same `EtherType`.
    fn claims(_: Hint, octets: Octets<'a>) -> bool {
        !matches!(octets.kept(), [0, 19, ..])
    }

    fn read(_: Hint, octets: Octets<'a>) -> Result<(Self, Hint, Octets<'a>), Why> {
        let (header, rest) = octets.header::<8>()?;
        let len = 2 * (usize::from(header[4]) + usize::from(header[5]));
        // Where the sizes lie, the addresses are anybody's guess, yet the header is not.
        let (addresses, rest) = match rest.part(len) {
            Some((addresses, rest)) => (addresses, rest.limit(0)),
            None => (rest.limit(0), rest),
        };
        Ok((Self { header, addresses }, Hint::End, rest))
    }

    fn name(&self) -> Name {
        Self::NAMES[usize::from(matches!(self.operation(), 3 | 4))]
    }

    fn line(&self, ink: &mut Ink) {
        if self.is_short() {
            ink.text("operation ").number(self.operation());
            ink.text(" with addresses of ").number(self.header[4]).text(" and ");
            ink.number(self.header[5]).text(" octets, more than there are");
            return;
        }
        if self.addresses.is_cut() {
            ink.ellipsis();
            return;
        }
        let target = |ink: &mut Ink| self.write_protocol(self.target(), ink);
        let sender = |ink: &mut Ink| self.write_protocol(self.sender(), ink);
        match self.meaning() {
            Meaning::Request => {
                ink.text("who has ");
                target(ink);
                ink.text("? tell ");
                sender(ink);
            }
            Meaning::Reply | Meaning::GratuitousReply => {
                sender(ink);
                ink.text(" is at ");
                write_hardware(self.sender_hardware(), ink);
                if self.meaning() == Meaning::GratuitousReply {
                    ink.text(" (gratuitous reply)");
                }
            }
            Meaning::Probe => {
                ink.text("is anyone using ");
                target(ink);
                ink.text("? (probe)");
            }
            Meaning::Announcement => {
                sender(ink);
                ink.text(" is now at ");
                write_hardware(self.sender_hardware(), ink);
                ink.text(" (announcement)");
            }
            Meaning::ReverseRequest | Meaning::InverseRequest => {
                ink.text("who is ");
                write_hardware(self.target_hardware(), ink);
                ink.text("? tell ");
                write_hardware(self.sender_hardware(), ink);
            }
            Meaning::ReverseReply => {
                write_hardware(self.target_hardware(), ink);
                ink.text(" is ");
                target(ink);
            }
            Meaning::InverseReply => {
                write_hardware(self.sender_hardware(), ink);
                ink.text(" is ");
                sender(ink);
            }
            Meaning::Other(operation) => _ = ink.text("operation ").number(operation),
        }
    }

    fn fields(&self, listener: &mut dyn Listener) {
        let hardware = match hardware_name(self.hardware_type()) {
            Some(name) => Value::Named(self.hardware_type().into(), name),
            None => Value::Number(self.hardware_type().into()),
        };
        listener.field(&HARDWARE, 0..2, hardware);
        listener.field(&PROTOCOL, 2..4, ethernet::named(self.protocol_type()));
        listener.field(&HARDWARE_SIZE, 4..5, Value::Number(self.header[4].into()));
        listener.field(&PROTOCOL_SIZE, 5..6, Value::Number(self.header[5].into()));
        listener.field(&OPERATION, 6..8, named_operation(self.operation()));
        if self.is_short() {
            return;
        }
        if !self.addresses.is_cut() {
            self.tell_meaning(listener);
        }
        for (place, known, other) in [
            (0, &SENDER_MAC, &SENDER_HARDWARE),
            (1, &SENDER_IPV4, &SENDER_PROTOCOL),
            (2, &TARGET_MAC, &TARGET_HARDWARE),
            (3, &TARGET_IPV4, &TARGET_PROTOCOL),
        ] {
            let (from, to) = self.place(place);
            let octets = self.address(place);
            if octets.is_empty() {
                continue;
            }
            let (field, value) = match *octets {
                [a, b, c, d, e, f] if place.is_multiple_of(2) && self.has_macs() => {
                    (known, Value::Mac(Mac([a, b, c, d, e, f])))
                }
                [a, b, c, d] if !place.is_multiple_of(2) && self.is_ipv4() => {
                    (known, Value::Address([a, b, c, d].into()))
                }
                _ => (other, Value::Octets(octets)),
            };
            listener.field(field, 8 + from..8 + to, value);
        }
    }
}

impl Arp<'_> {
    fn has_macs(self) -> bool {
        matches!(self.hardware_type(), 1 | 6)
    }

    fn is_ipv4(self) -> bool {
        self.protocol_type() == 0x0800
    }

    /// The flags are told where they are set, as in Wireshark. Its probe and its announcement have
    /// a target hardware address of zero, which RFC 5227 §1.1 recommends and some senders forget.
    fn tell_meaning(self, listener: &mut dyn Listener) {
        let (zero, meaning) = (is_zero(self.target_hardware()), self.meaning());
        let to_itself = matches!(meaning, Meaning::Announcement | Meaning::GratuitousReply);
        for (field, holds) in [
            (&GRATUITOUS, to_itself),
            (&PROBE, zero && meaning == Meaning::Probe),
            (&ANNOUNCEMENT, zero && meaning == Meaning::Announcement),
        ] {
            if holds {
                listener.field(field, 8..8, Value::Flag(true));
            }
        }
    }

    fn write_protocol(self, octets: &[u8], ink: &mut Ink) {
        match *octets {
            [a, b, c, d] if self.is_ipv4() => _ = ink.address([a, b, c, d]),
            _ => _ = ink.text("0x").hex_octets(octets),
        }
    }
}

fn write_hardware(octets: &[u8], ink: &mut Ink) {
    match *octets {
        [a, b, c, d, e, f] => _ = ink.mac([a, b, c, d, e, f]),
        _ => _ = ink.text("0x").hex_octets(octets),
    }
}

fn is_zero(address: &[u8]) -> bool {
    address.iter().all(|octet| *octet == 0)
}

fn named_operation(operation: u16) -> Value<'static> {
    let name = match operation {
        1 => "request",
        2 => "reply",
        3 => "reverse request",
        4 => "reverse reply",
        5 => "DRARP request",
        6 => "DRARP reply",
        7 => "DRARP error",
        8 => "inverse request",
        9 => "inverse reply",
        10 => "negative reply",
        _ => return Value::Number(operation.into()),
    };
    Value::Named(operation.into(), name)
}

/// IANA's hardware types, and those that Linux gives its interfaces.
pub(crate) fn hardware_name(number: u16) -> Option<&'static str> {
    Some(match number {
        0 => "reserved",
        1 => "Ethernet",
        3 => "AX.25",
        6 => "IEEE 802",
        7 => "ARCNET",
        15 => "frame relay",
        16 | 19 => "ATM",
        18 => "Fibre Channel",
        20 => "serial line",
        24 => "IEEE 1394",
        27 => "EUI-64",
        32 => "InfiniBand",
        256 => "SLIP",
        280 => "CAN",
        512 => "PPP",
        513 => "Cisco HDLC",
        519 => "raw IP",
        768 => "IP tunnel",
        769 => "IPv6 tunnel",
        770 => "frame relay access device",
        772 => "loopback",
        774 => "FDDI",
        776 => "IPv6 in IPv4",
        778 => "GRE",
        801 => "802.11",
        802 => "802.11 with Prism header",
        803 => "802.11 with radiotap header",
        804 => "IEEE 802.15.4",
        823 => "GRE over IPv6",
        824 => "netlink",
        826 => "virtual socket",
        0xfffe => "none",
        _ => return None,
    })
}
