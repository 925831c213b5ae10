//! What did a fetch tell, record by record, and does it hold together?

use serde_json::Value;

use crate::lab::{Ended, Lab};

/// The records of one fetch.
pub(crate) struct Told {
    pub(crate) records: Vec<Value>,
}

/// Fetches from the client, and reads what is told of it.
pub(crate) fn fetched(lab: &Lab, words: &[&str]) -> Told {
    fetched_on("client", lab, words)
}

pub(crate) fn fetched_on(host: &str, lab: &Lab, words: &[&str]) -> Told {
    let mut all = vec!["--json"];
    all.extend(words);
    let ended = lab.fetch(host, None, &all);
    assert_eq!(ended.code, 0, "{words:?}: {}", ended.end());
    Told::of(&ended)
}

impl Told {
    /// Reads them; panics where a line is none, or says what cannot be.
    pub(crate) fn of(ended: &Ended) -> Self {
        let mut told = Self { records: records(&ended.out) };
        told.events_hold_together();
        // They are numbered as they leave; here they come as they began.
        told.records.sort_by_key(|record| record["start_ns"].as_u64());
        for timing in told.all("timing") {
            tile(timing);
        }
        told
    }

    pub(crate) fn all(&self, kind: &str) -> Vec<&Value> {
        self.records.iter().filter(|record| record["type"] == kind).collect()
    }

    /// Events of a kind: `dns.query`; or of many: `sys.`.
    pub(crate) fn events(&self, kind: &str) -> Vec<&Value> {
        let mut events = self.all("event");
        events.retain(|event| {
            let told = event["kind"].as_str().expect("a kind");
            told == kind || kind.ends_with('.') && told.starts_with(kind)
        });
        events
    }

    pub(crate) fn fault(&self) -> Option<&Value> {
        self.all("fault").pop()
    }

    /// Of the only transfer, or the first.
    pub(crate) fn timing(&self) -> &Value {
        self.all("timing").first().expect("a timing")
    }

    fn events_hold_together(&self) {
        let events = self.all("event");
        let ids: Vec<u64> = events.iter().filter_map(|event| event["id"].as_u64()).collect();
        assert_eq!(ids.len(), events.len(), "every event has a number");
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]), "{ids:?}");
        for event in &events {
            let level = event["level"].as_u64();
            assert!(level.is_some_and(|level| (1..=7).contains(&level)), "{event}");
            let (start, end) = (event["start_ns"].as_u64(), event["end_ns"].as_u64());
            assert!(start.is_some() && end.is_none_or(|end| Some(end) >= start), "{event}");
            assert!(event["kind"].is_string() && event["text"].is_string(), "{event}");
            if let Some(parent) = event["parent"].as_u64() {
                assert!(ids.contains(&parent), "{event}");
            }
        }
    }
}

/// One JSON object a line.
pub(crate) fn records(text: &str) -> Vec<Value> {
    let read =
        |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    text.lines().map(read).collect()
}

/// The phases are the total to the nanosecond, and the spans follow one another without a gap.
fn tile(timing: &Value) {
    let total = timing["time_total_ns"].as_u64().expect("a total");
    let phases = timing["phases_ns"].as_object().expect("phases");
    let sum: u64 = phases.values().map(|took| took.as_u64().expect("a number")).sum();
    assert_eq!(sum, total, "{timing}");
    let mut until = 0;
    for span in timing["spans"].as_array().expect("spans") {
        assert_eq!(span["from_ns"].as_u64(), Some(until), "{timing}");
        until = span["to_ns"].as_u64().expect("a number");
    }
    assert_eq!(until, total, "{timing}");
    // A phase of curl's does not end before the one before it does.
    let names = ["namelookup", "connect", "appconnect", "pretransfer", "starttransfer", "total"];
    let ends = names.map(|name| timing[format!("time_{name}_ns")].as_u64());
    let ends: Vec<u64> = ends.into_iter().flatten().collect();
    assert!(ends.is_sorted(), "{timing}");
}
