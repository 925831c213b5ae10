//! What both sides of a connection said, in the order of their octets.
//!
//! Octets are told once, whatever was sent again or came early. Where the capture has none, the place
//! says how many are missing and why.

use std::io;

use super::Report;
use super::out::Out;
use crate::flow::stream::{Gap, Missing, Part, Room, Run, Segment, Stream};
use crate::flow::tcp::{Connection, Facts};
use crate::flow::{End, Flows, Mark, Seen, Side};
use crate::ink::{Ink, Paint};
use crate::timeline::About;
use crate::wire::Packet;
use crate::wire::tcp::Flags;

/// Tells one connection's octets.
pub struct Follow {
    out: Out,
    /// Whose octets; both when none is named.
    only: Option<Side>,
    connection: u32,
    streams: [Stream; 2],
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
        let streams = Default::default();
        Self { out, only, connection, streams, room: Room::default(), page: Page::new(form) }
    }

    /// Takes a segment, and what it acknowledges.
    fn hear(&mut self, packet: &Packet<'_>, connection: &Connection, side: Side) -> io::Result<()> {
        let Some(tcp) = packet.tcp() else { return Ok(()) };
        if self.page.ends.is_none() {
            self.begin(connection);
        }
        let mark = Mark::of(&packet.frame);
        let Self { out, only, streams, room, page, .. } = self;
        let mut tell = |run: Run<'_>, by: Side| {
            if only.is_none_or(|only| only == by) {
                page.tell(run, by, &mut out.ink);
            }
        };
        if tcp.flags().has(Flags::ACK) && !tcp.flags().has(Flags::RST) {
            let peer = side.peer();
            let stream = &mut streams[peer.index()];
            stream.acknowledge(tcp.ack(), mark, room, &mut |run| tell(run, peer));
        }
        let segment = Segment::of(tcp, mark);
        streams[side.index()].take(segment, room, &mut |run| tell(run, side));
        self.write()
    }

    /// Where a stream begins is known from its SYN.
    fn begin(&mut self, connection: &Connection) {
        self.page.ends = Some([connection.end(Side::Client), connection.end(Side::Server)]);
        for side in [Side::Client, Side::Server] {
            let half = connection.half(side);
            if let Some(syn) = half.start().filter(|_| half.facts().has(Facts::SYN)) {
                self.streams[side.index()].begin(syn.plus(1));
            }
        }
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
        let Self { out, only, streams, room, page, .. } = self;
        for side in [Side::Client, Side::Server] {
            streams[side.index()].end(Mark::default(), room, &mut |run| {
                if only.is_none_or(|only| only == side) {
                    page.tell(run, side, &mut out.ink);
                }
            });
        }
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

    fn tell(&mut self, run: Run<'_>, by: Side, ink: &mut Ink) {
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
    match std::str::from_utf8(octets) {
        Err(error) if error.error_len().is_none() => octets.len() - error.valid_up_to(),
        _ => (1..=3.min(octets.len()))
            .find(|back| {
                let tail = &octets[octets.len() - back..];
                tail[0] >= 0xc2
                    && std::str::from_utf8(tail).is_err_and(|error| error.error_len().is_none())
            })
            .unwrap_or(0),
    }
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
