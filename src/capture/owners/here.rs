//! Which addresses are this machine's?

use std::net::{IpAddr, Ipv4Addr};

use hashbrown::HashMap;
use nix::ifaddrs::getifaddrs;
use nix::net::if_::if_nametoindex;
use nix::sys::socket::SockaddrStorage;

use crate::timeline::Timestamp;

/// The addresses of the network namespace we are in; looked up again, at most once a second, when there
/// is a question about another one.
#[derive(Default)]
pub(super) struct Here {
    /// With the number of an interface that has it.
    addresses: HashMap<IpAddr, u32>,
    loopback: Option<u32>,
    /// What is sent there is for all.
    broadcasts: Vec<IpAddr>,
    looked: Option<u64>,
}

impl Here {
    /// The number of an interface that has this address; sockets may be bound to it.
    pub(super) fn interface(&mut self, address: IpAddr, now: Timestamp) -> Option<u32> {
        self.known(address).or_else(|| {
            if self.looked.replace(now.seconds()) == Some(now.seconds()) {
                return None;
            }
            self.look();
            self.known(address)
        })
    }

    /// Whether more than one may hear what is sent there.
    pub(super) fn is_for_many(&self, address: IpAddr) -> bool {
        match address {
            IpAddr::V4(own) => {
                own.is_multicast()
                    || own == Ipv4Addr::BROADCAST
                    || self.broadcasts.contains(&address)
            }
            IpAddr::V6(address) => address.is_multicast(),
        }
    }

    fn known(&self, address: IpAddr) -> Option<u32> {
        match self.addresses.get(&address) {
            Some(interface) => Some(*interface),
            // All of 127.0.0.0/8, though only one is written down.
            None if address.is_loopback() => self.loopback,
            None => None,
        }
    }

    fn look(&mut self) {
        let Ok(all) = getifaddrs() else { return };
        self.addresses.clear();
        self.broadcasts.clear();
        self.loopback = None;
        for one in all {
            let Some(address) = one.address.as_ref().and_then(ip) else { continue };
            let interface = if_nametoindex(one.interface_name.as_str()).unwrap_or(0);
            if address.is_loopback() {
                self.loopback = Some(interface);
            }
            self.addresses.insert(address, interface);
            self.broadcasts.extend(one.broadcast.as_ref().and_then(ip));
        }
    }
}

fn ip(address: &SockaddrStorage) -> Option<IpAddr> {
    let v4 = address.as_sockaddr_in().map(|address| IpAddr::V4(address.ip()));
    v4.or_else(|| address.as_sockaddr_in6().map(|address| IpAddr::V6(address.ip())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_loopback_address_is_here_and_others_are_not() {
        let mut here = Here::default();
        let mut is_here = |address: &str| {
            here.interface(address.parse().expect("an address"), Timestamp(0)).is_some()
        };
        assert!(is_here("127.0.0.1") && is_here("127.9.8.7"));
        // RFC 5737, RFC 3849: for documentation only.
        assert!(!is_here("192.0.2.1") && !is_here("2001:db8::1"));
    }

    #[test]
    fn what_is_sent_to_a_group_is_for_many() {
        let here = Here::default();
        let is_for_many = |address: &str| here.is_for_many(address.parse().expect("an address"));
        assert!(is_for_many("224.0.0.251") && is_for_many("255.255.255.255"));
        assert!(is_for_many("ff02::fb"));
        assert!(!is_for_many("10.0.0.1") && !is_for_many("::1"));
    }
}
