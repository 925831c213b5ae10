//! What happens while a name is looked up?
//!
//! Plain data: whoever looks up tells it step by step, whoever reports reads it. Every text in it
//! is safe to show. Types of records and response codes are numbers, as on the wire.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::Timestamp;

mod called;
mod comparison;
mod failure;
mod name;
mod server;

pub use called::Called;
pub use comparison::{Comparison, Difference};
pub use failure::{Cause, Failure, Trouble};
pub use name::{BadName, Name};
pub use server::{Delegate, Server, Transport};

/// One step of a lookup, told as soon as it is over; both times are those of this machine's clock,
/// taken before and after.
#[derive(Clone, Debug)]
pub struct Step {
    pub began: Timestamp,
    pub ended: Timestamp,
    pub event: Event,
}

#[derive(Clone, Debug)]
pub enum Event {
    /// Which sources this machine asks for names, and in which order.
    Sources(Sources),
    /// The hosts file was looked into; `None` when it could not be read or has no entry.
    Hosts {
        file: String,
        name: Name,
        entry: Option<HostsEntry>,
    },
    /// Whom the stub resolver asks, and how.
    Configured(Box<Config>),
    /// A name was completed from the search list, or is tried as it stands.
    Searched {
        given: Name,
        tried: Name,
    },
    /// It was known already, and is for so much longer.
    Cached {
        way: Way,
        question: Question,
        kept: Kept,
        left: Duration,
    },
    Called(Called),
    Asked(Asked),
    Answered(Box<Answered>),
    /// Something arrived that is no answer to what was asked.
    Ignored {
        from: SocketAddr,
        octets: usize,
        why: Mismatch,
    },
    /// The parent zone's server told who serves a zone further down.
    Referred(Box<Referral>),
    /// A server does not know the zone that it was said to serve.
    Lame {
        server: Delegate,
        zone: Name,
        why: &'static str,
    },
    /// Records that the server has no say about; they are used for nothing.
    ThrownAway {
        server: Server,
        zone: Name,
        records: Vec<Record>,
    },
    /// The addresses of servers known by name only are looked up first, as the `depth`th such detour.
    Detour {
        zone: Name,
        server: Name,
        depth: u8,
    },
    /// The name is another name for `to`. Told once of each alias.
    Alias {
        from: Name,
        to: Name,
        /// Whether `to` is looked up next, because the answer did not go on with it.
        is_followed: bool,
    },
    /// The question goes on over TCP.
    OverTcp {
        server: Server,
        question: Question,
        why: &'static str,
    },
    /// A question is put once more.
    Retried {
        question: Question,
        after: Trouble,
        then: Then,
    },
    Failed(Box<Failure>),
}

/// A line of a file that said so.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Place {
    pub file: String,
    /// Counted from 1; `None` when the file does not say it and a default holds.
    pub line: Option<u32>,
}

/// The `hosts` line of nsswitch.conf.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Sources {
    pub place: Place,
    /// As it stands there, actions in brackets too.
    pub listed: Vec<String>,
    /// Those this lookup asks, in their order: `files` and `dns`.
    pub asked: Vec<&'static str>,
    /// Those that would be asked before `dns`, and are not here.
    pub passed_over: Vec<String>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub struct HostsEntry {
    /// In the order of the lines, which are counted from 1.
    pub addresses: Vec<(IpAddr, u32)>,
    /// The first name on the first of those lines.
    pub canonical: String,
}

/// What resolv.conf says, defaults filled in.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "the file has as many")]
pub struct Config {
    pub file: String,
    pub servers: Vec<(SocketAddr, Place)>,
    pub search: Vec<Name>,
    pub searched_by: Place,
    pub ndots: u8,
    pub timeout: Duration,
    pub attempts: u8,
    pub rotate: bool,
    pub use_vc: bool,
    pub edns0: bool,
    pub trust_ad: bool,
    pub no_aaaa: bool,
    /// What stands there and was not understood or not used: the place, and why.
    pub passed_over: Vec<(Place, String)>,
}

impl Config {
    /// Whether a server is systemd-resolved's stub: the true question goes out later, by another program.
    pub fn is_local_stub(server: SocketAddr) -> bool {
        matches!(server.ip(), IpAddr::V4(ip) if matches!(ip.octets(), [127, 0, 0, 53 | 54]))
    }
}

/// How a name is looked up.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Way {
    /// One server is asked for the whole answer.
    Stub,
    /// From the root down, zone by zone.
    Walk,
}

#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Question {
    pub name: Name,
    pub kind: u16,
}

/// What a cache holds.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Kept {
    Records(Vec<Record>),
    Nothing(Nothing),
}

/// Why there is no record.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Nothing {
    /// The name does not exist.
    Name,
    /// The name exists, but has no record of this type.
    Data,
}

/// A question that was sent.
#[derive(Clone, Debug)]
pub struct Asked {
    pub server: Server,
    pub transport: Transport,
    pub question: Question,
    pub id: u16,
    /// RD: whether the server shall find out for us.
    pub desired: bool,
    /// The size of answers that EDNS announces; `None` without EDNS.
    pub edns: Option<u16>,
    /// How often this question went to this server by now, counted from 1.
    pub attempt: u8,
    pub port: u16,
    pub octets: usize,
}

/// An answer that matches its question.
#[derive(Clone, Debug)]
pub struct Answered {
    pub server: Server,
    pub transport: Transport,
    /// When its question began to be sent; the step's times are those of the call that read it.
    pub asked: Timestamp,
    pub origin: Origin,
    pub message: Message,
}

/// Whether the server said it by itself, and why we think so.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Origin {
    /// AA=1: the server serves the zone.
    Authority,
    /// AA=0, and the server finds out for others (RA=1); from its cache or not, it does not show.
    Relayed,
    /// AA=0, and a record has less than the `whole` time to live it was seen with.
    Cache { whole: u32, left: u32 },
    /// AA=0 and RA=0: it points to others, or should not have been asked.
    Neither,
}

/// What a message says.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "the header has as many")]
pub struct Message {
    pub id: u16,
    pub authoritative: bool,
    pub truncated: bool,
    pub desired: bool,
    pub available: bool,
    /// AD: the server says it has checked the signatures.
    pub authenticated: bool,
    /// With the bits that EDNS adds.
    pub rcode: u16,
    pub question: Option<Question>,
    /// What the header announces; records that cannot be read or are too many are missing below.
    pub counts: [u16; 4],
    pub records: Vec<Record>,
    pub edns: Option<u16>,
    pub errors: Vec<Extended>,
    pub octets: usize,
    /// Whether all that was announced could be read.
    pub complete: bool,
}

/// An extended error (RFC 8914).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Extended {
    pub code: u16,
    pub words: Option<&'static str>,
    pub text: String,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Section {
    Answer,
    Authority,
    Additional,
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Record {
    pub section: Section,
    pub owner: Name,
    pub kind: u16,
    pub class: u16,
    /// In seconds.
    pub ttl: u32,
    pub data: Data,
    /// The data in words, as short as the line of a packet has it.
    pub said: String,
}

/// What of a record's data a lookup goes by.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Data {
    Address(IpAddr),
    /// Of NS, CNAME and PTR.
    Name(Name),
    /// The least time of an SOA: for how long it is remembered that something does not exist.
    Minimum(u32),
    /// As it stands in the message.
    Other(Box<[u8]>),
}

/// A referral from a zone to one further down.
#[derive(Clone, Debug)]
pub struct Referral {
    pub server: Server,
    /// The zone whose server says so.
    pub parent: Name,
    pub zone: Name,
    pub servers: Vec<Name>,
    /// Addresses that came along, and that the parent may speak for.
    pub glue: Vec<(Name, IpAddr)>,
    /// Servers that came without an address.
    pub glueless: Vec<Name>,
    /// Addresses of names outside the parent zone, or that nobody may ask.
    pub rejected: Vec<Record>,
}

/// Where something was found.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Whence {
    /// It is an address itself.
    Literal,
    /// RFC 6761 §6.3: this name is this machine's, whatever anybody says.
    Localhost,
    Hosts {
        file: String,
        line: u32,
    },
    Cache {
        left: Duration,
    },
    /// Somebody typed it.
    CommandLine,
    Server {
        server: Server,
        authoritative: bool,
    },
    /// The system's own function, which does not say.
    System,
}

/// The addresses of a host.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Addresses {
    /// The name that has them, behind all aliases.
    pub canonical: String,
    /// As found, IPv4 before IPv6: which to try first is for others to decide.
    pub list: Vec<Address>,
    /// Why there are none of the other family, if they were wanted.
    pub missing: Option<Failure>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Address {
    pub ip: IpAddr,
    /// In seconds; from the DNS only.
    pub ttl: Option<u32>,
    pub whence: Whence,
}

/// Why something that arrived is no answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Mismatch {
    /// It is from somebody who was not asked.
    Sender,
    /// It has another id.
    Id(u16),
    /// It repeats another question, or the same in other letters.
    Question(Option<Question>),
    /// It is a question itself.
    Query,
    /// It is no message.
    Malformed,
}

/// What is done after a question was in vain.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Then {
    SameServer(SocketAddr),
    NextServer(SocketAddr),
    WithoutEdns,
    /// The whole name is asked for, not just the next label.
    WholeName,
}
