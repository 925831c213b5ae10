//! Is the way probed as far as the server, and nothing disturbed by it?

use serde_json::Value;

use super::{ROUTER, STYLE, Seen, an, is, none, number};

/// The routers of the connection itself, by both families, with TLS and without.
pub(super) fn asked(seen: &mut Seen<'_>) {
    let authority = seen.lab.authority();
    let newer = ["2001:db8:1::1", "2001:db8:2::1"];
    let urls: [(&str, [&str; 2]); 3] = [
        (STYLE, [ROUTER.0, "203.0.113.1"]),
        ("https://www.lab.example/s.css", [ROUTER.0, "203.0.113.1"]),
        ("http://[2001:db8:3::80]/s.css", newer),
    ];
    for (url, routers) in urls {
        let told = seen.fetch(0, &["--path", "--cacert", &authority, url]);
        for (ttl, router) in (1..).zip(routers) {
            let hop = an(&told, "path.hop", &[is("ttl", ttl), is("router", router)]);
            assert_eq!(hop["data"]["is_server"], false, "{hop}");
            assert!(number(hop, "rtt_ns") < 1_000_000_000 && number(hop, "tries") >= 1, "{hop}");
        }
        let all = told.events("path.hop");
        let last = all.last().expect("three of them");
        assert_eq!((all.len(), &last["data"]["is_server"]), (3, &true.into()), "{all:?}");
        assert!(number(last, "rtt_ns") > 0, "{last}");
        // The connection was not disturbed: one, by which everything came, and nobody reset it.
        an(&told, "summary", &[is("status", 200), is("decoded_bytes", 300)]);
        assert_eq!(told.events("sys.socket").len(), 1);
        assert!(told.events("tcp.rst").is_empty() && told.fault().is_none());
        assert!(told.timing()["phases_ns"]["hops"].as_u64() > Some(0), "{}", told.timing());
        none(&seen.fetch(0, &["--cacert", &authority, url]), "path.hop");
    }
    // A router that says nothing, and no more time than it takes.
    let quiet = "add table ip quiet
        add chain ip quiet out { type filter hook output priority 0; }
        add rule ip quiet out icmp type time-exceeded drop";
    let made = seen.lab.run_on("router", "nft", &[quiet]);
    assert_eq!(made.code, 0, "{}", made.err);
    let told = seen.fetch(0, &["--path", STYLE]);
    let late = seen.lab.fetch("client", None, &["--json", "--path", "--max-time", "1", STYLE]);
    let unmade = seen.lab.run_on("router", "nft", &["delete table ip quiet"]);
    assert_eq!(unmade.code, 0, "{}", unmade.err);
    let silent = an(&told, "path.hop", &[is("ttl", 1), is("tries", 3), is("is_server", false)]);
    assert_eq!(
        (&silent["data"]["router"], &silent["data"]["rtt_ns"]),
        (&Value::Null, &Value::Null)
    );
    an(&told, "path.hop", &[is("ttl", 2), is("router", "203.0.113.1"), is("tries", 1)]);
    an(&told, "path.hop", &[is("ttl", 3), is("is_server", true)]);
    // Half of the time is for what is to be fetched.
    let late = seen.read(&late);
    let why = &an(&late, "path.hop", &[is("ttl", Value::Null)])["data"]["not_probed"];
    assert_eq!(why, "probed no further: half of the time that was left is over");
    an(&late, "summary", &[is("status", 200)]);
}
