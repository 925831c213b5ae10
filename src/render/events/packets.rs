//! What is a packet of our own fetch, as records?

use std::net::SocketAddr;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use super::event::{Event, Link, Moved};
use super::segments::Trail;
use crate::flow::{Seen, Side};
use crate::ink::written;
use crate::render::sheet::Sheet;
use crate::tale::fetch::kind;
use crate::wire::arp::{Arp, Meaning};
use crate::wire::{Layer, Packet, packet};

/// What packets before it tell about the one at hand.
#[derive(Default)]
pub(super) struct Packets {
    /// By the conversation's number.
    trails: HashMap<u32, Trail, RandomState>,
    told: Vec<Event>,
}

/// Connections that are followed; a fetch has far fewer.
const FOLLOWED: usize = 1024;

impl Packets {
    /// The events of one packet.
    pub(super) fn of(&mut self, packet: &Packet<'_>, seen: &Seen<'_>) -> Vec<Event> {
        for layer in packet.own_layers() {
            match layer {
                Layer::Arp(arp) => self.told.extend(asked(packet, *arp)),
                Layer::Icmp(icmp) if icmp.is_error() => {
                    self.told.push(refused(packet, "ICMP", (icmp.kind(), icmp.code()), layer));
                }
                Layer::Icmpv6(icmp) if icmp.is_error() => {
                    self.told.push(refused(packet, "ICMPv6", (icmp.kind(), icmp.code()), layer));
                }
                Layer::Icmpv6(icmp) => {
                    if let (135 | 136, Some(target)) = (icmp.kind(), icmp.target()) {
                        self.told.push(solicited(packet, icmp.kind(), target.into()));
                    }
                }
                _ => {}
            }
        }
        if let Some((connection, side)) = seen.connection {
            let id = connection.id();
            if self.trails.len() < FOLLOWED || self.trails.contains_key(&id) {
                let [us, them] = [Side::Client, Side::Server].map(|side| {
                    let end = connection.end(side);
                    SocketAddr::new(end.address(), end.port)
                });
                let trail = self.trails.entry(id).or_insert_with(|| Trail::new(us, them));
                trail.follow(packet, seen, (connection, side), &mut self.told);
            }
        }
        if let Some(dns) = message(packet) {
            self.told.push(dns);
        }
        std::mem::take(&mut self.told)
    }
}

/// An event that is about a packet and nothing else.
pub(super) fn new(packet: &Packet<'_>, kind: kind::Kind, text: impl Into<Box<str>>) -> Event {
    let time = packet.frame.time;
    Event { packets: vec![packet.frame.number], ..Event::new(kind, time, time, text) }
}

/// A packet of a question or an answer: it only lends its number to the step, and is told by that.
fn message(packet: &Packet<'_>) -> Option<Event> {
    let Some(Layer::Dns(dns)) = packet.own_layers().last() else { return None };
    packet.udp()?;
    let ((from, to), (source, destination)) = (packet.addresses()?, packet.ports()?);
    let is_answer = dns.is_response();
    let (server, local) = if is_answer {
        (SocketAddr::new(from, source), SocketAddr::new(to, destination))
    } else {
        (SocketAddr::new(to, destination), SocketAddr::new(from, source))
    };
    let what = Moved::Message { id: dns.id(), is_answer };
    let link = Link { local, remote: server, what };
    Some(Event { is_told: false, ..new(packet, kind::DNS_QUERY, "") }.linked(Some(link)))
}

fn asked(packet: &Packet<'_>, arp: Arp<'_>) -> Option<Event> {
    let kind = match arp.meaning() {
        Meaning::Request => kind::ARP_REQUEST,
        Meaning::Reply => kind::ARP_REPLY,
        _ => return None,
    };
    let four = |octets: &[u8]| <[u8; 4]>::try_from(octets).ok().map(std::net::Ipv4Addr::from);
    let mac = |octets: &[u8]| {
        let hex: Vec<String> = octets.iter().map(|octet| format!("{octet:02x}")).collect();
        (!hex.is_empty()).then(|| hex.join(":"))
    };
    let text = written(|ink| Layer::Arp(arp).line(ink));
    Some(new(packet, kind, text).with(|sheet| {
        sheet.address("sender", four(arp.sender()));
        sheet.words("sender_mac", mac(arp.sender_hardware()).as_deref());
        sheet.address("target", four(arp.target()));
        let known = (kind == kind::ARP_REPLY).then(|| mac(arp.target_hardware())).flatten();
        sheet.words("target_mac", known.as_deref());
    }))
}

fn solicited(packet: &Packet<'_>, number: u8, target: std::net::IpAddr) -> Event {
    let (kind, text) = if number == 135 {
        (kind::ARP_REQUEST, format!("who has {target}? (neighbour solicitation)"))
    } else {
        (kind::ARP_REPLY, format!("{target} answers (neighbour advertisement)"))
    };
    let ends = packet.addresses();
    new(packet, kind, text).with(|sheet| {
        sheet.address("sender", ends.map(|(from, _)| from));
        sheet.words("sender_mac", None);
        sheet.address("target", Some(target));
        sheet.words("target_mac", None);
    })
}

fn refused(packet: &Packet<'_>, name: &str, (kind, code): (u8, u8), layer: &Layer<'_>) -> Event {
    let offender = packet.addresses().map(|(from, _)| from);
    let quoted = packet.quoted_layers();
    let ends = packet::addresses(quoted);
    let ports = packet::ports(quoted);
    let said = written(|ink| layer.line(ink));
    let who = offender.map_or_else(|| "somebody".to_owned(), |it| it.to_string());
    new(packet, kind::ICMP_ERROR, format!("{who} says: {name} {said}")).with(|sheet| {
        sheet.number("icmp_type", Some(kind));
        sheet.number("icmp_code", Some(code));
        sheet.address("offender", offender);
        quote(sheet, ends, ports);
    })
}

fn quote(
    sheet: &mut Sheet<'_>,
    ends: Option<(std::net::IpAddr, std::net::IpAddr)>,
    ports: Option<(u16, u16)>,
) {
    sheet.nest("quoted", |sheet| {
        sheet.address("source", ends.map(|(source, _)| source));
        sheet.address("destination", ends.map(|(_, destination)| destination));
        sheet.number("source_port", ports.map(|(source, _)| source));
        sheet.number("destination_port", ports.map(|(_, destination)| destination));
    });
}
