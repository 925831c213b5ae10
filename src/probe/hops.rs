//! How is a connection's own way probed, hop by hop?
//!
//! By segments of the connection shaped like keep-alives (RFC 9293 §3.8.4): the sequence number is one below the
//! next, there is no data, and the hop limit is small. A router that throws one away says so, the server answers
//! with an acknowledgment, and the streams of the connection stay as they are. To be opened while there is still
//! the right for raw sockets.

use std::net::{IpAddr, SocketAddr, SocketAddrV6};
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::{Mutex, MutexGuard, PoisonError};

use nix::errno::Errno as Number;
use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, SockaddrStorage, bind, sendto,
    setsockopt, socket, sockopt,
};

use super::sightings::{Sightings, Standing};

/// A raw socket for each family, and what the capture saw.
pub struct Hops {
    v4: Result<Mutex<OwnedFd>, Number>,
    v6: Result<Mutex<OwnedFd>, Number>,
    pub sightings: Sightings,
}

/// The right to send probes, until it is dropped; one connection at a time has it.
pub(super) struct Turn<'h> {
    socket: MutexGuard<'h, OwnedFd>,
    client: SocketAddr,
    server: SocketAddr,
}

impl Hops {
    /// What cannot be opened is told when it is needed.
    pub fn open(device: Option<&str>) -> Self {
        let open = |family| raw(family, device).map(Mutex::new);
        Self {
            v4: open(AddressFamily::Inet),
            v6: open(AddressFamily::Inet6),
            sightings: Sightings::default(),
        }
    }

    /// Makes ready to probe a connection; an error is the system's.
    pub(super) fn turn(&self, client: SocketAddr, server: SocketAddr) -> Result<Turn<'_>, Number> {
        let socket = if server.is_ipv4() { &self.v4 } else { &self.v6 };
        let socket = socket.as_ref().map_err(|error| *error)?;
        let socket = socket.lock().unwrap_or_else(PoisonError::into_inner);
        bind(socket.as_raw_fd(), &SockaddrStorage::from(portless(client)))?;
        Ok(Turn { socket, client, server })
    }
}

impl Turn<'_> {
    /// Sends a probe that goes so many hops.
    pub(super) fn send(&self, limit: u8, standing: Standing) -> Result<(), Number> {
        if self.server.is_ipv4() {
            setsockopt(&*self.socket, sockopt::Ipv4Ttl, &limit.into())?;
        } else {
            setsockopt(&*self.socket, sockopt::Ipv6Ttl, &limit.into())?;
        }
        let octets = segment(self.client, self.server, standing);
        let to = SockaddrStorage::from(portless(self.server));
        sendto(self.socket.as_raw_fd(), &octets, &to, MsgFlags::empty()).map(|_| ())
    }
}

fn raw(family: AddressFamily, device: Option<&str>) -> Result<OwnedFd, Number> {
    let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
    let socket = socket(family, SockType::Raw, flags, SockProtocol::Tcp)?;
    // It gets every segment that comes, and is never read: the least room there is.
    setsockopt(&socket, sockopt::RcvBuf, &0)?;
    if let Some(device) = device {
        setsockopt(&socket, sockopt::BindToDevice, &device.into())?;
    }
    Ok(socket)
}

/// For a raw socket a port is a protocol, or nothing.
fn portless(end: SocketAddr) -> SocketAddr {
    match end {
        SocketAddr::V4(_) => SocketAddr::new(end.ip(), 0),
        SocketAddr::V6(end) => SocketAddrV6::new(*end.ip(), 0, 0, end.scope_id()).into(),
    }
}

/// The segment: an ACK one below the next sequence number, with no data.
pub(super) fn segment(from: SocketAddr, to: SocketAddr, standing: Standing) -> Vec<u8> {
    let mut octets = Vec::with_capacity(32);
    octets.extend(from.port().to_be_bytes());
    octets.extend(to.port().to_be_bytes());
    octets.extend(standing.next_out.wrapping_sub(1).to_be_bytes());
    octets.extend(standing.next_in.to_be_bytes());
    let words = if standing.stamps.is_some() { 8 } else { 5 };
    // The header's length; ACK.
    octets.extend([words << 4, 0x10]);
    octets.extend(standing.window.to_be_bytes());
    octets.extend([0; 4]);
    if let Some((value, echo)) = standing.stamps {
        // RFC 7323 appendix A.
        octets.extend([1, 1, 8, 10]);
        octets.extend(value.to_be_bytes());
        octets.extend(echo.to_be_bytes());
    }
    let sum = checksum(from.ip(), to.ip(), &octets);
    octets[16..18].copy_from_slice(&sum.to_be_bytes());
    octets
}

/// RFC 9293 §3.1, over the pseudo-header of either family.
fn checksum(from: IpAddr, to: IpAddr, segment: &[u8]) -> u16 {
    let mut covered: Vec<u8> = Vec::with_capacity(40 + segment.len());
    for address in [from, to] {
        match address {
            IpAddr::V4(address) => covered.extend(address.octets()),
            IpAddr::V6(address) => covered.extend(address.octets()),
        }
    }
    // The protocol, and the length: neither needs more than two octets.
    covered.extend([0, 6]);
    covered.extend(u16::try_from(segment.len()).unwrap_or(u16::MAX).to_be_bytes());
    covered.extend(segment);
    let (pairs, _) = covered.as_chunks::<2>();
    let mut sum: u32 = pairs.iter().map(|pair| u32::from(u16::from_be_bytes(*pair))).sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::octets::Octets;
    use crate::timeline::{Frame, Timestamp};
    use crate::wire::Packet;
    use crate::wire::checksum::{Verdict, verify};

    #[test]
    fn a_probe_is_a_keep_alive_whose_checksum_is_right() {
        let ends = |from: &str, to: &str| -> (SocketAddr, SocketAddr) {
            (from.parse().expect("an end"), to.parse().expect("an end"))
        };
        let both = [
            ends("192.168.0.7:40000", "198.51.100.80:80"),
            ends("[2001:db8::7]:1", "[2001:db8::8]:443"),
        ];
        for (from, to) in both {
            for stamps in [None, Some((0xffff_fffe, 3))] {
                let standing = Standing { next_out: 0, next_in: 77, window: 502, stamps };
                let segment = segment(from, to, standing);
                let len = u8::try_from(segment.len()).expect("short");
                let mut octets = match from {
                    SocketAddr::V4(_) => vec![0x45, 0, 0, 20 + len, 0, 0, 0, 0, 1, 6, 0, 0],
                    SocketAddr::V6(_) => vec![0x60, 0, 0, 0, 0, len, 6, 1],
                };
                for ip in [from.ip(), to.ip()] {
                    match ip {
                        IpAddr::V4(ip) => octets.extend(ip.octets()),
                        IpAddr::V6(ip) => octets.extend(ip.octets()),
                    }
                }
                octets.extend(segment);
                let octets = Octets::new(&octets, octets.len());
                let time = Timestamp(0);
                let packet = Packet::dissect(Frame {
                    number: 1,
                    time,
                    link: 101,
                    interface: 0,
                    comment: &[],
                    octets,
                });
                let tcp = packet.tcp().expect("a segment");
                assert_eq!((tcp.seq().0, tcp.ack().0, tcp.window()), (u32::MAX, 77, 502));
                assert_eq!((tcp.lone_stamps(), tcp.span()), (stamps, 0));
                let mut last = None;
                verify(&packet, |_, verdict| last = Some(verdict));
                assert_eq!(last, Some(Verdict::Good), "{from}");
            }
        }
    }
}
