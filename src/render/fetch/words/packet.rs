//! What is there to say about a packet of ours, beside the calls that caused it?

use std::collections::HashMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

use super::segment::{hops, len, mss, offers, rest, routers, state, text};
use super::{duration, many, written};
use crate::flow::tcp::{Connection, Rtt, State, What};
use crate::flow::{Seen, Side};
use crate::render::fetch::entry::{Entry, Kind, Part, Place, Proof};
use crate::render::fetch::links::Links;
use crate::render::verdict;
use crate::timeline::Timestamp;
use crate::wire::tcp::{Flags, Scale, Seq, Tcp, TcpOption};
use crate::wire::{Layer, Packet};

/// Tells packets, one after the other.
#[derive(Debug, Default)]
pub(in crate::render::fetch) struct Packets {
    streams: HashMap<[SocketAddr; 2], Stream>,
    /// Whether each is told, however many are alike.
    tells_all: bool,
}

/// What was told of a connection.
#[derive(Debug, Default)]
struct Stream {
    state: Option<&'static str>,
    /// Our end's states, and since when.
    states: Vec<(Timestamp, &'static str)>,
    /// What each side acknowledged last.
    acked: [Option<Seq>; 2],
    /// The hop limits of what each side sent.
    hops: [Option<u8>; 2],
    /// Who sent data last.
    talks: Option<Side>,
    run: Run,
}

/// Packets that only go on; of many the first and the last are told.
#[derive(Debug, Default)]
struct Run {
    told: usize,
    middle: Option<Middle>,
    last: Vec<(Entry, u64)>,
}

/// Packets that are counted and not told.
#[derive(Debug)]
struct Middle {
    entry: Entry,
    first: u64,
    last: u64,
    segments: u64,
    acks: u64,
    octets: u64,
}

/// The kernel may know of a packet so many nanoseconds before the capture stamps it, or after.
const CLOSE: Duration = Duration::from_millis(1);

/// Packets at both ends of a run that are told.
const ENDS: usize = 2;

impl Packets {
    /// Tells each, where others are only counted.
    pub(in crate::render::fetch) fn one_by_one() -> Self {
        Self { tells_all: true, ..Self::default() }
    }

    /// What is held back because more of the same may come.
    pub(in crate::render::fetch) fn rest(&mut self) -> Vec<Entry> {
        let mut rest: Vec<Entry> =
            self.streams.values_mut().flat_map(|stream| stream.run.end()).collect();
        rest.sort_by_key(|entry| entry.at);
        rest
    }

    /// The states of our end of a connection about that time, as its packets show them.
    pub(in crate::render::fetch) fn states(
        &self,
        ends: [SocketAddr; 2],
        at: Timestamp,
    ) -> Vec<&'static str> {
        let Some(stream) = self.streams.get(&ends) else { return Vec::new() };
        let (from, to) = (at.before(CLOSE), at.after(CLOSE));
        let before = stream.states.iter().rev().find(|(since, _)| *since < from);
        let within = stream.states.iter().filter(|(since, _)| (from..=to).contains(since));
        before.into_iter().chain(within).map(|(_, state)| *state).collect()
    }

    /// Tells a packet; what it shows of calls goes to `links`.
    pub(in crate::render::fetch) fn tell(
        &mut self,
        packet: &Packet<'_>,
        seen: &Seen<'_>,
        links: &mut Links,
    ) -> Vec<Entry> {
        let (number, time) = (packet.frame.number, packet.frame.time);
        let entry =
            |part, level| Entry::new(time, Place::of(part, 0), level, Kind::Packet(number, number));
        let own = packet.own_layers();
        let dns = own.iter().find_map(|layer| match layer {
            Layer::Dns(dns) => Some(*dns),
            _ => None,
        });
        if let (Some(dns), Some((from, to))) = (dns, packet.ports()) {
            let port = if dns.is_response() { to } else { from };
            links.message(port, dns.id(), dns.is_response(), number);
        }
        if let (Some((connection, side)), Some(tcp)) = (seen.connection, packet.tcp()) {
            return self.segment(packet, tcp, (connection, side), seen, links);
        }
        let Some(last) = own.last() else { return Vec::new() };
        let line = written(|ink| last.line(ink));
        match last {
            Layer::Dns(dns) => {
                let arrow = if dns.is_response() { "<-" } else { "->" };
                let told = entry(Part::Resolver, 5).text(format!("{arrow} DNS {line}"));
                vec![match hops(packet).filter(|_| dns.is_response()) {
                    Some(hops) => told.and(6, routers(hops)),
                    None => told,
                }]
            }
            Layer::Icmp(_) | Layer::Icmpv6(_) if !packet.quoted_layers().is_empty() => {
                let who = packet.addresses().map(|(from, _)| from.to_string()).unwrap_or_default();
                let told = entry(Part::Connection, 5);
                vec![told.text(format!("<- {} {line}, from {who}", last.name().words))]
            }
            Layer::Arp(_) | Layer::Icmpv6(_) => {
                vec![entry(Part::Stray, 6).text(format!("   {} {line}", last.name().words))]
            }
            Layer::Dhcp(_) | Layer::Dhcpv6(_) => {
                vec![entry(Part::Policy, 6).text(format!("   {} {line}", last.name().words))]
            }
            _ => Vec::new(),
        }
    }

    fn segment(
        &mut self,
        packet: &Packet<'_>,
        tcp: Tcp<'_>,
        (connection, side): (&Connection, Side),
        seen: &Seen<'_>,
        links: &mut Links,
    ) -> Vec<Entry> {
        let end = |side| {
            let end = connection.end(side);
            SocketAddr::new(end.address(), end.port)
        };
        let ends = [end(Side::Client), end(Side::Server)];
        let (number, time) = (packet.frame.number, packet.frame.time);
        let octets = links.segment(ends, (connection, side), tcp, (number, time));
        let stream = self.streams.entry(ends).or_default();
        let flags = tcp.flags();
        let is_opening = flags.has(Flags::SYN) || connection.state().is_half_open();
        let is_first_ack = seen.verdicts.iter().any(|it| matches!(it.what, What::Connected { .. }));
        // Before anything is asked it is the way that is probed.
        let probes = |what: &What| matches!(what, What::KeepAlive | What::KeepAliveAck);
        let is_probe = stream.talks.is_none() && seen.verdicts.iter().any(|it| probes(&it.what));
        let part = match () {
            () if ends[1].port() == 53 => Part::Resolver,
            () if is_opening || is_first_ack || connection.state() == State::Refused => {
                Part::Connection
            }
            () if is_probe => Part::Connection,
            () if flags.has(Flags::FIN) || connection.fin(Side::Client).is_some() => Part::Close,
            () => Part::Request,
        };
        let place = Place::of(part, 0);
        let mut entry = Entry::new(time, place, 5, Kind::Packet(number, number));
        entry.ends = Some(ends);
        entry.text = text(tcp, side, &octets, ends);
        entry.tail = stream.tail(tcp, connection, side);
        if !octets.is_empty() {
            entry.proof = Proof::Carried { from: side, octets };
        }
        entry.reason = stream.reason(seen, (connection, side), time);
        let hops = hops(packet);
        let news = hops.filter(|hops| stream.hops[side.index()] != Some(*hops));
        if let Some(hops) = news.filter(|_| side == Side::Server) {
            let others = stream.hops[side.index()];
            entry = match others {
                None => entry.and(6, routers(hops)),
                Some(others) => entry.and(
                    5,
                    format!("! TTL {hops}, others of the server's packets have {others}: somebody on the way may have sent it"),
                ),
            };
        }
        let is_again = seen.verdicts.iter().any(|it| matches!(it.what, What::Resent { .. }));
        if flags.has(Flags::SYN) && !is_again {
            entry = entry.and(5, offers(tcp));
            entry = entry.and(7, format!("ISN {}", tcp.seq().0));
        }
        if len(tcp) > mss(connection, side) && !flags.has(Flags::SYN) {
            let mss = mss(connection, side);
            let pieces = len(tcp).div_ceil(mss.max(1));
            entry = entry.and(
                6,
                format!("a super-segment: the interface makes {pieces} of it on the wire, MSS {mss} (inferred)"),
            );
        }
        let heard = stream.acked[side.peer().index()];
        if let Some(flying) = heard.map(|heard| tcp.seq().plus(tcp.span()).past(heard))
            && !tcp.payload().is_empty()
            && flying > 0
        {
            entry = entry.and(7, format!("in flight {flying}"));
        }
        let smoothed = connection.half(Side::Client).rtt().and_then(Rtt::smoothed);
        if let Some(smoothed) =
            smoothed.filter(|_| seen.round_trip.is_some() && side == Side::Server)
        {
            entry = entry.and(7, format!("RFC 6298: srtt {}", duration(smoothed)));
        }
        entry = entry.and(7, rest(tcp));
        entry.more.retain(|(_, text)| !text.is_empty());
        stream.hops[side.index()] = hops.or(stream.hops[side.index()]);
        let is_new = len(tcp) > 0 && stream.talks != Some(side);
        if len(tcp) > 0 {
            stream.talks = Some(side);
        }
        let is_plain = seen.verdicts.is_empty()
            && flags.0 & !(Flags::PSH | Flags::ACK) == 0
            && !is_opening
            && !is_new
            && entry.more.iter().all(|(level, _)| *level >= 6)
            && part == Part::Request;
        if is_plain && !self.tells_all {
            return stream.run.add(entry, u64::from(len(tcp)));
        }
        let mut told = stream.run.end();
        told.push(entry);
        told
    }
}

impl Stream {
    /// What the tracker makes of it, and what it changes.
    fn reason(
        &mut self,
        seen: &Seen<'_>,
        (connection, side): (&Connection, Side),
        time: Timestamp,
    ) -> String {
        let mut reasons: Vec<String> = seen
            .verdicts
            .iter()
            .map(|verdict| written(|ink| verdict::words(verdict, ink)))
            .collect();
        // How soon we answer is no round trip over the network.
        if let Some(trip) = seen.round_trip.filter(|_| side == Side::Server) {
            reasons.push(format!("RTT {} since #{}", duration(trip.time()), trip.of));
        }
        let state = state(connection);
        if self.state != state {
            reasons.extend(state.map(str::to_owned));
            self.states.extend(state.map(|state| (time, state)));
        }
        self.state = state;
        reasons.join(", ")
    }

    /// What a segment says beside the octets it carries.
    fn tail(&mut self, tcp: Tcp<'_>, connection: &Connection, side: Side) -> String {
        let (flags, origin) = (tcp.flags(), connection.origin(side));
        let has_data = !tcp.payload().is_empty();
        let mut tail = String::new();
        if flags.has(Flags::PSH) && has_data {
            tail.push_str("  PSH");
        }
        if flags.has(Flags::SYN) || flags.has(Flags::FIN) || flags.has(Flags::RST) {
            _ = write!(tail, "  seq {}", tcp.seq().from(origin.seq));
        }
        let acked = flags.has(Flags::ACK).then(|| tcp.ack());
        let before = std::mem::replace(&mut self.acked[side.index()], acked);
        if flags.has(Flags::ACK) && (!has_data || before != acked) {
            _ = write!(tail, " ack {}", tcp.ack().from(origin.ack));
            // A FIN counts as one, and is no octet.
            let fresh = before.map_or(0, |before| tcp.ack().past(before));
            if fresh > 1 && !has_data {
                _ = write!(tail, " ({fresh} new)");
            }
        }
        if !has_data && !flags.has(Flags::FIN) && !flags.has(Flags::RST) {
            _ = write!(tail, "  win {}", origin.scale.window(tcp));
            if origin.scale == Scale::Unknown && !flags.has(Flags::SYN) && tcp.window() > 0 {
                tail.push_str(" (scale unknown)");
            }
        }
        for option in tcp.options() {
            if let TcpOption::Sack(blocks) = option {
                tail.push_str("  SACK");
                for (left, right) in blocks.edges() {
                    _ = write!(tail, " {}..{}", left.from(origin.ack), right.from(origin.ack));
                }
            }
        }
        tail
    }
}

impl Run {
    fn add(&mut self, entry: Entry, octets: u64) -> Vec<Entry> {
        if self.told < ENDS {
            self.told += 1;
            return vec![entry];
        }
        self.last.push((entry, octets));
        if self.last.len() > ENDS {
            let (entry, octets) = self.last.remove(0);
            let Kind::Packet(number, _) = entry.kind else { return vec![entry] };
            let middle = self.middle.get_or_insert(Middle {
                entry,
                first: number,
                last: number,
                segments: 0,
                acks: 0,
                octets: 0,
            });
            middle.last = number;
            middle.octets += octets;
            *(if octets > 0 { &mut middle.segments } else { &mut middle.acks }) += 1;
        }
        Vec::new()
    }

    fn end(&mut self) -> Vec<Entry> {
        self.told = 0;
        let mut told: Vec<Entry> = self.middle.take().map(Middle::entry).into_iter().collect();
        told.extend(self.last.drain(..).map(|(entry, _)| entry));
        told
    }
}

impl Middle {
    fn entry(self) -> Entry {
        let Self { mut entry, first, last, segments, acks, octets } = self;
        // One alone is told as itself.
        if segments + acks == 1 {
            return entry;
        }
        entry.kind = Kind::Packet(first, last);
        let mut text = many(segments, "segment", "segments");
        if octets > 0 {
            _ = write!(text, " with {}", many(octets, "octet", "octets"));
        }
        if acks > 0 {
            _ = write!(text, " and {}", many(acks, "ACK", "ACKs"));
        }
        entry.text = text;
        entry.reason = "nothing lost".into();
        (entry.tail, entry.proof) = (String::new(), Proof::None);
        entry.more.clear();
        entry
    }
}
