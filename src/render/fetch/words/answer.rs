//! What does an answer of the DNS say, in sentences?

use super::lookup::{When, kind, named};
use super::many;
use crate::render::fetch::entry::Entry;
use crate::timeline::lookup::{
    Answered, Data, Extended, Message, Origin, Record, Section, Transport,
};
use crate::wire::dns::{class_name, rcode_name};

/// Records of one section told at most; a message has room for thousands.
const SHOWN: usize = 32;

/// Completes the entry of an answer.
pub(super) fn answered(entry: Entry, when: When, answered: &Answered) -> Entry {
    let Answered { message, origin, server, transport, asked } = answered;
    let mut sentences = sentences(message).into_iter();
    let first = sentences.next().unwrap_or_default();
    let mut told = entry.text(format!("<- {first}"));
    for sentence in sentences {
        told = told.and(3, sentence);
    }
    // Of a referral more is told behind it.
    if *origin != Origin::Neither || !is_referral(message) {
        told = told.and(3, said_by(*origin, &named(server)));
    }
    for error in &message.errors {
        told = told.and(2, extended(error));
    }
    if message.truncated {
        told = told.and(4, "the answer is truncated (TC=1): too long for a datagram");
    }
    if message.authenticated {
        told = told.and(4, "AD=1: the server says it has checked the signatures");
    }
    if !message.complete {
        told = told.and(4, "not everything that was announced could be read");
    }
    let wire = super::duration(when.ended.since(*asked));
    let over = if *transport == Transport::Tcp { "TCP" } else { "UDP" };
    let [questions, answers, authority, additional] = message.counts;
    let size = many(message.octets as u64, "octet", "octets");
    told = told.and(6, format!("{wire} after the question began to be sent; {size} over {over}"));
    told = told.and(
        7,
        format!(
            "{}, AA={} TC={} RD={} RA={} AD={}, {questions} question, {answers} answer, \
             {authority} authority, {additional} additional",
            rcode(message.rcode),
            u8::from(message.authoritative),
            u8::from(message.truncated),
            u8::from(message.desired),
            u8::from(message.available),
            u8::from(message.authenticated),
        ),
    );
    for it in message.records.iter().filter(|it| it.section == Section::Answer).take(SHOWN) {
        told = told.and(
            7,
            format!("answer: {} {} TTL {} s, {}", it.owner, kind(it.kind), it.ttl, it.said),
        );
    }
    for section in [Section::Authority, Section::Additional] {
        for it in message.records.iter().filter(|it| it.section == section).take(SHOWN) {
            let words = if section == Section::Authority { "authority" } else { "additional" };
            told = told.and(7, format!("{words}: {}", record(it)));
        }
    }
    told
}

/// What it answers, a sentence for each record.
fn sentences(message: &Message) -> Vec<String> {
    let answers: Vec<&Record> =
        message.records.iter().filter(|record| record.section == Section::Answer).collect();
    let mut sentences: Vec<String> =
        answers.iter().take(SHOWN).map(|answer| record(answer)).collect();
    if answers.len() > SHOWN {
        sentences.push(format!("and {} more", answers.len() - SHOWN));
    }
    let asked = message.question.as_ref();
    let name = asked.map_or_else(|| "it".to_owned(), |asked| asked.name.to_string());
    let what = asked.map_or_else(|| "such".to_owned(), |asked| kind(asked.kind));
    let minimum = message.records.iter().find_map(|record| match record.data {
        Data::Minimum(least) => Some(least.min(record.ttl)),
        _ => None,
    });
    let remembered =
        minimum.map(|least| format!(", remembered for {least} s (SOA)")).unwrap_or_default();
    match message.rcode {
        0 if sentences.is_empty() && is_referral(message) => {
            sentences.push(format!("no answer for {name}, but who may know"));
        }
        0 if sentences.is_empty() => {
            sentences.push(format!("{name} exists, but has no {what} record{remembered}"));
        }
        // Aliases, and nothing at their end.
        0 if asked.is_some_and(|asked| answers.iter().all(|it| is_alias_only(it, asked.kind))) => {
            let last = answers.iter().rev().find_map(|it| match &it.data {
                Data::Name(name) => Some(name.to_string()),
                _ => None,
            });
            let last = last.unwrap_or(name);
            sentences.push(format!("{last} exists, but has no {what} record{remembered}"));
        }
        0 => {}
        3 => sentences.push(format!("{name} does not exist (NXDOMAIN){remembered}")),
        code => sentences.insert(0, format!("{name}: {}", refused(code))),
    }
    sentences
}

/// Whether a record is an alias, and something else was asked for.
fn is_alias_only(record: &Record, asked: u16) -> bool {
    const CNAME: u16 = 5;
    const ANY: u16 = 255;
    record.kind == CNAME && asked != CNAME && asked != ANY
}

/// Whether it only names the servers of a zone further down.
fn is_referral(message: &Message) -> bool {
    let has = |wanted: fn(&Data) -> bool| {
        message.records.iter().any(|it| it.section == Section::Authority && wanted(&it.data))
    };
    has(|data| matches!(data, Data::Name(_))) && !has(|data| matches!(data, Data::Minimum(_)))
}

/// `web1.example.com is 192.0.2.80, TTL 60 s`.
pub(super) fn record(record: &Record) -> String {
    let Record { owner, ttl, .. } = record;
    let class = match record.class {
        1 => String::new(),
        other => match class_name(other) {
            Some(name) => format!(", class {name}"),
            None => format!(", class {other}"),
        },
    };
    let said = match (&record.data, record.kind) {
        (Data::Address(ip), _) => format!("{owner} is {ip}"),
        // Its time to live is told with everything.
        (Data::Name(name), 5) => return format!("{owner} is an alias (CNAME) of {name}"),
        (Data::Name(name), 2) => format!("{owner} is served by {name}"),
        (Data::Name(name), kind) => format!("{owner} {} {name}", self::kind(kind)),
        (Data::Minimum(least), _) => {
            format!("{owner} SOA, what is not there is forgotten after {least} s")
        }
        (Data::Other(_), kind) => format!("{owner} {} {}", self::kind(kind), record.said),
    };
    format!("{said}, TTL {ttl} s{class}")
}

fn said_by(origin: Origin, server: &str) -> String {
    match origin {
        Origin::Authority => format!("from the authority itself (AA=1): {server} serves the zone"),
        Origin::Cache { whole, left } => {
            format!("from the cache of {server} (AA=0): {left} s are left of {whole} s to live")
        }
        Origin::Relayed => {
            format!("not from the authority itself (AA=0): {server} told us")
        }
        Origin::Neither => {
            format!("{server} neither serves the zone (AA=0) nor finds out for others (RA=0)")
        }
    }
}

fn refused(rcode: u16) -> String {
    let words = match rcode {
        1 => "the server does not understand the question",
        2 => "the server could not find out",
        4 => "the server does not do that",
        5 => "the server does not serve us",
        _ => "the server refuses",
    };
    format!("{words} ({})", self::rcode(rcode))
}

fn rcode(rcode: u16) -> String {
    rcode_name(rcode).map_or_else(|| format!("code {rcode}"), str::to_owned)
}

fn extended(error: &Extended) -> String {
    let words = error.words.map_or_else(|| format!("extended error {}", error.code), str::to_owned);
    if error.text.is_empty() {
        format!("it says: {words}")
    } else {
        format!("it says: {words} ({})", error.text)
    }
}
