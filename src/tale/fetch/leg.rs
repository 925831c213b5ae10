//! What did the steps of one transfer say?

use std::net::{IpAddr, SocketAddr};
use std::ops::Range;
use std::time::Duration;

use crate::timeline::fetch::{Event, Failure, Outcome, Step, Timing, Transfer, Tried};
use crate::timeline::{Timestamp, lookup};

/// A question to a name server, by the calls.
#[derive(Clone, Debug)]
pub(super) struct Query {
    pub(super) server: SocketAddr,
    pub(super) port: u16,
    pub(super) id: u16,
    pub(super) question: lookup::Question,
    pub(super) asked: Timestamp,
    /// When the call that read the answer was made.
    pub(super) answered: Option<Timestamp>,
    /// When something else was done instead of waiting.
    pub(super) given_up: Option<Timestamp>,
}

/// What the neighbour cache said of an address.
#[derive(Clone, Debug)]
pub(super) struct Neighbourly {
    pub(super) told: Timestamp,
    pub(super) address: IpAddr,
    pub(super) state: &'static str,
}

/// One transfer, by its steps.
#[derive(Clone, Debug, Default)]
pub(super) struct Leg {
    pub(super) began: Option<Timestamp>,
    pub(super) is_secure: bool,
    pub(super) host: String,
    url: String,
    status: Option<u16>,
    pub(super) queries: Vec<Query>,
    /// While the system's own function looked for the name.
    pub(super) system: Vec<(Timestamp, Timestamp)>,
    pub(super) tried: Vec<Tried>,
    /// When trying was over.
    pub(super) tried_until: Option<Timestamp>,
    /// While the way was probed.
    pub(super) probed: Vec<(Timestamp, Timestamp)>,
    pub(super) next_hop: Option<IpAddr>,
    /// Whether the next hop is a router, and not the destination itself.
    pub(super) is_routed: bool,
    pub(super) reused: Option<u32>,
    pub(super) socket: u32,
    /// Octets of the connection, or of what TLS carries on it, that are the request and the answer.
    pub(super) request: Option<Range<u64>>,
    pub(super) answer: Option<Range<u64>>,
    /// Where curl's phases end, as far as the steps say.
    reached: Timing,
    pub(super) transfer: Option<Transfer>,
}

/// Questions kept of one transfer; a lookup stops long before.
const KEPT: usize = 256;

impl Leg {
    pub(super) fn hear(&mut self, step: &Step) {
        self.began = Some(self.began.map_or(step.began, |began| began.min(step.began)));
        if step.socket != 0 {
            self.socket = step.socket;
        }
        match &step.event {
            Event::Url(url) => {
                self.is_secure = url.scheme.eq_ignore_ascii_case("https");
                self.host.clone_from(&url.host);
                self.url.clone_from(&url.shown);
            }
            Event::Lookup(event) => self.look_up(step, event),
            Event::Found(_) => {
                self.give_up(step.ended, None);
                self.reached.name_lookup = Some(self.since(step.ended));
            }
            Event::Way(way) => {
                let destination = way.route.destination;
                if let Ok(kernel) = &way.route.kernel {
                    self.next_hop = Some(kernel.next_hop(destination));
                    self.is_routed = kernel.hop.gateway.is_some();
                }
            }
            Event::Tried(tried) => {
                self.tried.clone_from(tried);
                self.tried_until = Some(step.ended);
                if let Some(one) = tried.iter().find(|one| one.outcome == Outcome::Connected) {
                    self.socket = one.socket;
                    self.reached.connect = Some(self.since(step.ended));
                }
            }
            Event::Hop(_) if self.probed.len() < KEPT => {
                self.probed.push((step.began, step.ended));
            }
            Event::Reused { requests } => self.reused = Some(*requests),
            Event::Request { octets, .. } => {
                self.request = Some(octets.clone());
                self.reached.pre_transfer = Some(self.since(step.began));
                self.reached.post_transfer = Some(self.since(step.ended));
            }
            Event::Response { response, octets, .. } => {
                let since = self.since(step.ended);
                self.reached.start_transfer.get_or_insert(since);
                self.extend(octets);
                if !response.is_interim() {
                    self.status = Some(response.status);
                }
            }
            Event::Body { octets, .. } => self.extend(octets),
            Event::Ended(transfer) => {
                self.give_up(step.ended, None);
                self.transfer = Some((**transfer).clone());
            }
            _ => {}
        }
    }

    /// The transfer as far as it came when somebody wanted it to end.
    pub(super) fn broken_off(&self, at: Timestamp) -> Transfer {
        Transfer {
            url: self.url.clone(),
            timing: Timing { total: self.since(at), ..self.reached },
            status: self.status,
            failure: Some(Failure::Interrupted),
            ..Transfer::default()
        }
    }

    fn since(&self, at: Timestamp) -> Duration {
        at.since(self.began.unwrap_or(at))
    }

    fn extend(&mut self, octets: &Range<u64>) {
        let answer = self.answer.get_or_insert(octets.clone());
        (answer.start, answer.end) = (answer.start.min(octets.start), answer.end.max(octets.end));
    }

    fn look_up(&mut self, step: &Step, event: &lookup::Event) {
        match event {
            lookup::Event::Asked(asked) if self.queries.len() < KEPT => {
                self.give_up(step.began, Some(&asked.question));
                self.queries.push(Query {
                    server: asked.server.address,
                    port: asked.port,
                    id: asked.id,
                    question: asked.question.clone(),
                    asked: step.began,
                    answered: None,
                    given_up: None,
                });
            }
            lookup::Event::Called(called) if called.is_lookup() && self.system.len() < KEPT => {
                self.system.push((step.began, step.ended));
            }
            lookup::Event::Answered(answered) => {
                let message = &answered.message;
                let is_of = |query: &&mut Query| {
                    query.server == answered.server.address
                        && query.id == message.id
                        && query.answered.is_none()
                };
                if let Some(query) = self.queries.iter_mut().rev().find(is_of) {
                    query.answered = Some(step.began);
                }
            }
            lookup::Event::Retried { question, .. } => self.give_up(step.began, Some(question)),
            lookup::Event::Failed(_) => self.give_up(step.began, None),
            _ => {}
        }
    }

    /// Nobody waits any more for an answer to this question, or to any.
    fn give_up(&mut self, at: Timestamp, question: Option<&lookup::Question>) {
        let is_meant = |query: &&mut Query| {
            query.answered.is_none()
                && query.given_up.is_none()
                && question.is_none_or(|question| query.question == *question)
        };
        for query in self.queries.iter_mut().filter(is_meant) {
            query.given_up = Some(at);
        }
    }
}
