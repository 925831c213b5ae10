//! Questions find their answers, however their octets were cut into segments.

mod fixtures;
mod program;

use std::time::Duration;

use fixtures::{Kept, frames};
use proptest::prelude::*;
use wiretale::flow::Flows;
use wiretale::flow::exchange::{Exchange, Exchanges, Outcome, Topic, Wanted};
use wiretale::timeline::Timestamp;
use wiretale::wire::tcp::Flags;
use wiretale::wire::{Layer, Packet};

/// Every exchange of some frames, in the order told.
fn told<'f>(frames: impl IntoIterator<Item = &'f Kept>, mut exchanges: Exchanges) -> Vec<Exchange> {
    let mut flows = Flows::default();
    for kept in frames {
        let packet = Packet::dissect(kept.frame());
        let seen = flows.observe(&packet);
        exchanges.observe(&packet, &seen, Wanted::Yes);
        for connection in flows.gone() {
            exchanges.over(connection.id());
        }
    }
    exchanges.end();
    exchanges.told().collect()
}

fn fixture(name: &str) -> Vec<&'static Kept> {
    let path = format!("fixtures/{name}.pcap");
    let found: Vec<_> = frames().iter().filter(|kept| kept.file == path).collect();
    assert!(!found.is_empty(), "no {path}");
    found
}

/// Captures of talks over TCP, frames of Ethernet and IPv4, nothing lost.
const TALKS: [&str; 13] = [
    "no-body",
    "http-get",
    "pipelined",
    "post-chunked",
    "redirect",
    "head-in-two-segments",
    "websocket-upgrade",
    "dns-over-tcp",
    "tls12",
    "tls13",
    "tls13-retry",
    "tls-alert",
    "tls-client-certificate",
];

/// The segment in a frame, cut at these places of its payload. All pieces have its time and number.
fn pieces(kept: &Kept, cuts: &[usize]) -> Vec<Kept> {
    let packet = Packet::dissect(kept.frame());
    let payload = packet.tcp().map_or(0, |tcp| tcp.payload().len());
    let is_usual =
        matches!(packet.layers(), [Layer::Ethernet(_), Layer::Ipv4(_), Layer::Tcp(_), ..]);
    if payload < 2 || !is_usual || kept.octets.len() != kept.len {
        return vec![copy(kept, kept.octets.clone())];
    }
    let head = kept.octets.len() - payload;
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % payload).chain([0, payload]).collect();
    cuts.sort_unstable();
    cuts.dedup();
    let piece = |range: &[usize]| {
        let mut octets = kept.octets[..head].to_vec();
        octets.extend_from_slice(&kept.octets[head + range[0]..head + range[1]]);
        let total = (octets.len() - 14) as u16;
        octets[16..18].copy_from_slice(&total.to_be_bytes());
        let seq = u32::from_be_bytes([octets[38], octets[39], octets[40], octets[41]]);
        octets[38..42].copy_from_slice(&seq.wrapping_add(range[0] as u32).to_be_bytes());
        if range[1] < payload {
            octets[47] &= !Flags::FIN;
        }
        copy(kept, octets)
    };
    cuts.windows(2).map(piece).collect()
}

fn copy(kept: &Kept, octets: Vec<u8>) -> Kept {
    let Kept { number, time, link, .. } = *kept;
    let len = if octets.len() == kept.octets.len() { kept.len } else { octets.len() };
    Kept { file: kept.file.clone(), number, time, link, octets, len }
}

/// Each line that the exchanges are made of.
fn said(exchanges: &[Exchange]) -> Vec<String> {
    let numbers = |exchange| format!("{exchange:#?}");
    exchanges
        .iter()
        .map(numbers)
        .flat_map(|all| all.lines().map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// The same messages, told by the same packets.
    #[test]
    fn cutting_and_shuffling_segments_changes_nothing(
        cuts in prop::collection::vec(1usize..2000, 1..8),
        swap: bool,
    ) {
        for name in TALKS {
            let whole = fixture(name);
            let mut cut = Vec::new();
            for kept in &whole {
                let mut pieces = pieces(kept, &cuts);
                if swap {
                    pieces.reverse();
                }
                cut.extend(pieces);
            }
            let whole = said(&told(whole, Exchanges::default()));
            prop_assert!(!whole.is_empty());
            let cut = said(&told(&cut, Exchanges::default()));
            let differs = whole.iter().zip(&cut).find(|(whole, cut)| whole != cut);
            prop_assert!(differs.is_none() && whole.len() == cut.len(), "{}: {:?}", name, differs);
        }
    }

    /// Damaged frames in any order are told somehow, and each question once.
    #[test]
    fn anything_may_be_asked(
        picks in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<u8>()), 1..200),
        open in 0usize..4,
    ) {
        let frames: Vec<Kept> = picks
            .iter()
            .enumerate()
            .map(|(number, (frame, place, octet))| {
                let kept = frame.get(frames());
                let mut octets = kept.octets.clone();
                if !octets.is_empty() && octet % 2 == 0 {
                    *place.get_mut(&mut octets[..]) = *octet;
                }
                Kept { number: number as u64 + 1, ..copy(kept, octets) }
            })
            .collect();
        let told = told(&frames, Exchanges::new(open));
        let mut numbers: Vec<u64> = told.iter().map(|exchange| exchange.id).collect();
        numbers.sort_unstable();
        prop_assert_eq!(numbers, (1..=told.len() as u64).collect::<Vec<_>>());
    }
}

/// A packet of a fixture some time later.
fn later(kept: &Kept, number: u64, delay: Duration) -> Kept {
    let time = Timestamp(kept.time.0 + delay.as_nanos() as u64);
    Kept { number, time, ..copy(kept, kept.octets.clone()) }
}

/// The first question and answer of a fixture, and a copy of the question with another id.
fn lookup() -> [Kept; 3] {
    let found = fixture("dns-errors");
    let mut other = found[0].octets.clone();
    other[42] ^= 0xff;
    let answer = found.iter().find(|kept| kept.octets[36..38] == found[0].octets[34..36]);
    let answer = answer.expect("an answer to the question's port");
    [
        copy(found[0], found[0].octets.clone()),
        copy(answer, answer.octets.clone()),
        copy(found[0], other),
    ]
}

#[test]
fn a_question_asked_again_waits_from_the_first_time() {
    let [question, answer, _] = lookup();
    let again = later(&question, 2, Duration::from_secs(5));
    let answer = later(&answer, 3, Duration::from_secs(6));
    let exchanges = told([&question, &again, &answer, &answer], Exchanges::default());
    assert_eq!(exchanges.len(), 1, "an answer that came twice is told once");
    assert_eq!(exchanges[0].retries, 1);
    assert!(exchanges[0].latency > Some(Duration::from_secs(5)));
    assert_eq!(exchanges[0].question.map(|mark| mark.packet), Some(question.number));
}

#[test]
fn a_question_captured_twice_was_asked_once() {
    let [question, answer, _] = lookup();
    let copy = later(&question, 2, Duration::from_micros(30));
    assert_eq!(told([&question, &copy, &answer], Exchanges::default())[0].retries, 0);
}

#[test]
fn without_room_the_oldest_question_is_given_up_and_told() {
    let [question, _, other] = lookup();
    let exchanges = told([&question, &other], Exchanges::new(1));
    let outcomes: Vec<_> = exchanges.iter().map(|exchange| exchange.outcome).collect();
    assert_eq!(outcomes, [Outcome::Dropped, Outcome::Unanswered]);
}

#[test]
fn an_answer_to_another_question_with_the_same_id_is_no_answer() {
    let [question, mut answer, _] = lookup();
    // A letter of the name asked for, behind Ethernet, IPv4, UDP, the header and a length.
    answer.octets[42 + 12 + 1] ^= 1;
    let exchanges = told([&question, &answer], Exchanges::default());
    let outcomes: Vec<_> = exchanges.iter().map(|exchange| exchange.outcome).collect();
    assert_eq!(outcomes, [Outcome::Answered, Outcome::Unanswered]);
    assert_eq!(exchanges[0].question, None);
}

#[test]
fn the_spans_of_a_request_tile_the_time_from_its_first_packet_to_its_answer() {
    for exchange in told(fixture("post-chunked"), Exchanges::default()) {
        let Topic::Http(http) = &exchange.topic else { continue };
        let marks = [exchange.question, http.request_end, http.response_begin, exchange.answer];
        let times: Vec<_> = marks.iter().flatten().map(|mark| mark.time).collect();
        assert_eq!(times.len(), 4);
        assert!(times.is_sorted());
        assert_eq!(exchange.latency, Some(times[3].since(times[1])));
    }
}

/// The names of a record's values, nested ones joined by dots, in the order told.
fn names(value: &serde_json::Value, path: &str, all: &mut Vec<String>) {
    let Some(members) = value.as_object() else { return all.push(path.to_owned()) };
    for (name, member) in members {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        names(member, &path, all);
    }
}

#[test]
fn rows_have_the_values_of_records_under_the_same_names() {
    for name in ["http-get", "dhcp", "tls13-retry", "icmpv6", "arp", "mdns"] {
        let path = format!("fixtures/{name}.pcap");
        let rows = program::told(&["exchanges", "-o", "csv", &path]);
        let mut rows = rows.lines();
        let columns: Vec<&str> = rows.next().expect("a line of names").split(',').collect();
        let records = program::records(&["exchanges", "--json", &path]);
        assert_eq!(records[0]["type"], "capture");
        let records: Vec<_> = records.iter().filter(|one| one["type"] == "exchange").collect();
        assert!(!records.is_empty());
        assert_eq!(records.len(), rows.clone().count());
        for (record, row) in records.into_iter().zip(rows) {
            let mut told = Vec::new();
            names(record, "", &mut told);
            assert!(told.iter().all(|name| columns.contains(&name.as_str())), "{told:?}");
            // Cells with commas are in quotes, and none of these captures has a quote in one.
            let quotes: Vec<&str> = row.split('"').collect();
            let commas = quotes.iter().step_by(2).map(|outside| outside.matches(',').count());
            assert_eq!(commas.sum::<usize>() + 1, columns.len(), "{row}");
        }
    }
}

#[test]
fn a_filter_that_leaves_the_answer_out_makes_no_question_unanswered() {
    let path = "fixtures/dns-asked-again.pcap";
    let all = program::told(&["exchanges", path]);
    for filter in ["dns.flags.response == 0", "frame.number != 1"] {
        assert_eq!(program::told(&["exchanges", "-Y", filter, path]), all, "{filter}");
    }
    let answered = all.split_inclusive('\n').next().expect("a line");
    assert_eq!(program::told(&["exchanges", "-Y", "dns.flags.response == 1", path]), answered);
}

#[test]
fn heads_are_told_where_they_are_asked_for() {
    let path = "fixtures/no-body.pcap";
    assert!(!program::told(&["exchanges", path]).contains("If-None-Match"));
    assert!(program::told(&["exchanges", "-v", path]).contains("\n       > If-None-Match: *\n"));
    let records = program::told(&["exchanges", "-v", "--json", path]);
    assert!(records.contains(r#""headers":{"request":["Host: www.lab.example","#), "{records}");
}
