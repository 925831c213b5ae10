//! A packet with every field: its line, then the layers from the outside in.
//!
//! Behind each field stands the name that filters and columns know it by.

use std::io;
use std::ops::Range;

use super::clock::Calendar;
use super::line::{self, Manner};
use super::out::Out;
use super::owners::Owned;
use super::value::{cells, pad, shown};
use super::{Report, hex};
use arrayvec::ArrayVec;

use crate::flow::{self, Flows, Seen, Side};
use crate::ink::{Ink, Paint};
use crate::timeline::{About, Timestamp};
use crate::wire::Packet;
use crate::wire::checksum::{self, Verdict};
use crate::wire::field::{Field, Listener, Value};
use crate::wire::packet::Place;

pub struct Trees {
    out: Out,
    manner: Manner,
    width: usize,
    octets: Option<hex::Rows>,
    calendar: Calendar,
}

/// Where values begin, and the cells left for the names behind them.
const VALUES: usize = 28;
const NAMES: usize = 30;

impl Trees {
    /// Trees for a page of `width` cells.
    pub fn new(out: Out, manner: impl Into<Manner>, width: usize) -> Self {
        Self {
            out,
            manner: manner.into(),
            width: width.max(60),
            octets: None,
            calendar: Calendar::utc(),
        }
    }

    /// With the octets of each layer behind the fields.
    #[must_use]
    pub fn with_octets(self) -> Self {
        Self { octets: Some(hex::Rows::new(self.width)), ..self }
    }
}

impl Report for Trees {
    fn first(&mut self, time: Timestamp) {
        self.manner.clock.begin(time);
    }

    fn packet(&mut self, packet: &Packet<'_>, seen: &Seen<'_>) -> io::Result<()> {
        line::line(packet, seen, &mut self.manner, &mut self.out.ink);
        self.out.ink.text("\n");
        tree(packet, seen, self.width, &mut self.calendar, &mut self.out.ink);
        if let Some(rows) = &mut self.octets {
            rows.write(packet, &mut self.out.ink);
        }
        self.out.line()
    }

    fn owners(&mut self) -> Option<&mut Owned> {
        self.manner.owned.as_mut()
    }

    fn lull(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    fn end(&mut self, _: &About, _: &Flows) -> io::Result<()> {
        self.out.flush()
    }
}

/// Writes the layers, and what no layer claimed.
pub(super) fn tree(
    packet: &Packet<'_>,
    seen: &Seen<'_>,
    width: usize,
    calendar: &mut Calendar,
    ink: &mut Ink,
) {
    let mut verdicts = ArrayVec::<_, { Packet::DEPTH }>::new();
    checksum::verify(packet, |place, verdict| verdicts.push((place, verdict)));
    let mut verdicts = verdicts.into_iter().peekable();
    let own = packet.own_layers().len();
    for (at, place) in packet.places().enumerate() {
        heading(&place, at >= own, ink);
        let judged = |(other, _): &(Place<'_, '_>, Verdict)| std::ptr::eq(other.layer, place.layer);
        let verdict = match verdicts.next_if(judged) {
            Some((_, verdict)) => Sum::Judged(verdict),
            None if at < own && place.octets.is_cut() => Sum::Cut,
            None => Sum::Unknown,
        };
        let key = place.layer.name().key;
        let mut fields = Fields { key, verdict, depth: 1, width, calendar, ink };
        place.layer.fields(&mut fields);
    }
    rest(packet, ink);
    if let Some((connection, side)) = seen.connection {
        ink.text("  ").paint(Paint::Name, "Connection ").number(connection.id());
        ink.begin(Paint::Faint).text(match side {
            Side::Client => "  from the client",
            Side::Server => "  from the server",
        });
        ink.plain().text("\n");
        let verdict = Sum::Unknown;
        let mut fields = Fields { key: "", verdict, depth: 1, width, calendar, ink };
        flow::fields(packet, seen, &mut fields);
    }
}

/// A layer's name and which octets it has.
fn heading(place: &Place<'_, '_>, quoted: bool, ink: &mut Ink) {
    let mut header = Header { len: 0 };
    place.layer.fields(&mut header);
    ink.text("  ").paint(Paint::Name, place.layer.name().words);
    ink.begin(Paint::Faint).text("  octets ").count(place.start);
    if header.len > 0 {
        ink.text("-").count(place.start + header.len - 1);
    }
    if let Some(words) = place.lies_in.words() {
        ink.text(" of the ").text(words);
    }
    ink.text(if quoted { ", quoted" } else { "" }).plain().text("\n");
}

/// What the layers left: why they ended, the payload, and what lies behind it.
fn rest(packet: &Packet<'_>, ink: &mut Ink) {
    if let Some(stop) = packet.stop {
        ink.text("  ").begin(Paint::Alarm);
        stop.line(ink);
        ink.plain().text("\n");
    }
    let (rest, start) = (packet.rest, packet.rest_start());
    if !rest.is_empty() {
        ink.text(if packet.stop.is_some() { "  not read  " } else { "  payload  " });
        ink.count(rest.len()).text(" octets");
        if rest.is_cut() {
            let quoted = !packet.quoted_layers().is_empty();
            ink.text(if quoted { ", the quote has " } else { ", the capture kept " });
            ink.count(rest.kept().len());
        }
        ink.begin(Paint::Faint).text("  ").count(start);
        ink.text("-").count(start + rest.len() - 1).plain().text("\n");
    }
    let trailer = hex::trailer(packet);
    if !trailer.is_empty() {
        ink.text("  trailer  ").count(trailer.len()).text(" octets");
        ink.begin(Paint::Faint).text("  ").count(trailer.start);
        ink.text("-").count(trailer.end - 1).plain().text("\n");
    }
}

/// Listens for how far the fields reach.
struct Header {
    len: usize,
}

impl Listener for Header {
    fn field(&mut self, _: &'static Field, octets: Range<usize>, _: Value<'_>) {
        self.len = self.len.max(octets.end);
    }
}

/// What is known of a layer's checksum.
enum Sum {
    Judged(Verdict),
    Cut,
    Unknown,
}

/// Writes fields as lines.
struct Fields<'f> {
    /// Of the layer.
    key: &'static str,
    verdict: Sum,
    depth: usize,
    width: usize,
    calendar: &'f mut Calendar,
    ink: &'f mut Ink,
}

impl Listener for Fields<'_> {
    fn field(&mut self, field: &'static Field, _: Range<usize>, value: Value<'_>) {
        let start = self.ink.len();
        // Indentation ends somewhere, or a nest would push its fields off the page.
        self.ink.text(&"            "[..2 * self.depth.min(5) + 2]).text(field.words);
        if value != Value::Nothing {
            pad(start, VALUES, self.ink);
        }
        let used = cells(&self.ink.as_bytes()[start..]);
        let room = self.width.saturating_sub(used + field.name.len() + 2).max(16);
        shown(field, value, room, self.calendar, self.ink);
        let key = field.name.strip_suffix(".checksum");
        if key.is_some_and(|key| key == self.key) {
            self.verdict.write(self.ink);
        }
        let name = field.name.len();
        pad(start, self.width.saturating_sub(NAMES.max(name + 1)), self.ink);
        self.ink.text(" ").paint(Paint::Faint, field.name).text("\n");
    }

    fn open(&mut self, field: &'static Field, octets: Range<usize>, value: Value<'_>) {
        self.field(field, octets, value);
        self.depth += 1;
    }

    fn close(&mut self) {
        self.depth -= 1;
    }
}

impl Sum {
    fn write(&self, ink: &mut Ink) {
        match self {
            Self::Judged(Verdict::Good) => ink.text(" good"),
            Self::Judged(Verdict::Bad { right, .. }) => {
                ink.begin(Paint::Alarm).text(" wrong, 0x").hex((*right).into(), 4);
                ink.text(" is right").plain()
            }
            Self::Judged(Verdict::Offloaded) => ink.text(" not verified: left to the card"),
            Self::Judged(Verdict::Absent) => ink.text(" absent"),
            Self::Cut => ink.text(" not verified: cut"),
            Self::Unknown => ink.text(" not verified"),
        };
    }
}
