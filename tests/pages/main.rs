//! A page says what the capture holds, asks nobody for anything, and nothing from the wire becomes a part
//! of it.

mod browser;
mod captures;
mod skeleton;

use std::io::Write;
use std::process::{Command, Stdio};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use captures::{Capture, Saying};
use proptest::prelude::*;
use ring::digest::{SHA256, digest};
use skeleton::Skeleton;
use unicode_width::UnicodeWidthChar;

/// What `wiretale` writes when it reads a capture from standard input.
fn page(arguments: &[&str], capture: &[u8]) -> String {
    let mut wiretale = Command::new(env!("CARGO_BIN_EXE_wiretale"))
        .args(arguments)
        .args(["-o", "html"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("wiretale");
    wiretale.stdin.take().expect("a pipe").write_all(capture).expect("room");
    let told = wiretale.wait_with_output().expect("an end");
    let said = String::from_utf8_lossy(&told.stderr).into_owned();
    assert!(told.status.success(), "{arguments:?}: {said}");
    String::from_utf8(told.stdout).expect("UTF-8")
}

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(format!("fixtures/{name}")).expect(name)
}

/// Questions, and captures that they are put to.
const PAGES: [(&[&str], &str); 12] = [
    (&["tell", "-"], "two-requests.pcapng"),
    (&["why", "-"], "two-requests.pcapng"),
    (&["why", "-", "1"], "zero-window.pcap"),
    (&["flows", "-"], "names.pcapng"),
    (&["flow", "-", "1"], "fast-retransmit.pcap"),
    (&["flow", "-", "1"], "dns-types.pcap"),
    (&["exchanges", "-"], "dns-errors.pcap"),
    (&["exchanges", "-"], "pipelined.pcap"),
    (&["why", "-"], "empty.pcap"),
    (&["tell", "-"], "arp-unanswered.pcap"),
    (&["why", "-", "1"], "refused.pcap"),
    (&["tell", "-"], "snaplen-96.pcap"),
];

#[test]
fn a_page_needs_nothing_and_nobody() {
    for (arguments, name) in PAGES {
        let page = page(arguments, &fixture(name));
        let skeleton = Skeleton::of(&page);
        skeleton.assert_ours(&page);
        assert!(!skeleton.heading().is_empty(), "{arguments:?} {name} has no verdict");
    }
}

#[test]
fn the_verdict_leads_and_is_that_of_the_records() {
    for (number, name) in [("1", "zero-window.pcap"), ("1", "refused.pcap")] {
        let capture = fixture(name);
        let page = page(&["why", "-", number], &capture);
        let records = Command::new("bash")
            .arg("-c")
            .arg(r#""$0" why --json - "$1" < "fixtures/$2""#)
            .args([env!("CARGO_BIN_EXE_wiretale"), number, name])
            .output()
            .expect("records");
        let records = String::from_utf8(records.stdout).expect("UTF-8");
        let sentence = records
            .lines()
            .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
            .find_map(|record| record["verdict"]["sentence"].as_str().map(str::to_owned))
            .expect("a verdict");
        assert_eq!(Skeleton::of(&page).heading(), sentence, "{name}");
    }
}

#[test]
fn packets_that_a_verdict_names_are_on_the_page() {
    let page = page(&["why", "-", "1"], &fixture("zero-window.pcap"));
    let skeleton = Skeleton::of(&page);
    assert!(skeleton.links.len() > 4, "{:?}", skeleton.links);
    for link in &skeleton.links {
        assert!(skeleton.ids.contains(&link[1..].to_owned()), "{link} leads nowhere");
    }
    for id in ["sequence", "roundtrips", "waterfall", "buckets", "waits", "ladder", "p1"] {
        assert!(skeleton.ids.contains(&id.to_owned()), "no {id}");
    }
}

#[test]
fn the_policy_allows_the_style_that_is_there_and_no_other() {
    let page = page(&["tell", "-"], &fixture("http-get.pcap"));
    let (_, style) = page.split_once("<style>").expect("a style");
    let (style, _) = style.split_once("</style>").expect("its end");
    let mut hash = [0; 44];
    let sum = digest(&SHA256, style.as_bytes());
    assert_eq!(STANDARD.encode_slice(sum, &mut hash), Ok(44));
    let hash = String::from_utf8_lossy(&hash);
    let policy = Skeleton::of(&page).policy.expect("a policy");
    assert_eq!(
        policy,
        format!(
            "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'"
        )
    );
}

#[test]
fn a_long_capture_makes_no_long_page() {
    let mut capture = Capture::default();
    for client in 0..400 {
        let saying = Saying { host: b"long.example".to_vec(), ..Saying::default() };
        capture.web(client, &saying, 60);
    }
    capture.transfer(9_000, 30_000);
    for arguments in [&["why", "-"][..], &["flows", "-"], &["exchanges", "-"], &["why", "-", "401"]]
    {
        let page = page(arguments, capture.octets());
        assert!(page.len() < 1_500_000, "{arguments:?}: {} octets", page.len());
        Skeleton::of(&page).assert_ours(&page);
    }
    let page = page(&["flows", "-"], capture.octets());
    assert!(page.contains("201 more"), "what is not in the table is counted");
}

#[test]
fn what_a_filter_leaves_out_is_on_no_page() {
    let rows = |filter: &str| {
        let page = page(&["flows", "-", "-Y", filter], &fixture("names.pcapng"));
        [1, 2].map(|id| page.contains(&format!("<tr id=\"c{id}\"")))
    };
    assert_eq!(rows("frame"), [true, true]);
    assert_eq!(rows("udp"), [true, false], "the connection is left out");
    assert_eq!(rows("tcp"), [false, true], "the question for the address is left out");
}

#[test]
fn processes_have_no_place_and_other_questions_no_page() {
    for (arguments, said) in [
        (&["packets", "-o", "html", "fixtures/arp.pcap"][..], "-o html is for"),
        (&["interfaces", "-o", "html"], "-o html is for"),
        (&["flows", "--proc", "-o", "html", "-i", "lo"], "no place for processes"),
    ] {
        let told = Command::new(env!("CARGO_BIN_EXE_wiretale")).args(arguments).output();
        let told = told.expect("wiretale");
        let words = String::from_utf8_lossy(&told.stderr).into_owned();
        assert_eq!(told.status.code(), Some(2), "{arguments:?}: {words}");
        assert!(words.contains(said), "{arguments:?}: {words}");
    }
}

/// Octets that somebody may send to become a part of the page.
fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let pieces = prop_oneof![
        Just(b"<script>document.title='ran'</script>".to_vec()),
        Just(b"</title></text></svg><img src=x onerror=alert(1)>".to_vec()),
        Just(b"\"><a href=javascript:alert(1)>".to_vec()),
        Just(b"' onload='alert(1)".to_vec()),
        Just(b"]]>--></style><!--".to_vec()),
        Just(b"&lt;&#60;&amp".to_vec()),
        Just("\u{202e}\u{2066}\u{200f}\u{feff}\u{200b}".as_bytes().to_vec()),
        Just(b"\x1b[31m\x07\x00\x7f\x9b".to_vec()),
        Just(b"\xff\xfe\xc0\xaf\xed\xa0\x80".to_vec()),
        prop::collection::vec(any::<u8>(), 0..12),
        Just(b"plain".to_vec()),
    ];
    prop::collection::vec(pieces, 1..4).prop_map(|pieces| pieces.concat())
}

fn saying() -> impl Strategy<Value = Saying> {
    (hostile(), hostile(), hostile(), hostile(), hostile())
        .prop_map(|(host, target, reason, kind, name)| Saying { host, target, reason, kind, name })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// The elements of a page and their attributes are ours, whatever stands on the wire; and every
    /// character can be looked at.
    #[test]
    fn nothing_from_the_wire_becomes_markup(saying in saying()) {
        let mut capture = Capture::default();
        capture.question(7, &saying.name);
        capture.web(0, &saying, 60);
        capture.hello(1, &saying.host);
        for arguments in [&["tell", "-"][..], &["flows", "-"], &["exchanges", "-"], &["why", "-", "2"], &["flow", "-", "1"]] {
            let page = page(arguments, capture.octets());
            Skeleton::of(&page).assert_ours(&page);
            let strange = page.chars().find(|one| *one != '\n' && one.width().is_none_or(|wide| wide == 0));
            prop_assert_eq!(strange, None);
        }
    }
}
