//! What do the routing tables hold?

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use netlink_packet_route::route::{
    RouteAddress, RouteAttribute, RouteMessage, RouteMetric, RouteNextHopFlags, RouteType, RouteVia,
};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};

use crate::probe::netlink;
use crate::timeline::way::{Hop, Interface, Prefix, Row, RowKind};

/// Every row of every table that can be used now.
pub fn rows(links: &[Interface]) -> io::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for family in [AddressFamily::Inet, AddressFamily::Inet6] {
        let mut question = RouteMessage::default();
        question.header.address_family = family;
        let answers = match netlink::route(&RouteNetlinkMessage::GetRoute(question), netlink::DUMP)
        {
            Ok(answers) => answers,
            // A kernel without IPv6 has no such table.
            Err(error) if error.raw_os_error() == Some(libc::EOPNOTSUPP) => continue,
            Err(error) => return Err(error),
        };
        for answer in answers {
            if let RouteNetlinkMessage::NewRoute(message) = answer
                && let Some(row) = row(&message, links)
                && (!row.hops.is_empty() || !matches!(row.kind, RowKind::Unicast))
            {
                rows.push(row);
            }
        }
    }
    Ok(rows)
}

/// A row; an answer to the question for one destination looks like one.
pub(super) fn row(message: &RouteMessage, links: &[Interface]) -> Option<Row> {
    let header = &message.header;
    let any: IpAddr = match header.address_family {
        AddressFamily::Inet => Ipv4Addr::UNSPECIFIED.into(),
        AddressFamily::Inet6 => Ipv6Addr::UNSPECIFIED.into(),
        _ => return None,
    };
    let mut row = Row {
        table: header.table.into(),
        destination: Prefix { address: any, len: header.destination_prefix_length },
        kind: kind(header.kind),
        hops: Vec::new(),
        source: None,
        metric: 0,
        protocol: header.protocol.to_string().to_lowercase(),
        mtu: None,
    };
    let mut hop = Hop::default();
    for attribute in &message.attributes {
        match attribute {
            RouteAttribute::Destination(to) => row.destination.address = address(to)?,
            RouteAttribute::PrefSource(from) => row.source = address(from),
            RouteAttribute::Priority(metric) => row.metric = *metric,
            RouteAttribute::Table(table) => row.table = *table,
            RouteAttribute::Metrics(metrics) => {
                row.mtu = metrics.iter().find_map(|metric| match metric {
                    RouteMetric::Mtu(mtu) => Some(*mtu),
                    _ => None,
                });
            }
            RouteAttribute::MultiPath(hops) => {
                let dead = RouteNextHopFlags::Dead | RouteNextHopFlags::Linkdown;
                for shared in hops.iter().filter(|shared| !shared.flags.intersects(dead)) {
                    let mut hop = Hop { interface: shared.interface_index, ..Hop::default() };
                    shared.attributes.iter().for_each(|attribute| gateway(&mut hop, attribute));
                    row.hops.push(hop);
                }
            }
            other => gateway(&mut hop, other),
        }
    }
    let dead = RouteNextHopFlags::Dead.bits() | RouteNextHopFlags::Linkdown.bits();
    if (hop.interface, hop.gateway) != (0, None) && header.flags.bits() & u32::from(dead) == 0 {
        row.hops.push(hop);
    }
    for hop in &mut row.hops {
        let link = links.iter().find(|link| link.index == hop.interface);
        hop.device = link.map(|link| link.name.clone()).unwrap_or_default();
    }
    Some(row)
}

fn gateway(hop: &mut Hop, attribute: &RouteAttribute) {
    match attribute {
        RouteAttribute::Oif(index) => hop.interface = *index,
        RouteAttribute::Gateway(gateway) => hop.gateway = address(gateway),
        // An IPv4 row may go by an IPv6 router.
        RouteAttribute::Via(RouteVia::Inet(gateway)) => hop.gateway = Some((*gateway).into()),
        RouteAttribute::Via(RouteVia::Inet6(gateway)) => hop.gateway = Some((*gateway).into()),
        _ => {}
    }
}

fn address(address: &RouteAddress) -> Option<IpAddr> {
    match address {
        RouteAddress::Inet(address) => Some((*address).into()),
        RouteAddress::Inet6(address) => Some((*address).into()),
        _ => None,
    }
}

fn kind(kind: RouteType) -> RowKind {
    match kind {
        RouteType::Unicast => RowKind::Unicast,
        RouteType::Local => RowKind::Local,
        RouteType::Broadcast => RowKind::Broadcast,
        RouteType::Anycast => RowKind::Anycast,
        RouteType::Multicast => RowKind::Multicast,
        RouteType::BlackHole => RowKind::Blackhole,
        RouteType::Unreachable => RowKind::Unreachable,
        RouteType::Prohibit => RowKind::Prohibited,
        RouteType::Throw => RowKind::Throw,
        other => RowKind::Other(other.into()),
    }
}
