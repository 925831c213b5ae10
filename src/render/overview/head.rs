//! What is the capture as a whole: how large, from when, and what is missing?

use std::time::Duration;

use crate::ink::{Ink, Paint};
use crate::render::clock::Calendar;
use crate::render::quantity;
use crate::render::tally::{self, Tally};
use crate::render::value::pad;
use crate::timeline::About;
use crate::wire::frame;

/// The capture as a whole.
pub(super) fn head(
    about: &About,
    tally: &Tally,
    calendar: &mut Calendar,
    width: usize,
    ink: &mut Ink,
) {
    for (at, name) in about.names.iter().enumerate().take(4) {
        ink.text(if at > 0 { ", " } else { "" }).clipped(name.as_bytes(), width);
    }
    if about.names.len() > 4 {
        ink.text(" and ").count(about.names.len() - 4).text(" more");
    }
    ink.text("\n");
    label("format", ink);
    for format in &about.formats {
        ink.text(format).text(", ");
    }
    let mut links: Vec<u16> = about.interfaces.iter().map(|interface| interface.link).collect();
    links.sort_unstable();
    links.dedup();
    for (at, link) in links.iter().enumerate() {
        ink.text(if at > 0 { " and " } else { "" });
        match frame::link_name(*link) {
            Some(name) => ink.text(name),
            None => ink.text("link type ").number(*link),
        };
    }
    let limits = about.interfaces.iter().map(|interface| interface.snaplen);
    if let Some(limit) = limits.filter(|limit| *limit > 0 && *limit < 65_535).min() {
        ink.text(", at most ").number(limit).text(" octets kept");
    }
    ink.text("\n");
    label("packets", ink);
    quantity::count(tally.packets, ink);
    ink.text(" with ");
    quantity::octets(tally.octets, ink);
    if tally.span() > 0 {
        ink.text(", on average ");
        quantity::rate(tally.octets, tally.span(), ink);
    }
    ink.text("\n");
    if let Some((first, _)) = tally.times {
        label("time", ink);
        ink.text("from ");
        calendar.rfc3339(first, ink);
        ink.text(" for ");
        quantity::duration(Duration::from_nanos(tally.span()), ink);
        ink.text("\n");
    }
    interfaces(about, ink);
    trouble(about, tally, width, ink);
}

/// The interfaces that have names.
fn interfaces(about: &About, ink: &mut Ink) {
    let mut named = about.interfaces.iter().filter(|interface| !interface.name.is_empty());
    let Some(first) = named.next() else { return };
    label("interfaces", ink);
    ink.clipped(&first.name, 20);
    for interface in named.by_ref().take(5) {
        ink.text(", ").clipped(&interface.name, 20);
    }
    let more = named.count();
    if more > 0 {
        ink.text(" and ").count(more).text(" more");
    }
    ink.text("\n");
}

/// What stands in the way of believing the capture.
fn trouble(about: &About, tally: &Tally, width: usize, ink: &mut Ink) {
    let dropped = tally::dropped(about).unwrap_or(0);
    let notes = [
        ("cut", tally.cut, ", whose end the capture did not keep"),
        ("order", about.backwards, ", earlier than the one before"),
        ("not read", tally.unread, ", of a link type that is not known here"),
        ("lost", dropped, ", as the capturing system says"),
    ];
    for (what, count, words) in notes {
        if count > 0 {
            label(what, ink);
            quantity::count(count, ink);
            ink.text(if count == 1 { " packet" } else { " packets" }).text(words).text("\n");
        }
    }
    if let Some(damage) = &about.damage {
        label("damaged", ink);
        ink.begin(Paint::Alarm).clipped(damage.as_bytes(), width * 2).plain().text("\n");
    }
}

fn label(words: &str, ink: &mut Ink) {
    let start = ink.len();
    ink.text("  ").text(words);
    pad(start, 14, ink);
}
