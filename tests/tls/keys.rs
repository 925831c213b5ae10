//! Do the keys that were kept open what was sent?

use std::fs;
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;
use std::sync::Arc;

use etherparse::PacketBuilder;
use rustls::version::{TLS12, TLS13};
use wiretale::flow::Keyring;
use wiretale::ink::written;
use wiretale::octets::Octets;
use wiretale::probe::kernel::Transport;
use wiretale::probe::tls::{Client, Keys};
use wiretale::timeline::tls::{Direction, Fact};
use wiretale::timeline::{Frame, Timestamp};
use wiretale::wire::Packet;

use crate::stage::{Authority, GOOD, HOST, Run, Scratch, answer, read_all, run, serve, trusting};
use crate::trust::{again, is_again};

/// A whole connection with these keys kept.
fn fetched(keys: &Arc<Keys>, version: &'static rustls::SupportedProtocolVersion) -> Run {
    let authority = Authority::new("Lab Authority");
    let (options, _file) = trusting(&authority);
    let client = Client::new(options, Arc::clone(keys)).expect("a client");
    let (address, server) = serve(authority.certify(&[HOST], GOOD).config(&[version]), answer);
    let mut run = run(&client, address, HOST);
    let secured = run.secured();
    secured.write_all(b"GET /secret HTTP/1.1\r\n\r\n").expect("a request");
    read_all(secured);
    secured.close().expect("closed");
    server.join().expect("no panic").expect("a request");
    run
}

/// What the segments of a connection say, one line each, with a keyring.
fn lines(run: &Run, mut keyring: Keyring) -> String {
    let mut next = [1_u32; 2];
    let mut text = String::new();
    for (number, (direction, octets)) in run.moved.lock().expect("no panic").iter().enumerate() {
        let (from, ports) = match direction {
            Direction::Out => (0, (40_000, 443)),
            Direction::In => (1, (443, 40_000)),
        };
        let builder =
            PacketBuilder::ipv4([10, 0, 0, 1 + from as u8], [10, 0, 0, 2 - from as u8], 64)
                .tcp(ports.0, ports.1, next[from], 64_000)
                .ack(next[1 - from]);
        next[from] += octets.len() as u32;
        let mut packet = Vec::new();
        builder.write(&mut packet, octets).expect("a packet");
        let frame = Frame {
            number: number as u64 + 1,
            time: Timestamp(number as u64 * 1_000_000),
            link: 101,
            interface: 0,
            comment: &[],
            octets: Octets::whole(&packet),
        };
        let mut packet = Packet::dissect(frame);
        keyring.open(&mut packet);
        text += &written(|ink| packet.layers().last().expect("a layer").line(ink));
        text.push('\n');
    }
    text
}

#[test]
fn our_own_keyring_opens_what_went_and_came() {
    for version in [&TLS12, &TLS13] {
        let keys = Arc::<Keys>::default();
        let run = fetched(&keys, version);
        assert!(!lines(&run, Keyring::default()).contains("/secret"));
        let mut keyring = Keyring::default();
        assert!(keyring.learn(&keys.lines()) > 0);
        let opened = lines(&run, keyring);
        assert!(opened.contains("GET /secret") && opened.contains("204"), "{opened}");
    }
}

#[test]
fn keys_are_appended_to_a_file_that_only_we_can_read() {
    let file = Scratch::nothing();
    let keys = Arc::new(Keys::with_file(file.path()));
    fetched(&keys, &TLS13);
    let mode = fs::metadata(file.path()).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let first = fs::read(file.path()).expect("lines");
    assert_eq!(first, keys.lines());
    assert!(
        first.starts_with(b"CLIENT_HANDSHAKE_TRAFFIC_SECRET ") || first.starts_with(b"SERVER_")
    );
    fetched(&Arc::new(Keys::with_file(file.path())), &TLS12);
    let both = fs::read(file.path()).expect("lines");
    assert!(both.starts_with(&first) && both.len() > first.len());
    assert!(String::from_utf8_lossy(&both[first.len()..]).starts_with("CLIENT_RANDOM "));
    assert!(!format!("{keys:?}").contains("SECRET"), "keys are not for debugging");
}

#[test]
fn a_file_that_cannot_be_had_costs_one_sentence_and_no_keys() {
    let target = Scratch::new("");
    let link = Scratch::nothing();
    symlink(target.path(), link.path()).expect("a link");
    let pipe = Scratch::nothing();
    assert!(Command::new("mkfifo").arg(pipe.path()).status().expect("mkfifo").success());
    for (path, words) in [
        (link.path().to_owned(), "a symbolic link"),
        (pipe.path().to_owned(), "no such device or address"),
        (target.path().join("below"), "not a directory"),
    ] {
        let keys = Arc::new(Keys::with_file(&path));
        let run = fetched(&keys, &TLS13);
        let told: Vec<String> = run
            .facts()
            .into_iter()
            .filter_map(|fact| if let Fact::KeysNotKept(why) = fact { Some(why) } else { None })
            .collect();
        let expected = format!("{}: {words}: no keys are written to it", path.display());
        assert_eq!(told, [expected]);
        assert!(!keys.lines().is_empty(), "they are in memory all the same");
    }
    assert_eq!(fs::read(target.path()).expect("a file"), b"");
}

#[test]
fn the_environment_may_name_a_file_for_keys() {
    if !is_again() {
        let file = Scratch::nothing();
        again("keys::the_environment_may_name_a_file_for_keys", &[("SSLKEYLOGFILE", file.path())]);
        assert!(fs::read(file.path()).expect("lines").starts_with(b"CLIENT_RANDOM "));
        return;
    }
    fetched(&Arc::new(Keys::of_environment()), &TLS12);
}
