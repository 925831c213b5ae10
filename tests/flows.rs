//! What is told of conversations as a whole.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
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

fn records(fixture: &PathBuf) -> Vec<Value> {
    let text = wiretale(&["flows", "--json"], fixture);
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

fn wiretale(arguments: &[&str], fixture: &PathBuf) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wiretale"));
    let output = command.args(arguments).arg(fixture).env("LC_ALL", "C.UTF-8").output();
    String::from_utf8(output.expect("the program").stdout).expect("UTF-8")
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
