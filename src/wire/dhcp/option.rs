//! DHCP's options (RFC 2132 and the RFCs named at each).

use std::fmt::Write;
use std::net::Ipv4Addr;
use std::ops::Range;

use arrayvec::ArrayString;

use super::super::field::{Field, Listener, Mac, Value};
use super::super::arp::hardware_name;
use super::field::{self as name, OPTION};
use super::names;

/// The options in some octets, one after the other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Options<'a> {
    octets: &'a [u8],
    at: usize,
    ended: bool,
}

pub(super) enum Piece<'a> {
    Padding,
    End,
    Option { code: u8, content: &'a [u8] },
    /// The length lies; nothing behind it can be read.
    Broken { code: u8 },
}

impl<'a> Options<'a> {
    pub(super) fn new(octets: &'a [u8]) -> Self {
        Self { octets, at: 0, ended: false }
    }

    /// The content of the first option with this code.
    pub(super) fn find(mut self, wanted: u8) -> Option<&'a [u8]> {
        while let Some((_, piece)) = self.step() {
            match piece {
                Piece::Option { code, content } if code == wanted => return Some(content),
                Piece::End | Piece::Broken { .. } => return None,
                Piece::Option { .. } | Piece::Padding => {}
            }
        }
        None
    }

    /// The next piece and where it lies.
    pub(super) fn step(&mut self) -> Option<(Range<usize>, Piece<'a>)> {
        let left = self.octets.get(self.at..)?;
        let (len, piece) = match *left {
            [] => return None,
            _ if self.ended => (left.len(), Piece::Padding),
            [0, ..] => {
                let zeros = left.iter().take_while(|octet| **octet == 0).count();
                (zeros, Piece::Padding)
            }
            [255, ..] => (1, Piece::End),
            [code, len, ref rest @ ..] => match rest.get(..len.into()) {
                Some(content) => (2 + content.len(), Piece::Option { code, content }),
                None => (left.len(), Piece::Broken { code }),
            },
            [code] => (1, Piece::Broken { code }),
        };
        let from = self.at;
        self.at += len;
        self.ended |= matches!(piece, Piece::End);
        Some((from..self.at, piece))
    }
}

/// Tells the options in a part of the message.
pub(super) fn tell(message: &[u8], part: Range<usize>, listener: &mut dyn Listener) {
    let mut pieces = Options::new(&message[part.clone()]);
    while let Some((range, piece)) = pieces.step() {
        let (from, to) = (part.start + range.start, part.start + range.end);
        match piece {
            Piece::Padding => {
                listener.field(&name::PADDING, from..to, Value::Octets(&message[from..to]));
            }
            Piece::End => listener.field(&name::END, from..to, Value::Number(255)),
            Piece::Broken { code } => {
                listener.open(&OPTION, from..to, named(code));
                listener.field(&name::VALUE, from + 1..to, Value::Octets(&message[from + 1..to]));
                listener.close();
            }
            Piece::Option { code, content } => {
                listener.open(&OPTION, from..to, named(code));
                let len = Value::Number(content.len() as u64);
                listener.field(&name::LEN, from + 1..from + 2, len);
                tell_content(code, content, from + 2, listener);
                listener.close();
            }
        }
    }
}

/// What an option's content is made of.
#[derive(Clone, Copy)]
enum Shape {
    Addresses,
    Flag,
    Octets,
    /// Numbers of so many octets each.
    Numbers(usize),
    Text,
    /// Something that only this option has.
    Own(fn(&[u8], usize, &mut dyn Listener)),
}

fn tell_content(code: u8, content: &[u8], at: usize, listener: &mut dyn Listener) {
    let Some((field, shape)) = known(code) else { return tell_octets(content, at, listener) };
    let end = at + content.len();
    match (shape, content) {
        (Shape::Own(tell), _) => tell(content, at, listener),
        (Shape::Text, _) => {
            let text = content.iter().position(|octet| *octet == 0).unwrap_or(content.len());
            listener.field(field, at..end, Value::Text(&content[..text]));
        }
        (Shape::Octets, _) => listener.field(field, at..end, Value::Octets(content)),
        (Shape::Flag, [flag]) => listener.field(field, at..end, Value::Flag(*flag != 0)),
        (Shape::Addresses, _) => {
            let (addresses, rest) = content.as_chunks::<4>();
            for (place, address) in addresses.iter().enumerate() {
                let at = at + 4 * place;
                listener.field(field, at..at + 4, Value::Address((*address).into()));
            }
            tell_octets(rest, end - rest.len(), listener);
        }
        (Shape::Numbers(size), _) => {
            let numbers = content.chunks_exact(size);
            let rest = numbers.remainder();
            for (place, octets) in numbers.enumerate() {
                let at = at + size * place;
                listener.field(field, at..at + size, named_number(code, number(octets)));
            }
            tell_octets(rest, end - rest.len(), listener);
        }
        (Shape::Flag, _) => tell_octets(content, at, listener),
    }
}

fn tell_octets(content: &[u8], at: usize, listener: &mut dyn Listener) {
    if !content.is_empty() {
        listener.field(&name::VALUE, at..at + content.len(), Value::Octets(content));
    }
}

/// An option with its name, where it is known.
fn named(code: u8) -> Value<'static> {
    match known(code) {
        Some((field, _)) => Value::Named(code.into(), field.words),
        None => Value::Number(code.into()),
    }
}

fn named_number(code: u8, number: u64) -> Value<'static> {
    let name = match (code, number) {
        (53, _) => u8::try_from(number).ok().and_then(super::type_name),
        (55, _) => u8::try_from(number).ok().and_then(known).map(|(field, _)| field.words),
        (52, 1) => Some("boot file"),
        (52, 2) => Some("server's name"),
        (52, 3) => Some("boot file and server's name"),
        (93, 0) => Some("BIOS"),
        (93, 7) => Some("x86-64 UEFI"),
        (93, 11) => Some("ARM 64 UEFI"),
        _ => None,
    };
    name.map_or(Value::Number(number), |name| Value::Named(number, name))
}

fn number(octets: &[u8]) -> u64 {
    octets.iter().fold(0, |number, octet| number << 8 | u64::from(*octet))
}

/// The options that have a name here, and what they hold.
fn known(code: u8) -> Option<(&'static Field, Shape)> {
    use Shape::{Addresses, Flag, Numbers, Octets, Own, Text};
    Some(match code {
        1 => (&name::SUBNET_MASK, Addresses),
        2 => (&name::TIME_OFFSET, Own(tell_time_offset)),
        3 => (&name::ROUTER, Addresses),
        4 => (&name::TIME_SERVER, Addresses),
        5 => (&name::NAME_SERVER, Addresses),
        6 => (&name::DNS, Addresses),
        7 => (&name::LOG_SERVER, Addresses),
        8 => (&name::QUOTES_SERVER, Addresses),
        9 => (&name::LPR_SERVER, Addresses),
        12 => (&name::HOST_NAME, Text),
        13 => (&name::BOOT_SIZE, Numbers(2)),
        15 => (&name::DOMAIN, Text),
        16 => (&name::SWAP_SERVER, Addresses),
        17 => (&name::ROOT_PATH, Text),
        18 => (&name::EXTENSIONS_PATH, Text),
        19 => (&name::FORWARDING, Flag),
        22 => (&name::MAX_REASSEMBLY, Numbers(2)),
        23 => (&name::TTL, Numbers(1)),
        26 => (&name::MTU, Numbers(2)),
        27 => (&name::ALL_LOCAL, Flag),
        28 => (&name::BROADCAST_TO, Addresses),
        29 => (&name::MASK_DISCOVERY, Flag),
        30 => (&name::MASK_SUPPLIER, Flag),
        31 => (&name::ROUTER_DISCOVERY, Flag),
        32 => (&name::SOLICITATION, Addresses),
        33 => (&name::ROUTE_TO, Own(tell_static_routes)),
        35 => (&name::ARP_TIMEOUT, Numbers(4)),
        37 => (&name::TCP_TTL, Numbers(1)),
        38 => (&name::KEEP_ALIVE, Numbers(4)),
        40 => (&name::NIS_DOMAIN, Text),
        41 => (&name::NIS_SERVER, Addresses),
        42 => (&name::NTP_SERVER, Addresses),
        43 => (&name::VENDOR_INFO, Octets),
        44 => (&name::NETBIOS_SERVER, Addresses),
        45 => (&name::NETBIOS_DD, Addresses),
        46 => (&name::NETBIOS_NODE, Numbers(1)),
        47 => (&name::NETBIOS_SCOPE, Text),
        50 => (&name::REQUESTED, Addresses),
        51 => (&name::LEASE, Numbers(4)),
        52 => (&name::OVERLOAD, Numbers(1)),
        53 => (&name::MESSAGE_TYPE, Numbers(1)),
        54 => (&name::SERVER_ID, Addresses),
        55 => (&name::REQUEST, Numbers(1)),
        56 => (&name::MESSAGE, Text),
        57 => (&name::MAX_SIZE, Numbers(2)),
        58 => (&name::RENEWAL, Numbers(4)),
        59 => (&name::REBINDING, Numbers(4)),
        60 => (&name::VENDOR_CLASS, Text),
        61 => (&name::CLIENT_ID, Own(tell_client_id)),
        66 => (&name::TFTP_NAME, Text),
        67 => (&name::BOOT_FILE, Text),
        69 => (&name::SMTP_SERVER, Addresses),
        70 => (&name::POP3_SERVER, Addresses),
        72 => (&name::WWW_SERVER, Addresses),
        77 => (&name::USER_CLASS, Octets),
        80 => (&name::RAPID_COMMIT, Octets),
        81 => (&name::FQDN_FLAGS, Own(tell_full_name)),
        82 => (&name::RELAY_INFO, Own(tell_relay)),
        90 => (&name::AUTHENTICATION, Octets),
        91 => (&name::LAST_CONTACT, Numbers(4)),
        92 => (&name::ASSOCIATED, Addresses),
        93 => (&name::ARCHITECTURE, Numbers(2)),
        97 => (&name::MACHINE_ID, Octets),
        108 => (&name::V6_ONLY, Numbers(4)),
        114 => (&name::CAPTIVE_PORTAL, Text),
        116 => (&name::AUTO_CONFIGURE, Numbers(1)),
        118 => (&name::SELECTION, Addresses),
        119 => (&name::SEARCH, Own(tell_search_list)),
        // 249 is what Microsoft used before RFC 3442 gave it 121.
        121 | 249 => (&name::ROUTES, Own(tell_routes)),
        150 => (&name::TFTP_ADDRESS, Addresses),
        252 => (&name::PRIVATE_PROXY, Text),
        _ => return None,
    })
}

/// RFC 2132 §3.4: seconds east of UTC, with a sign.
fn tell_time_offset(content: &[u8], at: usize, listener: &mut dyn Listener) {
    let [a, b, c, d] = *content else { return tell_octets(content, at, listener) };
    let mut text = ArrayString::<16>::new();
    let _ = write!(text, "{}", i32::from_be_bytes([a, b, c, d]));
    listener.field(&name::TIME_OFFSET, at..at + 4, Value::Words(&text));
}

/// RFC 2132 §5.8.
fn tell_static_routes(content: &[u8], at: usize, listener: &mut dyn Listener) {
    let (routes, rest) = content.as_chunks::<8>();
    for (place, [a, b, c, d, router @ ..]) in routes.iter().enumerate() {
        let at = at + 8 * place;
        let to = Value::Address([*a, *b, *c, *d].into());
        listener.field(&name::ROUTE_TO, at..at + 4, to);
        listener.field(&name::ROUTE_VIA, at + 4..at + 8, Value::Address((*router).into()));
    }
    tell_octets(rest, at + content.len() - rest.len(), listener);
}

/// RFC 2132 §9.14: a hardware address with its type, or RFC 4361 §6.1: an identity and a DUID.
fn tell_client_id(content: &[u8], at: usize, listener: &mut dyn Listener) {
    let end = at + content.len();
    match *content {
        [kind @ (1 | 6), a, b, c, d, e, f] => {
            let name = hardware_name(kind.into()).unwrap_or_default();
            listener.field(&name::HARDWARE, at..at + 1, Value::Named(kind.into(), name));
            listener.field(&name::MAC, at + 1..end, Value::Mac(Mac([a, b, c, d, e, f])));
        }
        [255, ref identity @ ..] if identity.len() >= 6 => {
            let (association, unique) = identity.split_at(4);
            listener.field(&name::CLIENT_ID_TYPE, at..at + 1, Value::Named(255, "DUID"));
            listener.field(&name::IDENTITY, at + 1..at + 5, Value::Octets(association));
            listener.field(&name::DUID, at + 5..end, Value::Octets(unique));
        }
        [0, ref text @ ..] if !text.is_empty() => {
            listener.field(&name::CLIENT_ID_TYPE, at..at + 1, Value::Named(0, "text"));
            listener.field(&name::CLIENT_ID_TEXT, at + 1..end, Value::Text(text));
        }
        [] => {}
        _ => listener.field(&name::CLIENT_ID, at..end, Value::Octets(content)),
    }
}

/// RFC 4702 §2.
fn tell_full_name(content: &[u8], at: usize, listener: &mut dyn Listener) {
    let [flags, forward, backward, ref text @ ..] = *content else {
        return tell_octets(content, at, listener);
    };
    listener.field(&name::FQDN_FLAGS, at..at + 1, Value::Number(flags.into()));
    listener.field(&name::FQDN_RCODE_A, at + 1..at + 2, Value::Number(forward.into()));
    listener.field(&name::FQDN_RCODE_PTR, at + 2..at + 3, Value::Number(backward.into()));
    let range = at + 3..at + content.len();
    // RFC 4702 §2.1: the E bit says that the name is written as in DNS, not as text.
    match names::name(text, 0).filter(|_| flags & 4 != 0) {
        Some((name, _)) => listener.field(&name::FQDN_NAME, range, Value::Text(&name)),
        None => listener.field(&name::FQDN_NAME, range, Value::Text(text)),
    }
}

/// RFC 3046 §2.
fn tell_relay(content: &[u8], at: usize, listener: &mut dyn Listener) {
    let mut left = content;
    while let [code, len, rest @ ..] = left {
        let from = at + content.len() - left.len();
        let Some(inner) = rest.get(..usize::from(*len)) else { break };
        let end = from + 2 + inner.len();
        let kind = match relay_name(*code) {
            Some(name) => Value::Named((*code).into(), name),
            None => Value::Number((*code).into()),
        };
        let (field, value) = match (*code, inner) {
            (1, _) => (&name::CIRCUIT, Value::Octets(inner)),
            (2, _) => (&name::REMOTE, Value::Octets(inner)),
            (5, [a, b, c, d]) => {
                (&name::LINK_SELECTION, Value::Address([*a, *b, *c, *d].into()))
            }
            (6, _) => (&name::SUBSCRIBER, Value::Text(inner)),
            (11, [a, b, c, d]) => {
                (&name::SERVER_OVERRIDE, Value::Address([*a, *b, *c, *d].into()))
            }
            _ => (&name::RELAY_VALUE, Value::Octets(inner)),
        };
        listener.open(&name::RELAY_INFO, from..end, kind);
        if !inner.is_empty() {
            listener.field(field, from + 2..end, value);
        }
        listener.close();
        left = &rest[inner.len()..];
    }
    tell_octets(left, at + content.len() - left.len(), listener);
}

fn relay_name(code: u8) -> Option<&'static str> {
    Some(match code {
        1 => "circuit",
        2 => "remote end",
        5 => "link selection",
        6 => "subscriber",
        8 => "authentication",
        9 => "vendor's information",
        10 => "flags",
        11 => "server to name",
        12 => "relay agent",
        151 => "virtual network",
        _ => return None,
    })
}

/// RFC 3397 §2.
fn tell_search_list(content: &[u8], at: usize, listener: &mut dyn Listener) {
    let mut from = 0;
    while from < content.len() {
        let Some((name, end)) = names::name(content, from) else { break };
        listener.field(&name::SEARCH, at + from..at + end, Value::Text(&name));
        from = end;
    }
    tell_octets(&content[from..], at + from, listener);
}

/// RFC 3442: the length of a prefix, as many octets of it as matter, and the router.
fn tell_routes(content: &[u8], at: usize, listener: &mut dyn Listener) {
    let end = at + content.len();
    listener.open(&name::ROUTES, at..end, Value::Octets(content));
    let mut left = content;
    while let [len @ 0..=32, rest @ ..] = left {
        let from = end - left.len();
        let significant = usize::from(*len).div_ceil(8);
        let Some((prefix, [a, b, c, d, rest @ ..])) = rest.split_at_checked(significant) else {
            break;
        };
        let mut network = [0; 4];
        network[..significant].copy_from_slice(prefix);
        let mut text = ArrayString::<64>::new();
        let (network, router) = (Ipv4Addr::from(network), Ipv4Addr::new(*a, *b, *c, *d));
        let _ = write!(text, "{network}/{len} via {router}");
        listener.field(&name::ROUTE, from..end - rest.len(), Value::Words(&text));
        left = rest;
    }
    listener.close();
}
