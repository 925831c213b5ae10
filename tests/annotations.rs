//! Verdicts stand as comments on the packets that they are about, and change nothing else.

mod program;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, process};

use program::{records, run, told};

/// A file of this process alone, gone at the end.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        Self(env::temp_dir().join(format!("wiretale-annotations-{}-{name}", process::id())))
    }

    fn path(&self) -> &str {
        self.0.to_str().expect("a plain path")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn annotate(from: &str, to: &str) -> String {
    told(&["why", "-w", to, "--annotate", from])
}

/// Records of where time went, without those of the capture, whose name is another one.
fn budgets(path: &str) -> Vec<String> {
    let records = told(&["why", "--json", path]);
    let budgets = records.lines().filter(|line| line.contains(r#""type":"budget""#));
    budgets.map(str::to_owned).collect()
}

/// Every packet that is commented on, and the comment.
fn comments(path: &str) -> Vec<(u64, String)> {
    let rows = records(&["packets", "--json", "-e", "frame.number", "-e", "frame.comment", path]);
    let said = rows.iter().filter_map(|record| {
        let field = |name: &str| record["fields"][name].clone();
        let number = field("frame.number").as_u64()?;
        Some((number, field("frame.comment").as_str()?.to_owned()))
    });
    said.collect()
}

#[test]
fn the_packets_of_a_verdict_say_it() {
    let (from, to) = ("fixtures/zero-window.pcap", Scratch::new("said.pcapng"));
    let page = annotate(from, to.path());
    assert!(page.contains("Where the time went"), "the question is answered, too: {page}");
    let records = program::read(&budgets(from).join("\n"));
    let comments = comments(to.path());
    let of = |packet: u64| -> &str {
        comments.iter().find(|(number, _)| *number == packet).map_or("", |(_, said)| said)
    };
    let connection = records.iter().find(|one| !one["connection"].is_null()).expect("a connection");
    for stall in connection["stalls"].as_array().expect("stalls") {
        let evidence = stall["evidence"].as_str().expect("evidence");
        for end in ["from_packet", "to_packet"] {
            let packet = stall[end].as_u64().expect("a packet");
            assert!(of(packet).contains(evidence), "#{packet} says {:?}", of(packet));
        }
        let first = stall["from_packet"].as_u64().expect("a packet");
        assert!(of(first).contains(stall["remedy"].as_str().expect("a remedy")));
    }
    let packets = connection["verdict"]["packets"].as_array().expect("packets");
    assert!(!packets.is_empty());
    for packet in packets.iter().filter_map(serde_json::Value::as_u64) {
        assert!(of(packet).contains("on connection 1"), "#{packet} says {:?}", of(packet));
    }
    assert!(comments.len() >= 2 && comments.len() < 20, "{comments:?}");
}

#[test]
fn the_same_account_comes_of_what_is_annotated_and_nothing_is_said_twice() {
    for name in ["zero-window.pcap", "timeout-retransmit.pcap", "refused.pcap", "tls13.pcapng"] {
        let from = format!("fixtures/{name}");
        let once = Scratch::new(&format!("once-{name}.pcapng"));
        let twice = Scratch::new(&format!("twice-{name}.pcapng"));
        annotate(&from, once.path());
        assert_eq!(budgets(&from), budgets(once.path()), "{name}");
        annotate(once.path(), twice.path());
        assert_eq!(comments(once.path()), comments(twice.path()), "{name}");
        let [once, twice] = [&once, &twice].map(|one| fs::read(&one.0).expect("a file"));
        assert!(once == twice, "{name}: annotated again it is another file");
    }
}

/// A classic capture as pcapng, with a comment on every packet.
fn commented(classic: &[u8], comment: &[u8]) -> Vec<u8> {
    let block = |kind: u32, body: Vec<u8>| -> Vec<u8> {
        let len = (body.len() as u32 + 12).to_le_bytes();
        [&kind.to_le_bytes()[..], &len, &body, &len].concat()
    };
    let section = [&0x1a2b_3c4d_u32.to_le_bytes()[..], &[1, 0, 0, 0], &[0xff; 8]].concat();
    let mut file = block(0x0a0d_0d0a, section);
    file.extend(block(1, vec![1, 0, 0, 0, 0, 0, 4, 0]));
    let mut rest = &classic[24..];
    let word = |rest: &[u8], at: usize| {
        u32::from_le_bytes(rest[at..at + 4].try_into().expect("four octets"))
    };
    while rest.len() >= 16 {
        let (kept, len) = (word(rest, 8), word(rest, 12));
        let micros = u64::from(word(rest, 0)) * 1_000_000 + u64::from(word(rest, 4));
        let mut body = Vec::new();
        for number in [0, (micros >> 32) as u32, micros as u32, kept, len] {
            body.extend(number.to_le_bytes());
        }
        let pad = |body: &mut Vec<u8>| body.resize(body.len().next_multiple_of(4), 0);
        body.extend(&rest[16..16 + kept as usize]);
        pad(&mut body);
        body.extend([1, 0, comment.len() as u8, 0]);
        body.extend(comment);
        pad(&mut body);
        body.extend([0; 4]);
        file.extend(block(6, body));
        rest = &rest[16 + kept as usize..];
    }
    file
}

#[test]
fn what_others_said_stays() {
    let classic = fs::read("fixtures/zero-window.pcap").expect("a fixture");
    let (from, to) = (Scratch::new("mine.pcapng"), Scratch::new("both.pcapng"));
    fs::write(&from.0, commented(&classic, b"seen by me")).expect("room");
    let before = comments(from.path());
    assert!(before.len() > 20 && before.iter().all(|(_, said)| said == "seen by me"));
    annotate(from.path(), to.path());
    let after = comments(to.path());
    assert_eq!(before.len(), after.len());
    assert!(after.iter().all(|(_, said)| said.starts_with("seen by me")));
    assert!(after.iter().any(|(_, said)| said.contains("wiretale: ")));
}

#[test]
fn what_can_be_read_only_once_or_in_part_is_refused() {
    let to = Scratch::new("refused.pcapng");
    let classic = Scratch::new("refused.pcap");
    let fixture = "fixtures/zero-window.pcap";
    for (arguments, said) in [
        (&["why", "--annotate", "-w", to.path(), "-"][..], "can be read only once"),
        (&["why", "--annotate", "-w", to.path(), "/dev/null"], "can be read only once"),
        (&["why", "--annotate", "-w", to.path(), "-i", "lo"], "keep what passes in a file"),
        (&["why", "--annotate", "-w", to.path(), "-Y", "tcp", fixture], "by their numbers"),
        (&["tell", "--annotate", "-w", to.path(), "-f", "tcp", fixture], "by their numbers"),
        (&["why", "--annotate", "-w", classic.path(), fixture], "no place for comments"),
        (&["why", "--annotate", fixture], "--write"),
    ] {
        let output = run(arguments);
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {words}");
        assert!(words.contains(said), "{arguments:?}: {words}");
        assert!(!to.0.exists() && !classic.0.exists(), "{arguments:?} wrote something");
    }
}

#[test]
fn tshark_reads_it_without_a_warning_and_shows_the_same_comments() {
    let is_there = |folder: PathBuf| folder.join("tshark").is_file();
    if !env::var_os("PATH").is_some_and(|path| env::split_paths(&path).any(is_there)) {
        eprintln!("skipped: tshark is not installed");
        return;
    }
    for name in ["zero-window.pcap", "names.pcapng"] {
        let to = Scratch::new(&format!("tshark-{name}.pcapng"));
        let from = Path::new("fixtures").join(name);
        told(&["tell", "-w", to.path(), "--annotate", from.to_str().expect("a plain path")]);
        let output = Command::new("tshark")
            .args(["-r", to.path(), "-T", "json", "-e", "frame.number", "-e", "frame.comment"])
            .output()
            .expect("tshark");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let warnings: Vec<_> =
            said.lines().filter(|line| !line.contains("as user \"root\"")).collect();
        assert!(output.status.success() && warnings.is_empty(), "{name}: {warnings:?}");
        let packets: Vec<serde_json::Value> = serde_json::from_slice(&output.stdout).expect("JSON");
        let theirs: Vec<(u64, String)> = packets
            .iter()
            .filter_map(|packet| {
                let layers = &packet["_source"]["layers"];
                let number = layers["frame.number"][0].as_str()?.parse().ok()?;
                Some((number, layers["frame.comment"][0].as_str()?.to_owned()))
            })
            .collect();
        assert_eq!(theirs, comments(to.path()), "{name}");
    }
}
