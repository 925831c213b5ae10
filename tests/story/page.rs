//! A page with a picture, fetched over a wire of 20 ms by a computer that is busy.

mod name;

use std::net::IpAddr;
use std::time::Duration;

use wiretale::timeline::fetch::{Event, Outcome, Policy, Timing, Transfer, Tried, Url};
use wiretale::timeline::http::{Body, Field, Framing, Persistence, Request, Response, Version};
use wiretale::timeline::lookup::Name;
use wiretale::timeline::{Evidence, SocketState};

use super::scene::{Scene, Segment, Socket, at, end, errno, evidence, with};

const LOCAL: &str = "192.168.0.178:49272";
const SERVER: &str = "198.51.100.80:80";
const RESOLVER: &str = "203.0.113.53:53";
const ASKING: &str = "192.168.0.178:40000";

pub(crate) const SOCKET: Socket = Socket { number: 1, descriptor: 3, local: LOCAL, remote: SERVER };

fn name(text: &str) -> Name {
    Name::of(text).expect("a name")
}

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

fn ms(ms: f64) -> Duration {
    Duration::from_secs_f64(ms / 1e3)
}

/// Everything.
pub(crate) fn page() -> Scene {
    let mut scene = Scene::default();
    begin(&mut scene);
    name::look_up(&mut scene);
    name::go(&mut scene);
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
        let call =
            SOCKET.call(times, "write", &format!("length {length}"), Ok(length.cast_signed()));
        with(call, upto - length..upto, Vec::new())
    };
    let read = |times, length: u64, upto, arrived| {
        let call = SOCKET.call(times, "recvmsg", "room for 16384", Ok(length.cast_signed()));
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
