//! What is said of servers that do it wrong?

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::fd::AsFd;
use std::thread::sleep;
use std::time::Duration;

use nix::sys::socket::{setsockopt, sockopt};
use rustls::version::{TLS12, TLS13};
use wiretale::probe::tls::{Client, Options};
use wiretale::timeline::tls::{Cause, Contents, Direction, Fact, Stage, Version};

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

#[test]
fn a_server_that_speaks_plain_http_is_found_out() {
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

#[test]
fn a_server_that_wants_our_certificate_gets_none() {
    let authority = Authority::new("Lab Authority");
    let (options, _file) = trusting(&authority);
    let identity = authority.certify(&[HOST], GOOD);
    let mut roots = rustls::RootCertStore::empty();
    roots.add(authority.certificate.clone()).expect("an authority");
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let verifier =
        rustls::server::WebPkiClientVerifier::builder_with_provider(roots.into(), provider.clone());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS12])
        .expect("a version")
        .with_client_cert_verifier(verifier.build().expect("a verifier"))
        .with_single_cert(
            identity.chain.clone(),
            rustls::pki_types::PrivatePkcs8KeyDer::from(identity.key.clone()).into(),
        )
        .expect("a key that fits");
    let (address, server) = serve(config, answer);
    let run = run(&client(options), address, HOST);
    server.join().expect("no panic").expect_err("no request");
    assert_eq!(run.problem().code(), "tls.alert", "{}", run.problem());
    let Cause::Alert { description: 40 | 116, .. } = run.problem().cause else {
        panic!("{}", run.problem())
    };
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
    let problem = Client::new(Options { versions, ..options }, std::sync::Arc::default());
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
