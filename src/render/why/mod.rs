//! Where did the time of each connection go, and whose was it?

mod record;

use std::io;

use super::Report;
use super::clock::Calendar;
use super::out::Out;
use super::tally::{self, Tally};
use crate::flow::tcp::Connection;
use crate::flow::{Flows, Seen};
use crate::tale::accounts::Accounts;
use crate::timeline::About;
use crate::wire::Packet;

/// Tells where time went.
pub struct Why {
    out: Out,
    /// The number of the only connection that is told.
    only: Option<u32>,
    accounts: Accounts,
    calendar: Calendar,
    tally: Tally,
}

impl Why {
    pub fn new(out: Out, only: Option<u32>) -> Self {
        let (accounts, calendar) = (Accounts::default(), Calendar::utc());
        Self { out, only, accounts, calendar, tally: Tally::default() }
    }
}

impl Report for Why {
    fn begin(&mut self, about: &About) -> io::Result<()> {
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
        record::budget(&account, &mut self.out.ink);
        self.out.line()
    }

    fn end(&mut self, about: &About, flows: &Flows) -> io::Result<()> {
        for connection in flows.connections() {
            self.gone(connection)?;
        }
        tally::record(about, Some(&self.tally), &mut self.calendar, &mut self.out.ink);
        self.out.line()?;
        self.out.flush()
    }
}
