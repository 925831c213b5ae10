//! Whose time was it really? Captures of which that is known.
//!
//! Not part of the tests of a clone: `.ci/run` runs it where the captures lie beside the clone, and names
//! their folders in `WIRETALE_CORPUS` and `WIRETALE_TCPLAB`. Of the laboratory's captures it is known what
//! its programs slept, what its network dropped and what its kernels counted.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// What `why` says of a capture: a record for each connection, and one for all together.
fn told(path: &Path) -> Vec<Value> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wiretale"));
    let output = command.args(["why", "--json"]).arg(path).output().expect("the program");
    assert!(matches!(output.status.code(), Some(0..=2)), "{}: {output:?}", path.display());
    let lines = String::from_utf8(output.stdout).expect("UTF-8");
    let records = lines.lines().map(|line| serde_json::from_str(line).expect("JSON"));
    records.filter(|record: &Value| record["type"] == "budget").collect()
}

fn folder(name: &str) -> PathBuf {
    let folder = std::env::var_os(name);
    PathBuf::from(folder.unwrap_or_else(|| panic!("{name} names the folder of the captures")))
}

fn captures(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            captures(&path, found);
        } else if matches!(
            path.extension().and_then(|it| it.to_str()),
            Some("pcap" | "pcapng" | "cap")
        ) {
            found.push(path);
        }
    }
}

fn nanos(record: &Value, bucket: &str) -> u64 {
    record["buckets"][bucket].as_u64().unwrap_or_else(|| panic!("no {bucket} in {record}"))
}

/// The sum of the buckets is the wall time to the nanosecond; waits tile it, and begin and end at packets.
#[test]
fn the_time_of_every_connection_adds_up() {
    let mut paths = Vec::new();
    captures(&folder("WIRETALE_CORPUS"), &mut paths);
    captures(&folder("WIRETALE_TCPLAB"), &mut paths);
    let mut connections = 0;
    for path in &paths {
        for record in told(path) {
            let wall = record["wall_ns"].as_u64().expect("a time");
            let buckets = record["buckets"].as_object().expect("buckets");
            let sum: u64 = buckets.values().map(|value| value.as_u64().expect("a time")).sum();
            assert_eq!(sum, wall, "{}: {record}", path.display());
            let Some(waits) = record["waits"].as_array() else { continue };
            connections += 1;
            if record["waits_omitted"] == 0 {
                let sum: u64 = waits.iter().map(|wait| wait["ns"].as_u64().expect("a time")).sum();
                assert_eq!(sum, wall, "{}: the waits", path.display());
            }
            for wait in waits {
                assert!(wait["from_packet"].as_u64() > Some(0), "{}: {wait}", path.display());
                assert!(wait["from_packet"].as_u64() <= wait["to_packet"].as_u64(), "{wait}");
            }
        }
    }
    eprintln!("{connections} connections in {} captures", paths.len());
    assert!(connections > 1400, "{connections}");
}

/// The culprit of captures that are told of in books, and the packets that show it.
#[test]
fn the_culprit_is_named_with_the_right_packets() {
    let corpus = folder("WIRETALE_CORPUS");
    let expected: [(&str, Option<&str>, &[u64]); 8] = [
        ("latency1", None, &[]),
        ("latency2", Some("network"), &[4, 6]),
        ("nowebaccess1", Some("resolver"), &[3, 9]),
        ("stranded_clientside", Some("resolver"), &[1, 2]),
        ("tcp_retransmissions", Some("network"), &[3, 6]),
        ("tcp_dupack", Some("network"), &[8]),
        ("tcp_zerowindowrecovery", Some("client"), &[4, 5]),
        ("weather_working", None, &[]),
    ];
    for (name, side, packets) in expected {
        let records = told(&corpus.join(format!("chrissanders/{name}.pcapng")));
        let verdict = &records.last().expect("all together")["verdict"];
        assert_eq!(verdict["side"].as_str(), side, "{name}: {verdict}");
        let shown = verdict["packets"].as_array().cloned().unwrap_or_default();
        for packet in packets {
            assert!(shown.contains(&Value::from(*packet)), "{name}: {packet} in {verdict}");
        }
    }
}

/// A server that thinks, an answer with pauses, losses behind the capture, and one Nagle stall.
#[test]
fn a_story_with_four_causes_is_told_with_all_of_them() {
    let records = told(&folder("WIRETALE_CORPUS").join("lab/after-tap-loss.pcap"));
    let whole = records.last().expect("all together");
    assert_eq!(whole["verdict"]["side"], "server");
    let thinking = nanos(whole, "server_think");
    assert!((843_000_000..845_000_000).contains(&thinking), "{thinking}");
    let stalls: Vec<&Value> =
        records.iter().flat_map(|record| record["stalls"].as_array().expect("stalls")).collect();
    let named = |name: &str| {
        let found = stalls.iter().find(|stall| stall["name"] == name);
        *found.unwrap_or_else(|| panic!("no {name} in {stalls:?}"))
    };
    named("slow_answer");
    named("silent_mid_response");
    let loss = named("loss");
    let evidence = loss["evidence"].as_str().expect("words");
    assert!(evidence.contains("behind the capture") && evidence.contains("client"), "{evidence}");
    let nagle = named("nagle_delayed_ack");
    assert_eq!(nagle["packets"], Value::from(vec![22383, 22384, 22385]));
    let ns = nagle["ns"].as_u64().expect("a time");
    assert!((43_700_000..44_000_000).contains(&ns), "{ns}");
}

/// What was slept, dropped or not read in the laboratory: seconds of a bucket, and how far off they may be.
/// Of each scenario both ends captured.
const TRUTH: [(&str, &str, f64, f64); 12] = [
    ("A08think", "server_think", 0.800, 0.004),
    ("A08think", "client_think", 0.400, 0.006),
    ("S08think", "server_think", 0.500, 0.006),
    ("S08think", "client_think", 0.200, 0.004),
    // 29 pauses of 50 ms, less what the path delayed the segments before them.
    ("A07app", "response_application", 1.450, 0.080),
    ("S07app", "response_application", 1.450, 0.080),
    // It reads 64 KiB every 3 s.
    ("A06bzwp", "window_closed", 68.7, 0.5),
    ("S06bzwp", "window_closed", 68.7, 0.5),
    // 20 ms between two reads of 4 KiB.
    ("A06slow", "window_small", 1.45, 0.10),
    ("S06slow", "window_small", 1.45, 0.10),
    ("S17half", "response_application", 0.200, 0.004),
    ("A01clean", "server_think", 0.100, 0.020),
];

#[test]
fn the_time_of_the_laboratory_is_told_from_both_ends() {
    let lab = folder("WIRETALE_TCPLAB").join("caps/own");
    for (scenario, bucket, seconds, tolerance) in TRUTH {
        for end in ["c", "s"] {
            let path = lab.join(format!("{scenario}.{end}.pcap"));
            let records = told(&path);
            let whole = records.last().expect("all together");
            let found = nanos(whole, bucket) as f64 / 1e9;
            eprintln!("{scenario}.{end}: {bucket} {found:.4} s, truth {seconds:.3} s");
            assert!((found - seconds).abs() <= tolerance, "{scenario}.{end}: {bucket} {found}");
        }
    }
    // The SYN that was lost never came to the server.
    for (scenario, end, bucket) in [
        ("A13synlost", "c", "connect_retry"),
        ("S13synlost", "c", "connect_retry"),
        ("S14synacklost", "c", "connect_retry"),
        ("S14synacklost", "s", "connect_retry"),
    ] {
        let records = told(&lab.join(format!("{scenario}.{end}.pcap")));
        let whole = records.last().expect("all together");
        assert!(nanos(whole, bucket) > 990_000_000, "{scenario}.{end}");
        assert_eq!(whole["verdict"]["side"], "network", "{scenario}.{end}");
    }
}

/// Fast and without loss: nobody is to blame.
#[test]
fn where_nothing_is_wrong_nothing_stands_out() {
    let lab = folder("WIRETALE_TCPLAB").join("caps/own");
    for scenario in ["S11ka", "S20breuse_tw", "S21tfo", "S27frag"] {
        for end in ["c", "s"] {
            let records = told(&lab.join(format!("{scenario}.{end}.pcap")));
            let whole = records.last().expect("all together");
            assert_eq!(whole["verdict"]["side"], Value::Null, "{scenario}.{end}: {whole}");
        }
    }
}
