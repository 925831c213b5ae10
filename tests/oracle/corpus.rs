//! Independent readers agree: captures of other projects against tables that tshark and libpcap made.
//!
//! Not part of the tests of a clone, which has neither: `.ci/run` runs it where the captures lie beside
//! the clone, and names the folder in `WIRETALE_CORPUS`. At least 99.5 % of the rows of each table must
//! be equal. `exceptions.tsv` must give a reason for each of the others, and for what we tell beyond the
//! table. `WIRETALE_DIFFERENCES` names a folder for the differences without a reason.

mod exchanges;
mod spindump;
mod streams;
mod tables;
mod told;

use std::collections::{HashMap, HashSet};
use std::process::Command;

use tables::{Comparison, Row, Truth, by_capture, corpus, frames, rows};
use told::{Told, joined, tell, within};
use wiretale::flow::Beyond;
use wiretale::octets::Octets;
use wiretale::timeline::{Frame, Moment, Source};
use wiretale::wire::Packet;

/// Of a thousand rows, so many must be equal.
const BAR: usize = 995;

/// Where packets are cut to see what is told of the rest.
const SNAPLEN: usize = 96;

/// A header field of HTTP has ended when the next octet begins no folded line (RFC 9112 §5.2).
const UNFOLDED: usize = SNAPLEN - 1;

/// Every capture ends by itself, in 10 s and 200 MB, and gives as many packets as tshark read, or as
/// libpcap read where tshark refuses the file.
#[test]
fn every_capture_ends_by_itself_with_as_many_packets() {
    let libpcap = rows("truth/shared_tcpdump.tsv");
    let libpcap: HashMap<&str, &str> =
        libpcap.iter().map(|row| (row["id"].as_str(), row["packets"].as_str())).collect();
    let mut table = Comparison::new("files", BAR);
    for file in rows("truth/files.tsv") {
        let path = corpus().join(&file["path"]);
        // Address space is more than what is held in memory; a limit on it is the stricter one.
        let output = Command::new("sh")
            .args(["-c", "ulimit -v 204800 && exec timeout 10 \"$0\" packets \"$1\""])
            .args([env!("CARGO_BIN_EXE_wiretale").as_ref(), path.as_os_str()])
            .output()
            .expect("a shell");
        let told = String::from_utf8_lossy(&output.stderr);
        // 1 and 2 say that the file is damaged or is no capture; a panic, a signal and the end of
        // patience are 101, none and 124.
        assert!(
            matches!(output.status.code(), Some(0..=2)) && !told.contains("memory"),
            "{}: {} {told}",
            path.display(),
            output.status
        );
        let lines = String::from_utf8_lossy(&output.stdout).lines().count();
        let mut theirs = frames(&file["id"]).len().to_string();
        if file["packets"] == "0" && file["tshark_rc"] != "0" {
            // Where that refuses it too, there is no count.
            theirs = libpcap[file["id"].as_str()].parse::<usize>().unwrap_or(0).to_string();
        }
        table.row(&file["id"], "", &lines.to_string(), &theirs);
    }
    table.judge();
}

/// Addresses, ports, sequence and acknowledgment numbers, lengths, flags and windows of every segment.
#[test]
fn tcp_segments_are_read_alike() {
    let mut truth = Truth::new();
    for file in rows("truth/files.tsv") {
        let rows = rows(&format!("truth/packets/{}.tsv.gz", file["id"]));
        let ours = |row: &Row| !row["seq_raw"].is_empty() && row["icmp_err"].is_empty();
        truth.insert(file["id"].clone(), rows.into_iter().filter(ours).collect());
    }
    let columns = [
        ("src", "src"),
        ("dst", "dst"),
        ("tcp.srcport", "sport"),
        ("tcp.dstport", "dport"),
        ("tcp.seq_raw", "seq_raw"),
        ("tcp.ack_raw", "ack_raw"),
        ("tcp.len", "tcplen"),
        ("tcp.flags", "flags"),
        ("tcp.window_size_value", "win"),
    ];
    compare("tcp", &columns, &truth);
}

#[test]
fn arp_is_read_alike() {
    let columns = [
        ("arp.opcode", "opcode"),
        ("arp.src.hw_mac", "sha"),
        ("arp.src.proto_ipv4", "spa"),
        ("arp.dst.hw_mac", "tha"),
        ("arp.dst.proto_ipv4", "tpa"),
    ];
    compare("arp", &columns, &by_capture("truth/arp.tsv"));
}

#[test]
fn dhcp_is_read_alike() {
    let columns = [
        ("dhcp.option.dhcp", "msgtype"),
        ("dhcp.id", "xid"),
        ("dhcp.ip.client", "ciaddr"),
        ("dhcp.ip.your", "yiaddr"),
    ];
    compare("dhcp", &columns, &by_capture("truth/dhcp.tsv"));
}

#[test]
fn dns_is_read_alike() {
    let columns = [
        ("dns.id", "dns_id"),
        ("dns.flags.response", "response"),
        ("dns.qry.name", "qname"),
        ("dns.qry.type", "qtype"),
        ("dns.flags.rcode", "rcode"),
        ("dns.count.answers", "answers"),
    ];
    compare("dns", &columns, &by_capture("truth/dns.tsv"));
}

/// Heads of HTTP messages. tshark tells a message in the packet that ends its body, we in the packet that
/// begins it; so the messages of a capture are compared, whichever packet told them. Of a packet cut to
/// [`SNAPLEN`] octets the fields that lie within are compared, for the messages that are equal in whole.
#[test]
fn http_is_read_alike() {
    let columns = [
        ("http.request.method", "method"),
        ("http.request.uri", "uri"),
        ("http.request.full_uri", "full_uri"),
        ("http.host", "host"),
        ("http.request.version", "req_version"),
        ("http.response.version", "resp_version"),
        ("http.response.code", "code"),
        ("http.response.phrase", "phrase"),
        ("http.content_length", "content_length"),
        ("http.content_type", "content_type"),
        ("http.content_encoding", "content_encoding"),
    ];
    let names = columns.map(|(name, _)| name);
    let mut truth = by_capture("truth/http.tsv");
    let mut table = Comparison::new("http", BAR);
    let mut cut = Comparison::new(format!("http-{SNAPLEN}"), BAR);
    for file in rows("truth/files.tsv") {
        let theirs = truth.remove(&file["id"]).unwrap_or_default();
        let mut theirs: Vec<(String, String)> = theirs
            .iter()
            .map(|row| {
                (row["frame"].clone(), columns.map(|(_, column)| row[column].as_str()).join(" "))
            })
            .collect();
        let mut ours = Vec::new();
        each_packet(&file["path"], |packet, less| {
            let told = tell(packet, &names);
            if told.iter().any(|values| !values.is_empty()) {
                let own = told.iter().map(|values| joined(values)).collect::<Vec<_>>().join(" ");
                let less = tell(less, &names);
                let part = told.iter().zip(&less);
                let part = part.map(|(told, less)| within(UNFOLDED, &joined(told), told, less));
                let part = part.collect::<Vec<_>>().join(" ");
                let less = less.iter().map(|values| joined(values)).collect::<Vec<_>>().join(" ");
                ours.push((packet.frame.number.to_string(), own, [less, part]));
            }
        });
        // First those in the same packet, so that what is left over is what one of us does not tell.
        for in_place in [true, false] {
            ours.retain(|(frame, own, [less, part])| {
                let same =
                    |(other, row): &(String, String)| row == own && (other == frame || !in_place);
                let Some(at) = theirs.iter().position(same) else { return true };
                table.row(&file["id"], frame, own, &theirs.swap_remove(at).1);
                if !part.trim().is_empty() {
                    cut.row(&file["id"], frame, less, part);
                }
                false
            });
        }
        for (frame, row) in &theirs {
            table.row(&file["id"], frame, "", row);
        }
        for (frame, own, _) in &ours {
            table.beyond(&file["id"], frame, own);
        }
    }
    let (table, cut) = (table.unexplained(), cut.unexplained());
    assert!(table.is_empty() && cut.is_empty(), "{table}\n{cut}");
}

/// Compares fields with the columns of a table, frame by frame: of whole packets, and of packets cut to
/// [`SNAPLEN`] octets. Of those, everything must be told that lies within them.
fn compare(name: &'static str, columns: &[(&str, &str)], truth: &Truth) {
    let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    let mut whole = Comparison::new(name, BAR);
    let mut cut = Comparison::new(format!("{name}-{SNAPLEN}"), BAR);
    for file in rows("truth/files.tsv") {
        let id = &file["id"];
        let frames = frames(id);
        let truth: HashMap<&str, &Row> =
            truth.get(id).into_iter().flatten().map(|row| (row["frame"].as_str(), row)).collect();
        let mut seen = HashSet::new();
        each_packet(&file["path"], |packet, less| {
            let Some(frame) = frames.get(packet.frame.number as usize - 1) else { return };
            let (told, less) = (tell(packet, &names), tell(less, &names));
            let line = |told: &[Vec<Told>]| {
                told.iter().map(|values| joined(values)).collect::<Vec<_>>().join(" ")
            };
            match truth.get(frame.as_str()) {
                _ if told.iter().all(Vec::is_empty) => {}
                None => whole.beyond(id, frame, &line(&told)),
                Some(row) => {
                    seen.insert(frame.clone());
                    let theirs: Vec<&str> =
                        columns.iter().map(|(_, column)| row[*column].as_str()).collect();
                    whole.row(id, frame, &line(&told), &theirs.join(" "));
                    let theirs: Vec<String> = theirs
                        .iter()
                        .zip(told.iter().zip(&less))
                        .map(|(theirs, (told, less))| within(SNAPLEN, theirs, told, less))
                        .collect();
                    cut.row(id, frame, &line(&less), &theirs.join(" "));
                }
            }
        });
        for (frame, row) in truth.iter().filter(|(frame, _)| !seen.contains(**frame)) {
            let theirs: Vec<&str> =
                columns.iter().map(|(_, column)| row[*column].as_str()).collect();
            whole.row(id, frame, "", &theirs.join(" "));
        }
    }
    let (whole, cut) = (whole.unexplained(), cut.unexplained());
    assert!(whole.is_empty() && cut.is_empty(), "{whole}\n{cut}");
}

/// Dissects every packet of a capture, fragments and streams joined, and the same cut by itself.
fn each_packet(path: &str, mut see: impl FnMut(&Packet<'_>, &Packet<'_>)) {
    let Ok(mut source) = wiretale::capture::open(&[corpus().join(path)]) else { return };
    let mut beyond = Beyond::default();
    while let Ok(Some(moment)) = source.next() {
        if matches!(moment, Moment::Secrets) {
            beyond.keyring.learn_from(&source.about().secrets);
            continue;
        }
        let Moment::Frame(frame) = moment else { continue };
        let kept = frame.octets.kept();
        let octets = Octets::new(kept.get(..SNAPLEN).unwrap_or(kept), frame.octets.len());
        let mut packet = Packet::dissect(frame);
        beyond.open(&mut packet);
        see(&packet, &Packet::dissect(Frame { octets, ..frame }));
    }
}
