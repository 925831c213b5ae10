//! Whose certificate is it, and is it trusted?

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use crate::timeline::Timestamp;

/// What a certificate says (RFC 5280). Texts are safe to show, and empty where they could not be read.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Certificate {
    /// As RFC 4514 writes names, clipped to 512 octets.
    pub subject: String,
    pub issuer: String,
    /// For which hosts it is good.
    pub names: Vec<String>,
    pub addresses: Vec<IpAddr>,
    /// Absent where it lies before 1970, after 2554 or cannot be read.
    pub not_before: Option<Timestamp>,
    pub not_after: Option<Timestamp>,
    /// `RSA`, `EC`, ...
    pub key: Option<Box<str>>,
    pub key_bits: Option<u64>,
    pub signature: Option<Box<str>>,
    /// In hexadecimal.
    pub serial: String,
    /// SHA-256 of the whole certificate, in hexadecimal.
    pub fingerprint: String,
    /// Whether it may sign others.
    pub is_ca: bool,
    pub octets: usize,
}

impl Certificate {
    /// Whether it names itself as its issuer.
    pub fn is_self_issued(&self) -> bool {
        !self.subject.is_empty() && self.subject == self.issuer
    }
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Verdict {
    Trusted,
    /// Not trusted, and we went on because we were told to.
    Accepted(Vec<Why>),
    /// Not trusted: we ended it.
    Refused(Vec<Why>),
}

/// Why a chain of certificates is not trusted. Of several reasons the first decided.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Why {
    /// `whose` is the subject where it is not the server's own certificate.
    Expired {
        ago: Duration,
        whose: Option<String>,
    },
    NotYetValid {
        ahead: Duration,
        whose: Option<String>,
    },
    /// It is good for other hosts, or for none.
    WrongName {
        asked: String,
        presented: Vec<String>,
    },
    /// The chain ends at an authority that we do not trust. `sent` certificates came.
    UnknownIssuer {
        issuer: String,
        sent: usize,
    },
    /// Signed by nobody but itself, and not in the store.
    SelfSigned,
    Revoked,
    /// A sentence that goes on after "the certificate".
    Other(String),
}

impl Why {
    /// Whether no signature could mend it.
    pub fn is_beside_signatures(&self) -> bool {
        matches!(self, Self::Expired { .. } | Self::NotYetValid { .. } | Self::WrongName { .. })
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expired { ago, whose } => {
                write!(f, "{}expired {} ago", Whose(whose), Rough(*ago))
            }
            Self::NotYetValid { ahead, whose } => {
                write!(f, "{}is not valid for another {}", Whose(whose), Rough(*ahead))
            }
            Self::WrongName { asked, presented } if presented.is_empty() => {
                write!(f, "names no host at all, so it is not good for {asked}")
            }
            Self::WrongName { asked, presented } => {
                let shown = presented.get(..SHOWN).unwrap_or(presented);
                write!(f, "is good for {}", shown.join(", "))?;
                match presented.len() - shown.len() {
                    0 => {}
                    more => write!(f, " and {more} more")?,
                }
                write!(f, ", not for {asked}")
            }
            Self::UnknownIssuer { issuer, sent } => {
                write!(f, "is signed by {issuer}, whom we do not trust")?;
                match sent {
                    1 => f.write_str(" (the server may have left out a certificate in between)"),
                    _ => Ok(()),
                }
            }
            Self::SelfSigned => f.write_str("is signed by itself, and we do not know it"),
            Self::Revoked => f.write_str("was revoked"),
            Self::Other(words) => f.write_str(words),
        }
    }
}

/// Names in a sentence.
const SHOWN: usize = 4;

struct Whose<'a>(&'a Option<String>);

impl fmt::Display for Whose<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(subject) => write!(f, "rests on that of {subject}, which "),
            None => Ok(()),
        }
    }
}

/// A duration as people say it: only its largest unit.
struct Rough(Duration);

impl fmt::Display for Rough {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let (count, unit) = match seconds {
            0..120 => (seconds, "second"),
            120..7_200 => (seconds / 60, "minute"),
            7_200..172_800 => (seconds / 3_600, "hour"),
            _ => (seconds / 86_400, "day"),
        };
        write!(f, "{count} {unit}{}", if count == 1 { "" } else { "s" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_said_in_the_largest_unit() {
        let expired =
            |seconds| Why::Expired { ago: Duration::from_secs(seconds), whose: None }.to_string();
        assert_eq!(expired(12 * 86_400 + 5), "expired 12 days ago");
        assert_eq!(expired(86_400), "expired 24 hours ago");
        assert_eq!(expired(61), "expired 61 seconds ago");
        assert_eq!(expired(1), "expired 1 second ago");
    }

    #[test]
    fn a_wrong_name_lists_the_right_ones_up_to_a_limit() {
        let wrong = |names: &[&str]| {
            let presented = names.iter().map(|&name| name.to_owned()).collect();
            Why::WrongName { asked: "web1.lab.example".into(), presented }.to_string()
        };
        assert_eq!(
            wrong(&["www.lab.example"]),
            "is good for www.lab.example, not for web1.lab.example"
        );
        assert_eq!(
            wrong(&["a", "b", "c", "d", "e", "f"]),
            "is good for a, b, c, d and 2 more, not for web1.lab.example"
        );
        assert_eq!(wrong(&[]), "names no host at all, so it is not good for web1.lab.example");
    }
}
