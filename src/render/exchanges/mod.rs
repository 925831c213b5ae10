//! What was asked, and what was answered? One line, record or row an exchange.
//!
//! Each leaves as soon as it is final: answered ones in the order of their answers, unanswered ones in
//! the order asked, when it is certain that no answer comes. Where it is to be told whose the ends are,
//! one waits until that came out, and the others behind it.

pub(super) mod record;
pub(super) mod words;

use std::collections::VecDeque;
use std::io;

use super::Report;
use super::clock::{Calendar, Clock};
use super::out::Out;
use super::owners::{Owned, Owners};
use super::sheet::{Form, Sheet};
use super::tally::{self, Tally};
use super::value::{clipped, own};
use crate::flow::exchange::{Exchange, Exchanges, Wanted, Who};
use crate::flow::tcp::Connection;
use crate::flow::{Datagrams, End, Flows, Seen};
use crate::ink::Ink;
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
    /// Whose the ends are, if that is to be told; of conversations that are over, too.
    owned: Option<Owned>,
    /// What is final, and waits for that.
    waiting: VecDeque<Exchange>,
}

/// So many wait at most.
const WAITING: usize = 1024;

impl Listing {
    pub fn new(out: Out, style: Style, exchanges: Exchanges) -> Self {
        let (calendar, tally) = (Calendar::utc(), Tally::default());
        Self { out, style, exchanges, calendar, tally, owned: None, waiting: VecDeque::new() }
    }

    /// Tells whose the ends are, too, if that was asked.
    #[must_use]
    pub fn with_owners(self, asked: bool) -> Self {
        Self { owned: asked.then(Owned::default), ..self }
    }

    /// Writes what became final.
    fn write(&mut self) -> io::Result<()> {
        if self.owned.is_some() {
            self.waiting.extend(self.exchanges.told().filter(|one| one.wanted == Wanted::Yes));
            return self.write_waiting(WAITING);
        }
        for exchange in self.exchanges.told().filter(|one| one.wanted == Wanted::Yes) {
            let owners = Owners::default();
            tell(&exchange, owners, &mut self.style, &mut self.calendar, &mut self.out.ink);
            self.out.line()?;
        }
        Ok(())
    }

    /// Writes what need not wait any more, or is more than may wait.
    fn write_waiting(&mut self, most: usize) -> io::Result<()> {
        let Some(owned) = &self.owned else { return Ok(()) };
        while self.waiting.len() > most
            || self.waiting.front().is_some_and(|one| !owned.is_open(conversation(one)))
        {
            let Some(exchange) = self.waiting.pop_front() else { break };
            let owners = owned.of(conversation(&exchange));
            tell(&exchange, owners, &mut self.style, &mut self.calendar, &mut self.out.ink);
            self.out.line()?;
        }
        Ok(())
    }
}

fn conversation(exchange: &Exchange) -> Option<u32> {
    exchange.connection.or(exchange.conversation)
}

/// The end of a conversation that is one of an exchange.
fn end(who: Who) -> Option<End> {
    match who {
        Who::At(address, Some(port)) => Some(End::new(address, port)),
        _ => None,
    }
}

fn tell(
    exchange: &Exchange,
    owners: Owners<'_>,
    style: &mut Style,
    calendar: &mut Calendar,
    ink: &mut Ink,
) {
    let form = match style {
        Style::Lines(clock) => return words::line(exchange, owners, clock, ink),
        Style::Ndjson => Form::Json,
        Style::Csv => Form::Row,
    };
    let mut sheet = Sheet::new(ink, form);
    record::record(exchange, owners, &mut sheet, calendar);
    sheet.end();
}

/// Writes what was asked and answered on a conversation that is named already, with the packets that show it.
pub(super) fn within(exchange: &Exchange, ink: &mut Ink) {
    words::within(exchange, ink);
}

/// Writes an exchange in a line of at most so many cells.
pub(super) fn short(exchange: &Exchange, width: usize, ink: &mut Ink) {
    let mut line = Ink::default();
    line.ascii = ink.ascii;
    words::short(exchange, &mut line);
    clipped(line.as_bytes(), width, own, ink);
    ink.text("\n");
}

impl Report for Listing {
    fn begin(&mut self, about: &About) -> io::Result<()> {
        match self.style {
            Style::Lines(_) => return Ok(()),
            Style::Ndjson => tally::record(about, None, &mut self.calendar, &mut self.out.ink),
            Style::Csv => {
                let mut sheet = Sheet::new(&mut self.out.ink, Form::Names);
                let owners = self.owned.as_ref().map(|owned| owned.of(None)).unwrap_or_default();
                record::record(&Exchange::unknown(), owners, &mut sheet, &mut self.calendar);
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

    fn silent(&mut self, _: &Datagrams) -> io::Result<()> {
        // What was asked there may still wait to be told, with whose its ends are.
        Ok(())
    }

    fn asking(&mut self, number: u32, end: End) {
        if let Some(owned) = &mut self.owned {
            owned.asking(number, end);
        }
    }

    fn owners(&mut self) -> Option<&mut Owned> {
        self.owned.as_mut()
    }

    fn asked(&mut self, number: u32, end: End) -> io::Result<()> {
        if let Some(owned) = &mut self.owned {
            owned.close(number, end);
        }
        self.write_waiting(WAITING)
    }

    fn lull(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    fn end(&mut self, about: &About, _: &Flows) -> io::Result<()> {
        self.exchanges.end();
        self.write()?;
        self.write_waiting(0)?;
        if let Style::Ndjson = self.style {
            tally::record(about, Some(&self.tally), &mut self.calendar, &mut self.out.ink);
            self.out.line()?;
        }
        self.out.flush()
    }
}
