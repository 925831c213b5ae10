//! The same fetches as records, as archives, and with curl's variables.

use std::collections::HashMap;

use serde_json::Value;
use wiretale::ink::written;
use wiretale::render::events::{Events, Form};
use wiretale::render::fetch::Secrets;
use wiretale::render::out::Out;
use wiretale::render::outcome::Outcome;
use wiretale::tale::fetch::{Tale, kind};

use crate::scene::{Paper, Scene};
use crate::{SCENES, page, trouble};

fn recorded(scene: &Scene, secrets: Secrets) -> String {
    let paper = Paper::default();
    let out = Out::new(Box::new(paper.clone()), false, false);
    scene.play(&mut Events::new(out, Form::Lines).with_secrets(secrets), false);
    paper.text()
}

fn records(scene: &Scene) -> Vec<Value> {
    let text = recorded(scene, Secrets::Masked);
    let read =
        |line: &str| serde_json::from_str(line).unwrap_or_else(|why| panic!("{why}: {line}"));
    text.lines().map(read).collect()
}

fn outcome(scene: &Scene, secrets: Secrets) -> (Outcome, Tale) {
    let mut outcome = Outcome::new(secrets);
    scene.play(&mut outcome, false);
    let tale = outcome.tale();
    (outcome, tale)
}

fn of_type<'r>(records: &'r [Value], kind: &str) -> Vec<&'r Value> {
    records.iter().filter(|record| record["type"] == kind).collect()
}

fn of_kind<'r>(records: &'r [Value], kind: &str) -> Vec<&'r Value> {
    records.iter().filter(|record| record["kind"] == kind).collect()
}

#[test]
fn events_hold_together() {
    let levels: HashMap<&str, u8> = kind::ALL.iter().map(|it| (it.name, it.level)).collect();
    for (name, scene) in SCENES {
        let records = records(&scene());
        assert_eq!(records[0]["type"], "capture", "{name}");
        let events = of_type(&records, "event");
        assert!(!events.is_empty(), "{name}");
        for (at, event) in events.iter().enumerate() {
            assert_eq!(event["id"], at + 1, "{event}");
            let kind = event["kind"].as_str().expect("a kind");
            assert_eq!(event["level"].as_u64(), levels.get(kind).map(|&it| it.into()), "{event}");
            assert!(event["start_ns"].as_u64() <= event["end_ns"].as_u64(), "{event}");
            let parent = event["parent"].as_u64();
            assert!(parent.is_none_or(|it| it != at as u64 + 1 && it <= events.len() as u64));
            assert!(event["text"].is_string() && event["data"].is_object(), "{event}");
            assert!(event["packets"].is_array() && event["observed"].is_boolean(), "{event}");
        }
        let starts: Vec<u64> = events.iter().filter_map(|it| it["start_ns"].as_u64()).collect();
        assert!(starts.is_sorted(), "{name}");
    }
}

#[test]
fn phases_are_the_total_to_the_nanosecond() {
    for (name, scene) in SCENES {
        let records = records(&scene());
        let timings = of_type(&records, "timing");
        assert!(!timings.is_empty(), "{name}");
        for timing in timings {
            let phases = timing["phases_ns"].as_object().expect("phases");
            let sum: u64 = phases.values().filter_map(Value::as_u64).sum();
            assert_eq!(Some(sum), timing["time_total_ns"].as_u64(), "{name}: {timing}");
            let mut until = 0;
            for span in timing["spans"].as_array().expect("spans") {
                assert_eq!(span["from_ns"], until, "{name}: {timing}");
                until = span["to_ns"].as_u64().expect("an end");
            }
            assert_eq!(until, sum, "{name}: {timing}");
        }
    }
}

/// The mock-up this tool began with: the answer was there 78 ms before the program was woken.
#[test]
fn a_program_that_was_not_woken_is_named_with_its_packet() {
    let records = records(&page::page());
    let timing = of_type(&records, "timing")[0];
    let verdict = &timing["verdict"];
    assert_eq!((&verdict["side"], &verdict["phase"]), (&"this_computer".into(), &"local".into()));
    let took = verdict["took_ns"].as_u64().expect("a time");
    assert!((78_000_000..80_000_000).contains(&took), "{verdict}");
    let reads = of_kind(&records, "sys.read");
    let late = reads.iter().find(|it| it["data"]["lag_ns"].as_u64() > Some(78_000_000));
    let late = late.expect("a read that came late");
    let packet = &verdict["packets"][0];
    assert!(late["packets"].as_array().is_some_and(|it| it.contains(packet)), "{late} {verdict}");
    assert_eq!(timing["witness"], "packets");
    assert!(of_type(&records, "fault").is_empty());
}

#[test]
fn calls_have_the_packets_they_made() {
    let records = records(&page::page());
    let segments = of_kind(&records, "tcp.segment");
    assert!(!segments.is_empty());
    for segment in segments {
        let number = &segment["packets"][0];
        let parent = segment["parent"].as_u64().expect("a call");
        let call = records.iter().find(|it| it["id"] == parent).expect("it");
        assert!(call["packets"].as_array().is_some_and(|it| it.contains(number)), "{call}");
        let (from, to) = (&segment["data"]["first_octet"], &segment["data"]["end_octet"]);
        assert!(call["data"]["first_octet"].as_u64() < to.as_u64(), "{call} {segment}");
        assert!(call["data"]["end_octet"].as_u64() > from.as_u64(), "{call} {segment}");
        let is_out = segment["data"]["by"] == "client";
        assert_eq!(call["kind"], if is_out { "sys.write" } else { "sys.read" });
    }
    let connect = of_kind(&records, "sys.connect")[0];
    assert_eq!(connect["packets"].as_array().map(Vec::len), Some(3), "{connect}");
    // Calls belong to the connection that its packets are, and to the transfer.
    for call in
        records.iter().filter(|it| it["data"]["socket"] == 1 && it["data"]["local"].is_string())
    {
        assert!(call["connection"].is_u64() && call["transfer"].is_u64(), "{call}");
    }
    let states = of_kind(&records, "tcp.state");
    let after: Vec<&str> = states.iter().filter_map(|it| it["after"].as_str()).collect();
    assert_eq!(after[..2], ["SYN-SENT", "ESTABLISHED"]);
    assert_eq!(after.last(), Some(&"TIME-WAIT"));
}

#[test]
fn a_refusal_by_a_router_is_told_from_one_by_the_server() {
    let records = records(&trouble::refused());
    let fault = of_type(&records, "fault")[0];
    assert_eq!((&fault["code"], &fault["side"]), (&"tcp.icmp.prohibited".into(), &"path".into()));
    assert_eq!(fault["exit"], 7);
    assert!(fault["sentence"].as_str().is_some_and(|it| it.contains("192.0.2.254")), "{fault}");
    assert_eq!(of_kind(&records, "fault.verdict").len(), 1);
}

#[test]
fn without_packets_no_packet_is_told_and_what_is_lost_is_known_all_the_same() {
    let records = records(&trouble::unseen());
    for event in of_type(&records, "event") {
        assert_eq!(event["packets"].as_array().map(Vec::len), Some(0), "{event}");
    }
    // Sent again at 204 and at 612 ms, by the kernel's stamps.
    let timers = of_kind(&records, "tcp.timer");
    assert_eq!(timers.len(), 2);
    assert!(timers.iter().all(|timer| timer["observed"] == false), "{timers:?}");
    let fault = of_type(&records, "fault")[0];
    assert_eq!((&fault["code"], &fault["side"]), (&"tcp.data-lost".into(), &"path".into()));
    assert!(
        fault["sentence"].as_str().is_some_and(|it| it.contains("sent again 2 times")),
        "{fault}"
    );
    let timing = of_type(&records, "timing")[0];
    assert_eq!(timing["witness"], "stamps");
}

#[test]
fn nothing_hostile_and_no_secret_leaves_by_any_door() {
    let scene = trouble::hostile();
    let (outcome, tale) = outcome(&scene, Secrets::Masked);
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let format = "%{json}%{header_json}%header{location}%header{set-cookie}%{content_type}\
                  %{redirect_url}%{url_effective}%{nosuch\x1b[31m}";
    outcome.write_out(format, &tale, &mut out, &mut err).expect("room");
    let text = |octets: Vec<u8>| String::from_utf8(octets).expect("UTF-8");
    let doors = [
        recorded(&scene, Secrets::Masked),
        written(|ink| outcome.har(&tale, ink)),
        text(out),
        text(err),
    ];
    for said in &doors {
        let is_shown = |it: char| it == '\n' || (!it.is_control() && it != '\u{202e}');
        assert!(said.chars().all(is_shown), "{}", said.escape_debug());
        assert!(!said.contains("c2VjcmV0") && !said.contains("secret=1"), "{said}");
    }
    let shown = recorded(&scene, Secrets::Shown);
    assert!(shown.contains("c2VjcmV0") && shown.contains("secret=1"));
    let (outcome, tale) = self::outcome(&scene, Secrets::Shown);
    let shown = written(|ink| outcome.har(&tale, ink));
    assert!(shown.contains("c2VjcmV0") && shown.contains("secret=1"));
}

/// What a member must be.
type Shape = (&'static str, fn(&Value) -> bool);

/// HAR 1.2, by the names it gives its objects.
const LOG: &[Shape] = &[
    ("version", Value::is_string),
    ("creator", Value::is_object),
    ("pages", Value::is_array),
    ("entries", Value::is_array),
];
const PAGE: &[Shape] = &[
    ("startedDateTime", Value::is_string),
    ("id", Value::is_string),
    ("title", Value::is_string),
    ("pageTimings", Value::is_object),
];
const ENTRY: &[Shape] = &[
    ("pageref", Value::is_string),
    ("startedDateTime", Value::is_string),
    ("time", Value::is_number),
    ("request", Value::is_object),
    ("response", Value::is_object),
    ("cache", Value::is_object),
    ("timings", Value::is_object),
];
const REQUEST: &[Shape] = &[
    ("method", Value::is_string),
    ("url", Value::is_string),
    ("httpVersion", Value::is_string),
    ("cookies", Value::is_array),
    ("headers", Value::is_array),
    ("queryString", Value::is_array),
    ("headersSize", Value::is_i64),
    ("bodySize", Value::is_i64),
];
const RESPONSE: &[Shape] = &[
    ("status", Value::is_u64),
    ("statusText", Value::is_string),
    ("httpVersion", Value::is_string),
    ("cookies", Value::is_array),
    ("headers", Value::is_array),
    ("content", Value::is_object),
    ("redirectURL", Value::is_string),
    ("headersSize", Value::is_i64),
    ("bodySize", Value::is_i64),
];
const CONTENT: &[Shape] = &[("size", Value::is_i64), ("mimeType", Value::is_string)];
const TIMINGS: &[Shape] = &[
    ("blocked", Value::is_number),
    ("dns", Value::is_number),
    ("connect", Value::is_number),
    ("send", Value::is_number),
    ("wait", Value::is_number),
    ("receive", Value::is_number),
    ("ssl", Value::is_number),
];
const NAMED: &[Shape] = &[("name", Value::is_string), ("value", Value::is_string)];

fn has(object: &Value, shapes: &[Shape]) {
    for (name, is) in shapes {
        assert!(object.get(name).is_some_and(is), "{name} in {object}");
    }
    // Members of our own begin with an underscore.
    let own = ["comment", "serverIPAddress", "connection", "compression"];
    for name in object.as_object().expect("an object").keys() {
        let is_known = shapes.iter().any(|(known, _)| known == name);
        assert!(is_known || name.starts_with('_') || own.contains(&&**name), "{name} in {object}");
    }
}

#[test]
fn archives_have_the_shape_of_har_1_2() {
    for (name, scene) in SCENES {
        let (outcome, tale) = outcome(&scene(), Secrets::Masked);
        let text = written(|ink| outcome.har(&tale, ink));
        let archive: Value =
            serde_json::from_str(&text).unwrap_or_else(|why| panic!("{name}: {why}"));
        let log = &archive["log"];
        has(log, LOG);
        assert_eq!(log["version"], "1.2");
        for page in log["pages"].as_array().expect("pages") {
            has(page, PAGE);
        }
        let entries = log["entries"].as_array().expect("entries");
        assert_eq!(entries.len(), tale.told.len(), "{name}");
        for entry in entries {
            has(entry, ENTRY);
            has(&entry["request"], REQUEST);
            has(&entry["response"], RESPONSE);
            has(&entry["response"]["content"], CONTENT);
            has(&entry["timings"], TIMINGS);
            let lists = ["/request/cookies", "/request/headers", "/request/queryString"];
            for list in lists.into_iter().chain(["/response/cookies", "/response/headers"]) {
                let list = entry.pointer(list).and_then(Value::as_array).expect("a list");
                for one in list {
                    has(one, NAMED);
                }
            }
            let is_page = |page: &Value| page["id"] == entry["pageref"];
            assert!(log["pages"].as_array().is_some_and(|pages| pages.iter().any(is_page)));
            // All but `ssl`, which is part of `connect`, are all of it; what did not occur is -1.
            let took = |name: &str| entry["timings"][name].as_f64().expect("a time");
            let parts = ["blocked", "dns", "connect", "send", "wait", "receive"].map(took);
            let sum: f64 = parts.iter().filter(|part| **part >= 0.0).sum();
            assert!((sum - entry["time"].as_f64().expect("a time")).abs() < 1e-6, "{entry}");
            assert!(parts[3..].iter().all(|part| *part >= 0.0), "{entry}");
        }
    }
}

#[test]
fn formats_are_written_as_curl_writes_them() {
    let (outcome, tale) = outcome(&page::page(), Secrets::Masked);
    let said = |format: &str| {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        outcome.write_out(format, &tale, &mut out, &mut err).expect("room");
        [out, err].map(|octets| String::from_utf8(octets).expect("UTF-8"))
    };
    for (format, expected) in [
        ("%{http_code} %{scheme} %{method}\\n", "200 HTTP GET\n"),
        ("%{response_code}|%{http_connect}|%{exitcode}|%{errormsg}|", "200|000|0||"),
        ("%%|%x|%|\\t|\\q|\\r|é%", "%|%x|%|\t|\\q|\r|é%"),
        ("100%", "100%"),
        ("%{url_effective}", "http://www.lab.example/"),
        ("%{unclosed", "%{unclosed"),
        ("%header{unclosed", "%header{unclosed"),
        ("%{onerror}not shown", ""),
        ("a%{stderr}b%{stdout}c", "ac"),
        ("%{num_redirects} %{num_connects}", "0 1"),
    ] {
        assert_eq!(said(format)[0], expected, "{format}");
    }
    assert_eq!(said("a%{stderr}b%{stdout}c")[1], "b");
    let [out, err] = said("<%{nosuch}>");
    assert_eq!((&*out, err.contains("'nosuch'")), ("<>", true), "{err}");
    let [time, _] = said("%{time_total}");
    let (seconds, fraction) = time.split_once('.').expect("a fraction");
    assert!(seconds.parse::<u32>().is_ok() && fraction.len() == 6, "{time}");
    let all: Value = serde_json::from_str(&said("%{json}")[0]).expect("JSON");
    assert_eq!(all["http_code"], 200);
    assert!(all["errormsg"].is_null() && all["time_total"].is_number(), "{all}");
    let headers: Value = serde_json::from_str(&said("%{header_json}")[0]).expect("JSON");
    assert!(headers["content-type"].is_array(), "{headers}");
}

#[test]
fn what_failed_is_written_as_curl_writes_it() {
    let (outcome, tale) = outcome(&trouble::refused(), Secrets::Masked);
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let format = "%{http_code} %{exitcode} %{num_connects} %{remote_port}%{onerror}: %{errormsg}";
    outcome.write_out(format, &tale, &mut out, &mut err).expect("room");
    let out = String::from_utf8(out).expect("UTF-8");
    assert!(out.starts_with("000 7 0 ") && out.contains(": 192.0.2.254 says"), "{out}");
}

#[test]
fn percentiles_have_a_row_for_each_phase_that_occurred() {
    let (outcome, tale) = outcome(&page::page(), Secrets::Masked);
    let rows = written(|ink| outcome.percentiles(&tale, 100, ink));
    assert!(rows.starts_with("1 fetch\n"), "{rows}");
    for word in ["p50", "p90", "p99", "max", "TCP handshake", "this computer", "all of it"] {
        assert!(rows.contains(word), "{word} in {rows}");
    }
    assert!(!rows.contains("TLS"), "{rows}");
}
