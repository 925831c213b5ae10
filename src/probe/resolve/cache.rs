//! What is known from earlier answers, and for how long?
//!
//! Holds what is not, too (RFC 2308). Of the same data the better said is kept: what an authority
//! answers is not replaced by what a parent zone mentions (RFC 2181 §5.4.1).

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::lookup::{Kept, Nothing, Question, Record, Way};

/// How much is to be said for some data.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Rank {
    /// Mentioned in a referral: good for finding servers, not for answering.
    Mentioned,
    Answered,
    Authoritative,
}

#[derive(Debug)]
struct Entry {
    kept: Kept,
    rank: Rank,
    until: Instant,
    /// The most seconds that it was seen with, ever.
    whole: u32,
}

#[derive(Debug, Default)]
pub struct Cache {
    entries: HashMap<(Way, Question), Entry>,
}

/// Entries that are kept; beyond them those go that expire first.
const ENTRIES: usize = 4096;

/// Longer is not believed (RFC 8767 §4, RFC 2308 §5).
const LONGEST: Duration = Duration::from_secs(7 * 24 * 3600);
const LONGEST_NOTHING: Duration = Duration::from_secs(3 * 3600);

impl Cache {
    /// What is known at `now`, with the time it has left, if it ranks so high at least.
    pub fn get(
        &self,
        way: Way,
        question: &Question,
        rank: Rank,
        now: Instant,
    ) -> Option<(&Kept, Duration)> {
        let entry = self.entries.get(&(way, question.clone()))?;
        let left = entry.until.checked_duration_since(now).filter(|left| !left.is_zero())?;
        (entry.rank >= rank).then_some((&entry.kept, left))
    }

    /// The longest time to live, in seconds, that any answer to this showed.
    pub fn whole(&self, question: &Question) -> Option<u32> {
        let seen = |way| self.entries.get(&(way, question.clone())).map(|entry| entry.whole);
        seen(Way::Stub).max(seen(Way::Walk))
    }

    /// Keeps records, all of one name and type, for as long as the shortest-lived of them.
    pub fn keep(
        &mut self,
        way: Way,
        question: Question,
        records: Vec<Record>,
        rank: Rank,
        now: Instant,
    ) {
        let Some(ttl) = records.iter().map(|record| record.ttl).min() else { return };
        let span = Duration::from_secs(ttl.into()).min(LONGEST);
        self.put(
            way,
            question,
            Entry { kept: Kept::Records(records), rank, until: now + span, whole: ttl },
            now,
        );
    }

    /// Keeps that there is nothing.
    pub fn keep_nothing(
        &mut self,
        way: Way,
        question: Question,
        what: Nothing,
        span: Duration,
        now: Instant,
    ) {
        let until = now + span.min(LONGEST_NOTHING);
        let entry = Entry { kept: Kept::Nothing(what), rank: Rank::Authoritative, until, whole: 0 };
        self.put(way, question, entry, now);
    }

    fn put(&mut self, way: Way, question: Question, mut entry: Entry, now: Instant) {
        let key = (way, question);
        if let Some(old) = self.entries.get(&key) {
            if old.until > now && old.rank > entry.rank {
                return;
            }
            entry.whole = entry.whole.max(old.whole);
        } else if self.entries.len() >= ENTRIES
            && let Some(first) = self.entries.iter().min_by_key(|(_, entry)| entry.until)
        {
            let first = first.0.clone();
            self.entries.remove(&first);
        }
        self.entries.insert(key, entry);
    }
}

#[cfg(test)]
mod tests {
    use super::super::lookup::{Data, Name, Section};
    use super::super::message::A;
    use super::*;

    fn question(name: &str) -> Question {
        Question { name: Name::of(name).expect("a name"), kind: A }
    }

    fn record(question: &Question, ttl: u32, last: u8) -> Record {
        let data = Data::Address([192, 0, 2, last].into());
        let (owner, kind) = (question.name.clone(), question.kind);
        Record { section: Section::Answer, owner, kind, class: 1, ttl, data, said: String::new() }
    }

    #[test]
    fn records_live_as_long_as_the_shortest_lived_of_them() {
        let (mut cache, now, www) = (Cache::default(), Instant::now(), question("WWW.example"));
        let records = vec![record(&www, 300, 1), record(&www, 60, 2)];
        cache.keep(Way::Stub, www.clone(), records, Rank::Answered, now);
        let left = |cache: &Cache, way, seconds| {
            let later = now + Duration::from_secs(seconds);
            cache
                .get(way, &question("www.EXAMPLE"), Rank::Mentioned, later)
                .map(|(_, left)| left.as_secs())
        };
        assert_eq!(left(&cache, Way::Stub, 20), Some(40));
        assert_eq!((left(&cache, Way::Stub, 60), left(&cache, Way::Walk, 0)), (None, None));
        // What it was seen with once is remembered beyond its life.
        cache.keep(Way::Stub, www.clone(), vec![record(&www, 9, 1)], Rank::Answered, now);
        assert_eq!((left(&cache, Way::Stub, 0), cache.whole(&www)), (Some(9), Some(60)));
    }

    #[test]
    fn what_a_parent_mentions_neither_answers_nor_replaces_an_answer() {
        let (mut cache, now, www) = (Cache::default(), Instant::now(), question("www.example"));
        cache.keep(Way::Walk, www.clone(), vec![record(&www, 900, 1)], Rank::Mentioned, now);
        assert!(cache.get(Way::Walk, &www, Rank::Answered, now).is_none());
        cache.keep(Way::Walk, www.clone(), vec![record(&www, 60, 2)], Rank::Authoritative, now);
        cache.keep(Way::Walk, www.clone(), vec![record(&www, 900, 3)], Rank::Mentioned, now);
        let (kept, _) = cache.get(Way::Walk, &www, Rank::Answered, now).expect("an entry");
        assert_eq!(*kept, Kept::Records(vec![record(&www, 60, 2)]));
    }

    #[test]
    fn nothing_is_remembered_for_three_hours_at_most_and_the_cache_is_bounded() {
        let (mut cache, now) = (Cache::default(), Instant::now());
        for number in 0..ENTRIES as u64 + 10 {
            let span = Duration::from_secs(1_000_000 + number);
            cache.keep_nothing(
                Way::Walk,
                question(&format!("n{number}.example")),
                Nothing::Name,
                span,
                now,
            );
        }
        assert_eq!(cache.entries.len(), ENTRIES);
        let (kept, left) = cache
            .get(Way::Walk, &question("n4100.example"), Rank::Answered, now)
            .expect("an entry");
        assert_eq!((kept, left), (&Kept::Nothing(Nothing::Name), LONGEST_NOTHING));
    }
}
