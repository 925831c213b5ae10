//! Where did the time go of each connection that is asked about, and how well was it seen?
//!
//! Whoever tells of it says what is kept: records are written at once, a page wants the worst.

use std::cmp::Reverse;
use std::time::Duration;

use super::seen::Sight;
use crate::flow::tcp::Connection;
use crate::render::kept::Heaviest;
use crate::tale::accounts::{Account, Accounts};

/// Follows the time of every connection, and closes the accounts of those that are asked about.
#[derive(Debug)]
pub(in crate::render) struct Audit {
    /// The number of the only connection that is asked about.
    pub(in crate::render) only: Option<u32>,
    pub(in crate::render) accounts: Accounts,
    /// How those were seen whose accounts were closed.
    pub(in crate::render) sight: Sight,
    worst: Heaviest<Weight, Account>,
}

/// How much a connection matters: what somebody is to blame for, then how long it took; of equal ones
/// the first.
type Weight = (Duration, Duration, Reverse<u32>);

/// So many of the worst are kept for sure, and twice as many at most.
const WORST: usize = 128;

impl Audit {
    pub(in crate::render) fn new(only: Option<u32>) -> Self {
        let (accounts, sight) = (Accounts::default(), Sight::default());
        Self { only, accounts, sight, worst: Heaviest::new(WORST) }
    }

    /// Takes a connection to which nothing will be added. Nothing comes of one that is not asked about, or
    /// of which no packet was told.
    pub(in crate::render) fn close(&mut self, connection: &Connection) -> Option<Account> {
        let account = self.accounts.close(connection)?;
        if self.only.is_some_and(|only| only != account.connection) {
            return None;
        }
        self.sight.see(connection);
        Some(account)
    }

    /// Keeps an account until it is known which are the worst.
    pub(in crate::render) fn keep(&mut self, account: Account) {
        let blamed = account.verdict.as_ref().map_or(Duration::ZERO, |verdict| verdict.time);
        let weight = (blamed, account.tiles.wall(), Reverse(account.connection));
        self.worst.add(weight, account);
    }

    /// What matters most comes first.
    pub(in crate::render) fn worst(&mut self) -> Vec<Account> {
        self.worst.take_all()
    }
}
