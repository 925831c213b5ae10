//! What is told of conversations as a whole.

mod program;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Each packet belongs to a conversation, or is named among those that do not.
#[test]
fn packets_are_attributed_or_skipped_with_a_reason() {
    for fixture in fixtures() {
        let (mut attributed, mut skipped, mut packets) = (0, 0, 0);
        for record in records(&fixture) {
            if record["type"] == "capture" {
                packets = record["packets"].as_u64().unwrap_or(0);
                let reasons = record["skipped"].as_object().expect("reasons");
                skipped = reasons.values().filter_map(Value::as_u64).sum();
            } else {
                attributed += record["client"]["packets"].as_u64().expect("a count");
                attributed += record["server"]["packets"].as_u64().expect("a count");
            }
        }
        assert_eq!(attributed + skipped, packets, "{}", fixture.display());
    }
}

#[test]
fn packets_that_a_card_had_joined_are_counted() {
    let merged = |fixture: &str| {
        let records = records(&PathBuf::from(format!("fixtures/{fixture}")));
        records.last().expect("a record")["quality"]["merged_frames"].as_u64()
    };
    assert_eq!(merged("offload.pcap"), Some(3));
    assert_eq!(merged("http-get.pcap"), Some(0));
}

/// Columns say the same as records, each under its dotted name.
#[test]
fn a_row_holds_what_the_record_holds() {
    for fixture in fixtures() {
        let records: Vec<Value> =
            records(&fixture).into_iter().filter(|record| record["type"] != "capture").collect();
        let text = wiretale(&["flows", "-o", "csv"], &fixture);
        let mut rows = text.lines().map(cells);
        let header = rows.next().expect("a header");
        assert_eq!(rows.clone().count(), records.len(), "{}", fixture.display());
        for (row, record) in rows.zip(&records) {
            assert_eq!(row.len(), header.len());
            let mut told = BTreeMap::new();
            flatten("", record, &mut told);
            if record["type"] == "connection" {
                assert_eq!(told.len(), header.len(), "every name has its column");
            }
            for (name, cell) in header.iter().zip(row) {
                let value = told.get(name).map_or("", String::as_str);
                assert_eq!(cell, value, "{name} of {}", fixture.display());
            }
        }
    }
}

/// A conversation is told when a packet of it passes the filter, and is told whole.
#[test]
fn a_filter_chooses_conversations_and_changes_none() {
    let fixture = PathBuf::from("fixtures/http-get.pcap");
    let all = wiretale(&["flows"], &fixture);
    let some = wiretale(&["flows", "-Y", "http.request"], &fixture);
    let expected: Vec<&str> = all.lines().filter(|line| line.contains("HTTP")).collect();
    assert_eq!(expected.len(), 1);
    assert_eq!(some.lines().collect::<Vec<_>>(), expected);
}

/// Names are the capture's own, the server's most telling one first, and -n leaves them out.
#[test]
fn names_stand_beside_addresses_unless_numbers_are_asked_for() {
    for (fixture, name, from) in [
        ("fixtures/http-get.pcap", "www.lab.example", "host"),
        ("fixtures/tls13.pcap", "www.lab.example", "sni"),
    ] {
        let fixture = PathBuf::from(fixture);
        let records = records(&fixture);
        let connection = records.iter().find(|record| record["type"] == "connection");
        let server_name = &connection.expect("a connection")["server_name"];
        assert_eq!(server_name["name"], name);
        assert_eq!(server_name["from"], from);
        assert!(wiretale(&["flows"], &fixture).contains(name));
        assert!(wiretale(&["flows", "--top", "9"], &fixture).contains("www.lab"));
        assert!(!wiretale(&["flows", "-n"], &fixture).contains(name));
    }
    let fixture = PathBuf::from("fixtures/names.pcapng");
    let records = records(&fixture);
    let flow = records.iter().find(|record| record["type"] == "flow").expect("a flow");
    assert_eq!(flow["key"]["server"]["name"], "router.lab.example");
}

#[test]
fn what_the_tracker_says_is_filtered_by() {
    let fixture = PathBuf::from("fixtures/fast-retransmit.pcap");
    let numbers = |filter| {
        let told = wiretale(&["packets", "-e", "frame.number", "-Y", filter], &fixture);
        told.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(numbers("tcp.analysis.retransmission"), ["39"]);
    assert_eq!(numbers("wiretale.verdict.kind == \"fast\""), ["39"]);
    assert_eq!(numbers("tcp.analysis.duplicate_ack_num == 3"), ["30"]);
    assert_eq!(numbers("wiretale.verdict.of_packet == 16"), ["39"]);
    assert_eq!(numbers("tcp.seq == 0 and tcp.flags.ack == 0"), ["1"]);
    assert_eq!(numbers("tcp.nxtseq == 26002"), ["41"]);
    assert_eq!(numbers("tcp.analysis.initial_rtt > 1"), [""; 0]);
    assert_eq!(numbers("tcp.analysis.initial_rtt < 0.001").len(), 41);
}

/// Which segment it acknowledges, and after how long: as far as the capture's own times tell it.
#[test]
fn a_round_trip_is_the_time_between_two_packets() {
    let names =
        ["frame.number", "frame.time_epoch", "tcp.analysis.acks_frame", "tcp.analysis.ack_rtt"];
    let mut arguments = vec!["packets"];
    for name in names {
        arguments.extend(["-e", name]);
    }
    let nanos = |seconds: &str| -> u64 { seconds.replace('.', "").parse().expect("a number") };
    let mut count = 0;
    for fixture in fixtures() {
        let told = wiretale(&arguments, &fixture);
        let rows: Vec<Vec<&str>> = told.lines().map(|line| line.split('\t').collect()).collect();
        let time = |number: &str| {
            let row = rows.iter().find(|row| row[0] == number).expect("a packet before");
            nanos(row[1])
        };
        for row in rows.iter().filter(|row| !row[2].is_empty()) {
            let after = nanos(row[1]) - time(row[2]);
            assert_eq!(after, nanos(row[3]), "{} packet {}", fixture.display(), row[0]);
            count += 1;
        }
    }
    assert!(count > 100, "only {count} round trips");
}

/// -S brings back the numbers of the header.
#[test]
fn absolute_numbers_are_those_of_the_header() {
    let fixture = PathBuf::from("fixtures/zero-window.pcap");
    let lines = wiretale(&["packets", "-S"], &fixture);
    let raw = wiretale(&["packets", "-e", "tcp.seq_raw", "-e", "tcp.ack_raw"], &fixture);
    assert_eq!(lines.lines().count(), 28);
    for (line, raw) in lines.lines().zip(raw.lines()) {
        let (seq, ack) = raw.split_once('\t').expect("two cells");
        assert!(line.contains(&format!(" seq {seq}")), "{line}");
        assert!(ack == "0" || line.contains(&format!(" ack {ack} ")), "{line}");
    }
}

/// A name may hold a quotation mark: a record is JSON all the same, and a row has its cells.
#[test]
fn a_name_with_a_quotation_mark_breaks_no_record() {
    let mut octets = fs::read("fixtures/tls12.pcap").expect("a fixture");
    let name = records(&PathBuf::from("fixtures/tls12.pcap"))
        .iter()
        .find_map(|one| one["server_name"]["name"].as_str().map(str::to_owned))
        .expect("a name that a client asked for");
    while let Some(at) = octets.windows(name.len()).position(|it| it == name.as_bytes()) {
        octets[at] = b'"';
    }
    let fixture = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("quotation-mark.pcap");
    fs::write(&fixture, octets).expect("room");
    let hostile = format!("\"{}", &name[1..]);
    let names = records(&fixture);
    assert!(names.iter().any(|one| one["server_name"]["name"] == hostile.as_str()));
    let rows = wiretale(&["flows", "-o", "csv"], &fixture);
    assert!(rows.contains(&format!(",\"\"\"{}\",sni", &name[1..])), "{rows}");
}

/// Where the capturing system lost packets, less may be concluded from every connection.
#[test]
fn what_the_system_dropped_lowers_confidence() {
    let whole = PathBuf::from("fixtures/two-requests.pcapng");
    let mut octets = fs::read(&whole).expect("a fixture");
    // draft-ietf-opsawg-pcapng §4.6: the statistics of interface 0, which dropped three (option 5).
    for word in [5, 40, 0, 0, 0, 5 | 8 << 16, 3, 0, 0, 40_u32] {
        octets.extend(word.to_le_bytes());
    }
    let lossy = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("dropped.pcapng");
    fs::write(&lossy, octets).expect("room");
    let doubts = |fixture: &PathBuf| {
        let connections = records(fixture).into_iter().filter(|one| one["type"] == "connection");
        connections.map(|one| one["confidence"].to_string()).collect::<Vec<_>>()
    };
    assert!(doubts(&whole).iter().all(|doubts| !doubts.contains("drops")));
    assert!(!doubts(&lossy).is_empty() && doubts(&lossy).iter().all(|it| it.contains("drops")));
}

/// A number that no conversation has is no mistake in the command line; a missing one is.
#[test]
fn a_conversation_that_is_not_there_is_said_to_be_not_there() {
    let run = |arguments: &[&str]| {
        let output = program::run(arguments);
        (output.status.code(), program::text(&output.stderr).to_owned())
    };
    for form in [&["--color=never"][..], &["--json"], &["-o", "csv"]] {
        let (code, said) = run(&[&["flow", "fixtures/http-get.pcap#7"], form].concat());
        assert_eq!(code, Some(1));
        assert_eq!(
            said,
            "wiretale: there is no conversation 7: the capture has 2, and `flows` tells their numbers\n"
        );
    }
    assert_eq!(run(&["flow", "fixtures/http-get.pcap"]).0, Some(2));
    assert_eq!(run(&["flow", "2"]).0, Some(2));
    assert_eq!(run(&["packets", "-o", "zeek", "fixtures/http-get.pcap"]).0, Some(2));
}

#[test]
fn what_a_table_leaves_out_it_counts() {
    let fixture = PathBuf::from("fixtures/icmp.pcap");
    let count = wiretale(&["flows", "--top", "0"], &fixture).lines().count();
    let table = wiretale(&["flows", "--top", "3"], &fixture);
    let rows = table.lines().filter(|line| line.contains("192.168.0.")).count();
    assert_eq!(rows, 3);
    assert!(table.contains(&format!("  and {} more: --top 0 tells all\n", count - 3)), "{table}");
}

/// Rows have as many cells as there are fields, and what was said belongs to a conversation.
#[test]
fn zeeks_logs_agree_among_themselves() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("zeek");
    let mut questions = 0;
    for fixture in fixtures() {
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("a folder");
        let said = wiretale(
            &["flows", "-o", "zeek", "--directory", folder.to_str().expect("UTF-8")],
            &fixture,
        );
        assert_eq!(said, "");
        let log = |name: &str| -> Vec<Vec<String>> {
            let text = fs::read_to_string(folder.join(name)).unwrap_or_default();
            let fields = text.lines().find_map(|line| line.strip_prefix("#fields\t"));
            let width = fields.map_or(0, |fields| fields.split('\t').count());
            let rows = text.lines().filter(|line| !line.starts_with('#'));
            let rows = rows.map(|line| line.split('\t').map(str::to_owned).collect::<Vec<_>>());
            rows.inspect(|row| assert_eq!(row.len(), width, "{name}: {row:?}")).collect()
        };
        let conversations = log("conn.log");
        for row in log("dns.log").into_iter().chain(log("http.log")) {
            let conversation = conversations.iter().find(|other| other[1] == row[1]);
            let conversation =
                conversation.unwrap_or_else(|| panic!("{}: {row:?}", fixture.display()));
            let mut ends = [&row[2..4], &row[4..6]];
            if ends[0] != &conversation[2..4] {
                ends.reverse();
            }
            // Of what is sent to a group the answers come from elsewhere.
            if !["224.", "ff02"].iter().any(|group| conversation[4].starts_with(group)) {
                assert_eq!(ends.concat(), conversation[2..6], "{}", fixture.display());
            }
            questions += 1;
        }
    }
    assert!(questions > 100, "{questions}");
}

/// A capture through a pipe holds the same conversations as in a file.
#[test]
fn a_pipe_tells_the_same_as_a_file() {
    for fixture in fixtures() {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wiretale"));
        command.args(["flows", "--json", "-"]).env("LC_ALL", "C.UTF-8");
        let piped = command.stdin(fs::File::open(&fixture).expect("a fixture")).output();
        let piped = String::from_utf8(piped.expect("the program").stdout).expect("UTF-8");
        let told = wiretale(&["flows", "--json"], &fixture);
        assert!(conversations(&piped).eq(conversations(&told)), "{}", fixture.display());
    }
}

/// Without a filter most frames are looked at ahead, and those that only go on are not read whole: that
/// takes less time, and changes nothing.
#[test]
fn what_is_skimmed_is_told_as_if_it_had_been_read() {
    let all = ["-Y", "frame.number > 0", "--from", "1970-01-01T00:00:00Z"];
    for fixture in fixtures() {
        for form in ["ndjson", "csv"] {
            let skimmed = wiretale(&["flows", "-o", form], &fixture);
            let read = wiretale(&[&["flows", "-o", form], &all[..]].concat(), &fixture);
            assert_eq!(skimmed, read, "{}", fixture.display());
        }
    }
}

/// Two captures of one time are one capture, whichever is named first.
#[test]
fn the_order_of_files_does_not_matter() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    for name in ["http-get", "zero-window", "half-close"] {
        let fixture = PathBuf::from(format!("fixtures/{name}.pcap"));
        let parts = [("tcp.dstport < 1024", "one"), ("!(tcp.dstport < 1024)", "other")];
        let paths = parts.map(|(filter, part)| {
            let path = folder.join(format!("{name}-{part}.pcap"));
            let path_text = path.to_str().expect("a path").to_owned();
            wiretale(&["packets", "-Y", filter, "-w", &path_text], &fixture);
            path_text
        });
        let told = |order: [&str; 2]| {
            let told = wiretale(&["flows", "--json", order[0]], &PathBuf::from(order[1]));
            conversations(&told).map(str::to_owned).collect::<Vec<_>>()
        };
        let one = told([&paths[0], &paths[1]]);
        assert!(!one.is_empty(), "{name}");
        assert_eq!(one, told([&paths[1], &paths[0]]), "{name}");
        let whole = wiretale(&["flows", "--json"], &fixture);
        assert_eq!(one.len(), conversations(&whole).count(), "{name}");
    }
}

/// All but the records that name the source.
fn conversations(told: &str) -> impl Iterator<Item = &str> {
    told.lines().filter(|line| !line.starts_with(r#"{"type":"capture""#))
}

fn records(fixture: &Path) -> Vec<Value> {
    program::read(&wiretale(&["flows", "--json"], fixture))
}

fn wiretale(arguments: &[&str], fixture: &Path) -> String {
    let fixture = fixture.to_str().expect("a plain path");
    program::text(&program::run(&[arguments, &[fixture]].concat()).stdout).to_owned()
}

fn fixtures() -> Vec<PathBuf> {
    let entries = fs::read_dir("fixtures").expect("fixtures");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths.filter(|path| path.to_str().is_some_and(|name| name.contains(".pcap"))).collect()
}

fn flatten(prefix: &str, value: &Value, into: &mut BTreeMap<String, String>) {
    let plain = |value: &Value| match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let dot = if prefix.is_empty() { "" } else { "." };
                flatten(&format!("{prefix}{dot}{name}"), value, into);
            }
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(plain).collect();
            into.insert(prefix.to_owned(), items.join(" "));
        }
        other => _ = into.insert(prefix.to_owned(), plain(other)),
    }
}

/// No cell of these records has a quote or a comma in it.
fn cells(line: &str) -> Vec<String> {
    assert!(!line.contains('"'));
    line.split(',').map(str::to_owned).collect()
}
