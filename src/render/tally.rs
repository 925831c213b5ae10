//! What was in the capture, all in all? And the record that says so.

use super::clock::Calendar;
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

    /// Counts a packet by its conversation; for each packet or for none.
    pub(super) fn attribute(&mut self, packet: &Packet<'_>, seen: &Seen<'_>) {
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
    ink.text(r#"{"type":"capture","schema":1,"source":"#);
    list(&about.names, ink, |name, ink| _ = ink.json(name.as_bytes()));
    ink.text(r#","format":"#);
    list(&about.formats, ink, |format, ink| _ = ink.json(format.as_bytes()));
    let mut links: Vec<u16> = about.interfaces.iter().map(|interface| interface.link).collect();
    links.sort_unstable();
    links.dedup();
    ink.text(r#","link_types":"#);
    list(&links, ink, |link, ink| _ = ink.number(*link));
    let counted = |name, number: Option<u64>, ink: &mut Ink| {
        ink.text(name);
        match number {
            Some(number) => ink.number(number),
            None => ink.text("null"),
        };
    };
    counted(r#","packets":"#, tally.map(|tally| tally.packets), ink);
    counted(r#","bytes":"#, tally.map(|tally| tally.kept), ink);
    counted(r#","wire_bytes":"#, tally.map(|tally| tally.octets), ink);
    let times = tally.and_then(|tally| tally.times);
    let ends = [(r#","first_time":"#, times.map(|(first, _)| first))];
    for (name, time) in ends.into_iter().chain([(r#","last_time":"#, times.map(|(_, last)| last))])
    {
        ink.text(name);
        match time {
            Some(time) => {
                ink.text("\"");
                calendar.rfc3339(time, ink);
                ink.text("\"");
            }
            None => _ = ink.text("null"),
        }
    }
    ink.text(r#","interfaces":"#);
    list(&about.interfaces, ink, |interface, ink| {
        ink.text(r#"{"name":"#);
        match &*interface.name {
            [] => ink.text("null"),
            name => ink.json(name),
        };
        ink.text(r#","link_type":"#).number(interface.link);
        let limit = Some(interface.snaplen).filter(|len| *len > 0);
        counted(r#","snaplen":"#, limit.map(u64::from), ink);
        counted(r#","received":"#, interface.received, ink);
        counted(r#","dropped":"#, interface.dropped, ink);
        ink.text("}");
    });
    ink.text(r#","truncated":"#);
    match &about.damage {
        Some(damage) => ink.json(damage.as_bytes()),
        None => ink.text("null"),
    };
    let followed = tally.and_then(|tally| tally.followed.as_ref());
    counted(r#","quality":{"duplicates":"#, followed.map(|followed| followed.copies), ink);
    ink.text(r#","merged_frames":null"#);
    counted(r#","cut_frames":"#, tally.map(|tally| tally.cut), ink);
    counted(r#","time_backwards":"#, tally.map(|_| about.backwards), ink);
    counted(r#","one_way_connections":"#, followed.map(|followed| followed.one_way), ink);
    counted(r#","unseen_bytes":"#, followed.map(|followed| followed.unseen), ink);
    counted(r#","dropped":"#, dropped(about), ink);
    ink.text(r#"},"skipped":{"#);
    let reasons = [
        (r#""unknown_link_type":"#, tally.map_or(0, |tally| tally.unread)),
        (r#""fragment":"#, followed.map_or(0, |followed| followed.fragments)),
        (r#""unreadable":"#, followed.map_or(0, |followed| followed.broken)),
        (r#""no_addresses":"#, followed.map_or(0, |followed| followed.addressless)),
    ];
    for (at, (name, count)) in reasons.iter().filter(|(_, count)| *count > 0).enumerate() {
        ink.text(if at > 0 { "," } else { "" }).text(name).number(*count);
    }
    ink.text("}}");
}

/// Packets that the capturing system lost, where any interface says so.
pub(super) fn dropped(about: &About) -> Option<u64> {
    about.interfaces.iter().filter_map(|interface| interface.dropped).reduce(u64::saturating_add)
}

fn list<T>(items: &[T], ink: &mut Ink, write: impl Fn(&T, &mut Ink)) {
    ink.text("[");
    for (at, item) in items.iter().enumerate() {
        ink.text(if at > 0 { "," } else { "" });
        write(item, ink);
    }
    ink.text("]");
}
