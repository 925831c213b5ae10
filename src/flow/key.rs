//! Which conversation does a packet belong to?

use std::hash::{Hash, Hasher};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::mark::Side;
use crate::wire::Packet;
use crate::wire::tcp::Tcp;

/// One end of a conversation.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct End {
    address: Address,
    /// 0 where the protocol has no ports.
    pub port: u16,
}

/// Both ends and the protocol between them; equal for the packets of both directions.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Key {
    /// The lower one first.
    addresses: [Address; 2],
    ports: [u16; 2],
    /// As in the IP header.
    pub protocol: u8,
    /// The number of what carries it, beside plain links and IP; 0 for nothing.
    pub(super) way: u16,
}

/// The upper and the lower half of an IPv6 address; IPv4 addresses as IPv6 maps them
/// (RFC 4291 §2.5.5.2).
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
struct Address(u64, u64);

/// Which end of a [`Key`].
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Which {
    Lower,
    Higher,
}

impl End {
    pub fn new(address: IpAddr, port: u16) -> Self {
        match address {
            IpAddr::V4(address) => Self::v4(address, port),
            IpAddr::V6(address) => Self::v6(address, port),
        }
    }

    pub(super) fn v4(address: Ipv4Addr, port: u16) -> Self {
        Self { address: Address(0, 0xffff << 32 | u64::from(u32::from(address))), port }
    }

    pub(super) fn v6(address: Ipv6Addr, port: u16) -> Self {
        let address = u128::from(address);
        Self { address: Address((address >> 64) as u64, address as u64), port }
    }

    pub fn address(self) -> IpAddr {
        let Address(upper, lower) = self.address;
        IpAddr::V6(Ipv6Addr::from(u128::from(upper) << 64 | u128::from(lower))).to_canonical()
    }
}

impl Key {
    /// The conversation between two ends, and which of them is the source.
    pub fn of(protocol: u8, source: End, destination: End) -> (Self, Which) {
        let (which, lower, higher) = if source <= destination {
            (Which::Lower, source, destination)
        } else {
            (Which::Higher, destination, source)
        };
        let addresses = [lower.address, higher.address];
        (Self { addresses, ports: [lower.port, higher.port], protocol, way: 0 }, which)
    }

    /// A conversation of which nothing is known.
    pub(super) fn unknown() -> (Self, Which) {
        let nowhere = End { address: Address(0, 0), port: 0 };
        Self::of(0, nowhere, nowhere)
    }

    /// The connection of a packet's segment, however it is carried, and which end sent it.
    pub(super) fn of_segment(packet: &Packet<'_>, tcp: Tcp<'_>) -> Option<(Self, Which)> {
        let (source, destination) = packet.addresses()?;
        let source = End::new(source, tcp.source_port());
        Some(Self::of(6, source, End::new(destination, tcp.destination_port())))
    }

    pub fn end(&self, which: Which) -> End {
        End { address: self.addresses[which as usize], port: self.ports[which as usize] }
    }

    /// The same by a way of this number.
    pub(super) fn carried(self, way: u16) -> Self {
        Self { way, ..self }
    }

    /// Whether both are between the same ends, carried alike or not.
    pub(super) fn is_beside(&self, other: &Self) -> bool {
        self.addresses == other.addresses
            && self.ports == other.ports
            && self.protocol == other.protocol
    }
}

/// What is between the same ends is found in one place, however it is carried.
impl Hash for Key {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        let [lower, higher] = self.addresses;
        let ports = u64::from(self.ports[0]) << 16 | u64::from(self.ports[1]);
        // One stroke for each word: this is done for every packet.
        for word in [lower.0, lower.1, higher.0, higher.1, ports << 8 | u64::from(self.protocol)] {
            hasher.write_u64(word);
        }
    }
}

impl Which {
    /// Which end a side is, the client being at this one.
    pub(super) fn of(side: Side, client: Self) -> Self {
        if side == Side::Client { client } else { client.other() }
    }

    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Lower => Self::Higher,
            Self::Higher => Self::Lower,
        }
    }
}
