//! Where in its life is a connection?

use super::verdict::Reset;
use crate::flow::mark::{Mark, Side};

/// As far as was seen from between the two ends (RFC 9293 §3.3.2 has each end's own view).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum State {
    /// The capture begins in the middle of it.
    Joined,
    /// A SYN waits for its answer.
    Asked,
    /// Both sent a SYN (RFC 9293 §3.5, figure 7).
    AskedByBoth,
    /// A SYN-ACK waits for its ACK.
    Answered,
    /// The SYN was answered by a RST, or by an ICMP error.
    Refused,
    Established,
    /// This side has said its last; the other may go on.
    HalfClosed(Side),
    /// Both have said their last, and not both were acknowledged yet.
    Closing,
    /// Both have said their last, and heard that it arrived.
    Closed,
    /// Broken off by this side.
    Reset(Side),
    /// There was no room to follow it any more.
    Dropped,
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Close {
    pub how: How,
    /// Who began it; nobody where both did at once, and where it was somebody on the way.
    pub by: Option<Side>,
    /// The packet that began it.
    pub at: Mark,
}

#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum How {
    /// One side finished, then the other.
    Finished,
    /// Both finished at once (RFC 9293 §3.6, figure 13).
    FinishedByBoth,
    /// One side finished, and the other did not, as far as was seen.
    HalfClosed,
    Reset(Reset),
    /// An ICMP error sent the SYN back.
    Unreachable,
}
