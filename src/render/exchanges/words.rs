//! What is said of an exchange in one line?

use std::time::Duration;

use crate::flow::exchange::{
    Arp, Dhcp, Dns, Echo, Exchange, Family, Http, Named, Neighbour, Outcome, Sought, Tls, Topic,
    Transport, What, Who,
};
use crate::ink::{Ink, Paint};
use crate::render::clock::Clock;
use crate::render::owners::{self, Owners};
use crate::render::quantity;
use crate::render::value::pad;
use crate::timeline::Timestamp;
use crate::wire::arp::Meaning;
use crate::wire::dns::{rcode_name, type_name};

/// Cells for both ends and the arrow between them.
const ENDS: usize = 40;
/// And for a process beside each.
const PROCESS: usize = 15;
/// Cells for the protocol.
const PROTOCOL: usize = 7;
/// Text from the wire is clipped to so many octets.
const TEXT: usize = 60;
/// Answers beyond these are only counted.
const ANSWERS: usize = 3;

/// Writes an exchange without the end of the line.
pub(super) fn line(exchange: &Exchange, owners: Owners<'_>, clock: &mut Clock, ink: &mut Ink) {
    for edge in [10, 100, 1000, 10_000] {
        ink.text(if exchange.id < edge { " " } else { "" });
    }
    ink.number(exchange.id).text("  ");
    let mark = exchange.question.or(exchange.answer);
    clock.write(mark.map_or_else(Timestamp::default, |mark| mark.time), ink);
    ink.text("  ");
    let start = ink.len();
    owned(exchange.asker, owners, ink);
    ink.arrow();
    owned(exchange.asked, owners, ink);
    pad(start, if owners.is_asked() { ENDS + 2 * PROCESS } else { ENDS }, ink);
    topic(exchange, ink);
    end(exchange, ink);
    if let Topic::Http(http) = &exchange.topic {
        heads(http, ink);
    }
}

/// Writes an exchange with how long it took in front, and without when it was.
pub(super) fn short(exchange: &Exchange, ink: &mut Ink) {
    let mut time = Ink::default();
    time.ascii = ink.ascii;
    if let Some(took) = exchange.latency.or(exchange.waited) {
        quantity::duration(took, &mut time);
    }
    let wide = String::from_utf8_lossy(time.as_bytes()).chars().count();
    ink.spaces(10_usize.saturating_sub(wide)).again(time.as_bytes()).text("  ");
    let start = ink.len();
    owned(exchange.asked, Owners::default(), ink);
    pad(start, ENDS / 2, ink);
    topic(exchange, ink);
    if exchange.outcome != Outcome::Answered {
        end(exchange, ink);
    }
}

/// Writes an exchange without who took part, and with the packets that show it.
pub(super) fn within(exchange: &Exchange, ink: &mut Ink) {
    topic(exchange, ink);
    end(exchange, ink);
    ink.begin(Paint::Faint);
    let mut before = "  from #";
    for mark in [exchange.question, exchange.answer].into_iter().flatten() {
        ink.text(before).number(mark.packet);
        before = " to #";
    }
    ink.plain();
}

/// Writes what it was about.
fn topic(exchange: &Exchange, ink: &mut Ink) {
    let start = ink.len();
    ink.begin(Paint::Name).text(protocol(&exchange.topic)).plain();
    pad(start, PROTOCOL, ink);
    content(exchange, ink);
}

/// What was asked and answered.
pub(in crate::render) fn content(exchange: &Exchange, ink: &mut Ink) {
    match &exchange.topic {
        Topic::Dns(topic) => dns(topic, ink),
        Topic::Http(topic) => http(topic, ink),
        Topic::Tls(topic) => tls(topic, exchange, ink),
        Topic::Dhcp(topic) => dhcp(topic, exchange, ink),
        Topic::Arp(topic) => arp(topic, exchange, ink),
        Topic::Neighbour(topic) => neighbour(topic, exchange, ink),
        Topic::Echo(topic) => echo(*topic, exchange, ink),
    }
}

/// The heads as they were sent, below the line, where they were asked for.
fn heads(http: &Http, ink: &mut Ink) {
    for (sign, head) in [("> ", &http.request_lines), ("< ", &http.response_lines)] {
        let lines = head.iter().flat_map(|head| head.split(|octet| *octet == b'\n'));
        for line in lines {
            ink.text("\n").spaces(7).begin(Paint::Faint).text(sign).plain();
            ink.wire(line.trim_ascii_end());
        }
    }
}

/// How long it took, or that nothing came.
pub(in crate::render) fn end(exchange: &Exchange, ink: &mut Ink) {
    if exchange.outcome != Outcome::Answered {
        ink.arrow().begin(Paint::Alarm);
        ink.text(match exchange.outcome {
            Outcome::Begun => "answer not complete",
            Outcome::Missed => "answer not in the capture",
            Outcome::Dropped => "given up: too many questions were open (--open-questions)",
            _ => "no answer",
        });
        ink.plain();
        if let Some(waited) = exchange.waited {
            ink.text(", waited ");
            quantity::duration(waited, ink);
        }
    } else if let Some(latency) = exchange.latency {
        ink.text(", ");
        quantity::duration(latency, ink);
    } else if is_question(exchange) {
        ink.text("; question not in the capture");
    }
    match exchange.retries {
        0 => {}
        1 => _ = ink.text("; asked twice"),
        retries => _ = ink.text("; asked ").number(u64::from(retries) + 1).text(" times"),
    }
}

/// Whether there should be a question: announcements have none.
fn is_question(exchange: &Exchange) -> bool {
    match &exchange.topic {
        Topic::Arp(arp) => !matches!(arp.meaning, Meaning::Announcement | Meaning::GratuitousReply),
        Topic::Neighbour(neighbour) => neighbour.what != Sought::Announcement,
        _ => exchange.question.is_none(),
    }
}

pub(in crate::render) fn protocol(topic: &Topic) -> &'static str {
    match topic {
        Topic::Dns(dns) => match dns.transport {
            Transport::Udp | Transport::Tcp => "DNS",
            Transport::Multicast => "mDNS",
            Transport::LinkLocal => "LLMNR",
        },
        Topic::Http(_) => "HTTP",
        Topic::Tls(_) => "TLS",
        Topic::Dhcp(dhcp) if dhcp.asked.is_none() && dhcp.answered.is_none() => "BOOTP",
        Topic::Dhcp(_) => "DHCP",
        Topic::Arp(_) => "ARP",
        Topic::Neighbour(_) => "ND",
        Topic::Echo(echo) if echo.family == Family::V6 => "ICMPv6",
        Topic::Echo(_) => "ICMP",
    }
}

/// An end, and whose it is.
fn owned(one: Who, owners: Owners<'_>, ink: &mut Ink) {
    who(one, ink);
    if let Some(owner) = owners.at(super::end(one)) {
        ink.text(" ");
        owners::words(owner, ink);
    }
}

pub(in crate::render) fn who(who: Who, ink: &mut Ink) {
    match who {
        Who::At(address, Some(port)) => ink.endpoint(address, port),
        Who::At(address, None) => ink.address(address),
        Who::Hardware(mac) => ink.mac(mac.0),
        Who::Unknown => ink.text("everybody"),
    };
}

fn dns(dns: &Dns, ink: &mut Ink) {
    if dns.name.is_empty() {
        ink.text("no question");
    } else {
        named((dns.kind, type_name(dns.kind)), ink);
        ink.text(" ").clipped(dns.name.as_bytes(), TEXT);
    }
    let Some(reply) = &dns.reply else { return };
    ink.arrow();
    if reply.rcode != 0 || reply.answers.is_empty() {
        match (reply.rcode, rcode_name(reply.rcode)) {
            (0, _) if reply.truncated => ink.text("truncated"),
            (0, _) if reply.referral.is_some() => {
                let server = reply.referral.as_deref().unwrap_or_default();
                ink.text("ask ").clipped(server.as_bytes(), TEXT)
            }
            (0, _) => ink.text("no data"),
            (_, Some(name)) => ink.text(name),
            (code, None) => ink.text("RCODE").number(code),
        };
    }
    for (at, answer) in reply.answers.iter().take(ANSWERS).enumerate() {
        ink.text(if at > 0 { ", " } else { "" });
        if answer.kind != dns.kind {
            named((answer.kind, type_name(answer.kind)), ink);
            ink.text(" ");
        }
        // What was written by us is safe as it is.
        let fits = answer.data.len() <= TEXT && answer.data.is_ascii();
        if fits {
            ink.again(&answer.data)
        } else {
            ink.clipped(&answer.data, TEXT)
        };
    }
    let more = usize::from(reply.counts[1]).saturating_sub(ANSWERS);
    if more > 0 {
        ink.text(" +").count(more);
    }
}

fn named((number, name): Named, ink: &mut Ink) {
    match name {
        Some(name) => ink.text(name),
        None => ink.number(number),
    };
}

fn http(http: &Http, ink: &mut Ink) {
    let none = &b""[..];
    if let Some(method) = &http.method {
        ink.clipped(method, TEXT).text(" ");
        let target = http.target.as_deref().unwrap_or(none);
        let host = http.host.as_deref().filter(|_| target.starts_with(b"/"));
        ink.clipped(host.unwrap_or(none), TEXT).clipped(target, TEXT);
    }
    if let Some(octets) = http.request_body.filter(|octets| *octets > 0) {
        ink.text(" ");
        quantity::octets(octets, ink);
    }
    let Some(status) = http.status else { return };
    ink.arrow().number(status);
    if let Some(reason) = http.reason.as_deref().filter(|reason| !reason.is_empty()) {
        ink.text(" ").clipped(reason, TEXT);
    }
    if let Some(kind) = &http.content_type {
        let kind = kind.split(|octet| *octet == b';').next().unwrap_or(none);
        ink.text(" ").clipped(kind, TEXT);
    }
    if let Some(octets) = http.response_body.filter(|octets| *octets > 0) {
        ink.text(" ");
        quantity::octets(octets, ink);
    }
}

fn tls(tls: &Tls, exchange: &Exchange, ink: &mut Ink) {
    match &tls.server_name {
        Some(name) => ink.clipped(name, TEXT),
        None => ink.text("no server name"),
    };
    if let Some(suite) = tls.suite {
        ink.arrow();
        for (at, part) in [tls.version, Some(suite), tls.group].into_iter().flatten().enumerate() {
            ink.text(if at > 0 { " " } else { "" });
            named(part, ink);
        }
        if let Some(alpn) = &tls.alpn {
            ink.text(" ").clipped(alpn, TEXT);
        }
        if tls.is_resumed == Some(true) {
            ink.text(" resumed");
        }
        if tls.hello_retry {
            ink.text(" after a second hello");
        }
    } else if exchange.outcome == Outcome::Answered {
        ink.arrow().text("refused");
    }
    if let Some((_, number, name)) = tls.alert {
        ink.text("; alert ");
        named((number.into(), name), ink);
    }
}

fn dhcp(dhcp: &Dhcp, exchange: &Exchange, ink: &mut Ink) {
    let kind = |kind: Option<u8>, bootp: &'static str, ink: &mut Ink| match kind {
        Some(kind) => named((kind.into(), Dhcp::name(kind)), ink),
        None => _ = ink.text(bootp),
    };
    kind(dhcp.asked, "request", ink);
    if exchange.answer.is_none() {
        return;
    }
    ink.arrow();
    kind(dhcp.answered, "reply", ink);
    if let Some(address) = dhcp.address {
        ink.text(" ").address(address);
    }
    if let Some(lease) = dhcp.lease.filter(|lease| *lease != u32::MAX) {
        ink.text(" for ");
        quantity::duration(Duration::from_secs(lease.into()), ink);
    }
}

fn arp(arp: &Arp, exchange: &Exchange, ink: &mut Ink) {
    let by = |ink: &mut Ink| {
        if let Some(mac) = arp.answered_by {
            ink.mac(mac.0);
        }
    };
    match arp.meaning {
        Meaning::Announcement | Meaning::GratuitousReply => {
            ink.address(arp.asked).text(" is at ");
            by(ink);
        }
        _ => {
            ink.text(if arp.meaning == Meaning::Probe { "is anyone using " } else { "who has " });
            ink.address(arp.asked).text("?");
            if exchange.answer.is_some() {
                ink.arrow();
                by(ink);
            }
        }
    }
    if arp.conflict {
        ink.text(" ").paint(Paint::Alarm, "conflict");
    }
}

fn neighbour(neighbour: &Neighbour, exchange: &Exchange, ink: &mut Ink) {
    match neighbour.what {
        Sought::Router => _ = ink.text("who routes?"),
        Sought::Address => _ = ink.text("who has "),
        Sought::Duplicate => _ = ink.text("is anyone using "),
        Sought::Announcement => {}
    }
    if let Some(target) = neighbour.target {
        ink.address(target);
        ink.text(if neighbour.what == Sought::Announcement { "" } else { "?" });
    }
    if exchange.answer.is_some() {
        if neighbour.what == Sought::Announcement {
            ink.text(" is at ");
        } else {
            ink.arrow();
        }
        match neighbour.answered_by {
            Some(mac) => _ = ink.mac(mac.0),
            None => who(exchange.asked, ink),
        }
    }
    if neighbour.what == Sought::Duplicate && exchange.answer.is_some() {
        ink.text(" ").paint(Paint::Alarm, "conflict");
    }
}

fn echo(echo: Echo, exchange: &Exchange, ink: &mut Ink) {
    ink.text(match echo.what {
        What::Echo => "echo",
        What::Timestamp => "time stamp",
        What::Information => "information",
        What::Mask => "address mask",
    });
    ink.text(" id 0x").hex(echo.identifier.into(), 4).text(" seq ").number(echo.sequence);
    if exchange.answer.is_some() {
        ink.arrow().text("reply");
    }
}
