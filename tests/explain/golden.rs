//! What packets are explained as, word for word.
//!
//! After a change that is meant, `WIRETALE_BLESS=1 cargo test --test explain` writes the files anew; read the
//! difference.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::program;

/// A name, and the packets that are explained there.
const TOLD: [(&str, &[&[&str]]); 9] = [
    ("arp-and-names", &[&["fixtures/http-get.pcap", "1"], &["fixtures/http-get.pcap#5"]]),
    (
        "a-fetch",
        &[
            &["fixtures/http-get.pcap", "7"],
            &["fixtures/http-get.pcap", "8"],
            &["fixtures/http-get.pcap", "9"],
            &["fixtures/http-get.pcap", "10"],
            &["fixtures/http-get.pcap", "12"],
            &["fixtures/http-get.pcap", "18"],
        ],
    ),
    (
        "a-loss",
        &[
            &["fixtures/fast-retransmit.pcap", "16"],
            &["fixtures/fast-retransmit.pcap", "30"],
            &["fixtures/fast-retransmit.pcap", "39"],
            &["fixtures/timeout-retransmit.pcap", "10"],
        ],
    ),
    (
        "a-closed-window",
        &[
            &["fixtures/zero-window.pcap", "9"],
            &["fixtures/zero-window.pcap", "10"],
            &["fixtures/zero-window.pcap", "13"],
            &["fixtures/zero-window.pcap", "14"],
        ],
    ),
    ("a-refusal", &[&["fixtures/refused.pcap", "1"], &["fixtures/refused.pcap", "2"]]),
    (
        "an-error",
        &[&["fixtures/icmp.pcap", "1"], &["fixtures/icmp.pcap", "2"], &["fixtures/icmp.pcap", "5"]],
    ),
    ("fragments", &[&["fixtures/fragments.pcap", "1"], &["fixtures/fragments.pcap", "2"]]),
    (
        "tunnels",
        &[
            &["fixtures/vlan-in-vlan.pcap", "1"],
            &["fixtures/vxlan.pcap", "1"],
            &["fixtures/snaplen-96.pcap", "10"],
            &["fixtures/cut-short.pcap", "1"],
        ],
    ),
    (
        "other-papers",
        &[
            &["fixtures/http-get.pcap", "9", "--width", "60", "--ascii", "-S", "--time", "utc"],
            &["fixtures/http-get.pcap", "9", "-o", "ndjson"],
            &["fixtures/dhcp.pcap", "1", "--color=always"],
        ],
    ),
];

#[test]
fn packets_are_explained_as_before() {
    let mut stale = Vec::new();
    for (name, packets) in TOLD {
        let expected = Path::new("tests/explain/golden").join(format!("{name}.txt"));
        let told: String = packets.iter().map(|words| tell(words)).collect();
        if std::env::var_os("WIRETALE_BLESS").is_some() {
            fs::write(&expected, &told).expect("a writable folder");
        }
        let before = fs::read_to_string(&expected).unwrap_or_default();
        if let Some((one, other)) =
            before.lines().zip(told.lines()).find(|(one, other)| one != other)
        {
            stale.push(format!("{name}:\n- {one}\n+ {other}"));
        } else if before != told {
            stale.push(format!("{name}: it ends otherwise"));
        }
    }
    assert!(stale.is_empty(), "told otherwise:\n{}", stale.join("\n"));
}

fn tell(words: &[&str]) -> String {
    let output = program::run(&[&["explain"], words].concat());
    let mut told = format!("$ wiretale explain {}\n", words.join(" "));
    told += program::text(&output.stdout);
    told += program::text(&output.stderr);
    writeln!(told, "exit code {}\n", output.status.code().expect("no signal")).expect("room");
    told
}
