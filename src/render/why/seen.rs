//! From where was it seen, what is missing, and what may therefore not be concluded?

use super::words;
use crate::flow::Side;
use crate::flow::tcp::{Connection, Facts, Phases, Vantage};
use crate::ink::safe;
use crate::render::tally::{self, Tally};
use crate::timeline::About;

/// What is known of the capture as a witness.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::render) struct Sight {
    connections: u64,
    at_client: u64,
    between: u64,
    at_server: u64,
    midstream: u64,
    one_way: u64,
    unseen: u64,
    merged: u64,
    cut: u64,
}

impl Sight {
    pub(in crate::render) fn is_empty(&self) -> bool {
        self.connections == 0
    }

    /// Takes a connection to which nothing will be added.
    pub(in crate::render) fn see(&mut self, connection: &Connection) {
        self.connections += 1;
        match connection.vantage() {
            Some(Vantage::AtClient) => self.at_client += 1,
            Some(Vantage::Between) => self.between += 1,
            Some(Vantage::AtServer) => self.at_server += 1,
            None => {}
        }
        let halves = [Side::Client, Side::Server].map(|side| connection.half(side));
        let any = |fact| halves.iter().any(|half| half.facts().has(fact));
        self.midstream += u64::from(connection.phases().has(Phases::JOINED));
        self.one_way += u64::from(halves.iter().any(|half| half.packets() == 0));
        self.unseen += halves.iter().map(|half| half.sent().missed_octets).sum::<u64>();
        self.merged += u64::from(any(Facts::OFFLOAD));
        self.cut += u64::from(any(Facts::CUT));
    }

    /// One sentence about the place, and one for each thing that is missing.
    pub(in crate::render) fn lines(&self, about: &About, tally: &Tally) -> Vec<String> {
        let names: Vec<_> = about.names.iter().map(|name| safe(name.as_bytes())).collect();
        let span = words::duration(std::time::Duration::from_nanos(tally.span()));
        let packets = match tally.packets {
            1 => "1 packet".to_owned(),
            count => format!("{} packets in {span}", words::count(count)),
        };
        let seen = [
            (self.at_client, "beside the client"),
            (self.between, "from between the two"),
            (self.at_server, "beside the server"),
        ];
        let known: u64 = seen.iter().map(|(count, _)| count).sum();
        let place = match seen.iter().max_by_key(|(count, _)| *count) {
            Some((count, place)) if known > 0 && *count == known => format!(", seen {place}"),
            Some((count, place)) if known > 0 => {
                format!(", most of it seen {place} ({count} of {known} connections)")
            }
            _ if self.connections > 0 => ", from where is not to be told".to_owned(),
            _ => String::new(),
        };
        let mut lines = vec![format!("{}: {packets}{place}.", names.join(", "))];
        lines.extend(self.doubts(about, tally));
        lines
    }

    /// One sentence for each thing that is missing.
    pub(in crate::render) fn doubts(&self, about: &About, tally: &Tally) -> Vec<String> {
        let mut lines = Vec::new();
        let lost = tally::dropped(about).unwrap_or(0);
        let of = |count: u64| match (count, self.connections) {
            (1, 1) => "the connection".to_owned(),
            (count, all) => format!("{count} of {all} connections"),
        };
        let mut doubt = |is_so: bool, words: String| {
            if is_so {
                lines.push(words);
            }
        };
        doubt(
            lost > 0,
            format!(
                "The capture lost {} packets: what seems to be missing may have been there, and waits may be shorter than told.",
                words::count(lost)
            ),
        );
        doubt(
            self.one_way > 0,
            format!(
                "Of {} only one direction was captured: who was waited for there is not to be told.",
                of(self.one_way)
            ),
        );
        doubt(
            self.midstream > 0,
            format!(
                "The beginning of {} is missing: windows are not known in octets there, and round trips only where data show them.",
                of(self.midstream)
            ),
        );
        doubt(
            self.unseen > 0 && lost == 0,
            format!(
                "{} octets were acknowledged and never seen: the capture missed packets.",
                words::count(self.unseen)
            ),
        );
        doubt(
            self.merged > 0,
            format!(
                "On {} segments were joined by the card, or not yet cut: losses within them do not show.",
                of(self.merged)
            ),
        );
        doubt(
            self.cut > 0 || tally.cut > 0 && self.connections > 0,
            "Packets were cut by the capture: what is in their ends was not read.".to_owned(),
        );
        doubt(
            about.backwards > 0,
            format!(
                "The capture's clock stepped back {}: times around it are too short.",
                words::times(about.backwards)
            ),
        );
        lines
    }
}
