//! Which conversation does a packet belong to?

use std::hash::{Hash, Hasher};
use std::net::{IpAddr, Ipv6Addr};

/// One end of a conversation.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct End {
    /// IPv4 addresses as IPv6 maps them (RFC 4291 §2.5.5.2).
    address: [u8; 16],
    /// 0 where the protocol has no ports.
    pub port: u16,
}

/// Both ends and the protocol between them; equal for the packets of both directions.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Key {
    /// The lower one first.
    ends: [End; 2],
    /// As in the IP header.
    pub protocol: u8,
    /// The number of what carries it, beside plain links and IP; 0 for nothing.
    pub(super) way: u16,
}

/// Which end of a [`Key`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Which {
    Lower,
    Higher,
}

impl End {
    pub fn new(address: IpAddr, port: u16) -> Self {
        let address = match address {
            IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
            IpAddr::V6(address) => address.octets(),
        };
        Self { address, port }
    }

    pub fn address(self) -> IpAddr {
        IpAddr::V6(Ipv6Addr::from(self.address)).to_canonical()
    }
}

impl Key {
    /// The conversation between two ends, and which of them is the source.
    pub fn of(protocol: u8, source: End, destination: End) -> (Self, Which) {
        if source <= destination {
            (Self { ends: [source, destination], protocol, way: 0 }, Which::Lower)
        } else {
            (Self { ends: [destination, source], protocol, way: 0 }, Which::Higher)
        }
    }

    pub fn end(&self, which: Which) -> End {
        self.ends[which as usize]
    }
}

impl Key {
    /// The same by a way of this number.
    pub(super) fn carried(self, way: u16) -> Self {
        Self { way, ..self }
    }

    /// Whether both are between the same ends, carried alike or not.
    pub(super) fn is_beside(&self, other: &Self) -> bool {
        self.ends == other.ends && self.protocol == other.protocol
    }
}

/// What is between the same ends is found in one place, however it is carried.
impl Hash for Key {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.ends.hash(hasher);
        self.protocol.hash(hasher);
    }
}

impl Which {
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Lower => Self::Higher,
            Self::Higher => Self::Lower,
        }
    }
}
