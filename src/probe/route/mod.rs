//! Which way does a packet to this address go, and why that way?
//!
//! The rules and the rows are read and weighed as the kernel weighs them; then the kernel is asked for its
//! own decision, and a difference is told. Not known here: marks that a firewall sets on the way, and what an
//! IPv6 router's preference or silence does to rows that are equally good.

mod rule;
mod table;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use netlink_packet_route::route::{RouteAttribute, RouteFlags, RouteMessage};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};

use rule::Rules;
pub use table::rows;

use super::{interface, neighbour, netlink};
use crate::timeline::way::{
    Action, Interface, Kernel, Route, Row, RowKind, Rule, Way, Weighed, Why,
};

/// What the rules look at.
#[derive(Clone, Copy, Debug)]
pub struct Flow {
    pub destination: IpAddr,
    /// The transport protocol's number and the destination port, where they are known.
    pub port: Option<(u8, u16)>,
    /// The interface asked for; also what a link-local destination needs.
    pub interface: Option<u32>,
}

impl Flow {
    /// A TCP connection.
    pub fn tcp(destination: SocketAddr) -> Self {
        let scope = match destination {
            SocketAddr::V6(v6) if v6.scope_id() != 0 => Some(v6.scope_id()),
            _ => None,
        };
        Self {
            destination: destination.ip(),
            port: Some((6, destination.port())),
            interface: scope,
        }
    }
}

/// Interfaces, rows and rules as they were when somebody looked.
#[derive(Debug)]
pub struct Map {
    interfaces: Vec<Interface>,
    rows: Vec<Row>,
    rules: Rules,
}

impl Map {
    /// Lease files are looked for below `root`, which is `/` outside tests.
    pub fn read(root: &Path) -> io::Result<Self> {
        let links = interface::links()?;
        let rows = rows(&links)?;
        let interfaces = interface::addressed(links, &rows, root)?;
        Ok(Self { interfaces, rows, rules: Rules::read()? })
    }

    pub fn interfaces(&self) -> &[Interface] {
        &self.interfaces
    }

    /// Which way a packet would go. The kernel's own decision, and what it knows of the neighbour, are of now.
    pub fn way(&self, flow: Flow) -> io::Result<Way> {
        let route = self.decide(flow);
        let neighbour = match &route.kernel {
            Ok(kernel) if kernel.kind == RowKind::Unicast => {
                neighbour::entry(kernel.next_hop(flow.destination), kernel.hop.interface)?
            }
            _ => None,
        };
        Ok(Way { interfaces: self.interfaces.clone(), route, neighbour })
    }

    /// Which row a packet to the destination takes.
    fn decide(&self, flow: Flow) -> Route {
        let rules = self.rules.of(flow, &self.interfaces);
        let mut route = weigh(flow.destination, rules, &self.rows);
        route.kernel = ask(flow, &self.interfaces).map_err(|error| netlink::errno_of(&error));
        route.difference = difference(&route);
        route
    }
}

/// Which way a packet would go now. Lease files are looked for below `root`, which is `/` outside tests.
pub fn way(flow: Flow, root: &Path) -> io::Result<Way> {
    Map::read(root)?.way(flow)
}

/// Rows told that do not match.
const TOLD: usize = 256;

/// Goes through the rules, and the table that each names.
fn weigh(destination: IpAddr, rules: Vec<Rule>, rows: &[Row]) -> Route {
    let mut route = Route {
        destination,
        rules: Vec::new(),
        weighed: Vec::new(),
        omitted: 0,
        won: None,
        why: Why::None,
        kernel: Err(netlink::errno(0)),
        difference: None,
    };
    let matches = |row: &Row| row.destination.contains(destination);
    let mut from = 0;
    let mut asked = Vec::new();
    for rule in rules.iter().filter(|rule| rule.applies) {
        let table = match rule.action {
            _ if rule.priority < from => continue,
            Action::Table(table) => table,
            Action::Goto(priority) => {
                from = priority;
                continue;
            }
            Action::Nothing => continue,
            Action::Blackhole | Action::Unreachable | Action::Prohibit => break,
        };
        if !asked.contains(&table) {
            asked.push(table);
            tell(&mut route, rows.iter().filter(|row| row.table == table));
        }
        // Two rules may name one table, and only the first of them suppress its short rows.
        let counts = |weighed: &Weighed| {
            let len = u32::from(weighed.row.destination.len);
            weighed.row.table == table
                && weighed.matches
                && rule.suppresses.is_none_or(|short| len > short)
        };
        let Some(best) = route.weighed.iter().position(counts) else { continue };
        let row = &route.weighed[best].row;
        if row.kind == RowKind::Throw {
            continue;
        }
        let others = route.weighed[best + 1..].iter().filter(|it| counts(it));
        route.why = reason(row, others.map(|it| &it.row));
        route.won = Some(best);
        let is_later = |row: &&Row| {
            let names = |rule: &Rule| rule.applies && rule.action == Action::Table(row.table);
            !asked.contains(&row.table) && rules.iter().any(names)
        };
        if route.why == Why::Only && rows.iter().filter(is_later).any(matches) {
            route.why = Why::EarlierTable;
        }
        break;
    }
    route.rules = rules;
    route
}

/// Holds a table's rows against the destination, in the order that they count.
fn tell<'r>(route: &mut Route, rows: impl Iterator<Item = &'r Row>) {
    let destination = route.destination;
    let mut rows: Vec<&Row> =
        rows.filter(|row| row.destination.address.is_ipv4() == destination.is_ipv4()).collect();
    rows.sort_by_key(|row| (u8::MAX - row.destination.len, row.metric));
    for row in rows {
        let matches = row.destination.contains(destination);
        if !matches && route.weighed.len() >= TOLD {
            route.omitted += 1;
            continue;
        }
        let masked = row.destination.masks(destination).unwrap_or(destination);
        route.weighed.push(Weighed { row: row.clone(), masked, matches });
    }
}

/// Why a row was better than all others that match in its table.
fn reason<'r>(won: &Row, others: impl Iterator<Item = &'r Row>) -> Why {
    let mut why = Why::Only;
    for other in others {
        let this = match (other.destination.len == won.destination.len, other.metric == won.metric)
        {
            (true, true) => return Why::Tie,
            (true, false) => Why::LowestMetric,
            (false, _) if why == Why::Only => Why::LongestPrefix,
            (false, _) => why,
        };
        why = this;
    }
    why
}

/// The kernel's own decision, and the row it took.
fn ask(flow: Flow, links: &[Interface]) -> io::Result<Kernel> {
    let mut kernel = decided(flow, links)?;
    // Kernels before 4.13 do not know the question.
    let row = question(flow, RouteFlags::LookupTable | RouteFlags::FibMatch).ok();
    kernel.row = row.and_then(|message| table::row(&message, links));
    Ok(kernel)
}

/// The kernel's own decision. What only `links` tell is left out where they are not given.
pub(super) fn decided(flow: Flow, links: &[Interface]) -> io::Result<Kernel> {
    let answer = table::row(&question(flow, RouteFlags::LookupTable)?, links);
    let Some(answer) = answer else { return Err(io::ErrorKind::InvalidData.into()) };
    let hop = answer.hops.first().cloned().unwrap_or_default();
    let link = links.iter().find(|link| link.index == hop.interface);
    Ok(Kernel {
        mtu: answer.mtu.or_else(|| link.and_then(|link| link.mtu)),
        hop,
        kind: answer.kind,
        source: answer.source,
        row: None,
    })
}

fn question(flow: Flow, flags: RouteFlags) -> io::Result<RouteMessage> {
    let mut message = RouteMessage::default();
    let v4 = flow.destination.is_ipv4();
    message.header.address_family = if v4 { AddressFamily::Inet } else { AddressFamily::Inet6 };
    message.header.destination_prefix_length = if v4 { 32 } else { 128 };
    message.header.flags = flags;
    message.attributes.push(RouteAttribute::Destination(flow.destination.into()));
    message.attributes.extend(flow.interface.map(RouteAttribute::Oif));
    if let Some((protocol, port)) = flow.port {
        message.attributes.extend([RouteAttribute::IpProto(protocol), RouteAttribute::Dport(port)]);
    }
    let answers = netlink::route(&RouteNetlinkMessage::GetRoute(message), 0)?;
    let route = answers.into_iter().find_map(|answer| match answer {
        RouteNetlinkMessage::NewRoute(message) => Some(message),
        _ => None,
    });
    route.ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// Whether we and the kernel took the same row; if not, one sentence.
fn difference(route: &Route) -> Option<String> {
    let won = route.won.and_then(|won| route.weighed.get(won)).map(|weighed| &weighed.row);
    let told = |row: &Row| {
        let hop = row.hops.first().cloned().unwrap_or_default();
        let via = hop.gateway.map(|gateway| format!(" via {gateway}")).unwrap_or_default();
        format!("{}{via} dev {} of table {}", row.destination, hop.device, row.table)
    };
    match (won, &route.kernel) {
        (None, Err(_)) => None,
        (Some(row), Err(error)) => {
            let refuses =
                matches!(row.kind, RowKind::Blackhole | RowKind::Unreachable | RowKind::Prohibited);
            (!refuses)
                .then(|| format!("the rows say {}, the kernel says {}", told(row), error.sentence))
        }
        (None, Ok(kernel)) => {
            Some(format!("no row of the table matches, the kernel sends by {}", kernel.hop.device))
        }
        (Some(row), Ok(kernel)) => {
            let same = match &kernel.row {
                Some(used) => {
                    used.destination.network() == row.destination.network()
                        && used.destination.len == row.destination.len
                        && is_same_table(used.table, row.table)
                        && used.metric == row.metric
                        && (route.why == Why::Tie || used.hops == row.hops)
                }
                None => row.hops.contains(&kernel.hop) || row.kind == RowKind::Local,
            };
            let used = kernel.row.as_ref().map_or_else(|| kernel.hop.device.clone(), told);
            (!same).then(|| format!("the rows say {}, the kernel took {used}", told(row)))
        }
    }
}

/// As long as nobody made a rule, Linux keeps the local table (255) within the main one (254), and says so.
fn is_same_table(told: u32, ours: u32) -> bool {
    told == ours || told == 0 || (told, ours) == (254, 255)
}

#[cfg(test)]
mod tests;
