//! What does rustls's error about a certificate mean, in our words?

use std::time::Duration;

use rustls::pki_types::{ServerName, UnixTime};
use rustls::{CertificateError, Error};

use crate::ink::safe;
use crate::timeline::Timestamp;
use crate::timeline::tls::{Certificate, Why};

/// Why the chain, the server's own certificate first, is not trusted.
pub(super) fn why(
    error: &Error,
    chain: &[Certificate],
    host: &ServerName<'_>,
    now: UnixTime,
) -> Why {
    let Error::InvalidCertificate(error) = error else {
        return Why::Other(format!("cannot be judged: {}", safe(error.to_string().as_bytes())));
    };
    let own = chain.first();
    match error {
        CertificateError::ExpiredContext { not_after, .. } => Why::Expired {
            ago: since(now, *not_after),
            whose: whose(chain, |one| ends(one) == Some(not_after.as_secs())),
        },
        CertificateError::Expired => own
            .and_then(|own| of_time(own, now))
            .unwrap_or(Why::Other("says that it ends before it begins".into())),
        CertificateError::NotValidYetContext { not_before, .. } => Why::NotYetValid {
            ahead: since(*not_before, now),
            whose: whose(chain, |one| begins(one) == Some(not_before.as_secs())),
        },
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            Why::WrongName {
                asked: safe(host.to_str().as_bytes()),
                presented: own.map(presented).unwrap_or_default(),
            }
        }
        CertificateError::Revoked => Why::Revoked,
        // An authority's own certificate is no server's to webpki; signed by itself it is nobody else's either.
        CertificateError::UnknownIssuer | CertificateError::Other(_)
            if own.is_some_and(Certificate::is_self_issued) =>
        {
            Why::SelfSigned
        }
        CertificateError::UnknownIssuer => Why::UnknownIssuer {
            issuer: chain.last().map(|last| last.issuer.clone()).unwrap_or_default(),
            sent: chain.len(),
        },
        CertificateError::BadEncoding => Why::Other("cannot be read".into()),
        CertificateError::BadSignature => {
            Why::Other("bears a signature that its issuer did not make".into())
        }
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            Why::Other("is not meant for servers".into())
        }
        other => match format!("{other:?}") {
            debug if debug.contains("CaUsedAsEndEntity") => {
                Why::Other("is an authority's, which may not stand for a server".into())
            }
            debug if debug.contains("UnsupportedSignatureAlgorithm") => {
                let signature = own.and_then(|own| own.signature.as_deref());
                Why::Other(match signature {
                    Some(name) => format!("is signed in a way that we do not trust ({name})"),
                    None => "is signed in a way that we do not know".into(),
                })
            }
            _ => Why::Other(format!("is not valid: {}", safe(other.to_string().as_bytes()))),
        },
    }
}

/// What is wrong with a certificate's dates.
pub(super) fn of_time(certificate: &Certificate, now: UnixTime) -> Option<Why> {
    let at = |seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds));
    if let Some(end) = ends(certificate).filter(|end| *end < now.as_secs()) {
        return Some(Why::Expired { ago: since(now, at(end)), whose: None });
    }
    let begin = begins(certificate).filter(|begin| *begin > now.as_secs())?;
    Some(Why::NotYetValid { ahead: since(at(begin), now), whose: None })
}

pub(super) fn is_of_name(error: &Error) -> bool {
    use CertificateError::{NotValidForName, NotValidForNameContext};
    matches!(error, Error::InvalidCertificate(NotValidForName | NotValidForNameContext { .. }))
}

/// Leaves each kind of reason once, the first.
pub(super) fn once(whys: &mut Vec<Why>) {
    let mut kinds = Vec::new();
    whys.retain(|why| {
        let kind = std::mem::discriminant(why);
        let is_new = !kinds.contains(&kind);
        kinds.push(kind);
        is_new
    });
}

fn presented(certificate: &Certificate) -> Vec<String> {
    let addresses = certificate.addresses.iter().map(ToString::to_string);
    certificate.names.iter().cloned().chain(addresses).collect()
}

/// Whose certificate it is, if it is not the server's own.
fn whose(chain: &[Certificate], is_it: impl Fn(&Certificate) -> bool) -> Option<String> {
    let at = chain.iter().position(is_it).filter(|at| *at > 0)?;
    chain.get(at).map(|certificate| certificate.subject.clone())
}

fn ends(certificate: &Certificate) -> Option<u64> {
    certificate.not_after.map(Timestamp::seconds)
}

fn begins(certificate: &Certificate) -> Option<u64> {
    certificate.not_before.map(Timestamp::seconds)
}

fn since(later: UnixTime, earlier: UnixTime) -> Duration {
    Duration::from_secs(later.as_secs().saturating_sub(earlier.as_secs()))
}
