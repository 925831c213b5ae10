//! How is an explanation set on a page?

use std::fmt::Write as _;
use std::path::PathBuf;

use super::Noted;
use super::page::Page;
use super::rows::Rest;
use super::words::{self, Said, Words};
use super::{head, outside, state};
use crate::flow::tcp::Confidence;
use crate::render::value::{cells, pad};
use crate::tale::packet::{Account, Came, Why};

/// Everything, with the sentences made of it.
pub(super) struct Whole<'w> {
    pub(super) number: u64,
    pub(super) noted: &'w Noted,
    pub(super) account: &'w Account,
    pub(super) what: String,
    pub(super) why: Vec<Said>,
    pub(super) came: Vec<Said>,
    pub(super) ending: Option<String>,
    pub(super) tshark: String,
}

impl<'w> Whole<'w> {
    pub(super) fn of(
        number: u64,
        noted: &'w Noted,
        account: &'w Account,
        files: &[PathBuf],
        words: Words,
    ) -> Self {
        let own = account.subject.trace.mark;
        // Of packets that belong to an exchange it is known better what they follow and what follows.
        let is_known = !account.belongs.is_empty();
        let is_vague = |why: &Why| is_known && matches!(why, Why::First | Why::Follows(_));
        let reasons = account.subject.reasons.iter().filter(|reason| !is_vague(&reason.why));
        let mut why: Vec<Said> = reasons.map(|reason| words.reason(reason, own)).collect();
        let is_vague = |came: Came| is_known && matches!(came, Came::NextBack(_));
        let effects = account.effects.iter().filter(|effect| !is_vague(effect.came));
        let mut came: Vec<Said> = effects.map(|effect| words.effect(effect, own)).collect();
        for (exchange, part) in account.belongs.iter().rev() {
            let [reason, effect] = words.exchange(exchange, *part, own);
            why.splice(0..0, reason);
            came.splice(0..0, effect);
        }
        for sentences in [&mut why, &mut came] {
            let mut told = Vec::new();
            sentences.retain(|said| {
                let is_new = !told.contains(&said.text);
                told.push(said.text.clone());
                is_new
            });
        }
        Self {
            number,
            noted,
            account,
            what: noted.head.sentence(&account.belongs, words),
            ending: words::ending(account, came.is_empty()),
            why,
            came,
            tshark: outside::tshark(files, number),
        }
    }

    pub(super) fn write(&self, page: &mut Page<'_>) {
        self.heading(page);
        page.heading("Why it is here");
        for said in &self.why {
            page.item(&sentence(said));
        }
        if self.why.is_empty() {
            page.item("nothing before it shows what brought it about");
        }
        page.heading("What came of it");
        for said in &self.came {
            page.item(&sentence(said));
        }
        if let Some(ending) = &self.ending {
            page.item(ending);
        }
        self.state(page);
        for section in &self.noted.sections {
            section.write(page);
        }
        self.rest(page);
        page.heading("Elsewhere");
        page.ink.text("  ").text(&self.tshark).text("\n");
        if let Some(filter) = &self.noted.filter {
            page.ink.text("  -Y ").text(&outside::quoted(filter.as_bytes())).text("\n");
        }
    }

    fn heading(&self, page: &mut Page<'_>) {
        let Self { noted, account, .. } = self;
        let start = page.ink.len();
        page.ink.text("#").number(self.number).text("  ").text(&noted.shown_time).text("  ");
        let used = cells(&page.ink.as_bytes()[start..]);
        let sides = account.subject.side.filter(|_| account.subject.origin.is_some());
        let [from, to] = match sides {
            Some(side) => [side, side.peer()].map(|side| format!("{} ", head::name(side))),
            None => [String::new(), String::new()],
        };
        let arrow = if page.ink.ascii { ">" } else { "→" };
        let head = &noted.head;
        let ends = match (&*head.source, &*head.destination) {
            ("", "") => String::new(),
            ("", whom) => format!("{arrow} {to}{whom}"),
            (who, "") => format!("{from}{who}"),
            (who, whom) => format!("{from}{who} {arrow} {to}{whom}"),
        };
        page.flow(&ends, used, 4);
        page.paragraph(4, &self.what);
        if let Some(opened) = account.subject.opened.filter(|opened| opened.packet != self.number) {
            let words = Words { ascii: page.ink.ascii };
            let since = words.duration(noted.time.since(opened.time));
            let what = if account.subject.origin.is_some() { "connection" } else { "conversation" };
            let id = noted.conversation.unwrap_or_default();
            page.paragraph(
                4,
                &format!("{since} after the first packet of {what} {id}, #{}", opened.packet),
            );
        }
        // Of many the sentence says the same already.
        let line = head.line.split_once("  ").map_or(&*head.line, |(_, line)| line);
        if !self.what.contains(line) {
            page.paragraph(4, &head.line);
        }
        if !noted.comment.is_empty() {
            page.paragraph(4, &format!("comment: {}", crate::ink::safe(&noted.comment)));
        }
    }

    fn state(&self, page: &mut Page<'_>) {
        let changes = &self.noted.changes;
        let trip = self.account.subject.round_trip;
        if changes.is_empty() && trip.is_none() {
            return;
        }
        page.heading("Before and after");
        let unknown = |value: &Option<String>| value.clone().unwrap_or_else(|| "not known".into());
        let arrow = if page.ink.ascii { ">" } else { "→" };
        let width = changes.iter().map(|change| state::label(change).len()).max().unwrap_or(0);
        for change in changes.iter().filter(|change| change.is_one()) {
            let start = page.ink.len();
            page.ink.text("  ").text(&state::label(change));
            pad(start, (width + 4).min(page.width() * 2 / 3), page.ink);
            let used = cells(&page.ink.as_bytes()[start..]);
            let text = format!("{} {arrow} {}", unknown(&change.before), unknown(&change.after));
            page.flow(&text, used, used);
        }
        if let Some((of, time)) = trip {
            let time = Words { ascii: page.ink.ascii }.duration(time);
            page.paragraph(2, &format!("it ends a round trip of {time}, which #{of} began"));
        }
        let mut same: Vec<String> = Vec::new();
        let mut side = None;
        for change in changes.iter().filter(|change| !change.is_one() && change.after.is_some()) {
            let value = unknown(&change.after);
            match same.last_mut().filter(|_| side == Some(change.side)) {
                Some(last) => _ = write!(last, ", {} {value}", change.words),
                None => same.push(format!("{} {value}", state::label(change))),
            }
            side = Some(change.side);
        }
        if !same.is_empty() {
            page.paragraph(2, &format!("unchanged: {}", same.join("; ")));
        }
    }

    fn rest(&self, page: &mut Page<'_>) {
        let Rest { payload, trailer, stop } = &self.noted.rest;
        if payload.is_none() && trailer.is_none() && stop.is_none() {
            return;
        }
        page.heading("Behind the headers");
        if let Some(stop) = stop {
            page.item(stop);
        }
        if let Some((start, len, kept)) = payload {
            let what = if stop.is_some() { "not read" } else { "payload" };
            let cut = if kept < len { format!("; the capture kept {kept}") } else { String::new() };
            let octets = words::octets(*len as u64);
            page.item(&format!("{what}: {octets}, from {start} on{cut}"));
        }
        if let Some(trailer) = trailer {
            let octets = words::octets(trailer.len() as u64);
            page.item(&format!(
                "trailer: {octets}, from {} on, which belong to no packet",
                trailer.start
            ));
        }
    }
}

/// What is not observed says so.
fn sentence(said: &Said) -> String {
    match said.inferred {
        None | Some(Confidence::Certain) => said.text.clone(),
        Some(Confidence::Likely) => format!("{} (inferred)", said.text),
        Some(Confidence::Weak) => format!("{} (inferred, and not certain)", said.text),
    }
}
