//! Which octets of a packet's headers say what?
//!
//! Every octet of every header stands in exactly one row. A field whose parts tile it leaves its octets to
//! them; of another, such as flags, the parts have none of their own.

use std::ops::Range;

use arrayvec::ArrayVec;

use super::super::clock::Calendar;
use super::super::hex;
use super::super::value::{json, shown};
use super::meaning::{self, Sense};
use crate::ink::written;
use crate::wire::Packet;
use crate::wire::checksum::{self, Verdict};
use crate::wire::field::{Field, Listener, Value};
use crate::wire::packet::{LiesIn, Place};

/// One layer's header.
#[derive(Debug)]
pub(super) struct Section {
    pub(super) key: &'static str,
    pub(super) words: &'static str,
    /// Counted like the rows': from the frame's beginning, or of what else it lies in.
    pub(super) start: usize,
    pub(super) lies_in: LiesIn,
    pub(super) is_quoted: bool,
    pub(super) rows: Vec<Row>,
}

/// One field.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) depth: usize,
    /// Those that it owns; empty where its parts own them, or where there are none.
    pub(super) octets: Range<usize>,
    /// As far as the capture kept them.
    pub(super) kept: Vec<u8>,
    pub(super) field: &'static Field,
    pub(super) value: String,
    pub(super) json: String,
    pub(super) meaning: Option<String>,
    /// A flag that is not set, or a reserved number that is zero.
    pub(super) is_unset: bool,
}

/// What lies behind the headers.
#[derive(Debug, Default)]
pub(super) struct Rest {
    /// Where it begins, how many octets there were, and how many were kept.
    pub(super) payload: Option<(usize, usize, usize)>,
    pub(super) trailer: Option<Range<usize>>,
    /// Why the reading ended early.
    pub(super) stop: Option<String>,
}

/// Octets of a value that are written out.
const VALUE: usize = 160;

/// Reads every header; `sense` is what is known beside the octets.
pub(super) fn sections(packet: &Packet<'_>, sense: &mut Sense, ascii: bool) -> Vec<Section> {
    let mut verdicts = ArrayVec::<_, { Packet::DEPTH }>::new();
    checksum::verify(packet, |place, verdict| verdicts.push((place, verdict)));
    let own = packet.own_layers().len();
    let mut calendar = Calendar::utc();
    packet
        .places()
        .enumerate()
        .map(|(at, place)| {
            let judged =
                |(other, _): &&(Place<'_, '_>, Verdict)| std::ptr::eq(other.layer, place.layer);
            sense.checksum = verdicts.iter().find(judged).map(|(_, verdict)| *verdict);
            sense.layer = place.layer.name().key;
            sense.is_quoted = at >= own;
            let mut told =
                Told { entries: Vec::new(), depth: 0, calendar: &mut calendar, sense, ascii };
            place.layer.fields(&mut told);
            let entries = told.entries;
            let octets = place.octets.kept().get(place.start..).unwrap_or(&[]);
            Section {
                key: place.layer.name().key,
                words: place.layer.name().words,
                start: place.start,
                lies_in: place.lies_in,
                is_quoted: at >= own,
                rows: owned(entries, octets, place.start),
            }
        })
        .collect()
}

pub(super) fn rest(packet: &Packet<'_>) -> Rest {
    let stop = packet.stop.map(|stop| written(|ink| stop.line(ink)));
    let rest = packet.rest;
    let payload = (!rest.is_empty()).then(|| (packet.rest_start(), rest.len(), rest.kept().len()));
    let trailer = Some(hex::trailer(packet)).filter(|trailer| !trailer.is_empty());
    Rest { payload, trailer, stop }
}

/// Gives each row the octets that are its own.
fn owned(mut rows: Vec<Row>, octets: &[u8], start: usize) -> Vec<Row> {
    give(&mut rows, octets, start);
    rows
}

fn give(rows: &mut [Row], octets: &[u8], start: usize) {
    let mut at = 0;
    while at < rows.len() {
        let depth = rows[at].depth;
        let parts = rows[at + 1..].iter().take_while(|row| row.depth > depth).count();
        let (whole, within) = rows[at..=at + parts].split_at_mut(1);
        let whole = &mut whole[0];
        if tiles(&whole.octets, within, depth + 1) {
            whole.octets = whole.octets.start..whole.octets.start;
            give(within, octets, start);
        } else {
            for part in within {
                part.octets = part.octets.start..part.octets.start;
                place(part, octets, start);
            }
        }
        place(whole, octets, start);
        at += parts + 1;
    }
}

/// Counts a row's octets from where the layer's own are counted, and takes them.
fn place(row: &mut Row, octets: &[u8], start: usize) {
    let end = row.octets.end.min(octets.len());
    row.kept = octets.get(row.octets.start..end).unwrap_or_default().to_vec();
    row.octets = start + row.octets.start..start + row.octets.end;
}

/// Whether each octet of the whole belongs to exactly one of its parts, in order.
fn tiles(whole: &Range<usize>, parts: &[Row], depth: usize) -> bool {
    let mut end = whole.start;
    for part in parts.iter().filter(|part| part.depth == depth && !part.octets.is_empty()) {
        if part.octets.start != end {
            return false;
        }
        end = part.octets.end;
    }
    end == whole.end && !whole.is_empty()
}

/// Listens for fields.
struct Told<'t> {
    entries: Vec<Row>,
    depth: usize,
    calendar: &'t mut Calendar,
    sense: &'t Sense,
    ascii: bool,
}

impl Listener for Told<'_> {
    fn field(&mut self, field: &'static Field, octets: Range<usize>, value: Value<'_>) {
        self.entries.push(Row {
            depth: self.depth,
            octets,
            kept: Vec::new(),
            field,
            value: written(|ink| {
                ink.ascii = self.ascii;
                shown(field, value, VALUE, self.calendar, ink);
            }),
            json: written(|ink| json(value, self.calendar, ink)),
            meaning: meaning::of(field.name, value, self.sense),
            is_unset: value == Value::Flag(false)
                || (field.name == "tcp.flags.res" && value == Value::Number(0)),
        });
    }

    fn open(&mut self, field: &'static Field, octets: Range<usize>, value: Value<'_>) {
        self.field(field, octets, value);
        self.depth += 1;
    }

    fn close(&mut self) {
        self.depth -= 1;
    }
}
