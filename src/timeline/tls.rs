//! What happens while a connection is secured, and after? (RFC 8446, RFC 5246)
//!
//! Plain data: whoever speaks TLS tells it fact by fact, whoever reports reads it. Every text in it is safe
//! to show. Octets are those of the TCP stream, counted from 0 in each direction, record headers included.

use std::fmt;
use std::ops::Range;

use super::Timestamp;

mod alert;
mod certificate;
mod problem;

pub use alert::meaning;
pub use certificate::{Certificate, Verdict, Why};
pub use problem::{Cause, Problem, Sent, Stage};

#[derive(Clone, Debug)]
pub enum Fact {
    Flight(Flight),
    /// How the handshake ended, well or not; once for each connection.
    Handshake(Box<Handshake>),
    /// The peer will send nothing more.
    Ended(End),
    /// The keys could not be appended to the file that should have them: a sentence.
    KeysNotKept(String),
}

impl Fact {
    /// When it began and ended, where it took time.
    pub fn span(&self) -> Option<(Timestamp, Timestamp)> {
        match self {
            Self::Flight(flight) => Some((flight.began, flight.ended)),
            Self::Handshake(handshake) => Some((handshake.began, handshake.ended)),
            Self::Ended(_) | Self::KeysNotKept(_) => None,
        }
    }
}

/// Records that went one way without one going the other way in between; of data, what one call moved.
#[derive(Clone, Debug)]
pub struct Flight {
    pub direction: Direction,
    /// Before the first call that moved it. Of a flight that came, waiting for it is included.
    pub began: Timestamp,
    /// After the last call that moved it.
    pub ended: Timestamp,
    pub records: Vec<Record>,
}

impl Flight {
    /// The octets of the stream that it is, from its first record to its last.
    pub fn octets(&self) -> Option<Range<u64>> {
        Some(self.records.first()?.octets.start..self.records.last()?.octets.end)
    }
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Direction {
    Out,
    In,
}

/// One record (RFC 8446 §5.1).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Record {
    pub direction: Direction,
    /// As its header says: 23 also for what is no data, once TLS 1.3 has keys.
    pub content_type: u8,
    /// With its header of five octets.
    pub octets: Range<u64>,
    pub contents: Contents,
    /// The octets of application data that it carries, counted from 0 in its direction.
    pub plain: Option<Range<u64>>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Contents {
    /// Handshake messages in clear text, those that begin in it; none when one goes on in it.
    Messages(Vec<&'static str>),
    ChangeCipherSpec,
    Alert {
        level: u8,
        description: u8,
    },
    /// Encrypted, and no application data; what opening it was seen to bring. Other messages may be in it.
    Sealed(Vec<&'static str>),
    Data,
    Unknown,
}

impl Record {
    /// How many octets its header announces.
    pub fn len(&self) -> u64 {
        (self.octets.end - self.octets.start).saturating_sub(5)
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.contents {
            Contents::Messages(names) if names.is_empty() => f.write_str("handshake goes on"),
            Contents::Messages(names) => f.write_str(&names.join(", ")),
            Contents::ChangeCipherSpec => f.write_str("ChangeCipherSpec"),
            Contents::Alert { description, .. } => write!(f, "alert {description}"),
            Contents::Sealed(names) if names.is_empty() => f.write_str("encrypted"),
            Contents::Sealed(names) => write!(f, "encrypted: {}", names.join(", ")),
            Contents::Data => f.write_str("application data"),
            Contents::Unknown => write!(f, "content type {}", self.content_type),
        }
    }
}

/// What was agreed on, as far as it came. Empty where the handshake ended before.
#[derive(Clone, Debug)]
pub struct Handshake {
    pub began: Timestamp,
    pub ended: Timestamp,
    pub version: Option<Version>,
    /// The number of the cipher suite and its name (IANA).
    pub suite: Option<(u16, &'static str)>,
    /// In which keys were exchanged: the number and the name (IANA).
    pub group: Option<(u16, &'static str)>,
    pub alpn_offered: Vec<String>,
    pub alpn: Option<String>,
    /// The name in the hello (RFC 6066 §3); absent for addresses, which may not stand there.
    pub sni: Option<String>,
    pub kind: Option<Kind>,
    /// How many octets our first flight has.
    pub hello: u64,
    /// The server's own first. Of a resumed session those that began it.
    pub certificates: Vec<Certificate>,
    /// How many more there were; they are not kept.
    pub beyond: usize,
    /// `None` when no certificate came: it did not get that far, or a session was resumed.
    pub verdict: Option<Verdict>,
    /// Octets of an OCSP response that came with the certificate (RFC 6066 §8). Nobody looks into it, and
    /// no list is fetched: revocation is not checked.
    pub stapled: usize,
    pub trust: Trust,
    pub out: u64,
    pub into: u64,
    /// Absent when it succeeded.
    pub problem: Option<Problem>,
}

impl Handshake {
    /// What is true of every handshake here.
    pub const REVOCATION: &'static str = "revocation not checked";
}

#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Version {
    Tls12,
    Tls13,
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tls12 => "TLS 1.2",
            Self::Tls13 => "TLS 1.3",
        })
    }
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    Full,
    /// The server asked for another key share first, which costs a round trip (RFC 8446 §4.1.4).
    Retried,
    /// With the keys of a session before; no certificate is sent.
    Resumed,
}

/// Whose signatures count.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Trust {
    pub store: Store,
    /// How many authorities are in it.
    pub anchors: usize,
    /// What could not be used: sentences.
    pub passed_over: Vec<String>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Store {
    /// The file that was asked for, and nothing else.
    File(String),
    /// What `SSL_CERT_FILE` or `SSL_CERT_DIR` names.
    Environment(String),
    System,
    /// Mozilla's list as it was when this program was built: the system has none.
    BuiltIn,
}

impl fmt::Display for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => f.write_str(path),
            Self::Environment(said) => f.write_str(said),
            Self::System => f.write_str("the system's store"),
            Self::BuiltIn => f.write_str("Mozilla's list, built in (the system has none)"),
        }
    }
}

/// How the peer's stream ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum End {
    /// It said so under its keys, before we had closed: nothing is missing.
    CloseNotify,
    /// It said so under its keys, after we had.
    Answered,
    /// A bare FIN before we had closed, which anybody on the way could have sent: what came may be cut (RFC 8446 §6.1).
    Truncated,
    /// A bare FIN, after we had said that we are done: nothing more was awaited.
    Fin,
}

impl End {
    /// Whether it was said under the keys.
    pub fn is_said(self) -> bool {
        matches!(self, Self::CloseNotify | Self::Answered)
    }

    /// Whether we had closed first, as far as we had heard by then.
    pub fn is_answer(self) -> bool {
        matches!(self, Self::Answered | Self::Fin)
    }
}
