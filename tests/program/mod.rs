//! The program as somebody calls it, with nothing at its standard input.

#![allow(dead_code)] // each test builds this anew and uses its own part

use std::process::{Command, Output, Stdio};

use serde_json::Value;

pub(crate) fn run(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wiretale"));
    command.env("LC_ALL", "C.UTF-8").env("TZ", "UTC").stdin(Stdio::null());
    command.env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
    command.args(arguments).output().expect("the program")
}

/// What it tells, when all goes well.
pub(crate) fn told(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
    text(&output.stdout).to_owned()
}

/// Likewise, where it tells a record a line.
pub(crate) fn records(arguments: &[&str]) -> Vec<Value> {
    read(&told(arguments))
}

pub(crate) fn read(records: &str) -> Vec<Value> {
    records.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

pub(crate) fn text(octets: &[u8]) -> &str {
    std::str::from_utf8(octets).expect("UTF-8")
}
