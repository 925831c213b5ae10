//! What is this packet?

use std::fmt::Write as _;

use super::talk::{self, an};
use super::words::{Words, octets};
use crate::flow::exchange::Exchange;
use crate::flow::tcp::{Connection, Copied, What};
use crate::flow::{Seen, Side};
use crate::render::line::{self, Numbers};
use crate::render::verdict;
use crate::tale::packet::{Part, Subject};
use crate::wire::arp::Meaning;
use crate::wire::tcp::{Flags, Seq, Tcp};
use crate::wire::{Layer, Packet, frame};

/// What is known of it once it is there; what an exchange adds comes later.
#[derive(Debug)]
pub(super) struct Head {
    /// Who sends it to whom.
    pub(super) source: String,
    pub(super) destination: String,
    /// What `packets` says of it.
    pub(super) line: String,
    what: String,
    /// Whether it brings octets that an exchange may own.
    brings: Option<u32>,
    /// What it does beside that.
    tail: &'static str,
    /// What the tracker says of it beside that.
    besides: Vec<String>,
}

impl Head {
    pub(super) fn of(
        packet: &Packet<'_>,
        seen: &Seen<'_>,
        subject: &Subject,
        numbers: Numbers,
        words: Words,
    ) -> Self {
        let ports = packet.ports();
        let source = words.written(|ink| match (packet.addresses(), ports) {
            (Some((from, _)), Some((port, _))) => _ = ink.endpoint(from, port),
            _ => line::source(packet, ink),
        });
        let destination = words.written(|ink| match (packet.addresses(), ports) {
            (Some((_, to)), Some((_, port))) => _ = ink.endpoint(to, port),
            _ => line::destination(packet, ink),
        });
        let line = words.written(|ink| line::words(packet, seen, numbers, ink));
        let (what, brings) = match (packet.tcp(), subject.side.zip(seen.connection)) {
            (Some(tcp), Some((side, (connection, _)))) => {
                segment(tcp, (connection, side), seen, numbers, words)
            }
            _ => (elsewhere(packet, words), None),
        };
        let besides = seen.verdicts.iter().filter(|verdict| is_beside(verdict.what));
        let besides = besides.map(|verdict| words.written(|ink| verdict::words(verdict, ink)));
        let besides = besides.chain(joined(packet, seen)).collect();
        let is_fin =
            brings.is_some() && packet.tcp().is_some_and(|tcp| tcp.flags().has(Flags::FIN));
        let tail = if is_fin { ", and its FIN: it has said its last" } else { "" };
        Self { source, destination, line, what, brings, tail, besides }
    }

    /// The sentence, with what the exchanges it belongs to add.
    pub(super) fn sentence(&self, belongs: &[(Exchange, Part)], words: Words) -> String {
        let mut sentence = match belongs.first() {
            Some((exchange, part)) => {
                let mut told = talk::part(exchange, *part, self.brings, words);
                let others = belongs[1..].iter().filter(|(_, other)| other == part).count();
                if others > 0 {
                    _ = write!(told, ", and of {others} more");
                }
                told
            }
            None => self.what.clone(),
        };
        sentence.push_str(self.tail);
        for beside in &self.besides {
            _ = write!(sentence, "; {beside}");
        }
        sentence
    }
}

/// What a segment is that is longer than any on the wire.
fn joined(packet: &Packet<'_>, seen: &Seen<'_>) -> Option<String> {
    let (connection, side) = seen.connection?;
    let mss = connection.half(side.peer()).mss()?;
    let is_longer = packet.tcp()?.payload().len() > usize::from(mss);
    is_longer.then(|| {
        format!("longer than the MSS of {mss}: captured before a network card cut it up, or after one joined it")
    })
}

/// The verdicts that the sentence does not say itself.
fn is_beside(what: What) -> bool {
    !matches!(
        what,
        What::DuplicateAck { .. }
            | What::KeepAlive
            | What::KeepAliveAck
            | What::WindowProbe
            | What::WindowProbeAck
            | What::Copy(_)
            | What::Connected { .. }
    )
}

fn segment(
    tcp: Tcp<'_>,
    (connection, side): (&Connection, Side),
    seen: &Seen<'_>,
    numbers: Numbers,
    words: Words,
) -> (String, Option<u32>) {
    let (flags, len) = (tcp.flags(), tcp.payload().len() as u32);
    let (who, id) = (name(side), connection.id());
    let said = |so: fn(What) -> bool| seen.verdicts.iter().find(|verdict| so(verdict.what));
    if let Some(copy) = said(|what| matches!(what, What::Copy(_))) {
        let of = copy.of.map_or_else(|| "a packet before it".to_owned(), |of| format!("#{of}"));
        let how = if copy.what == What::Copy(Copied::Capture) {
            "the capture saw it at two places"
        } else {
            "the network delivered it twice"
        };
        return (format!("a copy of {of}: {how}"), None);
    }
    let told = if flags.has(Flags::RST) {
        format!("the {who}'s reset (RST): it gives connection {id} up")
    } else if flags.has(Flags::SYN) && flags.has(Flags::ACK) {
        format!("the {who}'s SYN-ACK: it accepts connection {id}")
    } else if flags.has(Flags::SYN) {
        format!("the {who}'s SYN: it asks to open connection {id}")
    } else if said(|what| what == What::WindowProbe).is_some() {
        format!("the {who} probes the closed window")
    } else if said(|what| what == What::KeepAlive).is_some() {
        format!("a keep-alive of the {who}: it asks whether the other side is still there")
    } else if len > 0 {
        return (format!("{} of the {who}", octets(len.into())), Some(len));
    } else if flags.has(Flags::FIN) {
        format!("the {who}'s FIN: it has said its last")
    } else if let Some(connected) = said(|what| matches!(what, What::Connected { .. })) {
        let after = match connected.what {
            What::Connected { rtt: Some(rtt) } => format!(" after {}", words.duration(rtt)),
            _ => String::new(),
        };
        format!("the {who}'s ACK of the SYN-ACK: connection {id} is open{after}")
    } else if let Some(again) = said(|what| matches!(what, What::DuplicateAck { .. })) {
        let What::DuplicateAck { count } = again.what else { return (String::new(), None) };
        repeated(count)
    } else if said(|what| what == What::KeepAliveAck).is_some() {
        format!("the {who} answers the keep-alive: it is still there")
    } else if said(|what| what == What::WindowProbeAck).is_some() {
        format!("the {who} answers the window probe")
    } else if flags.has(Flags::ACK) {
        let peer = name(side.peer());
        let zero = match numbers {
            Numbers::Relative => connection.origin(side).ack,
            Numbers::Absolute => Seq::default(),
        };
        format!(
            "an ACK of the {who}: the {peer}'s octets before number {} arrived",
            tcp.ack().from(zero)
        )
    } else {
        format!("a segment of the {who} without flags and octets")
    };
    (told, None)
}

/// RFC 5681 §3.2: at the third the sender need not wait for its timer.
fn repeated(count: u32) -> String {
    let nth = match count {
        1 => "the first".to_owned(),
        2 => "the second".to_owned(),
        3 => {
            return "an ACK that says nothing new, the third: the other side may send again now"
                .to_owned();
        }
        4..=20 => format!("the {count}th"),
        _ => format!("number {count}"),
    };
    format!("an ACK that says nothing new, {nth}")
}

/// What has no connection.
fn elsewhere(packet: &Packet<'_>, words: Words) -> String {
    if let Some(part) = packet.fragment() {
        let which = match (part.offset, part.more) {
            (0, _) => "the first fragment",
            (_, true) => "a fragment from the middle",
            (_, false) => "the last fragment",
        };
        return format!(
            "{which} of IP packet {:#06x}: {} from {} on",
            part.id,
            octets(part.payload.len() as u64),
            part.offset
        );
    }
    let Some(last) = packet.own_layers().last() else {
        let link =
            frame::link_name(packet.frame.link).map_or(String::new(), |name| format!(" ({name})"));
        let len = octets(packet.frame.octets.len() as u64);
        return match packet.stop {
            Some(_) => {
                format!("{len} of link type {}{link} that could not be read", packet.frame.link)
            }
            None => {
                format!("{len} of link type {}{link}, which nothing here reads", packet.frame.link)
            }
        };
    };
    let line = words.written(|ink| last.line(ink));
    match last {
        Layer::Arp(arp) => arp_words(arp.meaning(), &line),
        Layer::Udp(udp) => {
            format!("a UDP datagram with {}", octets(udp.told_len().saturating_sub(8) as u64))
        }
        Layer::Icmp(icmp) if icmp.is_error() => format!("an ICMP error: {line}"),
        Layer::Icmpv6(icmp) if icmp.is_error() => format!("an ICMPv6 error: {line}"),
        other => {
            let words = other.name().words;
            format!("{}: {line}", article_of(words))
        }
    }
}

fn arp_words(meaning: Meaning, line: &str) -> String {
    let what = match meaning {
        Meaning::Request => "an ARP request",
        Meaning::Reply => "an ARP reply",
        Meaning::GratuitousReply => "an ARP reply that nobody asked for",
        Meaning::Probe => "an ARP probe",
        Meaning::Announcement => "an ARP announcement",
        _ => "an ARP packet",
    };
    format!("{what}: {line}")
}

fn article_of(protocol: &str) -> String {
    match protocol {
        "TCP" => "a TCP segment that belongs to no connection".into(),
        other => format!("{} packet", an(other)),
    }
}

pub(super) fn name(side: Side) -> &'static str {
    match side {
        Side::Client => "client",
        Side::Server => "server",
    }
}
