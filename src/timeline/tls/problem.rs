//! Why was the connection not secured, and whose doing is it?

use std::error::Error;
use std::fmt;
use std::time::Duration;

use super::{Version, Why, alert};

/// What went wrong with TLS.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Problem {
    /// With whom; safe to show.
    pub host: String,
    pub stage: Stage,
    pub cause: Cause,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Stage {
    /// Before any packet.
    Preparing,
    Handshake,
    /// Application data was on its way.
    Data,
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Cause {
    /// What is to be trusted cannot be read: a sentence that begins with the file.
    Store(String),
    /// No certificate could be good for this.
    Host,
    /// The oldest version asked for is newer than the newest.
    Versions { oldest: Version, newest: Version },
    /// It answered in HTTP without TLS: the first line.
    PlainHttp { first: String },
    /// It said something that is no TLS at all, and no HTTP: the beginning.
    NotTls { first: String },
    /// It ended the handshake, or the connection, and said why.
    Alert { description: u8, name: Option<&'static str>, sent: Sent },
    /// It chose a version that we did not offer.
    Version { oldest: Version, newest: Version },
    /// Its certificates are not trusted.
    Certificate(Vec<Why>),
    /// Nothing came in time; `into` octets had come.
    Timeout { waited: Duration, into: u64 },
    /// The stream ended, `into` octets after it began.
    Closed { reset: bool, into: u64 },
    /// It broke the rules of the protocol: what it did.
    Malformed(String),
    /// It follows the rules, but wants what we do not have.
    Incompatible(String),
    /// The connection below failed: the system's words.
    Connection { number: Option<i32>, words: String },
}

/// What of ours an alert may be about.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Sent {
    pub sni: Option<String>,
    pub alpn: Vec<String>,
    pub versions: Option<(Version, Version)>,
}

impl Problem {
    /// The name of the problem for programs.
    pub fn code(&self) -> &'static str {
        match &self.cause {
            Cause::Store(_) => "tls.store",
            Cause::Host => "tls.host",
            Cause::Versions { .. }
            | Cause::Version { .. }
            | Cause::Alert { description: 70, .. } => "tls.version",
            Cause::PlainHttp { .. } => "tls.plain-http",
            Cause::Alert { .. } => "tls.alert",
            Cause::Certificate(_) => "tls.certificate",
            Cause::Timeout { .. } => "tls.timeout",
            Cause::Closed { .. } => "tls.closed",
            Cause::NotTls { .. } | Cause::Malformed(_) => "tls.malformed",
            Cause::Incompatible(_) => "tls.incompatible",
            Cause::Connection { .. } => "tls.connection",
        }
    }

    /// curl's number.
    pub fn exit(&self) -> u8 {
        match (&self.cause, self.stage) {
            (Cause::Store(_), _) => 77,
            (Cause::Certificate(_), _) => 60,
            (Cause::Timeout { .. }, _) => 28,
            (_, Stage::Data) => 56,
            _ => 35,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Cause::Store(words) = &self.cause {
            return f.write_str(words);
        }
        write!(f, "{}: ", self.host)?;
        match &self.cause {
            Cause::Store(words) => f.write_str(words),
            Cause::Host => f.write_str("not a name that a certificate could be good for"),
            Cause::Versions { oldest, newest } => {
                write!(f, "no version is left between {oldest} at least and {newest} at most")
            }
            Cause::PlainHttp { first } => {
                write!(f, "the server speaks plain HTTP on this port: it answered \"{first}\"")
            }
            Cause::NotTls { first } => {
                write!(f, "the server does not speak TLS on this port: it said \"{first}\"")
            }
            Cause::Alert { description, name, sent } => told(*description, *name, sent, f),
            Cause::Version { oldest, newest } => {
                f.write_str("the server chose a version that we did not offer: we offer ")?;
                versions(*oldest, *newest, f)
            }
            Cause::Certificate(whys) => {
                f.write_str("the certificate ")?;
                for (at, why) in whys.iter().enumerate() {
                    write!(f, "{}{why}", if at == 0 { "" } else { "; it " })?;
                    if matches!(why, Why::Expired { .. } | Why::NotYetValid { .. }) {
                        f.write_str(", if this computer's clock is right")?;
                    }
                }
                Ok(())
            }
            Cause::Timeout { waited, into } => {
                let waited = waited.as_secs_f64();
                match (self.stage, into) {
                    (Stage::Data, _) => write!(f, "nothing more came for {waited:.1} s"),
                    (_, 0) => write!(f, "no answer to our TLS hello in {waited:.1} s"),
                    (_, into) => write!(
                        f,
                        "the TLS handshake stood still for {waited:.1} s, after {into} octets came"
                    ),
                }
            }
            Cause::Closed { reset, into } => {
                let how = if *reset { "reset" } else { "closed" };
                match (self.stage, into) {
                    (Stage::Data, _) => write!(f, "the server {how} the connection"),
                    (_, 0) => write!(
                        f,
                        "the server {how} the connection without a word when it got our TLS hello"
                    ),
                    (_, into) => write!(
                        f,
                        "the server {how} the connection in the middle of the TLS handshake, after {into} octets"
                    ),
                }
            }
            Cause::Malformed(words) => write!(f, "the server broke the rules of TLS: {words}"),
            Cause::Incompatible(words) => {
                write!(f, "the server wants what we do not have: {words}")
            }
            Cause::Connection { words, .. } => write!(f, "the connection failed: {words}"),
        }
    }
}

fn told(
    description: u8,
    name: Option<&'static str>,
    sent: &Sent,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    write!(f, "the server {}", alert::meaning(description).unwrap_or("ended it with an alert"))?;
    match (description, &sent.sni, sent.versions) {
        (70, _, Some((oldest, newest))) => {
            f.write_str(", ")?;
            versions(oldest, newest, f)?;
        }
        (112, Some(sni), _) => write!(f, ", {sni}")?,
        (120, ..) if !sent.alpn.is_empty() => write!(f, ", {}", sent.alpn.join(" and "))?,
        _ => {}
    }
    write!(f, " (alert {description}")?;
    name.map_or(Ok(()), |name| write!(f, ", {name}"))?;
    f.write_str(")")
}

fn versions(oldest: Version, newest: Version, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if oldest == newest { write!(f, "{newest} only") } else { write!(f, "{oldest} and {newest}") }
}

impl Error for Problem {}
