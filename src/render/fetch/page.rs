//! Where on the page does a line stand?
//!
//! Up to level 6 the time stands in front, what happened behind it, and the packets that show it at the
//! margin. At level 7 calls, packets and reasons have a column each, where the page is wide enough.

use std::io;

use super::entry::{Entry, Kind};
use super::words::clock;
use crate::ink::{Paint, is_safe};
use crate::render::fit::{cells, wrapped};
use crate::render::out::Out;
use crate::timeline::Timestamp;

/// Writes lines that fit.
pub(super) struct Page {
    pub(super) out: Out,
    width: usize,
    pub(super) level: u8,
    /// What times count from.
    start: Timestamp,
    /// Whether a time was written with its unit.
    has_unit: bool,
}

/// Cells of the time, behind which everything else stands.
const TIME: usize = 9;
/// Where what happened begins, and packets, and behind a call's name what it does.
const TEXT: usize = 14;
const NAME: usize = 12;
/// Fewer columns than this, and lines are moved to the left.
const WIDE: usize = 60;
/// Fewer columns than this, and three of them make no sense.
const THREE: usize = 96;
/// At level 7: where calls begin, facts, packets; and how wide reasons are.
const CALLS: usize = 11;
const PACKETS: usize = 34;
const REASONS: usize = 20;
/// Fewer columns are taken for these.
const LEAST: usize = 40;

impl Page {
    pub(super) fn new(out: Out, width: usize, level: u8) -> Self {
        Self { out, width: width.max(LEAST), level, start: Timestamp::default(), has_unit: false }
    }

    pub(super) fn width(&self) -> usize {
        self.width
    }

    pub(super) fn count_from(&mut self, start: Timestamp) {
        self.start = start;
    }

    /// Whether calls, packets and reasons have a column each.
    pub(super) fn has_columns(&self) -> bool {
        self.level >= 7 && self.width >= THREE
    }

    /// A line on its own, broken where it must be.
    pub(super) fn line(&mut self, text: &str, paint: Option<Paint>) -> io::Result<()> {
        let indent = text.len() - text.trim_start().len();
        let hang = (indent + 2).min(self.width / 2);
        let first = self.width.saturating_sub(indent);
        for (at, line) in wrapped(text.trim_start(), first, self.width - hang).iter().enumerate() {
            self.out.ink.spaces(if at == 0 { indent } else { hang });
            self.put(line, paint);
            self.out.line()?;
        }
        Ok(())
    }

    /// A text behind a word, and below itself where it is broken.
    pub(super) fn labelled(&mut self, label: &str, text: &str) -> io::Result<()> {
        let hang = cells(label).min(self.width / 2);
        let lines = wrapped(text, self.width - hang, self.width - hang);
        for (at, line) in lines.iter().enumerate() {
            if at == 0 {
                self.put(label, Some(Paint::Name));
            } else {
                self.out.ink.spaces(hang);
            }
            self.put(line, None);
            self.out.line()?;
        }
        Ok(())
    }

    /// What the columns are.
    pub(super) fn heads(&mut self) -> io::Result<()> {
        let reasons = self.width - REASONS;
        let line = format!(
            "{:>TIME$}  {:<23}{:<width$}{}",
            "ms",
            "system call",
            "packet",
            "state / reason",
            width = reasons - PACKETS
        );
        self.line_as_is(&line)
    }

    fn line_as_is(&mut self, line: &str) -> io::Result<()> {
        self.put(line, Some(Paint::Name));
        self.out.line()
    }

    /// What a part of the story begins with.
    pub(super) fn head(&mut self, number: usize, name: &str, text: &str) -> io::Result<()> {
        let label = format!("{number:>2} {name:<9}");
        let hang = (cells(&label) + 1).min(13);
        let room = self.width - hang;
        let mut lines =
            wrapped(text, self.width.saturating_sub(cells(&label) + 1).max(1), room).into_iter();
        let first = lines.next().unwrap_or_default();
        self.put(label.trim_end(), Some(Paint::Name));
        if !first.is_empty() {
            self.out.ink.spaces(cells(&label) - cells(label.trim_end()) + 1);
            self.put(&first, None);
        }
        self.out.line()?;
        for line in lines {
            self.out.ink.spaces(hang);
            self.put(&line, None);
            self.out.line()?;
        }
        Ok(())
    }

    /// One thing that happened, with the packets that show it, and what they add to it.
    pub(super) fn entry(&mut self, entry: &Entry, margin: &str, note: &str) -> io::Result<()> {
        self.lines(entry, margin, note)?;
        self.out.ink.again(&entry.dump);
        self.out.when_full()
    }

    fn lines(&mut self, entry: &Entry, margin: &str, note: &str) -> io::Result<()> {
        if self.has_columns() {
            // Packets have a column of their own; what a call moved is named behind it.
            let margin = if entry.kind == Kind::Call { margin } else { "" };
            let gap = if margin.is_empty() { "" } else { "  " };
            self.columns(entry, &format!("{note}{gap}{margin}"))
        } else {
            self.row(entry, margin, note)
        }
    }

    fn row(&mut self, entry: &Entry, margin: &str, note: &str) -> io::Result<()> {
        let time = self.time(entry);
        let narrow = if self.width < WIDE { 3 } else { 0 };
        let mut indent = (TEXT - narrow).max(cells(&time) + 1);
        let mut text = whole(entry, note);
        match entry.kind {
            Kind::Packet(first, last) => {
                text = format!("{} {text}", numbers(first, last));
                indent += 2;
            }
            _ if !entry.call.is_empty() && self.level >= 4 => {
                text = format!("{:<NAME$} {text}", entry.call);
            }
            _ => {}
        }
        if !entry.reason.is_empty() && self.level >= 5 {
            let gap = if text.is_empty() { "" } else { "  " };
            text = format!("{text}{gap}{}", entry.reason);
        }
        let hang = self.hang(entry, indent);
        let paint = (entry.kind == Kind::Alarm).then_some(Paint::Alarm);
        let room = self.width - indent;
        // The margin stands beside the first line, if both fit.
        let beside = if margin.is_empty() { 0 } else { cells(margin) + 2 };
        let rest = self.width - hang;
        let alone = wrapped(&text, room, rest);
        let is_beside = beside == 0 || cells(&alone[0]) + beside <= room || room > 3 * beside;
        let lines =
            if is_beside { wrapped(&text, room - beside.min(room - 1), rest) } else { alone };
        for (at, line) in lines.iter().enumerate() {
            if at == 0 {
                self.put(&time, Some(Paint::Faint));
                self.out.ink.spaces(indent.saturating_sub(cells(&time)));
                self.put(line, paint);
                if is_beside && !margin.is_empty() {
                    let used = indent + cells(line) + cells(margin);
                    self.out.ink.spaces(self.width.saturating_sub(used));
                    self.put(margin, Some(Paint::Faint));
                }
            } else {
                self.out.ink.spaces(hang);
                self.put(line, paint);
            }
            self.out.line()?;
        }
        if !is_beside {
            self.out.ink.spaces(self.width.saturating_sub(cells(margin)));
            self.put(margin, Some(Paint::Faint));
            self.out.line()?;
        }
        self.more(entry, hang)
    }

    /// Where the text goes on that does not fit.
    fn hang(&self, entry: &Entry, indent: usize) -> usize {
        let arrow = entry.text.starts_with("-> ") || entry.text.starts_with("<- ");
        let hang = match entry.kind {
            Kind::Packet(first, last) => cells(&numbers(first, last)) + 1,
            _ if !entry.call.is_empty() && self.level >= 4 => cells(&entry.call).max(NAME) + 1,
            Kind::Fact | Kind::Alarm | Kind::Event => label(&entry.text),
            _ => 0,
        };
        (indent + hang + if arrow { 3 } else { 0 }).min(self.width / 2)
    }

    fn more(&mut self, entry: &Entry, hang: usize) -> io::Result<()> {
        let room = self.width - hang;
        let level = self.level;
        for (_, text) in entry.more.iter().filter(|(from, _)| *from <= level) {
            for (at, line) in wrapped(text, room, room.saturating_sub(2)).iter().enumerate() {
                self.out.ink.spaces(hang + if at == 0 { 0 } else { 2 });
                self.put(line, None);
                self.out.line()?;
            }
        }
        Ok(())
    }

    fn columns(&mut self, entry: &Entry, note: &str) -> io::Result<()> {
        let reasons = self.width - REASONS;
        let time = self.time(entry);
        let (indent, hang) = match entry.kind {
            Kind::Packet(..) => (PACKETS, PACKETS + 6),
            Kind::Call => (CALLS, CALLS + 2),
            _ => (CALLS + 2, CALLS + 2 + label(&entry.text)),
        };
        let mut text = whole(entry, note);
        if let Kind::Packet(first, last) = entry.kind {
            text = format!("{} {text}", numbers(first, last));
        }
        let right = match entry.reason.as_str() {
            "" => Vec::new(),
            reason => wrapped(reason, REASONS, REASONS),
        };
        // Beside reasons a line ends before them, and without them at the margin.
        let mut left: Vec<(usize, String)> = Vec::new();
        let texts =
            std::iter::once(text.as_str()).chain(entry.more.iter().map(|(_, text)| text.as_str()));
        for (nth, text) in texts.enumerate() {
            let (begin, rest) = if nth == 0 { (indent, hang) } else { (hang, hang + 2) };
            let narrow = wrapped(text, reasons - 2 - begin, reasons - 2 - rest);
            let is_beside = left.len() < right.len();
            let wide = wrapped(text, self.width - begin, self.width - rest);
            let lines = if is_beside { narrow } else { wide };
            left.extend(
                lines
                    .into_iter()
                    .enumerate()
                    .map(|(at, line)| (if at == 0 { begin } else { rest }, line)),
            );
        }
        let paint = (entry.kind == Kind::Alarm).then_some(Paint::Alarm);
        for at in 0..left.len().max(right.len()) {
            let mut used = 0;
            if at == 0 {
                self.put(&time, Some(Paint::Faint));
                used = cells(&time);
            }
            if let Some((indent, line)) = left.get(at) {
                self.out.ink.spaces(indent.saturating_sub(used));
                self.put(line, paint);
                used = used.max(*indent) + cells(line);
            }
            if let Some(reason) = right.get(at) {
                self.out.ink.spaces(reasons.saturating_sub(used));
                let is_alarm = reason.starts_with('!');
                self.put(reason, is_alarm.then_some(Paint::Alarm));
            }
            self.out.line()?;
        }
        Ok(())
    }

    /// The time, if there is one to tell.
    fn time(&mut self, entry: &Entry) -> String {
        // A call that is told itself has told the time of what it brought.
        let is_told = self.has_columns() && entry.kind == Kind::Event && !entry.call.is_empty();
        if is_told || matches!(entry.kind, Kind::Fact | Kind::Alarm | Kind::Head) {
            return String::new();
        }
        // Where there are columns, their heads say what they are.
        let has_unit = std::mem::replace(&mut self.has_unit, true);
        let has_unit = has_unit || self.has_columns() || self.width < WIDE;
        let unit = if has_unit { "" } else { " ms" };
        format!("{:>TIME$}{unit}", clock(entry.at, self.start))
    }

    /// Text, of which nothing but what a terminal only shows arrives there.
    pub(super) fn put(&mut self, text: &str, paint: Option<Paint>) {
        let safe: String;
        let text = if text.chars().all(is_safe) {
            text
        } else {
            safe = text.chars().map(|it| if is_safe(it) { it } else { '?' }).collect();
            &safe
        };
        match paint {
            Some(paint) if !text.is_empty() => _ = self.out.ink.paint(paint, text),
            _ => _ = self.out.ink.text(text),
        }
    }
}

/// How wide the word is that stands in front of a fact, with the spaces behind it.
fn label(text: &str) -> usize {
    const LABEL: usize = 11;
    let has_label = text.get(..LABEL).is_some_and(|label| label.ends_with("  "))
        && text.get(LABEL..).is_some_and(|rest| !rest.starts_with(' '));
    if has_label { LABEL } else { 2 }
}

/// What happened, with what the packets add to it.
fn whole(entry: &Entry, note: &str) -> String {
    let Entry { text, tail, .. } = entry;
    // Where a place is kept for it, it needs no comma.
    let comma = match note {
        "" => "",
        note if note.starts_with([' ', ',']) || text.ends_with(' ') => "",
        _ => ", ",
    };
    format!("{text}{comma}{note}{tail}").trim_end().to_owned()
}

/// The numbers of a packet, or of the first and the last of several, as wide as most.
fn numbers(first: u64, last: u64) -> String {
    if first == last {
        return format!("{:>5}", format!("#{first}"));
    }
    format!("{:>5} to #{last}:", format!("#{first}"))
}
