//! One row a packet: the fields that were asked for.
//!
//! Without CSV, as `tshark -T fields` has it: tabs between cells, commas between the values of one
//! cell, nothing where there is no value. Text is escaped, so that no name can forge a cell.

use std::io;

use super::Report;
use super::choice::{Choice, Chosen};
use super::clock::Calendar;
use super::line::{self, Numbers};
use super::out::Out;
use super::owners::{self, Owned};
use super::sheet::{self, Sheet};
use super::value;
use crate::flow::{Flows, Seen};
use crate::ink::Ink;
use crate::timeline::About;
use crate::wire::Packet;
use crate::wire::field::{Field, Value};

/// How cells are told apart.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Form {
    /// Tabs; the header line only when it is wanted.
    Tabs { header: bool },
    /// RFC 4180, always with a header line. A cell that a spreadsheet would take for a formula
    /// begins with an apostrophe.
    Csv,
}

pub struct Columns {
    out: Out,
    form: Form,
    choice: Option<Choice>,
    calendar: Calendar,
    cells: Cells,
    begun: bool,
    owned: Option<Owned>,
}

/// One row's cells, reused from packet to packet.
struct Cells(Vec<Ink>);

/// What is told of each packet when nothing particular is asked.
const FIXED: [&str; 11] = [
    "number",
    "time",
    "length",
    "captured_length",
    "interface",
    "source",
    "destination",
    "protocol",
    "connection",
    "verdicts",
    "summary",
];

impl Columns {
    /// Without a choice the columns are fixed: the packet record's and a summary.
    pub fn new(out: Out, form: Form, choice: Option<Choice>) -> Self {
        let count = choice.as_ref().map_or(FIXED.len(), |choice| choice.names().len());
        let cells = Cells((0..count).map(|_| Ink::default()).collect());
        Self { out, form, choice, calendar: Calendar::utc(), cells, begun: false, owned: None }
    }

    /// Tells in the last of the fixed columns whose the ends are, too, if that was asked.
    #[must_use]
    pub fn with_owners(self, asked: bool) -> Self {
        Self { owned: asked.then(Owned::default), ..self }
    }

    fn header(&mut self) -> io::Result<()> {
        if std::mem::replace(&mut self.begun, true) || self.form == (Form::Tabs { header: false }) {
            return Ok(());
        }
        match &self.choice {
            Some(choice) => {
                for (cell, name) in self.cells.0.iter_mut().zip(choice.names()) {
                    cell.text(name);
                }
            }
            None => {
                for (cell, name) in self.cells.0.iter_mut().zip(FIXED) {
                    cell.text(name);
                }
            }
        }
        self.row(&Seen::default(), sheet::Form::Names)
    }

    fn row(&mut self, seen: &Seen<'_>, form: sheet::Form) -> io::Result<()> {
        let ink = &mut self.out.ink;
        for (at, cell) in self.cells.0.iter_mut().enumerate() {
            match self.form {
                Form::Tabs { .. } => {
                    ink.text(if at > 0 { "\t" } else { "" }).again(cell.as_bytes());
                }
                Form::Csv => {
                    ink.text(if at > 0 { "," } else { "" });
                    quoted(cell.as_bytes(), ink);
                }
            }
            cell.clear();
        }
        if let Some(owned) = self.owned.as_ref().filter(|_| self.choice.is_none()) {
            ink.text(",");
            owners::sides(owned.of(seen.id()), seen, &mut Sheet::new(ink, form));
        }
        self.out.line()
    }
}

impl Report for Columns {
    fn packet(&mut self, packet: &Packet<'_>, seen: &Seen<'_>) -> io::Result<()> {
        self.header()?;
        match &mut self.choice {
            Some(choice) => choice.tell(packet, seen, &mut self.cells),
            None => fixed(packet, seen, &mut self.calendar, &mut self.cells.0),
        }
        self.row(seen, sheet::Form::Row)
    }

    fn owners(&mut self) -> Option<&mut Owned> {
        self.owned.as_mut()
    }

    fn lull(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    fn end(&mut self, _: &About, _: &Flows) -> io::Result<()> {
        self.header()?;
        self.out.flush()
    }
}

impl Chosen for Cells {
    fn value(&mut self, column: usize, field: &'static Field, value: Value<'_>, octets: &[u8]) {
        let cell = &mut self.0[column];
        if !cell.is_empty() {
            cell.text(",");
        }
        value::plain(field, value, octets, cell);
    }
}

fn fixed(packet: &Packet<'_>, seen: &Seen<'_>, calendar: &mut Calendar, cells: &mut [Ink]) {
    let [
        number,
        time,
        length,
        kept,
        interface,
        source,
        destination,
        protocol,
        connection,
        verdicts,
        summary,
    ] = cells
    else {
        return;
    };
    let frame = &packet.frame;
    number.number(frame.number);
    calendar.rfc3339(frame.time, time);
    length.count(frame.octets.len());
    kept.count(frame.octets.kept().len());
    interface.number(frame.interface);
    line::source(packet, source);
    line::destination(packet, destination);
    if let Some(layer) = packet.own_layers().last() {
        protocol.text(layer.name().key);
    }
    if let Some(id) = seen.id() {
        connection.number(id);
    }
    for (at, verdict) in seen.verdicts.iter().enumerate() {
        verdicts.text(if at > 0 { " " } else { "" }).text(verdict.what.name());
    }
    line::words(packet, seen, Numbers::Relative, summary);
}

/// A CSV cell.
pub(super) fn quoted(cell: &[u8], ink: &mut Ink) {
    let formula = cell.first().is_some_and(|first| b"=+-@\t\r".contains(first));
    let guard = if formula { "'" } else { "" };
    if memchr::memchr3(b'"', b',', b'\n', cell).is_none() {
        ink.text(guard).again(cell);
        return;
    }
    ink.text("\"").text(guard);
    for part in cell.split_inclusive(|octet| *octet == b'"') {
        ink.again(part).text(if part.ends_with(b"\"") { "\"" } else { "" });
    }
    ink.text("\"");
}
