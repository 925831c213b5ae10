//! What is there to say about a segment, and what makes us think so?

use std::time::Duration;

/// One thing that a segment is, beside ordinary.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Verdict {
    pub what: What,
    pub evidence: Evidence,
    pub confidence: Confidence,
    /// The earlier packet that it is about, where one is known.
    pub of: Option<u64>,
}

/// Everything that one packet is to its connection, beside ordinary.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::flow) struct Verdicts {
    said: Vec<Verdict>,
    round_trip: Option<RoundTrip>,
}

/// A packet acknowledges where a segment ended that was sent once.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RoundTrip {
    /// The packet that brought the segment.
    pub of: u64,
    pub(super) nanos: u64,
}

impl RoundTrip {
    /// From that packet to this.
    pub fn time(self) -> Duration {
        Duration::from_nanos(self.nanos)
    }
}

impl Verdicts {
    pub(in crate::flow) fn clear(&mut self) {
        self.said.clear();
        self.round_trip = None;
    }

    pub(in crate::flow) fn push(&mut self, verdict: Verdict) {
        self.said.push(verdict);
    }

    pub(super) fn acknowledges(&mut self, round_trip: RoundTrip) {
        self.round_trip = Some(round_trip);
    }

    pub(in crate::flow) fn said(&self) -> &[Verdict] {
        &self.said
    }

    pub(in crate::flow) fn round_trip(&self) -> Option<RoundTrip> {
        self.round_trip
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum What {
    /// Octets before this segment were not seen yet.
    Gap {
        octets: u32,
    },
    /// Sent again.
    Resent {
        trigger: Trigger,
        need: Need,
        octets: u32,
    },
    /// Sent earlier than what was seen before it.
    Reordered {
        octets: u32,
    },
    /// One packet seen twice.
    Copy(Copied),
    /// Octets from before the capture began.
    BeforeCapture,
    /// RFC 5681 §2, or RFC 6675 §2: the n-th that says the same.
    DuplicateAck {
        count: u32,
    },
    /// Acknowledges less than was acknowledged before.
    OldAck,
    /// Acknowledges octets that the capture never saw.
    AckUnseen {
        octets: u32,
    },
    /// Ends inside a segment.
    PartialAck,
    /// RFC 2883: the peer got octets twice.
    DuplicateSack {
        octets: u32,
    },
    WindowUpdate,
    ZeroWindow,
    /// The window was zero, and no longer is.
    WindowReopened {
        after: Duration,
    },
    /// RFC 9293 §3.8.6: the right edge moved to the left.
    WindowShrunk {
        octets: u32,
    },
    /// The peer's window has no room for more.
    WindowFull,
    /// The peer's window has room for less than a full segment.
    WindowLimited {
        left: u32,
    },
    WindowProbe,
    WindowProbeAck,
    KeepAlive,
    KeepAliveAck,
    /// The handshake is complete.
    Connected {
        rtt: Option<Duration>,
    },
    /// Both opened at once (RFC 9293 §3.5, figure 7).
    OpenedByBoth,
    /// The addresses and ports of a connection before it.
    PortsReused {
        connection: u32,
    },
    SynInEstablished,
    /// A SYN-ACK for another SYN.
    WrongSynAck,
    FastOpen(FastOpen),
    Finished,
    /// Both finished at once (RFC 9293 §3.6, figure 13).
    FinishedByBoth,
    Reset(Reset),
    /// RFC 5961 §3.2, §4.2.
    ChallengeAck,
    /// RFC 1337: a RST in TIME-WAIT.
    TimeWaitReset,
    /// RFC 3168 §5: marked by a router.
    Congested,
}

/// What made the sender send again.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Trigger {
    /// Duplicate ACKs or SACK.
    Fast,
    /// RFC 6298 §5.
    Timeout,
    /// Going on after a timeout.
    Recovery,
    /// RFC 8985 §7.
    TailProbe,
    /// One segment in flight: on the wire both are the same.
    TailProbeOrTimeout,
    Unknown,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Need {
    Needed,
    /// The peer already had it.
    Spurious,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Copied {
    /// The network delivered it twice.
    Network,
    /// The capture saw it at two places.
    Capture,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FastOpen {
    Asked,
    CookieGiven,
    Data { octets: u32 },
    Accepted,
    Ignored,
}

/// Why a connection was broken off.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Reset {
    /// Answers a SYN: nobody listens.
    Refused,
    /// While the peer still sent.
    AfterUnread,
    /// Without a FIN before.
    Abort,
    /// After its own FIN.
    AfterFin,
    /// RFC 9293 §3.5.1: one side lost its state.
    HalfOpen,
    /// Not to be believed: outside the window (RFC 5961 §3.2).
    OutOfWindow,
    /// After both FINs.
    AfterClose,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Evidence {
    /// The octets were seen here before.
    Seen,
    /// The sender's clock (RFC 7323) is newer, or older.
    Stamp,
    /// The IP identification is newer, or older.
    IpId,
    /// It came before any feedback could have returned.
    Haste,
    /// The peer had asked for it.
    DuplicateAcks,
    /// Nothing else fits.
    Elimination,
    /// Every field that a sender chooses is the same.
    Identity,
    /// What the sequence and acknowledgment numbers say.
    Numbers,
    /// A SACK block.
    Sack,
    /// What was agreed in the handshake.
    Handshake,
    /// The window as the sender knew it.
    Window,
    /// What the state of the connection allows.
    State,
    /// The header says so.
    Header,
}

#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Confidence {
    Weak,
    Likely,
    Certain,
}

impl Verdict {
    /// Something that follows from the numbers alone.
    pub(in crate::flow) fn certain(what: What, evidence: Evidence) -> Self {
        Self { what, evidence, confidence: Confidence::Certain, of: None }
    }

    #[must_use]
    pub(in crate::flow) fn of(self, packet: u64) -> Self {
        Self { of: (packet != 0).then_some(packet), ..self }
    }
}
