//! What did the calls on one of our sockets say?

use std::net::SocketAddr;
use std::ops::Range;
use std::time::Duration;

use super::counted::{Between, Counted};
use crate::timeline::tls::{Direction, Flight};
use crate::timeline::{Call, Errno, Evidence, Refusal, Stage, TcpInfo, Timestamp};

/// A call, as much of it as is gone by.
#[derive(Clone, Debug)]
pub(super) struct Moved {
    pub(super) entered: Timestamp,
    pub(super) left: Timestamp,
    pub(super) octets: Range<u64>,
    /// When the last of what was read came to this computer.
    pub(super) arrived: Option<Timestamp>,
    /// What the kernel counted since the read before; nothing until it was asked.
    pub(super) between: Option<Between>,
}

/// A stage that octets went through.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stamped {
    pub(super) stage: Stage,
    pub(super) time: Timestamp,
    pub(super) last: u32,
}

/// One socket, by its calls.
#[derive(Debug, Default)]
pub(super) struct Socket {
    pub(super) local: Option<SocketAddr>,
    pub(super) remote: Option<SocketAddr>,
    pub(super) connecting: Option<Timestamp>,
    /// When it came out how connecting ended, and how.
    pub(super) connected: Option<(Timestamp, Result<(), Errno>)>,
    pub(super) writes: Vec<Moved>,
    pub(super) reads: Vec<Moved>,
    /// When a read first found the end, or an error.
    pub(super) over: Option<Timestamp>,
    pub(super) stamps: Vec<Stamped>,
    /// By the kernel, the first time it was asked once connected.
    pub(super) first_round_trip: Option<Duration>,
    pub(super) shortest: Option<Duration>,
    /// SYNs that were sent again.
    pub(super) syns_again: u64,
    /// What the kernel counts of what comes.
    pub(super) counted: Counted,
    /// Segments sent again, and octets not acknowledged when the kernel was asked last.
    pub(super) again: u64,
    pub(super) unacknowledged: Option<u64>,
    /// What it was asked last, the peer's window and ours.
    pub(super) windows: [Option<u64>; 2],
    pub(super) refusals: Vec<(Timestamp, Refusal)>,
    pub(super) closing: Option<Timestamp>,
    pub(super) closed: Option<Timestamp>,
    pub(super) omitted: u64,
    /// What TLS carried, where it did.
    sealed: Vec<Sealed>,
}

/// A record of application data.
#[derive(Clone, Debug)]
struct Sealed {
    direction: Direction,
    octets: Range<u64>,
    plain: Range<u64>,
}

/// Calls, and stamps, kept of one socket.
const KEPT: usize = 1 << 16;

impl Socket {
    pub(super) fn hear(&mut self, call: &Call) {
        self.local = call.local.or(self.local);
        self.remote = call.remote.or(self.remote);
        let (entered, left) = (call.entered.realtime, call.left.realtime);
        match call.name {
            "connect" => {
                self.connecting.get_or_insert(entered);
                if call.result.is_ok() {
                    self.connected.get_or_insert((left, Ok(())));
                } else if let Err(errno) = &call.result
                    && !matches!(&*errno.name, "EINPROGRESS" | "EINTR" | "EALREADY")
                {
                    self.connected.get_or_insert((left, Err(errno.clone())));
                }
            }
            "shutdown" | "close" => {
                self.closing.get_or_insert(entered);
                if call.name == "close" {
                    self.closed.get_or_insert(left);
                }
            }
            _ => {}
        }
        self.evidence(call);
        let arrived = call.evidence.iter().find_map(|evidence| match evidence {
            Evidence::Arrived(at) => Some(*at),
            _ => None,
        });
        let is_read = matches!(call.name, "recvmsg" | "read" | "recv" | "recvfrom");
        match &call.octets {
            Some(octets) if octets.start < octets.end => {
                let octets = octets.clone();
                let moved = Moved { entered, left, octets, arrived, between: None };
                let list = if is_read { &mut self.reads } else { &mut self.writes };
                if list.len() < KEPT { list.push(moved) } else { self.omitted += 1 }
            }
            Some(_) if is_read => _ = self.over.get_or_insert(left),
            _ if is_read && Self::is_over(call) => _ = self.over.get_or_insert(left),
            _ => {}
        }
    }

    /// Records of TLS that went either way.
    pub(super) fn seal(&mut self, flight: &Flight) {
        for record in &flight.records {
            let Some(plain) = record.plain.clone().filter(|plain| !plain.is_empty()) else {
                continue;
            };
            if self.sealed.len() < KEPT {
                let (direction, octets) = (record.direction, record.octets.clone());
                self.sealed.push(Sealed { direction, octets, plain });
            }
        }
    }

    /// The octets of the stream whose records carry these, as far as they are known.
    pub(super) fn carried(&self, direction: Direction, plain: &Range<u64>) -> Option<Range<u64>> {
        let meets = |it: &&Sealed| {
            it.direction == direction && it.plain.start < plain.end && it.plain.end > plain.start
        };
        let mut records = self.sealed.iter().filter(meets);
        let first = records.next()?;
        let last = records.next_back().unwrap_or(first);
        Some(first.octets.start..last.octets.end)
    }

    /// Whether an error of a read ends the stream; the error queue's are no reads.
    fn is_over(call: &Call) -> bool {
        let is_final = |errno: &Errno| !matches!(&*errno.name, "EAGAIN" | "EINTR" | "EWOULDBLOCK");
        &*call.arguments != "ERRQUEUE" && call.result.as_ref().err().is_some_and(is_final)
    }

    fn evidence(&mut self, call: &Call) {
        let left = call.left.realtime;
        for evidence in &call.evidence {
            match evidence {
                Evidence::Connected(how) => _ = self.connected.get_or_insert((left, how.clone())),
                Evidence::Info(info) => self.info(info, left),
                Evidence::Sent(stamp) if self.stamps.len() < KEPT => {
                    let (stage, time, last) = (stamp.stage, stamp.time, stamp.last);
                    self.stamps.push(Stamped { stage, time, last });
                }
                Evidence::Refusal(refusal) if self.refusals.len() < 64 => {
                    self.refusals.push((left, refusal.clone()));
                }
                _ => {}
            }
        }
    }

    fn info(&mut self, info: &TcpInfo, at: Timestamp) {
        // The kernel has all bits set where it has no sample yet.
        let least = info.get("min_rtt").filter(|&us| us > 0 && us < u64::from(u32::MAX));
        let least = least.map(Duration::from_micros);
        let shortest = [self.shortest, least, info.rtt()].into_iter().flatten().min();
        self.shortest = shortest;
        if self.first_round_trip.is_none() && info.rtt().is_some() {
            self.first_round_trip = info.rtt();
            self.syns_again = info.get("total_retrans").unwrap_or(0);
        }
        let count = |name| info.get(name).unwrap_or(0);
        self.counted.hear(info, at);
        if let Some(read) = self.reads.last_mut().filter(|read| read.between.is_none()) {
            read.between = Some(self.counted.take());
        }
        self.again = self.again.max(count("total_retrans"));
        self.unacknowledged = info.get("unacked");
        self.windows = [info.get("snd_wnd"), info.get("rcv_wnd")];
    }
}
