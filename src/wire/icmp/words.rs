//! What the types and codes are called (RFC 792 and IANA's list of ICMP parameters).

use super::super::field::Value;

pub(super) fn type_name(kind: u8) -> Option<&'static str> {
    Some(match kind {
        0 => "echo reply",
        3 => "destination unreachable",
        4 => "source quench",
        5 => "redirect",
        6 => "alternate host address",
        8 => "echo request",
        9 => "router advertisement",
        10 => "router solicitation",
        11 => "time exceeded",
        12 => "parameter problem",
        13 => "timestamp request",
        14 => "timestamp reply",
        15 => "information request",
        16 => "information reply",
        17 => "address mask request",
        18 => "address mask reply",
        30 => "traceroute",
        31 => "datagram conversion error",
        32 => "mobile host redirect",
        33 => "IPv6 where-are-you",
        34 => "IPv6 I-am-here",
        35 => "mobile registration request",
        36 => "mobile registration reply",
        37 => "domain name request",
        38 => "domain name reply",
        39 => "SKIP",
        40 => "Photuris",
        41 => "experimental mobility",
        42 => "extended echo request",
        43 => "extended echo reply",
        253 | 254 => "experiment",
        _ => return None,
    })
}

pub(super) fn code_name(kind: u8, code: u8) -> Option<&'static str> {
    Some(match (kind, code) {
        (3, 0) => "network unreachable",
        (3, 1) => "host unreachable",
        (3, 2) => "protocol unreachable",
        (3, 3) => "port unreachable",
        (3, 4) => "fragmentation needed",
        (3, 5) => "source route failed",
        (3, 6) => "destination network unknown",
        (3, 7) => "destination host unknown",
        (3, 8) => "source host isolated",
        (3, 9) => "network administratively prohibited",
        (3, 10) => "host administratively prohibited",
        (3, 11) => "network unreachable for this type of service",
        (3, 12) => "host unreachable for this type of service",
        // RFC 1812 §5.2.7.1.
        (3, 13) => "communication administratively prohibited",
        (3, 14) => "host precedence violation",
        (3, 15) => "precedence cutoff in effect",
        (5, 0) => "for the network",
        (5, 1) => "for the host",
        (5, 2) => "for the network and type of service",
        (5, 3) => "for the host and type of service",
        (9, 0) => "normal router",
        (9, 16) => "does not route common traffic",
        (11, 0) => "in transit",
        (11, 1) => "during reassembly",
        (12, 0) => "pointer says where",
        (12, 1) => "required option is missing",
        (12, 2) => "bad length",
        (40, 0) => "bad SPI",
        (40, 1) => "authentication failed",
        (40, 2) => "decompression failed",
        (40, 3) => "decryption failed",
        (40, 4) => "authentication needed",
        (40, 5) => "authorization needed",
        (43, 0) => "no error",
        (43, 1) => "malformed query",
        (43, 2) => "no such interface",
        (43, 3) => "no such table entry",
        (43, 4) => "several interfaces fit",
        _ => return None,
    })
}

pub(in super::super) fn named(number: u8, name: Option<&'static str>) -> Value<'static> {
    match name {
        Some(name) => Value::Named(number.into(), name),
        None => Value::Number(number.into()),
    }
}
