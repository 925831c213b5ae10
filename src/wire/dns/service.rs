//! The parameters of SVCB and HTTPS records (RFC 9460 §7).

use std::net::{Ipv4Addr, Ipv6Addr};

use super::codes::service_key_name;
use super::fields as f;
use super::record::named;
use crate::ink::Ink;
use crate::octets::Reader;
use crate::wire::field::{Listener, Value};

/// Takes one parameter: its key and value.
fn parameter<'a>(reader: &mut Reader<'a>) -> Option<(u16, &'a [u8])> {
    let (key, len) = (reader.be16()?, reader.be16()?);
    Some((key, reader.take(len.into())?))
}

/// Tells parameters that begin `base` octets into the message.
pub(super) fn fields(octets: &[u8], base: usize, listener: &mut dyn Listener) {
    let mut reader = Reader::new(octets);
    let mut read = 0;
    while let Some((key, value)) = parameter(&mut reader) {
        let (from, to) = (base + read, base + reader.at());
        read = reader.at();
        let at = from + 4;
        listener.open(&f::SVCB_PARAM, from..to, Value::Words(service_key_name(key).unwrap_or("key")));
        listener.field(&f::SVCB_KEY, from..from + 2, named(key, service_key_name(key)));
        listener.field(&f::SVCB_LEN, from + 2..at, Value::Number(value.len() as u64));
        let told = match key {
            0 => mandatory(value, at, listener),
            1 => protocols(value, at, listener),
            3 => port(value, at, listener),
            4 => addresses::<4>(value, at, listener),
            6 => addresses::<16>(value, at, listener),
            5 => {
                listener.field(&f::SVCB_ECH, at..to, Value::Octets(value));
                value.len()
            }
            _ => 0,
        };
        if let Some(left) = value.get(told..).filter(|left| !left.is_empty()) {
            listener.field(&f::SVCB_VALUE, at + told..to, Value::Octets(left));
        }
        listener.close();
    }
    if let Some(left) = octets.get(read..).filter(|left| !left.is_empty()) {
        listener.field(&f::DATA, base + read..base + octets.len(), Value::Octets(left));
    }
}

fn mandatory(value: &[u8], at: usize, listener: &mut dyn Listener) -> usize {
    let mut reader = Reader::new(value);
    while let Some(key) = reader.be16() {
        let to = at + reader.at();
        listener.field(&f::SVCB_MANDATORY, to - 2..to, named(key, service_key_name(key)));
    }
    reader.at()
}

fn protocols(value: &[u8], at: usize, listener: &mut dyn Listener) -> usize {
    let mut told = 0;
    for protocol in alpn(value) {
        let from = at + told;
        told += 1 + protocol.len();
        listener.field(&f::SVCB_ALPN_LEN, from..from + 1, Value::Number(protocol.len() as u64));
        listener.field(&f::SVCB_ALPN, from + 1..at + told, Value::Text(protocol));
    }
    told
}

fn port(value: &[u8], at: usize, listener: &mut dyn Listener) -> usize {
    let [high, low] = *value else { return 0 };
    let port = u16::from_be_bytes([high, low]);
    listener.field(&f::SVCB_PORT, at..at + 2, Value::Number(port.into()));
    2
}

fn addresses<const N: usize>(value: &[u8], at: usize, listener: &mut dyn Listener) -> usize {
    let mut told = 0;
    for octets in value.chunks_exact(N) {
        let (field, address) = match (<[u8; 4]>::try_from(octets), <[u8; 16]>::try_from(octets)) {
            (Ok(octets), _) => (&f::SVCB_IPV4, Ipv4Addr::from(octets).into()),
            (_, Ok(octets)) => (&f::SVCB_IPV6, Ipv6Addr::from(octets).into()),
            _ => break,
        };
        listener.field(field, at + told..at + told + N, Value::Address(address));
        told += N;
    }
    told
}

/// The protocols in an `alpn` value.
fn alpn(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut reader = Reader::new(value);
    std::iter::from_fn(move || {
        let len = reader.u8()?;
        reader.take(len.into())
    })
}

/// Writes each parameter's name, and the values of those that say where and how to connect.
pub(super) fn say(octets: &[u8], ink: &mut Ink) {
    let mut reader = Reader::new(octets);
    // More than these are left to the tree.
    for _ in 0..8 {
        let Some((key, value)) = parameter(&mut reader) else { return };
        match service_key_name(key) {
            Some(name) => ink.text(" ").text(name),
            None => ink.text(" key").number(key),
        };
        match (key, value) {
            (1, value) => {
                for (at, protocol) in alpn(value).take(8).enumerate() {
                    ink.text(if at == 0 { "=" } else { "," }).clipped(protocol, 16);
                }
            }
            (3, [high, low]) => _ = ink.text("=").number(u16::from_be_bytes([*high, *low])),
            (4, [a, b, c, d, ..]) => _ = ink.text("=").address([*a, *b, *c, *d]),
            (6, value) => {
                if let Some(octets) = value.first_chunk::<16>() {
                    ink.text("=").address(*octets);
                }
            }
            _ => {}
        }
    }
}
