//! Is the small internet what it claims to be? Asked of it with curl and dig.

use crate::faults::names::{
    CUT, FAILS, NOBODY, OVER_TCP, REFUSES, SILENT, WRONG_ID, WRONG_QUESTION,
};
use crate::lab::{DISTANT, Lab, OTHER_RESOLVER, RESOLVER, WEB};

pub(crate) fn the_lease_names_the_resolver(lab: &Lab) {
    let resolvers = std::fs::read_to_string("/etc/resolv.conf").expect("ours");
    assert_eq!(resolvers, format!("nameserver {RESOLVER}\n"));
    let row = lab.run("ip", &["route", "show", "default"]).out;
    assert_eq!(row, "default via 192.168.0.1 dev eth0 \n");
}

pub(crate) fn names_resolve_as_their_zones_say(lab: &Lab) {
    for (name, kind, wanted) in [
        ("www.lab.example", "A", &["web1.lab.example.", WEB][..]),
        ("six.lab.example", "AAAA", &["2001:db8:3::80"]),
        ("six.lab.example", "A", &[]),
        ("lab.example", "MX", &["10 mail.lab.example."]),
        ("any.wild.lab.example", "A", &[WEB]),
        (
            "far1.lab.example",
            "A",
            &["far2.lab.example.", "far3.lab.example.", "web1.lab.example.", WEB],
        ),
    ] {
        assert_eq!(lab.dig(&[name, kind]), wanted, "{name} {kind}");
    }
    for (name, kind, code) in [
        ("nosuch.lab.example", "A", "NXDOMAIN"),
        ("only-text.lab.example", "A", "NOERROR"),
        ("astray.lab.example", "A", "NXDOMAIN"),
    ] {
        assert_eq!(status(lab, &[name, kind]), code, "{name} {kind}");
    }
}

/// What `dig` gives as the answer's code; empty when there was none.
fn status(lab: &Lab, words: &[&str]) -> String {
    let mut all = vec!["+time=2", "+tries=1"];
    all.extend(words);
    let said = lab.run("dig", &all).out;
    let code = said.split("status: ").nth(1).and_then(|rest| rest.split(',').next());
    code.unwrap_or_default().to_owned()
}

pub(crate) fn both_resolvers_agree(lab: &Lab) {
    let other = format!("@{OTHER_RESOLVER}");
    for (name, kind) in
        [("www.lab.example", "A"), ("lab.example", "MX"), ("both.lab.example", "AAAA")]
    {
        let told = lab.dig(&[name, kind]);
        assert!(!told.is_empty());
        assert_eq!(lab.dig(&[&other, name, kind]), told, "{name} {kind}");
    }
    // A server of a zone resolves for nobody.
    assert_eq!(status(lab, &["@198.51.100.53", "www.elsewhere.example"]), "REFUSED");
}

pub(crate) fn broken_delegations_fail(lab: &Lab) {
    // unbound tries a host where nobody listens for longer than anybody waits.
    for (name, server) in [
        ("www.lame.example", RESOLVER),
        ("www.stranger.example", RESOLVER),
        ("www.stranger.example", OTHER_RESOLVER),
    ] {
        assert_eq!(status(lab, &[&format!("@{server}"), name]), "SERVFAIL", "{name} {server}");
    }
}

pub(crate) fn a_large_answer_comes_over_tcp(lab: &Lab) {
    assert_eq!(lab.dig(&["big.lab.example", "TXT"]).len(), 60);
    let cut = lab.run("dig", &["+ignore", "big.lab.example", "TXT"]).out;
    assert!(cut.contains(" tc "), "{cut}");
    let cut = lab.run("dig", &["+ignore", "+noedns", "medium.lab.example", "TXT"]).out;
    assert!(cut.contains(" tc "), "{cut}");
    let whole = lab.run("dig", &["+ignore", "medium.lab.example", "TXT"]).out;
    assert!(!whole.contains(" tc "), "{whole}");
}

pub(crate) fn the_page_and_its_pictures_are_served(lab: &Lab) {
    let page = lab.curl(&["http://www.lab.example/"]);
    assert_eq!((page.code, page.out.matches("<img ").count()), (0, 8), "{}", page.err);
    for number in 1..=8 {
        let url = format!("http://www.lab.example/img/{number}.png");
        let got = lab.curl(&["-o", "/dev/null", "-w", "%{http_code} %{size_download}", &url]);
        assert_eq!(got.out, format!("200 {}", 3000 * number + 8));
    }
    let style = lab.curl(&["-i", "--compressed", "http://www.lab.example/s.css"]);
    assert!(style.out.contains("Content-Encoding: gzip"), "{}", style.out);
    let written = lab.run("getent", &["hosts", "written.lab.example"]).out;
    assert!(written.starts_with("203.0.113.99 "), "{written}");
}

pub(crate) fn certificates_are_as_good_as_they_claim(lab: &Lab) {
    let authority = lab.authority();
    for (url, code) in [
        ("https://www.lab.example/", 0),
        ("https://web1.lab.example/", 60),
        ("https://www.lab.example:8443/", 60),
        ("https://www.lab.example:8444/", 60),
        ("https://www.lab.example:8445/", 0),
        ("https://www.lab.example:80/", 35),
    ] {
        let got = lab.curl(&["-o", "/dev/null", "--cacert", &authority, url]);
        assert_eq!(got.code, code, "{url}: {}", got.err);
    }
    let got = lab.curl(&["-o", "/dev/null", "https://www.lab.example/"]);
    assert_eq!(got.code, 60, "{}", got.err);
}

/// Path or port on the server that breaks rules, curl's words, its exit code.
const FAULTS: [(&str, &str, i32); 34] = [
    ("/fine", "", 0),
    ("/late", "", 0),
    ("/chunks", "", 0),
    ("/gzip", "--compressed", 0),
    ("/controls", "", 0),
    ("/old-style", "", 0),
    ("/hints", "", 0),
    ("/noise", "", 1),
    ("/to-file", "-L", 1),
    ("/to-bad", "-L", 3),
    (":81/", "", 7),
    ("/half", "", 18),
    ("/chunk-last", "", 18),
    ("/stalled", "-m 1", 28),
    ("/half-stalled", "-m 1", 28),
    ("/drip", "-m 1", 28),
    ("/chunks-forever", "-m 1", 28),
    ("/maze/1", "-L --max-redirs 5", 47),
    ("/to-itself", "-L --max-redirs 5", 47),
    ("/empty", "", 52),
    ("/reset", "", 56),
    ("/half-reset", "", 56),
    ("/chunk-line", "", 56),
    ("/chunk-size", "", 56),
    ("/chunk-end", "", 56),
    ("/gzip-cut", "--compressed", 0),
    ("/headers", "", 56),
    ("/gzip-bad", "--compressed", 61),
    ("/encoding", "--compressed", 61),
    ("/huge", "--max-filesize 1000000", 63),
    (":8080/", "", 56),
    (":4440/", "https", 35),
    (":4441/", "https", 35),
    (":4444/", "https", 35),
];

pub(crate) fn a_fault_is_what_curl_says_it_is(lab: &Lab) {
    let mut wrong = Vec::new();
    for (place, words, code) in FAULTS {
        let scheme = if words == "https" { "https" } else { "http" };
        let url = format!("{scheme}://fault.lab.example{place}");
        let mut all = vec!["-o", "/dev/null", &url];
        all.extend(words.split_whitespace().filter(|word| *word != "https"));
        let got = lab.curl(&all);
        if got.code != code {
            wrong.push(format!("{place} {words}: {}, not {code}: {}\n", got.code, got.err));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.concat());
}

pub(crate) fn a_broken_network_is_what_curl_says_it_is(lab: &Lab) {
    let mut wrong = Vec::new();
    for (host, seconds, code, words) in [
        ("www.lab.example:8101", "1", 28, ""),
        ("www.lab.example:8102", "2", 7, "refused"),
        ("www.lab.example:8103", "3", 7, "refused"),
        ("www.lab.example:8104", "3", 7, "No route to host"),
        ("www.lab.example:8105", "1", 28, ""),
        ("www.lab.example:8106", "1", 28, ""),
        ("10.66.0.1", "1", 28, ""),
        ("10.66.1.1", "3", 7, "No route to host"),
        ("10.66.2.1", "3", 7, "No route to host"),
        ("10.66.3.1", "3", 7, "Network is unreachable"),
        ("10.66.4.1", "3", 7, "Network is unreachable"),
        ("10.66.9.1", "3", 7, ""),
        ("silent.lab.example", "9", 7, "No route to host"),
        ("dead.lab.example", "9", 7, "No route to host"),
    ] {
        let url = format!("http://{host}/s.css");
        let got = lab.curl(&["-v", "-o", "/dev/null", "-m", seconds, &url]);
        if got.code != code || !got.err.contains(words) {
            wrong.push(format!("{host}: {}, not {code}: {}\n", got.code, got.err));
        }
    }
    // Small answers come through where large ones do not.
    let small = lab.curl(&["-m", "2", "http://www.lab.example:8107/s.css"]);
    let large = lab.curl(&["-m", "2", "-o", "/dev/null", "http://www.lab.example:8107/big.bin"]);
    assert_eq!((small.code, large.code), (0, 28));
    // Who has no default route sends nothing.
    let lonely = lab.run_on("island", "curl", &["-sS", "-v", &format!("http://{WEB}/")]);
    assert_eq!(lonely.code, 7, "{}", lonely.err);
    assert!(wrong.is_empty(), "{}", wrong.concat());
}

pub(crate) fn name_servers_break_the_rules(lab: &Lab) {
    let ask = |server: &str| {
        let mut all = vec!["+tries=1", "+time=1", "+ignore", "www.lab.example"];
        let server = format!("@{server}");
        all.push(&server);
        lab.run("dig", &all).out
    };
    for (server, words) in [
        (WRONG_ID, "ID mismatch"),
        (WRONG_QUESTION, "Question section mismatch"),
        (REFUSES, "status: REFUSED"),
        (FAILS, "EDE: 7 (Signature Expired): (the zone's signatures ran out)"),
        (SILENT, "no servers could be reached"),
        (CUT, " tc "),
        (OVER_TCP, " tc "),
        (NOBODY, "refused"),
    ] {
        let said = ask(server);
        assert!(said.contains(words), "{server}: {said}");
    }
    let over_tcp = format!("@{OVER_TCP}");
    assert_eq!(lab.dig(&[&over_tcp, "www.lab.example"]), [WEB]);
    for server in [REFUSES, FAILS, NOBODY] {
        let got = lab.run_asking(server, "curl", &["-sS", "http://www.lab.example/"]);
        assert_eq!(got.code, 6, "{server}: {}", got.err);
    }
    let got = lab.run_asking(OVER_TCP, "curl", &["-sS", "http://www.lab.example/s.css"]);
    assert_eq!(got.code, 0, "{}", got.err);
}

pub(crate) fn addresses_of_both_families_are_reached(lab: &Lab) {
    for (name, address) in [
        ("six.lab.example", "2001:db8:3::80"),
        ("both.lab.example", "2001:db8:3::80"),
        ("half.lab.example", WEB),
    ] {
        let url = format!("http://{name}/s.css");
        let got = lab.curl(&["-o", "/dev/null", "-w", "%{remote_ip} %{time_total}", &url]);
        assert!(got.out.starts_with(&format!("{address} ")), "{name}: {} {}", got.out, got.err);
        assert!(got.took.as_millis() < 3000, "{name}: {:?}", got.took);
    }
}

pub(crate) fn a_distant_server_is_twenty_milliseconds_away(lab: &Lab) {
    let said = lab.run("ping", &["-c", "3", "-i", "0.2", "-q", DISTANT]).out;
    let times = said.split(" = ").nth(1).and_then(|times| times.split('/').next());
    let shortest: f64 = times.expect("times").parse().expect("a number");
    assert!((20.0..40.0).contains(&shortest), "{said}");
    let got = lab.curl(&[
        "-o",
        "/dev/null",
        "-w",
        "%{size_download}",
        "http://distant.lab.example/big.bin",
    ]);
    assert_eq!(got.out, "300000", "{}", got.err);
}

pub(crate) fn what_is_lost_now_and_then_is_sent_again(lab: &Lab) {
    let url = "http://www.lab.example:8108/big.bin";
    let got = lab.curl(&["-o", "/dev/null", "-w", "%{size_download}", url]);
    assert_eq!((got.code, &*got.out), (0, "300000"), "{}", got.err);
}
