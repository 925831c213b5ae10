//! Which addresses were tried, in which order, and what became of each?

use std::net::IpAddr;

use super::{duration, many};
use crate::render::fetch::entry::{Entry, Kind, Part, Place};
use crate::timeline::fetch::{Candidate, Choice, Outcome, Step, Tried};
use crate::timeline::{Origin, Refusal};

/// Which addresses will be tried, and when.
pub(in crate::render::fetch) fn chosen(step: &Step, choice: &Choice) -> Vec<Entry> {
    let place = Place::of(Part::Connection, step.transfer);
    let entry = |level| Entry::new(step.began, place, level, Kind::Fact);
    // Where there is no choice, there is nothing to say about it below the level of everything.
    let level = if choice.candidates.len() > 1 { 4 } else { 7 };
    let mut told = Vec::new();
    for (at, candidate) in choice.candidates.iter().enumerate() {
        told.push(entry(level).text(format!("{}. {}", at + 1, self::candidate(candidate))));
    }
    if choice.plan.len() > 1 {
        for attempt in &choice.plan {
            let when = match attempt.begins {
                at if at.is_zero() => "at once".to_owned(),
                at => format!("after {}, if none has connected by then (RFC 8305)", duration(at)),
            };
            told.push(entry(4).text(format!("{} is tried {when}", attempt.destination)));
        }
    }
    told
}

fn candidate(candidate: &Candidate) -> String {
    let to = candidate.destination.ip();
    let from = match candidate.source {
        Some(source) => format!("{to}, from {source}"),
        None => format!("{to}: no way there"),
    };
    let Some(rule) = candidate.behind_by else { return from };
    let why = match rule {
        1 => "the one before can be reached",
        2 => "the one before has the scope of its source",
        3 => "its source is deprecated",
        4 => "the one before has a home address",
        5 => "the label of the one before matches that of its source",
        6 => "the one before has a higher precedence",
        7 => "it goes through a tunnel",
        8 => "the one before has a smaller scope",
        9 => "the one before shares more bits with its source",
        _ => "nothing tells them apart: as found",
    };
    format!("{from}; {why} (RFC 6724, rule {rule})")
}

/// What became of the attempts, and what the network refused meanwhile.
///
/// `own` says which address of ours a socket has.
pub(in crate::render::fetch) fn tried(
    step: &Step,
    tried: &[Tried],
    own: impl Fn(u32) -> Option<IpAddr>,
) -> Vec<Entry> {
    let mut told = Vec::new();
    let is_race = tried.len() > 1;
    for one in tried {
        let place = Place { part: Part::Connection, transfer: step.transfer, socket: one.socket };
        let entry = |level, kind| Entry::new(step.ended, place, level, kind);
        let to = one.destination;
        let (level, text) = match &one.outcome {
            Outcome::Connected => (if is_race { 4 } else { 7 }, format!("{to} is connected")),
            // Of one alone the end of the transfer tells.
            Outcome::Failed(errno) => {
                (if is_race { 2 } else { 7 }, format!("{to}: {} ({})", errno.sentence, errno.name))
            }
            Outcome::Overtaken => (4, format!("{to} was slower, and is given up")),
            Outcome::Unanswered => {
                (if is_race { 2 } else { 7 }, format!("{to} did not answer in time"))
            }
            Outcome::NotBegun => (4, format!("{to} was not tried any more")),
        };
        told.push(entry(level, Kind::Fact).text(text));
        let mut refusals = one.refusals.iter().peekable();
        let mut times = 1;
        while let Some(refusal) = refusals.next() {
            if refusals.peek() == Some(&refusal) {
                times += 1;
                continue;
            }
            let again = if times > 1 {
                format!(" ({})", many(times, "time", "times"))
            } else {
                String::new()
            };
            let text =
                format!("! {}{again}", self::refusal(refusal, Some(to.ip()), own(one.socket)));
            told.push(entry(2, Kind::Alarm).text(text));
            times = 1;
        }
    }
    told
}

/// An open connection is used again; `number` is 0 when it is not known which.
pub(in crate::render::fetch) fn reused(step: &Step, number: usize, requests: u32) -> Entry {
    let place = Place { part: Part::Request, transfer: step.transfer, socket: step.socket };
    let which = if number > 0 { format!("connection {number}") } else { "a connection".to_owned() };
    let times = many(requests.into(), "request", "requests");
    Entry::new(step.began, place, 3, Kind::Event)
        .text(format!("{which} is open and used again: {times} on it with this one"))
}

/// Who refused, and how.
pub(super) fn refusal(refusal: &Refusal, to: Option<IpAddr>, own: Option<IpAddr>) -> String {
    let words = match (refusal.origin, refusal.kind, refusal.code) {
        (Origin::Local, ..) => {
            return format!(
                "this computer itself refuses, without a packet of anybody: {} ({})",
                refusal.errno.sentence, refusal.errno.name
            );
        }
        (Origin::Icmp, 3, 0) => "knows no way to the network",
        (Origin::Icmp, 3, 1) | (Origin::Icmpv6, 1, 3) => "cannot reach the host",
        (Origin::Icmp, 3, 2) => "the host does not speak the protocol",
        (Origin::Icmp, 3, 3) | (Origin::Icmpv6, 1, 4) => "nobody listens at the port",
        (Origin::Icmp, 3, 4) | (Origin::Icmpv6, 2, _) => "the packet is too big for the next link",
        (Origin::Icmp, 3, 9 | 10 | 13) | (Origin::Icmpv6, 1, 1) => {
            "a firewall does not let it through (administratively prohibited)"
        }
        (Origin::Icmp, 11, 0) | (Origin::Icmpv6, 3, 0) => {
            "the packet has lived too long: it goes round in circles"
        }
        (Origin::Icmpv6, 1, 0) => "knows no route",
        (Origin::Icmpv6, 1, 5 | 6) => "its policy refuses",
        _ => "refuses",
    };
    let name = if refusal.origin == Origin::Icmpv6 { "ICMPv6" } else { "ICMP" };
    let who = match refusal.offender {
        Some(offender) if Some(offender) == to => format!("{offender} itself says"),
        Some(offender) if Some(offender) == own => format!("this computer ({offender}) says"),
        Some(offender) => format!("{offender} on the way says"),
        None => "somebody says".to_owned(),
    };
    let mtu = refusal.mtu.map(|mtu| format!(", which takes {mtu} octets")).unwrap_or_default();
    format!("{who}: {words}{mtu} ({name} type {} code {})", refusal.kind, refusal.code)
}
