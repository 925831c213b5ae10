//! Is this frame ours?
//!
//! A capture sees what strangers send, too. Ours is what our sockets sent and got, what was said about the
//! hardware addresses of those we send to, and what the network answered to our packets.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::route::{Flow, decided};
use crate::timeline::fetch::{Event, Step};
use crate::timeline::{Call, Frame, lookup};
use crate::wire::{Layer, Packet};

/// Whom we spoke to, and from where.
#[derive(Debug, Default)]
pub(super) struct Ours {
    /// Our port and the other end.
    pairs: HashSet<(u16, SocketAddr)>,
    remotes: HashSet<IpAddr>,
    /// Who gets our frames: the remote ends themselves, or routers.
    hops: HashSet<IpAddr>,
}

impl Ours {
    pub(super) fn learn_call(&mut self, call: &Call) {
        let Some(remote) = call.remote else { return };
        self.meet(remote);
        if let Some(local) = call.local {
            self.pairs.insert((local.port(), bare(remote)));
        }
    }

    pub(super) fn learn_step(&mut self, step: &Step) {
        if let Event::Lookup(lookup::Event::Asked(asked)) = &step.event {
            self.meet(asked.server.address);
            self.pairs.insert((asked.port, bare(asked.server.address)));
        }
    }

    fn meet(&mut self, remote: SocketAddr) {
        if self.remotes.insert(remote.ip())
            && let Ok(kernel) = decided(Flow::tcp(remote), &[])
        {
            self.hops.insert(kernel.next_hop(remote.ip()));
        }
    }

    pub(super) fn has(&self, frame: Frame<'_>) -> bool {
        let packet = Packet::dissect(frame);
        self.is_between(packet.own_layers())
            || self.is_between(packet.quoted_layers())
            || packet.own_layers().iter().any(|layer| self.asks_for_hop(layer))
    }

    /// Whether these layers go from one of our sockets, or to it.
    fn is_between(&self, layers: &[Layer<'_>]) -> bool {
        let mut ends: Option<(IpAddr, IpAddr)> = None;
        for layer in layers {
            let (from, to) = match layer {
                Layer::Ipv4(ip) => {
                    ends = Some((ip.source().into(), ip.destination().into()));
                    // A later fragment says no ports.
                    if ip.fragment_offset() == 0 {
                        continue;
                    }
                    return ends.is_some_and(|(from, to)| {
                        self.remotes.contains(&from) || self.remotes.contains(&to)
                    });
                }
                Layer::Ipv6(ip) => {
                    ends = Some((ip.source().into(), ip.destination().into()));
                    continue;
                }
                Layer::Tcp(tcp) => (tcp.source_port(), tcp.destination_port()),
                Layer::Udp(udp) => (udp.source_port(), udp.destination_port()),
                _ => continue,
            };
            let Some((source, destination)) = ends else { return false };
            return self.pairs.contains(&(from, SocketAddr::new(destination, to)))
                || self.pairs.contains(&(to, SocketAddr::new(source, from)));
        }
        false
    }

    /// Whether somebody asks for, or tells, the hardware address of one who gets our frames.
    fn asks_for_hop(&self, layer: &Layer<'_>) -> bool {
        match layer {
            Layer::Arp(arp) => [arp.sender(), arp.target()].into_iter().any(|address| {
                <[u8; 4]>::try_from(address)
                    .is_ok_and(|octets| self.hops.contains(&Ipv4Addr::from(octets).into()))
            }),
            Layer::Icmpv6(icmp) => {
                icmp.target().is_some_and(|target| self.hops.contains(&target.into()))
            }
            _ => false,
        }
    }
}

/// Without what only this machine needs to know of an address.
fn bare(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip(), address.port())
}
