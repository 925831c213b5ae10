//! Which packets to tell, by field name; and in [`rule`], which records keep to their limits.
//!
//! The part of Wireshark's display-filter language that people type: presence, comparisons,
//! `contains`, `matches`, sets, CIDR, slices and `&` on numbers, joined by `and`, `or`, `not`. As in
//! Wireshark 4, `!=` holds when no occurrence of the field is equal, and `matches` ignores case.

mod parse;
pub mod rule;
mod test;
mod token;

use std::fmt;
use std::ops::Range;

use crate::flow::Seen;
use crate::wire::Packet;
use test::Test;

/// A compiled display filter.
#[derive(Debug)]
pub struct Filter {
    root: Node,
}

/// An expression over one packet.
#[derive(Debug)]
enum Node {
    And(Box<Node>, Box<Node>),
    Or(Box<Node>, Box<Node>),
    Not(Box<Node>),
    Test(Test),
}

impl Filter {
    /// Compiles an expression.
    pub fn new(expression: &str) -> Result<Self, Error> {
        match parse::expression(expression) {
            Ok(root) => Ok(Self { root }),
            Err(Complaint { at, what }) => {
                Err(Error { of: "display filter", expression: expression.to_owned(), at, what })
            }
        }
    }

    /// `seen` is what the packet is to its conversation.
    pub fn admits(&self, packet: &Packet<'_>, seen: &Seen<'_>) -> bool {
        self.root.holds(packet, seen)
    }
}

impl Node {
    fn holds(&self, packet: &Packet<'_>, seen: &Seen<'_>) -> bool {
        match self {
            Self::And(one, other) => one.holds(packet, seen) && other.holds(packet, seen),
            Self::Or(one, other) => one.holds(packet, seen) || other.holds(packet, seen),
            Self::Not(one) => !one.holds(packet, seen),
            Self::Test(test) => test.holds(packet, seen),
        }
    }
}

/// What is wrong with an expression, and where.
#[derive(Debug)]
pub struct Error {
    /// What was typed.
    of: &'static str,
    expression: String,
    at: Range<usize>,
    what: String,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let before = self.expression[..self.at.start].chars().count();
        let under = self.expression[self.at.clone()].chars().count().max(1);
        let shown: String =
            self.expression.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        writeln!(f, "{}: {}", self.of, self.what)?;
        writeln!(f, "    {shown}")?;
        write!(f, "    {}{}", " ".repeat(before), "^".repeat(under))
    }
}

impl std::error::Error for Error {}

/// What is wrong, in terms of octets of the expression.
struct Complaint {
    at: Range<usize>,
    what: String,
}

impl Complaint {
    fn new(at: Range<usize>, what: impl Into<String>) -> Self {
        Self { at, what: what.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::octets::Octets;
    use crate::timeline::{Frame, Timestamp};

    /// A TCP SYN from 10.0.0.1:1234 to 192.168.0.2:80.
    const SYN: [u8; 54] = [
        0, 0, 0, 0, 0, 2, 0, 0x1b, 0x21, 0, 0, 1, 8, 0, //
        0x45, 0, 0, 40, 0, 1, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 1, 192, 168, 0, 2, //
        4, 210, 0, 80, 0, 0, 0, 7, 0, 0, 0, 0, 0x50, 2, 250, 240, 0, 0, 0, 0,
    ];

    fn admits(expression: &str) -> bool {
        let filter = Filter::new(expression).unwrap_or_else(|error| panic!("{error}"));
        let octets = Octets::whole(&SYN);
        let time = Timestamp(1_700_000_000_500_000_000);
        let frame = Frame { number: 7, time, link: 1, interface: 0, comment: &[], octets };
        filter.admits(&Packet::dissect(frame), &Seen::default())
    }

    #[test]
    fn what_holds_is_admitted() {
        for expression in [
            "tcp",
            "ip.src",
            "tcp.port == 80",
            "tcp.srcport==1234 and not udp",
            "ip.addr == 10.0.0.0/8",
            "ip.addr ne 11.0.0.0/8",
            "tcp.flags.syn == 1",
            "tcp.flags & 0x02",
            "tcp.flags & 0x12 == 2",
            "tcp.port in {22, 80..90}",
            "eth.src[0:3] == 00:1b:21",
            "eth.src == 00:1b:21:00:00:01",
            "frame contains 1b:21",
            "frame.number >= 7 && frame.len < 60",
            "!(udp or ipv6)",
            "tcp[13] == 02",
            "frame.time_epoch > \"2023-11-14T00:00:00Z\"",
            "frame.protocols == \"eth:ip:tcp\"",
            "tcp.flags.str matches \"^s$\"",
            "ip.ttl le 0x40",
            "ip.src[-1:] == 01",
            "ip.proto == \"tcp\"",
        ] {
            assert!(admits(expression), "{expression}");
        }
    }

    #[test]
    fn what_does_not_hold_is_not() {
        for expression in [
            "udp",
            "tcp.port == 81",
            "ip.addr != 10.0.0.1",
            "tcp.flags.ack == 1",
            "not tcp",
            "tcp.flags & 0x10",
            "tcp.port in {81..90}",
            "frame contains \"GET\"",
            "ip.src == 10.0.0.1 and udp.port == 53",
            "eth.src[0:2] == 00:1c",
        ] {
            assert!(!admits(expression), "{expression}");
        }
    }

    #[test]
    fn an_error_points_at_its_place_and_names_the_nearest_field() {
        let error = |expression: &str| Filter::new(expression).expect_err("an error").to_string();
        assert_eq!(
            error("ip and tcp.prot == 80"),
            "display filter: no field is called \"tcp.prot\"; the nearest is \"tcp.port\"\n    ip and tcp.prot == 80\n           ^^^^^^^^"
        );
        assert!(error("tcp.port == eighty").ends_with("            ^^^^^^"));
        for expression in [
            "",
            "tcp.port ==",
            "(tcp",
            "tcp)",
            "tcp udp",
            "tcp.port in {80",
            "ip.src == 10.0.0.0/33",
            "tcp.flags.str matches \"(\"",
            "frame contains \"x",
            "tcp.flags.syn == 2",
            "$",
        ] {
            assert!(error(expression).contains('^'), "{expression}");
        }
    }

    #[test]
    fn no_expression_exhausts_the_stack() {
        assert!(Filter::new(&"(".repeat(100_000)).is_err());
        assert!(Filter::new(&"!".repeat(100_000)).is_err());
    }
}
