//! Which facts does the record of a conversation have, in which order?
//!
//! Said once, and written by a [`Sheet`] as JSON or as a row. What is not known is said to be unknown.

use std::time::Duration;

use crate::flow::tcp::{
    Close, Connection, Copied, Facts, Flight, Half, Rtt, Sent, Trigger, Vantage, Windows,
};
use crate::flow::{Datagrams, End, Named, Names, Side};
use crate::ink::Ink;
use crate::render::clock::Calendar;
use crate::render::owners;
use crate::render::sheet::{Form, Sheet};
use crate::timeline::nanos;

use super::Known;

const SIDES: [(Side, &str); 2] = [(Side::Client, "client"), (Side::Server, "server")];

/// Writes the record of a connection.
pub(in crate::render) fn connection(
    one: &Connection,
    known: &Known,
    sheet: &mut Sheet<'_>,
    calendar: &mut Calendar,
) {
    let names = &known.names;
    sheet.words("type", Some("connection"));
    sheet.number("id", Some(one.id()));
    key("tcp", SIDES.map(|(side, _)| one.end(side)), names, sheet, |sheet| {
        let vlans = Some(one.vlans()).filter(|vlans| !vlans.is_empty());
        sheet.list("vlan", vlans, |id, _, ink| _ = ink.number(*id));
        sheet.words("tunnel", one.tunnel().map(|tunnel| tunnel.name));
    });
    sheet.words("role_confidence", Some(one.role_confidence().name()));
    sheet.number("first_packet", Some(one.opened().packet));
    sheet.number("last_packet", Some(one.latest().packet));
    sheet.time("first_time", Some(one.opened().time), calendar);
    sheet.number("duration_ns", Some(nanos(one.latest().time.since(one.opened().time))));
    sheet.words("state", Some(one.state().name()));
    close(one.close(), sheet);
    sheet.flag("complete", Some(one.is_complete()));
    sheet.words("zeek_state", Some(one.zeek_state()));
    sheet.words("zeek_history", Some(&one.zeek_history()));
    sheet.number("wireshark_completeness", Some(one.wireshark_completeness()));
    sheet.words("community_id", Some(&one.community_id().to_string()));
    handshake(one, sheet);
    let vantage = one.vantage().map(|vantage| match vantage {
        Vantage::AtClient => "client",
        Vantage::Between => "between",
        Vantage::AtServer => "server",
    });
    sheet.words("vantage", vantage);
    sheet.words("application", one.application());
    let server = one.end(Side::Server).address();
    let best = names.of_server(one.id()).or_else(|| names.of(server));
    sheet.nest("server_name", |sheet| {
        sheet.words("name", name(best));
        sheet.words("from", best.map(|named| named.learned.name()));
    });
    for (side, name) in SIDES {
        sheet.nest(name, |sheet| {
            half(one, side, sheet);
            owners::record(known.owners(Some(one.id())), Some(one.end(side)), sheet);
        });
    }
    sheet.number("budget", None::<u64>);
    sheet.list("confidence", Some(doubts(one, known.drops)), doubt);
}

/// Writes the record of what two ends sent each other without a connection.
pub(in crate::render) fn datagrams(
    one: &Datagrams,
    known: &Known,
    sheet: &mut Sheet<'_>,
    calendar: &mut Calendar,
) {
    sheet.words("type", Some("flow"));
    sheet.number("id", Some(one.id()));
    let ends = SIDES.map(|(side, _)| one.end(side));
    key(protocol(one.protocol()), ends, &known.names, sheet, |sheet| {
        sheet.number("vlan", None::<u64>);
        sheet.words("tunnel", None);
    });
    sheet.number("first_packet", Some(one.opened().packet));
    sheet.number("last_packet", Some(one.latest().packet));
    sheet.time("first_time", Some(one.opened().time), calendar);
    sheet.number("duration_ns", Some(nanos(one.latest().time.since(one.opened().time))));
    let community = one.community_id().map(|id| id.to_string());
    sheet.words("community_id", community.as_deref());
    sheet.words("application", one.application().map(|name| name.key));
    for (side, name) in SIDES {
        sheet.nest(name, |sheet| {
            sheet.number("packets", Some(one.sent(side).packets));
            sheet.number("bytes", Some(one.sent(side).octets));
            owners::record(known.owners(Some(one.id())), Some(one.end(side)), sheet);
        });
    }
}

/// The protocol of a number in an IP header.
pub(super) fn protocol(number: u8) -> &'static str {
    match number {
        1 => "icmp",
        2 => "igmp",
        6 => "tcp",
        17 => "udp",
        47 => "gre",
        50 => "esp",
        51 => "ah",
        58 => "icmpv6",
        89 => "ospf",
        103 => "pim",
        112 => "vrrp",
        132 => "sctp",
        _ => "ip",
    }
}

fn key(
    protocol: &str,
    ends: [End; 2],
    names: &Names,
    sheet: &mut Sheet<'_>,
    way: impl FnOnce(&mut Sheet<'_>),
) {
    sheet.nest("key", |sheet| {
        sheet.words("protocol", Some(protocol));
        for ((_, side), end) in SIDES.into_iter().zip(ends) {
            sheet.nest(side, |sheet| {
                sheet.address("address", Some(end.address()));
                let has_ports = matches!(protocol, "tcp" | "udp");
                sheet.number("port", has_ports.then_some(end.port));
                sheet.words("name", name(names.of(end.address())));
            });
        }
        way(sheet);
    });
}

fn close(close: Option<Close>, sheet: &mut Sheet<'_>) {
    sheet.nest("close", |sheet| {
        sheet.words("kind", close.map(|close| close.how.name()));
        sheet.words("by", close.and_then(|close| close.by).map(side_name));
        sheet.number("packet", close.map(|close| close.at.packet));
    });
}

fn handshake(one: &Connection, sheet: &mut Sheet<'_>) {
    let handshake = one.handshake();
    sheet.nest("handshake", |sheet| {
        sheet.number("syn_packet", handshake.syn.map(|mark| mark.packet));
        sheet.number("syn_ack_packet", handshake.syn_ack.map(|mark| mark.packet));
        sheet.number("ack_packet", handshake.ack.map(|mark| mark.packet));
        sheet.number("syn_retries", Some(handshake.syn_retries));
        sheet.number("syn_ack_retries", Some(handshake.syn_ack_retries));
        sheet.number("retry_wait_ns", handshake.retry_wait().map(nanos));
        sheet.number("rtt_client_ns", handshake.rtt_client().map(nanos));
        sheet.number("rtt_server_ns", handshake.rtt_server().map(nanos));
        sheet.number("rtt_ns", handshake.rtt().map(nanos));
    });
}

/// What one side sent.
fn half(one: &Connection, side: Side, sheet: &mut Sheet<'_>) {
    let half = one.half(side);
    let sent = half.sent();
    sheet.number("packets", Some(half.packets()));
    sheet.number("wire_packets", Some(sent.wire_packets));
    sheet.number("bytes", Some(half.octets()));
    sheet.number("payload_bytes", Some(half.payload()));
    sheet.number("unique_bytes", Some(half.unique()));
    sheet.number("missed_bytes", Some(sent.missed_octets));
    sheet.number("gaps", Some(sent.gaps));
    offered(half, sheet);
    sheet.number("retransmitted_packets", Some(sent.resent));
    sheet.number("retransmitted_bytes", Some(sent.resent_octets));
    for (name, triggers) in [
        ("retransmitted_fast", &[Trigger::Fast][..]),
        ("retransmitted_timeout", &[Trigger::Timeout]),
        ("retransmitted_recovery", &[Trigger::Recovery]),
        ("retransmitted_probe", &[Trigger::TailProbe, Trigger::TailProbeOrTimeout]),
        ("retransmitted_unknown", &[Trigger::Unknown]),
    ] {
        let count: u64 = triggers.iter().map(|trigger| sent.triggered(*trigger)).sum();
        sheet.number(name, Some(count));
    }
    sheet.number("spurious_packets", Some(sent.spurious));
    sheet.number("lost_before_capture", Some(sent.lost_before));
    sheet.number("lost_after_capture", Some(sent.lost_after));
    sheet.number("reordered_packets", Some(sent.reordered));
    sheet.number("duplicate_packets", Some(sent.copied(Copied::Network)));
    sheet.number("capture_duplicate_packets", Some(sent.copied(Copied::Capture)));
    sheet.number("duplicate_acks", Some(sent.duplicate_acks));
    sheet.number("dsacks", Some(sent.duplicate_sacks));
    sheet.number("keep_alives", Some(sent.keep_alives));
    sheet.number("window_probes", Some(sent.window_probes));
    sheet.number("window_updates", Some(sent.window_updates));
    rtt(half.rtt(), sheet);
    windows(half.windows(), sheet);
    sheet.nest("flight", |sheet| {
        let flight = half.flight();
        sheet.number("max_bytes", flight.map(Flight::most));
        let average = flight.and_then(Flight::average);
        sheet.number("avg_bytes", average);
    });
    sheet.number("idle_max_ns", Some(nanos(sent.idle)));
    sheet.number("goodput_bytes_per_s", goodput(half, &sent));
    sheet.number("fin_packet", one.fin(side).map(|mark| mark.packet));
    let rst = one.rst(side);
    sheet.number("rst_packet", rst.map(|(mark, _)| mark.packet));
    sheet.words("rst_reason", rst.map(|(_, reset)| reset.name()));
}

/// What its SYN offered.
fn offered(half: &Half, sheet: &mut Sheet<'_>) {
    let facts = half.facts();
    let has_syn = facts.has(Facts::SYN);
    let is_offered = |fact| has_syn.then(|| facts.has(fact));
    let isn = half.start().filter(|_| has_syn);
    sheet.number("isn", isn.map(|seq| seq.0));
    sheet.number("mss", half.mss());
    sheet.number("window_scale", half.window_scale());
    sheet.flag("sack", is_offered(Facts::SACK));
    sheet.flag("timestamps", is_offered(Facts::STAMPS));
    sheet.flag("ecn", is_offered(Facts::ECN));
    sheet.flag("fast_open", is_offered(Facts::FAST_OPEN));
}

fn rtt(rtt: Option<&Rtt>, sheet: &mut Sheet<'_>) {
    let length = |of: fn(&Rtt) -> Option<Duration>| rtt.and_then(of).map(nanos);
    sheet.nest("rtt", |sheet| {
        sheet.number("samples", Some(rtt.map_or(0, Rtt::samples)));
        sheet.number("min_ns", length(Rtt::shortest));
        sheet.number("avg_ns", length(Rtt::average));
        sheet.number("max_ns", length(Rtt::longest));
        sheet.number("deviation_ns", length(Rtt::deviation));
        sheet.number("p50_ns", length(|rtt| rtt.percentile(50)));
        sheet.number("p95_ns", length(|rtt| rtt.percentile(95)));
        sheet.number("ambiguous", Some(rtt.map_or(0, Rtt::ambiguous)));
    });
}

fn windows(windows: Option<&Windows>, sheet: &mut Sheet<'_>) {
    let range = windows.and_then(Windows::range);
    let last = windows.and_then(Windows::last);
    sheet.nest("window", |sheet| {
        sheet.number("min_bytes", range.map(|(least, _)| least));
        sheet.number("max_bytes", range.map(|(_, most)| most));
        sheet.number("last_bytes", last);
        sheet.number("zero_count", Some(windows.map_or(0, Windows::zeros)));
        sheet.number("zero_ns", Some(nanos(windows.map_or(Duration::ZERO, Windows::zero_time))));
        sheet.number("full_ns", Some(nanos(windows.map_or(Duration::ZERO, Windows::full_time))));
        sheet.number("shrunk", Some(windows.map_or(0, Windows::shrunk)));
    });
}

/// Octets seen once over the time from the first of them to the last.
fn goodput(half: &Half, sent: &Sent) -> Option<u64> {
    let nanos = sent.last_data?.since(sent.first_data?).as_nanos();
    (u128::from(half.unique()) * 1_000_000_000).checked_div(nanos).map(|rate| rate as u64)
}

/// What may not be concluded from this connection.
fn doubts(one: &Connection, drops: bool) -> impl Iterator<Item = &'static str> {
    let halves = SIDES.map(|(side, _)| one.half(side));
    let any = |holds: &dyn Fn(&Half) -> bool| halves.iter().any(|half| holds(half));
    let doubts = [
        ("gaps", any(&|half| half.sent().missed_octets > 0)),
        ("drops", drops),
        ("one_way", any(&|half| half.packets() == 0)),
        ("offload", any(&|half| half.facts().has(Facts::OFFLOAD))),
        ("cut_options", any(&|half| half.facts().has(Facts::CUT))),
        ("midstream", !any(&|half| half.facts().has(Facts::SYN))),
    ];
    doubts.into_iter().filter(|(_, holds)| *holds).map(|(name, _)| name)
}

fn doubt(name: &str, form: Form, ink: &mut Ink) {
    let quote = if form == Form::Json { "\"" } else { "" };
    ink.text(quote).text(name).text(quote);
}

pub(super) fn side_name(side: Side) -> &'static str {
    SIDES[side.index()].1
}

fn name(named: Option<&Named>) -> Option<&str> {
    named.map(|named| &*named.name)
}
