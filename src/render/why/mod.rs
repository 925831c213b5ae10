//! Where did the time of each connection go, and whose was it?

pub(super) mod audit;
pub(super) mod page;
pub mod pair;
pub(super) mod record;
pub(super) mod seen;
pub(super) mod words;

use std::io;

use super::Report;
use super::clock::Calendar;
use super::out::Out;
use super::tally::{self, Tally};
use crate::flow::tcp::Connection;
use crate::flow::{Flows, Seen};
use crate::tale::accounts::Whole;
use crate::timeline::About;
use crate::wire::Packet;
use audit::Audit;
use page::Page;

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
    audit: Audit,
    calendar: Calendar,
    tally: Tally,
    /// Why there is nothing to tell of the only conversation, where it is none of TCP.
    other: Option<String>,
}

/// Connections on the page; of the others only the sums are told.
const ROWS: usize = 10;
/// Troubles on the page.
const STALLS: usize = 6;

impl Why {
    /// Of all connections, or of the one of this number alone.
    pub fn new(out: Out, form: Form, only: Option<u32>) -> Self {
        Self {
            out,
            form,
            audit: Audit::new(only),
            calendar: Calendar::utc(),
            tally: Tally::default(),
            other: None,
        }
    }

    fn page(&mut self, about: &About, whole: &Whole, width: u16) {
        let accounts = self.audit.worst();
        let mut page = Page { ink: &mut self.out.ink, width: width.into() };
        for line in self.audit.sight.lines(about, &self.tally) {
            page.sentence(&line, 0, 2);
        }
        page.blank();
        if let Some(account) = self.audit.only.and_then(|_| accounts.first()) {
            page.sentence(&words::of(account), 0, 0);
            page.account(account);
            return;
        }
        page.sentence(&words::of_whole(whole), 0, 0);
        page.time(whole);
        page.stalls(whole, &accounts, STALLS);
        page.connections(whole, &accounts, self.audit.accounts.names(), ROWS);
        page.servers(whole, self.audit.accounts.names(), ROWS);
    }
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
        self.tally.follow(packet, seen);
        self.audit.accounts.observe(packet, seen);
        if let Some((datagrams, _)) = seen.datagrams
            && self.audit.only == Some(datagrams.id())
            && self.other.is_none()
        {
            self.other = Some(super::flows::no_budget(datagrams));
        }
        Ok(())
    }

    fn gone(&mut self, connection: &Connection) -> io::Result<()> {
        self.tally.judge(connection);
        let Some(account) = self.audit.close(connection) else { return Ok(()) };
        match self.form {
            Form::Ndjson => {
                record::budget(&account, &mut self.out.ink);
                self.out.line()
            }
            Form::Page { .. } => {
                self.audit.keep(account);
                Ok(())
            }
        }
    }

    fn end(&mut self, about: &About, flows: &Flows) -> io::Result<()> {
        self.all_gone(flows)?;
        let whole = self.audit.accounts.end();
        if let Some(only) = self.audit.only.filter(|_| self.audit.sight.is_empty()) {
            return Err(match self.other.take() {
                Some(sentence) => io::Error::other(sentence),
                None => super::flows::unknown(only, flows),
            });
        }
        match self.form {
            Form::Ndjson => {
                if self.audit.only.is_none() {
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
