//! What does one record hold, by the numbers of its fields?
//!
//! The records themselves are asked, by the same words that write them: a rule sees what a record says.

use std::ops::Range;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use crate::filter::rule::{Field, Fields, Found, Kind, Record, Subject, Value};
use crate::flow::exchange::Exchange;
use crate::flow::tcp::Connection;
use crate::flow::{Datagrams, Side};
use crate::ink::Ink;
use crate::render::clock::Calendar;
use crate::render::flows::Known;
use crate::render::owners::Owners;
use crate::render::sheet::{Form, Sheet, Taker};
use crate::render::tally::{self, Tally};
use crate::render::{exchanges, flows, why};
use crate::tale::accounts::Account;
use crate::tale::stall::{Name, Stall};
use crate::timeline::About;

/// The sorts of records, in the order in which names are looked for.
pub(super) const CONNECTION: usize = 0;
pub(super) const EXCHANGE: usize = 1;
pub(super) const CAPTURE: usize = 2;
pub(super) const FLOW: usize = 3;

/// What is known of a connection beside its own record.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Beside<'b> {
    /// Where its time went, if that was followed.
    pub(super) account: Option<&'b Account>,
    /// The share of its segments with data that were sent again, if those were counted.
    pub(super) resent: Option<f64>,
}

/// All values of one record; used again for the next.
#[derive(Debug)]
pub(super) struct Values {
    places: HashMap<String, usize, RandomState>,
    cells: Vec<Cell>,
    /// What texts are cut from.
    text: Vec<u8>,
}

#[derive(Clone, Debug, Default)]
enum Cell {
    #[default]
    Nothing,
    Unknown,
    Number(u64),
    Signed(i64),
    Share(f64),
    Flag(bool),
    Time(crate::timeline::Timestamp),
    Text(Range<usize>),
}

impl Values {
    pub(super) fn of(subject: &Subject) -> Self {
        let names = subject.fields.iter().enumerate();
        let places = names.map(|(at, field)| (field.name.clone(), at)).collect();
        Self { places, cells: vec![Cell::Nothing; subject.fields.len()], text: Vec::new() }
    }

    /// Takes the values of a record in the place of those before.
    pub(super) fn fill(&mut self, write: impl FnOnce(&mut Sheet<'_>)) {
        self.cells.fill(Cell::Nothing);
        self.text.clear();
        write(&mut Sheet::handed(&mut Ink::default(), Form::Values, self));
    }
}

impl Taker for Values {
    fn take(&mut self, name: &str, _: Kind, value: Option<Value<'_>>) {
        let Some(place) = self.places.get(name) else { return };
        self.cells[*place] = match value {
            None => Cell::Unknown,
            Some(Value::Number(number)) => Cell::Number(number),
            Some(Value::Signed(number)) => Cell::Signed(number),
            Some(Value::Share(share)) => Cell::Share(share),
            Some(Value::Flag(flag)) => Cell::Flag(flag),
            Some(Value::Time(time)) => Cell::Time(time),
            Some(Value::Text(text)) => {
                let from = self.text.len();
                self.text.extend_from_slice(text);
                Cell::Text(from..self.text.len())
            }
        };
    }
}

impl Record for Values {
    fn find(&self, field: usize) -> Found<'_> {
        Found::Known(match &self.cells[field] {
            Cell::Nothing => return Found::Nothing,
            Cell::Unknown => return Found::Unknown,
            Cell::Number(number) => Value::Number(*number),
            Cell::Signed(number) => Value::Signed(*number),
            Cell::Share(share) => Value::Share(*share),
            Cell::Flag(flag) => Value::Flag(*flag),
            Cell::Time(time) => Value::Time(*time),
            Cell::Text(range) => Value::Text(&self.text[range.clone()]),
        })
    }
}

/// Learns which fields a sort of records has.
struct Names(Vec<Field>);

impl Taker for Names {
    fn take(&mut self, name: &str, kind: Kind, _: Option<Value<'_>>) {
        self.0.push(Field { name: name.to_owned(), kind });
    }
}

/// Everything that a rule may name.
pub(super) fn fields() -> Fields {
    let (known, mut calendar) = (Known::default(), Calendar::utc());
    let named = |name, write: &mut dyn FnMut(&mut Sheet<'_>)| {
        let mut names = Names(Vec::new());
        write(&mut Sheet::handed(&mut Ink::default(), Form::Kinds, &mut names));
        Subject { name, fields: names.0, ..Subject::default() }
    };
    let mut connections = named("connection", &mut |sheet| {
        connection(&Connection::unknown(), &known, Beside::default(), sheet, &mut calendar);
    });
    connections.fronts = &["budget.buckets.", "budget."];
    connections.whole = connections.find("budget.wall_ns");
    let mut asked = named("exchange", &mut |sheet| {
        exchange(&Exchange::unknown(), sheet, &mut calendar);
    });
    asked.topics = topics(&asked);
    let whole = named("capture", &mut |sheet| {
        tally::facts(&About::default(), None, sheet, &mut calendar);
    });
    let datagrams = named("flow", &mut |sheet| {
        flows::record::datagrams(&Datagrams::unknown(), &known, sheet, &mut calendar);
    });
    Fields(vec![connections, asked, whole, datagrams])
}

/// The members of an exchange that only some have: all that have members themselves, but the two ends.
fn topics(exchanges: &Subject) -> Vec<String> {
    let outer = exchanges.fields.iter().filter_map(|field| field.name.split_once('.'));
    let mut topics: Vec<String> = outer
        .map(|(topic, _)| topic.to_owned())
        .filter(|topic| !matches!(topic.as_str(), "asker" | "asked"))
        .collect();
    topics.dedup();
    topics
}

/// Writes the record of a connection, its budget, its troubles, and what people have short names for.
pub(super) fn connection(
    one: &Connection,
    known: &Known,
    beside: Beside<'_>,
    sheet: &mut Sheet<'_>,
    calendar: &mut Calendar,
) {
    flows::record::connection(one, known, sheet, calendar);
    let account = beside.account;
    sheet.nest("budget", |sheet| why::record::figures(account, sheet));
    troubles(account.map(|account| account.stalls.as_slice()), sheet);
    sheet.span("rtt", Kind::Duration, one.rtt());
    sheet.span("handshake", Kind::Duration, one.handshake().duration());
    sheet.share("retransmitted", beside.resent);
}

/// Writes how long each trouble took, and how often there was one: of those that did not occur, nothing.
pub(super) fn troubles(stalls: Option<&[Stall]>, sheet: &mut Sheet<'_>) {
    sheet.nest(STALL, |sheet| {
        let all = stalls.map(|stalls| stalls.iter().map(|stall| stall.count).sum::<u64>());
        sheet.number("count", all);
        for name in Name::ALL {
            let own = stalls.map(|stalls| stalls.iter().filter(move |stall| stall.name == name));
            let time = own.clone().map(|own| own.map(|stall| stall.time).sum());
            sheet.span(name.key(), Kind::Duration, time);
            sheet.nest(name.key(), |sheet| {
                sheet.number("count", own.map(|own| own.map(|stall| stall.count).sum::<u64>()));
            });
        }
    });
}

/// What stands in front of the names of troubles.
pub(super) const STALL: &str = "stall";

/// Writes the record of an exchange.
pub(super) fn exchange(one: &Exchange, sheet: &mut Sheet<'_>, calendar: &mut Calendar) {
    exchanges::record::record(one, Owners::default(), sheet, calendar);
}

/// Writes the record of the capture, once all was counted.
pub(super) fn capture(
    about: &About,
    tally: &Tally,
    sheet: &mut Sheet<'_>,
    calendar: &mut Calendar,
) {
    tally::facts(about, Some(tally), sheet, calendar);
}

/// The sides, as the fields of a connection name them.
pub(super) const SIDES: [(&str, Side); 2] = [("client.", Side::Client), ("server.", Side::Server)];
