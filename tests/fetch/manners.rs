//! How does a fetch behave: without rights, with secrets, when it is interrupted, towards this computer?

use std::process::Stdio;
use std::thread::sleep;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::lab::{Lab, Sight};
use crate::told::{Told, fetched};

const WIRETALE: &str = env!("CARGO_BIN_EXE_wiretale");

pub(crate) fn without_rights_everything_but_packets_is_told(lab: &Lab) {
    let url = "http://www.lab.example/img/3.png";
    let bare = lab.fetch_with(Sight::Calls, None, &["--json", url]);
    assert_eq!(bare.code, 0, "{}", bare.err);
    let bare = Told::of(&bare);
    let whole = fetched(lab, &[url]);
    for event in bare.all("event") {
        assert_eq!(event["packets"].as_array().map(Vec::len), Some(0), "{event}");
        let kind = event["kind"].as_str().expect("a kind");
        // What only packets show must be told as a conclusion, or not at all.
        let of_packets =
            ["tcp.syn", "tcp.synack", "tcp.ack", "tcp.segment", "tcp.fin", "arp.request"];
        assert!(!of_packets.contains(&kind) || event["observed"] == false, "{event}");
    }
    assert!(bare.events("policy")[0]["data"]["no_packets"].is_string());
    let calls = |told: &Told| -> Vec<String> {
        let calls =
            told.events("sys.").into_iter().filter(|it| it["data"]["purpose"] != "evidence");
        let mut names: Vec<String> = calls.map(|call| call["data"]["call"].to_string()).collect();
        // How often one has to wait, and how much there is to read at once, differs from time to time.
        names.dedup();
        names.retain(|name| !name.contains("poll") && !name.contains("recv"));
        names
    };
    assert_eq!(calls(&bare), calls(&whole));
    for kind in ["http.request", "http.response", "http.body", "dns.answer", "route.decide"] {
        assert_eq!(bare.events(kind).len(), whole.events(kind).len(), "{kind}");
    }
    let text = lab.fetch_with(Sight::Calls, None, &[url]).out;
    let head: String = text.lines().take(3).collect();
    assert!(head.contains("cap_net_raw") || head.contains("permission"), "{text}");
}

pub(crate) fn no_secret_is_shown(lab: &Lab) {
    // The password, as it is and as it is sent; two cookies.
    let secrets = ["open-sesame", "YWxpOm9wZW4tc2VzYW1l", "my-own-cookie", "oven-fresh-secret"];
    let har = lab.path("secret.har").display().to_string();
    let header = ["-H", "Cookie: a=my-own-cookie"];
    let urls = ["http://ali:open-sesame@www.lab.example/private", "http://www.lab.example/cookie"];
    let user = ["-u", "ali:open-sesame"];
    for url in urls {
        for how in [&["--json"][..], &["--level", "1"], &["--level", "4"], &["--level", "7"]] {
            let words = [how, &header, &user, &["--har", &har, url]].concat();
            let ended = lab.fetch("client", None, &words);
            assert_eq!(ended.code, 0, "{}", ended.err);
            let archive = std::fs::read_to_string(&har).expect("an archive");
            for (what, text) in [("out", &ended.out), ("err", &ended.err), ("archive", &archive)] {
                for secret in secrets {
                    assert!(!text.contains(secret), "{secret} is in the {what} of {words:?}");
                }
            }
            let is_let_in = ended.out.contains("200");
            assert!(is_let_in, "{}", ended.out);
        }
    }
    let words = [&["--level", "7", "--show-secrets"], &header[..], &user, &[urls[0]]].concat();
    let shown = lab.fetch("client", None, &words);
    assert!(shown.out.contains("my-own-cookie"), "{}", shown.out);
}

pub(crate) fn the_body_is_the_one_curl_gets(lab: &Lab) {
    for words in [
        &["http://www.lab.example/"][..],
        &["http://www.lab.example/big.bin"],
        &["--range", "100-299", "http://www.lab.example/big.bin"],
        &["-L", "http://www.lab.example/old"],
        &["--compressed", "http://www.lab.example/s.css"],
        &["--compressed", "http://fault.lab.example/gzip"],
        &["http://fault.lab.example/gzip"],
        &["http://fault.lab.example/chunks"],
        &["http://fault.lab.example/old-style"],
        &["--http1.0", "http://fault.lab.example/fine"],
        &["-I", "http://www.lab.example/big.bin"],
    ] {
        let (ours, theirs) = (lab.path("ours.body"), lab.path("theirs.body"));
        let to = |path: &std::path::Path| path.display().to_string();
        let got = lab.curl(&[&["-o", &to(&theirs)], words].concat());
        assert_eq!(got.code, 0, "{}", got.err);
        let ended = lab.fetch("client", None, &[&["-q", "--body", &to(&ours)], words].concat());
        assert_eq!((ended.code, &*ended.out), (0, ""), "{}", ended.err);
        let ours = std::fs::read(&ours).expect("ours");
        if words[0] == "-I" {
            assert_eq!(ours, b"", "a head has no body");
        } else {
            assert_eq!(ours, std::fs::read(&theirs).expect("curl's"), "{words:?}");
        }
    }
}

/// Each host sees itself and nothing else of a request.
pub(crate) fn what_is_asked_is_what_curl_asks(lab: &Lab) {
    let file = lab.file("asked.txt", "two lines\nof a file\n").display().to_string();
    let (at, url) = (format!("@{file}"), "http://fault.lab.example/echo");
    for words in [
        &["-A", "somebody/7"][..],
        &["-X", "DELETE"],
        &["-H", "X-More: of it", "-H", "Accept:"],
        &["-u", "ali:open-sesame"],
        &["-d", "a=b", "-d", "c=d"],
        &["-d", &at],
        &["--data-binary", &at],
        &["--range", "5-9"],
        &["--http1.0"],
    ] {
        let asked = |text: &str| {
            let (head, body) = text.split_once("\r\n\r\n").expect("a head and a body");
            let mut lines: Vec<String> = head.lines().map(str::to_owned).collect();
            // Who asks differs, and whether it would like to be told to go on (RFC 9110 §10.1.1).
            lines.retain(|it| {
                !it.starts_with("User-Agent: curl") && !it.starts_with("User-Agent: wire")
            });
            lines[1..].sort();
            (lines, body.to_owned())
        };
        let out = lab.path("echo.body").display().to_string();
        let theirs = lab.curl(&[words, &[url]].concat()).out;
        let ended = lab.fetch("client", None, &[&["-q", "--body", &out], words, &[url]].concat());
        assert_eq!(ended.code, 0, "{words:?}: {}", ended.err);
        let ours = std::fs::read_to_string(&out).expect("text");
        assert_eq!(asked(&ours), asked(&theirs), "{words:?}");
    }
}

pub(crate) fn who_interrupts_gets_what_there_is(lab: &Lab) {
    for how in ["--json", "--level=4"] {
        let mut command = lab.space("client").command(WIRETALE);
        command.args(["fetch", how]);
        command.arg("http://fault.lab.example/half-stalled").stdin(Stdio::null());
        let child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("wiretale");
        sleep(Duration::from_millis(1500));
        let id = Pid::from_raw(i32::try_from(child.id()).expect("a number"));
        kill(id, Signal::SIGINT).expect("our child");
        let ended = child.wait_with_output().expect("its end");
        let out = String::from_utf8(ended.stdout).expect("UTF-8");
        assert_eq!(ended.status.code(), Some(130), "{out}");
        assert!(out.contains("567") && out.contains("nterrupted"), "{out}");
    }
}

pub(crate) fn each_level_says_more_and_keeps_to_its_width(lab: &Lab) {
    let mut before = 0;
    for level in 1..=7 {
        let words =
            ["--level", &level.to_string(), "--width", "100", "-L", "http://www.lab.example/old"];
        let ended = lab.fetch("client", None, &words);
        assert_eq!(ended.code, 0, "{}", ended.err);
        let lines = ended.out.lines().count();
        assert!(lines > before, "level {level} has {lines} lines, the one before {before}");
        before = lines;
        if level == 1 {
            assert!(lines <= 4, "{}", ended.out);
        }
        for line in ended.out.lines() {
            assert!(line.chars().count() <= 100, "level {level}: {line}");
        }
    }
}

pub(crate) fn each_of_several_urls_has_its_sentence(lab: &Lab) {
    let (good, bad) = ("http://www.lab.example/s.css", "http://fault.lab.example/half");
    for (urls, code) in [([good, bad], 18), ([bad, good], 0)] {
        let ended =
            lab.fetch("client", None, &["--level", "1", "--width", "200", urls[0], urls[1]]);
        // As with curl the last one counts.
        assert_eq!(ended.code, code, "{}", ended.out);
        for sentence in [
            "www.lab.example sent what was asked for (200 OK, 300 octets of content)",
            "fault.lab.example: the body ends after 500 of 1000 octets",
        ] {
            assert_eq!(ended.out.matches(sentence).count(), 1, "{}", ended.out);
        }
    }
    let again = ["--repeat", "3", "--interval", "0.1s", "--level", "1", good];
    let ended = lab.fetch("client", None, &again);
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert_eq!(ended.out.matches("300 octets of content").count(), 1, "{}", ended.out);
    assert!(ended.out.contains("3 fetches") && ended.out.contains("p90"), "{}", ended.out);
    let told = fetched(lab, &["--repeat", "3", "--interval", "0.1s", good]);
    assert_eq!(told.all("timing").len(), 3);
}

pub(crate) fn a_page_is_fetched_with_all_it_embeds(lab: &Lab) {
    let told = fetched(lab, &["--page", "--parallel", "3", "http://www.lab.example/"]);
    let responses = told.events("http.response");
    assert_eq!(responses.len(), 10);
    assert!(responses.iter().all(|it| it["data"]["status"] == 200), "{responses:?}");
    let connects = told.events("sys.connect").into_iter();
    let to_web = connects
        .filter(|it| it["data"]["remote"] == "198.51.100.80:80" || it.to_string().contains(":80"));
    assert!((1..=3).contains(&to_web.count()));
    assert!(!told.events("html.objects").is_empty());
    assert!(!told.events("sched.slot").is_empty());
}

pub(crate) fn every_leg_of_a_redirect_has_its_own_times(lab: &Lab) {
    let authority = lab.authority();
    let words = ["-L", "--cacert", &authority, "http://www.lab.example/older"];
    let told = fetched(lab, &words);
    let legs: Vec<&Value> =
        told.all("timing").into_iter().filter(|it| it["transfer"].is_u64()).collect();
    let urls: Vec<&str> = legs.iter().filter_map(|leg| leg["url"].as_str()).collect();
    assert_eq!(
        urls,
        ["http://www.lab.example/older", "https://www.lab.example/old", "https://www.lab.example/",]
    );
    // The second leg needs a connection of its own, the third does not.
    let reused: Vec<&Value> = legs.iter().map(|leg| &leg["reused"]).collect();
    assert_eq!(reused, [false, false, true]);
    assert!(legs[0]["time_appconnect_ns"].is_null() && legs[1]["time_appconnect_ns"].is_u64());
    assert_eq!(told.events("http.redirect").len(), 2);
}

pub(crate) fn a_dead_address_costs_a_quarter_of_a_second(lab: &Lab) {
    let told = fetched(lab, &["http://half.lab.example/s.css"]);
    let begun = |address: &str| {
        let events = told.events("sys.connect");
        let connect = events.iter().find(|it| it["data"].to_string().contains(address));
        connect.expect(address)["start_ns"].as_u64().expect("a time")
    };
    let later = begun("198.51.100.80").saturating_sub(begun("2001:db8:66::80"));
    assert!((245_000_000..400_000_000).contains(&later), "{later}");
}

/// What a host knows and what it counts.
fn state(lab: &Lab) -> String {
    let mut state = String::new();
    for (program, words) in [
        ("ip", &["-d", "link"][..]),
        ("ip", &["address"]),
        ("ip", &["rule"]),
        ("ip", &["route", "show", "table", "all"]),
        ("nft", &["list", "ruleset"]),
        (
            "sh",
            &["-c", "grep -r . /proc/sys/net/ipv4/tcp_* /proc/sys/net/ipv4/conf/all 2>/dev/null"],
        ),
        ("sh", &["-c", "grep -E ^Tcp: /proc/net/snmp | awk '{ print $15 }'"]),
    ] {
        state += &lab.run_on("guest", program, words).out;
    }
    // Addresses of IPv6 that count down.
    state
}

pub(crate) fn nothing_is_changed_and_nobody_is_reset(lab: &Lab) {
    // The counter is that of resets sent.
    let before = state(lab);
    assert!(before.contains("OutRsts"), "{before}");
    for url in ["http://www.lab.example/", "http://fault.lab.example/chunks"] {
        let ended = lab.fetch("guest", None, &["--page", url]);
        assert_eq!(ended.code, 0, "{}", ended.err);
    }
    assert_eq!(state(lab), before);
}
