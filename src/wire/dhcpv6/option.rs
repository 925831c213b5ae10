//! The options of DHCP for IPv6 (RFC 8415 §21 and the RFCs named at each), which may hold others.

use super::super::arp::hardware_name;
use super::super::dhcp::names;
use super::super::field::{Field, Listener, Value};
use super::{address, tell_message, write_message};
use crate::ink::Ink;
use crate::octets::Reader;
use crate::timeline::Timestamp;

/// The next option: its code and its content.
fn next<'a>(options: &mut Reader<'a>) -> Option<(u16, &'a [u8])> {
    let (code, len) = (options.be16()?, options.be16()?);
    Some((code, options.take(len.into())?))
}

/// How many octets of a cut message make whole options.
pub(super) fn whole(kept: &[u8], start: usize) -> usize {
    let mut options = Reader::from(kept, start);
    let mut end = start;
    while next(&mut options).is_some() {
        end = options.at();
    }
    end
}

/// Writes what an engineer looks for among some options, each as ` name value`.
pub(super) fn write(options: &[u8], depth: usize, ink: &mut Ink) {
    if depth == 0 {
        return;
    }
    let mut reader = Reader::new(options);
    while let Some((code, content)) = next(&mut reader) {
        match (code, content) {
            (3 | 25, [_, _, _, _, _, _, _, _, _, _, _, _, inner @ ..])
            | (4, [_, _, _, _, inner @ ..]) => write(inner, depth - 1, ink),
            (5, _) => {
                if let Some(address) = address(content, 0) {
                    ink.text(" ").address(address);
                }
                write(content.get(24..).unwrap_or(&[]), depth - 1, ink);
            }
            (26, _) => {
                if let (Some(len), Some(prefix)) = (content.get(8), address(content, 9)) {
                    ink.text(" prefix ").address(prefix).text("/").number(*len);
                }
                write(content.get(25..).unwrap_or(&[]), depth - 1, ink);
            }
            (9, _) => {
                ink.text(" of ");
                write_message(content, depth - 1, ink);
            }
            (13, [high, low, words @ ..]) if (*high, *low) != (0, 0) => {
                let code = u16::from_be_bytes([*high, *low]);
                ink.text(" ").text(status_name(code).unwrap_or("failed"));
                ink.text(" ").clipped(words, 40);
            }
            (23, _) => {
                if let Some(server) = address(content, 0) {
                    ink.text(" dns ").address(server);
                }
            }
            (39, [_, name @ ..]) => {
                if let Some((name, _)) = names::name(name, 0) {
                    ink.text(" host ").clipped(&name, 40);
                }
            }
            _ => {}
        }
    }
}

/// Tells some options, which begin `at` octets into the message.
pub(super) fn tell(options: &[u8], at: usize, depth: usize, listener: &mut dyn Listener) {
    let mut reader = Reader::new(options);
    loop {
        let from = reader.at();
        let Some((code, content)) = next(&mut reader) else {
            return tell_octets(&options[from..], at + from, listener);
        };
        let (from, to) = (at + from, at + reader.at());
        listener.open(&super::OPTION, from..to, named(code));
        listener.field(&super::LEN, from + 2..from + 4, Value::Number(content.len() as u64));
        tell_content(code, content, from + 4, depth - 1, listener);
        listener.close();
    }
}

pub(super) fn tell_octets(octets: &[u8], at: usize, listener: &mut dyn Listener) {
    if !octets.is_empty() {
        listener.field(&super::VALUE, at..at + octets.len(), Value::Octets(octets));
    }
}

fn tell_content(code: u16, content: &[u8], at: usize, depth: usize, listener: &mut dyn Listener) {
    if depth == 0 {
        return tell_octets(content, at, listener);
    }
    let end = at + content.len();
    match code {
        1 | 2 => tell_duid(content, at, listener),
        3 | 25 => {
            let fixed = [(&super::IDENTITY, 4), (&super::RENEW, 4), (&super::REBIND, 4)];
            tell_nested(content, at, &fixed, depth, listener);
        }
        4 => tell_nested(content, at, &[(&super::TEMPORARY, 4)], depth, listener),
        5 => {
            let fixed = [(&super::ADDRESS, 16), (&super::PREFERRED, 4), (&super::VALID, 4)];
            tell_nested(content, at, &fixed, depth, listener);
        }
        26 => {
            let fixed = [
                (&super::PREFIX_PREF, 4),
                (&super::PREFIX_VALID, 4),
                (&super::PREFIX_LEN, 1),
                (&super::PREFIX, 16),
            ];
            tell_nested(content, at, &fixed, depth, listener);
        }
        6 => tell_each(&super::REQUESTED, 2, content, at, listener),
        7 => tell_each(&super::PREFERENCE, 1, content, at, listener),
        8 => tell_each(&super::ELAPSED, 2, content, at, listener),
        9 => tell_message(content, at, depth, listener),
        12 => tell_each(&super::UNICAST, 16, content, at, listener),
        13 => match content {
            [high, low, words @ ..] => {
                let code = u16::from_be_bytes([*high, *low]);
                let value = match status_name(code) {
                    Some(name) => Value::Named(code.into(), name),
                    None => Value::Number(code.into()),
                };
                listener.field(&super::STATUS, at..at + 2, value);
                listener.field(&super::STATUS_TEXT, at + 2..end, Value::Text(words));
            }
            _ => tell_octets(content, at, listener),
        },
        18 => listener.field(&super::INTERFACE, at..end, Value::Octets(content)),
        22 => tell_each(&super::SIP, 16, content, at, listener),
        23 => tell_each(&super::DNS, 16, content, at, listener),
        24 => tell_names(&super::SEARCH, content, at, listener),
        31 => tell_each(&super::SNTP, 16, content, at, listener),
        32 => tell_each(&super::REFRESH, 4, content, at, listener),
        38 => listener.field(&super::SUBSCRIBER, at..end, Value::Text(content)),
        39 => {
            let (flags, name) = content.split_at(content.len().min(1));
            tell_each(&super::NAME_FLAGS, 1, flags, at, listener);
            tell_names(&super::NAME, name, at + flags.len(), listener);
        }
        103 => listener.field(&super::PORTAL, at..end, Value::Text(content)),
        _ => tell_octets(content, at, listener),
    }
}

/// Tells fields of so many octets each, and the options behind them.
fn tell_nested(
    content: &[u8],
    at: usize,
    fixed: &[(&'static Field, usize)],
    depth: usize,
    listener: &mut dyn Listener,
) {
    let len = fixed.iter().map(|(_, len)| len).sum();
    let Some((mut left, options)) = content.split_at_checked(len) else {
        return tell_octets(content, at, listener);
    };
    for (field, len) in fixed {
        let from = at + content.len() - options.len() - left.len();
        let (octets, rest) = left.split_at((*len).min(left.len()));
        tell_each(field, *len, octets, from, listener);
        left = rest;
    }
    tell(options, at + content.len() - options.len(), depth, listener);
}

/// Tells addresses, where they have 16 octets, or numbers.
fn tell_each(
    field: &'static Field,
    size: usize,
    content: &[u8],
    at: usize,
    listener: &mut dyn Listener,
) {
    let items = content.chunks_exact(size);
    let rest = items.remainder();
    for (place, octets) in items.enumerate() {
        let from = at + size * place;
        let number = octets.iter().take(8).fold(0, |all, octet| all << 8 | u64::from(*octet));
        let value = match address(octets, 0) {
            Some(address) => Value::Address(address.into()),
            None if size == 2 && field.name == super::REQUESTED.name => named(number as u16),
            None => Value::Number(number),
        };
        listener.field(field, from..from + size, value);
    }
    tell_octets(rest, at + content.len() - rest.len(), listener);
}

/// RFC 8415 §10: names in a row, never compressed.
fn tell_names(field: &'static Field, content: &[u8], at: usize, listener: &mut dyn Listener) {
    let mut from = 0;
    while from < content.len() {
        let Some((name, end)) = names::name(content, from) else { break };
        listener.field(field, at + from..at + end, Value::Text(&name));
        from = end;
    }
    tell_octets(&content[from..], at + from, listener);
}

/// RFC 8415 §11, RFC 6355 §4.
fn tell_duid(content: &[u8], at: usize, listener: &mut dyn Listener) {
    let end = at + content.len();
    listener.open(&super::DUID, at..end, Value::Octets(content));
    if let [high, low, rest @ ..] = content {
        let kind = u16::from_be_bytes([*high, *low]);
        let name = match kind {
            1 => "link address and time",
            2 => "enterprise",
            3 => "link address",
            4 => "UUID",
            _ => "unknown",
        };
        listener.field(&super::DUID_TYPE, at..at + 2, Value::Named(kind.into(), name));
        match (kind, rest) {
            (1, [a, b, c, d, e, f, address @ ..]) => {
                // RFC 8415 §11.2: seconds since 2000.
                let seconds = 946_684_800 + u64::from(u32::from_be_bytes([*c, *d, *e, *f]));
                let time = Value::Time(Timestamp(seconds * 1_000_000_000));
                listener.field(&super::DUID_LLT, at + 2..at + 4, hardware([*a, *b]));
                listener.field(&super::DUID_TIME, at + 4..at + 8, time);
                listener.field(&super::LLT_ADDRESS, at + 8..end, Value::Octets(address));
            }
            (2, [a, b, c, d, identifier @ ..]) => {
                let enterprise = u32::from_be_bytes([*a, *b, *c, *d]);
                listener.field(&super::ENTERPRISE, at + 2..at + 6, Value::Number(enterprise.into()));
                listener.field(&super::IDENTIFIER, at + 6..end, Value::Octets(identifier));
            }
            (3, [a, b, address @ ..]) => {
                listener.field(&super::DUID_LL, at + 2..at + 4, hardware([*a, *b]));
                listener.field(&super::LL_ADDRESS, at + 4..end, Value::Octets(address));
            }
            (4, uuid) => listener.field(&super::UUID, at + 2..end, Value::Octets(uuid)),
            _ => {}
        }
    }
    listener.close();
}

fn hardware(octets: [u8; 2]) -> Value<'static> {
    let number = u16::from_be_bytes(octets);
    match hardware_name(number) {
        Some(name) => Value::Named(number.into(), name),
        None => Value::Number(number.into()),
    }
}

fn named(code: u16) -> Value<'static> {
    match option_name(code) {
        Some(name) => Value::Named(code.into(), name),
        None => Value::Number(code.into()),
    }
}

/// IANA's list, as far as such options are met.
fn option_name(code: u16) -> Option<&'static str> {
    Some(match code {
        1 => "client",
        2 => "server",
        3 => "addresses",
        4 => "temporary addresses",
        5 => "address",
        6 => "requested options",
        7 => "preference",
        8 => "elapsed time",
        9 => "relayed message",
        11 => "authentication",
        12 => "server's address",
        13 => "status",
        14 => "rapid commit",
        15 => "user class",
        16 => "vendor class",
        17 => "vendor's information",
        18 => "interface",
        19 => "reconfigure message",
        20 => "accepts reconfiguration",
        21 => "SIP server names",
        22 => "SIP servers",
        23 => "DNS servers",
        24 => "search list",
        25 => "prefixes",
        26 => "prefix",
        31 => "time servers",
        32 => "refresh after",
        37 => "remote end",
        38 => "subscriber",
        39 => "client's full name",
        56 => "NTP server",
        59 => "boot file",
        64 => "DS-Lite gateway",
        79 => "client's link address",
        82 => "SOL_MAX_RT",
        83 => "INF_MAX_RT",
        103 => "captive portal",
        _ => return None,
    })
}

/// RFC 8415 §21.13.
fn status_name(code: u16) -> Option<&'static str> {
    Some(match code {
        0 => "Success",
        1 => "UnspecFail",
        2 => "NoAddrsAvail",
        3 => "NoBinding",
        4 => "NotOnLink",
        5 => "UseMulticast",
        6 => "NoPrefixAvail",
        _ => return None,
    })
}
