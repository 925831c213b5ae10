//! Who begins to speak just now? Heard sooner than the capture hands it over.
//!
//! A capture takes frames in batches, and by the time it has them the process of a short connection may be
//! gone. So whoever answers is told of each connection that begins on this machine as it begins, and of each
//! question to a name server. Where this cannot be, answers are only found less often.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use pcap::{Active, Capture, Linktype};

use super::Protocol;

/// An open handle on all interfaces, for nothing but the beginnings of connections.
pub(super) struct Scout(Capture<Active>);

/// A connection that begins, or something like it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Beginning {
    pub(super) protocol: Protocol,
    pub(super) client: SocketAddr,
    pub(super) server: SocketAddr,
    /// Whether the server is on this machine, too.
    pub(super) stays: bool,
}

/// A SYN without ACK; libpcap looks into no TCP beyond IPv6 by name. And a question of DNS.
const BEGINNINGS: &str = "tcp[tcpflags] & (tcp-syn|tcp-ack) = tcp-syn \
     or (ip6[6] = 6 and ip6[53] & 0x12 = 2) or udp dst port 53";
/// Enough for the headers.
const SNAPLEN: i32 = 128;
const BUFFER: i32 = 256 << 10;
/// More beginnings than these in one rest are a flood, and not all are told.
const MOST: usize = 256;
const REST: Duration = Duration::from_millis(50);

impl Scout {
    /// Needs the right to listen.
    pub(super) fn open() -> Option<Self> {
        let handle = Capture::from_device("any").ok()?.snaplen(SNAPLEN).buffer_size(BUFFER);
        let mut handle = handle.immediate_mode(true).open().ok()?.setnonblock().ok()?;
        handle.set_datalink(Linktype::LINUX_SLL2).ok()?;
        handle.filter(BEGINNINGS, true).ok()?;
        Some(Self(handle))
    }

    /// Tells of beginnings until it is over.
    pub(super) fn tell(mut self, is_over: &AtomicBool, mut told: impl FnMut(Beginning)) {
        let mut beginnings = Vec::new();
        while !is_over.load(Relaxed) {
            let mut handles = [PollFd::new(self.0.as_fd(), PollFlags::POLLIN)];
            // A signal may interrupt it, which is as well.
            _ = poll(&mut handles, PollTimeout::from(1000_u16));
            let heard = self.0.dispatch(Some(MOST), |packet| beginnings.extend(read(packet.data)));
            if !matches!(heard, Ok(_) | Err(pcap::Error::TimeoutExpired)) {
                return;
            }
            let is_flood = matches!(heard, Ok(count) if count >= MOST);
            beginnings.drain(..).for_each(&mut told);
            if is_flood {
                thread::sleep(REST);
            }
        }
    }
}

/// The loopback, as a type of hardware (`ARPHRD_LOOPBACK`), and a packet that goes out.
const LOOPBACK: u16 = 772;
const OUTGOING: u8 = 4;

/// Reads the beginning of a connection from this machine. There are no secrets about it: what is cut or
/// wrong is none.
fn read(frame: &[u8]) -> Option<Beginning> {
    // LINKTYPE_LINUX_SLL2: the protocol, the type of hardware at 8, the way at 10.
    let (cooked, ip) = frame.split_at_checked(20)?;
    let stays = u16::from_be_bytes([cooked[8], cooked[9]]) == LOOPBACK;
    if cooked[10] != OUTGOING && !stays {
        return None;
    }
    let (protocol, ends, rest): (u8, [IpAddr; 2], &[u8]) = match [cooked[0], cooked[1]] {
        [0x08, 0x00] => {
            let header = ip.first_chunk::<20>()?;
            let address =
                |at: usize| header[at..].first_chunk::<4>().map(|all| Ipv4Addr::from(*all));
            let long = usize::from(header[0] & 0x0f) * 4;
            // Only the first fragment has ports, and the kernel lets no other pass.
            (header[9], [address(12)?.into(), address(16)?.into()], ip.get(long..)?)
        }
        [0x86, 0xdd] => {
            let header = ip.first_chunk::<40>()?;
            let address =
                |at: usize| header[at..].first_chunk::<16>().map(|all| Ipv6Addr::from(*all));
            (header[6], [address(8)?.into(), address(24)?.into()], &ip[40..])
        }
        _ => return None,
    };
    let protocol = match protocol {
        6 => Protocol::Tcp,
        17 => Protocol::Udp,
        _ => return None,
    };
    let [source, destination] = ends;
    let &[from, from_low, to, to_low] = rest.first_chunk()?;
    let client = SocketAddr::new(source, u16::from_be_bytes([from, from_low]));
    let server = SocketAddr::new(destination, u16::from_be_bytes([to, to_low]));
    Some(Beginning { protocol, client, server, stays })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cooked(protocol: u16, hardware: u16, way: u8, ip: &[u8]) -> Vec<u8> {
        let mut frame = vec![0; 20];
        frame[..2].copy_from_slice(&protocol.to_be_bytes());
        frame[8..10].copy_from_slice(&hardware.to_be_bytes());
        frame[10] = way;
        frame.extend_from_slice(ip);
        frame
    }

    fn v4() -> Vec<u8> {
        let mut ip = vec![0; 24];
        (ip[0], ip[9]) = (0x46, 6);
        ip[12..20].copy_from_slice(&[10, 0, 0, 1, 10, 0, 0, 2]);
        ip.extend_from_slice(&[0x9c, 0x40, 0x00, 0x50]);
        ip
    }

    #[test]
    fn a_beginning_is_read_behind_options_and_over_ipv6() {
        let told = read(&cooked(0x0800, 1, OUTGOING, &v4())).expect("a beginning");
        assert_eq!(told.client.to_string(), "10.0.0.1:40000");
        assert_eq!(told.server.to_string(), "10.0.0.2:80");
        assert!(!told.stays);
        let mut ip = vec![0; 40];
        (ip[6], ip[23], ip[39]) = (17, 1, 2);
        ip.extend_from_slice(&[0x9c, 0x40, 0x00, 0x50]);
        let told = read(&cooked(0x86dd, LOOPBACK, 0, &ip)).expect("a beginning");
        assert_eq!(told.client.to_string(), "[::1]:40000");
        assert_eq!(told.server.to_string(), "[::2]:80");
        assert!(told.stays && told.protocol == Protocol::Udp);
    }

    #[test]
    fn what_comes_from_elsewhere_or_is_cut_is_no_beginning() {
        assert_eq!(read(&cooked(0x0800, 1, 0, &v4())), None);
        assert_eq!(read(&cooked(0x0806, 1, OUTGOING, &v4())), None);
        let whole = cooked(0x0800, 1, OUTGOING, &v4());
        for cut in 0..whole.len() {
            assert_eq!(read(&whole[..cut]), None, "{cut}");
        }
    }
}
