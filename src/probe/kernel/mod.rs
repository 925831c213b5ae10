//! What do the kernel's sockets do for us, call by call?
//!
//! Each method makes system calls and tells every one of them, with what the kernel tells besides: stamps of
//! what was sent and came, errors from the network with their senders, the state of the connection. None of
//! it needs a right that an ordinary user lacks.

mod connect;
mod control;
mod counted;
mod diag;
mod info;
mod ready;
mod socket;
mod tcp;
mod udp;

use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

pub use connect::connect;
pub use diag::{remembered, state};
pub use info::tcp_info;
pub use tcp::Tcp;
pub use udp::Udp;

use crate::timeline::{Call, Refusal, TcpInfo};

/// What HTTP and TLS sit on, whichever engine is below.
///
/// Reading and writing wait until octets move, the deadline passes ([`io::ErrorKind::TimedOut`]), or the
/// connection fails with the kernel's own number in the error.
pub trait Transport: Read + Write {
    /// The local and the remote end.
    fn ends(&self) -> (SocketAddr, SocketAddr);

    /// When waiting is given up; `None` never.
    fn set_deadline(&mut self, at: Option<Instant>);

    /// We will write no more: a FIN, once everything before it is sent. The peer may go on.
    fn shutdown(&mut self) -> io::Result<()>;

    /// Gives the connection up. With unread octets that is a reset.
    fn close(&mut self) -> io::Result<()>;

    /// How the connection is, where it can be told.
    fn stats(&mut self) -> Option<TcpInfo>;

    /// What the network refused so far, oldest first.
    fn refusals(&self) -> &[Refusal];
}

/// Is told of every call as it returns, on whichever thread makes it.
#[derive(Clone)]
pub struct Tracer {
    tell: Arc<dyn Fn(Call) + Send + Sync>,
    sockets: Arc<AtomicU32>,
}

impl Tracer {
    pub fn new(tell: impl Fn(Call) + Send + Sync + 'static) -> Self {
        Self { tell: Arc::new(tell), sockets: Arc::default() }
    }

    fn tell(&self, call: Call) {
        (self.tell)(call);
    }

    /// The number of a new socket.
    fn number(&self) -> u32 {
        self.sockets.fetch_add(1, Ordering::Relaxed) + 1
    }
}

/// What is asked of a socket before it connects; what is not asked is left to the kernel.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where to send from.
    pub source: Option<IpAddr>,
    /// 0 lets the kernel choose.
    pub source_port: u16,
    /// The interface to be bound to.
    pub device: Option<String>,
    pub nagle: Nagle,
    /// `SO_RCVBUF`, which bounds the window; the kernel doubles it.
    pub receive_buffer: Option<usize>,
    /// `TCP_MAXSEG`: what our SYN says, and the most we send.
    pub segment: Option<u32>,
    /// How long after close the kernel's side is watched at most.
    pub linger: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            source: None,
            source_port: 0,
            device: None,
            nagle: Nagle::Off,
            receive_buffer: None,
            segment: None,
            linger: Duration::from_secs(1),
        }
    }
}

/// Whether a small segment waits until what was sent before is acknowledged (RFC 896).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Nagle {
    On,
    /// `TCP_NODELAY`.
    Off,
}
