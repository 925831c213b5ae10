//! tshark agrees: what it tells of each packet in the fixtures, whole and cut to 96 octets.
//!
//! `oracle/tshark.tsv` is what `oracle/make.sh` wrote. Where we differ, `DIVERGENCES` says who is right.

mod fixtures;
#[path = "oracle/told.rs"]
mod told;

use std::collections::{HashMap, HashSet};

use fixtures::{frames, keys};
use told::{joined, tell, within};
use wiretale::flow::{Fragments, Inflated, Keyring};
use wiretale::octets::Octets;
use wiretale::timeline::Frame;
use wiretale::wire::Packet;

/// Where packets are cut to see what is told of the rest.
const SNAPLEN: usize = 96;

/// Capture, field or protocol, and the reason why we tell it otherwise than tshark.
const DIVERGENCES: &[(&str, &str, &str)] = &[
    ("icmp.pcap", "tcp.seq_raw", "quoted in an error; tshark tells only tcp.seq there"),
    ("icmp.pcap", "tcp.len", "quoted in an error, with the length that IP told; tshark has none"),
    (
        "icmp.pcap",
        "tcp.options.timestamp",
        "an option of which the capture kept a part is not told",
    ),
    ("geneve.pcap", "icmp.", "a fixed header is read whole or not at all"),
    ("ppi.pcap", "dns.", "a fixed header is read whole or not at all"),
    ("ppi.pcap", "udp.", "a fixed header is read whole or not at all"),
    ("radiotap.pcap", "dns.", "a fixed header is read whole or not at all"),
    ("pktap.pcap", "pktap.", "a fixed header is read whole or not at all"),
    ("icmpv6.pcap", "ipv6.", "a fixed header is read whole or not at all"),
    ("ipv6-extensions.pcap", "udp.srcport", "a fixed header is read whole or not at all"),
    ("llmnr.pcap", "dns.", "LLMNR over TCP, for which tshark does not look"),
    ("quic.pcap", "tls.", "encrypted, with keys that any reader can derive (RFC 9001 §5.2)"),
    ("quic-retry.pcap", "tls.", "encrypted, with keys that any reader can derive (RFC 9001 §5.2)"),
    ("quic.pcapng", "tls.", "encrypted, with keys in the capture"),
    ("tls12-keys.pcapng", "http.", "from a record in segments that tshark was not to join on"),
    ("tls13.pcapng", "http.", "tshark waits for the end of the connection that ends the body"),
    ("tls13-key-update.pcapng", "http.", "tshark waits for the end of the connection, as above"),
    ("snaplen-96.pcap", "http.host", "a value of which the capture kept a part is not told"),
];

#[test]
fn tshark_tells_the_same_of_the_fixtures() {
    let table = include_str!("oracle/tshark.tsv");
    let names: HashSet<&str> = table
        .lines()
        .flat_map(|line| line.split('\t').skip(2))
        .filter_map(|cell| cell.split_once('=').map(|(name, _)| name))
        .collect();
    let names: Vec<&str> = names.into_iter().collect();
    let mut theirs: HashMap<String, HashMap<&str, &str>> = HashMap::new();
    for line in table.lines() {
        let mut cells = line.split('\t');
        let (capture, number) = (cells.next().expect("a capture"), cells.next().expect("a number"));
        let values = cells.filter_map(|cell| cell.split_once('=')).collect();
        theirs.insert(format!("fixtures/{capture} packet {number}"), values);
    }
    let (mut wrong, mut used, mut compared) = (Vec::new(), HashSet::new(), 0);
    let mut fragments = Fragments::default();
    let (mut inflated, mut keyring) = (Inflated::default(), Keyring::default());
    for kept in frames() {
        if kept.number == 1 {
            fragments = Fragments::default();
            keyring = keys(&kept.file);
        }
        let mut packet = Packet::dissect(kept.frame());
        fragments.join(&mut packet);
        inflated.open(&mut packet);
        keyring.open(&mut packet);
        let kept_less = kept.octets.get(..SNAPLEN).unwrap_or(&kept.octets);
        let cut = Frame { octets: Octets::new(kept_less, kept.len), ..kept.frame() };
        let told = tell(&packet, &names);
        let less = tell(&Packet::dissect(cut), &names);
        let row = theirs.remove(&kept.to_string()).expect("a row; make.sh writes the table anew");
        for ((name, told), less) in names.iter().zip(&told).zip(&less) {
            let theirs = row.get(name).copied().unwrap_or_default();
            compared += usize::from(!theirs.is_empty());
            let left = within(SNAPLEN, theirs, told, less);
            for (ours, theirs, what) in
                [(joined(told), theirs, "whole"), (joined(less), left.as_str(), "cut")]
            {
                let known = DIVERGENCES.iter().position(|(capture, field, _)| {
                    name.starts_with(field) && kept.file.strip_prefix("fixtures/") == Some(capture)
                });
                match known {
                    _ if ours == theirs => {}
                    Some(at) => _ = used.insert(at),
                    None => wrong.push(format!("{kept} {what} {name}: {ours:?}, not {theirs:?}")),
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {compared} differ:\n{}", wrong.len(), wrong.join("\n"));
    let idle = (0..DIVERGENCES.len()).find(|at| !used.contains(at)).map(|at| DIVERGENCES[at]);
    assert_eq!(idle, None, "is not needed");
    assert!(compared > 5000, "only {compared} values");
}
