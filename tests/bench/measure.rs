//! How much of a processor does a program take?

#![allow(dead_code)] // each bench builds this anew and uses its own part

use std::fs;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

pub(crate) fn verdict(what: &str, median: f64, bar: f64) {
    let word = if median >= bar { "reached" } else { "MISSED" };
    println!("median {median:.2} {what}; the bar of {bar} is {word}");
}

pub(crate) fn median(figures: &mut [f64]) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// Runs a command with its output thrown away; the seconds its process took of a core.
pub(crate) fn processor_time(mut command: Command) -> f64 {
    let before = children();
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status().expect("a program");
    assert!(status.success(), "{command:?}");
    children() - before
}

/// Seconds of processor time of all children so far: proc(5), fields cutime and cstime, in hundredths.
pub(crate) fn children() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").expect("proc");
    let fields: Vec<&str> = stat.rsplit(')').next().expect("fields").split_whitespace().collect();
    let ticks = |at: usize| fields[at].parse::<f64>().expect("ticks");
    (ticks(13) + ticks(14)) / 100.0
}

/// Runs a command with its output thrown away; the most octets of memory that its process held.
pub(crate) fn peak_memory(mut command: Command) -> u64 {
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("a program");
    let path = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().expect("a child").is_none() {
        // proc(5): VmHWM never falls; the last reading before the end is short of it by little.
        let status = fs::read_to_string(&path).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        peak = peak.max(kibibytes.unwrap_or(0) * 1024);
        thread::sleep(Duration::from_millis(2));
    }
    assert!(child.wait().expect("a child").success(), "{command:?}");
    peak
}
