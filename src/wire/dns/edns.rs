//! What does the OPT pseudo-record say? (RFC 6891 §6, and the RFCs of its options.)

use std::net::{Ipv4Addr, Ipv6Addr};

use super::name::Name;
use super::record::{named, octets as leftover};
use super::section::Record;
use super::{codes, fields as f};
use crate::octets::{Reader, be16};
use crate::wire::field::{Field, Listener, Value};

/// The type of the record that carries EDNS.
pub const OPT: u16 = 41;

const EXTENDED_ERROR: u16 = 15;

/// The upper eight bits of the response code.
pub(super) fn rcode_bits(record: &Record<'_>) -> u16 {
    (record.ttl >> 24) as u16
}

/// Each extended error with its text (RFC 8914 §2).
pub(super) fn extended_errors<'a>(record: &Record<'a>) -> impl Iterator<Item = (u16, &'a [u8])> {
    let mut options = options(record);
    std::iter::from_fn(move || {
        loop {
            let (code, value) = option(&mut options)?;
            if let (EXTENDED_ERROR, Some((code, text))) = (code, value.split_first_chunk()) {
                return Some((u16::from_be_bytes(*code), text));
            }
        }
    })
}

fn options<'a>(record: &Record<'a>) -> Reader<'a> {
    Reader::from(record.message.get(..record.end).unwrap_or_default(), record.data)
}

/// Takes one option: its code and value.
fn option<'a>(reader: &mut Reader<'a>) -> Option<(u16, &'a [u8])> {
    let mut ahead = *reader;
    let (code, len) = (ahead.be16()?, ahead.be16()?);
    let value = ahead.take(len.into())?;
    *reader = ahead;
    Some((code, value))
}

/// Tells what stands in the places of class and time to live, from `at` on.
pub(super) fn head(record: &Record<'_>, at: usize, listener: &mut dyn Listener) {
    let flags = u64::from(record.ttl & 0xffff);
    listener.field(&f::UDP_SIZE, at..at + 2, Value::Number(record.class.into()));
    listener.field(&f::EXT_RCODE, at + 2..at + 3, Value::Number(rcode_bits(record).into()));
    let version = u64::from(record.ttl >> 16 & 0xff);
    listener.field(&f::EDNS_VERSION, at + 3..at + 4, Value::Number(version));
    listener.open(&f::EDNS_Z, at + 4..at + 6, Value::Number(flags));
    listener.field(&f::EDNS_DO, at + 4..at + 5, Value::Flag(flags >> 15 != 0));
    listener.field(&f::EDNS_RESERVED, at + 4..at + 6, Value::Number(flags & 0x7fff));
    listener.close();
}

/// Tells the options.
pub(super) fn fields(record: &Record<'_>, listener: &mut dyn Listener) {
    let mut reader = options(record);
    loop {
        let from = reader.at();
        let Some((code, value)) = option(&mut reader) else { break };
        let (at, to) = (from + 4, reader.at());
        let name = codes::option_name(code);
        listener.open(&f::OPTION, from..to, Value::Words(name.unwrap_or("option")));
        listener.field(&f::OPTION_CODE, from..from + 2, named(code, name));
        listener.field(&f::OPTION_LEN, from + 2..at, Value::Number(value.len() as u64));
        if !value.is_empty() {
            listener.field(&f::OPTION_DATA, at..to, Value::Octets(value));
            parts(code, value, at, listener);
        }
        listener.close();
    }
    leftover(&f::DATA, reader.at(), record.end, record.message, listener);
}

/// Tells what an option's value says; it begins at `at`.
fn parts(code: u16, value: &[u8], at: usize, listener: &mut dyn Listener) {
    let to = at + value.len();
    match (code, value) {
        (3, _) => listener.field(&f::NSID, at..to, Value::Text(value)),
        (5, _) => each(&f::DAU, value, at, listener, codes::algorithm_name),
        (6, _) => each(&f::DHU, value, at, listener, codes::digest_name),
        (7, _) => each(&f::N3U, value, at, listener, |_| None),
        (8, _) => subnet(value, at, listener),
        // RFC 7873 §4: eight octets are the client's, the rest the server's.
        (10, _) => {
            let (client, server) = value.split_at(value.len().min(8));
            listener.field(&f::COOKIE_CLIENT, at..at + client.len(), Value::Octets(client));
            if !server.is_empty() {
                listener.field(&f::COOKIE_SERVER, at + 8..to, Value::Octets(server));
            }
        }
        (11, [a, b]) => {
            let timeout = u16::from_be_bytes([*a, *b]);
            listener.field(&f::KEEPALIVE, at..to, Value::Number(timeout.into()));
        }
        (12, _) => listener.field(&f::PADDING, at..to, Value::Octets(value)),
        (13, _) => {
            let name = Name::new(value, 0).spell();
            listener.field(&f::CHAIN, at..to, Value::Words(name.or_root()));
        }
        (14, _) => {
            for (nth, tag) in value.as_chunks::<2>().0.iter().enumerate() {
                let from = at + 2 * nth;
                listener.field(&f::KEY_TAG, from..from + 2, Value::Number(be16(tag, 0).into()));
            }
        }
        (EXTENDED_ERROR, [a, b, text @ ..]) => {
            let code = u16::from_be_bytes([*a, *b]);
            let name = codes::extended_error_name(code);
            listener.field(&f::ERROR_CODE, at..at + 2, named(code, name));
            if !text.is_empty() {
                listener.field(&f::ERROR_TEXT, at + 2..to, Value::Text(text));
            }
        }
        _ => {}
    }
}

fn each(
    field: &'static Field,
    value: &[u8],
    at: usize,
    listener: &mut dyn Listener,
    name: fn(u16) -> Option<&'static str>,
) {
    for (nth, octet) in value.iter().enumerate() {
        let number = u16::from(*octet);
        listener.field(field, at + nth..at + nth + 1, named(number, name(number)));
    }
}

/// RFC 7871 §6: an address without the octets that its prefix leaves at zero.
fn subnet(value: &[u8], at: usize, listener: &mut dyn Listener) {
    let [a, b, source, scope, address @ ..] = value else { return };
    let family = u16::from_be_bytes([*a, *b]);
    listener.field(&f::SUBNET_FAMILY, at..at + 2, named(family, codes::family_name(family)));
    listener.field(&f::SUBNET_SOURCE, at + 2..at + 3, Value::Number((*source).into()));
    listener.field(&f::SUBNET_SCOPE, at + 3..at + 4, Value::Number((*scope).into()));
    let place = at + 4..at + value.len();
    let mut whole = [0; 16];
    if let Some(begin) = whole.get_mut(..address.len()) {
        begin.copy_from_slice(address);
    }
    match (family, address.len()) {
        (1, 0..=4) => {
            let ipv4 = Ipv4Addr::from_bits(u128::from_be_bytes(whole).wrapping_shr(96) as u32);
            listener.field(&f::SUBNET_IPV4, place, Value::Address(ipv4.into()));
        }
        (2, 0..=16) => {
            listener.field(&f::SUBNET_IPV6, place, Value::Address(Ipv6Addr::from(whole).into()));
        }
        (_, 1..) => listener.field(&f::SUBNET, place, Value::Octets(address)),
        _ => {}
    }
}
