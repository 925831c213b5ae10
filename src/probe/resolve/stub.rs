//! What do the resolvers say that this machine is told to ask?

use std::time::Instant;

use super::ask::{Ask, Outcome, QUESTIONS};
use super::cache::{Cache, Rank};
use super::lookup::{
    Cause, Config, Event, Failure, Kept, Message, Name, Nothing, Question, Server,
};
use super::lookup::{Then, Transport, Trouble, Way};
use super::reply::{ALIASES, Chain, known, nothing};
use super::socket::Teller;
use super::{Found, Whence};

/// Asks the configured servers, in their order, as often as configured.
pub(super) struct Stub<'a, 't> {
    pub(super) config: &'a Config,
    pub(super) cache: &'a mut Cache,
    pub(super) teller: &'a mut Teller<'t>,
    pub(super) until: Option<Instant>,
    /// How many lookups there were before: with `rotate` each begins with another server.
    pub(super) turn: usize,
}

impl Stub<'_, '_> {
    /// Looks up several types of one name at once, through the search list.
    pub(super) fn find(
        &mut self,
        given: &str,
        kinds: &[u16],
    ) -> Result<Vec<Result<Found, Failure>>, Failure> {
        let name = Name::of(given)
            .map_err(|why| Failure { name: Name::root(), cause: Cause::BadName(why) })?;
        let mut best: Option<Vec<Result<Found, Failure>>> = None;
        let tries = self.candidates(&name, given.ends_with('.'));
        for tried in &tries {
            if tries.len() > 1 {
                self.teller.say(Event::Searched { given: name.clone(), tried: tried.clone() });
            }
            let results = self.find_whole(tried, kinds);
            let has = |wanted: fn(&Cause) -> bool| {
                results
                    .iter()
                    .any(|result| matches!(result, Err(failure) if wanted(&failure.cause)))
            };
            // Who is not reached now will not be for another name.
            let done = results.iter().any(Result::is_ok)
                || has(|cause| matches!(cause, Cause::Silent { .. }));
            if done {
                return Ok(results);
            }
            // That a name exists says more than that another does not; of these the name given counts.
            let replaces = best.as_ref().is_none_or(|best| {
                all_without_name(best) && (*tried == name || !all_without_name(&results))
            });
            if replaces {
                best = Some(results);
            }
        }
        Ok(best.unwrap_or_default())
    }

    /// The names to try: resolv.conf(5), `ndots`.
    fn candidates(&self, name: &Name, absolute: bool) -> Vec<Name> {
        if absolute || self.config.search.is_empty() {
            return vec![name.clone()];
        }
        let mut names: Vec<Name> =
            self.config.search.iter().filter_map(|suffix| name.below(suffix)).collect();
        let has_enough = name.depth() > usize::from(self.config.ndots);
        names.insert(if has_enough { 0 } else { names.len() }, name.clone());
        names
    }

    fn find_whole(&mut self, name: &Name, kinds: &[u16]) -> Vec<Result<Found, Failure>> {
        let mut results: Vec<Option<Result<Found, Failure>>> = Vec::new();
        for kind in kinds {
            let question = Question { name: name.clone(), kind: *kind };
            results.push(self.remembered(&question));
        }
        let missing: Vec<usize> = (0..kinds.len()).filter(|at| results[*at].is_none()).collect();
        let questions: Vec<Question> =
            missing.iter().map(|at| Question { name: name.clone(), kind: kinds[*at] }).collect();
        if !questions.is_empty() {
            for (at, result) in missing.into_iter().zip(self.ask(&questions)) {
                results[at] = Some(result);
            }
        }
        for failure in results.iter().flatten().filter_map(|result| result.as_ref().err()) {
            self.teller.say(Event::Failed(Box::new(failure.clone())));
        }
        results.into_iter().flatten().collect()
    }

    fn remembered(&mut self, question: &Question) -> Option<Result<Found, Failure>> {
        let (mut asked, mut aliases) = (question.clone(), Vec::new());
        while aliases.len() <= ALIASES {
            let (key, kept, left) = known(self.cache, Way::Stub, &asked)?;
            self.teller.say(Event::Cached {
                way: Way::Stub,
                question: key.clone(),
                kept: kept.clone(),
                left,
            });
            let records = match kept {
                Kept::Records(records) => records,
                Kept::Nothing(what) => {
                    let name = question.name.clone();
                    let remembered = Some(left);
                    let cause = Cause::Nothing { what, by: None, authoritative: false, remembered };
                    return Some(Err(Failure { name, cause }));
                }
            };
            if key.kind == question.kind {
                return Some(Ok(Found { aliases, records, whence: Whence::Cache { left } }));
            }
            self.teller.aliases(&records, false);
            let chain = Chain { aliases: records, ..Chain::default() };
            asked.name = chain.last(question);
            aliases.extend(chain.aliases);
        }
        None
    }

    fn ask(&mut self, questions: &[Question]) -> Vec<Result<Found, Failure>> {
        let count = self.config.servers.len();
        let first = if self.config.rotate { self.turn % count } else { 0 };
        let order: Vec<Server> = (0..count)
            .map(|at| Server { address: self.config.servers[(first + at) % count].0, name: None })
            .collect();
        let mut results: Vec<Option<Result<Found, Failure>>> =
            questions.iter().map(|_| None).collect();
        let mut tried: Vec<Vec<(Server, Trouble)>> = questions.iter().map(|_| Vec::new()).collect();
        let mut turns = (1..=self.config.attempts)
            .flat_map(|nth| order.iter().map(move |it| (nth, it)))
            .peekable();
        while let Some((attempt, server)) = turns.next() {
            let open: Vec<usize> =
                (0..questions.len()).filter(|at| results[*at].is_none()).collect();
            let left = self.until.map(|until| until.saturating_duration_since(Instant::now()));
            let enough = self.teller.asked + 3 * open.len() > QUESTIONS;
            if open.is_empty() || enough || left.is_some_and(|left| left.is_zero()) {
                break;
            }
            let asked: Vec<Question> = open.iter().map(|at| questions[*at].clone()).collect();
            let outcomes = self.ask_one(server, attempt, &asked);
            for (at, outcome) in open.into_iter().zip(outcomes) {
                let question = &questions[at];
                match outcome {
                    Ok(message)
                        if matches!(message.rcode, 0 | 3)
                            && (message.complete || message.rcode == 3) =>
                    {
                        results[at] = Some(self.read(&message, question, server));
                    }
                    outcome => {
                        let trouble = trouble(outcome);
                        note(&mut tried[at], server, trouble.clone());
                        if let Some((_, next)) = turns.peek() {
                            let then = if next.address == server.address {
                                Then::SameServer(next.address)
                            } else {
                                Then::NextServer(next.address)
                            };
                            self.teller.say(Event::Retried {
                                question: question.clone(),
                                after: trouble,
                                then,
                            });
                        }
                    }
                }
            }
        }
        let failed = |tried: Vec<(Server, Trouble)>| match tried.iter().rev().find_map(code) {
            Some(cause) => cause,
            None => Cause::Silent { zone: None, tried },
        };
        let mut ended = Vec::new();
        for ((result, tried), question) in results.into_iter().zip(tried).zip(questions) {
            let name = question.name.clone();
            ended.push(result.unwrap_or_else(|| Err(Failure { name, cause: failed(tried) })));
        }
        ended
    }

    fn ask_one(&mut self, server: &Server, attempt: u8, questions: &[Question]) -> Vec<Outcome> {
        let left = self.until.map(|until| until.saturating_duration_since(Instant::now()));
        let transport = if self.config.use_vc { Transport::Tcp } else { Transport::Udp };
        if transport == Transport::Tcp {
            for question in questions {
                let (server, question) = (server.clone(), question.clone());
                let why = "resolv.conf says so (use-vc)";
                self.teller.say(Event::OverTcp { server, question, why });
            }
        }
        Ask {
            server,
            desired: true,
            edns: true,
            trust: self.config.trust_ad,
            transport,
            wait: left.map_or(self.config.timeout, |left| left.min(self.config.timeout)),
            attempt,
            cache: self.cache,
        }
        .ask(questions, self.teller)
    }

    /// Whatever the name: who is asked to find out may speak for all.
    fn read(
        &mut self,
        message: &Message,
        question: &Question,
        server: &Server,
    ) -> Result<Found, Failure> {
        let failure = |cause| Failure { name: question.name.clone(), cause };
        let zone = Name::root();
        let chain = Chain::follow(message, question, &zone).map_err(failure)?;
        let rank = if message.authoritative { Rank::Authoritative } else { Rank::Answered };
        chain.keep(Way::Stub, question, rank, self.cache);
        self.teller.aliases(&chain.aliases, false);
        if !chain.thrown_away.is_empty() {
            let (server, records) = (server.clone(), chain.thrown_away.clone());
            self.teller.say(Event::ThrownAway { server, zone: zone.clone(), records });
        }
        if chain.records.is_empty() {
            let what = if message.rcode == 3 { Nothing::Name } else { Nothing::Data };
            let last = Question { name: chain.last(question), kind: question.kind };
            return Err(failure(nothing(
                what,
                (message, server),
                (&last, &zone),
                (Way::Stub, self.cache),
            )));
        }
        let whence =
            Whence::Server { server: server.clone(), authoritative: message.authoritative };
        Ok(Found { aliases: chain.aliases, records: chain.records, whence })
    }
}

fn all_without_name(results: &[Result<Found, Failure>]) -> bool {
    let without =
        |failure: &Failure| matches!(failure.cause, Cause::Nothing { what: Nothing::Name, .. });
    results.iter().all(|result| result.as_ref().is_err_and(without))
}

/// What a code or an unreadable message amounts to.
pub(super) fn trouble(outcome: Outcome) -> Trouble {
    match outcome {
        Ok(Message { rcode: 0 | 3, .. }) => Trouble::Malformed,
        Ok(message) => Trouble::Code { rcode: message.rcode, errors: message.errors },
        Err(trouble) => trouble,
    }
}

/// Notes what became of a server; silence adds up.
pub(super) fn note(tried: &mut Vec<(Server, Trouble)>, server: &Server, trouble: Trouble) {
    let known = tried.iter_mut().find(|(known, _)| known.address == server.address);
    match (known, trouble) {
        (
            Some((_, Trouble::Timeout { waited, attempts })),
            Trouble::Timeout { waited: more, attempts: again },
        ) => {
            *waited += more;
            *attempts = attempts.saturating_add(again);
        }
        (Some((_, known)), trouble) => *known = trouble,
        (None, trouble) => tried.push((server.clone(), trouble)),
    }
}

pub(super) fn code((server, trouble): &(Server, Trouble)) -> Option<Cause> {
    match trouble {
        Trouble::Code { rcode, errors } => {
            Some(Cause::Code { server: server.clone(), rcode: *rcode, errors: errors.clone() })
        }
        _ => None,
    }
}
