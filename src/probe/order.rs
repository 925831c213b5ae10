//! In which order are several addresses of a name tried, and when each?
//!
//! RFC 6724 puts them in order, comparing the source address that the kernel would send from; RFC 8305 says
//! when the next one is begun. Home addresses (rule 4) are not known to the kernel's answer and are left out.

use std::cmp::Ordering;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use super::route::{Flow, decided};
use crate::timeline::fetch::{self, Attempt};
use crate::timeline::way::{Address, Interface};

/// An address that a connection may be tried to.
#[derive(Clone, Debug)]
pub struct Candidate {
    pub destination: SocketAddr,
    /// What the kernel would send from; `None` when it has no way there.
    pub source: Option<IpAddr>,
    /// Of [`Candidate::source`].
    prefix: u8,
    is_deprecated: bool,
    is_tunnelled: bool,
    /// Which rule of RFC 6724 §6 put it behind the one before it; 10 when nothing told them apart.
    pub behind_by: Option<u8>,
}

/// RFC 8305 §5: the recommended delay between two attempts.
pub const DELAY: Duration = Duration::from_millis(250);

/// Addresses of one name that are tried.
pub const TRIED: usize = 4;

/// Puts addresses in the order of RFC 6724 §6, with the kernel's choice of sources.
pub fn order(destinations: &[SocketAddr], interfaces: &[Interface]) -> Vec<Candidate> {
    sorted(candidates(destinations, interfaces))
}

/// Leaves them in the order in which somebody has put them.
pub fn candidates(destinations: &[SocketAddr], interfaces: &[Interface]) -> Vec<Candidate> {
    let candidate = |&destination: &SocketAddr| {
        let kernel = decided(Flow::tcp(destination), &[]).ok();
        let source = kernel.as_ref().and_then(|kernel| kernel.source);
        let ours = source.and_then(|source| of(source, interfaces));
        let is_tunnelled = kernel.is_some_and(|kernel| {
            interfaces.iter().any(|i| i.index == kernel.hop.interface && i.is_tunnel)
        });
        Candidate {
            destination,
            source,
            prefix: ours.map_or(u8::MAX, |address| address.prefix.len),
            is_deprecated: ours.is_some_and(|address| address.is_deprecated),
            is_tunnelled,
            behind_by: None,
        }
    };
    destinations.iter().map(candidate).collect()
}

impl Candidate {
    /// What is told of it.
    pub fn told(&self) -> fetch::Candidate {
        let Self { destination, source, behind_by, .. } = *self;
        fetch::Candidate { destination, source, behind_by }
    }
}

fn of(source: IpAddr, interfaces: &[Interface]) -> Option<&Address> {
    let mut all = interfaces.iter().flat_map(|interface| &interface.addresses);
    all.find(|address| address.prefix.address == source)
}

fn sorted(mut candidates: Vec<Candidate>) -> Vec<Candidate> {
    candidates.sort_by(|one, other| compare(one, other).0);
    for at in 1..candidates.len() {
        candidates[at].behind_by = Some(compare(&candidates[at - 1], &candidates[at]).1);
    }
    candidates
}

/// Which of two comes first, and by which rule. Later rules are reached by addresses of one family only, so
/// this is an order: rule 6 parts IPv4 from everything else.
fn compare(one: &Candidate, other: &Candidate) -> (Ordering, u8) {
    let first = |better: fn(&Candidate) -> bool| better(other).cmp(&better(one));
    let (to, from) = (of_policy(one.destination.ip()), of_policy(other.destination.ip()));
    let rules = [
        (1, first(|it| it.source.is_some())),
        (2, first(|it| it.source.is_some_and(|own| scope(own) == scope(it.destination.ip())))),
        (3, first(|it| !it.is_deprecated)),
        (
            5,
            first(|it| {
                it.source
                    .is_some_and(|own| of_policy(own).label == of_policy(it.destination.ip()).label)
            }),
        ),
        (6, from.precedence.cmp(&to.precedence)),
        (7, first(|it| !it.is_tunnelled)),
        (8, scope(one.destination.ip()).cmp(&scope(other.destination.ip()))),
        (9, common(other).cmp(&common(one))),
    ];
    rules
        .into_iter()
        .find(|(_, ordering)| ordering.is_ne())
        .map_or((Ordering::Equal, 10), |(rule, ordering)| (ordering, rule))
}

/// RFC 6724 §3.1: link-local 2, site-local 5, global 14; IPv4 by §3.2.
fn scope(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(v4) if v4.is_loopback() || v4.is_link_local() => 2,
        IpAddr::V4(_) => 14,
        IpAddr::V6(v6) => match v6.segments()[0] {
            _ if v6.is_loopback() => 2,
            first @ 0xff00.. => (first & 15) as u8,
            0xfe80..0xfec0 => 2,
            0xfec0..0xff00 => 5,
            _ => 14,
        },
    }
}

struct Policy {
    precedence: u8,
    label: u8,
}

/// RFC 6724 §2.1: prefix, its length, precedence, label; the longest that fits comes first.
const POLICIES: [(Ipv6Addr, u32, u8, u8); 9] = [
    (Ipv6Addr::LOCALHOST, 128, 50, 0),
    (Ipv6Addr::UNSPECIFIED, 96, 1, 3),
    (Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0), 96, 35, 4),
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 32, 5, 5),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16, 30, 2),
    (Ipv6Addr::new(0x3ffe, 0, 0, 0, 0, 0, 0, 0), 16, 1, 12),
    (Ipv6Addr::new(0xfec0, 0, 0, 0, 0, 0, 0, 0), 10, 1, 11),
    (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7, 3, 13),
    (Ipv6Addr::UNSPECIFIED, 0, 40, 1),
];

fn of_policy(address: IpAddr) -> Policy {
    let address = match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped(),
        IpAddr::V6(v6) => v6,
    };
    let fits = |&&(prefix, len, ..): &&(Ipv6Addr, u32, u8, u8)| {
        (prefix.to_bits() ^ address.to_bits()).leading_zeros() >= len
    };
    // The last row fits everything.
    let (_, _, precedence, label) = *POLICIES.iter().find(fits).unwrap_or(&POLICIES[8]);
    Policy { precedence, label }
}

/// How many leading bits source and destination share, within the source's network.
fn common(candidate: &Candidate) -> u32 {
    let bits = match (candidate.source, candidate.destination.ip()) {
        (Some(IpAddr::V4(own)), IpAddr::V4(to)) => (own.to_bits() ^ to.to_bits()).leading_zeros(),
        (Some(IpAddr::V6(own)), IpAddr::V6(to)) => (own.to_bits() ^ to.to_bits()).leading_zeros(),
        _ => 0,
    };
    bits.min(candidate.prefix.into())
}

/// RFC 8305 §4: the families take turns, and the one in front begins. Of those that cannot be reached none is
/// tried unless nothing else is there.
pub fn plan(candidates: &[Candidate], delay: Duration) -> Vec<Attempt> {
    let usable = usable(candidates);
    let Some(front) = usable.first() else { return Vec::new() };
    let is_first = |it: &&Candidate| it.destination.is_ipv4() == front.destination.is_ipv4();
    let (first, second): (Vec<&Candidate>, Vec<&Candidate>) =
        usable.iter().copied().partition(is_first);
    let mut turns: Vec<&Candidate> = Vec::new();
    for at in 0..usable.len() {
        turns.extend(first.get(at));
        turns.extend(second.get(at));
    }
    one_by_one(&turns, delay)
}

/// The same in the order in which they are.
pub fn plan_as_given(candidates: &[Candidate], delay: Duration) -> Vec<Attempt> {
    one_by_one(&usable(candidates), delay)
}

fn usable(candidates: &[Candidate]) -> Vec<&Candidate> {
    let any = candidates.iter().any(|it| it.source.is_some());
    candidates.iter().filter(|it| it.source.is_some() || !any).collect()
}

fn one_by_one(turns: &[&Candidate], delay: Duration) -> Vec<Attempt> {
    turns
        .iter()
        .take(TRIED)
        .enumerate()
        .map(|(at, it)| Attempt { destination: it.destination, begins: delay * at as u32 })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(destination: &str, source: Option<&str>) -> Candidate {
        Candidate {
            destination: SocketAddr::new(destination.parse().expect("an address"), 80),
            source: source.map(|source| source.parse().expect("an address")),
            prefix: if destination.contains(':') { 64 } else { 24 },
            is_deprecated: false,
            is_tunnelled: false,
            behind_by: None,
        }
    }

    fn told(candidates: Vec<Candidate>) -> Vec<(String, Option<u8>)> {
        let sorted = sorted(candidates);
        sorted.iter().map(|it| (it.destination.ip().to_string(), it.behind_by)).collect()
    }

    #[test]
    fn the_examples_of_the_rfc_come_out_with_their_rules() {
        // RFC 6724 §10.2, in its order.
        for (better, own, worse, other, rule) in [
            ("2001:db8:1::1", "2001:db8:1::2", "198.51.100.121", "169.254.13.78", 2),
            ("198.51.100.121", "198.51.100.117", "2001:db8:1::1", "fe80::1", 2),
            ("2001:db8:1::1", "2001:db8:1::2", "10.1.2.3", "10.1.2.4", 6),
            ("fe80::1", "fe80::2", "2001:db8:1::1", "2001:db8:1::2", 8),
            ("2001:db8:3f44::1", "2001:db8:3f44::2", "2001:db8:3ffe::1", "2001:db8:3f44::2", 9),
            ("2002:c633:6401::1", "2002:c633:6401::2", "2001:db8:1::1", "2002:c633:6401::2", 5),
        ] {
            let pair = vec![candidate(worse, Some(other)), candidate(better, Some(own))];
            assert_eq!(
                told(pair),
                [(better.to_owned(), None), (worse.to_owned(), Some(rule))],
                "{better} before {worse}"
            );
        }
    }

    #[test]
    fn what_cannot_be_reached_comes_last_and_what_is_equal_stays() {
        let all = vec![
            candidate("2001:db8::1", None),
            candidate("192.0.2.9", Some("192.0.2.1")),
            candidate("192.0.2.10", Some("192.0.2.1")),
        ];
        // 9 and 10 share 28 bits with 1, but the network ends at 24: nothing tells them apart.
        let wanted = [("192.0.2.9", None), ("192.0.2.10", Some(10)), ("2001:db8::1", Some(1))];
        assert_eq!(told(all), wanted.map(|(name, rule)| (name.to_owned(), rule)));
    }

    #[test]
    fn families_take_turns_a_quarter_of_a_second_apart() {
        let all = sorted(vec![
            candidate("192.0.2.1", Some("192.0.2.7")),
            candidate("2001:db8::1", Some("2001:db8::7")),
            candidate("2001:db8::2", Some("2001:db8::7")),
            candidate("2001:db8::3", Some("2001:db8::7")),
            candidate("2001:db8:1::4", None),
        ]);
        let plan = plan(&all, DELAY);
        let told: Vec<(bool, u128)> = plan
            .iter()
            .map(|attempt| (attempt.destination.is_ipv6(), attempt.begins.as_millis()))
            .collect();
        assert_eq!(told, [(true, 0), (false, 250), (true, 500), (true, 750)]);
    }
}
