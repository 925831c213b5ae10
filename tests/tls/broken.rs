//! What is said of servers that do it wrong?

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

use nix::sys::socket::{setsockopt, sockopt};
use rustls::crypto::ring;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::server::WebPkiClientVerifier;
use rustls::version::{TLS12, TLS13};
use rustls::{RootCertStore, ServerConfig, ServerConnection, SupportedProtocolVersion};
use wiretale::probe::tls::{Client, Options, Sessions};
use wiretale::timeline::tls::{Cause, Contents, Direction, Fact, Problem, Stage, Version, meaning};
use wiretale::wire::tls::alert_name;

use crate::stage::{
    Authority, GOOD, HOST, Run, accept, answer, client, run, run_until, serve, trusting,
};

/// What becomes of a hello when a server does this.
fn against(act: impl FnOnce(TcpStream) + Send + 'static) -> Run {
    let (options, _file) = trusting(&Authority::new("Lab Authority"));
    let (address, server) = accept(act);
    let run = run_until(&client(options), address, HOST, Duration::from_millis(700));
    server.join().expect("no panic");
    let handshake = run.handshake();
    assert_eq!(handshake.problem.as_ref(), run.result.as_ref().err());
    assert_eq!(handshake.verdict, None);
    run
}

/// Answers the hello with these octets.
fn answered(octets: &'static [u8]) -> Run {
    against(move |mut stream| {
        let _ = stream.read(&mut [0; 4096]).expect("a hello");
        stream.write_all(octets).expect("an answer");
        let _ = stream.read(&mut [0; 64]);
    })
}

/// An answer as nginx gives it.
const LONG: &[u8; 400] = &{
    let mut octets = [b' '; 400];
    let begin = b"HTTP/1.1 400 Bad Request\r\n";
    let mut at = 0;
    while at < begin.len() {
        octets[at] = begin[at];
        at += 1;
    }
    octets
};

#[test]
fn a_server_that_speaks_plain_http_is_found_out() {
    // More comes than is kept of it.
    let run = answered(LONG);
    assert_eq!(run.problem().code(), "tls.plain-http");
    let run = answered(b"HTTP/1.1 400 Bad Request\r\nServer: \x1b[31mnginx\r\n\r\n");
    let problem = run.problem();
    assert_eq!((problem.code(), problem.exit()), ("tls.plain-http", 35));
    assert_eq!(
        problem.to_string(),
        "www.lab.example: the server speaks plain HTTP on this port: \
         it answered \"HTTP/1.1 400 Bad Request\""
    );
    // What is no record is told as none.
    assert!(run.records(Direction::In).is_empty());
    assert_eq!(run.handshake().into, 48);
}

#[test]
fn what_is_neither_is_shown_without_its_control_characters() {
    let run = answered(b"SSH-2.0-\x1b[2Jx\r\n");
    assert_eq!((run.problem().code(), run.problem().exit()), ("tls.malformed", 35));
    let said = run.problem().to_string();
    assert!(said.contains("does not speak TLS on this port: it said \"SSH-2.0-"), "{said}");
    assert!(!said.contains('\x1b'), "{said}");
    for octets in
        [&b"\0"[..], b"\x16\x03\x03\xff\xff", b"\x16\x02", b"H", b"\xff\xff\xff\xff\xff\xff"]
    {
        assert!(matches!(
            answered(octets).problem().code(),
            "tls.malformed" | "tls.timeout" | "tls.closed"
        ));
    }
}

#[test]
fn a_record_with_rubbish_in_it_breaks_the_rules() {
    let run = answered(b"\x16\x03\x03\0\x06\x02\0\0\x02\x03\x03");
    let problem = run.problem();
    assert_eq!((problem.code(), problem.exit()), ("tls.malformed", 35), "{problem}");
    assert!(matches!(problem.cause, Cause::Malformed(_)), "{problem}");
    // We say so to the server.
    let out = run.records(Direction::Out);
    assert!(matches!(out.last().map(|it| &it.contents), Some(Contents::Alert { level: 2, .. })));
}

#[test]
fn alerts_are_translated() {
    for (octets, words, code) in [
        (
            &b"\x15\x03\x03\0\x02\x02\x28"[..],
            "the server found nothing in our offer that it could agree to (alert 40, handshake failure)",
            "tls.alert",
        ),
        (
            b"\x15\x03\x03\0\x02\x02\x46",
            "the server speaks none of the versions that we offer, TLS 1.2 and TLS 1.3 (alert 70, protocol version)",
            "tls.version",
        ),
        (
            b"\x15\x03\x03\0\x02\x02\x70",
            "the server has no site of the name that we asked for, www.lab.example (alert 112, unrecognized name)",
            "tls.alert",
        ),
        (
            b"\x15\x03\x03\0\x02\x02\x78",
            "the server speaks none of the protocols that we offer, http/1.1 (alert 120, no application protocol)",
            "tls.alert",
        ),
        (
            b"\x15\x03\x03\0\x02\x02\xfb",
            "the server ended it with an alert (alert 251)",
            "tls.alert",
        ),
    ] {
        let run = answered(octets);
        assert_eq!(run.problem().to_string(), format!("www.lab.example: {words}"));
        assert_eq!((run.problem().code(), run.problem().exit()), (code, 35));
        let [record] = &run.records(Direction::In)[..] else { panic!("one record") };
        let Contents::Alert { level: 2, description } = record.contents else { panic!("{record}") };
        assert_eq!((description, record.octets.clone()), (octets[6], 0..7));
    }
}

/// A server that wants certificates of its clients.
fn demanding(authority: &Authority, version: &'static SupportedProtocolVersion) -> ServerConfig {
    let identity = authority.certify(&[HOST], GOOD);
    let mut roots = RootCertStore::empty();
    roots.add(authority.certificate.clone()).expect("an authority");
    let provider = Arc::new(ring::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), Arc::clone(&provider));
    ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .expect("a version")
        .with_client_cert_verifier(verifier.build().expect("a verifier"))
        .with_single_cert(identity.chain, PrivatePkcs8KeyDer::from(identity.key).into())
        .expect("a key that fits")
}

#[test]
fn a_server_that_wants_our_certificate_gets_none() {
    let authority = Authority::new("Lab Authority");
    let (options, _file) = trusting(&authority);
    let (address, server) = serve(demanding(&authority, &TLS12), answer);
    let run = run(&client(options), address, HOST);
    server.join().expect("no panic").expect_err("no request");
    assert_eq!(run.problem().code(), "tls.alert", "{}", run.problem());
    let Cause::Alert { description: 40 | 116, .. } = run.problem().cause else {
        panic!("{}", run.problem())
    };
}

/// Only then the server has seen that there is none: the handshake was over for us (RFC 8446 §4.6.2).
#[test]
fn in_tls_1_3_it_says_so_when_we_read() {
    let authority = Authority::new("Lab Authority");
    let (options, _file) = trusting(&authority);
    let (address, server) = serve(demanding(&authority, &TLS13), answer);
    let mut run = run(&client(options), address, HOST);
    let error = run.secured().read(&mut [0; 16]).expect_err("an alert");
    server.join().expect("no panic").expect_err("no request");
    let problem = error.get_ref().and_then(|it| it.downcast_ref::<Problem>()).expect("a problem");
    assert_eq!((problem.code(), problem.exit(), problem.stage), ("tls.alert", 56, Stage::Data));
    assert_eq!(
        problem.to_string(),
        "www.lab.example: the server wants a certificate of ours, and we showed none \
         (alert 116, certificate required)"
    );
    let into = run.records(Direction::In);
    assert_eq!(into.last().map(ToString::to_string).as_deref(), Some("encrypted: alert"));
}

#[test]
fn every_alert_with_a_name_has_a_meaning() {
    for description in 0..=255 {
        let (name, meaning) = (alert_name(description), meaning(description));
        assert_eq!(meaning.is_some(), name.is_some(), "{description} {name:?}");
    }
}

/// A server in the middle that changes an octet of what the true one sends.
#[test]
fn no_octet_changed_on_the_way_goes_through_or_costs_a_panic() {
    let authority = Authority::new("Lab \u{9b}2J Authority");
    let (options, _file) = trusting(&authority);
    let client = client(Options { sessions: Sessions::Fresh, ..options });
    for version in [&TLS12, &TLS13] {
        let config = Arc::new(authority.certify(&[HOST], GOOD).config(&[version]));
        for at in (0..900).step_by(7) {
            let config = Arc::clone(&config);
            let (address, server) = accept(move |stream| middle(stream, config, at));
            let run = run_until(&client, address, HOST, Duration::from_millis(300));
            let reached = server.join().expect("no panic");
            if let Err(problem) = &run.result {
                let said = problem.to_string();
                assert!(!said.chars().any(char::is_control), "{said:?}");
                assert_eq!(run.handshake().problem.as_ref(), Some(problem));
            } else {
                // Only what the header of a record says of its version is nobody's business.
                assert!(!reached || is_version(&run, at), "octet {at} went through");
            }
        }
    }
}

/// Whether an octet of what came is the version in a record's header, or in what follows the handshake.
fn is_version(run: &Run, at: usize) -> bool {
    let records = run.records(Direction::In);
    let of_header = |start: u64| matches!((at as u64).wrapping_sub(start), 1 | 2);
    let into = run.handshake().into;
    at as u64 >= into || records.iter().any(|record| of_header(record.octets.start))
}

/// Passes octets on as the true server would, all but one; says whether that one was sent.
fn middle(mut stream: TcpStream, config: Arc<ServerConfig>, at: usize) -> bool {
    let mut connection = ServerConnection::new(config).expect("a connection");
    let mut sent = 0;
    stream.set_read_timeout(Some(Duration::from_millis(400))).expect("a timeout");
    loop {
        let mut flight = Vec::new();
        while connection.wants_write() {
            connection.write_tls(&mut flight).expect("records");
        }
        if let Some(octet) = at.checked_sub(sent).and_then(|at| flight.get_mut(at)) {
            *octet ^= 0x15;
        }
        sent += flight.len();
        if stream.write_all(&flight).is_err() || !connection.is_handshaking() {
            return sent > at;
        }
        match connection.read_tls(&mut stream) {
            Ok(1..) if connection.process_new_packets().is_ok() => {}
            _ => return sent > at,
        }
    }
}

#[test]
fn a_server_that_closes_at_once_is_told_from_one_in_the_middle() {
    let run = against(|mut stream| {
        let _ = stream.read(&mut [0; 4096]).expect("a hello");
    });
    assert_eq!((run.problem().code(), run.problem().exit()), ("tls.closed", 35));
    assert_eq!(
        run.problem().to_string(),
        "www.lab.example: the server closed the connection without a word when it got our TLS hello"
    );
    let run = against(|mut stream| {
        let _ = stream.read(&mut [0; 4096]).expect("a hello");
        stream.write_all(b"\x16\x03\x03\0\x7a\x02\0").expect("the beginning of an answer");
    });
    assert_eq!(run.problem().cause, Cause::Closed { reset: false, into: 7 });
    let run = against(|mut stream| {
        let _ = stream.read(&mut [0; 10]).expect("a hello");
        let linger = libc::linger { l_onoff: 1, l_linger: 0 };
        setsockopt(&stream.as_fd(), sockopt::Linger, &linger).expect("an option");
    });
    assert_eq!(run.problem().cause, Cause::Closed { reset: true, into: 0 });
}

#[test]
fn a_silent_server_is_given_up_at_the_deadline() {
    let run = against(|mut stream| {
        let _ = stream.read(&mut [0; 4096]).expect("a hello");
        sleep(Duration::from_secs(1));
    });
    assert_eq!((run.problem().code(), run.problem().exit()), ("tls.timeout", 28));
    let Cause::Timeout { waited, into: 0 } = run.problem().cause else { panic!("no octets") };
    assert!((500..1_500).contains(&waited.as_millis()), "{waited:?}");
    let said = run.problem().to_string();
    assert!(said.contains("no answer to our TLS hello in 0."), "{said}");
}

#[test]
fn a_stream_of_empty_records_is_not_followed_for_ever() {
    let run = against(|mut stream| {
        let _ = stream.read(&mut [0; 4096]).expect("a hello");
        let records = b"\x14\x03\x03\0\x01\x01".repeat(10_000);
        let _ = stream.write_all(&records);
        let _ = stream.read(&mut [0; 64]);
    });
    assert_eq!(run.problem().code(), "tls.malformed", "{}", run.problem());
}

#[test]
fn versions_that_do_not_meet_are_said_to() {
    let authority = Authority::new("Lab Authority");
    let (options, _file) = trusting(&authority);
    let identity = authority.certify(&[HOST], GOOD);
    for (ours, theirs) in [(Version::Tls12, &TLS13), (Version::Tls13, &TLS12)] {
        let options = Options { versions: (ours, ours), ..options.clone() };
        let (address, server) = serve(identity.config(&[theirs]), answer);
        let run = run(&client(options), address, HOST);
        server.join().expect("no panic").expect_err("no request");
        assert_eq!((run.problem().code(), run.problem().exit()), ("tls.version", 35));
        assert!(run.problem().to_string().contains(&ours.to_string()), "{}", run.problem());
    }
    let versions = (Version::Tls13, Version::Tls12);
    let problem = Client::new(Options { versions, ..options }, Arc::default());
    let problem = problem.expect_err("no version");
    assert_eq!((problem.code(), problem.stage), ("tls.version", Stage::Preparing));
}

#[test]
fn a_host_that_no_certificate_can_name_is_refused_before_anything_is_sent() {
    let (options, _file) = trusting(&Authority::new("Lab Authority"));
    let (address, server) = accept(|mut stream| stream.read(&mut [0; 64]).expect("an end"));
    let run = run(&client(options), address, "no_host..at all");
    assert_eq!((run.problem().code(), run.problem().stage), ("tls.host", Stage::Preparing));
    assert!(!run.facts().iter().any(|fact| matches!(fact, Fact::Flight(_))));
    assert_eq!(server.join().expect("no panic"), 0);
}
