//! What happens in a fetch, beside its calls and its frames?
//!
//! Plain facts, as they were found out. Every text in them is safe to show, and a password is in none.

use std::net::{IpAddr, SocketAddr};
use std::ops::Range;
use std::time::Duration;

use super::lookup::{self, Addresses, Comparison, Record};
use super::way::{NeighbourChange, Way};
use super::{Errno, Refusal, Timestamp, http, tls};

/// One step, told as soon as it is over.
#[derive(Clone, Debug)]
pub struct Step {
    pub began: Timestamp,
    pub ended: Timestamp,
    /// Which URL it is for, counted from 1 in the order asked for: the one given, those it was redirected to,
    /// those a page embeds. 0 is all of them.
    pub transfer: u32,
    /// The socket's number in the calls; 0 when it has none.
    pub socket: u32,
    pub event: Event,
}

#[derive(Clone, Debug)]
pub enum Event {
    /// How the fetch will be made.
    Policy(Box<Policy>),
    /// What is to be fetched, piece by piece.
    Url(Box<Url>),
    Lookup(lookup::Event),
    /// The name has addresses.
    Found(Addresses),
    /// Which of them are tried, and in which order.
    Chosen(Choice),
    /// Which way packets to the first of them go.
    Way(Box<Way>),
    /// The neighbour cache changed: somebody's hardware address is looked for, or is known now.
    Neighbour(NeighbourChange),
    /// What became of the attempts to connect, in their order.
    Tried(Vec<Tried>),
    /// A probe of the connection's own way was answered, or not; or one sentence says why nothing was probed.
    Hop(Result<Hop, Box<str>>),
    /// A connection that was open already is used, for the so many-th request on it.
    Reused {
        requests: u32,
    },
    /// Records of other types that were asked for.
    Records {
        kind: u16,
        records: Result<Vec<Record>, lookup::Failure>,
    },
    /// The name was looked up by both ways.
    Compared(Comparison),
    Tls(tls::Fact),
    /// The request is sent, all of it; so many octets of the stream, in one write unless it was long.
    Request {
        request: http::Request,
        octets: Range<u64>,
    },
    /// A head came, an interim one perhaps.
    Response {
        response: http::Response,
        /// The request that it answers had been sent for so long.
        after: Duration,
        octets: Range<u64>,
    },
    /// The body came, as far as it did.
    Body {
        body: Box<http::Body>,
        octets: Range<u64>,
        /// Whether it was handed on to whoever asked for it.
        is_saved: bool,
    },
    Redirected(http::Redirect),
    /// What the page embeds.
    Objects(Box<http::Page>),
    /// Nothing more is done for this transfer.
    Ended(Box<Transfer>),
    /// Somebody wants it to end now (a signal).
    Interrupted,
}

/// How a fetch is made.
#[derive(Clone, Debug)]
pub struct Policy {
    /// `kernel`: the system's sockets.
    pub engine: &'static str,
    /// The interfaces our own packets are captured on, or the sentence that says why they are not.
    pub packets: Result<Vec<String>, String>,
    /// Variables of the environment that name a proxy: seen, and not used.
    pub proxies: Vec<String>,
    /// Which addresses are wanted.
    pub family: &'static str,
    pub connect_within: Duration,
    pub all_within: Duration,
    /// Octets of a body at most.
    pub most: u64,
    /// Redirects followed at most; `None`: none are.
    pub redirects: Option<u32>,
}

/// A URL in its pieces, each as it was written.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact about a piece of it")]
pub struct Url {
    /// All of it, the password masked.
    pub shown: String,
    pub scheme: String,
    /// What the scheme is for, in words.
    pub scheme_words: &'static str,
    /// Whether the scheme was written, and not supplied.
    pub scheme_said: bool,
    pub user: Option<String>,
    pub has_password: bool,
    /// Empty where the scheme has none.
    pub host: String,
    /// As it is asked for in the DNS and in `Host`, where that is another form.
    pub host_sent: Option<String>,
    pub port: Option<u16>,
    /// Whether the port is the scheme's own.
    pub is_default_port: bool,
    pub path: String,
    /// No file is named: the server chooses one.
    pub omits_file: bool,
    pub query: Option<String>,
    /// Never sent.
    pub fragment: Option<String>,
}

/// Which addresses are tried, and when.
#[derive(Clone, Debug)]
pub struct Choice {
    /// In the order of RFC 6724.
    pub candidates: Vec<Candidate>,
    /// When each is begun, if none before has connected (RFC 8305).
    pub plan: Vec<Attempt>,
}

/// An address that a connection may be tried to.
#[derive(Clone, Debug)]
pub struct Candidate {
    pub destination: SocketAddr,
    /// What the kernel would send from; `None` when it has no way there.
    pub source: Option<IpAddr>,
    /// Which rule of RFC 6724 §6 put it behind the one before it; 10 when nothing told them apart.
    pub behind_by: Option<u8>,
}

/// When a connection to an address is begun, if none before it has come about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Attempt {
    pub destination: SocketAddr,
    pub begins: Duration,
}

/// What became of an attempt.
#[derive(Clone, Debug)]
pub struct Tried {
    pub destination: SocketAddr,
    /// The socket's number in the calls; 0 when none was opened.
    pub socket: u32,
    pub outcome: Outcome,
    /// What the network refused meanwhile.
    pub refusals: Vec<Refusal>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Outcome {
    Connected,
    Failed(Errno),
    /// Another was faster.
    Overtaken,
    /// The deadline passed.
    Unanswered,
    /// Another had connected, or the deadline passed, before it was begun.
    NotBegun,
}

/// How far a probe went, and who answered.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Hop {
    /// The hop limit it was sent with.
    pub limit: u8,
    /// Probes sent until one was answered.
    pub tries: u8,
    pub by: HopBy,
    /// From the frame of the probe to that of the answer.
    pub round_trip: Option<Duration>,
}

/// Who answered a probe.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum HopBy {
    /// It threw the probe away, and said so.
    Router(IpAddr),
    Server,
    Nobody,
}

/// What became of a transfer, in the end.
#[derive(Clone, Debug, Default)]
pub struct Transfer {
    pub url: String,
    /// The page it was found in, or the URL that redirected to it.
    pub parent: Option<u32>,
    /// Whether a page embeds it.
    pub is_embedded: bool,
    pub timing: Timing,
    pub local: Option<SocketAddr>,
    pub remote: Option<SocketAddr>,
    pub status: Option<u16>,
    pub version: Option<http::Version>,
    pub media: Option<String>,
    /// Octets of the request, of the answer's head, and of its body as it came and as it is.
    pub request: u64,
    pub head: u64,
    pub body: u64,
    pub decoded: u64,
    /// Connections opened for it.
    pub connects: u32,
    /// How many redirects led here.
    pub redirects: u32,
    pub failure: Option<Failure>,
}

/// When each phase of a transfer was over, since its beginning; `None` where it was never reached. The
/// names and their meaning are those of curl's `--write-out`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Timing {
    /// When the transfer began, since the fetch did.
    pub begin: Duration,
    /// How long it waited for a connection to be free.
    pub queue: Duration,
    pub name_lookup: Option<Duration>,
    pub connect: Option<Duration>,
    pub app_connect: Option<Duration>,
    pub pre_transfer: Option<Duration>,
    pub post_transfer: Option<Duration>,
    pub start_transfer: Option<Duration>,
    pub total: Duration,
}

/// Why a transfer failed.
#[derive(Clone, Debug)]
pub enum Failure {
    /// The URL's scheme is none we fetch.
    Scheme(String),
    Lookup(Box<lookup::Failure>),
    /// No address could be connected to. What became of each is in [`Event::Tried`].
    Connect {
        errno: Errno,
        tried: Vec<Tried>,
    },
    /// The interface or the source address asked for cannot be used.
    Interface {
        /// An interface, an address, a port; safe to show.
        asked: String,
        errno: Errno,
    },
    Tls(Box<tls::Problem>),
    Http(Box<http::Problem>),
    /// A call on the connection failed; the octets that had moved till then.
    Broken {
        doing: Doing,
        errno: Errno,
        sent: u64,
        received: u64,
    },
    /// The time was over.
    Late {
        doing: Doing,
        /// How long was allowed.
        limit: Duration,
        sent: u64,
        received: u64,
    },
    /// No request can be made for this URL: one sentence.
    Request(String),
    /// The server refused by its status, and that was to count as a failure (`--fail`).
    Status(u16),
    /// A redirect is not followed.
    Astray(Box<http::Astray>),
    /// The body could not be saved: the system's sentence.
    Saving(String),
    Interrupted,
}

/// What was being done.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Doing {
    Lookup,
    Connecting,
    Securing,
    Sending,
    /// The request is sent, and nothing of the answer has come.
    Waiting,
    Receiving,
}
