//! What is known of one transfer, whatever it was learnt from?
//!
//! Packets, the kernel's stamps and the times of calls are brought to one form here, so that one set of rules
//! says what the time was spent on.

use std::ops::Range;
use std::time::Duration;

use super::phase::Edge;
use crate::timeline::Timestamp;

/// A transfer from its beginning to its end.
#[derive(Clone, Debug, Default)]
pub struct Course {
    pub began: Timestamp,
    pub ended: Timestamp,
    /// Where curl's phases end, as far as they were reached.
    pub slot: Timestamp,
    pub looked_up: Option<Timestamp>,
    pub connected: Option<Timestamp>,
    /// While the way was probed, before anything else was done on the connection.
    pub probed: Vec<(Timestamp, Timestamp)>,
    pub secured: Option<Timestamp>,
    pub asking: Option<Timestamp>,
    pub asked: Option<Timestamp>,
    pub answering: Option<Timestamp>,
    pub questions: Vec<Question>,
    /// While the system's own function looked for the name.
    pub system: Vec<(Timestamp, Timestamp)>,
    /// Requests for the next hop's hardware address.
    pub neighbours: Vec<Sought>,
    pub attempts: Vec<Attempt>,
    /// What was seen of the connection.
    pub witness: Witness,
    /// What went out during the handshake of TLS, and came in, in the order of time.
    pub flights: Vec<Flight>,
    /// Each segment of the request, sent again or not, in the order of time.
    pub request: Vec<Sent>,
    /// The first word that all of the request has arrived.
    pub acknowledged: Option<Acknowledged>,
    /// What came of the answer, in the order of time.
    pub answer: Vec<Arrived>,
    /// Since when something of the answer is missing behind which more came, by the kernel's counts.
    pub missing: Option<Edge>,
    /// Octets of the answer that came, and that our own capture lost.
    pub unseen: u64,
    /// Octets of the server's stream that came in order, by the kernel's count.
    pub received: Option<u64>,
    /// Where in the stream the answer begins, when nothing of it could be read.
    pub unread: Option<u64>,
    /// While we had no room, by what we said ourselves or by what the kernel counts.
    pub closed: Vec<(Edge, Option<Edge>)>,
    /// The shortest round trip known.
    pub shortest: Option<Duration>,
    /// It is the first request on its connection.
    pub is_first: bool,
    /// What ended the wait for more octets of the answer: a FIN, a RST, our patience.
    pub over: Option<Edge>,
}

/// What there is to go by.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Witness {
    /// When calls were made and returned, and no more.
    #[default]
    Calls,
    /// The kernel stamped what it sent and what came.
    Stamps,
    Packets,
}

/// A question to a name server.
#[derive(Clone, Copy, Debug)]
pub struct Question {
    pub asked: Edge,
    pub answered: Option<Edge>,
    /// When nobody waited for it any more.
    pub given_up: Timestamp,
    /// Whether packets mark its edges.
    pub witness: Witness,
}

/// A hardware address that was asked for.
#[derive(Clone, Copy, Debug)]
pub struct Sought {
    pub asked: Edge,
    pub answered: Option<Edge>,
}

/// One attempt to connect.
#[derive(Clone, Debug)]
pub struct Attempt {
    pub began: Timestamp,
    /// `None` while it has not ended.
    pub ended: Option<Timestamp>,
    /// Every SYN of it.
    pub syns: Vec<Edge>,
    /// What ended the waiting: SYN-ACK, RST, an ICMP error.
    pub answer: Option<Edge>,
    /// Of the handshake, by the kernel.
    pub round_trip: Option<Duration>,
    /// SYNs sent again, by the kernel's count.
    pub again: u64,
    pub connected: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Way {
    Out,
    In,
}

#[derive(Clone, Copy, Debug)]
pub struct Flight {
    pub edge: Edge,
    pub way: Way,
}

/// A segment of the request.
#[derive(Clone, Copy, Debug)]
pub struct Sent {
    pub edge: Edge,
    /// The same octets went out then for the first time.
    pub before: Option<Edge>,
}

#[derive(Clone, Copy, Debug)]
pub struct Acknowledged {
    pub edge: Edge,
    /// It came with octets of the answer.
    pub with_data: bool,
}

/// Octets of the answer that came.
#[derive(Clone, Debug)]
pub struct Arrived {
    pub edge: Edge,
    /// Counted in the server's stream.
    pub octets: Range<u64>,
    /// They were sent again; without packets: they, or some before them, were missing for a while.
    pub again: bool,
}
