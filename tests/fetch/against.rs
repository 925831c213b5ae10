//! Do others see the same? curl measures, dig asks, strace watches.

use std::collections::HashSet;
use std::fs;

use serde_json::Value;

use crate::faults::names::{WRONG_ID, WRONG_QUESTION};
use crate::lab::Lab;
use crate::told::{Told, fetched};

/// curl's names and ours.
const PHASES: [&str; 6] =
    ["namelookup", "connect", "appconnect", "pretransfer", "starttransfer", "total"];

pub(crate) fn curl_measures_the_same_phases(lab: &Lab) {
    let authority = lab.authority();
    let tls =
        ["--cacert", &authority, "--connect-to", "www.lab.example:443:distant.lab.example:443"];
    for words in [
        &["http://distant.lab.example/s.css"][..],
        &[&tls[..], &["https://www.lab.example/s.css"]].concat(),
        &["http://fault.lab.example/late"],
    ] {
        // Something else may come between at any time; it does not come between everywhere each time.
        let (mut ours, mut theirs) = ([f64::MAX; 6], [f64::MAX; 6]);
        let mut rounds = 0;
        while let Some(phase) = (0..6).find(|&at| !are_close(ours[at], theirs[at]) || rounds < 3) {
            assert!(
                rounds < 20,
                "{words:?} {}: {ours:.3?} ms, by curl {theirs:.3?} ms",
                PHASES[phase]
            );
            rounds += 1;
            let told = fetched(lab, words);
            let timing = told.timing();
            let times = PHASES
                .map(|phase| timing[format!("time_{phase}_ns")].as_f64().unwrap_or(0.0) / 1e6);
            least(&mut ours, times);
            least(&mut theirs, curls(lab, words));
        }
    }
}

/// Interfaces and routes are told with the way to the server; reading them must not take the time of it.
pub(crate) fn between_the_name_and_the_connection_nothing_is_ours(lab: &Lab) {
    let words = ["http://www.lab.example/s.css"];
    let (mut ours, mut theirs) = (f64::MAX, f64::MAX);
    for round in 0..20 {
        let told = fetched(lab, &words);
        let timing = told.timing();
        let at = |phase: &str| timing[format!("time_{phase}_ns")].as_f64().expect("a time") / 1e6;
        ours = ours.min(at("connect") - at("namelookup"));
        let [name, connected, ..] = curls(lab, &words);
        theirs = theirs.min(connected - name);
        // What is left of it is this computer's, and no part of the handshake.
        let spans = timing["spans"].as_array().expect("spans");
        let phases: Vec<&str> = spans.iter().filter_map(|span| span["phase"].as_str()).collect();
        let at = phases.iter().position(|phase| *phase == "tcp_wire").expect("a handshake");
        assert!(matches!(phases[at - 1], "local" | "arp"), "{phases:?}");
        if round > 3 && ours < theirs + 0.25 {
            return;
        }
    }
    panic!("{ours:.3} ms, by curl {theirs:.3} ms");
}

fn are_close(ours: f64, theirs: f64) -> bool {
    let apart = (ours - theirs).abs();
    apart < 5.0 || apart < theirs * 0.2
}

/// The times of curl's phases in milliseconds.
fn curls(lab: &Lab, words: &[&str]) -> [f64; 6] {
    let format = PHASES.map(|phase| format!("%{{time_{phase}}}")).join(" ");
    let mut all = vec!["-o", "/dev/null", "-w", &format];
    all.extend(words);
    let got = lab.curl(&all);
    let times: Vec<f64> =
        got.out.split(' ').map(|time| time.parse::<f64>().expect("a time") * 1e3).collect();
    times.try_into().expect("six")
}

fn least(times: &mut [f64; 6], others: [f64; 6]) {
    for (time, other) in times.iter_mut().zip(others) {
        *time = time.min(other);
    }
}

pub(crate) fn what_is_written_out_is_what_curl_writes_out(lab: &Lab) {
    let format = "%{http_code} %{num_connects} %{num_redirects} %{size_download} %{remote_ip} \
                  %{remote_port} %{local_ip} %{url_effective} %{content_type} %{scheme}\\n";
    for words in [
        &["http://www.lab.example/img/3.png"][..],
        &["-L", "http://www.lab.example/old"],
        &["http://www.lab.example/nosuch"],
        &["http://fault.lab.example/chunks"],
    ] {
        let mut all = vec!["-o", "/dev/null", "-w", format];
        all.extend(words);
        let theirs = lab.curl(&all).out;
        let mut all = vec!["-q", "--body", "/dev/null", "--write-out", format];
        all.extend(words);
        assert_eq!(lab.fetch("client", None, &all).out, theirs, "{words:?}");
    }
}

pub(crate) fn dig_gets_the_same_answers(lab: &Lab) {
    for name in ["www", "far1", "six", "both", "many", "any.wild"] {
        let name = format!("{name}.lab.example");
        let told = fetched(lab, &["--max-time", "4", &format!("http://{name}/s.css")]);
        for kind in ["A", "AAAA"] {
            let mut theirs = lab.dig(&[&name, kind]);
            let mut ours = answers(&told, kind);
            ours.sort();
            theirs.sort();
            assert_eq!(ours, theirs, "{name} {kind}");
        }
    }
    // More than a datagram holds.
    let url = "http://big.lab.example/";
    let told = lab.fetch("client", None, &["--json", "--dns-type", "TXT", url]);
    assert_eq!(told.code, 6, "{}", told.err);
    let told = Told::of(&told);
    assert_eq!(answers(&told, "TXT").len(), 60);
    assert!(!told.events("dns.tcp").is_empty());
}

/// The data of all answer records to questions of this type, as dig writes it.
fn answers(told: &Told, kind: &str) -> Vec<String> {
    let mut found = Vec::new();
    for answer in told.events("dns.answer") {
        let data = &answer["data"];
        // A cut answer is asked for again.
        if data["qtype"] != kind || data["truncated"] == true {
            continue;
        }
        for record in data["answers"].as_array().expect("answers") {
            let said = record["data"].as_str().expect("data");
            let is_name = record["type"] == "CNAME";
            found.push(if is_name {
                format!("{}.", said.trim_end_matches('.'))
            } else {
                said.into()
            });
        }
    }
    found
}

pub(crate) fn the_walk_from_the_root_is_the_one_dig_takes(lab: &Lab) {
    let hints = lab.path("isp/hints").display().to_string();
    let url = "http://www.lab.example/s.css";
    let told = fetched(lab, &["--iterative", "--root-hints", &hints, url]);
    let asked: Vec<&str> = told
        .events("dns.query")
        .iter()
        .filter(|query| query["data"]["qtype"] == "A")
        .map(|query| query["data"]["server"].as_str().expect("a server"))
        .collect();
    assert_eq!(asked, ["198.51.100.4:53", "198.51.100.12:53", "198.51.100.53:53"]);
    let desired = |query: &&Value| query["data"]["recursion_desired"] != false;
    assert!(!told.events("dns.query").iter().any(desired));
    let trace = lab.run("dig", &["+trace", "@198.51.100.4", "www.lab.example", "A"]).out;
    for server in asked {
        let server = server.replace(":53", "#53");
        assert!(trace.contains(&server), "{server} is not in {trace}");
    }
}

/// What is no answer to the question is shown, and believed no more than by dig.
pub(crate) fn answers_to_other_questions_are_ignored(lab: &Lab) {
    for (server, why) in [(WRONG_ID, "id"), (WRONG_QUESTION, "question")] {
        let words = ["--json", "http://www.lab.example/"];
        let ended = lab.fetch("client", Some(server), &words);
        assert_eq!(ended.code, 6, "{}", ended.end());
        let told = Told::of(&ended);
        let ignored = told.events("dns.ignored");
        // To both questions.
        assert_eq!(ignored.len(), 2, "{}", ended.end());
        assert!(ignored.iter().all(|it| it["data"]["why"] == why), "{ignored:?}");
        assert!(told.events("dns.answer").is_empty());
    }
}

/// Calls that strace is told to watch.
const WATCHED: [&str; 11] = [
    "socket",
    "bind",
    "connect",
    "sendto",
    "sendmsg",
    "recvfrom",
    "recvmsg",
    "shutdown",
    "write",
    "getsockname",
    "close",
];

pub(crate) fn strace_sees_the_same_calls_in_the_same_order(lab: &Lab) {
    let authority = lab.authority();
    for (number, words) in [
        &["http://www.lab.example/img/8.png"][..],
        &["--cacert", &authority, "https://www.lab.example/"],
    ]
    .into_iter()
    .enumerate()
    {
        let log = lab.path(&format!("strace.{number}")).display().to_string();
        let filter = format!("trace={}", WATCHED.join(","));
        let mut all = vec!["-f", "-o", &log, "-e", &filter];
        all.extend([env!("CARGO_BIN_EXE_wiretale"), "fetch", "--json"]);
        all.extend(words);
        let ended = lab.run("strace", &all);
        assert_eq!(ended.code, 0, "{}", ended.err);
        let ours = printed(&Told::of(&ended));
        assert!(ours.len() >= 12, "{ours:?}");
        let seen = seen(&fs::read_to_string(&log).expect("strace's words"));
        assert_eq!(ours, seen, "{words:?}");
    }
}

/// A call, its descriptor, and what it gave.
type Made = (String, i64, i64);

fn printed(told: &Told) -> Vec<Made> {
    let mut made = Vec::new();
    for event in told.events("sys.") {
        let data = &event["data"];
        let name = data["call"].as_str().expect("a call");
        if !WATCHED.contains(&name) {
            continue;
        }
        // Calls of a lookup tell their result in words that begin with the number.
        let result = match &data["result"] {
            // An address is told where others have 0.
            Value::String(words) => {
                words.split([',', ' ']).next().and_then(|it| it.parse().ok()).or(Some(0))
            }
            number => number.as_i64(),
        };
        let result = result.unwrap_or(-1);
        made.push((name.to_owned(), data["descriptor"].as_i64().unwrap_or(result), result));
    }
    made
}

/// The calls on sockets of the internet's families, as strace wrote them down.
fn seen(log: &str) -> Vec<Made> {
    let mut ours = HashSet::new();
    let mut made = Vec::new();
    let mut begun = Vec::<(&str, String)>::new();
    for line in log.lines() {
        let Some((thread, line)) = line.split_once(' ') else { continue };
        let mut line = line.trim_start().to_owned();
        if let Some(start) = line.strip_suffix(" <unfinished ...>") {
            begun.push((thread, start.to_owned()));
            continue;
        }
        if let Some((_, rest)) = line.split_once(" resumed>") {
            let at = begun.iter().position(|(one, _)| *one == thread).expect("its beginning");
            line = begun.remove(at).1 + rest;
        }
        let Some((name, rest)) = line.split_once('(') else { continue };
        let Some((arguments, result)) = rest.rsplit_once(" = ") else { continue };
        let result: i64 =
            result.split(' ').next().and_then(|it| it.parse().ok()).expect("a number");
        if name == "socket" {
            if arguments.starts_with("AF_INET")
                && !arguments.contains("SOCK_DGRAM|SOCK_CLOEXEC, IPPROTO_IP")
            {
                ours.insert(result);
                made.push((name.to_owned(), result, result));
            }
            continue;
        }
        let descriptor = arguments.split([',', ')']).next().and_then(|it| it.parse().ok());
        let Some(descriptor) = descriptor.filter(|it| ours.contains(it)) else { continue };
        made.push((name.to_owned(), descriptor, result));
        if name == "close" {
            ours.remove(&descriptor);
        }
    }
    made
}
