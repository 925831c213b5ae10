//! Which conversations are in the picture, and when do they leave it?
//!
//! At most [`MOST`] have a row. When there is no room, those in front by the order of the rows stay; what is
//! put out comes back with its next packet once there is room. Who is over stays for a while.

use arrayvec::ArrayVec;
use foldhash::fast::RandomState;
use hashbrown::HashMap;

use super::figures::Figures;
use super::order::{By, Sort};
use super::pace::{Pace, Rounds};
use super::row;
use crate::flow::tcp::{Connection, Verdict};
use crate::flow::{Datagrams, Flows, Key, Seen};
use crate::ink::written;
use crate::render::flows::known::Known;
use crate::timeline::Timestamp;

/// Rows that are kept.
const MOST: usize = 4096;
/// When there are more than these, some leave to make room for newcomers.
const CROWD: usize = MOST / 4 * 3;

/// What was said of a packet; more is left out.
pub(super) type Said = ArrayVec<Verdict, 4>;

/// Every conversation that has a row.
#[derive(Debug)]
pub(super) struct Followed {
    table: HashMap<u32, Row, RandomState>,
    rounds: Rounds,
    /// Those of which no more has to be known until the next round, each in a place of its own as long
    /// as there are no more: few packets have to look for their row, which may be far from the processor.
    met: Vec<u32>,
}

/// A power of two.
const MET: usize = 1 << 14;

#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) id: u32,
    key: Key,
    pub(super) figures: Figures,
    /// Octets in a second of the client and of the server.
    pub(super) rates: [u64; 2],
    /// Of the last packet of which something was said.
    pub(super) said: Said,
    /// What its server was asked for by, once nobody else knows it any more.
    pub(super) server: Option<Box<str>>,
    /// Whose its ends were, likewise.
    pub(super) processes: Option<Box<str>>,
    pace: Pace,
    /// Whether it had a packet since the last round.
    is_touched: bool,
    /// Whether nothing will be added to it.
    pub(super) is_gone: bool,
    /// The round in which it last had a packet.
    heard: Timestamp,
}

impl Default for Followed {
    fn default() -> Self {
        Self { table: HashMap::default(), rounds: Rounds::default(), met: vec![0; MET] }
    }
}

impl Followed {
    /// Takes note of a packet's conversation.
    #[inline]
    pub(super) fn meet(&mut self, seen: &Seen<'_>) {
        let Some(id) = seen.id() else { return };
        let met = &mut self.met[id as usize % MET];
        if *met != id || !seen.verdicts.is_empty() {
            *met = id;
            self.take_note(id, seen);
        }
    }

    fn take_note(&mut self, id: u32, seen: &Seen<'_>) {
        if let Some(row) = self.table.get_mut(&id) {
            row.is_touched = true;
            if !seen.verdicts.is_empty() {
                row.said = said(seen);
            }
        } else if self.table.len() < MOST
            && let Some(row) = Row::of(seen)
        {
            self.table.insert(id, row);
        }
    }

    /// Nothing will be added to a connection; `known` is asked now what its server is called.
    pub(super) fn gone(&mut self, connection: &Connection, known: &Known) {
        if let Some(row) = self.table.get_mut(&connection.id()) {
            let name = known.names.of_server(connection.id());
            row.server = name.map(|named| named.name.clone());
            (row.is_gone, row.is_touched) = (true, true);
            row.stand(Figures::of(connection));
            row.keep_processes(known);
        }
    }

    pub(super) fn silent(&mut self, datagrams: &Datagrams, known: &Known) {
        if let Some(row) = self.table.get_mut(&datagrams.id()) {
            row.is_gone = true;
            row.stand(Figures::of_datagrams(datagrams));
            row.keep_processes(known);
        }
    }

    /// Looks at how all stand; some leave.
    pub(super) fn renew(&mut self, now: Timestamp, flows: &Flows, sort: Sort) {
        self.rounds.begin(now);
        // No conversation has the number 0.
        self.met.fill(0);
        let rounds = &self.rounds;
        self.table.retain(|_, row| {
            row.renew(now, flows, rounds);
            row.stays(now)
        });
        if self.table.len() > CROWD {
            self.make_room(sort);
        }
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = &Row> {
        self.table.values()
    }

    fn make_room(&mut self, sort: Sort) {
        // Newcomers have no rate yet.
        let by = if sort.by == By::Rate { By::Octets } else { sort.by };
        let sort = Sort { by, ..sort };
        let mut ranks: Vec<_> = self.rows().map(|row| (row.is_over(), row.rank(sort))).collect();
        let (_, last, _) = ranks.select_nth_unstable(MOST / 2);
        let last = *last;
        self.table.retain(|_, row| (row.is_over(), row.rank(sort)) < last);
    }
}

impl Row {
    fn of(seen: &Seen<'_>) -> Option<Self> {
        let (id, key, figures) = match (seen.connection, seen.datagrams) {
            (Some((one, _)), _) => (one.id(), *one.key(), Figures::of(one)),
            (None, Some((one, _))) => (one.id(), *one.key(), Figures::of_datagrams(one)),
            (None, None) => return None,
        };
        Some(Self {
            id,
            key,
            figures,
            rates: [0; 2],
            said: said(seen),
            server: None,
            processes: None,
            pace: Pace::default(),
            is_touched: true,
            is_gone: false,
            heard: Timestamp::default(),
        })
    }

    pub(super) fn is_over(&self) -> bool {
        self.is_gone || self.figures.is_over()
    }

    pub(super) fn rank(&self, sort: Sort) -> super::order::Rank {
        sort.rank(self.id, &self.figures, self.rates)
    }

    /// It stands so now.
    fn stand(&mut self, figures: Figures) {
        // Who is the client may turn out later.
        if figures.ends != self.figures.ends {
            self.pace.swap();
        }
        self.figures = figures;
    }

    fn keep_processes(&mut self, known: &Known) {
        if !known.owners(None).is_asked() {
            return;
        }
        let processes = written(|ink| row::processes(known, self.id, &self.figures, ink));
        self.processes = Some(processes.into());
    }

    fn renew(&mut self, now: Timestamp, flows: &Flows, rounds: &Rounds) {
        if std::mem::take(&mut self.is_touched) {
            self.heard = now;
            let connection = flows.connection(&self.key, self.id).map(Figures::of);
            let datagrams = || flows.datagrams_of(&self.key, self.id).map(Figures::of_datagrams);
            if let Some(figures) = connection.or_else(datagrams) {
                self.stand(figures);
            }
        }
        // The capture's clock may have been set back.
        self.heard = self.heard.min(now);
        self.pace.note(self.figures.octets, self.figures.opened, rounds);
        self.rates = self.pace.rates(rounds);
    }

    fn stays(&self, now: Timestamp) -> bool {
        let while_idle = if self.is_gone { Some(10) } else { self.figures.life.stays() };
        while_idle.is_none_or(|seconds| now.since(self.heard).as_secs() < seconds)
    }
}

fn said(seen: &Seen<'_>) -> Said {
    seen.verdicts.iter().copied().take(Said::new().capacity()).collect()
}
