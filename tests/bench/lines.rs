//! How many lines a second, beside tcpdump on the same capture in the same run?
//!
//! `cargo bench`. Ratios are what counts: both programs run in turn, each on one core, the capture in the
//! page cache, output thrown away. Times are processor time as the kernel accounts it.

#![allow(clippy::cast_precision_loss)] // packets are counted in millions

#[path = "generate.rs"]
mod generate;
#[path = "measure.rs"]
mod measure;

use std::fs;
use std::path::Path;
use std::process::Command;

use measure::{median, processor_time, verdict};

const ROUNDS: usize = 5;
/// `packets` must write so many lines a second, and so many times as many as tcpdump.
const LINES_PER_SECOND: f64 = 4e6;
const TIMES_TCPDUMP: f64 = 6.0;

fn main() {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("small-packets.pcap");
    let recipe = generate::Recipe {
        connections: 40_000,
        concurrent: 1000,
        exchanges: 12,
        payload: 48,
        seed: 1,
    };
    let packets = generate::write(&path, &recipe).expect("room for the capture");
    println!(
        "{packets} packets, {} MB",
        fs::metadata(&path).expect("the capture").len() / 1_000_000
    );

    let ours = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wiretale"));
        command.arg("packets").arg(&path);
        command
    };
    let tcpdump = || {
        let mut command = Command::new("tcpdump");
        command.args(["-nn", "-r"]).arg(&path).env("TZ", "UTC");
        command
    };
    let has_tcpdump = Command::new("tcpdump").arg("--version").output().is_ok();
    let mut rates = Vec::new();
    let mut ratios = Vec::new();
    for round in 1..=ROUNDS {
        fs::read(&path).expect("the capture in the page cache");
        let own = processor_time(ours());
        let rate = packets as f64 / own;
        rates.push(rate);
        print!("round {round}: {:.2} million lines/s, {:.0} ns a line", rate / 1e6, 1e9 / rate);
        if has_tcpdump {
            let theirs = processor_time(tcpdump());
            ratios.push(theirs / own);
            print!(
                "; tcpdump {:.2} million; {:.1} times as fast",
                packets as f64 / theirs / 1e6,
                theirs / own
            );
        }
        println!();
    }
    fs::remove_file(&path).expect("the capture");
    verdict("million lines/s", median(&mut rates) / 1e6, LINES_PER_SECOND / 1e6);
    if has_tcpdump {
        verdict("times the lines of tcpdump -nn", median(&mut ratios), TIMES_TCPDUMP);
    } else {
        println!("skipped: tcpdump is not installed, so there is nothing to compare with");
    }
}
