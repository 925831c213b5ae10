//! The octets of a packet, each with the field that owns it.
//!
//! A field has a row of its own: where it begins, its octets, and what they say. Octets of one
//! field stand together, those of the next after a space, so `45 00 003c` is three fields. What is
//! longer than a row, and what no field owns, is shown sixteen a row with the characters beside.

use std::io;
use std::ops::Range;

use super::Report;
use super::clock::Calendar;
use super::line::{self, Manner};
use super::out::Out;
use super::owners::Owned;
use super::value::{cells, clipped, own, pad, shown};
use crate::flow::{Flows, Seen};
use crate::ink::{Ink, Paint};
use crate::octets::Octets;
use crate::timeline::{About, Timestamp};
use crate::wire::Packet;
use crate::wire::field::{Field, Listener, Value};

pub struct Dumps {
    out: Out,
    manner: Manner,
    rows: Rows,
}

impl Dumps {
    /// Rows for a page of `width` cells.
    pub fn new(out: Out, manner: impl Into<Manner>, width: usize) -> Self {
        Self { out, manner: manner.into(), rows: Rows::new(width) }
    }
}

impl Report for Dumps {
    fn first(&mut self, time: Timestamp) {
        self.manner.clock.begin(time);
    }

    fn packet(&mut self, packet: &Packet<'_>, seen: &Seen<'_>) -> io::Result<()> {
        line::line(packet, seen, &mut self.manner, &mut self.out.ink);
        self.out.ink.text("\n");
        self.rows.write(packet, &mut self.out.ink);
        self.out.line()
    }

    fn owners(&mut self) -> Option<&mut Owned> {
        self.manner.owned.as_mut()
    }

    fn lull(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    fn end(&mut self, _: &About, _: &Flows) -> io::Result<()> {
        self.out.flush()
    }
}

/// Writes the rows of packets.
pub(super) struct Rows {
    width: usize,
    calendar: Calendar,
    entries: Vec<Entry>,
    labels: Ink,
}

/// A field as it was told, and its label within [`Rows::labels`].
#[derive(Debug)]
struct Entry {
    depth: usize,
    octets: Range<usize>,
    label: Range<usize>,
    /// Whether it is a number that says nothing.
    zero: bool,
}

/// Octets a row.
const ROW: usize = 16;
/// Where labels begin behind short fields.
const LABELS: usize = 26;

impl Rows {
    pub(super) fn new(width: usize) -> Self {
        let width = width.max(60);
        Self { width, calendar: Calendar::utc(), entries: Vec::new(), labels: Ink::default() }
    }

    pub(super) fn write(&mut self, packet: &Packet<'_>, ink: &mut Ink) {
        for (at, place) in packet.places().enumerate() {
            self.entries.clear();
            self.labels.clear();
            self.labels.ascii = ink.ascii;
            let mut told = Told { rows: self, depth: 0 };
            place.layer.fields(&mut told);
            ink.text("  ").paint(Paint::Name, place.layer.name().words);
            ink.begin(Paint::Faint);
            if let Some(words) = place.lies_in.words() {
                ink.text("  ").text(words);
            }
            ink.text(if at >= packet.own_layers().len() { "  quoted" } else { "" });
            ink.plain().text("\n");
            let octets = place.octets.kept().get(place.start..).unwrap_or(&[]);
            let page = Page { octets, start: place.start, rows: self };
            page.layer(ink);
        }
        let stopped = if packet.stop.is_some() { "not read" } else { "payload" };
        plain(stopped, packet.rest, packet.rest_start(), ink);
        let trailer = trailer(packet);
        let kept = packet.frame.octets.kept().get(trailer.start..).unwrap_or(&[]);
        plain("trailer", Octets::new(kept, trailer.len()), trailer.start, ink);
    }
}

/// Which octets of the frame lie behind everything that the layers own.
pub(super) fn trailer(packet: &Packet<'_>) -> Range<usize> {
    let all = packet.frame.octets.len();
    let end = packet.rest_start() + packet.rest.len();
    if !packet.found().is_empty() || end > all { all..all } else { end..all }
}

/// Writes octets that no field owns.
fn plain(name: &str, octets: Octets<'_>, start: usize, ink: &mut Ink) {
    if octets.is_empty() {
        return;
    }
    ink.text("  ").paint(Paint::Name, name).begin(Paint::Faint).text("  ");
    ink.count(octets.len()).text(" octets").plain().text("\n");
    sixteens(octets.kept(), start, ink);
    let lost = octets.len() - octets.kept().len();
    if lost > 0 {
        ink.text("    ").paint(Paint::Alarm, "cut").text(": ");
        ink.count(lost).text(" octets more were not kept\n");
    }
}

/// Rows of sixteen octets with the characters beside.
fn sixteens(octets: &[u8], start: usize, ink: &mut Ink) {
    for (row, octets) in octets.chunks(ROW).enumerate() {
        offset(start + row * ROW, ink);
        let from = ink.len();
        for (at, octet) in octets.iter().enumerate() {
            ink.text(if at == ROW / 2 { " " } else { "" }).hex((*octet).into(), 2).text(" ");
        }
        pad(from, 3 * ROW + 2, ink);
        for octet in octets {
            ink.again(if matches!(octet, b' '..=b'~') {
                std::slice::from_ref(octet)
            } else {
                b"."
            });
        }
        ink.text("\n");
    }
}

fn offset(at: usize, ink: &mut Ink) {
    let digits = if at > 0xffff { 8 } else { 4 };
    ink.text("    ").begin(Paint::Faint).hex(at as u64, digits).plain().text("  ");
}

/// One layer's entries over its octets.
struct Page<'p> {
    octets: &'p [u8],
    start: usize,
    rows: &'p Rows,
}

impl Page<'_> {
    fn layer(&self, ink: &mut Ink) {
        let mut entries = &self.rows.entries[..];
        // Fields without octets of their own are told with the field whose octets they are read from.
        let mut derived = entries;
        while let Some((whole, parts)) = split(entries) {
            entries = &entries[1 + parts.len()..];
            if whole.octets.is_empty() {
                continue;
            }
            let before = &derived[..derived.len() - entries.len() - 1 - parts.len()];
            let before = before.iter().filter(|entry| entry.octets.start >= whole.octets.start);
            let mut label = Ink::default();
            label.ascii = ink.ascii;
            for entry in before.filter(|entry| !entry.label.is_empty()) {
                label.again(self.label(entry)).text(", ");
            }
            derived = entries;
            self.field(whole, parts, label, ink);
        }
    }

    /// Writes a field in one row, in rows of sixteen, or part by part.
    fn field(&self, whole: &Entry, parts: &[Entry], mut label: Ink, ink: &mut Ink) {
        let octets = self.octets.get(whole.octets.clone()).unwrap_or(&[]);
        let at = self.start + whole.octets.start;
        let own: Vec<&Entry> = parts.iter().filter(|part| part.depth == whole.depth + 1).collect();
        let tiled = tile(whole, &own);
        label.again(self.label(whole));
        if octets.len() <= ROW {
            let row = ink.len();
            offset(at, ink);
            let from = ink.len();
            if tiled {
                for part in own.iter().filter(|part| !part.octets.is_empty()) {
                    ink.hex_octets(self.octets.get(part.octets.clone()).unwrap_or(&[])).text(" ");
                }
            } else {
                ink.hex_octets(octets);
            }
            pad(from, LABELS, ink);
            let mut between = if label.is_empty() { "" } else { ": " };
            // Of the bits of a number only those set are worth a word.
            let worth = |part: &&Entry| !part.label.is_empty() && (tiled || !part.zero);
            for part in parts.iter().filter(worth) {
                label.text(between).again(self.label(part));
                between = ", ";
            }
            self.words(&label, row, ink);
        } else if tiled {
            let row = ink.len();
            ink.text("          ");
            self.words(&label, row, ink);
            let mut rest = parts;
            while let Some((part, within)) = split(rest) {
                rest = &rest[1 + within.len()..];
                if !part.octets.is_empty() {
                    self.field(part, within, Ink::default(), ink);
                }
            }
        } else {
            let row = ink.len();
            ink.text("          ");
            self.words(&label, row, ink);
            sixteens(octets, at, ink);
        }
    }

    /// Writes a label on what is left of the row that begins at `row` in the ink, and ends it.
    fn words(&self, label: &Ink, row: usize, ink: &mut Ink) {
        let used = cells(&ink.as_bytes()[row..]);
        clipped(label.as_bytes(), self.rows.width.saturating_sub(used), own, ink);
        ink.text("\n");
    }

    fn label(&self, entry: &Entry) -> &[u8] {
        &self.rows.labels.as_bytes()[entry.label.clone()]
    }
}

/// The first entry and those that are its parts.
fn split(entries: &[Entry]) -> Option<(&Entry, &[Entry])> {
    let (whole, rest) = entries.split_first()?;
    let parts = rest.iter().take_while(|part| part.depth > whole.depth).count();
    Some((whole, &rest[..parts]))
}

/// Whether each octet of the whole belongs to exactly one part, in order.
fn tile(whole: &Entry, parts: &[&Entry]) -> bool {
    let mut end = whole.octets.start;
    for part in parts.iter().filter(|part| !part.octets.is_empty()) {
        if part.octets.start != end {
            return false;
        }
        end = part.octets.end;
    }
    end == whole.octets.end
}

/// Listens for entries.
struct Told<'r> {
    rows: &'r mut Rows,
    depth: usize,
}

impl Listener for Told<'_> {
    fn field(&mut self, field: &'static Field, octets: Range<usize>, value: Value<'_>) {
        let Rows { width, calendar, entries, labels } = self.rows;
        let from = labels.len();
        match value {
            Value::Flag(false) => {}
            // The octets stand beside the words.
            Value::Flag(true) | Value::Nothing | Value::Octets(_) => _ = labels.text(field.words),
            value => {
                labels.text(field.words).text(" ");
                shown(field, value, *width - LABELS, calendar, labels);
            }
        }
        let zero = matches!(value, Value::Number(0) | Value::Named(0, _));
        entries.push(Entry { depth: self.depth, octets, label: from..labels.len(), zero });
    }

    fn open(&mut self, field: &'static Field, octets: Range<usize>, value: Value<'_>) {
        self.field(field, octets, value);
        self.depth += 1;
    }

    fn close(&mut self) {
        self.depth -= 1;
    }
}
