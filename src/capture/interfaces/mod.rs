//! Which interfaces does this machine have?
//!
//! Names, flags and addresses come from `pnet`; what it does not know (the MTU, the state, whose network
//! an address is in) the kernel is asked for. Nothing of it needs a right.

use std::net::IpAddr;

use pnet::datalink::{self, NetworkInterface};
use pnet::ipnetwork::IpNetwork;

use crate::ink::Ink;
use crate::timeline::device::{Address, Device, Flag};

mod kernel;
mod link;

use kernel::Facts;
pub(crate) use kernel::address;

/// All of them in the order of their indices, and last `any`.
pub fn all() -> Vec<Device> {
    let facts = kernel::ask();
    let mut devices: Vec<Device> = Vec::new();
    for interface in datalink::interfaces() {
        let index = interface.index;
        // An address with a label is told as an interface of its own, `eth0:1`.
        let known = devices.iter_mut().find(|device| index != 0 && device.index == Some(index));
        match known {
            Some(device) => device.addresses.extend(addresses(&interface, &device.flags, &facts)),
            None => devices.push(device(&interface, &facts)),
        }
    }
    devices.sort_by_key(|device| device.index);
    devices.push(Device { name: (*b"any").into(), link: Some(link::ANY), ..Device::default() });
    devices
}

/// The sentence for a name that no interface has.
pub fn unknown(name: &str, devices: &[Device]) -> String {
    let mut ink = Ink::default();
    ink.wire(name.as_bytes()).text(": no such interface; there are: ");
    for (at, device) in devices.iter().enumerate().take(MOST) {
        ink.text(if at > 0 { ", " } else { "" }).wire(&device.name);
    }
    if devices.len() > MOST {
        ink.text(" and ").count(devices.len() - MOST).text(" more");
    }
    String::from_utf8_lossy(ink.as_bytes()).into_owned()
}

/// So many names fit into a sentence.
const MOST: usize = 30;

fn device(interface: &NetworkInterface, facts: &Facts) -> Device {
    let name = interface.name.as_bytes();
    let name = name.split(|octet| *octet == b':').next().unwrap_or(name);
    let fact = facts.links.get(&interface.index);
    let flags = [
        (Flag::Up, interface.is_up()),
        (Flag::Running, interface.is_running()),
        (Flag::Carrier, interface.is_lower_up()),
        (Flag::Loopback, interface.is_loopback()),
        (Flag::PointToPoint, interface.is_point_to_point()),
        (Flag::Broadcast, interface.is_broadcast()),
        (Flag::Multicast, interface.is_multicast()),
        (Flag::Promiscuous, fact.is_some_and(|fact| fact.promiscuous)),
    ];
    let flags: Vec<Flag> =
        flags.into_iter().filter(|(_, holds)| *holds).map(|(flag, _)| flag).collect();
    // `pnet` takes six octets of every hardware address, also where there are four, or none.
    let mac = match fact {
        Some(fact) => fact.hardware.as_slice().try_into().ok(),
        None => interface.mac.map(|mac| mac.octets()),
    };
    Device {
        name: name.into(),
        index: Some(interface.index).filter(|index| *index != 0),
        state: fact.and_then(|fact| fact.state),
        mac,
        mtu: fact.and_then(|fact| fact.mtu),
        link: fact.and_then(|fact| link::of(fact.kind, name)),
        addresses: addresses(interface, &flags, facts),
        flags,
    }
}

fn addresses(interface: &NetworkInterface, flags: &[Flag], facts: &Facts) -> Vec<Address> {
    let told = |ip: &IpNetwork| {
        let mut all = facts.addresses.iter();
        let fact = all.find(|fact| {
            (fact.index, fact.local, fact.prefix) == (interface.index, ip.ip(), ip.prefix())
        });
        let peer = fact.and_then(|fact| fact.peer);
        let network = peer.and_then(|peer| IpNetwork::new(peer, ip.prefix()).ok()).unwrap_or(*ip);
        // The kernel takes it for one, also where nobody has set it. RFC 3021: a network of two has
        // none.
        let usual = match network {
            IpNetwork::V4(four) if four.prefix() < 31 && flags.contains(&Flag::Broadcast) => {
                Some(four.broadcast())
            }
            _ => None,
        };
        Address {
            address: ip.ip(),
            prefix: ip.prefix(),
            network: network.network(),
            broadcast: fact.and_then(|fact| fact.broadcast).or(usual),
            peer,
            scope: fact.map_or_else(|| scope(ip.ip()), |fact| fact.scope),
        }
    };
    interface.ips.iter().map(told).collect()
}

/// The scope of an address that the kernel did not tell of; for IPv4 it is the administrator's to say.
fn scope(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(_) => None,
        IpAddr::V6(six) if six.is_loopback() => Some("host"),
        IpAddr::V6(six) if six.is_unicast_link_local() => Some("link"),
        IpAddr::V6(_) => Some("global"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_name_is_told_with_the_names_there_are() {
        let named = |name: &[u8]| Device { name: name.into(), ..Device::default() };
        let few = [named(b"lo"), named(b"e\x1b[31m"), named(b"any")];
        let told = unknown("eth\n0", &few);
        assert_eq!(told, r"eth\x0a0: no such interface; there are: lo, e\x1b[31m, any");
        let many = vec![named(b"veth"); 1000];
        assert!(unknown("x", &many).ends_with(", veth and 970 more"));
    }
}
