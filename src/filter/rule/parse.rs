//! What does a rule mean?

use super::fields::{Place, Unclear};
use super::limit::{self, Limit, Relation};
use super::{Complaint, Fields, Kind, Rule, Test};
use crate::filter::token::{Walk, What};

/// In front of the names of troubles.
const TROUBLE: &str = "stall";

pub(super) fn rule(typed: &str, fields: &Fields) -> Result<Rule, Complaint> {
    let mut parser = Parser { tokens: Walk::over(typed)?, fields };
    if parser.tokens.peek().what == What::End {
        return Err(Complaint::new(0..0, "it is empty"));
    }
    let forbids = parser.accept("no");
    let (main, place) = if forbids { parser.trouble()? } else { parser.test(None)? };
    let mut conditions = Vec::new();
    let mut needs = place.needs;
    if parser.accept("if") {
        loop {
            let (condition, place) = parser.test(Some(place.subject))?;
            needs = needs.or(place.needs);
            conditions.push(condition);
            if !parser.accept("and") {
                break;
            }
        }
    }
    let end = parser.tokens.take();
    match end.what {
        What::End => {
            let text = typed.trim().to_owned();
            Ok(Rule { text, subject: place.subject, test: main, needs, conditions, forbids })
        }
        _ if conditions.is_empty() => {
            Err(Complaint::new(end.at, "nothing can follow here but `if`"))
        }
        _ => Err(Complaint::new(end.at, "nothing can follow here but `and`")),
    }
}

struct Parser<'f> {
    tokens: Walk,
    fields: &'f Fields,
}

impl Parser<'_> {
    /// Takes the next word if it is this one.
    fn accept(&mut self, word: &str) -> bool {
        let is_it = matches!(&self.tokens.peek().what, What::Word(known) if known == word);
        if is_it {
            self.tokens.take();
        }
        is_it
    }

    /// What must not occur: `stall` for all troubles, or the name of one.
    fn trouble(&mut self) -> Result<(Test, Place), Complaint> {
        let token = self.tokens.take();
        let What::Word(word) = &token.what else {
            return Err(Complaint::new(
                token.at,
                "the name of a trouble is missing here, or `stall`",
            ));
        };
        let name = if word == TROUBLE {
            format!("{TROUBLE}.count")
        } else {
            format!("{TROUBLE}.{word}.count")
        };
        let place = self.fields.place(&name, None).map_err(|_| {
            let nearest = self.nearest_trouble(word);
            let nearest =
                nearest.map_or(String::new(), |name| format!("; the nearest is {name:?}"));
            Complaint::new(token.at, format!("no trouble is called {word:?}{nearest}"))
        })?;
        let limit = Limit::Number(0.0);
        let test = Test { field: place.field, relation: Relation::Equal, limit, whole: None };
        Ok((test, place))
    }

    fn nearest_trouble(&self, word: &str) -> Option<&str> {
        let fields = self.fields.0.iter().flat_map(|subject| &subject.fields);
        let names = fields.filter_map(|field| {
            field.name.strip_prefix(TROUBLE)?.strip_prefix('.')?.strip_suffix(".count")
        });
        crate::wire::dictionary::closest(word, names.chain([TROUBLE]))
    }

    /// `subject` is the only one that may be meant, if there is only one.
    fn test(&mut self, subject: Option<usize>) -> Result<(Test, Place), Complaint> {
        let token = self.tokens.take();
        let What::Word(name) = token.what else {
            return Err(Complaint::new(token.at, "a field name is missing here"));
        };
        let place = self
            .fields
            .place(&name, subject)
            .map_err(|unclear| Complaint::new(token.at, self.unclear(&name, unclear, subject)))?;
        let kind = self.fields.0[place.subject].fields[place.field].kind;
        let sign = self.tokens.take();
        let relation = match sign.what {
            What::Symbol(symbol) => Relation::of(symbol),
            _ => None,
        };
        let relation = relation.ok_or_else(|| {
            Complaint::new(sign.at.clone(), "a comparison is missing here: <, <=, >, >=, == or !=")
        })?;
        if relation.is_ordered() && !kind.has_order() {
            let what = format!("{name} has no order; only == and != make sense");
            return Err(Complaint::new(sign.at, what));
        }
        let (limit, is_share) = self.limit(&name, kind)?;
        let whole = self.fields.0[place.subject].whole.filter(|_| is_share);
        Ok((Test { field: place.field, relation, limit, whole }, place))
    }

    fn limit(&mut self, name: &str, kind: Kind) -> Result<(Limit, bool), Complaint> {
        let token = self.tokens.take();
        match token.what {
            What::Word(word) => {
                limit::read(&word, name, kind).map_err(|what| Complaint::new(token.at, what))
            }
            What::Quoted(text) if kind == Kind::Text => Ok((Limit::Text(text), false)),
            What::Quoted(text) => {
                let word = String::from_utf8_lossy(&text);
                limit::read(&word, name, kind).map_err(|what| Complaint::new(token.at, what))
            }
            _ => Err(Complaint::new(token.at, "a value is missing here")),
        }
    }

    fn unclear(&self, name: &str, unclear: Unclear, subject: Option<usize>) -> String {
        match unclear {
            Unclear::Several(names) => {
                const SHOWN: usize = 4;
                let more = if names.len() > SHOWN { ", ..." } else { "" };
                let names = names[..names.len().min(SHOWN)].join(", ");
                format!("{name:?} may be any of these, write which: {names}{more}")
            }
            Unclear::Unknown(nearest) => {
                let of = subject.map_or(String::new(), |subject| {
                    format!(" of the same {}", self.fields.0[subject].name)
                });
                let nearest =
                    nearest.map_or(String::new(), |name| format!("; the nearest is {name:?}"));
                format!("no field{of} is called {name:?}{nearest}")
            }
        }
    }
}
