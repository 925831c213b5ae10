//! How was the connection secured, and whom do we speak with?

use std::fmt::Write as _;

use super::{count, many, millis, written};
use crate::flow::Side;
use crate::render::clock::Calendar;
use crate::render::fetch::entry::{Entry, Kind, Part, Place, Proof};
use crate::timeline::Timestamp;
use crate::timeline::fetch::Step;
use crate::timeline::tls::{
    self, Certificate, Contents, Direction, End, Fact, Flight, Handshake, Record, Verdict,
};

/// Names of a certificate that are told.
const NAMES: usize = 12;

/// Records of one flight told one by one.
const RECORDS: usize = 16;

/// Certificates of a chain that are told.
const CHAIN: usize = 8;

/// Tells what was found out about TLS.
pub(in crate::render::fetch) fn fact(step: &Step, fact: &Fact) -> Vec<Entry> {
    // The transfer is that of the opening, and may be another by now; of a known socket it is found out.
    let transfer = if step.socket == 0 { step.transfer } else { 0 };
    let place = Place { part: Part::Security, transfer, socket: step.socket };
    let entry = |level, kind| Entry::new(step.ended, place, level, kind);
    match fact {
        Fact::Flight(flight) => self::flight(flight, place).into_iter().collect(),
        Fact::Handshake(handshake) => self::handshake(handshake, place),
        Fact::Ended(end) => {
            let place = Place { part: Part::Close, ..place };
            let entry = |level, kind| Entry::new(step.ended, place, level, kind);
            vec![match end {
                End::CloseNotify => entry(4, Kind::Fact).text(
                    "the server closed first: under its keys it said that nothing more comes (close_notify)",
                ),
                End::Answered => entry(4, Kind::Fact)
                    .text("we closed first; the server said the same under its keys (close_notify)"),
                End::Fin => entry(4, Kind::Fact).text(
                    "we closed first; the server answered by a bare FIN, without close_notify: nothing is missing",
                ),
                End::Truncated => entry(4, Kind::Alarm).text(
                    "! the server closed first, by a bare FIN, which anybody on the way could have sent: what came \
                     may be cut",
                ),
            }]
        }
        Fact::KeysNotKept(sentence) => vec![entry(2, Kind::Alarm).text(format!("! {sentence}"))],
    }
}

/// Records that went one way.
fn flight(flight: &Flight, place: Place) -> Option<Entry> {
    let octets = flight.octets()?;
    let (arrow, from, at) = match flight.direction {
        Direction::Out => ("->", Side::Client, flight.began),
        Direction::In => ("<-", Side::Server, flight.ended),
    };
    let is_data = flight.records.iter().all(|record| record.contents == Contents::Data);
    let place = if is_data { Place { part: Part::Request, ..place } } else { place };
    let proof = Proof::Octets { socket: place.socket, from, octets: octets.clone() };
    let entry = Entry::new(at, place, if is_data { 6 } else { 4 }, Kind::Event);
    let records = many(flight.records.len() as u64, "record", "records");
    if is_data {
        let size = count(octets.end - octets.start);
        return Some(
            entry
                .text(format!("{arrow} {records} of application data, {size} octets"))
                .proof(proof),
        );
    }
    let mut words: Vec<String> = flight.records.iter().take(RECORDS).map(record).collect();
    if flight.records.len() > RECORDS {
        words.push(format!("and {} more", flight.records.len() - RECORDS));
    }
    let told = entry.text(format!("{arrow} {}", words.join("  "))).proof(proof);
    Some(
        told.and(
            7,
            format!("{records}, octets {}..{} of the stream", octets.start, octets.end - 1),
        ),
    )
}

/// A record with its length: `ServerHello(122)`.
fn record(record: &Record) -> String {
    match record.contents {
        Contents::Alert { description, .. } if record.direction == Direction::In => {
            let meaning = tls::meaning(description).unwrap_or("ends it");
            format!("alert {description}: the server {meaning}")
        }
        Contents::Alert { description, .. } => format!("alert {description}: we end it"),
        _ => format!("{record}({})", record.len()),
    }
}

fn handshake(handshake: &Handshake, place: Place) -> Vec<Entry> {
    let entry = |level, kind| Entry::new(handshake.ended, place, level, kind);
    let mut told = vec![entry(2, Kind::Head).text(agreed(handshake))];
    let mut fact = |level: u8, text: String| told.push(entry(level, Kind::Fact).text(text));
    let took = millis(handshake.ended.since(handshake.began));
    fact(
        4,
        format!(
            "took       {took}, {} octets out and {} in",
            count(handshake.out),
            count(handshake.into)
        ),
    );
    match handshake.kind {
        Some(tls::Kind::Retried) => {
            fact(
                4,
                "           the server asked for another key share first: one round trip more"
                    .into(),
            );
        }
        Some(tls::Kind::Resumed) => {
            fact(
                4,
                "           resumed with the keys of a session before: no certificate is sent"
                    .into(),
            );
        }
        Some(tls::Kind::Full) | None => {}
    }
    if let Some(sni) = &handshake.sni {
        fact(6, format!("asks for   {sni} (SNI, in clear text)"));
    }
    if !handshake.alpn_offered.is_empty() {
        let chosen = match &handshake.alpn {
            Some(alpn) => format!("the server chose {alpn}"),
            None => "the server chose none".into(),
        };
        fact(6, format!("protocols  offered {}; {chosen}", handshake.alpn_offered.join(", ")));
    }
    if let Some((number, name)) = handshake.suite {
        fact(7, format!("suite      {name} (0x{number:04x})"));
    }
    if let Some((number, name)) = handshake.group {
        fact(7, format!("group      {name} (0x{number:04x})"));
    }
    if handshake.hello > 0 {
        fact(7, format!("hello      {} octets in our first flight", count(handshake.hello)));
    }
    for (at, one) in handshake.certificates.iter().take(CHAIN).enumerate() {
        for (level, text) in certificate(one, at) {
            fact(level, text);
        }
    }
    let beyond = handshake.beyond + handshake.certificates.len().saturating_sub(CHAIN);
    if beyond > 0 {
        fact(6, format!("           and {beyond} more certificates"));
    }
    let store = &handshake.trust.store;
    match &handshake.verdict {
        None => {}
        Some(Verdict::Trusted) => {
            let revocation = Handshake::REVOCATION;
            let anchors = many(handshake.trust.anchors as u64, "authority", "authorities");
            fact(4, format!("           trusted by {store} ({anchors}); {revocation}"));
        }
        Some(Verdict::Accepted(whys)) => {
            for why in whys {
                let text = format!("! the certificate {why}; it was accepted because you said so");
                told.push(entry(2, Kind::Alarm).text(text));
            }
        }
        Some(Verdict::Refused(whys)) => {
            for why in whys {
                told.push(entry(2, Kind::Alarm).text(format!("! the certificate {why}")));
            }
        }
    }
    for sentence in &handshake.trust.passed_over {
        told.push(entry(6, Kind::Fact).text(format!("trust      {sentence}")));
    }
    if handshake.stapled > 0 {
        let text = format!(
            "{} of an OCSP answer came along; nobody looks into it",
            count(handshake.stapled as u64)
        );
        told.push(entry(7, Kind::Fact).text(text));
    }
    told
}

/// `TLS 1.3, TLS_AES_256_GCM_SHA384, X25519`.
fn agreed(handshake: &Handshake) -> String {
    let version = handshake.version.map(|version| version.to_string());
    let suite = handshake.suite.map(|(_, name)| name.to_owned());
    let group = handshake.group.map(|(_, name)| name.to_owned());
    let alpn = handshake.alpn.clone();
    let words: Vec<String> = [version, suite, group, alpn].into_iter().flatten().collect();
    match (words.is_empty(), &handshake.problem) {
        (true, _) => "nothing was agreed on".into(),
        (false, Some(_)) => format!("{}, and then it failed", words.join(", ")),
        (false, None) => words.join(", "),
    }
}

fn certificate(certificate: &Certificate, at: usize) -> Vec<(u8, String)> {
    let Certificate { subject, issuer, not_before, not_after, .. } = certificate;
    let subject = if subject.is_empty() { "(no name)" } else { subject };
    let level = if at == 0 { 4 } else { 6 };
    let until = match not_after {
        Some(until) => format!(", valid until {}", date(*until)),
        None => String::new(),
    };
    let mut told = vec![(level, format!("cert {:<6}{subject}{until}", at + 1))];
    let mut names: Vec<String> = certificate.names.clone();
    names.extend(certificate.addresses.iter().map(ToString::to_string));
    if at == 0 && !names.is_empty() {
        let more = names.len().saturating_sub(NAMES);
        names.truncate(NAMES);
        let mut text = format!("           good for {}", names.join(", "));
        if more > 0 {
            _ = write!(text, " and {more} more");
        }
        told.push((4, text));
    }
    let by = if certificate.is_self_issued() { "by itself" } else { issuer.as_str() };
    told.push((
        if at == 0 { 5 } else { 6 },
        format!("           signed {}{by}", if by == "by itself" { "" } else { "by " }),
    ));
    let key = match (&certificate.key, certificate.key_bits) {
        (Some(key), Some(bits)) => format!("key {key} of {bits} bits"),
        (Some(key), None) => format!("key {key}"),
        _ => "key unknown".into(),
    };
    let from = not_before.map(|from| format!(", valid from {}", date(from))).unwrap_or_default();
    let signature =
        certificate.signature.as_ref().map(|it| format!(", signature {it}")).unwrap_or_default();
    told.push((6, format!("           {key}{signature}{from}")));
    told.push((
        7,
        format!("           serial {}, SHA-256 {}", certificate.serial, certificate.fingerprint),
    ));
    told
}

/// The day, in UTC.
fn date(time: Timestamp) -> String {
    const DATE: usize = 10;
    let mut words = written(|ink| Calendar::utc().rfc3339(time, ink));
    words.truncate(DATE);
    words
}
