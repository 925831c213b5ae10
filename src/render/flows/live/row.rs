//! What does a row look like?

use std::time::Duration;

use super::ends;
use super::figures::Figures;
use super::followed::Row;
use super::layout::{Column, Columns};
use super::strip::{Edge, Strip};
use crate::flow::Side;
use crate::ink::{Ink, Paint};
use crate::render::flows::known::Known;
use crate::render::{owners, quantity, verdict};
use crate::timeline::Timestamp;

/// What the rows of one picture have in common.
pub(super) struct Page<'p> {
    pub(super) columns: &'p Columns,
    pub(super) width: usize,
    pub(super) known: &'p Known,
    pub(super) now: Timestamp,
    /// Whose colours and characters are used.
    pub(super) like: &'p Ink,
}

impl Page<'_> {
    pub(super) fn row(&self, row: &Row) -> Vec<u8> {
        let mut strip = Strip::new(self.width, self.like);
        for (at, (column, room)) in self.columns.iter().enumerate() {
            strip.gap(usize::from(at > 0));
            let edge = if column.is_figure() { Edge::Right } else { Edge::Left };
            strip.cell(*room, edge, paint(*column, row), |ink| {
                self.cell(*column, *room, row, ink);
            });
        }
        strip.end()
    }

    fn cell(&self, column: Column, room: usize, row: &Row, ink: &mut Ink) {
        let figures = &row.figures;
        match column {
            Column::Number => _ = ink.number(row.id),
            Column::Ends => ends::write(figures, self.names_of(row), room, ink),
            Column::Process => match &row.processes {
                Some(processes) => _ = ink.text(processes),
                None => processes(self.known, row.id, figures, ink),
            },
            Column::Protocol => _ = ink.text(figures.protocol()),
            Column::State => _ = ink.text(figures.state()),
            Column::Rtt => {
                if let Some(rtt) = figures.rtt {
                    quantity::duration(rtt, ink);
                }
            }
            Column::ClientRate => quantity::octets(row.rates[0], ink),
            Column::ServerRate => quantity::octets(row.rates[1], ink),
            Column::Octets => quantity::octets(figures.octets[0] + figures.octets[1], ink),
            Column::Packets => quantity::count(figures.packets[0] + figures.packets[1], ink),
            Column::Resent => quantity::count(figures.resent, ink),
            Column::Windows => windows(figures.windows, ink),
            Column::Age => age(figures.span(self.now), ink),
            Column::Last => {
                for (at, verdict) in row.said.iter().enumerate() {
                    ink.text(if at > 0 { "; " } else { "" });
                    verdict::words(verdict, ink);
                }
            }
        }
    }

    fn names_of<'r>(&'r self, row: &'r Row) -> [Option<&'r str>; 2] {
        [Side::Client, Side::Server].map(|side| {
            let is_server = side == Side::Server;
            let asked =
                self.known.names.of_server(row.id).filter(|_| is_server).map(|it| &*it.name);
            let kept = row.server.as_deref().filter(|_| is_server);
            let known = || self.known.names.of(row.figures.ends[side.index()].address());
            asked.or(kept).or_else(|| known().map(|it| &*it.name))
        })
    }
}

/// Writes which processes have the ends of a conversation, as far as that is known.
pub(super) fn processes(known: &Known, id: u32, figures: &Figures, ink: &mut Ink) {
    let owners = known.owners(Some(id));
    let [client, server] = figures.ends.map(|end| owners.at(Some(end)));
    if let Some(owner) = client {
        owners::words(owner, ink);
    }
    if let Some(owner) = server {
        match client {
            Some(_) => ink.arrow(),
            None => ink.text(if ink.ascii { "> " } else { "→ " }),
        };
        owners::words(owner, ink);
    }
}

fn paint(column: Column, row: &Row) -> Option<Paint> {
    let figures = &row.figures;
    let idle = |rate: u64| (rate == 0).then_some(Paint::Faint);
    match column {
        Column::State if figures.has_failed() => Some(Paint::Alarm),
        _ if row.is_over() => Some(Paint::Faint),
        Column::ClientRate => idle(row.rates[0]),
        Column::ServerRate => idle(row.rates[1]),
        Column::Resent => idle(figures.resent),
        Column::Windows => figures.windows.contains(&Some(0)).then_some(Paint::Alarm),
        _ => None,
    }
}

/// Those of the client and of the server; a question mark where it is not known how many octets it is.
fn windows(windows: [Option<u32>; 2], ink: &mut Ink) {
    if windows == [None; 2] {
        return;
    }
    for (at, window) in windows.into_iter().enumerate() {
        ink.text(if at > 0 { " + " } else { "" });
        match window {
            Some(0) => _ = ink.text("closed"),
            Some(octets) => quantity::octets(octets.into(), ink),
            None => _ = ink.text("?"),
        }
    }
}

/// From a second on in whole ones, as on a stop watch.
pub(super) fn age(span: Duration, ink: &mut Ink) {
    let seconds = span.as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600, seconds / 60);
    match seconds {
        0 => quantity::duration(span, ink),
        1..60 => _ = ink.number(seconds).text(" s"),
        60..3600 => _ = ink.number(minutes).text(":").digits(seconds % 60, 2),
        3600..86_400 => {
            let hours = ink.number(hours).text(":").digits(minutes % 60, 2);
            hours.text(":").digits(seconds % 60, 2);
        }
        _ => _ = ink.number(days).text(" d ").number(hours % 24).text(" h"),
    }
}
