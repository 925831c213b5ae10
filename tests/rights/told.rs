//! What do processes tell of themselves, and the system of them?

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Stdio};

/// Starts the program, by way of another one that takes rights from it, if there is one.
pub(super) fn start(by: &[&str], program: &Path, words: &[&str]) -> Command {
    let mut command = match by {
        [] => Command::new(program),
        [first, others @ ..] => {
            let mut command = Command::new(first);
            command.args(others).arg(program);
            command
        }
    };
    command.arg("child").args(words).env_remove("SUDO_UID").env_remove("SUDO_GID");
    command
}

/// What a process told of itself after it had given up everything, and what the system says of it.
pub(super) struct Told(pub(super) String);

impl Told {
    pub(super) fn by(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program");
        let mut told = String::new();
        let mut output = BufReader::new(child.stdout.take().expect("a pipe"));
        while !told.ends_with("ready\n") {
            if output.read_line(&mut told).expect("UTF-8") == 0 {
                let output = child.wait_with_output().expect("an end");
                panic!("{told}{}", String::from_utf8_lossy(&output.stderr));
            }
        }
        for file in ["status", "limits"] {
            let path = format!("/proc/{}/{file}", child.id());
            told += &fs::read_to_string(path).expect("the process waits");
        }
        drop(child.stdin.take());
        output.read_to_string(&mut told).expect("UTF-8");
        let output = child.wait_with_output().expect("an end");
        assert!(output.status.success(), "{told}{}", String::from_utf8_lossy(&output.stderr));
        Self(told)
    }

    /// What stands behind some words at the beginning of a line.
    pub(super) fn of(&self, words: &str) -> &str {
        let line = self.0.lines().find_map(|line| line.strip_prefix(words));
        line.unwrap_or_else(|| panic!("no {words} in {}", self.0)).trim()
    }

    /// The numbers of a line of /proc/PID/status.
    pub(super) fn numbers(&self, word: &str) -> Vec<u32> {
        self.of(word).split_whitespace().map(|number| number.parse().expect("a number")).collect()
    }

    /// The process is of this user and may do nothing that others may not.
    pub(super) fn has_no_rights(&self, uid: u32, gid: u32) {
        for set in ["CapInh:", "CapPrm:", "CapEff:", "CapAmb:"] {
            assert_eq!(self.of(set), "0000000000000000", "{set}");
        }
        assert_eq!(self.of("NoNewPrivs:"), "1");
        assert_eq!(self.numbers("Uid:"), [uid; 4]);
        assert_eq!(self.numbers("Gid:"), [gid; 4]);
        let limits: Vec<&str> = self.of("Max core file size").split_whitespace().collect();
        assert_eq!(limits, ["0", "0", "bytes"]);
        assert_eq!(self.of("dumpable"), "false");
        assert_eq!(self.of("packet socket now"), "EPERM");
        let is_root = self.of("left").contains("uid: 0,");
        assert_eq!(self.of("setuid(0)"), if is_root { "0" } else { "EPERM" });
    }

    pub(super) fn has_no_bounding_set(&self) {
        assert_eq!(self.of("CapBnd:"), "0000000000000000");
        assert!(self.of("left").contains("bounding: false"), "{}", self.0);
    }
}

/// The one sentence of a process that refuses.
pub(super) fn refusal(command: &mut Command) -> String {
    let output = command.output().expect("the program");
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8(output.stderr).expect("UTF-8").trim_end().to_owned()
}
