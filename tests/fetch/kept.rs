//! What a fetch keeps of itself: does it say the same when it is read again, by us and by others?

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use pcap::Capture;
use serde_json::Value;

use crate::lab::{self, Ended, Lab, RESOLVER, WEB};
use crate::told::{Told, fetched, fetched_on, records};

/// What wiretale says of a file.
fn read(lab: &Lab, words: &[&str]) -> Vec<Value> {
    let ended = lab.run(env!("CARGO_BIN_EXE_wiretale"), words);
    assert_eq!(ended.code, 0, "{words:?}: {}", ended.err);
    records(&ended.out)
}

fn of<'v>(records: &'v [Value], kind: &str) -> Vec<&'v Value> {
    records.iter().filter(|record| record["type"] == kind).collect()
}

pub(crate) fn what_was_kept_says_what_was_told(lab: &Lab) {
    let file = lab.path("kept.pcapng").display().to_string();
    let told =
        fetched(lab, &["-w", &file, "--no-keepalive", "http://distant.lab.example/img/5.png"]);
    let packets = read(lab, &["packets", "--json", &file]);
    let packets: BTreeMap<u64, &Value> = of(&packets, "packet")
        .into_iter()
        .map(|packet| (packet["number"].as_u64().expect("a number"), packet))
        .collect();
    let flags = |number: u64| {
        let packet = packets.get(&number).unwrap_or_else(|| panic!("packet {number} was not kept"));
        packet["fields"]["tcp.flags.str"].as_str().unwrap_or_default().to_owned()
    };
    // Each packet is what the event that names it says.
    for (kind, wanted) in
        [("tcp.syn", "S"), ("tcp.synack", "S."), ("tcp.ack", "."), ("tcp.fin", "F")]
    {
        let events = told.events(kind);
        assert!(!events.is_empty(), "no {kind}");
        for event in events {
            let numbers = event["packets"].as_array().expect("packets");
            let last = numbers.last().and_then(Value::as_u64).expect("a packet");
            assert!(flags(last).contains(wanted), "{event}: {}", flags(last));
        }
    }
    // The tracker found the same conversation, live and in the file.
    let flows = read(lab, &["flows", "--json", &file]);
    let connections = of(&flows, "connection");
    let ours: Vec<_> =
        connections.iter().filter(|one| one["key"]["server"]["port"] == 80).collect();
    let [connection] = ours[..] else { panic!("{connections:?}") };
    assert_eq!(told.timing()["connection"], connection["id"]);
    let syn = &told.events("tcp.syn")[0]["packets"][0];
    assert_eq!(&connection["handshake"]["syn_packet"], syn);
    assert_eq!(connection["complete"], true);
    let exchanges = read(lab, &["exchanges", "--json", &file]);
    let exchanges = of(&exchanges, "exchange");
    let http: Vec<_> = exchanges.iter().filter(|one| one["protocol"] == "http").collect();
    let [http] = http[..] else { panic!("{exchanges:?}") };
    assert_eq!(http["http"]["status"], 200);
    let body = &told.events("http.body")[0]["data"];
    assert!(
        body.as_object()
            .expect("data")
            .values()
            .any(|it| *it == http["http"]["response_body_bytes"]),
        "{body}"
    );
    let questions = exchanges.iter().filter(|one| one["protocol"] == "dns").count();
    assert_eq!(questions, told.events("dns.query").len());
}

pub(crate) fn what_was_kept_is_what_passed_and_nothing_else_did(lab: &Lab) {
    let file = lab.path("passed.pcapng").display().to_string();
    let fab = lab.space("fab");
    let tap = fab.on(|| {
        let tap = Capture::from_device("guest-eth0").expect("a port of the bridge");
        tap.immediate_mode(true).snaplen(65_535).open().expect("to listen")
    });
    let mut tap = tap.setnonblock().expect("not to wait");
    let is_over = AtomicBool::new(false);
    let mut passed = thread::scope(|scope| {
        let listener = scope.spawn(|| {
            let mut frames = Vec::new();
            loop {
                let was_over = is_over.load(Ordering::Relaxed);
                while let Ok(frame) = tap.next_packet() {
                    frames.push(frame.data.to_vec());
                }
                if was_over {
                    return frames;
                }
                thread::sleep(Duration::from_millis(5));
            }
        });
        let _told = fetched_on("guest", lab, &["-w", &file, "http://www.lab.example/img/2.png"]);
        is_over.store(true, Ordering::Relaxed);
        listener.join().expect("no panic")
    });
    // Every host says to its neighbours which groups it belongs to; and bridges pass broadcasts on to all.
    passed.retain(|frame| {
        let is_guests =
            [&frame[..6], &frame[6..12]].iter().any(|mac| mac[5] == 0x20 && mac[0] == 2);
        is_guests && frame[12..14] != [0x86, 0xdd]
    });
    for frame in &passed {
        assert!(was_asked_for(frame), "{frame:02x?}");
    }
    let mut kept = Vec::new();
    let mut saved = Capture::from_file(&file).expect("a capture");
    while let Ok(frame) = saved.next_packet() {
        kept.push(frame.data.to_vec());
    }
    assert!(kept.len() > 10, "{}", kept.len());
    passed.sort();
    kept.sort();
    assert_eq!(kept, passed);
}

/// ARP about the router; the resolver's port; the web server's.
fn was_asked_for(frame: &[u8]) -> bool {
    let router = [192, 168, 0, 1];
    if frame[12..14] == [8, 6] {
        return frame[28..32] == router || frame[38..42] == router;
    }
    let end = |address: usize, port: usize| {
        let text: Vec<String> = frame[address..address + 4].iter().map(u8::to_string).collect();
        (text.join("."), u16::from_be_bytes([frame[port], frame[port + 1]]))
    };
    let ends = [end(26, 34), end(30, 36)];
    let wanted = match frame[23] {
        17 => (RESOLVER.to_owned(), 53),
        6 => (WEB.to_owned(), 80),
        _ => return false,
    };
    frame[12..14] == [8, 0] && ends.contains(&wanted)
}

pub(crate) fn others_read_what_was_kept_and_open_what_was_sealed(lab: &Lab) {
    if !lab::has("tshark") {
        println!("left out: there is no tshark");
        return;
    }
    let file = lab.path("sealed.pcapng").display().to_string();
    let authority = lab.authority();
    let words = ["-w", &file, "--keys-in-pcap", "--cacert", &authority, "https://www.lab.example/"];
    let told = fetched(lab, &words);
    let ask = |words: &[&str]| -> Ended {
        let mut all = vec!["-r", &file];
        all.extend(words);
        let ended = lab.run("tshark", &all);
        assert_eq!(ended.code, 0, "{}", ended.err);
        let is_about_root = |line: &&str| !line.is_empty() && !line.contains("as user");
        assert!(!ended.err.lines().any(|line| is_about_root(&line)), "{}", ended.err);
        ended
    };
    let opened = ask(&[
        "-Y",
        "http",
        "-T",
        "fields",
        "-e",
        "http.request.method",
        "-e",
        "http.response.code",
    ]);
    assert!(opened.out.contains("GET") && opened.out.contains("200"), "{}", opened.out);
    let numbers =
        ask(&["-T", "fields", "-e", "frame.number", "-e", "tcp.flags.syn", "-e", "_ws.malformed"]);
    assert!(!numbers.out.contains("Malformed"), "{}", numbers.out);
    let syn = told.events("tcp.syn")[0]["packets"][0].as_u64().expect("a packet");
    assert!(numbers.out.contains(&format!("{syn}\t1\t")), "{}", numbers.out);
    // Without the option the keys stay with us.
    let file = lab.path("shut.pcapng").display().to_string();
    fetched(lab, &["-w", &file, "--cacert", &authority, "https://www.lab.example/"]);
    let opened = lab.run("tshark", &["-r", &file, "-Y", "http"]);
    assert_eq!((opened.code, &*opened.out), (0, ""));
}

pub(crate) fn the_archive_says_what_the_records_say(lab: &Lab) {
    let file = lab.path("page.har").display().to_string();
    let told = fetched(lab, &["--har", &file, "--page", "http://www.lab.example/"]);
    let text = std::fs::read_to_string(&file).expect("an archive");
    let archive: Value = serde_json::from_str(&text).expect("JSON");
    let log = &archive["log"];
    assert_eq!(log["version"], "1.2");
    let entries = log["entries"].as_array().expect("entries");
    let timings: Vec<_> =
        told.all("timing").into_iter().filter(|it| it["transfer"].is_u64()).collect();
    // The page, its style, its eight pictures.
    assert_eq!((entries.len(), timings.len()), (10, 10));
    for entry in entries {
        assert_eq!(entry["response"]["status"], 200, "{entry}");
        assert_eq!(entry["serverIPAddress"], WEB, "{entry}");
        let names = ["blocked", "dns", "connect", "send", "wait", "receive"];
        // Connecting contains securing; what did not happen is -1.
        let spent: f64 = names
            .iter()
            .filter_map(|name| entry["timings"][name].as_f64())
            .map(|it| it.max(0.0))
            .sum();
        let time = entry["time"].as_f64().expect("a time");
        assert!((spent - time).abs() < 0.01, "{entry}");
    }
    let connections: std::collections::HashSet<_> =
        entries.iter().filter_map(|entry| entry["connection"].as_str()).collect();
    assert!((2..=6).contains(&connections.len()), "{connections:?}");
}

/// Records of two fetches that differ only in what cannot be the same.
pub(crate) fn with_a_file_nothing_else_is_told(lab: &Lab) {
    let file = lab.path("beside.pcapng").display().to_string();
    let kinds = |told: &Told| -> Vec<String> {
        let kind = |it: &&Value| it["kind"].as_str().is_some_and(|it| it.starts_with("http."));
        told.all("event").into_iter().filter(kind).map(|it| it["kind"].to_string()).collect()
    };
    let with = fetched(lab, &["-w", &file, "http://www.lab.example/s.css"]);
    let without = fetched(lab, &["http://www.lab.example/s.css"]);
    assert_eq!(kinds(&with), kinds(&without));
}
