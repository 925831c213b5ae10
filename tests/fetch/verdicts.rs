//! Whose time was it? Where one thing is slow on purpose, that and nothing else is named.

use std::process::Stdio;
use std::thread::sleep;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::faults::names::{SLOW, SLOWNESS};
use crate::lab::{Ended, Lab};
use crate::told::{Told, fetched};

/// The side that the verdict names, and how long each of these phases took together.
fn judged(told: &Told, phases: &[&str]) -> (String, Duration) {
    let timing = told.timing();
    let took = |phase: &&str| {
        let took = timing["phases_ns"][*phase].as_u64();
        took.unwrap_or_else(|| panic!("no phase {phase} in {timing}"))
    };
    let side = timing["verdict"]["side"].as_str().unwrap_or("nobody").to_owned();
    (side, Duration::from_nanos(phases.iter().map(took).sum()))
}

/// A few tens of milliseconds belong to whatever else this computer does.
fn is_about(took: Duration, wanted: Duration) -> bool {
    (wanted.mul_f64(0.9)..wanted + Duration::from_millis(80)).contains(&took)
}

pub(crate) fn a_server_that_thinks(lab: &Lab) {
    let told = fetched(lab, &["http://fault.lab.example/late"]);
    let (side, took) = judged(&told, &["server"]);
    assert_eq!(side, "server", "{}", told.timing());
    assert!(is_about(took, Duration::from_millis(400)), "{took:?}");
}

pub(crate) fn a_server_that_sends_slowly(lab: &Lab) {
    let told = fetched(lab, &["--range", "0-29999", "http://www.lab.example/slow"]);
    let (side, took) = judged(&told, &["sender_gap"]);
    assert_eq!(side, "server", "{}", told.timing());
    assert!(took > Duration::from_millis(500), "{took:?}");
}

pub(crate) fn a_resolver_that_is_slow(lab: &Lab) {
    let ended = lab.fetch("client", Some(SLOW), &["--json", "http://www.lab.example/s.css"]);
    assert_eq!(ended.code, 0, "{}", ended.end());
    let told = Told::of(&ended);
    let (side, took) = judged(&told, &["dns_wire"]);
    assert_eq!(side, "resolver", "{}", told.timing());
    assert!(is_about(took, SLOWNESS), "{took:?}");
}

pub(crate) fn a_path_that_is_long(lab: &Lab) {
    let told = fetched(lab, &["http://distant.lab.example/big.bin"]);
    let (side, _) = judged(&told, &[]);
    assert_eq!(side, "path", "{}", told.timing());
    let round_trip = told.timing()["round_trip_ns"].as_u64().map(Duration::from_nanos);
    let round_trip = round_trip.expect("a round trip");
    assert!(is_about(round_trip, Duration::from_millis(20)), "{round_trip:?}");
}

pub(crate) fn an_address_that_is_dead(lab: &Lab) {
    let told = fetched(lab, &["http://half.lab.example/s.css"]);
    let (side, took) = judged(&told, &["tcp_lost"]);
    assert_eq!(side, "path", "{}", told.timing());
    assert!(is_about(took, Duration::from_millis(250)), "{took:?}");
}

/// The answer comes after 0.4 s; the program may not run until 1.2 s are over.
pub(crate) fn a_program_that_is_kept_from_running(lab: &Lab) {
    let mut command = lab.space("client").command(env!("CARGO_BIN_EXE_wiretale"));
    command.args(["fetch", "--json", "http://fault.lab.example/late"]);
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("wiretale");
    let id = Pid::from_raw(i32::try_from(child.id()).expect("a number"));
    sleep(Duration::from_millis(200));
    kill(id, Signal::SIGSTOP).expect("our child");
    sleep(Duration::from_secs(1));
    kill(id, Signal::SIGCONT).expect("our child");
    let out = child.wait_with_output().expect("its end");
    let out = String::from_utf8(out.stdout).expect("UTF-8");
    let told = Told::of(&Ended { code: 0, out, err: String::new(), took: Duration::ZERO });
    let (side, took) = judged(&told, &["local"]);
    assert_eq!(side, "this_computer", "{}", told.timing());
    assert!(took > Duration::from_millis(500), "{took:?}");
    let lag =
        told.events("sys.read").iter().filter_map(|read| read["data"]["lag_ns"].as_u64()).max();
    assert!(lag.is_some_and(|lag| lag > 500_000_000), "{lag:?}");
    let (_, server) = judged(&told, &["server"]);
    assert!(is_about(server, Duration::from_millis(400)), "{server:?}");
}

/// Of the answer only the last segment, a small one, comes through.
pub(crate) fn large_segments_that_never_come(lab: &Lab) {
    let url = "http://www.lab.example:8107/img/4.png";
    let ended = lab.fetch("client", None, &["--json", "--max-time", "2", url]);
    assert_eq!(ended.code, 28, "{}", ended.end());
    let (side, took) = judged(&Told::of(&ended), &["loss"]);
    assert_eq!(side, "path");
    assert!(is_about(took, Duration::from_secs(2)), "{took:?}");
}

/// Two packets fit into the window, and then nobody reads for most of a second.
pub(crate) fn a_window_that_we_close(lab: &Lab) {
    let mut command = lab.space("client").command(env!("CARGO_BIN_EXE_wiretale"));
    let url = "http://distant.lab.example/big.bin";
    command.args(["fetch", "--json", "--rcvbuf", "4k", url]);
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("wiretale");
    let id = Pid::from_raw(i32::try_from(child.id()).expect("a number"));
    sleep(Duration::from_millis(500));
    kill(id, Signal::SIGSTOP).expect("our child");
    sleep(Duration::from_millis(1500));
    kill(id, Signal::SIGCONT).expect("our child");
    let out = child.wait_with_output().expect("its end");
    let out = String::from_utf8(out.stdout).expect("UTF-8");
    let told = Told::of(&Ended { code: 0, out, err: String::new(), took: Duration::ZERO });
    let (_, took) = judged(&told, &["closed_window", "local"]);
    assert!(is_about(took, Duration::from_millis(1500)), "{took:?} {}", told.timing());
    assert!(!told.events("tcp.window").is_empty());
}

pub(crate) fn nothing_in_particular(lab: &Lab) {
    // Once the name and the neighbours are known.
    let told = (0..3).map(|_| fetched(lab, &["http://198.51.100.80/s.css"])).last();
    let told = told.expect("a fetch");
    assert_eq!(told.timing()["verdict"]["side"], Value::Null, "{}", told.timing());
}
