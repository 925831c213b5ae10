//! What may have brought a packet about?

use std::time::Duration;

use super::learned::Told;
use crate::flow::Mark;
use crate::flow::tcp::{Confidence, Reset, Trigger};

/// One thing that brought a packet about, and how sure that is.
#[derive(Clone, Debug, PartialEq)]
pub struct Reason {
    pub why: Why,
    /// `None` where it was observed; else how well it fits.
    pub inferred: Option<Confidence>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Why {
    /// It opens a connection, and no packet before it asks for that.
    Opens,
    /// What came before it in its conversation is too far back to be remembered.
    Forgotten,
    /// An answer told where to send it.
    Led(Told, Mark),
    /// Nothing of its conversation is remembered.
    First,
    AnswersSyn(Mark),
    /// It acknowledges the other side's SYN.
    Completes(Mark),
    Again {
        first: Option<Mark>,
        trigger: Trigger,
        is_spurious: bool,
        /// The packets that asked for it.
        asked_by: Vec<Mark>,
        /// What its sender had sent last.
        after: Option<Mark>,
    },
    Copy(Option<u64>),
    /// The same datagram was seen before.
    SeenBefore(Mark),
    /// Its octets were sent before ones that came first.
    Late {
        before: Option<u64>,
    },
    Acknowledges {
        segments: Vec<Mark>,
        octets: u32,
        has_fin: bool,
    },
    /// It says the same again because something came behind a gap.
    Repeats {
        count: u32,
        same: Option<Mark>,
        because: Option<Mark>,
    },
    /// It follows right behind the octets of this packet.
    GoesOn {
        after: Mark,
        octets: u32,
    },
    /// Its sender had heard of this one when it was sent: it echoes its time stamp, and no other has it.
    Heard(Mark),
    /// An ACK took something out of flight right before.
    Clocked(Mark),
    /// Since this packet nothing of its sender was on its way, and there was room.
    Idle(Mark),
    /// The other side's window has had room for it only since then.
    Allowed(Mark),
    /// The window of the other side is closed.
    Probes {
        closed: Option<Mark>,
    },
    KeepsAlive {
        quiet_since: Option<Mark>,
    },
    AnswersProbe {
        of: Option<u64>,
        keep_alive: bool,
    },
    /// The other side had said its last.
    AfterFin(Mark),
    /// The last packet of the other side before it.
    AfterPeer {
        of: Mark,
        reset: Reset,
    },
    /// It tells that its window opened.
    Reopens {
        closed: Option<u64>,
        after: Duration,
    },
    /// The packet of its conversation before it.
    Follows(Mark),
    /// It sends this packet back.
    Quotes(Mark),
    /// It sends a packet back that the capture does not have.
    QuotesUnseen,
    /// It brings the last part of what these packets brought.
    Joins(Vec<u64>),
}

impl Reason {
    pub(super) fn observed(why: Why) -> Self {
        Self { why, inferred: None }
    }

    pub(super) fn led(told: Told, answer: Mark) -> Self {
        Self::likely(Why::Led(told, answer))
    }

    pub(super) fn likely(why: Why) -> Self {
        Self { why, inferred: Some(Confidence::Likely) }
    }
}
