//! What does an answer mean for the question: records, an alias, nothing, or somebody else to ask?

use std::time::{Duration, Instant};

use super::cache::{Cache, Rank};
use super::lookup::{
    Cause, Data, Kept, Message, Name, Nothing, Question, Record, Section, Server, Way,
};
use super::message::{CNAME, NS, SOA};

/// More aliases are not followed.
pub(super) const ALIASES: usize = 8;

/// Stands for all types of a name that does not exist; no record has it (RFC 6895 §3.1).
const NO_TYPE: u16 = 0;

/// The way from a name to its records, as far as one answer goes.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Chain {
    /// Each alias, in order.
    pub(super) aliases: Vec<Record>,
    /// Of the name that the last alias stands for; none if they are to be had elsewhere.
    pub(super) records: Vec<Record>,
    /// Records that have nothing to do with the question, or that the server has no say about.
    pub(super) thrown_away: Vec<Record>,
}

impl Chain {
    /// Follows the aliases in an answer; only what is within `zone` counts.
    pub(super) fn follow(
        message: &Message,
        question: &Question,
        zone: &Name,
    ) -> Result<Self, Cause> {
        let mut chain = Self::default();
        let mut rest: Vec<&Record> =
            message.records.iter().filter(|record| record.section == Section::Answer).collect();
        let outside = |record: &&Record| record.class != 1 || !record.owner.is_within(zone);
        chain.thrown_away.extend(rest.extract_if(.., |record| outside(record)).cloned());
        let mut name = question.name.clone();
        loop {
            let (kind, any) = (question.kind, question.kind == 255);
            let is_it =
                |record: &&mut &Record| record.owner == name && (any || record.kind == kind);
            chain.records.extend(rest.extract_if(.., |record| is_it(&record)).cloned());
            let is_alias = |record: &&Record| record.owner == name && record.kind == CNAME;
            let Some(at) = rest.iter().position(is_alias).filter(|_| chain.records.is_empty())
            else {
                break;
            };
            let alias = rest.remove(at).clone();
            let Data::Name(to) = &alias.data else { break };
            name = to.clone();
            chain.aliases.push(alias);
            if chain.aliases.len() > ALIASES {
                return Err(Cause::TooMany { what: "aliases", limit: ALIASES });
            }
            if name == question.name || chain.aliases.iter().any(|alias| alias.owner == name) {
                return Err(Cause::AliasLoop { at: name });
            }
        }
        // Signatures belong to what they sign; nobody is surprised by them.
        let others = rest.into_iter().filter(|record| record.kind != 46).cloned();
        chain.thrown_away.extend(others);
        Ok(chain)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.aliases.is_empty() && self.records.is_empty()
    }

    /// The name that the last alias stands for.
    pub(super) fn last(&self, question: &Question) -> Name {
        match self.aliases.last().map(|alias| &alias.data) {
            Some(Data::Name(name)) => name.clone(),
            _ => question.name.clone(),
        }
    }

    /// Puts all of it where it is found again.
    pub(super) fn keep(&self, way: Way, question: &Question, rank: Rank, cache: &mut Cache) {
        let now = Instant::now();
        for alias in &self.aliases {
            let key = Question { name: alias.owner.clone(), kind: CNAME };
            cache.keep(way, key, vec![alias.clone()], rank, now);
        }
        if let Some(first) = self.records.first().filter(|_| question.kind != 255) {
            let key = Question { name: first.owner.clone(), kind: question.kind };
            cache.keep(way, key, self.records.clone(), rank, now);
        }
    }
}

/// For how long it is remembered that something does not exist: RFC 2308 §5.
pub(super) fn remembered(message: &Message, name: &Name, zone: &Name) -> Option<Duration> {
    message.records.iter().find_map(|record| match record.data {
        Data::Minimum(minimum)
            if record.section == Section::Authority
                && record.kind == SOA
                && name.is_within(&record.owner)
                && record.owner.is_within(zone) =>
        {
            Some(Duration::from_secs(minimum.min(record.ttl).into()))
        }
        _ => None,
    })
}

/// Remembers that there is nothing, and says so.
pub(super) fn nothing(
    what: Nothing,
    (message, server): (&Message, &Server),
    (question, zone): (&Question, &Name),
    (way, cache): (Way, &mut Cache),
) -> Cause {
    let remembered = remembered(message, &question.name, zone);
    if let Some(span) = remembered {
        let kind = if what == Nothing::Name { NO_TYPE } else { question.kind };
        let key = Question { name: question.name.clone(), kind };
        cache.keep_nothing(way, key, what, span, Instant::now());
    }
    let authoritative = message.authoritative;
    Cause::Nothing { what, by: Some(server.clone()), authoritative, remembered }
}

/// What a cache knows of a question: its records, that there is nothing, or an alias.
pub(super) fn known(
    cache: &Cache,
    way: Way,
    question: &Question,
) -> Option<(Question, Kept, Duration)> {
    [question.kind, NO_TYPE, CNAME].into_iter().find_map(|kind| {
        let key = Question { name: question.name.clone(), kind };
        let (kept, left) = cache.get(way, &key, Rank::Answered, Instant::now())?;
        let kept = kept.clone();
        Some((if kind == NO_TYPE { question.clone() } else { key }, kept, left))
    })
}

/// What the answer of a zone's server says.
#[derive(Debug)]
pub(super) enum Verdict {
    Chain(Chain),
    /// There is nothing of the name that the chain ends with.
    Nothing(Chain, Nothing),
    /// A zone further down, and the names of its servers.
    Referral(Name, Vec<Record>),
    Lame(&'static str),
    Malformed,
}

/// Judges the answer of a server that was said to serve `zone`.
pub(super) fn judge(message: &Message, question: &Question, zone: &Name) -> Result<Verdict, Cause> {
    let chain = Chain::follow(message, question, zone)?;
    let last = chain.last(question);
    if !chain.records.is_empty() || !(chain.aliases.is_empty() || last.is_within(zone)) {
        return Ok(Verdict::Chain(chain));
    }
    if message.rcode == 3 {
        return Ok(if message.authoritative {
            Verdict::Nothing(chain, Nothing::Name)
        } else {
            Verdict::Lame("it denies the name without authority")
        });
    }
    if !chain.is_empty() {
        // Of a name in the same zone the server would have said more, had it more to say.
        let said = message.authoritative && remembered(message, &last, zone).is_some();
        return Ok(if said {
            Verdict::Nothing(chain, Nothing::Data)
        } else {
            Verdict::Chain(chain)
        });
    }
    let servers =
        || message.records.iter().filter(|it| it.section == Section::Authority && it.kind == NS);
    let below = |it: &&Record| {
        it.owner != *zone && it.owner.is_within(zone) && question.name.is_within(&it.owner)
    };
    if let Some(deepest) = servers().filter(below).max_by_key(|record| record.owner.depth()) {
        let owner = deepest.owner.clone();
        let records = servers().filter(|record| record.owner == owner).cloned().collect();
        return Ok(Verdict::Referral(owner, records));
    }
    Ok(if message.authoritative && message.complete {
        Verdict::Nothing(chain, Nothing::Data)
    } else if !message.complete {
        Verdict::Malformed
    } else if servers().any(|record| record.owner != *zone && zone.is_within(&record.owner)) {
        Verdict::Lame("it points back up the tree")
    } else {
        Verdict::Lame("it has neither an answer nor authority, and points nowhere further down")
    })
}
