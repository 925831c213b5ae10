//! Fetches that fail, and that are seen without packets.

use std::time::Duration;

use wiretale::timeline::fetch::{
    Doing, Event, Failure, Outcome, Policy, Timing, Transfer, Tried, Url,
};
use wiretale::timeline::http::{
    Body, Field, Framing, Persistence, Redirect, Request, Response, Version,
};
use wiretale::timeline::lookup::{self, Cause, Name, Server, Trouble};
use wiretale::timeline::{Call, Evidence, Origin, Refusal, Stage, Stamp};

use super::scene::{Scene, Segment, Socket, at, end, errno, evidence, with};

const LOCAL: &str = "192.0.2.1:50000";
const SERVER: &str = "198.51.100.80:80";
const SOCKET: Socket = Socket { number: 1, descriptor: 3, local: LOCAL, remote: SERVER };

/// What a terminal would obey, if it were let.
pub(crate) const HOSTILE: &[u8] = b"\x1b]0;owned\x07\x1b[2J\r\nSet-Cookie: \xff\xe2\x80\xae\x9b31m";

fn begin(scene: &mut Scene, packets: Result<Vec<String>, String>, path: &str) {
    let policy = Policy {
        engine: "kernel",
        packets,
        proxies: Vec::new(),
        family: "IPv4",
        connect_within: Duration::from_secs(10),
        all_within: Duration::from_secs(30),
        most: 64 << 20,
        redirects: Some(10),
    };
    scene.step((0.0, 0.0), 0, 0, Event::Policy(policy.into()));
    let url = Url {
        shown: format!("http://198.51.100.80{path}"),
        scheme: "http".into(),
        scheme_said: true,
        host: "198.51.100.80".into(),
        port: Some(80),
        is_default_port: true,
        path: path.into(),
        ..Url::default()
    };
    scene.step((0.001, 0.001), 1, 0, Event::Url(url.into()));
}

fn blind() -> Result<Vec<String>, String> {
    Err("no permission to capture: packets are not shown (setcap cap_net_raw+ep gives it)".into())
}

fn connect(scene: &mut Scene, began: f64, ended: f64) {
    let open = "INET, STREAM | NONBLOCK | CLOEXEC, TCP";
    scene.call(SOCKET.call((began - 0.01, began - 0.005), "socket", open, Ok(3)));
    let pending = errno(115, "EINPROGRESS", "Operation now in progress");
    scene.call(SOCKET.call((began, began + 0.02), "connect", SERVER, Err(pending)));
    scene.call(SOCKET.call((began + 0.03, ended - 0.01), "poll", "3 for POLLOUT, 9999 ms", Ok(1)));
}

fn connected(scene: &mut Scene, ended: f64, outcome: Result<(), wiretale::timeline::Errno>) {
    let call = SOCKET.call((ended - 0.005, ended), "getsockopt", "SO_ERROR", Ok(0));
    scene.call(Call { evidence: vec![Evidence::Connected(outcome)], ..call });
}

fn ended(scene: &mut Scene, ms: f64, failure: Option<Failure>) {
    let ended = Transfer {
        url: "http://198.51.100.80/".into(),
        timing: Timing { total: Duration::from_secs_f64(ms / 1e3), ..Timing::default() },
        failure,
        ..Transfer::default()
    };
    scene.step((0.001, ms), 1, 1, Event::Ended(ended.into()));
}

/// A router refuses in the name of the server, and is named.
pub(crate) fn refused() -> Scene {
    let mut scene = Scene::default();
    begin(&mut scene, Ok(vec!["eth0".into()]), "/");
    connect(&mut scene, 1.0, 2.0);
    let syn = Segment {
        from: LOCAL,
        to: SERVER,
        hops: 64,
        flags: 2,
        seq: 7,
        ack: 0,
        window: 64_240,
        options: &[2, 4, 5, 0xb4],
    };
    scene.frame(1.01, syn.frame(&[]));
    let refused = errno(111, "ECONNREFUSED", "Connection refused");
    connected(&mut scene, 2.01, Err(refused.clone()));
    let refusal = Refusal {
        errno: refused.clone(),
        origin: Origin::Icmp,
        kind: 3,
        code: 13,
        mtu: None,
        offender: Some("192.0.2.254".parse().expect("an address")),
    };
    let tried = vec![Tried {
        destination: end(SERVER),
        socket: 1,
        outcome: Outcome::Failed(refused.clone()),
        refusals: vec![refusal.clone(), refusal],
    }];
    scene.step((0.9, 2.05), 1, 1, Event::Tried(tried.clone()));
    scene.call(SOCKET.call((2.02, 2.03), "close", "", Ok(0)));
    ended(&mut scene, 2.1, Some(Failure::Connect { errno: refused, tried }));
    scene
}

/// The request is sent four times, by the kernel's own word, and nobody answers.
pub(crate) fn unseen() -> Scene {
    let mut scene = Scene::default();
    begin(&mut scene, blind(), "/");
    connect(&mut scene, 1.0, 2.0);
    connected(&mut scene, 2.01, Ok(()));
    let tried = vec![Tried {
        destination: end(SERVER),
        socket: 1,
        outcome: Outcome::Connected,
        refusals: Vec::new(),
    }];
    scene.step((0.9, 2.05), 1, 1, Event::Tried(tried));
    let write = SOCKET.call((2.1, 2.12), "write", "length 80", Ok(80));
    scene.call(with(write, 0..80, Vec::new()));
    for (ms, stage) in [
        (2.11, Stage::Scheduled),
        (2.12, Stage::Sent),
        (204.0, Stage::Scheduled),
        (204.1, Stage::Sent),
        (612.2, Stage::Sent),
    ] {
        let stamp = Stamp { stage, time: at(ms), last: 79, metrics: Vec::new() };
        let call = SOCKET.call((ms + 0.1, ms + 0.2), "recvmsg", "ERRQUEUE", Ok(80));
        scene.call(evidence(call, vec![Evidence::Sent(stamp)]));
    }
    scene.call(SOCKET.call((2.2, 1002.2), "poll", "3 for POLLIN, 1000 ms", Ok(0)));
    let late = Failure::Late {
        doing: Doing::Waiting,
        limit: Duration::from_secs(1),
        sent: 80,
        received: 0,
    };
    scene.call(SOCKET.call((1002.3, 1002.4), "close", "", Ok(0)));
    ended(&mut scene, 1002.5, Some(late));
    scene
}

/// Nobody answers for a name.
pub(crate) fn silent() -> Scene {
    let mut scene = Scene::default();
    begin(&mut scene, blind(), "/");
    let server = Server { address: end("192.0.2.53:53"), name: None };
    let trouble = Trouble::Timeout { waited: Duration::from_secs(10), attempts: 2 };
    let cause = Cause::Silent { zone: None, tried: vec![(server, trouble.clone())] };
    let failure = lookup::Failure { name: Name::of("www.example").expect("a name"), cause };
    let retried = lookup::Event::Retried {
        question: lookup::Question { name: Name::of("www.example").expect("a name"), kind: 1 },
        after: trouble,
        then: lookup::Then::SameServer(end("192.0.2.53:53")),
    };
    scene.step((5000.0, 5000.0), 1, 0, Event::Lookup(retried));
    let failed = lookup::Event::Failed(failure.clone().into());
    scene.step((10_000.0, 10_000.0), 1, 0, Event::Lookup(failed));
    ended(&mut scene, 10_000.1, Some(Failure::Lookup(failure.into())));
    scene
}

/// A server that would rather command the terminal.
pub(crate) fn hostile() -> Scene {
    let mut scene = Scene::default();
    begin(&mut scene, blind(), "/x");
    connect(&mut scene, 1.0, 2.0);
    connected(&mut scene, 2.01, Ok(()));
    let request = Request {
        method: "GET".into(),
        target: "/x".into(),
        version: Version::HTTP_1_1,
        fields: vec![Field::new(*b"Authorization", *b"Basic c2VjcmV0")],
        head: 40,
        body: 0,
    };
    scene.step((2.1, 2.2), 1, 1, Event::Request { request, octets: 0..40 });
    let write = SOCKET.call((2.15, 2.18), "write", "length 40", Ok(40));
    scene.call(with(write, 0..40, Vec::new()));
    let fields = vec![
        Field::new(HOSTILE, HOSTILE),
        Field::new(*b"Content-Type", HOSTILE),
        Field::new(*b"Location", HOSTILE),
        Field::new(*b"Cache-Control", HOSTILE),
        Field::new(*b"Expires", HOSTILE),
        Field::new(*b"Age", HOSTILE),
        Field::new(*b"Set-Cookie", *b"secret=1"),
        Field::new(vec![b'a'; 5000], vec![b'b'; 70_000]),
    ];
    let response = Response {
        version: Version { major: 1, minor: 1 },
        status: 301,
        reason: HOSTILE.into(),
        fields: fields.clone(),
        head: 100,
        framing: Framing::UntilClose,
        persistence: Persistence::Closes("it says so"),
        flaws: vec!["a line end is missing"],
    };
    let read = SOCKET.call((2.3, 2.4), "recvmsg", "room for 16384", Ok(120));
    scene.call(with(read, 0..120, vec![Evidence::Arrived(at(2.35))]));
    let after = Duration::from_micros(200);
    scene.step((2.25, 2.41), 1, 1, Event::Response { response, after, octets: 0..100 });
    let body = Body { framed: 20, raw: 20, decoded: 20, trailers: fields, ..Body::default() };
    let event = Event::Body { body: body.into(), octets: 100..120, is_saved: true };
    scene.step((2.25, 2.42), 1, 1, event);
    let redirect = Redirect {
        status: 301,
        number: 1,
        location: HOSTILE.into(),
        from: "http://198.51.100.80/x".into(),
        to: "http://198.51.100.80/y".into(),
        methods: ("POST".into(), "GET".into()),
        drops_body: true,
        is_first_origin: false,
        is_downgrade: true,
    };
    scene.step((2.43, 2.43), 1, 1, Event::Redirected(redirect));
    ended(&mut scene, 2.5, None);
    scene
}
