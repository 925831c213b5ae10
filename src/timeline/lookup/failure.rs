//! Why was nothing found, and who says so?

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use super::{BadName, Extended, Name, Nothing, Server};

#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Failure {
    /// What was looked up.
    pub name: Name,
    pub cause: Cause,
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Cause {
    /// A server knows that there is nothing. `by` is `None` when it was remembered.
    Nothing {
        what: Nothing,
        by: Option<Server>,
        authoritative: bool,
        /// For how long it is remembered; `None` if the server did not say.
        remembered: Option<Duration>,
    },
    /// The server answers with a code that ends it.
    Code {
        server: Server,
        rcode: u16,
        errors: Vec<Extended>,
    },
    /// No server gave an answer, of this zone where it was one: what became of each, in the order asked.
    Silent {
        zone: Option<Name>,
        tried: Vec<(Server, Trouble)>,
    },
    /// The parent zone points to servers none of which serves the zone.
    Lame {
        zone: Name,
        tried: Vec<(Server, Trouble)>,
    },
    /// The parent zone points to servers that have no address.
    Unreachable {
        zone: Name,
        servers: Vec<Name>,
    },
    /// Aliases lead back to a name met before.
    AliasLoop {
        at: Name,
    },
    /// More aliases, detours or questions than anybody needs.
    TooMany {
        what: &'static str,
        limit: usize,
    },
    /// No such name may be asked for (RFC 7686), so nobody was asked.
    Private,
    BadName(BadName),
    /// An address was given, but those of the other family are wanted.
    OtherFamily,
    /// The system's own function found nothing: what it said, or that it said nothing in time.
    System {
        said: Option<String>,
    },
    /// Sources that this machine asks are left out, and there was nothing in the others.
    NoSource,
}

/// What went wrong with one question to one server.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Trouble {
    /// Nothing came in this time, after this many questions.
    Timeout {
        waited: Duration,
        attempts: u8,
    },
    /// An error came back instead; `by` sent the ICMP message, where one was seen.
    Network {
        errno: i32,
        by: Option<IpAddr>,
    },
    /// The TCP connection ended before the answer did.
    Closed,
    /// So much arrived that was no answer that waiting was given up.
    Flooded,
    /// The answer cannot be read.
    Malformed,
    /// The answer's code.
    Code {
        rcode: u16,
        errors: Vec<Extended>,
    },
    Lame,
}

impl Failure {
    /// The name of the failure for programs.
    pub fn code(&self) -> &'static str {
        match &self.cause {
            Cause::Nothing { what: Nothing::Name, .. } => "dns.nxdomain",
            Cause::Nothing { what: Nothing::Data, .. } => "dns.nodata",
            Cause::Code { rcode: 5, .. } => "dns.refused",
            Cause::Code { .. } => "dns.servfail",
            Cause::Silent { tried, .. } => {
                let late =
                    |(_, trouble): &(Server, Trouble)| matches!(trouble, Trouble::Timeout { .. });
                if tried.iter().any(late) { "dns.timeout" } else { "dns.unreachable" }
            }
            Cause::Lame { .. } | Cause::Unreachable { .. } => "dns.lame",
            Cause::AliasLoop { .. } | Cause::TooMany { .. } => "dns.loop",
            Cause::Private => "dns.private",
            Cause::BadName(_) => "dns.name",
            Cause::OtherFamily => "dns.family",
            Cause::System { said: Some(_) } => "dns.system",
            Cause::System { said: None } => "dns.timeout",
            Cause::NoSource => "dns.no-source",
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.name)?;
        match &self.cause {
            Cause::Nothing { what, by, authoritative, remembered } => {
                f.write_str(match what {
                    Nothing::Name => "the name does not exist",
                    Nothing::Data => "the name exists, but has no such record",
                })?;
                match by {
                    Some(by) => write!(f, ": said by {by}")?,
                    None => f.write_str(": remembered from before")?,
                }
                f.write_str(if *authoritative { " (authority)" } else { "" })?;
                match remembered {
                    Some(time) => write!(f, ", remembered {} s", time.as_secs()),
                    None => Ok(()),
                }
            }
            Cause::Code { server, rcode, errors } => {
                match rcode {
                    2 => write!(f, "the server {server} could not find out (SERVFAIL)")?,
                    5 => write!(f, "the server {server} does not serve us (REFUSED)")?,
                    code => write!(f, "the server {server} answers with code {code}")?,
                }
                told(errors, f)
            }
            Cause::Silent { zone, tried } => {
                f.write_str("no server ")?;
                zone.as_ref().map_or(Ok(()), |zone| write!(f, "of {zone} "))?;
                f.write_str("answered")?;
                listed(tried.iter().map(|(server, trouble)| format!("{server} {trouble}")), f)
            }
            Cause::Lame { zone, tried } => {
                write!(f, "none of the servers given for {zone} serves it")?;
                listed(tried.iter().map(|(server, trouble)| format!("{server} {trouble}")), f)
            }
            Cause::Unreachable { zone, servers } => {
                write!(f, "no server given for {zone} has an address")?;
                listed(servers.iter().map(Name::to_string), f)
            }
            Cause::AliasLoop { at } => write!(f, "its aliases lead in a circle at {at}"),
            Cause::TooMany { what, limit } => write!(f, "more than {limit} {what}"),
            Cause::Private => f.write_str("such names are not asked for in the DNS (RFC 7686)"),
            Cause::BadName(why) => write!(f, "not a name: {why}"),
            Cause::OtherFamily => f.write_str("an address of the other family than is wanted"),
            Cause::System { said: Some(said) } => write!(f, "the system's resolver says: {said}"),
            Cause::System { said: None } => {
                f.write_str("the system's resolver has not answered in time")
            }
            Cause::NoSource => f.write_str("no entry, and no other source is asked"),
        }
    }
}

fn listed(what: impl Iterator<Item = String>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (at, one) in what.enumerate() {
        write!(f, "{} {one}", if at == 0 { ":" } else { "," })?;
    }
    Ok(())
}

fn told(errors: &[Extended], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for error in errors {
        write!(f, "; it says: {}", error.words.unwrap_or("an extended error"))?;
        if !error.text.is_empty() {
            write!(f, " ({})", error.text)?;
        }
    }
    Ok(())
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Timeout { waited, attempts } => {
                let times = if *attempts == 1 { "question" } else { "questions" };
                write!(f, "was silent for {:.1} s after {attempts} {times}", waited.as_secs_f64())
            }
            Self::Network { errno, by } => {
                write!(f, "{}", error(*errno))?;
                by.map_or(Ok(()), |by| write!(f, " (said by {by})"))
            }
            Self::Closed => f.write_str("closed the connection before its answer ended"),
            Self::Flooded => f.write_str("was drowned by answers to other questions"),
            Self::Malformed => f.write_str("sent what cannot be read"),
            Self::Code { rcode, errors } => {
                match rcode {
                    1 => f.write_str("does not understand the question (FORMERR)")?,
                    2 => f.write_str("could not find out (SERVFAIL)")?,
                    4 => f.write_str("does not do that (NOTIMP)")?,
                    5 => f.write_str("does not serve us (REFUSED)")?,
                    code => write!(f, "answers with code {code}")?,
                }
                told(errors, f)
            }
            Self::Lame => f.write_str("does not know the zone"),
        }
    }
}

/// The system's word for an error of the network.
fn error(errno: i32) -> String {
    let words = std::io::Error::from_raw_os_error(errno).to_string();
    let words = words.split(" (os error").next().unwrap_or_default().to_lowercase();
    match words.as_str() {
        "connection refused" => "has nobody who listens on that port".into(),
        _ => format!("cannot be reached ({words})"),
    }
}
