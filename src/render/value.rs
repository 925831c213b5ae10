//! How is a field's value written: for people, in columns, in JSON?

use unicode_width::UnicodeWidthStr as _;

use super::clock::Calendar;
use super::quantity;
use crate::ink::Ink;
use crate::timeline::{Timestamp, nanos};
use crate::wire::field::{Field, Kind, Value};

/// The largest integer that every reader of JSON keeps (RFC 8259 §6).
const EXACT: u64 = 1 << 53;

/// Cells for the note of how much was left out.
const NOTE: usize = 9;

/// As `tshark -T fields` prints it, but for text, which is escaped.
///
/// `octets` are those that the field stands for.
pub(super) fn plain(field: &Field, value: Value<'_>, octets: &[u8], ink: &mut Ink) {
    match value {
        Value::Address(address) => ink.address(address),
        Value::Flag(set) => ink.text(if set { "1" } else { "0" }),
        Value::Mac(mac) => ink.mac(mac.0),
        Value::Number(number) | Value::Named(number, _) => match field.kind {
            Kind::Hex(digits) => ink.text("0x").hex(number, digits),
            _ => ink.number(number),
        },
        Value::Octets(octets) => ink.hex_octets(octets),
        Value::Text(text) => ink.wire(text),
        Value::Time(time) => ink.seconds(time),
        Value::Span(span) => ink.seconds(Timestamp(nanos(span))),
        Value::Words(words) if field.kind == Kind::Text => ink.text(words),
        Value::Words(_) | Value::Nothing if octets.is_empty() => ink.text("1"),
        Value::Words(_) | Value::Nothing => ink.hex_octets(octets),
    };
}

/// As a JSON value.
pub(super) fn json(value: Value<'_>, calendar: &mut Calendar, ink: &mut Ink) {
    match value {
        Value::Address(address) => ink.text("\"").address(address).text("\""),
        Value::Flag(set) => ink.text(if set { "true" } else { "false" }),
        Value::Mac(mac) => ink.text("\"").mac(mac.0).text("\""),
        Value::Number(number) | Value::Named(number, _) if number > EXACT => {
            ink.text("\"").number(number).text("\"")
        }
        Value::Number(number) | Value::Named(number, _) => ink.number(number),
        Value::Octets(octets) => ink.text("\"").hex_octets(octets).text("\""),
        Value::Text(text) => ink.json(text),
        Value::Words(words) => ink.json(words.as_bytes()),
        Value::Time(time) => {
            ink.text("\"");
            calendar.rfc3339(time, ink);
            ink.text("\"")
        }
        Value::Span(span) => ink.seconds(Timestamp(nanos(span))),
        Value::Nothing => ink.text("true"),
    };
}

/// For people, in at most about `room` cells.
pub(super) fn shown(
    field: &Field,
    value: Value<'_>,
    room: usize,
    calendar: &mut Calendar,
    ink: &mut Ink,
) {
    match value {
        Value::Address(address) => _ = ink.address(address),
        Value::Flag(set) => _ = ink.text(if set { "yes" } else { "no" }),
        Value::Mac(mac) => _ = ink.mac(mac.0),
        Value::Number(number) => figure(field, number, ink),
        Value::Named(number, name) => {
            figure(field, number, ink);
            ink.text(" (");
            clipped(name.as_bytes(), room.saturating_sub(12), own, ink);
            ink.text(")");
        }
        Value::Octets(octets) => {
            let all = octets.len() * 2 <= room;
            let fits = if all { octets.len() } else { room.saturating_sub(NOTE) / 2 };
            ink.hex_octets(&octets[..fits]);
            left_out(octets.len() - fits, ink);
        }
        Value::Text(text) => clipped(text, room, wire, ink),
        Value::Words(words) => clipped(words.as_bytes(), room, own, ink),
        Value::Time(time) => calendar.rfc3339(time, ink),
        Value::Span(span) => quantity::duration(span, ink),
        Value::Nothing => {}
    }
}

fn figure(field: &Field, number: u64, ink: &mut Ink) {
    match field.kind {
        Kind::Hex(digits) => ink.text("0x").hex(number, digits),
        _ => ink.number(number),
    };
}

/// As much of a text as `room` cells hold.
pub(super) fn clipped(text: &[u8], room: usize, write: fn(&mut Ink, &[u8]), ink: &mut Ink) {
    if text.len() <= room && is_plain(text) && !text.contains(&b'\\') {
        return write(ink, text);
    }
    let (mut at, mut used, mut fits) = (0, 0, (0, ink.len()));
    let characters = text.utf8_chunks().flat_map(|chunk| {
        let valid = chunk.valid().chars().map(char::len_utf8);
        valid.chain(chunk.invalid().iter().map(|_| 1))
    });
    for len in characters {
        let start = ink.len();
        write(ink, &text[at..at + len]);
        at += len;
        used += cells(&ink.as_bytes()[start..]);
        if used > room {
            ink.back_to(fits.1);
            return left_out(text.len() - fits.0, ink);
        }
        if used + NOTE <= room {
            fits = (at, ink.len());
        }
    }
}

/// Spaces until `width` cells have been used since `start`, and at least one.
pub(super) fn pad(start: usize, width: usize, ink: &mut Ink) {
    let used = cells(&ink.as_bytes()[start..]);
    ink.spaces(width.saturating_sub(used).max(1));
}

/// How many terminal cells safe text takes; colours take none.
pub(super) fn cells(text: &[u8]) -> usize {
    // Nearly all text is: to look up each character's width took half of the time of a tree.
    if is_plain(text) {
        return text.len();
    }
    let text = str::from_utf8(text).unwrap_or_default();
    let mut pieces = text.split('\x1b');
    let first = pieces.next().unwrap_or_default().width();
    let coloured = pieces.map(|piece| piece.split_once('m').map_or(0, |(_, text)| text.width()));
    first + coloured.sum::<usize>()
}

/// Whether it is ASCII that takes a cell each.
fn is_plain(text: &[u8]) -> bool {
    // To the end in any case, so that the processor may look at many octets at once.
    text.iter().fold(true, |plain, octet| plain & matches!(octet, b' '..=b'~'))
}

fn wire(ink: &mut Ink, text: &[u8]) {
    ink.wire(text);
}

/// Writes what is safe already.
pub(super) fn own(ink: &mut Ink, text: &[u8]) {
    ink.again(text);
}

/// Says how many octets were not shown.
fn left_out(count: usize, ink: &mut Ink) {
    if count > 0 {
        ink.ellipsis().text("(+").count(count).text(")");
    }
}
