//! How fast are connections followed, beside tcptrace and tshark on the same captures in the same run?
//!
//! `cargo bench --bench flows`. Ratios are what counts: the programs run in turn, each on one core, the
//! capture in the page cache, output thrown away. Times are processor time as the kernel accounts it.
//! tshark gets the first tenth of each capture, and is counted as if the rest took it as long.

#![allow(clippy::cast_precision_loss)] // packets are counted in millions

#[path = "generate.rs"]
mod generate;
#[path = "measure.rs"]
mod measure;

use std::fs;
use std::path::Path;
use std::process::Command;

use measure::{median, peak_memory, processor_time, verdict};

const ROUNDS: usize = 3;
/// `flows` must be so many times as fast.
const TIMES_TCPTRACE: f64 = 4.0;
const TIMES_TSHARK: f64 = 50.0;
/// Of connections of which only a SYN was seen.
const HALF_OPEN: u32 = 1_000_000;

fn main() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    for concurrent in [100, 10_000, 100_000] {
        let recipe = |connections| generate::Recipe {
            connections,
            concurrent,
            exchanges: 12,
            payload: 100,
            seed: 7,
        };
        let (path, tenth) = (folder.join("flows.pcap"), folder.join("flows-tenth.pcap"));
        let packets = generate::write(&path, &recipe(120_000)).expect("room for the capture");
        let fewer = generate::write(&tenth, &recipe(12_000)).expect("room for the capture");
        println!("{packets} packets, {concurrent} connections at once");
        compare(&path, packets, &tenth, fewer);
        fs::remove_file(path).expect("the capture");
        fs::remove_file(tenth).expect("the capture");
    }
    let path = folder.join("half-open.pcap");
    generate::write_half_open(&path, HALF_OPEN, 7).expect("room for the capture");
    for (question, asks) in [("flows", flows as fn(&Path) -> Command), ("why", why)] {
        let seconds = processor_time(asks(&path));
        let peak = peak_memory(asks(&path));
        println!(
            "{question} of {HALF_OPEN} half-open connections: {seconds:.2} s, at most {} MB, {} octets each",
            peak / 1_000_000,
            peak / u64::from(HALF_OPEN)
        );
    }
    fs::remove_file(path).expect("the capture");
}

fn compare(path: &Path, packets: u64, tenth: &Path, fewer: u64) {
    let tcptrace = || {
        let mut command = Command::new("tcptrace");
        command.arg("-n").arg(path);
        command
    };
    let tshark = || {
        let mut command = Command::new("tshark");
        command.args(["-n", "-q", "-z", "conv,tcp", "-r"]).arg(tenth);
        command
    };
    let has = |program: &str| Command::new(program).arg("-v").output().is_ok();
    let (mut to_tcptrace, mut to_tshark) = (Vec::new(), Vec::new());
    for round in 1..=ROUNDS {
        fs::read(path).expect("the capture in the page cache");
        let own = processor_time(flows(path)) / packets as f64;
        print!("round {round}: {:.0} ns a packet", own * 1e9);
        let why = processor_time(why(path)) / packets as f64;
        print!("; why {:.0}, {:.1} times as long", why * 1e9, why / own);
        if has("tcptrace") {
            let theirs = processor_time(tcptrace()) / packets as f64;
            to_tcptrace.push(theirs / own);
            print!("; tcptrace {:.0}, {:.1} times as fast", theirs * 1e9, theirs / own);
        }
        if has("tshark") {
            let theirs = processor_time(tshark()) / fewer as f64;
            to_tshark.push(theirs / own);
            print!("; tshark {:.0}, {:.0} times as fast", theirs * 1e9, theirs / own);
        }
        println!();
    }
    for (what, ratios, bar) in [
        ("times as fast as tcptrace -n", &mut to_tcptrace, TIMES_TCPTRACE),
        ("times as fast as tshark -q -z conv,tcp", &mut to_tshark, TIMES_TSHARK),
    ] {
        if ratios.is_empty() {
            println!("skipped: there is nothing to be {what}, for it is not installed");
        } else {
            verdict(what, median(ratios), bar);
        }
    }
}

fn flows(path: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wiretale"));
    command.args(["flows", "-o", "csv"]).arg(path);
    command
}

fn why(path: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wiretale"));
    command.arg("why").arg(path);
    command
}
