//! By which words do programs know a verdict?

use super::life::{How, State};
use super::verdict::{Confidence, Copied, Evidence, FastOpen, Need, Reset, Trigger, Verdict, What};

impl What {
    /// Stable: filters and records depend on it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gap { .. } => "gap",
            Self::Resent { .. } => "resent",
            Self::Reordered { .. } => "reordered",
            Self::Copy(_) => "copy",
            Self::BeforeCapture => "before_capture",
            Self::DuplicateAck { .. } => "duplicate_ack",
            Self::OldAck => "old_ack",
            Self::AckUnseen { .. } => "ack_unseen",
            Self::PartialAck => "partial_ack",
            Self::DuplicateSack { .. } => "duplicate_sack",
            Self::WindowUpdate => "window_update",
            Self::ZeroWindow => "zero_window",
            Self::WindowReopened { .. } => "window_reopened",
            Self::WindowShrunk { .. } => "window_shrunk",
            Self::WindowFull => "window_full",
            Self::WindowLimited { .. } => "window_limited",
            Self::WindowProbe => "window_probe",
            Self::WindowProbeAck => "window_probe_ack",
            Self::KeepAlive => "keep_alive",
            Self::KeepAliveAck => "keep_alive_ack",
            Self::Connected { .. } => "connected",
            Self::OpenedByBoth => "opened_by_both",
            Self::PortsReused { .. } => "ports_reused",
            Self::SynInEstablished => "syn_in_established",
            Self::WrongSynAck => "wrong_syn_ack",
            Self::FastOpen(_) => "fast_open",
            Self::Finished => "finished",
            Self::FinishedByBoth => "finished_by_both",
            Self::Reset(_) => "reset",
            Self::ChallengeAck => "challenge_ack",
            Self::TimeWaitReset => "time_wait_reset",
            Self::Congested => "congested",
        }
    }

    /// Which of several things of this name it is.
    pub fn kind(self) -> Option<&'static str> {
        match self {
            Self::Resent { trigger, .. } => Some(trigger.name()),
            Self::Copy(Copied::Network) => Some("network"),
            Self::Copy(Copied::Capture) => Some("capture"),
            Self::FastOpen(FastOpen::Asked) => Some("asked"),
            Self::FastOpen(FastOpen::CookieGiven) => Some("cookie_given"),
            Self::FastOpen(FastOpen::Data { .. }) => Some("data"),
            Self::FastOpen(FastOpen::Accepted) => Some("accepted"),
            Self::FastOpen(FastOpen::Ignored) => Some("ignored"),
            Self::Reset(reset) => Some(reset.name()),
            _ => None,
        }
    }

    /// The octets it is about.
    pub fn octets(self) -> Option<u32> {
        match self {
            Self::Gap { octets }
            | Self::Resent { octets, .. }
            | Self::Reordered { octets }
            | Self::AckUnseen { octets }
            | Self::DuplicateSack { octets }
            | Self::WindowShrunk { octets }
            | Self::WindowLimited { left: octets }
            | Self::FastOpen(FastOpen::Data { octets }) => Some(octets),
            _ => None,
        }
    }
}

impl Verdict {
    /// Whether the peer had already what was sent again; `None` when nothing was.
    pub fn is_spurious(&self) -> Option<bool> {
        match self.what {
            What::Resent { need, .. } => Some(need == Need::Spurious),
            _ => None,
        }
    }
}

impl Trigger {
    pub fn name(self) -> &'static str {
        match self {
            Self::Fast => "fast",
            Self::Timeout => "timeout",
            Self::Recovery => "recovery",
            Self::TailProbe => "tail_probe",
            Self::TailProbeOrTimeout => "tail_probe_or_timeout",
            Self::Unknown => "unknown",
        }
    }
}

impl Reset {
    pub fn name(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::AfterUnread => "after_unread",
            Self::Abort => "abort",
            Self::AfterFin => "after_fin",
            Self::HalfOpen => "half_open",
            Self::OutOfWindow => "out_of_window",
            Self::AfterClose => "after_close",
        }
    }
}

impl Evidence {
    pub fn name(self) -> &'static str {
        match self {
            Self::Seen => "seen",
            Self::Stamp => "timestamp",
            Self::IpId => "ip_id",
            Self::Haste => "haste",
            Self::DuplicateAcks => "duplicate_acks",
            Self::Elimination => "elimination",
            Self::Identity => "identity",
            Self::Numbers => "numbers",
            Self::Sack => "sack",
            Self::Handshake => "handshake",
            Self::Window => "window",
            Self::State => "state",
            Self::Header => "header",
        }
    }
}

impl Confidence {
    pub fn name(self) -> &'static str {
        match self {
            Self::Weak => "weak",
            Self::Likely => "likely",
            Self::Certain => "certain",
        }
    }
}

impl State {
    /// Stable; which side it is about is told apart.
    pub fn name(self) -> &'static str {
        match self {
            Self::Joined => "joined",
            Self::Asked => "asked",
            Self::AskedByBoth => "asked_by_both",
            Self::Answered => "answered",
            Self::Refused => "refused",
            Self::Established => "established",
            Self::HalfClosed(_) => "half_closed",
            Self::Closing => "closing",
            Self::Closed => "closed",
            Self::Reset(_) => "reset",
            Self::Dropped => "dropped",
        }
    }
}

impl How {
    pub fn name(self) -> &'static str {
        match self {
            Self::Finished => "finished",
            Self::FinishedByBoth => "finished_by_both",
            Self::HalfClosed => "half_closed",
            Self::Reset(_) => "reset",
            Self::Unreachable => "unreachable",
        }
    }
}
