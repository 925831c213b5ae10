//! IPv6 headers (RFC 8200 §3).
//!
//! ```text
//! |Version| Traffic class |              Flow label               |   0
//! |         Payload length        |  Next header  |   Hop limit   |   4
//! |                        Source address                         |   8
//! |                      Destination address                      |  24
//! ```

use std::net::Ipv6Addr;

use super::field::{Listener, Value, fields};
use super::ipv4::{ecn, named_protocol, protocol_name};
use super::{Hint, Name, View};
use crate::ink::Ink;
use crate::octets::{Octets, Why, be16, be32};

#[derive(Clone, Copy, Debug)]
pub struct Ipv6<'a> {
    header: &'a [u8; 40],
    payload: Octets<'a>,
}

fields! {
    VERSION     = "ipv6.version", Number, "version";
    CLASS       = "ipv6.tclass", Hex(2), "traffic class";
    DSCP        = "ipv6.tclass.dscp", Number, "DSCP";
    ECN         = "ipv6.tclass.ecn", Number, "ECN";
    FLOW        = "ipv6.flow", Hex(5), "flow label";
    LEN         = "ipv6.plen", Number, "payload length";
    NEXT        = "ipv6.nxt", Number, "next header";
    HOP_LIMIT   = "ipv6.hlim", Number, "hop limit";
    SOURCE      = "ipv6.src" | "ipv6.addr", Address, "source";
    DESTINATION = "ipv6.dst" | "ipv6.addr", Address, "destination";
}

impl<'a> Ipv6<'a> {
    pub fn traffic_class(self) -> u8 {
        (be16(self.header, 0) >> 4) as u8
    }

    pub fn flow_label(self) -> u32 {
        be32(self.header, 0) & 0x000f_ffff
    }

    /// As written; 0 in jumbograms and where segmentation offload left it out.
    pub fn payload_len(self) -> usize {
        be16(self.header, 4).into()
    }

    pub fn next_header(self) -> u8 {
        self.header[6]
    }

    pub fn hop_limit(self) -> u8 {
        self.header[7]
    }

    pub fn source(self) -> Ipv6Addr {
        self.address(8)
    }

    pub fn destination(self) -> Ipv6Addr {
        self.address(24)
    }

    /// Whether the header tells more octets than the frame brought.
    pub fn is_overlong(self) -> bool {
        self.payload_len() > self.payload.len()
    }

    pub fn payload(self) -> Octets<'a> {
        self.payload
    }

    fn address(self, at: usize) -> Ipv6Addr {
        let octets: [u8; 16] = std::array::from_fn(|i| self.header[at + i]);
        octets.into()
    }
}

impl<'a> View<'a> for Ipv6<'a> {
    const NAMES: &'static [Name] = &[Name { key: "ipv6", words: "IPv6" }];
    const FIELDS: &'static [&'static super::field::Field] = FIELDS;

    fn read(_: Hint, octets: Octets<'a>) -> Result<(Self, Hint, Octets<'a>), Why> {
        let (header, rest) = octets.header::<40>()?;
        if header[0] >> 4 != 6 {
            return Err(Why::Malformed("version is not 6"));
        }
        // RFC 2675 §3 and segmentation offload: 0 means that the frame says how long it is.
        let payload = match be16(header, 4) {
            0 if header[6] != 59 => rest,
            told => rest.limit(told.into()),
        };
        let ipv6 = Self { header, payload };
        Ok((ipv6, Hint::Ip(ipv6.next_header()), payload))
    }

    fn line(&self, ink: &mut Ink) {
        match protocol_name(self.next_header()) {
            Some(name) => ink.text(name),
            None => ink.text("next header ").number(self.next_header()),
        };
        ink.text(" len ").count(self.payload.len());
    }

    fn fields(&self, listener: &mut dyn Listener) {
        let class = self.traffic_class();
        listener.field(&VERSION, 0..0, Value::Number((self.header[0] >> 4).into()));
        listener.open(&CLASS, 0..0, Value::Number(class.into()));
        listener.field(&DSCP, 0..0, Value::Number((class >> 2).into()));
        listener.field(&ECN, 0..0, ecn(class & 3));
        listener.close();
        listener.field(&FLOW, 0..4, Value::Number(self.flow_label().into()));
        listener.field(&LEN, 4..6, Value::Number(self.payload_len() as u64));
        listener.field(&NEXT, 6..7, named_protocol(self.next_header()));
        listener.field(&HOP_LIMIT, 7..8, Value::Number(self.hop_limit().into()));
        listener.field(&SOURCE, 8..24, Value::Address(self.source().into()));
        listener.field(&DESTINATION, 24..40, Value::Address(self.destination().into()));
    }
}
