//! The story of a fetch, told as soon as it is over, or line by line as it goes on.

mod dump;
mod ending;
mod path;
mod telling;

use std::collections::BTreeMap;
use std::io;

use super::Look;
use super::entry::{Entry, Place};
use super::links::Links;
use super::page::Page;
use super::words;
use super::words::call::Calls;
use super::words::lookup::{Lookups, When};
use super::words::packet::Packets;
use super::words::{ended, found, http, tls, tried, url, way};
use crate::flow::{Flows, Seen, Side};
use crate::ink::Paint;
use crate::render::Report;
use crate::render::out::Out;
use crate::tale::fetch::Account;
use crate::timeline::fetch::{Event, Policy, Step, Transfer};
use crate::timeline::tls::Fact;
use crate::timeline::{About, Call, Evidence, Timestamp};
use crate::wire::Packet;
use dump::Dumps;
use path::Ways;

/// Tells a fetch.
pub struct Story {
    page: Page,
    look: Look,
    start: Option<Timestamp>,
    policy: Option<Policy>,
    entries: Vec<Entry>,
    left_out: u64,
    /// What the kernel said of the states of sockets, and when.
    kernel: Vec<(u32, Timestamp, &'static str)>,
    /// Packets that the capture lost.
    lost: u64,
    links: Links,
    lookups: Lookups,
    calls: Calls,
    packets: Packets,
    /// The host of each transfer, and what became of it.
    transfers: BTreeMap<u32, Fetched>,
    /// The part of the story told last, when it is told as it goes on.
    last: Option<Place>,
    number: usize,
    account: Account,
    ways: Option<Ways>,
    dumps: Option<Dumps>,
}

/// A transfer, as far as it has got.
#[derive(Debug, Default)]
struct Fetched {
    host: String,
    /// When its request was sent.
    asked: Option<Timestamp>,
    ended: Option<Transfer>,
}

/// Lines kept until the end; of a fetch that has more the rest is counted.
const MOST: usize = 200_000;

impl Story {
    pub fn new(out: Out, look: Look) -> Self {
        let level = look.level.clamp(1, 7);
        Self {
            page: Page::new(out, look.width, level),
            look: Look { level, ..look },
            start: None,
            policy: None,
            entries: Vec::new(),
            left_out: 0,
            lost: 0,
            kernel: Vec::new(),
            links: Links::default(),
            lookups: Lookups::default(),
            calls: Calls::new(Timestamp::default()),
            packets: if look.octets { Packets::one_by_one() } else { Packets::default() },
            transfers: BTreeMap::new(),
            last: None,
            number: 0,
            account: Account::default(),
            ways: look.path.then(Ways::default),
            dumps: (look.octets && level >= 7).then(|| Dumps::new(look.width)),
        }
    }

    /// Times count from what happened first.
    fn begin_at(&mut self, at: Timestamp) {
        if self.start.is_none() {
            self.start = Some(at);
            self.page.count_from(at);
            self.calls = Calls::new(at);
        }
    }

    fn keep(&mut self, entries: Vec<Entry>) {
        let level = self.look.level;
        for entry in entries.into_iter().filter(|entry| entry.levels.contains(&level)) {
            if self.entries.len() < MOST {
                self.entries.push(entry);
            } else {
                self.left_out += 1;
            }
        }
    }

    /// The first line: who fetches, and whether packets are seen.
    fn title(&mut self) -> io::Result<()> {
        let Some(policy) = &self.policy else { return Ok(()) };
        let level = self.look.level;
        let engine = policy.engine;
        let title = |packets: &str| {
            format!("wiretale fetch   engine {engine}   {packets}   level {level} of 7")
        };
        match &policy.packets {
            Ok(_) if level == 1 => {}
            Ok(interfaces) if interfaces.is_empty() => {
                self.page.line(&title("packets seen"), Some(Paint::Name))?;
            }
            Ok(interfaces) => {
                let text = title(&format!("packets seen on {}", interfaces.join(" and ")));
                self.page.line(&text, Some(Paint::Name))?;
            }
            Err(sentence) => {
                if level > 1 {
                    self.page.line(&title("packets not seen"), Some(Paint::Name))?;
                }
                let sentence = sentence.clone();
                self.page.line(&sentence, Some(Paint::Alarm))?;
            }
        }
        if self.page.has_columns() {
            self.page.heads()?;
        }
        Ok(())
    }

    /// Everything, each part for itself.
    fn tell_all(&mut self) -> io::Result<()> {
        let rest = self.held();
        self.keep(rest);
        let differences = self.differences();
        self.keep(differences);
        self.links.settle();
        self.title()?;
        let entries = std::mem::take(&mut self.entries);
        if self.look.level > 1 {
            if self.page.has_columns() {
                self.tell_in_order(entries)?;
            } else {
                for chapter in self.chapters(entries) {
                    self.tell_chapter(&chapter)?;
                }
            }
        }
        if self.left_out > 0 {
            let text = format!("{} lines more are left out", words::count(self.left_out));
            self.page.line(&text, Some(Paint::Alarm))?;
        }
        self.tell_end()
    }

    /// What is held back because more of the same may come.
    fn held(&mut self) -> Vec<Entry> {
        let mut held = self.calls.rest();
        held.extend(self.packets.rest());
        held.extend(self.ways.take().into_iter().flat_map(Ways::rest));
        held
    }
}

impl Report for Story {
    fn call(&mut self, call: &Call) -> io::Result<()> {
        self.account.call(call);
        self.begin_at(call.entered.realtime);
        let infos = call.evidence.iter().filter_map(|evidence| match evidence {
            Evidence::Info(info) => info.state(),
            _ => None,
        });
        self.kernel.extend(infos.map(|state| (call.socket, call.left.realtime, state)));
        self.links.call(call);
        if let Some(ways) = &mut self.ways {
            ways.call(call);
        }
        let told = self.calls.tell(call);
        self.keep(told);
        Ok(())
    }

    fn step(&mut self, step: &Step) -> io::Result<()> {
        self.account.step(step);
        self.begin_at(step.began);
        // Whoever secured a connection goes on telling of it, whichever transfer uses it.
        if !matches!(step.event, Event::Tls(_)) {
            self.links.serves(step.socket, step.transfer, step.began);
        }
        let when = When { began: step.began, ended: step.ended, transfer: step.transfer };
        let transfer = self.transfers.entry(step.transfer).or_default();
        let told = match &step.event {
            Event::Policy(policy) => {
                self.calls.has_packets = policy.packets.is_ok();
                // It is the same for every URL, and each time it is fetched.
                let is_new = self.policy.replace(policy.as_ref().clone()).is_none();
                if is_new { url::policy(step, policy) } else { Vec::new() }
            }
            Event::Url(it) => {
                transfer.host.clone_from(&it.host);
                url::url(step, it)
            }
            Event::Lookup(event) => self.lookups.tell(when, event),
            Event::Found(addresses) => found::found(when, &transfer.host, addresses),
            Event::Chosen(choice) => tried::chosen(step, choice),
            Event::Way(it) => match &mut self.ways {
                Some(ways) => ways.way(step, it),
                None => way::way(step, it),
            },
            Event::Neighbour(change) => vec![way::neighbour(step, change)],
            Event::Tried(attempts) => {
                for attempt in attempts {
                    self.links.serves(attempt.socket, step.transfer, step.began);
                }
                let own = |socket| self.links.ends(socket).map(|[own, _]| own.ip());
                tried::tried(step, attempts, own)
            }
            Event::Hop(it) => vec![path::hop(step, it.as_ref().map_err(AsRef::as_ref))],
            Event::Reused { requests } => {
                let number = self.links.connection(step.socket).map_or(0, |(number, _)| number);
                vec![tried::reused(step, number, *requests)]
            }
            Event::Records { kind, records } => {
                vec![found::records(when, &transfer.host, *kind, records)]
            }
            Event::Compared(compared) => vec![found::compared(when, compared)],
            Event::Tls(fact) => {
                match fact {
                    Fact::Flight(flight) => self.links.sealed(step.socket, flight),
                    Fact::Handshake(shaken) => self.links.secured(step.socket, shaken),
                    _ => {}
                }
                tls::fact(step, fact)
            }
            Event::Request { request, octets } => {
                self.links.says(step.socket, Side::Client, octets.start, http::asks(request));
                transfer.asked = Some(step.ended);
                http::request(step, request, octets, self.look.secrets)
            }
            Event::Response { response, octets, .. } => {
                let after = transfer.asked.map(|asked| step.ended.since(asked));
                self.links.says(step.socket, Side::Server, octets.start, http::answers(response));
                http::response(step, response, after, self.look.secrets)
            }
            Event::Body { body, octets, is_saved } => http::body(step, body, octets, *is_saved),
            Event::Redirected(redirect) => http::redirected(step, redirect),
            Event::Objects(page) => http::objects(step, page),
            Event::Ended(it) => {
                transfer.ended = Some(it.as_ref().clone());
                ended::ended(step, it)
            }
            Event::Interrupted => vec![ended::interrupted(step)],
        };
        self.keep(told);
        Ok(())
    }

    fn packet(&mut self, packet: &Packet<'_>, seen: &Seen<'_>) -> io::Result<()> {
        self.account.packet(packet, seen);
        if let Some(ways) = &mut self.ways {
            ways.packet(packet, seen);
        }
        let mut told = self.packets.tell(packet, seen, &mut self.links);
        if let Some(dumps) = &mut self.dumps {
            dumps.add(packet, &mut told, &self.page.out.ink);
        }
        self.keep(told);
        Ok(())
    }

    fn lull(&mut self) -> io::Result<()> {
        if self.look.follows && self.look.level > 1 { self.go_on() } else { Ok(()) }
    }

    fn end(&mut self, about: &About, _: &Flows) -> io::Result<()> {
        self.lost = about.interfaces.iter().filter_map(|interface| interface.dropped).sum();
        if self.look.follows && self.look.level > 1 {
            let held = self.held();
            self.keep(held);
            self.go_on()?;
            self.tell_end()?;
        } else {
            self.tell_all()?;
        }
        self.page.out.flush()
    }
}
