//! By which name do other tools know a conversation?
//!
//! Community ID, version 1, with the seed 0: <https://github.com/corelight/community-id-spec>. The same in
//! both directions, and wherever it was captured.

use std::fmt;
use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY};

use super::key::End;
use crate::wire::{Layer, Packet};

/// A hash of the two ends and the protocol.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct CommunityId([u8; 20]);

/// Two ends, and whether one of them stands first whatever their order is.
#[derive(Clone, Copy, Debug)]
struct Ends {
    source: End,
    destination: End,
    is_one_way: bool,
}

impl CommunityId {
    /// Of a conversation whose ports, where the protocol has them, are known.
    pub fn of_ends(protocol: u8, source: End, destination: End) -> Self {
        Self::hash(protocol, Ends { source, destination, is_one_way: false })
    }

    /// Of what a packet itself says, in the innermost IP; `None` where there is no IP, and for
    /// fragments whose ports are not known.
    pub fn of(packet: &Packet<'_>) -> Option<Self> {
        let layers = packet.own_layers();
        let is_ip = |layer: &Layer<'_>| matches!(layer, Layer::Ipv4(_) | Layer::Ipv6(_));
        let at = layers.iter().rposition(is_ip)?;
        let (source, destination) = packet.addresses()?;
        let above = layers[at + 1..].iter().rev();
        let protocol = above.clone().chain([&layers[at]]).find_map(|layer| match layer {
            Layer::Tcp(_) => Some(6),
            Layer::Udp(_) => Some(17),
            Layer::Icmp(_) => Some(1),
            Layer::Icmpv6(_) => Some(58),
            Layer::Ipv6Fragment(part) => Some(part.next_header()),
            Layer::Ipv4(ip) => Some(ip.protocol()),
            Layer::Ipv6(ip) => Some(ip.next_header()),
            _ => None,
        })?;
        let ports = match protocol {
            6 | 17 => packet.ports()?,
            SCTP => match packet.rest.kept() {
                [a, b, c, d, ..] => (u16::from_be_bytes([*a, *b]), u16::from_be_bytes([*c, *d])),
                _ => return None,
            },
            1 | 58 => {
                let (kind, code) = above.clone().find_map(|layer| match layer {
                    Layer::Icmp(icmp) => Some((icmp.kind(), icmp.code())),
                    Layer::Icmpv6(icmp) => Some((icmp.kind(), icmp.code())),
                    _ => None,
                })?;
                let answer = if protocol == 1 { answer(kind) } else { answer_v6(kind) };
                let ends = Ends {
                    source: End::new(source, kind.into()),
                    destination: End::new(destination, answer.unwrap_or(code).into()),
                    is_one_way: answer.is_none(),
                };
                return Some(Self::hash(protocol, ends));
            }
            _ => (0, 0),
        };
        let (source, destination) = (End::new(source, ports.0), End::new(destination, ports.1));
        Some(Self::of_ends(protocol, source, destination))
    }

    fn hash(protocol: u8, ends: Ends) -> Self {
        let Ends { mut source, mut destination, is_one_way } = ends;
        if !is_one_way && source > destination {
            std::mem::swap(&mut source, &mut destination);
        }
        let mut sum = Context::new(&SHA1_FOR_LEGACY_USE_ONLY);
        sum.update(&SEED);
        for end in [source, destination] {
            match end.address() {
                IpAddr::V4(address) => sum.update(&address.octets()),
                IpAddr::V6(address) => sum.update(&address.octets()),
            }
        }
        sum.update(&[protocol, 0]);
        if matches!(protocol, 1 | 6 | 17 | 58 | SCTP) {
            sum.update(&source.port.to_be_bytes());
            sum.update(&destination.port.to_be_bytes());
        }
        let mut hash = Self([0; 20]);
        hash.0.copy_from_slice(sum.finish().as_ref());
        hash
    }
}

const SCTP: u8 = 132;
const SEED: [u8; 2] = [0, 0];

/// The type of ICMP that answers this one, or that it answers.
fn answer(kind: u8) -> Option<u8> {
    Some(match kind {
        0 => 8,
        8 => 0,
        9 => 10,
        10 => 9,
        13 => 14,
        14 => 13,
        15 => 16,
        16 => 15,
        17 => 18,
        18 => 17,
        _ => return None,
    })
}

/// The same for `ICMPv6`.
fn answer_v6(kind: u8) -> Option<u8> {
    Some(match kind {
        128 => 129,
        129 => 128,
        130 => 131,
        131 => 130,
        133 => 134,
        134 => 133,
        135 => 136,
        136 => 135,
        139 => 140,
        140 => 139,
        144 => 145,
        145 => 144,
        _ => return None,
    })
}

impl fmt::Display for CommunityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0; 28];
        let len = STANDARD.encode_slice(self.0, &mut text).map_err(|_| fmt::Error)?;
        f.write_str("1:")?;
        f.write_str(std::str::from_utf8(&text[..len]).map_err(|_| fmt::Error)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of the specification.
    #[test]
    fn the_names_are_those_that_the_specification_gives() {
        let end = |address: &str, port| End::new(address.parse().expect("an address"), port);
        let told = |protocol, one, other| CommunityId::of_ends(protocol, one, other).to_string();
        let (one, other) = (end("128.232.110.120", 34855), end("66.35.250.204", 80));
        assert_eq!(told(6, one, other), "1:LQU9qZlK+B5F3KDmev6m5PMibrg=");
        assert_eq!(told(6, other, one), "1:LQU9qZlK+B5F3KDmev6m5PMibrg=");
        let (one, other) = (end("192.168.1.52", 54585), end("8.8.8.8", 53));
        assert_eq!(told(17, one, other), "1:d/FP5EW3wiY1vCndhwleRRKHowQ=");
    }
}
