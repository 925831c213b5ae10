//! Which records keep to a limit?
//!
//! A rule is the name of a field, a comparison and a limit: `server_think<200ms`, `http.status<500`. `no
//! tail_loss` says that a trouble must not occur. Behind `if` stand comparisons that a record must pass
//! for the rule to be about it. What is not known neither keeps to a limit nor breaks it.

mod fields;
mod limit;
mod parse;

use super::{Complaint, Error};
use crate::timeline::Timestamp;
pub use fields::{Field, Fields, Subject};
use limit::{Limit, Relation};

/// What a field holds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    Number,
    /// Nanoseconds.
    Duration,
    /// Octets.
    Size,
    /// A part of a whole, from 0.0 to 1.0.
    Share,
    /// Nanoseconds of a whole, which may be limited as a share of it, too.
    Part,
    Flag,
    Text,
    Time,
}

/// A value of a record.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'v> {
    Number(u64),
    Signed(i64),
    Share(f64),
    Flag(bool),
    Text(&'v [u8]),
    Time(Timestamp),
}

/// What a record has in the place of a field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Found<'v> {
    /// Such records have no such field.
    Nothing,
    Unknown,
    Known(Value<'v>),
}

/// Whoever has values, by the numbers of their fields.
pub trait Record {
    fn find(&self, field: usize) -> Found<'_>;
}

/// A compiled rule.
#[derive(Debug)]
pub struct Rule {
    text: String,
    subject: usize,
    test: Test,
    /// A field that a record must have for the rule to be about it.
    needs: Option<usize>,
    conditions: Vec<Test>,
    /// `no ...`
    forbids: bool,
}

/// A field, and the limit of its value.
#[derive(Debug)]
struct Test {
    field: usize,
    relation: Relation,
    limit: Limit,
    /// The field of the whole, where the limit is a share of it.
    whole: Option<usize>,
}

/// What a rule says of a record.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Judgement {
    /// It is not about such records.
    None,
    Unknown,
    Held,
    Broken,
}

impl Rule {
    /// Compiles a rule about these fields.
    pub fn new(text: &str, fields: &Fields) -> Result<Self, Error> {
        parse::rule(text, fields).map_err(|Complaint { at, what }| Error {
            of: "rule",
            expression: text.to_owned(),
            at,
            what,
        })
    }

    /// As it was typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The place of its subject among all.
    pub fn subject(&self) -> usize {
        self.subject
    }

    /// The number of the field that is limited.
    pub fn field(&self) -> usize {
        self.test.field
    }

    /// Whether it says that something must not be at all.
    pub fn forbids(&self) -> bool {
        self.forbids
    }

    /// The numbers of all fields that it asks for.
    pub fn fields(&self) -> impl Iterator<Item = usize> {
        let tests = std::iter::once(&self.test).chain(&self.conditions);
        tests.flat_map(|test| [Some(test.field), test.whole]).flatten().chain(self.needs)
    }

    /// The field of the whole, where the limit is a share of it.
    pub fn whole(&self) -> Option<usize> {
        self.test.whole
    }

    pub fn judge(&self, record: &impl Record) -> Judgement {
        let is_other = |field| record.find(field) == Found::Nothing;
        if is_other(self.test.field) || self.needs.is_some_and(is_other) {
            return Judgement::None;
        }
        if self.conditions.iter().any(|test| test.holds(record) != Some(true)) {
            return Judgement::None;
        }
        match self.test.holds(record) {
            None => Judgement::Unknown,
            Some(true) => Judgement::Held,
            Some(false) => Judgement::Broken,
        }
    }

    /// By how much a value is beyond its limit, to tell which of several is worst; of what has no order, the
    /// same.
    pub fn excess(&self, record: &impl Record) -> f64 {
        let value = match self.test.value(record) {
            Some(Value::Number(number)) => real(number),
            Some(Value::Signed(number)) => real_signed(number),
            Some(Value::Share(share)) => share,
            _ => return 0.0,
        };
        let Limit::Number(limit) = self.test.limit else { return 0.0 };
        if self.test.relation.is_lower() { limit - value } else { value - limit }
    }
}

impl Test {
    /// The value to compare, if it is known.
    fn value<'r>(&self, record: &'r impl Record) -> Option<Value<'r>> {
        let Found::Known(value) = record.find(self.field) else { return None };
        match (self.whole.map(|whole| record.find(whole)), value) {
            (None, value) => Some(value),
            (Some(Found::Known(Value::Number(whole))), Value::Number(part)) => {
                Some(Value::Share(share(part, whole)))
            }
            _ => None,
        }
    }

    /// Nothing where it is not known.
    fn holds(&self, record: &impl Record) -> Option<bool> {
        let order = self.limit.compare(self.value(record)?)?;
        Some(self.relation.holds(order))
    }
}

/// Of a whole that is nothing every part is nothing, too.
pub fn share(part: u64, whole: u64) -> f64 {
    if part == 0 { 0.0 } else { real(part) / real(whole) }
}

/// The number of a record as one that has fractions: exact, for records have no integer above 2^53.
#[allow(clippy::cast_precision_loss)]
pub fn real(number: u64) -> f64 {
    number as f64
}

fn real_signed(number: i64) -> f64 {
    real(number.unsigned_abs()).copysign(if number < 0 { -1.0 } else { 1.0 })
}

impl Kind {
    /// Of a number, by what its name says of the unit.
    pub fn of_number(name: &str) -> Self {
        if name == "ns" || name.ends_with("_ns") {
            Self::Duration
        } else if name == "bytes" || name.contains("_bytes") {
            Self::Size
        } else {
            Self::Number
        }
    }

    fn has_order(self) -> bool {
        !matches!(self, Self::Flag | Self::Text)
    }
}

#[cfg(test)]
mod tests;
