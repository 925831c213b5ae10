//! Questions and answers are paired as tshark pairs them, and took as long.

use std::collections::HashMap;
use std::io;

use super::tables::{Comparison, by_capture, corpus, frames, rows};
use wiretale::flow::exchange::{Exchange, Exchanges, Topic, Wanted};
use wiretale::flow::tcp::Connection;
use wiretale::flow::{Flows, Mark, Seen};
use wiretale::pipeline::{self, Passing};
use wiretale::render::Report;
use wiretale::timeline::About;
use wiretale::wire::Packet;

/// What a table says of an answer: its packet, its question's, and the microseconds between them.
type Pair = (u64, u64, u128);

/// Every answer with the packet of its question and its time to the microsecond.
#[test]
fn dns_questions_and_answers_are_paired_alike() {
    compare("dns-pairs", "truth/dns.tsv", "response_to", |exchange| {
        let Topic::Dns(_) = exchange.topic else { return None };
        let latency = exchange.latency?.as_nanos() / 1000;
        Some((exchange.answer?.packet, exchange.question?.packet, latency))
    });
}

/// Every response with the packet that ended its request. Where the capture has not its end, tshark takes
/// the packet that begins it.
#[test]
fn http_requests_and_responses_are_paired_alike() {
    compare("http-pairs", "truth/http.tsv", "request_in", |exchange| {
        let Topic::Http(http) = &exchange.topic else { return None };
        let asked = http.request_end.or(exchange.question)?;
        let answer = exchange.answer.or(http.response_begin)?;
        Some((answer.packet, asked.packet, answer.time.since(asked.time).as_nanos() / 1000))
    });
}

fn compare(name: &str, truth: &str, column: &str, pair: impl Fn(&Exchange) -> Option<Pair>) {
    let mut truth = by_capture(truth);
    // Where tshark pairs wrongly no row can be equal.
    let mut table = Comparison::new(name, 990);
    for file in rows("truth/files.tsv") {
        let id = &file["id"];
        let theirs = truth.remove(id).unwrap_or_default();
        let mut theirs: HashMap<String, String> = theirs
            .iter()
            .filter(|row| !row["time"].is_empty() && row["in_icmp_error"].is_empty())
            .map(|row| (row["frame"].clone(), format!("{} {}", row[column], micros(&row["time"]))))
            .collect();
        let frames = frames(id);
        let frame = |packet: u64| frames.get(packet as usize - 1).cloned().unwrap_or_default();
        for exchange in exchanges(&file["path"]) {
            let Some((answer, question, micros)) = pair(&exchange) else { continue };
            let answer = frame(answer);
            let ours = format!("{} {micros}", frame(question));
            match theirs.remove(&answer) {
                Some(theirs) => table.row(id, &answer, &ours, &theirs),
                None if exchange.answer.is_some() => table.beyond(id, &answer, &ours),
                None => {}
            }
        }
        for (frame, row) in &theirs {
            table.row(id, frame, "", row);
        }
    }
    table.judge();
}

/// Seconds with nine digits of fraction as microseconds.
fn micros(seconds: &str) -> String {
    let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, "0"));
    let micros = format!("{whole}{:0<6}", &fraction[..fraction.len().min(6)]);
    let digits = micros.trim_start_matches('0');
    if digits.is_empty() { "0".into() } else { digits.into() }
}

/// Every exchange of a capture, as far as that can be read.
pub(super) fn exchanges(path: &str) -> Vec<Exchange> {
    let Ok(mut source) = wiretale::capture::open(&[corpus().join(path)]) else { return Vec::new() };
    let mut gathered = Gathered::default();
    // A damaged capture holds what stands before the damage.
    let _ = pipeline::run(&mut source, &mut Passing::default(), &mut gathered);
    gathered.told
}

#[derive(Default)]
struct Gathered {
    exchanges: Exchanges,
    told: Vec<Exchange>,
}

impl Report for Gathered {
    fn packet(&mut self, packet: &Packet<'_>, seen: &Seen<'_>) -> io::Result<()> {
        self.exchanges.observe(packet, seen, Wanted::Yes);
        self.told.extend(self.exchanges.told());
        Ok(())
    }

    fn gone(&mut self, connection: &Connection) -> io::Result<()> {
        self.exchanges.over(connection.id());
        Ok(())
    }

    fn end(&mut self, _: &About, _: &Flows) -> io::Result<()> {
        self.exchanges.end();
        self.told.extend(self.exchanges.told());
        Ok(())
    }
}

/// pcap2har's archives: every entry with its status, its body's octets and its waiting time.
#[test]
fn http_archives_hold_the_same() {
    let mut compared = 0;
    for name in ["fhs", "missing_response", "sajal"] {
        let path = corpus().join(format!("expected/pcap2har/{name}.pcap.har"));
        let archive = std::fs::read(path).expect("an archive");
        let archive: serde_json::Value = serde_json::from_slice(&archive).expect("JSON");
        let entries = archive["log"]["entries"].as_array().expect("entries");
        let exchanges = exchanges(&format!("pcap2har/{name}.pcap"));
        for entry in entries {
            let url = entry["request"]["url"].as_str().expect("a URL");
            let found = exchanges.iter().any(|exchange| is_same(exchange, url, entry));
            assert!(found, "{name}: {url}: {}", entry["timings"]);
            compared += 1;
        }
    }
    println!("har: {compared} entries are there");
}

fn is_same(exchange: &Exchange, url: &str, entry: &serde_json::Value) -> bool {
    let Topic::Http(http) = &exchange.topic else { return false };
    let text = |text: &Option<Box<[u8]>>| {
        String::from_utf8_lossy(text.as_deref().unwrap_or_default()).into_owned()
    };
    let own = format!("http://{}{}", text(&http.host), text(&http.target));
    let response = &entry["response"];
    // Milliseconds, of which the rest may have been cut off before they were subtracted.
    let near = |ours: Option<u64>, name: &str| {
        let theirs = entry["timings"][name].as_u64().unwrap_or(0);
        ours.is_none_or(|ours| ours.abs_diff(theirs) <= 1)
    };
    let millis = |from: Option<Mark>, to: Option<Mark>| {
        from.zip(to).map(|(from, to)| to.time.since(from.time).as_millis() as u64)
    };
    own == url
        && near(millis(http.request_end, http.response_begin), "wait")
        && near(millis(http.response_begin, exchange.answer), "receive")
        && http.status.map_or(0, u64::from) == response["status"].as_u64().unwrap_or(0)
        && http.response_body.unwrap_or(0) == response["bodySize"].as_u64().unwrap_or(0)
}
