//! Which limits are kept, which are broken, and which packets show it?
//!
//! Each record is judged as soon as it is final.

mod page;
mod proof;
mod standing;
mod values;

use std::cell::Cell;
use std::io;
use std::rc::Rc;

use super::Report;
use super::clock::Calendar;
use super::flows::{Known, Naming};
use super::out::Out;
use super::tally::{self, Tally};
use crate::filter::rule::{Fields, Rule};
use crate::flow::exchange::{Exchange, Exchanges, Wanted};
use crate::flow::tcp::Connection;
use crate::flow::{Datagrams, Flows, Seen};
use crate::tale::accounts::{Accounts, Whole};
use crate::timeline::About;
use crate::wire::Packet;
use proof::{Noted, Proof, Signs};
use standing::{Proofs, Standing, Whose};
use values::{Beside, CAPTURE, CONNECTION, EXCHANGE, FLOW, STALL, Values};

/// How it is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Form {
    /// For people: at the end, with the worst of those that break a rule.
    Page,
    /// Likewise, with each that breaks a rule as soon as it is found.
    Stream,
    Ndjson,
    Nothing,
}

/// Everything that a rule may name.
pub fn fields() -> Fields {
    values::fields()
}

/// Whether any rule was broken, once all was told.
#[derive(Clone, Debug, Default)]
pub struct Outcome(Rc<Cell<bool>>);

impl Outcome {
    pub fn is_broken(&self) -> bool {
        self.0.get()
    }
}

/// Judges records by rules.
pub struct Check {
    out: Out,
    form: Form,
    outcome: Outcome,
    fields: Fields,
    rules: Vec<Standing>,
    /// One for each sort of records.
    values: Vec<Values>,
    known: Known,
    signs: Signs,
    /// Where no rule asks for time, it is not followed.
    accounts: Option<Accounts>,
    exchanges: Option<Exchanges>,
    calendar: Calendar,
    tally: Tally,
}

impl Check {
    pub fn new(out: Out, form: Form, rules: Vec<Rule>) -> (Self, Outcome) {
        let fields = values::fields();
        let mut signs = Signs::default();
        let rules: Vec<Standing> = rules
            .into_iter()
            .map(|rule| {
                let subject = &fields.0[rule.subject()];
                let name = &subject.fields[rule.field()].name;
                let proof = if rule.subject() == CONNECTION {
                    Proof::of_connection(name, subject, &mut signs)
                } else {
                    Proof::of_other(name, subject)
                };
                Standing::new(rule, proof)
            })
            .collect();
        let names = |subject: usize| {
            let of = rules.iter().filter(move |one| one.rule.subject() == subject);
            of.flat_map(|one| one.rule.fields()).map(|at| &*fields.0[CONNECTION].fields[at].name)
        };
        let is_time = |name: &str| name.starts_with("budget.") || name.starts_with(STALL);
        let accounts = names(CONNECTION).any(is_time).then(Accounts::default);
        let is_asked = rules.iter().any(|one| one.rule.subject() == EXCHANGE);
        let exchanges = is_asked.then(Exchanges::default);
        let values = fields.0.iter().map(Values::of).collect();
        let outcome = Outcome::default();
        let check = Self {
            out,
            form,
            outcome: outcome.clone(),
            fields,
            rules,
            values,
            known: Known::new(Naming::Names),
            signs,
            accounts,
            exchanges,
            calendar: Calendar::utc(),
            tally: Tally::default(),
        };
        (check, outcome)
    }

    /// Judges the record that was just taken.
    fn judge(&mut self, subject: usize, whose: Whose, proofs: Proofs<'_>) -> io::Result<()> {
        let values = &self.values[subject];
        for one in self.rules.iter_mut().filter(|one| one.rule.subject() == subject) {
            let Some(offender) = one.judge(whose, values, &proofs) else { continue };
            self.outcome.0.set(true);
            if self.form == Form::Stream {
                let field = &self.fields.0[subject].fields[one.rule.field()];
                page::offender(one, &offender, field, &mut self.out.ink);
                self.out.line()?;
            } else {
                one.keep(offender, self.form);
            }
        }
        Ok(())
    }

    fn judge_exchange(&mut self, one: &Exchange) -> io::Result<()> {
        let calendar = &mut self.calendar;
        self.values[EXCHANGE].fill(|sheet| values::exchange(one, sheet, calendar));
        self.judge(EXCHANGE, Whose::Exchange(one.id), Proofs::default())
    }

    /// Judges the exchanges that became final.
    fn hear(&mut self) -> io::Result<()> {
        let Some(exchanges) = &mut self.exchanges else { return Ok(()) };
        let told: Vec<Exchange> =
            exchanges.told().filter(|one| one.wanted == Wanted::Yes).collect();
        told.iter().try_for_each(|one| self.judge_exchange(one))
    }

    /// Judges what only several connections show.
    fn judge_whole(&mut self, whole: &Whole) -> io::Result<()> {
        self.values[CONNECTION].fill(|sheet| values::troubles(Some(&whole.stalls), sheet));
        let proofs = Proofs { stalls: &whole.stalls, is_common: true, ..Proofs::default() };
        self.judge(CONNECTION, Whose::Capture, proofs)
    }

    fn judge_capture(&mut self, about: &About) -> io::Result<()> {
        let (tally, calendar) = (&self.tally, &mut self.calendar);
        self.values[CAPTURE].fill(|sheet| values::capture(about, tally, sheet, calendar));
        self.judge(CAPTURE, Whose::Capture, Proofs::default())
    }
}

impl Report for Check {
    fn begin(&mut self, about: &About) -> io::Result<()> {
        self.known.read(about);
        if self.form != Form::Ndjson {
            return Ok(());
        }
        tally::record(about, None, &mut self.calendar, &mut self.out.ink);
        self.out.line()
    }

    fn packet(&mut self, packet: &Packet<'_>, seen: &Seen<'_>) -> io::Result<()> {
        self.tally.follow(packet, seen);
        self.known.ask(seen);
        self.known.learn(packet, seen);
        self.signs.observe(packet, seen);
        if let Some(accounts) = &mut self.accounts {
            accounts.observe(packet, seen);
        }
        if let Some(exchanges) = &mut self.exchanges {
            exchanges.observe(packet, seen, Wanted::Yes);
            self.hear()?;
        }
        Ok(())
    }

    fn left_out(&mut self, packet: &Packet<'_>, seen: &Seen<'_>) -> io::Result<()> {
        if let Some(exchanges) = &mut self.exchanges {
            exchanges.observe(packet, seen, Wanted::No);
            self.hear()?;
        }
        Ok(())
    }

    fn gone(&mut self, connection: &Connection) -> io::Result<()> {
        let id = connection.id();
        if let Some(exchanges) = &mut self.exchanges {
            exchanges.over(id);
            self.hear()?;
        }
        let account = self.accounts.as_mut().and_then(|accounts| accounts.close(connection));
        let noted = self.signs.take(id);
        if !self.known.tells(id) {
            return Ok(());
        }
        self.tally.judge(connection);
        let resent = noted.as_ref().and_then(Noted::resent);
        let beside = Beside { account: account.as_ref(), resent };
        let (known, calendar) = (&self.known, &mut self.calendar);
        self.values[CONNECTION]
            .fill(|sheet| values::connection(connection, known, beside, sheet, calendar));
        let stalls = account.as_ref().map_or(&[][..], |account| &account.stalls);
        let proofs =
            Proofs { account: account.as_ref(), stalls, noted: noted.as_ref(), is_common: false };
        self.judge(CONNECTION, Whose::Connection(id), proofs)?;
        self.known.forget(id);
        Ok(())
    }

    fn silent(&mut self, datagrams: &Datagrams) -> io::Result<()> {
        let id = datagrams.id();
        if !self.known.tells(id) {
            return Ok(());
        }
        let (known, calendar) = (&self.known, &mut self.calendar);
        self.values[FLOW].fill(|sheet| {
            super::flows::record::datagrams(datagrams, known, sheet, calendar);
        });
        self.judge(FLOW, Whose::Flow(id), Proofs::default())?;
        self.known.forget(id);
        Ok(())
    }

    fn lull(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    fn end(&mut self, about: &About, flows: &Flows) -> io::Result<()> {
        self.known.read(about);
        self.all_gone(flows)?;
        if let Some(exchanges) = &mut self.exchanges {
            exchanges.end();
            self.hear()?;
        }
        if let Some(whole) = self.accounts.as_mut().map(Accounts::end) {
            self.judge_whole(&whole)?;
        }
        self.judge_capture(about)?;
        match self.form {
            Form::Nothing => {}
            Form::Ndjson => {
                for one in &self.rules {
                    page::record(one, &mut self.calendar, &mut self.out.ink);
                    self.out.line()?;
                }
                tally::record(about, Some(&self.tally), &mut self.calendar, &mut self.out.ink);
                self.out.line()?;
            }
            Form::Page | Form::Stream => {
                if self.form == Form::Stream && self.outcome.is_broken() {
                    self.out.line()?;
                }
                page::page(&self.rules, &self.fields, &mut self.out.ink);
            }
        }
        self.out.flush()
    }
}
