//! Does every kind of event of a lookup occur?

use std::net::UdpSocket;
use std::thread;

use serde_json::Value;

use super::{STYLE, Seen, an, is, number, some};
use crate::faults::HOST;
use crate::faults::names::{CUT, OVER_TCP, SILENT, WRONG_ID};
use crate::lab::RESOLVER;

pub(super) fn plain(seen: &mut Seen<'_>) {
    // More than a datagram holds.
    let told = seen.fetch(6, &["--dns-type", "TXT", "http://big.lab.example/"]);
    let resolver = format!("{RESOLVER}:53");
    an(&told, "dns.answer", &[is("transport", "udp"), is("truncated", true)]);
    let tcp = an(&told, "dns.tcp", &[is("server", &*resolver), is("qtype", "TXT")]);
    assert!(tcp["data"]["why"].is_string(), "{tcp}");
    let whole = an(&told, "dns.answer", &[is("transport", "tcp"), is("truncated", false)]);
    assert_eq!(some(whole, "answers").len(), 60);
    an(&told, "name.records", &[is("qtype", "TXT")]);
    // Both answers, of IPv4 and of IPv6, have it.
    let told = seen.fetch(0, &[STYLE]);
    assert_eq!(told.events("name.alias").len(), 1);
    let alias = [is("from", "www.lab.example"), is("to", "web1.lab.example")];
    an(&told, "name.alias", &[&alias[..], &[is("followed", false)]].concat());
    // A short name, and a list of what may come behind it.
    let settings = format!("nameserver {RESOLVER}\nsearch nosuch.example lab.example\n");
    let file = seen.lab.file("asks/search", &settings).display().to_string();
    let line = "mount --bind \"$0\" /etc/resolv.conf && exec \"$@\"";
    let told =
        seen.fetch_by("unshare", &["--mount", "sh", "-c", line, &file], &["http://www/s.css"]);
    let tried = |name| [is("given", "www"), is("tried", name)];
    an(&told, "name.search", &tried("www.nosuch.example"));
    an(&told, "name.search", &tried("www.lab.example"));
    // What is asked for again within one fetch is known already.
    let authority = seen.lab.authority();
    let older = ["-L", "--cacert", &authority, "http://www.lab.example/older"];
    let told = seen.fetch(0, &older);
    let known = an(&told, "dns.cache", &[is("way", "stub"), is("negative", Value::Null)]);
    assert!(number(known, "left_ns") > 0, "{known}");
    an(
        &told,
        "http.redirect",
        &[
            is("status", 301),
            is("number", 1),
            is("location", "https://www.lab.example/old"),
            is("from", "http://www.lab.example/older"),
            is("to", "https://www.lab.example/old"),
            is("method_after", "GET"),
        ],
    );
    let again = an(&told, "sched.slot", &[is("slot", "reused")]);
    assert_eq!(number(again, "requests"), 2, "{again}");
}

pub(super) fn walks(seen: &mut Seen<'_>) {
    let hints = seen.lab.path("isp/hints").display().to_string();
    let walk = ["--iterative", "--root-hints", &hints];
    let told = seen.fetch(0, &[&walk[..], &[STYLE]].concat());
    an(&told, "name.alias", &[is("from", "www.lab.example"), is("to", "web1.lab.example")]);
    let referral = an(&told, "dns.referral", &[is("parent_zone", "."), is("zone", "example")]);
    assert_eq!(some(referral, "servers")[0], "a.tld.example", "{referral}");
    assert_eq!(some(referral, "glue")[0]["address"], "198.51.100.12", "{referral}");
    an(&told, "dns.query", &[is("server", "198.51.100.4:53"), is("recursion_desired", false)]);
    let told = seen.fetch(6, &[&walk[..], &["http://www.stranger.example/"]].concat());
    an(&told, "dns.fail", &[is("name", "www.stranger.example"), is("code", "dns.lame")]);
    let lame = an(&told, "dns.lame", &[is("zone", "stranger.example")]);
    assert!(lame["data"]["why"].to_string().contains("REFUSED"), "{lame}");
    // The address of its server is not told with the server's name.
    let told = seen.fetch(6, &[&walk[..], &["http://x.below.elsewhere.lab.example/"]].concat());
    let detour = an(&told, "dns.detour", &[is("zone", "below.elsewhere.lab.example")]);
    assert_eq!(detour["data"]["server_name"], "ns.nowhere.lab.example", "{detour}");
    let told = seen.fetch(0, &["--compare", "--root-hints", &hints, STYLE]);
    let differences = &an(&told, "name.compared", &[])["data"]["differences"];
    assert!(differences.is_array(), "{differences}");
}

pub(super) fn resolvers_in_trouble(seen: &mut Seen<'_>) {
    let url = "http://www.lab.example/";
    let told = seen.fetch_asking(Some(WRONG_ID), 6, &[url]);
    let ignored = an(&told, "dns.ignored", &[is("from", format!("{WRONG_ID}:53"))]);
    assert!(ignored["data"]["why"].is_string() && number(ignored, "size_bytes") > 12, "{ignored}");
    let two = format!("nameserver {SILENT}\nnameserver {RESOLVER}\noptions timeout:1\n");
    let file = seen.lab.file("asks/two", &two).display().to_string();
    let line = "mount --bind \"$0\" /etc/resolv.conf && exec \"$@\"";
    let told = seen.fetch_by("unshare", &["--mount", "sh", "-c", line, &file], &[STYLE]);
    let again = an(&told, "dns.retry", &[is("name", "www.lab.example")]);
    assert!(again["data"]["then"].to_string().contains(RESOLVER), "{again}");
    for (server, code) in [(SILENT, "dns.timeout"), (CUT, "dns.unreachable")] {
        let told = seen.fetch_asking(Some(server), 6, &[url]);
        an(&told, "dns.fail", &[is("code", code)]);
        let verdict = an(&told, "fault.verdict", &[is("code", code), is("side", "resolver")]);
        assert_eq!(number(verdict, "exit"), 6, "{verdict}");
    }
    let told = seen.fetch_asking(Some(OVER_TCP), 0, &[STYLE]);
    an(&told, "dns.tcp", &[is("server", format!("{OVER_TCP}:53"))]);
}

/// A name server that adds what nobody asked for.
pub(super) fn lies(seen: &mut Seen<'_>) {
    let socket = seen.lab.space("fault").on(|| UdpSocket::bind((HOST, 53))).expect("port 53");
    thread::spawn(move || {
        let mut room = [0; 512];
        while let Ok((count, from)) = socket.recv_from(&mut room) {
            // Behind the name come its type and class; our questions end with EDNS.
            let Some(end) = room[12..count].iter().position(|&octet| octet == 0) else { continue };
            let end = 12 + end + 5;
            // To who does not desire recursion it says nothing, and refers to nobody.
            let is_a = room[end - 4..end - 2] == [0, 1] && room[2] & 1 == 1;
            let mut answer = room[..end].to_vec();
            answer[2..12].copy_from_slice(&[
                0x81,
                0x80,
                0,
                1,
                0,
                if is_a { 2 } else { 0 },
                0,
                0,
                0,
                0,
            ]);
            if is_a {
                answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 198, 51, 100, 80]);
                answer.extend(b"\x06victim\x07example\0");
                answer.extend([0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 198, 51, 100, 66]);
            }
            _ = socket.send_to(&answer, from);
        }
    });
    let told = seen.fetch(0, &["--dns", HOST, STYLE]);
    let thrown = an(&told, "dns.thrown_away", &[is("server", format!("{HOST}:53"))]);
    assert_eq!(some(thrown, "records")[0]["name"], "victim.example", "{thrown}");
    // As a root it knows nothing, and has no authority to say so.
    let hints = format!(". 3600000 NS a.liar.\na.liar. 3600000 A {HOST}\n");
    let hints = seen.lab.file("asks/hints", &hints).display().to_string();
    let told = seen.fetch(6, &["--iterative", "--root-hints", &hints, STYLE]);
    let lame = an(&told, "dns.lame", &[is("zone", "."), is("server", format!("{HOST}:53"))]);
    assert!(lame["data"]["why"].is_string(), "{lame}");
}
