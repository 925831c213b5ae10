//! Did requests wait for each other, and did answers stop half-way?

use std::time::Duration;

use super::{Found, Name, Stall};
use crate::flow::exchange::{Exchange, Http, Outcome};
use crate::flow::{Mark, Side};
use crate::tale::bucket::Bucket;
use crate::tale::wait::Wait;

/// The HTTP exchanges of one connection.
#[derive(Clone, Debug, Default)]
pub(in crate::tale) struct Answers {
    /// From the begin of each answer to its end; of an answer without end, to nothing.
    told: Vec<(Mark, Option<Mark>)>,
    /// When the answer before ended.
    before: Option<Mark>,
    pub(in crate::tale) count: u64,
    pub(in crate::tale) found: Found,
}

/// Who has begun to answer should have the rest at hand; less than this, in all, is nobody's doing.
const SILENT: Duration = Duration::from_millis(100);
/// Of so many answers of one connection it is known when they came.
const MOST: usize = 512;

impl Answers {
    /// Hears of an exchange that is final.
    pub(in crate::tale) fn hear(&mut self, exchange: &Exchange, http: &Http) {
        self.count += 1;
        if let Some(begin) = http.response_begin
            && self.told.len() < MOST
        {
            let end = exchange.answer.filter(|_| exchange.outcome == Outcome::Answered);
            self.told.push((begin, end));
        }
        if let (Some(question), Some(before)) = (exchange.question, self.before)
            && question.time < before.time
            && exchange.answer.is_some()
        {
            self.found.add(Stall::once(Name::HeadOfLine, None, question, before));
        }
        self.before = exchange.answer.or(self.before);
    }

    /// Whether an answer was begun and never ended.
    pub(in crate::tale) fn is_open(&self) -> bool {
        self.told.iter().any(|(_, end)| end.is_none())
    }

    /// Looks for pauses of the server amid its answers.
    pub(in crate::tale) fn pauses(&self, waits: &[Wait], found: &mut Found) {
        let amid = |wait: &&Wait| {
            let holds = |(begin, end): &(Mark, Option<Mark>)| {
                begin.packet <= wait.from.packet
                    && end.is_none_or(|end| wait.to.packet <= end.packet)
            };
            wait.bucket == Bucket::ResponseApplication && self.told.iter().any(holds)
        };
        let pauses = || waits.iter().filter(amid);
        let time: Duration = pauses().map(Wait::time).sum();
        let Some(longest) = pauses().max_by_key(|wait| wait.time()) else { return };
        if time >= SILENT {
            let (from, to, count) = (longest.from, longest.to, pauses().count() as u64);
            let stall = Stall::once(Name::SilentMidResponse, Side::Server, from, to).taking(time);
            found.add(Stall { count, ..stall });
        }
    }
}
