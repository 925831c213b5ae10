//! What do the authorities say, asked from the root down?
//!
//! Each zone's server either answers or points to a zone further down; so every referral must lead
//! deeper, and the walk ends. What a server says counts only for names within the zone that it was
//! asked as a server of. All else is bounded: aliases, detours to servers known by name only, and
//! the questions in all.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::ask::{Ask, QUESTIONS};
use super::cache::{Cache, Rank};
use super::lookup::{
    Cause, Data, Delegate, Event, Failure, Kept, Message, Name, Nothing, Question,
};
use super::lookup::{Record, Server, Then, Transport, Trouble, Way};
use super::message::{A, AAAA};
use super::reply::{ALIASES, Verdict, judge, known, nothing};
use super::socket::Teller;
use super::stub::{code, note, trouble};
use super::{Found, Whence};
use zone::Zone;

mod zone;

/// One name looked up from the root down; the cache may serve several.
pub(super) struct Walk<'a, 't> {
    pub(super) hints: &'a [Server],
    pub(super) cache: &'a mut Cache,
    pub(super) teller: &'a mut Teller<'t>,
    /// For one answer of one server.
    pub(super) wait: Duration,
    pub(super) until: Option<Instant>,
    /// Where servers listen.
    pub(super) port: u16,
    /// Whether each zone is told only as much of the name as it needs (RFC 9156).
    pub(super) minimise: bool,
    /// Servers whose addresses are being looked up, the outermost first.
    pub(super) detours: Vec<Name>,
}

/// Detours within detours.
const DETOURS: usize = 4;

/// Servers of one zone that are asked; silence costs time.
const SERVERS: usize = 8;

/// Labels that are added one by one before the whole name is asked for (RFC 9156 §2.3).
const MINIMISED: usize = 10;

impl Walk<'_, '_> {
    pub(super) fn find(&mut self, question: &Question) -> Result<Found, Failure> {
        self.follow(question).map_err(|cause| {
            let failure = Failure { name: question.name.clone(), cause };
            self.teller.say(Event::Failed(Box::new(failure.clone())));
            failure
        })
    }

    /// Follows aliases from zone to zone.
    fn follow(&mut self, question: &Question) -> Result<Found, Cause> {
        let (mut asked, mut aliases) = (question.clone(), Vec::<Record>::new());
        loop {
            let mut found = self.answer(&asked)?;
            self.teller.aliases(&found.aliases, found.records.is_empty());
            aliases.append(&mut found.aliases);
            if !found.records.is_empty() {
                return Ok(Found { aliases, ..found });
            }
            let Some(Record { data: Data::Name(to), .. }) = aliases.last() else {
                return Err(Cause::Silent { zone: None, tried: Vec::new() });
            };
            if aliases.len() > ALIASES {
                return Err(Cause::TooMany { what: "aliases", limit: ALIASES });
            }
            if aliases.iter().any(|alias| alias.owner == *to) {
                return Err(Cause::AliasLoop { at: to.clone() });
            }
            asked.name = to.clone();
        }
    }

    /// Records or aliases of a name, from the cache or from the zone that has them.
    fn answer(&mut self, question: &Question) -> Result<Found, Cause> {
        if let Some((key, kept, left)) = known(self.cache, Way::Walk, question) {
            self.teller.say(Event::Cached {
                way: Way::Walk,
                question: key.clone(),
                kept: kept.clone(),
                left,
            });
            let whence = Whence::Cache { left };
            return match kept {
                Kept::Records(records) if key.kind == question.kind => {
                    Ok(Found { aliases: Vec::new(), records, whence })
                }
                Kept::Records(aliases) => Ok(Found { aliases, records: Vec::new(), whence }),
                Kept::Nothing(what) => Err(Cause::Nothing {
                    what,
                    by: None,
                    authoritative: false,
                    remembered: Some(left),
                }),
            };
        }
        let mut zone = self.closest(&question.name);
        let depth = question.name.depth();
        let mut shown = if self.minimise { zone.name.depth() + 1 } else { depth };
        loop {
            let whole = shown >= depth || shown > MINIMISED;
            let part = Question { name: question.name.last(shown), kind: A };
            let asked = if whole { question } else { &part };
            match self.ask_zone(&mut zone, asked) {
                Ok(Heard::Further(further)) => {
                    zone = further;
                    shown = shown.max(zone.name.depth() + 1);
                }
                Ok(Heard::Found(found)) if whole => return Ok(found),
                Ok(Heard::Nothing(cause)) if whole => return Err(cause),
                Ok(
                    Heard::Found(_) | Heard::Nothing(Cause::Nothing { what: Nothing::Data, .. }),
                ) => shown += 1,
                Err(cause) if whole => return Err(cause),
                Err(cause @ Cause::TooMany { .. }) => return Err(cause),
                // Some servers deny names that only have others below them.
                Ok(Heard::Nothing(_)) | Err(_) => {
                    shown = depth;
                    let after = Trouble::Code { rcode: 3, errors: Vec::new() };
                    self.teller.say(Event::Retried {
                        question: asked.clone(),
                        after,
                        then: Then::WholeName,
                    });
                }
            }
        }
    }

    /// Asks the servers of a zone one after the other, until one says something of use.
    fn ask_zone(&mut self, zone: &mut Zone, question: &Question) -> Result<Heard, Cause> {
        let mut tried: Vec<(Server, Trouble)> = Vec::new();
        let mut turns = zone.servers.clone();
        // Who was silent gets one more chance, after all others.
        let mut silent: VecDeque<Server> = VecDeque::new();
        let mut sent = 0;
        while sent < SERVERS {
            if turns.is_empty() {
                let found = self.detour(zone)?;
                zone.servers.extend(found.iter().cloned());
                turns.extend(found);
            }
            let again = || silent.pop_front().map(|server| (server, 2));
            let Some((server, attempt)) =
                turns.pop_front().map(|server| (server, 1)).or_else(again)
            else {
                break;
            };
            let trouble = match self.ask_one(&server, question, attempt)? {
                Ok(message) => match self.hear(&message, question, zone, &server)? {
                    Ok(heard) => return Ok(heard),
                    Err(trouble) => trouble,
                },
                Err(trouble) => {
                    if let Some(why) = refusal(&trouble) {
                        self.tell_lame(Delegate::Known(server.clone()), zone, why);
                    }
                    trouble
                }
            };
            // An error of this machine costs nothing.
            sent += usize::from(!matches!(trouble, Trouble::Network { by: None, .. }));
            if attempt == 1 && matches!(trouble, Trouble::Timeout { .. }) {
                silent.push_back(server.clone());
            }
            note(&mut tried, &server, trouble.clone());
            if let Some(next) = turns.front().or(silent.front()).filter(|_| sent < SERVERS) {
                let then = Then::NextServer(next.address);
                self.teller.say(Event::Retried {
                    question: question.clone(),
                    after: trouble,
                    then,
                });
            }
        }
        Err(given_up(zone, tried))
    }

    fn ask_one(
        &mut self,
        server: &Server,
        question: &Question,
        attempt: u8,
    ) -> Result<Result<Message, Trouble>, Cause> {
        // One question can become three: without EDNS, and over TCP.
        if self.teller.asked + 3 > QUESTIONS {
            return Err(Cause::TooMany { what: "questions for one name", limit: QUESTIONS });
        }
        let left = self.until.map(|until| until.saturating_duration_since(Instant::now()));
        let wait = left.map_or(self.wait, |left| left.min(self.wait));
        if wait.is_zero() {
            let late = Trouble::Timeout { waited: Duration::ZERO, attempts: 0 };
            return Err(Cause::Silent { zone: None, tried: vec![(server.clone(), late)] });
        }
        let ask = Ask {
            server,
            desired: false,
            edns: true,
            trust: false,
            transport: Transport::Udp,
            wait,
            attempt,
            cache: self.cache,
        };
        let outcome = ask.ask(std::slice::from_ref(question), self.teller).pop();
        Ok(match outcome.unwrap_or(Err(Trouble::Malformed)) {
            Ok(message) if matches!(message.rcode, 0 | 3) => Ok(message),
            other => Err(trouble(other)),
        })
    }

    /// Takes what a server said, and says what it is worth.
    fn hear(
        &mut self,
        message: &Message,
        question: &Question,
        zone: &Zone,
        server: &Server,
    ) -> Result<Result<Heard, Trouble>, Cause> {
        let rank = if message.authoritative { Rank::Authoritative } else { Rank::Answered };
        Ok(match judge(message, question, &zone.name)? {
            Verdict::Chain(chain) => {
                chain.keep(Way::Walk, question, rank, self.cache);
                self.throw_away(&chain.thrown_away, zone, server);
                let whence =
                    Whence::Server { server: server.clone(), authoritative: message.authoritative };
                Ok(Heard::Found(Found { aliases: chain.aliases, records: chain.records, whence }))
            }
            Verdict::Nothing(chain, what) => {
                chain.keep(Way::Walk, question, rank, self.cache);
                self.throw_away(&chain.thrown_away, zone, server);
                let last = Question { name: chain.last(question), kind: question.kind };
                let (about, keep) = ((&last, &zone.name), (Way::Walk, &mut *self.cache));
                Ok(Heard::Nothing(nothing(what, (message, server), about, keep)))
            }
            Verdict::Referral(name, records) => {
                Ok(Heard::Further(self.refer(message, name, records, zone, server)))
            }
            Verdict::Lame(why) => {
                self.tell_lame(Delegate::Known(server.clone()), zone, why);
                Err(Trouble::Lame)
            }
            Verdict::Malformed => Err(Trouble::Malformed),
        })
    }

    fn tell_lame(&mut self, server: Delegate, zone: &Zone, why: &'static str) {
        self.teller.say(Event::Lame { server, zone: zone.name.clone(), why });
    }

    fn throw_away(&mut self, records: &[Record], zone: &Zone, server: &Server) {
        if !records.is_empty() {
            let (server, zone, records) = (server.clone(), zone.name.clone(), records.to_vec());
            self.teller.say(Event::ThrownAway { server, zone, records });
        }
    }

    /// Looks up the address of the next server of a zone that is known by name only.
    fn detour(&mut self, zone: &mut Zone) -> Result<Vec<Server>, Cause> {
        while let Some(server) = (!zone.nameless.is_empty()).then(|| zone.nameless.remove(0)) {
            // Within the zone itself only the zone could tell; and who waits for this cannot wait for us.
            if server.is_within(&zone.name)
                || self.detours.contains(&server)
                || self.detours.len() >= DETOURS
            {
                self.tell_lame(Delegate::Named(server), zone, NO_ADDRESS);
                continue;
            }
            self.detours.push(server.clone());
            let depth = self.detours.len() as u8;
            self.teller.say(Event::Detour {
                zone: zone.name.clone(),
                server: server.clone(),
                depth,
            });
            let mut found = Vec::new();
            for kind in [A, AAAA] {
                match self.follow(&Question { name: server.clone(), kind }) {
                    Ok(Found { records, .. }) => {
                        found.extend(records.iter().filter_map(|record| self.server(record)));
                    }
                    Err(cause @ Cause::TooMany { what: "questions for one name", .. }) => {
                        return Err(cause);
                    }
                    Err(_) => {}
                }
                if !found.is_empty() {
                    break;
                }
            }
            self.detours.pop();
            if !found.is_empty() {
                for it in &mut found {
                    it.name = Some(server.clone());
                }
                return Ok(found);
            }
            self.tell_lame(Delegate::Named(server), zone, NO_ADDRESS);
        }
        Ok(Vec::new())
    }
}

enum Heard {
    Found(Found),
    Nothing(Cause),
    Further(Zone),
}

const NO_ADDRESS: &str = "its address is not to be found";

/// Why a server that does not answer counts as one that does not serve the zone.
fn refusal(trouble: &Trouble) -> Option<&'static str> {
    let refused = nix::errno::Errno::ECONNREFUSED as i32;
    match trouble {
        // This is what most servers say of a zone that they do not know.
        Trouble::Code { rcode: 5, .. } => Some("it refuses to answer (REFUSED)"),
        Trouble::Network { errno, .. } if *errno == refused => {
            Some("nobody listens there for questions")
        }
        _ => None,
    }
}

/// Why a zone's servers were asked in vain.
fn given_up(zone: &Zone, tried: Vec<(Server, Trouble)>) -> Cause {
    let zone_name = zone.name.clone();
    if tried.is_empty() {
        return Cause::Unreachable { zone: zone_name, servers: zone.all.clone() };
    }
    let is_lame = |trouble: &Trouble| *trouble == Trouble::Lame || refusal(trouble).is_some();
    if tried.iter().all(|(_, trouble)| is_lame(trouble)) {
        return Cause::Lame { zone: zone_name, tried };
    }
    match tried.iter().rev().find_map(code) {
        Some(cause) => cause,
        None => Cause::Silent { zone: Some(zone_name), tried },
    }
}
