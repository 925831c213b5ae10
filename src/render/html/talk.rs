//! What of an exchange does a page keep?

use std::time::Duration;

use super::party::Party;
use crate::flow::Mark;
use crate::flow::exchange::{Exchange, Outcome, Topic};
use crate::ink::written;
use crate::render::exchanges::words;
use crate::tale::verdict::Culprit;
use crate::timeline::Timestamp;

/// A question and its answer, in words.
#[derive(Clone, Debug)]
pub(super) struct Talk {
    pub(super) id: u64,
    pub(super) connection: Option<u32>,
    pub(super) protocol: &'static str,
    pub(super) ends: String,
    pub(super) words: String,
    /// Why there is no answer, or none that is complete.
    pub(super) lack: Option<String>,
    pub(super) began: Timestamp,
    pub(super) ended: Timestamp,
    pub(super) latency: Option<Duration>,
    pub(super) question: Option<u64>,
    pub(super) answer: Option<u64>,
    /// Who spent its time, where no connection tells it more exactly.
    pub(super) party: Party,
}

impl Talk {
    pub(super) fn of(exchange: &Exchange) -> Self {
        let lacks = exchange.outcome != Outcome::Answered || exchange.retries > 0;
        let number = |mark: Option<Mark>| mark.map(|mark| mark.packet);
        let first = exchange.question.or(exchange.answer).unwrap_or_default().time;
        let waited = exchange.waited.or(exchange.latency).unwrap_or_default();
        let last = exchange.answer.map_or(first.after(waited), |it| it.time);
        Self {
            id: exchange.id,
            connection: exchange.connection,
            protocol: words::protocol(&exchange.topic),
            ends: written(|ink| {
                words::who(exchange.asker, ink);
                ink.arrow();
                words::who(exchange.asked, ink);
            }),
            words: written(|ink| words::content(exchange, ink)),
            lack: lacks.then(|| {
                let end = written(|ink| words::end(exchange, ink));
                end.trim_start_matches([' ', '→', ';']).to_owned()
            }),
            began: first,
            ended: last.max(first),
            latency: exchange.latency,
            question: number(exchange.question),
            answer: number(exchange.answer),
            party: match exchange.topic {
                Topic::Dns(_) => Party::Of(Culprit::Resolver),
                Topic::Echo(_) => Party::Of(Culprit::Network),
                _ => Party::Several,
            },
        }
    }

    /// From the first packet of the question to the last of the answer.
    pub(super) fn time(&self) -> Duration {
        self.ended.since(self.began)
    }
}
