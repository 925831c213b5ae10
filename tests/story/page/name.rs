//! How the name of the page's server is found, and the way to it.

use std::net::Ipv4Addr;
use std::time::Duration;

use wiretale::timeline::fetch::{Attempt, Candidate, Choice, Event};
use wiretale::timeline::lookup::{
    self, Address, Addresses, Answered, Asked, Called, Config, Data, Message, Origin, Place,
    Question, Record, Section, Server, Sources, Transport, Whence,
};
use wiretale::timeline::way;
use wiretale::timeline::way::{
    Action, Hop, Interface, Kernel, Neighbour, Prefix, Route, Row, RowKind, Rule, Source, Way,
    Weighed, Why,
};

use crate::scene::{Scene, arp, at, datagram, end};

use super::{ASKING, RESOLVER, SERVER, ip, name};

fn look(scene: &mut Scene, began: f64, ended: f64, event: lookup::Event) {
    scene.step((began, ended), 1, 0, Event::Lookup(event));
}

fn called(name: &'static str, with: &str, result: &str) -> lookup::Event {
    let descriptor = Some(3).filter(|_| name != "socket");
    lookup::Event::Called(Called { name, descriptor, with: with.into(), result: Ok(result.into()) })
}

pub(super) fn look_up(scene: &mut Scene) {
    let line = |file: &str, line| Place { file: file.into(), line: Some(line) };
    let sources = Sources {
        place: line("/etc/nsswitch.conf", 12),
        listed: vec!["files".into(), "dns".into()],
        asked: vec!["files", "dns"],
        passed_over: Vec::new(),
    };
    look(scene, 0.002, 0.002, lookup::Event::Sources(sources));
    let hosts = lookup::Event::Hosts {
        file: "/etc/hosts".into(),
        name: name("www.lab.example"),
        entry: None,
    };
    look(scene, 0.004, 0.006, hosts);
    let config = Config {
        file: "/etc/resolv.conf".into(),
        servers: vec![(end(RESOLVER), line("/etc/resolv.conf", 1))],
        search: Vec::new(),
        searched_by: Place::default(),
        ndots: 1,
        timeout: Duration::from_secs(5),
        attempts: 2,
        rotate: false,
        use_vc: false,
        edns0: true,
        trust_ad: false,
        no_aaaa: false,
        passed_over: Vec::new(),
    };
    look(scene, 0.008, 0.008, lookup::Event::Configured(config.into()));
    look(scene, 0.012, 0.020, called("socket", "INET, DGRAM", "3"));
    let with = "A www.lab.example?, 44 octets, to 203.0.113.53:53";
    look(scene, 0.040, 0.052, called("sendto", with, "44"));
    let server = Server { address: end(RESOLVER), name: None };
    let question = Question { name: name("www.lab.example"), kind: 1 };
    let asked = Asked {
        server: server.clone(),
        transport: Transport::Udp,
        question: question.clone(),
        id: 0x3c41,
        desired: true,
        edns: Some(1232),
        attempt: 1,
        port: 40000,
        octets: 44,
    };
    look(scene, 0.040, 0.052, lookup::Event::Asked(asked));
    scene.frame(0.043, arp(false, [192, 168, 0, 178], [192, 168, 0, 1]));
    scene.frame(0.047, arp(true, [192, 168, 0, 1], [192, 168, 0, 178]));
    scene.frame(0.050, datagram(ASKING, RESOLVER, 64, &dns(false)));
    scene.frame(13.931, datagram(RESOLVER, ASKING, 63, &dns(true)));
    look(scene, 0.060, 13.990, called("poll", "to read, at most 5000 ms", "ready"));
    look(
        scene,
        14.002,
        14.010,
        called("recvfrom", "at most 65535 octets", "82, from 203.0.113.53:53"),
    );
    let message = answer(question);
    let answered = Answered {
        server: server.clone(),
        transport: Transport::Udp,
        asked: at(0.040),
        origin: Origin::Relayed,
        message,
    };
    look(scene, 14.002, 14.010, lookup::Event::Answered(answered.into()));
    look(scene, 14.012, 14.014, called("close", "", "0"));
    let whence = Whence::Server { server, authoritative: false };
    let found = Addresses {
        canonical: "web1.lab.example".into(),
        list: vec![Address { ip: ip("198.51.100.80"), ttl: Some(60), whence }],
        missing: None,
    };
    scene.step((14.020, 14.020), 1, 0, Event::Found(found));
}

fn answer(question: Question) -> Message {
    let record = |owner: &str, kind, data, said: &str| Record {
        section: Section::Answer,
        owner: name(owner),
        kind,
        class: 1,
        ttl: 60,
        data,
        said: said.into(),
    };
    Message {
        id: 0x3c41,
        authoritative: false,
        truncated: false,
        desired: true,
        available: true,
        authenticated: false,
        rcode: 0,
        question: Some(question),
        counts: [1, 2, 0, 1],
        records: vec![
            record("www.lab.example", 5, Data::Name(name("web1.lab.example")), "web1.lab.example"),
            record("web1.lab.example", 1, Data::Address(ip("198.51.100.80")), "198.51.100.80"),
        ],
        edns: Some(1232),
        errors: Vec::new(),
        octets: 82,
        complete: true,
    }
}

fn dns(is_answer: bool) -> Vec<u8> {
    let mut message =
        vec![0x3c, 0x41, if is_answer { 0x81 } else { 1 }, if is_answer { 0x80 } else { 0 }];
    message.extend([0, 1, 0, if is_answer { 2 } else { 0 }, 0, 0, 0, 0]);
    message.extend(name("www.lab.example").wire());
    message.extend([0, 1, 0, 1]);
    if is_answer {
        let web1 = name("web1.lab.example");
        message.extend([0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 60, 0, web1.wire().len() as u8]);
        message.extend(web1.wire());
        message.extend(web1.wire());
        message.extend([0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 198, 51, 100, 80]);
    }
    message
}

pub(super) fn go(scene: &mut Scene) {
    let to = end(SERVER);
    let candidates =
        vec![Candidate { destination: to, source: Some(ip("192.168.0.178")), behind_by: None }];
    let plan = vec![Attempt { destination: to, begins: Duration::ZERO }];
    scene.step((14.022, 14.022), 1, 0, Event::Chosen(Choice { candidates, plan }));
    let prefix = |text: &str, len| Prefix { address: ip(text), len };
    let address = way::Address {
        prefix: prefix("192.168.0.178", 24),
        broadcast: Some(Ipv4Addr::new(192, 168, 0, 255)),
        peer: None,
        source: Source::DhcpRoute,
        valid: Some(Duration::from_secs(43_000)),
        is_deprecated: false,
        lease: None,
    };
    let hop = |gateway: Option<&str>| Hop {
        gateway: gateway.map(ip),
        interface: 2,
        device: "eth0".into(),
    };
    let row = |destination, hop, protocol: &str| Row {
        table: 254,
        destination,
        kind: RowKind::Unicast,
        hops: vec![hop],
        source: None,
        metric: 0,
        protocol: protocol.into(),
        mtu: None,
    };
    let route = Route {
        destination: to.ip(),
        rules: vec![Rule {
            priority: 32766,
            action: Action::Table(254),
            selects: String::new(),
            applies: true,
            suppresses: None,
        }],
        weighed: vec![
            Weighed {
                row: row(prefix("192.168.0.0", 24), hop(None), "kernel"),
                masked: ip("198.51.100.0"),
                matches: false,
            },
            Weighed {
                row: row(prefix("0.0.0.0", 0), hop(Some("192.168.0.1")), "dhcp"),
                masked: ip("0.0.0.0"),
                matches: true,
            },
        ],
        omitted: 0,
        won: Some(1),
        why: Why::Only,
        kernel: Ok(Kernel {
            hop: hop(Some("192.168.0.1")),
            kind: RowKind::Unicast,
            source: Some(ip("192.168.0.178")),
            mtu: Some(1500),
            row: None,
        }),
        difference: None,
    };
    let interface = Interface {
        index: 2,
        name: "eth0".into(),
        mac: Some([2, 0, 0, 0, 0, 0xb2]),
        mtu: Some(1500),
        is_up: true,
        is_tunnel: false,
        addresses: vec![address],
    };
    let neighbour = Neighbour {
        address: ip("192.168.0.1"),
        interface: 2,
        mac: Some([2, 0, 0, 0, 0, 1]),
        state: "REACHABLE",
        confirmed: Some(Duration::from_millis(14)),
        used: None,
        updated: None,
    };
    let way = Way { interfaces: vec![interface], route, neighbour: Some(neighbour) };
    scene.step((14.024, 14.030), 1, 0, Event::Way(way.into()));
}
