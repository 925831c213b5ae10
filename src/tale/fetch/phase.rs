//! What was a transfer waiting for?

use std::time::Duration;

use crate::tale::Party;
use crate::timeline::Timestamp;

/// What a nanosecond of a transfer was spent on.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Phase {
    /// All connections to the host were busy.
    Queue,
    /// A question was answered, and this is how long that took.
    DnsWire,
    /// A question was not answered.
    DnsLost,
    /// The system's own function looked for the name, and what it did is not seen.
    DnsSystem,
    /// The rest of the lookup.
    DnsLocal,
    /// The next hop's hardware address was asked for.
    Arp,
    /// The SYN that was answered was on its way, or its answer.
    TcpWire,
    /// SYNs were sent in vain, or to addresses that failed.
    TcpLost,
    /// The handshake, where nothing tells its parts apart.
    Tcp,
    /// The way was probed, as was asked for.
    Hops,
    /// Records of the TLS handshake were on their way, or the server made them.
    TlsWire,
    /// Our own part of the TLS handshake.
    TlsLocal,
    /// The TLS handshake, where nothing tells its parts apart.
    Tls,
    /// From the first segment of the request to the last.
    Send,
    /// The end of the request was on its way, or word of its arrival.
    PathOut,
    /// The server had the request, and nothing of the answer came.
    Server,
    /// From the end of the request to the answer, where nothing tells path and server apart.
    Waiting,
    /// The sender waited for acknowledgments before it sent more.
    Rounds,
    /// Something was lost, and the rest could not be used until it came again.
    Loss,
    /// We had no room for more.
    ClosedWindow,
    /// The sender might have sent, and did not.
    SenderGap,
    /// The answer came as fast as it came.
    Line,
    /// The answer came, and nothing tells what it waited for.
    Transfer,
    /// This program, and this computer.
    Local,
}

impl Phase {
    /// In the order of a fetch.
    pub const ALL: [Self; 24] = [
        Self::Queue,
        Self::DnsWire,
        Self::DnsLost,
        Self::DnsSystem,
        Self::DnsLocal,
        Self::Arp,
        Self::TcpWire,
        Self::TcpLost,
        Self::Tcp,
        Self::Hops,
        Self::TlsWire,
        Self::TlsLocal,
        Self::Tls,
        Self::Send,
        Self::PathOut,
        Self::Server,
        Self::Waiting,
        Self::Rounds,
        Self::Loss,
        Self::ClosedWindow,
        Self::SenderGap,
        Self::Line,
        Self::Transfer,
        Self::Local,
    ];

    /// For programs.
    pub fn key(self) -> &'static str {
        match self {
            Self::Queue => "queue",
            Self::DnsWire => "dns_wire",
            Self::DnsLost => "dns_lost",
            Self::DnsSystem => "dns_system",
            Self::DnsLocal => "dns_local",
            Self::Arp => "arp",
            Self::TcpWire => "tcp_wire",
            Self::TcpLost => "tcp_lost",
            Self::Tcp => "tcp",
            Self::Hops => "hops",
            Self::TlsWire => "tls_wire",
            Self::TlsLocal => "tls_local",
            Self::Tls => "tls",
            Self::Send => "send",
            Self::PathOut => "path_out",
            Self::Server => "server",
            Self::Waiting => "waiting",
            Self::Rounds => "rounds",
            Self::Loss => "loss",
            Self::ClosedWindow => "closed_window",
            Self::SenderGap => "sender_gap",
            Self::Line => "line",
            Self::Transfer => "transfer",
            Self::Local => "local",
        }
    }

    /// For people: what the time went by with.
    pub fn words(self) -> &'static str {
        match self {
            Self::Queue => "waiting for a free connection",
            Self::DnsWire => "DNS questions and their answers",
            Self::DnsLost => "DNS questions that nobody answered",
            Self::DnsSystem => "the system's own lookup, whose inside is not seen",
            Self::DnsLocal => "the lookup's part on this computer",
            Self::Arp => "asking for the next hop's hardware address",
            Self::TcpWire => "the TCP handshake",
            Self::TcpLost => "attempts to connect that were in vain",
            Self::Tcp => "connecting",
            Self::Hops => "probing the way, as was asked for",
            Self::TlsWire => "the TLS handshake on the wire and at the server",
            Self::TlsLocal => "the TLS handshake's part on this computer",
            Self::Tls => "the TLS handshake",
            Self::Send => "sending the request",
            Self::PathOut => "the request's way to the server",
            Self::Server => "the server's thinking",
            Self::Waiting => "waiting for the answer",
            Self::Rounds => "round trips until the sender sent more",
            Self::Loss => "packets that were lost",
            Self::ClosedWindow => "our own closed window",
            Self::SenderGap => "pauses of the sender",
            Self::Line => "the answer's octets on the line",
            Self::Transfer => "the answer's way here",
            Self::Local => "this computer",
        }
    }

    /// Whose it is.
    pub fn party(self) -> Party {
        match self {
            Self::Queue => Party::Content,
            Self::DnsWire | Self::DnsLost | Self::DnsSystem => Party::Resolver,
            Self::Arp => Party::Access,
            Self::TcpWire
            | Self::TcpLost
            | Self::Tcp
            | Self::PathOut
            | Self::Rounds
            | Self::Loss
            | Self::Line
            | Self::Transfer => Party::Path,
            Self::TlsWire | Self::Tls | Self::Server | Self::Waiting | Self::SenderGap => {
                Party::Server
            }
            Self::DnsLocal
            | Self::Hops
            | Self::TlsLocal
            | Self::Send
            | Self::ClosedWindow
            | Self::Local => Party::ThisComputer,
        }
    }
}

/// Where a span's edge was seen.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Edge {
    pub time: Timestamp,
    /// The packet that proves it; none where a call or the kernel's own stamp does.
    pub packet: Option<u64>,
}

impl Edge {
    pub fn of_packet(mark: crate::flow::Mark) -> Self {
        Self { time: mark.time, packet: Some(mark.packet) }
    }

    pub fn at(time: Timestamp) -> Self {
        Self { time, packet: None }
    }
}

/// How sure it is what a span was spent on.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Basis {
    /// Packets, stamps or calls mark its edges.
    Observed,
    /// It follows from other numbers, such as the round trip time.
    Inferred,
}

/// Some time of a transfer that went by with one thing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Span {
    pub from: Edge,
    pub to: Edge,
    pub phase: Phase,
    pub basis: Basis,
}

impl Span {
    pub fn took(&self) -> Duration {
        self.to.time.since(self.from.time)
    }
}
