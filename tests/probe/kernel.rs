//! Sockets on loopback: what any user can see.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle, sleep};
use std::time::{Duration, Instant};

use wiretale::probe::kernel::{self, Options, Tcp, Tracer, Transport, Udp};
use wiretale::timeline::fetch::Attempt;
use wiretale::timeline::{Call, Evidence, Purpose, Stage, Stamp};

mod ending;

/// All calls told, in their order.
#[derive(Clone, Default)]
pub(crate) struct Told(Arc<Mutex<Vec<Call>>>);

impl Told {
    pub(crate) fn tracer(&self) -> Tracer {
        let told = self.clone();
        Tracer::new(move |call| told.0.lock().expect("no panic").push(call))
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.0.lock().expect("no panic").clone()
    }

    /// The names of what any program would call; waiting that was interrupted by evidence counts once.
    fn names(&self) -> Vec<&'static str> {
        let calls = self.calls();
        let fetch = calls.iter().filter(|it| it.purpose == Purpose::Fetch);
        let mut names: Vec<_> = fetch.map(|call| call.name).collect();
        names.dedup_by(|one, other| one == other && *one == "poll");
        names
    }

    pub(crate) fn stamps(&self) -> Vec<Stamp> {
        let evidence = self.calls().into_iter().flat_map(|call| call.evidence);
        evidence
            .filter_map(|evidence| match evidence {
                Evidence::Sent(stamp) => Some(stamp),
                _ => None,
            })
            .collect()
    }
}

pub(crate) fn plan(destinations: &[SocketAddr]) -> Vec<Attempt> {
    let begins = |at: usize| Duration::from_millis(250) * at as u32;
    destinations
        .iter()
        .enumerate()
        .map(|(at, &destination)| Attempt { destination, begins: begins(at) })
        .collect()
}

pub(crate) fn soon(milliseconds: u64) -> Instant {
    Instant::now() + Duration::from_millis(milliseconds)
}

pub(crate) fn connect(to: SocketAddr, told: &Told) -> Tcp {
    let (tcp, _) =
        kernel::connect(&plan(&[to]), &Options::default(), Some(soon(5000)), &told.tracer());
    tcp.expect("a connection")
}

/// A server for one connection.
fn serve(
    at: &str,
    serve: impl FnOnce(TcpStream) + Send + 'static,
) -> Option<(SocketAddr, JoinHandle<()>)> {
    let listener = TcpListener::bind(at).ok()?;
    let address = listener.local_addr().expect("an address");
    let server = thread::spawn(move || serve(listener.accept().expect("a client").0));
    Some((address, server))
}

fn answer(mut stream: TcpStream) {
    let mut room = [0; 100];
    let count = stream.read(&mut room).expect("a question");
    assert_eq!(&room[..count], b"question");
    stream.write_all(b"the answer").expect("to answer");
    assert_eq!(stream.read(&mut room).expect("the end"), 0);
}

fn converse(at: &str) -> Option<(Told, SocketAddr)> {
    let (address, server) = serve(at, answer)?;
    let told = Told::default();
    let mut tcp = connect(address, &told);
    assert_eq!(tcp.write(b"question").expect("to write"), 8);
    let mut room = [0; 100];
    assert_eq!(tcp.read(&mut room).expect("to read"), 10);
    assert_eq!(&room[..10], b"the answer");
    tcp.shutdown().expect("to end");
    assert_eq!(tcp.read(&mut room).expect("the end"), 0);
    server.join().expect("no panic");
    tcp.close().expect("to close");
    Some((told, address))
}

#[test]
fn every_call_of_a_conversation_is_told_in_its_order() {
    let (told, address) = converse("127.0.0.1:0").expect("IPv4");
    let names = told.names();
    assert_eq!(
        names,
        [
            "socket",
            "setsockopt",
            "connect",
            "poll",
            "getsockopt",
            "write",
            "poll",
            "recvmsg",
            "shutdown",
            "poll",
            "recvmsg",
            "close"
        ]
    );
    let calls = told.calls();
    let find = |name: &str| calls.iter().find(|call| call.name == name).expect("the call");
    let descriptor = find("socket").result.clone().expect("a descriptor");
    assert_eq!(find("connect").descriptor, Some(descriptor as i32));
    assert_eq!(find("connect").result.as_ref().expect_err("progress").name.as_ref(), "EINPROGRESS");
    assert_eq!(find("write").remote, Some(address));
    assert!(find("write").local.is_some_and(|local| local.ip() == address.ip()));
    assert_eq!(find("write").octets, Some(0..8));
    assert_eq!(find("close").descriptor, Some(descriptor as i32));
    let read: Vec<_> =
        calls.iter().filter_map(|call| Some((call.name, call.octets.clone()?))).collect();
    assert_eq!(read, [("write", 0..8), ("recvmsg", 0..10), ("recvmsg", 10..10)]);
    for pair in calls.windows(2) {
        assert!(pair[0].left.monotonic <= pair[1].entered.monotonic, "{pair:#?}");
    }
    assert!(calls.iter().all(|call| call.entered.monotonic <= call.left.monotonic));
    // After every call that moves something the kernel is asked how the connection is.
    for name in ["write", "recvmsg", "shutdown"] {
        let wanted = |pair: &&[Call]| pair[0].name == name && pair[0].purpose == Purpose::Fetch;
        for pair in calls.windows(2).filter(wanted) {
            assert!(matches!(pair[1].evidence[..], [Evidence::Info(_)]), "{pair:#?}");
        }
    }
}

#[test]
fn the_kernel_says_when_octets_went_out_came_in_and_were_acknowledged() {
    let (told, _) = converse("127.0.0.1:0").expect("IPv4");
    let stamps = told.stamps();
    let calls = told.calls();
    let write = calls.iter().find(|call| call.name == "write").expect("a write");
    for stage in [Stage::Scheduled, Stage::Sent, Stage::Acknowledged] {
        let stamp = stamps.iter().find(|stamp| stamp.stage == stage).expect("a stamp");
        // The last of eight octets.
        assert_eq!(stamp.last, 7, "{stage:?}");
        assert!(stamp.time >= write.entered.realtime, "{stage:?}");
    }
    let acknowledged = stamps.iter().find(|stamp| stamp.stage == Stage::Acknowledged);
    let metrics = &acknowledged.expect("a stamp").metrics;
    let get = |name: &str| metrics.iter().find(|metric| metric.name == name).map(|it| it.value);
    assert_eq!((get("snd_cwnd"), get("bytes_sent"), get("ttl")), (Some(10), Some(8), Some(64)));

    let read = calls.iter().find(|call| call.octets == Some(0..10)).expect("a read");
    let lag = read.lag().expect("a stamp");
    assert!(lag < Duration::from_secs(5), "{lag:?}");
    let info = |call: &Call| match &call.evidence[..] {
        [Evidence::Info(info)] => Some((info.state()?, info.get("bytes_received")?)),
        _ => None,
    };
    let states: Vec<_> = calls.iter().filter_map(info).collect();
    assert_eq!(states[0], ("ESTABLISHED", 0));
    assert!(states.contains(&("ESTABLISHED", 10)), "{states:?}");
}

#[test]
fn ipv6_is_told_as_ipv4_is() {
    let Some((told, address)) = converse("[::1]:0") else {
        eprintln!("left out: this computer has no IPv6");
        return;
    };
    assert!(address.is_ipv6());
    assert_eq!(told.names(), converse("127.0.0.1:0").expect("IPv4").0.names());
    assert!(told.stamps().iter().any(|it| it.stage == Stage::Acknowledged && it.last == 7));
}

#[test]
fn the_time_between_arrival_and_reading_is_ours() {
    let (address, server) = serve("127.0.0.1:0", answer).expect("IPv4");
    let told = Told::default();
    let mut tcp = connect(address, &told);
    tcp.write_all(b"question").expect("to write");
    while tcp.state().is_none_or(|state| state.unread < 10) {}
    sleep(Duration::from_millis(60));
    let mut room = [0; 10];
    tcp.read_exact(&mut room).expect("to read");
    let calls = told.calls();
    let read = calls.iter().find(|call| call.octets == Some(0..10)).expect("a read");
    let lag = read.lag().expect("a stamp");
    assert!(lag >= Duration::from_millis(60) && read.took() < lag, "{lag:?}");
    drop(tcp);
    server.join().expect("no panic");
}

#[test]
fn a_reader_that_does_not_read_closes_its_window() {
    const ALL: usize = 16 << 20;
    let (address, server) = serve("127.0.0.1:0", |mut stream| {
        sleep(Duration::from_millis(300));
        let mut all = Vec::new();
        assert_eq!(stream.read_to_end(&mut all).expect("to read"), ALL);
    })
    .expect("IPv4");
    let told = Told::default();
    let mut tcp = connect(address, &told);
    tcp.write_all(&vec![7; ALL]).expect("to write");
    tcp.shutdown().expect("to end");
    assert_eq!(tcp.read(&mut [0; 10]).expect("the end"), 0);
    server.join().expect("no panic");
    let calls = told.calls();
    let writes: Vec<&Call> = calls.iter().filter(|call| call.name == "write").collect();
    assert!(writes.iter().any(|it| it.result.as_ref().is_err_and(|error| error.number == 11)));
    let mut end = 0;
    for octets in writes.iter().filter_map(|call| call.octets.clone()) {
        assert_eq!(octets.start, end);
        end = octets.end;
    }
    assert_eq!((end, writes.len() > 2), (ALL as u64, true));
    let waited = calls.iter().filter(|it| it.name == "poll" && it.arguments.contains("POLLOUT"));
    assert!(waited.map(Call::took).max().expect("a wait") > Duration::from_millis(50));
    let info = tcp.stats().expect("TCP_INFO");
    let closed = Duration::from_micros(info.get("rwnd_limited").expect("microseconds"));
    assert!(closed > Duration::from_millis(100), "{closed:?}");
}

#[test]
fn a_deadline_ends_waiting() {
    let (address, server) = serve("127.0.0.1:0", |stream| {
        let _ = (&stream).read(&mut [0; 10]);
    })
    .expect("IPv4");
    let told = Told::default();
    let mut tcp = connect(address, &told);
    tcp.set_deadline(Some(soon(50)));
    let begun = Instant::now();
    let error = tcp.read(&mut [0; 10]).expect_err("nothing comes");
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert!((50..2000).contains(&begun.elapsed().as_millis()));
    tcp.close().expect("to close");
    server.join().expect("no panic");
}

#[test]
fn what_is_asked_of_a_socket_and_what_it_got_are_both_told() {
    let (address, server) = serve("127.0.0.1:0", |_| {}).expect("IPv4");
    let told = Told::default();
    let options = Options {
        receive_buffer: Some(8192),
        segment: Some(1000),
        source: Some([127, 0, 0, 9].into()),
        ..Options::default()
    };
    let (tcp, _) = kernel::connect(&plan(&[address]), &options, Some(soon(5000)), &told.tracer());
    let tcp = tcp.expect("a connection");
    assert_eq!(tcp.ends().0.ip().to_string(), "127.0.0.9");
    server.join().expect("no panic");
    let calls = told.calls();
    let options = calls.iter().flat_map(|call| &call.evidence).filter_map(|it| match it {
        Evidence::Set { option, asked, got } => Some((*option, *asked, *got)),
        _ => None,
    });
    let options: Vec<_> = options.collect();
    assert!(options.contains(&("TCP_NODELAY", 1, Some(1))), "{options:?}");
    assert!(options.contains(&("SO_RCVBUF", 8192, Some(16384))), "{options:?}");
    assert!(options.contains(&("IP_RECVERR", 1, Some(1))), "{options:?}");
    assert!(told.names().contains(&"bind"));
}

#[test]
fn datagrams_have_numbers_and_closed_ports_have_a_voice() {
    let server = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let address = server.local_addr().expect("an address");
    let told = Told::default();
    let mut udp = Udp::connect(address, &Options::default(), &told.tracer()).expect("a socket");
    udp.set_deadline(Some(soon(5000)));
    let mut room = [0; 100];
    for _ in 0..2 {
        udp.send(b"ask").expect("to send");
        let (count, from) = server.recv_from(&mut room).expect("a question");
        server.send_to(&room[..count], from).expect("to answer");
        assert_eq!(udp.receive(&mut room).expect("an answer"), 3);
    }
    drop(server);
    udp.send(b"who").expect("to send");
    let error = udp.receive(&mut room).expect_err("nobody is there");
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    let [refusal] = udp.refusals() else { panic!("{:?}", udp.refusals()) };
    assert_eq!((refusal.kind, refusal.code), (3, 3));
    assert_eq!(refusal.offender, Some(address.ip()));
    udp.close().expect("to close");

    let sent: Vec<u32> =
        told.stamps().iter().filter(|it| it.stage == Stage::Sent).map(|it| it.last).collect();
    assert_eq!(sent, [0, 1, 2]);
    let calls = told.calls();
    let answers: Vec<&Call> =
        calls.iter().filter(|it| it.name == "recvmsg" && it.octets.is_some()).collect();
    assert_eq!(answers.len(), 2);
    for answer in answers {
        assert!(answer.lag().is_some());
        assert!(answer.evidence.iter().any(|it| matches!(it, Evidence::HopsLeft(64))));
    }
}

#[test]
fn the_numbers_are_those_that_ss_shows() {
    let (address, server) = serve("127.0.0.1:0", answer).expect("IPv4");
    let told = Told::default();
    let mut tcp = connect(address, &told);
    tcp.write_all(b"question").expect("to write");
    tcp.read_exact(&mut [0; 10]).expect("to read");
    let port = format!("sport = :{}", tcp.ends().0.port());
    let Ok(shown) = Command::new("ss").args(["-tinHO", &port]).output() else {
        eprintln!("left out: there is no ss");
        return;
    };
    let shown = String::from_utf8(shown.stdout).expect("text");
    let info = tcp.stats().expect("TCP_INFO");
    let get = |name: &str| info.get(name).expect("a field");
    for wanted in [
        format!("wscale:{},{}", get("snd_wscale"), get("rcv_wscale")),
        format!("rto:{}", get("rto") / 1000),
        format!("pmtu:{}", get("pmtu")),
        format!("advmss:{}", get("advmss")),
        format!("cwnd:{}", get("snd_cwnd")),
        format!("bytes_sent:{}", get("bytes_sent")),
        format!("bytes_acked:{}", get("bytes_acked")),
        format!("bytes_received:{}", get("bytes_received")),
        format!("segs_out:{}", get("segs_out")),
        format!("segs_in:{}", get("segs_in")),
        format!("rcv_space:{}", get("rcv_space")),
        format!("rcv_ssthresh:{}", get("rcv_ssthresh")),
        format!("mss:{}", get("snd_mss")),
        format!("snd_wnd:{}", get("snd_wnd")),
    ] {
        assert!(shown.split_whitespace().any(|word| word == wanted), "{wanted} is not in {shown}");
    }
    tcp.set_deadline(Some(soon(1000)));
    tcp.close().expect("to close");
    server.join().expect("no panic");
}
