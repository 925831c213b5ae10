//! How does a connection end, if it comes about at all?

use std::io::{ErrorKind, Read, Write};
use std::net::TcpListener;

use wiretale::probe::kernel::{self, Options, Transport};
use wiretale::timeline::Evidence;
use wiretale::timeline::fetch::Outcome;

use super::{Told, connect, converse, plan, serve, soon};

#[test]
fn who_closes_first_keeps_the_connection_in_time_wait() {
    let (told, _) = converse("127.0.0.1:0").expect("IPv4");
    let calls = told.calls();
    let last = calls.last().expect("calls");
    let [Evidence::Socket(state)] = &last.evidence[..] else { panic!("{last:#?}") };
    assert_eq!((last.name, state.state), ("sock_diag", Some("TIME-WAIT")));
    let (timer, left) = state.timer.expect("a timer");
    assert_eq!(timer, "TIME-WAIT");
    assert!((50..=61).contains(&left.as_secs()), "{left:?}");
}

#[test]
fn a_closed_port_is_refused_by_nobody_but_the_host() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let told = Told::default();
    let (tcp, tried) =
        kernel::connect(&plan(&[address]), &Options::default(), Some(soon(5000)), &told.tracer());
    assert_eq!(tcp.err().expect("an error").name.as_ref(), "ECONNREFUSED");
    assert!(
        matches!(&tried[0].outcome, Outcome::Failed(error) if error.number == 111),
        "{tried:?}"
    );
    // A reset is no ICMP message.
    assert_eq!(tried[0].refusals, []);
    assert_eq!(told.names(), ["socket", "setsockopt", "connect", "poll", "getsockopt", "close"]);
}

#[test]
fn octets_that_nobody_read_make_a_close_a_reset() {
    let (address, server) = serve("127.0.0.1:0", |stream| {
        let mut room = [0; 4];
        while stream.peek(&mut room).expect("octets") < 4 {}
        // Closed with four octets unread.
    })
    .expect("IPv4");
    let told = Told::default();
    let mut tcp = connect(address, &told);
    tcp.write_all(b"four").expect("to write");
    let error = tcp.read(&mut [0; 10]).expect_err("a reset");
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    server.join().expect("no panic");
    // What the connection was can still be told.
    let info = tcp.stats().expect("TCP_INFO");
    assert_eq!((info.state(), info.get("bytes_acked")), (Some("CLOSED"), Some(5)));
}

#[test]
fn our_own_unread_octets_are_known_before_we_close() {
    let (address, server) = serve("127.0.0.1:0", |mut stream| {
        stream.write_all(b"ignored").expect("to write");
        let error = stream.read(&mut [0; 10]).expect_err("a reset");
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    })
    .expect("IPv4");
    let told = Told::default();
    let mut tcp = connect(address, &told);
    while tcp.state().is_none_or(|state| state.unread < 7) {}
    tcp.close().expect("to close");
    server.join().expect("no panic");
    let states: Vec<_> = told
        .calls()
        .into_iter()
        .flat_map(|call| call.evidence)
        .filter_map(|it| if let Evidence::Socket(state) = it { Some(state) } else { None })
        .collect();
    let [.., before, after] = &states[..] else { panic!("{states:#?}") };
    assert_eq!((before.state, before.unread), (Some("ESTABLISHED"), 7));
    assert_eq!(after.state, None);
}

#[test]
fn after_our_fin_the_peer_may_go_on() {
    let (address, server) = serve("127.0.0.1:0", |mut stream| {
        let mut all = Vec::new();
        stream.read_to_end(&mut all).expect("to the end");
        stream.write_all(&all).expect("to write");
    })
    .expect("IPv4");
    let told = Told::default();
    let mut tcp = connect(address, &told);
    tcp.write_all(b"half").expect("to write");
    tcp.shutdown().expect("to end");
    let mut all = Vec::new();
    tcp.set_deadline(None);
    tcp.read_to_end(&mut all).expect("to read");
    assert_eq!(all, b"half");
    server.join().expect("no panic");
}
