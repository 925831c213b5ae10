//! How is a record with nested members written: as a JSON object, or as cells of a row?
//!
//! One description of a record serves both, and the line of names above the rows.

use std::net::IpAddr;

use super::clock::Calendar;
use super::columns::quoted;
use crate::ink::Ink;
use crate::timeline::Timestamp;

/// What comes out.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Form {
    Json,
    /// Comma-separated values.
    Row,
    /// The names of the values, nested ones joined by dots.
    Names,
}

/// A record while it is written.
pub(super) struct Sheet<'i> {
    ink: &'i mut Ink,
    pub(super) form: Form,
    /// The names of the members that are open, each with a dot behind it.
    path: String,
    /// Whether a comma comes before what follows.
    follows: bool,
    cell: Ink,
}

impl<'i> Sheet<'i> {
    pub(super) fn new(ink: &'i mut Ink, form: Form) -> Self {
        if form == Form::Json {
            ink.text("{");
        }
        Self { ink, form, path: String::new(), follows: false, cell: Ink::default() }
    }

    pub(super) fn end(self) {
        if self.form == Form::Json {
            self.ink.text("}");
        }
    }

    /// Members of a member.
    pub(super) fn nest(&mut self, name: &'static str, write: impl FnOnce(&mut Self)) {
        if self.form == Form::Json {
            self.name(name);
            self.ink.text("{");
            self.follows = false;
        }
        let before = self.path.len();
        self.path.push_str(name);
        self.path.push('.');
        write(self);
        self.path.truncate(before);
        if self.form == Form::Json {
            self.ink.text("}");
            self.follows = true;
        }
    }

    pub(super) fn number(&mut self, name: &'static str, number: Option<impl Into<u64>>) {
        let number = number.map(Into::into);
        self.value(name, number, |number, ink| _ = ink.number(number));
    }

    pub(super) fn flag(&mut self, name: &'static str, flag: Option<bool>) {
        self.value(name, flag, |flag, ink| _ = ink.text(if flag { "true" } else { "false" }));
    }

    /// Words of our own, or what is safe already.
    pub(super) fn words(&mut self, name: &'static str, words: Option<&str>) {
        self.quoted(name, words, |words, ink| _ = ink.text(words));
    }

    pub(super) fn address(&mut self, name: &'static str, address: Option<impl Into<IpAddr>>) {
        self.quoted(name, address, |address, ink| _ = ink.address(address));
    }

    pub(super) fn time(
        &mut self,
        name: &'static str,
        time: Option<Timestamp>,
        calendar: &mut Calendar,
    ) {
        self.quoted(name, time, |time, ink| calendar.rfc3339(time, ink));
    }

    /// Text from the wire.
    pub(super) fn text(&mut self, name: &'static str, text: Option<&[u8]>) {
        let form = self.form;
        self.value(name, text, |text, ink| {
            if form == Form::Json {
                ink.json(text)
            } else {
                ink.wire(text)
            };
        });
    }

    /// Several values; in a row they are joined by semicolons.
    pub(super) fn list<T>(
        &mut self,
        name: &'static str,
        items: Option<impl IntoIterator<Item = T>>,
        mut write: impl FnMut(T, Form, &mut Ink),
    ) {
        let form = self.form;
        self.value(name, items, |items, ink| {
            ink.text(if form == Form::Json { "[" } else { "" });
            let comma = if form == Form::Json { "," } else { "; " };
            for (at, item) in items.into_iter().enumerate() {
                ink.text(if at > 0 { comma } else { "" });
                write(item, form, ink);
            }
            ink.text(if form == Form::Json { "]" } else { "" });
        });
    }

    /// What is safe, in quotes where they are needed.
    pub(super) fn quoted<T>(
        &mut self,
        name: &'static str,
        value: Option<T>,
        write: impl FnOnce(T, &mut Ink),
    ) {
        let quote = if self.form == Form::Json { "\"" } else { "" };
        self.value(name, value, |value, ink| {
            ink.text(quote);
            write(value, ink);
            ink.text(quote);
        });
    }

    fn value<T>(&mut self, name: &'static str, value: Option<T>, write: impl FnOnce(T, &mut Ink)) {
        self.name(name);
        match (self.form, value) {
            (Form::Json, Some(value)) => write(value, self.ink),
            (Form::Json, None) => _ = self.ink.text("null"),
            (Form::Row, Some(value)) => {
                self.cell.clear();
                write(value, &mut self.cell);
                quoted(self.cell.as_bytes(), self.ink);
            }
            (Form::Row, None) | (Form::Names, _) => {}
        }
    }

    fn name(&mut self, name: &str) {
        self.ink.text(if std::mem::replace(&mut self.follows, true) { "," } else { "" });
        match self.form {
            Form::Json => _ = self.ink.text("\"").text(name).text("\":"),
            Form::Names => _ = self.ink.text(&self.path).text(name),
            Form::Row => {}
        }
    }
}
