//! In what does a resolver's answer differ from that of the authorities?

use super::lookup::{self, Cause, Difference, Failure, Nothing, Record};
use super::{Found, Whence};

/// The same question, answered by the stub's server and by the walk.
#[derive(Clone, Debug)]
pub struct Comparison {
    pub stub: Result<Found, Failure>,
    pub walk: Result<Found, Failure>,
    /// Empty when both say the same.
    pub differences: Vec<Difference>,
}

impl Comparison {
    pub(super) fn of(stub: Result<Found, Failure>, walk: Result<Found, Failure>) -> Self {
        let differences = match (&stub, &walk) {
            (Ok(stub), Ok(walk)) => differences(stub, walk),
            (Err(a), Err(b)) if a.code() == b.code() => Vec::new(),
            (stub, walk) => vec![Difference::Outcome { stub: outcome(stub), walk: outcome(walk) }],
        };
        Self { stub, walk, differences }
    }

    /// What is told of it.
    pub fn told(&self) -> lookup::Comparison {
        lookup::Comparison { differences: self.differences.clone(), age: self.age() }
    }

    /// How many seconds ago the resolver got its answer from the authority, if it is from its cache.
    pub fn age(&self) -> Option<u32> {
        let (Ok(stub), Ok(walk)) = (&self.stub, &self.walk) else { return None };
        let Whence::Server { authoritative: false, .. } = stub.whence else { return None };
        ttl(walk)?.checked_sub(ttl(stub)?).filter(|age| *age > 0)
    }
}

fn outcome(result: &Result<Found, Failure>) -> &'static str {
    match result {
        Ok(_) => "found",
        Err(Failure { cause: Cause::Nothing { what: Nothing::Name, .. }, .. }) => "no such name",
        Err(failure) => failure.code(),
    }
}

fn ttl(found: &Found) -> Option<u32> {
    found.records.iter().map(|record| record.ttl).min()
}

fn differences(stub: &Found, walk: &Found) -> Vec<Difference> {
    let mut differences = Vec::new();
    let only = |here: &Found, there: &Found| -> Vec<String> {
        let is_there =
            |record: &Record| there.records.iter().any(|other| record.data == other.data);
        here.records
            .iter()
            .filter(|record| !is_there(record))
            .map(|record| record.said.clone())
            .collect()
    };
    let (only_stub, only_walk) = (only(stub, walk), only(walk, stub));
    if !only_stub.is_empty() {
        differences.push(Difference::OnlyStub(only_stub));
    }
    if !only_walk.is_empty() {
        differences.push(Difference::OnlyWalk(only_walk));
    }
    let names = |found: &Found| -> Vec<String> {
        found.aliases.iter().map(|alias| alias.said.to_ascii_lowercase()).collect()
    };
    let (stubs, walks) = (names(stub), names(walk));
    if stubs != walks {
        differences.push(Difference::Aliases { stub: stubs, walk: walks });
    }
    if let (Some(stub), Some(walk)) = (ttl(stub), ttl(walk))
        && stub > walk
    {
        differences.push(Difference::LivesLonger { stub, walk });
    }
    differences
}
