//! Certificates, servers, and a client whose octets are all seen.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use std::{env, fs, process};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned, SupportedProtocolVersion};
use wiretale::probe::kernel::{self, Tcp, Tracer, Transport};
use wiretale::probe::tls::{Client, Keys, Options, Secured};
use wiretale::timeline::fetch::Attempt;
use wiretale::timeline::tls::{Direction, Fact, Flight, Handshake, Problem, Record};
use wiretale::timeline::{Refusal, TcpInfo};

pub(crate) const HOST: &str = "www.lab.example";
pub(crate) const GOOD: Range<i64> = -10..10;

/// A certificate that signs others.
pub(crate) struct Authority {
    pub(crate) certificate: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
}

/// A server's certificate, what is sent with it, and its key.
pub(crate) struct Identity {
    pub(crate) chain: Vec<CertificateDer<'static>>,
    pub(crate) key: Vec<u8>,
}

fn params(name: &str, hosts: &[&str], days: Range<i64>) -> CertificateParams {
    let hosts: Vec<String> = hosts.iter().map(|&host| host.to_owned()).collect();
    let mut params = CertificateParams::new(hosts).expect("names");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    let day = |days: i64| {
        let seconds = now.saturating_add_signed(days * 86_400);
        rcgen::date_time_ymd(1970, 1, 1) + Duration::from_secs(seconds)
    };
    (params.not_before, params.not_after) = (day(days.start), day(days.end));
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let mut params = params(name, &[], -100..100);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.self_signed(&key).expect("a certificate").der().clone();
        Self { certificate, issuer: Issuer::new(params, key) }
    }

    /// An authority that this one vouches for.
    pub(crate) fn appoint(&self, name: &str, days: Range<i64>) -> Self {
        let mut params = params(name, &[], days);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        Self { certificate: certificate.der().clone(), issuer: Issuer::new(params, key) }
    }

    pub(crate) fn certify(&self, hosts: &[&str], days: Range<i64>) -> Identity {
        let key = KeyPair::generate().expect("a key");
        let params = params(hosts.first().unwrap_or(&"nobody"), hosts, days);
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        Identity { chain: vec![certificate.der().clone()], key: key.serialize_der() }
    }
}

impl Identity {
    pub(crate) fn self_signed(hosts: &[&str], is_ca: IsCa) -> Self {
        let mut params = params("itself", hosts, GOOD);
        params.is_ca = is_ca;
        let key = KeyPair::generate().expect("a key");
        let certificate = params.self_signed(&key).expect("a certificate");
        Self { chain: vec![certificate.der().clone()], key: key.serialize_der() }
    }

    pub(crate) fn config(&self, versions: &[&'static SupportedProtocolVersion]) -> ServerConfig {
        ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(versions)
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(self.chain.clone(), PrivatePkcs8KeyDer::from(self.key.clone()).into())
            .expect("a key that fits")
    }
}

pub(crate) fn pem(kind: &str, der: &[u8]) -> String {
    let mut text = vec![0; 2 * der.len() + 4];
    let len = BASE64_STANDARD.encode_slice(der, &mut text).expect("room");
    let lines: Vec<&str> =
        text[..len].chunks(64).map(|line| str::from_utf8(line).expect("ASCII")).collect();
    format!("-----BEGIN {kind}-----\n{}\n-----END {kind}-----\n", lines.join("\n"))
}

/// A file that is gone afterwards.
pub(crate) struct Scratch(pub(crate) PathBuf);

impl Scratch {
    pub(crate) fn new(text: &str) -> Self {
        let scratch = Self::nothing();
        fs::write(&scratch.0, text).expect("a file");
        scratch
    }

    /// Only a name.
    pub(crate) fn nothing() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        Self(env::temp_dir().join(format!("wiretale-tls-{}-{count}", process::id())))
    }

    pub(crate) fn of(certificates: &[&CertificateDer<'_>]) -> Self {
        let text: Vec<String> = certificates.iter().map(|der| pem("CERTIFICATE", der)).collect();
        Self::new(&text.concat())
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Does something with the first connection that comes.
pub(crate) fn accept<R: Send + 'static>(
    act: impl FnOnce(TcpStream) -> R + Send + 'static,
) -> (SocketAddr, JoinHandle<R>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let address = listener.local_addr().expect("an address");
    let thread = thread::spawn(move || {
        let (stream, _) = listener.accept().expect("a connection");
        stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a timeout");
        act(stream)
    });
    (address, thread)
}

pub(crate) type Served = StreamOwned<ServerConnection, TcpStream>;

/// Speaks TLS with the first connection that comes.
pub(crate) fn serve<R: Send + 'static>(
    config: ServerConfig,
    act: impl FnOnce(Served) -> R + Send + 'static,
) -> (SocketAddr, JoinHandle<R>) {
    accept(move |stream| {
        let connection = ServerConnection::new(Arc::new(config)).expect("a connection");
        act(StreamOwned::new(connection, stream))
    })
}

/// Answers one request of a line, and closes as TLS wants it.
pub(crate) fn answer(mut served: Served) -> io::Result<String> {
    let mut request = [0; 1024];
    let count = served.read(&mut request)?;
    served.write_all(b"HTTP/1.1 204 No Content\r\n\r\n")?;
    served.conn.send_close_notify();
    served.flush()?;
    let _ = served.read(&mut [0; 16]);
    Ok(String::from_utf8_lossy(&request[..count]).into_owned())
}

/// What went and came, call by call.
pub(crate) type Moved = Arc<Mutex<Vec<(Direction, Vec<u8>)>>>;

/// A transport that keeps a copy.
pub(crate) struct Tap {
    tcp: Tcp,
    moved: Moved,
}

impl Read for Tap {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let count = self.tcp.read(room)?;
        let mut moved = self.moved.lock().expect("no panic");
        moved.push((Direction::In, room[..count].to_vec()));
        Ok(count)
    }
}

impl Write for Tap {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        let count = self.tcp.write(octets)?;
        let mut moved = self.moved.lock().expect("no panic");
        moved.push((Direction::Out, octets[..count].to_vec()));
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.tcp.flush()
    }
}

impl Transport for Tap {
    fn ends(&self) -> (SocketAddr, SocketAddr) {
        self.tcp.ends()
    }

    fn set_deadline(&mut self, at: Option<Instant>) {
        self.tcp.set_deadline(at);
    }

    fn shutdown(&mut self) -> io::Result<()> {
        self.tcp.shutdown()
    }

    fn close(&mut self) -> io::Result<()> {
        self.tcp.close()
    }

    fn stats(&mut self) -> Option<TcpInfo> {
        self.tcp.stats()
    }

    fn refusals(&self) -> &[Refusal] {
        self.tcp.refusals()
    }
}

/// One connection and everything told of it.
pub(crate) struct Run {
    pub(crate) result: Result<Secured<Tap>, Problem>,
    told: Arc<Mutex<Vec<Fact>>>,
    pub(crate) moved: Moved,
}

pub(crate) fn trusting(authority: &Authority) -> (Options, Scratch) {
    let file = Scratch::of(&[&authority.certificate]);
    (Options { cacert: Some(file.path().to_owned()), ..Options::default() }, file)
}

pub(crate) fn client(options: Options) -> Client {
    Client::new(options, Arc::<Keys>::default()).expect("a client")
}

pub(crate) fn run(client: &Client, address: SocketAddr, host: &str) -> Run {
    run_until(client, address, host, Duration::from_secs(10))
}

pub(crate) fn run_until(client: &Client, address: SocketAddr, host: &str, time: Duration) -> Run {
    let plan = [Attempt { destination: address, begins: Duration::ZERO }];
    let deadline = Some(Instant::now() + time);
    let options = kernel::Options::default();
    let (tcp, _) = kernel::connect(&plan, &options, deadline, &Tracer::new(|_| {}));
    let moved = Moved::default();
    let tap = Tap { tcp: tcp.expect("a connection"), moved: Arc::clone(&moved) };
    let told: Arc<Mutex<Vec<Fact>>> = Arc::default();
    let telling = Arc::clone(&told);
    let tell = move |fact| telling.lock().expect("no panic").push(fact);
    Run { result: client.handshake(tap, host, tell), told, moved }
}

impl Run {
    pub(crate) fn facts(&self) -> Vec<Fact> {
        self.told.lock().expect("no panic").clone()
    }

    pub(crate) fn flights(&self) -> Vec<Flight> {
        let facts = self.facts().into_iter();
        facts.filter_map(|fact| if let Fact::Flight(it) = fact { Some(it) } else { None }).collect()
    }

    pub(crate) fn records(&self, direction: Direction) -> Vec<Record> {
        let records = self.flights().into_iter().flat_map(|flight| flight.records);
        records.filter(|record| record.direction == direction).collect()
    }

    pub(crate) fn handshake(&self) -> Handshake {
        let mut told = self.facts().into_iter().filter_map(|fact| match fact {
            Fact::Handshake(it) => Some(*it),
            _ => None,
        });
        let handshake = told.next().expect("a handshake is told");
        assert!(told.next().is_none(), "a handshake is told once");
        handshake
    }

    pub(crate) fn secured(&mut self) -> &mut Secured<Tap> {
        self.result.as_mut().expect("it is secured")
    }

    pub(crate) fn problem(&self) -> &Problem {
        self.result.as_ref().err().expect("it fails")
    }

    /// All octets of a direction.
    pub(crate) fn stream(&self, direction: Direction) -> Vec<u8> {
        let moved = self.moved.lock().expect("no panic");
        let parts = moved.iter().filter(|(way, _)| *way == direction);
        parts.flat_map(|(_, octets)| octets.clone()).collect()
    }
}

/// Reads until the end.
pub(crate) fn read_all(secured: &mut Secured<Tap>) -> Vec<u8> {
    let mut all = Vec::new();
    secured.read_to_end(&mut all).expect("no error");
    all
}
