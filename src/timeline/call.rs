//! What did our own fetch ask of the kernel, and what did the kernel answer?
//!
//! Plain facts, as they were had. Whoever made the calls is `probe`; whoever tells them need not know
//! how they were made.

use std::net::{IpAddr, SocketAddr};
use std::ops::Range;
use std::time::Duration;

use super::{TcpInfo, Timestamp};

/// A system call made by the probe.
#[derive(Clone, Debug)]
pub struct Call {
    /// The system call's own name. `sock_diag` and `tcp_metrics` each stand for one question over
    /// netlink, whose socket is not told of.
    pub name: &'static str,
    pub purpose: Purpose,
    /// Which of the fetch's sockets, counted from 1: descriptors are used again, this is not.
    pub socket: u32,
    pub descriptor: Option<i32>,
    /// In words, without the descriptor; safe to show.
    pub arguments: Box<str>,
    /// What the call returned.
    pub result: Result<i64, Errno>,
    pub entered: Clocks,
    pub left: Clocks,
    /// Unknown until the kernel has chosen a port.
    pub local: Option<SocketAddr>,
    pub remote: Option<SocketAddr>,
    /// Which octets of the stream it moved, counted from 0 in each direction.
    pub octets: Option<Range<u64>>,
    pub evidence: Vec<Evidence>,
}

impl Call {
    /// How long after its last octet had arrived the call returned: what this computer took.
    pub fn lag(&self) -> Option<Duration> {
        self.evidence.iter().find_map(|evidence| match evidence {
            Evidence::Arrived(at) => Some(self.left.realtime.since(*at)),
            _ => None,
        })
    }

    /// How long it took, by the clock that nobody can set.
    pub fn took(&self) -> Duration {
        self.left.monotonic.saturating_sub(self.entered.monotonic)
    }
}

/// What a call was made for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Purpose {
    /// Any program that fetches would make it.
    Fetch,
    /// We wanted to know more than a fetch needs.
    Evidence,
}

/// One look at both clocks.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Clocks {
    /// `CLOCK_REALTIME`, which also stamps frames, and which somebody may set.
    pub realtime: Timestamp,
    /// `CLOCK_MONOTONIC`: since the system started, more or less.
    pub monotonic: Duration,
}

/// Why a call failed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Errno {
    pub number: i32,
    /// `ECONNREFUSED`, ...
    pub name: Box<str>,
    pub sentence: &'static str,
}

/// What the kernel told besides a result.
#[derive(Clone, Debug)]
pub enum Evidence {
    /// A socket option: what was asked for, and what the kernel made of it.
    Set {
        option: &'static str,
        asked: i64,
        got: Option<i64>,
    },
    /// How a `connect` that was under way has ended (`SO_ERROR`).
    Connected(Result<(), Errno>),
    Info(Box<TcpInfo>),
    /// When the last octet that a read returned, or a datagram, came to this computer.
    Arrived(Timestamp),
    /// Time to live, or the hop limit, that a datagram had left.
    HopsLeft(u8),
    Sent(Stamp),
    Refusal(Refusal),
    Socket(SocketState),
    /// `tcp_metrics`: what the kernel remembers of the destination from connections before, which changes
    /// the first retransmission timeout and congestion window of this one.
    Remembered {
        metrics: Vec<Metric>,
        age: Option<Duration>,
    },
}

/// When octets went through a stage of sending (`SO_TIMESTAMPING`).
#[derive(Clone, Debug)]
pub struct Stamp {
    pub stage: Stage,
    pub time: Timestamp,
    /// The last octet of a write, counted from 0 in the stream; or the datagram, counted from 0.
    ///
    /// The same octet twice at the same stage was sent again.
    pub last: u32,
    /// The connection just then, where the kernel tells.
    pub metrics: Vec<Metric>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Stage {
    /// Given to the queue in front of the interface.
    Scheduled,
    /// Given to the interface by its driver.
    Sent,
    /// The peer acknowledged it.
    Acknowledged,
}

/// A number that the kernel keeps of a connection or a destination.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Metric {
    pub name: &'static str,
    pub unit: &'static str,
    pub value: u64,
}

/// An error that came from the network, or from this computer's own stack (`IP_RECVERR`).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Refusal {
    pub errno: Errno,
    pub origin: Origin,
    /// ICMP's type and code; 0 where the origin is not ICMP.
    pub kind: u8,
    pub code: u8,
    /// The next hop's MTU, with "packet too big".
    pub mtu: Option<u32>,
    /// Who sent the message, where the kernel says.
    pub offender: Option<IpAddr>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Origin {
    /// This computer, without a packet.
    Local,
    Icmp,
    Icmpv6,
}

/// How the kernel keeps a socket (`sock_diag`), also after our descriptor is closed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SocketState {
    /// As in RFC 9293, with hyphens: `TIME-WAIT`, ...; `None` when the kernel knows no such socket any more.
    pub state: Option<&'static str>,
    /// The timer that runs, and what is left of it.
    pub timer: Option<(&'static str, Duration)>,
    /// Octets that came and were not read. A close with any of them is a reset (RFC 9293 §3.10.4).
    pub unread: u32,
    /// Octets that were written and are not acknowledged.
    pub unacknowledged: u32,
}
