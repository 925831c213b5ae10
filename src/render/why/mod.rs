//! Where did the time of each connection go, and whose was it?

mod page;
mod record;
pub(super) mod seen;
pub(super) mod words;

use std::io;
use std::time::Duration;

use super::Report;
use super::clock::Calendar;
use super::out::Out;
use super::tally::{self, Tally};
use crate::flow::tcp::Connection;
use crate::flow::{Flows, Seen};
use crate::tale::accounts::{Account, Accounts, Whole};
use crate::tale::bucket::Bucket;
use crate::tale::stall::Stall;
use crate::tale::verdict::spent;
use crate::timeline::About;
use crate::wire::Packet;
use page::Page;
use seen::Sight;

/// How it is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Form {
    /// For people, on a page of so many cells.
    Page {
        width: u16,
    },
    Ndjson,
}

/// Tells where time went.
pub struct Why {
    out: Out,
    form: Form,
    /// The number of the only connection that is told.
    only: Option<u32>,
    accounts: Accounts,
    /// Those that the page shows.
    kept: Vec<Account>,
    sight: Sight,
    calendar: Calendar,
    tally: Tally,
}

/// Connections on the page; of the others only the sums are told.
const ROWS: usize = 10;
/// Troubles on the page.
const STALLS: usize = 6;
/// So many are kept until it is known which of them are worst.
const KEPT: usize = 256;

impl Why {
    pub fn new(out: Out, form: Form, only: Option<u32>) -> Self {
        Self {
            out,
            form,
            only,
            accounts: Accounts::default(),
            kept: Vec::new(),
            sight: Sight::default(),
            calendar: Calendar::utc(),
            tally: Tally::default(),
        }
    }

    /// Keeps an account for the page, as long as it is one of the worst.
    fn keep(&mut self, account: Account) {
        self.kept.push(account);
        if self.kept.len() > KEPT {
            self.kept.sort_by_key(|one| std::cmp::Reverse(weight(one)));
            self.kept.truncate(KEPT / 2);
        }
    }

    fn page(&mut self, about: &About, whole: &Whole, width: u16) {
        self.kept.sort_by_key(|one| (std::cmp::Reverse(weight(one)), one.connection));
        let names = self.accounts.names();
        let mut page = Page { ink: &mut self.out.ink, width: width.into() };
        for line in self.sight.lines(about, &self.tally) {
            page.sentence(&line, 0, 2);
        }
        page.blank();
        let alone = self.only.and_then(|_| self.kept.first());
        match (alone, &whole.verdict) {
            (Some(account), _) => {
                let said = account.verdict.as_ref().map(|it| words::verdict(it, None));
                page.sentence(said.as_deref().unwrap_or(words::NOTHING), 0, 0);
            }
            (None, Some((id, verdict))) => page.sentence(&words::verdict(verdict, *id), 0, 0),
            (None, None) => page.sentence(words::NOTHING, 0, 0),
        }
        if let Some(account) = alone {
            let tiles = &account.tiles;
            let rows: Vec<_> = Bucket::ALL.iter().map(|it| (*it, tiles.sum(*it))).collect();
            page.heading("Where the time went", &words::duration(tiles.wall()));
            page.buckets(&rows, tiles.wall());
        } else if whole.connections > 0 {
            let rows: Vec<_> = Bucket::ALL.iter().map(|it| (*it, whole.sum(*it))).collect();
            let what = match whole.connections {
                1 => words::duration(whole.wall),
                count => format!(
                    "{} on {count} connections, one after the other",
                    words::duration(whole.wall)
                ),
            };
            page.heading("Where the time went", &what);
            page.buckets(&rows, whole.wall);
        }
        let mut stalls: Vec<(Option<u32>, &Stall)> = Vec::new();
        for account in &self.kept {
            let id = alone.is_none().then_some(account.connection);
            stalls.extend(account.stalls.iter().map(|stall| (id, stall)));
        }
        if alone.is_none() {
            stalls.extend(whole.stalls.iter().map(|stall| (None, stall)));
        }
        stalls.sort_by_key(|(_, stall)| (std::cmp::Reverse(stall.time), stall.from.packet));
        if !stalls.is_empty() {
            let more = stalls.len().saturating_sub(STALLS);
            let beside = if more > 0 { format!("and {more} more") } else { String::new() };
            page.heading("What stood in the way", &beside);
            for (at, (id, stall)) in stalls.iter().take(STALLS).enumerate() {
                page.stall(at + 1, stall, id.filter(|_| whole.connections > 1));
            }
        }
        if alone.is_none() && whole.connections > 1 {
            let more = whole.connections.saturating_sub(ROWS as u64);
            let beside = if more > 0 { format!("and {more} more") } else { String::new() };
            page.heading("Who spent it", &beside);
            page.connections_head();
            for account in self.kept.iter().take(ROWS) {
                page.connection(account, names, spent(&account.tiles));
            }
        }
    }
}

/// How much a connection matters: what somebody is to blame for, and then how long it took.
fn weight(account: &Account) -> (Duration, Duration) {
    let blamed = account.verdict.as_ref().map_or(Duration::ZERO, |verdict| verdict.time);
    (blamed, account.tiles.wall())
}

impl Report for Why {
    fn begin(&mut self, about: &About) -> io::Result<()> {
        if self.form != Form::Ndjson {
            return Ok(());
        }
        tally::record(about, None, &mut self.calendar, &mut self.out.ink);
        self.out.line()
    }

    fn packet(&mut self, packet: &Packet<'_>, seen: &Seen<'_>) -> io::Result<()> {
        self.tally.count(packet);
        self.tally.attribute(packet, seen);
        self.accounts.observe(packet, seen);
        Ok(())
    }

    fn gone(&mut self, connection: &Connection) -> io::Result<()> {
        self.tally.judge(connection);
        let Some(account) = self.accounts.close(connection) else { return Ok(()) };
        if self.only.is_some_and(|only| only != connection.id()) {
            return Ok(());
        }
        self.sight.see(connection);
        match self.form {
            Form::Ndjson => {
                record::budget(&account, &mut self.out.ink);
                self.out.line()
            }
            Form::Page { .. } => {
                self.keep(account);
                Ok(())
            }
        }
    }

    fn end(&mut self, about: &About, flows: &Flows) -> io::Result<()> {
        for connection in flows.connections() {
            self.gone(connection)?;
        }
        let whole = self.accounts.end();
        if let Some(only) = self.only.filter(|_| self.sight.is_empty()) {
            return Err(super::flows::unknown(only, flows));
        }
        match self.form {
            Form::Ndjson => {
                if self.only.is_none() {
                    record::whole(&whole, &mut self.out.ink);
                    self.out.line()?;
                }
                tally::record(about, Some(&self.tally), &mut self.calendar, &mut self.out.ink);
                self.out.line()?;
            }
            Form::Page { width } => self.page(about, &whole, width),
        }
        self.out.flush()
    }
}
