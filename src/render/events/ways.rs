//! What is the way to an address, as records?

use super::event::Event;
use crate::render::sheet::{Form, Sheet};
use crate::tale::fetch::{Kind, kind};
use crate::timeline::fetch::{Hop, HopBy, Step};
use crate::timeline::nanos;
use crate::timeline::way::{
    Interface, Neighbour, NeighbourChange, Row, RowKind, Source, Way, Weighed, Why, is_translated,
};

/// The route, the address we send from, what the neighbour cache has, and whether somebody must translate.
pub(super) fn of(step: &Step, way: &Way) -> Vec<Event> {
    let new = |kind: Kind, text: String| Event::new(kind, step.began, step.ended, text);
    let mut events = vec![new(kind::ROUTE_DECIDE, route_text(way)).with(|it| route_data(way, it))];
    let kernel = way.route.kernel.as_ref().ok();
    let own = kernel.map(|kernel| kernel.hop.interface);
    let interfaces = way.interfaces.iter().filter(|it| Some(it.index) == own);
    events.extend(interfaces.map(|interface| {
        new(kind::HOST_CONFIG, host_text(interface)).with(|sheet| host_data(interface, sheet))
    }));
    if let Some(neighbour) = way.neighbour.as_ref().filter(|it| it.mac.is_some()) {
        let text = format!(
            "{} is {}, {}: no packet needed",
            neighbour.address,
            mac(neighbour).unwrap_or_default(),
            neighbour.state
        );
        events.push(new(kind::ARP_CACHED, text).with(|sheet| neighbour_data(neighbour, sheet)));
    }
    let destination = way.route.destination;
    let source = kernel.and_then(|kernel| kernel.source);
    if let Some(source) = source.filter(|source| is_translated(*source, destination)) {
        let text = format!(
            "{source} is private and {destination} is public: somebody on the way translates the address"
        );
        events.push(new(kind::NAT_HINT, text).inferred().with(|sheet| {
            sheet.address("source", Some(source));
            sheet.address("destination", Some(destination));
        }));
    }
    events
}

/// Who answered a probe of the way, or why nothing was probed.
pub(super) fn hop(step: &Step, hop: Result<&Hop, &str>) -> Event {
    let text = match hop {
        Ok(Hop { limit, by: HopBy::Router(router), .. }) => format!("hop {limit} is {router}"),
        Ok(Hop { limit, by: HopBy::Server, .. }) => format!("hop {limit} is the server"),
        Ok(Hop { limit, by: HopBy::Nobody, .. }) => format!("hop {limit} says nothing"),
        Err(why) => why.to_owned(),
    };
    let why = hop.err();
    let hop = hop.ok();
    Event::new(kind::of_step(step), step.began, step.ended, text).on(step.socket).with(|sheet| {
        sheet.number("ttl", hop.map(|hop| hop.limit));
        let router = hop.and_then(|hop| match hop.by {
            HopBy::Router(router) => Some(router),
            _ => None,
        });
        sheet.address("router", router);
        sheet.flag("is_server", hop.map(|hop| hop.by == HopBy::Server));
        sheet.number("rtt_ns", hop.and_then(|hop| hop.round_trip).map(nanos));
        sheet.number("tries", hop.map(|hop| hop.tries));
        sheet.words("not_probed", why);
    })
}

/// The kernel's neighbour cache changed.
pub(super) fn changed(step: &Step, change: &NeighbourChange) -> Event {
    let neighbour = &change.neighbour;
    let kind = if neighbour.state == "FAILED" { kind::ARP_TIMEOUT } else { kind::of_step(step) };
    let text = match (change.is_gone, mac(neighbour)) {
        (true, _) => format!("{} is forgotten", neighbour.address),
        (false, Some(mac)) => format!("{} is {mac}, {}", neighbour.address, neighbour.state),
        (false, None) => format!("{} is {}", neighbour.address, neighbour.state),
    };
    let at = change.told.realtime;
    Event::new(kind, at, at, text).with(|sheet| {
        neighbour_data(neighbour, sheet);
        sheet.flag("gone", Some(change.is_gone));
    })
}

fn mac(neighbour: &Neighbour) -> Option<String> {
    let hex = |octet: &u8| format!("{octet:02x}");
    neighbour.mac.map(|mac| mac.iter().map(hex).collect::<Vec<_>>().join(":"))
}

fn neighbour_data(it: &Neighbour, sheet: &mut Sheet<'_>) {
    sheet.address("address", Some(it.address));
    sheet.words("mac", mac(it).as_deref());
    sheet.words("state", Some(it.state));
    sheet.number("interface", Some(it.interface));
    sheet.number("confirmed_ns", it.confirmed.map(nanos));
    sheet.number("used_ns", it.used.map(nanos));
    sheet.number("updated_ns", it.updated.map(nanos));
}

fn route_text(way: &Way) -> String {
    let destination = way.route.destination;
    match &way.route.kernel {
        Ok(kernel) => {
            let via = match kernel.hop.gateway {
                Some(gateway) => format!("goes through the router {gateway}"),
                None => "is on the link itself".to_owned(),
            };
            let source = kernel.source.map_or(String::new(), |source| format!(" from {source}"));
            format!("{destination} {via}, by {}{source}", kernel.hop.device)
        }
        Err(errno) => format!("{destination} has no way: {}", errno.sentence.to_lowercase()),
    }
}

fn why(why: Why) -> &'static str {
    match why {
        Why::None => "none",
        Why::Only => "only",
        Why::LongestPrefix => "longest_prefix",
        Why::LowestMetric => "lowest_metric",
        Why::EarlierTable => "earlier_table",
        Why::Tie => "tie",
    }
}

fn row_kind(kind: RowKind) -> &'static str {
    match kind {
        RowKind::Unicast => "unicast",
        RowKind::Local => "local",
        RowKind::Broadcast => "broadcast",
        RowKind::Multicast => "multicast",
        RowKind::Anycast => "anycast",
        RowKind::Blackhole => "blackhole",
        RowKind::Unreachable => "unreachable",
        RowKind::Prohibited => "prohibited",
        RowKind::Throw => "throw",
        RowKind::Other(_) => "other",
    }
}

fn row_data(row: &Row, sheet: &mut Sheet<'_>) {
    sheet.words("destination", Some(&row.destination.to_string()));
    sheet.number("table", Some(row.table));
    sheet.words("kind", Some(row_kind(row.kind)));
    let hop = row.hops.first();
    sheet.address("gateway", hop.and_then(|hop| hop.gateway));
    sheet.words("device", hop.map(|hop| hop.device.as_str()));
    sheet.address("source", row.source);
    sheet.number("metric", Some(row.metric));
    sheet.words("protocol", Some(&row.protocol));
}

fn route_data(way: &Way, sheet: &mut Sheet<'_>) {
    let route = &way.route;
    sheet.address("destination", Some(route.destination));
    let kernel = route.kernel.as_ref().ok();
    sheet.flag("on_link", kernel.map(|kernel| kernel.hop.gateway.is_none()));
    sheet.address("gateway", kernel.and_then(|kernel| kernel.hop.gateway));
    sheet.words("device", kernel.map(|kernel| kernel.hop.device.as_str()));
    sheet.address("source", kernel.and_then(|kernel| kernel.source));
    sheet.number("mtu", kernel.and_then(|kernel| kernel.mtu));
    sheet.words("errno", route.kernel.as_ref().err().map(|errno| &*errno.name));
    sheet.words("why", Some(why(route.why)));
    let won = route.won.and_then(|at| route.weighed.get(at));
    sheet.number("prefix_length", won.map(|won| won.row.destination.len));
    sheet.number("won", route.won.map(|at| at as u64));
    sheet.list("weighed", Some(&route.weighed), |weighed: &Weighed, _, ink| {
        let mut one = Sheet::new(ink, Form::Json);
        row_data(&weighed.row, &mut one);
        one.address("mask", Some(weighed.row.destination.mask()));
        one.address("masked", Some(weighed.masked));
        one.flag("matches", Some(weighed.matches));
        one.end();
    });
    sheet.number("omitted", Some(route.omitted as u64));
    sheet.words("difference", route.difference.as_deref());
}

fn host_text(interface: &Interface) -> String {
    let list: Vec<String> =
        interface.addresses.iter().map(|address| address.prefix.to_string()).collect();
    format!("{} has {}", interface.name, list.join(", "))
}

fn source(source: Source) -> &'static str {
    match source {
        Source::Loopback => "loopback",
        Source::LinkLocal => "link_local",
        Source::RouterAdvertisement => "router_advertisement",
        Source::DhcpLease => "dhcp_lease",
        Source::DhcpRoute => "dhcp_route",
        Source::Lifetime => "lifetime",
        Source::Static => "static",
    }
}

fn host_data(interface: &Interface, sheet: &mut Sheet<'_>) {
    sheet.words("interface", Some(&interface.name));
    let hex = |octet: &u8| format!("{octet:02x}");
    let mac = interface.mac.map(|mac| mac.iter().map(hex).collect::<Vec<_>>().join(":"));
    sheet.words("mac", mac.as_deref());
    sheet.number("mtu", interface.mtu);
    sheet.flag("tunnel", Some(interface.is_tunnel));
    sheet.list("addresses", Some(&interface.addresses), |address, _, ink| {
        let mut one = Sheet::new(ink, Form::Json);
        one.address("address", Some(address.prefix.address));
        one.number("prefix_length", Some(address.prefix.len));
        one.address("mask", Some(address.prefix.mask()));
        one.address("network", Some(address.prefix.network()));
        one.address("broadcast", address.broadcast);
        one.words("source", Some(source(address.source)));
        one.number("valid_ns", address.valid.map(nanos));
        let lease = address.lease.as_ref();
        one.words("lease_file", lease.map(|lease| lease.file.to_string_lossy()).as_deref());
        one.words("lease_client", lease.map(|lease| lease.client));
        one.address("dhcp_server", lease.and_then(|lease| lease.server));
        let list = |name, ips: Option<&Vec<_>>, one: &mut Sheet<'_>| {
            one.list(name, ips, |ip: &std::net::Ipv4Addr, _, ink| {
                ink.text("\"").address(*ip).text("\"");
            });
        };
        list("routers", lease.map(|lease| &lease.routers), &mut one);
        list("resolvers", lease.map(|lease| &lease.resolvers), &mut one);
        one.number("lease_ns", lease.and_then(|lease| lease.lasts).map(nanos));
        one.end();
    });
}
