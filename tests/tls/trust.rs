//! Is the right server trusted, and no other?

use std::env;
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use rcgen::{BasicConstraints, IsCa};
use rustls::ServerConfig;
use rustls::version::{TLS12, TLS13};
use wiretale::probe::kernel::Transport;
use wiretale::probe::tls::{Client, Distrust, Options, Sni};
use wiretale::timeline::tls::{Cause, Kind, Stage, Store, Verdict, Version, Why};

use crate::stage::{
    Authority, GOOD, HOST, Identity, Run, Scratch, answer, client, read_all, run, serve, trusting,
};

fn both(identity: &Identity) -> ServerConfig {
    identity.config(&[&TLS13, &TLS12])
}

/// Tries a server with the certificate of an authority that is trusted, or not.
fn tried(options: Options, identity: &Identity, host: &str) -> Run {
    let (address, server) = serve(both(identity), answer);
    let mut run = run(&client(options), address, host);
    if let Ok(secured) = &mut run.result {
        secured.write_all(b"GET /").expect("a request");
        assert!(read_all(secured).starts_with(b"HTTP/1.1 204"));
        secured.close().expect("closed");
    }
    let _ = server.join().expect("no panic");
    run
}

fn whys(run: &Run) -> Vec<Why> {
    let problem = run.problem();
    assert_eq!((problem.code(), problem.exit()), ("tls.certificate", 60), "{problem}");
    assert_eq!(problem.stage, Stage::Handshake);
    let Cause::Certificate(whys) = &problem.cause else { panic!("{problem}") };
    let handshake = run.handshake();
    assert_eq!(handshake.verdict, Some(Verdict::Refused(whys.clone())));
    assert_eq!(handshake.problem.as_ref(), Some(problem));
    whys.clone()
}

#[test]
fn a_good_certificate_is_trusted_and_told() {
    let authority = Authority::new("Lab Authority");
    let (options, _file) = trusting(&authority);
    let identity = authority.certify(&[HOST, "127.0.0.1", "lab.example"], GOOD);
    let run = tried(options, &identity, HOST);
    let told = run.handshake();
    assert_eq!(told.verdict, Some(Verdict::Trusted));
    assert_eq!((told.version, told.kind), (Some(Version::Tls13), Some(Kind::Full)));
    assert_eq!(told.suite.map(|(_, name)| name), Some("TLS_AES_256_GCM_SHA384"));
    assert_eq!(told.group.map(|(_, name)| name), Some("x25519"));
    assert_eq!(told.sni.as_deref(), Some(HOST));
    assert_eq!((told.alpn_offered, told.alpn), (vec!["http/1.1".to_owned()], None));
    assert_eq!((told.trust.anchors, told.trust.passed_over.len()), (1, 0));
    assert!(matches!(told.trust.store, Store::File(_)));
    let [certificate] = &told.certificates[..] else { panic!("one certificate") };
    assert_eq!(certificate.subject, format!("CN={HOST}"));
    assert_eq!(certificate.issuer, "CN=Lab Authority");
    assert_eq!(certificate.names, [HOST, "lab.example"]);
    assert_eq!(certificate.addresses, ["127.0.0.1".parse::<std::net::IpAddr>().expect("one")]);
    assert_eq!((certificate.key.as_deref(), certificate.key_bits), (Some("EC"), Some(256)));
    assert_eq!(certificate.signature.as_deref(), Some("ecdsa-with-SHA256"));
    assert_eq!((certificate.fingerprint.len(), certificate.is_ca), (64, false));
    let days = |one: Option<wiretale::timeline::Timestamp>| one.expect("a time").seconds() / 86_400;
    assert_eq!(days(certificate.not_after) - days(certificate.not_before), 20);
}

#[test]
fn an_expired_certificate_says_for_how_long() {
    let authority = Authority::new("Lab Authority");
    let (options, _file) = trusting(&authority);
    let run = tried(options, &authority.certify(&[HOST], -50..-12), HOST);
    let [Why::Expired { ago, whose: None }] = &whys(&run)[..] else { panic!("{}", run.problem()) };
    assert_eq!(ago.as_secs() / 86_400, 12);
    assert_eq!(
        run.problem().to_string(),
        "www.lab.example: the certificate expired 12 days ago, if this computer's clock is right"
    );
}

#[test]
fn a_certificate_of_the_future_is_not_valid_yet() {
    let authority = Authority::new("Lab Authority");
    let (options, _file) = trusting(&authority);
    let run = tried(options, &authority.certify(&[HOST], 3..50), HOST);
    let [Why::NotYetValid { ahead, whose: None }] = whys(&run)[..] else {
        panic!("{}", run.problem())
    };
    assert!((3 * 86_400 - 60..=3 * 86_400).contains(&ahead.as_secs()), "{ahead:?}");
}

#[test]
fn an_expired_authority_in_between_is_named() {
    let authority = Authority::new("Lab Authority");
    let between = authority.appoint("Lab Middle", -50..-3);
    let (options, _file) = trusting(&authority);
    let mut identity = between.certify(&[HOST], GOOD);
    identity.chain.push(between.certificate.clone());
    let run = tried(options, &identity, HOST);
    let said = run.problem().to_string();
    assert!(said.contains("rests on that of CN=Lab Middle, which expired 3 days ago"), "{said}");
}

#[test]
fn a_certificate_for_others_lists_them() {
    let authority = Authority::new("Lab Authority");
    let (options, _file) = trusting(&authority);
    let identity = authority.certify(&["www.lab.example"], GOOD);
    let run = tried(options.clone(), &identity, "web1.lab.example");
    assert_eq!(
        run.problem().to_string(),
        "web1.lab.example: the certificate is good for www.lab.example, not for web1.lab.example"
    );
    let run = tried(options, &identity, "127.0.0.1");
    assert_eq!(run.handshake().sni, None);
    assert!(matches!(&whys(&run)[..], [Why::WrongName { .. }]));
}

#[test]
fn an_authority_that_nobody_knows_is_named() {
    let (options, _file) = trusting(&Authority::new("Lab Authority"));
    let stranger = Authority::new("Stranger");
    let run = tried(options.clone(), &stranger.certify(&[HOST], GOOD), HOST);
    assert_eq!(whys(&run), [Why::UnknownIssuer { issuer: "CN=Stranger".into(), sent: 1 }]);
    // One fault does not hide another.
    let run = tried(options, &stranger.certify(&["other.example"], -9..-2), HOST);
    assert_eq!(
        run.problem().to_string(),
        "www.lab.example: the certificate expired 2 days ago, if this computer's clock is right; \
         it is good for other.example, not for www.lab.example; \
         it is signed by CN=Stranger, whom we do not trust \
         (the server may have left out a certificate in between)"
    );
}

#[test]
fn what_signs_itself_is_trusted_only_where_it_is_named() {
    let (options, _file) = trusting(&Authority::new("Lab Authority"));
    for is_ca in [IsCa::NoCa, IsCa::Ca(BasicConstraints::Unconstrained)] {
        let identity = Identity::self_signed(&[HOST], is_ca);
        let run = tried(options.clone(), &identity, HOST);
        assert_eq!(whys(&run), [Why::SelfSigned], "{}", run.problem());
        let file = Scratch::of(&[&identity.chain[0]]);
        let named = Options { cacert: Some(file.path().to_owned()), ..Options::default() };
        assert_eq!(
            tried(named.clone(), &identity, HOST).handshake().verdict,
            Some(Verdict::Trusted)
        );
        let run = tried(named, &identity, "other.example");
        assert!(matches!(&whys(&run)[..], [Why::WrongName { .. }]));
    }
}

#[test]
fn told_to_go_on_we_do_and_say_what_was_wrong() {
    let (options, _file) = trusting(&Authority::new("Lab Authority"));
    let options = Options { distrust: Distrust::GoesOn, ..options };
    let identity = Identity::self_signed(&["other.example"], IsCa::NoCa);
    let run = tried(options, &identity, HOST);
    let Some(Verdict::Accepted(whys)) = run.handshake().verdict else { panic!("accepted") };
    assert!(matches!(&whys[..], [Why::SelfSigned, Why::WrongName { .. }]), "{whys:?}");
    assert!(run.result.is_ok());
}

#[test]
fn another_name_in_the_hello_changes_nothing_of_whom_we_trust() {
    let authority = Authority::new("Lab Authority");
    let (options, _file) = trusting(&authority);
    let identity = authority.certify(&[HOST], GOOD);
    let named = Options { sni: Sni::Name("other.example".into()), ..options.clone() };
    let (address, server) = serve(both(&identity), |mut served| {
        while served.conn.is_handshaking() {
            served.conn.complete_io(&mut served.sock).expect("a handshake");
        }
        served.conn.server_name().map(str::to_owned)
    });
    let told = run(&client(named.clone()), address, HOST).handshake();
    assert_eq!(server.join().expect("no panic").as_deref(), Some("other.example"));
    assert_eq!(told.sni.as_deref(), Some("other.example"));
    assert_eq!(told.verdict, Some(Verdict::Trusted));
    let run = tried(named, &identity, "other.example");
    assert!(matches!(&whys(&run)[..], [Why::WrongName { .. }]));
    let none = Options { sni: Sni::None, ..options };
    assert_eq!(tried(none, &identity, HOST).handshake().sni, None);
}

#[test]
fn what_is_to_be_trusted_must_be_readable() {
    let folder = env::temp_dir();
    let nothing = Scratch::nothing();
    let (empty, broken) =
        (Scratch::new("nothing\n"), Scratch::new(&crate::stage::pem("CERTIFICATE", b"x")));
    for (path, words) in [
        (nothing.path(), "no such file"),
        (empty.path(), "no certificate in pem in it"),
        (broken.path(), "encod"),
        (&*folder, "directory"),
    ] {
        let options = Options { cacert: Some(path.to_owned()), ..Options::default() };
        let problem = Client::new(options, Arc::default()).expect_err("no trust");
        assert_eq!((problem.code(), problem.exit()), ("tls.store", 77));
        let said = problem.to_string();
        assert!(said.starts_with(&path.display().to_string()), "{said}");
        assert!(said.to_lowercase().contains(words), "{said}");
    }
}

/// Runs one of these tests once more, in a process with this in its environment.
pub(crate) fn again(name: &str, variables: &[(&str, &Path)]) {
    let mut command = Command::new(env::current_exe().expect("a path"));
    command.args(["--exact", name]).env("WIRETALE_AGAIN", "1").envs(variables.iter().copied());
    // Whoever runs the tests may have said something himself.
    for name in ["SSL_CERT_FILE", "SSL_CERT_DIR"] {
        if variables.iter().all(|(other, _)| *other != name) {
            command.env_remove(name);
        }
    }
    let output = command.output().expect("it starts");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

/// Whether this is that process.
pub(crate) fn is_again() -> bool {
    env::var_os("WIRETALE_AGAIN").is_some()
}

#[test]
fn the_environment_may_name_whom_to_trust() {
    if !is_again() {
        let file = Scratch::of(&[&Authority::new("Lab Authority").certificate]);
        return again(
            "trust::the_environment_may_name_whom_to_trust",
            &[("SSL_CERT_FILE", file.path())],
        );
    }
    let client = client(Options::default());
    let path = env::var("SSL_CERT_FILE").expect("a path");
    assert_eq!(client.trust().store, Store::Environment(format!("SSL_CERT_FILE={path}")));
    assert_eq!(client.trust().anchors, 1);
}

#[test]
fn an_environment_that_names_nothing_is_not_passed_over() {
    if !is_again() {
        let nothing = Scratch::nothing();
        let name = "trust::an_environment_that_names_nothing_is_not_passed_over";
        return again(name, &[("SSL_CERT_FILE", nothing.path())]);
    }
    let problem = Client::new(Options::default(), Arc::default()).expect_err("nobody to trust");
    assert_eq!((problem.code(), problem.exit()), ("tls.store", 77));
    assert!(problem.to_string().starts_with("SSL_CERT_FILE=/"), "{problem}");
}

#[test]
fn without_being_told_the_system_is_trusted_or_else_mozilla() {
    let client = client(Options::default());
    let trust = client.trust();
    assert!(matches!(trust.store, Store::System | Store::BuiltIn | Store::Environment(_)));
    assert!(trust.anchors > 0, "{trust:?}");
}
