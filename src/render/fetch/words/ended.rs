//! What became of a transfer, in one sentence?

use std::fmt::Write as _;
use std::net::SocketAddr;

use super::{duration, many};
use crate::render::fetch::entry::{Entry, Kind, Part, Place};
use crate::render::fetch::links;
use crate::tale::fetch::{Fault, Told, Verdict};
use crate::timeline::fetch::{Doing, Failure, Outcome, Step, Transfer, Tried};
use crate::timeline::http::Status;

/// Nothing more is done for a transfer.
pub(in crate::render::fetch) fn ended(step: &Step, transfer: &Transfer) -> Vec<Entry> {
    let Some(failure) = &transfer.failure else { return Vec::new() };
    let part = match failure {
        Failure::Scheme(_) => Part::Url,
        Failure::Lookup(_) | Failure::Late { doing: Doing::Lookup, .. } => Part::Resolver,
        Failure::Connect { .. }
        | Failure::Interface { .. }
        | Failure::Late { doing: Doing::Connecting, .. } => Part::Connection,
        Failure::Tls(_) | Failure::Late { doing: Doing::Securing, .. } => Part::Security,
        _ => Part::Request,
    };
    let place = Place::of(part, step.transfer);
    let text = format!("! {}", self::failure(failure));
    vec![Entry::new(step.ended, place, 2, Kind::Alarm).text(text)]
}

/// Somebody wants it to end now.
pub(in crate::render::fetch) fn interrupted(step: &Step) -> Entry {
    let place = Place::of(Part::Request, step.transfer);
    Entry::new(step.began, place, 2, Kind::Alarm).text("! interrupted: what follows is cut short")
}

/// What became of a URL with all that it led to, and who spent the time or is at fault.
pub(in crate::render::fetch) fn verdict(
    host: &str,
    told: &[Told],
    verdict: &Verdict,
    level: u8,
) -> Vec<(&'static str, String)> {
    let mut own = told.iter().rev().filter(|told| !told.transfer.is_embedded);
    let fault = own.find_map(|told| told.fault.as_ref());
    let mut said = Vec::new();
    if level == 1 {
        said.extend(summary(host, told, fault).map(|sentence| ("", sentence)));
        // Of what failed it is of no interest how fast it did.
        if fault.is_none() {
            let sentence = match &verdict.culprit {
                Some(_) => format!("Slowest part: {}.", verdict.sentence),
                None => "No part of it stands out as slow.".to_owned(),
            };
            said.push(("", sentence));
        }
        return said;
    }
    if let Some(fault) = fault {
        let proof = links::margin(&fault.packets);
        let gap = if proof.is_empty() { "" } else { "  " };
        said.push((" fault    ", format!("{}: {}{gap}{proof}", fault.party, fault.sentence)));
    } else {
        said.push((" verdict  ", verdict.sentence.clone()));
    }
    said
}

/// All of it in one sentence.
fn summary(host: &str, told: &[Told], fault: Option<&Fault>) -> Option<String> {
    let all: Vec<&Transfer> = told.iter().map(|told| &told.transfer).collect();
    let first = all.first()?;
    let total = all.iter().map(|it| it.timing.begin + it.timing.total).max()?;
    let seconds = format!("{:.3} s", total.as_secs_f64());
    if let Some(fault) = fault {
        let host = if fault.sentence.contains(host) { String::new() } else { format!("{host}: ") };
        return Some(format!("{host}{}, after {seconds}.", fault.sentence));
    }
    let embedded: Vec<&Transfer> = all.iter().copied().filter(|it| it.is_embedded).collect();
    // Of redirects the last answer counts.
    let led = all.iter().copied().filter(|it| !it.is_embedded);
    let answer = led.max_by_key(|it| it.redirects).unwrap_or(first);
    let status = answer.status.map(|code| (code, Status::of(code)));
    let octets: u64 = all.iter().map(|it| it.decoded.max(it.body)).sum();
    let mut words = match status {
        Some((code, status)) if code >= 400 => {
            format!("{host} answered {code} {}: {}", status.name, status.words)
        }
        Some((code, status)) => {
            let what = format!("{}{}", thing(answer), with(&embedded));
            let size = many(octets, "octet", "octets");
            format!("{host} sent {what} ({code} {}, {size} of content)", status.name)
        }
        None => format!("{host} was not asked"),
    };
    if answer.redirects > 0 {
        let redirects = many(answer.redirects.into(), "redirect", "redirects");
        _ = write!(words, " after {redirects}");
    }
    if let Some(failure) = all.iter().find_map(|it| it.failure.as_ref()) {
        _ = write!(words, "; not all of it came: {}", self::failure(failure));
    }
    Some(format!("{words} in {seconds}."))
}

fn thing(transfer: &Transfer) -> &'static str {
    match transfer.media.as_deref().map(str::trim_start) {
        Some(media) if media.starts_with("text/html") => "the page",
        Some(media) if media.starts_with("image/") => "the picture",
        _ => "what was asked for",
    }
}

/// What came with the page.
fn with(embedded: &[&Transfer]) -> String {
    if embedded.is_empty() {
        return String::new();
    }
    let is_picture = |it: &&Transfer| it.media.as_ref().is_some_and(|it| it.starts_with("image/"));
    let number = embedded.len() as u64;
    if embedded.iter().all(is_picture) {
        return format!(" and its {}", many(number, "picture", "pictures"));
    }
    format!(" and {} that it embeds", many(number, "thing", "things"))
}

/// Why a transfer failed.
pub(in crate::render::fetch) fn failure(failure: &Failure) -> String {
    match failure {
        Failure::Scheme(scheme) => {
            format!("{scheme} is fetched by other programs: http and https are known")
        }
        Failure::Lookup(failure) => failure.to_string(),
        Failure::Connect { errno, tried } => connecting(tried)
            .unwrap_or_else(|| format!("no connection: {} ({})", errno.sentence, errno.name)),
        Failure::Interface { asked, errno } => {
            format!("{asked} cannot be sent from: {} ({})", errno.sentence, errno.name)
        }
        Failure::Broken { doing, errno, sent, received } => format!(
            "{} ended: {} ({}), {}",
            self::doing(*doing),
            errno.sentence,
            errno.name,
            moved(*sent, *received)
        ),
        Failure::Late { doing, limit, sent, received } => format!(
            "{} was not over after {}, {}",
            self::doing(*doing),
            duration(*limit),
            moved(*sent, *received)
        ),
        Failure::Http(problem) => problem.to_string(),
        Failure::Tls(problem) => problem.to_string(),
        Failure::Astray(why) => why.to_string(),
        Failure::Request(why) => why.clone(),
        Failure::Status(status) => format!("the server refuses: status {status}"),
        Failure::Saving(sentence) => format!("the body could not be saved: {sentence}"),
        Failure::Interrupted => "interrupted before it was over".into(),
    }
}

/// The same failure of all addresses in one sentence, where it is the same.
fn connecting(tried: &[Tried]) -> Option<String> {
    let begun: Vec<&Tried> = tried.iter().filter(|it| it.outcome != Outcome::NotBegun).collect();
    let (first, others) = begun.split_first()?;
    if others.iter().any(|it| it.outcome != first.outcome) {
        return None;
    }
    let list: Vec<String> = begun.iter().map(|it| it.destination.to_string()).collect();
    let to = |destination: SocketAddr| {
        if others.is_empty() { destination.to_string() } else { list.join(" and ") }
    };
    Some(match &first.outcome {
        Outcome::Failed(errno) => {
            format!(
                "no connection to {}: {} ({})",
                to(first.destination),
                errno.sentence,
                errno.name
            )
        }
        Outcome::Unanswered => format!("{} did not answer", to(first.destination)),
        _ => return None,
    })
}

fn doing(doing: Doing) -> &'static str {
    match doing {
        Doing::Lookup => "looking up the name",
        Doing::Connecting => "connecting",
        Doing::Securing => "the TLS handshake",
        Doing::Sending => "sending the request",
        Doing::Waiting => "waiting for the answer",
        Doing::Receiving => "receiving the answer",
    }
}

fn moved(sent: u64, received: u64) -> String {
    let sent = many(sent, "octet", "octets");
    let received = many(received, "octet", "octets");
    format!("{sent} sent and {received} received by then")
}
