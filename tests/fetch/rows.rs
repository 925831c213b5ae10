//! Each row is a fault and what has to be said of it: the exit code, which is curl's, the fault's name, the
//! side it is on, and a few words that people read.

use serde_json::Value;

use crate::faults::names::{
    CUT, FAILS, NOBODY, OVER_TCP, REFUSES, SILENT, WRONG_ID, WRONG_QUESTION,
};
use crate::lab::{Ended, Lab, OTHER_RESOLVER};
use crate::told::Told;

pub(crate) struct Row {
    pub(crate) name: &'static str,
    url: &'static str,
    /// As curl has them too, or as [`AS_CURL`] says; `%` is the folder of the web server.
    words: &'static str,
    exit: i32,
    /// curl's, where it is another one.
    curl: Option<i32>,
    /// The fault's name; empty where there is none.
    code: &'static str,
    side: &'static str,
    says: &'static str,
    host: &'static str,
    resolver: Option<&'static str>,
}

/// Ours, and curl's.
const AS_CURL: [(&str, &str); 1] = [("--max-size", "--max-filesize")];

/// What curl has nothing for.
const OURS: [&str; 2] = ["--iterative", "--root-hints"];

const fn row(name: &'static str, url: &'static str, words: &'static str) -> Row {
    Row {
        name,
        url,
        words,
        exit: 0,
        curl: None,
        code: "",
        side: "",
        says: "",
        host: "client",
        resolver: None,
    }
}

impl Row {
    const fn is(
        self,
        exit: i32,
        code: &'static str,
        side: &'static str,
        says: &'static str,
    ) -> Self {
        Self { exit, code, side, says, ..self }
    }

    const fn on(self, host: &'static str) -> Self {
        Self { host, ..self }
    }

    const fn asking(self, server: &'static str) -> Self {
        Self { resolver: Some(server), ..self }
    }

    /// What curl has instead; 999 where it has no such thing.
    const fn but_curl(self, exit: i32) -> Self {
        Self { curl: Some(exit), ..self }
    }

    pub(crate) fn hold(&self, lab: &Lab) {
        let words = self.words.replace('%', &lab.path("web").display().to_string());
        let words: Vec<&str> = words.split_whitespace().collect();
        let run = |more: &[&str]| {
            let all: Vec<&str> = more.iter().copied().chain(words.iter().copied()).collect();
            lab.fetch(self.host, self.resolver, &[&all[..], &[self.url]].concat())
        };
        let json = run(&["--json"]);
        assert_eq!(json.code, self.exit, "{}", json.end());
        self.holds_of(&Told::of(&json), &json);

        let text = run(&["--width", "200"]);
        assert_eq!(text.code, self.exit, "{}{}", text.err, text.out);
        let said = text.out.clone() + &text.err;
        let is_plain = |c: char| c == '\n' || !c.is_control();
        assert!(said.chars().all(is_plain), "{}", said.escape_debug());
        assert!(said.contains(self.says), "{} is not in:\n{said}", self.says);

        if self.curl != Some(999) {
            let as_curl = |word: &&str| {
                let found = AS_CURL.iter().find(|(ours, _)| ours == word);
                found.map_or(*word, |(_, curls)| *curls).to_owned()
            };
            let mut all: Vec<String> = vec!["-sS".into(), "-o".into(), "/dev/null".into()];
            let is_ours = |word: &&str| OURS.contains(word) || word.ends_with("/hints");
            all.extend(words.iter().filter(|word| !is_ours(word)).map(as_curl));
            all.push(self.url.to_owned());
            let all: Vec<&str> = all.iter().map(String::as_str).collect();
            let curl = lab.run_with(self.host, self.resolver, "curl", &all);
            assert_eq!(curl.code, self.curl.unwrap_or(self.exit), "curl: {}", curl.err);
        }
    }

    fn holds_of(&self, told: &Told, json: &Ended) {
        let Some(fault) = told.fault() else {
            assert_eq!(self.code, "", "no fault is told:\n{}", json.end());
            return;
        };
        let text = |name: &str| fault[name].as_str().unwrap_or_default();
        assert_eq!((text("code"), text("side")), (self.code, self.side), "{fault}");
        // What proves it was seen.
        let seen = told.all("capture").iter().filter_map(|it| it["packets"].as_u64()).max();
        for packet in fault["packets"].as_array().expect("packets") {
            assert!(packet.as_u64().is_some_and(|it| it > 0 && Some(it) <= seen), "{fault}");
        }
        // What came over TCP is proved by calls.
        let is_seen = self.code != "dns.unreachable";
        let has_proof = fault["packets"].as_array().is_some_and(|it| !it.is_empty());
        let is_seen =
            is_seen && ["tcp.", "arp.", "dns."].iter().any(|room| self.code.starts_with(room));
        assert!(has_proof || !is_seen, "{fault}");
        assert!(strings(fault).any(|it| it.contains(self.says)), "{} is not in {fault}", self.says);
    }
}

fn strings(value: &Value) -> impl Iterator<Item = &str> {
    value.as_object().into_iter().flatten().filter_map(|(_, value)| value.as_str())
}

#[rustfmt::skip]
pub(crate) const ROWS: &[Row] = &[
    // Those that wait longest begin first.
    row("a_silent_neighbour", "http://silent.lab.example/", "")
        .is(7, "arp.timeout", "access_network", "192.168.0.77"),
    row("a_silent_router", "http://10.66.8.1/", "").on("island")
        .is(7, "arp.timeout", "access_network", "192.168.0.88"),
    row("a_silent_neighbour_of_the_newer_family", "http://[2001:db8:1::77]/", "")
        .is(7, "arp.timeout", "access_network", "2001:db8:1::77"),
    row("a_dead_host_behind_a_router", "http://dead.lab.example/", "")
        .is(7, "tcp.icmp.host", "path", "198.51.100.99"),
    row("silence_filtered_by_a_router", "http://www.lab.example:8101/", "--max-time 2")
        .is(28, "tcp.syn-timeout", "path", "SYN"),
    row("silence_for_as_long_as_a_connection_may_take", "http://10.66.0.1/", "--connect-timeout 1")
        .is(28, "tcp.syn-timeout", "path", "SYN"),

    // URLs.
    row("an_address_that_does_not_end", "http://[::1/", "").is(3, "", "", "[::1"),
    row("a_scheme_that_is_not_fetched", "gopher://www.lab.example/", "").but_curl(999).is(1, "", "", "gopher"),

    // Names.
    row("a_name_that_does_not_exist", "http://nosuch.lab.example/", "")
        .is(6, "dns.nxdomain", "request", "nosuch.lab.example"),
    row("a_name_without_an_address", "http://only-text.lab.example/", "")
        .is(6, "dns.nodata", "request", "only-text.lab.example"),
    row("a_resolver_that_cannot_find_out", "http://www.stranger.example/", "")
        .is(6, "dns.servfail", "resolver", "203.0.113.53"),
    row("another_resolver", "http://www.lab.example/s.css", "").asking(OTHER_RESOLVER).is(0, "", "", "200"),
    row("another_resolver_that_cannot_find_out", "http://www.stranger.example/", "").asking(OTHER_RESOLVER)
        .is(6, "dns.servfail", "resolver", OTHER_RESOLVER),
    row("a_resolver_that_fails_and_says_why", "http://www.lab.example/", "").asking(FAILS)
        .is(6, "dns.servfail", "resolver", "the zone's signatures ran out"),
    row("a_resolver_that_refuses", "http://www.lab.example/", "").asking(REFUSES)
        .is(6, "dns.refused", "resolver", REFUSES),
    row("a_resolver_that_is_silent", "http://www.lab.example/", "").asking(SILENT)
        .is(6, "dns.timeout", "resolver", SILENT),
    row("a_resolver_that_is_silent_until_time_is_over", "http://www.lab.example/", "--max-time 0.5").asking(SILENT)
        .is(28, "dns.timeout", "resolver", "53"),
    row("nobody_resolves_there", "http://www.lab.example/", "").asking(NOBODY)
        .is(6, "dns.unreachable", "resolver", NOBODY),
    row("answers_with_another_number", "http://www.lab.example/", "").asking(WRONG_ID)
        .is(6, "dns.timeout", "resolver", WRONG_ID),
    row("answers_to_another_question", "http://www.lab.example/", "").asking(WRONG_QUESTION)
        .is(6, "dns.timeout", "resolver", WRONG_QUESTION),
    row("more_over_tcp_where_nobody_listens", "http://www.lab.example/", "").asking(CUT)
        .is(6, "dns.unreachable", "resolver", CUT),
    row("more_over_tcp_where_somebody_listens", "http://www.lab.example/s.css", "").asking(OVER_TCP)
        .is(0, "", "", "200"),
    row("names_that_stand_for_each_other", "http://circle.lab.example/", "--iterative --root-hints %/../isp/hints")
        .is(6, "dns.loop", "resolver", "circle.lab.example"),
    row("a_server_that_does_not_know_its_zone", "http://www.stranger.example/", "--iterative --root-hints %/../isp/hints")
        .is(6, "dns.lame", "resolver", "none of the servers given for stranger.example serves it"),
    row("a_zone_whose_server_is_none", "http://www.lame.example/", "--iterative --root-hints %/../isp/hints")
        .is(6, "dns.lame", "resolver", "ns1.lame.example"),
    row("a_name_as_the_root_has_it", "http://www.lab.example/s.css", "--iterative --root-hints %/../isp/hints").is(0, "", "", "200"),

    // Ways.
    row("no_row_for_the_destination", "http://198.51.100.80/", "").on("island")
        .is(7, "route.none", "this_computer", "198.51.100.80"),
    row("an_interface_that_is_not_there", "http://198.51.100.80/", "--interface nosuch0")
        .is(45, "interface", "this_computer", "nosuch0"),
    row("an_address_that_is_not_ours", "http://198.51.100.80/", "--interface 192.168.0.250")
        .is(45, "interface", "this_computer", "192.168.0.250"),
    row("the_port_is_closed", "http://www.lab.example:81/", "")
        .is(7, "tcp.refused.rst", "server", "nobody listens"),
    row("a_firewall_resets", "http://www.lab.example/to-filtered", "-L")
        .is(7, "tcp.refused.rst", "path", "firewall"),
    row("a_firewall_refuses_by_icmp", "http://www.lab.example:8103/", "--max-time 5")
        .is(7, "tcp.refused.icmp", "path", "192.168.0.1"),
    row("a_firewall_forbids", "http://www.lab.example:8104/", "--max-time 5")
        .is(7, "tcp.icmp.prohibited", "path", "192.168.0.1"),
    row("a_router_cannot_reach_the_host", "http://10.66.1.1/", "--max-time 5")
        .is(7, "tcp.icmp.host", "path", "192.168.0.1"),
    row("a_router_cannot_reach_the_network", "http://10.66.3.1/", "--max-time 5")
        .is(7, "tcp.icmp.net", "path", "192.168.0.1"),
    row("a_router_forbids_a_network", "http://10.66.4.1/", "--max-time 5")
        .is(7, "tcp.icmp.prohibited", "path", "192.168.0.1"),
    row("a_router_cannot_reach_the_newer_host", "http://[2001:db8:67::1]/", "--max-time 5")
        .is(7, "tcp.icmp.net", "path", "2001:db8:1::1"),
    row("a_router_forbids_a_newer_network", "http://[2001:db8:68::1]/", "--max-time 5")
        .is(7, "tcp.icmp.prohibited", "path", "2001:db8:1::1"),
    row("the_port_is_closed_in_the_newer_family", "http://six.lab.example:81/", "")
        .is(7, "tcp.refused.rst", "server", "2001:db8:3::80"),
    row("packets_go_in_a_circle", "http://10.66.2.1/", "--max-time 5")
        .is(7, "tcp.icmp.ttl", "path", "circle"),
    row("the_request_is_lost", "http://www.lab.example:8105/s.css", "--max-time 2")
        .is(28, "tcp.data-lost", "path", "never acknowledged"),
    // Who never hears an answer cannot know that there was one.
    row("the_answer_is_lost", "http://www.lab.example:8106/s.css", "--max-time 2")
        .is(28, "http.stalled", "server", "has said nothing"),
    row("large_segments_are_lost", "http://www.lab.example:8107/img/4.png", "--max-time 2")
        .is(28, "tcp.data-lost", "path", "never came"),
    row("one_segment_in_twenty_is_lost", "http://www.lab.example:8108/big.bin", "").is(0, "", "", "200"),
    row("the_first_address_is_dead", "http://half.lab.example/s.css", "").is(0, "", "", "198.51.100.80"),
    row("only_the_newer_family", "http://six.lab.example/s.css", "").is(0, "", "", "2001:db8:3::80"),

    // Servers that end too early, or not at all.
    row("an_answer_of_nothing", "http://fault.lab.example/empty", "")
        .is(52, "http.empty", "server", "without any answer"),
    row("a_reset_instead_of_an_answer", "http://fault.lab.example/reset", "")
        .is(56, "tcp.reset", "server", "before a single octet"),
    row("a_reset_instead_of_listening", "http://fault.lab.example:8080/", "")
        .is(56, "tcp.reset", "server", "before a single octet"),
    row("a_reset_in_the_middle", "http://fault.lab.example/half-reset", "")
        .is(56, "tcp.reset", "server", "octets of the answer"),
    row("an_end_before_the_length", "http://fault.lab.example/half", "")
        .is(18, "http.truncated", "server", "500 of 1000"),
    row("an_end_within_the_head", "http://fault.lab.example/head-cut", "").but_curl(0)
        .is(52, "http.truncated", "server", "within its head"),
    row("no_answer_in_time", "http://fault.lab.example/stalled", "--max-time 1")
        .is(28, "http.stalled", "server", "has said nothing"),
    row("an_answer_that_stops", "http://fault.lab.example/half-stalled", "--max-time 1")
        .is(28, "http.stalled", "server", "stopped after"),
    row("an_answer_octet_by_octet", "http://fault.lab.example/drip", "--max-time 1")
        .is(28, "time.limit", "content", "more were coming"),
    row("a_server_that_does_not_read", "http://fault.lab.example:8081/", "--max-time 3 --data-binary @%/huge.bin")
        .is(28, "tcp.zero-window", "server", "does not read"),

    // Servers that break the rules of HTTP.
    row("a_chunk_without_a_size", "http://fault.lab.example/chunk-line", "")
        .is(56, "http.chunk", "server", "xyz"),
    row("a_chunk_larger_than_anything", "http://fault.lab.example/chunk-size", "")
        .is(56, "http.chunk", "server", "ffffffffffffffffff"),
    row("a_chunk_longer_than_its_size", "http://fault.lab.example/chunk-end", "")
        .is(56, "http.chunk", "server", "NOT-CRLF"),
    row("no_last_chunk", "http://fault.lab.example/chunk-last", "")
        .is(18, "http.truncated", "server", "without the last chunk"),
    row("chunks_as_they_should_be", "http://fault.lab.example/chunks", "").is(0, "", "", "200"),
    row("chunks_without_end", "http://fault.lab.example/chunks-forever", "--max-size 100000 --max-time 3").but_curl(28)
        .is(63, "http.too-large", "content", "100000"),
    row("more_than_is_wanted", "http://fault.lab.example/huge", "--max-size 1000000")
        .is(63, "http.too-large", "content", "1000000000000"),
    row("headers_without_end", "http://fault.lab.example/headers", "")
        .is(56, "http.head-too-large", "server", "larger than"),
    row("two_lengths", "http://fault.lab.example/lengths", "").but_curl(999)
        .is(8, "http.length", "server", "5"),
    row("a_length_that_is_no_number", "http://fault.lab.example/length", "")
        .is(8, "http.length", "server", "five"),
    row("no_http_at_all", "http://fault.lab.example/noise", "")
        .is(1, "http.not-http", "server", "SSH-2.0"),
    row("what_is_not_gzip", "http://fault.lab.example/gzip-bad", "--compressed")
        .is(61, "http.encoding", "server", "gzip"),
    row("a_coding_nobody_knows", "http://fault.lab.example/encoding", "--compressed")
        .is(61, "http.encoding", "server", "rot13"),
    row("gzip_as_it_should_be", "http://fault.lab.example/gzip", "--compressed").is(0, "", "", "200"),
    row("escape_sequences_in_the_head", "http://fault.lab.example/controls", "").is(0, "", "", "200"),
    row("hints_before_the_answer", "http://fault.lab.example/hints", "").is(0, "", "", "103"),
    row("an_answer_of_old", "http://fault.lab.example/old-style", "").is(0, "", "", "200"),

    // Redirects and status codes.
    row("a_maze_of_redirects", "http://fault.lab.example/maze/1", "-L --max-redirs 5")
        .is(47, "http.redirects", "server", "5"),
    row("a_circle_of_redirects", "http://fault.lab.example/to-itself", "-L")
        .is(47, "http.redirects", "server", "circle"),
    row("a_redirect_to_a_file", "http://fault.lab.example/to-file", "-L")
        .is(1, "http.location", "server", "file"),
    row("a_redirect_to_nonsense", "http://fault.lab.example/to-bad", "-L")
        .is(3, "http.location", "server", "[::1"),
    row("a_redirect_to_another_host", "http://www.lab.example/to-fault", "-L").is(0, "", "", "fault.lab.example"),
    row("nothing_under_this_path", "http://www.lab.example/nosuch", "").is(0, "http.status", "request", "404"),
    row("nothing_under_this_path_is_a_failure", "http://www.lab.example/nosuch", "--fail")
        .is(22, "http.status", "request", "404"),
    row("gone", "http://www.lab.example/gone", "--fail").is(22, "http.status", "request", "410"),
    row("the_server_fails", "http://www.lab.example/boom", "--fail").is(22, "http.status", "server", "500"),
    row("the_server_is_overloaded", "http://www.lab.example/unavailable", "--fail")
        .is(22, "http.status", "server", "503"),

    // TLS.
    row("http_where_tls_should_be", "https://www.lab.example:80/", "")
        .is(35, "tls.plain-http", "server", "plain HTTP"),
    row("an_alert_handshake_failure", "https://fault.lab.example:4441/", "")
        .is(35, "tls.alert", "server", "alert 40"),
    row("an_alert_protocol_version", "https://fault.lab.example:4442/", "")
        .is(35, "tls.version", "server", "alert 70"),
    row("an_alert_unrecognized_name", "https://fault.lab.example:4443/", "")
        .is(35, "tls.alert", "server", "alert 112"),
    row("a_server_that_speaks_only_what_is_old", "https://www.lab.example:8446/", "--cacert %/ca.pem")
        .is(35, "tls.version", "server", "alert 70"),
    row("the_end_after_the_hello", "https://fault.lab.example:4440/", "")
        .is(35, "tls.closed", "server", "without a word"),
    row("a_reset_after_the_hello", "https://fault.lab.example:4446/", "")
        .is(35, "tls.closed", "server", "reset"),
    row("no_tls_at_all", "https://fault.lab.example:4444/", "")
        .is(35, "tls.malformed", "server", "TLS"),
    row("silence_after_the_hello", "https://fault.lab.example:4445/", "--max-time 1")
        .is(28, "tls.timeout", "server", "no answer to our TLS hello"),
    row("a_certificate_of_the_past", "https://www.lab.example:8443/", "--cacert %/ca.pem")
        .is(60, "tls.certificate", "server", "expired"),
    row("a_certificate_of_its_own", "https://www.lab.example:8444/", "--cacert %/ca.pem")
        .is(60, "tls.certificate", "server", "certificate"),
    row("a_certificate_for_other_names", "https://web1.lab.example/", "--cacert %/ca.pem")
        .is(60, "tls.certificate", "server", "www.lab.example"),
    row("a_certificate_of_an_unknown_authority", "https://www.lab.example/", "")
        .is(60, "tls.certificate", "server", "certificate"),
    row("a_certificate_that_need_not_be_good", "https://www.lab.example:8444/", "-k").is(0, "", "", "200"),
    row("a_certificate_as_it_should_be", "https://www.lab.example/", "--cacert %/ca.pem").is(0, "", "", "200"),
];
