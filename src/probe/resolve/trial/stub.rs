//! The stub resolver and the sources around it.

use super::super::lookup::{Extended, HostsEntry, Mismatch, Origin, Then, Transport, Trouble};
use super::super::message::{A, AAAA};
use super::super::{Difference, Whence};
use super::*;

fn web() -> Answerer {
    one(|heard| match (heard.name.as_str(), heard.kind) {
        ("www.lab.example", A) => Reply::new(RA)
            .answer("www.lab.example 300 CNAME web1.lab.example")
            .answer("web1.lab.example 60 A 192.0.2.80"),
        ("www.lab.example", AAAA) => Reply::new(RA)
            .answer("www.lab.example 300 CNAME web1.lab.example")
            .answer("web1.lab.example 60 AAAA 2001:db8::80"),
        ("v4.lab.example", A) => Reply::new(RA | AA).answer("v4.lab.example 60 A 192.0.2.4"),
        ("v4.lab.example", _) => Reply::new(RA).authority("lab.example 300 SOA 60"),
        ("big.lab.example", 16) if !heard.over_tcp => Reply::new(RA | TC),
        ("big.lab.example", 16) => Reply::new(RA).answer("big.lab.example 60 TXT over-tcp"),
        ("broken.lab.example", _) => Reply::new(RA | 2).extended(22, "nobody\x1b[2J home"),
        ("private.lab.example", _) => Reply::new(RA | 5),
        ("loop.lab.example", _) => Reply::new(RA)
            .answer("loop.lab.example 60 CNAME pool.lab.example")
            .answer("pool.lab.example 60 CNAME loop.lab.example"),
        _ => Reply::new(RA | 3).authority("lab.example 300 SOA 60"),
    })
}

#[test]
fn both_families_are_asked_at_once_from_one_socket_and_every_call_is_told() {
    let internet = Internet::of(vec![(1, web())]);
    let mut resolver = internet.stub(&[1]);
    let (found, steps) = told(|tell| resolver.addresses("www.lab.example", Family::Any, tell));
    let found = found.expect("addresses");
    assert_eq!(ips(&found), ["192.0.2.80", "2001:db8::80"]);
    assert_eq!((found.canonical.as_str(), found.list[0].ttl), ("web1.lab.example", Some(60)));
    let kinds = kinds(&steps);
    let begin = [
        "Sources",
        "Hosts",
        "Configured",
        "socket",
        "setsockopt",
        "bind",
        "getsockname",
        "sendto",
        "Asked",
        "sendto",
        "Asked",
        "poll",
        "recvfrom",
        "Answered",
    ];
    assert_eq!(kinds[..begin.len()], begin);
    assert_eq!(kinds[kinds.len() - 2..], ["close", "Alias"]);
    let asked: Vec<_> = picked(&steps, |event| match event {
        Event::Asked(asked) => {
            Some((asked.port, asked.question.kind, asked.edns, asked.desired, asked.id))
        }
        _ => None,
    });
    let [(port, A, Some(1232), true, id), (other, AAAA, ..)] = asked[..] else {
        panic!("{asked:?}")
    };
    assert_eq!(port, other);
    let answers = picked(&steps, |event| match event {
        Event::Answered(answered) => Some(answered),
        _ => None,
    });
    let first = answers.iter().find(|answered| answered.message.id == id).expect("an answer");
    assert_eq!((first.origin, first.transport), (Origin::Relayed, Transport::Udp));
    assert!(first.asked > steps[0].ended && first.asked < steps[steps.len() - 1].began);
    // Both answers say so; it is told once.
    let aliases = |steps: &[Step]| {
        steps
            .iter()
            .filter(|step| matches!(step.event, Event::Alias { is_followed: false, .. }))
            .count()
    };
    assert_eq!(aliases(&steps), 1);
    // The second time nothing is asked.
    internet.heard();
    let (again, steps) = told(|tell| resolver.addresses("WWW.lab.example", Family::Any, tell));
    assert_eq!((ips(&again.expect("addresses")), internet.heard().len()), (ips(&found), 0));
    assert_eq!(super::kinds(&steps).iter().filter(|kind| **kind == "Cached").count(), 4);
    assert_eq!(aliases(&steps), 1);
}

#[test]
fn what_does_not_exist_is_told_with_who_says_so_and_remembered() {
    let internet = Internet::of(vec![(1, web())]);
    let mut resolver = internet.stub(&[1]);
    let failure = |resolver: &mut Resolver, name| {
        let failure = resolver.addresses(name, Family::Any, &mut |_| {}).expect_err("a failure");
        (failure.code(), failure.to_string().replace(&format!(":{}", internet.port), ""))
    };
    let nosuch = "nosuch.lab.example: the name does not exist: ";
    let said = format!("{nosuch}said by 127.0.0.1, remembered 60 s");
    assert_eq!(failure(&mut resolver, "nosuch.lab.example"), ("dns.nxdomain", said));
    internet.heard();
    let (code, words) = failure(&mut resolver, "nosuch.lab.example");
    assert!(
        code == "dns.nxdomain" && words.starts_with(&format!("{nosuch}remembered from before")),
        "{words}"
    );
    assert!(internet.heard().is_empty());
    let found = resolver.addresses("v4.lab.example", Family::Any, &mut |_| {}).expect("an address");
    assert_eq!(
        (ips(&found), found.missing.expect("a reason").code()),
        (vec!["192.0.2.4".into()], "dns.nodata")
    );
    assert!(matches!(found.list[0].whence, Whence::Server { authoritative: true, .. }));
    assert_eq!(failure(&mut resolver, "loop.lab.example").0, "dns.loop");
    assert_eq!(failure(&mut resolver, "private.lab.example").0, "dns.refused");
    let (code, words) = failure(&mut resolver, "broken.lab.example");
    assert_eq!(code, "dns.servfail");
    assert!(words.ends_with("it says: No Reachable Authority (nobody\\x1b[2J home)"), "{words}");
}

#[test]
fn a_truncated_answer_is_fetched_over_tcp() {
    let internet = Internet::of(vec![(1, web())]);
    let (found, steps) = told(|tell| internet.stub(&[1]).records("big.lab.example", 16, tell));
    assert_eq!(said(&found.expect("a text")), ["\"over-tcp\""]);
    let kinds = kinds(&steps);
    let at = kinds.iter().position(|kind| *kind == "OverTcp").expect("a change");
    assert_eq!(
        kinds[at..at + 6],
        ["OverTcp", "socket", "connect", "poll", "getsockopt", "getsockname"]
    );
    let mut resolver = internet.stub(&[1]);
    resolver.config.use_vc = true;
    internet.heard.lock().expect("no panic").clear();
    resolver.records("v4.lab.example", A, &mut |_| {}).expect("an address");
    assert!(internet.heard.lock().expect("no panic").iter().all(|(_, heard)| heard.over_tcp));
}

#[test]
fn who_does_not_understand_edns_is_asked_without() {
    let old = one(|heard| {
        if heard.has_edns() {
            Reply::new(1)
        } else {
            Reply::new(RA).answer("old.example 60 A 192.0.2.7")
        }
    });
    let internet = Internet::of(vec![(1, old)]);
    let (found, steps) =
        told(|tell| internet.stub(&[1]).addresses("old.example", Family::V4, tell));
    assert_eq!(ips(&found.expect("an address")), ["192.0.2.7"]);
    let plainly =
        |step: &Step| matches!(step.event, Event::Retried { then: Then::WithoutEdns, .. });
    assert_eq!(steps.iter().filter(|step| plainly(step)).count(), 1);
}

#[test]
fn refusal_silence_and_servfail_lead_to_the_next_server() {
    let silent: Answerer = Box::new(|_| Vec::new());
    let internet = Internet::of(vec![(3, silent), (4, one(|_| Reply::new(RA | 2))), (5, web())]);
    // Nobody listens on 127.0.0.2.
    let stub = |servers: &[u8]| {
        let mut resolver = internet.stub(servers);
        resolver.config.timeout = Duration::from_millis(300);
        resolver
    };
    let mut resolver = stub(&[2, 3, 4, 5]);
    let (found, steps) = told(|tell| resolver.addresses("v4.lab.example", Family::V4, tell));
    assert_eq!(ips(&found.expect("an address")), ["192.0.2.4"]);
    let retried: Vec<_> = picked(&steps, |event| match event {
        Event::Retried { after, then: Then::NextServer(next), .. } => Some((after.clone(), *next)),
        _ => None,
    });
    let refused = Trouble::Network { errno: 111, by: Some([127, 0, 0, 2].into()) };
    assert_eq!(retried[0], (refused, internet.at(3)));
    assert!(
        matches!(retried[1], (Trouble::Timeout { attempts: 1, .. }, next) if next == internet.at(4))
    );
    assert_eq!(retried[2], (Trouble::Code { rcode: 2, errors: Vec::new() }, internet.at(5)));
    assert!(kinds(&steps).contains(&"recvmsg"));
    // Who never answers is asked as often as configured, and named.
    let failure =
        stub(&[3]).addresses("v4.lab.example", Family::V4, &mut |_| {}).expect_err("silence");
    let Cause::Silent { tried, .. } = &failure.cause else { panic!("{failure}") };
    assert!(matches!(&tried[..], [(server, Trouble::Timeout { attempts: 2, waited })]
        if server.address == internet.at(3) && waited.as_millis() >= 600));
    assert_eq!(failure.code(), "dns.timeout");
    let failure = internet
        .stub(&[2])
        .addresses("v4.lab.example", Family::V4, &mut |_| {})
        .expect_err("refusal");
    assert_eq!(failure.code(), "dns.unreachable");
    assert!(
        failure.to_string().ends_with("has nobody who listens on that port (said by 127.0.0.2)"),
        "{failure}"
    );
}

#[test]
fn answers_to_other_questions_are_ignored_and_told() {
    let liar: Answerer = Box::new(|heard| {
        let right = Reply::new(RA).answer("www.example 60 A 192.0.2.1").write(heard);
        let wrong = Reply::new(RA).answer("www.example 60 A 192.0.2.66").write(heard);
        let change = |at: usize, by: u8| {
            let mut changed = wrong.clone();
            changed[at] ^= by;
            changed
        };
        // Another id, other letters, another type, a question, no message at all.
        let type_at = 12 + "www.example".len() + 3;
        vec![change(1, 1), change(13, 0x20), change(type_at, 2), change(2, 0x80), vec![0; 5], right]
    });
    let internet = Internet::of(vec![(1, liar)]);
    let (found, steps) =
        told(|tell| internet.stub(&[1]).addresses("www.example", Family::V4, tell));
    assert_eq!(ips(&found.expect("an address")), ["192.0.2.1"]);
    let ignored: Vec<&Mismatch> = picked(&steps, |event| match event {
        Event::Ignored { why, .. } => Some(why),
        _ => None,
    });
    assert!(
        matches!(
            ignored[..],
            [
                Mismatch::Id(_),
                Mismatch::Question(Some(_)),
                Mismatch::Question(Some(_)),
                Mismatch::Query,
                Mismatch::Malformed
            ]
        ),
        "{ignored:?}"
    );
}

#[test]
fn an_answer_from_somebody_else_does_not_count() {
    let stranger = UdpSocket::bind("127.0.0.9:0").expect("a socket");
    let heard_port: Arc<Mutex<u16>> = Arc::default();
    let port = heard_port.clone();
    let server: Answerer = Box::new(move |heard| {
        let forged = Reply::new(RA).answer("www.example 60 A 192.0.2.66").write(heard);
        let port = *port.lock().expect("no panic");
        stranger.send_to(&forged, ("127.0.0.1", port)).expect("sent");
        thread::sleep(Duration::from_millis(50));
        vec![Reply::new(RA).answer("www.example 60 A 192.0.2.1").write(heard)]
    });
    let internet = Internet::of(vec![(1, server)]);
    let mut senders = 0;
    let found = internet.stub(&[1]).addresses("www.example", Family::V4, &mut |step| match step
        .event
    {
        // The forger sees the port before the question is out.
        Event::Called(called) if called.name == "getsockname" => {
            let own: SocketAddr = called.result.expect("an address").parse().expect("an address");
            *heard_port.lock().expect("no panic") = own.port();
        }
        Event::Ignored { from, why: Mismatch::Sender, .. } => {
            assert_eq!(from.ip().to_string(), "127.0.0.9");
            senders += 1;
        }
        _ => {}
    });
    assert_eq!((ips(&found.expect("an address")), senders), (vec!["192.0.2.1".into()], 1));
}

#[test]
fn names_are_completed_as_the_configuration_says() {
    let internet = Internet::of(vec![(1, web())]);
    let mut resolver = internet.stub(&[1]);
    resolver.config.search =
        ["corp.example", "lab.example"].map(|name| Name::of(name).expect("a name")).into();
    let found = resolver.addresses("v4", Family::V4, &mut |_| {}).expect("an address");
    assert_eq!(found.canonical, "v4.lab.example");
    let asked = |internet: &Internet| {
        internet.heard().into_iter().map(|(_, name, _)| name).collect::<Vec<_>>()
    };
    assert_eq!(asked(&internet), ["v4.corp.example", "v4.lab.example"]);
    // With a dot in it the name itself comes first, and with one at its end nothing else.
    let failure = resolver.addresses("no.such", Family::V4, &mut |_| {}).expect_err("no name");
    assert_eq!(failure.name.to_string(), "no.such");
    assert_eq!(asked(&internet), ["no.such", "no.such.corp.example", "no.such.lab.example"]);
    resolver.addresses("other.", Family::V4, &mut |_| {}).expect_err("no name");
    assert_eq!(asked(&internet), ["other"]);
}

#[test]
fn the_sources_before_the_dns_are_asked_first() {
    let files = files(9, "127.0.0.1 localhost\n::1 localhost\n10.0.0.7 Printer.home printer\n", "");
    let mut resolver = Resolver::new(files);
    let (found, steps) = told(|tell| resolver.addresses("printer", Family::Any, tell));
    let found = found.expect("an address");
    assert_eq!((ips(&found), found.canonical.as_str()), (vec!["10.0.0.7".into()], "Printer.home"));
    assert!(matches!(&found.list[0].whence, Whence::Hosts { line: 3, .. }));
    assert_eq!(kinds(&steps), ["Sources", "Hosts"]);
    let entry =
        HostsEntry { addresses: vec![([10, 0, 0, 7].into(), 3)], canonical: "Printer.home".into() };
    assert!(matches!(&steps[1].event, Event::Hosts { entry: Some(found), .. } if *found == entry));
    let (literal, steps) = told(|tell| resolver.addresses("2001:db8::1", Family::Any, tell));
    assert_eq!((ips(&literal.expect("an address")), steps.len()), (vec!["2001:db8::1".into()], 0));
    let failure = resolver.addresses("::1", Family::V4, &mut |_| {}).expect_err("IPv6");
    assert_eq!(failure.code(), "dns.family");
    // These are nobody else's business.
    let found = resolver.addresses("x.localhost", Family::Any, &mut |_| {}).expect("an address");
    assert_eq!(
        (ips(&found).join(" "), &found.list[0].whence),
        ("127.0.0.1 ::1".into(), &Whence::Localhost)
    );
    let failure = resolver
        .addresses("secret.onion", Family::Any, &mut |_| panic!("asked"))
        .expect_err("private");
    assert_eq!(failure.code(), "dns.private");
    assert_eq!(
        resolver.addresses("a..b", Family::Any, &mut |_| {}).expect_err("bad").code(),
        "dns.name"
    );
}

#[test]
fn a_resolver_that_says_something_else_than_the_authority_is_found_out() {
    let resolver = one(|heard| match heard.name.as_str() {
        "same.example" => Reply::new(RA).answer("same.example 40 A 192.0.2.1"),
        "other.example" => Reply::new(RA).answer("other.example 900 A 192.0.2.66"),
        _ => Reply::new(RA).answer("gone.example 60 A 192.0.2.3"),
    });
    let root = one(|heard| match heard.name.as_str() {
        "same.example" => Reply::new(AA).answer("same.example 60 A 192.0.2.1"),
        "other.example" => Reply::new(AA).answer("other.example 300 A 192.0.2.2"),
        _ => Reply::new(AA | 3).authority(". 60 SOA 60"),
    });
    let internet = Internet::of(vec![(1, resolver), (2, root)]);
    let mut both = internet.walk();
    both.config = internet.stub(&[1]).config;
    let same = both.compare("same.example", A, &mut |_| {});
    assert_eq!((same.differences.len(), same.age()), (0, Some(20)));
    assert_eq!(
        both.compare("other.example", A, &mut |_| {}).differences,
        [
            Difference::OnlyStub(vec!["192.0.2.66".into()]),
            Difference::OnlyWalk(vec!["192.0.2.2".into()]),
            Difference::LivesLonger { stub: 900, walk: 300 },
        ]
    );
    let gone = both.compare("gone.example", A, &mut |_| {}).differences;
    assert_eq!(gone, [Difference::Outcome { stub: "found", walk: "no such name" }]);
    // Having seen the whole time to live, it knows an answer from a cache.
    let mut fresh = internet.walk();
    fresh.config = both.config.clone();
    fresh.records("same.example", A, &mut |_| {}).expect("an address");
    fresh.way = Way::Stub;
    let (_, steps) = told(|tell| fresh.records("same.example", A, tell));
    let aged = |step: &Step| match &step.event {
        Event::Answered(answered) => Some(answered.origin),
        _ => None,
    };
    assert_eq!(steps.iter().find_map(aged), Some(Origin::Cache { whole: 60, left: 40 }));
}

#[test]
fn an_extended_error_without_a_name_keeps_its_number() {
    let server = one(|_| Reply::new(RA | 2).extended(999, ""));
    let internet = Internet::of(vec![(1, server)]);
    let failure = internet.stub(&[1]).records("x.example", A, &mut |_| {}).expect_err("a failure");
    let Cause::Code { rcode: 2, errors, .. } = failure.cause else { panic!("{failure}") };
    assert_eq!(errors, [Extended { code: 999, words: None, text: String::new() }]);
}
