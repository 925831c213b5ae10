//! How is a record with nested members written: as a JSON object, or as cells of a row?
//!
//! One description of a record serves both, the line of names above the rows, and whoever judges the
//! values by their names.

use std::net::IpAddr;
use std::time::Duration;

use super::clock::Calendar;
use super::columns::quoted;
use crate::filter::rule::{Kind, Value};
use crate::ink::Ink;
use crate::timeline::{Timestamp, nanos};

/// What comes out.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Form {
    Json,
    /// Comma-separated values.
    Row,
    /// The names of the values, nested ones joined by dots.
    Names,
    /// Nothing: each value that the record has is handed to a [`Taker`].
    Values,
    /// Likewise the names of all values that such a record may have, and what each of them is.
    Kinds,
}

impl Form {
    /// Whether all members have a place, those too that only other records have.
    pub(super) fn has_all(self) -> bool {
        matches!(self, Self::Row | Self::Names | Self::Kinds)
    }

    fn is_handed(self) -> bool {
        matches!(self, Self::Values | Self::Kinds)
    }
}

/// Is handed the values of a record.
pub(super) trait Taker {
    /// The names of nested members are joined by dots. Text is as safe as in a row.
    fn take(&mut self, name: &str, kind: Kind, value: Option<Value<'_>>);
}

/// A record while it is written.
pub(super) struct Sheet<'i> {
    ink: &'i mut Ink,
    pub(super) form: Form,
    /// The names of the members that are open, each with a dot behind it.
    path: String,
    /// Whether a comma comes before what follows.
    follows: bool,
    /// How many commas come before each value instead, where others have values that this record has not.
    gaps: Option<&'i [u8]>,
    cell: Ink,
    taker: Option<&'i mut dyn Taker>,
}

impl<'i> Sheet<'i> {
    pub(super) fn new(ink: &'i mut Ink, form: Form) -> Self {
        if form == Form::Json {
            ink.text("{");
        }
        let (path, cell) = (String::new(), Ink::default());
        Self { ink, form, path, follows: false, gaps: None, cell, taker: None }
    }

    /// More members of a JSON object that was begun, which somebody else ends.
    pub(super) fn inside(ink: &'i mut Ink) -> Self {
        let (path, cell) = (String::new(), Ink::default());
        Self { ink, form: Form::Json, path, follows: false, gaps: None, cell, taker: None }
    }

    /// A row in which so many commas stand before each value.
    pub(super) fn sparse(ink: &'i mut Ink, gaps: &'i [u8]) -> Self {
        Self { gaps: Some(gaps), ..Self::new(ink, Form::Row) }
    }

    /// Values that are handed on. The ink is not written with.
    pub(super) fn handed(ink: &'i mut Ink, form: Form, taker: &'i mut dyn Taker) -> Self {
        Self { taker: Some(taker), ..Self::new(ink, form) }
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
        if self.form == Form::Names || self.form.is_handed() {
            self.path.push_str(name);
            self.path.push('.');
        }
        write(self);
        self.path.truncate(before);
        if self.form == Form::Json {
            self.ink.text("}");
            self.follows = true;
        }
    }

    pub(super) fn number(&mut self, name: &'static str, number: Option<impl Into<u64>>) {
        let number: Option<u64> = number.map(Into::into);
        if self.form.is_handed() {
            return self.hand(name, Kind::of_number(name), number.map(Value::Number));
        }
        self.plain(name, number, |number, ink| _ = ink.number(number));
    }

    /// Nanoseconds under a name that does not say so.
    pub(super) fn span(&mut self, name: &'static str, kind: Kind, span: Option<Duration>) {
        let nanos = span.map(nanos);
        if self.form.is_handed() {
            return self.hand(name, kind, nanos.map(Value::Number));
        }
        self.plain(name, nanos, |nanos, ink| _ = ink.number(nanos));
    }

    pub(super) fn signed(&mut self, name: &'static str, number: Option<i64>) {
        if self.form.is_handed() {
            return self.hand(name, Kind::Number, number.map(Value::Signed));
        }
        self.plain(name, number, |number, ink| _ = ink.signed(number));
    }

    /// Milliseconds with six digits of fraction; -1 where there are none, as HTTP archives have it.
    pub(super) fn millis(&mut self, name: &'static str, span: Option<Duration>) {
        let nanos = span.map(nanos);
        self.plain(name, Some(nanos), |nanos, ink| {
            match nanos {
                Some(nanos) => ink.number(nanos / 1_000_000).text(".").digits(nanos % 1_000_000, 6),
                None => ink.text("-1"),
            };
        });
    }

    /// A part of a whole, from 0.0 to 1.0, with three digits.
    #[allow(clippy::cast_sign_loss)]
    pub(super) fn share(&mut self, name: &'static str, share: Option<f64>) {
        if self.form.is_handed() {
            return self.hand(name, Kind::Share, share.map(Value::Share));
        }
        self.plain(name, share, |share, ink| {
            _ = ink.text(&format!("{:.3}", share.clamp(0.0, 1.0)));
        });
    }

    /// A number as exact as it is known.
    pub(super) fn fraction(&mut self, name: &'static str, number: f64) {
        let number = Some(number).filter(|number| number.is_finite());
        self.plain(name, number, |number, ink| _ = ink.text(&number.to_string()));
    }

    /// Members that were written before, as [`Sheet::inside`] does.
    pub(super) fn raw(&mut self, name: &'static str, members: &[u8]) {
        self.plain(name, Some(members), |members, ink| _ = ink.text("{").again(members).text("}"));
    }

    /// A list whose items were written before, with the commas between them.
    pub(super) fn plain_list(&mut self, name: &'static str, items: &[u8]) {
        self.plain(name, Some(items), |items, ink| _ = ink.text("[").again(items).text("]"));
    }

    /// A JSON value that was written before.
    pub(super) fn written(&mut self, name: &'static str, value: &str) {
        self.plain(name, Some(value), |value, ink| _ = ink.text(value));
    }

    pub(super) fn flag(&mut self, name: &'static str, flag: Option<bool>) {
        if self.form.is_handed() {
            return self.hand(name, Kind::Flag, flag.map(Value::Flag));
        }
        self.plain(name, flag, |flag, ink| _ = ink.text(if flag { "true" } else { "false" }));
    }

    /// Words of our own, or what is safe already; a quotation mark is safe, too, but not in JSON.
    pub(super) fn words(&mut self, name: &'static str, words: Option<&str>) {
        let form = self.form;
        self.value(name, words, |words, ink| {
            if form == Form::Json {
                ink.json(words.as_bytes())
            } else {
                ink.text(words)
            };
        });
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
        if self.form.is_handed() {
            return self.hand(name, Kind::Time, time.map(Value::Time));
        }
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
        let form = if self.form.is_handed() { Form::Row } else { self.form };
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

    /// What needs no quotes, whatever it is.
    fn plain<T>(&mut self, name: &'static str, value: Option<T>, write: impl FnOnce(T, &mut Ink)) {
        self.name(name);
        match (self.form, value) {
            (Form::Json | Form::Row, Some(value)) => write(value, self.ink),
            (Form::Json, None) => _ = self.ink.text("null"),
            (Form::Values | Form::Kinds, value) => self.hand_written(name, value, write),
            (Form::Row, None) | (Form::Names, _) => {}
        }
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
            (Form::Values | Form::Kinds, value) => self.hand_written(name, value, write),
            (Form::Row, None) | (Form::Names, _) => {}
        }
    }

    fn hand_written<T>(&mut self, name: &str, value: Option<T>, write: impl FnOnce(T, &mut Ink)) {
        let mut cell = std::mem::take(&mut self.cell);
        cell.clear();
        let is_known = value.is_some();
        if let Some(value) = value {
            write(value, &mut cell);
        }
        self.hand(name, Kind::Text, is_known.then_some(Value::Text(cell.as_bytes())));
        self.cell = cell;
    }

    fn hand(&mut self, name: &str, kind: Kind, value: Option<Value<'_>>) {
        let before = self.path.len();
        self.path.push_str(name);
        if let Some(taker) = &mut self.taker {
            taker.take(&self.path, kind, value);
        }
        self.path.truncate(before);
    }

    #[inline]
    fn name(&mut self, name: &str) {
        if self.form.is_handed() {
            return;
        }
        if self.gaps.is_some() {
            self.leave_out();
        } else if std::mem::replace(&mut self.follows, true) {
            self.ink.text(",");
        }
        match self.form {
            Form::Row | Form::Values | Form::Kinds => {}
            Form::Json => _ = self.ink.text("\"").text(name).text("\":"),
            Form::Names => _ = self.ink.text(&self.path).text(name),
        }
    }

    fn leave_out(&mut self) {
        if let Some((gap, gaps)) = self.gaps.and_then(<[u8]>::split_first) {
            self.gaps = Some(gaps);
            for _ in 0..*gap {
                self.ink.text(",");
            }
        }
    }
}
