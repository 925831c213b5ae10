//! Who has this address? (RFC 826, RFC 5227)

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr};

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use super::open::{Key, Open, Protocol};
use super::{Told, Topic, Who};
use crate::flow::Mark;
use crate::wire::arp::{self, Meaning};
use crate::wire::field::Mac;

/// An address asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Arp {
    pub meaning: Meaning,
    pub asked: Ipv4Addr,
    pub answered_by: Option<Mac>,
    /// Whether another hardware address claimed it before, or a probe was answered.
    pub conflict: bool,
}

/// Which hardware address claimed an address last; of [`Addresses::MOST`] addresses, the oldest is
/// forgotten.
#[derive(Debug, Default)]
pub(super) struct Addresses {
    claims: HashMap<Ipv4Addr, Mac, RandomState>,
    order: VecDeque<Ipv4Addr>,
}

impl Addresses {
    const MOST: usize = 4096;

    /// Whether another one claimed it before.
    fn claim(&mut self, address: Ipv4Addr, mac: Mac) -> bool {
        if let Some(known) = self.claims.insert(address, mac) {
            return known != mac;
        }
        self.order.push_back(address);
        if self.order.len() > Self::MOST
            && let Some(oldest) = self.order.pop_front()
        {
            self.claims.remove(&oldest);
        }
        false
    }
}

pub(super) fn observe(
    message: arp::Arp<'_>,
    mark: Mark,
    addresses: &mut Addresses,
    open: &mut Open,
    told: &mut Told,
) {
    let address = |octets: &[u8]| <[u8; 4]>::try_from(octets).ok().map(Ipv4Addr::from);
    let mac = |octets: &[u8]| <[u8; 6]>::try_from(octets).ok().map(Mac);
    let (Some(sender), Some(target)) = (address(message.sender()), address(message.target()))
    else {
        return;
    };
    let Some(hardware) = mac(message.sender_hardware()) else { return };
    let meaning = message.meaning();
    let at = |address: Ipv4Addr| Who::At(IpAddr::V4(address), None);
    let key = |asker: Ipv4Addr, asked: Ipv4Addr| Key {
        protocol: Protocol::Arp,
        asker: at(asker),
        asked: at(asked),
        id: 0,
    };
    match meaning {
        Meaning::Request | Meaning::Probe => {
            // RFC 5227 §1.1: who probes has no address yet.
            let (asker, words) = match meaning {
                Meaning::Probe => (Who::Hardware(hardware), &hardware.0[..]),
                _ => (at(sender), &[][..]),
            };
            let key = key(sender, target);
            if !open.again(&key, words, mark, told) {
                let topic = Arp { meaning, asked: target, answered_by: None, conflict: false };
                let exchange = told.ask(mark, asker, at(target), Topic::Arp(topic));
                open.ask(key, words, exchange, told);
            }
        }
        Meaning::Reply => {
            let conflict = addresses.claim(sender, hardware);
            let key = key(target, sender);
            if let Some(mut exchange) = open.take(&key, |_, _| true) {
                if let Topic::Arp(topic) = &mut exchange.topic {
                    topic.answered_by = Some(hardware);
                    topic.conflict = conflict || topic.meaning == Meaning::Probe;
                }
                open.note_answered(key);
                told.answered(exchange, mark);
            } else if conflict || !open.was_answered(&key) {
                let answered_by = Some(hardware);
                let topic = Arp { meaning, asked: sender, answered_by, conflict };
                let exchange = told.begin(at(target), at(sender), Topic::Arp(topic));
                told.answered(exchange, mark);
            }
        }
        Meaning::Announcement | Meaning::GratuitousReply => {
            let conflict = addresses.claim(sender, hardware);
            let topic = Arp { meaning, asked: sender, answered_by: Some(hardware), conflict };
            let exchange = told.begin(Who::Unknown, at(sender), Topic::Arp(topic));
            told.answered(exchange, mark);
        }
        _ => {}
    }
}
