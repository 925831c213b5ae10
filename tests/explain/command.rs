//! What the command line takes, and what it says to the rest.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::program::{self, text};

const CAPTURE: &str = "fixtures/http-get.pcap";

fn explain(words: &[&str]) -> Output {
    program::run(&[&["explain"], words].concat())
}

/// One sentence on standard error that holds these words, and nothing on standard output.
fn complains(words: &[&str], said: &str, code: i32) {
    let output = explain(words);
    let told = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{words:?}: {told}");
    assert!(told.starts_with("wiretale: ") && told.contains(said), "{words:?}: {told}");
    assert_eq!(told.lines().count(), 1, "{told}");
    assert!(output.stdout.is_empty(), "{words:?}");
}

#[test]
fn what_cannot_be_explained_gets_one_sentence() {
    complains(&[CAPTURE], "which packet?", 2);
    complains(&["7"], "which file?", 2);
    complains(&[CAPTURE, "-o", "csv", "7"], "no columns", 2);
    complains(&[CAPTURE, "-o", "zeek", "7"], "zeek", 2);
    complains(&["-i", "lo", "7"], "from a file", 2);
    complains(&[CAPTURE, "21"], "no packet 21: the capture has 20 packets", 1);
    complains(&[CAPTURE, "0"], "no packet 0: the capture has 20 packets", 1);
    complains(&["fixtures/empty.pcap", "1"], "the capture has 0 packets", 1);
    complains(&["--json", CAPTURE, "21"], "no packet 21", 1);
    complains(&["-Y", "arp", CAPTURE, "7"], "does not pass the filter", 1);
    complains(&["-f", "arp", CAPTURE, "7"], "leaves it out", 1);
    complains(&["-c", "5", CAPTURE, "7"], "not among the 5 that -c lets pass", 1);
    complains(&["no-such.pcap", "7"], "no-such.pcap", 1);
}

#[test]
fn a_packet_is_named_in_several_ways() {
    let told = explain(&[CAPTURE, "9"]);
    assert_eq!(told.status.code(), Some(0));
    let same = |words: &[&str]| {
        let output = explain(words);
        assert_eq!(text(&output.stdout), text(&told.stdout), "{words:?}");
        assert_eq!(output.status.code(), Some(0));
    };
    same(&["fixtures/http-get.pcap#9"]);
    same(&["-n", CAPTURE, "9"]);
    same(&["-r", CAPTURE, "9"]);
    let mut child = Command::new(env!("CARGO_BIN_EXE_wiretale"))
        .args(["explain", "-", "9"])
        .env("LC_ALL", "C.UTF-8")
        .stdin(fs::File::open(CAPTURE).expect("the capture"))
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program");
    assert!(child.wait().expect("an end").success());
}

/// The filter leaves packets out, and what is told of the others stays true to them.
#[test]
fn a_filter_changes_no_number() {
    let output = explain(&["-f", "tcp", CAPTURE, "9"]);
    let told = text(&output.stdout);
    assert!(told.starts_with("#9  "), "{told}");
    assert!(told.contains("SYN-ACK #8"), "{told}");
}

/// What is kept is kept whole, though less is read to explain a packet.
#[test]
fn a_savefile_is_not_cut_short() {
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join("explain-kept.pcap");
    let path = kept.to_str().expect("UTF-8");
    let output = explain(&["-w", path, "fixtures/dns-types.pcap", "1"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let count = |path: &str| text(&program::run(&["packets", path]).stdout).lines().count();
    assert_eq!(count(path), count("fixtures/dns-types.pcap"));
    fs::remove_file(kept).expect("it was there");
}

/// The command that is told gets through to tshark whatever the file is called.
#[test]
fn the_command_survives_a_shell() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    for name in ["plain.pcap", "it's $HOME; `id`.pcap", "a b\\c \"d\".pcap", "-r.pcap"] {
        let path = folder.join(name);
        fs::copy(CAPTURE, &path).expect("a writable folder");
        let path = path.to_str().expect("UTF-8");
        let output = explain(&["--json", path, "3"]);
        let record = text(&output.stdout).lines().last().expect("a record");
        let record: serde_json::Value = serde_json::from_str(record).expect("JSON");
        let script = format!(
            "tshark() {{ printf '%s\\n' \"$@\"; }}; {}",
            record["tshark"].as_str().expect("words")
        );
        let shell = Command::new("sh").args(["-c", &script]).output().expect("a shell");
        let words: Vec<&str> = text(&shell.stdout).lines().collect();
        assert_eq!(words, ["-r", path, "-Y", "frame.number==3", "-V"]);
        fs::remove_file(path).expect("it was there");
    }
}
