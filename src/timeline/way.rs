//! Which way does a packet to an address go? The facts, as the kernel has them.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;
use std::time::Duration;

use super::{Clocks, Errno, Timestamp};

/// An address, and how many of its first bits name the network.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Prefix {
    pub address: IpAddr,
    pub len: u8,
}

impl Prefix {
    pub fn mask(self) -> IpAddr {
        match self.address {
            IpAddr::V4(_) => {
                let host = 32_u32.saturating_sub(self.len.into());
                Ipv4Addr::from(u32::MAX.checked_shl(host).unwrap_or(0)).into()
            }
            IpAddr::V6(_) => {
                let host = 128_u32.saturating_sub(self.len.into());
                Ipv6Addr::from(u128::MAX.checked_shl(host).unwrap_or(0)).into()
            }
        }
    }

    /// The address AND the mask.
    pub fn network(self) -> IpAddr {
        self.masks(self.address).unwrap_or(self.address)
    }

    /// Another address AND this mask; `None` if it is of the other family.
    pub fn masks(self, address: IpAddr) -> Option<IpAddr> {
        match (address, self.mask()) {
            (IpAddr::V4(address), IpAddr::V4(mask)) => Some((address & mask).into()),
            (IpAddr::V6(address), IpAddr::V6(mask)) => Some((address & mask).into()),
            _ => None,
        }
    }

    pub fn contains(self, address: IpAddr) -> bool {
        self.masks(address) == Some(self.network())
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.len)
    }
}

/// An interface of this computer.
#[derive(Clone, Debug)]
pub struct Interface {
    pub index: u32,
    /// Safe to show.
    pub name: String,
    /// Absent where the link knows none.
    pub mac: Option<[u8; 6]>,
    pub mtu: Option<u32>,
    pub is_up: bool,
    /// A tunnel: what goes through it travels inside other packets.
    pub is_tunnel: bool,
    pub addresses: Vec<Address>,
}

/// An address of ours.
#[derive(Clone, Debug)]
pub struct Address {
    /// The address itself, and how long its network's prefix is.
    pub prefix: Prefix,
    pub broadcast: Option<Ipv4Addr>,
    /// The other end, on a link between two points.
    pub peer: Option<IpAddr>,
    pub source: Source,
    /// What is left of its lifetime; `None` when it has no end.
    pub valid: Option<Duration>,
    /// Past its preferred lifetime: not for new connections (RFC 4862 §5.5.4).
    pub is_deprecated: bool,
    /// What a client program wrote down of the lease.
    pub lease: Option<Lease>,
}

/// Where an address came from, as far as the kernel or a lease file says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Source {
    Loopback,
    LinkLocal,
    RouterAdvertisement,
    /// A lease file names it.
    DhcpLease,
    /// A row of the routing table that a DHCP client made uses it.
    DhcpRoute,
    /// Somebody set it for a time, and did not say who.
    Lifetime,
    /// Set for good: by hand or by a program.
    Static,
}

/// What a DHCP client wrote down.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Lease {
    pub file: PathBuf,
    /// The program that wrote it.
    pub client: &'static str,
    pub address: Ipv4Addr,
    pub server: Option<Ipv4Addr>,
    pub routers: Vec<Ipv4Addr>,
    pub resolvers: Vec<Ipv4Addr>,
    /// Options 51, 58 and 59.
    pub lasts: Option<Duration>,
    pub renews_after: Option<Duration>,
    pub rebinds_after: Option<Duration>,
    /// When it ends, where the file says so or its date and the duration do.
    pub ends: Option<Timestamp>,
}

/// A row of a routing table.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Row {
    pub table: u32,
    pub destination: Prefix,
    pub kind: RowKind,
    /// Several when the kernel shares the load.
    pub hops: Vec<Hop>,
    /// The source address it wants.
    pub source: Option<IpAddr>,
    /// Of two rows as long, the lower one wins.
    pub metric: u32,
    /// Who made it: `kernel`, `boot`, `static`, `dhcp`, `ra`, ...
    pub protocol: String,
    pub mtu: Option<u32>,
}

/// Where a row sends to.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Hop {
    /// `None` on the link itself.
    pub gateway: Option<IpAddr>,
    /// Zero where there is none.
    pub interface: u32,
    /// Safe to show; empty where there is none.
    pub device: String,
}

/// What a row does with a packet.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RowKind {
    Unicast,
    /// To this computer itself.
    Local,
    Broadcast,
    Multicast,
    Anycast,
    /// Dropped without a word.
    Blackhole,
    Unreachable,
    Prohibited,
    /// Goes on with the next rule.
    Throw,
    Other(u8),
}

/// A routing rule, and whether it is about this packet.
#[derive(Clone, Debug)]
pub struct Rule {
    pub priority: u32,
    /// The table it sends to, or what else it does.
    pub action: Action,
    /// What it selects, in words; empty when everything.
    pub selects: String,
    pub applies: bool,
    /// Rows this short or shorter do not count.
    pub suppresses: Option<u32>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Action {
    Table(u32),
    Goto(u32),
    Blackhole,
    Unreachable,
    Prohibit,
    /// Nothing; the next rule.
    Nothing,
}

/// A row held against a destination: destination AND mask, and is that the row's network?
#[derive(Clone, Debug)]
pub struct Weighed {
    pub row: Row,
    pub masked: IpAddr,
    pub matches: bool,
}

/// How a destination found its row.
#[derive(Clone, Debug)]
pub struct Route {
    pub destination: IpAddr,
    pub rules: Vec<Rule>,
    /// The rows of the tables that were asked, in the order asked; within a table the longest prefix first,
    /// then the lowest metric.
    pub weighed: Vec<Weighed>,
    /// Rows left out of `weighed`: there were too many, and they do not match.
    pub omitted: usize,
    /// Which row won, by the rules as we know them.
    pub won: Option<usize>,
    pub why: Why,
    /// What the kernel says itself.
    pub kernel: Result<Kernel, Errno>,
    /// Where the kernel's answer is another than ours: one sentence.
    pub difference: Option<String>,
}

/// Why a row won.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Why {
    /// No row matches, or a rule refuses.
    None,
    /// No other row matches.
    Only,
    LongestPrefix,
    LowestMetric,
    /// An earlier rule named its table: rows of later tables were not asked.
    EarlierTable,
    /// Several are as good; the kernel takes one.
    Tie,
}

/// The kernel's own decision.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Kernel {
    pub hop: Hop,
    pub kind: RowKind,
    /// The address we will send from.
    pub source: Option<IpAddr>,
    /// As the route and the interface have it, or as it was learnt from the path.
    pub mtu: Option<u32>,
    /// The row of the table it used, where this kernel tells.
    pub row: Option<Row>,
}

impl Kernel {
    /// Who gets the frame: the gateway, or the destination itself.
    pub fn next_hop(&self, destination: IpAddr) -> IpAddr {
        self.hop.gateway.unwrap_or(destination)
    }
}

/// Everything about the way to a destination.
#[derive(Clone, Debug)]
pub struct Way {
    pub interfaces: Vec<Interface>,
    pub route: Route,
    /// The neighbour cache's entry of the next hop, where it has one.
    pub neighbour: Option<Neighbour>,
}

/// An entry of the neighbour cache (ARP, or neighbour discovery).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Neighbour {
    pub address: IpAddr,
    pub interface: u32,
    pub mac: Option<[u8; 6]>,
    /// `REACHABLE`, `STALE`, ... (RFC 4861 §7.3.2), or the kernel's `NOARP`, `PERMANENT`, `NONE`.
    pub state: &'static str,
    /// How long ago it was last confirmed, used, and changed.
    pub confirmed: Option<Duration>,
    pub used: Option<Duration>,
    pub updated: Option<Duration>,
}

/// The neighbour cache changed while we watched.
#[derive(Clone, Debug)]
pub struct NeighbourChange {
    /// When we were told.
    pub told: Clocks,
    pub neighbour: Neighbour,
    pub is_gone: bool,
}

/// Which networks an address is of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reach {
    Unspecified,
    Loopback,
    LinkLocal,
    /// RFC 1918.
    Private,
    /// RFC 6598: between a provider and its customers.
    Shared,
    /// RFC 4193.
    UniqueLocal,
    Multicast,
    Broadcast,
    /// RFC 5737, 3849 and 9637.
    Documentation,
    /// RFC 2544.
    Benchmarking,
    /// RFC 1112 §4: for nobody yet.
    Reserved,
    /// Nothing above, so it can be routed in the Internet.
    Public,
}

impl Reach {
    pub fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self::of_v4(address),
            IpAddr::V6(address) => match address.to_ipv4_mapped() {
                Some(address) => Self::of_v4(address),
                None => Self::of_v6(address),
            },
        }
    }

    fn of_v4(address: Ipv4Addr) -> Self {
        match address.octets() {
            [0, ..] => Self::Unspecified,
            [127, ..] => Self::Loopback,
            [169, 254, ..] => Self::LinkLocal,
            [10, ..] | [172, 16..32, ..] | [192, 168, ..] => Self::Private,
            [100, 64..128, ..] => Self::Shared,
            [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => Self::Documentation,
            [198, 18..20, ..] => Self::Benchmarking,
            [224..240, ..] => Self::Multicast,
            [255, 255, 255, 255] => Self::Broadcast,
            [240..=255, ..] => Self::Reserved,
            _ => Self::Public,
        }
    }

    fn of_v6(address: Ipv6Addr) -> Self {
        match address.segments() {
            [0, 0, 0, 0, 0, 0, 0, 0] => Self::Unspecified,
            [0, 0, 0, 0, 0, 0, 0, 1] => Self::Loopback,
            [0xfe80..0xfec0, ..] => Self::LinkLocal,
            [0xfc00..0xfe00, ..] => Self::UniqueLocal,
            [0xff00..=0xffff, ..] => Self::Multicast,
            [0x2001, 0xdb8, ..] | [0x3fff, 0..0x1000, ..] => Self::Documentation,
            _ => Self::Public,
        }
    }
}

/// A source and a destination that cannot meet unless somebody translates: a fact about two addresses.
///
/// Documentation addresses count as destinations, so that the fact can be shown in a laboratory.
pub fn is_translated(source: IpAddr, destination: IpAddr) -> bool {
    let inside = matches!(Reach::of(source), Reach::Private | Reach::Shared | Reach::UniqueLocal);
    inside && matches!(Reach::of(destination), Reach::Public | Reach::Documentation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_destination_and_a_mask_give_the_network() {
        let ip = |text: &str| text.parse::<IpAddr>().expect("an address");
        for (prefix, len, mask, network) in [
            ("192.168.0.178", 24, "255.255.255.0", "192.168.0.0"),
            ("10.1.2.3", 0, "0.0.0.0", "0.0.0.0"),
            ("10.1.2.3", 32, "255.255.255.255", "10.1.2.3"),
            ("fd00::5:6", 64, "ffff:ffff:ffff:ffff::", "fd00::"),
            ("fd00::5:6", 0, "::", "::"),
        ] {
            let prefix = Prefix { address: ip(prefix), len };
            assert_eq!((prefix.mask(), prefix.network()), (ip(mask), ip(network)), "{prefix}");
        }
        let home = Prefix { address: ip("192.168.0.178"), len: 24 };
        assert!(home.contains(ip("192.168.0.1")) && !home.contains(ip("192.168.1.1")));
        assert!(!home.contains(ip("fd00::1")));
        // Nonsense from outside is no reason to panic.
        assert!(!Prefix { address: ip("1.2.3.4"), len: 200 }.contains(ip("1.2.3.5")));
    }

    #[test]
    fn a_private_source_and_a_public_destination_need_a_translator() {
        let meet = |source: &str, destination: &str| {
            is_translated(source.parse().expect("one"), destination.parse().expect("other"))
        };
        assert!(meet("192.168.0.178", "93.184.216.34") && meet("172.31.0.1", "1.1.1.1"));
        assert!(meet("100.64.0.9", "1.1.1.1") && meet("fd12::1", "2a00::1"));
        assert!(!meet("192.168.0.178", "192.168.0.1") && !meet("172.32.0.1", "1.1.1.1"));
        assert!(!meet("100.128.0.1", "1.1.1.1") && !meet("2a00::2", "2a00::1"));
    }
}
