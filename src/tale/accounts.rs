//! Where did the time of a whole capture go, connection by connection?

use std::net::IpAddr;
use std::time::Duration;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use super::bucket::Bucket;
use super::budget::{Budgets, Lookup, Tiles};
use super::stall::between::Between;
use super::stall::http::Answers;
use super::stall::resolver::Resolver;
use super::stall::{Stall, one};
use super::verdict::{self, Culprit, Verdict};
use crate::flow::exchange::{Exchange, Exchanges, Topic, Transport, Wanted, Who};
use crate::flow::tcp::Connection;
use crate::flow::{End, Mark, Names, Seen, Side};
use crate::timeline::Timestamp;
use crate::wire::Packet;

/// What became of one connection's time.
#[derive(Clone, Debug)]
pub struct Account {
    pub connection: u32,
    /// The client's, and the server's.
    pub ends: [End; 2],
    pub opened: Mark,
    pub tiles: Tiles,
    /// What cost most comes first.
    pub stalls: Vec<Stall>,
    /// Nothing where nothing stands out.
    pub verdict: Option<Verdict>,
}

/// Sums over all connections, and what only several of them show.
#[derive(Clone, Debug, Default)]
pub struct Whole {
    /// All connections together.
    pub all: Sum,
    sums: [Duration; Bucket::ALL.len()],
    pub stalls: Vec<Stall>,
    /// The connection that it is about, where it is about one.
    pub verdict: Option<(Option<u32>, Verdict)>,
    /// The connections to each server.
    servers: HashMap<IpAddr, Sum, RandomState>,
    /// What each was to blame for, where somebody was: by [`Culprit`].
    blamed: [Blamed; Culprit::ALL.len()],
}

/// The time of several connections.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sum {
    pub connections: u64,
    pub wall: Duration,
    /// As [`verdict::spent`] has it.
    pub spent: [Duration; 5],
}

impl Sum {
    fn add(&mut self, other: Self) {
        self.connections += other.connections;
        self.wall += other.wall;
        for (all, one) in self.spent.iter_mut().zip(other.spent) {
            *all += one;
        }
    }
}

/// What one is to blame for on several connections.
#[derive(Clone, Debug, Default)]
struct Blamed {
    time: Duration,
    /// In which something was under way where it stands out.
    active: f64,
    causes: Vec<Named>,
}

/// The connections on which something was done.
#[derive(Clone, Debug)]
struct Named {
    time: Duration,
    connections: u64,
    /// The worst of them.
    worst: (u32, Verdict),
}

impl Blamed {
    fn add(&mut self, connection: u32, verdict: &Verdict) {
        self.time += verdict.time;
        if verdict.share > 0.0 {
            self.active += verdict.time.as_secs_f64() / verdict.share;
        }
        let time = verdict.named;
        let known = self.causes.iter().position(|it| it.worst.1.cause == verdict.cause);
        let Some(known) = known.map(|at| &mut self.causes[at]) else {
            let worst = (connection, verdict.clone());
            return self.causes.push(Named { time, connections: 1, worst });
        };
        known.time += time;
        known.connections += 1;
        if known.worst.1.named < time {
            known.worst = (connection, verdict.clone());
        }
    }

    /// What it did most, on which connection if it was one.
    fn verdict(&self) -> Option<(Option<u32>, Verdict)> {
        let most = self.causes.iter().max_by_key(|it| it.time)?;
        let (id, verdict) = &most.worst;
        let (connections, time, named) = (most.connections, self.time, most.time);
        let share = if self.active > 0.0 { time.as_secs_f64() / self.active } else { 0.0 };
        let id = (connections == 1).then_some(*id);
        let among = self.causes.iter().map(|it| it.connections).sum();
        Some((id, Verdict { connections, among, time, named, share, ..verdict.clone() }))
    }
}

/// Follows the time of every connection, one packet at a time.
#[derive(Debug, Default)]
pub struct Accounts {
    budgets: Budgets,
    exchanges: Exchanges,
    names: Names,
    resolver: Resolver,
    between: Between,
    answers: HashMap<u32, Answers, RandomState>,
    lookups: HashMap<(Option<IpAddr>, IpAddr), Known, RandomState>,
    latest: Mark,
    whole: Whole,
    /// Those that were heard of, where somebody else wants to hear of them.
    heard: Option<Vec<Exchange>>,
    /// The exchanges that took longest: those of programs, and those about addresses.
    slowest: [Vec<Exchange>; 2],
}

/// An address that was asked for.
#[derive(Clone, Copy, Debug)]
struct Known {
    lookup: Lookup,
    /// Later connections find the answer in somebody's cache.
    is_used: bool,
}

/// Of so many servers the time is told apart.
const MOST_SERVERS: usize = 1 << 12;
/// So many of the slowest exchanges are kept.
const SLOWEST: usize = 10;
/// So many addresses are remembered as asked for.
const MOST_LOOKUPS: usize = 1 << 16;
/// A connection that begins later has nothing to do with the question any more.
const RECENT: Duration = Duration::from_secs(10);

impl Whole {
    /// The time spent with each server, that with most of it first.
    pub fn servers(&self) -> Vec<(IpAddr, Sum)> {
        let mut all: Vec<_> = self.servers.iter().map(|(address, sum)| (*address, *sum)).collect();
        all.sort_by_key(|(address, sum)| (std::cmp::Reverse(sum.wall), *address));
        all
    }

    pub fn sum(&self, bucket: Bucket) -> Duration {
        self.sums[bucket.index()]
    }

    /// What one is to blame for, on all connections where it stands out.
    pub fn blamed(&self, culprit: Culprit) -> Duration {
        self.blamed[culprit as usize].time
    }
}

impl Accounts {
    /// What addresses are called.
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// Keeps exchanges for [`Accounts::exchanges`].
    #[must_use]
    pub fn with_exchanges(self) -> Self {
        Self { heard: Some(Vec::new()), ..self }
    }

    /// The exchanges that have become final since the last call.
    pub fn exchanges(&mut self) -> impl Iterator<Item = Exchange> {
        self.heard.iter_mut().flat_map(|heard| heard.drain(..))
    }

    pub fn observe(&mut self, packet: &Packet<'_>, seen: &Seen<'_>) {
        self.latest = Mark::of(&packet.frame);
        self.names.learn(packet, seen);
        self.exchanges.observe(packet, seen, Wanted::Yes);
        self.hear();
        let (lookups, now) = (&mut self.lookups, packet.frame.time);
        self.budgets.observe(packet, seen, |connection| before(connection, now, lookups));
    }

    /// The questions of programs whose answers took longest, in the order asked.
    pub fn slowest(&self) -> impl Iterator<Item = &Exchange> {
        self.slowest[0].iter()
    }

    /// Likewise the questions about addresses: DHCP, ARP, neighbour discovery.
    pub fn addresses(&self) -> impl Iterator<Item = &Exchange> {
        self.slowest[1].iter()
    }

    /// Where the time of a connection went so far.
    pub fn so_far(&self, connection: u32) -> Option<&Tiles> {
        self.budgets.of(connection)
    }

    /// The account of a connection to which nothing will be added.
    pub fn close(&mut self, connection: &Connection) -> Option<Account> {
        self.exchanges.over(connection.id());
        self.hear();
        let answers = self.answers.remove(&connection.id()).unwrap_or_default();
        let (tiles, mut notes) = self.budgets.end(connection)?;
        notes.was_owed |= answers.is_open();
        let mut found = answers.found.clone();
        one::find(connection, &tiles, &notes, &mut found);
        answers.pauses(tiles.waits(), &mut found);
        self.between.hear(connection, &tiles, answers.count, &self.names, &mut found);
        let stalls = found.sorted();
        let verdict = verdict::judge(connection, &tiles, &notes, &stalls);
        let account = Account {
            connection: connection.id(),
            ends: [Side::Client, Side::Server].map(|side| connection.end(side)),
            opened: connection.opened(),
            tiles,
            stalls,
            verdict,
        };
        self.add(&account);
        Some(account)
    }

    /// Everything, once every connection was closed.
    pub fn end(&mut self) -> Whole {
        self.exchanges.end();
        self.hear();
        self.between.end();
        let mut whole = std::mem::take(&mut self.whole);
        let resolver = std::mem::take(&mut self.resolver);
        // What nobody could connect for shows on no connection.
        let is_alone = whole.all.connections == 0 && resolver.is_of_no_use();
        let resolver = resolver.found.sorted();
        whole.verdict = whole.blamed.iter().max_by_key(|one| one.time).and_then(Blamed::verdict);
        if let Some(worst) = resolver.first().filter(|it| it.time >= one::SLOW || is_alone) {
            let verdict = Verdict::of_resolver(worst);
            if whole.verdict.as_ref().is_none_or(|(_, known)| known.time < verdict.time) {
                whole.verdict = Some((None, verdict));
            }
        }
        let between = std::mem::take(&mut self.between).found.sorted();
        whole.stalls = resolver.into_iter().chain(between).collect();
        whole.stalls.sort_by_key(|stall| std::cmp::Reverse(stall.time));
        whole
    }

    fn add(&mut self, account: &Account) {
        let whole = &mut self.whole;
        for bucket in Bucket::ALL {
            whole.sums[bucket.index()] += account.tiles.sum(bucket);
        }
        let one = Sum {
            connections: 1,
            wall: account.tiles.wall(),
            spent: verdict::spent(&account.tiles),
        };
        whole.all.add(one);
        let server = account.ends[Side::Server.index()].address();
        if whole.servers.len() < MOST_SERVERS || whole.servers.contains_key(&server) {
            whole.servers.entry(server).or_default().add(one);
        }
        if let Some(verdict) = &account.verdict {
            whole.blamed[verdict.culprit as usize].add(account.connection, verdict);
        }
    }

    /// Hears of the exchanges that are final.
    fn hear(&mut self) {
        for exchange in self.exchanges.told() {
            match &exchange.topic {
                Topic::Dns(dns) => {
                    self.resolver.hear(&exchange, dns, self.latest);
                    learn(&exchange, &mut self.lookups);
                }
                Topic::Http(http) => {
                    if let Some(connection) = exchange.connection {
                        self.answers.entry(connection).or_default().hear(&exchange, http);
                    }
                }
                _ => {}
            }
            if let Some(heard) = &mut self.heard {
                heard.push(exchange.clone());
            }
            keep(exchange, &mut self.slowest);
        }
    }
}

/// Keeps an exchange if it is one of the slowest of its kind.
fn keep(exchange: Exchange, slowest: &mut [Vec<Exchange>; 2]) {
    let kind = match exchange.topic {
        Topic::Dns(_) | Topic::Http(_) | Topic::Tls(_) | Topic::Echo(_) => 0,
        Topic::Dhcp(_) | Topic::Arp(_) | Topic::Neighbour(_) => 1,
    };
    let took = |one: &Exchange| one.latency.or(one.waited).unwrap_or_default();
    let kept = &mut slowest[kind];
    if kept.len() == SLOWEST {
        let least = kept.iter().enumerate().min_by_key(|(_, one)| took(one)).map(|(at, _)| at);
        match least {
            Some(at) if took(&kept[at]) < took(&exchange) => _ = kept.remove(at),
            _ => return,
        }
    }
    let at = kept.partition_point(|one| one.id < exchange.id);
    kept.insert(at, exchange);
}

/// Remembers which addresses an answer gives.
fn learn(exchange: &Exchange, lookups: &mut HashMap<(Option<IpAddr>, IpAddr), Known, RandomState>) {
    let Topic::Dns(dns) = &exchange.topic else { return };
    if !matches!(dns.transport, Transport::Udp | Transport::Tcp) {
        return;
    }
    let (Some(question), Some(answer), Some(reply)) =
        (exchange.question, exchange.answer, &dns.reply)
    else {
        return;
    };
    let asker = match exchange.asker {
        Who::At(address, _) => Some(address),
        _ => None,
    };
    let known = Known { lookup: Lookup { question, answer }, is_used: false };
    for address in reply.answers.iter().filter_map(|one| one.address) {
        if lookups.len() < MOST_LOOKUPS || lookups.contains_key(&(asker, address)) {
            lookups.insert((asker, address), known);
        }
    }
}

/// The question whose answer a connection was opened for: its first use, soon after.
fn before(
    connection: &Connection,
    now: Timestamp,
    lookups: &mut HashMap<(Option<IpAddr>, IpAddr), Known, RandomState>,
) -> Option<Lookup> {
    let [client, server] = [Side::Client, Side::Server].map(|side| connection.end(side).address());
    let known = lookups.get_mut(&(Some(client), server))?;
    let answer = known.lookup.answer.time;
    let is_it = !known.is_used && answer <= now && now.since(answer) <= RECENT;
    known.is_used = true;
    is_it.then_some(known.lookup)
}
