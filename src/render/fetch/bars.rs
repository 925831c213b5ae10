//! How long did each phase take, drawn to scale?

use std::io;
use std::time::Duration;

use super::page::Page;
use crate::timeline::fetch::Transfer;

/// A phase of the whole: its name, how long it took, and what there is to say about it. A phase that begins
/// where the one before it ended has its bar there.
#[derive(Clone, Debug)]
pub struct Phase {
    pub name: String,
    pub took: Duration,
    pub note: String,
    pub stroke: Stroke,
}

/// How a phase is drawn.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Stroke {
    Full,
    /// What this computer took.
    Light,
    /// Spread over the whole: no bar.
    None,
}

/// Columns in front of the bars: a name, milliseconds, and gaps.
const NAMES: usize = 14;
const BARS: usize = 26;

/// Draws phases that tile the total, one bar behind the other.
pub(super) fn draw(phases: &[Phase], total: Duration, page: &mut Page) -> io::Result<()> {
    if phases.is_empty() || total.is_zero() {
        return Ok(());
    }
    // Notes stand behind the bars where there is room, else on lines of their own.
    let room = page.width().saturating_sub(BARS + 1).min(50);
    page.line("", None)?;
    page.line(&format!("   {:<NAMES$}{:>5}   {}", "phase", "ms", scale(total, room)), None)?;
    let mut before = Duration::ZERO;
    for phase in phases {
        let (from, to) = (cell(before, total, room), cell(before + phase.took, total, room));
        if phase.stroke != Stroke::None {
            before += phase.took;
        }
        let bar = match (phase.stroke, page.out.ink.ascii) {
            (Stroke::None, _) => String::new(),
            (Stroke::Full, false) => "▓".repeat((to - from).max(1)),
            (Stroke::Full, true) => "#".repeat((to - from).max(1)),
            (Stroke::Light, false) => "░".repeat((to - from).max(1)),
            (Stroke::Light, true) => ".".repeat((to - from).max(1)),
        };
        let from = from.min(room.saturating_sub(1));
        let bar = format!("{:from$}{bar}", "");
        let name = clipped(&phase.name, NAMES);
        let ms = phase.took.as_secs_f64() * 1e3;
        let line = format!("   {name:<NAMES$}{ms:>7.1}  {bar}");
        let note = &phase.note;
        if note.is_empty() {
            page.line(line.trim_end(), None)?;
        } else if BARS + room + 2 + note.chars().count() <= page.width() {
            page.line(&format!("{line:<width$}{note}", width = BARS + room + 2), None)?;
        } else {
            page.line(line.trim_end(), None)?;
            page.line(&format!("{:BARS$}{note}", ""), None)?;
        }
    }
    Ok(())
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
    let end = figure(total, step);
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
pub(super) fn waterfall(transfers: &[(u32, &str, &Transfer)]) -> Vec<Row> {
    let rows = transfers.iter().map(|(number, _, transfer)| {
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
    page.line(
        "   q waits for a connection  d name  c connection  t TLS  s request  w waiting  r answer",
        None,
    )
}
