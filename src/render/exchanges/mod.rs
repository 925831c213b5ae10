//! What was asked, and what was answered? One line, record or row an exchange.
//!
//! Each leaves as soon as it is final: answered ones in the order of their answers, unanswered ones in
//! the order asked, when it is certain that no answer comes.

mod record;
mod words;

use std::io;

use super::Report;
use super::clock::{Calendar, Clock};
use super::out::Out;
use super::sheet::{Form, Sheet};
use super::tally::{self, Tally};
use crate::flow::exchange::{Exchange, Exchanges, Wanted};
use crate::flow::tcp::Connection;
use crate::flow::{Flows, Seen};
use crate::timeline::{About, Timestamp};
use crate::wire::Packet;

/// How exchanges are written.
pub enum Style {
    /// For people.
    Lines(Clock),
    Ndjson,
    Csv,
}

pub struct Listing {
    out: Out,
    style: Style,
    exchanges: Exchanges,
    calendar: Calendar,
    tally: Tally,
}

impl Listing {
    pub fn new(out: Out, style: Style, exchanges: Exchanges) -> Self {
        Self { out, style, exchanges, calendar: Calendar::utc(), tally: Tally::default() }
    }

    /// Writes what became final.
    fn write(&mut self) -> io::Result<()> {
        for exchange in self.exchanges.told().filter(|one| one.wanted == Wanted::Yes) {
            let ink = &mut self.out.ink;
            match &mut self.style {
                Style::Lines(clock) => words::line(&exchange, clock, ink),
                Style::Ndjson => {
                    let mut sheet = Sheet::new(ink, Form::Json);
                    record::record(&exchange, &mut sheet, &mut self.calendar);
                    sheet.end();
                }
                Style::Csv => {
                    let mut sheet = Sheet::new(ink, Form::Row);
                    record::record(&exchange, &mut sheet, &mut self.calendar);
                    sheet.end();
                }
            }
            self.out.line()?;
        }
        Ok(())
    }
}

impl Report for Listing {
    fn begin(&mut self, about: &About) -> io::Result<()> {
        match self.style {
            Style::Lines(_) => return Ok(()),
            Style::Ndjson => tally::record(about, None, &mut self.calendar, &mut self.out.ink),
            Style::Csv => {
                let mut sheet = Sheet::new(&mut self.out.ink, Form::Names);
                record::record(&Exchange::unknown(), &mut sheet, &mut self.calendar);
                sheet.end();
            }
        }
        self.out.line()
    }

    fn first(&mut self, time: Timestamp) {
        if let Style::Lines(clock) = &mut self.style {
            clock.begin(time);
        }
    }

    fn packet(&mut self, packet: &Packet<'_>, seen: &Seen<'_>) -> io::Result<()> {
        self.tally.count(packet);
        self.exchanges.observe(packet, seen, Wanted::Yes);
        self.write()
    }

    fn left_out(&mut self, packet: &Packet<'_>, seen: &Seen<'_>) -> io::Result<()> {
        self.exchanges.observe(packet, seen, Wanted::No);
        self.write()
    }

    fn gone(&mut self, connection: &Connection) -> io::Result<()> {
        self.exchanges.over(connection.id());
        self.write()
    }

    fn lull(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    fn end(&mut self, about: &About, _: &Flows) -> io::Result<()> {
        self.exchanges.end();
        self.write()?;
        if let Style::Ndjson = self.style {
            tally::record(about, Some(&self.tally), &mut self.calendar, &mut self.out.ink);
            self.out.line()?;
        }
        self.out.flush()
    }
}
