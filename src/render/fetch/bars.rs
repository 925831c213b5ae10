//! How long did each phase take, drawn to scale?

use std::io;
use std::time::Duration;

use super::page::Page;
use crate::tale::Party;
use crate::tale::fetch::phase::Edge;
use crate::tale::fetch::{Basis, Phase, Span, sums};
use crate::timeline::fetch::Transfer;

/// Columns in front of the bars: a name, milliseconds, and gaps.
const NAMES: usize = 14;
const BARS: usize = 28;

/// A phase that took less than this share of the whole has no line of its own.
const SMALL: u32 = 100;

/// Draws the phases that tile a time: each on a line, where it was.
pub(super) fn draw(spans: &[Span], page: &mut Page) -> io::Result<()> {
    let (Some(first), Some(last)) = (spans.first(), spans.last()) else { return Ok(()) };
    let (began, total) = (first.from.time, last.to.time.since(first.from.time));
    if total.is_zero() {
        return Ok(());
    }
    let room = page.width().saturating_sub(BARS + NOTES + 1).max(page.width() / 3);
    page.line("", None)?;
    page.line(&format!("   {:<NAMES$}{:>7}   {}", "phase", "ms", scale(total, room)), None)?;
    let mut other = Duration::ZERO;
    for (phase, took) in sums(spans) {
        if took * SMALL < total {
            other += took;
            continue;
        }
        let own = || spans.iter().filter(|span| span.phase == phase);
        let stroke = match (phase.party() == Party::ThisComputer, page.out.ink.ascii) {
            (false, false) => '▓',
            (false, true) => '#',
            (true, false) => '░',
            (true, true) => '.',
        };
        let mut bar = vec![' '; room];
        for span in own() {
            let at = |edge: Edge| cell(edge.time.since(began), total, room);
            let from = at(span.from).min(room.saturating_sub(1));
            let to = at(span.to).max(from + 1).min(room);
            bar.get_mut(from..to).into_iter().flatten().for_each(|cell| *cell = stroke);
        }
        let bar: String = bar.into_iter().collect();
        let note = if own().any(|span| span.basis == Basis::Inferred) { "inferred" } else { "" };
        let (name, ms) = (name(phase), milliseconds(took));
        page.line(format!("   {name:<NAMES$}{ms:>7}   {bar}   {note}").trim_end(), None)?;
    }
    if !other.is_zero() {
        page.line(&format!("   {:<NAMES$}{:>7}", "other", milliseconds(other)), None)?;
    }
    Ok(())
}

/// Room for a word behind the bars.
const NOTES: usize = 11;

fn milliseconds(took: Duration) -> String {
    let ms = took.as_secs_f64() * 1e3;
    if ms < 1.0 { format!("{ms:.3}") } else { format!("{ms:.1}") }
}

/// A phase in as few letters as a line has room for.
fn name(phase: Phase) -> &'static str {
    match phase {
        Phase::Queue => "queue",
        Phase::DnsWire => "DNS",
        Phase::DnsLost => "DNS in vain",
        Phase::DnsSystem => "DNS (system)",
        Phase::DnsLocal => "DNS here",
        Phase::Arp => "ARP",
        Phase::TcpWire | Phase::Tcp => "TCP handshake",
        Phase::TcpLost => "TCP in vain",
        Phase::Hops => "probing hops",
        Phase::TlsWire | Phase::Tls => "TLS handshake",
        Phase::TlsLocal => "TLS here",
        Phase::Send => "sending",
        Phase::PathOut => "request's way",
        Phase::Server => "server",
        Phase::Waiting => "waiting",
        Phase::Rounds => "round trips",
        Phase::Loss => "loss",
        Phase::ClosedWindow => "window closed",
        Phase::SenderGap => "sender's pause",
        Phase::Line | Phase::Transfer => "answer",
        Phase::Local => "THIS COMPUTER",
    }
}

/// Times at the head of the bars: round ones, and the end.
fn scale(total: Duration, room: usize) -> String {
    // 1, 2, 5, 10, ... microseconds, the first of which the total has not more than five.
    let mut step = Duration::from_micros(1);
    for factor in [2, 5, 10].into_iter().cycle() {
        if step * 5 >= total || step > HOUR {
            break;
        }
        let power = step.as_micros().checked_ilog10().unwrap_or_default();
        step = Duration::from_micros(10_u64.pow(power)) * factor;
    }
    let mut line = String::new();
    let end = if step < Duration::from_millis(10) {
        format!("{:.1}", total.as_secs_f64() * 1e3)
    } else {
        figure(total, step)
    };
    let mut at = Duration::ZERO;
    while at < total && line.len() < room {
        let column = cell(at, total, room);
        let label = figure(at, step);
        if column >= line.len() && column + label.len() + 1 + end.len() <= room {
            line = format!("{line:<column$}{label} ");
        }
        at += step;
    }
    let column = room.saturating_sub(end.len());
    format!("{:<column$}{end}", line.trim_end())
}

/// No step is longer.
const HOUR: Duration = Duration::from_secs(3600);

fn figure(at: Duration, step: Duration) -> String {
    let ms = at.as_secs_f64() * 1e3;
    if step >= Duration::from_millis(1) { format!("{ms:.0}") } else { format!("{ms:.3}") }
}

/// In which of so many columns a time lies.
fn cell(at: Duration, total: Duration, room: usize) -> usize {
    let (at, total) = (at.as_nanos(), total.as_nanos().max(1));
    let column = (at * room as u128 + total / 2) / total;
    usize::try_from(column).unwrap_or(room).min(room)
}

fn clipped(text: &str, width: usize) -> String {
    text.chars().take(width).collect()
}

/// A transfer's row of the waterfall.
pub(super) struct Row {
    name: String,
    begin: Duration,
    /// When each phase was over, since the beginning of the transfer, and its letter.
    phases: Vec<(char, Duration)>,
    total: Duration,
}

/// A row for each transfer: waiting for a connection, name, connection, TLS, waiting, answer.
pub(super) fn waterfall(transfers: &[(u32, &Transfer)]) -> Vec<Row> {
    let rows = transfers.iter().map(|(number, transfer)| {
        let timing = &transfer.timing;
        let mut phases = vec![('q', timing.queue)];
        for (letter, at) in [
            ('d', timing.name_lookup),
            ('c', timing.connect),
            ('t', timing.app_connect.filter(|at| !at.is_zero())),
            ('s', timing.post_transfer.or(timing.pre_transfer)),
            ('w', timing.start_transfer),
            ('r', Some(timing.total)),
        ] {
            phases.extend(at.map(|at| (letter, at)));
        }
        let path = transfer.url.splitn(4, '/').nth(3).unwrap_or_default();
        let path = path.split(['?', '#']).next().unwrap_or_default();
        let name = format!("{number} /{path}");
        Row { name, begin: timing.begin, phases, total: timing.total }
    });
    rows.collect()
}

/// Draws each transfer below the other, over the time of all; one alone has nothing to be compared with.
pub(super) fn draw_waterfall(rows: &[Row], page: &mut Page) -> io::Result<()> {
    let total = rows.iter().map(|row| row.begin + row.total).max().unwrap_or_default();
    if rows.len() < 2 || total.is_zero() {
        return Ok(());
    }
    let names = (page.width() / 4).clamp(8, 24);
    let room = page.width().saturating_sub(names + 14);
    page.line("", None)?;
    page.line(&format!("   {:<names$}{:>7}   {}", "transfer", "ms", scale(total, room)), None)?;
    for row in rows {
        let start = cell(row.begin, total, room);
        let mut bar = " ".repeat(start);
        for (letter, at) in &row.phases {
            let upto = cell(row.begin + *at, total, room);
            while bar.len() < upto {
                bar.push(*letter);
            }
        }
        if bar.len() == start {
            bar.truncate(room.saturating_sub(1));
            bar.push('r');
        }
        let ms = row.total.as_secs_f64() * 1e3;
        let name = clipped(&row.name, names);
        page.line(&format!("   {name:<names$}{ms:>7.1}   {bar}"), None)?;
    }
    page.line("   q queue  d name  c connection  t TLS  s request  w waiting  r answer", None)
}
