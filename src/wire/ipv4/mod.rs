//! IPv4 headers (RFC 791).
//!
//! ```text
//! |Version|  IHL  |    DSCP   |ECN|          Total length         |   0
//! |         Identification        |Flags|     Fragment offset     |   4
//! |      TTL      |    Protocol   |        Header checksum        |   8
//! |                          Source address                       |  12
//! |                       Destination address                     |  16
//! ```

mod option;

use std::net::Ipv4Addr;

use super::field::{Listener, Value, fields};
use super::{Hint, Name, View};
use crate::ink::Ink;
use crate::octets::{Octets, Why, be16, be32};

#[derive(Clone, Copy, Debug)]
pub struct Ipv4<'a> {
    header: &'a [u8; 20],
    options: &'a [u8],
    payload: Octets<'a>,
}

fields! {
    VERSION     = "ip.version", Number, "version";
    HEADER_LEN  = "ip.hdr_len", Number, "header length";
    DS          = "ip.dsfield", Hex(2), "differentiated services";
    DSCP        = "ip.dsfield.dscp", Number, "DSCP";
    ECN         = "ip.dsfield.ecn", Number, "ECN";
    LEN         = "ip.len", Number, "total length";
    ID          = "ip.id", Hex(4), "identification";
    FLAGS       = "ip.flags", Hex(2), "flags";
    RESERVED    = "ip.flags.rb", Flag, "reserved bit";
    DONT        = "ip.flags.df", Flag, "don't fragment";
    MORE        = "ip.flags.mf", Flag, "more fragments";
    OFFSET      = "ip.frag_offset", Number, "fragment offset / 8";
    TTL         = "ip.ttl", Number, "time to live";
    PROTOCOL    = "ip.proto", Number, "protocol";
    CHECKSUM    = "ip.checksum", Hex(4), "header checksum";
    SOURCE      = "ip.src" | "ip.addr", Address, "source";
    DESTINATION = "ip.dst" | "ip.addr", Address, "destination";
}

impl<'a> Ipv4<'a> {
    pub fn header_len(self) -> usize {
        usize::from(self.header[0] & 0x0f) * 4
    }

    /// As written; 0 where segmentation offload left it out.
    pub fn total_len(self) -> usize {
        be16(self.header, 2).into()
    }

    pub fn id(self) -> u16 {
        be16(self.header, 4)
    }

    pub fn has_more_fragments(self) -> bool {
        self.header[6] & 0x20 != 0
    }

    pub fn may_be_fragmented(self) -> bool {
        self.header[6] & 0x40 == 0
    }

    /// In octets. Only the fragment at offset zero carries a transport header.
    pub fn fragment_offset(self) -> usize {
        usize::from(be16(self.header, 6) & 0x1fff) * 8
    }

    pub fn is_fragment(self) -> bool {
        self.has_more_fragments() || self.fragment_offset() > 0
    }

    pub fn ttl(self) -> u8 {
        self.header[8]
    }

    pub fn protocol(self) -> u8 {
        self.header[9]
    }

    pub fn source(self) -> Ipv4Addr {
        be32(self.header, 12).into()
    }

    pub fn destination(self) -> Ipv4Addr {
        be32(self.header, 16).into()
    }

    pub fn payload(self) -> Octets<'a> {
        self.payload
    }

    /// Whether the destination is the last one: no source route still leads elsewhere.
    pub fn goes_straight(self) -> bool {
        // RFC 791 §3.1: the route is used up once the pointer lies beyond the length.
        !option::each(self.options).any(|option| {
            matches!((option.kind, option.content), (131 | 137, [pointer, ..])
                if usize::from(*pointer) <= option.content.len() + 2)
        })
    }

    /// Whether the header tells more octets than the frame brought.
    pub fn is_overlong(self) -> bool {
        self.total_len() > self.header_len() + self.payload.len()
    }

    /// The header's octets, options included.
    pub fn header(self) -> (&'a [u8; 20], &'a [u8]) {
        (self.header, self.options)
    }
}

impl<'a> View<'a> for Ipv4<'a> {
    const NAMES: &'static [Name] = &[Name { key: "ip", words: "IPv4" }];
    const FIELDS: &'static [&'static super::field::Field] = option::WITH_OPTIONS;

    /// A capture of IPv4 alone may hold IPv6 all the same; Wireshark reads it too.
    fn claims(hint: Hint, octets: Octets<'a>) -> bool {
        !matches!(hint, Hint::Link(228)) || !matches!(octets.kept(), [0x60..=0x6f, ..])
    }

    fn read(_: Hint, octets: Octets<'a>) -> Result<(Self, Hint, Octets<'a>), Why> {
        let (header, _) = octets.header::<20>()?;
        let mut ipv4 = Self { header, options: &[], payload: octets };
        if header[0] >> 4 != 4 {
            return Err(Why::Malformed("version is not 4"));
        }
        if ipv4.header_len() < 20 {
            return Err(Why::Malformed("header length below 20"));
        }
        // A total length of 0 is left by segmentation offload, where the capture sees the segment
        // before the card has cut it up; the frame itself then says how long the packet is.
        let total_len = match ipv4.total_len() {
            0 => octets.len(),
            short if short < ipv4.header_len() => {
                return Err(Why::Malformed("total length below header length"));
            }
            told => told,
        };
        let (whole, rest) = octets.limit(total_len).split(ipv4.header_len())?;
        (ipv4.options, ipv4.payload) = (&whole[20..], rest);
        let hint = if ipv4.is_fragment() { Hint::End } else { Hint::Ip(ipv4.protocol()) };
        Ok((ipv4, hint, rest))
    }

    fn line(&self, ink: &mut Ink) {
        if self.is_fragment() {
            ink.text("fragment id 0x").hex(self.id().into(), 4);
            ink.text(" octets ").count(self.fragment_offset());
            ink.text("+").count(self.payload.len());
            ink.text(if self.has_more_fragments() { " more follow" } else { " last" });
            ink.text(" of ");
        }
        match protocol_name(self.protocol()) {
            Some(name) => ink.text(name),
            None => ink.text("protocol ").number(self.protocol()),
        };
        if !self.is_fragment() {
            ink.text(" len ").count(self.payload.len());
        }
    }

    fn fields(&self, listener: &mut dyn Listener) {
        let flags = self.header[6] & 0xe0;
        listener.field(&VERSION, 0..0, Value::Number((self.header[0] >> 4).into()));
        listener.field(&HEADER_LEN, 0..1, Value::Number(self.header_len() as u64));
        listener.open(&DS, 1..2, Value::Number(self.header[1].into()));
        listener.field(&DSCP, 1..2, Value::Number((self.header[1] >> 2).into()));
        listener.field(&ECN, 1..2, ecn(self.header[1] & 3));
        listener.close();
        listener.field(&LEN, 2..4, Value::Number(self.total_len() as u64));
        listener.field(&ID, 4..6, Value::Number(self.id().into()));
        listener.open(&FLAGS, 6..6, Value::Number(flags.into()));
        listener.field(&RESERVED, 6..6, Value::Flag(flags & 0x80 != 0));
        listener.field(&DONT, 6..6, Value::Flag(flags & 0x40 != 0));
        listener.field(&MORE, 6..6, Value::Flag(flags & 0x20 != 0));
        listener.close();
        listener.field(&OFFSET, 6..8, Value::Number(self.fragment_offset() as u64 / 8));
        listener.field(&TTL, 8..9, Value::Number(self.ttl().into()));
        listener.field(&PROTOCOL, 9..10, named_protocol(self.protocol()));
        listener.field(&CHECKSUM, 10..12, Value::Number(be16(self.header, 10).into()));
        listener.field(&SOURCE, 12..16, Value::Address(self.source().into()));
        listener.field(&DESTINATION, 16..20, Value::Address(self.destination().into()));
        option::fields(self.options, listener);
    }
}

/// RFC 3168 §5.
pub(crate) fn ecn(bits: u8) -> Value<'static> {
    let name = match bits {
        0 => "not ECN-capable",
        1 => "ECT(1)",
        2 => "ECT(0)",
        _ => "congestion experienced",
    };
    Value::Named(bits.into(), name)
}

pub(crate) fn named_protocol(number: u8) -> Value<'static> {
    match protocol_name(number) {
        Some(name) => Value::Named(number.into(), name),
        None => Value::Number(number.into()),
    }
}

/// The protocol's name as IANA's list has it, where an engineer would know it.
pub(crate) fn protocol_name(number: u8) -> Option<&'static str> {
    Some(match number {
        0 => "hop-by-hop options",
        1 => "ICMP",
        2 => "IGMP",
        4 => "IPv4",
        6 => "TCP",
        17 => "UDP",
        41 => "IPv6",
        43 => "routing header",
        44 => "fragment header",
        46 => "RSVP",
        47 => "GRE",
        50 => "ESP",
        51 => "AH",
        58 => "ICMPv6",
        59 => "no next header",
        60 => "destination options",
        88 => "EIGRP",
        89 => "OSPF",
        103 => "PIM",
        108 => "IPComp",
        112 => "VRRP",
        115 => "L2TP",
        132 => "SCTP",
        136 => "UDP-Lite",
        _ => return None,
    })
}
