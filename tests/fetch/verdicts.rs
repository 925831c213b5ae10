//! Whose time was it? Where one thing is slow on purpose, that and nothing else is named, with packets and without.

use std::fs;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::faults::http::FLOOD_PAUSES;
use crate::faults::names::{SLOW, SLOWNESS};
use crate::lab::{Ended, Lab, Sight};
use crate::told::Told;

/// Runs a scene with packets, and again without the right to capture them.
fn seen_both_ways(scene: impl Fn(Sight)) {
    for sight in Sight::BOTH {
        println!("seen by {sight:?}");
        scene(sight);
    }
}

/// What is told of a fetch that succeeds.
fn fetched(lab: &Lab, sight: Sight, words: &[&str]) -> Told {
    let ended = lab.fetch_with(sight, None, &[&["--json"], words].concat());
    assert_eq!(ended.code, 0, "{words:?}: {}", ended.end());
    of(&ended, sight)
}

/// What is told, and it tells of packets or does not.
fn of(ended: &Ended, sight: Sight) -> Told {
    let told = Told::of(ended);
    let with_packets =
        |event: &&Value| event["packets"].as_array().is_some_and(|it| !it.is_empty());
    let packets = told.all("event").into_iter().filter(with_packets).count();
    assert_eq!(packets > 0, sight == Sight::Packets, "{}", told.timing());
    told
}

/// What is told of a fetch that may not run for a while.
fn halted(lab: &Lab, sight: Sight, words: &[&str], from: Duration, halt: Duration) -> Told {
    let (program, first) = sight.fetch();
    let mut command = lab.space("client").command(program);
    command.args(first).arg("--json").args(words);
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("wiretale");
    let id = Pid::from_raw(i32::try_from(child.id()).expect("a number"));
    sleep(from);
    kill(id, Signal::SIGSTOP).expect("our child");
    sleep(halt);
    kill(id, Signal::SIGCONT).expect("our child");
    let out = child.wait_with_output().expect("its end");
    let out = String::from_utf8(out.stdout).expect("UTF-8");
    of(&Ended { code: 0, out, err: String::new(), took: Duration::ZERO }, sight)
}

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
    seen_both_ways(|sight| {
        let told = fetched(lab, sight, &["http://fault.lab.example/late"]);
        let (side, took) = judged(&told, &["server"]);
        assert_eq!(side, "server", "{}", told.timing());
        assert!(is_about(took, Duration::from_millis(400)), "{took:?}");
    });
}

pub(crate) fn a_server_that_sends_slowly(lab: &Lab) {
    seen_both_ways(|sight| {
        let words = ["--range", "0-29999", "http://www.lab.example/slow"];
        let told = fetched(lab, sight, &words);
        let (side, took) = judged(&told, &["sender_gap"]);
        assert_eq!(side, "server", "{}", told.timing());
        assert!(took > Duration::from_millis(500), "{took:?}");
    });
}

pub(crate) fn a_resolver_that_is_slow(lab: &Lab) {
    seen_both_ways(|sight| {
        let words = ["--json", "http://www.lab.example/s.css"];
        let ended = lab.fetch_with(sight, Some(SLOW), &words);
        assert_eq!(ended.code, 0, "{}", ended.end());
        let told = of(&ended, sight);
        let (side, took) = judged(&told, &["dns_wire"]);
        assert_eq!(side, "resolver", "{}", told.timing());
        assert!(is_about(took, SLOWNESS), "{took:?}");
    });
}

pub(crate) fn a_path_that_is_long(lab: &Lab) {
    seen_both_ways(|sight| {
        let told = fetched(lab, sight, &["http://distant.lab.example/big.bin"]);
        let (side, _) = judged(&told, &[]);
        assert_eq!(side, "path", "{}", told.timing());
        let round_trip = told.timing()["round_trip_ns"].as_u64().map(Duration::from_nanos);
        let round_trip = round_trip.expect("a round trip");
        assert!(is_about(round_trip, Duration::from_millis(20)), "{round_trip:?}");
    });
}

pub(crate) fn an_address_that_is_dead(lab: &Lab) {
    seen_both_ways(|sight| {
        let told = fetched(lab, sight, &["http://half.lab.example/s.css"]);
        let (side, took) = judged(&told, &["tcp_lost"]);
        assert_eq!(side, "path", "{}", told.timing());
        assert!(is_about(took, Duration::from_millis(250)), "{took:?}");
    });
}

/// The answer comes after 0.4 s; the program may not run until 1.2 s are over.
pub(crate) fn a_program_that_is_kept_from_running(lab: &Lab) {
    seen_both_ways(|sight| {
        let (from, halt) = (Duration::from_millis(200), Duration::from_secs(1));
        let told = halted(lab, sight, &["http://fault.lab.example/late"], from, halt);
        let (side, took) = judged(&told, &["local"]);
        assert_eq!(side, "this_computer", "{}", told.timing());
        assert!(took > Duration::from_millis(500), "{took:?}");
        let reads = told.events("sys.read");
        let lag = reads.iter().filter_map(|read| read["data"]["lag_ns"].as_u64()).max();
        assert!(lag.is_some_and(|lag| lag > 500_000_000), "{lag:?}");
        let (_, server) = judged(&told, &["server"]);
        assert!(is_about(server, Duration::from_millis(400)), "{server:?}");
    });
}

/// Of the answer only the last segment, a small one, comes through.
pub(crate) fn large_segments_that_never_come(lab: &Lab) {
    seen_both_ways(|sight| {
        let url = "http://www.lab.example:8107/img/4.png";
        let ended = lab.fetch_with(sight, None, &["--json", "--max-time", "2", url]);
        assert_eq!(ended.code, 28, "{}", ended.end());
        let told = of(&ended, sight);
        let (side, took) = judged(&told, &["loss"]);
        assert_eq!(side, "path", "{}", told.timing());
        assert_eq!(told.fault().expect("a fault")["code"], "tcp.data-lost");
        assert!(is_about(took, Duration::from_secs(2)), "{took:?}");
    });
}

/// Two packets fit into the window, and then nobody reads for most of a second.
pub(crate) fn a_window_that_we_close(lab: &Lab) {
    seen_both_ways(|sight| {
        let words = ["--rcvbuf", "4k", "http://distant.lab.example/big.bin"];
        let (from, halt) = (Duration::from_millis(500), Duration::from_millis(1500));
        let told = halted(lab, sight, &words, from, halt);
        let (_, took) = judged(&told, &["closed_window", "local"]);
        assert!(is_about(took, halt), "{took:?} {}", told.timing());
        assert!(!told.events("tcp.window").is_empty() || sight == Sight::Calls);
    });
}

pub(crate) fn nothing_in_particular(lab: &Lab) {
    seen_both_ways(|sight| {
        // Once the name and the neighbours are known.
        let url = "http://198.51.100.80/s.css";
        let told = (0..3).map(|_| fetched(lab, sight, &[url])).last();
        let told = told.expect("a fetch");
        assert_eq!(told.timing()["verdict"]["side"], Value::Null, "{}", told.timing());
    });
}

/// Our capture stands still while most of the answer comes; before the rest
/// comes it goes on.
pub(crate) fn what_only_our_capture_loses(lab: &Lab) {
    let mut command = lab.space("client").command(env!("CARGO_BIN_EXE_wiretale"));
    command.args(["fetch", "--json", "http://fault.lab.example/flood"]);
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("wiretale");
    sleep(Duration::from_millis(200));
    let thread = capturing(child.id()).expect("a thread that captures");
    // What it asks for first is how much was lost.
    let mut halt = Command::new("strace");
    halt.args(["-qq", "-e", "inject=getsockopt:delay_enter=1300000:when=1", "-p", &thread]);
    let mut halt = halt.stderr(Stdio::null()).spawn().expect("strace");
    let out = child.wait_with_output().expect("its end");
    halt.wait().expect("its end");
    let out = String::from_utf8(out.stdout).expect("UTF-8");
    let told = Told::of(&Ended { code: 0, out, err: String::new(), took: Duration::ZERO });
    let timing = told.timing();
    assert!(timing["unseen_bytes"].as_u64().is_some_and(|unseen| unseen > 1_000_000), "{timing}");
    let (side, pause) = judged(&told, &["sender_gap"]);
    assert_eq!(side, "server", "{timing}");
    // In the flood itself there are small ones, of a server that is not alone on this computer.
    let pauses: Duration = FLOOD_PAUSES.iter().sum();
    let small = Duration::from_millis(500);
    assert!((pauses.mul_f64(0.9)..pauses + small).contains(&pause), "{pause:?} {timing}");
    let (_, loss) = judged(&told, &["loss"]);
    assert!(loss < Duration::from_millis(50), "{loss:?} {timing}");
    let (_, server) = judged(&told, &["server"]);
    assert!(is_about(server, Duration::from_millis(400)), "{server:?}");
}

/// The thread of a process that captures.
fn capturing(process: u32) -> Option<String> {
    let threads = fs::read_dir(format!("/proc/{process}/task")).expect("a process");
    threads.flatten().find_map(|thread| {
        let name = fs::read_to_string(thread.path().join("comm")).ok()?;
        (name.trim_end() == "capture").then(|| thread.file_name().to_string_lossy().into_owned())
    })
}
