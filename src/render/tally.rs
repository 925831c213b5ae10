//! What was in the capture, all in all? And the record that says so.

use super::clock::Calendar;
use super::sheet::{Form, Sheet};
use crate::flow::tcp::{Connection, Copied, Half};
use crate::flow::{Seen, Side};
use crate::ink::Ink;
use crate::timeline::{About, Frame, Timestamp};
use crate::wire::Packet;

/// Sums over every packet told.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) packets: u64,
    /// Octets that the capture kept.
    pub(super) kept: u64,
    /// Octets that were on the wire.
    pub(super) octets: u64,
    /// The earliest time and the latest, which need not be those of the first packet and the last.
    pub(super) times: Option<(Timestamp, Timestamp)>,
    /// Packets whose end the capture lost.
    pub(super) cut: u64,
    /// Packets of a link type that nobody here reads.
    pub(super) unread: u64,
    /// What was found by following conversations, where somebody did.
    followed: Option<Followed>,
}

/// What following every conversation brings to light about the capture.
#[derive(Debug, Default)]
struct Followed {
    /// Fragments that are not the last of their datagram.
    fragments: u64,
    /// Packets of TCP that could not be read that far.
    broken: u64,
    /// Packets without addresses of IP.
    addressless: u64,
    copies: u64,
    /// Packets that a card had joined from several.
    merged: u64,
    one_way: u64,
    unseen: u64,
}

impl Tally {
    pub(super) fn count(&mut self, packet: &Packet<'_>) {
        self.count_frame(&packet.frame);
        self.unread += u64::from(packet.layers().is_empty() && packet.stop.is_none());
    }

    /// Of a packet that can be read.
    pub(super) fn count_frame(&mut self, frame: &Frame<'_>) {
        let (time, octets) = (frame.time, frame.octets);
        self.packets += 1;
        self.kept += octets.kept().len() as u64;
        self.octets += octets.len() as u64;
        self.cut += u64::from(octets.is_cut());
        let (first, last) = self.times.unwrap_or((time, time));
        self.times = Some((first.min(time), last.max(time)));
    }

    /// Likewise, and by its conversation; for each packet or for none.
    pub(super) fn follow(&mut self, packet: &Packet<'_>, seen: &Seen<'_>) {
        self.count(packet);
        let followed = self.followed.get_or_insert_default();
        if seen.id().is_some() || (packet.layers().is_empty() && packet.stop.is_none()) {
            return;
        }
        let reason = if packet.fragment().is_some() {
            &mut followed.fragments
        } else if packet.addresses().is_some() {
            &mut followed.broken
        } else {
            &mut followed.addressless
        };
        *reason += 1;
    }

    /// Counts a connection of which all is known.
    pub(super) fn judge(&mut self, connection: &Connection) {
        let followed = self.followed.get_or_insert_default();
        let halves = [Side::Client, Side::Server].map(|side| connection.half(side));
        followed.one_way += u64::from(halves.iter().any(|half| half.packets() == 0));
        for sent in halves.map(Half::sent) {
            followed.merged += sent.merged;
            followed.copies += sent.copied(Copied::Capture);
            followed.unseen += sent.missed_octets;
        }
    }

    /// Nanoseconds from the earliest packet to the latest.
    pub(super) fn span(&self) -> u64 {
        self.times.map_or(0, |(first, last)| last.0 - first.0)
    }
}

/// Writes the capture record. Without a tally what is counted is not known yet.
pub(super) fn record(about: &About, tally: Option<&Tally>, calendar: &mut Calendar, ink: &mut Ink) {
    let mut sheet = Sheet::new(ink, Form::Json);
    sheet.words("type", Some("capture"));
    sheet.number("schema", Some(1_u64));
    facts(about, tally, &mut sheet, calendar);
    sheet.end();
}

/// Writes what the capture record has beside its type.
pub(super) fn facts(
    about: &About,
    tally: Option<&Tally>,
    sheet: &mut Sheet<'_>,
    calendar: &mut Calendar,
) {
    let words = |words: &String, form, ink: &mut Ink| {
        if form == Form::Json {
            ink.json(words.as_bytes())
        } else {
            ink.wire(words.as_bytes())
        };
    };
    sheet.list("source", Some(&about.names), words);
    sheet.list("format", Some(&about.formats), |format, form, ink| {
        if form == Form::Json {
            ink.json(format.as_bytes())
        } else {
            ink.wire(format.as_bytes())
        };
    });
    let mut links: Vec<u16> = about.interfaces.iter().map(|interface| interface.link).collect();
    links.sort_unstable();
    links.dedup();
    sheet.list("link_types", Some(&links), |link, _, ink| _ = ink.number(*link));
    sheet.number("packets", tally.map(|tally| tally.packets));
    sheet.number("bytes", tally.map(|tally| tally.kept));
    sheet.number("wire_bytes", tally.map(|tally| tally.octets));
    let times = tally.and_then(|tally| tally.times);
    sheet.time("first_time", times.map(|(first, _)| first), calendar);
    sheet.time("last_time", times.map(|(_, last)| last), calendar);
    sheet.list("interfaces", Some(&about.interfaces), |interface, form, ink| {
        if form == Form::Json {
            let mut sheet = Sheet::new(ink, form);
            let name = Some(&*interface.name).filter(|name| !name.is_empty());
            sheet.text("name", name);
            sheet.number("link_type", Some(interface.link));
            let limit = Some(interface.snaplen).filter(|len| *len > 0);
            sheet.number("snaplen", limit);
            sheet.number("received", interface.received);
            sheet.number("dropped", interface.dropped);
            sheet.end();
        } else {
            ink.wire(&interface.name);
        }
    });
    sheet.text("truncated", about.damage.as_ref().map(String::as_bytes));
    let followed = tally.and_then(|tally| tally.followed.as_ref());
    sheet.nest("quality", |sheet| {
        sheet.number("duplicates", followed.map(|followed| followed.copies));
        sheet.number("merged_frames", followed.map(|followed| followed.merged));
        sheet.number("cut_frames", tally.map(|tally| tally.cut));
        sheet.number("time_backwards", tally.map(|_| about.backwards));
        sheet.number("one_way_connections", followed.map(|followed| followed.one_way));
        sheet.number("unseen_bytes", followed.map(|followed| followed.unseen));
        sheet.number("dropped", dropped(about));
    });
    sheet.nest("skipped", |sheet| {
        for (name, count) in [
            ("unknown_link_type", tally.map_or(0, |tally| tally.unread)),
            ("fragment", followed.map_or(0, |followed| followed.fragments)),
            ("unreadable", followed.map_or(0, |followed| followed.broken)),
            ("no_addresses", followed.map_or(0, |followed| followed.addressless)),
        ] {
            if count > 0 || sheet.form != Form::Json {
                sheet.number(name, Some(count));
            }
        }
    });
}

/// Packets that the capturing system lost, where any interface says so.
pub(super) fn dropped(about: &About) -> Option<u64> {
    about.interfaces.iter().filter_map(|interface| interface.dropped).reduce(u64::saturating_add)
}
