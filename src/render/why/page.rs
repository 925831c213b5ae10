//! How does the time of a capture fit on a screen?

use std::time::Duration;

use super::words;
use crate::flow::{End, Names};
use crate::ink::{Ink, Paint};
use crate::render::fit::{cells, wrapped};
use crate::render::value::{clipped, own};
use crate::tale::accounts::{Account, Whole};
use crate::tale::bucket::Bucket;
use crate::tale::stall::Stall;
use crate::tale::verdict::{Culprit, spent};

/// Where lines are written, and how wide they may be.
pub(in crate::render) struct Page<'i> {
    pub(in crate::render) ink: &'i mut Ink,
    pub(in crate::render) width: usize,
}

/// One row of the table of buckets.
pub(in crate::render) type Row = (Bucket, Duration);

/// Cells for the words of a bucket.
const WORDS: usize = 40;
/// Cells of a time in the table of connections.
const COLUMN: usize = 10;
/// Cells of the bars.
const BAR: usize = 24;

impl Page<'_> {
    pub(in crate::render) fn blank(&mut self) {
        self.ink.text("\n");
    }

    pub(in crate::render) fn heading(&mut self, words: &str, beside: &str) {
        self.ink.text("\n").paint(Paint::Name, words);
        if !beside.is_empty() {
            self.ink.begin(Paint::Faint).text("  ").text(beside).plain();
        }
        self.ink.text("\n");
    }

    /// A sentence, as long as it needs to be; what does not fit goes on below, so far in.
    pub(in crate::render) fn sentence(&mut self, words: &str, indent: usize, hang: usize) {
        let room = self.width.max(40);
        let lines = wrapped(words, room - indent, room - indent - hang);
        for (at, line) in lines.iter().enumerate() {
            self.ink.spaces(indent + if at > 0 { hang } else { 0 });
            self.ink.text(line).text("\n");
        }
    }

    /// A row for each bucket that took time, the largest first; small ones in one row.
    fn buckets(&mut self, rows: &[Row], wall: Duration) {
        let mut rows: Vec<_> = rows.iter().filter(|(_, time)| !time.is_zero()).copied().collect();
        rows.sort_by_key(|(_, time)| std::cmp::Reverse(*time));
        let is_large = |time: Duration| time * 100 >= wall;
        let small: Duration =
            rows.iter().filter(|(_, time)| !is_large(*time)).map(|row| row.1).sum();
        for (bucket, time) in rows.into_iter().filter(|(_, time)| is_large(*time)) {
            self.row(words::bucket(bucket), time, wall);
        }
        if !small.is_zero() {
            self.row("the rest", small, wall);
        }
    }

    fn row(&mut self, words: &str, time: Duration, wall: Duration) {
        let share = time.as_secs_f64() / wall.as_secs_f64().max(f64::MIN_POSITIVE);
        self.ink.text("  ").text(words).spaces(WORDS.saturating_sub(cells(words)));
        self.right(&words::duration(time), 10);
        self.right(&format!("{:.1} %", share * 100.0), 9);
        if self.width >= WORDS + BAR + 25 {
            let stroke = if self.ink.ascii { "#" } else { "█" };
            let halves = time.as_nanos() * (2 * BAR as u128) / wall.as_nanos().max(1);
            let filled = usize::try_from(halves.div_ceil(2)).unwrap_or(BAR);
            self.ink.text("  ");
            for _ in 0..filled.min(BAR) {
                self.ink.text(stroke);
            }
        }
        self.ink.text("\n");
    }

    fn right(&mut self, words: &str, room: usize) {
        self.ink.spaces(room.saturating_sub(cells(words))).text(words);
    }

    /// A trouble with a name: what, how often, for how long, which packets, and what to do.
    pub(in crate::render) fn stall(&mut self, rank: usize, stall: &Stall, connection: Option<u32>) {
        let time = if stall.time.is_zero() { String::new() } else { words::duration(stall.time) };
        let sure = words::sure(stall.confidence);
        let times = match stall.count {
            0 | 1 => String::new(),
            count => format!(", {}", words::times(count)),
        };
        let on = connection.map_or(String::new(), |id| format!(" on connection {id}"));
        self.right(&rank.to_string(), 3);
        self.right(&time, 10);
        self.ink.text("  ");
        let said = format!("{sure}{}{times}{on}", words::title(stall));
        let lines = wrapped(&said, self.width.saturating_sub(15), self.width.saturating_sub(15));
        for (at, line) in lines.iter().enumerate() {
            self.ink.spaces(if at > 0 { 15 } else { 0 }).text(line).text("\n");
        }
        let evidence = match stall.count {
            0 | 1 => words::evidence(stall),
            _ => format!("the longest: {}", words::evidence(stall)),
        };
        self.ink.begin(Paint::Faint);
        self.sentence(&evidence, 15, 0);
        self.ink.plain();
        let arrow = if self.ink.ascii { "->" } else { "→" };
        self.sentence(&format!("{arrow} {}", words::remedy(stall)), 15, cells(arrow) + 1);
    }

    /// Where the time of all connections went.
    pub(in crate::render) fn time(&mut self, whole: &Whole) {
        if whole.all.connections == 0 {
            return;
        }
        let rows: Vec<_> = Bucket::ALL.iter().map(|it| (*it, whole.sum(*it))).collect();
        let wall = words::duration(whole.all.wall);
        let what = match whole.all.connections {
            1 => wall,
            count => {
                format!("{wall} on {} connections, one after the other", words::count(count))
            }
        };
        self.heading("Where the time went", &what);
        self.buckets(&rows, whole.all.wall);
    }

    /// Where the time of one connection went, and what stood in its way.
    pub(in crate::render) fn account(&mut self, account: &Account) {
        let tiles = &account.tiles;
        let rows: Vec<_> = Bucket::ALL.iter().map(|it| (*it, tiles.sum(*it))).collect();
        self.heading("Where the time went", &words::duration(tiles.wall()));
        self.buckets(&rows, tiles.wall());
        if !account.stalls.is_empty() {
            self.heading("What stood in the way", "");
            for (at, stall) in account.stalls.iter().enumerate() {
                self.stall(at + 1, stall, None);
            }
        }
    }

    /// The troubles of all connections, and of several together: those that cost most.
    pub(in crate::render) fn stalls(&mut self, whole: &Whole, accounts: &[Account], most: usize) {
        let stalls = ranked(whole, accounts);
        if stalls.is_empty() {
            return;
        }
        self.heading("What stood in the way", &more(stalls.len(), most));
        for (at, (id, stall)) in stalls.iter().take(most).enumerate() {
            self.stall(at + 1, stall, *id);
        }
    }

    /// Who spent the time of each connection, where there are several.
    pub(in crate::render) fn connections(
        &mut self,
        whole: &Whole,
        accounts: &[Account],
        names: &Names,
        most: usize,
    ) {
        if whole.all.connections < 2 {
            return;
        }
        let all = usize::try_from(whole.all.connections).unwrap_or(usize::MAX);
        self.heading("Who spent it", &more(all, most));
        self.head("id");
        for account in accounts.iter().take(most) {
            self.connection(account, names, spent(&account.tiles));
        }
    }

    /// Who spent the time with each server, where that sums something up.
    pub(in crate::render) fn servers(&mut self, whole: &Whole, names: &Names, most: usize) {
        let servers = whole.servers();
        let all = servers.len();
        if all < 2 || whole.all.connections <= all as u64 {
            return;
        }
        self.heading("With which server", &more(all, most));
        self.head("times");
        for (address, sum) in servers.into_iter().take(most) {
            let known = names.of(address);
            let said = known.map_or_else(|| address.to_string(), |it| it.name.to_string());
            self.sums(sum.connections, sum.wall, sum.spent, &said);
        }
    }

    /// One row of the table of connections.
    fn connection(&mut self, account: &Account, names: &Names, of: [Duration; 5]) {
        let arrow = if self.ink.ascii { "->" } else { "→" };
        let [client, server] = account.ends.map(|end| name(end, names));
        let said = format!("{client} {arrow} {server}");
        self.sums(account.connection.into(), account.tiles.wall(), of, &said);
    }

    /// One row: a number, all of the time, who spent it, and what it is about.
    fn sums(&mut self, number: u64, wall: Duration, of: [Duration; 5], said: &str) {
        self.right(&number.to_string(), 5);
        self.right(&words::duration(wall), COLUMN);
        for time in of {
            let said = if time.is_zero() { "-".to_owned() } else { words::duration(time) };
            self.right(&said, COLUMN);
        }
        self.ink.text("  ");
        let room = self.width.saturating_sub(7 + 6 * COLUMN).max(12);
        clipped(said.as_bytes(), room, own, self.ink);
        self.ink.text("\n");
    }

    fn head(&mut self, number: &str) {
        self.ink.begin(Paint::Faint);
        self.right(number, 5);
        self.right("in all", COLUMN);
        for name in Culprit::ALL {
            self.right(name.key(), COLUMN);
        }
        self.right("nobody", COLUMN);
        self.ink.plain().text("\n");
    }
}

/// The troubles of all connections, and of several together, each with the connection where that is to be
/// said; what cost most comes first.
pub(super) fn ranked<'w>(
    whole: &'w Whole,
    accounts: &'w [Account],
) -> Vec<(Option<u32>, &'w Stall)> {
    let of = |account: &Account| (whole.all.connections > 1).then_some(account.connection);
    let mut stalls: Vec<_> = accounts
        .iter()
        .flat_map(|account| account.stalls.iter().map(move |stall| (of(account), stall)))
        .chain(whole.stalls.iter().map(|stall| (None, stall)))
        .collect();
    stalls.sort_by_key(|(_, stall)| (std::cmp::Reverse(stall.time), stall.from.packet));
    stalls
}

/// How many are not shown.
fn more(all: usize, shown: usize) -> String {
    match all.saturating_sub(shown) {
        0 => String::new(),
        more => format!("and {} more", words::count(more as u64)),
    }
}

/// An end by its name, if the capture shows one.
pub(in crate::render) fn name(end: End, names: &Names) -> String {
    match names.of(end.address()) {
        Some(known) => format!("{}:{}", known.name, end.port),
        None if end.address().is_ipv6() => format!("[{}]:{}", end.address(), end.port),
        None => format!("{}:{}", end.address(), end.port),
    }
}
