//! How does a connection come about, when a name has several addresses?
//!
//! RFC 8305: an attempt is begun when its time has come, or as soon as all before it have failed. The first
//! that connects wins; the others are closed.

use std::time::{Duration, Instant};

use nix::errno::Errno as Number;
use nix::poll::PollFlags;
use nix::sys::socket::{SockType, sockopt};

use super::ready::wait;
use super::socket::Socket;
use super::{Nagle, Options, Tcp, Tracer};
use crate::probe::netlink;
use crate::timeline::fetch::{Attempt, Outcome, Tried};
use crate::timeline::{Errno, Purpose};

/// An attempt under way.
struct Connecting {
    attempt: usize,
    socket: Socket,
}

/// Connects to whichever address answers first; what became of each is told in any case.
///
/// An error is the last attempt's, or `ETIMEDOUT` when the deadline passed.
pub fn connect(
    plan: &[Attempt],
    options: &Options,
    deadline: Option<Instant>,
    tracer: &Tracer,
) -> (Result<Tcp, Errno>, Vec<Tried>) {
    let mut tried: Vec<Tried> = plan
        .iter()
        .map(|attempt| Tried {
            destination: attempt.destination,
            socket: 0,
            outcome: Outcome::NotBegun,
            refusals: Vec::new(),
        })
        .collect();
    let mut race = Race { plan, options, tracer, tried: &mut tried, flying: Vec::new() };
    let won = race.run(deadline);
    let won = won.map_err(|number| netlink::errno(number as i32));
    (won.map(|socket| Tcp::new(socket, options.linger, deadline)), tried)
}

struct Race<'r> {
    plan: &'r [Attempt],
    options: &'r Options,
    tracer: &'r Tracer,
    tried: &'r mut Vec<Tried>,
    flying: Vec<Connecting>,
}

impl Race<'_> {
    fn run(&mut self, deadline: Option<Instant>) -> Result<Socket, Number> {
        let mut begun = 0;
        let mut next = Instant::now();
        let mut last = Number::EDESTADDRREQ;
        loop {
            let now = Instant::now();
            if deadline.is_some_and(|deadline| now >= deadline) {
                self.end(&Outcome::Unanswered);
                return Err(Number::ETIMEDOUT);
            }
            if begun < self.plan.len() && (now >= next || self.flying.is_empty()) {
                next = now + self.gap(begun);
                begun += 1;
                match self.begin(begun - 1) {
                    Ok(None) => {}
                    Ok(Some(socket)) => return Ok(self.won(begun - 1, socket)),
                    Err(error) => last = error,
                }
                continue;
            }
            if self.flying.is_empty() {
                return Err(last);
            }
            let more = (begun < self.plan.len()).then_some(next);
            let until = [deadline, more].into_iter().flatten().min();
            let sockets: Vec<&Socket> = self.flying.iter().map(|it| &it.socket).collect();
            let ready = wait(&sockets, PollFlags::POLLOUT, until)?;
            // One at a time, and of several the one begun first: the rest are ready the next time as well.
            let Some(at) = ready.iter().position(|it| !it.is_empty()) else { continue };
            match self.look(at, ready[at]) {
                Ok(Some(winner)) => return Ok(self.won(winner.attempt, winner.socket)),
                Ok(None) => {}
                Err(error) => last = error,
            }
        }
    }

    /// How long after this attempt the next one is begun.
    fn gap(&self, at: usize) -> Duration {
        let begins = |at: usize| self.plan.get(at).map(|attempt| attempt.begins);
        let after = begins(at + 1).unwrap_or_default();
        after.saturating_sub(begins(at).unwrap_or_default())
    }

    /// The socket, where the connection is there at once.
    fn begin(&mut self, at: usize) -> Result<Option<Socket>, Number> {
        let destination = self.plan[at].destination;
        let failed = |tried: &mut Tried, error: Number| {
            tried.outcome = Outcome::Failed(netlink::errno(error as i32));
            error
        };
        let mut socket = Socket::open(destination, SockType::Stream, self.tracer)
            .map_err(|error| failed(&mut self.tried[at], error))?;
        self.tried[at].socket = socket.number;
        let connected = self.prepare(&mut socket).and_then(|()| socket.connect());
        match connected {
            Ok(()) => Ok(Some(socket)),
            Err(Number::EINPROGRESS) => {
                self.flying.push(Connecting { attempt: at, socket });
                Ok(None)
            }
            Err(error) => {
                socket.drain();
                self.tried[at].refusals.clone_from(&socket.refusals);
                Err(failed(&mut self.tried[at], error))
            }
        }
    }

    fn prepare(&self, socket: &mut Socket) -> Result<(), Number> {
        if self.options.nagle == Nagle::Off {
            socket.set(sockopt::TcpNoDelay, "TCP_NODELAY", &true, Purpose::Fetch)?;
        }
        if let Some(segment) = &self.options.segment {
            socket.set(sockopt::TcpMaxSeg, "TCP_MAXSEG", segment, Purpose::Fetch)?;
        }
        socket.prepare(self.options)?;
        // Stamps for what comes are asked for before anything can come. A kernel without them tells less.
        let _ = socket.stamps(libc::SOF_TIMESTAMPING_RX_SOFTWARE | libc::SOF_TIMESTAMPING_SOFTWARE);
        socket.remembered();
        Ok(())
    }

    /// Sees how an attempt goes on that is ready for something.
    fn look(&mut self, at: usize, ready: PollFlags) -> Result<Option<Connecting>, Number> {
        let Some(flying) = self.flying.get_mut(at) else { return Ok(None) };
        // Before the queue is read: whoever takes an ICMP message from it takes the socket's error as well.
        let mut ended = flying.socket.outcome();
        if ready.contains(PollFlags::POLLERR) {
            flying.socket.drain();
        }
        if ended.is_ok() && ready.contains(PollFlags::POLLHUP) {
            let last = flying.socket.refusals.last().map(|refusal| refusal.errno.number);
            ended = Err(last.map_or(Number::ECONNABORTED, Number::from_raw));
        }
        if ended.is_ok() && !ready.contains(PollFlags::POLLOUT) {
            // A message in the error queue, and nothing decided.
            return Ok(None);
        }
        let over = self.flying.remove(at);
        match ended {
            Ok(()) => Ok(Some(over)),
            Err(error) => {
                over.socket.info();
                let tried = &mut self.tried[over.attempt];
                tried.refusals.clone_from(&over.socket.refusals);
                tried.outcome = Outcome::Failed(netlink::errno(error as i32));
                Err(error)
            }
        }
    }

    fn won(&mut self, attempt: usize, socket: Socket) -> Socket {
        self.tried[attempt].outcome = Outcome::Connected;
        self.tried[attempt].refusals.clone_from(&socket.refusals);
        // Only now octets have numbers that stamps can name.
        let _ = socket.stamps(ALL);
        socket.info();
        self.end(&Outcome::Overtaken);
        socket
    }

    /// Closes what is still under way.
    fn end(&mut self, outcome: &Outcome) {
        for mut over in self.flying.drain(..) {
            over.socket.drain();
            over.socket.info();
            let tried = &mut self.tried[over.attempt];
            tried.outcome = outcome.clone();
            tried.refusals.clone_from(&over.socket.refusals);
        }
    }
}

/// What comes, each stage of what goes with the number of its last octet, and nothing of its contents.
const ALL: u32 = libc::SOF_TIMESTAMPING_RX_SOFTWARE
    | libc::SOF_TIMESTAMPING_SOFTWARE
    | libc::SOF_TIMESTAMPING_TX_SCHED
    | libc::SOF_TIMESTAMPING_TX_SOFTWARE
    | libc::SOF_TIMESTAMPING_TX_ACK
    | libc::SOF_TIMESTAMPING_OPT_ID
    | libc::SOF_TIMESTAMPING_OPT_CMSG
    | libc::SOF_TIMESTAMPING_OPT_TSONLY
    | libc::SOF_TIMESTAMPING_OPT_STATS;
