//! Connections that routers refuse, and those that came about and did not last.

use super::*;

#[test]
fn silence_has_its_place() {
    let filtered = Proof { syns: vec![5, 6, 7], ..web() };
    let counted = Proof { syns_again: 2, witness: Witness::Stamps, ..web() };
    let request_lost = Proof {
        unacknowledged: vec![8, 9, 10],
        sent_again: 2,
        asked: Some(at(10, 8)),
        ended: Timestamp(2_000_000_000),
        ..web()
    };
    let answer_lost = Proof {
        is_acknowledged: true,
        hole: Some((at(50, 12), Some(592))),
        fin: Some(at(50, 12)),
        ended: Timestamp(2_000_000_000),
        ..web()
    };
    let asked = Proof {
        is_acknowledged: true,
        asked: Some(at(10, 8)),
        ended: Timestamp(2_010_000_000),
        ..web()
    };
    let midway = Proof { last: Some(at(110, 20)), ..asked.clone() };
    let flowing = Proof { last: Some(at(2009, 90)), ..asked.clone() };
    let shut = Proof { shut: Some(at(110, 21)), ..midway.clone() };
    let peer_shut = Proof { peer_shut: Some(at(30, 11)), ..asked.clone() };
    let filtered_words = &["198.51.100.80:80 is silent", "3 SYNs in 2.00 s", "filter", "off"];
    check(vec![
        (
            late(Doing::Connecting, 0),
            filtered,
            ("tcp.syn-timeout", Party::Path, 28),
            &[5, 6, 7],
            filtered_words,
        ),
        (
            late(Doing::Connecting, 0),
            counted,
            ("tcp.syn-timeout", Party::Path, 28),
            &[],
            filtered_words,
        ),
        (
            late(Doing::Waiting, 0),
            request_lost,
            ("tcp.data-lost", Party::Path, 28),
            &[8, 9, 10],
            &["the handshake", "went well", "sent again 2 times", "never acknowledged"],
        ),
        (
            late(Doing::Waiting, 0),
            answer_lost,
            ("tcp.data-lost", Party::Path, 28),
            &[12],
            &["did answer", "592 octets", "black hole"],
        ),
        (
            late(Doing::Waiting, 0),
            asked.clone(),
            ("http.stalled", Party::Server, 28),
            &[8],
            &["has the whole request", "said nothing for 2.00 s"],
        ),
        (
            late(Doing::Receiving, 1200),
            midway,
            ("http.stalled", Party::Server, 28),
            &[20],
            &["stopped after 1200 octets", "silent for 1.90 s"],
        ),
        (
            late(Doing::Receiving, 1200),
            flowing,
            ("time.limit", Party::Content, 28),
            &[90],
            &["1200 octets", "more were coming"],
        ),
        (
            late(Doing::Receiving, 1200),
            shut,
            ("tcp.zero-window", Party::ThisComputer, 28),
            &[21],
            &["we do not read"],
        ),
        (
            late(Doing::Sending, 0),
            peer_shut,
            ("tcp.zero-window", Party::Server, 28),
            &[11],
            &["does not read", "80 octets"],
        ),
        (
            late(Doing::Securing, 0),
            asked,
            ("tls.timeout", Party::Server, 28),
            &[],
            &["TLS handshake", "2.00 s"],
        ),
    ]);
}

#[test]
fn connections_that_break() {
    let reset = |usual| Proof { reset: Some(Reset { packet: 9, hops: 62, usual }), ..web() };
    check(vec![
        (
            broken(Doing::Receiving, 104, "ECONNRESET"),
            reset(Some(62)),
            ("tcp.reset", Party::Server, 56),
            &[9],
            &["198.51.100.80:80 broke the connection off", "after 1200 octets of the answer"],
        ),
        (
            broken(Doing::Receiving, 104, "ECONNRESET"),
            reset(Some(55)),
            ("tcp.reset", Party::Path, 56),
            &[9],
            &["TTL 62", "have 55", "somebody on the way"],
        ),
        (
            broken(Doing::Sending, 32, "EPIPE"),
            web(),
            ("tcp.reset", Party::Server, 55),
            &[],
            &["after 80 octets of the request"],
        ),
        (
            broken(Doing::Securing, 104, "ECONNRESET"),
            reset(Some(62)),
            ("tls.reset", Party::Server, 35),
            &[9],
            &["during the TLS handshake"],
        ),
        (
            broken(Doing::Waiting, 110, "ETIMEDOUT"),
            Proof { unacknowledged: vec![8], sent_again: 5, ..web() },
            ("tcp.data-lost", Party::Path, 56),
            &[8],
            &["5 times"],
        ),
    ]);
}

#[test]
fn errors_that_routers_send() {
    let said = |kind, code| Proof {
        syns: vec![5, 7],
        refused: vec![icmp(6, kind, code, "192.0.2.1"), icmp(8, kind, code, "192.0.2.1")],
        waited: Some(Duration::from_millis(1030)),
        ..web()
    };
    check(vec![
        (
            connect(no_host()),
            said(3, 13),
            ("tcp.icmp.prohibited", Party::Path, 7),
            &[5, 6, 7, 8],
            &["192.0.2.1 says", "forbidden", "2 times since packet 6", "still waited 1.03 s"],
        ),
        (
            connect(no_host()),
            said(3, 1),
            ("tcp.icmp.host", Party::Path, 7),
            &[5, 6, 7, 8],
            &["host"],
        ),
        (
            connect(no_host()),
            said(3, 0),
            ("tcp.icmp.net", Party::Path, 7),
            &[5, 6, 7, 8],
            &["network"],
        ),
        (
            connect(no_host()),
            said(11, 0),
            ("tcp.icmp.ttl", Party::Path, 7),
            &[5, 6, 7, 8],
            &["too many routers", "circle"],
        ),
        (
            late(Doing::Connecting, 0),
            said(3, 13),
            ("tcp.icmp.prohibited", Party::Path, 28),
            &[5, 6, 7, 8],
            &["192.0.2.1"],
        ),
    ]);
}
