mod connections;

use super::*;
use crate::flow::Mark;
use crate::timeline::fetch::{Doing, Outcome, Tried};
use crate::timeline::http::Problem;
use crate::timeline::lookup::{self, Cause, Name, Nothing, Server, Trouble};
use crate::timeline::{Errno, Origin};

fn errno(number: i32, name: &str, sentence: &'static str) -> Errno {
    Errno { number, name: name.into(), sentence }
}

fn refused() -> Errno {
    errno(111, "ECONNREFUSED", "Connection refused")
}

fn no_host() -> Errno {
    errno(113, "EHOSTUNREACH", "No route to host")
}

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

fn to(text: &str) -> SocketAddr {
    text.parse().expect("an address and a port")
}

fn connect(errno: Errno) -> Failure {
    Failure::Connect { errno, tried: Vec::new() }
}

fn icmp(packet: u64, kind: u8, code: u8, offender: &str) -> Refused {
    Refused {
        mark: Mark { packet, time: Timestamp(0) },
        is_v6: false,
        kind,
        code,
        offender: ip(offender),
        destination: to("198.51.100.80:80"),
        port: 40000,
    }
}

fn web() -> Proof {
    Proof {
        destination: Some(to("198.51.100.80:80")),
        witness: Witness::Packets,
        ..Proof::default()
    }
}

fn late(doing: Doing, received: u64) -> Failure {
    Failure::Late { doing, limit: Duration::from_secs(2), sent: 80, received }
}

fn broken(doing: Doing, number: i32, name: &str) -> Failure {
    let errno = errno(number, name, "Connection reset by peer");
    Failure::Broken { doing, errno, sent: 80, received: 1200 }
}

fn lookup(cause: Cause) -> Failure {
    let name = Name::of("www.lab.example").expect("a name");
    Failure::Lookup(Box::new(lookup::Failure { name, cause }))
}

fn server(text: &str) -> Server {
    Server { address: to(text), name: None }
}

fn at(millis: u64, packet: u64) -> Edge {
    Edge { time: Timestamp(millis * 1_000_000), packet: Some(packet) }
}

/// A failure, its proof, and what is to be said: code, party, exit code, packets, and words that must stand in
/// the sentence.
type Row = (Failure, Proof, (&'static str, Party, u8), &'static [u64], &'static [&'static str]);

fn check(rows: Vec<Row>) {
    for (failure, proof, (code, party, exit), packets, words) in rows {
        let fault = judge(&failure, &proof);
        assert_eq!(
            (fault.code, fault.party, fault.exit),
            (code, party, exit),
            "{}",
            fault.sentence
        );
        assert_eq!(fault.packets, packets, "{}", fault.sentence);
        for word in words {
            assert!(fault.sentence.contains(word), "{word} in {:?}", fault.sentence);
        }
        assert!(!fault.sentence.ends_with('.') && !fault.sentence.contains('\n'));
    }
}

#[test]
fn names_that_are_not_found() {
    let nothing = |what, authoritative| Cause::Nothing {
        what,
        by: Some(server("198.51.100.53:53")),
        authoritative,
        remembered: Some(Duration::from_secs(60)),
    };
    let code = |rcode| Cause::Code { server: server("203.0.113.53:53"), rcode, errors: Vec::new() };
    let answered = || Proof { dns_answer: Some(4), ..Proof::default() };
    let timeout = Trouble::Timeout { waited: Duration::from_secs(5), attempts: 2 };
    let silent =
        |trouble| Cause::Silent { zone: None, tried: vec![(server("203.0.113.53:53"), trouble)] };
    let unanswered = || Proof { questions: vec![1, 2], ..Proof::default() };
    let zone = Name::of("lab.example").expect("a name");
    check(vec![
        (
            lookup(nothing(Nothing::Name, true)),
            answered(),
            ("dns.nxdomain", Party::Request, 6),
            &[4],
            &["does not exist", "198.51.100.53 (authority)", "remembered 60 s", "spelling"],
        ),
        (
            lookup(nothing(Nothing::Data, false)),
            answered(),
            ("dns.nodata", Party::Request, 6),
            &[4],
            &["exists, but has no such record"],
        ),
        (
            lookup(code(2)),
            answered(),
            ("dns.servfail", Party::Resolver, 6),
            &[4],
            &["SERVFAIL", "--iterative"],
        ),
        (lookup(code(5)), answered(), ("dns.refused", Party::Resolver, 6), &[4], &["REFUSED"]),
        (
            lookup(silent(timeout)),
            unanswered(),
            ("dns.timeout", Party::Resolver, 6),
            &[1, 2],
            &["203.0.113.53", "silent for 5.0 s", "port 53 filtered", "--dns"],
        ),
        (
            lookup(silent(Trouble::Network { errno: 111, by: None })),
            unanswered(),
            ("dns.unreachable", Party::Resolver, 6),
            &[1, 2],
            &["nobody who listens"],
        ),
        (
            lookup(Cause::Lame { zone, tried: vec![(server("198.51.100.53:53"), Trouble::Lame)] }),
            answered(),
            ("dns.lame", Party::Resolver, 6),
            &[4],
            &["lab.example", "does not know the zone"],
        ),
        (
            late(Doing::Lookup, 0),
            unanswered(),
            ("dns.timeout", Party::Resolver, 28),
            &[1, 2],
            &["within 2.00 s", "port 53"],
        ),
    ]);
}

#[test]
fn ways_there_are_not() {
    let unheard = |is_router, address| Proof {
        unheard: Some(Unheard { address: ip(address), is_router, requests: vec![3, 4, 5] }),
        ..web()
    };
    let no_net = errno(101, "ENETUNREACH", "Network is unreachable");
    check(vec![
        (
            connect(no_net),
            web(),
            ("route.none", Party::ThisComputer, 7),
            &[],
            &["198.51.100.80:80", "default route"],
        ),
        (
            Failure::Interface {
                asked: "eth7".to_owned(),
                errno: errno(19, "ENODEV", "No such device"),
            },
            Proof::default(),
            ("interface", Party::ThisComputer, 45),
            &[],
            &["eth7 cannot be sent from: no such device (ENODEV)"],
        ),
        (
            connect(no_host()),
            unheard(false, "198.51.100.80"),
            ("arp.timeout", Party::Access, 7),
            &[3, 4, 5],
            &["198.51.100.80 on your own link", "3 ARP requests", "VLAN"],
        ),
        (
            connect(no_host()),
            unheard(true, "192.168.0.1"),
            ("arp.timeout", Party::Access, 7),
            &[3, 4, 5],
            &["the router 192.168.0.1 is silent", "your own network"],
        ),
        (
            late(Doing::Connecting, 0),
            unheard(true, "192.168.0.1"),
            ("arp.timeout", Party::Access, 28),
            &[3, 4, 5],
            &["the router"],
        ),
    ]);
}

#[test]
fn ports_that_refuse() {
    let reset =
        |usual| Proof { syns: vec![5], reset: Some(Reset { packet: 6, hops: 62, usual }), ..web() };
    let said = |packet, offender| Proof {
        syns: vec![5],
        refused: vec![icmp(packet, 3, 3, offender)],
        ..web()
    };
    // Without packets there is what the kernel told.
    let told = Refusal {
        errno: refused(),
        origin: Origin::Icmp,
        kind: 3,
        code: 3,
        mtu: None,
        offender: Some(ip("192.168.0.1")),
    };
    check(vec![
        (
            connect(refused()),
            reset(None),
            ("tcp.refused.rst", Party::Server, 7),
            &[5, 6],
            &["198.51.100.80 is up", "nobody listens on port 80"],
        ),
        (
            connect(refused()),
            reset(Some(62)),
            ("tcp.refused.rst", Party::Server, 7),
            &[5, 6],
            &["nobody listens on port 80"],
        ),
        (
            connect(refused()),
            reset(Some(57)),
            ("tcp.refused.rst", Party::Path, 7),
            &[5, 6],
            &["TTL 62", "the host's packets have 57", "a firewall answered"],
        ),
        (
            connect(refused()),
            Proof { witness: Witness::Stamps, ..web() },
            ("tcp.refused.rst", Party::Server, 7),
            &[],
            &["nobody listens there, or a firewall says so"],
        ),
        (
            connect(refused()),
            said(6, "192.168.0.1"),
            ("tcp.refused.icmp", Party::Path, 7),
            &[5, 6],
            &["a firewall on 192.168.0.1 refuses 198.51.100.80:80"],
        ),
        (
            connect(refused()),
            said(6, "198.51.100.80"),
            ("tcp.refused.icmp", Party::Server, 7),
            &[5, 6],
            &["itself by ICMP", "its firewall"],
        ),
        (
            connect(refused()),
            Proof { told: vec![told], witness: Witness::Stamps, ..web() },
            ("tcp.refused.icmp", Party::Path, 7),
            &[],
            &["a firewall on 192.168.0.1"],
        ),
    ]);
}

#[test]
fn answers_that_do_not_help() {
    check(vec![
        (
            Failure::Scheme("ftp".into()),
            Proof::default(),
            ("url.scheme", Party::Request, 1),
            &[],
            &["ftp"],
        ),
        (
            Failure::Http(Box::new(Problem::Truncated { had: 5, of: 9 })),
            Proof { last: Some(at(10, 9)), fin: Some(at(11, 10)), ..web() },
            ("http.truncated", Party::Server, 18),
            &[9, 10],
            &["5 of 9"],
        ),
        (
            Failure::Http(Box::new(Problem::Empty)),
            Proof { fin: Some(at(11, 10)), ..web() },
            ("http.empty", Party::Server, 52),
            &[10],
            &["without any answer"],
        ),
        (
            Failure::Status(404),
            Proof::default(),
            ("http.status", Party::Request, 22),
            &[],
            &["404"],
        ),
        (Failure::Status(503), Proof::default(), ("http.status", Party::Server, 22), &[], &["503"]),
        (
            Failure::Saving("No space left on device".into()),
            Proof::default(),
            ("save", Party::ThisComputer, 23),
            &[],
            &["No space left"],
        ),
        (Failure::Interrupted, Proof::default(), ("interrupted", Party::Request, 130), &[], &[]),
    ]);
}

#[test]
fn a_status_that_refuses_is_a_fault_and_no_failure() {
    let answered = |status| Transfer {
        url: "http://www.lab.example/".into(),
        status: Some(status),
        ..Transfer::default()
    };
    let fault = of(&answered(404), &Proof::default()).expect("a fault");
    assert_eq!((fault.code, fault.party, fault.exit), ("http.status", Party::Request, 0));
    let fault = of(&answered(500), &Proof::default()).expect("a fault");
    assert_eq!((fault.party, fault.exit), (Party::Server, 0));
    assert_eq!(of(&answered(302), &Proof::default()), None);
}

#[test]
fn other_addresses_that_failed_are_counted() {
    let tried = |outcome| Tried {
        destination: to("198.51.100.80:80"),
        socket: 1,
        outcome,
        refusals: Vec::new(),
    };
    let list = vec![
        tried(Outcome::Failed(refused())),
        tried(Outcome::Failed(refused())),
        tried(Outcome::NotBegun),
    ];
    let fault = judge(&Failure::Connect { errno: refused(), tried: list }, &web());
    assert!(fault.sentence.ends_with("; 1 more address failed as well"), "{}", fault.sentence);
}
