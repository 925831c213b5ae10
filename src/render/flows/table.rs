//! The conversations that matter most, in one table.
//!
//! Only as many are kept as are shown, and some more until they are sorted out.

use std::cmp::Reverse;
use std::io;

use comfy_table::{ColumnConstraint, Width};

use super::row::{self, Row};
use super::{Known, Naming};
use crate::flow::tcp::Connection;
use crate::flow::{Datagrams, Flows, Seen, Side};
use crate::ink::{Ink, Paint};
use crate::render::Report;
use crate::render::out::Out;
use crate::render::owners::Owned;
use crate::render::page::{cell, put, right, table};
use crate::render::quantity;
use crate::timeline::{About, Frame, nanos};
use crate::wire::Packet;

/// By what conversations are sorted; all but numbers from the largest down.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Order {
    Packets,
    Octets,
    Duration,
    Rtt,
    Resent,
    Number,
}

/// A table of at most so many conversations.
pub struct Table {
    out: Out,
    width: u16,
    /// By number when nobody asks and all are shown.
    order: Option<Order>,
    most: usize,
    rows: Vec<Row>,
    count: u64,
    known: Known,
}

/// Ends that are no longer than this are never broken: an IPv4 address and its port.
const WHOLE: u16 = 21;

/// From these widths on there is room for the duration, the round trip of the handshake, and so on.
/// On a narrower page ends are broken, too.
const FOR_SPAN: u16 = 96;
const FOR_CONNECTED: u16 = 110;
const FOR_PACKETS: u16 = 124;
const FOR_RTT: u16 = 146;

impl Table {
    pub fn new(out: Out, width: u16, order: Option<Order>, most: usize, naming: Naming) -> Self {
        Self {
            out,
            width,
            order,
            most: most.max(1),
            rows: Vec::new(),
            count: 0,
            known: Known::new(naming),
        }
    }

    /// Tells whose the ends are, too, if that was asked.
    #[must_use]
    pub fn with_owners(self, asked: bool) -> Self {
        Self { known: self.known.with_owners(asked), ..self }
    }

    /// The terminal has so many columns now.
    pub(super) fn widen(&mut self, width: u16) {
        self.width = width;
    }

    pub(super) fn order(&self) -> Option<Order> {
        self.order
    }

    pub(super) fn known(&self) -> &Known {
        &self.known
    }

    pub(super) fn known_mut(&mut self) -> &mut Known {
        &mut self.known
    }

    /// What it is written with.
    pub(super) fn ink(&self) -> &Ink {
        &self.out.ink
    }

    fn add(&mut self, row: Row) {
        self.count += 1;
        self.rows.push(row);
        if self.rows.len() >= 2 * self.most + 64 {
            self.sort_out();
        }
    }

    fn sort_out(&mut self) {
        let order = self.order.unwrap_or(Order::Octets);
        self.rows.sort_by_cached_key(|row| (Reverse(rank(row, order)), row.id));
        self.rows.truncate(self.most);
    }

    fn page(&mut self) {
        let is_all = self.rows.len() as u64 == self.count && self.rows.len() <= self.most;
        let order = match self.order {
            None if is_all => Order::Number,
            order => order.unwrap_or(Order::Octets),
        };
        self.order = Some(order);
        self.sort_out();
        let ink = &mut self.out.ink;
        let shown = self.rows.len() as u64;
        ink.paint(Paint::Name, "Conversations").begin(Paint::Faint).text("  ");
        if shown < self.count {
            ink.text(match order {
                Order::Packets => "those with the most packets, ",
                Order::Octets => "those with the most octets, ",
                Order::Duration => "the longest, ",
                Order::Rtt => "those with the longest round trips, ",
                Order::Resent => "those that sent the most again, ",
                Order::Number => "the first, ",
            });
            quantity::count(shown, ink);
            ink.text(" of ");
        }
        quantity::count(self.count, ink);
        ink.plain().text("\n");
        if shown == 0 {
            return;
        }
        let ascii = ink.ascii;
        let mut table = table(self.width, ascii);
        let has = |from| self.width >= from;
        let mut header = vec!["", "client", "server", "protocol", "octets"];
        header.extend(has(FOR_SPAN).then_some("for"));
        header.extend(has(FOR_CONNECTED).then_some("connected"));
        header.extend(has(FOR_PACKETS).then_some("packets"));
        header.extend(has(FOR_RTT).then_some("RTT to server"));
        header.push("what happened");
        let figures = header.len() - 1;
        table.set_header(header);
        for row in &self.rows {
            let mut cells = vec![
                right(cell(ascii, |ink| _ = ink.number(row.id))),
                end(row, Side::Client, ascii),
                end(row, Side::Server, ascii),
                cell(ascii, |ink| _ = ink.text(row.protocol)),
                right(cell(ascii, |ink| row::both(row.octets, quantity::octets, ink))),
            ];
            let span = cell(ascii, |ink| row::span(row.span, ink));
            cells.extend(has(FOR_SPAN).then(|| right(span)));
            let connected = cell(ascii, |ink| row.connected.map_or((), |it| row::span(it, ink)));
            let packets = cell(ascii, |ink| row::both(row.packets, quantity::count, ink));
            let rtt = cell(ascii, |ink| row.rtts[1].map_or((), |it| row::range(it, ink)));
            cells.extend(has(FOR_CONNECTED).then(|| right(connected)));
            cells.extend(has(FOR_PACKETS).then(|| right(packets)));
            cells.extend(has(FOR_RTT).then(|| right(rtt)));
            cells.push(comfy_table::Cell::new(row.tale.join("; ")));
            table.add_row(cells);
        }
        // Words are broken where there is no room, and long addresses, but never figures.
        for (at, side) in [(1, Side::Client), (2, Side::Server)] {
            let longest = self.rows.iter().map(|row| row.cells(side)).max().unwrap_or(0);
            if let Some(column) = table.column_mut(at).filter(|_| has(FOR_SPAN)) {
                let least = Width::Fixed(longest.min(WHOLE) + 1);
                column.set_constraint(ColumnConstraint::LowerBoundary(least));
            }
        }
        for (at, column) in table.column_iter_mut().enumerate() {
            if at == 0 || (3..figures).contains(&at) {
                column.set_constraint(ColumnConstraint::ContentWidth);
            }
        }
        put(table, ink);
        if shown < self.count {
            ink.begin(Paint::Faint).text("  and ");
            quantity::count(self.count - shown, ink);
            ink.text(" more: --top 0 tells all").plain().text("\n");
        }
    }
}

impl Report for Table {
    fn skims(&self) -> bool {
        true
    }

    fn wants(&self, connection: &Connection, protocol: &str) -> bool {
        self.known.wants(connection, protocol)
    }

    fn passed(&mut self, _: &Frame<'_>, seen: &Seen<'_>) {
        self.known.ask(seen);
    }

    fn packet(&mut self, packet: &Packet<'_>, seen: &Seen<'_>) -> io::Result<()> {
        self.known.ask(seen);
        self.known.learn(packet, seen);
        Ok(())
    }

    fn gone(&mut self, connection: &Connection) -> io::Result<()> {
        if self.known.tells(connection.id()) {
            self.add(Row::of(connection, &self.known));
        }
        self.known.forget(connection.id());
        Ok(())
    }

    fn silent(&mut self, datagrams: &Datagrams) -> io::Result<()> {
        if self.known.tells(datagrams.id()) {
            self.add(Row::of_datagrams(datagrams, &self.known));
        }
        self.known.forget(datagrams.id());
        Ok(())
    }

    fn owners(&mut self) -> Option<&mut Owned> {
        self.known.owned()
    }

    fn end(&mut self, about: &About, flows: &Flows) -> io::Result<()> {
        self.known.read(about);
        self.all_gone(flows)?;
        self.page();
        self.out.flush()
    }
}

/// What is larger comes first.
fn rank(row: &Row, order: Order) -> u64 {
    match order {
        Order::Packets => row.packets[0] + row.packets[1],
        Order::Octets => row.octets[0] + row.octets[1],
        Order::Duration => nanos(row.span),
        Order::Rtt => row.rtt.map_or(0, nanos),
        Order::Resent => row.resent,
        Order::Number => u64::MAX - u64::from(row.id),
    }
}

/// An end and what it is called.
fn end(row: &Row, side: Side, ascii: bool) -> comfy_table::Cell {
    cell(ascii, |ink| {
        row.end(side, ink);
        if let Some(name) = &row.names[side.index()] {
            ink.text(" ").text(name);
        }
    })
}
