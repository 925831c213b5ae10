//! What does a segment do to its connection, as records?

use std::net::SocketAddr;
use std::time::Duration;

use super::event::{Event, Link, Moved};
use super::packets::new;
use crate::flow::tcp::{Connection, Segment, Trigger, Verdict, What};
use crate::flow::{Seen, Side};
use crate::ink::Ink;
use crate::render::sheet::Sheet;
use crate::render::verdict;
use crate::tale::fetch::kind;
use crate::tale::fetch::state::State;
use crate::timeline::nanos;
use crate::wire::tcp::{Flags, Seq};
use crate::wire::{Layer, Packet};

/// What was seen of a connection so far.
pub(super) struct Trail {
    us: SocketAddr,
    them: SocketAddr,
    state: State,
    /// Of each side: the number of its SYN, and how far its stream has come.
    streams: [Option<Stream>; 2],
    /// Where our FIN stands.
    fin: Option<u64>,
    syns: u32,
    /// RFC 6298: smoothed round trip and its variation, in nanoseconds.
    estimate: Option<(u64, u64)>,
    has_ended_handshake: bool,
}

#[derive(Clone, Copy)]
struct Stream {
    at: Seq,
    offset: u64,
    acknowledged: u64,
}

/// A segment's place in its stream, and what it acknowledges of the other.
#[derive(Clone, Copy)]
struct Place {
    start: u64,
    end: u64,
    ack: Option<u64>,
    /// Octets that it acknowledges and none before it did.
    newly: u64,
}

impl Trail {
    pub(super) fn new(us: SocketAddr, them: SocketAddr) -> Self {
        Self {
            us,
            them,
            state: State::default(),
            streams: [None, None],
            fin: None,
            syns: 0,
            estimate: None,
            has_ended_handshake: false,
        }
    }

    pub(super) fn follow(
        &mut self,
        packet: &Packet<'_>,
        seen: &Seen<'_>,
        (connection, side): (&Connection, Side),
        told: &mut Vec<Event>,
    ) {
        let Some((segment, _, _)) = Segment::of(packet) else { return };
        let from = told.len();
        let place = self.place(&segment, side);
        let window = window(connection, &segment, side);
        self.opens(packet, &segment, side, told);
        if segment.len > 0 {
            told.push(self.data(packet, seen, &segment, side, place, window));
        }
        if segment.has(Flags::FIN) || segment.has(Flags::RST) {
            told.push(self.ends(packet, &segment, side));
        }
        self.acknowledges(packet, seen, side, place, told);
        for verdict in seen.verdicts {
            told.extend(Self::is(packet, verdict, side, window, segment.len));
        }
        self.moves(packet, &segment, side, place, told);
        for event in &mut told[from..] {
            event.connection = Some(connection.id());
        }
    }

    fn place(&mut self, segment: &Segment, side: Side) -> Place {
        let first = if segment.has(Flags::SYN) { segment.seq.plus(1) } else { segment.seq };
        let start = unrolled(&mut self.streams[side.index()], first);
        let end = start + u64::from(segment.len);
        let peer = &mut self.streams[side.peer().index()];
        let ack = segment.has(Flags::ACK).then(|| unrolled(peer, segment.ack));
        let newly = match (ack, peer) {
            (Some(ack), Some(peer)) => {
                let newly = ack.saturating_sub(peer.acknowledged);
                peer.acknowledged = peer.acknowledged.max(ack);
                newly
            }
            _ => 0,
        };
        Place { start, end, ack, newly }
    }

    fn link(&self, what: Moved) -> Link {
        Link { local: self.us, remote: self.them, what }
    }

    /// The handshake's three segments.
    fn opens(&mut self, packet: &Packet<'_>, segment: &Segment, side: Side, told: &mut Vec<Event>) {
        let (syn, ack) = (segment.has(Flags::SYN), segment.has(Flags::ACK));
        let kind = match (side, syn, ack) {
            (Side::Client, true, false) => kind::TCP_SYN,
            (Side::Server, true, true) => kind::TCP_SYN_ACK,
            (Side::Client, false, true)
                if self.state == State::Established && !self.has_ended_handshake =>
            {
                self.has_ended_handshake = true;
                kind::TCP_ACK
            }
            _ => return,
        };
        self.syns += u32::from(kind == kind::TCP_SYN);
        let again = self.syns.saturating_sub(1);
        let text = match kind {
            kind::TCP_SYN if again > 0 => format!("SYN, sent again for the {again}. time"),
            kind::TCP_SYN => "SYN".to_owned(),
            kind::TCP_SYN_ACK => "SYN,ACK".to_owned(),
            _ => "ACK: the handshake is done here".to_owned(),
        };
        let event = new(packet, kind, text).linked(Some(self.link(Moved::Handshake)));
        told.push(event.with(|sheet| {
            sheet.words("by", Some(by(side)));
            sheet.number("seq", Some(segment.seq.0));
            sheet.number("ack", ack.then_some(segment.ack.0));
            sheet.number("window", Some(segment.window));
            sheet.number("ttl", Some(segment.hops));
            sheet.number("retries", (kind == kind::TCP_SYN).then_some(again));
            let offer = syn.then_some(&segment.offer);
            sheet.number("mss", offer.map(|offer| offer.mss).filter(|mss| *mss > 0));
            sheet.number("window_scale", offer.and_then(|offer| offer.scale));
            sheet.flag("sack", offer.map(|offer| offer.sack));
            sheet.number("timestamp", segment.stamps.map(|stamps| stamps.value));
            sheet.number("timestamp_echo", segment.stamps.map(|stamps| stamps.echo));
            options(packet, sheet);
        }));
    }

    fn data(
        &self,
        packet: &Packet<'_>,
        seen: &Seen<'_>,
        segment: &Segment,
        side: Side,
        place: Place,
        window: Option<u32>,
    ) -> Event {
        let arrow = if side == Side::Client { "out" } else { "in" };
        let text = format!("{arrow}: octets {} to {}", place.start, place.end.saturating_sub(1));
        let octets = place.start..place.end;
        let what = if side == Side::Client { Moved::Out(octets) } else { Moved::In(octets) };
        let acknowledged = self.streams[side.index()].map_or(0, |stream| stream.acknowledged);
        new(packet, kind::TCP_SEGMENT, text).linked(Some(self.link(what))).with(|sheet| {
            sheet.words("by", Some(by(side)));
            sheet.number("first_octet", Some(place.start));
            sheet.number("end_octet", Some(place.end));
            sheet.number("seq", Some(segment.seq.0));
            sheet.number("payload_bytes", Some(segment.len));
            let letters = segment.flags.letters();
            sheet.text("flags", Some(letters.trim_ascii()));
            sheet.number("ack_octet", place.ack);
            sheet.number("window_bytes", window);
            sheet.number("ttl", Some(segment.hops));
            sheet.number("flight_bytes", Some(place.end.saturating_sub(acknowledged)));
            let mut ink = Ink::default();
            verdict::records(packet, seen, &mut ink);
            sheet.plain_list("verdicts", ink.as_bytes());
        })
    }

    fn ends(&self, packet: &Packet<'_>, segment: &Segment, side: Side) -> Event {
        let who = if side == Side::Client { "we" } else { "the server" };
        let (kind, text) = if segment.has(Flags::RST) {
            let verb = if side == Side::Client { "break" } else { "breaks" };
            (kind::TCP_RST, format!("RST: {who} {verb} the connection off"))
        } else if segment.len > 0 {
            (kind::TCP_FIN, format!("FIN, with the last octets: {who} will send no more"))
        } else {
            (kind::TCP_FIN, format!("FIN: {who} will send no more"))
        };
        let link = (side == Side::Client).then(|| self.link(Moved::End));
        new(packet, kind, text).linked(link).with(|sheet| {
            sheet.words("by", Some(by(side)));
            sheet.number("seq", Some(segment.seq.0));
            sheet.flag("with_ack", Some(segment.has(Flags::ACK)));
            sheet.number("payload_bytes", Some(segment.len));
            sheet.number("ttl", Some(segment.hops));
        })
    }

    /// What is acknowledged, and what that tells about the round trip.
    fn acknowledges(
        &mut self,
        packet: &Packet<'_>,
        seen: &Seen<'_>,
        side: Side,
        place: Place,
        told: &mut Vec<Event>,
    ) {
        let sample = seen.round_trip.map(|trip| (trip.of, trip.time()));
        if let (Some(ack), 1..) = (place.ack, place.newly) {
            let whose = if side == Side::Client { "their" } else { "our" };
            let text = format!("ACK {ack}: {} more of {whose} octets have arrived", place.newly);
            let link = (side == Side::Server).then(|| self.link(Moved::Arrived(ack)));
            told.push(new(packet, kind::TCP_ACKED, text).linked(link).with(|sheet| {
                sheet.words("by", Some(by(side)));
                sheet.number("ack_octet", Some(ack));
                sheet.number("newly_bytes", Some(place.newly));
                sheet.number("of_packet", sample.map(|(of, _)| of));
                sheet.number("rtt_ns", sample.map(|(_, time)| nanos(time)));
                let none = sample.is_none() && side == Side::Server;
                sheet.words(
                    "no_rtt",
                    none.then_some("the octets were sent more than once, or together"),
                );
            }));
        }
        if let (Some((of, time)), Side::Server) = (sample, side) {
            told.push(self.sample(packet, of, time));
        }
    }

    /// RFC 6298 §2.
    fn sample(&mut self, packet: &Packet<'_>, of: u64, time: Duration) -> Event {
        let now = nanos(time);
        let (smoothed, variation) = match self.estimate {
            None => (now, now / 2),
            Some((smoothed, variation)) => {
                let variation = (3 * variation + smoothed.abs_diff(now)) / 4;
                ((7 * smoothed + now) / 8, variation)
            }
        };
        self.estimate = Some((smoothed, variation));
        // A second at least, as the RFC has it; Linux waits 200 ms beyond the smoothed round trip.
        let timeout = (smoothed + 4 * variation).max(1_000_000_000);
        let linux = smoothed + (4 * variation).max(200_000_000);
        let text = format!("round trip {:.3} ms since packet {of}", time.as_secs_f64() * 1e3);
        new(packet, kind::TCP_RTT, text).with(|sheet| {
            sheet.number("of_packet", Some(of));
            sheet.number("sample_ns", Some(now));
            sheet.number("smoothed_ns", Some(smoothed));
            sheet.number("variation_ns", Some(variation));
            sheet.number("timeout_ns", Some(timeout));
            sheet.number("linux_timeout_ns", Some(linux));
        })
    }

    /// What the tracker says of it that is an event of its own.
    fn is(
        packet: &Packet<'_>,
        verdict: &Verdict,
        side: Side,
        window: Option<u32>,
        len: u32,
    ) -> Option<Event> {
        let who = if side == Side::Client { "our" } else { "their" };
        let text = match verdict.what {
            What::ZeroWindow => format!("{who} window is closed"),
            What::WindowReopened { after } => {
                format!("{who} window is open again after {:.3} ms", after.as_secs_f64() * 1e3)
            }
            What::WindowShrunk { octets } => format!("{who} window shrank by {octets}"),
            What::WindowUpdate => format!("{who} window grew"),
            What::WindowFull => format!("{who} octets fill the other's window"),
            What::Resent { trigger, .. } if side == Side::Client => {
                return Some(fired(packet, verdict, trigger));
            }
            _ => return None,
        };
        Some(new(packet, kind::TCP_WINDOW, text).with(|sheet| {
            sheet.words("by", Some(by(side)));
            sheet.number("window_bytes", window);
            sheet.flag("piggybacked", Some(len > 0));
            let change = match verdict.what {
                What::ZeroWindow => "zero",
                What::WindowReopened { .. } => "reopened",
                What::WindowShrunk { .. } => "shrunk",
                What::WindowUpdate => "update",
                _ => "full",
            };
            sheet.words("change", Some(change));
        }))
    }

    /// Our end's state, where the segment changed it.
    fn moves(
        &mut self,
        packet: &Packet<'_>,
        segment: &Segment,
        side: Side,
        place: Place,
        told: &mut Vec<Event>,
    ) {
        let before = self.state;
        self.state = match side {
            Side::Client => before.sent(segment.flags),
            Side::Server => {
                let acks_fin = matches!((self.fin, place.ack), (Some(fin), Some(ack)) if ack > fin);
                before.got(segment.flags, acks_fin)
            }
        };
        if side == Side::Client && segment.has(Flags::FIN) {
            self.fin.get_or_insert(place.end);
        }
        let after = self.state;
        if before == after {
            return;
        }
        let (name, cause) = (after.name(), format!("packet {}", packet.frame.number));
        let text = format!("{} becomes {name}", before.name());
        let event = new(packet, kind::TCP_STATE, text).changes(before.name(), name);
        told.push(event.because(cause.as_str()).with(|sheet| sheet.words("side", Some("client"))));
        if after == State::TimeWait {
            // How long is the system's choice: Linux has 60 s, RFC 9293 §3.3.2 twice the segment's life.
            let text = format!("port {} stays taken: we closed first", self.us.port());
            let event = new(packet, kind::TCP_TIME_WAIT, text).because(cause).inferred();
            told.push(event.with(|sheet| {
                sheet.number("socket", None::<u64>);
                sheet.words("side", Some("client"));
                sheet.number("left_ns", None::<u64>);
            }));
        }
    }
}

fn by(side: Side) -> &'static str {
    match side {
        Side::Client => "client",
        Side::Server => "server",
    }
}

/// A timer of ours ran out, as far as the segment that was sent again shows.
fn fired(packet: &Packet<'_>, verdict: &Verdict, trigger: Trigger) -> Event {
    let (name, text) = match trigger {
        Trigger::Fast => ("fast", "sent again, because the other side lacks it"),
        Trigger::Timeout => ("timeout", "sent again: the retransmission timeout ran out"),
        Trigger::Recovery => ("recovery", "sent again, after a timeout before"),
        Trigger::TailProbe => ("tail_probe", "sent again to get an answer: a tail loss probe"),
        Trigger::TailProbeOrTimeout => {
            ("tail_probe_or_timeout", "sent again: a tail loss probe or the retransmission timeout")
        }
        Trigger::Unknown => ("unknown", "sent again"),
    };
    new(packet, kind::TCP_TIMER, text).inferred().with(|sheet| {
        sheet.words("timer", Some(name));
        sheet.number("of_packet", verdict.of);
    })
}

/// In octets, where the scale is known; the window of a SYN is never scaled (RFC 7323 §2.2).
fn window(connection: &Connection, segment: &Segment, side: Side) -> Option<u32> {
    let scale = if segment.has(Flags::SYN) { Some(0) } else { connection.window_scale(side) };
    scale.map(|scale| u32::from(segment.window) << scale.min(14))
}

fn options(packet: &Packet<'_>, sheet: &mut Sheet<'_>) {
    let tcp = packet.own_layers().iter().rev().find_map(|layer| match layer {
        Layer::Tcp(tcp) => Some(*tcp),
        _ => None,
    });
    let count = tcp.map(|tcp| tcp.options().count() as u64);
    sheet.number("options", count);
}

/// Where a number stands in a stream. What lies before its beginning is its beginning.
fn unrolled(stream: &mut Option<Stream>, seq: Seq) -> u64 {
    let at = stream.get_or_insert(Stream { at: seq, offset: 0, acknowledged: 0 });
    let past = seq.past(at.at);
    let offset = at.offset.saturating_add_signed(past.into());
    if past > 0 {
        (at.at, at.offset) = (seq, offset);
    }
    offset
}
