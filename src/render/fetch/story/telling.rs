//! In which order are the lines of a story written?

use std::io;

use super::Story;
use crate::render::fetch::chapter::{self, Chapter};
use crate::render::fetch::entry::{Entry, Kind, Part, Place};
use crate::render::fetch::links::margin;

impl Story {
    pub(super) fn chapters(&self, entries: Vec<Entry>) -> Vec<Chapter> {
        let is_embedded = |transfer| {
            let ended = self.transfers.get(&transfer).and_then(|it| it.ended.as_ref());
            ended.is_some_and(|it| it.is_embedded)
        };
        chapter::chapters(entries, &self.links, is_embedded)
    }

    pub(super) fn tell_chapter(&mut self, chapter: &Chapter) -> io::Result<()> {
        let level = self.look.level;
        let is_object = chapter.place().part == Part::Object;
        let head = chapter.head(level);
        let told = chapter.told(level);
        if head.is_none() && told.is_empty() {
            return Ok(());
        }
        if chapter.place().part != Part::Policy {
            self.number += 1;
            let transfer = chapter.place().transfer;
            let ended = self.transfers.get(&transfer).and_then(|it| it.ended.as_ref());
            let text = match ended.filter(|_| is_object) {
                Some(object) => format!("{} found in the page", object.url),
                None => head.map(|head| head.text.clone()).unwrap_or_default(),
            };
            self.page.head(self.number, &chapter.name(&self.links), &text)?;
        }
        for entry in &told {
            self.tell_entry(entry)?;
        }
        Ok(())
    }

    /// In the order of time, whatever part it is of.
    pub(super) fn tell_in_order(&mut self, mut entries: Vec<Entry>) -> io::Result<()> {
        entries.sort_by_key(|entry| entry.at);
        for mut entry in entries {
            entry.place = chapter::place(&entry, &self.links);
            if entry.kind == Kind::Head {
                entry.kind = Kind::Fact;
                entry.text = format!("{:<10} {}", name(entry.place.part), entry.text);
            }
            self.tell_entry(&entry)?;
        }
        Ok(())
    }

    fn tell_entry(&mut self, entry: &Entry) -> io::Result<()> {
        let packets = self.links.packets(&entry.proof);
        // Only calls and packets leave out what others add.
        let adds = matches!(entry.kind, Kind::Call | Kind::Packet(..));
        let note = adds.then(|| self.links.note(&entry.proof, entry.place.socket)).flatten();
        let note = note.unwrap_or_default();
        self.page.entry(entry, &margin(&packets), &note)
    }

    /// What is known by now, in the order in which it became known.
    pub(super) fn go_on(&mut self) -> io::Result<()> {
        if self.number == 0 && self.last.is_none() && self.policy.is_some() {
            self.title()?;
            self.last = Some(Place::of(Part::Policy, 0));
        }
        let entries = std::mem::take(&mut self.entries);
        for mut entry in entries {
            entry.place = chapter::place(&entry, &self.links);
            let place = entry.place;
            let is_new = self.last.is_none_or(|last| {
                (last.part, last.transfer) != (place.part, place.transfer)
                    && place.part != Part::Policy
                    && place.transfer != 0
            });
            if is_new && !self.page.has_columns() {
                self.number += 1;
                let text =
                    if entry.kind == Kind::Head { entry.text.clone() } else { String::new() };
                self.page.head(self.number, name(place.part), &text)?;
                self.last = Some(place);
                if entry.kind == Kind::Head {
                    continue;
                }
            }
            if entry.kind == Kind::Head {
                entry.kind = Kind::Fact;
            }
            self.tell_entry(&entry)?;
        }
        if let Some(dumps) = &mut self.dumps {
            dumps.left();
        }
        self.page.out.flush()
    }
}

/// What a part of the story is called where it has no number.
fn name(part: Part) -> &'static str {
    match part {
        Part::Policy | Part::Stray => "",
        Part::Url => "URL",
        Part::Hosts => "hosts",
        Part::Resolver => "resolver",
        Part::Way => "path",
        Part::Connection => "connection",
        Part::Security => "TLS",
        Part::Request => "request",
        Part::Object => "object",
        Part::Close => "close",
    }
}
