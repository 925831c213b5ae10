//! Which way do packets go, and who is the next to get them?

use std::fmt::Write as _;
use std::net::IpAddr;

use super::{duration, written};
use crate::render::fetch::entry::{Entry, Kind, Part, Place};
use crate::timeline::Timestamp;
use crate::timeline::fetch::Step;
use crate::timeline::way::{
    Action, Address, Interface, Kernel, Lease, Neighbour, NeighbourChange, Reach, Route, Row,
    RowKind, Rule, Source, Way, Weighed, Why, is_translated,
};

/// Rows of the table told that do not match; a router may have thousands.
const SHOWN: usize = 24;

/// Everything about the way to a destination.
pub(in crate::render::fetch) fn way(step: &Step, way: &Way) -> Vec<Entry> {
    let place = Place { socket: step.socket, ..Place::of(Part::Connection, step.transfer) };
    let entry = |level| Entry::new(step.began, place, level, Kind::Fact);
    let destination = way.route.destination;
    let mut told = Vec::new();
    let out = way.route.kernel.as_ref().ok();
    let through = out.map_or(0, |kernel| kernel.hop.interface);
    for interface in &way.interfaces {
        let is_used = interface.index == through;
        let level = if is_used { 6 } else { 7 };
        for address in
            interface.addresses.iter().filter(|it| same_family(it.prefix.address, destination))
        {
            told.push(own(entry(level), interface, address, out, step.began));
        }
        if is_used && interface.is_tunnel {
            let text = format!(
                "{} is a tunnel: what goes in travels inside other packets",
                interface.name
            );
            told.push(entry(6).text(text));
        }
    }
    told.extend(rules(&way.route).map(|text| entry(7).text(text)));
    told.extend(rows(&way.route).into_iter().map(|(level, text)| entry(level).text(text)));
    match &way.route.kernel {
        Ok(kernel) => {
            told.push(entry(6).text(format!("route      {}", decision(kernel, destination))));
            told.push(entry(6).text(next(kernel, way.neighbour.as_ref(), destination)));
            if let Some(source) = kernel.source.filter(|source| is_translated(*source, destination))
            {
                told.push(entry(6).text(format!(
                    "NAT        {source} is {}, {destination} is not: a router on the way must put its own \
                     address in (inferred)",
                    reach(Reach::of(source))
                )));
            }
        }
        Err(errno) => told.push(entry(2).text(format!(
            "route      there is no way to {destination}: {} ({})",
            errno.sentence, errno.name
        ))),
    }
    if let Some(difference) = &way.route.difference {
        told.push(entry(4).text(format!("route      {difference}")));
    }
    told
}

fn same_family(one: IpAddr, other: IpAddr) -> bool {
    one.is_ipv4() == other.is_ipv4()
}

/// An address of ours with its network, and whose word it is.
fn own(
    entry: Entry,
    interface: &Interface,
    address: &Address,
    out: Option<&Kernel>,
    now: Timestamp,
) -> Entry {
    let used = out.and_then(|kernel| kernel.source);
    let is_ours = used == Some(address.prefix.address);
    let mut text = format!("own        {} {}", interface.name, address.prefix);
    if address.prefix.address.is_ipv4() {
        let (mask, network) = (address.prefix.mask(), address.prefix.network());
        _ = write!(text, ": mask {mask}, network {network}");
        if let Some(broadcast) = address.broadcast {
            _ = write!(text, ", broadcast {broadcast}");
        }
    } else {
        _ = write!(text, ": network {}", address.prefix.network());
    }
    if let Some(peer) = address.peer {
        _ = write!(text, ", other end {peer}");
    }
    if let Some(mac) = interface.mac {
        _ = write!(text, ", hardware address {}", self::mac(mac));
    }
    let mut told = entry.text(text).and(6, source(address));
    if address.is_deprecated {
        told = told.and(6, "deprecated: not for new connections (RFC 4862)");
    }
    if let Some(lease) = address.lease.as_ref().filter(|_| is_ours) {
        for line in self::lease(lease, now) {
            told = told.and(6, line);
        }
    }
    told
}

fn source(address: &Address) -> String {
    let from = match address.source {
        Source::Loopback => "within this computer only",
        Source::LinkLocal => "made up from nothing, good for this link only",
        Source::RouterAdvertisement => "by a router's advertisement",
        Source::DhcpLease => "by DHCP: a lease file says so",
        Source::DhcpRoute => "by DHCP: a route made by its client uses it",
        Source::Lifetime => "set for a time; nobody says by whom",
        Source::Static => "set for good, by hand or by a program",
    };
    match address.valid {
        Some(left) => format!("{from}; valid for {} more", duration(left)),
        None => from.to_owned(),
    }
}

/// What a DHCP client wrote down.
fn lease(lease: &Lease, now: Timestamp) -> Vec<String> {
    let file = crate::ink::safe(lease.file.as_os_str().as_encoded_bytes());
    let mut lines = vec![format!("lease of {}, in {file}", lease.client)];
    let mut said = Vec::new();
    if let Some(server) = lease.server {
        said.push(format!("server {server}"));
    }
    for (name, list) in [("router", &lease.routers), ("resolver", &lease.resolvers)] {
        said.extend(list.iter().map(|it| format!("{name} {it}")));
    }
    for (name, time) in [
        ("lasts", lease.lasts),
        ("renewed after", lease.renews_after),
        ("asked of anybody after", lease.rebinds_after),
    ] {
        said.extend(time.map(|time| format!("{name} {}", duration(time))));
    }
    if let Some(ends) = lease.ends {
        let left = ends.since(now);
        said.push(if left.is_zero() {
            "it is over".into()
        } else {
            format!("ends in {}", duration(left))
        });
    }
    if !said.is_empty() {
        lines.push(said.join(", "));
    }
    lines
}

fn rules(route: &Route) -> impl Iterator<Item = String> {
    route.rules.iter().map(|rule: &Rule| {
        let action = match rule.action {
            Action::Table(table) => format!("table {}", self::table(table)),
            Action::Goto(priority) => format!("goes on at rule {priority}"),
            Action::Blackhole => "drops the packet".into(),
            Action::Unreachable | Action::Prohibit => "refuses".into(),
            Action::Nothing => "does nothing".into(),
        };
        let selects = if rule.selects.is_empty() { "all" } else { &rule.selects };
        let applies = if rule.applies { "" } else { ": not about this packet" };
        let shorter = rule
            .suppresses
            .map(|len| format!(", but no row of /{len} or shorter"))
            .unwrap_or_default();
        format!("rule       {}: {selects}, {action}{shorter}{applies}", rule.priority)
    })
}

/// Each row held against the destination, and the one that won.
fn rows(route: &Route) -> Vec<(u8, String)> {
    let destination = route.destination;
    let mut lines = Vec::new();
    let mut left_out = route.omitted;
    for (at, Weighed { row, masked, matches }) in route.weighed.iter().enumerate() {
        let has_won = route.won == Some(at);
        if lines.len() >= SHOWN && !has_won {
            left_out += 1;
            continue;
        }
        let (mask, network) = (row.destination.mask(), row.destination.network());
        let verdict = match (matches, has_won) {
            (true, true) => format!("yes, and it wins{}", why(route.why)),
            (true, false) => "yes, but another row wins".to_owned(),
            (false, _) => format!("no, its network is {network}"),
        };
        let text = format!("row {:<7}{destination} & {mask} = {masked}: {verdict}", "");
        // Rows of the table of this computer's own addresses are beside the point.
        let level = if row.table == LOCAL && !matches { 7 } else { 6 };
        lines.push((level, text));
        if has_won {
            lines.push((6, format!("           {}", self::row(row))));
        }
    }
    if left_out > 0 {
        lines.push((6, format!("           {left_out} more rows do not match")));
    }
    if route.won.is_none() {
        lines.push((2, format!("row        no row of the table is for {destination}")));
    }
    lines
}

/// `RT_TABLE_LOCAL`.
const LOCAL: u32 = 255;

fn table(number: u32) -> String {
    match number {
        LOCAL => "local".into(),
        254 => "main".into(),
        253 => "default".into(),
        other => other.to_string(),
    }
}

fn row(row: &Row) -> String {
    let mut text = match row.destination.len {
        0 => "default (/0)".to_owned(),
        _ => row.destination.to_string(),
    };
    text.push_str(match row.kind {
        RowKind::Unicast | RowKind::Other(_) => "",
        RowKind::Local => ", this computer itself",
        RowKind::Broadcast => ", broadcast",
        RowKind::Multicast => ", multicast",
        RowKind::Anycast => ", anycast",
        RowKind::Blackhole => ", dropped without a word",
        RowKind::Unreachable => ", unreachable",
        RowKind::Prohibited => ", prohibited",
        RowKind::Throw => ", goes on with the next rule",
    });
    for hop in &row.hops {
        match hop.gateway {
            Some(gateway) => _ = write!(text, " via {gateway}"),
            None if row.kind == RowKind::Local => {}
            None => text.push_str(" on the link"),
        }
        if !hop.device.is_empty() {
            _ = write!(text, " dev {}", hop.device);
        }
    }
    if let Some(source) = row.source {
        _ = write!(text, ", source {source}");
    }
    if row.metric > 0 {
        _ = write!(text, ", metric {}", row.metric);
    }
    if let Some(mtu) = row.mtu {
        _ = write!(text, ", MTU {mtu}");
    }
    _ = write!(text, "; table {}", table(row.table));
    if !row.protocol.is_empty() {
        _ = write!(text, ", made by {}", row.protocol);
    }
    text
}

fn why(why: Why) -> &'static str {
    match why {
        Why::None => "",
        Why::Only => ": no other does",
        Why::LongestPrefix => ": its prefix is the longest",
        Why::LowestMetric => ": its metric is the lowest",
        Why::EarlierTable => ": its table was asked first",
        Why::Tie => ": others are as good, the kernel takes one",
    }
}

/// What the kernel says it does.
fn decision(kernel: &Kernel, destination: IpAddr) -> String {
    let mut text = match (kernel.kind, kernel.hop.gateway) {
        (RowKind::Local, _) => format!("{destination} is this computer itself"),
        (_, Some(gateway)) => format!("via router {gateway}"),
        (_, None) => format!("{destination} is on the link: no router between"),
    };
    if !kernel.hop.device.is_empty() {
        _ = write!(text, " dev {}", kernel.hop.device);
    }
    if let Some(source) = kernel.source {
        _ = write!(text, ", source {source}");
    }
    if let Some(mtu) = kernel.mtu {
        _ = write!(text, ", MTU {mtu}");
    }
    text.push_str(" (the kernel's own answer)");
    text
}

/// Who gets the frame, and whether its hardware address is known.
fn next(kernel: &Kernel, neighbour: Option<&Neighbour>, destination: IpAddr) -> String {
    let hop = kernel.next_hop(destination);
    let name = if hop.is_ipv4() { "ARP        " } else { "neighbour  " };
    let Some(neighbour) = neighbour else {
        if kernel.kind == RowKind::Local {
            return format!("{name}nobody is asked: packets do not leave this computer");
        }
        return format!("{name}the hardware address of {hop} is not known: it must be asked for");
    };
    match neighbour.mac {
        Some(mac) if neighbour.state == "NOARP" => {
            format!("{name}{hop} = {}: this link asks nobody", self::mac(mac))
        }
        Some(mac) => {
            let age = neighbour.confirmed.map(|age| format!(", confirmed {} ago", duration(age)));
            let age = age.unwrap_or_default();
            let then = match neighbour.state {
                "REACHABLE" | "PERMANENT" => "nothing to send",
                _ => "used as it is, and confirmed later",
            };
            format!("{name}{hop} = {} is known ({}{age}): {then}", self::mac(mac), neighbour.state)
        }
        None if neighbour.state == "NOARP" => {
            format!("{name}{hop}: this link has no hardware addresses")
        }
        None => format!("{name}{hop} is being looked for ({})", neighbour.state),
    }
}

/// The neighbour cache changed.
pub(in crate::render::fetch) fn neighbour(step: &Step, change: &NeighbourChange) -> Entry {
    let place = Place { socket: step.socket, ..Place::of(Part::Stray, step.transfer) };
    let Neighbour { address, mac, state, .. } = &change.neighbour;
    let text = match mac {
        _ if change.is_gone => format!("neighbour cache: {address} is forgotten"),
        Some(mac) => format!("neighbour cache: {address} = {} ({state})", self::mac(*mac)),
        None if *state == "FAILED" => {
            format!("neighbour cache: nobody answers for {address} ({state})")
        }
        None => format!("neighbour cache: {address} is looked for ({state})"),
    };
    let level = if *state == "FAILED" { 2 } else { 6 };
    Entry::new(change.told.realtime, place, level, Kind::Event).text(text)
}

fn mac(octets: [u8; 6]) -> String {
    written(|ink| _ = ink.mac(octets))
}

fn reach(reach: Reach) -> &'static str {
    match reach {
        Reach::Private => "private (RFC 1918)",
        Reach::Shared => "between a provider and its customers (RFC 6598)",
        Reach::UniqueLocal => "local (RFC 4193)",
        _ => "not for the Internet",
    }
}
