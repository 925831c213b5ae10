//! What does a record of an exchange hold? Schema 1.

use std::borrow::Borrow;

use crate::flow::Side;
use crate::flow::exchange::{
    Arp, Dhcp, Dns, Echo, Exchange, Framing, Http, Named, Neighbour, Outcome, Sought, Tls, Topic,
    Transport, What, Who,
};
use crate::ink::Ink;
use crate::render::clock::Calendar;
use crate::render::owners::{self, Owners};
use crate::render::sheet::{Form, Sheet};
use crate::timeline::nanos;
use crate::wire::arp::Meaning;
use crate::wire::dns::{class_name, rcode_name, type_name};

/// Writes an exchange: in JSON with what belongs to its protocol, as a row with all protocols' cells.
pub(in crate::render) fn record(
    exchange: &Exchange,
    owners: Owners<'_>,
    sheet: &mut Sheet<'_>,
    calendar: &mut Calendar,
) {
    let topic = &exchange.topic;
    sheet.words("type", Some("exchange"));
    sheet.number("id", Some(exchange.id));
    sheet.number("connection", super::conversation(exchange));
    sheet.words("protocol", Some(topic.key()));
    sheet.nest("asker", |sheet| who(exchange.asker, owners, sheet));
    sheet.nest("asked", |sheet| who(exchange.asked, owners, sheet));
    sheet.number("question_packet", exchange.question.map(|mark| mark.packet));
    sheet.number("answer_packet", exchange.answer.map(|mark| mark.packet));
    let mark = exchange.question.or(exchange.answer);
    sheet.time("time", mark.map(|mark| mark.time), calendar);
    sheet.number("latency_ns", exchange.latency.map(nanos));
    sheet.number("retries", Some(exchange.retries));
    sheet.flag("answered", Some(exchange.outcome == Outcome::Answered));
    sheet.words("outcome", Some(outcome(exchange.outcome)));
    sheet.number("waited_ns", exchange.waited.map(nanos));
    sheet.words("side_waited", Some("client"));
    let all = sheet.form.has_all();
    macro_rules! topics {
        ($($Topic:ident $name:literal $write:ident,)*) => {
            $({
                let own = if let Topic::$Topic(own) = topic { Some(own.borrow()) } else { None };
                if all || own.is_some() {
                    sheet.nest($name, |sheet| $write(own, exchange, sheet));
                }
            })*
        };
    }
    topics! {
        Dns "dns" dns,
        Http "http" http,
        Tls "tls" tls,
        Dhcp "dhcp" dhcp,
        Arp "arp" arp,
        Neighbour "nd" neighbour,
        Echo "icmp" echo,
    }
}

fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Answered => "answered",
        Outcome::Begun => "begun",
        Outcome::Missed => "missed",
        Outcome::Unanswered => "unanswered",
        Outcome::Dropped => "dropped",
    }
}

fn who(who: Who, owners: Owners<'_>, sheet: &mut Sheet<'_>) {
    let (address, port) = match who {
        Who::At(address, port) => (Some(address), port),
        _ => (None, None),
    };
    let mac = if let Who::Hardware(mac) = who { Some(mac) } else { None };
    sheet.address("address", address);
    sheet.number("port", port);
    sheet.quoted("hardware", mac, |mac, ink| _ = ink.mac(mac.0));
    owners::record(owners, super::end(who), sheet);
}

fn dns(dns: Option<&Dns>, _: &Exchange, sheet: &mut Sheet<'_>) {
    let reply = dns.and_then(|dns| dns.reply.as_ref());
    let transport = dns.map(|dns| match dns.transport {
        Transport::Tcp => "tcp",
        Transport::Udp | Transport::Multicast | Transport::LinkLocal => "udp",
    });
    sheet.words("transport", transport);
    sheet.number("id", dns.map(|dns| dns.id));
    sheet.text("name", dns.map(|dns| dns.name.as_bytes()));
    named("qtype", dns.map(|dns| (dns.kind, type_name(dns.kind))), sheet);
    named("qclass", dns.map(|dns| (dns.class, class_name(dns.class))), sheet);
    named("rcode", reply.map(|reply| (reply.rcode, rcode_name(reply.rcode))), sheet);
    sheet.flag("authoritative", reply.map(|reply| reply.authoritative));
    sheet.flag("truncated", reply.map(|reply| reply.truncated));
    sheet.flag("recursion_available", reply.map(|reply| reply.recursion_available));
    let answers = reply.map(|reply| &reply.answers);
    sheet.list("answers", answers, |answer, form, ink| {
        if form == Form::Json {
            let mut sheet = Sheet::new(ink, form);
            sheet.text("name", Some(answer.name.as_bytes()));
            named("type", Some((answer.kind, type_name(answer.kind))), &mut sheet);
            sheet.number("ttl", Some(answer.ttl));
            sheet.text("data", Some(&answer.data));
            sheet.end();
        } else {
            ink.again(&answer.data);
        }
    });
    sheet.number("authorities", reply.map(|reply| reply.counts[2]));
    sheet.number("additionals", reply.map(|reply| reply.counts[3]));
    // What would tell is not seen from one answer; nothing is guessed.
    sheet.flag("from_cache_guess", None);
}

/// A number's name, or the number where it has none.
fn named(name: &'static str, value: Option<Named>, sheet: &mut Sheet<'_>) {
    sheet.quoted(name, value, |(number, name), ink| {
        match name {
            Some(name) => ink.text(name),
            None => ink.number(number),
        };
    });
}

fn http(http: Option<&Http>, exchange: &Exchange, sheet: &mut Sheet<'_>) {
    let begin = http.and_then(|http| http.response_begin);
    let end = http.and_then(|http| http.request_end);
    sheet.text("version", http.map(|http| &*http.version));
    sheet.text("method", http.and_then(|http| http.method.as_deref()));
    sheet.text("target", http.and_then(|http| http.target.as_deref()));
    sheet.text("host", http.and_then(|http| http.host.as_deref()));
    sheet.number("status", http.and_then(|http| http.status));
    sheet.text("reason", http.and_then(|http| http.reason.as_deref()));
    sheet.number("request_header_bytes", http.and_then(|http| http.request_head));
    sheet.number("request_body_bytes", http.and_then(|http| http.request_body));
    sheet.number("response_header_bytes", http.and_then(|http| http.response_head));
    sheet.number("response_body_bytes", http.and_then(|http| http.response_body));
    sheet.text("content_type", http.and_then(|http| http.content_type.as_deref()));
    sheet.text("content_encoding", http.and_then(|http| http.content_encoding.as_deref()));
    let framing = http.and_then(|http| http.framing).map(|framing| match framing {
        Framing::Nothing => "none",
        Framing::Length => "length",
        Framing::Chunked => "chunked",
        Framing::Close => "close",
        Framing::Upgrade => "upgrade",
    });
    sheet.words("framing", framing);
    sheet.flag("keep_alive", http.and_then(|http| http.keep_alive));
    sheet.number("interim", http.map(|http| http.interim));
    for (name, from, to) in [
        ("request_ns", exchange.question, end),
        ("think_ns", end, begin),
        ("response_ns", begin, exchange.answer),
    ] {
        let both = from.zip(to).filter(|_| http.is_some());
        sheet.number(name, both.map(|(from, to)| nanos(to.time.since(from.time))));
    }
    sheet.nest("headers", |sheet| {
        for (name, text) in [
            ("request", http.and_then(|http| http.request_lines.as_deref())),
            ("response", http.and_then(|http| http.response_lines.as_deref())),
        ] {
            sheet.list(name, text.map(lines), |line, form, ink| {
                if form == Form::Json {
                    ink.json(line)
                } else {
                    ink.wire(line)
                };
            });
        }
    });
    sheet.number("request_end_packet", end.map(|mark| mark.packet));
    sheet.number("response_packet", begin.map(|mark| mark.packet));
}

/// The header fields of a head, a line each.
pub(super) fn lines(head: &[u8]) -> impl Iterator<Item = &[u8]> {
    head.split(|octet| *octet == b'\n').skip(1).map(<[u8]>::trim_ascii)
}

fn tls(tls: Option<&Tls>, exchange: &Exchange, sheet: &mut Sheet<'_>) {
    named("version", tls.and_then(|tls| tls.version), sheet);
    sheet.text("server_name", tls.and_then(|tls| tls.server_name.as_deref()));
    sheet.text("alpn", tls.and_then(|tls| tls.alpn.as_deref()));
    sheet.list("alpn_offered", tls.map(|tls| &tls.alpn_offered), |name, form, ink| {
        if form == Form::Json {
            ink.json(name)
        } else {
            ink.wire(name)
        };
    });
    named("cipher_suite", tls.and_then(|tls| tls.suite), sheet);
    named("group", tls.and_then(|tls| tls.group), sheet);
    sheet.flag("resumed", tls.and_then(|tls| tls.is_resumed));
    sheet.flag("hello_retry", tls.map(|tls| tls.hello_retry));
    sheet.number("client_hello_bytes", tls.and_then(|tls| tls.client_hello));
    sheet.number("certificate_bytes", tls.and_then(|tls| tls.certificate));
    sheet.number("handshake_ns", tls.and(exchange.latency).map(nanos));
    let alert = tls.and_then(|tls| tls.alert);
    named("alert", alert.map(|(_, number, name)| (number.into(), name)), sheet);
    let by = alert.map(|(by, ..)| if by == Side::Client { "client" } else { "server" });
    sheet.words("alert_by", by);
}

fn dhcp(dhcp: Option<&Dhcp>, _: &Exchange, sheet: &mut Sheet<'_>) {
    let kind = |kind: Option<u8>| kind.map(|kind| (kind.into(), Dhcp::name(kind)));
    let address = |address: std::net::Ipv4Addr, form, ink: &mut Ink| {
        let quote = if form == Form::Json { "\"" } else { "" };
        ink.text(quote).address(address).text(quote);
    };
    sheet.number("transaction", dhcp.map(|dhcp| dhcp.transaction));
    named("type", dhcp.and_then(|dhcp| kind(dhcp.asked)), sheet);
    named("answer_type", dhcp.and_then(|dhcp| kind(dhcp.answered)), sheet);
    sheet.address("address", dhcp.and_then(|dhcp| dhcp.address));
    sheet.address("mask", dhcp.and_then(|dhcp| dhcp.mask));
    let routers = dhcp.map(|dhcp| dhcp.routers.iter().copied());
    sheet.list("router", routers, address);
    sheet.list("dns", dhcp.map(|dhcp| dhcp.dns.iter().copied()), address);
    sheet.number("lease_s", dhcp.and_then(|dhcp| dhcp.lease));
    sheet.address("server", dhcp.and_then(|dhcp| dhcp.server));
}

fn arp(arp: Option<&Arp>, _: &Exchange, sheet: &mut Sheet<'_>) {
    let kind = arp.map(|arp| match arp.meaning {
        Meaning::Probe => "probe",
        Meaning::Announcement => "announcement",
        Meaning::GratuitousReply => "gratuitous_reply",
        _ => "request",
    });
    let gratuitous =
        arp.map(|arp| matches!(arp.meaning, Meaning::Announcement | Meaning::GratuitousReply));
    sheet.words("kind", kind);
    sheet.address("asked", arp.map(|arp| arp.asked));
    let answered_by = arp.and_then(|arp| arp.answered_by);
    sheet.quoted("answered_by", answered_by, |mac, ink| _ = ink.mac(mac.0));
    sheet.flag("gratuitous", gratuitous);
    sheet.flag("conflict", arp.map(|arp| arp.conflict));
}

fn neighbour(neighbour: Option<&Neighbour>, exchange: &Exchange, sheet: &mut Sheet<'_>) {
    let kind = neighbour.map(|neighbour| match neighbour.what {
        Sought::Address => "address",
        Sought::Duplicate => "duplicate_address",
        Sought::Announcement => "announcement",
        Sought::Router => "router",
    });
    sheet.words("kind", kind);
    sheet.address("asked", neighbour.and_then(|neighbour| neighbour.target));
    let answered_by = neighbour.and_then(|neighbour| neighbour.answered_by);
    sheet.quoted("answered_by", answered_by, |mac, ink| _ = ink.mac(mac.0));
    let answered = exchange.outcome == Outcome::Answered;
    let conflict = neighbour.map(|one| one.what == Sought::Duplicate && answered);
    sheet.flag("conflict", conflict);
}

fn echo(echo: Option<&Echo>, _: &Exchange, sheet: &mut Sheet<'_>) {
    let kind = echo.map(|echo| match echo.what {
        What::Echo => "echo",
        What::Timestamp => "timestamp",
        What::Information => "information",
        What::Mask => "address_mask",
    });
    sheet.words("kind", kind);
    sheet.number("identifier", echo.map(|echo| echo.identifier));
    sheet.number("sequence", echo.map(|echo| echo.sequence));
    sheet.number("ttl", echo.and_then(|echo| echo.hops_left));
}
