//! Who talked to whom, how fast, what went wrong, and how did it end? One row a conversation.

use std::io;

use super::Report;
use super::clock::Calendar;
use super::out::Out;
use super::owners::Owned;
use super::sheet::{self, Sheet};
use super::tally::{self, Tally};
use crate::flow::tcp::Connection;
use crate::flow::{Datagrams, Flows, Seen, Side};
use crate::ink::{Ink, written};
use crate::timeline::{About, Frame, Timestamp};
use crate::wire::Packet;

mod known;
pub mod live;
pub(super) mod record;
mod row;
mod table;

pub use known::{Known, Naming};
pub use table::{Order, Table};

use super::clock::Clock;
use row::Row;

/// Tells every conversation as soon as it is over.
pub struct Stream<F> {
    out: Out,
    form: F,
    /// The number of the only conversation that is told.
    only: Option<u32>,
    known: Known,
}

/// A way to write one conversation.
pub trait Form {
    /// `known` is what is known of no conversation.
    fn begin(&mut self, about: &About, known: &Known, out: &mut Out) -> io::Result<()>;
    fn first(&mut self, time: Timestamp) {
        let _ = time;
    }
    fn packet(&mut self, packet: &Packet<'_>, seen: &Seen<'_>) {
        let _ = (packet, seen);
    }
    /// Belongs to a connection, and was not read beyond TCP.
    fn passed(&mut self, frame: &Frame<'_>) {
        let _ = frame;
    }
    fn connection(&mut self, one: &Connection, known: &Known, ink: &mut Ink);
    fn datagrams(&mut self, one: &Datagrams, known: &Known, ink: &mut Ink);
    fn end(&mut self, about: &About, out: &mut Out) -> io::Result<()> {
        let _ = (about, out);
        Ok(())
    }
}

impl<F> Stream<F> {
    pub fn new(out: Out, form: F, naming: Naming) -> Self {
        Self { out, form, only: None, known: Known::new(naming) }
    }

    /// Tells one conversation and no other.
    #[must_use]
    pub fn only(self, conversation: u32) -> Self {
        Self { only: Some(conversation), ..self }
    }

    /// Tells whose the ends are, too, if that was asked.
    #[must_use]
    pub fn with_owners(self, asked: bool) -> Self {
        Self { known: self.known.with_owners(asked), ..self }
    }

    fn ask(&mut self, seen: &Seen<'_>) {
        if self.only.is_none_or(|only| seen.id() == Some(only)) {
            self.known.ask(seen);
        }
    }
}

impl<F: Form> Report for Stream<F> {
    fn begin(&mut self, about: &About) -> io::Result<()> {
        self.known.read(about);
        self.form.begin(about, &self.known, &mut self.out)
    }

    fn first(&mut self, time: Timestamp) {
        self.form.first(time);
    }

    fn packet(&mut self, packet: &Packet<'_>, seen: &Seen<'_>) -> io::Result<()> {
        self.ask(seen);
        self.known.learn(packet, seen);
        self.form.packet(packet, seen);
        Ok(())
    }

    fn skims(&self) -> bool {
        true
    }

    fn wants(&self, connection: &Connection, protocol: &str) -> bool {
        self.known.wants(connection, protocol)
    }

    fn passed(&mut self, frame: &Frame<'_>, seen: &Seen<'_>) {
        self.ask(seen);
        self.form.passed(frame);
    }

    fn gone(&mut self, connection: &Connection) -> io::Result<()> {
        if !self.known.tells(connection.id()) {
            return Ok(());
        }
        self.form.connection(connection, &self.known, &mut self.out.ink);
        self.known.forget(connection.id());
        self.out.line()
    }

    fn silent(&mut self, datagrams: &Datagrams) -> io::Result<()> {
        if !self.known.tells(datagrams.id()) {
            return Ok(());
        }
        self.form.datagrams(datagrams, &self.known, &mut self.out.ink);
        self.known.forget(datagrams.id());
        self.out.line()
    }

    fn owners(&mut self) -> Option<&mut Owned> {
        self.known.owned()
    }

    fn lull(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    fn end(&mut self, about: &About, flows: &Flows) -> io::Result<()> {
        self.known.read(about);
        let (connections, datagrams) = (flows.connections(), flows.datagrams());
        let mut datagrams = datagrams.into_iter().peekable();
        for connection in connections {
            while let Some(one) = datagrams.next_if(|one| one.id() < connection.id()) {
                self.silent(one)?;
            }
            self.gone(connection)?;
        }
        for one in datagrams {
            self.silent(one)?;
        }
        self.form.end(about, &mut self.out)?;
        self.out.flush()?;
        match self.only {
            Some(only) if !self.known.tells(only) => Err(unknown(only, flows)),
            _ => Ok(()),
        }
    }
}

/// One JSON object a conversation, between two that describe the capture.
#[derive(Default)]
pub struct Json {
    calendar: Calendar,
    tally: Tally,
}

impl Form for Json {
    fn begin(&mut self, about: &About, _: &Known, out: &mut Out) -> io::Result<()> {
        tally::record(about, None, &mut self.calendar, &mut out.ink);
        out.line()
    }

    fn packet(&mut self, packet: &Packet<'_>, seen: &Seen<'_>) {
        self.tally.follow(packet, seen);
    }

    fn passed(&mut self, frame: &Frame<'_>) {
        self.tally.count_frame(frame);
    }

    fn connection(&mut self, one: &Connection, known: &Known, ink: &mut Ink) {
        self.tally.judge(one);
        let mut sheet = Sheet::new(ink, sheet::Form::Json);
        record::connection(one, known, &mut sheet, &mut self.calendar);
        sheet.end();
    }

    fn datagrams(&mut self, one: &Datagrams, known: &Known, ink: &mut Ink) {
        let mut sheet = Sheet::new(ink, sheet::Form::Json);
        record::datagrams(one, known, &mut sheet, &mut self.calendar);
        sheet.end();
    }

    fn end(&mut self, about: &About, out: &mut Out) -> io::Result<()> {
        tally::record(about, Some(&self.tally), &mut self.calendar, &mut out.ink);
        out.line()
    }
}

/// One row of comma-separated values a conversation, with a header line.
#[derive(Default)]
pub struct Csv {
    calendar: Calendar,
    /// How many commas stand before each cell of what is no connection.
    gaps: Vec<u8>,
    /// And how many behind the last one.
    beyond: u8,
}

impl Form for Csv {
    fn begin(&mut self, _: &About, known: &Known, out: &mut Out) -> io::Result<()> {
        let mut sheet = Sheet::new(&mut out.ink, sheet::Form::Names);
        record::connection(&Connection::unknown(), known, &mut sheet, &mut self.calendar);
        sheet.end();
        self.lay_out(known, out.ink.as_bytes());
        out.line()
    }

    fn connection(&mut self, one: &Connection, known: &Known, ink: &mut Ink) {
        let mut sheet = Sheet::new(ink, sheet::Form::Row);
        record::connection(one, known, &mut sheet, &mut self.calendar);
        sheet.end();
    }

    fn datagrams(&mut self, one: &Datagrams, known: &Known, ink: &mut Ink) {
        let mut sheet = Sheet::sparse(ink, &self.gaps);
        record::datagrams(one, known, &mut sheet, &mut self.calendar);
        sheet.end();
        for _ in 0..self.beyond {
            ink.text(",");
        }
    }
}

impl Csv {
    /// Finds the columns of what is no connection among the others.
    fn lay_out(&mut self, known: &Known, header: &[u8]) {
        let mut own = Ink::default();
        let mut sheet = Sheet::new(&mut own, sheet::Form::Names);
        record::datagrams(&Datagrams::unknown(), known, &mut sheet, &mut self.calendar);
        sheet.end();
        let split = |header: &[u8]| -> Vec<Vec<u8>> {
            header.split(|octet| *octet == b',').map(<[u8]>::to_vec).collect()
        };
        let columns = split(header);
        let mut at = 0;
        for name in split(own.as_bytes()) {
            let column = columns.iter().position(|column| *column == name).unwrap_or(at);
            self.gaps.push(column.saturating_sub(at) as u8);
            at = column;
        }
        self.beyond = (columns.len() - 1 - at) as u8;
    }
}

/// One line a conversation, in words.
pub struct Lines {
    clock: Clock,
}

impl Lines {
    pub fn new(clock: Clock) -> Self {
        Self { clock }
    }
}

impl Form for Lines {
    fn begin(&mut self, _: &About, _: &Known, _: &mut Out) -> io::Result<()> {
        Ok(())
    }

    fn first(&mut self, time: Timestamp) {
        self.clock.begin(time);
    }

    fn connection(&mut self, one: &Connection, known: &Known, ink: &mut Ink) {
        Row::of(one, known).line(&mut self.clock, ink);
    }

    fn datagrams(&mut self, one: &Datagrams, known: &Known, ink: &mut Ink) {
        Row::of_datagrams(one, known).line(&mut self.clock, ink);
    }
}

/// Writes a connection in words.
pub(super) fn summary(one: &Connection, ink: &mut Ink) {
    Row::of(one, &Known::default()).words(ink);
}

/// Writes what two ends sent each other without a connection in words.
pub(super) fn summary_of_datagrams(one: &Datagrams, ink: &mut Ink) {
    Row::of_datagrams(one, &Known::default()).words(ink);
}

/// Two ends without a connection have no budget, and this is what they are instead.
pub(super) fn no_budget(one: &Datagrams) -> String {
    let row = Row::of_datagrams(one, &Known::default());
    written(|ink| {
        ink.text("conversation ").number(one.id()).text(" is ").text(row.protocol).text(" from ");
        row.end(Side::Client, ink);
        ink.text(" to ");
        row.end(Side::Server, ink);
        ink.text(": only TCP connections have a budget");
    })
}

/// No conversation has this number.
pub(super) fn unknown(wanted: u32, flows: &Flows) -> io::Error {
    let count = flows.count();
    io::Error::other(format!(
        "there is no conversation {wanted}: the capture has {count}, and `flows` tells their numbers"
    ))
}
