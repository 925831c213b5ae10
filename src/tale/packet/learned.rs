//! Which answers told where to send a packet?
//!
//! A name is looked up so that somebody can be spoken to, and a hardware address so that something can be
//! sent there. That a packet comes because of such an answer is inferred: it goes where the answer says,
//! whoever asked sends it, and it is the first that does.

use std::net::IpAddr;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use crate::flow::Mark;
use crate::flow::exchange::{Exchange, Topic, Who};
use crate::wire::arp::Meaning;
use crate::wire::field::Mac;
use crate::wire::packet::hardware;
use crate::wire::{Layer, Packet};

/// What the answers so far told, and is not used yet.
#[derive(Debug, Default)]
pub(super) struct Learned {
    /// Who asked, and an address that a name has.
    addresses: HashMap<(IpAddr, IpAddr), Mark, RandomState>,
    /// Who asked, and the hardware address of what was looked for.
    stations: HashMap<(Mac, Mac), Mark, RandomState>,
    /// The transactions in which an address was offered.
    offers: HashMap<u32, Mark, RandomState>,
}

/// What an answer told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Told {
    /// The address of a name.
    Address,
    /// The hardware address of an address.
    Station,
    /// An address to have.
    Offer,
}

/// Answers that are remembered at most; beyond that the others are forgotten.
const MOST: usize = 1 << 14;

impl Learned {
    /// Notes what an answer tells.
    pub(super) fn note(&mut self, exchange: &Exchange) {
        let Some(answer) = exchange.answer else { return };
        match (&exchange.topic, exchange.asker) {
            (Topic::Dns(dns), Who::At(asker, _)) => {
                let answers = dns.reply.iter().flat_map(|reply| &reply.answers);
                for address in answers.filter_map(|answer| answer.address) {
                    keep(&mut self.addresses, (asker, address), answer);
                }
            }
            (Topic::Dhcp(dhcp), _) if dhcp.answered == Some(OFFER) => {
                keep(&mut self.offers, dhcp.transaction, answer);
            }
            _ => {}
        }
    }

    /// The answers that led a packet to where it goes; each leads one packet. `begins` is whether it is the
    /// first of its conversation.
    pub(super) fn lead(&mut self, packet: &Packet<'_>, begins: bool) -> Vec<(Told, Mark)> {
        let mut led = Vec::new();
        match packet.own_layers().last() {
            Some(Layer::Arp(arp)) => {
                let mac = |octets: &[u8]| <[u8; 6]>::try_from(octets).ok().map(Mac);
                let pair = mac(arp.target_hardware()).zip(mac(arp.sender_hardware()));
                if let Some(pair) = pair.filter(|_| arp.meaning() == Meaning::Reply) {
                    keep(&mut self.stations, pair, Mark::of(&packet.frame));
                }
                return led;
            }
            Some(Layer::Dhcp(dhcp)) if dhcp.message_type() == Some(REQUEST) => {
                let offer = self.offers.remove(&dhcp.transaction());
                led.extend(offer.map(|offer| (Told::Offer, offer)));
            }
            _ => {}
        }
        if let Some(ends) = packet.addresses().filter(|_| begins) {
            led.extend(self.addresses.remove(&ends).map(|answer| (Told::Address, answer)));
        }
        if let Some((from, Some(to))) =
            hardware(packet.own_layers()).filter(|_| !self.stations.is_empty())
        {
            led.extend(self.stations.remove(&(from, to)).map(|answer| (Told::Station, answer)));
        }
        led
    }
}

/// RFC 2132 §9.6.
const OFFER: u8 = 2;
const REQUEST: u8 = 3;

fn keep<K: Eq + std::hash::Hash>(map: &mut HashMap<K, Mark, RandomState>, key: K, answer: Mark) {
    if map.len() >= MOST {
        map.clear();
    }
    map.insert(key, answer);
}
