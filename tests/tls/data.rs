//! Is every octet of the stream accounted for, and every octet of data with it?

use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;

use rustls::SupportedProtocolVersion;
use rustls::version::{TLS12, TLS13};
use wiretale::probe::kernel::Transport;
use wiretale::probe::tls::{Options, Sessions};
use wiretale::timeline::tls::{
    Contents, Direction, End, Fact, Kind, Problem, Record, Stage, Version,
};

use crate::stage::{
    Authority, GOOD, HOST, Run, Served, answer, client, read_all, run, serve, trusting,
};

const VERSIONS: [(&SupportedProtocolVersion, Version); 2] =
    [(&TLS12, Version::Tls12), (&TLS13, Version::Tls13)];

/// Secures a connection to a server that then does this.
fn with<R: Send + 'static>(
    version: &'static SupportedProtocolVersion,
    act: impl FnOnce(Served) -> R + Send + 'static,
) -> (Run, std::thread::JoinHandle<R>) {
    let authority = Authority::new("Lab Authority");
    let (options, _file) = trusting(&authority);
    let config = authority.certify(&[HOST], GOOD).config(&[version]);
    let (address, server) = serve(config, act);
    (run(&client(options), address, HOST), server)
}

/// Each record stands in the stream where it is said to, and they are the whole stream.
fn tile(run: &Run) {
    for direction in [Direction::Out, Direction::In] {
        let stream = run.stream(direction);
        let mut end = 0;
        let mut plain = 0;
        for record in run.records(direction) {
            let Record { octets, content_type, .. } = &record;
            assert_eq!(octets.start, end, "{direction:?}");
            end = octets.end;
            let header = &stream[octets.start as usize..][..5];
            assert_eq!(header[0], *content_type);
            assert_eq!(u64::from(u16::from_be_bytes([header[3], header[4]])), record.len());
            if let Some(range) = &record.plain {
                assert_eq!(range.start, plain, "{direction:?}");
                plain = range.end;
            }
        }
        assert_eq!(end, stream.len() as u64, "{direction:?}");
    }
}

fn names(records: &[Record]) -> Vec<String> {
    records.iter().map(ToString::to_string).collect()
}

#[test]
fn records_tile_the_stream_in_flights_of_one_write_each() {
    for (version, expected) in VERSIONS {
        let (mut run, server) = with(version, answer);
        let secured = run.secured();
        secured.write_all(b"GET / HTTP/1.1\r\n\r\n").expect("a request");
        assert_eq!(read_all(secured), b"HTTP/1.1 204 No Content\r\n\r\n");
        assert_eq!(secured.ending(), Some(End::CloseNotify));
        secured.close().expect("closed");
        assert!(server.join().expect("no panic").expect("a request").starts_with("GET / HTTP/1.1"));
        tile(&run);
        let handshake = run.handshake();
        assert_eq!(handshake.version, Some(expected));
        let (out, into) = (run.records(Direction::Out), run.records(Direction::In));
        let (out, into) = (names(&out), names(&into));
        assert_eq!(out[0], "ClientHello");
        assert_eq!(out.last().map(String::as_str), Some("encrypted: close_notify"));
        assert_eq!(into.last().map(String::as_str), Some("encrypted: close_notify"));
        match expected {
            Version::Tls12 => {
                assert_eq!(out[1..4], ["ClientKeyExchange", "ChangeCipherSpec", "encrypted"]);
                let clear = "ServerHello, Certificate, ServerKeyExchange, ServerHelloDone";
                assert_eq!(into[..into.len().min(4)].join(", ").find(clear), Some(0), "{into:?}");
                assert!(into.contains(&"encrypted: Finished".to_owned()), "{into:?}");
            }
            Version::Tls13 => {
                assert_eq!(out[1..3], ["ChangeCipherSpec", "encrypted"]);
                assert_eq!(into[..2], ["ServerHello", "ChangeCipherSpec"]);
                assert!(into[2].contains("Certificate"), "{into:?}");
                assert!(into.iter().any(|name| name.contains("Finished")), "{into:?}");
                assert!(into.iter().any(|name| name.contains("NewSessionTicket")), "{into:?}");
            }
        }
        // One write for each flight, and the calls of reading are never told apart from their flight.
        let flights = run.flights();
        let went: Vec<u64> = flights
            .iter()
            .filter(|flight| flight.direction == Direction::Out)
            .map(|flight| flight.octets().map(|it| it.end - it.start).expect("records"))
            .collect();
        let moved = run.moved.lock().expect("no panic");
        let written: Vec<u64> = moved
            .iter()
            .filter(|(direction, _)| *direction == Direction::Out)
            .map(|(_, octets)| octets.len() as u64)
            .collect();
        assert_eq!(went, written);
        assert_eq!(handshake.hello, went[0]);
        assert_eq!(handshake.out, went[0] + went[1]);
        let request = &run.records(Direction::Out)[out.len() - 2];
        assert_eq!((&request.contents, request.plain.clone()), (&Contents::Data, Some(0..18)));
        let mut last = handshake.began;
        for flight in flights {
            assert!(flight.began >= last && flight.ended >= flight.began, "time goes on");
            last = flight.ended;
        }
        let ended = run.facts().iter().filter(|fact| matches!(fact, Fact::Ended(_))).count();
        assert_eq!(ended, 1);
    }
}

#[test]
fn data_says_in_which_octets_of_the_stream_it_came() {
    let sent: Vec<u8> = (0..200_000_u32).map(|number| (number / 7) as u8).collect();
    for (version, _) in VERSIONS {
        let body = sent.clone();
        let (mut run, server) = with(version, move |mut served| {
            let mut got = vec![0; body.len()];
            served.read_exact(&mut got).expect("all of it");
            served.write_all(&body).expect("all of it back");
            served.conn.send_close_notify();
            served.flush().expect("an end");
            let _ = served.read(&mut [0; 16]);
            got
        });
        let secured = run.secured();
        let mut wrote = Vec::new();
        let mut left = &sent[..];
        while !left.is_empty() {
            let count = secured.write(left).expect("written");
            let octets = secured.last_written().expect("octets");
            assert!(octets.end - octets.start > count as u64, "records have headers");
            wrote.push((sent.len() - left.len()) as u64..(sent.len() - left.len() + count) as u64);
            left = &left[count..];
        }
        let mut got: Vec<u8> = Vec::new();
        let mut reads = Vec::new();
        let mut room = [0; 5000];
        loop {
            let count = secured.read(&mut room).expect("data");
            if count == 0 {
                break;
            }
            let range = got.len() as u64..(got.len() + count) as u64;
            reads.push((range, secured.last_read().expect("its records")));
            got.extend(&room[..count]);
        }
        assert_eq!(secured.last_read(), None);
        secured.close().expect("closed");
        assert_eq!(server.join().expect("no panic"), sent);
        assert_eq!(got, sent);
        tile(&run);
        let records = run.records(Direction::In);
        for (range, octets) in reads {
            let overlaps = |record: &&Record| {
                let plain = record.plain.clone().unwrap_or_default();
                plain.start < range.end && range.start < plain.end
            };
            let mine: Vec<&Record> = records.iter().filter(overlaps).collect();
            let (first, last) = (mine.first().expect("one"), mine.last().expect("one"));
            assert_eq!(octets, first.octets.start..last.octets.end);
        }
        for record in run.records(Direction::Out).iter().filter(|record| record.plain.is_some()) {
            let plain = record.plain.clone().expect("data");
            assert!(plain.end - plain.start <= 1 << 14);
            assert!(wrote.iter().any(|it| it.start <= plain.start && plain.end <= it.end));
        }
    }
}

#[test]
fn an_end_without_close_notify_is_a_truncation() {
    for (version, _) in VERSIONS {
        let (mut run, server) = with(version, |mut served| {
            served.write_all(b"half of it").expect("written");
            served.flush().expect("sent");
            served.sock.shutdown(Shutdown::Write).expect("a FIN");
            let _ = served.read(&mut [0; 16]);
        });
        let secured = run.secured();
        let mut room = [0; 4];
        assert_eq!(secured.read(&mut room).expect("data"), 4);
        assert_eq!(secured.ending(), None);
        assert_eq!(read_all(secured), b" of it");
        assert_eq!(secured.ending(), Some(End::Truncated));
        assert_eq!(secured.read(&mut room).expect("still the end"), 0);
        secured.close().expect("closed");
        server.join().expect("no panic");
        let facts = run.facts();
        assert!(facts.iter().any(|fact| matches!(fact, Fact::Ended(End::Truncated))));
    }
}

#[test]
fn what_came_before_rubbish_is_read_and_then_the_rubbish_is_told() {
    let (mut run, server) = with(&TLS13, |mut served| {
        served.write_all(b"sound").expect("written");
        served.flush().expect("sent");
        served.sock.write_all(b"\x17\x03\x03\0\x20this record opens with no key...").expect("sent");
        let _ = served.read(&mut [0; 16]);
    });
    let secured = run.secured();
    let mut got = Vec::new();
    let error = secured.read_to_end(&mut got).expect_err("rubbish");
    assert_eq!((got.as_slice(), error.kind()), (&b"sound"[..], ErrorKind::InvalidData));
    let problem = error.get_ref().and_then(|it| it.downcast_ref::<Problem>()).expect("a problem");
    assert_eq!((problem.stage, problem.exit()), (Stage::Data, 56));
    assert_eq!(secured.problem(), Some(problem));
    secured.write_all(b"more").expect_err("it is broken");
    secured.close().expect("closed");
    server.join().expect("no panic");
    assert!(names(&run.records(Direction::Out)).contains(&"encrypted: alert".to_owned()));
}

#[test]
fn a_bare_fin_after_we_are_done_cuts_nothing() {
    let (mut run, server) = with(&TLS13, |mut served| served.read(&mut [0; 16]));
    let secured = run.secured();
    secured.shutdown().expect("we are done");
    assert_eq!(secured.read(&mut [0; 16]).expect("an end"), 0);
    assert_eq!(secured.ending(), Some(End::Fin));
    secured.close().expect("closed");
    server.join().expect("no panic").expect("an end");
}

#[test]
fn who_closed_first_is_what_was_there_before_we_closed() {
    for (has_word, end) in [(true, End::CloseNotify), (false, End::Truncated)] {
        let (mut run, server) = with(&TLS13, move |mut served| {
            served.write_all(b"all of it").expect("written");
            if has_word {
                served.conn.send_close_notify();
            }
            served.flush().expect("sent");
            served.sock.shutdown(Shutdown::Write).expect("an end");
            let _ = served.sock.read(&mut [0; 256]);
        });
        let secured = run.secured();
        secured.read_exact(&mut [0; 9]).expect("data");
        // Nobody reads on, so that only closing can find what is there.
        std::thread::sleep(std::time::Duration::from_millis(100));
        secured.shutdown().expect("we are done");
        secured.close().expect("closed");
        server.join().expect("no panic");
        let ends: Vec<End> = run
            .facts()
            .into_iter()
            .filter_map(|fact| match fact {
                Fact::Ended(end) => Some(end),
                _ => None,
            })
            .collect();
        assert_eq!(ends, [end]);
    }
    let (mut run, server) = with(&TLS13, |mut served| {
        let ended = served.read(&mut [0; 16]);
        served.conn.send_close_notify();
        served.flush().expect("sent");
        ended
    });
    let secured = run.secured();
    secured.shutdown().expect("we are done");
    assert_eq!(secured.read(&mut [0; 16]).expect("an end"), 0);
    assert_eq!(secured.ending(), Some(End::Answered));
    server.join().expect("no panic").expect("an end");
}

#[test]
fn the_deadline_holds_for_data_too() {
    let (mut run, server) = with(&TLS13, |mut served| {
        let _ = served.read(&mut [0; 16]);
        let _ = served.read(&mut [0; 16]);
    });
    let secured = run.secured();
    secured.write_all(b"hello?").expect("written");
    secured.set_deadline(Some(std::time::Instant::now() + std::time::Duration::from_millis(100)));
    let error = secured.read(&mut [0; 16]).expect_err("nothing comes");
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    secured.shutdown().expect("we are done");
    secured.write_all(b"more").expect_err("we said that nothing more comes");
    secured.close().expect("closed");
    server.join().expect("no panic");
}

/// A server that takes several connections; they may share sessions.
fn twice(version: &'static SupportedProtocolVersion, sessions: Sessions) -> Vec<Kind> {
    let authority = Authority::new("Lab Authority");
    let (options, _file) = trusting(&authority);
    let client = client(Options { sessions, ..options });
    let config = std::sync::Arc::new(authority.certify(&[HOST], GOOD).config(&[version]));
    let mut kinds = Vec::new();
    for _ in 0..2 {
        let config = std::sync::Arc::clone(&config);
        let (address, server) = crate::stage::accept(move |stream| {
            let connection = rustls::ServerConnection::new(config).expect("a connection");
            answer(rustls::StreamOwned::new(connection, stream))
        });
        let mut run = run(&client, address, HOST);
        let secured = run.secured();
        secured.write_all(b"GET /").expect("a request");
        read_all(secured);
        secured.close().expect("closed");
        server.join().expect("no panic").expect("a request");
        let told = run.handshake();
        assert_eq!(told.certificates.len(), 1);
        assert_eq!(told.verdict.is_none(), told.kind == Some(Kind::Resumed));
        kinds.extend(told.kind);
    }
    kinds
}

#[test]
fn a_second_connection_resumes_the_session_unless_told_not_to() {
    for (version, _) in VERSIONS {
        assert_eq!(twice(version, Sessions::Resumed), [Kind::Full, Kind::Resumed]);
        assert_eq!(twice(version, Sessions::Fresh), [Kind::Full, Kind::Full]);
    }
}
