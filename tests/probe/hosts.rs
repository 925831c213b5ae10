//! Two hosts and a cable, each in a namespace of its own.

use std::fs::File;
use std::process::Command;
use std::thread;

use nix::sched::{CloneFlags, setns};

/// The client has `wa` with 10.88.0.1 and `fd88::1`, the server `wb` with 10.88.0.2 and `fd88::2`.
pub(crate) struct Hosts {
    name: String,
}

/// Says why a test cannot be run here.
pub(crate) fn missing() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    if !status.contains("\nUid:\t0\t") {
        eprintln!("left out: network namespaces need root");
        return true;
    }
    let has_ip = Command::new("ip").arg("-V").output().is_ok();
    if !has_ip {
        eprintln!("left out: there is no ip");
    }
    !has_ip
}

impl Hosts {
    pub(crate) fn new(name: &str) -> Self {
        let hosts = Self { name: format!("way{}{name}", std::process::id()) };
        let (client, server) = (hosts.side('c'), hosts.side('s'));
        hosts.ip(&format!("netns add {client}"));
        hosts.ip(&format!("netns add {server}"));
        hosts.ip(&format!("-n {client} link add wa type veth peer name wb netns {server}"));
        for (side, end, last) in [(&client, "wa", 1), (&server, "wb", 2)] {
            hosts.ip(&format!("-n {side} addr add 10.88.0.{last}/24 brd + dev {end}"));
            hosts.ip(&format!("-n {side} addr add fd88::{last}/64 dev {end} nodad"));
            hosts.ip(&format!("-n {side} link set lo up"));
            hosts.ip(&format!("-n {side} link set {end} up"));
        }
        hosts.server_runs("sysctl -qw net.ipv4.ip_forward=1");
        hosts
    }

    fn side(&self, side: char) -> String {
        format!("{}{side}", self.name)
    }

    pub(crate) fn ip(&self, line: &str) {
        let done = Command::new("ip").args(line.split(' ')).status().expect("ip");
        assert!(done.success(), "{}: ip {line}", self.name);
    }

    /// `ip` on the client.
    pub(crate) fn client_ip(&self, line: &str) {
        self.ip(&format!("-n {} {line}", self.side('c')));
    }

    /// What `ip` says on the client.
    pub(crate) fn client_says(&self, line: &str) -> String {
        let side = self.side('c');
        let out = Command::new("ip").args(["-n", &side]).args(line.split(' ')).output();
        String::from_utf8(out.expect("ip").stdout).expect("text")
    }

    /// `ip` on the server.
    pub(crate) fn server_ip(&self, line: &str) {
        self.ip(&format!("-n {} {line}", self.side('s')));
    }

    /// Whether a program on the server went well; its words are not shown.
    pub(crate) fn server_runs(&self, line: &str) -> bool {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.side('s')]).args(line.split(' '));
        command.output().is_ok_and(|done| done.status.success())
    }

    fn on<T: Send>(&self, side: char, run: impl FnOnce() -> T + Send) -> T {
        let space = File::open(format!("/run/netns/{}", self.side(side))).expect("a namespace");
        thread::scope(|scope| {
            let entered = scope.spawn(move || {
                setns(space, CloneFlags::CLONE_NEWNET).expect("to enter it");
                run()
            });
            entered.join().expect("no panic")
        })
    }

    /// Does something on the client.
    pub(crate) fn client<T: Send>(&self, run: impl FnOnce() -> T + Send) -> T {
        self.on('c', run)
    }

    /// Does something on the server.
    pub(crate) fn server<T: Send>(&self, run: impl FnOnce() -> T + Send) -> T {
        self.on('s', run)
    }
}

impl Drop for Hosts {
    fn drop(&mut self) {
        for side in ['c', 's'] {
            let _ = Command::new("ip").args(["netns", "del", &self.side(side)]).status();
        }
    }
}
