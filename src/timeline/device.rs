//! What can frames be captured from?

use std::net::{IpAddr, Ipv4Addr};

/// An interface of this machine, as the system describes it now.
#[derive(Clone, Debug, Default)]
pub struct Device {
    /// As the system has it: data, of which nothing is known.
    pub name: Box<[u8]>,
    /// Not of `any`, which is all of them.
    pub index: Option<u32>,
    pub flags: Vec<Flag>,
    /// Whether it can carry frames, in the words of RFC 2863.
    pub state: Option<&'static str>,
    /// Tunnels and the like have none.
    pub mac: Option<[u8; 6]>,
    pub mtu: Option<u32>,
    /// As what libpcap gives its frames, by the `LINKTYPE_` number.
    pub link: Option<u16>,
    pub addresses: Vec<Address>,
}

/// An address of an interface, and the network that it is in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Address {
    pub address: IpAddr,
    /// How many bits of the address are the network's.
    pub prefix: u8,
    /// The first address of the network.
    pub network: IpAddr,
    /// Reaches all in the network, where the interface can do that.
    pub broadcast: Option<Ipv4Addr>,
    /// The other end, where there is only one; then it is the peer whose network it is.
    pub peer: Option<IpAddr>,
    /// How far the address is good for: `global`, `site`, `link`, `host`.
    pub scope: Option<&'static str>,
}

/// What is true of an interface.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Flag {
    /// Somebody wants it to work.
    Up,
    /// It does.
    Running,
    /// There is somebody at the other end of the cable.
    Carrier,
    Loopback,
    PointToPoint,
    Broadcast,
    Multicast,
    /// Somebody, a capture perhaps, wants frames for others, too.
    Promiscuous,
}

impl Device {
    pub fn is(&self, flag: Flag) -> bool {
        self.flags.contains(&flag)
    }
}

impl Flag {
    pub fn name(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Running => "running",
            Self::Carrier => "carrier",
            Self::Loopback => "loopback",
            Self::PointToPoint => "point_to_point",
            Self::Broadcast => "broadcast",
            Self::Multicast => "multicast",
            Self::Promiscuous => "promiscuous",
        }
    }
}
