//! Does each option do what it says, and where curl has it, what curl does?

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::lab::Lab;
use crate::told::{Told, fetched, records};

/// What is in a file in the end, without the lines that tell the time of day.
fn content(path: &Path) -> Option<String> {
    let text = fs::read(path).ok()?;
    let text = String::from_utf8_lossy(&text).into_owned();
    Some(text.split_inclusive('\n').filter(|line| !line.starts_with("Date: ")).collect())
}

pub(crate) fn what_is_saved_is_what_curl_saves(lab: &Lab) {
    let (ours, theirs) = (lab.path("saved.ours"), lab.path("saved.theirs"));
    let to = |path: &Path| path.display().to_string();
    for words in [
        &["-f", "http://www.lab.example/gone"][..],
        &["-f", "-i", "http://www.lab.example/gone"],
        &["-f", "-L", "-i", "http://www.lab.example/old"],
        &["-f", "http://www.lab.example/private"],
        &["-f", "http://www.lab.example/s.css"],
        &["http://www.lab.example/gone"],
        &["-i", "http://www.lab.example/gone"],
        &["-i", "http://www.lab.example/s.css"],
        &["-i", "http://www.lab.example/old"],
        &["-i", "http://fault.lab.example/hints"],
        &["-i", "http://fault.lab.example/chunks"],
        &["-i", "--compressed", "http://fault.lab.example/gzip"],
        &["-i", "http://fault.lab.example/half"],
        &["http://fault.lab.example/nosuch"],
        &["http://www.lab.example:81/"],
    ] {
        for before in [None, Some("what was there before\n")] {
            for path in [&ours, &theirs] {
                _ = fs::remove_file(path);
                if let Some(before) = before {
                    fs::write(path, before).expect("a file");
                }
            }
            let got = lab.curl(&[&["-o", &to(&theirs)], words].concat());
            let to_ours = to(&ours);
            let words = [&["-q", "--body", &to_ours], words].concat();
            let ended = lab.fetch("client", None, &words);
            assert_eq!(ended.code, got.code, "{words:?}: {}", ended.err);
            assert_eq!(content(&ours), content(&theirs), "{words:?}");
        }
    }
    let nowhere = to(&lab.path("no/such/folder"));
    let url = "http://www.lab.example/s.css";
    let ended = lab.fetch("client", None, &["-q", "--body", &nowhere, url]);
    assert_eq!(lab.curl(&["-o", &nowhere, url]).code, 23);
    assert_eq!(ended.code, 23, "{}", ended.err);
    assert!(ended.err.contains(&nowhere), "{}", ended.err);
}

/// The server sends back what it was sent.
pub(crate) fn a_method_that_was_typed_stays_as_with_curl(lab: &Lab) {
    let out = lab.path("moved.body");
    let to = out.display().to_string();
    for status in ["301", "302", "303", "307", "308"] {
        let url = format!("http://fault.lab.example/moved/{status}");
        for words in [
            &["-X", "PUT"][..],
            &["-X", "PUT", "-d", "a=b"],
            &["-X", "POST", "-d", "a=b"],
            &["-X", "GET", "-d", "a=b"],
            &["-X", "POST", "-d", ""],
            &["-d", "a=b"],
        ] {
            let words = [words, &["-L", &url]].concat();
            let theirs = lab.curl(&words).out;
            let ended = lab.fetch("client", None, &[&["-q", "--body", &to], &words[..]].concat());
            assert_eq!(ended.code, 0, "{words:?}: {}", ended.err);
            let ours = content(&out).expect("a body");
            let asked = |text: &str| {
                let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
                lines.retain(|line| !line.starts_with("User-Agent: "));
                lines[1..].sort();
                lines
            };
            assert_eq!(asked(&ours), asked(&theirs), "{words:?}");
        }
    }
}

/// A fetch that is listened to while it goes on.
fn begun(lab: &Lab, words: &[&str]) -> Child {
    let mut command = lab.space("client").command(env!("CARGO_BIN_EXE_wiretale"));
    command.arg("fetch").args(words).stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("wiretale")
}

pub(crate) fn records_leave_as_soon_as_they_are_final(lab: &Lab) {
    // The server sends half of what it promised, and then nothing for as long as it is waited for.
    let mut child = begun(lab, &["--json", "http://fault.lab.example/half-stalled"]);
    let began = Instant::now();
    let mut lacking = vec![
        "url.parse",
        "dns.query",
        "dns.answer",
        "sys.connect",
        "tcp.syn",
        "tcp.synack",
        "tcp.ack",
        "http.request",
        "sys.write",
        "tcp.segment",
        "tcp.acked",
        "http.response",
        "sys.read",
    ];
    for line in BufReader::new(child.stdout.take().expect("a pipe")).lines() {
        let record: Value = serde_json::from_str(&line.expect("a line")).expect("a record");
        lacking.retain(|kind| record["kind"] != **kind);
        if lacking.is_empty() {
            break;
        }
    }
    child.kill().expect("our child");
    child.wait().expect("its end");
    assert!(lacking.is_empty(), "{lacking:?}");
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());

    // What came of a URL is told before the next is fetched.
    let url = "http://www.lab.example/s.css";
    let mut child = begun(lab, &["--json", "--repeat", "2", "--interval", "2s", url]);
    let mut at = Vec::new();
    for line in BufReader::new(child.stdout.take().expect("a pipe")).lines() {
        let record: Value = serde_json::from_str(&line.expect("a line")).expect("a record");
        if record["type"] == "timing" || record["kind"] == "http.response" {
            at.push((record["type"].to_string(), Instant::now()));
        }
    }
    child.wait().expect("its end");
    let types: Vec<&str> = at.iter().map(|(what, _)| what.trim_matches('"')).collect();
    assert_eq!(types, ["event", "timing", "event", "timing"]);
    // The answer was told before the pause that comes behind it.
    let first = at[2].1.duration_since(at[0].1);
    assert!(first > Duration::from_millis(1500), "{first:?}");
}

pub(crate) fn who_reads_no_further_ends_it_quietly(lab: &Lab) {
    for how in [&["--json"][..], &["--json=doc"], &["--level", "7", "--follow"]] {
        let words = [how, &["http://www.lab.example/slow"]].concat();
        let mut child = begun(lab, &words);
        let mut reader = BufReader::new(child.stdout.take().expect("a pipe"));
        if how != ["--json=doc"] {
            reader.read_line(&mut String::new()).expect("a line");
        }
        drop(reader);
        let began = Instant::now();
        let mut said = String::new();
        child.stderr.take().expect("a pipe").read_to_string(&mut said).expect("text");
        let status = child.wait().expect("its end");
        assert_eq!((status.code(), &*said), (Some(0), ""), "{how:?}");
        // The fetch takes fifteen seconds.
        let early = if how == ["--json=doc"] { 20 } else { 8 };
        assert!(began.elapsed() < Duration::from_secs(early), "{how:?}: {:?}", began.elapsed());
    }
}

pub(crate) fn a_document_has_the_same_records(lab: &Lab) {
    for (words, code) in [
        (&["-L", "http://www.lab.example/old"][..], 0),
        (&["http://fault.lab.example/half"], 18),
        (&["http://www.lab.example/s.css", "http://nosuch.lab.example/"], 6),
    ] {
        let ended = lab.fetch("client", None, &[&["--json=doc"], words].concat());
        assert_eq!(ended.code, code, "{}", ended.err);
        let document: Value = serde_json::from_str(&ended.out).expect("one document");
        assert_eq!(document["type"], "fetch");
        assert_eq!(document["capture"]["schema"], 1);
        let lines = lab.fetch("client", None, &[&["--json"], words].concat());
        let lines = records(&lines.out);
        for (member, kind, name) in
            [("events", "event", "kind"), ("timing", "timing", "url"), ("fault", "fault", "code")]
        {
            let list = document[member].as_array().expect("a list");
            assert!(list.iter().all(|record| record["type"] == kind), "{member}");
            // How often was waited and how much came at once differs.
            let names = |records: &mut dyn Iterator<Item = &Value>| {
                let mut names: Vec<String> = records.map(|one| one[name].to_string()).collect();
                names.sort();
                names.dedup();
                names
            };
            let theirs = names(&mut lines.iter().filter(|record| record["type"] == kind));
            assert_eq!(names(&mut list.iter()), theirs, "{words:?} {member}");
            assert_eq!(list.is_empty(), member == "fault" && code == 0);
        }
        // All that holds of lines holds of them.
        let parts = ["events", "timing", "fault"].map(|member| document[member].as_array());
        let parts = parts.into_iter().flatten().flatten().map(Value::to_string);
        Told::of(&crate::lab::Ended { out: parts.collect::<Vec<_>>().join("\n"), ..ended });
    }
    let ended = lab.run(env!("CARGO_BIN_EXE_wiretale"), &["interfaces", "--json=doc"]);
    assert_eq!(ended.code, 2, "{}", ended.err);
}

/// The part of a story that begins with a head, without it.
fn part<'t>(text: &'t str, name: &str) -> Vec<&'t str> {
    let is_head = |line: &&str| line.as_bytes().get(1).is_some_and(u8::is_ascii_digit);
    let begin = |line: &&str| is_head(line) && line.get(3..).is_some_and(|it| it.starts_with(name));
    let lines = text.lines().skip_while(|line| !begin(line)).skip(1);
    lines.take_while(|line| line.starts_with(' ') && !is_head(line)).collect()
}

pub(crate) fn the_way_has_a_part_of_its_own_at_any_level(lab: &Lab) {
    let url = "http://www.lab.example/s.css";
    for level in ["2", "4", "6"] {
        let ended = lab.fetch("client", None, &["--path", "--level", level, "--width", "160", url]);
        assert_eq!(ended.code, 0, "{}", ended.err);
        let told = part(&ended.out, "path").join("\n");
        for word in [
            "192.168.0.",
            "mask 255.255.255.0",
            "& 0.0.0.0 = 0.0.0.0",
            "it wins",
            "via router 192.168.0.1",
            "02:00:00:00:00:01",
            "NAT",
            "(inferred)",
            "TTL 62: 2 routers away",
            "path MTU   1500 octets",
            "hop 1      192.168.0.1  ",
            "hop 2      203.0.113.1  ",
            "hop 3      the server answered  ",
        ] {
            assert!(told.contains(word), "{word} at level {level}: {}", ended.out);
        }
        let whole = part(&ended.out, "connection").join("\n");
        assert!(!whole.contains("it wins") && !whole.contains("NAT"), "{}", ended.out);
    }
    let usual = lab.fetch("client", None, &["--level", "4", "--width", "160", url]);
    assert!(part(&usual.out, "path").is_empty(), "{}", usual.out);
    assert!(!usual.out.contains("path MTU"), "{}", usual.out);
    // Without packets the calls say how many routers there are, and the rest is known anyhow.
    let mut words = vec!["--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"];
    words.extend([env!("CARGO_BIN_EXE_wiretale"), "fetch", "--path", "--width", "160", url]);
    let bare = lab.run("setpriv", &words);
    let told = part(&bare.out, "path").join("\n");
    for word in [
        "via router 192.168.0.1",
        "TTL 62: 2 routers away",
        "path MTU   1500 octets",
        "hop        not probed: our own packets are not seen",
    ] {
        assert!(told.contains(word), "{word}: {}", bare.out);
    }
    // Where nobody answers it is not known how far it is, nor where somebody on the way does.
    for (port, code) in [("8101", 28), ("8102", 7)] {
        let url = format!("http://www.lab.example:{port}/");
        let words = ["--path", "--level", "2", "--connect-timeout", "1s", &url];
        let ended = lab.fetch("client", None, &words);
        assert_eq!(ended.code, code, "{}", ended.err);
        let told = part(&ended.out, "path").join("\n");
        assert!(told.contains("hops       unknown"), "{}", ended.out);
    }
}

pub(crate) fn every_octet_of_every_packet_is_told_with_its_field(lab: &Lab) {
    let file = lab.path("octets.pcapng").display().to_string();
    let url = "http://www.lab.example/big.bin";
    let ended = lab.fetch("client", None, &["-x", "-w", &file, "--width", "120", url]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    let wiretale = env!("CARGO_BIN_EXE_wiretale");
    let packets = lab.run(wiretale, &["packets", "-x", "--width", "120", &file]);
    // Behind the line of each packet the rows are the same, to the last one.
    let rows = |text: &str| -> Vec<String> {
        let is_row = |line: &&str| {
            line.get(4..8).is_some_and(|at| at.bytes().all(|it| it.is_ascii_hexdigit()))
                && line.starts_with("    ")
                && line.get(8..10) == Some("  ")
        };
        text.lines().filter(is_row).map(str::to_owned).collect()
    };
    let mut theirs = rows(&packets.out);
    let mut ours = rows(&ended.out);
    assert!(theirs.len() > 10_000, "{}", theirs.len());
    theirs.sort();
    ours.sort();
    assert_eq!(ours, theirs);
    let plain = lab.fetch("client", None, &["--level", "7", "--width", "120", url]);
    assert!(rows(&plain.out).is_empty(), "{}", plain.out);
    let wrong = lab.fetch("client", None, &["-x", "--level", "4", url]);
    assert_eq!((wrong.code, &*wrong.out), (2, ""), "{}", wrong.err);
}

pub(crate) fn how_it_is_fetched_is_said_once(lab: &Lab) {
    let url = "http://www.lab.example/s.css";
    let words = ["--repeat", "3", "--interval", "0s", "--level", "4", url];
    let ended = lab.fetch("client", None, &words);
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert_eq!(ended.out.matches("limits  ").count(), 1, "{}", ended.out);
    assert_eq!(ended.out.matches("GET /s.css HTTP/1.1").count(), 3, "{}", ended.out);
}

pub(crate) fn who_closed_a_secured_connection_first_is_told(lab: &Lab) {
    let words = ["--cacert", &lab.authority(), "https://www.lab.example/s.css"];
    let told = fetched(lab, &words);
    let [end] = told.events("tls.end")[..] else { panic!("{:?}", told.events("tls.")) };
    // We have nothing more to ask; nginx ends its side without a word of its own.
    assert_eq!(end["data"]["closed_first"], "client", "{end}");
    assert_eq!(end["data"]["close_notify"], false, "{end}");
    let own = told.events("tcp.fin").into_iter().find(|fin| fin["data"]["by"] == "client");
    let own = own.expect("our FIN")["start_ns"].as_u64();
    assert!(own < end["end_ns"].as_u64(), "{end}");
    let text = lab.fetch("client", None, &words).out;
    assert!(text.contains("we closed first; the server answered by a bare FIN"), "{text}");
}

pub(crate) fn the_system_is_asked_by_one_call(lab: &Lab) {
    let url = "http://both.lab.example/s.css";
    let told = fetched(lab, &["--dns", "system", url]);
    assert!(told.events("dns.query").is_empty(), "what is inside is not seen");
    let calls: Vec<&Value> = told.events("sys.lookup");
    let [call] = calls[..] else { panic!("{calls:?}") };
    assert!(call["text"].as_str().is_some_and(|it| it.contains("getaddrinfo")), "{call}");
    let took =
        call["end_ns"].as_u64().zip(call["start_ns"].as_u64()).map(|(end, start)| end - start);
    assert!(took.is_some_and(|took| took > 0), "{call}");
    assert_eq!(told.timing()["phases_ns"]["dns_system"].as_u64(), took);
    // As getent, which calls the same function, gives them.
    let theirs = lab.run("getent", &["ahosts", "both.lab.example"]).out;
    let mut theirs: Vec<&str> =
        theirs.lines().filter_map(|line| line.split_whitespace().next()).collect();
    theirs.dedup();
    let list = &told.events("name.found");
    let list = list.first().unwrap_or_else(|| panic!("{:?}", told.events("dns.")));
    let ours = list["data"]["addresses"].as_array().expect("addresses").clone();
    assert!(ours.iter().all(|it| it["whence"] == "system"), "{list}");
    let ours: Vec<&str> = ours.iter().filter_map(|it| it["address"].as_str()).collect();
    assert_eq!(ours, theirs);
    let text = lab.fetch("client", None, &["--dns", "system", url]).out;
    assert!(
        text.contains("getaddrinfo(\"both.lab.example\"") && text.contains("is not seen"),
        "{text}"
    );
    let unknown = lab.fetch(
        "client",
        None,
        &["--level", "1", "--dns", "system", "http://nosuch.lab.example/"],
    );
    assert_eq!(unknown.code, 6, "{}", unknown.err);
    assert!(unknown.out.contains("the system's resolver says"), "{}", unknown.out);
}
