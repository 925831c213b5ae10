//! A network namespace to look at.

use std::fs;
use std::process::{Command, Output};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

pub(super) const WIRETALE: &str = env!("CARGO_BIN_EXE_wiretale");

/// A network namespace with interfaces of many kinds.
pub(super) struct Machine(pub(super) String);

impl Machine {
    /// `None` where there can be none.
    pub(super) fn new(name: &str) -> Option<Self> {
        let status = fs::read_to_string("/proc/self/status").expect("ours");
        if !status.contains("\nUid:\t0\t") {
            eprintln!("left out: network namespaces need root");
            return None;
        }
        let this = Self(format!("rights{}{name}", std::process::id()));
        match Command::new("ip").args(["netns", "add", &this.0]).status() {
            Ok(status) if status.success() => Some(this),
            _ => {
                eprintln!("left out: no network namespace can be made");
                None
            }
        }
    }

    fn try_ip(&self, line: &str) -> bool {
        let mut command = Command::new("ip");
        command.args(["-n", &self.0]).args(line.split(' '));
        command.output().expect("ip").status.success()
    }

    pub(super) fn ip(&self, lines: &[&str]) {
        for line in lines {
            assert!(self.try_ip(line), "ip {line}");
        }
    }

    /// As `ip netns exec` has it, with a /sys of its own.
    pub(super) fn run(&self, words: &[&str]) -> Output {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.0]).args(words).env("LC_ALL", "C.UTF-8");
        command.output().expect("ip")
    }

    pub(super) fn wiretale(&self, words: &[&str]) -> String {
        let output = self.run(&[&[WIRETALE], words].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    /// Waits until nothing changes any more: carriers and states are told a while later.
    fn settle(&self) {
        let look = || Command::new("ip").args(["-n", &self.0, "addr"]).output().expect("ip");
        let begin = Instant::now();
        let (mut last, mut since) = (look().stdout, begin);
        while since.elapsed() < Duration::from_millis(1300) {
            assert!(begin.elapsed() < Duration::from_secs(30), "something changes all the time");
            sleep(Duration::from_millis(50));
            let now = look().stdout;
            if now != last {
                (last, since) = (now, Instant::now());
            }
        }
    }

    pub(super) fn records(&self, words: &[&str]) -> Vec<Value> {
        records(&self.wiretale(&[&["interfaces", "--json"], words].concat()))
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        _ = Command::new("ip").args(["netns", "del", &self.0]).status();
    }
}

pub(super) fn records(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// Interfaces of many kinds, with addresses of many kinds; some kernels lack some of the tunnels.
pub(super) fn furnished(name: &str) -> Option<Machine> {
    let machine = Machine::new(name)?;
    machine.ip(&["link set lo up", "link add va type veth peer name vb"]);
    let upper = if machine.try_ip("link add link va name va.8 type vlan id 8") {
        "vlan id 7"
    } else {
        eprintln!("left out: no vlan here");
        "macvlan"
    };
    machine.ip(&[
        "link set va mtu 1400 up",
        "link set vb promisc on up",
        "addr add 192.0.2.1/24 brd + dev va",
        "addr add 198.51.100.0/31 dev va",
        "addr add 203.0.113.9/32 dev va",
        "addr add 10.1.0.1/16 brd + label va:more dev va",
        "addr add 10.3.0.1/16 brd 10.3.0.77 dev va",
        "addr add 10.4.0.1 peer 10.5.0.9/24 dev va",
        "addr add 10.6.0.1/24 brd + scope link dev va",
        "addr add 2001:db8::1/64 nodad dev va",
        "addr add 2001:db8:1:2:3:4:5:6/128 nodad dev va",
        &format!("link add link va name va.7 type {upper}"),
        "link set va.7 up",
        "addr add 10.7.0.1/29 brd + dev va.7",
        "link add br0 type bridge",
        "link set br0 up",
        "addr add fd00:77::1/48 nodad dev br0",
        "tuntap add mode tun tun0",
        "link set tun0 up",
        "addr add 10.8.0.6 peer 10.8.0.5/32 dev tun0",
        "tuntap add mode tap tap0",
        "link set tap0 up",
    ]);
    for kind in [
        "dummy",
        "ifb",
        "gre local 192.0.2.1 remote 192.0.2.2",
        "sit local 192.0.2.1 remote 192.0.2.3",
        "ipip local 192.0.2.1 remote 192.0.2.4",
        "ip6gre local 2001:db8::1 remote 2001:db8::2",
        "vti local 192.0.2.1 remote 192.0.2.5 key 5",
        "vxlan id 7 dstport 4789 dev va",
        "geneve id 7 remote 192.0.2.6",
        "wireguard",
        "vcan",
        "nlmon",
        "vsockmon",
        "bond",
        "team",
        "vrf table 7",
    ] {
        let (kind, with) = kind.split_once(' ').unwrap_or((kind, ""));
        let line = format!("link add name x{kind} type {kind} {with}");
        if machine.try_ip(line.trim_end()) {
            machine.ip(&[&format!("link set x{kind} up")]);
        } else {
            eprintln!("left out: no {kind} here");
        }
    }
    machine.settle();
    Some(machine)
}
