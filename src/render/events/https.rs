//! What are a request and its answer, as records?
//!
//! Secrets are masked unless they are asked for: what stands here goes wherever a program's output goes.

use std::ops::Range;
use std::time::Duration;

use super::event::Event;
use crate::ink::safe;
use crate::render::fetch::Secrets;
use crate::render::sheet::{Form, Sheet};
use crate::tale::fetch::kind;
use crate::timeline::fetch::Step;
use crate::timeline::http::{
    Body, Embeds, Field, Framing, Page, Place, Redirect, Request, Response,
};
use crate::timeline::nanos;

pub(super) fn request(step: &Step, it: &Request, octets: &Range<u64>, secrets: Secrets) -> Event {
    let text = format!("{} {} {}", it.method, it.target, it.version);
    Event::new(kind::of_step(step), step.began, step.ended, text).with(|sheet| {
        sheet.number("socket", Some(step.socket));
        sheet.words("method", Some(&it.method));
        sheet.words("target", Some(&it.target));
        sheet.words("http_version", Some(&it.version.to_string()));
        fields(sheet, "headers", &it.fields, secrets);
        sheet.number("head_bytes", Some(it.head));
        sheet.number("body_bytes", Some(it.body));
        range(sheet, octets);
    })
}

pub(super) fn response(
    step: &Step,
    it: &Response,
    (after, octets): (Duration, &Range<u64>),
    secrets: Secrets,
) -> Event {
    let text = format!("{} {} {}", it.version, it.status, safe(&it.reason));
    Event::new(kind::of_step(step), step.began, step.ended, text.trim_end()).with(|sheet| {
        sheet.number("socket", Some(step.socket));
        sheet.words("http_version", Some(&it.version.to_string()));
        sheet.number("status", Some(it.status));
        sheet.text("reason", Some(&it.reason));
        sheet.flag("interim", Some(it.is_interim()));
        fields(sheet, "headers", &it.fields, secrets);
        sheet.number("head_bytes", Some(it.head));
        let (framing, length) = match it.framing {
            Framing::None(_) => ("none", None),
            Framing::Length(length) => ("length", Some(length)),
            Framing::Chunked => ("chunked", None),
            Framing::UntilClose => ("close", None),
        };
        sheet.words("framing", Some(framing));
        sheet.number("framing_rule", Some(it.framing.rule()));
        sheet.words("framing_text", Some(it.framing.words()));
        sheet.number("length_bytes", length);
        sheet.flag("persists", Some(it.persistence.persists()));
        sheet.words("persists_text", Some(it.persistence.why()));
        sheet.list("flaws", Some(&it.flaws), |flaw, _, ink| _ = ink.json(flaw.as_bytes()));
        sheet.number("after_ns", Some(nanos(after)));
        range(sheet, octets);
    })
}

pub(super) fn body(
    step: &Step,
    it: &Body,
    (octets, is_saved): (&Range<u64>, bool),
    secrets: Secrets,
) -> Event {
    let text = if it.is_complete {
        format!("{} bytes of content, {} on the wire", it.decoded, it.framed)
    } else {
        format!("{} bytes of content, not all of it", it.decoded)
    };
    Event::new(kind::of_step(step), step.began, step.ended, text).with(|sheet| {
        sheet.number("socket", Some(step.socket));
        sheet.number("framed_bytes", Some(it.framed));
        sheet.number("raw_bytes", Some(it.raw));
        sheet.number("decoded_bytes", Some(it.decoded));
        sheet.flag("complete", Some(it.is_complete));
        sheet.list("codings", Some(&it.codings), |coding, _, ink| {
            let mut one = Sheet::new(ink, Form::Json);
            one.words("name", Some(&coding.name));
            one.words("kept", coding.kept);
            one.number("behind_bytes", Some(coding.behind));
            one.end();
        });
        sheet.number("chunks", it.chunks.as_ref().map(|chunks| chunks.count));
        let first = it.chunks.as_ref().map(|chunks| &chunks.first);
        sheet.list("chunk_bytes", first, |chunk, _, ink| _ = ink.number(chunk.size));
        fields(sheet, "trailers", &it.trailers, secrets);
        sheet.quoted("sha256", it.sha256, |hash, ink| _ = ink.hex_octets(&hash));
        sheet.flag("saved", Some(is_saved));
        range(sheet, octets);
    })
}

pub(super) fn redirected(step: &Step, it: &Redirect) -> Event {
    let text = format!("{} leads to {}", it.status, it.to);
    Event::new(kind::of_step(step), step.began, step.ended, text).with(|sheet| {
        sheet.number("socket", (step.socket != 0).then_some(step.socket));
        sheet.number("status", Some(it.status));
        sheet.number("number", Some(it.number));
        sheet.text("location", Some(&it.location));
        sheet.words("from", Some(&it.from));
        sheet.words("to", Some(&it.to));
        sheet.words("method_before", Some(&it.methods.0));
        sheet.words("method_after", Some(&it.methods.1));
        sheet.flag("drops_body", Some(it.drops_body));
        sheet.flag("first_origin", Some(it.is_first_origin));
        sheet.flag("downgrade", Some(it.is_downgrade));
    })
}

pub(super) fn objects(step: &Step, page: &Page) -> Event {
    let (found, skipped) = (page.objects.len(), page.skipped_count);
    let text = format!("the page embeds {found} things to be fetched, and {skipped} that are not");
    Event::new(kind::of_step(step), step.began, step.ended, text).with(|sheet| {
        sheet.list("objects", Some(&page.objects), |object, _, ink| {
            let mut one = Sheet::new(ink, Form::Json);
            one.words("url", Some(&object.url));
            placed(&mut one, object.kind, object.place);
            one.number("mentions", Some(object.mentions));
            one.flag("lazy", Some(object.is_lazy));
            one.end();
        });
        sheet.list("skipped", Some(&page.skipped), |skipped, _, ink| {
            let mut one = Sheet::new(ink, Form::Json);
            one.words("what", Some(&skipped.what));
            placed(&mut one, skipped.kind, skipped.place);
            one.words("why", Some(&skipped.why.to_string()));
            one.end();
        });
        sheet.number("skipped_count", Some(page.skipped_count));
        sheet.words("base", page.base.as_deref());
        sheet.number("read_bytes", Some(page.read));
        sheet.flag("cut", Some(page.is_cut));
    })
}

fn placed(sheet: &mut Sheet<'_>, kind: Embeds, place: Place) {
    sheet.words("kind", Some(kind.words()));
    sheet.words("tag", Some(place.tag));
    sheet.words("attribute", Some(place.attribute));
    sheet.number("line", Some(place.line));
    sheet.number("at", Some(place.at));
}

fn range(sheet: &mut Sheet<'_>, octets: &Range<u64>) {
    sheet.number("first_octet", Some(octets.start));
    sheet.number("end_octet", Some(octets.end));
}

/// Names and values.
fn fields(sheet: &mut Sheet<'_>, name: &'static str, fields: &[Field], secrets: Secrets) {
    sheet.list(name, Some(fields), |field, _, ink| {
        let mut one = Sheet::new(ink, Form::Json);
        one.text("name", Some(&field.name));
        one.text("value", Some(secrets.of(field)));
        one.end();
    });
}
