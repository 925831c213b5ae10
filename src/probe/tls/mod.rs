//! How is a connection secured, and what is seen of it? (RFC 8446, RFC 5246)
//!
//! rustls decides everything; it does no input or output itself, so every record is told as it goes or
//! comes, with the octets of the TCP stream that it is. Nothing is fetched on the side: whether a certificate
//! was revoked is not checked.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::client::Resumption;
use rustls::crypto::ring;
use rustls::pki_types::{DnsName, ServerName};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, ClientConnection, HandshakeKind, ProtocolVersion};

use super::kernel::Transport;
use crate::ink::safe;
use crate::timeline::tls::{
    Cause, End, Fact, Handshake, Kind, Problem, Sent, Stage, Trust, Version,
};
use crate::wire::tls::{group_name, suite_name};

mod certificate;
mod keys;
mod problem;
mod records;
mod secured;
mod session;
mod trust;
mod verdict;
mod verify;

pub use keys::Keys;
pub use secured::Secured;

use problem::Around;
use session::{Break, Session};
use verify::Verifier;

/// How connections are to be secured.
#[derive(Clone, Debug)]
pub struct Options {
    /// Certificates in PEM that are trusted instead of the system's.
    pub cacert: Option<PathBuf>,
    pub distrust: Distrust,
    /// The oldest and the newest that may be.
    pub versions: (Version, Version),
    pub sni: Sni,
    /// The protocols offered (RFC 7301), the dearest first.
    pub alpn: Vec<String>,
    pub sessions: Sessions,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            cacert: None,
            distrust: Distrust::Ends,
            versions: (Version::Tls12, Version::Tls13),
            sni: Sni::Host,
            alpn: vec!["http/1.1".into()],
            sessions: Sessions::Resumed,
        }
    }
}

/// What a certificate that is not trusted does to the connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Distrust {
    Ends,
    /// It goes on, and the verdict is told all the same.
    GoesOn,
}

/// Which name the hello has.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Sni {
    /// The host's, if it is no address.
    Host,
    /// Another. The certificate must be good for the host all the same.
    Name(String),
    None,
}

/// Whether a connection may go on with the keys of one before.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Sessions {
    Resumed,
    Fresh,
}

/// Ready for handshakes. What it learns of sessions serves the connections that follow.
#[derive(Clone, Debug)]
pub struct Client {
    config: Arc<ClientConfig>,
    trust: Trust,
    keys: Arc<Keys>,
    options: Options,
}

impl Client {
    /// Reads whom to trust, which takes some milliseconds: once for all connections.
    pub fn new(options: Options, keys: Arc<Keys>) -> Result<Self, Problem> {
        let fail = |cause| Problem { host: "TLS".into(), stage: Stage::Preparing, cause };
        let (oldest, newest) = options.versions;
        let versions = match (oldest, newest) {
            (Version::Tls12, Version::Tls12) => &[&TLS12][..],
            (Version::Tls12, Version::Tls13) => &[&TLS13, &TLS12],
            (Version::Tls13, Version::Tls13) => &[&TLS13],
            (Version::Tls13, Version::Tls12) => {
                return Err(fail(Cause::Versions { oldest, newest }));
            }
        };
        let trusted = match &options.cacert {
            Some(path) => trust::file(path),
            None => trust::system(),
        };
        let mut trusted = trusted.map_err(fail)?;
        let provider = Arc::new(ring::default_provider());
        let verifier = Verifier::new(&mut trusted, Arc::clone(&provider), options.distrust);
        let verifier = verifier.map_err(fail)?;
        let builder = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .map_err(|_| fail(Cause::Versions { oldest, newest }))?;
        let mut config = builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        config.alpn_protocols = options.alpn.iter().map(|name| name.clone().into_bytes()).collect();
        config.enable_sni = options.sni != Sni::None;
        config.key_log = Arc::<Keys>::clone(&keys);
        // A session is kept under the name in the hello, which says nothing of the host if it is another.
        if options.sessions == Sessions::Fresh || options.sni != Sni::Host {
            config.resumption = Resumption::disabled();
        }
        Ok(Self { config: Arc::new(config), trust: trusted.about, keys, options })
    }

    /// Whom we trust.
    pub fn trust(&self) -> &Trust {
        &self.trust
    }

    /// The secrets of the connections so far.
    pub fn keys(&self) -> &Arc<Keys> {
        &self.keys
    }

    /// Secures a connection. `host` is a name as it goes over the wire, or an address. The transport's
    /// deadline holds; when it fails, the transport is closed.
    ///
    /// Facts are told as they become known, here and as long as the connection lives.
    pub fn handshake<T: Transport>(
        &self,
        mut transport: T,
        host: &str,
        tell: impl FnMut(Fact) + Send + 'static,
    ) -> Result<Secured<T>, Problem> {
        let mut tell: Box<dyn FnMut(Fact) + Send> = Box::new(tell);
        let began = session::now();
        let prepared = self.prepare(host);
        let (connection, name, sni) = match prepared {
            Ok(prepared) => prepared,
            Err(cause) => {
                let problem =
                    Problem { host: safe(host.as_bytes()), stage: Stage::Preparing, cause };
                // Nobody can hear of a failure to close what was not used.
                let _ = transport.close();
                return Err(problem);
            }
        };
        if let Some(why) = self.keys.trouble() {
            tell(Fact::KeysNotKept(why));
        }
        let mut session = Session::new(transport, connection, name, tell);
        let mut hello = 0;
        let ended = shake(&mut session, &mut hello);
        let mut told = Handshake {
            began,
            ended: session::now(),
            version: None,
            suite: None,
            group: None,
            alpn_offered: self.options.alpn.iter().map(|name| safe(name.as_bytes())).collect(),
            alpn: None,
            sni: sni.clone(),
            kind: None,
            hello,
            certificates: Vec::new(),
            beyond: 0,
            verdict: None,
            stapled: 0,
            trust: self.trust.clone(),
            out: session.written,
            into: session.into.octets + session.unfinished().len() as u64,
            problem: None,
        };
        agreed(&mut session, &mut told);
        let problem = ended.err().map(|broken| {
            let around = Around {
                into: told.into,
                waited: session.moved.elapsed(),
                spoke: session.spoke,
                strange: session.strange.clone(),
                verdict: told.verdict.clone(),
                sent: Sent {
                    sni,
                    alpn: told.alpn_offered.clone(),
                    versions: Some(self.options.versions),
                },
            };
            let cause = problem::cause(broken, around);
            Problem { host: safe(host.as_bytes()), stage: Stage::Handshake, cause }
        });
        told.problem.clone_from(&problem);
        session.tell(Fact::Handshake(Box::new(told)));
        if let Some(why) = self.keys.trouble() {
            session.tell(Fact::KeysNotKept(why));
        }
        match problem {
            None => Ok(Secured::new(session, safe(host.as_bytes()))),
            Some(problem) => {
                // What counts is what went wrong before.
                let _ = session.transport.close();
                Err(problem)
            }
        }
    }

    /// A connection, whom its certificate must name, and the name in its hello.
    fn prepare(
        &self,
        host: &str,
    ) -> Result<(ClientConnection, ServerName<'static>, Option<String>), Cause> {
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        // The root's dot is no part of the name in a hello (RFC 6066 §3), nor in a certificate.
        let bare = bare.strip_suffix('.').unwrap_or(bare);
        let name = ServerName::try_from(bare.to_owned()).map_err(|_| Cause::Host)?;
        let said = match &self.options.sni {
            Sni::Host | Sni::None => name.clone(),
            Sni::Name(other) => {
                ServerName::DnsName(DnsName::try_from(other.clone()).map_err(|_| Cause::Host)?)
            }
        };
        let sni = match &said {
            ServerName::DnsName(name) if self.options.sni != Sni::None => {
                Some(safe(name.as_ref().as_bytes()))
            }
            _ => None,
        };
        let connection = ClientConnection::new(Arc::clone(&self.config), said);
        let connection = connection.map_err(|error| Cause::Incompatible(error.to_string()))?;
        Ok((connection, name, sni))
    }
}

/// Goes to and fro until both sides are done.
fn shake<T: Transport>(session: &mut Session<T>, hello: &mut u64) -> Result<(), Break> {
    loop {
        session.send(&[])?;
        if *hello == 0 {
            *hello = session.written;
        }
        if !session.connection.is_handshaking() {
            session.tell_heard();
            return Ok(());
        }
        let received = session.receive();
        if let Err(Break::Tls(_)) = received {
            // rustls has an alert for the peer, who may be gone.
            let _ = session.send(&["alert"]);
        }
        if !matches!(received, Ok(1..)) {
            session.tell_heard();
        }
        if received? == 0 {
            session.ending = Some(End::Truncated);
            return Err(Break::Transport(std::io::ErrorKind::UnexpectedEof.into()));
        }
        if session.ending.is_some() {
            return Err(Break::Transport(std::io::ErrorKind::UnexpectedEof.into()));
        }
    }
}

/// Notes what both sides have agreed on so far.
fn agreed<T>(session: &mut Session<T>, told: &mut Handshake) {
    let connection = &session.connection;
    told.version = match connection.protocol_version() {
        Some(ProtocolVersion::TLSv1_2) => Some(Version::Tls12),
        Some(ProtocolVersion::TLSv1_3) => Some(Version::Tls13),
        _ => None,
    };
    told.suite = connection.negotiated_cipher_suite().map(|suite| {
        let number = u16::from(suite.suite());
        (number, suite_name(number).unwrap_or("unknown"))
    });
    told.group = connection.negotiated_key_exchange_group().map(|group| {
        let number = u16::from(group.name());
        (number, group_name(number).unwrap_or("unknown"))
    });
    told.alpn = connection.alpn_protocol().map(safe);
    told.kind = connection.handshake_kind().map(|kind| match kind {
        HandshakeKind::Full => Kind::Full,
        HandshakeKind::FullWithHelloRetryRequest => Kind::Retried,
        HandshakeKind::Resumed => Kind::Resumed,
    });
    if let Some(judged) = session.judged.take() {
        told.certificates = judged.certificates;
        told.beyond = judged.beyond;
        told.stapled = judged.stapled;
        told.verdict = Some(judged.verdict);
    } else if let Some(chain) = connection.peer_certificates() {
        told.certificates =
            chain.iter().take(verify::KEPT).map(|der| certificate::read(der)).collect();
        told.beyond = chain.len() - told.certificates.len();
    }
}
