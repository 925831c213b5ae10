//! Which fields did the user ask for?

use std::fmt;

use super::since::{self, Since};
use crate::flow::{self, Seen};
use crate::wire::dictionary::{self, Known};
use crate::wire::field::{Field, Listener, Value};
use crate::wire::{PROTOCOLS, Packet, frame};

/// Fields asked for by name, in the order asked.
#[derive(Debug)]
pub struct Choice {
    names: Vec<String>,
    /// A field and the place of its name. A field may have several, a name several fields.
    owners: Vec<(&'static Field, usize)>,
    /// The first field of every protocol that has one of the owners.
    tellers: Vec<&'static Field>,
    since: Since,
}

/// A name that no field has.
#[derive(Debug)]
pub struct UnknownField {
    pub name: String,
    /// The name most like it.
    pub nearest: Option<&'static str>,
}

/// Receives the values of the fields that were asked for.
pub(super) trait Chosen {
    /// `column` is the place of the name in what was asked; `octets` are what the field stands for.
    fn value(&mut self, column: usize, field: &'static Field, value: Value<'_>, octets: &[u8]);
}

impl Choice {
    /// Finds the fields; a sibling name such as `tcp.port` stands for several.
    pub fn new(names: impl IntoIterator<Item = impl Into<String>>) -> Result<Self, UnknownField> {
        let mut choice = Self {
            names: Vec::new(),
            owners: Vec::new(),
            tellers: Vec::new(),
            since: Since::default(),
        };
        for name in names {
            let name = name.into();
            let place = choice.names.len();
            let own = since::FIELDS.iter().filter(|field| field.name == name);
            let before = choice.owners.len();
            choice.owners.extend(own.map(|field| (*field, place)));
            if let Some(Known::Fields(fields)) = dictionary::look_up(&name) {
                choice.owners.extend(fields.into_iter().map(|field| (field, place)));
            }
            if choice.owners.len() == before {
                let nearest = dictionary::nearest(&name);
                return Err(UnknownField { name, nearest });
            }
            choice.names.push(name);
        }
        let own = [since::FIELDS];
        for declared in PROTOCOLS.iter().map(|(_, declared)| *declared).chain(own) {
            let has = |field| declared.iter().any(|known| std::ptr::eq(*known, field));
            if choice.owners.iter().any(|(field, _)| has(*field)) {
                choice.tellers.extend(declared.first());
            }
        }
        Ok(choice)
    }

    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Tells what a packet holds of the fields; must be called once a packet.
    pub(super) fn tell(&mut self, packet: &Packet<'_>, seen: &Seen<'_>, to: &mut dyn Chosen) {
        let owners = &self.owners;
        let asked = |declared: &[&'static Field]| {
            let first = declared.first();
            first.is_some_and(|first| self.tellers.iter().any(|one| std::ptr::eq(*one, *first)))
        };
        if asked(frame::FIELDS) {
            frame::fields(packet, seen.others, &mut Sieve { owners, octets: &[], to });
        }
        if asked(since::FIELDS) {
            self.since.fields(packet, &mut Sieve { owners, octets: &[], to });
        }
        if asked(flow::FIELDS) {
            flow::fields(packet, seen, &mut Sieve { owners, octets: &[], to });
        }
        for place in packet.places() {
            if asked(place.layer.may_tell()) {
                let octets = place.octets.kept().get(place.start..).unwrap_or(&[]);
                place.layer.fields(&mut Sieve { owners, octets, to });
            }
        }
    }
}

/// Lets through what was asked for.
struct Sieve<'s> {
    owners: &'s [(&'static Field, usize)],
    octets: &'s [u8],
    to: &'s mut dyn Chosen,
}

impl Listener for Sieve<'_> {
    fn field(&mut self, field: &'static Field, octets: std::ops::Range<usize>, value: Value<'_>) {
        for (owner, column) in self.owners {
            if std::ptr::eq(*owner, field) {
                let octets = self.octets.get(octets.clone()).unwrap_or(&[]);
                self.to.value(*column, field, value, octets);
            }
        }
    }
}

impl fmt::Display for UnknownField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no field is called {}", self.name.escape_debug())?;
        self.nearest.map_or(Ok(()), |nearest| write!(f, "; the nearest is {nearest}"))
    }
}

impl std::error::Error for UnknownField {}
