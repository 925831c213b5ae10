//! A record as one JSON object.

use super::record::{Cell, Sheet};
use crate::ink::Ink;
use crate::render::clock::Calendar;

pub(super) struct Object<'o> {
    calendar: &'o mut Calendar,
    ink: &'o mut Ink,
    /// Whether something stands before the next member.
    more: bool,
}

impl<'o> Object<'o> {
    pub(super) fn new(calendar: &'o mut Calendar, ink: &'o mut Ink) -> Self {
        ink.text("{");
        Self { calendar, ink, more: false }
    }

    pub(super) fn end(self) {
        self.ink.text("}");
    }

    fn name(&mut self, name: &str) {
        self.ink.text(if self.more { ",\"" } else { "\"" }).text(name).text("\":");
        self.more = true;
    }

    fn value(&mut self, cell: Cell<'_>) {
        match cell {
            Cell::Unknown => _ = self.ink.text("null"),
            Cell::Number(number) => _ = self.ink.number(number),
            Cell::Flag(flag) => _ = self.ink.text(if flag { "true" } else { "false" }),
            Cell::Words(words) => _ = self.ink.json(words.as_bytes()),
            Cell::Time(time) => {
                self.ink.text("\"");
                self.calendar.rfc3339(time, self.ink);
                self.ink.text("\"");
            }
            Cell::Address(address) => _ = self.ink.text("\"").address(address).text("\""),
            Cell::List(cells) => {
                self.ink.text("[");
                for (at, cell) in cells.iter().enumerate() {
                    self.ink.text(if at > 0 { "," } else { "" });
                    self.value(*cell);
                }
                self.ink.text("]");
            }
        }
    }
}

impl Sheet for Object<'_> {
    fn cell(&mut self, name: &'static str, cell: Cell<'_>) {
        self.name(name);
        self.value(cell);
    }

    fn open(&mut self, name: &'static str) {
        self.name(name);
        self.ink.text("{");
        self.more = false;
    }

    fn close(&mut self) {
        self.ink.text("}");
        self.more = true;
    }
}
