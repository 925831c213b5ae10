//! How is a header set on a page, field by field?

use super::page::Page;
use super::rows::{Row, Section};
use crate::ink::Paint;
use crate::render::value::{cells, pad};

/// Where the name of a field begins, and where what it says, on a page that is wide enough.
const NAMES: usize = 27;
const VALUES: usize = 52;
/// Pages that are narrower have what a field says in lines of its own.
const WIDE: usize = 90;
/// Octets of a field that are written out.
const OCTETS: usize = 8;

impl Section {
    pub(super) fn write(&self, page: &mut Page<'_>) {
        let place = match self.lies_in.words() {
            Some(words) => format!(", octets of the {words}"),
            None => String::new(),
        };
        let quoted = if self.is_quoted { ", quoted" } else { "" };
        page.heading(&format!("{}{place}{quoted}", self.words));
        let mut unset = Vec::new();
        for (at, row) in self.rows.iter().enumerate() {
            if row.is_unset {
                unset.push(row.field.words);
            } else {
                row.write(page);
            }
            let is_last = self.rows.get(at + 1).is_none_or(|next| next.depth < row.depth);
            if is_last && !unset.is_empty() {
                let indent = if page.width() < WIDE { 7 } else { NAMES + 2 * row.depth.min(4) };
                page.paragraph(indent, &format!("not set: {}", unset.join(", ")));
                unset.clear();
            }
        }
    }
}

impl Row {
    fn write(&self, page: &mut Page<'_>) {
        let start = page.ink.len();
        if self.octets.is_empty() {
            page.ink.spaces(NAMES);
        } else {
            let offset = self.octets.start.to_string();
            page.ink.spaces(5_usize.saturating_sub(offset.len())).begin(Paint::Faint);
            page.ink.text(&offset).plain().text("  ");
            page.ink.hex_octets(&self.kept[..self.kept.len().min(OCTETS)]);
            if self.kept.len() > OCTETS {
                page.ink.ellipsis();
            } else if self.kept.len() < self.octets.len() {
                page.ink.text("cut");
            }
            pad(start, NAMES, page.ink);
        }
        let text = match &self.meaning {
            Some(meaning) if self.value.is_empty() => meaning.clone(),
            Some(meaning) => format!("{}: {meaning}", self.value),
            None if self.value.is_empty() => self.field.words.to_owned(),
            None => format!("{} {}", self.field.words, self.value),
        };
        let text = if page.ink.ascii { text.replace('µ', "u") } else { text };
        page.ink.spaces(2 * self.depth.min(4));
        if page.width() < WIDE {
            let used = cells(&page.ink.as_bytes()[start..]);
            page.flow(self.field.name, used, NAMES);
            page.paragraph(7, &text);
            return;
        }
        page.ink.paint(Paint::Faint, self.field.name);
        let used = cells(&page.ink.as_bytes()[start..]);
        if used >= VALUES {
            page.end_line();
            page.paragraph(VALUES, &text);
        } else {
            page.ink.spaces(VALUES - used);
            page.flow(&text, VALUES, VALUES);
        }
    }
}
