//! Which questions wait for their answers?

use std::collections::VecDeque;

use foldhash::fast::RandomState;
use hashbrown::{HashMap, HashSet};

use super::{COPY, Exchange, Outcome, Told, Who};
use crate::flow::Mark;

/// What question and answer have in common.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) struct Key {
    pub protocol: Protocol,
    pub asker: Who,
    /// Unknown where anybody may answer.
    pub asked: Who,
    /// Whatever numbers the question has.
    pub id: u64,
}

#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum Protocol {
    Dns,
    Multicast,
    LinkLocal,
    Dhcp,
    Arp,
    Neighbour,
    Echo,
}

/// The open questions by key. Several may have the same one.
#[derive(Debug)]
pub(super) struct Open {
    questions: HashMap<Key, VecDeque<Waiting>, RandomState>,
    /// In the order asked; a question that is gone leaves its row behind for a while.
    order: VecDeque<(Key, u64)>,
    count: usize,
    limit: usize,
    /// What was answered lately: the same answer may come once more.
    answered: HashSet<Key, RandomState>,
    answered_order: VecDeque<Key>,
}

/// Answered questions that are remembered; the oldest is forgotten.
const ANSWERED: usize = 4096;

#[derive(Debug)]
struct Waiting {
    exchange: Exchange,
    /// When it was asked last.
    latest: Mark,
    /// What tells it from others with the same key.
    words: Box<[u8]>,
}

impl Open {
    pub(super) fn new(limit: usize) -> Self {
        let (questions, order, answered, answered_order) = <_>::default();
        Self { questions, order, count: 0, limit, answered, answered_order }
    }

    /// Remembers that a question was answered.
    pub(super) fn note_answered(&mut self, key: Key) {
        if self.answered.insert(key) {
            self.answered_order.push_back(key);
        }
        if self.answered_order.len() > ANSWERED
            && let Some(oldest) = self.answered_order.pop_front()
        {
            self.answered.remove(&oldest);
        }
    }

    /// Whether a question was answered lately.
    pub(super) fn was_answered(&self, key: &Key) -> bool {
        self.answered.contains(key)
    }

    /// Whether the same question is open; if so, it was asked again.
    pub(super) fn again(&mut self, key: &Key, words: &[u8], mark: Mark, told: &Told) -> bool {
        let Some(waiting) = self.questions.get_mut(key) else { return false };
        let Some(same) = waiting.iter_mut().find(|one| *one.words == *words) else { return false };
        if mark.time.since(same.latest.time) >= COPY {
            same.exchange.retries = same.exchange.retries.saturating_add(1);
        }
        same.latest = mark;
        same.exchange.wanted.or(told.wanted);
        true
    }

    /// Lets a question wait. When there is no room, the oldest is told as dropped.
    pub(super) fn ask(&mut self, key: Key, words: &[u8], exchange: Exchange, told: &mut Told) {
        while self.count >= self.limit.max(1) || self.order.len() >= 2 * self.limit.max(1) {
            let Some((key, id)) = self.order.pop_front() else { break };
            if let Some(oldest) = self.take(&key, |exchange, _| exchange.id == id) {
                told.unanswered(oldest, Outcome::Dropped);
            }
        }
        let Some(latest) = exchange.question else { return };
        self.order.push_back((key, exchange.id));
        self.count += 1;
        let waiting = Waiting { exchange, latest, words: words.into() };
        self.questions.entry(key).or_default().push_back(waiting);
    }

    /// Takes out the first question with this key that the answer fits.
    pub(super) fn take(
        &mut self,
        key: &Key,
        mut fits: impl FnMut(&Exchange, &[u8]) -> bool,
    ) -> Option<Exchange> {
        let waiting = self.questions.get_mut(key)?;
        let at = waiting.iter().position(|one| fits(&one.exchange, &one.words))?;
        let found = waiting.remove(at);
        if waiting.is_empty() {
            self.questions.remove(key);
        }
        self.count -= 1;
        found.map(|one| one.exchange)
    }

    /// Tells what is still open as unanswered, in the order asked.
    pub(super) fn end(&mut self, told: &mut Told) {
        while let Some((key, id)) = self.order.pop_front() {
            if let Some(exchange) = self.take(&key, |exchange, _| exchange.id == id) {
                told.unanswered(exchange, Outcome::Unanswered);
            }
        }
    }
}
