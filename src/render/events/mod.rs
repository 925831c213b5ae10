//! What happened in a fetch, for programs: one JSON object a line?
//!
//! Events come in the order they began. They are written when all is over: a call's packets, and a packet's
//! call, are known only then. Then comes what each transfer's time was spent on, and why those failed that did.

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

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use super::Report;
use super::clock::Calendar;
use super::fetch::Secrets;
use super::out::Out;
use super::tally::{self, Tally};
use crate::flow::{Flows, Seen};
use crate::tale::fetch::Account;
use crate::timeline::fetch::{Event as Happened, Step};
use crate::timeline::{About, Call, Timestamp};
use crate::wire::Packet;
use event::Event;

/// Writes `event` records, then `timing` and `fault`.
pub struct Events {
    out: Out,
    calendar: Calendar,
    tally: Tally,
    account: Account,
    packets: packets::Packets,
    calls: calls::Calls,
    has_packets: bool,
    /// Which transfer a socket served from when on.
    serves: Vec<(u32, Timestamp, u32)>,
    secrets: Secrets,
    told: Vec<Event>,
    /// Events beyond what is kept.
    omitted: u64,
}

/// More than any fetch within the limits has; beyond, events are left out, and the last line says so.
const KEPT: usize = 1 << 19;

impl Events {
    pub fn new(out: Out) -> Self {
        Self {
            out,
            calendar: Calendar::utc(),
            tally: Tally::default(),
            account: Account::default(),
            packets: packets::Packets::default(),
            calls: calls::Calls::default(),
            has_packets: false,
            serves: Vec::new(),
            secrets: Secrets::Masked,
            told: Vec::new(),
            omitted: 0,
        }
    }

    fn add(&mut self, events: impl IntoIterator<Item = Event>) {
        for event in events {
            if self.told.len() < KEPT { self.told.push(event) } else { self.omitted += 1 }
        }
    }

    fn write(&mut self, origin: Timestamp) -> io::Result<()> {
        // Where each event stands in the order of time, counted from 1.
        let mut order: Vec<usize> =
            (0..self.told.len()).filter(|&at| self.told[at].is_told).collect();
        order.sort_by_key(|&at| (self.told[at].start, at));
        let mut ids = vec![0; self.told.len()];
        for (place, &at) in order.iter().enumerate() {
            ids[at] = place as u64 + 1;
        }
        for at in order {
            let event = &self.told[at];
            let parent = event.parent.map(|parent| ids[parent]);
            event.write((ids[at], parent), origin, &mut self.calendar, &mut self.out.ink);
            self.out.line()?;
        }
        Ok(())
    }

    /// Passwords and the like as they are, if that is wanted.
    #[must_use]
    pub fn with_secrets(self, secrets: Secrets) -> Self {
        Self { secrets, ..self }
    }

    /// A call is made for the transfer that its socket serves then.
    fn attribute(&mut self) {
        let mut serves: HashMap<u32, Vec<(Timestamp, u32)>, RandomState> = HashMap::default();
        for (socket, since, transfer) in self.serves.drain(..) {
            if socket != 0 && transfer != 0 {
                serves.entry(socket).or_default().push((since, transfer));
            }
        }
        serves.values_mut().for_each(|list| list.sort_unstable());
        for event in &mut self.told {
            let list = event.socket.and_then(|socket| serves.get(&socket));
            let Some(list) = list.filter(|_| event.transfer.is_none()) else { continue };
            let at = list.partition_point(|(since, _)| *since <= event.end);
            event.transfer = list.get(at.saturating_sub(1)).map(|(_, transfer)| *transfer);
        }
    }

    /// What has no parent yet belongs to the transfer it is for, which begins with its URL.
    fn adopt(&mut self) {
        let urls: Vec<(u32, usize)> = self
            .told
            .iter()
            .enumerate()
            .filter(|(_, event)| event.kind == crate::tale::fetch::kind::URL_PARSE)
            .filter_map(|(at, event)| Some((event.transfer?, at)))
            .collect();
        for (at, event) in self.told.iter_mut().enumerate() {
            let of =
                urls.iter().find(|(number, url)| Some(*number) == event.transfer && *url != at);
            event.parent = event.parent.or(of.map(|(_, url)| *url));
        }
    }
}

impl Report for Events {
    fn begin(&mut self, about: &About) -> io::Result<()> {
        tally::record(about, None, &mut self.calendar, &mut self.out.ink);
        self.out.line()
    }

    fn call(&mut self, call: &Call) -> io::Result<()> {
        self.account.call(call);
        let events = self.calls.of(call, self.has_packets);
        self.add(events);
        Ok(())
    }

    fn step(&mut self, step: &Step) -> io::Result<()> {
        self.account.step(step);
        if !matches!(step.event, Happened::Ended(_)) {
            self.add(steps::of(step, self.secrets));
        }
        match &step.event {
            Happened::Policy(policy) => self.has_packets = policy.packets.is_ok(),
            Happened::Tried(tried) => {
                self.serves.extend(tried.iter().map(|it| (it.socket, step.began, step.transfer)));
            }
            _ => self.serves.push((step.socket, step.began, step.transfer)),
        }
        Ok(())
    }

    fn packet(&mut self, packet: &Packet<'_>, seen: &Seen<'_>) -> io::Result<()> {
        self.tally.count(packet);
        self.account.packet(packet, seen);
        let events = self.packets.of(packet, seen);
        self.add(events);
        Ok(())
    }

    fn end(&mut self, about: &About, _: &Flows) -> io::Result<()> {
        let tale = self.account.tale();
        let origin = self.told.iter().map(|event| event.start).min();
        let origin = tale.told.iter().map(|told| told.began).min().or(origin);
        for told in &tale.told {
            self.add(ends::events(told));
        }
        join::join(&mut self.told);
        self.attribute();
        self.adopt();
        self.write(origin.unwrap_or_default())?;
        let ink = &mut self.out.ink;
        tally::record(about, Some(&self.tally), &mut self.calendar, ink);
        ink.text("\n");
        for told in &tale.told {
            ends::timing(told, &mut self.calendar, ink);
            ink.text("\n");
        }
        for whole in tale.rounds.iter().filter(|whole| whole.told.len() > 1) {
            ends::whole(whole, &mut self.calendar, ink);
            ink.text("\n");
        }
        for told in tale.told.iter().filter(|told| told.fault.is_some()) {
            ends::fault(told, ink);
            ink.text("\n");
        }
        if self.omitted > 0 {
            self.note(&format!("{} events are left out: there were too many", self.omitted))?;
        }
        self.out.flush()
    }
}
