//! Where in its life is a connection?

use super::Connection;
use super::half::Facts;
use super::segment::Segment;
use super::verdict::{Reset, Verdicts};
use crate::flow::mark::{Mark, Side};
use crate::wire::tcp::Flags;

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

/// How much of a segment counts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Belief {
    All,
    /// Its ACK and its window, not its place in the sequence.
    Ack,
    /// No receiver would take any of it.
    Nothing,
}

impl State {
    /// Whether nothing more is to come.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Refused | Self::Closed | Self::Reset(_) | Self::Dropped)
    }

    /// Whether the handshake is not over yet.
    pub fn is_half_open(self) -> bool {
        matches!(self, Self::Asked | Self::AskedByBoth | Self::Answered)
    }

    /// The same, told of the other side.
    pub(super) fn flipped(self) -> Self {
        match self {
            Self::HalfClosed(side) => Self::HalfClosed(side.peer()),
            Self::Reset(side) => Self::Reset(side.peer()),
            state => state,
        }
    }
}

impl Connection {
    /// What a segment does to the life of the connection, by the numbers known before it.
    pub(super) fn live(
        &mut self,
        segment: &Segment,
        side: Side,
        verdicts: &mut Verdicts,
    ) -> Belief {
        if segment.has(Flags::RST) {
            self.break_off(segment, side, verdicts);
            return Belief::Nothing;
        }
        if segment.has(Flags::SYN) {
            return self.open(segment, side, verdicts);
        }
        let belief = self.go_on(segment, side, verdicts);
        if belief == Belief::All {
            if segment.len > 0 {
                self.talk_on(segment, side);
            }
            if segment.has(Flags::FIN) {
                self.finish(segment, side);
            }
        }
        belief
    }

    /// What follows from the numbers known after it.
    pub(super) fn settle(&mut self, mark: Mark, verdicts: &mut Verdicts) {
        if self.halves.iter().any(|half| half.facts.has(Facts::FIN)) {
            self.wind_up(mark, verdicts);
        }
    }
}
