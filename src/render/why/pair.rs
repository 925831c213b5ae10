//! What took longer in one capture than in another?

use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use super::audit::Audit;
use super::page::{Page, ranked};
use super::{Form, record, words};
use crate::flow::tcp::Connection;
use crate::flow::{Flows, Seen};
use crate::ink::Paint;
use crate::render::Report;
use crate::render::clock::Calendar;
use crate::render::out::Out;
use crate::render::sheet::{self, Sheet};
use crate::render::tally::{self, Tally};
use crate::tale::accounts::{Account, Whole};
use crate::tale::bucket::Bucket;
use crate::timeline::{About, nanos};
use crate::wire::Packet;

/// What became of the time of one capture.
#[derive(Debug, Default)]
pub struct One {
    whole: Whole,
    accounts: Vec<Account>,
    lines: Vec<String>,
    record: Vec<u8>,
}

/// Reads one capture, and tells nothing yet.
pub struct Gather {
    to: Rc<RefCell<One>>,
    audit: Audit,
    tally: Tally,
}

/// Buckets in which the two differ by less than this are not told.
const DIFFERENCE: Duration = Duration::from_millis(1);
/// Cells for the words of a bucket, and for each time.
const WORDS: usize = 42;
const COLUMN: usize = 13;

impl Gather {
    /// What is found out is there once everything was read.
    pub fn into(to: &Rc<RefCell<One>>) -> Self {
        Self { to: Rc::clone(to), audit: Audit::new(None), tally: Tally::default() }
    }
}

impl Report for Gather {
    fn packet(&mut self, packet: &Packet<'_>, seen: &Seen<'_>) -> io::Result<()> {
        self.tally.follow(packet, seen);
        self.audit.accounts.observe(packet, seen);
        Ok(())
    }

    fn gone(&mut self, connection: &Connection) -> io::Result<()> {
        self.tally.judge(connection);
        if let Some(account) = self.audit.close(connection) {
            self.audit.keep(account);
        }
        Ok(())
    }

    fn end(&mut self, about: &About, flows: &Flows) -> io::Result<()> {
        self.all_gone(flows)?;
        let mut ink = crate::ink::Ink::default();
        tally::record(about, Some(&self.tally), &mut Calendar::utc(), &mut ink);
        *self.to.borrow_mut() = One {
            whole: self.audit.accounts.end(),
            accounts: self.audit.worst(),
            lines: self.audit.sight.lines(about, &self.tally),
            record: ink.as_bytes().to_vec(),
        };
        Ok(())
    }
}

/// Tells both side by side; the second is held against the first.
pub fn compare(pair: [&One; 2], form: Form, out: &mut Out) -> io::Result<()> {
    match form {
        Form::Ndjson => records(pair, out)?,
        Form::Page { width } => page(pair, usize::from(width), out),
    }
    out.flush()
}

/// By how much the second took longer, or shorter.
fn differences(pair: [&One; 2]) -> Vec<(Bucket, [Duration; 2])> {
    let times = |bucket: Bucket| pair.map(|one| one.whole.sum(bucket));
    let mut all: Vec<_> = Bucket::ALL.iter().map(|bucket| (*bucket, times(*bucket))).collect();
    all.retain(|(_, [one, other])| !one.is_zero() || !other.is_zero());
    all.sort_by_key(|(_, [one, other])| std::cmp::Reverse(one.abs_diff(*other)));
    all
}

fn sentence(pair: [&One; 2]) -> String {
    let walls = pair.map(|one| one.whole.all.wall);
    let worst = differences(pair).into_iter().next();
    let difference = walls[0].abs_diff(walls[1]);
    let Some((bucket, [one, other])) = worst
        .filter(|(_, [one, other])| one.abs_diff(*other) >= DIFFERENCE && difference >= DIFFERENCE)
    else {
        return "Both took their time for the same.".to_owned();
    };
    let more = |longer: bool| if longer { "longer" } else { "shorter" };
    format!(
        "The second took {} {}; most of that is {}: {} instead of {}.",
        words::duration(difference),
        more(walls[1] > walls[0]),
        words::bucket(bucket),
        words::duration(other),
        words::duration(one),
    )
}

fn page(pair: [&One; 2], width: usize, out: &mut Out) {
    let mut page = Page { ink: &mut out.ink, width };
    for (at, one) in pair.iter().enumerate() {
        for (line, words) in one.lines.iter().enumerate() {
            let mark = ["1  ", "2  "][at];
            page.sentence(&format!("{}{words}", if line == 0 { mark } else { "   " }), 0, 3);
        }
    }
    page.blank();
    page.sentence(&sentence(pair), 0, 0);
    for (at, one) in pair.iter().enumerate() {
        page.sentence(&format!("{}: {}", at + 1, words::of_whole(&one.whole)), 0, 3);
    }
    page.heading("Where the time went", "what differs most comes first");
    let ink = &mut *page.ink;
    ink.begin(Paint::Faint).spaces(WORDS);
    for name in ["first", "second", "difference"] {
        ink.spaces(COLUMN - name.len()).text(name);
    }
    ink.plain().text("\n");
    let walls = pair.map(|one| one.whole.all.wall);
    for (bucket, times) in differences(pair) {
        row(&mut page, words::bucket(bucket), times);
    }
    row(&mut page, "in all", walls);
    let [before, mut new] = pair.map(|one| ranked(&one.whole, &one.accounts));
    new.retain(|(_, stall)| before.iter().all(|(_, known)| known.name != stall.name));
    if !new.is_empty() {
        page.heading("What stood in the way of the second alone", "");
        for (at, (id, stall)) in new.into_iter().take(super::STALLS).enumerate() {
            page.stall(at + 1, stall, id);
        }
    }
}

fn row(page: &mut Page<'_>, words: &str, [one, other]: [Duration; 2]) {
    let difference = match one.cmp(&other) {
        std::cmp::Ordering::Less => format!("+{}", words::duration(other.saturating_sub(one))),
        std::cmp::Ordering::Equal => "=".to_owned(),
        std::cmp::Ordering::Greater => format!("-{}", words::duration(one.saturating_sub(other))),
    };
    let cells = crate::render::fit::cells;
    page.ink.text("  ").text(words).spaces((WORDS - 2).saturating_sub(cells(words)));
    for time in [words::duration(one), words::duration(other), difference] {
        page.ink.spaces(COLUMN.saturating_sub(cells(&time))).text(&time);
    }
    page.ink.text("\n");
}

fn records(pair: [&One; 2], out: &mut Out) -> io::Result<()> {
    for one in pair {
        out.ink.again(&one.record);
        out.line()?;
        record::whole(&one.whole, &mut out.ink);
        out.line()?;
    }
    let mut sheet = Sheet::new(&mut out.ink, sheet::Form::Json);
    sheet.words("type", Some("comparison"));
    sheet.nest("wall", |sheet| times(pair.map(|one| one.whole.all.wall), sheet));
    sheet.nest("buckets", |sheet| {
        for bucket in Bucket::ALL {
            let both = pair.map(|one| one.whole.sum(bucket));
            sheet.nest(bucket.key(), |sheet| times(both, sheet));
        }
    });
    sheet.words("sentence", Some(&sentence(pair)));
    sheet.end();
    out.line()
}

fn times(both: [Duration; 2], sheet: &mut Sheet<'_>) {
    let [first, second] = both.map(nanos);
    sheet.number("first_ns", Some(first));
    sheet.number("second_ns", Some(second));
    let signed = |nanos: u64| i64::try_from(nanos).unwrap_or(i64::MAX);
    sheet.signed("difference_ns", Some(signed(second) - signed(first)));
}
