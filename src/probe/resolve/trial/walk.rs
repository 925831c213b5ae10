//! The walk from the root down.

use super::super::lookup::{Delegate, Nothing, Referral, Trouble};
use super::super::message::A;
use super::*;

/// A referral to a zone, each server with its address or without.
fn refer(zone: &str, servers: &[(&str, &str)]) -> Reply {
    servers.iter().fold(Reply::new(0), |reply, (server, address)| {
        let reply = reply.authority(&format!("{zone} 172800 NS {server}"));
        if address.is_empty() {
            reply
        } else {
            reply.additional(&format!("{server} 172800 A {address}"))
        }
    })
}

/// The root at .2 knows `example` at .3, which knows `lab.example` at .4 and others worse kept.
fn internet(more: Vec<(u8, Answerer)>) -> Internet {
    let root = one(|heard| match heard.name.rsplit('.').next() {
        Some("example") => refer("example", &[("a.tld.example", "127.0.0.3")]),
        Some("net") => refer("net", &[("a.tld.example", "127.0.0.3")]),
        _ => Reply::new(AA | 3).authority(". 86400 SOA 900"),
    });
    let tld = one(|heard| {
        let zone: Vec<&str> = heard.name.rsplitn(3, '.').collect();
        match (zone.get(1).copied(), zone[0]) {
            (Some("lab"), "example") => refer("lab.example", &[("ns1.lab.example", "127.0.0.4")]),
            (Some("glueless"), _) => refer("glueless.example", &[("ns1.lab.example", "")]),
            (Some("lame"), _) => refer("lame.example", &[("ns1.lame.example", "127.0.0.5")]),
            (Some("half"), _) => refer(
                "half.example",
                &[("ns1.half.example", "127.0.0.5"), ("ns2.half.example", "127.0.0.4")],
            ),
            (Some("dead"), _) => refer("dead.example", &[("ns1.dead.example", "127.0.0.99")]),
            (Some("closed"), _) => refer("closed.example", &[("ns1.closed.example", "127.0.0.6")]),
            (Some("lost"), _) => refer("lost.example", &[("ns1.lost.example", "")]),
            (Some("this"), _) => refer("this.example", &[("ns.that.example", "")]),
            (Some("that"), _) => refer("that.example", &[("ns.this.example", "")]),
            (Some("alias"), "net") => Reply::new(AA)
                .answer("www.alias.net 60 CNAME www.lab.example")
                .answer("www.lab.example 86400 A 192.0.2.66"),
            (Some("poison"), _) => refer("poison.example", &[("ns1.poison.example", "127.0.0.4")])
                .additional("ns1.poison.example 60 A 224.0.0.1")
                .additional("www.bank.net 86400 A 192.0.2.66"),
            (Some("circle"), _) => {
                let (from, to) = if zone.get(2) == Some(&"a") { ("a", "b") } else { ("b", "a") };
                Reply::new(AA)
                    .answer(&format!("{from}.circle.example 60 CNAME {to}.circle.example"))
            }
            _ => Reply::new(AA | 3).authority("example 900 SOA 900"),
        }
    });
    let authority = one(|heard| match heard.name.as_str() {
        "www.lab.example" if heard.kind == A => Reply::new(AA)
            .answer("www.lab.example 300 CNAME web1.lab.example")
            .answer("web1.lab.example 60 A 192.0.2.80"),
        "ns1.lab.example" if heard.kind == A => {
            Reply::new(AA).answer("ns1.lab.example 300 A 127.0.0.4")
        }
        "www.glueless.example" | "www.half.example" | "www.poison.example" if heard.kind == A => {
            Reply::new(AA).answer(&format!("{} 60 A 192.0.2.81", heard.name))
        }
        "big.lab.example" if !heard.over_tcp => Reply::new(AA | TC),
        "big.lab.example" => Reply::new(AA).answer("big.lab.example 60 TXT over-tcp"),
        "lab.example" | "web1.lab.example" | "www.lab.example" => {
            Reply::new(AA).authority("lab.example 300 SOA 60")
        }
        _ => Reply::new(AA | 3).authority("lab.example 300 SOA 60"),
    });
    // A resolver's cache would say as much: it is no authority, and points to the root.
    let lame = one(|_| Reply::new(RA).authority(". 60 NS a.root"));
    let closed = one(|_| Reply::new(5));
    let mut servers = vec![(2, root), (3, tld), (4, authority), (5, lame), (6, closed)];
    servers.extend(more);
    Internet::of(servers)
}

fn referrals(steps: &[Step]) -> Vec<&Referral> {
    picked(steps, |event| match event {
        Event::Referred(referral) => Some(&**referral),
        _ => None,
    })
}

fn lame(steps: &[Step]) -> Vec<(Delegate, Name, &'static str)> {
    picked(steps, |event| match event {
        Event::Lame { server, zone, why } => Some((server.clone(), zone.clone(), *why)),
        _ => None,
    })
}

fn words(failure: &super::super::lookup::Failure, internet: &Internet) -> String {
    failure.to_string().replace(&format!(":{}", internet.port), "")
}

#[test]
fn the_way_leads_from_the_root_to_the_authority_and_is_remembered() {
    let internet = internet(Vec::new());
    let mut resolver = internet.walk();
    let (found, steps) = told(|tell| resolver.records("www.lab.example", A, tell));
    let found = found.expect("an address");
    assert_eq!(
        (said(&found), found.aliases[0].said.as_str()),
        (vec!["192.0.2.80"], "web1.lab.example")
    );
    let who: Vec<u8> = internet.heard().iter().map(|(last, ..)| *last).collect();
    assert_eq!(who, [2, 3, 4]);
    let zones: Vec<String> =
        referrals(&steps).iter().map(|it| format!("{} > {}", it.parent, it.zone)).collect();
    assert_eq!(zones, [". > example", "example > lab.example"]);
    assert_eq!(
        referrals(&steps)[1].glue,
        [(Name::of("ns1.lab.example").expect("a name"), [127, 0, 0, 4].into())]
    );
    let desired = |step: &Step| matches!(&step.event, Event::Asked(asked) if asked.desired);
    assert!(!steps.iter().any(desired));
    // Another name of the zone goes there at once; what a parent mentioned does not answer.
    resolver.records("ns1.lab.example", A, &mut |_| {}).expect("an address");
    let failure = resolver.records("nosuch.lab.example", A, &mut |_| {}).expect_err("no name");
    assert_eq!(internet.heard().iter().map(|(last, ..)| *last).collect::<Vec<_>>(), [4, 4]);
    assert_eq!(
        words(&failure, &internet),
        "nosuch.lab.example: the name does not exist: said by ns1.lab.example at 127.0.0.4 (authority), remembered 60 s"
    );
    let failure = resolver.records("www.lab.example", 15, &mut |_| {}).expect_err("no data");
    assert!(matches!(failure.cause, Cause::Nothing { what: Nothing::Data, .. }));
    assert_eq!(
        said(&resolver.records("big.lab.example", 16, &mut |_| {}).expect("a text")),
        ["\"over-tcp\""]
    );
}

#[test]
fn servers_known_by_name_only_are_looked_up_first() {
    let internet = internet(Vec::new());
    let (found, steps) = told(|tell| internet.walk().records("www.glueless.example", A, tell));
    assert_eq!(said(&found.expect("an address")), ["192.0.2.81"]);
    let detour = |step: &Step| matches!(&step.event, Event::Detour { depth: 1, .. });
    assert_eq!(steps.iter().filter(|step| detour(step)).count(), 1);
    assert_eq!(referrals(&steps)[1].glueless.len(), 1);
    // In a circle, or within the zone itself, there is no way to an address.
    for name in ["www.this.example", "www.lost.example"] {
        let failure = internet.walk().records(name, A, &mut |_| {}).expect_err("no way");
        assert!(matches!(failure.cause, Cause::Unreachable { .. }), "{failure}");
        assert_eq!(failure.code(), "dns.lame");
    }
    let (_, steps) = told(|tell| internet.walk().records("www.lost.example", A, tell));
    let [(Delegate::Named(server), zone, _)] = &lame(&steps)[..] else { panic!("{steps:?}") };
    assert_eq!(
        (server.to_string(), zone.to_string()),
        ("ns1.lost.example".into(), "lost.example".into())
    );
}

#[test]
fn a_server_that_does_not_know_its_zone_is_lame() {
    let internet = internet(Vec::new());
    let (found, steps) = told(|tell| internet.walk().records("www.half.example", A, tell));
    assert_eq!(said(&found.expect("an address")), ["192.0.2.81"]);
    assert!(
        steps.iter().any(|step| matches!(
            step.event,
            Event::Lame { why: "it points back up the tree", .. }
        ))
    );
    let failure = internet.walk().records("www.lame.example", A, &mut |_| {}).expect_err("lame");
    assert_eq!(failure.code(), "dns.lame");
    assert_eq!(
        words(&failure, &internet),
        "www.lame.example: none of the servers given for lame.example serves it: \
         ns1.lame.example at 127.0.0.5 does not know the zone"
    );
    let (closed, steps) = told(|tell| internet.walk().records("www.closed.example", A, tell));
    let failure = closed.expect_err("lame");
    let [(Delegate::Known(server), zone, why)] = &lame(&steps)[..] else { panic!("{steps:?}") };
    assert_eq!(
        (server.address.ip(), zone.to_string()),
        ([127, 0, 0, 6].into(), "closed.example".into())
    );
    assert!(why.contains("REFUSED"), "{why}");
    assert_eq!(
        words(&failure, &internet),
        "www.closed.example: none of the servers given for closed.example serves it: \
         ns1.closed.example at 127.0.0.6 does not serve us (REFUSED)"
    );
    assert_eq!(failure.code(), "dns.lame");
    let (dead, steps) = told(|tell| internet.walk().records("www.dead.example", A, tell));
    let failure = dead.expect_err("refused");
    assert_eq!(lame(&steps).len(), 1);
    let Cause::Lame { tried, .. } = &failure.cause else { panic!("{failure}") };
    assert!(matches!(&tried[..], [(_, Trouble::Network { errno: 111, by: Some(_) })]));
}

#[test]
fn what_a_server_has_no_say_about_is_thrown_away() {
    let internet = internet(Vec::new());
    let mut resolver = internet.walk();
    let (found, steps) = told(|tell| resolver.records("www.poison.example", A, tell));
    assert_eq!(said(&found.expect("an address")), ["192.0.2.81"]);
    let rejected: Vec<&str> =
        referrals(&steps)[1].rejected.iter().map(|record| record.said.as_str()).collect();
    assert_eq!(rejected, ["224.0.0.1", "192.0.2.66"]);
    // The servers of net may say that a name is an alias, but not what that has for an address.
    let (found, steps) = told(|tell| resolver.records("www.alias.net", A, tell));
    let found = found.expect("an address");
    assert_eq!((said(&found), found.aliases.len()), (vec!["192.0.2.80"], 2));
    let thrown = steps.iter().find_map(|step| match &step.event {
        Event::ThrownAway { records, .. } => Some(records[0].data.clone()),
        _ => None,
    });
    assert_eq!(thrown, Some(Data::Address([192, 0, 2, 66].into())));
    let failure = resolver.records("a.circle.example", A, &mut |_| {}).expect_err("a circle");
    assert!(matches!(failure.cause, Cause::AliasLoop { .. }), "{failure}");
}

#[test]
fn with_minimised_names_nobody_hears_more_than_he_needs() {
    let internet = internet(Vec::new());
    let mut resolver = internet.walk();
    resolver.minimise = true;
    assert_eq!(
        said(&resolver.records("www.lab.example", A, &mut |_| {}).expect("an address")),
        ["192.0.2.80"]
    );
    let heard: Vec<_> = internet.heard().into_iter().map(|(last, name, _)| (last, name)).collect();
    let expected = [(2, "example"), (3, "lab.example"), (4, "www.lab.example")];
    assert_eq!(heard, expected.map(|(last, name)| (last, name.to_owned())));
    let failure = resolver.records("x.y.lab.example", A, &mut |_| {}).expect_err("no name");
    assert_eq!(failure.code(), "dns.nxdomain");
    assert_eq!(
        internet.heard().iter().map(|(_, name, _)| name.as_str()).collect::<Vec<_>>(),
        ["y.lab.example", "x.y.lab.example",]
    );
}

#[test]
fn an_endless_tree_is_left_after_sixty_questions() {
    // Every question is answered with servers known by name only, each somewhere else again.
    let root: Answerer = Box::new(|heard| {
        let below = |at: usize| {
            format!("n{at}.{}", heard.name.replace('.', "-").chars().take(20).collect::<String>())
        };
        let servers: Vec<String> = (0..20).map(|at| format!("{}.z{at}", below(at))).collect();
        let reply = servers.iter().fold(Reply::new(0), |reply, server| {
            reply.authority(&format!("{} 60 NS {server}", heard.name))
        });
        vec![reply.write(heard)]
    });
    let internet = Internet::of(vec![(2, root)]);
    let failure = internet.walk().records("www.example", A, &mut |_| {}).expect_err("no end");
    assert!(internet.heard().len() <= 60);
    assert!(matches!(failure.cause, Cause::TooMany { limit: 60, .. }), "{failure}");
}

#[test]
fn strangers_cannot_make_us_ask_ourselves() {
    let internet = internet(Vec::new());
    let mut resolver = internet.walk();
    let local = Server { address: internet.at(2), name: None };
    let far = Server { address: SocketAddr::from(([192, 0, 2, 1], 53)), name: None };
    for (hints, may) in [(vec![local], true), (vec![far], false)] {
        let (mut tell, mut cache) = (|_: Step| {}, std::mem::take(&mut resolver.cache));
        let walk = super::super::walk::Walk {
            hints: &hints,
            cache: &mut cache,
            teller: &mut super::super::socket::Teller::new(&mut tell),
            wait: Duration::ZERO,
            until: None,
            port: 53,
            minimise: false,
            detours: Vec::new(),
        };
        let ip = |text: &str| text.parse().expect("an address");
        assert_eq!((walk.may_ask(ip("127.0.0.53")), walk.may_ask(ip("::1"))), (may, may));
        assert!(walk.may_ask(ip("10.0.0.1")) && walk.may_ask(ip("2001:db8::1")));
        for never in
            ["0.0.0.0", "224.0.0.251", "255.255.255.255", "ff02::fb", "::", "::ffff:224.0.0.1"]
        {
            assert!(!walk.may_ask(ip(never)), "{never}");
        }
    }
}
