//! What can be done with a TCP connection that we opened?

use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::errno::Errno as Number;
use nix::poll::PollFlags;

use super::ready::wait;
use super::socket::Socket;
use super::{Transport, diag};
use crate::timeline::{Refusal, SocketState, TcpInfo};

/// A connection. After every call that concerns it the kernel is asked how it is.
pub struct Tcp {
    socket: Socket,
    linger: Duration,
    deadline: Option<Instant>,
}

/// How long between two looks at a socket that is being closed.
const LOOK: Duration = Duration::from_millis(5);

impl Tcp {
    pub(super) fn new(socket: Socket, linger: Duration, deadline: Option<Instant>) -> Self {
        Self { socket, linger, deadline }
    }

    /// Its number in the calls.
    pub fn number(&self) -> u32 {
        self.socket.number
    }

    /// Waits until the socket is ready, and takes what the error queue holds meanwhile.
    fn wait(&mut self, awaited: PollFlags) -> io::Result<()> {
        loop {
            let ready = wait(&[&self.socket], awaited, self.deadline)?;
            let ready = ready.first().copied().unwrap_or(PollFlags::empty());
            let drained = if ready.contains(PollFlags::POLLERR) { self.socket.drain() } else { 0 };
            let is_over = PollFlags::POLLHUP | PollFlags::POLLNVAL;
            // An error that was no message in the queue is the next call's answer.
            if ready.intersects(awaited | is_over) || (!ready.is_empty() && drained == 0) {
                return Ok(());
            }
            if self.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                return Err(io::ErrorKind::TimedOut.into());
            }
        }
    }

    /// Watches how the kernel ends what we closed: until our side needs nothing more of the peer, or for twice
    /// the retransmission timeout, or for as long as was asked at most.
    fn watch(&self, timeout: Option<Duration>) {
        let most = timeout.map_or(self.linger, |timeout| self.linger.min(2 * timeout));
        let until = Instant::now() + most;
        let is_done = |state: Option<&str>| matches!(state, None | Some("TIME-WAIT" | "CLOSED"));
        let Some(mut before) = self.socket.state() else { return };
        let Some(local) = self.socket.local else { return };
        // Looks that find nothing new are not told.
        while !is_done(before.state) && Instant::now() < until {
            sleep(LOOK);
            let Ok(now) = diag::state(local, self.socket.remote) else { return };
            if now.state != before.state
                && let Some(told) = self.socket.state()
            {
                before = told;
            }
        }
    }

    /// How the kernel keeps the connection now, also after it was closed.
    pub fn state(&self) -> Option<SocketState> {
        self.socket.state()
    }
}

impl Read for Tcp {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        loop {
            self.wait(PollFlags::POLLIN)?;
            let read = self.socket.receive(room, |count| count as u64);
            self.socket.info();
            match read {
                Err(Number::EAGAIN | Number::EINTR) => {}
                read => return Ok(read?),
            }
        }
    }
}

impl Write for Tcp {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        loop {
            let written = self.socket.write(octets);
            self.socket.info();
            match written {
                Err(Number::EAGAIN) => self.wait(PollFlags::POLLOUT)?,
                Err(Number::EINTR) => {}
                written => return Ok(written?),
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Transport for Tcp {
    fn ends(&self) -> (SocketAddr, SocketAddr) {
        (self.socket.local.unwrap_or(self.socket.remote), self.socket.remote)
    }

    fn set_deadline(&mut self, at: Option<Instant>) {
        self.deadline = at;
    }

    fn shutdown(&mut self) -> io::Result<()> {
        let done = self.socket.shutdown();
        self.socket.info();
        Ok(done?)
    }

    fn close(&mut self) -> io::Result<()> {
        if self.socket.borrow().is_none() {
            return Ok(());
        }
        self.socket.drain();
        let timeout = self.socket.info().and_then(|info| info.rto());
        // Whether anything is unread decides between a FIN and a reset.
        self.socket.state();
        self.socket.close()?;
        self.watch(timeout);
        Ok(())
    }

    fn stats(&mut self) -> Option<TcpInfo> {
        self.socket.info()
    }

    fn refusals(&self) -> &[Refusal] {
        &self.socket.refusals
    }
}
