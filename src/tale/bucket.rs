//! Into which buckets may the time of a connection go?

use crate::flow::Side;

/// What time was spent on. Every nanosecond of a connection is in exactly one.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[repr(u8)]
pub enum Bucket {
    /// From the question for the server's address to its answer.
    NameLookup,
    /// From that answer to the first SYN.
    ClientBefore,
    /// SYNs, or SYN-ACKs, that had to be sent again.
    ConnectRetry,
    /// From the SYN that was answered to the ACK.
    Connect,
    TlsClient,
    TlsServer,
    /// Round trips of the TLS handshake.
    TlsPath,
    /// The client had the word, and took its time.
    ClientThink,
    /// The client paused amid what it was sending.
    Request,
    /// The server had the word, and took its time.
    ServerThink,
    /// Round trips between a word and its answer.
    Path,
    /// The server paused amid what it was sending.
    ResponseApplication,
    /// The receiver's window was zero.
    WindowClosed,
    /// The receiver's window was used up, though not zero.
    WindowSmall,
    /// A retransmission timer, and what it began.
    LossTimeout,
    /// Losses repaired without a timer.
    LossRecovery,
    /// The sender waited for ACKs, with the receiver's window open.
    CongestionWindow,
    /// Packets stood in queues on the way.
    Queueing,
    /// Octets followed each other.
    Transmission,
    /// Each side waited for the other: a short segment for an ACK, the ACK for more data.
    Stall,
    /// One side had finished, the other had not.
    HalfClosed,
    /// From the first FIN, or RST, to the end.
    Closing,
    /// Nothing was on its way and nothing was owed.
    Idle,
    /// What the capture does not tell.
    Unknown,
}

impl Bucket {
    pub const ALL: [Self; 24] = [
        Self::NameLookup,
        Self::ClientBefore,
        Self::ConnectRetry,
        Self::Connect,
        Self::TlsClient,
        Self::TlsServer,
        Self::TlsPath,
        Self::ClientThink,
        Self::Request,
        Self::ServerThink,
        Self::Path,
        Self::ResponseApplication,
        Self::WindowClosed,
        Self::WindowSmall,
        Self::LossTimeout,
        Self::LossRecovery,
        Self::CongestionWindow,
        Self::Queueing,
        Self::Transmission,
        Self::Stall,
        Self::HalfClosed,
        Self::Closing,
        Self::Idle,
        Self::Unknown,
    ];

    /// Where it stands in [`Bucket::ALL`].
    pub fn index(self) -> usize {
        self as usize
    }

    /// For programs.
    pub fn key(self) -> &'static str {
        match self {
            Self::NameLookup => "name_lookup",
            Self::ClientBefore => "client_before",
            Self::ConnectRetry => "connect_retry",
            Self::Connect => "connect",
            Self::TlsClient => "tls_client",
            Self::TlsServer => "tls_server",
            Self::TlsPath => "tls_path",
            Self::ClientThink => "client_think",
            Self::Request => "request",
            Self::ServerThink => "server_think",
            Self::Path => "path",
            Self::ResponseApplication => "response_application",
            Self::WindowClosed => "window_closed",
            Self::WindowSmall => "window_small",
            Self::LossTimeout => "loss_timeout",
            Self::LossRecovery => "loss_recovery",
            Self::CongestionWindow => "congestion_window",
            Self::Queueing => "queueing",
            Self::Transmission => "transmission",
            Self::Stall => "stall",
            Self::HalfClosed => "half_closed",
            Self::Closing => "closing",
            Self::Idle => "idle",
            Self::Unknown => "unknown",
        }
    }

    /// Whether it says that one of the two programs was waited for.
    pub fn is_thinking(self) -> bool {
        matches!(
            self,
            Self::ClientBefore
                | Self::TlsClient
                | Self::TlsServer
                | Self::ClientThink
                | Self::Request
                | Self::ServerThink
                | Self::ResponseApplication
        )
    }

    /// Whether something was lost.
    pub fn is_loss(self) -> bool {
        matches!(self, Self::ConnectRetry | Self::LossTimeout | Self::LossRecovery)
    }

    /// The side that had the word but took its time, by what it was about to send.
    pub(super) fn of_thinking(side: Side, in_handshake: bool) -> Self {
        match (side, in_handshake) {
            (Side::Client, true) => Self::TlsClient,
            (Side::Server, true) => Self::TlsServer,
            (Side::Client, false) => Self::ClientThink,
            (Side::Server, false) => Self::ServerThink,
        }
    }

    /// A pause of this side amid what it was sending.
    pub(super) fn of_pause(side: Side, in_handshake: bool) -> Self {
        match (side, in_handshake) {
            (Side::Client, false) => Self::Request,
            (Side::Server, false) => Self::ResponseApplication,
            (side, true) => Self::of_thinking(side, true),
        }
    }
}
