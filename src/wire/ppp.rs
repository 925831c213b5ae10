//! PPP frames (RFC 1661 §2), with the address and control octets of HDLC where they were kept
//! (RFC 1662 §3.1).
//!
//! ```text
//! |  Address: ff  |  Control: 03  |           Protocol            |   0
//! ```

use super::field::{Listener, Value, fields};
use super::{Hint, Name, View};
use crate::ink::Ink;
use crate::octets::{Octets, Why};

#[derive(Clone, Copy, Debug)]
pub struct Ppp<'a> {
    /// Which way the frame went, in link type 166.
    direction: Option<u8>,
    /// RFC 1661 §6.6: both ends may agree to leave these out.
    framing: Option<&'a [u8; 2]>,
    protocol: u16,
    /// How many octets the protocol takes: RFC 1661 §6.5 allows one.
    protocol_len: usize,
    payload: Octets<'a>,
}

fields! {
    DIRECTION = "ppp.direction", Number, "direction";
    ADDRESS   = "ppp.address", Hex(2), "address";
    CONTROL   = "ppp.control", Hex(2), "control";
    PROTOCOL  = "ppp.protocol", Hex(4), "protocol";
}

impl<'a> View<'a> for Ppp<'a> {
    const NAMES: &'static [Name] = &[Name { key: "ppp", words: "PPP" }];
    const FIELDS: &'static [&'static super::field::Field] = FIELDS;

    fn read(hint: Hint, octets: Octets<'a>) -> Result<(Self, Hint, Octets<'a>), Why> {
        let (direction, rest) = match hint {
            Hint::Link(166) => octets.header::<1>().map(|([first], rest)| (Some(*first), rest))?,
            _ => (None, octets),
        };
        let (framing, rest) = match rest.kept().first() {
            Some(0xff) => rest.header::<2>().map(|(framing, rest)| (Some(framing), rest))?,
            _ => (None, rest),
        };
        let (first, _) = rest.header::<1>()?;
        // RFC 1661 §2: the last octet is odd, the one before it even.
        let (protocol, protocol_len, payload) = if first[0] & 1 == 1 {
            let (short, payload) = rest.header::<1>()?;
            (short[0].into(), 1, payload)
        } else {
            let (long, payload) = rest.header::<2>()?;
            (u16::from_be_bytes(*long), 2, payload)
        };
        let hint = match protocol {
            0x0021 => Hint::Ether(0x0800),
            0x0057 => Hint::Ether(0x86dd),
            0x0281 | 0x0283 => Hint::Ether(0x8847),
            other => Hint::Ppp(other),
        };
        Ok((Self { direction, framing, protocol, protocol_len, payload }, hint, payload))
    }

    fn line(&self, ink: &mut Ink) {
        match protocol_name(self.protocol) {
            Some(name) => ink.text(name),
            None => ink.text("protocol 0x").hex(self.protocol.into(), 4),
        };
        // RFC 1661 §2: protocols from 8000 on control the link and the network layers above it.
        if self.protocol < 0x8000 {
            return;
        }
        match self.payload.kept() {
            [] if self.payload.is_cut() => _ = ink.ellipsis(),
            [code, ..] => {
                if let Some(name) = code_name(self.protocol, *code) {
                    ink.text(" ").text(name);
                }
            }
            [] => {}
        }
    }

    fn fields(&self, listener: &mut dyn Listener) {
        let mut at = 0;
        if let Some(direction) = self.direction {
            let name = if direction == 0 { "received" } else { "sent" };
            listener.field(&DIRECTION, 0..1, Value::Named(direction.into(), name));
            at += 1;
        }
        if let Some([address, control]) = self.framing {
            listener.field(&ADDRESS, at..at + 1, Value::Number((*address).into()));
            listener.field(&CONTROL, at + 1..at + 2, Value::Number((*control).into()));
            at += 2;
        }
        let protocol = match protocol_name(self.protocol) {
            Some(name) => Value::Named(self.protocol.into(), name),
            None => Value::Number(self.protocol.into()),
        };
        listener.field(&PROTOCOL, at..at + self.protocol_len, protocol);
    }
}

/// IANA's list, where an engineer would know the protocol.
fn protocol_name(protocol: u16) -> Option<&'static str> {
    Some(match protocol {
        0x0021 => "IPv4",
        0x0023 => "OSI",
        0x002b => "IPX",
        0x002d => "compressed TCP",
        0x002f => "uncompressed TCP",
        0x003d => "multilink",
        0x0057 => "IPv6",
        0x00fd => "compressed",
        0x0281 | 0x0283 => "MPLS",
        0x8021 => "IPCP",
        0x8023 => "OSINLCP",
        0x8057 => "IPV6CP",
        0x80fd => "CCP",
        0x8281 => "MPLSCP",
        0xc021 => "LCP",
        0xc023 => "PAP",
        0xc025 => "LQR",
        0xc223 => "CHAP",
        0xc227 => "EAP",
        _ => return None,
    })
}

/// RFC 1661 §5, RFC 1334 §2.2, RFC 1994 §4, RFC 3748 §4.
fn code_name(protocol: u16, code: u8) -> Option<&'static str> {
    Some(match (protocol, code) {
        (0xc023, 1) => "authenticate-request",
        (0xc023, 2) => "authenticate-ack",
        (0xc023, 3) => "authenticate-nak",
        (0xc223, 1) => "challenge",
        (0xc227, 1) => "request",
        (0xc223 | 0xc227, 2) => "response",
        (0xc223 | 0xc227, 3) => "success",
        (0xc223 | 0xc227, 4) => "failure",
        (0xc023 | 0xc025 | 0xc223 | 0xc227, _) => return None,
        (_, 1) => "configure-request",
        (_, 2) => "configure-ack",
        (_, 3) => "configure-nak",
        (_, 4) => "configure-reject",
        (_, 5) => "terminate-request",
        (_, 6) => "terminate-ack",
        (_, 7) => "code-reject",
        (0xc021, 8) => "protocol-reject",
        (0xc021, 9) => "echo-request",
        (0xc021, 10) => "echo-reply",
        (0xc021, 11) => "discard-request",
        _ => return None,
    })
}
