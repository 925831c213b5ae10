//! Which facts does the record of a conversation have, in which order?
//!
//! Said once, and written by a [`Sheet`] as JSON or as columns. What is not known is said to be unknown.

use std::net::IpAddr;
use std::time::Duration;

use crate::flow::tcp::{
    Close, Connection, Copied, Facts, Flight, Half, Rtt, Trigger, Vantage, Windows,
};
use crate::flow::{Datagrams, End, Named, Names, Side};
use crate::timeline::Timestamp;

/// One value of a record.
#[derive(Clone, Copy, Debug)]
pub(super) enum Cell<'c> {
    Unknown,
    Number(u64),
    Flag(bool),
    /// Safe to show.
    Words(&'c str),
    Time(Timestamp),
    Address(IpAddr),
    List(&'c [Cell<'c>]),
}

/// What a record is written on.
pub(super) trait Sheet {
    fn cell(&mut self, name: &'static str, cell: Cell<'_>);
    /// What follows belongs to `name`, until [`Sheet::close`].
    fn open(&mut self, name: &'static str);
    fn close(&mut self);
}

const SIDES: [(Side, &str); 2] = [(Side::Client, "client"), (Side::Server, "server")];

/// Writes the record of a connection.
pub(super) fn connection(one: &Connection, names: &Names, sheet: &mut dyn Sheet) {
    sheet.cell("type", Cell::Words("connection"));
    sheet.cell("id", Cell::Number(one.id().into()));
    key("tcp", SIDES.map(|(side, _)| one.end(side)), names, sheet, |sheet| {
        let vlans: Vec<Cell<'_>> = one.vlans().iter().map(|id| number(*id)).collect();
        sheet.cell("vlan", if vlans.is_empty() { Cell::Unknown } else { Cell::List(&vlans) });
        sheet.cell("tunnel", one.tunnel().map_or(Cell::Unknown, |tunnel| Cell::Words(tunnel.name)));
    });
    sheet.cell("role_confidence", Cell::Words(one.role_confidence().name()));
    sheet.cell("first_packet", Cell::Number(one.opened().packet));
    sheet.cell("last_packet", Cell::Number(one.latest().packet));
    sheet.cell("first_time", Cell::Time(one.opened().time));
    sheet.cell("duration_ns", span(one.latest().time.since(one.opened().time)));
    sheet.cell("state", Cell::Words(one.state().name()));
    close(one.close(), sheet);
    sheet.cell("complete", Cell::Flag(one.is_complete()));
    sheet.cell("zeek_state", Cell::Words(one.zeek_state()));
    sheet.cell("zeek_history", Cell::Words(&one.zeek_history()));
    sheet.cell("wireshark_completeness", number(one.wireshark_completeness()));
    sheet.cell("community_id", Cell::Words(&one.community_id().to_string()));
    handshake(one, sheet);
    let vantage = one.vantage().map(|vantage| match vantage {
        Vantage::AtClient => "client",
        Vantage::Between => "between",
        Vantage::AtServer => "server",
    });
    sheet.cell("vantage", words(vantage));
    sheet.cell("application", words(one.application()));
    let server = one.end(Side::Server).address();
    let known = names.of_server(one.id()).or_else(|| names.of(server));
    sheet.open("server_name");
    sheet.cell("name", name(known));
    sheet.cell("from", known.map_or(Cell::Unknown, |known| Cell::Words(known.learned.name())));
    sheet.close();
    for (side, name) in SIDES {
        sheet.open(name);
        half(one, side, sheet);
        sheet.close();
    }
    sheet.cell("budget", Cell::Unknown);
    sheet.cell("confidence", Cell::List(&doubts(one)));
}

/// Writes the record of what two ends sent each other without a connection.
pub(super) fn datagrams(one: &Datagrams, names: &Names, sheet: &mut dyn Sheet) {
    sheet.cell("type", Cell::Words("flow"));
    sheet.cell("id", Cell::Number(one.id().into()));
    let ends = SIDES.map(|(side, _)| one.end(side));
    key(protocol(one.protocol()), ends, names, sheet, |sheet| {
        sheet.cell("vlan", Cell::Unknown);
        sheet.cell("tunnel", Cell::Unknown);
    });
    sheet.cell("first_packet", Cell::Number(one.opened().packet));
    sheet.cell("last_packet", Cell::Number(one.latest().packet));
    sheet.cell("first_time", Cell::Time(one.opened().time));
    sheet.cell("duration_ns", span(one.latest().time.since(one.opened().time)));
    let community = one.community_id().map(|id| id.to_string());
    sheet.cell("community_id", community.as_deref().map_or(Cell::Unknown, Cell::Words));
    sheet.cell("application", words(one.application().map(|name| name.key)));
    for (side, name) in SIDES {
        sheet.open(name);
        sheet.cell("packets", Cell::Number(one.sent(side).packets));
        sheet.cell("bytes", Cell::Number(one.sent(side).octets));
        sheet.close();
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
    sheet: &mut dyn Sheet,
    way: impl FnOnce(&mut dyn Sheet),
) {
    sheet.open("key");
    sheet.cell("protocol", Cell::Words(protocol));
    for ((_, side), end) in SIDES.into_iter().zip(ends) {
        sheet.open(side);
        sheet.cell("address", Cell::Address(end.address()));
        let has_ports = matches!(protocol, "tcp" | "udp");
        sheet.cell("port", if has_ports { number(end.port) } else { Cell::Unknown });
        sheet.cell("name", name(names.of(end.address())));
        sheet.close();
    }
    way(sheet);
    sheet.close();
}

fn close(close: Option<Close>, sheet: &mut dyn Sheet) {
    sheet.open("close");
    sheet.cell("kind", words(close.map(|close| close.how.name())));
    sheet.cell("by", words(close.and_then(|close| close.by).map(side_name)));
    sheet.cell("packet", packet(close.map(|close| close.at.packet)));
    sheet.close();
}

fn handshake(one: &Connection, sheet: &mut dyn Sheet) {
    let handshake = one.handshake();
    sheet.open("handshake");
    sheet.cell("syn_packet", packet(handshake.syn.map(|mark| mark.packet)));
    sheet.cell("syn_ack_packet", packet(handshake.syn_ack.map(|mark| mark.packet)));
    sheet.cell("ack_packet", packet(handshake.ack.map(|mark| mark.packet)));
    sheet.cell("syn_retries", number(handshake.syn_retries));
    sheet.cell("syn_ack_retries", number(handshake.syn_ack_retries));
    sheet.cell("retry_wait_ns", spans(handshake.retry_wait()));
    sheet.cell("rtt_client_ns", spans(handshake.rtt_client()));
    sheet.cell("rtt_server_ns", spans(handshake.rtt_server()));
    sheet.cell("rtt_ns", spans(handshake.rtt()));
    sheet.close();
}

/// What one side sent.
fn half(one: &Connection, side: Side, sheet: &mut dyn Sheet) {
    let half = one.half(side);
    let sent = half.sent();
    sheet.cell("packets", Cell::Number(half.packets()));
    sheet.cell("wire_packets", Cell::Number(sent.wire_packets));
    sheet.cell("bytes", Cell::Number(half.octets()));
    sheet.cell("payload_bytes", Cell::Number(half.payload()));
    sheet.cell("unique_bytes", Cell::Number(half.unique()));
    sheet.cell("missed_bytes", Cell::Number(sent.missed_octets));
    sheet.cell("gaps", Cell::Number(sent.gaps));
    offered(half, sheet);
    sheet.cell("retransmitted_packets", Cell::Number(sent.resent));
    sheet.cell("retransmitted_bytes", Cell::Number(sent.resent_octets));
    for (name, triggers) in [
        ("retransmitted_fast", &[Trigger::Fast][..]),
        ("retransmitted_timeout", &[Trigger::Timeout]),
        ("retransmitted_recovery", &[Trigger::Recovery]),
        ("retransmitted_probe", &[Trigger::TailProbe, Trigger::TailProbeOrTimeout]),
        ("retransmitted_unknown", &[Trigger::Unknown]),
    ] {
        let count = triggers.iter().map(|trigger| sent.triggered(*trigger)).sum();
        sheet.cell(name, Cell::Number(count));
    }
    sheet.cell("spurious_packets", Cell::Number(sent.spurious));
    sheet.cell("lost_before_capture", Cell::Number(sent.lost_before));
    sheet.cell("lost_after_capture", Cell::Number(sent.lost_after));
    sheet.cell("reordered_packets", Cell::Number(sent.reordered));
    sheet.cell("duplicate_packets", Cell::Number(sent.copied(Copied::Network)));
    sheet.cell("capture_duplicate_packets", Cell::Number(sent.copied(Copied::Capture)));
    sheet.cell("duplicate_acks", Cell::Number(sent.duplicate_acks));
    sheet.cell("dsacks", Cell::Number(sent.duplicate_sacks));
    sheet.cell("keep_alives", Cell::Number(sent.keep_alives));
    sheet.cell("window_probes", Cell::Number(sent.window_probes));
    sheet.cell("window_updates", Cell::Number(sent.window_updates));
    rtt(half.rtt(), sheet);
    windows(half.windows(), sheet);
    sheet.open("flight");
    let flight = half.flight();
    sheet.cell("max_bytes", flight.map_or(Cell::Unknown, |flight| number(flight.most())));
    let average = flight.and_then(Flight::average);
    sheet.cell("avg_bytes", average.map_or(Cell::Unknown, number));
    sheet.close();
    sheet.cell("idle_max_ns", span(sent.idle));
    sheet.cell("goodput_bytes_per_s", goodput(half).map_or(Cell::Unknown, Cell::Number));
    sheet.cell("fin_packet", packet(one.fin(side).map(|mark| mark.packet)));
    let rst = one.rst(side);
    sheet.cell("rst_packet", packet(rst.map(|(mark, _)| mark.packet)));
    sheet.cell("rst_reason", words(rst.map(|(_, reset)| reset.name())));
}

/// What its SYN offered.
fn offered(half: &Half, sheet: &mut dyn Sheet) {
    let facts = half.facts();
    let has_syn = facts.has(Facts::SYN);
    let is_offered = |fact| if has_syn { Cell::Flag(facts.has(fact)) } else { Cell::Unknown };
    let isn = half.start().filter(|_| has_syn);
    sheet.cell("isn", isn.map_or(Cell::Unknown, |seq| number(seq.0)));
    sheet.cell("mss", half.mss().map_or(Cell::Unknown, number));
    sheet.cell("window_scale", half.window_scale().map_or(Cell::Unknown, number));
    sheet.cell("sack", is_offered(Facts::SACK));
    sheet.cell("timestamps", is_offered(Facts::STAMPS));
    sheet.cell("ecn", is_offered(Facts::ECN));
    sheet.cell("fast_open", is_offered(Facts::FAST_OPEN));
}

fn rtt(rtt: Option<&Rtt>, sheet: &mut dyn Sheet) {
    let length = |of: fn(&Rtt) -> Option<Duration>| spans(rtt.and_then(of));
    sheet.open("rtt");
    sheet.cell("samples", Cell::Number(rtt.map_or(0, Rtt::samples)));
    sheet.cell("min_ns", length(Rtt::shortest));
    sheet.cell("avg_ns", length(Rtt::average));
    sheet.cell("max_ns", length(Rtt::longest));
    sheet.cell("deviation_ns", length(Rtt::deviation));
    sheet.cell("p50_ns", length(|rtt| rtt.percentile(50)));
    sheet.cell("p95_ns", length(|rtt| rtt.percentile(95)));
    sheet.cell("ambiguous", Cell::Number(rtt.map_or(0, Rtt::ambiguous)));
    sheet.close();
}

fn windows(windows: Option<&Windows>, sheet: &mut dyn Sheet) {
    let range = windows.and_then(Windows::range);
    let last = windows.and_then(Windows::last);
    sheet.open("window");
    sheet.cell("min_bytes", range.map_or(Cell::Unknown, |(least, _)| number(least)));
    sheet.cell("max_bytes", range.map_or(Cell::Unknown, |(_, most)| number(most)));
    sheet.cell("last_bytes", last.map_or(Cell::Unknown, number));
    sheet.cell("zero_count", Cell::Number(windows.map_or(0, Windows::zeros)));
    sheet.cell("zero_ns", span(windows.map_or(Duration::ZERO, Windows::zero_time)));
    sheet.cell("full_ns", span(windows.map_or(Duration::ZERO, Windows::full_time)));
    sheet.cell("shrunk", Cell::Number(windows.map_or(0, Windows::shrunk)));
    sheet.close();
}

/// Octets seen once over the time from the first of them to the last.
fn goodput(half: &Half) -> Option<u64> {
    let sent = half.sent();
    let nanos = sent.last_data?.since(sent.first_data?).as_nanos();
    (u128::from(half.unique()) * 1_000_000_000).checked_div(nanos).map(|rate| rate as u64)
}

/// What may not be concluded from this connection.
fn doubts(one: &Connection) -> Vec<Cell<'static>> {
    let halves = SIDES.map(|(side, _)| one.half(side));
    let any = |holds: &dyn Fn(&Half) -> bool| halves.iter().any(|half| holds(half));
    let doubts = [
        ("gaps", any(&|half| half.sent().missed_octets > 0)),
        ("one_way", any(&|half| half.packets() == 0)),
        ("offload", any(&|half| half.facts().has(Facts::OFFLOAD))),
        ("cut_options", any(&|half| half.facts().has(Facts::CUT))),
        ("midstream", !any(&|half| half.facts().has(Facts::SYN))),
    ];
    doubts.into_iter().filter(|(_, holds)| *holds).map(|(name, _)| Cell::Words(name)).collect()
}

pub(super) fn side_name(side: Side) -> &'static str {
    SIDES[side.index()].1
}

fn name(named: Option<&Named>) -> Cell<'_> {
    named.map_or(Cell::Unknown, |named| Cell::Words(&named.name))
}

fn number(number: impl Into<u64>) -> Cell<'static> {
    Cell::Number(number.into())
}

fn packet(number: Option<u64>) -> Cell<'static> {
    number.map_or(Cell::Unknown, Cell::Number)
}

fn words(words: Option<&'static str>) -> Cell<'static> {
    words.map_or(Cell::Unknown, Cell::Words)
}

fn span(span: Duration) -> Cell<'static> {
    Cell::Number(span.as_nanos() as u64)
}

fn spans(spans: Option<Duration>) -> Cell<'static> {
    spans.map_or(Cell::Unknown, span)
}
