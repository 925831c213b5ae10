//! Which field of which record does a name stand for?
//!
//! The full name always does. Where only one field of a record can be meant, its unit and what stands in
//! front may be left out: `latency` is `latency_ns`, `server_think` is `budget.buckets.server_think`. Names
//! that several records have are those of the first; with `exchange.` in front, those of exchanges.

use super::Kind;
use crate::wire::dictionary;

/// A value that a record may have.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Field {
    pub name: String,
    pub kind: Kind,
}

/// One sort of records.
#[derive(Clone, Debug, Default)]
pub struct Subject {
    /// In the singular.
    pub name: &'static str,
    /// What such a record may have, whatever it is about.
    pub fields: Vec<Field>,
    /// What only some of them have, by what they are about: the names in front of their fields' names.
    pub topics: Vec<String>,
    /// What may be left out in front of a name, even where others end alike.
    pub fronts: &'static [&'static str],
    /// The field that holds the whole of each [`Kind::Part`].
    pub whole: Option<usize>,
}

/// All records, those in front first whose names are meant before others.
#[derive(Clone, Debug, Default)]
pub struct Fields(pub Vec<Subject>);

/// What a name stands for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Place {
    pub(super) subject: usize,
    pub(super) field: usize,
    /// A field that only those records have that are meant.
    pub(super) needs: Option<usize>,
}

/// Why a name stands for nothing.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Unclear {
    /// With the name most like it.
    Unknown(Option<String>),
    /// All of these may be meant.
    Several(Vec<String>),
}

impl Subject {
    pub fn find(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|field| field.name == name)
    }

    fn place(&self, subject: usize, name: &str) -> Result<Place, Unclear> {
        let at = |field| Place { subject, field, needs: None };
        if let Some(field) = self.find(name) {
            return Ok(at(field));
        }
        let is = |field: &Field| without_unit(&field.name) == Some(name);
        if let Some(field) = self.only(is)? {
            return Ok(at(field));
        }
        if let Some(place) = self.of_topic(subject, name) {
            return Ok(place);
        }
        for front in self.fronts {
            let is = |field: &Field| {
                let inner = field.name.strip_prefix(front);
                inner.is_some_and(|inner| inner == name || without_unit(inner) == Some(name))
            };
            if let Some(field) = self.only(is)? {
                return Ok(at(field));
            }
        }
        let ends =
            |known: &str| known.strip_suffix(name).is_some_and(|before| before.ends_with('.'));
        if let Some(field) = self.only(|field| ends(&field.name))? {
            return Ok(at(field));
        }
        if let Some(field) = self.only(|field| without_unit(&field.name).is_some_and(ends))? {
            return Ok(at(field));
        }
        Err(Unclear::Unknown(None))
    }

    /// `dns.latency` is what all have, of those that are about DNS.
    fn of_topic(&self, subject: usize, name: &str) -> Option<Place> {
        let (topic, name) = name.split_once('.')?;
        let topic = self.topics.iter().find(|known| *known == topic)?;
        let is_own = |field: &Field| {
            field.name.strip_prefix(topic.as_str()).is_some_and(|rest| rest.starts_with('.'))
        };
        let needs = self.fields.iter().position(is_own);
        let is = |field: &Field| field.name == name || without_unit(&field.name) == Some(name);
        let field = self.fields.iter().position(is)?;
        Some(Place { subject, field, needs })
    }

    fn only(&self, is: impl Fn(&Field) -> bool) -> Result<Option<usize>, Unclear> {
        let found: Vec<usize> = (0..self.fields.len()).filter(|at| is(&self.fields[*at])).collect();
        match found.as_slice() {
            [] => Ok(None),
            [one] => Ok(Some(*one)),
            several => {
                let name = |at: &usize| self.fields[*at].name.clone();
                Err(Unclear::Several(several.iter().map(name).collect()))
            }
        }
    }
}

impl Fields {
    /// `subject` is the only one that may be meant, if there is only one.
    pub(super) fn place(&self, name: &str, subject: Option<usize>) -> Result<Place, Unclear> {
        let may = |at: usize| subject.is_none_or(|only| only == at);
        for (at, one) in self.0.iter().enumerate().filter(|(at, _)| may(*at)) {
            if let Some(field) = one.find(name) {
                return Ok(Place { subject: at, field, needs: None });
            }
        }
        let mut several = None;
        for (at, one) in self.0.iter().enumerate().filter(|(at, _)| may(*at)) {
            let inside = name.strip_prefix(one.name).and_then(|rest| rest.strip_prefix('.'));
            for name in [Some(name), inside].into_iter().flatten() {
                match one.place(at, name) {
                    Ok(place) => return Ok(place),
                    Err(Unclear::Unknown(_)) => {}
                    Err(unclear) => several = several.or(Some(unclear)),
                }
            }
        }
        Err(several.unwrap_or_else(|| Unclear::Unknown(self.nearest(name, subject))))
    }

    fn nearest(&self, name: &str, subject: Option<usize>) -> Option<String> {
        let may = |at: usize| subject.is_none_or(|only| only == at);
        let subjects = self.0.iter().enumerate().filter(|(at, _)| may(*at));
        let fields: Vec<&str> =
            subjects.flat_map(|(_, one)| &one.fields).map(|field| &*field.name).collect();
        // The short names are what people type, where they are clear.
        let tails = fields.iter().flat_map(|name| {
            let places = name.match_indices('.').map(|(at, _)| &name[at + 1..]);
            places.flat_map(|tail| [Some(tail), without_unit(tail)]).flatten()
        });
        let whole = fields.iter().flat_map(|name| [Some(*name), without_unit(name)]).flatten();
        let clear = |known: &&str| self.place_quietly(known, subject);
        dictionary::closest(name, whole.chain(tails.filter(clear))).map(str::to_owned)
    }

    fn place_quietly(&self, name: &str, subject: Option<usize>) -> bool {
        let may = |at: usize| subject.is_none_or(|only| only == at);
        let mut subjects = self.0.iter().enumerate().filter(|(at, _)| may(*at));
        subjects.any(|(at, one)| one.place(at, name).is_ok())
    }
}

/// A name that ends with its unit, without it.
fn without_unit(name: &str) -> Option<&str> {
    name.strip_suffix("_ns").or_else(|| name.strip_suffix("_bytes"))
}
