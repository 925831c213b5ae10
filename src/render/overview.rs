//! What is in the capture? One screen, or records.
//!
//! As records: the capture's, then one of type `protocol` for each protocol, by octets, and one of
//! type `conversation` for each conversation that the screen shows.

mod head;

use std::io;

use comfy_table::{Cell, ColumnConstraint, Table};

use super::Report;
use super::clock::Calendar;
use super::conversations::{Conversation, Conversations, Ends, Key};
use super::json::or_null;
use super::out::Out;
use super::page::{cell, put, right, table};
use super::quantity;
use super::tally::{self, Tally};
use super::why::audit::Audit;
use super::why::page::Page;
use super::why::{self, words};
use crate::flow::exchange::Exchange;
use crate::flow::tcp::Connection;
use crate::flow::{Flows, Seen};
use crate::ink::{Ink, Paint};
use crate::tale::accounts::Whole;
use crate::timeline::About;
use crate::wire::{Layer, Name, Packet, dictionary};

/// How much the page tells, from 1 to 7; each level tells what those below it do.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Level(pub u8);

impl Level {
    /// One sentence.
    const ACTORS: Self = Self(2);
    /// Where the time went, and what was asked and answered.
    const PHASES: Self = Self(3);
    const CONNECTIONS: Self = Self(5);
    /// Who has which address, and how that became known.
    const ADDRESSES: Self = Self(6);
    const ALL: Self = Self(7);
}

impl Default for Level {
    fn default() -> Self {
        Self::PHASES
    }
}

/// How the overview is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Form {
    /// For people, on a page of so many cells.
    Page {
        width: u16,
        level: Level,
    },
    Ndjson,
}

pub struct Overview {
    out: Out,
    form: Form,
    calendar: Calendar,
    tally: Tally,
    protocols: Vec<(Name, Sum)>,
    conversations: Conversations,
    audit: Audit,
}

#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    packets: u64,
    octets: u64,
}

/// Rows of a table on the page; more are summed up in one.
const ROWS: usize = 10;

/// From this width on the conversations have their times.
const WIDE: u16 = 96;

/// Troubles on the page.
const STALLS: usize = 4;
const NO_CONNECTION: &str =
    "There is no connection in it, and no question to a resolver went wrong.";

/// What packets are called that no protocol reads.
const UNREAD: Name = Name { key: "unknown", words: "not read" };

impl Overview {
    pub fn new(out: Out, form: Form) -> Self {
        Self {
            out,
            form,
            calendar: Calendar::utc(),
            tally: Tally::default(),
            protocols: Vec::new(),
            conversations: Conversations::default(),
            audit: Audit::new(None),
        }
    }

    fn page(&mut self, about: &About, whole: &Whole, width: u16, level: Level) {
        let accounts = self.audit.worst();
        let (tally, calendar, ink) = (&self.tally, &mut self.calendar, &mut self.out.ink);
        let has_verdict = whole.all.connections > 0 || whole.verdict.is_some();
        if has_verdict {
            Page { ink, width: width.into() }.sentence(&words::of_whole(whole), 0, 0);
        }
        if level < Level::ACTORS {
            if !has_verdict {
                Page { ink, width: width.into() }.sentence(NO_CONNECTION, 0, 0);
            }
            return;
        }
        ink.text(if has_verdict { "\n" } else { "" });
        head::head(about, tally, calendar, usize::from(width), ink);
        let mut page = Page { ink, width: width.into() };
        for line in self.audit.sight.doubts(about, tally) {
            page.sentence(&line, 2, 0);
        }
        if tally.packets == 0 {
            return;
        }
        let (stalls, rows) =
            if level >= Level::ALL { (usize::MAX, usize::MAX) } else { (STALLS, ROWS) };
        if level >= Level::PHASES {
            page.time(whole);
            page.stalls(whole, &accounts, stalls);
            let talks = self.audit.accounts.slowest();
            exchanges("Questions and answers", "those that took longest", talks, &mut page);
        }
        if level >= Level::CONNECTIONS {
            page.connections(whole, &accounts, self.audit.accounts.names(), rows);
        }
        if level >= Level::ADDRESSES {
            exchanges("Addresses", "", self.audit.accounts.addresses(), &mut page);
        }
        let ink = &mut self.out.ink;
        if level >= Level::PHASES {
            ink.text("\n").paint(Paint::Name, "Protocols").text("\n");
            protocols(&self.protocols, tally, width, ink);
        }
        ink.text("\n").paint(Paint::Name, "Conversations");
        ink.begin(Paint::Faint).text("  the largest of ");
        quantity::count(self.conversations.len() as u64, ink);
        ink.plain().text("\n");
        conversations(&self.conversations, tally, width, ink);
    }

    fn records(&mut self, about: &About, whole: &Whole) -> io::Result<()> {
        tally::record(about, Some(&self.tally), &mut self.calendar, &mut self.out.ink);
        self.out.line()?;
        why::record::whole(whole, &mut self.out.ink);
        self.out.line()?;
        for (name, sum) in &self.protocols {
            let ink = &mut self.out.ink;
            ink.text(r#"{"type":"protocol","name":""#).text(name.key);
            ink.text(r#"","packets":"#).number(sum.packets);
            ink.text(r#","wire_bytes":"#).number(sum.octets).text("}");
            self.out.line()?;
        }
        for (key, one) in self.conversations.largest(ROWS) {
            conversation_record(&key, &one, &mut self.calendar, &mut self.out.ink);
            self.out.line()?;
        }
        Ok(())
    }
}

impl Report for Overview {
    fn packet(&mut self, packet: &Packet<'_>, seen: &Seen<'_>) -> io::Result<()> {
        self.tally.count(packet);
        self.audit.accounts.observe(packet, seen);
        self.conversations.count(packet);
        let name = packet.own_layers().last().map_or(UNREAD, Layer::name);
        let known = self.protocols.iter().position(|(known, _)| known.key == name.key);
        let at = known.unwrap_or_else(|| {
            // By its plain name: TLS of every version is TLS.
            let name = dictionary::protocol(name.key).unwrap_or(name);
            self.protocols.push((name, Sum::default()));
            self.protocols.len() - 1
        });
        let sum = &mut self.protocols[at].1;
        sum.packets += 1;
        sum.octets += packet.frame.octets.len() as u64;
        Ok(())
    }

    fn gone(&mut self, connection: &Connection) -> io::Result<()> {
        if let Some(account) = self.audit.close(connection) {
            self.audit.keep(account);
        }
        Ok(())
    }

    fn end(&mut self, about: &About, flows: &Flows) -> io::Result<()> {
        self.all_gone(flows)?;
        let whole = self.audit.accounts.end();
        self.protocols.sort_by_key(|(name, sum)| (std::cmp::Reverse(sum.octets), name.key));
        match self.form {
            Form::Page { width, level } => self.page(about, &whole, width, level),
            Form::Ndjson => self.records(about, &whole)?,
        }
        self.out.flush()
    }
}

/// Exchanges, a line each, if there are any.
fn exchanges<'e>(
    title: &str,
    beside: &str,
    all: impl Iterator<Item = &'e Exchange>,
    page: &mut Page<'_>,
) {
    let mut all = all.peekable();
    if all.peek().is_none() {
        return;
    }
    page.heading(title, beside);
    for exchange in all {
        super::exchanges::short(exchange, page.width, page.ink);
    }
}

fn protocols(protocols: &[(Name, Sum)], tally: &Tally, width: u16, ink: &mut Ink) {
    let mut table = table(width, ink.ascii);
    table.set_header(["protocol", "packets", "octets", "share"]);
    let row = |words: &str, sum: Sum, table: &mut Table| {
        let tenths = sum.octets * 1000 / tally.octets.max(1);
        let words = cell(ink.ascii, |ink| _ = ink.text(words));
        let packets = cell(ink.ascii, |ink| quantity::count(sum.packets, ink));
        let octets = cell(ink.ascii, |ink| quantity::octets(sum.octets, ink));
        let share = cell(ink.ascii, |ink| {
            ink.number(tenths / 10).text(".").number(tenths % 10).text(" %");
        });
        table.add_row([words, right(packets), right(octets), right(share)]);
    };
    let shown = if protocols.len() > ROWS { ROWS - 1 } else { protocols.len() };
    for (name, sum) in &protocols[..shown] {
        row(name.words, *sum, &mut table);
    }
    let others = protocols[shown..].iter().fold(Sum::default(), |all, (_, one)| Sum {
        packets: all.packets + one.packets,
        octets: all.octets + one.octets,
    });
    if others.packets > 0 {
        row("others", others, &mut table);
    }
    put(table, ink);
}

fn conversations(all: &Conversations, tally: &Tally, width: u16, ink: &mut Ink) {
    let mut table = table(width, ink.ascii);
    // A narrow page has no room for the times.
    let wide = width >= WIDE;
    let header = ["between", "and", "protocol", "packets sent", "octets sent", "from", "for"];
    table.set_header(&header[..if wide { 7 } else { 5 }]);
    let start = tally.times.map_or_else(Default::default, |(first, _)| first);
    let ascii = ink.ascii;
    let mut row = |ends: [Cell; 2], words: &str, one: &Conversation| {
        let both = |numbers: [u64; 2], write: fn(u64, &mut Ink)| {
            right(cell(ascii, |ink| {
                write(numbers[0], ink);
                ink.text(" + ");
                write(numbers[1], ink);
            }))
        };
        let sent = one.order.map(|end| one.sent[end]);
        let mut cells = Vec::from(ends);
        cells.push(cell(ascii, |ink| _ = ink.text(words)));
        cells.push(both(sent.map(|sent| sent.packets), quantity::count));
        cells.push(both(sent.map(|sent| sent.octets), quantity::octets));
        if wide {
            let (from, span) = (one.first.since(start), one.last.since(one.first));
            for duration in [from, span] {
                cells.push(right(cell(ascii, |ink| quantity::duration(duration, ink))));
            }
        }
        table.add_row(cells);
    };
    for (key, one) in all.largest(ROWS) {
        let ends = one.order.map(|end| cell(ascii, |ink| write_end(&key, end, ink)));
        row(ends, one.words, &one);
    }
    if let Some(others) = &all.others {
        row(["more than the", "table holds"].map(Cell::new), "others", others);
    }
    // Of a long row the addresses are broken, never the figures.
    for column in table.column_iter_mut().skip(2) {
        column.set_constraint(ColumnConstraint::ContentWidth);
    }
    put(table, ink);
}

/// Writes one end of a conversation; the first has the service's port.
fn write_end(key: &Key, end: usize, ink: &mut Ink) {
    match (key.ends, end, key.port) {
        (Ends::Addresses(address, _), 0, Some(port)) => _ = ink.endpoint(address, port),
        (Ends::Addresses(address, _), 0, None) | (Ends::Addresses(_, address), ..) => {
            ink.address(address);
        }
        (Ends::Hardware(Some(mac), _), 0, _) | (Ends::Hardware(_, Some(mac)), 1.., _) => {
            ink.mac(mac.0);
        }
        _ => {}
    }
}

fn conversation_record(key: &Key, one: &Conversation, calendar: &mut Calendar, ink: &mut Ink) {
    ink.text(r#"{"type":"conversation","protocol":""#).text(key.protocol);
    ink.text(r#"","ends":["#);
    for (at, end) in one.order.into_iter().enumerate() {
        ink.text(if at > 0 { r#",{"address":"# } else { r#"{"address":"# });
        or_null(ink, |ink| write_end(&Key { port: None, ..*key }, end, ink));
        ink.text(r#","port":"#);
        match key.port.filter(|_| end == 0) {
            Some(port) => ink.number(port),
            None => ink.text("null"),
        };
        ink.text(r#","packets":"#).number(one.sent[end].packets);
        ink.text(r#","wire_bytes":"#).number(one.sent[end].octets).text("}");
    }
    ink.text("]");
    ink.text(r#","first_packet":"#).number(one.number).text(r#","first_time":""#);
    calendar.rfc3339(one.first, ink);
    ink.text(r#"","duration_ns":"#).number(one.last.0 - one.first.0).text("}");
}
