//! How are many questions answered, and those about what is over?

use std::net::{SocketAddr, TcpListener};
use std::thread::sleep;
use std::time::{Duration, Instant};

use wiretale::capture::owners::{Answer, Asked, Question};
use wiretale::timeline::Timestamp;

use super::{Tcp, V4, V6, alone, connected, ends, is_me, is_root, last, owner, owners};

#[test]
fn a_flood_of_questions_is_refused_and_counted_and_nobody_waits() {
    let _alone = alone();
    let listener = TcpListener::bind(V4).expect("a port");
    let (client, _server) = connected(&listener, V4);
    let (local, remote) = ends(&client);
    let mut owners = owners();
    let begun = Instant::now();
    let mut busy = 0;
    for port in 0..100_000_u64 {
        let nobody = SocketAddr::new(V4.ip(), 1 + (port % 1000) as u16);
        let question = Question::new(port, Tcp, nobody, remote);
        busy += u64::from(owners.ask(question, Timestamp(0)) == Asked::Busy);
        while owners.heard().is_some() {}
    }
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(1), "{took:?}");
    assert!(busy > 90_000, "only {busy} were refused");
    // Once it is over, there are answers again.
    let until = Instant::now() + Duration::from_secs(20);
    while owners.ask(Question::new(u64::MAX, Tcp, local, remote), Timestamp(0)) != Asked::Yes {
        owners.heard();
        assert!(Instant::now() < until, "still busy");
    }
    loop {
        assert!(Instant::now() < until, "no answer");
        match owners.heard() {
            Some(Answer { id: u64::MAX, owner, is_last: true }) => return is_me(owner),
            _ => sleep(Duration::from_micros(10)),
        }
    }
}

#[test]
fn who_was_heard_to_begin_a_connection_is_told_when_it_is_over() {
    let _alone = alone();
    if !is_root("listen to connections as they begin") {
        return;
    }
    for to in [V4, V6] {
        let mut owners = owners();
        owners.look_out().expect("a thread");
        sleep(Duration::from_millis(50));
        let listener = TcpListener::bind(to).expect("a port");
        let (client, server) = connected(&listener, to);
        sleep(Duration::from_millis(100));
        let both = [ends(&client), ends(&server)];
        drop((client, server));
        for (local, remote) in both {
            let question = Question::new(1, Tcp, local, remote);
            assert_eq!(owners.ask(question, Timestamp(0)), Asked::Yes);
            is_me(last(&mut owners));
            // It is known for one question; otherwise it is as it was.
            assert_eq!(owner(Tcp, local, remote), None);
        }
    }
}

#[test]
fn what_was_asked_last_is_answered_at_the_end() {
    let _alone = alone();
    let listener = TcpListener::bind(V4).expect("a port");
    let (client, server) = connected(&listener, V4);
    let mut owners = owners();
    for (id, stream) in [(1, &client), (2, &server)] {
        let (local, remote) = ends(stream);
        assert_eq!(owners.ask(Question::new(id, Tcp, local, remote), Timestamp(0)), Asked::Yes);
    }
    let mut last: Vec<_> = owners.end().into_iter().filter(|answer| answer.is_last).collect();
    last.sort_by_key(|answer| answer.id);
    assert_eq!(last.iter().map(|answer| answer.id).collect::<Vec<_>>(), [1, 2]);
    for answer in last {
        is_me(answer.owner);
    }
}
