//! Who hears of a fetch: whoever tells its story, and the account of where the time went.

use std::io::{self, Write};

use super::super::paper::{Format, Json};
use super::super::{Usage, usage};
use super::Fetch;
use crate::flow::{Flows, Seen};
use crate::render::Report;
use crate::render::events::{Events, Form};
use crate::render::fetch::{Look, Secrets, Story};
use crate::render::out::Out;
use crate::render::outcome::Outcome;
use crate::render::remarks::Remarks;
use crate::tale::fetch::Tale;
use crate::timeline::fetch::Step;
use crate::timeline::{About, Call, Timestamp};
use crate::wire::Packet;

/// curl has no number for a fetch that somebody ended: the shell's.
const INTERRUPTED: u8 = 130;

/// How much is told when nobody says.
const LEVEL: u8 = 4;

/// Hands everything on to the report, and keeps what comes of it.
pub(super) struct Told {
    report: Option<Box<dyn Report>>,
    outcome: Outcome,
    remarks: Remarks,
}

impl Fetch {
    /// The report that was asked for.
    pub(super) fn told(&self) -> Result<Told, Usage> {
        let taken = |path: &Option<std::path::PathBuf>| {
            path.as_ref().is_some_and(|path| path.as_os_str() == "-")
        };
        // What goes to standard output instead, goes there alone.
        let taking = [&self.keeping.body, &self.keeping.write, &self.keeping.har];
        let is_taken = taking.into_iter().any(taken);
        let to: Box<dyn Write> =
            if is_taken { Box::new(io::stderr()) } else { Box::new(io::stdout()) };
        let out = Out::new(to, self.paper.is_coloured(), self.paper.is_ascii());
        let secrets = if self.keeping.show_secrets { Secrets::Shown } else { Secrets::Masked };
        let report: Option<Box<dyn Report>> = match self.paper.format() {
            _ if self.quiet => None,
            // Of many fetches nobody wants every story, unless he says so.
            Format::Text if self.keeping.repeat.is_some() && self.level.is_none() => None,
            Format::Text => {
                let usual = if self.hex { 7 } else { LEVEL };
                let level = self.level.unwrap_or(usual).saturating_add(self.more).min(7);
                if self.hex && level < 7 {
                    return Err(usage("-x is for level 7: packets are not told one by one below"));
                }
                let look = Look {
                    level,
                    width: self.paper.columns(),
                    follows: self.follow,
                    path: self.path,
                    octets: self.hex,
                    secrets,
                };
                Some(Box::new(Story::new(out, look)))
            }
            Format::Ndjson => {
                let form = match self.paper.json {
                    Some(Json::Doc) => Form::Document,
                    _ => Form::Lines,
                };
                Some(Box::new(Events::new(out, form).with_secrets(secrets)))
            }
            Format::Csv => {
                return Err(usage("the events of a fetch have no columns: -o ndjson has them"));
            }
            Format::Zeek => return Err(super::super::no_zeek()),
            Format::Html => return Err(super::super::picture::no_html()),
        };
        let remarks = Remarks::new(self.securing.keys_in_pcap);
        Ok(Told { report, outcome: Outcome::new(secrets), remarks })
    }
}

impl Told {
    /// curl's number for how it ended, and what is left to say where nothing was told.
    pub(super) fn exit(&self, tale: &Tale, interrupted: bool) -> u8 {
        if interrupted {
            return INTERRUPTED;
        }
        // Of several the last counts.
        let last = tale.rounds.last().and_then(|last| tale.told.get(last.told.clone()));
        let mut own = last.unwrap_or_default().iter().filter(|told| !told.transfer.is_embedded);
        let fault = own.rfind(|told| told.fault.is_some()).and_then(|told| told.fault.as_ref());
        if self.report.is_none()
            && let Some(fault) = fault
        {
            say!("wiretale: {}", fault.sentence);
        }
        fault.map_or(0, |fault| fault.exit)
    }

    pub(super) fn outcome(&self) -> &Outcome {
        &self.outcome
    }

    pub(super) fn tale(&self) -> Tale {
        self.outcome.tale()
    }
}

impl Report for Told {
    fn begin(&mut self, about: &About) -> io::Result<()> {
        self.report.as_mut().map_or(Ok(()), |report| report.begin(about))
    }

    fn first(&mut self, time: Timestamp) {
        if let Some(report) = &mut self.report {
            report.first(time);
        }
    }

    fn call(&mut self, call: &Call) -> io::Result<()> {
        self.outcome.call(call)?;
        self.report.as_mut().map_or(Ok(()), |report| report.call(call))
    }

    fn step(&mut self, step: &Step) -> io::Result<()> {
        self.outcome.step(step)?;
        self.report.as_mut().map_or(Ok(()), |report| report.step(step))
    }

    fn packet(&mut self, packet: &Packet<'_>, seen: &Seen<'_>) -> io::Result<()> {
        self.outcome.packet(packet, seen)?;
        self.report.as_mut().map_or(Ok(()), |report| report.packet(packet, seen))
    }

    fn remark(&mut self, packet: &Packet<'_>, seen: &Seen<'_>) -> Option<&[u8]> {
        Some(self.remarks.of(packet, seen))
    }

    fn lull(&mut self) -> io::Result<()> {
        self.report.as_mut().map_or(Ok(()), |report| report.lull())
    }

    fn note(&mut self, sentence: &str) -> io::Result<()> {
        match &mut self.report {
            Some(report) => report.note(sentence),
            None => Ok(()),
        }
    }

    fn end(&mut self, about: &About, flows: &Flows) -> io::Result<()> {
        self.report.as_mut().map_or(Ok(()), |report| report.end(about, flows))
    }
}
