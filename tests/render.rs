//! What every way of telling owes its readers: valid records, and nothing that a terminal, a
//! spreadsheet or a parser would take for more than text.

mod fixtures;

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::io::{self, Write};
use std::ops::Range;
use std::rc::Rc;

use fixtures::frames;
use serde_json::Value as Json;
use wiretale::flow::{Flows, Seen};
use wiretale::octets::Octets;
use wiretale::render::Report;
use wiretale::render::choice::Choice;
use wiretale::render::clock::{Clock, Style};
use wiretale::render::columns::{Columns, Form};
use wiretale::render::hex::Dumps;
use wiretale::render::line::Lines;
use wiretale::render::out::Out;
use wiretale::render::overview::{self, Overview};
use wiretale::render::tree::Trees;
use wiretale::timeline::{About, Frame, Interface, Timestamp};
use wiretale::wire::Packet;
use wiretale::wire::field::{Field, Listener, Value};

const FIELDS: [&str; 8] = [
    "frame.number",
    "frame.comment",
    "frame.time_delta",
    "eth.addr",
    "ip.src",
    "tcp.port",
    "tcp.flags",
    "tcp.options.timestamp",
];

#[test]
fn records_are_json_and_no_key_occurs_twice() {
    let told = tell(json, &about(), packets());
    for line in told.lines() {
        serde_json::from_str::<Unrepeated>(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    }
    assert_eq!(told.lines().count(), frames().len() + 2);
}

#[test]
fn a_field_asked_for_twice_is_told_once() {
    let choice = || Choice::new(["ip.src", "ip.src", "ip.addr"]).expect("known fields");
    let told = tell(
        |out| Box::new(wiretale::render::json::Json::new(out, Some(choice()))),
        &about(),
        packets(),
    );
    for line in told.lines() {
        serde_json::from_str::<Unrepeated>(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    }
}

/// Every number, flag and address is in the record, in the order told.
#[test]
fn records_say_what_the_layers_say() {
    let told = tell(json, &about(), packets());
    for (line, kept) in told.lines().skip(1).zip(frames()) {
        let record: Json = serde_json::from_str(line).expect("JSON");
        let mut expected = Expected::default();
        for layer in Packet::dissect(kept.frame()).layers() {
            layer.fields(&mut expected);
        }
        let fields = record["fields"].as_object().expect("an object");
        assert_eq!(fields.len(), expected.0.len(), "{kept}");
        for (name, values) in expected.0 {
            let found = match &fields[name] {
                Json::Array(found) => found.clone(),
                one => vec![one.clone()],
            };
            assert_eq!(found.len(), values.len(), "{kept}: {name}");
            for (found, value) in found.iter().zip(values) {
                assert!(value.is_none_or(|value| value == *found), "{kept}: {name} is {found}");
            }
        }
    }
}

#[test]
fn the_last_record_counts_everything() {
    let told = tell(json, &about(), packets());
    let last: Json = serde_json::from_str(told.lines().last().expect("a line")).expect("JSON");
    assert_eq!(last["packets"], frames().len());
    assert_eq!(last["wire_bytes"], frames().iter().map(|kept| kept.len).sum::<usize>());
    assert_eq!(last["type"], "capture");
}

#[test]
fn the_overview_leaves_no_packet_out() {
    let form = overview::Form::Ndjson;
    let told = tell(|out| Box::new(Overview::new(out, form)), &about(), packets());
    let mut packets = 0;
    for line in told.lines() {
        let record: Json = serde_json::from_str(line).expect("JSON");
        if record["type"] == "protocol" {
            packets += record["packets"].as_u64().expect("a count");
        }
    }
    assert_eq!(packets, frames().len() as u64);
}

#[test]
fn comma_separated_cells_are_the_tab_separated_ones() {
    let choice = || Some(Choice::new(FIELDS).expect("known fields"));
    let header = Form::Tabs { header: true };
    let tabs = tell(|out| Box::new(Columns::new(out, header, choice())), &about(), attacks());
    let csv = tell(|out| Box::new(Columns::new(out, Form::Csv, choice())), &about(), attacks());
    let rows = rows(&csv);
    assert_eq!(rows.len(), tabs.lines().count());
    for (row, line) in rows.iter().zip(tabs.lines()) {
        let cells: Vec<&str> = line.split('\t').collect();
        assert_eq!(row.len(), FIELDS.len());
        assert_eq!(cells.len(), FIELDS.len(), "{line:?}");
        for (cell, other) in row.iter().zip(cells) {
            let begins = cell.chars().next();
            assert!(!begins.is_some_and(|first| "=+-@\t\r".contains(first)), "{cell:?}");
            let formula = other.starts_with(['=', '+', '-', '@']);
            assert_eq!(*cell, format!("{}{other}", if formula { "'" } else { "" }));
        }
    }
}

#[test]
fn nothing_on_the_wire_reaches_the_terminal_unescaped() {
    let mut about = about();
    about.names = vec!["a\x1b]0;owned\x07\n\u{202e}.pcap".to_owned()];
    about.damage = Some("b\x1b[2J".to_owned());
    about.interfaces[0].name = (*b"eth\x1b[31m\r\n\"").into();
    for report in reports() {
        let told = tell(report, &about, attacks().chain(packets()));
        let bad = told.chars().find(|c| {
            c.is_control() && !"\n\t".contains(*c) || "\u{202e}\u{2066}\u{200b}".contains(*c)
        });
        assert_eq!(bad, None);
    }
}

#[test]
fn trees_and_rows_keep_to_the_page() {
    for report in [trees, dumps] {
        let told = tell(report, &about(), packets());
        // The first line of a packet is as long as it must be.
        for line in told.split("\n\n").flat_map(|packet| packet.lines().skip(1)) {
            // A name must be whole to be of use, even where it leaves the page.
            let name = line.rsplit(' ').next().map_or(0, str::len);
            assert!(line.chars().count() <= 100 || name > 40, "{line}");
        }
    }
}

#[test]
fn an_unknown_field_is_refused_with_its_neighbour() {
    let error = Choice::new(["ip.srcc"]).expect_err("no such field");
    assert_eq!(error.to_string(), "no field is called ip.srcc; the nearest is ip.src");
}

type New = fn(Out) -> Box<dyn Report>;

fn reports() -> [New; 8] {
    let page: New = |out| {
        Box::new(Overview::new(
            out,
            overview::Form::Page { width: 100, level: overview::Level::default() },
        ))
    };
    let records: New = |out| Box::new(Overview::new(out, overview::Form::Ndjson));
    let lines: New = |out| Box::new(Lines::new(out, Clock::new(Style::Relative)));
    let csv: New = |out| Box::new(Columns::new(out, Form::Csv, None));
    let tabs: New = |out| {
        let choice = Choice::new(FIELDS).expect("known fields");
        Box::new(Columns::new(out, Form::Tabs { header: true }, Some(choice)))
    };
    [page, records, lines, csv, tabs, json, trees, dumps]
}

fn json(out: Out) -> Box<dyn Report> {
    Box::new(wiretale::render::json::Json::new(out, None))
}

fn trees(out: Out) -> Box<dyn Report> {
    Box::new(Trees::new(out, Clock::new(Style::Utc), 100))
}

fn dumps(out: Out) -> Box<dyn Report> {
    Box::new(Dumps::new(out, Clock::new(Style::Utc), 100))
}

/// What a report wrote about some frames.
fn tell<'a>(
    report: impl Fn(Out) -> Box<dyn Report>,
    about: &About,
    frames: impl Iterator<Item = Frame<'a>>,
) -> String {
    #[derive(Clone, Default)]
    struct Paper(Rc<RefCell<Vec<u8>>>);
    impl Write for Paper {
        fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
            self.0.borrow_mut().extend_from_slice(octets);
            Ok(octets.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let paper = Paper::default();
    let mut report = report(Out::new(Box::new(paper.clone()), false, false));
    report.begin(about).expect("paper");
    for frame in frames {
        report.packet(&Packet::dissect(frame), &Seen::default()).expect("paper");
    }
    report.end(about, &Flows::default()).expect("paper");
    drop(report);
    String::from_utf8(paper.0.take()).expect("UTF-8")
}

fn about() -> About {
    let interface = Interface { link: 1, ..Interface::default() };
    About {
        names: vec!["fixture".to_owned()],
        formats: vec!["pcap"],
        interfaces: vec![interface],
        ..About::default()
    }
}

fn packets() -> impl Iterator<Item = Frame<'static>> {
    frames().iter().map(fixtures::Kept::frame)
}

/// A packet whose comments, and whose DNS and HTTP text, are all attacks.
fn attacks() -> impl Iterator<Item = Frame<'static>> {
    const COMMENTS: [&[u8]; 9] = [
        b"a\x1b[31m,\"b\"\r\n\tc",
        b"=1+1",
        b"+x",
        b"-y",
        b"@z",
        b"\t=1",
        b"x\",\"10.9.9.9\",\"forged",
        "\u{202e}\u{2066}\u{9b}\u{200b}\\".as_bytes(),
        b"\xff\xfe\x00{}[]'",
    ];
    static HTTP: std::sync::LazyLock<Vec<u8>> = std::sync::LazyLock::new(|| {
        tcp(80, b"GET /\x1b[31m\"x\",=1 HTTP/1.1\r\nHost: \xe2\x80\xae\x9b\"a\tb\r\nX-\x1b: \x07\r\n\r\n")
    });
    static DNS: std::sync::LazyLock<Vec<u8>> = std::sync::LazyLock::new(|| {
        let mut message = vec![0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 12];
        message.extend_from_slice(b"x\",\"\x1b[3\n\r\t=1");
        message.extend_from_slice(&[3, 0xe2, 0x80, 0xae, 0, 0, 16, 0, 1]);
        udp(53, &message)
    });
    let packets = [&*HTTP, &*DNS];
    COMMENTS.into_iter().zip(1..).flat_map(move |(comment, number)| {
        packets.map(|octets| Frame {
            number,
            time: Timestamp(1_000_000_000_000_000_000 - number),
            link: 228,
            interface: 0,
            comment,
            octets: Octets::whole(octets),
        })
    })
}

fn tcp(port: u8, payload: &[u8]) -> Vec<u8> {
    let mut segment = vec![0xc0, 0, 0, port, 0, 0, 0, 1, 0, 0, 0, 1, 0x50, 0x18, 1, 0, 0, 0, 0, 0];
    segment.extend_from_slice(payload);
    ipv4(6, &segment)
}

fn udp(port: u8, payload: &[u8]) -> Vec<u8> {
    let mut datagram = vec![0xc0, 0, 0, port, 0, payload.len() as u8 + 8, 0, 0];
    datagram.extend_from_slice(payload);
    ipv4(17, &datagram)
}

fn ipv4(protocol: u8, payload: &[u8]) -> Vec<u8> {
    let len = payload.len() as u8 + 20;
    let mut packet =
        vec![0x45, 0, 0, len, 0, 0, 0, 0, 64, protocol, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
    packet.extend_from_slice(payload);
    packet
}

/// The cells of a CSV file, read as RFC 4180 has it.
fn rows(text: &str) -> Vec<Vec<String>> {
    let mut rows = vec![vec![String::new()]];
    let mut characters = text.chars().peekable();
    let mut quoted = false;
    while let Some(c) = characters.next() {
        let row = rows.last_mut().expect("a row");
        let cell = row.last_mut().expect("a cell");
        match c {
            '"' if quoted && characters.peek() == Some(&'"') => {
                cell.push('"');
                characters.next();
            }
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(String::new()),
            '\n' if !quoted => rows.push(vec![String::new()]),
            c => cell.push(c),
        }
    }
    assert_eq!(rows.pop(), Some(vec![String::new()]), "the last line has an end");
    rows
}

/// The values told of each name, as far as JSON can hold them unchanged.
#[derive(Default)]
struct Expected(HashMap<&'static str, Vec<Option<Json>>>);

impl Listener for Expected {
    fn field(&mut self, field: &'static Field, _: Range<usize>, value: Value<'_>) {
        let value = match value {
            Value::Number(number) | Value::Named(number, _) if number > 1 << 53 => {
                Some(number.to_string().into())
            }
            Value::Number(number) | Value::Named(number, _) => Some(number.into()),
            Value::Flag(set) => Some(set.into()),
            Value::Address(address) => Some(address.to_string().into()),
            _ => None,
        };
        self.0.entry(field.name).or_default().push(value);
    }
}

/// Any JSON in which no object has a key twice.
struct Unrepeated;

impl<'de> serde::Deserialize<'de> for Unrepeated {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Visitor)
    }
}

struct Visitor;

impl<'de> serde::de::Visitor<'de> for Visitor {
    type Value = Unrepeated;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Unrepeated, E> {
        Ok(Unrepeated)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Unrepeated, E> {
        Ok(Unrepeated)
    }

    fn visit_str<E>(self, _: &str) -> Result<Unrepeated, E> {
        Ok(Unrepeated)
    }

    fn visit_unit<E>(self) -> Result<Unrepeated, E> {
        Ok(Unrepeated)
    }

    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut all: A) -> Result<Unrepeated, A::Error> {
        while all.next_element::<Unrepeated>()?.is_some() {}
        Ok(Unrepeated)
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut all: A) -> Result<Unrepeated, A::Error> {
        let mut keys = std::collections::HashSet::new();
        while let Some((key, Unrepeated)) = all.next_entry::<String, Unrepeated>()? {
            if keys.contains(&key) {
                return Err(serde::de::Error::custom(format!("{key} occurs twice")));
            }
            keys.insert(key);
        }
        Ok(Unrepeated)
    }
}
