//! What went wrong, in words of our own?

use std::io;
use std::time::Duration;

use rustls::{CertificateError, Error, PeerIncompatible};

use super::keys::words;
use super::session::Break;
use crate::ink::safe;
use crate::timeline::tls::{Cause, Sent, Verdict, Version, Why};
use crate::wire::tls::alert_name;

/// What the circumstances of a break tell about it.
#[derive(Debug, Default)]
pub(super) struct Around {
    /// The peer's octets so far.
    pub(super) into: u64,
    pub(super) waited: Duration,
    /// How something began that is no record.
    pub(super) strange: Vec<u8>,
    /// Whether any record came before that.
    pub(super) spoke: bool,
    pub(super) verdict: Option<Verdict>,
    pub(super) sent: Sent,
}

pub(super) fn cause(broken: Break, around: Around) -> Cause {
    match broken {
        Break::Transport(error) => of_transport(&error, &around),
        Break::Tls(error) => of_tls(&error, around),
    }
}

fn of_transport(error: &io::Error, around: &Around) -> Cause {
    let into = around.into;
    match error.kind() {
        io::ErrorKind::TimedOut => Cause::Timeout { waited: around.waited, into },
        io::ErrorKind::UnexpectedEof => Cause::Closed { reset: false, into },
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => {
            Cause::Closed { reset: true, into }
        }
        _ => Cause::Connection { number: error.raw_os_error(), words: words(error) },
    }
}

fn of_tls(error: &Error, around: Around) -> Cause {
    if !around.strange.is_empty() && !around.spoke {
        return strange(&around.strange);
    }
    match error {
        Error::AlertReceived(description) => {
            let description = u8::from(*description);
            Cause::Alert { description, name: alert_name(description), sent: around.sent }
        }
        Error::InvalidCertificate(why) => Cause::Certificate(match around.verdict {
            Some(Verdict::Refused(whys)) => whys,
            _ => vec![Why::Other(match why {
                CertificateError::BadSignature => {
                    "is not the server's: it could not prove that it holds the key".into()
                }
                other => format!("cannot be used: {}", safe(other.to_string().as_bytes())),
            })],
        }),
        Error::NoCertificatesPresented => {
            Cause::Certificate(vec![Why::Other("is missing: the server showed none".into())])
        }
        Error::PeerIncompatible(
            PeerIncompatible::ServerDoesNotSupportTls12Or13
            | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig
            | PeerIncompatible::Tls12NotOffered
            | PeerIncompatible::Tls12NotOfferedOrEnabled,
        ) => {
            let (oldest, newest) = around.sent.versions.unwrap_or((Version::Tls12, Version::Tls13));
            Cause::Version { oldest, newest }
        }
        Error::PeerIncompatible(why) => Cause::Incompatible(spaced(&format!("{why:?}"))),
        Error::PeerMisbehaved(why) => Cause::Malformed(spaced(&format!("{why:?}"))),
        Error::DecryptError => {
            Cause::Malformed("a record does not open with the keys agreed on".into())
        }
        Error::PeerSentOversizedRecord => Cause::Malformed("a record longer than allowed".into()),
        Error::InvalidMessage(why) => Cause::Malformed(spaced(&format!("{why:?}"))),
        other => Cause::Malformed(safe(other.to_string().as_bytes())),
    }
}

/// What the first octets are that are no record.
fn strange(octets: &[u8]) -> Cause {
    let line = octets.split(|octet| matches!(octet, b'\r' | b'\n')).next().unwrap_or_default();
    let first = safe(line.get(..FIRST).unwrap_or(line));
    if octets.starts_with(b"HTTP/") { Cause::PlainHttp { first } } else { Cause::NotTls { first } }
}

/// Octets of a first line that are shown.
const FIRST: usize = 60;

/// `NoKxGroupsInCommon` as `no kx groups in common`: rustls has no other words for it.
fn spaced(name: &str) -> String {
    let mut text = String::new();
    for character in name.chars().filter(|character| !character.is_control()) {
        if character.is_uppercase() && !text.is_empty() && !text.ends_with([' ', '(']) {
            text.push(' ');
        }
        text.extend(character.to_lowercase());
    }
    text
}
