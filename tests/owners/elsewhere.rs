//! Who is told to whoever may not look into others, and over a link of its own?

use std::io::{BufRead, BufReader};
use std::net::{Ipv6Addr, SocketAddrV6, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::{env, fs, process};

use super::{Tcp, V4, alone, connected, ends, is_me, is_root, owner};

/// A network namespace, deleted with the test.
struct Namespace(String);

impl Namespace {
    fn new() -> Self {
        let new = Self(format!("proc-owners-{}", process::id()));
        ip(&format!("netns add {}", new.0));
        new
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        ip(&format!("netns delete {}", self.0));
    }
}

fn ip(line: &str) {
    let done = Command::new("ip").args(line.split_whitespace()).status().expect("ip");
    assert!(done.success(), "ip {line}");
}

/// Runs one of the tests below elsewhere: it does nothing unless it is told to.
fn elsewhere(command: &mut Command, test: &str, told: &str) -> Vec<String> {
    let ran = command.args(["--exact", test, "--nocapture"]).env("ELSEWHERE", told).output();
    let ran = ran.expect("the test itself");
    let told = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(ran.status.success(), "{told}{}", String::from_utf8_lossy(&ran.stderr));
    BufReader::new(told.as_bytes())
        .lines()
        .filter_map(|line| line.expect("text").split_once("TOLD ").map(|(_, it)| it.to_owned()))
        .collect()
}

#[test]
fn what_may_not_be_looked_into_is_told_as_its_users() {
    let _alone = alone();
    if !is_root("give rights away") {
        return;
    }
    // Whoever has no rights may not get to where this program lies.
    let copy = PathBuf::from(format!("/tmp/wiretale-owners-{}", process::id()));
    fs::copy(env::current_exe().expect("a path"), &copy).expect("a copy");
    let listener = TcpListener::bind(V4).expect("a port");
    let (client, _server) = connected(&listener, V4);
    let (local, remote) = ends(&client);
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "--bounding-set=-all"]);
    command.arg("--inh-caps=-all").arg(&copy).current_dir("/");
    let told = elsewhere(&mut command, "elsewhere::asks_elsewhere", &format!("{local} {remote}"));
    fs::remove_file(&copy).expect("to be removed");
    assert_eq!(told, ["Some(Owner { uid: 0, process: None })"]);
}

#[test]
fn asks_elsewhere() {
    let Ok(told) = env::var("ELSEWHERE") else { return };
    let (local, remote) = told.split_once(' ').expect("two ends");
    let [local, remote] = [local, remote].map(|end| end.parse().expect("an end"));
    println!("TOLD {:?}", owner(Tcp, local, remote).as_deref());
}

#[test]
fn sockets_bound_to_an_interface_are_found() {
    let _alone = alone();
    if !is_root("make a network namespace") {
        return;
    }
    let space = Namespace::new();
    for line in [
        "link add one type veth peer name two",
        "link set lo up",
        "link set one up addrgenmode none",
        "link set two up addrgenmode none",
        "addr add fe80::1/64 dev one nodad",
        "addr add fe80::2/64 dev two nodad",
    ] {
        ip(&format!("-n {} {line}", space.0));
    }
    let mut command = Command::new("ip");
    command.args(["netns", "exec", &space.0]).arg(env::current_exe().expect("a path"));
    let told = elsewhere(&mut command, "elsewhere::connects_over_a_link", "here");
    assert_eq!(told, ["both"]);
}

#[test]
fn connects_over_a_link() {
    if env::var("ELSEWHERE").is_err() {
        return;
    }
    let index = |name| nix::net::if_::if_nametoindex(name).expect("an interface");
    let near = |last, port, name| {
        SocketAddrV6::new(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, last), port, 0, index(name))
    };
    let listener = TcpListener::bind(near(2, 0, "two")).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let client = TcpStream::connect(near(2, port, "one")).expect("a connection");
    let (server, _) = listener.accept().expect("the other end");
    for (local, remote) in [ends(&client), ends(&server)] {
        is_me(owner(Tcp, local, remote));
    }
    println!("TOLD both");
}
