//! Who has this IPv6 address, and who routes? (RFC 4861)

use std::net::{IpAddr, Ipv6Addr};

use super::open::{Key, Open, Protocol};
use super::{Told, Topic, Who, ends};
use crate::flow::Mark;
use crate::wire::Packet;
use crate::wire::field::Mac;
use crate::wire::icmpv6::Icmpv6;

/// A neighbour discovery question.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Neighbour {
    pub what: Sought,
    /// The address asked for.
    pub target: Option<Ipv6Addr>,
    pub answered_by: Option<Mac>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Sought {
    Address,
    /// RFC 4862 §5.4: whether anybody else has the address that the asker wants. An answer is a
    /// conflict.
    Duplicate,
    /// RFC 4861 §7.2.6: an advertisement that nobody asked for.
    Announcement,
    Router,
}

pub(super) fn observe(icmp: Icmpv6<'_>, packet: &Packet<'_>, open: &mut Open, told: &mut Told) {
    let Some([source, destination]) = ends(packet) else { return };
    let (Who::At(IpAddr::V6(from), _), Who::At(IpAddr::V6(to), _)) = (source, destination) else {
        return;
    };
    let mark = Mark::of(&packet.frame);
    let key = |asker: Ipv6Addr, target: Option<Ipv6Addr>| Key {
        protocol: Protocol::Neighbour,
        asker: Who::At(asker.into(), None),
        asked: target.map_or(Who::Unknown, |target| Who::At(target.into(), None)),
        id: 0,
    };
    let target = icmp.target();
    let answered_by = icmp.link_address();
    match icmp.kind() {
        133 | 135 => {
            let what = match icmp.kind() {
                133 => Sought::Router,
                _ if from.is_unspecified() => Sought::Duplicate,
                _ => Sought::Address,
            };
            // RFC 4861 §4.1: an asker without an address is known by nobody.
            let key = if what == Sought::Router {
                key(Ipv6Addr::UNSPECIFIED, None)
            } else {
                key(from, target)
            };
            let words = if what == Sought::Router { from.octets().to_vec() } else { Vec::new() };
            if !open.again(&key, &words, mark, told) {
                let topic = Topic::Neighbour(Neighbour { what, target, answered_by: None });
                let asked = target.map_or(destination, |target| Who::At(target.into(), None));
                let exchange = told.ask(mark, source, asked, topic);
                open.ask(key, &words, exchange, told);
            }
        }
        134 => {
            let key = key(Ipv6Addr::UNSPECIFIED, None);
            let fits = |asker: &[u8]| to.is_multicast() || asker == to.octets();
            while let Some(mut exchange) = open.take(&key, |_, asker| fits(asker)) {
                exchange.asked = source;
                exchange.topic =
                    Topic::Neighbour(Neighbour { what: Sought::Router, target: None, answered_by });
                told.answered(exchange, mark);
            }
        }
        136 => {
            // RFC 4861 §7.2.4: to all when the asker had no address.
            let asker = if to.is_multicast() { Ipv6Addr::UNSPECIFIED } else { to };
            let key = key(asker, target);
            if let Some(mut exchange) = open.take(&key, |_, _| true) {
                if let Topic::Neighbour(neighbour) = &mut exchange.topic {
                    neighbour.answered_by = answered_by;
                }
                open.note_answered(key);
                told.answered(exchange, mark);
            } else if !open.was_answered(&key) {
                let what = if to.is_multicast() { Sought::Announcement } else { Sought::Address };
                let topic = Topic::Neighbour(Neighbour { what, target, answered_by });
                let exchange = told.begin(destination, source, topic);
                told.answered(exchange, mark);
            }
        }
        _ => {}
    }
}
