//! What both sides of a connection said, in the order of their octets.
//!
//! Octets are told once, whatever was sent again or came early. Where the capture has none, the place
//! says how many are missing and why.

use std::io;

use super::Report;
use super::out::Out;
use crate::flow::stream::{Both, Gap, Missing, Part, Room, Run};
use crate::flow::tcp::Connection;
use crate::flow::{End, Flows, Mark, Seen, Side};
use crate::ink::{Ink, Paint};
use crate::timeline::About;
use crate::wire::Packet;

/// Tells one connection's octets.
pub struct Follow {
    out: Out,
    /// Whose octets; both when none is named.
    only: Option<Side>,
    connection: u32,
    both: Both,
    room: Room,
    page: Page,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Form {
    /// Lines as they are, everything that is no text escaped.
    Text,
    /// Sixteen octets a row, with their places in the stream.
    Hex,
    /// The octets and nothing else.
    Raw,
}

/// What is on the page already.
#[derive(Debug)]
struct Page {
    form: Form,
    /// Known once the connection was met.
    ends: Option<[End; 2]>,
    speaker: Option<Side>,
    /// Whether the last line still goes on.
    is_open: bool,
    /// The beginning of a character whose rest comes in a later segment.
    begun: Vec<u8>,
    /// Octets that could not be told.
    missing: u64,
    raw: Vec<u8>,
}

/// Octets in a row of hexadecimal digits.
const ROW: usize = 16;

impl Follow {
    /// Follows the connection of this number; of both sides, unless one is named.
    pub fn new(out: Out, form: Form, connection: u32, only: Option<Side>) -> Self {
        let (both, room) = (Both::default(), Room::default());
        Self { out, only, connection, both, room, page: Page::new(form) }
    }

    /// Takes a segment, and what it acknowledges.
    fn hear(&mut self, packet: &Packet<'_>, connection: &Connection, side: Side) -> io::Result<()> {
        let Some(tcp) = packet.tcp() else { return Ok(()) };
        if self.page.ends.is_none() {
            self.page.ends = Some([Side::Client, Side::Server].map(|side| connection.end(side)));
            self.both = Both::of(connection);
        }
        let mark = Mark::of(&packet.frame);
        let Self { out, only, both, room, page, .. } = self;
        both.take(tcp, side, mark, room, &mut |run, by| page.tell(run, by, *only, &mut out.ink));
        self.write()
    }

    fn write(&mut self) -> io::Result<()> {
        if self.page.raw.is_empty() {
            return self.out.when_full();
        }
        let written = self.out.octets(&self.page.raw);
        self.page.raw.clear();
        written
    }
}

impl Report for Follow {
    fn packet(&mut self, packet: &Packet<'_>, seen: &Seen<'_>) -> io::Result<()> {
        match seen.connection {
            Some((connection, side)) if connection.id() == self.connection => {
                self.hear(packet, connection, side)
            }
            _ => Ok(()),
        }
    }

    fn lull(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    fn end(&mut self, _: &About, _: &Flows) -> io::Result<()> {
        if self.page.ends.is_none() {
            let wanted = self.connection;
            return Err(io::Error::other(format!("the capture has no connection {wanted}")));
        }
        let Self { out, only, both, room, page, .. } = self;
        let mut tell = |run: Run<'_>, by| page.tell(run, by, *only, &mut out.ink);
        both.end(Mark::default(), room, &mut tell);
        self.page.end_line(&mut self.out.ink);
        self.write()?;
        self.out.flush()?;
        match self.page.missing {
            missing @ 1.. if self.page.form == Form::Raw => Err(io::Error::other(format!(
                "{missing} octets of connection {} are missing in what was written",
                self.connection
            ))),
            _ => Ok(()),
        }
    }
}

impl Page {
    fn new(form: Form) -> Self {
        let (begun, raw) = (Vec::new(), Vec::new());
        Self { form, ends: None, speaker: None, is_open: false, begun, missing: 0, raw }
    }

    fn tell(&mut self, run: Run<'_>, by: Side, only: Option<Side>, ink: &mut Ink) {
        if only.is_some_and(|only| only != by) {
            return;
        }
        match (run.part, self.form) {
            (Part::Octets(octets), Form::Raw) => self.raw.extend_from_slice(octets),
            (Part::Gap(gap), Form::Raw) => self.missing += gap.len,
            (Part::Octets(octets), form) => {
                self.speaks(by, run.mark, ink);
                match form {
                    Form::Hex => rows(run.offset, octets, ink),
                    _ => self.text(octets, ink),
                }
            }
            (Part::Gap(gap), _) => {
                self.missing += gap.len;
                self.speaks(by, run.mark, ink);
                self.end_line(ink);
                ink.begin(Paint::Alarm).text("[").count(gap.len as usize).text(" octets ");
                ink.text(why(gap)).text("]").plain().text("\n");
            }
            (Part::End, _) => {}
        }
    }

    /// Says who speaks, when that changes.
    fn speaks(&mut self, by: Side, mark: Mark, ink: &mut Ink) {
        if self.speaker == Some(by) {
            return;
        }
        self.end_line(ink);
        if self.speaker.is_some() {
            ink.text("\n");
        }
        self.speaker = Some(by);
        let Some(ends) = self.ends else { return };
        let (word, end) = match by {
            Side::Client => ("client", ends[0]),
            Side::Server => ("server", ends[1]),
        };
        ink.begin(Paint::Name).text(word).text(" ");
        ink.endpoint(end.address(), end.port).text(", from packet ").number(mark.packet);
        ink.plain().text("\n");
    }

    fn end_line(&mut self, ink: &mut Ink) {
        let begun = std::mem::take(&mut self.begun);
        ink.wire(&begun);
        if self.is_open || !begun.is_empty() {
            ink.text("\n");
        }
        self.is_open = false;
    }

    /// Lines and tabs as they are, everything else that is no text escaped.
    fn text(&mut self, octets: &[u8], ink: &mut Ink) {
        self.begun.extend_from_slice(octets);
        let mut octets = std::mem::take(&mut self.begun);
        let whole = octets.len() - unfinished(&octets);
        self.begun = octets.split_off(whole);
        let mut lines = octets.split(|octet| *octet == b'\n').peekable();
        while let Some(line) = lines.next() {
            let is_ended = lines.peek().is_some();
            // The end of a line is told by ending it.
            let line = if is_ended { line.strip_suffix(b"\r").unwrap_or(line) } else { line };
            for (at, cell) in line.split(|octet| *octet == b'\t').enumerate() {
                ink.text(if at > 0 { "\t" } else { "" }).wire(cell);
            }
            if is_ended {
                ink.text("\n");
            }
            self.is_open = !is_ended && (!line.is_empty() || self.is_open);
        }
    }
}

/// How many octets at the end begin a UTF-8 character, or a line end, that is not whole yet.
fn unfinished(octets: &[u8]) -> usize {
    if octets.last() == Some(&b'\r') {
        return 1;
    }
    let is_begun = |back: &usize| {
        let tail = std::str::from_utf8(&octets[octets.len() - back..]);
        tail.is_err_and(|error| error.valid_up_to() == 0 && error.error_len().is_none())
    };
    (1..=3.min(octets.len())).find(is_begun).unwrap_or(0)
}

fn rows(offset: u64, octets: &[u8], ink: &mut Ink) {
    for (row, octets) in octets.chunks(ROW).enumerate() {
        ink.begin(Paint::Faint).hex(offset + (row * ROW) as u64, 8).plain().text("  ");
        for at in 0..ROW {
            match octets.get(at) {
                Some(octet) => ink.hex(u64::from(*octet), 2).text(" "),
                None => ink.text("   "),
            };
            if at == ROW / 2 - 1 {
                ink.text(" ");
            }
        }
        ink.text(" ");
        for octet in octets {
            let shown = if matches!(octet, b' '..=b'~') { *octet } else { b'.' };
            ink.text(char::from(shown).encode_utf8(&mut [0; 4]));
        }
        ink.text("\n");
    }
}

fn why(gap: Gap) -> &'static str {
    match gap.why {
        Missing::Cut => "not kept: the capture cut the frame",
        Missing::Uncaptured => "not captured, though they were acknowledged",
        Missing::Crowded => "not waited for: too much waited already",
        Missing::Awaited => "not captured before the end",
    }
}
