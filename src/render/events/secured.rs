//! What is said while a connection is secured, as records?

use super::event::Event;
use crate::render::clock::Calendar;
use crate::render::sheet::{Form, Sheet};
use crate::tale::fetch::kind;
use crate::timeline::fetch::Step;
use crate::timeline::nanos;
use crate::timeline::tls::{
    Certificate, Direction, End, Fact, Flight, Handshake, Kind, Problem, Record, Trust, Verdict,
    Why,
};

pub(super) fn of(step: &Step, fact: &Fact) -> Event {
    let (began, ended) = fact.span().unwrap_or((step.began, step.ended));
    Event::new(kind::of_step(step), began, ended, text(fact)).with(|sheet| {
        sheet.number("socket", (step.socket != 0).then_some(step.socket));
        data(fact, sheet);
    })
}

fn text(fact: &Fact) -> String {
    match fact {
        Fact::Flight(flight) => {
            let said: Vec<String> = flight.records.iter().map(Record::to_string).collect();
            format!("{} {}", way(flight.direction), said.join(", "))
        }
        Fact::Handshake(handshake) => match (&handshake.problem, handshake.version) {
            (Some(problem), _) => problem.to_string(),
            (None, Some(version)) => {
                let suite = handshake.suite.map_or("unknown", |(_, name)| name);
                format!("{version}, {suite}")
            }
            (None, None) => "the handshake is over".to_owned(),
        },
        Fact::Ended(End::CloseNotify) => {
            "the server closed first: it says that it will send nothing more".into()
        }
        Fact::Ended(End::Answered) => "we closed first, and the server says the same".into(),
        Fact::Ended(End::Fin) => "we closed first, and the stream ended without a word".into(),
        Fact::Ended(End::Truncated) => {
            "the server closed first, without a word: the stream may be cut".into()
        }
        Fact::KeysNotKept(why) => why.clone(),
    }
}

fn way(direction: Direction) -> &'static str {
    match direction {
        Direction::Out => "out",
        Direction::In => "in",
    }
}

fn data(fact: &Fact, sheet: &mut Sheet<'_>) {
    match fact {
        Fact::Flight(flight) => records(flight, sheet),
        Fact::Handshake(it) => handshake(it, sheet),
        Fact::Ended(end) => {
            sheet.flag("close_notify", Some(end.is_said()));
            sheet.words("closed_first", Some(if end.is_answer() { "client" } else { "server" }));
        }
        Fact::KeysNotKept(why) => sheet.words("why", Some(why)),
    }
}

fn trust(trust: &Trust, sheet: &mut Sheet<'_>) {
    sheet.words("store", Some(&trust.store.to_string()));
    sheet.number("anchors", Some(trust.anchors as u64));
    strings(sheet, "passed_over", &trust.passed_over);
}

fn strings(sheet: &mut Sheet<'_>, name: &'static str, list: &[String]) {
    sheet.list(name, Some(list), |one, _, ink| _ = ink.json(one.as_bytes()));
}

fn records(flight: &Flight, sheet: &mut Sheet<'_>) {
    sheet.words("direction", Some(way(flight.direction)));
    sheet.number("first_octet", flight.octets().map(|octets| octets.start));
    sheet.number("end_octet", flight.octets().map(|octets| octets.end));
    sheet.list("records", Some(&flight.records), |record, _, ink| {
        let mut one = Sheet::new(ink, Form::Json);
        one.number("content_type", Some(record.content_type));
        one.words("contents", Some(&record.to_string()));
        one.number("length_bytes", Some(record.len()));
        one.number("first_octet", Some(record.octets.start));
        one.number("end_octet", Some(record.octets.end));
        one.number("plain_first_octet", record.plain.as_ref().map(|plain| plain.start));
        one.number("plain_end_octet", record.plain.as_ref().map(|plain| plain.end));
        one.end();
    });
}

fn handshake(it: &Handshake, sheet: &mut Sheet<'_>) {
    sheet.words("version", it.version.map(|version| version.to_string()).as_deref());
    sheet.words("cipher_suite", it.suite.map(|(_, name)| name));
    sheet.number("cipher_suite_number", it.suite.map(|(number, _)| number));
    sheet.words("group", it.group.map(|(_, name)| name));
    sheet.number("group_number", it.group.map(|(number, _)| number));
    strings(sheet, "alpn_offered", &it.alpn_offered);
    sheet.words("alpn", it.alpn.as_deref());
    sheet.words("server_name", it.sni.as_deref());
    sheet.flag("resumed", it.kind.map(|kind| kind == Kind::Resumed));
    sheet.flag("hello_retry", it.kind.map(|kind| kind == Kind::Retried));
    sheet.number("client_hello_bytes", Some(it.hello));
    sheet.list("certificates", Some(&it.certificates), |certificate, _, ink| {
        let mut one = Sheet::new(ink, Form::Json);
        certified(certificate, &mut one);
        one.end();
    });
    sheet.number("certificates_beyond", Some(it.beyond as u64));
    let (verdict, why) = match &it.verdict {
        None => (None, None),
        Some(Verdict::Trusted) => (Some("trusted"), None),
        Some(Verdict::Accepted(why)) => (Some("accepted"), Some(why)),
        Some(Verdict::Refused(why)) => (Some("refused"), Some(why)),
    };
    sheet.words("verdict", verdict);
    sheet.list("why", why, |why: &Why, _, ink| _ = ink.json(why.to_string().as_bytes()));
    sheet.words("revocation", Some(Handshake::REVOCATION));
    sheet.number("stapled_bytes", Some(it.stapled as u64));
    sheet.nest("trust", |sheet| trust(&it.trust, sheet));
    sheet.number("out_bytes", Some(it.out));
    sheet.number("in_bytes", Some(it.into));
    sheet.number("handshake_ns", Some(nanos(it.ended.since(it.began))));
    sheet.words("problem", it.problem.as_ref().map(Problem::code));
}

fn certified(it: &Certificate, sheet: &mut Sheet<'_>) {
    sheet.words("subject", Some(&it.subject));
    sheet.words("issuer", Some(&it.issuer));
    strings(sheet, "names", &it.names);
    sheet.list("addresses", Some(&it.addresses), |ip, _, ink| {
        ink.text("\"").address(*ip).text("\"");
    });
    sheet.time("not_before", it.not_before, &mut Calendar::utc());
    sheet.time("not_after", it.not_after, &mut Calendar::utc());
    sheet.words("key", it.key.as_deref());
    sheet.number("key_bits", it.key_bits);
    sheet.words("signature", it.signature.as_deref());
    sheet.words("serial", Some(&it.serial));
    sheet.words("fingerprint", Some(&it.fingerprint));
    sheet.flag("ca", Some(it.is_ca));
    sheet.number("size_bytes", Some(it.octets as u64));
}
