//! What does a capture look like, on one page that needs nothing else?
//!
//! A page for a browser, without scripts, without anything from elsewhere. Whatever the question, the
//! verdict leads; then come the pictures and the tables that the question is about. What is kept for it
//! is bounded, however long the capture.

mod axis;
mod closeup;
mod escape;
mod ladder;
mod page;
mod party;
mod plot;
mod roundtrips;
mod sequence;
mod strip;
mod style;
mod tables;
mod talk;
mod thinned;
mod waterfall;

use std::io;
use std::time::Duration;

use foldhash::fast::RandomState;
use hashbrown::HashSet;

use super::Report;
use super::flows;
use super::kept::Heaviest;
use super::out::Out;
use super::tally::Tally;
use super::why::audit::Audit;
use crate::flow::tcp::Connection;
use crate::flow::{Datagrams, End, Flows, Names, Seen, Side};
use crate::ink::written;
use crate::tale::accounts::Account;
use crate::tale::bucket::Bucket;
use crate::tale::stall::Stall;
use crate::tale::verdict::spent;
use crate::timeline::{About, Timestamp, nanos};
use crate::wire::{Layer, Packet, dictionary};
use closeup::CloseUp;
use strip::Strip;
use talk::Talk;

/// What is asked: it decides which tables the page has, and what counts as large.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Question {
    Tell,
    Why,
    /// Of one connection.
    WhyOf(u32),
    Flows,
    /// One conversation, connection or not.
    Flow(u32),
    Exchanges,
}

/// Whether ends are called by their names.
pub use super::flows::Naming;

/// Draws a page.
pub struct Html {
    out: Out,
    question: Question,
    naming: Naming,
    audit: Audit,
    /// The conversations without a connection that still go on, of which packets were told.
    told: HashSet<u32, RandomState>,
    conversations: Heaviest<(u64, u64), Conversation>,
    talks: Heaviest<Duration, Talk>,
    protocols: Vec<(&'static str, &'static str, u64, u64)>,
    closeup: Option<CloseUp>,
    /// Why there is nothing to tell of it, where it is none of TCP.
    other: Option<String>,
    sums: tables::Sums,
    tally: Tally,
}

/// A conversation, as the page knows it.
#[derive(Debug)]
struct Conversation {
    id: u32,
    /// From whom to whom.
    ends: String,
    protocol: &'static str,
    opened: Timestamp,
    span: Duration,
    packets: u64,
    octets: u64,
    /// How much, how fast, what went wrong and how it ended.
    words: String,
    /// Of connections.
    spending: Option<Spending>,
}

/// Where the time of a connection went.
#[derive(Debug)]
struct Spending {
    began: Timestamp,
    ended: Timestamp,
    /// As [`spent`] has it.
    spent: [Duration; 5],
    strip: Strip,
    stalls: Vec<Stall>,
}

/// So many conversations, and exchanges, a page knows of.
const CONVERSATIONS: usize = 200;
const TALKS: usize = 500;
/// Pieces of a connection's time, of many and of one alone.
const PIECES: usize = 480;
const PIECES_ALONE: usize = 1400;

impl Html {
    pub fn new(out: Out, question: Question, naming: Naming) -> Self {
        let closeup = match question {
            Question::WhyOf(id) | Question::Flow(id) => Some(CloseUp::new(id)),
            _ => None,
        };
        let mut audit = Audit::new(closeup.as_ref().map(CloseUp::wanted));
        audit.accounts = audit.accounts.with_exchanges();
        Self {
            out,
            question,
            naming,
            audit,
            told: HashSet::default(),
            conversations: Heaviest::new(CONVERSATIONS),
            talks: Heaviest::new(TALKS),
            protocols: Vec::new(),
            closeup,
            other: None,
            sums: [[Duration::ZERO; 5]; Bucket::ALL.len()],
            tally: Tally::default(),
        }
    }

    /// Whether the page is about this conversation, or about all.
    fn is_about(&self, id: Option<u32>) -> bool {
        self.audit.only.is_none_or(|only| Some(only) == id)
    }

    fn hear(&mut self) {
        let heard: Vec<_> = self.audit.accounts.exchanges().collect();
        for exchange in heard {
            if self.is_about(exchange.connection.or(exchange.conversation)) {
                let talk = Talk::of(&exchange);
                self.talks.add(talk.time(), talk);
            }
        }
    }

    fn take(&mut self, connection: &Connection, account: Account) {
        let pieces = if self.closeup.is_some() { PIECES_ALONE } else { PIECES };
        let ends = [Side::Client, Side::Server].map(|side| connection.end(side));
        let halves = [Side::Client, Side::Server].map(|side| connection.half(side));
        let key = connection.application().and_then(dictionary::protocol);
        let blamed = account.verdict.as_ref().map_or(Duration::ZERO, |it| it.time);
        let one = Conversation {
            id: connection.id(),
            ends: self.between(connection, ends),
            protocol: key.map_or("TCP", |name| name.words),
            opened: connection.opened().time,
            span: connection.latest().time.since(connection.opened().time),
            packets: halves.iter().map(|half| half.packets()).sum(),
            octets: halves.iter().map(|half| half.octets()).sum(),
            words: written(|ink| flows::summary(connection, ink)),
            spending: Some(Spending {
                began: account.tiles.began(),
                ended: account.tiles.ended(),
                spent: spent(&account.tiles),
                strip: Strip::of(&account.tiles, pieces),
                stalls: account.stalls.clone(),
            }),
        };
        for (sum, bucket) in self.sums.iter_mut().zip(Bucket::ALL) {
            let shares = party::shares(&account.tiles, bucket);
            for (sum, time) in sum.iter_mut().zip(shares) {
                *sum += time;
            }
        }
        if let Some(closeup) = &mut self.closeup {
            closeup.account(account);
        }
        let weight = match self.question {
            Question::Flows => (one.octets, 0),
            _ => (nanos(blamed), nanos(one.span)),
        };
        self.conversations.add(weight, one);
    }

    /// From whom to whom, the server by what it was asked for by.
    fn between(&self, connection: &Connection, ends: [End; 2]) -> String {
        let names = (self.naming == Naming::Names).then(|| self.audit.accounts.names());
        let server = names.and_then(|names| names.of_server(connection.id()));
        let [client, by_address] = ends.map(|end| name(end, names));
        // Who asks for a port that is not the usual one says it, too (RFC 9110 §7.2).
        let port = format!(":{}", ends[1].port);
        let server = server.map_or(by_address, |it| match it.name.strip_suffix(&port) {
            Some(_) => it.name.to_string(),
            None => format!("{}{port}", it.name),
        });
        format!("{client} → {server}")
    }

    fn take_datagrams(&mut self, datagrams: &Datagrams) {
        let names = (self.naming == Naming::Names).then(|| self.audit.accounts.names());
        let ends = [Side::Client, Side::Server].map(|side| datagrams.end(side));
        let has_ports = datagrams.protocol() == UDP;
        let sent = [Side::Client, Side::Server].map(|side| datagrams.sent(side));
        let one = Conversation {
            id: datagrams.id(),
            ends: ends
                .map(|end| if has_ports { name(end, names) } else { end.address().to_string() })
                .join(" → "),
            protocol: datagrams
                .application()
                .map_or(if has_ports { "UDP" } else { "IP" }, |it| it.words),
            opened: datagrams.opened().time,
            span: datagrams.latest().time.since(datagrams.opened().time),
            packets: sent.iter().map(|sent| sent.packets).sum(),
            octets: sent.iter().map(|sent| sent.octets).sum(),
            words: written(|ink| flows::summary_of_datagrams(datagrams, ink)),
            spending: None,
        };
        let weight = match self.question {
            Question::Flows => (one.octets, 0),
            _ => (0, nanos(one.span)),
        };
        self.conversations.add(weight, one);
    }
}

const UDP: u8 = 17;

/// An end by its name, where names are asked for and known.
fn name(end: End, names: Option<&Names>) -> String {
    match names.and_then(|names| names.of(end.address())) {
        Some(known) => format!("{}:{}", known.name, end.port),
        None => written(|ink| _ = ink.endpoint(end.address(), end.port)),
    }
}

impl Conversation {
    /// When its time begins: with a connection that may be the question for the server's address.
    fn began(&self) -> Timestamp {
        self.spending.as_ref().map_or(self.opened, |it| it.began)
    }

    fn ended(&self) -> Timestamp {
        let end = self.opened.after(self.span);
        self.spending.as_ref().map_or(end, |it| it.ended)
    }
}

impl Report for Html {
    fn packet(&mut self, packet: &Packet<'_>, seen: &Seen<'_>) -> io::Result<()> {
        self.tally.follow(packet, seen);
        self.audit.accounts.observe(packet, seen);
        if let Some((datagrams, _)) = seen.datagrams {
            self.told.insert(datagrams.id());
        }
        self.hear();
        if self.question == Question::Tell {
            let name = packet.own_layers().last().map(Layer::name);
            let key = name.map_or("unknown", |name| name.key);
            let octets = packet.frame.octets.len() as u64;
            let known = self.protocols.iter_mut().find(|(known, ..)| *known == key);
            if let Some((_, _, packets, sum)) = known {
                (*packets, *sum) = (*packets + 1, *sum + octets);
            } else {
                let words = dictionary::protocol(key).or(name).map_or("not read", |it| it.words);
                self.protocols.push((key, words, 1, octets));
            }
        }
        if let Some(closeup) = &mut self.closeup {
            closeup.observe(packet, seen);
        }
        Ok(())
    }

    fn gone(&mut self, connection: &Connection) -> io::Result<()> {
        self.tally.judge(connection);
        let account = self.audit.close(connection);
        self.hear();
        if let Some(account) = account {
            self.take(connection, account);
        }
        Ok(())
    }

    fn silent(&mut self, datagrams: &Datagrams) -> io::Result<()> {
        let is_told = self.told.remove(&datagrams.id());
        if is_told && self.is_about(Some(datagrams.id())) {
            if let Question::WhyOf(_) = self.question {
                self.other = Some(flows::no_budget(datagrams));
            } else {
                self.take_datagrams(datagrams);
            }
        }
        Ok(())
    }

    fn end(&mut self, about: &About, flows: &Flows) -> io::Result<()> {
        self.all_gone(flows)?;
        let whole = self.audit.accounts.end();
        self.hear();
        if let (Some(only), 0) = (self.audit.only, self.conversations.count()) {
            let unknown = || flows::unknown(only, flows);
            return Err(self.other.take().map_or_else(unknown, io::Error::other));
        }
        self.write(about, &whole)?;
        self.out.flush()
    }
}
