//! Which answer belongs to which question, in DNS and what is made like it?
//!
//! By both ends, the id and the question itself (RFC 5452 §9.1); an answer that repeats no question is
//! known by the rest. On multicast there is no id: every record answers whoever asked for its name and
//! type (RFC 6762 §6).

use std::hash::{BuildHasher, Hasher};
use std::net::IpAddr;

use super::open::{Key, Open, Protocol};
use super::talk::Parties;
use super::{Exchange, Outcome, Told, Topic, Who, ends, of};
use crate::flow::stream::{Part, Run};
use crate::flow::{Mark, Side};
use crate::ink::Ink;
use crate::octets::Octets;
use crate::wire::dns::{self, Dialect, Entry, Question, Section};
use crate::wire::{Hint, Packet, View};

/// A question and its answer. What is not known is `None`.
#[derive(Clone, Debug)]
pub struct Dns {
    pub transport: Transport,
    pub id: u16,
    /// As text for people; empty for the root.
    pub name: Box<str>,
    pub kind: u16,
    pub class: u16,
    pub reply: Option<Reply>,
}

/// What the answer says beside repeating the question.
#[derive(Clone, Debug, Default)]
pub struct Reply {
    pub rcode: u16,
    pub authoritative: bool,
    pub truncated: bool,
    pub recursion_available: bool,
    /// The first [`ANSWERS`] of them.
    pub answers: Vec<Answer>,
    /// How many there were of each.
    pub counts: [u16; 4],
    /// RFC 2308 §2.2: the first of the servers that are to be asked instead.
    pub referral: Option<Box<str>>,
}

/// A resource record; name and data are text for people.
#[derive(Clone, Debug)]
pub struct Answer {
    pub name: Box<str>,
    pub kind: u16,
    pub ttl: u32,
    pub data: Box<[u8]>,
    /// What it says an address or another name is.
    pub address: Option<IpAddr>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Transport {
    Udp,
    Tcp,
    Multicast,
    LinkLocal,
}

impl Transport {
    pub(super) fn key(self) -> &'static str {
        match self {
            Self::Udp | Self::Tcp => "dns",
            Self::Multicast => "mdns",
            Self::LinkLocal => "llmnr",
        }
    }
}

/// Answers beyond this are only counted.
pub const ANSWERS: usize = 256;
/// Questions of one multicast message; more are passed over.
const QUESTIONS: usize = 64;

/// Looks at a message in a datagram.
pub(super) fn observe(dns: dns::Dns<'_>, packet: &Packet<'_>, open: &mut Open, told: &mut Told) {
    let Some([source, destination]) = ends(packet) else { return };
    let mark = Mark::of(&packet.frame);
    let transport = match dns.dialect() {
        Dialect::Unicast => Transport::Udp,
        Dialect::Multicast => return multicast(dns, [source, destination], mark, open, told),
        Dialect::LinkLocal => Transport::LinkLocal,
    };
    let [asker, asked] =
        if dns.is_response() { [destination, source] } else { [source, destination] };
    let key = match transport {
        // RFC 4795 §2: asked of all, answered by one.
        Transport::LinkLocal => {
            Key { protocol: Protocol::LinkLocal, asker, asked: Who::Unknown, id: dns.id().into() }
        }
        _ => Key { protocol: Protocol::Dns, asker, asked, id: dns.id().into() },
    };
    let words = words(dns);
    if !dns.is_response() {
        if !open.again(&key, &words, mark, told) {
            let exchange = told.ask(mark, asker, asked, topic(dns, transport));
            open.ask(key, &words, exchange, told);
        }
        return;
    }
    let found = open.take(&key, |_, asked| words.is_empty() || words == asked);
    match found {
        Some(mut exchange) => {
            exchange.asked = source;
            reply(&mut exchange, dns);
            open.note_answered(key);
            told.answered(exchange, mark);
        }
        None if open.was_answered(&key) => {}
        None => {
            let mut exchange = told.begin(asker, asked, topic(dns, transport));
            reply(&mut exchange, dns);
            told.answered(exchange, mark);
        }
    }
}

fn multicast(
    dns: dns::Dns<'_>,
    [source, destination]: [Who; 2],
    mark: Mark,
    open: &mut Open,
    told: &mut Told,
) {
    let Who::At(address, _) = source else { return };
    let speaker = told.hash(address.to_string().as_bytes()).to_be_bytes();
    let key = |name: &str, kind: u16, told: &Told| Key {
        protocol: Protocol::Multicast,
        asker: Who::Unknown,
        asked: Who::Unknown,
        // The two versions of IP do not hear one another.
        id: told.hash(name.to_ascii_lowercase().as_bytes()) << 17
            | u64::from(address.is_ipv6()) << 16
            | u64::from(kind),
    };
    if !dns.is_response() {
        // RFC 6762 §8.1: who would like to have a name proposes records for it.
        let is_probe = dns.counts()[2] > 0;
        let words = if is_probe { &speaker[..] } else { &[] };
        let questions = dns.entries().filter_map(question).take(QUESTIONS);
        for question in questions {
            let spelled = question.name.spell();
            let key = key(spelled.as_str(), question.kind, told);
            if !open.again(&key, words, mark, told) {
                let about = about(&question, dns, Transport::Multicast);
                let exchange = told.ask(mark, source, destination, about);
                open.ask(key, words, exchange, told);
            }
        }
        return;
    }
    for record in dns.entries().filter_map(record) {
        let spelled = record.name.spell();
        for kind in [record.kind, ANY] {
            let key = key(spelled.as_str(), kind, told);
            // RFC 6762 §8.3: who found that a name is free announces it; that answers no probe of its own.
            while let Some(mut exchange) = open.take(&key, |_, prober| prober != speaker) {
                exchange.asked = source;
                reply(&mut exchange, dns);
                told.answered(exchange, mark);
            }
        }
    }
}

const ANY: u16 = 255;

fn question(entry: Entry<'_>) -> Option<Question<'_>> {
    match entry {
        Entry::Question(question) => Some(question),
        Entry::Record(_) => None,
    }
}

fn record(entry: Entry<'_>) -> Option<dns::Record<'_>> {
    match entry {
        Entry::Record(record) if record.section != Section::Authority => Some(record),
        _ => None,
    }
}

/// The questions as they stand in the message, without regard to case; empty when there are none.
fn words(dns: dns::Dns<'_>) -> Vec<u8> {
    let end = dns.entries().map_while(question).last().map_or(12, |question| question.end);
    dns.octets().get(12..end).unwrap_or_default().to_ascii_lowercase()
}

/// What the first question of a message is about.
fn topic(dns: dns::Dns<'_>, transport: Transport) -> Topic {
    match dns.entries().next().and_then(question) {
        Some(question) => about(&question, dns, transport),
        None => Topic::Dns(Box::new(Dns {
            transport,
            id: dns.id(),
            name: "".into(),
            kind: 0,
            class: 0,
            reply: None,
        })),
    }
}

fn about(question: &Question<'_>, dns: dns::Dns<'_>, transport: Transport) -> Topic {
    // RFC 6762 §18.12: the top bit asks for an answer to the asker alone.
    let class =
        if transport == Transport::Multicast { question.class & 0x7fff } else { question.class };
    Topic::Dns(Box::new(Dns {
        transport,
        id: dns.id(),
        name: question.name.spell().or_dot().into(),
        kind: question.kind,
        class,
        reply: None,
    }))
}

fn reply(exchange: &mut Exchange, dns: dns::Dns<'_>) {
    let Topic::Dns(topic) = &mut exchange.topic else { return };
    let records =
        dns.entries().filter_map(record).filter(|record| record.section == Section::Answer);
    let answers = records.take(ANSWERS).map(|record| {
        let mut ink = Ink::default();
        record.say(&mut ink);
        Answer {
            name: record.name.spell().or_dot().into(),
            kind: record.kind,
            ttl: record.ttl,
            data: ink.as_bytes().trim_ascii().into(),
            address: record.address(),
        }
    });
    topic.reply = Some(Reply {
        rcode: dns.rcode(),
        authoritative: dns.has(dns::Dns::AUTHORITATIVE),
        truncated: dns.has(dns::Dns::TRUNCATED),
        recursion_available: dns.has(dns::Dns::AVAILABLE),
        answers: answers.collect(),
        counts: dns.counts(),
        referral: referral(dns),
    });
}

fn referral(dns: dns::Dns<'_>) -> Option<Box<str>> {
    const NS: u16 = 2;
    let answers = dns.rcode() != 0 || dns.counts()[1] > 0 || dns.has(dns::Dns::AUTHORITATIVE);
    let refers = |entry: &Entry<'_>| matches!(entry, Entry::Record(record) if record.section == Section::Authority && record.kind == NS);
    let Entry::Record(record) = dns.entries().find(refers).filter(|_| !answers)? else {
        return None;
    };
    let server = dns::DomainName::new(record.message, record.data);
    Some(server.spell().or_dot().into())
}

/// The messages of a connection (RFC 7766).
#[derive(Debug)]
pub(super) struct Messages {
    parties: Parties,
    sides: [Collected; 2],
    open: Vec<(Vec<u8>, Exchange)>,
    /// The id answered last: a transfer's answer has many messages (RFC 5936 §2.2).
    answered: Option<u16>,
}

/// What one side's message is made of so far: its length, and as much of it as came.
#[derive(Debug, Default)]
struct Collected {
    octets: Vec<u8>,
    place: Place,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum Place {
    /// Whether a message begins where the octets do remains to be seen.
    #[default]
    Unproven,
    Known,
    Lost,
}

/// What a question takes, a long name included.
const QUESTION: usize = 1024;
/// Questions that wait on one connection; the oldest is given up.
const WAITING: usize = 1024;

impl Messages {
    pub(super) fn new(parties: Parties) -> Self {
        let (sides, open) = <_>::default();
        Self { parties, sides, open, answered: None }
    }

    /// Takes what one side said; says whether to go on.
    pub(super) fn hear(&mut self, run: Run<'_>, side: Side, told: &mut Told) -> bool {
        let mut collected = std::mem::take(of(side, &mut self.sides));
        match run.part {
            Part::Gap(_) => collected = Collected { octets: Vec::new(), place: Place::Lost },
            Part::Octets(octets) => {
                collected.take(octets);
                let mut at = 0;
                while collected.place == Place::Known
                    && let Some((length, rest)) = collected.octets[at..].split_first_chunk::<2>()
                {
                    let length = usize::from(u16::from_be_bytes(*length));
                    let Some(message) = rest.get(..length) else { break };
                    self.message(message, side, run.ready, told);
                    at += 2 + length;
                }
                collected.octets.drain(..at);
            }
            Part::End => {}
        }
        *of(side, &mut self.sides) = collected;
        true
    }

    fn message(&mut self, message: &[u8], side: Side, now: Mark, told: &mut Told) {
        // Without the length it looks as it would in a datagram.
        let Ok((dns, ..)) = dns::Dns::read(Hint::Udp(53, 53), Octets::whole(message)) else {
            return;
        };
        let words = words(dns);
        let topic = topic(dns, Transport::Tcp);
        let asker = if dns.is_response() { side.peer() } else { side };
        let [asker, asked] = match asker {
            Side::Client => [self.parties.client, self.parties.server],
            Side::Server => [self.parties.server, self.parties.client],
        };
        if !dns.is_response() {
            if self.open.len() >= WAITING {
                told.unanswered(self.open.remove(0).1, Outcome::Dropped);
            }
            let mut exchange = told.ask(now, asker, asked, topic);
            exchange.connection = Some(self.parties.connection);
            self.open.push((words, exchange));
            return;
        }
        let fits = |(asked, exchange): &(Vec<u8>, Exchange)| {
            matches!(&exchange.topic, Topic::Dns(one) if one.id == dns.id())
                && (words.is_empty() || words == *asked)
        };
        let mut exchange = match self.open.iter().position(fits) {
            Some(at) => self.open.remove(at).1,
            None if self.answered == Some(dns.id()) => return,
            None => told.begin(asker, asked, topic),
        };
        exchange.connection = Some(self.parties.connection);
        self.answered = Some(dns.id());
        reply(&mut exchange, dns);
        told.answered(exchange, now);
    }

    /// About how many octets it keeps.
    pub(super) fn weight(&self) -> usize {
        let questions = self.open.len() * QUESTION;
        questions + self.sides.iter().map(|side| side.octets.capacity()).sum::<usize>()
    }

    pub(super) fn end(self, told: &mut Told) {
        for (_, exchange) in self.open {
            told.unanswered(exchange, Outcome::Unanswered);
        }
    }
}

const HINT: Hint = Hint::Tcp(53, 53);
/// So many octets tell whether a message begins with them.
const BEGINNING: usize = 300;

impl Collected {
    fn take(&mut self, octets: &[u8]) {
        // A segment may begin with a message, wherever the stream was lost.
        let looks = |octets: &[u8]| dns::Dns::claims(HINT, Octets::whole(octets));
        if self.place != Place::Lost || looks(octets) {
            self.octets.extend_from_slice(octets);
        }
        if self.place != Place::Known && looks(&self.octets) {
            self.place = Place::Known;
        } else if self.place == Place::Unproven && self.octets.len() > BEGINNING {
            *self = Self { octets: Vec::new(), place: Place::Lost };
        }
    }
}

impl Told {
    /// A number that nobody on the wire can make equal to another's.
    fn hash(&self, octets: &[u8]) -> u64 {
        let mut hasher = self.hasher.build_hasher();
        hasher.write(octets);
        hasher.finish()
    }
}
