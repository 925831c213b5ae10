//! In what does a resolver's answer differ from that of the authorities?

/// The same question was put to the resolver and, from the root down, to the authorities.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Comparison {
    /// Empty when both say the same.
    pub differences: Vec<Difference>,
    /// How many seconds ago the resolver got its answer, if it is from its cache.
    pub age: Option<u32>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Difference {
    /// The resolver says these; the authority does not: an old answer, another view, or a lie.
    OnlyStub(Vec<String>),
    OnlyWalk(Vec<String>),
    /// The names passed through are not the same.
    Aliases {
        stub: Vec<String>,
        walk: Vec<String>,
    },
    /// The resolver lets records live longer than their authority.
    LivesLonger {
        stub: u32,
        walk: u32,
    },
    /// One finds records, or says why there are none, and the other says something else.
    Outcome {
        stub: &'static str,
        walk: &'static str,
    },
}
