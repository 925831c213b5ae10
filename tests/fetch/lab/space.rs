//! What is a host here? A network namespace, and how to do something in it.

use std::fs::File;
use std::io::Write;
use std::process::{Command, Stdio};
use std::thread;

use nix::sched::{CloneFlags, setns};

pub(crate) struct Space(String);

impl Space {
    pub(crate) fn new(name: &str) -> Self {
        let made = Command::new("ip").args(["netns", "add", name]).status();
        assert!(made.is_ok_and(|made| made.success()), "a namespace for {name}");
        Self(name.to_owned())
    }

    pub(crate) fn name(&self) -> &str {
        &self.0
    }

    /// A program on this host.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.0, program]);
        command
    }

    /// Does something on this host; what it opens or starts stays there.
    pub(crate) fn on<T: Send>(&self, run: impl FnOnce() -> T + Send) -> T {
        let space = File::open(format!("/run/netns/{}", self.0)).expect("a namespace");
        thread::scope(|scope| {
            let entered = scope.spawn(move || {
                setns(space, CloneFlags::CLONE_NEWNET).expect("to enter it");
                run()
            });
            entered.join().expect("no panic")
        })
    }

    /// Many commands of `ip`, one a line.
    pub(crate) fn ip(&self, lines: &str) {
        self.feed(&["ip", "-n", &self.0, "-batch", "-"], lines);
    }

    /// The rules of a packet filter.
    pub(crate) fn nft(&self, rules: &str) {
        self.feed(&["ip", "netns", "exec", &self.0, "nft", "-f", "-"], rules);
    }

    /// Writes settings of the network: `ipv4/ip_forward=1`.
    pub(crate) fn set(&self, settings: &[&str]) {
        self.on(|| {
            for setting in settings {
                let (name, value) = setting.split_once('=').expect("a setting");
                // What this system does not have needs no setting.
                let path = format!("/proc/sys/net/{name}");
                if let Err(error) = std::fs::write(&path, value) {
                    assert_eq!(error.kind(), std::io::ErrorKind::NotFound, "{path}: {error}");
                }
            }
        });
    }

    fn feed(&self, words: &[&str], lines: &str) {
        let mut command = Command::new(words[0]);
        let mut child =
            command.args(&words[1..]).stdin(Stdio::piped()).spawn().expect("the program");
        let mut stdin = child.stdin.take().expect("its input");
        stdin.write_all(lines.as_bytes()).expect("to be read");
        drop(stdin);
        assert!(child.wait().expect("its end").success(), "{}: {words:?}\n{lines}", self.0);
    }
}
