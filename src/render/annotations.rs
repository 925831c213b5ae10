//! Which packets are verdicts about, and what shall a savefile say of them?

use std::collections::HashMap;
use std::io;
use std::time::Duration;

use super::Report;
use super::kept::Heaviest;
use super::why::audit::Audit;
use super::why::words;
use crate::flow::tcp::Connection;
use crate::flow::{Flows, Seen};
use crate::tale::stall::Stall;
use crate::tale::verdict::Verdict;
use crate::timeline::About;
use crate::wire::Packet;

/// Hears a whole capture before anything is written of it.
#[derive(Debug)]
pub struct Annotations {
    audit: Audit,
    stalls: Heaviest<Duration, (Option<u32>, Stall)>,
    verdicts: Heaviest<Duration, (u32, Verdict)>,
    whole: Option<String>,
}

/// What is to be said.
#[derive(Clone, Debug, Default)]
pub struct Said {
    /// Of the capture.
    pub capture: String,
    /// Of packets, by their numbers.
    pub packets: HashMap<u64, String>,
}

/// So many troubles, and verdicts on connections, are told of: those that cost most.
const MOST: usize = 20_000;
/// What is said of one packet is not longer than this, in octets.
const LONGEST: usize = 4096;

impl Annotations {
    /// Of all connections, or of the one of this number alone.
    pub fn new(only: Option<u32>) -> Self {
        Self {
            audit: Audit::new(only),
            stalls: Heaviest::new(MOST),
            verdicts: Heaviest::new(MOST),
            whole: None,
        }
    }

    /// What is to be said, once all was heard.
    pub fn said(mut self) -> Said {
        let mut packets: HashMap<u64, String> = HashMap::new();
        let mut say = |packet: u64, words: &str| {
            let said = packets.entry(packet).or_default();
            if packet > 0 && said.len() + words.len() < LONGEST && !said.contains(words) {
                let gap = if said.is_empty() { "" } else { "\n" };
                *said = format!("{said}{gap}{words}");
            }
        };
        for (id, verdict) in self.verdicts.take() {
            let words = format!("wiretale: {}", words::verdict(&verdict, Some(id)));
            let named = verdict.packets.iter().copied();
            let mut about: Vec<_> = named.chain([verdict.from.packet, verdict.to.packet]).collect();
            about.sort_unstable();
            about.dedup();
            for packet in about {
                say(packet, &words);
            }
        }
        for (id, stall) in self.stalls.take() {
            let title = title(id, &stall);
            let evidence = words::evidence(&stall);
            say(
                stall.from.packet,
                &format!("wiretale: {title}: {evidence}; {}", words::remedy(&stall)),
            );
            if stall.to.packet != stall.from.packet {
                say(stall.to.packet, &format!("wiretale: up to here {title}: {evidence}"));
            }
        }
        packets.remove(&0);
        let capture = self.whole.take().unwrap_or_else(|| words::NOTHING.to_owned());
        Said { capture: format!("wiretale: {capture}"), packets }
    }
}

/// What happened, how often, on which connection and for how long.
fn title(id: Option<u32>, stall: &Stall) -> String {
    let sure = words::sure(stall.confidence);
    let times = match stall.count {
        0 | 1 => String::new(),
        count => format!(", {count} times"),
    };
    let on = id.map_or(String::new(), |id| format!(" on connection {id}"));
    let time = match stall.time {
        Duration::ZERO => String::new(),
        time => format!(", {}", words::duration(time)),
    };
    format!("{sure}{}{times}{on}{time}", words::title(stall))
}

impl Report for Annotations {
    fn packet(&mut self, packet: &Packet<'_>, seen: &Seen<'_>) -> io::Result<()> {
        self.audit.accounts.observe(packet, seen);
        Ok(())
    }

    fn gone(&mut self, connection: &Connection) -> io::Result<()> {
        let Some(account) = self.audit.close(connection) else { return Ok(()) };
        for stall in account.stalls {
            self.stalls.add(stall.time, (Some(account.connection), stall));
        }
        if let Some(verdict) = account.verdict {
            if self.audit.only.is_some() {
                self.whole = Some(words::verdict(&verdict, Some(account.connection)));
            }
            self.verdicts.add(verdict.time, (account.connection, verdict));
        }
        Ok(())
    }

    fn note(&mut self, _: &str) -> io::Result<()> {
        // It is said when the capture is told.
        Ok(())
    }

    fn end(&mut self, _: &About, flows: &Flows) -> io::Result<()> {
        self.all_gone(flows)?;
        let whole = self.audit.accounts.end();
        if self.audit.only.is_none() {
            self.whole = whole.verdict.map(|(id, verdict)| words::verdict(&verdict, id));
            for stall in whole.stalls {
                self.stalls.add(stall.time, (None, stall));
            }
        }
        Ok(())
    }
}
