//! Which reply belongs to which echo? (RFC 792, RFC 4443 §4)

use super::open::{Key, Open, Protocol};
use super::{Told, Topic, Who, ends};
use crate::flow::Mark;
use crate::wire::icmp::Icmp;
use crate::wire::icmpv6::Icmpv6;
use crate::wire::{Layer, Packet};

/// An ICMP question with an identifier.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Echo {
    pub family: Family,
    pub what: What,
    pub identifier: u16,
    pub sequence: u16,
    /// Of the answer, as it arrived at the capture.
    pub hops_left: Option<u8>,
}

#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Family {
    V4,
    V6,
}

#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum What {
    Echo,
    Timestamp,
    Information,
    Mask,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Way {
    Question,
    Answer,
}

impl Echo {
    pub(super) fn key(self) -> &'static str {
        match self.family {
            Family::V4 => "icmp",
            Family::V6 => "icmpv6",
        }
    }
}

pub(super) fn observe(icmp: Icmp<'_>, packet: &Packet<'_>, open: &mut Open, told: &mut Told) {
    let (what, way) = match icmp.kind() {
        8 => (What::Echo, Way::Question),
        0 => (What::Echo, Way::Answer),
        13 => (What::Timestamp, Way::Question),
        14 => (What::Timestamp, Way::Answer),
        15 => (What::Information, Way::Question),
        16 => (What::Information, Way::Answer),
        17 => (What::Mask, Way::Question),
        18 => (What::Mask, Way::Answer),
        _ => return,
    };
    let Some((identifier, sequence)) = icmp.echo() else { return };
    let echo = Echo { family: Family::V4, what, identifier, sequence, hops_left: None };
    pair(echo, way, packet, open, told);
}

pub(super) fn observe_v6(icmp: Icmpv6<'_>, packet: &Packet<'_>, open: &mut Open, told: &mut Told) {
    let way = if icmp.kind() == 128 { Way::Question } else { Way::Answer };
    let Some((identifier, sequence)) = icmp.echo() else { return };
    let echo = Echo { family: Family::V6, what: What::Echo, identifier, sequence, hops_left: None };
    pair(echo, way, packet, open, told);
}

fn pair(mut echo: Echo, way: Way, packet: &Packet<'_>, open: &mut Open, told: &mut Told) {
    let Some([source, destination]) = ends(packet) else { return };
    let mark = Mark::of(&packet.frame);
    let kind = (echo.family as u64) << 48 | (echo.what as u64) << 40;
    let id = kind | u64::from(echo.identifier) << 16 | u64::from(echo.sequence);
    let key = |asker, asked| Key { protocol: Protocol::Echo, asker, asked, id };
    if way == Way::Question {
        let key = key(source, if is_for_many(destination) { Who::Unknown } else { destination });
        if !open.again(&key, &[], mark, told) {
            let exchange = told.ask(mark, source, destination, Topic::Echo(echo));
            open.ask(key, &[], exchange, told);
        }
        return;
    }
    echo.hops_left = packet.own_layers().iter().rev().find_map(|layer| match layer {
        Layer::Ipv4(ip) => Some(ip.ttl()),
        Layer::Ipv6(ip) => Some(ip.hop_limit()),
        _ => None,
    });
    let keys = [key(destination, source), key(destination, Who::Unknown)];
    let found = keys.iter().find_map(|key| open.take(key, |_, _| true).map(|found| (*key, found)));
    let exchange = match found {
        Some((key, mut exchange)) => {
            open.note_answered(key);
            (exchange.asked, exchange.topic) = (source, Topic::Echo(echo));
            exchange
        }
        None if keys.iter().any(|key| open.was_answered(key)) => return,
        None => told.begin(destination, source, Topic::Echo(echo)),
    };
    told.answered(exchange, mark);
}

/// Whether anybody may answer; that an address is a network's own broadcast address is not seen.
fn is_for_many(who: Who) -> bool {
    match who {
        Who::At(std::net::IpAddr::V4(address), _) => {
            address.is_multicast() || address.is_broadcast()
        }
        Who::At(std::net::IpAddr::V6(address), _) => address.is_multicast(),
        _ => false,
    }
}
