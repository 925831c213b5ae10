//! What a network does to connections, in namespaces.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::thread::sleep;
use std::time::{Duration, Instant};

use wiretale::probe::kernel::{self, Options, Transport};
use wiretale::timeline::fetch::{Outcome, Tried};
use wiretale::timeline::{Origin, Stage};

use super::hosts::{Hosts, missing};
use super::kernel::{Told, connect, plan, soon};

fn at(address: &str) -> SocketAddr {
    address.parse().expect("an address")
}

/// Tries to connect from the client.
fn tried(
    hosts: &Hosts,
    to: &[SocketAddr],
    milliseconds: u64,
) -> (Option<String>, Vec<Tried>, Told) {
    let told = Told::default();
    let (tcp, tried) = hosts.client(|| {
        let options = Options::default();
        kernel::connect(&plan(to), &options, Some(soon(milliseconds)), &told.tracer())
    });
    (tcp.err().map(|error| error.name.into()), tried, told)
}

#[test]
fn routers_that_refuse_are_named_with_their_reason() {
    if missing() {
        return;
    }
    let hosts = Hosts::new("refuse");
    hosts.client_ip("route add default via 10.88.0.2");
    hosts.client_ip("-6 route add default via fd88::2");
    // Routers do not say so for every packet.
    for line in ["ipv6.conf.all.forwarding=1", "ipv4.icmp_ratelimit=0", "ipv6.icmp.ratelimit=0"] {
        hosts.server_runs(&format!("sysctl -qw net.{line}"));
    }
    hosts.server_ip("route add unreachable 10.99.1.0/24");
    hosts.server_ip("route add prohibit 10.99.2.0/24");
    hosts.server_ip("-6 route add prohibit fd99::/64");
    for (to, kind, code, error, offender) in [
        ("10.99.1.1:80", 3, 1, "EHOSTUNREACH", "10.88.0.2"),
        ("10.99.2.1:80", 3, 13, "EHOSTUNREACH", "10.88.0.2"),
        ("10.99.3.1:80", 3, 0, "ENETUNREACH", "10.88.0.2"),
        ("[fd99::1]:80", 1, 1, "EACCES", "fd88::2"),
    ] {
        let (ended, tried, _) = tried(&hosts, &[at(to)], 4000);
        let [refusal, ..] = &tried[0].refusals[..] else { panic!("{to}: {ended:?} {tried:#?}") };
        assert_eq!((refusal.kind, refusal.code), (kind, code), "{to}");
        assert_eq!(refusal.errno.name.as_ref(), error, "{to}");
        assert_eq!(refusal.offender.map(|it| it.to_string()).as_deref(), Some(offender));
        assert_eq!(ended.as_deref(), Some(error), "{to}");
        let origin = if to.starts_with('[') { Origin::Icmpv6 } else { Origin::Icmp };
        assert_eq!(refusal.origin, origin);
    }
    let reject = "-A INPUT -p tcp --dport 82 -j REJECT --reject-with icmp-port-unreachable";
    if !hosts.server_runs(&format!("iptables {reject}")) {
        eprintln!("left out: iptables does not work here");
        return;
    }
    let (ended, tried, _) = tried(&hosts, &[at("10.88.0.2:82")], 4000);
    let [refusal, ..] = &tried[0].refusals[..] else { panic!("{tried:#?}") };
    // The error is that of a reset; only the message tells that a filter refused.
    assert_eq!(ended.as_deref(), Some("ECONNREFUSED"));
    assert_eq!((refusal.kind, refusal.code), (3, 3));
}

#[test]
fn without_a_row_nothing_is_sent_and_the_error_comes_at_once() {
    if missing() {
        return;
    }
    let hosts = Hosts::new("noroute");
    let (ended, _, told) = tried(&hosts, &[at("10.99.1.1:80")], 4000);
    assert_eq!(ended.as_deref(), Some("ENETUNREACH"));
    assert!(told.calls().iter().all(|call| call.name != "poll"));
}

#[test]
fn a_silent_neighbour_is_this_computers_own_message_after_three_seconds() {
    if missing() {
        return;
    }
    let hosts = Hosts::new("silent");
    let begun = Instant::now();
    let (ended, tried, _) = tried(&hosts, &[at("10.88.0.77:80")], 8000);
    assert_eq!(ended.as_deref(), Some("EHOSTUNREACH"));
    assert!((2500..6000).contains(&begun.elapsed().as_millis()), "{:?}", begun.elapsed());
    let [refusal, ..] = &tried[0].refusals[..] else { panic!("{tried:#?}") };
    assert_eq!((refusal.kind, refusal.code), (3, 1));
    assert_eq!(refusal.offender.map(|it| it.to_string()).as_deref(), Some("10.88.0.1"));
}

#[test]
fn a_syn_without_an_answer_ends_at_the_deadline() {
    if missing() {
        return;
    }
    let hosts = Hosts::new("dead");
    hosts.client_ip("route add default via 10.88.0.2");
    hosts.server_ip("route add blackhole 10.99.1.0/24");
    let (ended, tried, told) = tried(&hosts, &[at("10.99.1.1:80")], 1300);
    assert_eq!(ended.as_deref(), Some("ETIMEDOUT"));
    assert_eq!(tried[0].outcome, Outcome::Unanswered);
    let infos = told.calls();
    let info = infos.iter().flat_map(|call| &call.evidence).find_map(|it| match it {
        wiretale::timeline::Evidence::Info(info) => Some(info),
        _ => None,
    });
    let info = info.expect("TCP_INFO");
    // The SYN, and once more after a second.
    assert_eq!((info.state(), info.get("total_retrans")), (Some("SYN-SENT"), Some(1)));
}

#[test]
fn a_dead_address_costs_a_quarter_of_a_second() {
    if missing() {
        return;
    }
    let hosts = Hosts::new("happy");
    hosts.client_ip("-6 route add default via fd88::2");
    hosts.server_ip("-6 route add blackhole fd99::/64");
    let listener = hosts.server(|| TcpListener::bind("10.88.0.2:80").expect("a port"));
    let all = [at("[fd99::1]:80"), at("10.88.0.2:80"), at("10.88.0.3:80")];
    let (ended, tried, told) = tried(&hosts, &all, 4000);
    assert_eq!(ended, None);
    let outcomes: Vec<&Outcome> = tried.iter().map(|it| &it.outcome).collect();
    assert_eq!(outcomes, [&Outcome::Overtaken, &Outcome::Connected, &Outcome::NotBegun]);
    let calls = told.calls();
    let entered = |socket: u32, name: &str| {
        let call = calls.iter().find(|call| call.socket == socket && call.name == name);
        call.expect("a call").entered.monotonic
    };
    let later = entered(2, "connect").saturating_sub(entered(1, "connect"));
    assert!((245..400).contains(&later.as_millis()), "{later:?}");
    // The loser's close comes after the winner's handshake and before anything is written.
    assert!(entered(1, "close") > entered(2, "connect"));
    drop(listener);
}

#[test]
fn after_a_refusal_the_next_address_is_tried_at_once() {
    if missing() {
        return;
    }
    let hosts = Hosts::new("next");
    let listener = hosts.server(|| TcpListener::bind("10.88.0.2:80").expect("a port"));
    let (ended, tried, told) = tried(&hosts, &[at("10.88.0.2:81"), at("10.88.0.2:80")], 4000);
    assert_eq!(ended, None);
    assert!(matches!(&tried[0].outcome, Outcome::Failed(error) if error.number == 111));
    let calls = told.calls();
    let connects: Vec<_> = calls.iter().filter(|call| call.name == "connect").collect();
    let later = connects[1].entered.monotonic.saturating_sub(connects[0].left.monotonic);
    assert!(later < Duration::from_millis(200), "{later:?}");
    drop(listener);
}

#[test]
fn what_is_sent_again_is_stamped_again() {
    if missing() {
        return;
    }
    let hosts = Hosts::new("again");
    let listener = hosts.server(|| TcpListener::bind("10.88.0.2:80").expect("a port"));
    let told = Told::default();
    let mut tcp = hosts.client(|| connect(at("10.88.0.2:80"), &told));
    let (mut server, _) = listener.accept().expect("a client");
    // From now on the server cannot answer.
    hosts.server_ip("route add blackhole 10.88.0.1/32");
    tcp.write_all(b"lost").expect("to write");
    sleep(Duration::from_millis(900));
    hosts.server_ip("route del blackhole 10.88.0.1/32");
    let mut room = [0; 4];
    server.read_exact(&mut room).expect("to read");
    server.write_all(b"had").expect("to write");
    tcp.read_exact(&mut room[..3]).expect("to read");
    // The next copy goes out after 1.6 seconds at the latest.
    tcp.set_deadline(Some(soon(3000)));
    let info = loop {
        let info = tcp.stats().expect("TCP_INFO");
        if info.get("unacked") == Some(0) {
            break info;
        }
        sleep(Duration::from_millis(10));
    };
    tcp.close().expect("to close");
    let sent: Vec<_> = told
        .stamps()
        .into_iter()
        .filter(|stamp| stamp.stage == Stage::Sent && stamp.last == 3)
        .collect();
    assert_eq!(info.get("total_retrans"), Some(sent.len() as u64 - 1));
    assert!(sent.len() >= 3, "{sent:#?}");
    let gaps: Vec<Duration> =
        sent.windows(2).map(|pair| pair[1].time.since(pair[0].time)).collect();
    // After a tail loss probe, or without one, the timeout doubles.
    assert!(gaps.windows(2).any(|pair| pair[1] >= pair[0] * 3 / 2), "{gaps:?}");
}

#[test]
fn what_is_remembered_of_a_destination_is_found() {
    if missing() {
        return;
    }
    let hosts = Hosts::new("metrics");
    let listener = hosts.server(|| TcpListener::bind("10.88.0.2:80").expect("a port"));
    let told = Told::default();
    hosts.client(|| {
        let address = at("10.88.0.2:80");
        assert_eq!(kernel::remembered(address.ip()).expect("an answer"), None);
        let mut tcp = connect(address, &told);
        let (mut server, _) = listener.accept().expect("a client");
        tcp.write_all(b"some").expect("to write");
        server.read_exact(&mut [0; 4]).expect("to read");
        drop(server);
        assert_eq!(tcp.read(&mut [0; 4]).expect("the end"), 0);
        tcp.close().expect("to close");
        let (metrics, age) = kernel::remembered(address.ip()).expect("an answer").expect("metrics");
        let told_by_ip = hosts.client_says("tcp_metrics show 10.88.0.2");
        let get = |name: &str| metrics.iter().find(|metric| metric.name == name).map(|it| it.value);
        for wanted in [
            format!("rtt {}us", get("rtt").expect("a time")),
            format!("rttvar {}us", get("rttvar").expect("a time")),
        ] {
            assert!(told_by_ip.contains(&wanted), "{wanted} is not in {told_by_ip}");
        }
        assert!(age.is_some_and(|age| age < Duration::from_secs(60)), "{age:?}");
        // The next connection is told what will change it.
        let count = || told.calls().iter().filter(|call| call.name == "tcp_metrics").count();
        assert_eq!(count(), 0);
        drop(connect(address, &told));
        assert_eq!(count(), 1);
    });
}
