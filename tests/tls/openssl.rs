//! Does it hold with OpenSSL as well?

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};

use wiretale::probe::kernel::Transport;
use wiretale::probe::tls::{Options, Sessions};
use wiretale::timeline::tls::{Direction, End, Kind, Verdict, Version};

use crate::stage::{Authority, GOOD, HOST, Scratch, client, pem, read_all, run, trusting};

/// `openssl s_server`, stopped when it is no longer needed.
struct Server {
    child: Child,
    address: SocketAddr,
    _files: [Scratch; 2],
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    fn new(authority: &Authority, arguments: &[&str]) -> Self {
        let identity = authority.certify(&[HOST], GOOD);
        let certificate = Scratch::of(&[&identity.chain[0]]);
        let key = Scratch::new(&pem("PRIVATE KEY", &identity.key));
        let port = {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
            listener.local_addr().expect("an address").port()
        };
        let mut child = Command::new("openssl")
            .args(["s_server", "-www", "-accept", &format!("127.0.0.1:{port}")])
            .arg("-cert")
            .arg(certificate.path())
            .arg("-key")
            .arg(key.path())
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("openssl is installed");
        let output = child.stdout.take().expect("a pipe");
        let mut lines = BufReader::new(output).lines();
        assert!(lines.any(|line| line.is_ok_and(|line| line.starts_with("ACCEPT"))));
        // Whoever stops reading stops the server.
        std::thread::spawn(move || lines.for_each(drop));
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        Self { child, address, _files: [certificate, key] }
    }
}

#[test]
fn pages_come_over_both_versions_and_sessions_are_resumed() {
    let authority = Authority::new("Lab Authority");
    let (options, _file) = trusting(&authority);
    for (argument, version, group) in
        [("-tls1_2", Version::Tls12, "x25519"), ("-tls1_3", Version::Tls13, "x25519")]
    {
        let server = Server::new(&authority, &[argument]);
        let client = client(options.clone());
        for kind in [Kind::Full, Kind::Resumed] {
            let mut run = run(&client, server.address, HOST);
            let secured = run.secured();
            secured.write_all(b"GET / HTTP/1.0\r\n\r\n").expect("a request");
            let page = String::from_utf8_lossy(&read_all(secured)).into_owned();
            assert!(page.starts_with("HTTP/1.0 200 ok"), "{page}");
            assert_eq!(secured.ending(), Some(End::CloseNotify));
            secured.close().expect("closed");
            let told = run.handshake();
            assert_eq!((told.version, told.kind), (Some(version), Some(kind)));
            // A resumed session of TLS 1.2 exchanges no keys.
            if (version, kind) != (Version::Tls12, Kind::Resumed) {
                assert_eq!(told.group.map(|(_, name)| name), Some(group));
            }
            let suite = told.suite.expect("a suite").1;
            let shown = suite.replace("TLS_ECDHE_ECDSA_WITH_", "");
            assert!(shown.contains("AES") || shown.contains("CHACHA20"), "{suite}");
        }
    }
}

#[test]
fn a_server_that_wants_another_group_costs_a_round_trip() {
    let authority = Authority::new("Lab Authority");
    let (options, _file) = trusting(&authority);
    let server = Server::new(&authority, &["-groups", "P-384"]);
    let mut run = run(&client(options), server.address, HOST);
    run.secured().close().expect("closed");
    let told = run.handshake();
    assert_eq!(told.kind, Some(Kind::Retried));
    assert_eq!(told.group.map(|(_, name)| name), Some("secp384r1"));
    let into = run.records(Direction::In);
    assert_eq!(into[0].to_string(), "HelloRetryRequest");
    let flights: Vec<Direction> =
        run.flights().iter().take(4).map(|flight| flight.direction).collect();
    assert_eq!(flights, [Direction::Out, Direction::In, Direction::Out, Direction::In]);
    let hellos = run.records(Direction::Out);
    let hellos = hellos.iter().filter(|record| record.to_string() == "ClientHello");
    assert_eq!(hellos.count(), 2);
}

#[test]
fn an_old_server_is_refused_with_the_versions_we_offer() {
    let authority = Authority::new("Lab Authority");
    let (options, _file) = trusting(&authority);
    let server = Server::new(&authority, &["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"]);
    let run = run(&client(options), server.address, HOST);
    assert_eq!(run.problem().code(), "tls.version", "{}", run.problem());
    assert!(run.problem().to_string().contains("TLS 1.2 and TLS 1.3"), "{}", run.problem());
}

#[test]
fn the_protocol_that_both_know_is_told() {
    let authority = Authority::new("Lab Authority");
    let (options, _file) = trusting(&authority);
    let server = Server::new(&authority, &["-alpn", "http/1.1"]);
    let mut run = run(&client(options), server.address, HOST);
    assert_eq!(run.secured().protocol(), Some(&b"http/1.1"[..]));
    assert_eq!(run.handshake().alpn.as_deref(), Some("http/1.1"));
}

#[test]
fn what_openssl_says_of_a_certificate_is_what_we_say() {
    let authority = Authority::new("Lab Authority");
    let identity = authority.certify(&[HOST, "10.1.2.3"], GOOD);
    let (options, _file) = trusting(&authority);
    let (address, server) =
        crate::stage::serve(identity.config(&[&rustls::version::TLS13]), crate::stage::answer);
    let run = run(&client(Options { sessions: Sessions::Fresh, ..options }), address, HOST);
    let told = run.handshake();
    drop(run);
    let _ = server.join().expect("no panic");
    assert_eq!(told.verdict, Some(Verdict::Trusted));
    let file = Scratch::of(&[&identity.chain[0]]);
    let output = Command::new("openssl")
        .args(["x509", "-noout", "-serial", "-subject", "-issuer", "-fingerprint", "-sha256"])
        .args(["-nameopt", "RFC2253", "-in"])
        .arg(file.path())
        .output()
        .expect("openssl is installed");
    let said = String::from_utf8_lossy(&output.stdout).to_lowercase().replace(':', "");
    let certificate = &told.certificates[0];
    for ours in [
        format!("subject={}", certificate.subject),
        format!("issuer={}", certificate.issuer),
        format!("fingerprint={}", certificate.fingerprint),
        format!("serial={}", certificate.serial.trim_start_matches("00")),
    ] {
        assert!(said.contains(&ours.to_lowercase()), "{ours} is not in {said}");
    }
}
