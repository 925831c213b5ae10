//! How does a rule stand, and who broke it?

use super::Form;
use super::proof::{self, Noted, Proof};
use super::values::Values;
use crate::filter::rule::{Found, Judgement, Record, Rule, Value, share};
use crate::tale::accounts::Account;
use crate::tale::stall::{Packets, Stall};
use crate::timeline::Timestamp;

/// Offenders of a rule on the page.
pub(super) const SHOWN: usize = 10;
/// Offenders of a rule in a record; how many there are more is counted.
pub(super) const TOLD: usize = 100_000;

/// A rule, and how it stands.
#[derive(Debug)]
pub(super) struct Standing {
    pub(super) rule: Rule,
    pub(super) proof: Proof,
    pub(super) held: u64,
    pub(super) broken: u64,
    pub(super) unknown: u64,
    /// Whether it is broken by what only several connections show.
    pub(super) is_common: bool,
    /// Those that broke it, as far as they are kept.
    pub(super) offenders: Vec<Offender>,
}

/// A record that breaks a rule.
#[derive(Debug)]
pub(super) struct Offender {
    pub(super) whose: Whose,
    pub(super) worth: Worth,
    pub(super) packets: Packets,
    /// By how much it is beyond the limit.
    pub(super) excess: f64,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Whose {
    Connection(u32),
    Flow(u32),
    Exchange(u64),
    Capture,
}

/// The value that breaks a rule.
#[derive(Debug)]
pub(super) enum Worth {
    /// In the unit of the field.
    Number(u64),
    Signed(i64),
    Share(f64),
    /// Nanoseconds, and which share of the whole they are.
    Part(u64, f64),
    Flag(bool),
    Text(Box<[u8]>),
    Time(Timestamp),
    /// A trouble that should not be, and how often there was any.
    Trouble(Box<Stall>, u64),
}

/// What shows the packets of a record, beside itself.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Proofs<'p> {
    pub(super) account: Option<&'p Account>,
    pub(super) stalls: &'p [Stall],
    pub(super) noted: Option<&'p Noted>,
    /// Whether it is of what several connections have in common.
    pub(super) is_common: bool,
}

impl Standing {
    pub(super) fn new(rule: Rule, proof: Proof) -> Self {
        let (held, broken, unknown) = (0, 0, 0);
        Self { rule, proof, held, broken, unknown, is_common: false, offenders: Vec::new() }
    }

    /// Judges a record, and says so where it breaks the rule.
    pub(super) fn judge(
        &mut self,
        whose: Whose,
        values: &Values,
        proofs: &Proofs<'_>,
    ) -> Option<Offender> {
        match self.rule.judge(values) {
            Judgement::None => {}
            Judgement::Unknown => self.unknown += 1,
            // What connections have in common is one more only where they have something.
            Judgement::Held if proofs.is_common => {}
            Judgement::Held => self.held += 1,
            Judgement::Broken => {
                self.broken += 1;
                self.is_common |= proofs.is_common;
                return Some(self.offender(whose, values, proofs));
            }
        }
        None
    }

    fn offender(&self, whose: Whose, values: &Values, proofs: &Proofs<'_>) -> Offender {
        let trouble = match self.proof {
            Proof::Trouble(name) => proof::worst(proofs.stalls, name),
            _ => None,
        };
        let packets = trouble.map_or_else(
            || self.proof.packets(values, proofs.account, proofs.noted),
            |stall| stall.packets.clone(),
        );
        let worth = match (values.find(self.rule.field()), trouble) {
            (Found::Known(Value::Number(count)), Some(stall)) if self.rule.forbids() => {
                Worth::Trouble(Box::new(stall.clone()), count)
            }
            (Found::Known(value), _) => self.worth(value, values),
            _ => Worth::Number(0),
        };
        Offender { whose, worth, packets, excess: self.rule.excess(values) }
    }

    fn worth(&self, value: Value<'_>, values: &Values) -> Worth {
        let whole = self.rule.whole().map(|field| values.find(field));
        match (value, whole) {
            (Value::Number(part), Some(Found::Known(Value::Number(whole)))) => {
                Worth::Part(part, share(part, whole))
            }
            (Value::Number(number), _) => Worth::Number(number),
            (Value::Signed(number), _) => Worth::Signed(number),
            (Value::Share(share), _) => Worth::Share(share),
            (Value::Flag(flag), _) => Worth::Flag(flag),
            (Value::Text(text), _) => Worth::Text(text.into()),
            (Value::Time(time), _) => Worth::Time(time),
        }
    }

    /// Keeps one that breaks the rule: on a page the worst, in records as many as there is room for.
    pub(super) fn keep(&mut self, offender: Offender, form: Form) {
        match form {
            Form::Nothing | Form::Stream => {}
            Form::Ndjson if self.offenders.len() >= TOLD => {}
            Form::Ndjson => self.offenders.push(offender),
            Form::Page => {
                let worse = |one: &Offender| one.excess >= offender.excess;
                let at = self.offenders.partition_point(worse);
                self.offenders.insert(at, offender);
                self.offenders.truncate(SHOWN);
            }
        }
    }
}
