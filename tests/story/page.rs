//! A page with a picture, fetched over a wire of 20 ms by a computer that is busy.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use wiretale::timeline::fetch::{
    Attempt, Candidate, Choice, Event, Outcome, Policy, Timing, Transfer, Tried, Url,
};
use wiretale::timeline::http::{Body, Field, Framing, Persistence, Request, Response, Version};
use wiretale::timeline::lookup::{
    self, Address, Addresses, Answered, Asked, Called, Config, Data, Message, Name, Origin, Place,
    Question, Record, Section, Server, Sources, Transport, Whence,
};
use wiretale::timeline::way::{
    Action, Hop, Interface, Kernel, Neighbour, Prefix, Route, Row, RowKind, Rule, Source, Way,
    Weighed, Why,
};
use wiretale::timeline::{Evidence, SocketState, way};

use super::scene::{Scene, Segment, Socket, arp, at, datagram, end, errno, evidence, with};

const LOCAL: &str = "192.168.0.178:49272";
const SERVER: &str = "198.51.100.80:80";
const RESOLVER: &str = "203.0.113.53:53";
const ASKING: &str = "192.168.0.178:40000";

const SOCKET: Socket = Socket { number: 1, descriptor: 3, local: LOCAL, remote: SERVER };

fn name(text: &str) -> Name {
    Name::of(text).expect("a name")
}

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

fn ms(ms: f64) -> Duration {
    Duration::from_micros((ms * 1000.0) as u64)
}

/// Everything.
pub(crate) fn page() -> Scene {
    let mut scene = Scene::default();
    begin(&mut scene);
    look_up(&mut scene);
    go(&mut scene);
    connect(&mut scene);
    talk(&mut scene);
    close(&mut scene);
    scene
}

fn begin(scene: &mut Scene) {
    let policy = Policy {
        engine: "kernel",
        packets: Ok(vec!["eth0".into()]),
        proxies: vec!["http_proxy".into()],
        family: "IPv4 and IPv6",
        connect_within: Duration::from_secs(10),
        all_within: Duration::from_secs(30),
        most: 64 << 20,
        redirects: None,
    };
    scene.step((0.0, 0.0), 0, 0, Event::Policy(policy.into()));
    let url = Url {
        shown: "http://www.lab.example/".into(),
        scheme: "http".into(),
        scheme_words: "HTTP over TCP, readable by everybody on the way",
        scheme_said: true,
        host: "www.lab.example".into(),
        port: Some(80),
        is_default_port: true,
        path: "/".into(),
        omits_file: true,
        ..Url::default()
    };
    scene.step((0.001, 0.001), 1, 0, Event::Url(url.into()));
}

fn look(scene: &mut Scene, began: f64, ended: f64, event: lookup::Event) {
    scene.step((began, ended), 1, 0, Event::Lookup(event));
}

fn called(name: &'static str, with: &str, result: &str) -> lookup::Event {
    let descriptor = Some(3).filter(|_| name != "socket");
    lookup::Event::Called(Called { name, descriptor, with: with.into(), result: Ok(result.into()) })
}

fn look_up(scene: &mut Scene) {
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
    let record = |owner: &str, kind, data, said: &str| Record {
        section: Section::Answer,
        owner: name(owner),
        kind,
        class: 1,
        ttl: 60,
        data,
        said: said.into(),
    };
    let message = Message {
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
    };
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

fn go(scene: &mut Scene) {
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

const SYN: u8 = 2;
const ACK: u8 = 16;
const PSH_ACK: u8 = 24;
const FIN_ACK: u8 = 17;

/// MSS 1460, SACK, time stamps, a window scale of 10.
const OFFERS: &[u8] =
    &[2, 4, 5, 0xb4, 4, 2, 8, 10, 0x95, 0xea, 0x41, 0x32, 0, 0, 0, 0, 1, 3, 3, 10];

const OURS: u32 = 3_116_904_446;
const THEIRS: u32 = 4_294_967_000;

fn ours(flags: u8, seq: u32, ack: u32, window: u16) -> Segment {
    let options = if flags == SYN { OFFERS } else { &[] };
    let ack = if flags == SYN { 0 } else { THEIRS.wrapping_add(ack) };
    Segment {
        from: LOCAL,
        to: SERVER,
        hops: 64,
        flags,
        seq: OURS.wrapping_add(seq),
        ack,
        window,
        options,
    }
}

fn theirs(flags: u8, seq: u32, ack: u32, window: u16) -> Segment {
    let options = if flags & SYN != 0 { OFFERS } else { &[] };
    let (seq, ack) = (THEIRS.wrapping_add(seq), OURS.wrapping_add(ack));
    Segment { from: SERVER, to: LOCAL, hops: 62, flags, seq, ack, window, options }
}

fn connect(scene: &mut Scene) {
    scene.call(SOCKET.call(
        (14.033, 14.040),
        "socket",
        "INET, STREAM | NONBLOCK | CLOEXEC, TCP",
        Ok(3),
    ));
    let set = vec![Evidence::Set { option: "TCP_NODELAY", asked: 1, got: Some(1) }];
    scene.call(SOCKET.call((14.042, 14.044), "setsockopt", "TCP_NODELAY, 1", Ok(0)));
    scene.call(evidence(SOCKET.call((14.045, 14.046), "getsockopt", "TCP_NODELAY", Ok(0)), set));
    let pending = errno(115, "EINPROGRESS", "Operation now in progress");
    scene.call(SOCKET.call((14.053, 14.100), "connect", SERVER, Err(pending)));
    scene.call(evidence(SOCKET.call((14.104, 14.106), "getsockname", "", Ok(0)), Vec::new()));
    scene.frame(14.085, ours(SYN, 0, 0, 64240).frame(&[]));
    scene.frame(40.082, theirs(SYN | ACK, 0, 1, 65160).frame(&[]));
    scene.frame(40.117, ours(ACK, 1, 1, 63).frame(&[]));
    scene.call(SOCKET.call((14.110, 40.180), "poll", "3 for POLLOUT, 9999 ms", Ok(1)));
    let connected = SOCKET.call((40.184, 40.196), "getsockopt", "SO_ERROR", Ok(0));
    scene.call(wiretale::timeline::Call {
        evidence: vec![Evidence::Connected(Ok(()))],
        ..connected
    });
    let tried = vec![Tried {
        destination: end(SERVER),
        socket: 1,
        outcome: Outcome::Connected,
        refusals: Vec::new(),
    }];
    scene.step((14.033, 40.200), 1, 1, Event::Tried(tried));
}

fn talk(scene: &mut Scene) {
    let write = |times, length: u64, upto| {
        let call = SOCKET.call(times, "write", &format!("length {length}"), Ok(length as i64));
        with(call, upto - length..upto, Vec::new())
    };
    let read = |times, length: u64, upto, arrived| {
        let call = SOCKET.call(times, "recvmsg", "room for 16384", Ok(length as i64));
        with(call, upto - length..upto, vec![Evidence::Arrived(at(arrived))])
    };
    scene.step((40.220, 40.250), 1, 1, asked("/", 80, 0));
    scene.call(write((40.226, 40.242), 80, 80));
    scene.frame(40.240, ours(PSH_ACK, 1, 1, 63).frame(&[b'x'; 80]));
    scene.call(SOCKET.call((40.253, 165.700), "poll", "3 for POLLIN, 9973 ms", Ok(1)));
    scene.frame(87.720, theirs(ACK, 81, 81, 64).frame(&[]));
    scene.frame(87.743, theirs(PSH_ACK, 1, 81, 64).frame(&[b'y'; 597]));
    scene.frame(87.753, ours(ACK, 81, 598, 63).frame(&[]));
    scene.call(read((165.710, 165.784), 597, 597, 87.743));
    scene.step((40.252, 165.790), 1, 1, answered("text/html", 359, 0, 125.5));
    scene.step((40.252, 165.795), 1, 1, body(359, 238));
    scene.step((165.800, 165.800), 2, 1, Event::Reused { requests: 2 });
    scene.step((165.850, 165.872), 2, 1, asked("/img/4.png", 89, 80));
    scene.call(write((165.857, 165.870), 89, 169));
    scene.frame(165.874, ours(PSH_ACK, 81, 598, 63).frame(&[b'x'; 89]));
    scene.call(SOCKET.call((165.880, 245.500), "poll", "3 for POLLIN, 9834 ms", Ok(1)));
    let mut seq = 598;
    for at in 0..9_u32 {
        let len = if at == 8 { 665 } else { 1448 };
        let time = 245.353 + f64::from(at) * 0.012;
        let flags = if at == 8 { PSH_ACK } else { ACK };
        scene.frame(time, theirs(flags, seq, 170, 64).frame(&vec![b'z'; len as usize]));
        seq += len;
        scene.frame(time + 0.004, ours(ACK, 170, seq, 66).frame(&[]));
    }
    scene.call(read((245.596, 245.604), 12_249, 597 + 12_249, 245.456));
    scene.step((165.875, 245.606), 2, 1, answered("image/png", 12_008, 597, 79.7));
    scene.step((165.875, 245.608), 2, 1, body(12_008, 597 + 241));
}

fn asked(target: &str, head: u64, from: u64) -> Event {
    let request = Request {
        method: "GET".into(),
        target: target.into(),
        version: Version::HTTP_1_1,
        fields: vec![
            Field::new(*b"Host", *b"www.lab.example"),
            Field::new(*b"User-Agent", *b"wiretale/0.1"),
            Field::new(*b"Cookie", *b"session=0123456789"),
        ],
        head,
        body: 0,
    };
    Event::Request { request, octets: from..from + head }
}

fn answered(media: &str, length: u64, from: u64, after: f64) -> Event {
    let length_said = length.to_string();
    let response = Response {
        version: Version::HTTP_1_1,
        status: 200,
        reason: (*b"OK").into(),
        fields: vec![
            Field::new(*b"Server", *b"nginx"),
            Field::new(*b"Content-Type", media.as_bytes()),
            Field::new(*b"Content-Length", length_said.as_bytes()),
            Field::new(*b"Set-Cookie", *b"session=9876543210"),
            Field::new(*b"ETag", *b"\"x\""),
        ],
        head: 238,
        framing: Framing::Length(length),
        persistence: Persistence::Persists("HTTP/1.1 keeps it open unless somebody says otherwise"),
        flaws: Vec::new(),
    };
    Event::Response { response, after: ms(after), octets: from..from + 238 }
}

fn body(octets: u64, from: u64) -> Event {
    let body = Body {
        framed: octets,
        raw: octets,
        decoded: octets,
        sha256: Some([0xab; 32]),
        is_complete: true,
        ..Body::default()
    };
    Event::Body { body: body.into(), octets: from..from + octets, is_saved: false }
}

fn close(scene: &mut Scene) {
    let last = 598 + 12_249;
    scene.call(SOCKET.call((245.621, 245.630), "shutdown", "WR", Ok(0)));
    scene.frame(245.640, ours(FIN_ACK, 170, last, 71).frame(&[]));
    scene.call(SOCKET.call((245.660, 305.990), "poll", "3 for POLLIN, 9754 ms", Ok(1)));
    scene.frame(305.872, theirs(FIN_ACK, last, 171, 64).frame(&[]));
    scene.frame(305.880, ours(ACK, 171, last + 1, 71).frame(&[]));
    let end = 597 + 12_249;
    let read = SOCKET.call((305.995, 306.003), "recvmsg", "room for 16384", Ok(0));
    scene.call(with(read, end..end, Vec::new()));
    scene.call(SOCKET.call((306.015, 306.020), "close", "", Ok(0)));
    let state = SocketState {
        state: Some("TIME-WAIT"),
        timer: Some(("TIME-WAIT", Duration::from_secs(59))),
        unread: 0,
        unacknowledged: 0,
    };
    let look = SOCKET.call((306.030, 306.060), "sock_diag", "", Ok(0));
    scene.call(evidence(look, vec![Evidence::Socket(state)]));
    for (transfer, url, begin, first, total, body) in [
        (1, "http://www.lab.example/", 0.0, 165.784, 165.8, 359),
        (2, "http://www.lab.example/img/4.png", 165.8, 79.8, 79.9, 12_008),
    ] {
        let timing = Timing {
            begin: ms(begin),
            name_lookup: Some(ms(if transfer == 1 { 14.020 } else { 0.0 })),
            connect: Some(ms(if transfer == 1 { 40.196 } else { 0.0 })),
            pre_transfer: Some(ms(if transfer == 1 { 40.220 } else { 0.05 })),
            post_transfer: Some(ms(if transfer == 1 { 40.242 } else { 0.07 })),
            start_transfer: Some(ms(first)),
            total: ms(total),
            ..Timing::default()
        };
        let ended = Transfer {
            url: url.into(),
            parent: (transfer == 2).then_some(1),
            timing,
            local: Some(super::scene::end(LOCAL)),
            remote: Some(super::scene::end(SERVER)),
            status: Some(200),
            version: Some(Version::HTTP_1_1),
            media: Some(if transfer == 1 { "text/html" } else { "image/png" }.into()),
            is_embedded: transfer == 2,
            request: 80,
            head: 238,
            body,
            decoded: body,
            connects: u32::from(transfer == 1),
            redirects: 0,
            failure: None,
        };
        scene.step((306.1, 306.1), transfer, 1, Event::Ended(ended.into()));
    }
}
