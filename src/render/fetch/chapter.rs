//! In which order is the story told, and what are its parts called?

use std::collections::HashMap;

use super::entry::{Entry, Kind, Part, Place};
use super::links::Links;
use crate::timeline::Timestamp;

/// A part of the story with what is told in it, in the order of time.
#[derive(Debug)]
pub(super) struct Chapter {
    place: Place,
    began: Timestamp,
    pub(super) entries: Vec<Entry>,
}

/// Which part of the story an entry belongs to, once that is known.
pub(super) fn place(entry: &Entry, links: &Links) -> Place {
    let Place { part, mut transfer, mut socket } = entry.place;
    if socket == 0 {
        socket = entry.ends.and_then(|ends| links.socket(ends)).unwrap_or(0);
    }
    if transfer == 0 && socket != 0 {
        transfer = links.transfer(socket, entry.at).unwrap_or(0);
    }
    let part = match part {
        Part::Request if links.is_being_secured(socket, entry.at) => Part::Security,
        Part::Security if links.is_secured(socket, entry.at) => Part::Request,
        part => part,
    };
    Place { part, transfer, socket }
}

/// Puts entries together that belong together. What nothing tells belongs to the part that went on then.
///
/// What a page embeds is a part of its own, from its URL to its last octet.
pub(super) fn chapters(
    mut entries: Vec<Entry>,
    links: &Links,
    is_embedded: impl Fn(u32) -> bool,
) -> Vec<Chapter> {
    for entry in &mut entries {
        entry.place = place(entry, links);
    }
    entries.sort_by_key(|entry| entry.at);
    let mut last: Option<Place> = None;
    for at in 0..entries.len() {
        let place = entries[at].place;
        if place.transfer != 0 || place.part == Part::Policy {
            last = Some(place).filter(|place| place.transfer != 0).or(last);
            continue;
        }
        let next = || entries[at..].iter().map(|it| it.place).find(|it| it.transfer != 0);
        let Some(near) = last.or_else(next) else { continue };
        entries[at].place = if place.part == Part::Stray {
            near
        } else {
            Place { transfer: near.transfer, ..place }
        };
    }
    let mut found: HashMap<Place, usize> = HashMap::new();
    let mut chapters: Vec<Chapter> = Vec::new();
    for entry in entries {
        let mut place = key(entry.place);
        if place.part != Part::Close && is_embedded(place.transfer) {
            place.part = Part::Object;
        }
        let at = *found.entry(place).or_insert_with(|| {
            chapters.push(Chapter { place, began: entry.at, entries: Vec::new() });
            chapters.len() - 1
        });
        chapters[at].entries.push(entry);
    }
    chapters.sort_by_key(|chapter| {
        let Place { part, transfer, .. } = chapter.place;
        // How it is done stands in front of everything.
        (part != Part::Policy, chapter.began, transfer, part)
    });
    chapters
}

/// Everything with the same key is one part.
fn key(place: Place) -> Place {
    let Place { part, transfer, socket } = place;
    match part {
        Part::Policy => Place::of(part, 0),
        Part::Close if socket != 0 => Place { part, transfer: 0, socket },
        _ => Place::of(part, transfer),
    }
}

impl Chapter {
    pub(super) fn place(&self) -> Place {
        self.place
    }

    /// What it begins with, at a level.
    pub(super) fn head(&self, level: u8) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.kind == Kind::Head && entry.levels.contains(&level))
    }

    /// What else is told at a level.
    pub(super) fn told(&self, level: u8) -> Vec<Entry> {
        let is_object = self.place.part == Part::Object;
        let mut has_head = is_object;
        let mut told = Vec::new();
        for entry in self.entries.iter().filter(|entry| entry.levels.contains(&level)) {
            if entry.kind != Kind::Head {
                told.push(entry.clone());
            } else if std::mem::replace(&mut has_head, true)
                // How the host of an object is found is of less interest.
                && (!is_object || entry.place.part == Part::Request || level >= 6)
            {
                told.push(Entry { kind: Kind::Fact, ..entry.clone() });
            }
        }
        told
    }

    /// What it is called.
    pub(super) fn name(&self, links: &Links) -> String {
        let Place { part, transfer, socket } = self.place;
        let nth = |name: &str| {
            if transfer > 1 { format!("{name} {transfer}") } else { name.to_owned() }
        };
        match part {
            Part::Policy | Part::Stray => String::new(),
            Part::Url => nth("URL"),
            Part::Hosts => nth("hosts"),
            Part::Resolver => nth("resolver"),
            Part::Way => nth("path"),
            Part::Security => nth("TLS"),
            Part::Object => format!("object {transfer}"),
            Part::Request => format!("request {transfer}"),
            Part::Connection => self.connections(links),
            Part::Close if links.many() => match links.connection(socket) {
                Some((number, _)) => format!("close {number}"),
                None => "close".to_owned(),
            },
            Part::Close => "close".to_owned(),
        }
    }

    /// `connection 1 to 192.0.2.80:80`.
    fn connections(&self, links: &Links) -> String {
        let mut sockets: Vec<u32> = self.entries.iter().map(|entry| entry.place.socket).collect();
        sockets.sort_unstable();
        sockets.dedup();
        let mut named: Vec<_> = sockets.iter().filter_map(|it| links.connection(*it)).collect();
        named.sort_unstable();
        match &named[..] {
            [] => "connection".to_owned(),
            [(number, Some(to))] => format!("connection {number} to {to}"),
            [(number, None)] => format!("connection {number}"),
            [(first, _), .., (last, _)] => format!("connections {first} to {last}"),
        }
    }
}
