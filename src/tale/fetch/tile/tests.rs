mod law;

use std::time::Duration;

use super::spans;
use crate::tale::Party;
use crate::tale::fetch::course::{
    Acknowledged, Arrived, Attempt, Course, Flight, Question, Sent, Sought, Way, Witness,
};
use crate::tale::fetch::phase::{Basis, Edge, Phase};
use crate::tale::fetch::{sums, verdict};
use crate::timeline::Timestamp;

const MS: u64 = 1_000_000;

fn at(millis: u64) -> Timestamp {
    Timestamp(millis * MS)
}

fn packet(millis: u64, number: u64) -> Edge {
    Edge { time: at(millis), packet: Some(number) }
}

fn arrived(millis: u64, number: u64, octets: std::ops::Range<u64>) -> Arrived {
    Arrived { edge: packet(millis, number), octets, again: false }
}

/// A fetch of 200 ms over a path of 20 ms, from the lookup to the answer in one segment.
fn plain() -> Course {
    Course {
        began: at(1000),
        ended: at(1200),
        slot: at(1000),
        looked_up: Some(at(1030)),
        connected: Some(at(1051)),
        asking: Some(at(1052)),
        asked: Some(at(1052)),
        answering: Some(at(1130)),
        questions: vec![Question {
            asked: packet(1001, 1),
            answered: Some(packet(1029, 2)),
            given_up: at(1029),
            witness: Witness::Packets,
        }],
        attempts: vec![Attempt {
            began: at(1030),
            ended: Some(at(1051)),
            syns: vec![packet(1030, 3)],
            answer: Some(packet(1050, 4)),
            round_trip: None,
            again: 0,
            connected: true,
        }],
        witness: Witness::Packets,
        request: vec![Sent { edge: packet(1053, 6), before: None }],
        acknowledged: Some(Acknowledged { edge: packet(1073, 7), with_data: false }),
        answer: vec![arrived(1123, 8, 0..500)],
        shortest: Some(Duration::from_millis(20)),
        is_first: true,
        ..Course::default()
    }
}

fn millis(course: &Course) -> Vec<(Phase, u128)> {
    sums(&spans(course)).into_iter().map(|(phase, took)| (phase, took.as_millis())).collect()
}

fn judged(course: &Course) -> verdict::Verdict {
    verdict::judge(&spans(course), |phase, took| verdict::floor(course, phase, took))
}

#[test]
fn each_phase_of_a_plain_fetch_is_told_by_its_packets() {
    assert_eq!(
        millis(&plain()),
        [
            (Phase::DnsWire, 28),
            (Phase::DnsLocal, 2),
            (Phase::TcpWire, 20),
            (Phase::PathOut, 20),
            (Phase::Server, 50),
            (Phase::Local, 80),
        ]
    );
    let verdict = judged(&plain());
    let culprit = verdict.culprit.expect("77 ms stand out");
    assert_eq!((culprit.party, culprit.phase), (Party::ThisComputer, Phase::Local));
    assert_eq!(culprit.packets, [8]);
    assert!(
        verdict.sentence.starts_with("this computer: 80 ms of 200 ms (40 %)"),
        "{}",
        verdict.sentence
    );
}

#[test]
fn a_server_that_thinks_is_told_from_the_way_to_it() {
    let mut course = plain();
    course.answer = vec![arrived(1190, 8, 0..500)];
    let culprit = judged(&course).culprit.expect("117 ms stand out");
    assert_eq!((culprit.party, culprit.phase), (Party::Server, Phase::Server));
    assert_eq!((culprit.took, culprit.basis), (Duration::from_millis(117), Basis::Observed));
    assert_eq!(culprit.packets, [7, 8]);
}

#[test]
fn an_acknowledgment_that_comes_with_the_answer_leaves_the_round_trip_to_the_path() {
    let mut course = plain();
    course.acknowledged = Some(Acknowledged { edge: packet(1123, 8), with_data: true });
    let spans = spans(&course);
    let server = spans.iter().find(|span| span.phase == Phase::Server).expect("a span");
    assert_eq!((server.took(), server.basis), (Duration::from_millis(50), Basis::Inferred));
}

#[test]
fn an_acknowledgment_held_back_is_the_servers_delay_on_a_connection_used_again() {
    let mut course = plain();
    course.acknowledged = Some(Acknowledged { edge: packet(1115, 7), with_data: false });
    course.questions.clear();
    course.attempts.clear();
    let way =
        |course: &Course| millis(course).iter().find(|it| it.0 == Phase::PathOut).map(|it| it.1);
    assert_eq!(way(&course), Some(62));
    course.is_first = false;
    assert_eq!(way(&course), Some(20));
}

#[test]
fn a_syn_sent_again_and_an_address_that_failed_are_lost_time() {
    let mut course = plain();
    course.connected = Some(at(1150));
    course.attempts[0].syns = vec![packet(1060, 3), packet(1120, 4)];
    course.attempts[0].answer = Some(packet(1140, 5));
    course.attempts[0].began = at(1060);
    course.attempts[0].ended = Some(at(1150));
    let failed = Attempt {
        began: at(1031),
        ended: Some(at(1059)),
        syns: vec![packet(1032, 9)],
        answer: None,
        round_trip: None,
        again: 0,
        connected: false,
    };
    course.attempts.insert(0, failed);
    (course.asking, course.asked, course.answering) = (None, None, None);
    let found = millis(&course);
    assert!(found.contains(&(Phase::TcpLost, 27 + 60)), "{found:?}");
    assert!(found.contains(&(Phase::TcpWire, 20)), "{found:?}");
}

#[test]
fn the_next_hops_address_is_asked_for_inside_connect() {
    let mut course = plain();
    course.attempts[0].syns = vec![packet(1036, 3)];
    course.neighbours = vec![Sought { asked: packet(1030, 20), answered: Some(packet(1036, 21)) }];
    assert!(millis(&course).contains(&(Phase::Arp, 6)), "{:?}", millis(&course));
}

#[test]
fn what_nobody_answered_is_not_what_somebody_answered() {
    let mut course = plain();
    course.looked_up = Some(at(1150));
    course.attempts.clear();
    course.asking = None;
    let silent = Question {
        asked: packet(1001, 1),
        answered: None,
        given_up: at(1101),
        witness: Witness::Packets,
    };
    let answered = Question {
        asked: packet(1101, 2),
        answered: Some(packet(1121, 3)),
        given_up: at(1121),
        witness: Witness::Packets,
    };
    course.questions = vec![silent, answered];
    let found = millis(&course);
    assert!(found.starts_with(&[(Phase::DnsWire, 20), (Phase::DnsLost, 100)]), "{found:?}");
    let culprit = judged(&course).culprit.expect("100 ms stand out");
    assert_eq!((culprit.party, culprit.phase), (Party::Resolver, Phase::DnsLost));
}

#[test]
fn records_of_tls_that_were_waited_for_are_told_from_our_own_part() {
    let mut course = plain();
    course.secured = Some(at(1120));
    course.asking = Some(at(1120));
    course.request = vec![Sent { edge: packet(1121, 15), before: None }];
    course.acknowledged = Some(Acknowledged { edge: packet(1141, 16), with_data: false });
    course.answering = Some(at(1145));
    course.answer = vec![arrived(1142, 17, 4000..4500)];
    let flight = |millis, number, way| Flight { edge: packet(millis, number), way };
    course.flights = vec![
        flight(1055, 10, Way::Out),
        flight(1076, 11, Way::In),
        flight(1077, 12, Way::In),
        flight(1100, 13, Way::Out),
    ];
    let found = millis(&course);
    assert!(found.contains(&(Phase::TlsWire, 22)), "{found:?}");
    assert!(found.contains(&(Phase::TlsLocal, 120 - 51 - 22)), "{found:?}");
}

/// The answer of 200 ms: in flights, with a hole, with our window closed, with a pause.
#[test]
fn what_the_answer_waited_for_is_told_apart() {
    let mut course = plain();
    course.ended = at(1500);
    course.answer = vec![
        arrived(1123, 8, 0..1000),
        arrived(1124, 9, 1000..2000),
        // The next flight, a round trip later.
        arrived(1144, 10, 2000..3000),
        // A hole, until it is filled 40 ms later.
        arrived(1145, 12, 4000..5000),
        arrived(1146, 13, 5000..6000),
        arrived(1185, 14, 3000..4000),
        arrived(1186, 15, 6000..7000),
        // We had no room.
        arrived(1246, 18, 7000..8000),
        // The sender did not send.
        arrived(1400, 19, 8000..9000),
    ];
    course.closed = vec![(packet(1187, 16), Some(packet(1226, 17)))];
    let found = millis(&course);
    for expected in [
        // One of them is the first round trip of the pause.
        (Phase::Rounds, 20 + 20),
        (Phase::Loss, 40),
        (Phase::ClosedWindow, 60),
        (Phase::SenderGap, 134),
        (Phase::Line, 1 + 1 + 1),
        (Phase::Local, 1 + 1 + 1 + 100),
    ] {
        assert!(found.contains(&expected), "{expected:?} in {found:?}");
    }
    let culprit = judged(&course).culprit.expect("a pause of 134 ms stands out");
    assert_eq!((culprit.party, culprit.phase), (Party::Server, Phase::SenderGap));
    assert_eq!((culprit.packets, culprit.basis), (vec![19], Basis::Inferred));
}

#[test]
fn a_request_sent_again_is_loss() {
    let mut course = plain();
    course.ended = at(1400);
    course.request = vec![
        Sent { edge: packet(1053, 6), before: None },
        Sent { edge: packet(1253, 7), before: Some(packet(1053, 6)) },
    ];
    course.acknowledged = Some(Acknowledged { edge: packet(1273, 8), with_data: false });
    course.answer = vec![arrived(1275, 9, 0..500)];
    assert!(millis(&course).contains(&(Phase::Loss, 200)), "{:?}", millis(&course));
}

#[test]
fn an_answer_whose_beginning_never_came_is_loss() {
    let mut course = plain();
    (course.answering, course.unread) = (None, Some(0));
    course.answer = vec![arrived(1083, 8, 2896..3000)];
    course.over = Some(Edge::at(course.ended));
    let took = millis(&course);
    let phase = |phase| took.iter().find(|it| it.0 == phase).map(|it| it.1);
    assert_eq!((phase(Phase::Server), phase(Phase::Loss)), (Some(10), Some(117)));
}

#[test]
fn what_the_kernel_has_was_not_lost_whatever_the_capture_saw() {
    let mut course = plain();
    course.ended = at(1500);
    course.answer = vec![arrived(1123, 8, 0..1000), arrived(1124, 10, 2000..3000)];
    let loss =
        |course: &Course| millis(course).iter().find(|it| it.0 == Phase::Loss).map_or(0, |it| it.1);
    assert_eq!(loss(&course), 376);
    course.received = Some(1000);
    assert_eq!(loss(&course), 376);
    course.received = Some(3000);
    assert_eq!(loss(&course), 0);
}

#[test]
fn by_counts_what_was_missing_is_loss_and_what_had_no_room_is_ours() {
    let mut course = plain();
    course.witness = Witness::Stamps;
    course.ended = at(2000);
    course.answer = vec![
        arrived(1123, 8, 0..1000),
        arrived(1323, 9, 1000..2000),
        Arrived { again: true, ..arrived(1523, 10, 2000..3000) },
        arrived(1723, 11, 3000..4000),
    ];
    course.closed = vec![(Edge::at(at(1530)), Some(Edge::at(at(1710))))];
    course.missing = Some(Edge::at(at(1800)));
    let found = millis(&course);
    for expected in [
        (Phase::Transfer, 20 + 20),
        (Phase::SenderGap, 180),
        (Phase::Loss, 180 + 200),
        (Phase::ClosedWindow, 200),
    ] {
        assert!(found.contains(&expected), "{expected:?} in {found:?}");
    }
}

#[test]
fn silence_until_our_patience_ends_is_not_this_computers() {
    let mut course = plain();
    course.ended = at(3000);
    course.over = Some(Edge::at(at(3000)));
    let culprit = judged(&course).culprit.expect("it stands out");
    assert_eq!((culprit.party, culprit.phase), (Party::Server, Phase::SenderGap));
    (course.answer, course.answering) = (Vec::new(), None);
    let culprit = judged(&course).culprit.expect("it stands out");
    assert_eq!((culprit.party, culprit.phase), (Party::Server, Phase::Server));
}

#[test]
fn without_packets_what_cannot_be_told_apart_has_a_coarser_name() {
    let mut course = plain();
    course.witness = Witness::Calls;
    course.attempts[0].syns.clear();
    course.attempts[0].answer = None;
    (course.request, course.answer, course.acknowledged) = (Vec::new(), Vec::new(), None);
    course.shortest = None;
    let found = millis(&course);
    assert_eq!(
        found,
        [
            (Phase::DnsWire, 28),
            (Phase::DnsLocal, 2),
            (Phase::Tcp, 21),
            (Phase::Waiting, 78),
            (Phase::Transfer, 70),
            (Phase::Local, 1),
        ]
    );
    // With the kernel's round trip there is more to say, and it is called inferred.
    course.attempts[0].round_trip = Some(Duration::from_millis(18));
    course.shortest = Some(Duration::from_millis(18));
    let spans = spans(&course);
    let of =
        |phase| spans.iter().find(|span| span.phase == phase).map(|span| (span.took(), span.basis));
    assert_eq!(of(Phase::TcpWire), Some((Duration::from_millis(18), Basis::Inferred)));
    assert_eq!(of(Phase::PathOut), Some((Duration::from_millis(18), Basis::Inferred)));
    assert_eq!(of(Phase::Server), Some((Duration::from_millis(60), Basis::Inferred)));
}

#[test]
fn under_a_fifth_or_twenty_milliseconds_nothing_stands_out() {
    let mut course = plain();
    course.ended = at(1124);
    course.answer = vec![arrived(1092, 8, 0..500)];
    course.answering = Some(at(1093));
    let verdict = judged(&course);
    assert!(verdict.culprit.is_some(), "31 ms of 124 ms are this computer's");
    course.ended = at(1111);
    let verdict = judged(&course);
    assert!(verdict.culprit.is_none(), "{}", verdict.sentence);
    assert_eq!(verdict.sentence, "nothing stands out in 111 ms");
}
