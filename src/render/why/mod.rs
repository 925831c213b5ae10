//! Where did the time of each connection go, and whose was it?

pub(super) mod page;
pub mod pair;
pub(super) mod record;
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
    kept: Kept,
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
            kept: Kept::default(),
            sight: Sight::default(),
            calendar: Calendar::utc(),
            tally: Tally::default(),
        }
    }

    fn page(&mut self, about: &About, whole: &Whole, width: u16) {
        let mut page = Page { ink: &mut self.out.ink, width: width.into() };
        for line in self.sight.lines(about, &self.tally) {
            page.sentence(&line, 0, 2);
        }
        page.blank();
        if let Some(account) = self.only.and_then(|_| self.kept.accounts.first()) {
            page.sentence(&words::of(account), 0, 0);
            page.account(account);
            return;
        }
        page.sentence(&words::of_whole(whole), 0, 0);
        page.time(whole);
        self.kept.sort();
        page.stalls(whole, &self.kept.accounts, STALLS);
        page.connections(whole, &self.kept.accounts, self.accounts.names(), ROWS);
        page.servers(whole, self.accounts.names(), ROWS);
    }
}

/// Accounts for a page: those that matter most.
#[derive(Debug, Default)]
pub(super) struct Kept {
    pub(super) accounts: Vec<Account>,
}

impl Kept {
    pub(super) fn keep(&mut self, account: Account) {
        self.accounts.push(account);
        if self.accounts.len() > KEPT {
            self.sort();
            self.accounts.truncate(KEPT / 2);
        }
    }

    /// What matters most comes first.
    pub(super) fn sort(&mut self) {
        self.accounts.sort_by_key(|one| (std::cmp::Reverse(weight(one)), one.connection));
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
                self.kept.keep(account);
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
