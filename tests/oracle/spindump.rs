//! Round trips are those that spindump measures.

use super::corpus;
use super::exchanges::exchanges;
use serde_json::Value;
use wiretale::flow::exchange::Topic;
use wiretale::flow::tcp::Rtt;
use wiretale::flow::{Flows, Side};
use wiretale::timeline::{Moment, Source};
use wiretale::wire::Packet;

#[test]
fn a_dns_answer_takes_as_long() {
    let text =
        std::fs::read_to_string(corpus().join("expected/spindump/trace_dns_simple.expected"));
    let text = text.expect("what is expected");
    let measured = text.split_once("measurement starting right ").expect("a measurement").1;
    let expected: Vec<_> = measured.split(' ').take(1).map(str::to_owned).collect();
    let told = latencies("trace_dns_simple", |topic| matches!(topic, Topic::Dns(_)));
    assert_eq!(told, expected);
}

/// Of the QUIC connection in this capture no round trip is told.
#[test]
fn echoes_take_as_long() {
    let told = latencies("trace_icmp_allpackets", |topic| matches!(topic, Topic::Echo(_)));
    let expected = measured("trace_icmp_allpackets", "ICMP", "Right_rtt");
    assert_eq!(told, expected);
}

#[test]
fn segments_take_as_long_on_both_sides() {
    let path = corpus().join("spindump/trace_tcp_tiny1.pcap");
    let mut source = wiretale::capture::open(&[path]).expect("a capture");
    let mut flows = Flows::default();
    while let Some(moment) = source.next().expect("no damage") {
        if let Moment::Frame(frame) = moment {
            flows.observe(&Packet::dissect(frame));
        }
    }
    let connections = flows.connections();
    let [connection] = connections[..] else { panic!("one connection") };
    for (side, column) in [(Side::Client, "Right_rtt"), (Side::Server, "Left_rtt")] {
        let rtt = connection.half(side).rtt().expect("round trips");
        let told = [Rtt::shortest, Rtt::longest].map(|of| of(rtt).expect("a sample").as_micros());
        let expected = measured("trace_tcp_tiny1", "TCP", column);
        assert_eq!((rtt.samples(), told.map(|it| it.to_string()).to_vec()), (2, expected));
    }
}

/// In microseconds, of every exchange of a kind.
fn latencies(name: &str, is_one: impl Fn(&Topic) -> bool) -> Vec<String> {
    let exchanges = exchanges(&format!("spindump/{name}.pcap"));
    let ours = exchanges.iter().filter(|exchange| is_one(&exchange.topic));
    ours.filter_map(|exchange| Some(exchange.latency?.as_micros().to_string())).collect()
}

/// What spindump measured, in microseconds.
fn measured(name: &str, kind: &str, column: &str) -> Vec<String> {
    let path = corpus().join(format!("expected/spindump/{name}.expected"));
    let text = std::fs::read_to_string(path).expect("what is expected");
    let events: Vec<Value> = serde_json::from_str(&text).expect("JSON");
    let of_kind = events.iter().filter(|event| event["Type"] == kind);
    of_kind.filter_map(|event| event[column].as_u64()).map(|micros| micros.to_string()).collect()
}
