//! What is left to say when everything is over?

use std::io;

use super::Story;
use crate::ink::Paint;
use crate::render::fetch::bars;
use crate::render::fetch::entry::{Entry, Kind, Part, Place};
use crate::render::fetch::words::{self, ended};
use crate::timeline::fetch::Transfer;

impl Story {
    /// Where the kernel says of a connection's state what its packets do not show.
    pub(super) fn differences(&self) -> Vec<Entry> {
        let mut told: Vec<(u32, &str)> = Vec::new();
        let mut entries = Vec::new();
        // Who misses packets has no business to object.
        for (socket, at, kernel) in self.kernel.iter().filter(|_| self.lost == 0) {
            let shown = self.links.ends(*socket).map(|ends| self.packets.states(ends, *at));
            let shown = shown.unwrap_or_default();
            // A socket that waits in TIME-WAIT is closed to its program.
            let is_same = |it: &&str| it == kernel || (*it == "TIME-WAIT" && *kernel == "CLOSED");
            let Some(last) = shown.last().filter(|_| !shown.iter().any(is_same)) else {
                continue;
            };
            if told.contains(&(*socket, kernel)) {
                continue;
            }
            told.push((*socket, kernel));
            let place = Place { part: Part::Request, transfer: 0, socket: *socket };
            let text = format!("! the kernel says {kernel}, the packets show {last}");
            entries.push(Entry::new(*at, place, 5, Kind::Alarm).text(text));
        }
        entries
    }

    /// What became of everything: bars, and who spent the time.
    pub(super) fn tell_end(&mut self) -> io::Result<()> {
        let level = self.look.level;
        if let Some(left_out @ 1..) = self.dumps.as_ref().map(|dumps| dumps.left_out) {
            let text =
                format!("the octets of {} packets more are left out", words::count(left_out));
            self.page.line(&text, Some(Paint::Alarm))?;
        }
        let tale = self.account.tale();
        if self.lost > 0 && level >= 2 {
            let lost = words::many(self.lost, "packet", "packets");
            let text = format!(
                "! {lost} passed before the capture could take them: what they would show is missing"
            );
            self.page.line(&text, Some(Paint::Alarm))?;
        }
        let unseen: u64 = tale.told.iter().map(|told| told.unseen).sum();
        if unseen > 0 && level >= 2 {
            let text = format!(
                "! {} of the answer came unseen by our capture: the kernel's stamps say when",
                words::many(unseen, "octet", "octets")
            );
            self.page.line(&text, Some(Paint::Alarm))?;
        }
        for (at, round) in tale.rounds.iter().enumerate() {
            let told = &tale.told[round.told.clone()];
            let Some(first) = told.first() else { continue };
            // Of a URL that is fetched again and again the last time is told.
            let next = tale.rounds.get(at + 1).and_then(|next| tale.told.get(next.told.start));
            if next.is_some_and(|next| next.transfer.url == first.transfer.url) {
                continue;
            }
            if level >= 3 {
                let all: Vec<(u32, &Transfer)> =
                    told.iter().map(|told| (told.number, &told.transfer)).collect();
                bars::draw_waterfall(&bars::waterfall(&all), &mut self.page)?;
                bars::draw(&round.spans, &mut self.page)?;
            }
            let host = self.transfers.get(&first.number).map(|it| it.host.as_str());
            let host = host.unwrap_or_default();
            for (label, sentence) in ended::verdict(host, told, &round.verdict, level) {
                self.page.labelled(label, &sentence)?;
            }
        }
        Ok(())
    }
}
