//! Is the server who it says it is? rustls says; here its verdict is kept, with what it was about.

use std::cell::RefCell;
use std::mem;
use std::sync::Arc;
use std::time::Duration;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, SignatureScheme};

use super::trust::Trusted;
use super::{Distrust, certificate, verdict};
use crate::timeline::tls::{Cause, Certificate, Verdict, Why};

/// What came to be judged, and the judgement.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) certificates: Vec<Certificate>,
    pub(super) beyond: usize,
    pub(super) verdict: Verdict,
    pub(super) stapled: usize,
}

/// Certificates of a chain that are kept.
pub(super) const KEPT: usize = 16;

thread_local! {
    /// The connection whose octets this thread just gives to rustls. There is one verifier for all, because
    /// rustls resumes no session that another one began; and its calls come on the thread that feeds it.
    static WATCHED: RefCell<Watched> = RefCell::default();
}

#[derive(Default)]
struct Watched {
    host: Option<ServerName<'static>>,
    judged: Option<Judged>,
}

/// Does something that may have a certificate judged; says whom for, and gives back what was found.
pub(super) fn watch<R>(host: &ServerName<'static>, act: impl FnOnce() -> R) -> (R, Option<Judged>) {
    WATCHED.set(Watched { host: Some(host.clone()), judged: None });
    let done = act();
    (done, WATCHED.take().judged)
}

#[derive(Debug)]
pub(super) struct Verifier {
    inner: Arc<WebPkiServerVerifier>,
    /// Certificates that are trusted themselves, whoever signed them.
    named: Vec<CertificateDer<'static>>,
    distrust: Distrust,
}

impl Verifier {
    pub(super) fn new(
        trusted: &mut Trusted,
        provider: Arc<CryptoProvider>,
        distrust: Distrust,
    ) -> Result<Self, Cause> {
        let roots = Arc::new(mem::replace(&mut trusted.roots, rustls::RootCertStore::empty()));
        let inner = WebPkiServerVerifier::builder_with_provider(roots, provider).build();
        let inner = inner.map_err(|error| Cause::Store(error.to_string()))?;
        Ok(Self { inner, named: mem::take(&mut trusted.named), distrust })
    }

    /// rustls's error with every reason that there is.
    fn judge(
        &self,
        chain: &[Certificate],
        own: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        host: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<(), (Error, Vec<Why>)> {
        let judged = self.inner.verify_server_cert(own, between, host, &[], now);
        let Err(error) = judged else { return Ok(()) };
        let why = verdict::why(&error, chain, host, now);
        let mut whys = vec![why];
        // What the chain's fault hid: rustls stops at the first.
        if let Some(own) = chain.first() {
            whys.extend(verdict::of_time(own, now));
        }
        let name = ParsedCertificate::try_from(own)
            .and_then(|parsed| rustls::client::verify_server_name(&parsed, host));
        let misnamed = name.err().filter(verdict::is_of_name);
        if let Some(error) = &misnamed {
            whys.push(verdict::why(error, chain, host, now));
        }
        whys.extend(self.beside_time(chain, own, between, host));
        if self.named.iter().any(|named| named == own) {
            // Whoever names the very certificate needs nobody's signature under it.
            whys.retain(Why::is_beside_signatures);
            let Some(first) = whys.first() else { return Ok(()) };
            let error = match first {
                Why::WrongName { .. } => misnamed.unwrap_or(error),
                Why::Expired { .. } => CertificateError::Expired.into(),
                _ => CertificateError::NotValidYet.into(),
            };
            verdict::once(&mut whys);
            return Err((error, whys));
        }
        verdict::once(&mut whys);
        Err((error, whys))
    }

    /// What would be wrong if it were another time, one at which the server's own certificate is valid.
    fn beside_time(
        &self,
        chain: &[Certificate],
        own: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        host: &ServerName<'_>,
    ) -> Option<Why> {
        let then = Duration::from_secs(chain.first()?.not_after?.seconds());
        let then = UnixTime::since_unix_epoch(then);
        let error = self.inner.verify_server_cert(own, between, host, &[], then).err()?;
        let why = verdict::why(&error, chain, host, then);
        (!why.is_beside_signatures()).then_some(why)
    }

    /// Whether a signature of the handshake need not fit: its key cannot even be read, and we were told to
    /// go on.
    fn is_excused(&self, certificate: &CertificateDer<'_>) -> bool {
        self.distrust == Distrust::GoesOn && ParsedCertificate::try_from(certificate).is_err()
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        own: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let host = WATCHED.with_borrow(|watched| watched.host.clone());
        let host = host.unwrap_or_else(|| server_name.to_owned());
        let sent = 1 + between.len();
        let chain: Vec<Certificate> = std::iter::once(own)
            .chain(between)
            .take(KEPT)
            .map(|der| certificate::read(der))
            .collect();
        let judged = self.judge(&chain, own, between, &host, now);
        let (verdict, result) = match (judged, self.distrust) {
            (Ok(()), _) => (Verdict::Trusted, Ok(ServerCertVerified::assertion())),
            (Err((_, whys)), Distrust::GoesOn) => {
                (Verdict::Accepted(whys), Ok(ServerCertVerified::assertion()))
            }
            (Err((error, whys)), Distrust::Ends) => (Verdict::Refused(whys), Err(error)),
        };
        let judged = Judged {
            beyond: sent - chain.len(),
            certificates: chain,
            verdict,
            stapled: ocsp_response.len(),
        };
        WATCHED.with_borrow_mut(|watched| watched.judged = Some(judged));
        result
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        if self.is_excused(certificate) {
            return Ok(HandshakeSignatureValid::assertion());
        }
        self.inner.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        if self.is_excused(certificate) {
            return Ok(HandshakeSignatureValid::assertion());
        }
        self.inner.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}
