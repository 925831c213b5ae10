//! What can be done with a connection that is secured?

use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::ops::Range;
use std::time::{Duration, Instant};

use super::problem::{self, Around};
use super::session::{Break, Session};
use crate::probe::kernel::Transport;
use crate::timeline::tls::{End, Fact, Problem, Stage};
use crate::timeline::{Refusal, TcpInfo};

/// A transport that encrypts. Its records and its end are told to whoever was told of the handshake.
///
/// An error of TLS itself is an [`io::Error`] that holds a [`Problem`]; those of the transport below pass as
/// they are. After an error in writing nothing more can be written.
pub struct Secured<T: Transport> {
    session: Session<T>,
    host: String,
    writing: Writing,
    problem: Option<Problem>,
    /// Whether the end of the peer's stream was told.
    is_told: bool,
    until: Option<Instant>,
    read: Option<Range<u64>>,
    wrote: Option<Range<u64>>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Writing {
    Open,
    Broken,
    /// We have said that we are done.
    Shut,
    Closed,
}

/// Octets written in one go at most: four records.
const GO: usize = 1 << 16;

impl<T: Transport> Secured<T> {
    pub(super) fn new(session: Session<T>, host: String) -> Self {
        Self {
            session,
            host,
            writing: Writing::Open,
            problem: None,
            is_told: false,
            until: None,
            read: None,
            wrote: None,
        }
    }

    /// How the peer's stream ended, once [`Read::read`] has returned 0.
    pub fn ending(&self) -> Option<End> {
        self.session.ending.filter(|_| !self.session.has_plain())
    }

    /// In which octets of the TCP stream that came the data of the last read was: the whole records, from the
    /// first to the last.
    pub fn last_read(&self) -> Option<Range<u64>> {
        self.read.clone()
    }

    /// Which octets of the TCP stream that went the last write became.
    pub fn last_written(&self) -> Option<Range<u64>> {
        self.wrote.clone()
    }

    /// The protocol that both sides agreed on (ALPN).
    pub fn protocol(&self) -> Option<&[u8]> {
        self.session.connection.alpn_protocol()
    }

    /// What is below.
    pub fn transport(&self) -> &T {
        &self.session.transport
    }

    fn fail(&mut self, broken: Break) -> io::Error {
        match broken {
            Break::Transport(error) => error,
            Break::Tls(_) => {
                let around = Around {
                    into: self.session.into.octets,
                    waited: Duration::ZERO,
                    spoke: true,
                    ..Around::default()
                };
                let cause = problem::cause(broken, around);
                let host = self.host.clone();
                let problem = Problem { host, stage: Stage::Data, cause };
                self.problem = Some(problem.clone());
                self.writing = Writing::Broken;
                io::Error::new(io::ErrorKind::InvalidData, problem)
            }
        }
    }

    /// What TLS itself found wrong since the handshake.
    pub fn problem(&self) -> Option<&Problem> {
        self.problem.as_ref()
    }

    /// Waits for data; at the end there is none.
    fn fill(&mut self) -> io::Result<()> {
        while !self.session.has_plain() && self.session.ending.is_none() {
            match self.session.receive() {
                Ok(1..) => {}
                Ok(0) => {
                    let is_ours = self.writing == Writing::Shut;
                    self.session.ending = Some(if is_ours { End::Fin } else { End::Truncated });
                }
                Err(broken) => {
                    if let Break::Tls(_) = broken {
                        // An alert, for a peer that may be gone.
                        let _ = self.session.send(&["alert"]);
                    }
                    self.session.tell_heard();
                    let error = self.fail(broken);
                    // What came before it is sound, and read first.
                    return if self.session.has_plain() { Ok(()) } else { Err(error) };
                }
            }
            // Keys may have changed, which wants an answer (RFC 8446 §4.6.3).
            if self.writing == Writing::Open && self.session.connection.wants_write() {
                self.send(&["KeyUpdate"])?;
            }
            // Records without data may come for ever, and then nobody waits.
            let is_late = self.until.is_some_and(|until| Instant::now() >= until);
            if is_late && !self.session.has_plain() && self.session.ending.is_none() {
                self.session.tell_heard();
                return Err(io::ErrorKind::TimedOut.into());
            }
        }
        self.session.tell_heard();
        self.tell_end();
        Ok(())
    }

    fn tell_end(&mut self) {
        if self.is_told {
            return;
        }
        let is_ours = matches!(self.writing, Writing::Shut | Writing::Closed);
        let ending = match self.session.ending {
            Some(End::CloseNotify) if is_ours => End::Answered,
            Some(ending) => ending,
            None => return,
        };
        self.session.ending = Some(ending);
        self.is_told = true;
        self.session.tell(Fact::Ended(ending));
    }

    /// Takes in what has come by now, without waiting: only so is it known who closed first.
    fn look(&mut self) {
        if self.session.ending.is_none() && self.problem.is_none() {
            self.session.transport.set_deadline(Some(Instant::now()));
            match self.session.receive() {
                Ok(0) => self.session.ending = Some(End::Truncated),
                Err(broken @ Break::Tls(_)) => _ = self.fail(broken),
                // That nothing is there is as good as that nothing can be there any more.
                Ok(_) | Err(Break::Transport(_)) => {}
            }
            self.session.transport.set_deadline(self.until);
        }
        self.session.tell_heard();
        self.tell_end();
    }

    fn send(&mut self, noticed: &[&'static str]) -> io::Result<()> {
        let sent = self.session.send(noticed);
        if sent.is_err() {
            self.writing = Writing::Broken;
        }
        sent
    }
}

impl<T: Transport> Read for Secured<T> {
    /// Returns 0 at the peer's `close_notify`, and at a FIN without one: [`Secured::ending`] says which.
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        self.read = None;
        if room.is_empty() {
            return Ok(0);
        }
        if let Some(problem) = &self.problem
            && !self.session.has_plain()
        {
            return Err(io::Error::new(io::ErrorKind::InvalidData, problem.clone()));
        }
        if !self.session.has_plain() {
            self.fill()?;
        }
        let (count, octets) = self.session.take_plain(room);
        self.read = octets;
        Ok(count)
    }
}

impl<T: Transport> Write for Secured<T> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        if self.writing != Writing::Open {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let octets = octets.get(..GO).unwrap_or(octets);
        let start = self.session.written;
        let sent = self.session.send_data(octets);
        self.wrote = Some(start..self.session.written);
        match sent {
            Ok(()) => Ok(octets.len()),
            Err(error) => {
                self.writing = Writing::Broken;
                Err(error)
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.session.transport.flush()
    }
}

impl<T: Transport> Transport for Secured<T> {
    fn ends(&self) -> (SocketAddr, SocketAddr) {
        self.session.transport.ends()
    }

    fn set_deadline(&mut self, at: Option<Instant>) {
        self.until = at;
        self.session.transport.set_deadline(at);
    }

    /// Says under the keys that nothing more will come, and then with a FIN.
    fn shutdown(&mut self) -> io::Result<()> {
        if self.writing == Writing::Open {
            self.look();
        }
        let said = if self.writing == Writing::Open {
            self.session.connection.send_close_notify();
            self.send(&["close_notify"])
        } else {
            Ok(())
        };
        if matches!(self.writing, Writing::Shut | Writing::Closed) {
            return Ok(());
        }
        self.writing = Writing::Shut;
        let shut = self.session.transport.shutdown();
        said.and(shut)
    }

    /// Shuts down first, if that was not done. What went wrong with that is not told: it is over.
    fn close(&mut self) -> io::Result<()> {
        let _ = self.shutdown();
        self.writing = Writing::Closed;
        self.session.transport.close()
    }

    fn stats(&mut self) -> Option<TcpInfo> {
        self.session.transport.stats()
    }

    fn refusals(&self) -> &[Refusal] {
        self.session.transport.refusals()
    }
}
