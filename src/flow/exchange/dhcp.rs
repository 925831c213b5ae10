//! Which address did the client get? (RFC 2131 §4)

use std::net::Ipv4Addr;

use super::open::{Key, Open, Protocol};
use super::{Exchange, Told, Topic, Who, ends};
use crate::flow::Mark;
use crate::wire::dhcp;
use crate::wire::{Packet, dhcp::type_name};

/// A question of a client and what the server offers. What was not told is `None`, or empty.
#[derive(Clone, Debug, Default)]
pub struct Dhcp {
    pub transaction: u32,
    /// What the client sent; BOOTP has no types.
    pub asked: Option<u8>,
    pub answered: Option<u8>,
    pub address: Option<Ipv4Addr>,
    pub mask: Option<Ipv4Addr>,
    pub routers: Vec<Ipv4Addr>,
    pub dns: Vec<Ipv4Addr>,
    /// Seconds.
    pub lease: Option<u32>,
    pub server: Option<Ipv4Addr>,
}

impl Dhcp {
    /// The name of a message's type.
    pub fn name(kind: u8) -> Option<&'static str> {
        type_name(kind)
    }
}

const DISCOVER: u8 = 1;
const OFFER: u8 = 2;
const REQUEST: u8 = 3;
const ACK: u8 = 5;
const NAK: u8 = 6;
const INFORM: u8 = 8;

pub(super) fn observe(
    message: dhcp::Dhcp<'_>,
    packet: &Packet<'_>,
    open: &mut Open,
    told: &mut Told,
) {
    let Some([source, destination]) = ends(packet) else { return };
    let mark = Mark::of(&packet.frame);
    let kind = message.message_type();
    let client = message.client_mac().map_or(Who::Unknown, Who::Hardware);
    let key = |kind: Option<u8>| Key {
        protocol: Protocol::Dhcp,
        asker: client,
        asked: Who::Unknown,
        id: u64::from(kind.unwrap_or(0)) << 32 | u64::from(message.transaction()),
    };
    let asker = |end: Who| if client == Who::Unknown { end } else { client };
    if message.is_question() {
        // What a client only lets the server know is no question.
        if !matches!(kind, None | Some(DISCOVER | REQUEST | INFORM)) {
            return;
        }
        let key = key(kind);
        if !open.again(&key, &[], mark, told) {
            let topic = Dhcp { transaction: message.transaction(), asked: kind, ..Dhcp::default() };
            let topic = Topic::Dhcp(Box::new(topic));
            let exchange = told.ask(mark, asker(source), destination, topic);
            open.ask(key, &[], exchange, told);
        }
        return;
    }
    let questions: &[Option<u8>] = match kind {
        None => &[None],
        Some(OFFER) => &[Some(DISCOVER)],
        // RFC 4039 §3: a rapid commit answers a discovery at once.
        Some(ACK) => &[Some(REQUEST), Some(INFORM), Some(DISCOVER)],
        Some(NAK) => &[Some(REQUEST)],
        Some(_) => return,
    };
    let found = questions.iter().find_map(|kind| {
        let key = key(*kind);
        open.take(&key, |_, _| true).map(|exchange| (key, exchange))
    });
    let mut exchange = match found {
        Some((key, exchange)) => {
            open.note_answered(key);
            exchange
        }
        None if questions.iter().any(|kind| open.was_answered(&key(*kind))) => return,
        None => {
            let topic = Dhcp { transaction: message.transaction(), ..Dhcp::default() };
            told.begin(asker(destination), source, Topic::Dhcp(Box::new(topic)))
        }
    };
    exchange.asked = source;
    reply(&mut exchange, message);
    told.answered(exchange, mark);
}

fn reply(exchange: &mut Exchange, message: dhcp::Dhcp<'_>) {
    let Topic::Dhcp(topic) = &mut exchange.topic else { return };
    let all = |code| -> Vec<Ipv4Addr> {
        let octets = message.option(code).unwrap_or_default();
        octets.as_chunks::<4>().0.iter().map(|octets| Ipv4Addr::from(*octets)).collect()
    };
    let one = |code| all(code).first().copied();
    topic.answered = message.message_type();
    topic.address = message.your_address().filter(|address| !address.is_unspecified());
    (topic.mask, topic.routers, topic.dns) = (one(1), all(3), all(6));
    topic.lease = one(51).map(Ipv4Addr::to_bits);
    topic.server = one(54);
}
