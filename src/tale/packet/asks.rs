//! By what is a question without connection known when it is asked again?

use std::net::IpAddr;

use crate::flow::exchange::Topic;
use crate::wire::arp::Meaning;
use crate::wire::dns::Dialect;
use crate::wire::{Layer, Packet};

/// The name of a question.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Asks {
    Dns(u16),
    Dhcp(u32),
    Arp(IpAddr),
    Echo(u16, u16),
}

impl Asks {
    pub(super) fn of_packet(packet: &Packet<'_>) -> Option<Self> {
        Some(match packet.own_layers().last()? {
            // On multicast there are no ids.
            Layer::Dns(dns) if !dns.is_response() && dns.dialect() != Dialect::Multicast => {
                Self::Dns(dns.id())
            }
            Layer::Dhcp(dhcp) if dhcp.is_question() => Self::Dhcp(dhcp.transaction()),
            Layer::Arp(arp) if matches!(arp.meaning(), Meaning::Request | Meaning::Probe) => {
                let target: [u8; 4] = arp.target().try_into().ok()?;
                Self::Arp(target.into())
            }
            Layer::Icmp(icmp) if icmp.kind() == 8 => {
                icmp.echo().map(|(id, seq)| Self::Echo(id, seq))?
            }
            Layer::Icmpv6(icmp) if icmp.kind() == 128 => {
                icmp.echo().map(|(id, seq)| Self::Echo(id, seq))?
            }
            _ => return None,
        })
    }

    pub(super) fn of_topic(topic: &Topic) -> Option<Self> {
        Some(match topic {
            Topic::Dns(dns) => Self::Dns(dns.id),
            Topic::Dhcp(dhcp) => Self::Dhcp(dhcp.transaction),
            Topic::Arp(arp) => Self::Arp(arp.asked.into()),
            Topic::Echo(echo) => Self::Echo(echo.identifier, echo.sequence),
            _ => return None,
        })
    }
}
