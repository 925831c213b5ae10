//! What holds of every packet of every capture, whole or damaged.

use proptest::prelude::*;
use serde_json::Value as Json;
use unicode_width::UnicodeWidthStr as _;
use wiretale::filter::Filter;
use wiretale::flow::Flows;
use wiretale::ink::Ink;
use wiretale::octets::Octets;
use wiretale::timeline::Frame;
use wiretale::wire::Packet;

use super::{Kept, Paper, captures, explained, frames};

/// The last line of a page that is set; commands behind it are for copying, and as long as they are.
const UNSET: &str = "Elsewhere";

#[test]
fn every_packet_of_every_capture_is_explained() {
    for path in captures() {
        let frames = frames(&path);
        for (at, kept) in frames.iter().enumerate() {
            let what = format!("{} packet {}", path.display(), kept.number);
            let record = explained(&frames, kept.number, Paper::Ndjson);
            covers_each_octet_once(&record, kept, &what);
            cites_packets_of_the_capture(&record, frames.len(), &what);
            its_filter_lets_it_pass(&record, &frames[..=at], &what);
            if at % 5 == 0 {
                assert_eq!(record, explained(&frames, kept.number, Paper::Ndjson), "{what}");
            }
            let width = [40, 60, 100, 132][at % 4];
            let ascii = at % 3 == 0;
            let page = explained(&frames, kept.number, Paper::Page { width, ascii });
            fits(&page, width, ascii, &what);
        }
    }
}

/// Each octet of each header stands in one row, with what the frame has there.
fn covers_each_octet_once(record: &str, kept: &Kept, what: &str) {
    let record: Json = record
        .lines()
        .map(|line| serde_json::from_str::<Json>(line).expect("JSON"))
        .find(|record| record["type"] == "explanation")
        .expect("an explanation");
    let layers = record["layers"].as_array().expect("layers");
    for (at, layer) in layers.iter().enumerate() {
        let mut end = layer["offset"].as_u64().expect("a place");
        for field in layer["fields"].as_array().expect("fields") {
            let len = field["length"].as_u64().expect("a length");
            if len == 0 {
                continue;
            }
            let start = field["offset"].as_u64().expect("a place");
            assert_eq!(start, end, "{what}: {} in {}", field["name"], layer["protocol"]);
            end = start + len;
            if layer["lies_in"] == "frame" {
                let last = kept.octets.len().min(end as usize);
                let octets = kept.octets.get(start as usize..last).unwrap_or_default();
                let mut ink = Ink::default();
                ink.hex_octets(octets);
                let told = field["octets"].as_str().expect("octets");
                assert_eq!(told.as_bytes(), ink.as_bytes(), "{what}: {}", field["name"]);
            }
        }
        let next = layers.get(at + 1).filter(|next| next["lies_in"] == layer["lies_in"]);
        let next = next.map(|next| &next["offset"]);
        let is_last = at + 1 == layers.len();
        let next = next.or(Some(&record["payload_offset"]).filter(|_| is_last));
        let is_cut = kept.octets.len() < kept.len;
        if let Some(next) = next.and_then(Json::as_u64).filter(|_| !is_cut) {
            assert_eq!(end, next, "{what}: where {} ends", layer["protocol"]);
        }
    }
}

/// No sentence names a packet that is not there.
fn cites_packets_of_the_capture(record: &str, count: usize, what: &str) {
    let record: Json = serde_json::from_str(record.lines().last().expect("a line")).expect("JSON");
    for sentences in ["why", "caused"] {
        for said in record[sentences].as_array().expect("sentences") {
            let text = said["text"].as_str().expect("a text");
            assert!(!text.is_empty(), "{what}");
            for packet in said["packets"].as_array().expect("packets") {
                let number = packet.as_u64().expect("a number");
                assert!((1..=count as u64).contains(&number), "{what}: {text}");
                assert_ne!(Some(number), record["packet"].as_u64(), "{what}: {text}");
                if sentences == "why" {
                    assert!(
                        number < record["packet"].as_u64().expect("a number"),
                        "{what}: {text}"
                    );
                } else {
                    assert!(
                        number > record["packet"].as_u64().expect("a number"),
                        "{what}: {text}"
                    );
                }
            }
        }
    }
}

/// The display filter that is told is one, and the packet passes it.
fn its_filter_lets_it_pass(record: &str, frames: &[Kept], what: &str) {
    let record: Json = serde_json::from_str(record.lines().last().expect("a line")).expect("JSON");
    let Some(expression) = record["connection_filter"].as_str() else { return };
    let filter = Filter::new(expression).unwrap_or_else(|error| panic!("{what}: {error}"));
    let Some(kept) = frames.last() else { return };
    let octets = Octets::new(&kept.octets, kept.len);
    let (number, time, link) = (kept.number, kept.time, kept.link);
    let packet = Packet::dissect(Frame { number, time, link, interface: 0, comment: b"", octets });
    let mut flows = Flows::default();
    let seen = flows.observe(&packet);
    let is_joined = record["layers"]
        .as_array()
        .is_some_and(|layers| layers.iter().any(|layer| layer["lies_in"] != "frame"));
    assert!(is_joined || filter.admits(&packet, &seen), "{what}: {expression}");
}

fn fits(page: &str, width: usize, ascii: bool, what: &str) {
    let mut is_set = true;
    for line in page.lines() {
        is_set &= line != UNSET;
        assert!(!is_set || line.width() <= width, "{what} at {width}: {line}");
        assert!(!line.chars().any(char::is_control), "{what}: {line:?}");
        assert_eq!(line.trim_end(), line, "{what}: {line:?}");
    }
    assert!(!is_set, "{what}: no commands");
    // What came over the wire stays as it is, and there is hardly any in the captures.
    if ascii {
        for sign in ['→', '…', 'µ'] {
            assert!(!page.contains(sign), "{what}: {sign}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// A packet with octets changed and its end cut off is explained all the same.
    #[test]
    fn a_damaged_packet_is_explained(
        file in any::<prop::sample::Index>(),
        which in any::<prop::sample::Index>(),
        scribbles in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        kept in any::<prop::sample::Index>(),
        cut in prop::bool::weighted(0.3),
        narrow in any::<bool>(),
    ) {
        let captures = captures();
        let mut frames = frames(&captures[file.index(captures.len())]);
        frames.truncate(60);
        if frames.is_empty() {
            return Ok(());
        }
        let frame = which.get_mut(&mut frames);
        for (at, scribble) in scribbles {
            if !frame.octets.is_empty() {
                *at.get_mut(&mut frame.octets) = scribble;
            }
        }
        if cut {
            frame.octets.truncate(kept.index(frame.octets.len() + 1));
        }
        let frame = frame.clone();
        let what = format!("a damaged packet {}", frame.number);
        let width = if narrow { 40 } else { 100 };
        let page = explained(&frames, frame.number, Paper::Page { width, ascii: false });
        fits(&page, width, false, &what);
        let record = explained(&frames, frame.number, Paper::Ndjson);
        covers_each_octet_once(&record, &frame, &what);
        cites_packets_of_the_capture(&record, frames.len(), &what);
    }
}
