//! An explanation as a record.
//!
//! `type` is `explanation`; then `packet`, `time`, `connection` (the number of its conversation, whatever it
//! is), `since_first_ns` (since the first packet of that), `source`, `destination`, `side`, `length`,
//! `captured_length`, `what` (the sentence), `line` (as `packets` has it), `why` and `caused` (each `text`,
//! `packets` that prove it, `observed`, `confidence`), `note` (what did not come, or null),
//! `looked_at_until_packet` and `ended_by` (`capture_ends`, `conversation_over`, `waited`, `too_far`), `exchanges` (their
//! numbers, as `exchanges` tells them), `round_trip_of_packet` and `round_trip_ns`, `state` (each `name`, `side`,
//! `before`, `after`, `changed`), `layers` (each `protocol`, `offset`, `lies_in`, `quoted`, and `fields`: `name`,
//! `depth`, `offset` and `length` of the octets that no other field has, `octets`, `value`, `meaning`),
//! `payload_offset`, `payload_bytes`, `trailer_bytes`, `stopped`, `tshark` and `connection_filter`.

use super::Section;
use super::tell::Whole;
use super::words::Said;
use crate::flow::Side;
use crate::flow::tcp::Confidence;
use crate::ink::Ink;
use crate::render::clock::Calendar;
use crate::render::sheet::{Form, Sheet};
use crate::tale::packet::Ending;
use crate::timeline::nanos;
use crate::wire::packet::LiesIn;

pub(super) fn record(whole: &Whole<'_>, calendar: &mut Calendar, ink: &mut Ink) {
    let Whole { noted, account, .. } = whole;
    let subject = &account.subject;
    let mut sheet = Sheet::new(ink, Form::Json);
    sheet.words("type", Some("explanation"));
    sheet.number("packet", Some(whole.number));
    sheet.time("time", Some(noted.time), calendar);
    sheet.number("connection", noted.conversation);
    let since = subject.opened.map(|opened| nanos(noted.time.since(opened.time)));
    sheet.number("since_first_ns", since);
    sheet.words("source", Some(&noted.head.source));
    sheet.words("destination", Some(&noted.head.destination));
    sheet.words("side", subject.side.map(side));
    sheet.number("length", Some(noted.len.len() as u64));
    sheet.number("captured_length", Some(noted.kept as u64));
    sheet.words("what", Some(&whole.what));
    sheet.words("line", Some(&noted.head.line));
    sheet.list("why", Some(&whole.why), |said, _, ink| sentence(said, ink));
    sheet.list("caused", Some(&whole.came), |said, _, ink| sentence(said, ink));
    sheet.words("note", whole.ending.as_deref());
    sheet.number("looked_at_until_packet", Some(account.latest.packet));
    sheet.words("ended_by", Some(ending(account.ending)));
    sheet.list("exchanges", Some(&account.belongs), |(exchange, _), _, ink| {
        _ = ink.number(exchange.id);
    });
    sheet.number("round_trip_of_packet", subject.round_trip.map(|(of, _)| of));
    let trip = subject.round_trip.map(|(_, time)| nanos(time));
    sheet.number("round_trip_ns", trip);
    sheet.list("state", Some(&noted.changes), |change, _, ink| {
        let mut sheet = Sheet::new(ink, Form::Json);
        sheet.words("name", Some(change.key));
        sheet.words("side", change.side.map(side));
        sheet.words("before", change.before.as_deref());
        sheet.words("after", change.after.as_deref());
        sheet.flag("changed", Some(change.is_one()));
        sheet.end();
    });
    sheet.list("layers", Some(&noted.sections), |section, _, ink| layer(section, ink));
    sheet.number("payload_offset", noted.rest.payload.map(|(start, ..)| start as u64));
    sheet.number("payload_bytes", noted.rest.payload.map(|(_, len, _)| len as u64));
    sheet.number("trailer_bytes", noted.rest.trailer.as_ref().map(|trailer| trailer.len() as u64));
    sheet.words("stopped", noted.rest.stop.as_deref());
    sheet.words("tshark", Some(&whole.tshark));
    sheet.words("connection_filter", noted.filter.as_deref());
    sheet.end();
}

fn side(side: Side) -> &'static str {
    super::head::name(side)
}

fn sentence(said: &Said, ink: &mut Ink) {
    let mut sheet = Sheet::new(ink, Form::Json);
    sheet.words("text", Some(&said.text));
    sheet.list("packets", Some(&said.packets), |number, _, ink| _ = ink.number(*number));
    sheet.flag("observed", Some(said.inferred.is_none()));
    sheet.words("confidence", Some(said.inferred.unwrap_or(Confidence::Certain).name()));
    sheet.end();
}

fn layer(section: &Section, ink: &mut Ink) {
    let mut sheet = Sheet::new(ink, Form::Json);
    sheet.words("protocol", Some(section.key));
    sheet.number("offset", Some(section.start as u64));
    sheet.words("lies_in", Some(lies_in(section.lies_in)));
    sheet.flag("quoted", Some(section.is_quoted));
    sheet.list("fields", Some(&section.rows), |row, _, ink| {
        let mut sheet = Sheet::new(ink, Form::Json);
        sheet.words("name", Some(row.field.name));
        sheet.number("depth", Some(row.depth as u64));
        sheet.number("offset", Some(row.octets.start as u64));
        sheet.number("length", Some(row.octets.len() as u64));
        sheet.quoted("octets", Some(&row.kept), |kept, ink| _ = ink.hex_octets(kept));
        sheet.written("value", &row.json);
        sheet.words("meaning", row.meaning.as_deref());
        sheet.end();
    });
    sheet.end();
}

fn lies_in(place: LiesIn) -> &'static str {
    match place {
        LiesIn::Frame => "frame",
        LiesIn::Datagram => "datagram",
        LiesIn::Message => "message",
        LiesIn::Behind => "behind",
        LiesIn::Inflated => "inflated",
        LiesIn::Decrypted => "decrypted",
    }
}

fn ending(ending: Ending) -> &'static str {
    match ending {
        Ending::CaptureEnds => "capture_ends",
        Ending::Over => "conversation_over",
        Ending::Waited => "waited",
        Ending::TooFar => "too_far",
    }
}
