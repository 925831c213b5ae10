//! What stands above and below the rows?

use std::time::Duration;

use super::keys::SORTS;
use super::layout::{Column, Columns};
use super::order::Sort;
use super::row::age;
use super::strip::{Edge, Strip, cells};
use crate::ink::{Ink, Paint};
use crate::render::quantity;

/// The capture as a whole.
#[derive(Clone, Debug, Default)]
pub(super) struct Whole {
    pub(super) names: String,
    pub(super) elapsed: Duration,
    pub(super) packets: u64,
    /// Packets and octets in a second.
    pub(super) rates: [u64; 2],
    /// Conversations that go on.
    pub(super) open: u64,
    /// Packets that the capturing system lost, where it says so.
    pub(super) dropped: Option<u64>,
}

/// How much of the rows is seen.
#[derive(Clone, Copy, Debug)]
pub(super) struct View {
    pub(super) first: usize,
    pub(super) shown: usize,
    pub(super) all: usize,
    pub(super) is_paused: bool,
}

/// Cells of the interfaces' names at most.
const NAMES: usize = 24;

impl Whole {
    pub(super) fn line(&self, width: usize, like: &Ink) -> Vec<u8> {
        let mut strip = Strip::new(width, like);
        strip.cell(cells(&self.names).min(NAMES), Edge::Left, Some(Paint::Name), |ink| {
            ink.text(&self.names);
        });
        let lost = self.dropped.filter(|count| *count > 0);
        let write: [&dyn Fn(&mut Ink); 6] = [
            &|ink| age(Duration::from_secs(self.elapsed.as_secs().max(1)), ink),
            &|ink| {
                quantity::count(self.packets, ink);
                ink.text(" packets, ");
                quantity::count(self.rates[0], ink);
                ink.text("/s");
            },
            &|ink| {
                quantity::octets(self.rates[1], ink);
                ink.text("/s");
            },
            &|ink| {
                quantity::count(self.open, ink);
                ink.text(" open");
            },
            &|ink| {
                if let Some(count) = lost {
                    quantity::count(count, ink);
                    ink.text(" dropped");
                }
            },
            &|ink| _ = ink.text(if self.dropped == Some(0) { "none dropped" } else { "" }),
        ];
        let mut scratch = Ink::default();
        scratch.ascii = like.ascii;
        for (at, write) in write.into_iter().enumerate() {
            scratch.clear();
            write(&mut scratch);
            let text = String::from_utf8_lossy(scratch.as_bytes()).into_owned();
            // What does not fit whole is not begun.
            if text.is_empty() || cells(&text) + 2 > strip.left() {
                continue;
            }
            strip.gap(2);
            let paint = (at == 4).then_some(Paint::Alarm);
            strip.cell(cells(&text), Edge::Left, paint, |ink| _ = ink.text(&text));
        }
        strip.end()
    }
}

/// The names of the columns.
pub(super) fn header(columns: &Columns, width: usize, like: &Ink) -> Vec<u8> {
    let mut strip = Strip::new(width, like);
    strip.begin(Paint::Name);
    for (at, (column, room)) in columns.iter().enumerate() {
        strip.gap(usize::from(at > 0));
        let edge = if column.is_figure() { Edge::Right } else { Edge::Left };
        strip.cell(*room, edge, None, |ink| {
            ink.text(column.header());
            if *column == Column::Ends {
                ink.arrow().text("server");
            }
        });
    }
    strip.end()
}

/// A sentence about what happened, or which rows are seen.
pub(super) fn status(view: View, note: Option<&str>, width: usize, like: &Ink) -> Vec<u8> {
    let mut strip = Strip::new(width, like);
    if let Some(note) = note {
        strip.cell(width, Edge::Left, Some(Paint::Alarm), |ink| _ = ink.text(note));
        return strip.end();
    }
    strip.cell(width, Edge::Left, Some(Paint::Faint), |ink| {
        match view.all {
            0 => _ = ink.text("no conversation so far"),
            all => {
                quantity::count(view.first as u64 + 1, ink);
                ink.text("-");
                quantity::count((view.first + view.shown) as u64, ink);
                ink.text(" of ");
                quantity::count(all as u64, ink);
            }
        }
        ink.text(if view.is_paused { "; paused, and still capturing" } else { "" });
    });
    strip.end()
}

/// Which keys there are.
pub(super) fn footer(sort: Sort, width: usize, like: &Ink) -> Vec<u8> {
    let mut strip = Strip::new(width, like);
    // Those that fit; the first are the ones that nobody guesses.
    let mut key = |words: &str, gap: usize, paint: Option<Paint>| {
        if cells(words) + gap <= strip.left() {
            strip.gap(gap);
            strip.cell(cells(words), Edge::Left, paint, |ink| _ = ink.text(words));
        }
    };
    key("q end", 0, None);
    key("space pause", 2, None);
    key("sort:", 2, Some(Paint::Faint));
    for (letter, words, by) in SORTS {
        // Brackets say it where there are no colours.
        let words = match (by == sort.by, sort.is_reversed) {
            (false, _) => format!("{letter} {words}"),
            (true, false) => format!("[{letter} {words}]"),
            (true, true) => format!("[{letter} {words}, least]"),
        };
        key(&words, 1, (by == sort.by).then_some(Paint::Name));
    }
    key("arrows scroll", 2, None);
    strip.end()
}
