//! A piece of a connection's time, and the proof that it belongs where it was put.

use std::time::Duration;

use super::bucket::Bucket;
use crate::flow::tcp::Trigger;
use crate::flow::{Mark, Side};
use crate::timeline::Timestamp;

/// Time spent on one thing, without a break.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wait {
    pub bucket: Bucket,
    /// Who was waited for, where it was one of the two: whose program paused, whose window was closed, whose
    /// octets were lost or held up.
    pub side: Option<Side>,
    /// The packet that it begins with, or that came last before it began.
    pub from: Mark,
    /// The packet that it ends with, or that came first after it ended.
    pub to: Mark,
    pub begin: Timestamp,
    pub end: Timestamp,
    pub proof: Proof,
}

impl Wait {
    pub fn time(&self) -> Duration {
        self.end.since(self.begin)
    }
}

/// Why time belongs where it was put.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Proof {
    /// The DNS exchange that gave the server's address.
    Lookup,
    /// Nothing was sent between these packets but what opens a connection.
    Handshake,
    /// A SYN or SYN-ACK was sent again.
    SentAgain,
    /// The sender's own clock (RFC 7323) says how long it paused.
    SenderClock,
    /// An ACK came first and the answer later: in which packet.
    Acknowledged(u64),
    /// The shortest round trip was taken off.
    RoundTrip,
    /// Everything sent was acknowledged, and still nothing more came: in which packet.
    Drained(u64),
    /// The segment before was pushed, and short.
    Pushed,
    /// The window announced in this packet had no room for more.
    Window(u64),
    /// Its sender had more, or numbered more packets: what it sent before was lost on the way to the capture.
    Missing,
    /// Sent again, for this reason.
    Resent(Trigger),
    /// Likewise; it was the last that the sender had sent.
    ResentLast(Trigger),
    /// Sent while a loss was being repaired.
    Repairing,
    /// Sent as soon as this packet's ACK had come.
    Clocked(u64),
    /// As `Clocked`, while round trips took much longer than the shortest.
    Queued(u64),
    /// Followed closely.
    Close,
    /// A short segment waited for the ACK in this packet, which was delayed.
    Delayed(u64),
    /// A FIN or RST.
    Ended,
    /// Nothing that was sent stood out unacknowledged.
    Quiet,
    /// One direction is missing, or the beginning.
    Unseen,
}

impl Proof {
    /// For programs.
    pub fn key(self) -> &'static str {
        match self {
            Self::Lookup => "lookup",
            Self::Handshake => "handshake",
            Self::SentAgain => "sent_again",
            Self::SenderClock => "sender_clock",
            Self::Acknowledged(_) => "acknowledged",
            Self::RoundTrip => "round_trip",
            Self::Drained(_) => "drained",
            Self::Pushed => "pushed",
            Self::Window(_) => "window",
            Self::Resent(trigger) | Self::ResentLast(trigger) => match trigger {
                Trigger::Fast => "resent_fast",
                Trigger::Timeout => "resent_timeout",
                Trigger::Recovery => "resent_recovery",
                Trigger::TailProbe => "resent_probe",
                Trigger::TailProbeOrTimeout => "resent_probe_or_timeout",
                Trigger::Unknown => "resent_unknown",
            },
            Self::Repairing => "repairing",
            Self::Clocked(_) => "ack_clocked",
            Self::Queued(_) => "queued",
            Self::Close => "close",
            Self::Delayed(_) => "delayed_ack",
            Self::Ended => "ended",
            Self::Quiet => "quiet",
            Self::Missing => "missing",
            Self::Unseen => "unseen",
        }
    }

    /// The packet, between those it begins and ends with, that shows it.
    pub fn packet(self) -> Option<u64> {
        match self {
            Self::Acknowledged(packet)
            | Self::Drained(packet)
            | Self::Window(packet)
            | Self::Clocked(packet)
            | Self::Queued(packet)
            | Self::Delayed(packet) => Some(packet),
            _ => None,
        }
    }
}
