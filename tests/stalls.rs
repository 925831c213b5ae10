//! Every trouble that has a name is found where it is, and not where it only seems to be.
//!
//! What segments alone show is tried in `tests/ladders/wait-*.txt`; here is what takes words to see: names
//! that were asked for, requests and their answers, TLS records, and several connections together.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use wiretale::flow::Flows;
use wiretale::octets::Octets;
use wiretale::tale::accounts::Accounts;
use wiretale::tale::stall::{Name, Stall};
use wiretale::timeline::{Frame, Timestamp};
use wiretale::wire::Packet;

const CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
const SERVER: IpAddr = IpAddr::V4(Ipv4Addr::new(198, 51, 100, 80));
const RESOLVER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 53));
const ROUTER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 254));
const CLIENT6: IpAddr = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1));
const SERVER6: IpAddr = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 1, 0, 0, 0, 0, 0x80));

const SYN: u8 = 2;
const ACK: u8 = 16;
const PUSH: u8 = 8 | ACK;
const FIN: u8 = 1 | ACK;
const RST: u8 = 4 | ACK;

/// A capture at the client, written packet by packet; times in milliseconds.
#[derive(Default)]
struct Script {
    frames: Vec<(u64, Vec<u8>)>,
}

/// One connection of a script.
struct Talk {
    ends: [IpAddr; 2],
    ports: [u16; 2],
    next: [u32; 2],
    /// From the client to the server and back.
    round_trip: f64,
}

impl Script {
    fn ip(&mut self, at: f64, ends: [IpAddr; 2], protocol: u8, payload: &[u8]) {
        let mut octets = vec![2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1];
        match ends {
            [IpAddr::V4(from), IpAddr::V4(to)] => {
                octets.extend([8, 0, 0x45, 0]);
                octets.extend((20 + payload.len() as u16).to_be_bytes());
                octets.extend((self.frames.len() as u16 + 1).to_be_bytes());
                octets.extend([0x40, 0, 64, protocol, 0, 0]);
                octets.extend(from.octets());
                octets.extend(to.octets());
            }
            [IpAddr::V6(from), IpAddr::V6(to)] => {
                octets.extend([0x86, 0xdd, 0x60, 0, 0, 0]);
                octets.extend((payload.len() as u16).to_be_bytes());
                octets.extend([protocol, 64]);
                octets.extend(from.octets());
                octets.extend(to.octets());
            }
            _ => unreachable!("two families"),
        }
        octets.extend(payload);
        let nanos = Duration::from_secs_f64(at / 1e3).as_nanos();
        self.frames.push((u64::try_from(nanos).expect("a short script"), octets));
    }

    /// A question to the resolver, or its answer with these addresses.
    fn dns(&mut self, at: f64, id: u16, name: &str, answer: Option<(u16, &[IpAddr])>, kind: u16) {
        let ports: [u16; 2] = if answer.is_some() { [53, 40_000] } else { [40_000, 53] };
        let ends = if answer.is_some() { [RESOLVER, CLIENT] } else { [CLIENT, RESOLVER] };
        let (rcode, addresses) = answer.unwrap_or((0, &[]));
        let flags = if answer.is_some() { 0x8180 | rcode } else { 0x0100 };
        let mut message = Vec::new();
        for word in [id, flags, 1, addresses.len() as u16, 0, 0] {
            message.extend(word.to_be_bytes());
        }
        for label in name.split('.') {
            message.push(label.len() as u8);
            message.extend(label.as_bytes());
        }
        message.extend([0, 0, kind as u8, 0, 1]);
        for address in addresses {
            let data = match address {
                IpAddr::V4(address) => address.octets().to_vec(),
                IpAddr::V6(address) => address.octets().to_vec(),
            };
            message.extend([0xc0, 12, 0, kind as u8, 0, 1, 0, 0, 0, 60, 0, data.len() as u8]);
            message.extend(data);
        }
        let mut datagram = Vec::new();
        for word in [ports[0], ports[1], 8 + message.len() as u16, 0] {
            datagram.extend(word.to_be_bytes());
        }
        datagram.extend(message);
        self.ip(at, ends, 17, &datagram);
    }

    fn tcp(&mut self, at: f64, talk: &Talk, by: usize, flags: u8, seq: u32, said: &[u8]) {
        let options: &[u8] =
            if flags & SYN != 0 { &[2, 4, 5, 180, 1, 1, 4, 2, 1, 3, 3, 7] } else { &[] };
        let mut segment = Vec::new();
        segment.extend(talk.ports[by].to_be_bytes());
        segment.extend(talk.ports[1 - by].to_be_bytes());
        segment.extend(seq.to_be_bytes());
        let ack = if flags & ACK == 0 { 0 } else { talk.next[1 - by] };
        segment.extend(ack.to_be_bytes());
        segment.extend([((20 + options.len()) as u8) << 2, flags, 0xff, 0xff, 0, 0, 0, 0]);
        segment.extend(options);
        segment.extend(said);
        self.ip(at, [talk.ends[by], talk.ends[1 - by]], 6, &segment);
    }

    /// Opens a connection; gives it, and when it was open.
    fn open(&mut self, at: f64, ends: [IpAddr; 2], port: u16, round_trip: f64) -> (Talk, f64) {
        let mut talk = Talk { ends, ports: [port, 80], next: [100, 900], round_trip };
        self.tcp(at, &talk, 0, SYN, 100, &[]);
        talk.next[0] += 1;
        self.tcp(at + round_trip, &talk, 1, SYN | ACK, 900, &[]);
        talk.next[1] += 1;
        self.tcp(at + round_trip, &talk, 0, ACK, 101, &[]);
        (talk, at + round_trip)
    }

    fn say(&mut self, at: f64, talk: &mut Talk, by: usize, said: &[u8]) {
        let seq = talk.next[by];
        talk.next[by] += said.len() as u32;
        self.tcp(at, talk, by, PUSH, seq, said);
    }

    /// Both finish, and hear of it.
    fn close(&mut self, at: f64, talk: &mut Talk) {
        for (by, at) in [(0, at), (1, at + talk.round_trip)] {
            let seq = talk.next[by];
            talk.next[by] += 1;
            self.tcp(at, talk, by, FIN, seq, &[]);
        }
        let seq = talk.next[0];
        self.tcp(at + talk.round_trip, talk, 0, ACK, seq, &[]);
    }

    /// What was found, on connections and between them.
    fn found(mut self) -> Vec<Stall> {
        self.frames.sort_by_key(|(time, _)| *time);
        let (mut flows, mut accounts) = (Flows::default(), Accounts::default());
        let mut found = Vec::new();
        for (at, (time, octets)) in self.frames.iter().enumerate() {
            let (number, time) = (at as u64 + 1, Timestamp(1_700_000_000_000_000_000 + time));
            let octets = Octets::whole(octets);
            let frame = Frame { number, time, link: 1, interface: 0, comment: &[], octets };
            let packet = Packet::dissect(frame);
            accounts.observe(&packet, &flows.observe(&packet));
            for connection in flows.gone() {
                found.extend(accounts.close(&connection).expect("an account").stalls);
            }
        }
        for connection in flows.connections() {
            found.extend(accounts.close(connection).expect("an account").stalls);
        }
        found.extend(accounts.end().stalls);
        found
    }
}

/// Holds a script that shows a trouble against one that almost does.
fn tells_apart(name: Name, shows: Script, almost: Script) -> Stall {
    let found = shows.found();
    let stall = found.iter().find(|stall| stall.name == name);
    let stall = stall.unwrap_or_else(|| panic!("{name:?} is not among {found:?}")).clone();
    assert!(!stall.packets.is_empty(), "{stall:?}");
    let found = almost.found();
    assert!(found.iter().all(|stall| stall.name != name), "{name:?} is among {found:?}");
    stall
}

const A: u16 = 1;
const AAAA: u16 = 28;
const NXDOMAIN: u16 = 3;
const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: www.example\r\n\r\n";

fn answer(len: usize) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {len}\r\n\r\n");
    [head.into_bytes(), vec![b'x'; len]].concat()
}

/// A question that is answered so much later.
fn asked(latency: f64) -> Script {
    let mut script = Script::default();
    script.dns(0.0, 1, "www.example", None, A);
    script.dns(latency, 1, "www.example", Some((0, &[SERVER])), A);
    script
}

#[test]
fn a_resolver_that_is_slow() {
    let stall = tells_apart(Name::SlowResolver, asked(300.0), asked(150.0));
    assert_eq!(stall.time, Duration::from_millis(300));
    assert_eq!(stall.about.as_deref(), Some("www.example"));
}

#[test]
fn a_question_that_was_asked_again() {
    let mut again = Script::default();
    again.dns(0.0, 1, "www.example", None, A);
    again.dns(1000.0, 1, "www.example", None, A);
    again.dns(1005.0, 1, "www.example", Some((0, &[SERVER])), A);
    tells_apart(Name::DnsRetry, again, asked(5.0));
}

#[test]
fn a_resolver_that_fails() {
    let mut fails = Script::default();
    fails.dns(0.0, 1, "www.example", None, A);
    fails.dns(5.0, 1, "www.example", Some((2, &[])), A);
    // That there is no such name is an answer.
    let mut none = Script::default();
    none.dns(0.0, 1, "no.example", None, A);
    none.dns(5.0, 1, "no.example", Some((NXDOMAIN, &[])), A);
    tells_apart(Name::FailingResolver, fails, none);
}

#[test]
fn names_that_were_tried_with_domains_behind_them() {
    let script = |missed: &str| {
        let mut script = Script::default();
        script.dns(0.0, 1, missed, None, A);
        script.dns(5.0, 1, missed, Some((NXDOMAIN, &[])), A);
        script.dns(6.0, 2, "db.example", None, A);
        script.dns(11.0, 2, "db.example", Some((0, &[SERVER])), A);
        script
    };
    tells_apart(Name::SearchList, script("db.example.corp.example"), script("cache.corp.example"));
}

#[test]
fn ipv6_that_was_tried_in_vain() {
    let script = |answers: bool| {
        let mut script = Script::default();
        script.dns(0.0, 1, "www.example", None, AAAA);
        script.dns(5.0, 1, "www.example", Some((0, &[SERVER6])), AAAA);
        script.dns(6.0, 2, "www.example", None, A);
        script.dns(9.0, 2, "www.example", Some((0, &[SERVER])), A);
        if answers {
            script.open(10.0, [CLIENT6, SERVER6], 50_000, 20.0);
        } else {
            let talk = Talk {
                ends: [CLIENT6, SERVER6],
                ports: [50_000, 80],
                next: [100, 0],
                round_trip: 0.0,
            };
            script.tcp(10.0, &talk, 0, SYN, 100, &[]);
        }
        script.open(260.0, [CLIENT, SERVER], 50_001, 20.0);
        script
    };
    let stall = tells_apart(Name::Ipv6InVain, script(false), script(true));
    assert_eq!(stall.time, Duration::from_millis(250));
}

#[test]
fn a_connection_for_each_request() {
    let mut each = Script::default();
    for turn in 0..4_u16 {
        let at = f64::from(turn) * 200.0;
        let (mut talk, open) = each.open(at, [CLIENT, SERVER], 50_000 + turn, 20.0);
        each.say(open, &mut talk, 0, GET);
        each.say(open + 21.0, &mut talk, 1, &answer(100));
        each.close(open + 22.0, &mut talk);
    }
    let mut kept = Script::default();
    let (mut talk, open) = kept.open(0.0, [CLIENT, SERVER], 50_000, 20.0);
    for turn in 0..4_u16 {
        let at = open + f64::from(turn) * 100.0;
        kept.say(at, &mut talk, 0, GET);
        kept.say(at + 21.0, &mut talk, 1, &answer(100));
    }
    kept.close(open + 500.0, &mut talk);
    let stall = tells_apart(Name::NoKeepAlive, each, kept);
    assert_eq!(stall.count, 4);
    // Of the first nobody could have done without.
    assert_eq!(stall.time, Duration::from_millis(60));
}

#[test]
fn requests_that_wait_for_the_answers_to_others() {
    let script = |together: bool| {
        let mut script = Script::default();
        let (mut talk, open) = script.open(0.0, [CLIENT, SERVER], 50_000, 20.0);
        script.say(open, &mut talk, 0, GET);
        if together {
            script.say(open + 1.0, &mut talk, 0, GET);
        }
        script.say(open + 320.0, &mut talk, 1, &answer(100));
        if !together {
            script.say(open + 321.0, &mut talk, 0, GET);
        }
        script.say(open + 345.0, &mut talk, 1, &answer(100));
        script.close(open + 400.0, &mut talk);
        script
    };
    let stall = tells_apart(Name::HeadOfLine, script(true), script(false));
    assert_eq!(stall.time, Duration::from_millis(319));
}

#[test]
fn a_server_that_falls_silent_amid_its_answer() {
    let script = |amid: bool| {
        let mut script = Script::default();
        let (mut talk, open) = script.open(0.0, [CLIENT, SERVER], 50_000, 20.0);
        script.say(open, &mut talk, 0, GET);
        let whole = answer(1000);
        let first = if amid { &whole[..300] } else { &whole[..] };
        script.say(open + 21.0, &mut talk, 1, first);
        let seq = talk.next[0];
        script.tcp(open + 21.0, &talk, 0, ACK, seq, &[]);
        if amid {
            script.say(open + 421.0, &mut talk, 1, &whole[300..]);
        }
        script.close(open + 430.0, &mut talk);
        script
    };
    let stall = tells_apart(Name::SilentMidResponse, script(true), script(false));
    assert_eq!(stall.time, Duration::from_millis(400));
}

#[test]
fn a_port_that_was_used_again_too_soon() {
    let script = |ignored: bool| {
        let mut script = Script::default();
        let (mut talk, open) = script.open(0.0, [CLIENT, SERVER], 50_000, 20.0);
        script.say(open, &mut talk, 0, GET);
        script.say(open + 21.0, &mut talk, 1, &answer(100));
        script.close(open + 30.0, &mut talk);
        let mut next = Talk { next: [900_000, 700_000], ..talk };
        if ignored {
            script.tcp(500.0, &next, 0, SYN, 900_000, &[]);
        }
        script.tcp(1500.0, &next, 0, SYN, 900_000, &[]);
        next.next[0] += 1;
        script.tcp(1520.0, &next, 1, SYN | ACK, 700_000, &[]);
        next.next[1] += 1;
        let seq = next.next[0];
        script.tcp(1520.0, &next, 0, ACK, seq, &[]);
        script
    };
    let stall = tells_apart(Name::PortReuse, script(true), script(false));
    assert_eq!(stall.time, Duration::from_secs(1));
}

#[test]
fn a_server_that_cannot_be_reached() {
    let talk =
        Talk { ends: [CLIENT, SERVER], ports: [50_000, 80], next: [100, 0], round_trip: 0.0 };
    let mut unreachable = Script::default();
    unreachable.tcp(0.0, &talk, 0, SYN, 100, &[]);
    let quoted = unreachable.frames[0].1[14..14 + 28].to_vec();
    let mut error = vec![3, 1, 0, 0, 0, 0, 0, 0];
    error.extend(quoted);
    unreachable.ip(3000.0, [ROUTER, CLIENT], 1, &error);
    let mut refused = Script::default();
    refused.tcp(0.0, &talk, 0, SYN, 100, &[]);
    let reset = Talk { next: [101, 0], ..talk };
    refused.tcp(20.0, &reset, 1, RST, 0, &[]);
    let stall = tells_apart(Name::Unreachable, unreachable, refused);
    assert_eq!(&stall.packets[..], &[1, 2]);
}

#[test]
fn a_way_that_is_long() {
    let script = |round_trip: f64| {
        let mut script = Script::default();
        let (mut talk, open) = script.open(0.0, [CLIENT, SERVER], 50_000, round_trip);
        script.say(open, &mut talk, 0, GET);
        script.say(open + round_trip, &mut talk, 1, &answer(100));
        script
    };
    tells_apart(Name::LongWay, script(200.0), script(100.0));
}

#[test]
fn certificates_that_do_not_fit_into_the_first_window() {
    let record = |kind: u8, len: usize| {
        let mut record = vec![kind, 3, 3];
        record.extend((len as u16).to_be_bytes());
        record.extend(vec![0; len]);
        record
    };
    let script = |segments: usize| {
        let mut script = Script::default();
        let (mut talk, open) = script.open(0.0, [CLIENT, SERVER], 50_000, 50.0);
        let mut hello = record(22, 300);
        hello[5] = 1;
        script.say(open, &mut talk, 0, &hello);
        let flight = record(22, segments * 1460 - 5);
        let mut at = open + 51.0;
        for (place, part) in flight.chunks(1460).enumerate() {
            // After ten segments the server waits for an ACK (RFC 6928 §2).
            if place == 10 {
                at += 50.0;
            }
            script.say(at, &mut talk, 1, part);
            let seq = talk.next[0];
            script.tcp(at, &talk, 0, ACK, seq, &[]);
        }
        script.say(
            at + 1.0,
            &mut talk,
            0,
            &[record(20, 1), record(23, 40), record(23, 90)].concat(),
        );
        script.say(at + 52.0, &mut talk, 1, &record(23, 900));
        script
    };
    let stall = tells_apart(Name::CertificateFlight, script(11), script(9));
    assert_eq!(stall.time, Duration::from_millis(50));
}
