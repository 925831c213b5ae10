//! What happened in a fetch, for programs: one JSON object a line, or one document?
//!
//! An event is written as soon as nothing can be added to it: a call's packets, and a packet's call, are known
//! only later. So events are numbered as they leave, and it is their times that tell what came first. When a
//! URL has been fetched, what each transfer's time was spent on is told, and why those failed that did.

mod calls;
mod ends;
mod event;
mod https;
mod join;
mod names;
mod packets;
mod secured;
mod segments;
mod steps;
mod ways;

use std::io;
use std::mem::take;

use super::Report;
use super::clock::Calendar;
use super::fetch::Secrets;
use super::out::Out;
use super::tally::{self, Tally};
use crate::flow::{Flows, Seen};
use crate::ink::Ink;
use crate::tale::fetch::{Account, Told, Whole};
use crate::timeline::fetch::{Event as Happened, Step};
use crate::timeline::{About, Call, Timestamp};
use crate::wire::Packet;
use event::Event;
use join::Joint;

/// Writes `event` records, and `timing` and `fault` after those of each URL that was asked for.
pub struct Events {
    out: Out,
    form: Form,
    calendar: Calendar,
    tally: Tally,
    account: Account,
    packets: packets::Packets,
    calls: calls::Calls,
    has_packets: bool,
    secrets: Secrets,
    /// Of the URL that is being fetched; what was written holds little more than its number.
    told: Vec<Event>,
    /// Those that were not written yet, in the order they came.
    held: Vec<usize>,
    joint: Joint,
    /// When it was looked last how many can be written, so many were there.
    looked: usize,
    written: u64,
    /// What times count from: when the first transfer began.
    origin: Option<Timestamp>,
    /// Of the account, how many transfers and rounds were written.
    accounted: (usize, usize),
    /// Events beyond what is kept.
    omitted: u64,
    /// Members of the document that come behind the events.
    timings: Ink,
    faults: Ink,
}

/// What is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Form {
    /// Each record in a line.
    Lines,
    /// One object: `capture` is the record of that name, `events`, `timing` and `fault` are lists of records.
    /// The events of a URL come in the order they began.
    Document,
}

/// More than any fetch within the limits has; beyond, events are left out, and the last line says so.
const KEPT: usize = 1 << 19;

/// When so many more have come it is looked which of them can be written, even if there is no lull.
const LOOKED: usize = 1024;

impl Events {
    pub fn new(out: Out, form: Form) -> Self {
        Self {
            out,
            form,
            calendar: Calendar::utc(),
            tally: Tally::default(),
            account: Account::default(),
            packets: packets::Packets::default(),
            calls: calls::Calls::default(),
            has_packets: false,
            secrets: Secrets::Masked,
            told: Vec::new(),
            held: Vec::new(),
            joint: Joint::default(),
            looked: 0,
            written: 0,
            origin: None,
            accounted: (0, 0),
            omitted: 0,
            timings: Ink::default(),
            faults: Ink::default(),
        }
    }

    /// Passwords and the like as they are, if that is wanted.
    #[must_use]
    pub fn with_secrets(self, secrets: Secrets) -> Self {
        Self { secrets, ..self }
    }

    fn add(&mut self, events: impl IntoIterator<Item = Event>) -> io::Result<()> {
        for event in events {
            if self.told.len() == KEPT {
                self.omitted += 1;
                continue;
            }
            let at = self.told.len();
            if event.is_told {
                self.held.push(at);
            }
            self.told.push(event);
            self.joint.hear(&mut self.told, at);
        }
        if self.held.len() < self.looked + LOOKED { Ok(()) } else { self.release(Which::Final) }
    }

    /// Writes those that can be written.
    fn release(&mut self, which: Which) -> io::Result<()> {
        let is_early = self.form == Form::Document || self.origin.is_none();
        if which == Which::Final && is_early {
            self.looked = self.held.len();
            return Ok(());
        }
        let (mut ready, held): (Vec<usize>, Vec<usize>) = take(&mut self.held)
            .into_iter()
            .partition(|&at| which == Which::All || self.joint.is_final(&self.told, at));
        (self.looked, self.held) = (held.len(), held);
        ready.sort_by_key(|&at| (self.told[at].start, at));
        for &at in &ready {
            self.joint.complete(&mut self.told, at);
            self.written += 1;
            self.told[at].id = Some(self.written);
        }
        let first = ready.first().map(|&at| self.told[at].start);
        let origin = self.origin.or(first).unwrap_or_default();
        for at in ready {
            let event = &self.told[at];
            let parent = event.parent.and_then(|parent| self.told[parent].id);
            if self.form == Form::Document {
                self.out.ink.text(if event.id == Some(1) { "" } else { ",\n" });
            }
            event.write(parent, origin, &mut self.calendar, &mut self.out.ink);
            if self.form == Form::Lines {
                self.out.ink.text("\n");
            }
            self.out.when_full()?;
            self.told[at].forget();
        }
        Ok(())
    }

    /// Tells what came of a URL: nothing more will be known of it.
    fn conclude(
        &mut self,
        told: &[Told],
        rounds: &[Whole],
        about: Option<&About>,
    ) -> io::Result<()> {
        let (told, rounds) = (&told[self.accounted.0..], &rounds[self.accounted.1..]);
        for one in told {
            self.add(ends::events(one))?;
        }
        self.release(Which::All)?;
        (self.told, self.joint, self.looked) = (Vec::new(), Joint::default(), 0);
        self.joint.has_packets(self.has_packets);
        if let (Form::Lines, Some(about)) = (self.form, about) {
            tally::record(about, Some(&self.tally), &mut self.calendar, &mut self.out.ink);
            self.out.line()?;
        }
        let between = |ink: &mut Ink| match self.form {
            Form::Lines => _ = ink.text("\n"),
            Form::Document => _ = ink.text(",\n"),
        };
        for one in told {
            ends::timing(one, &mut self.calendar, &mut self.timings);
            between(&mut self.timings);
        }
        for whole in rounds.iter().filter(|whole| whole.told.len() > 1) {
            ends::whole(whole, &mut self.calendar, &mut self.timings);
            between(&mut self.timings);
        }
        for one in told.iter().filter(|one| one.fault.is_some()) {
            ends::fault(one, &mut self.faults);
            between(&mut self.faults);
        }
        self.accounted = (self.accounted.0 + told.len(), self.accounted.1 + rounds.len());
        if self.form == Form::Lines {
            for ink in [&mut self.timings, &mut self.faults] {
                self.out.ink.again(ink.as_bytes());
                ink.clear();
            }
            self.out.when_full()?;
        }
        Ok(())
    }
}

/// Which events are to be written.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Which {
    /// To which nothing can be added.
    Final,
    /// Nothing more will come.
    All,
}

/// A member of the document that is a list.
fn list(name: &str, records: &Ink, ink: &mut Ink) {
    let records = records.as_bytes();
    ink.text(",\"").text(name).text("\":[");
    ink.again(records.strip_suffix(b",\n").unwrap_or(records)).text("]");
}

impl Report for Events {
    fn begin(&mut self, about: &About) -> io::Result<()> {
        match self.form {
            Form::Lines => {
                tally::record(about, None, &mut self.calendar, &mut self.out.ink);
                self.out.line()
            }
            Form::Document => {
                self.out.ink.text("{\"type\":\"fetch\",\"events\":[");
                Ok(())
            }
        }
    }

    fn call(&mut self, call: &Call) -> io::Result<()> {
        self.account.call(call);
        let events = self.calls.of(call, self.has_packets);
        self.add(events)
    }

    fn step(&mut self, step: &Step) -> io::Result<()> {
        self.account.step(step);
        if let Happened::Policy(policy) = &step.event {
            self.has_packets = policy.packets.is_ok();
            let account = take(&mut self.account);
            let (told, rounds) = account.settled();
            let concluded = self.conclude(told, rounds, None);
            self.account = account;
            concluded?;
        }
        if step.transfer != 0 {
            self.origin.get_or_insert(step.began);
        }
        self.joint.step(step);
        if matches!(step.event, Happened::Ended(_)) {
            return Ok(());
        }
        self.add(steps::of(step, self.secrets))
    }

    fn packet(&mut self, packet: &Packet<'_>, seen: &Seen<'_>) -> io::Result<()> {
        self.tally.count(packet);
        self.account.packet(packet, seen);
        let events = self.packets.of(packet, seen);
        self.add(events)
    }

    fn lull(&mut self) -> io::Result<()> {
        self.release(Which::Final)?;
        if self.form == Form::Lines { self.out.flush() } else { Ok(()) }
    }

    fn end(&mut self, about: &About, _: &Flows) -> io::Result<()> {
        let tale = self.account.tale();
        self.conclude(&tale.told, &tale.rounds, Some(about))?;
        if self.form == Form::Document {
            let ink = &mut self.out.ink;
            ink.text("],\"capture\":");
            tally::record(about, Some(&self.tally), &mut self.calendar, ink);
            list("timing", &self.timings, ink);
            list("fault", &self.faults, ink);
            ink.text("}\n");
        }
        if self.omitted > 0 {
            self.note(&format!("{} events are left out: there were too many", self.omitted))?;
        }
        self.out.flush()
    }
}
