//! Other programs agree on connections: captures of other projects against what Wireshark and the
//! Community ID's own tools say of them.
//!
//! Not part of the tests of a clone: `.ci/run` runs it where the captures lie beside the clone, and names
//! the folder in `WIRETALE_CORPUS`. `WIRETALE_TCPLAB` names the one with a program that does what Zeek
//! does; it needs python3 and tshark.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use wiretale::flow::tcp::Connection;
use wiretale::flow::{Beyond, CommunityId, Flows, Side};
use wiretale::timeline::{Moment, Source, Timestamp};
use wiretale::wire::Packet;

/// What is held against the tables.
#[derive(Debug)]
struct Told {
    /// The sender of the first packet stands first.
    packets: [u64; 2],
    octets: [u64; 2],
    payload: [u64; 2],
    rtt: Option<u64>,
    completeness: u8,
    begun: Timestamp,
    /// Address and port of both ends, the lower one first.
    ends: [String; 2],
    zeek: (&'static str, String),
}

impl Told {
    fn of(connection: &Connection, first_sender: Side) -> Self {
        let sides = [first_sender, first_sender.peer()];
        let mut ends = sides.map(|side| {
            let end = connection.end(side);
            format!("{} {}", end.address(), end.port)
        });
        ends.sort_unstable();
        Self {
            packets: sides.map(|side| connection.half(side).packets()),
            octets: sides.map(|side| connection.half(side).octets()),
            payload: sides.map(|side| connection.half(side).payload()),
            rtt: connection.handshake().rtt().map(|rtt| rtt.as_nanos() as u64),
            completeness: connection.wireshark_completeness(),
            begun: connection.opened().time,
            ends,
            zeek: (connection.zeek_state(), connection.zeek_history()),
        }
    }
}

/// Every connection of a capture, by its first packet.
fn follow(path: &Path) -> HashMap<u64, Told> {
    let mut told = HashMap::new();
    let mut first: HashMap<u32, Side> = HashMap::new();
    let mut flows = Flows::default();
    let mut beyond = Beyond::default();
    let Ok(mut source) = wiretale::capture::open(&[path.to_owned()]) else { return told };
    while let Ok(Some(moment)) = source.next() {
        let Moment::Frame(frame) = moment else { continue };
        let mut packet = Packet::dissect(frame);
        beyond.open(&mut packet);
        if let Some((connection, side)) = flows.observe(&packet).connection {
            first.entry(connection.id()).or_insert(side);
        }
        for connection in flows.gone() {
            let first = first[&connection.id()];
            told.insert(connection.opened().packet, Told::of(&connection, first));
        }
    }
    for connection in flows.connections() {
        told.insert(connection.opened().packet, Told::of(connection, first[&connection.id()]));
    }
    told
}

/// Captures whose connections differ in this column, and who is right; `begin` is for those that we do
/// not see at all.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    ("begin", "tcpdump__bgp-aigp.pcap", "Juniper's link type 178 is not read"),
    ("begin", "tcpdump__sflow_expanded.pcap", "sFlow is not read"),
    ("begin", "tcpdump__wccp_redirect_gre.pcap", "WCCP in GRE is not read"),
    ("begin", "wireshark__wireguard-ping-tcp-dsb.pcapng", "WireGuard is not read"),
    ("begin", "pcapplusplus__pp-tcp-malformed.pcap", "a data offset beyond the packet is refused"),
    (
        "begin",
        "tcpdump__bgp-bgp_capabilities_print-oobr-1.pcap",
        "a fragment whose others are not there",
    ),
    ("begin", "tcpdump__bgp_pmsi_tunnel-oobr.pcap", "a fragment whose others are not there"),
    ("begin", "tcpdump__rpki-rtr-oobr.pcap", "a fragment whose others are not there"),
    (
        "begin",
        "tcpflow__test5-lines-randomized.pcap",
        "a shuffled capture: the SYN comes tenth, and begins nothing",
    ),
    ("packets", "tcpflow__test5-lines-randomized.pcap", "the same"),
    ("octets", "tcpflow__test5-lines-randomized.pcap", "the same"),
    ("completeness", "tcpflow__test5-lines-randomized.pcap", "the same"),
    ("packets", "tcpdump__of13_ericsson.pcapng", "the table has the packets inside OpenFlow"),
    ("octets", "tcpdump__of13_ericsson.pcapng", "the table has the packets inside OpenFlow"),
    ("octets", "brimcap__bad-caplen.pcap", "claims to be shorter than what was kept"),
    (
        "octets",
        "pcapplusplus__fuzz-clusterfuzz-testcase-minimized-FuzzTarget-5755755617189888",
        "claims more than tshark's integers hold",
    ),
    (
        "octets",
        "pcapplusplus__fuzz-clusterfuzz-testcase-minimized-FuzzTarget-5758569646653440",
        "claims more than tshark's integers hold",
    ),
    ("payload", "tcpdump__of13_ericsson.pcapng", "the table has the packets inside OpenFlow"),
    (
        "payload",
        "pcapplusplus__fuzz-clusterfuzz-testcase-minimized-FuzzTarget-5755755617189888",
        "claims more than tshark's integers hold",
    ),
    (
        "completeness",
        "tcptrace__linux_cooked_socket.dmp.gz",
        "tshark loses the SYN of connections that FTP announced",
    ),
    ("rtt", "gopacket__test300.pcapng", "a round trip of 0 is none to tshark"),
    ("rtt", "mercury__capture2.pcap", "a round trip of 0 is none to tshark"),
    ("rtt", "tcptrace__zwnd.dmp.gz", "a round trip of 0 is none to tshark"),
    (
        "rtt",
        "wireshark__tcp-badsegments.pcap",
        "begins at the epoch, and a time of 0 is none to tshark",
    ),
    (
        "rtt",
        "ptcpdump__tcp.pcapng",
        "every packet twice; tshark counts from the second copy of the SYN",
    ),
    (
        "rtt",
        "tcptrace__discard.solaris.dmp.gz",
        "the SYN twice; tshark counts from the second copy",
    ),
    ("rtt", "tcpdump__timestamp_invalid_micro.pcap", "times that no clock shows"),
    ("rtt", "tcpdump__timestamp_invalid_nano.pcap", "times that no clock shows"),
];

#[test]
fn connections_are_as_wireshark_has_them() {
    let paths: HashMap<String, String> = rows("truth/files.tsv")
        .into_iter()
        .map(|mut row| (row.remove("id").expect("an id"), row.remove("path").expect("a path")))
        .collect();
    let mut by_capture: HashMap<String, Vec<Row>> = HashMap::new();
    for row in rows("truth/tcp_streams.tsv") {
        by_capture.entry(row["id"].clone()).or_default().push(row);
    }
    let (mut total, mut differences) = (0, Vec::new());
    for (id, rows) in by_capture {
        let ours = follow(&corpus().join(&paths[&id]));
        for row in rows {
            total += 1;
            let first: u64 = row["first_frame"].parse().expect("a number");
            let told = ours.get(&first);
            for (name, ours, theirs) in compare(told, &row) {
                if ours != theirs {
                    differences.push((name, id.clone(), format!("{first}\t{ours}\t{theirs}")));
                }
            }
        }
    }
    let mut wrong = String::new();
    for name in ["begin", "packets", "octets", "payload", "completeness", "rtt"] {
        let unequal = differences.iter().filter(|(other, ..)| *other == name).count();
        println!("{name}: {} of {total} connections are equal", total - unequal);
        if unequal * 100 > total {
            writeln!(wrong, "{name}: {unequal} of {total} differ").expect("room");
        }
    }
    for (name, id, what) in &differences {
        if !EXCEPTIONS.iter().any(|(other, capture, _)| other == name && capture == id) {
            writeln!(wrong, "{name}\t{id}\t{what}").expect("room");
        }
    }
    for (name, capture, _) in EXCEPTIONS {
        if !differences.iter().any(|(other, id, _)| other == name && capture == id) {
            writeln!(wrong, "{name}: {capture} is listed and does not differ").expect("room");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// What we say and what the table says, by column.
fn compare(told: Option<&Told>, row: &Row) -> Vec<(&'static str, String, String)> {
    let Some(told) = told else { return vec![("begin", "no".to_owned(), "yes".to_owned())] };
    let whole = told.completeness & 7 == 7 && told.rtt.is_some();
    // What a RST answered, or nobody was seen to answer, has no handshake to us.
    let rtt = row["irtt"].parse::<f64>().ok().filter(|_| whole);
    let rtt = rtt.map(|rtt| (rtt * 1e9).round() as u64);
    vec![
        ("packets", format!("{:?}", told.packets), pair(row, "pkts")),
        ("octets", format!("{:?}", told.octets), pair(row, "bytes")),
        ("payload", format!("{:?}", told.payload), pair(row, "payload")),
        ("completeness", told.completeness.to_string(), row["completeness"].clone()),
        ("rtt", format!("{:?}", told.rtt.filter(|_| whole)), format!("{rtt:?}")),
    ]
}

fn pair(row: &Row, name: &str) -> String {
    format!("[{}, {}]", row[&format!("{name}_ab")], row[&format!("{name}_ba")])
}

/// Runs the program over captures, and prints a row for each connection.
const ZEEK: &str = r#"
import sys
sys.path.insert(0, sys.argv[1])
import zeekref
for path in sys.stdin.read().split():
    for one in zeekref.run(zeekref.load(path, True)):
        ends = sorted(f"{address} {port}" for address, port in (one.oa, one.ra))
        packets = one.o.pk + one.r.pk
        print(path, f"{one.t0:.9f}", *ends, zeekref.state(one), one.h, packets, sep="\t")
"#;

/// Where Zeek begins a new connection after some idle time we go on, so only connections of as many
/// packets are compared.
#[test]
fn connections_are_as_zeek_would_have_them() {
    let lab = std::env::var_os("WIRETALE_TCPLAB").expect("WIRETALE_TCPLAB names the folder");
    let mut paths: Vec<PathBuf> = rows("truth/files.tsv")
        .iter()
        .filter(|row| row["tcp_streams"] != "0")
        .map(|row| corpus().join(&row["path"]))
        .collect();
    paths.sort();
    let mut zeek = Command::new("python3")
        .args([OsStr::new("-c"), OsStr::new(ZEEK), Path::new(&lab).join("ref").as_os_str()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3");
    let list: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    let mut to = zeek.stdin.take().expect("a pipe");
    to.write_all(list.join("\n").as_bytes()).expect("a reader");
    drop(to);
    let output = zeek.wait_with_output().expect("an end");
    let theirs = String::from_utf8(output.stdout).expect("text");
    let (mut told, mut compared, mut wrong) = (HashMap::new(), 0, String::new());
    for line in theirs.lines() {
        let cells: Vec<&str> = line.split('\t').collect();
        let [path, begun, one, other, state, history, packets] = cells[..] else {
            panic!("no row: {line}")
        };
        let ours = told.entry(path.to_owned()).or_insert_with(|| follow(Path::new(path)));
        let begun: f64 = begun.parse().expect("seconds");
        let is_it = |told: &&Told| {
            let apart = (told.begun.0 as f64 / 1e9 - begun).abs();
            let count = told.packets[0] + told.packets[1];
            told.ends == [one, other] && apart < 2e-6 && count.to_string() == packets
        };
        let Some(ours) = ours.values().find(is_it) else { continue };
        compared += 1;
        if (ours.zeek.0, ours.zeek.1.as_str()) != (state, history) {
            writeln!(wrong, "{line}\n  ours {:?}", ours.zeek).expect("room");
        }
    }
    println!("zeek: {compared} connections are held against Zeek's state and history");
    assert!(wrong.is_empty(), "{wrong}");
    assert!(compared > 1500, "only {compared} connections");
}

/// Packet by packet.
#[test]
fn community_ids_are_those_of_wireshark() {
    let text = std::fs::read_to_string(corpus().join("expected/wireshark/communityid.txt"))
        .expect("a table");
    let theirs: Vec<&str> = text.lines().collect();
    let ours = community_ids(&corpus().join("wireshark/communityid.pcap.gz"));
    assert_eq!(ours, theirs);
}

fn community_ids(path: &Path) -> Vec<String> {
    let mut source = wiretale::capture::open(&[path.to_owned()]).expect("a capture");
    let mut told = Vec::new();
    while let Ok(Some(moment)) = source.next() {
        let Moment::Frame(frame) = moment else { continue };
        let id = CommunityId::of(&Packet::dissect(frame));
        told.push(id.map_or_else(String::new, |id| id.to_string()));
    }
    told
}

type Row = HashMap<String, String>;

fn rows(path: &str) -> Vec<Row> {
    let text = std::fs::read_to_string(corpus().join(path)).expect("a table");
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().expect("a header").split('\t').collect();
    let row = |line: &str| {
        let cells = line.split('\t').chain(std::iter::repeat(""));
        names.iter().zip(cells).map(|(name, cell)| ((*name).to_owned(), cell.to_owned())).collect()
    };
    lines.map(row).collect()
}

fn corpus() -> PathBuf {
    std::env::var_os("WIRETALE_CORPUS").expect("WIRETALE_CORPUS names the folder").into()
}
