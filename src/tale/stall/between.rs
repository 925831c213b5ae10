//! What do several connections show that one alone does not?

use std::net::IpAddr;
use std::time::Duration;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use super::{Found, Name, Stall};
use crate::flow::tcp::{Confidence, Connection, Facts, State};
use crate::flow::{End, Mark, Names, Side};
use crate::tale::bucket::Bucket;
use crate::tale::budget::Tiles;

/// What is remembered of connections that are over.
#[derive(Debug, Default)]
pub(in crate::tale) struct Between {
    pub(in crate::tale) found: Found,
    visits: HashMap<(IpAddr, End), Visits, RandomState>,
    offers: HashMap<End, Offers, RandomState>,
    /// Connections over IPv6 that came to nothing.
    vain: Vec<Vain>,
}

/// One connection after the other, each for one request.
#[derive(Clone, Copy, Debug)]
struct Visits {
    first: Mark,
    closed: Mark,
    connections: u64,
    cost: Duration,
}

/// What a server agreed to, as its SYN-ACKs say.
#[derive(Clone, Copy, Debug, Default)]
struct Offers {
    agreed: u16,
    refused: u16,
    lacking: Option<(Mark, Mark)>,
}

#[derive(Clone, Debug)]
struct Vain {
    name: Box<str>,
    from: Mark,
    to: Mark,
}

/// So many servers are told apart.
const MOST: usize = 4096;
/// Who opens so many connections one after the other may as well keep one.
const MANY: u64 = 3;
/// What that costs less is nothing to speak of.
const DEAR: Duration = Duration::from_millis(20);
/// Of a failed address and the next one that is tried, not more than this lies between.
const NEXT: Duration = Duration::from_secs(30);
const OPTIONS: [u16; 3] = [Facts::SCALE, Facts::SACK, Facts::STAMPS];

impl Between {
    /// Hears of a connection that is over; `answers` is how many HTTP exchanges it carried.
    pub(in crate::tale) fn hear(
        &mut self,
        connection: &Connection,
        tiles: &Tiles,
        answers: u64,
        names: &Names,
        found: &mut Found,
    ) {
        self.visit(connection, tiles, answers);
        self.options(connection);
        self.families(connection, names);
        let retried = tiles.sum(Bucket::ConnectRetry);
        if connection.reuses().is_some() && !retried.is_zero() {
            let syns = connection.handshake();
            let (from, to) = (syns.syn.unwrap_or(connection.opened()), syns.last_syn);
            let stall = Stall::once(Name::PortReuse, Side::Client, from, to.unwrap_or(from));
            found.add(stall.taking(retried).believed(Confidence::Likely));
        }
    }

    fn visit(&mut self, connection: &Connection, tiles: &Tiles, answers: u64) {
        let is_one = answers == 1 && connection.state().is_over();
        let key = (connection.end(Side::Client).address(), connection.end(Side::Server));
        let cost = [Bucket::Connect, Bucket::TlsClient, Bucket::TlsPath, Bucket::TlsServer];
        let cost: Duration = cost.iter().map(|bucket| tiles.sum(*bucket)).sum();
        let (opened, closed) = (connection.opened(), connection.latest());
        if !is_one {
            return;
        }
        let is_room = self.visits.len() < MOST;
        match self.visits.get_mut(&key) {
            Some(visits) if opened.time >= visits.closed.time => {
                visits.connections += 1;
                visits.cost += cost;
                visits.closed = closed;
            }
            None if is_room => {
                let visits = Visits { first: opened, closed, connections: 1, cost: Duration::ZERO };
                self.visits.insert(key, visits);
            }
            _ => {}
        }
    }

    fn options(&mut self, connection: &Connection) {
        let handshake = connection.handshake();
        let (Some(syn), Some(syn_ack)) = (handshake.last_syn, handshake.syn_ack) else { return };
        let server = connection.end(Side::Server);
        if self.offers.len() >= MOST && !self.offers.contains_key(&server) {
            return;
        }
        let offers = self.offers.entry(server).or_default();
        let [client, server] =
            [Side::Client, Side::Server].map(|side| connection.half(side).facts());
        for option in OPTIONS.into_iter().filter(|option| client.has(*option)) {
            if server.has(option) {
                offers.agreed |= option;
            } else {
                offers.refused |= option;
                offers.lacking.get_or_insert((syn, syn_ack));
            }
        }
    }

    fn families(&mut self, connection: &Connection, names: &Names) {
        let server = connection.end(Side::Server).address();
        let Some(known) = names.of(server) else { return };
        let failed = matches!(connection.state(), State::Asked | State::Refused);
        match server {
            IpAddr::V6(_) if failed && self.vain.len() < MOST => {
                let (from, to) = (connection.opened(), connection.latest());
                self.vain.push(Vain { name: known.name.clone(), from, to });
            }
            IpAddr::V4(_) if !failed => {
                let opened = connection.opened();
                let is_it = |vain: &Vain| {
                    vain.name == known.name
                        && opened.time >= vain.from.time
                        && opened.time.since(vain.from.time) <= NEXT
                };
                if let Some(at) = self.vain.iter().position(is_it) {
                    let vain = self.vain.swap_remove(at);
                    let stall = Stall::once(Name::Ipv6InVain, None, vain.from, opened);
                    self.found.add(stall.shown_by([vain.to.packet]));
                }
            }
            _ => {}
        }
    }

    /// Nothing more will come.
    pub(in crate::tale) fn end(&mut self) {
        let is_it = |visits: &&Visits| visits.connections >= MANY && visits.cost >= DEAR;
        let many = self.visits.values().filter(is_it);
        let mut many: Vec<_> = many.collect();
        many.sort_unstable_by_key(|visits| visits.first.packet);
        for visits in many {
            let stall = Stall::once(Name::NoKeepAlive, None, visits.first, visits.closed);
            self.found.add(Stall { count: visits.connections, ..stall }.taking(visits.cost));
        }
        let partly = self.offers.values().filter(|offers| offers.agreed & offers.refused != 0);
        let mut lacking: Vec<_> = partly.filter_map(|offers| offers.lacking).collect();
        lacking.sort_unstable_by_key(|(syn, _)| syn.packet);
        for (syn, syn_ack) in lacking {
            let stall = Stall::once(Name::OptionsStripped, None, syn, syn_ack);
            self.found.add(stall.taking(Duration::ZERO).believed(Confidence::Likely));
        }
    }
}
