//! Rules are about what records say, and how a check ends says whether they were kept.

mod program;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use program::{run, text};
use serde_json::Value;
use wiretale::filter::rule::Rule;
use wiretale::render::check;

/// What a check of a fixture prints, and how it ends.
fn checked(fixture: &str, arguments: &[&str]) -> (String, i32) {
    let path = format!("fixtures/{fixture}");
    let output = run(&[&["check", &path], arguments].concat());
    let told = format!("{}{}", text(&output.stdout), text(&output.stderr));
    (told, output.status.code().expect("a code"))
}

/// The records of rules, in their order.
fn records(fixture: &str, rules: &[String]) -> Vec<Value> {
    let mut arguments = vec!["--json"];
    for rule in rules {
        arguments.extend(["-e", rule]);
    }
    let (told, _) = checked(fixture, &arguments);
    let records =
        told.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{told}")));
    records.filter(|record: &Value| record["type"] == "check").collect()
}

/// The rows of comma-separated values, each with its cells.
fn rows(csv: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell) = (Vec::new(), Vec::new(), String::new());
    let (mut letters, mut is_quoted) = (csv.chars().peekable(), false);
    while let Some(letter) = letters.next() {
        match letter {
            '"' if is_quoted && letters.next_if_eq(&'"').is_some() => cell.push('"'),
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => row.push(std::mem::take(&mut cell)),
            '\n' if !is_quoted => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            other => cell.push(other),
        }
    }
    rows
}

fn columns(question: &str, fixture: &str) -> Vec<Vec<String>> {
    let output = run(&[question, "-o", "csv", &format!("fixtures/{fixture}")]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    rows(text(&output.stdout))
}

/// A value as a rule has it, where the field may hold one like it.
fn limit(cell: &str) -> String {
    let cell = cell.strip_prefix('\'').unwrap_or(cell);
    format!("\"{}\"", cell.replace('\\', "\\\\").replace('"', "\\\""))
}

#[test]
fn every_column_of_conversations_and_of_exchanges_can_be_named() {
    let fields = check::fields();
    for (question, subject) in [("flows", "connection"), ("exchanges", "exchange")] {
        let header = &columns(question, "http-get.pcap")[0];
        assert!(header.len() > 80, "{question} has {} columns", header.len());
        for column in header {
            let named = format!("{subject}.{column}");
            let limits = ["1", "true", "1970-01-01T00:00:00Z", "1%"];
            let rule = limits
                .iter()
                .find_map(|limit| Rule::new(&format!("{named}=={limit}"), &fields).ok())
                .unwrap_or_else(|| panic!("{named} cannot be limited"));
            let found = &fields.0[rule.subject()];
            assert_eq!(found.name, subject, "{named}");
            assert_eq!(&found.fields[rule.field()].name, column, "{named}");
        }
    }
}

/// What a row says of a record, rules about that record hold; where it says nothing, they are not known.
#[test]
fn a_rule_sees_what_the_row_says() {
    let mut seen = 0;
    for (question, subject, kind) in [
        ("flows", "connection", "connection"),
        ("flows", "flow", "flow"),
        ("exchanges", "exchange", "exchange"),
    ] {
        for fixture in [
            "http-get.pcap",
            "zero-window.pcap",
            "dns-types.pcap",
            "tls12.pcap",
            "dhcp.pcap",
            "reset.pcap",
        ] {
            let rows = columns(question, fixture);
            let (header, rows) = rows.split_first().expect("a header");
            for row in rows.iter().filter(|row| row[0] == kind).take(2) {
                let id = &row[header.iter().position(|name| name == "id").expect("an id")];
                let mut rules = Vec::new();
                let mut cells = Vec::new();
                for (name, cell) in header.iter().zip(row) {
                    // Of a flow only those columns have a meaning that are not a connection's.
                    if subject == "flow" && cell.is_empty() {
                        continue;
                    }
                    let limit = if cell.is_empty() { "1" } else { &limit(cell) };
                    for limit in [limit, "true", "2026-11-20T09:30:00Z"] {
                        let rule = format!("{subject}.{name}=={limit} if {subject}.id=={id}");
                        if Rule::new(&rule, &check::fields()).is_ok() {
                            rules.push(rule);
                            cells.push(cell);
                            break;
                        }
                    }
                }
                let told = records(fixture, &rules);
                assert_eq!(told.len(), rules.len());
                for ((record, rule), cell) in told.iter().zip(&rules).zip(cells) {
                    let counts = [&record["held"], &record["broken"], &record["unknown"]];
                    if cell.is_empty() {
                        // A list may be known to be empty.
                        let is_empty = record["offenders"][0]["value"] == "";
                        assert_eq!(counts[0], 0, "{fixture}: {record}");
                        assert!(is_empty || counts[1] == 0, "{fixture}: {record}");
                    } else {
                        assert!(
                            counts[0] == 1 && counts[1] == 0 && counts[2] == 0,
                            "{fixture}: {rule}: {record}"
                        );
                        seen += 1;
                    }
                }
            }
        }
    }
    assert!(seen > 500, "only {seen} values were compared");
}

#[test]
fn how_it_ends_says_whether_all_rules_were_kept() {
    let (told, code) = checked("http-get.pcap", &["-e", "state!=open"]);
    assert_eq!((told.as_str(), code), ("ok       state!=open  held by 1 of 1 connection\n", 0));
    let (told, code) = checked("http-get.pcap", &["-e", "state!=open", "-e", "http.status>=500"]);
    assert_eq!(code, 4, "{told}");
    assert!(told.contains("http.status>=500  broken by exchange "), "{told}");
    let (told, code) = checked("http-get.pcap", &["-q", "-e", "http.status>=500"]);
    assert_eq!((told.as_str(), code), ("", 4));
    let (told, code) = checked("missing.pcap", &["-e", "state!=open"]);
    assert_eq!((told.as_str(), code), ("wiretale: fixtures/missing.pcap: no such file\n", 1));
    for wrong in [&["-e", "stat!=open"][..], &[], &["--rules", "fixtures/missing.txt"]] {
        let (told, code) = checked("missing.pcap", wrong);
        assert_eq!(code, 2, "{told}");
        assert!(!told.contains("missing.pcap: no such file"), "{told}");
    }
    let (told, code) = checked("cut-short.pcap", &["-e", "packets>0"]);
    assert_eq!(code, 1, "{told}");
    assert!(told.starts_with("ok       packets>0  held by the capture\n"), "{told}");
}

/// The number and a value of the first record of a fixture that has one.
fn value(question: &str, fixture: &str, column: &str) -> (String, u64) {
    let rows = columns(question, fixture);
    let at = |column| rows[0].iter().position(|name| name == column).expect("a column");
    let mut values = rows[1..].iter().map(|row| (row[at("id")].clone(), row[at(column)].parse()));
    let (id, value) = values.find(|(_, value)| value.is_ok()).expect("a value");
    (id, value.expect("a number"))
}

#[test]
fn a_rule_just_holds_and_just_breaks() {
    for (question, fixture, column, unit) in [
        ("flows", "http-get.pcap", "handshake.rtt_ns", "ns"),
        ("flows", "zero-window.pcap", "server.window.zero_ns", "ns"),
        ("flows", "fast-retransmit.pcap", "client.retransmitted_packets", ""),
        ("flows", "http-get.pcap", "server.payload_bytes", ""),
        ("exchanges", "http-get.pcap", "latency_ns", "ns"),
    ] {
        let (id, value) = value(question, fixture, column);
        assert!(value > 0, "{fixture}: {column}");
        let ends = |limit| {
            let subject = if question == "flows" { "connection" } else { "exchange" };
            let rule = format!("{subject}.{column}<{limit}{unit} if {subject}.id=={id}");
            checked(fixture, &["-e", &rule])
        };
        let (told, code) = ends(value);
        assert_eq!(code, 4, "{fixture}: {told}");
        let (told, code) = ends(value + 1);
        assert_eq!(code, 0, "{fixture}: {told}");
        assert!(told.contains("held by 1 of 1"), "{fixture}: {told}");
    }
}

#[test]
fn who_breaks_a_rule_is_named_with_the_packets_that_show_it() {
    for (fixture, rule, packets) in [
        ("fast-retransmit.pcap", "retransmitted==0", "resent"),
        ("timeout-retransmit.pcap", "retransmitted==0", "resent"),
        ("zero-window.pcap", "server.window.zero_count==0", "zero_window"),
    ] {
        let said = format!("fixtures/{fixture}");
        let output = run(&["packets", "--json", &said]);
        let shown: Vec<u64> = text(&output.stdout)
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).expect("JSON"))
            .filter(|packet| {
                let verdicts = packet["verdicts"].as_array();
                verdicts.is_some_and(|all| all.iter().any(|one| one["name"] == packets))
            })
            .filter_map(|packet| packet["number"].as_u64())
            .collect();
        let told = records(fixture, &[rule.to_owned()]);
        let offenders = told[0]["offenders"].as_array().expect("a list");
        assert_eq!(offenders.len(), 1, "{told:?}");
        let named: Vec<u64> = offenders[0]["packets"]
            .as_array()
            .expect("a list")
            .iter()
            .filter_map(Value::as_u64)
            .collect();
        assert!(
            !named.is_empty() && named.iter().all(|one| shown.contains(one)),
            "{fixture}: {named:?} of {shown:?}"
        );
    }
    let (told, _) = checked("refused.pcap", &["-e", "no refused"]);
    assert!(
        told.contains("no refused  broken by connection 1: refused, 29 µs (packets 1, 2)"),
        "{told}"
    );
    let (told, _) = checked("dns-errors.pcap", &["-e", "no failing_resolver"]);
    assert!(told.contains("no failing_resolver  broken by the capture\n"), "{told}");
    assert!(told.contains("broken by the capture: failing_resolver"), "{told}");
    let (told, _) = checked("dns-errors.pcap", &["-e", "dns.rcode==NOERROR"]);
    assert!(told.contains("broken by exchange 1: SERVFAIL (packets 1, 2)"), "{told}");
}

#[test]
fn what_is_not_known_is_counted_and_breaks_nothing() {
    let (told, code) = checked(
        "http-get.pcap",
        &["-e", "budget<1s", "-e", "dns.latency<1s", "-e", "quality.dropped==0"],
    );
    assert_eq!(code, 2, "the record has no such thing yet, and its name no unit: {told}");
    let (told, code) =
        checked("http-get.pcap", &["-e", "close.by==client", "-e", "quality.dropped==0"]);
    assert!(told.contains("quality.dropped==0  the capture does not tell"), "{told}");
    assert!(code == 0 || told.contains("broken"), "{told}");
    let told = records("refused.pcap", &["rtt<1s".to_owned(), "handshake<1s".to_owned()]);
    assert_eq!(told[1]["unknown"], 1, "{told:?}");
    assert_eq!(told[1]["broken"], 0, "{told:?}");
}

#[test]
fn rules_are_read_from_files() {
    let path = scratch("rules.txt", "# limits\n\nstate!=open  # all are over\nhttp.status < 500\n");
    let (told, code) = checked("http-get.pcap", &["--rules", &path, "-e", "packets>0"]);
    assert_eq!(code, 0, "{told}");
    let rules: Vec<&str> =
        told.lines().map(|line| line[9..].split("  ").next().unwrap_or("")).collect();
    assert_eq!(rules, ["packets>0", "state!=open", "http.status < 500"]);
    fs::write(&path, "state!=open\n# well\nhttp.statu<500\n").expect("a writable folder");
    let (told, code) = checked("http-get.pcap", &["--rules", &path]);
    assert_eq!(code, 2);
    assert!(told.contains("rules.txt: line 3: rule: no field is called \"http.statu\"; the nearest is \"http.status\""), "{told}");
    fs::write(&path, "# none\n").expect("a writable folder");
    assert!(checked("http-get.pcap", &["--rules", &path]).0.contains("no rule in it"));
    fs::remove_file(&path).expect("it is there");
}

fn scratch(name: &str, content: &str) -> String {
    let path: PathBuf = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("check-{name}"));
    fs::write(&path, content).expect("a writable folder");
    path.to_str().expect("UTF-8").to_owned()
}

#[test]
fn of_many_that_break_a_rule_the_worst_are_shown_and_all_when_that_is_asked() {
    let one = fs::read("fixtures/dns-types.pcap").expect("the fixture");
    let (told, code) = checked("dns-types.pcap", &["-e", "dns.name==nobody"]);
    assert_eq!(code, 4);
    let count = records("dns-types.pcap", &["dns.name==nobody".to_owned()])[0]["broken"].as_u64();
    let count = count.expect("a number");
    assert!(count > 10, "{count} questions in {} octets", one.len());
    assert_eq!(told.lines().filter(|line| line.contains("broken by exchange")).count(), 10);
    assert!(told.contains(&format!("and {} more: --all shows them", count - 10)), "{told}");
    let (told, _) = checked("dns-types.pcap", &["--all", "-e", "dns.name==nobody"]);
    let shown = told.lines().filter(|line| line.contains("broken by exchange")).count();
    assert_eq!(shown as u64, count);
    let told = &records("dns-types.pcap", &["dns.name==nobody".to_owned()])[0];
    assert_eq!(told["offenders"].as_array().map(Vec::len), usize::try_from(count).ok());
}

#[test]
fn a_name_on_the_wire_reaches_the_screen_only_in_safe_letters() {
    let head = "GET /\x1b]0;x\x07 HTTP/1.1\r\n";
    assert!(head.contains('\x1b'));
    let (told, _) = checked("http-get.pcap", &["-e", "http.target==\"\\x1b[31m\""]);
    assert!(!told.contains('\x1b'), "{told}");
    assert!(told.contains("http.target=="), "{told}");
}

#[test]
fn packets_from_standard_input_are_checked_as_they_come() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_wiretale"))
        .args(["check", "-", "-e", "http.status>=500"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program");
    let octets = fs::read("fixtures/http-get.pcap").expect("the fixture");
    child.stdin.take().expect("a pipe").write_all(&octets).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(4));
    assert!(text(&output.stdout).contains("broken by exchange "));
}

#[test]
fn what_passes_no_filter_is_not_judged() {
    let (told, code) = checked(
        "http-get.pcap",
        &["-Y", "udp", "-e", "no stall", "-e", "state==open", "-e", "http.status>=500"],
    );
    assert_eq!(code, 0, "{told}");
}
