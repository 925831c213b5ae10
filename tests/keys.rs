//! TLS is opened with the right keys, in the order of its stream, and never without its tag.

mod fixtures;
mod program;

use std::collections::HashMap;
use std::fs;
use std::ops::Range;
use std::path::PathBuf;

use fixtures::{Kept, frames, keys};
use program::text;
use proptest::prelude::*;
use wiretale::flow::Keyring;
use wiretale::ink::written;
use wiretale::timeline::{Moment, Source};
use wiretale::wire::field::{Field, Listener, Value};
use wiretale::wire::packet::{Closed, LiesIn};
use wiretale::wire::{Layer, Packet};

const CAPTURES: [&str; 4] = ["tls12-keys", "tls13", "tls13-key-update", "https2"];

#[test]
fn keys_in_a_file_open_what_keys_in_the_capture_open() {
    let log = KeyLog::new("right", &secrets("fixtures/tls13.pcapng"));
    let fields =
        ["-e", "tls.handshake.type", "-e", "http.request.full_uri", "-e", "http.response.code"];
    let beside = program::run(
        &[&["packets", "--keys", log.path(), "fixtures/tls13.pcap"], &fields[..]].concat(),
    );
    let within = program::run(&[&["packets", "fixtures/tls13.pcapng"], &fields[..]].concat());
    assert_eq!(text(&beside.stdout), text(&within.stdout));
    for told in ["2,8,11,15,20", "https://www.lab.example/hello.txt", "200"] {
        assert!(text(&beside.stdout).contains(told), "{told}");
    }
}

#[test]
fn what_was_decrypted_says_so_in_every_view() {
    for (way, words) in [
        (&["packets"][..], "HTTP  GET /hello.txt HTTP/1.1 host www.lab.example ; decrypted"),
        (&["packets", "-v"], "HTTP  octets 0-87 of the decrypted octets"),
        (&["packets", "-x"], "HTTP  decrypted octets"),
        (&["packets", "--json"], r#""tls.decrypted.length":88"#),
        (&["packets", "-Y", "tls.decrypted.length == 88"], "GET"),
    ] {
        let output = program::run(&[way, &["fixtures/tls13.pcapng"]].concat());
        assert!(text(&output.stdout).contains(words), "{way:?}");
    }
}

#[test]
fn a_wrong_key_tells_nothing() {
    let mut wrong = secrets("fixtures/tls13.pcapng");
    for line in wrong.split_mut(|octet| *octet == b'\n').filter(|line| !line.is_empty()) {
        let last = line.last_mut().expect("a digit");
        *last = if *last == b'0' { b'1' } else { b'0' };
    }
    let log = KeyLog::new("wrong", &wrong);
    let with = program::run(&["packets", "--keylog", log.path(), "fixtures/tls13.pcap"]);
    let without = program::run(&["packets", "fixtures/tls13.pcap"]);
    let note = " ; not decrypted: it does not authenticate with the keys at hand";
    assert!(text(&with.stdout).contains(note));
    assert_eq!(text(&with.stdout).replace(note, ""), text(&without.stdout));
}

#[test]
fn a_file_without_keys_gets_one_sentence() {
    let log = KeyLog::new("none", b"# nothing but this\n");
    for (path, words) in [(log.path(), "no TLS keys in it"), ("fixtures/nothing", "no such file")] {
        let output = program::run(&["packets", "--keys", path, "fixtures/tls13.pcap"]);
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{told}");
        assert!(told.contains(path) && told.contains(words) && told.lines().count() == 1, "{told}");
    }
}

/// Splitting segments anywhere and swapping the parts changes nothing of what is told in the end.
#[test]
fn records_are_opened_however_their_segments_come() {
    for name in CAPTURES {
        let whole = heads(&capture(name), &mut keyring(name));
        assert!(!whole.is_empty(), "{name} tells nothing");
        for at in [1, 4, 5, 6, 30, 100, 500] {
            let mut parts = Vec::new();
            for kept in capture(name) {
                let len = Packet::dissect(kept.frame()).tcp().expect("TCP").payload().len();
                // Where a connection begins is taken from the first octets of its first record.
                if len <= at || is_hello(kept) {
                    parts.push(copy(kept));
                    continue;
                }
                let [one, other] = split(kept, len, at);
                parts.extend([other, one]);
            }
            let parts: Vec<&Kept> = parts.iter().collect();
            assert_eq!(heads(&parts, &mut keyring(name)), whole, "{name} split at {at}");
        }
    }
}

#[test]
fn a_gap_costs_the_records_in_it_and_no_others() {
    let frames: Vec<Kept> = capture("tls12-keys")
        .into_iter()
        .filter(|kept| kept.number <= 20 && kept.number != 12)
        .map(|kept| {
            let mut kept = copy(kept);
            // Long enough after the acknowledgment for the hole to be given up.
            kept.time.0 += kept.number * 1_000_000_000;
            kept
        })
        .collect();
    let frames: Vec<&Kept> = frames.iter().collect();
    let told = heads(&frames, &mut keyring("tls12-keys")).join("\n");
    assert!(!told.contains("text/html"), "{told}");
    assert!(told.contains("GET /style.css") && told.contains("text/css"), "{told}");
}

#[test]
fn a_suite_that_is_not_supported_is_said_to_be_none() {
    let mut keyring = keyring("tls12-keys");
    let mut said = Vec::new();
    for kept in capture("tls12-keys").into_iter().filter(|kept| kept.number <= 20) {
        let mut kept = copy(kept);
        // TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 becomes one with CBC, in the ServerHello alone.
        if let Some(at) = kept.octets.windows(2).position(|two| two == [0xc0, 0x2c])
            && kept.number == 6
        {
            kept.octets[at + 1] = 0x0a;
        }
        let mut packet = Packet::dissect(kept.frame());
        keyring.open(&mut packet);
        assert!(packet.found().is_empty(), "{kept}");
        said.extend(packet.closed().map(|why| (kept.number, why)));
    }
    assert_eq!(said, [(6, Closed::Suite)]);
}

/// As for all other headers: every octet once, in wire order.
#[test]
fn fields_tile_what_was_decrypted() {
    let mut checked = 0;
    for name in CAPTURES {
        let mut keyring = keyring(name);
        for kept in capture(name) {
            let mut packet = Packet::dissect(kept.frame());
            keyring.open(&mut packet);
            let places: Vec<_> = packet.places().collect();
            for (at, place) in places.iter().enumerate() {
                if place.lies_in != LiesIn::Decrypted {
                    continue;
                }
                let base = place.octets.kept().as_ptr();
                let next = match places.get(at + 1) {
                    Some(next) if next.octets.kept().as_ptr() == base => next.start,
                    Some(_) => place.octets.len(),
                    None => packet.rest_start(),
                };
                let mut tiles = Tiles { end: 0, depth: 0 };
                place.layer.fields(&mut tiles);
                assert_eq!(place.start + tiles.end, next, "{kept}: {}", place.layer.name().key);
                checked += 1;
            }
        }
    }
    assert!(checked > 30, "only {checked} layers");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is done to the packets, nothing is told that was not sealed by those who had the keys.
    #[test]
    fn only_what_authenticates_is_told(
        which in prop::sample::select(&CAPTURES[..]),
        scribbles in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<u8>()), 0..6),
        lost in prop::collection::vec(any::<prop::sample::Index>(), 0..3),
        swapped in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let mut sealed: HashMap<Kind, Vec<u8>> = HashMap::new();
        for (kind, octets) in data(&capture(which), &mut keyring(which)) {
            sealed.entry(kind).or_default().extend(octets);
        }
        let mut frames: Vec<Kept> = capture(which).into_iter().map(copy).collect();
        for (frame, at, octet) in scribbles {
            let octets = &mut frame.get_mut(&mut frames).octets;
            // Behind the ports, so that the conversation stays what it was.
            let at = 38 + at.index(octets.len() - 38);
            octets[at] = octet;
        }
        for at in swapped {
            let at = at.index(frames.len() - 1);
            frames.swap(at, at + 1);
        }
        for at in lost {
            frames.remove(at.index(frames.len()));
        }
        let frames: Vec<&Kept> = frames.iter().collect();
        for (kind, told) in data(&frames, &mut keyring(which)) {
            let is_part = sealed[&kind].windows(told.len()).any(|part| part == told);
            prop_assert!(is_part, "{:?}", String::from_utf8_lossy(&told));
        }
    }
}

/// Listens for how far the fields reach without a gap.
struct Tiles {
    end: usize,
    depth: usize,
}

impl Listener for Tiles {
    fn field(&mut self, field: &'static Field, octets: Range<usize>, _: Value<'_>) {
        if self.depth == 0 && !octets.is_empty() {
            assert_eq!(octets.start, self.end, "{}", field.name);
            self.end = octets.end;
        }
    }

    fn open(&mut self, field: &'static Field, octets: Range<usize>, value: Value<'_>) {
        self.field(field, octets, value);
        self.depth += 1;
    }

    fn close(&mut self) {
        self.depth -= 1;
    }
}

/// A key log, gone when the test ends.
struct KeyLog(PathBuf);

impl KeyLog {
    fn new(name: &str, text: &[u8]) -> Self {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("keys-{name}"));
        fs::write(&path, text).expect("a writable folder");
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().expect("UTF-8")
    }
}

impl Drop for KeyLog {
    fn drop(&mut self) {
        _ = fs::remove_file(&self.0);
    }
}

/// The key log that a capture holds.
fn secrets(file: &str) -> Vec<u8> {
    let mut source = wiretale::capture::open(&[file.into()]).expect("a capture");
    while !matches!(source.next(), Ok(None | Some(Moment::Secrets))) {}
    source.about().secrets[0].1.to_vec()
}

fn keyring(name: &str) -> Keyring {
    keys(&format!("fixtures/{name}.pcapng"))
}

fn capture(name: &str) -> Vec<&'static Kept> {
    let file = format!("fixtures/{name}.pcapng");
    frames().iter().filter(|kept| kept.file == file).collect()
}

fn copy(kept: &Kept) -> Kept {
    Kept { file: kept.file.clone(), octets: kept.octets.clone(), ..*kept }
}

/// The lines of what was decrypted and is whole, but for alerts.
fn heads(frames: &[&Kept], keyring: &mut Keyring) -> Vec<String> {
    let mut told = Vec::new();
    for kept in frames {
        let mut packet = Packet::dissect(kept.frame());
        keyring.open(&mut packet);
        for place in packet.places().filter(|place| place.lies_in == LiesIn::Decrypted) {
            let line = written(|ink| place.layer.line(ink));
            if matches!(place.layer, Layer::Http(_) | Layer::Http2(_)) && !line.ends_with('…') {
                told.push(line);
            }
        }
    }
    told
}

/// The source port, and what was in the records.
type Kind = (u16, &'static str);

/// What was decrypted, packet by packet.
fn data(frames: &[&Kept], keyring: &mut Keyring) -> Vec<(Kind, Vec<u8>)> {
    let mut told = Vec::new();
    for kept in frames {
        let mut packet = Packet::dissect(kept.frame());
        keyring.open(&mut packet);
        let Some((source, _)) = packet.ports() else { continue };
        for found in packet.found().iter().filter(|found| found.lies_in == LiesIn::Decrypted) {
            let octets = found.octets.kept();
            let is_tls = packet.places().any(|place| {
                place.octets.kept().as_ptr() == octets.as_ptr()
                    && matches!(place.layer, Layer::Tls(_))
            });
            let kind = match octets {
                _ if !is_tls => "data",
                [_, _] => "alert",
                _ => "handshake",
            };
            told.push(((source, kind), octets.to_vec()));
        }
    }
    told
}

fn is_hello(kept: &Kept) -> bool {
    let packet = Packet::dissect(kept.frame());
    packet.tcp().is_some_and(|tcp| matches!(tcp.payload().kept(), [22, _, _, _, _, 1, ..]))
}

/// A frame's segment in two: IPv4 over Ethernet, checksums left as they were.
fn split(kept: &Kept, len: usize, at: usize) -> [Kept; 2] {
    let head = kept.octets.len() - len;
    [(0, at), (at, len)].map(|(from, to)| {
        let mut part = copy(kept);
        part.octets.truncate(head);
        part.octets.extend_from_slice(&kept.octets[head + from..head + to]);
        part.len = part.octets.len();
        let total = (part.len - 14) as u16;
        part.octets[16..18].copy_from_slice(&total.to_be_bytes());
        let seq = u32::from_be_bytes([38, 39, 40, 41].map(|at| kept.octets[at]));
        part.octets[38..42].copy_from_slice(&seq.wrapping_add(from as u32).to_be_bytes());
        part
    })
}
