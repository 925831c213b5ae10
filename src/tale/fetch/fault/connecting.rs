//! Why could nobody be connected to?

use std::fmt::Write;
use std::net::IpAddr;

use super::{Fault, Proof, destination, seconds, system};
use crate::tale::Party;
use crate::timeline::fetch::{Outcome, Tried};
use crate::timeline::{Errno, Origin};

/// curl's "could not connect", and its "time is over".
const CONNECT: u8 = 7;
const TIME: u8 = 28;

pub(super) fn judge(errno: &Errno, tried: &[Tried], proof: &Proof) -> Fault {
    let others =
        tried.iter().filter(|it| matches!(it.outcome, Outcome::Failed(_) | Outcome::Unanswered));
    let others = others.count().saturating_sub(1);
    let mut fault = match &*errno.name {
        "ETIMEDOUT" => unanswered(proof, None),
        _ => failed(errno, proof),
    };
    if others > 0 {
        let addresses = if others == 1 { "address" } else { "addresses" };
        _ = write!(fault.sentence, "; {others} more {addresses} failed as well");
    }
    fault
}

fn failed(errno: &Errno, proof: &Proof) -> Fault {
    if let Some(fault) = by_icmp(proof) {
        return fault;
    }
    let to = destination(proof);
    match &*errno.name {
        "ECONNREFUSED" => refused(proof),
        "ENETUNREACH" => Fault::new(
            "route.none",
            Party::ThisComputer,
            CONNECT,
            format!("no row of the routing table matches {to}: is the default route missing?"),
        ),
        "EHOSTUNREACH" if proof.unheard.is_some() => unheard(proof, CONNECT),
        "EHOSTUNREACH" | "EACCES" | "EPERM" | "EINVAL" => Fault::new(
            "route.refused",
            Party::ThisComputer,
            CONNECT,
            format!("this computer itself does not let packets go to {to}: {}", system(errno)),
        ),
        _ => Fault::new(
            "tcp.failed",
            Party::ThisComputer,
            CONNECT,
            format!("{to} cannot be connected to: {}", system(errno)),
        ),
    }
}

fn refused(proof: &Proof) -> Fault {
    let Some(to) = proof.destination else {
        return Fault::new("tcp.refused.rst", Party::Server, CONNECT, "the connection was refused");
    };
    let (ip, port) = (to.ip(), to.port());
    let fault = |party, sentence| Fault::new("tcp.refused.rst", party, CONNECT, sentence);
    match proof.reset {
        Some(reset) => {
            let packets = proof.syns.last().copied().into_iter().chain([reset.packet]);
            let foreign = reset.usual.filter(|usual| *usual != reset.hops);
            match foreign {
                Some(usual) => fault(
                    Party::Path,
                    format!(
                        "a RST answered for {ip} on port {port}, with TTL {} where the host's packets \
                         have {usual}: a firewall answered",
                        reset.hops
                    ),
                ),
                None => fault(
                    Party::Server,
                    format!("{ip} is up and refuses: nobody listens on port {port}"),
                ),
            }
            .shown_by(packets)
        }
        None => fault(
            Party::Server,
            format!("{ip} refuses port {port}: nobody listens there, or a firewall says so"),
        ),
    }
}

/// The failure of what an ICMP error was sent about.
fn by_icmp(proof: &Proof) -> Option<Fault> {
    // The packet, or what the kernel told of it.
    let (is_v6, kind, code, offender) = match proof.refused.last() {
        Some(refused) => (refused.is_v6, refused.kind, refused.code, Some(refused.offender)),
        None => proof.told.iter().rev().find_map(|refusal| match refusal.origin {
            Origin::Icmp => Some((false, refusal.kind, refusal.code, refusal.offender)),
            Origin::Icmpv6 => Some((true, refusal.kind, refusal.code, refusal.offender)),
            Origin::Local => None,
        })?,
    };
    // Behind a next hop that is silent nobody can say anything: it is this computer that says so.
    if proof.unheard.is_some() {
        return None;
    }
    let to = destination(proof);
    let who = offender.map_or_else(|| "somebody on the way".to_owned(), |it| it.to_string());
    let is_host = offender.is_some() && offender == proof.destination.map(|it| it.ip());
    let (key, words) = row(is_v6, kind, code)?;
    let sentence = match key {
        "tcp.refused.icmp" if is_host => {
            format!(
                "{who} refuses {to} itself by ICMP, where a closed port would send a RST: its firewall"
            )
        }
        "tcp.refused.icmp" => format!("a firewall on {who} refuses {to}"),
        _ => format!("{who} says of {to}: {words}"),
    };
    let mut sentence = sentence;
    // The kernel may take a first error for a passing one.
    if let (Some(waited), Some(first)) = (proof.waited, proof.refused.first())
        && waited.as_millis() >= 500
    {
        let said = proof.refused.len();
        let times = if said == 1 { "once".to_owned() } else { format!("{said} times") };
        _ = write!(
            sentence,
            ", {times} since packet {}; the call still waited {}",
            first.mark.packet,
            seconds(waited)
        );
    }
    let party = if is_host { Party::Server } else { Party::Path };
    let packets = proof.syns.iter().copied().chain(proof.refused.iter().map(|it| it.mark.packet));
    let mut packets: Vec<u64> = packets.collect();
    packets.sort_unstable();
    Some(Fault::new(key, party, CONNECT, sentence).shown_by(packets))
}

/// RFC 792, RFC 1812 §5.2.7.1, RFC 4443 §3.
fn row(is_v6: bool, kind: u8, code: u8) -> Option<(&'static str, &'static str)> {
    Some(match (is_v6, kind, code) {
        (false, 3, 0) => ("tcp.icmp.net", "the network cannot be reached"),
        (false, 3, 1) => ("tcp.icmp.host", "the host cannot be reached"),
        (false, 3, 2) => ("tcp.icmp.protocol", "the host does not speak TCP"),
        (false, 3, 3) | (true, 1, 4) => ("tcp.refused.icmp", "the port cannot be reached"),
        (false, 3, 4) | (true, 2, _) => ("tcp.icmp.too-big", "packets this big do not get through"),
        (false, 3, 9 | 10 | 13) | (true, 1, 1 | 5) => {
            ("tcp.icmp.prohibited", "an administrator has forbidden it")
        }
        (true, 1, 0) => ("tcp.icmp.net", "there is no route"),
        (true, 1, 3) => ("tcp.icmp.host", "the address cannot be reached"),
        (true, 1, 6) => ("tcp.icmp.net", "the route says reject"),
        (false, 3, _) | (true, 1, _) => ("tcp.icmp.unreachable", "it cannot be reached"),
        (false, 11, _) | (true, 3, _) => {
            ("tcp.icmp.ttl", "the packet passed too many routers: it goes in a circle there")
        }
        _ => return None,
    })
}

fn unheard(proof: &Proof, exit: u8) -> Fault {
    let Some(unheard) = &proof.unheard else {
        return Fault::new("arp.timeout", Party::Access, exit, "a neighbour did not answer");
    };
    let address = unheard.address;
    let asked = match (unheard.requests.len(), address) {
        (0, _) => "nobody told its hardware address".to_owned(),
        (1, IpAddr::V4(_)) => "1 ARP request was not answered".to_owned(),
        (asked, IpAddr::V4(_)) => format!("{asked} ARP requests were not answered"),
        (asked, IpAddr::V6(_)) => format!("{asked} neighbour solicitations were not answered"),
    };
    let sentence = if unheard.is_router {
        format!("the router {address} is silent: {asked}; it is your own network that fails")
    } else {
        format!(
            "{address} on your own link is silent: {asked}; it is off, or has another address or VLAN"
        )
    };
    Fault::new("arp.timeout", Party::Access, exit, sentence).shown_by(unheard.requests.clone())
}

/// Nothing came until the deadline, or until the kernel gave up.
pub(super) fn unanswered(proof: &Proof, limit: Option<std::time::Duration>) -> Fault {
    if proof.unheard.is_some() {
        return unheard(proof, if limit.is_some() { TIME } else { CONNECT });
    }
    // An error came, and the kernel went on waiting.
    if let Some(fault) = by_icmp(proof) {
        return Fault { exit: TIME, ..fault };
    }
    let to = destination(proof);
    let syns = if proof.syns.is_empty() { proof.syns_again + 1 } else { proof.syns.len() as u64 };
    let sent = if syns == 1 { "1 SYN".to_owned() } else { format!("{syns} SYNs") };
    let waited = limit.or(proof.waited).map_or(String::new(), |it| format!(" in {}", seconds(it)));
    let sentence = format!(
        "{to} is silent: {sent}{waited}, no answer: a filter drops them, or the host is off"
    );
    Fault::new("tcp.syn-timeout", Party::Path, TIME, sentence).shown_by(proof.syns.clone())
}
