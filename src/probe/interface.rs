//! Which addresses does this computer have, and where are they from?

use std::io;
use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::address::{
    AddressAttribute, AddressFlags, AddressMessage, AddressProtocol,
};
use netlink_packet_route::link::{LinkAttribute, LinkFlags, LinkLayerType, LinkMessage};

use super::{lease, netlink, route};
use crate::capture::interfaces;
use crate::ink::safe;
use crate::timeline::way::{Address, Interface, Prefix, Reach, Row, Source};

/// Every interface with its addresses. Lease files are looked for below `root`, which is `/` outside tests.
pub fn interfaces(root: &Path) -> io::Result<Vec<Interface>> {
    let links = links()?;
    let rows = route::rows(&links)?;
    addressed(links, &rows, root)
}

/// Interfaces with their addresses; rows say of some where they are from.
pub(super) fn addressed(
    mut interfaces: Vec<Interface>,
    rows: &[Row],
    root: &Path,
) -> io::Result<Vec<Interface>> {
    let question = RouteNetlinkMessage::GetAddress(AddressMessage::default());
    for answer in netlink::route(&question, netlink::DUMP)? {
        if let RouteNetlinkMessage::NewAddress(message) = answer
            && let Some(ours) = interfaces.iter_mut().find(|i| i.index == message.header.index)
            && let Some(mut address) = address(&message)
        {
            if let IpAddr::V4(v4) = address.prefix.address {
                address.lease = lease::find(root, &ours.name, ours.index, v4);
            }
            address.source = source(&address, &message, ours.index, rows);
            ours.addresses.push(address);
        }
    }
    Ok(interfaces)
}

/// Every interface, without its addresses.
pub(super) fn links() -> io::Result<Vec<Interface>> {
    let question = RouteNetlinkMessage::GetLink(LinkMessage::default());
    let answers = netlink::route(&question, netlink::DUMP)?;
    let links = answers.iter().filter_map(|answer| match answer {
        RouteNetlinkMessage::NewLink(link) => Some(interface(link)),
        _ => None,
    });
    Ok(links.collect())
}

fn interface(link: &LinkMessage) -> Interface {
    let mut interface = Interface {
        index: link.header.index,
        name: String::new(),
        mac: None,
        mtu: None,
        is_up: link.header.flags.contains(LinkFlags::Up),
        is_tunnel: matches!(
            link.header.link_layer_type,
            LinkLayerType::Tunnel
                | LinkLayerType::Tunnel6
                | LinkLayerType::Sit
                | LinkLayerType::Ipgre
        ),
        addresses: Vec::new(),
    };
    for attribute in &link.attributes {
        match attribute {
            LinkAttribute::IfName(name) => interface.name = safe(name.as_bytes()),
            LinkAttribute::Mtu(mtu) => interface.mtu = Some(*mtu),
            LinkAttribute::Address(mac) if link.header.link_layer_type == LinkLayerType::Ether => {
                interface.mac = mac.as_slice().try_into().ok();
            }
            _ => {}
        }
    }
    interface
}

/// The kernel's "for ever", in seconds.
const FOREVER: u32 = u32::MAX;

fn address(message: &AddressMessage) -> Option<Address> {
    let told = interfaces::address(message)?;
    let (mut valid, mut is_deprecated) = (None, false);
    for attribute in &message.attributes {
        match attribute {
            AddressAttribute::CacheInfo(info) if info.ifa_valid != FOREVER => {
                valid = Some(Duration::from_secs(info.ifa_valid.into()));
            }
            AddressAttribute::Flags(flags) => {
                is_deprecated = flags.contains(AddressFlags::Deprecated);
            }
            _ => {}
        }
    }
    Some(Address {
        prefix: Prefix { address: told.local, len: told.prefix },
        broadcast: told.broadcast,
        peer: told.peer,
        source: Source::Static,
        valid,
        is_deprecated,
        lease: None,
    })
}

fn source(address: &Address, message: &AddressMessage, interface: u32, rows: &[Row]) -> Source {
    let told = message.attributes.iter().find_map(|attribute| match attribute {
        AddressAttribute::Protocol(protocol) => Some(*protocol),
        _ => None,
    });
    let ours = address.prefix.address;
    let by_dhcp = |row: &&Row| {
        row.protocol == "dhcp"
            && row.hops.iter().any(|hop| hop.interface == interface)
            && row.destination.address.is_ipv4() == ours.is_ipv4()
            // A client that names no source made the row for the address it was given.
            && row.source.is_none_or(|source| source == ours)
    };
    match told {
        _ if address.lease.is_some() => Source::DhcpLease,
        Some(AddressProtocol::Loopback) => Source::Loopback,
        Some(AddressProtocol::LinkLocal) => Source::LinkLocal,
        Some(AddressProtocol::RouterAnnouncement) => Source::RouterAdvertisement,
        _ if Reach::of(ours) == Reach::Loopback => Source::Loopback,
        _ if Reach::of(ours) == Reach::LinkLocal => Source::LinkLocal,
        _ if rows.iter().find(by_dhcp).is_some() => Source::DhcpRoute,
        _ if address.valid.is_some() => Source::Lifetime,
        _ => Source::Static,
    }
}
