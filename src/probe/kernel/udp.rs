//! What can be done with datagrams to one address?

use std::io;
use std::net::SocketAddr;
use std::time::Instant;

use nix::errno::Errno as Number;
use nix::poll::PollFlags;
use nix::sys::socket::{SockType, sockopt};

use super::ready::wait;
use super::socket::Socket;
use super::{Options, Tracer};
use crate::timeline::{Purpose, Refusal};

/// A socket that sends to one address, and takes datagrams of nobody else.
pub struct Udp {
    socket: Socket,
    deadline: Option<Instant>,
}

/// What comes and what goes, with the number of each datagram.
const STAMPS: u32 = libc::SOF_TIMESTAMPING_RX_SOFTWARE
    | libc::SOF_TIMESTAMPING_SOFTWARE
    | libc::SOF_TIMESTAMPING_TX_SCHED
    | libc::SOF_TIMESTAMPING_TX_SOFTWARE
    | libc::SOF_TIMESTAMPING_OPT_ID
    | libc::SOF_TIMESTAMPING_OPT_CMSG
    | libc::SOF_TIMESTAMPING_OPT_TSONLY;

impl Udp {
    /// No packet is sent by this.
    pub fn connect(remote: SocketAddr, options: &Options, tracer: &Tracer) -> io::Result<Self> {
        let mut socket = Socket::open(remote, SockType::Datagram, tracer)?;
        socket.prepare(options)?;
        if remote.is_ipv4() {
            socket.set(sockopt::Ipv4RecvTtl, "IP_RECVTTL", &true, Purpose::Evidence)?;
        } else {
            let name = "IPV6_RECVHOPLIMIT";
            socket.set(sockopt::Ipv6RecvHopLimit, name, &true, Purpose::Evidence)?;
        }
        // A kernel without stamps tells less.
        let _ = socket.stamps(STAMPS);
        socket.connect()?;
        Ok(Self { socket, deadline: None })
    }

    /// The local and the remote end.
    pub fn ends(&self) -> (SocketAddr, SocketAddr) {
        (self.socket.local.unwrap_or(self.socket.remote), self.socket.remote)
    }

    /// Its number in the calls.
    pub fn number(&self) -> u32 {
        self.socket.number
    }

    /// When waiting is given up; `None` never.
    pub fn set_deadline(&mut self, at: Option<Instant>) {
        self.deadline = at;
    }

    /// Sends one datagram. What the network refused of one sent before may be this call's error.
    pub fn send(&mut self, octets: &[u8]) -> io::Result<()> {
        let sent = self.socket.send(octets);
        if sent.is_err() {
            self.socket.drain();
        }
        sent?;
        Ok(())
    }

    /// Waits for a datagram; what of it has no room is lost. An ICMP error ends the waiting.
    pub fn receive(&mut self, room: &mut [u8]) -> io::Result<usize> {
        loop {
            let ready = wait(&[&self.socket], PollFlags::POLLIN, self.deadline)?;
            let ready = ready.first().copied().unwrap_or(PollFlags::empty());
            let (before, mut drained) = (self.socket.refusals.len(), 0);
            if ready.contains(PollFlags::POLLERR) {
                drained = self.socket.drain();
            }
            if ready.contains(PollFlags::POLLIN) || (!ready.is_empty() && drained == 0) {
                match self.socket.receive(room, |_| 1) {
                    Err(Number::EAGAIN | Number::EINTR) => {}
                    received => return Ok(received?),
                }
            }
            // Whoever takes an ICMP message from the queue takes the socket's error as well.
            if let Some(refusal) = self.socket.refusals.get(before) {
                return Err(io::Error::from_raw_os_error(refusal.errno.number));
            }
            if self.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                return Err(io::ErrorKind::TimedOut.into());
            }
        }
    }

    /// What the network refused so far, oldest first.
    pub fn refusals(&self) -> &[Refusal] {
        &self.socket.refusals
    }

    /// Takes the stamps that have come, and gives the socket up.
    pub fn close(&mut self) -> io::Result<()> {
        if self.socket.borrow().is_some() {
            self.socket.drain();
        }
        Ok(self.socket.close()?)
    }
}
