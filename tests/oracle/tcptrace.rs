//! What happened to segments: captures of other projects against the round trips that tcptrace measured,
//! and two captures whose losses were counted where they happened.
//!
//! Not part of the tests of a clone: `.ci/run` runs it where the captures lie beside the clone, and names
//! the folder in `WIRETALE_CORPUS`. At least 99 % of the rows must be equal, and `exceptions.tsv` must give
//! a reason for each of the others.

#![allow(clippy::cast_precision_loss)] // milliseconds are told with one decimal

mod tables;

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use tables::{Comparison, Row, by_capture, corpus, rows};
use wiretale::flow::tcp::{Connection, Copied, Half};
use wiretale::flow::{Beyond, End, Flows, Side};
use wiretale::timeline::{Moment, Source};
use wiretale::wire::Packet;

/// Of a thousand rows, so many must be equal.
const BAR: usize = 990;

/// 137 packets were dropped behind the capture point, and none before it.
#[test]
fn losses_behind_the_capture_point_are_placed_there() {
    let counts: [fn(&Half) -> u64; 4] = [
        |half| half.sent().resent,
        |half| half.sent().lost_after,
        |half| half.sent().lost_before,
        |half| half.sent().reordered,
    ];
    assert_eq!(sums("lab/after-tap-loss.pcap", &counts), [137, 137, 0, 0]);
}

/// Nothing was lost on this bridge, whose interfaces all were captured: copies are no news.
#[test]
fn copies_at_the_interfaces_of_a_bridge_are_no_losses() {
    let counts: [fn(&Half) -> u64; 5] = [
        |half| half.sent().resent,
        |half| half.sent().duplicate_acks,
        |half| half.sent().copied(Copied::Network),
        |half| half.sent().copied(Copied::Capture),
        |half| half.packets(),
    ];
    let [resent, duplicate_acks, by_network, by_capture, packets] =
        sums("lab/bridge-any.pcap", &counts)[..]
    else {
        unreachable!("five sums")
    };
    assert_eq!([resent, duplicate_acks, by_network], [0; 3]);
    assert_eq!(by_capture * 2, packets, "every packet came twice");
}

/// RTT samples per direction: how many, and the shortest, longest and average in tenths of milliseconds.
#[test]
fn round_trips_are_those_of_tcptrace() {
    let truth = by_capture("truth/tcptrace.tsv");
    let mut table = Comparison::new("round-trips", BAR);
    for file in rows("truth/files.tsv") {
        let id = &file["id"];
        let Some(theirs) = truth.get(id) else { continue };
        let mut own = follow(&corpus().join(&file["path"]), |connection, first| {
            [first, first.peer()].map(|side| (connection.end(side), round_trips(connection, side)))
        });
        let ends = own.iter().map(|one| {
            let mut ends = [Some(one[0].0), Some(one[1].0)];
            ends.sort();
            ends
        });
        let ends: Vec<[Option<End>; 2]> = ends.collect();
        for row in theirs {
            // "WARNING: presence of hardware duplicates makes these figures suspect!": to it a copy is a
            // segment sent again.
            let copies = ["hardware_dups_ab", "hardware_dups_ba"].map(|cell| row[cell].as_str());
            if copies.iter().any(|count| !matches!(*count, "" | "0")) {
                continue;
            }
            // After some minutes of silence a new connection begins to it: those are not the same.
            let ab = [end(&row["a"]), end(&row["b"])];
            let both = |row: &Row| {
                let mut both = [end(&row["a"]), end(&row["b"])];
                both.sort();
                both
            };
            let splits = theirs.iter().filter(|other| both(other) == both(row)).count();
            let connections = ends.iter().filter(|ends| **ends == both(row)).count();
            if connections > 0 && splits > connections {
                continue;
            }
            let is_it = |one: &[(End, String); 2]| [Some(one[0].0), Some(one[1].0)] == ab;
            let Some(at) = own.iter().position(is_it) else {
                table.row(id, &row["conn"], "", &format!("{} {}", row["a"], row["b"]));
                continue;
            };
            for ((_, own), end) in own.remove(at).into_iter().zip(["ab", "ba"]) {
                let theirs = ["samples", "min", "max", "avg"].map(|it| {
                    let cell = row[&format!("rtt_{it}_{end}")].as_str();
                    if cell == "NA" { "" } else { cell }
                });
                table.row(id, &format!("{} {end}", row["conn"]), &own, &theirs.join(" "));
            }
        }
    }
    table.judge();
}

fn round_trips(connection: &Connection, side: Side) -> String {
    let millis = |time: Option<Duration>| time.map_or(0.0, |time| time.as_nanos() as f64 / 1e6);
    let rtt = connection.half(side).rtt().filter(|rtt| rtt.samples() > 0);
    let Some(rtt) = rtt else { return "0 0.0 0.0 0.0".to_owned() };
    let samples = rtt.samples();
    // It divides by a ten-thousandth more than there are, so as not to divide by zero.
    let average = millis(rtt.average()) * samples as f64 / (samples as f64 + 0.0001);
    let (shortest, longest) = (millis(rtt.shortest()), millis(rtt.longest()));
    format!("{samples} {shortest:.1} {longest:.1} {average:.1}")
}

/// An address and a port, in tcptrace's way: `::1` port 80 is `:0001:80`.
fn end(text: &str) -> Option<End> {
    let (address, port) = text.rsplit_once(':')?;
    let address = address.parse().or_else(|_| format!(":{address}").parse()).ok()?;
    Some(End::new(address, port.parse().ok()?))
}

/// Follows the connections of a capture and tells of each, in the order of their first packets: with the
/// side that sent the first one.
fn follow<T>(path: &Path, tell: impl Fn(&Connection, Side) -> T) -> Vec<T> {
    let Ok(mut source) = wiretale::capture::open(&[path.to_owned()]) else { return Vec::new() };
    let mut beyond = Beyond::default();
    let mut flows = Flows::default();
    let mut firsts: HashMap<u32, End> = HashMap::new();
    let mut told = Vec::new();
    let tell = |connection: &Connection, firsts: &HashMap<u32, End>| {
        let is_client = connection.end(Side::Client) == firsts[&connection.id()];
        let first = if is_client { Side::Client } else { Side::Server };
        (connection.id(), tell(connection, first))
    };
    while let Ok(Some(moment)) = source.next() {
        let Moment::Frame(frame) = moment else { continue };
        let mut packet = Packet::dissect(frame);
        beyond.open(&mut packet);
        if let Some((connection, side)) = flows.observe(&packet).connection {
            firsts.entry(connection.id()).or_insert(connection.end(side));
        }
        told.extend(flows.gone().map(|connection| tell(&connection, &firsts)));
    }
    told.extend(flows.connections().into_iter().map(|connection| tell(connection, &firsts)));
    told.sort_unstable_by_key(|(id, _)| *id);
    told.into_iter().map(|(_, told)| told).collect()
}

/// What happened to all segments of a capture, and how many there were.
fn sums(path: &str, counts: &[fn(&Half) -> u64]) -> Vec<u64> {
    let each = follow(&corpus().join(path), |connection, _| {
        let halves = [Side::Client, Side::Server].map(|side| connection.half(side));
        counts.iter().map(|count| halves.into_iter().map(count).sum()).collect::<Vec<u64>>()
    });
    (0..counts.len()).map(|at| each.iter().map(|one| one[at]).sum()).collect()
}
