//! What stands in which column?

use super::log::{Fields, Row};
use crate::flow::exchange::{Dns, Exchange, Http};
use crate::flow::tcp::Connection;
use crate::flow::{Datagrams, Side};
use crate::timeline::nanos;
use crate::wire::dns;

const SIDES: [Side; 2] = [Side::Client, Side::Server];

pub(super) fn connection_row(one: &Connection, uid: &str, row: &mut Row<'_>) {
    let span = nanos(one.latest().time.since(one.opened().time));
    row.seconds(Some(one.opened().time.0));
    row.words(Some(uid));
    row.ends(SIDES.map(|side| one.end(side)));
    row.words(Some("tcp"));
    row.words(one.application().map(|key| if key == "tls" { "ssl" } else { key }));
    row.seconds((span > 0).then_some(span));
    for side in SIDES {
        row.number(Some(one.half(side).unique()));
    }
    row.words(Some(one.zeek_state()));
    row.unset();
    row.unset();
    row.number(Some(SIDES.iter().map(|side| one.half(*side).sent().missed_octets).sum()));
    let history = one.zeek_history();
    row.words(Some(&history).filter(|history| !history.is_empty()).map(String::as_str));
    for side in SIDES {
        row.number(Some(one.half(side).packets()));
        row.unset();
    }
    row.words(one.tunnel().map(|tunnel| tunnel.name));
    row.words(Some(&one.community_id().to_string()));
}

pub(super) fn datagrams_row(one: &Datagrams, uid: &str, row: &mut Row<'_>) {
    let span = nanos(one.latest().time.since(one.opened().time));
    row.seconds(Some(one.opened().time.0));
    row.words(Some(uid));
    row.ends(SIDES.map(|side| one.end(side)));
    row.words(Some(match one.protocol() {
        17 => "udp",
        1 | 58 => "icmp",
        _ => "unknown_transport",
    }));
    let service = one.application().map(|name| name.key).filter(|_| one.protocol() == 17);
    row.words(service);
    row.seconds((span > 0).then_some(span));
    let packets = SIDES.map(|side| one.sent(side).packets);
    for side in SIDES {
        row.number(Some(one.sent(side).payload).filter(|_| one.protocol() == 17));
    }
    let (state, history) = match packets.map(|count| count > 0) {
        [true, true] => ("SF", "Dd"),
        [true, false] => ("S0", "D"),
        [false, _] => ("SHR", "d"),
    };
    row.words(Some(if one.protocol() == 17 { state } else { "OTH" }));
    row.unset();
    row.unset();
    row.number(Some(0));
    row.words(Some(history).filter(|_| one.protocol() == 17));
    for count in packets {
        row.number(Some(count));
        row.unset();
    }
    row.unset();
    let community = one.community_id().map(|id| id.to_string());
    row.words(community.as_deref());
}

/// What both logs of exchanges begin with.
fn begin(exchange: &Exchange, uid: Option<&str>, row: &mut Row<'_>) {
    let mark = exchange.question.or(exchange.answer);
    row.seconds(mark.map(|mark| mark.time.0));
    row.words(uid);
    row.who(exchange.asker);
    row.who(exchange.asked);
}

pub(super) fn dns_row(exchange: &Exchange, message: &Dns, uid: Option<&str>, row: &mut Row<'_>) {
    let reply = message.reply.as_ref();
    begin(exchange, uid, row);
    row.words(Some(if exchange.connection.is_some() { "tcp" } else { "udp" }));
    row.number(Some(message.id.into()));
    row.seconds(exchange.latency.map(nanos));
    row.words(Some(&*message.name));
    row.number(Some(message.class.into()));
    row.words(match message.class {
        1 => Some("C_INTERNET"),
        class => dns::class_name(class),
    });
    row.number(Some(message.kind.into()));
    row.words(dns::type_name(message.kind));
    row.number(reply.map(|reply| reply.rcode.into()));
    row.words(reply.and_then(|reply| dns::rcode_name(reply.rcode)));
    row.flag(Some(reply.is_some_and(|reply| reply.authoritative)));
    row.flag(Some(reply.is_some_and(|reply| reply.truncated)));
    row.unset();
    row.flag(Some(reply.is_some_and(|reply| reply.recursion_available)));
    row.unset();
    let answers = reply.map_or(&[][..], |reply| &reply.answers);
    row.cell(|ink| {
        for (at, answer) in answers.iter().enumerate() {
            ink.text(if at > 0 { "," } else { "" });
            // What lies between two members must not lie within one.
            for (at, part) in answer.data.split(|octet| *octet == b',').enumerate() {
                ink.text(if at > 0 { "\\x2c" } else { "" }).wire(part);
            }
        }
    });
    row.cell(|ink| {
        for (at, answer) in answers.iter().enumerate() {
            ink.text(if at > 0 { "," } else { "" }).number(answer.ttl).text(".000000");
        }
    });
    // Zeek: an answer without a record in any section.
    row.flag(Some(reply.is_some_and(|reply| reply.counts[1..] == [0; 3])));
}

pub(super) fn http_row(
    exchange: &Exchange,
    http: &Http,
    depth: u64,
    uid: Option<&str>,
    row: &mut Row<'_>,
) {
    begin(exchange, uid, row);
    row.number(Some(depth));
    row.text(http.method.as_deref());
    row.text(http.host.as_deref());
    row.text(http.target.as_deref());
    row.unset();
    let version = http.version.strip_prefix(b"HTTP/").unwrap_or(&http.version);
    row.text(Some(version));
    row.unset();
    row.unset();
    row.number(http.request_body);
    row.number(http.response_body);
    row.number(http.status.map(u64::from));
    row.text(http.reason.as_deref());
    row.unset();
    row.unset();
    row.words(Some("(empty)"));
    for _ in 0..8 {
        row.unset();
    }
    row.text(
        http.content_type
            .as_deref()
            .map(|kind| kind.split(|octet| *octet == b';').next().unwrap_or(kind).trim_ascii()),
    );
}

pub(super) const CONN: Fields = &[
    ("ts", "time"),
    ("uid", "string"),
    ("id.orig_h", "addr"),
    ("id.orig_p", "port"),
    ("id.resp_h", "addr"),
    ("id.resp_p", "port"),
    ("proto", "enum"),
    ("service", "string"),
    ("duration", "interval"),
    ("orig_bytes", "count"),
    ("resp_bytes", "count"),
    ("conn_state", "string"),
    ("local_orig", "bool"),
    ("local_resp", "bool"),
    ("missed_bytes", "count"),
    ("history", "string"),
    ("orig_pkts", "count"),
    ("orig_ip_bytes", "count"),
    ("resp_pkts", "count"),
    ("resp_ip_bytes", "count"),
    ("tunnel_parents", "set[string]"),
    ("community_id", "string"),
];

pub(super) const DNS: Fields = &[
    ("ts", "time"),
    ("uid", "string"),
    ("id.orig_h", "addr"),
    ("id.orig_p", "port"),
    ("id.resp_h", "addr"),
    ("id.resp_p", "port"),
    ("proto", "enum"),
    ("trans_id", "count"),
    ("rtt", "interval"),
    ("query", "string"),
    ("qclass", "count"),
    ("qclass_name", "string"),
    ("qtype", "count"),
    ("qtype_name", "string"),
    ("rcode", "count"),
    ("rcode_name", "string"),
    ("AA", "bool"),
    ("TC", "bool"),
    ("RD", "bool"),
    ("RA", "bool"),
    ("Z", "count"),
    ("answers", "vector[string]"),
    ("TTLs", "vector[interval]"),
    ("rejected", "bool"),
];

pub(super) const HTTP: Fields = &[
    ("ts", "time"),
    ("uid", "string"),
    ("id.orig_h", "addr"),
    ("id.orig_p", "port"),
    ("id.resp_h", "addr"),
    ("id.resp_p", "port"),
    ("trans_depth", "count"),
    ("method", "string"),
    ("host", "string"),
    ("uri", "string"),
    ("referrer", "string"),
    ("version", "string"),
    ("user_agent", "string"),
    ("origin", "string"),
    ("request_body_len", "count"),
    ("response_body_len", "count"),
    ("status_code", "count"),
    ("status_msg", "string"),
    ("info_code", "count"),
    ("info_msg", "string"),
    ("tags", "set[enum]"),
    ("username", "string"),
    ("password", "string"),
    ("proxied", "set[string]"),
    ("orig_fuids", "vector[string]"),
    ("orig_filenames", "vector[string]"),
    ("orig_mime_types", "vector[string]"),
    ("resp_fuids", "vector[string]"),
    ("resp_filenames", "vector[string]"),
    ("resp_mime_types", "vector[string]"),
];
