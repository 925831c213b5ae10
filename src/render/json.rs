//! One JSON object a packet, between two that describe the capture.
//!
//! The capture's record comes first with what is known before any packet, and again at the end
//! with what was counted.

use std::io;
use std::ops::Range;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use super::choice::{Choice, Chosen};
use super::clock::Calendar;
use super::line;
use super::out::Out;
use super::owners::{self, Owned};
use super::sheet::Sheet;
use super::tally::{self, Tally};
use super::{Report, value, verdict};
use crate::flow::{self, Flows, Seen};
use crate::ink::Ink;
use crate::timeline::About;
use crate::wire::field::{Field, Listener, Value};
use crate::wire::{PROTOCOLS, Packet, frame};

pub struct Json {
    out: Out,
    choice: Option<Choice>,
    calendar: Calendar,
    tally: Tally,
    members: Members,
    owned: Option<Owned>,
}

/// The members of `fields`, gathered so that no key occurs twice.
struct Members {
    calendar: Calendar,
    /// Every name that a field may have, and the place of each field's.
    names: Vec<String>,
    places: HashMap<usize, usize, RandomState>,
    /// For each name the first of this packet's values and the last, if there is one.
    chains: Vec<Option<(usize, usize)>>,
    values: Vec<Member>,
    ink: Ink,
}

struct Member {
    name: usize,
    written: Range<usize>,
    /// The next value of the same name.
    next: Option<usize>,
}

impl Json {
    /// Without a choice every field of every layer is told.
    pub fn new(out: Out, choice: Option<Choice>) -> Self {
        let members = Members::new(choice.as_ref());
        let (calendar, tally) = (Calendar::utc(), Tally::default());
        Self { out, choice, calendar, tally, members, owned: None }
    }

    /// Tells whose the ends are, too, if that was asked.
    #[must_use]
    pub fn with_owners(self, asked: bool) -> Self {
        Self { owned: asked.then(Owned::default), ..self }
    }
}

impl Report for Json {
    fn begin(&mut self, about: &About) -> io::Result<()> {
        tally::record(about, None, &mut self.calendar, &mut self.out.ink);
        self.out.line()
    }

    fn packet(&mut self, packet: &Packet<'_>, seen: &Seen<'_>) -> io::Result<()> {
        self.tally.count(packet);
        if let Some(choice) = &mut self.choice {
            choice.tell(packet, seen, &mut self.members);
        } else {
            frame::fields(packet, frame::Others::default(), &mut Unsaid(&mut self.members));
            for layer in packet.layers() {
                layer.fields(&mut self.members);
            }
            flow::fields(packet, seen, &mut self.members);
        }
        let ink = &mut self.out.ink;
        head(packet, &mut self.calendar, ink);
        self.members.write(ink);
        ink.text(r#"},"connection":"#);
        match seen.id() {
            Some(id) => ink.number(id),
            None => ink.text("null"),
        };
        ink.text(r#","verdicts":["#);
        verdict::records(packet, seen, ink);
        ink.text("]");
        if let Some(owned) = &self.owned {
            ink.text(",");
            owners::sides(owned.of(seen.id()), seen, &mut Sheet::inside(ink));
        }
        ink.text("}");
        self.out.line()
    }

    fn owners(&mut self) -> Option<&mut Owned> {
        self.owned.as_mut()
    }

    fn lull(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    fn end(&mut self, about: &About, _: &Flows) -> io::Result<()> {
        tally::record(about, Some(&self.tally), &mut self.calendar, &mut self.out.ink);
        self.out.line()?;
        self.out.flush()
    }
}

/// Everything before the fields.
fn head(packet: &Packet<'_>, calendar: &mut Calendar, ink: &mut Ink) {
    let frame = &packet.frame;
    ink.text(r#"{"type":"packet","number":"#).number(frame.number);
    ink.text(r#","time":""#);
    calendar.rfc3339(frame.time, ink);
    ink.text(r#"","length":"#).count(frame.octets.len());
    ink.text(r#","captured_length":"#).count(frame.octets.kept().len());
    ink.text(r#","interface":"#).number(frame.interface);
    ink.text(r#","source":"#);
    or_null(ink, |ink| line::source(packet, ink));
    ink.text(r#","destination":"#);
    or_null(ink, |ink| line::destination(packet, ink));
    ink.text(r#","protocol":"#);
    or_null(ink, |ink| {
        if let Some(layer) = packet.own_layers().last() {
            ink.text(layer.name().key);
        }
    });
    ink.text(r#","layers":["#);
    for (at, layer) in packet.layers().iter().enumerate() {
        ink.text(if at > 0 { ",\"" } else { "\"" }).text(layer.name().key).text("\"");
    }
    ink.text(r#"],"fields":{"#);
}

/// Writes safe words in quotes, or null when there are none.
pub(super) fn or_null(ink: &mut Ink, write: impl FnOnce(&mut Ink)) {
    let start = ink.len();
    ink.text("\"");
    write(ink);
    if ink.len() == start + 1 {
        ink.back_to(start);
        ink.text("null");
    } else {
        ink.text("\"");
    }
}

impl Members {
    fn new(choice: Option<&Choice>) -> Self {
        let mut members = Self {
            calendar: Calendar::utc(),
            names: Vec::new(),
            places: HashMap::default(),
            chains: Vec::new(),
            values: Vec::new(),
            ink: Ink::default(),
        };
        if let Some(choice) = choice {
            // A name asked for twice is told once: its second place stays empty.
            for name in choice.names() {
                let told = members.names.contains(name);
                members.names.push(if told { String::new() } else { name.clone() });
            }
        } else {
            let mut known: HashMap<&str, usize, RandomState> = HashMap::default();
            for field in PROTOCOLS.iter().flat_map(|(_, fields)| *fields) {
                let place = *known.entry(field.name).or_insert_with(|| {
                    members.names.push(field.name.to_owned());
                    members.names.len() - 1
                });
                members.places.insert(std::ptr::from_ref(*field).addr(), place);
            }
        }
        members.chains = vec![None; members.names.len()];
        members
    }

    fn add(&mut self, name: usize, value: Value<'_>) {
        let from = self.ink.len();
        value::json(value, &mut self.calendar, &mut self.ink);
        let at = self.values.len();
        self.values.push(Member { name, written: from..self.ink.len(), next: None });
        match &mut self.chains[name] {
            Some((_, last)) => self.values[std::mem::replace(last, at)].next = Some(at),
            chain => *chain = Some((at, at)),
        }
    }

    /// Writes each name once, and forgets the values.
    fn write(&mut self, ink: &mut Ink) {
        let written = self.ink.as_bytes();
        let mut comma = "";
        for (at, member) in self.values.iter().enumerate() {
            let Some((first, last)) = self.chains[member.name] else { continue };
            if first != at {
                continue;
            }
            ink.text(comma).text("\"").text(&self.names[member.name]).text("\":");
            ink.text(if first == last { "" } else { "[" });
            ink.again(&written[member.written.clone()]);
            let mut next = member.next;
            while let Some(at) = next {
                ink.text(",").again(&written[self.values[at].written.clone()]);
                next = self.values[at].next;
            }
            ink.text(if first == last { "" } else { "]" });
            comma = ",";
        }
        for member in self.values.drain(..) {
            self.chains[member.name] = None;
        }
        self.ink.clear();
    }
}

impl Listener for Members {
    fn field(&mut self, field: &'static Field, _: Range<usize>, value: Value<'_>) {
        if let Some(place) = self.places.get(&std::ptr::from_ref(field).addr()) {
            self.add(*place, value);
        }
    }
}

impl Chosen for Members {
    fn value(&mut self, column: usize, _: &'static Field, value: Value<'_>, _: &[u8]) {
        if !self.names[column].is_empty() {
            self.add(column, value);
        }
    }
}

/// Lets through what the record does not say elsewhere.
struct Unsaid<'m>(&'m mut Members);

impl Listener for Unsaid<'_> {
    fn field(&mut self, field: &'static Field, octets: Range<usize>, value: Value<'_>) {
        let unsaid = [&frame::COMMENT, &frame::INFLATED_LEN, &frame::DECRYPTED_LEN];
        if unsaid.iter().any(|one| std::ptr::eq(*one, field)) {
            self.0.field(field, octets, value);
        }
    }
}
