//! What was seen on the wire beside our connections: DNS, ARP and neighbour discovery, ICMP errors?

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use crate::flow::Mark;
use crate::wire::arp::Meaning;
use crate::wire::{Layer, Packet, packet};

/// A DNS message in a datagram.
#[derive(Clone, Copy, Debug)]
pub(super) struct Message {
    pub(super) mark: Mark,
    /// The server's end, and our port.
    pub(super) server: SocketAddr,
    pub(super) port: u16,
    pub(super) id: u16,
    pub(super) is_answer: bool,
}

/// Somebody asked for a hardware address, or told one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Neighbour {
    pub(super) mark: Mark,
    /// Whose hardware address it is.
    pub(super) address: IpAddr,
    pub(super) is_answer: bool,
}

/// An ICMP error about a packet of ours.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Refused {
    pub mark: Mark,
    pub is_v6: bool,
    pub kind: u8,
    pub code: u8,
    pub offender: IpAddr,
    /// Where the packet was to go.
    pub destination: SocketAddr,
    /// Which port of ours it came from.
    pub port: u16,
}

/// What is kept of all that.
#[derive(Debug, Default)]
pub(super) struct Aside {
    pub(super) messages: Vec<Message>,
    pub(super) neighbours: Vec<Neighbour>,
    pub(super) refused: Vec<Refused>,
}

/// Of each kind; what comes then is not kept.
const KEPT: usize = 4096;

impl Aside {
    pub(super) fn hear(&mut self, packet: &Packet<'_>) {
        let mark = Mark::of(&packet.frame);
        for layer in packet.own_layers() {
            match layer {
                Layer::Arp(arp) => {
                    let is_answer = matches!(arp.meaning(), Meaning::Reply);
                    let asked = matches!(arp.meaning(), Meaning::Request);
                    let address = if is_answer { arp.sender() } else { arp.target() };
                    if let (true, Ok(four)) = (is_answer || asked, <[u8; 4]>::try_from(address)) {
                        let address = Ipv4Addr::from(four).into();
                        keep(&mut self.neighbours, Neighbour { mark, address, is_answer });
                    }
                }
                Layer::Icmp(icmp) if icmp.is_error() => {
                    self.refuse(packet, false, (icmp.kind(), icmp.code()));
                }
                Layer::Icmpv6(icmp) if icmp.is_error() => {
                    self.refuse(packet, true, (icmp.kind(), icmp.code()));
                }
                Layer::Icmpv6(icmp) => {
                    if let (135 | 136, Some(address)) = (icmp.kind(), icmp.target()) {
                        let is_answer = icmp.kind() == 136;
                        let address = address.into();
                        keep(&mut self.neighbours, Neighbour { mark, address, is_answer });
                    }
                }
                Layer::Dns(dns) => {
                    let (Some((from, to)), Some((source, destination))) =
                        (packet.addresses(), packet.ports())
                    else {
                        continue;
                    };
                    let is_answer = dns.is_response();
                    let (server, port) = if is_answer {
                        (SocketAddr::new(from, source), destination)
                    } else {
                        (SocketAddr::new(to, destination), source)
                    };
                    let id = dns.id();
                    keep(&mut self.messages, Message { mark, server, port, id, is_answer });
                }
                _ => {}
            }
        }
    }

    fn refuse(&mut self, packet: &Packet<'_>, is_v6: bool, (kind, code): (u8, u8)) {
        let quoted = packet.quoted_layers();
        let Some((offender, _)) = packet.addresses() else { return };
        let Some((_, to)) = packet::addresses(quoted) else { return };
        let ports = quoted.iter().rev().find_map(|layer| match layer {
            Layer::Tcp(tcp) => Some((tcp.source_port(), tcp.destination_port())),
            Layer::Udp(udp) => Some((udp.source_port(), udp.destination_port())),
            Layer::Scrap(scrap) => Some((scrap.source_port(), scrap.destination_port())),
            _ => None,
        });
        let (port, remote) = ports.unwrap_or_default();
        let destination = SocketAddr::new(to, remote);
        let mark = Mark::of(&packet.frame);
        keep(&mut self.refused, Refused { mark, is_v6, kind, code, offender, destination, port });
    }
}

fn keep<T>(list: &mut Vec<T>, one: T) {
    if list.len() < KEPT {
        list.push(one);
    }
}
