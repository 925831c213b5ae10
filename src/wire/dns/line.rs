//! A message in a few words: who asks or answers what.

use super::codes::{class_name, extended_error_name, opcode_name, rcode_name, type_name};
use super::name::Name;
use super::section::{Entries, Entry, Question, Record, Section};
use super::{Dialect, Dns, edns, record};
use crate::ink::Ink;

/// Entries beyond these are only counted.
const LISTED: u16 = 8;

/// Names longer than this are clipped.
const NAME: usize = 128;

pub(super) fn line(dns: Dns<'_>, ink: &mut Ink) {
    let said = say(dns, ink);
    if dns.is_cut() {
        ink.ellipsis();
    } else if said.is_none() {
        let gap = if ink.as_bytes().ends_with(b" ") { "" } else { " " };
        ink.text(gap).text("malformed");
    }
}

/// Writes a name; the root is a dot.
pub(super) fn name(name: Name<'_>, ink: &mut Ink) {
    if name.write(NAME, ink) {
        return;
    }
    let spelling = name.spell();
    let text = spelling.or_dot();
    if text.len() <= NAME {
        ink.text(text);
        return;
    }
    let end = (0..=NAME).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    ink.text(&text[..end]).ellipsis().text("(+").count(text.len() - end).text(")");
}

/// `None` where the message does not go on as it should.
fn say(dns: Dns<'_>, ink: &mut Ink) -> Option<()> {
    let counts = dns.counts();
    head(dns, ink);
    let mut entries = dns.entries();
    let mut asked = None;
    for nth in 0..counts[0] {
        let Some(Entry::Question(question)) = entries.next() else { return None };
        if nth < LISTED {
            ink.text(if nth == 0 { " " } else { ", " });
            say_question(dns, &question, ink);
            asked.get_or_insert(question.name);
        }
    }
    more(counts[0], ink);
    if dns.is_response() {
        return answer(dns, entries, asked, ink);
    }
    if dns.opcode() == Dns::UPDATE {
        return update(dns, entries, ink);
    }
    if dns.opcode() == 4 && counts[1] > 0 {
        ink.text(": ");
        listed(dns, &mut entries, counts[1], asked, ink)?;
    } else if counts[1] > 0 {
        // RFC 6762 §7.1: what a querier knows it needs not hear again.
        ink.text(" knows ").number(counts[1]);
    }
    if dns.dialect() == Dialect::Multicast && counts[2] > 0 {
        // RFC 6762 §8.2: the records that a prober would like to have.
        ink.text(" proposes ").number(counts[2]);
    }
    if dns.has(Dns::TRUNCATED) {
        ink.text(" truncated");
    }
    entries.by_ref().for_each(drop);
    entries.is_done().then_some(())
}

/// `query 0x1f2a`
fn head(dns: Dns<'_>, ink: &mut Ink) {
    match (dns.opcode(), dns.is_response()) {
        (0, false) => ink.text("query"),
        (0, true) => ink.text("answer"),
        (opcode, response) => {
            match opcode_name(opcode) {
                Some(name) => ink.text(name),
                None => ink.text("opcode ").number(opcode),
            };
            ink.text(if response { " answer" } else { "" })
        }
    };
    // RFC 6762 §18.1: there the id is zero but for one-shot queries.
    if dns.dialect() != Dialect::Multicast || dns.id() != 0 {
        ink.text(" 0x").hex(dns.id().into(), 4);
    }
}

fn say_question(dns: Dns<'_>, question: &Question<'_>, ink: &mut Ink) {
    if dns.opcode() != Dns::UPDATE {
        class(dns.dialect().class(question.class), ink);
        kind(question.kind, ink);
        ink.text(" ");
    }
    name(question.name, ink);
    if dns.dialect() == Dialect::Multicast && question.class >> 15 != 0 {
        ink.text(" QU");
    }
}

fn kind(kind: u16, ink: &mut Ink) {
    match type_name(kind) {
        Some(name) => ink.text(name),
        // RFC 3597 §5.
        None => ink.text("TYPE").number(kind),
    };
}

/// A class and a blank, unless it is the usual one.
fn class(class: u16, ink: &mut Ink) {
    match class_name(class) {
        Some("IN") => return,
        Some(name) => ink.text(name),
        None => ink.text("CLASS").number(class),
    };
    ink.text(" ");
}

fn more(count: u16, ink: &mut Ink) {
    if count > LISTED {
        ink.text(" +").number(count - LISTED);
    }
}

fn answer(
    dns: Dns<'_>,
    mut entries: Entries<'_>,
    asked: Option<Name<'_>>,
    ink: &mut Ink,
) -> Option<()> {
    let counts = dns.counts();
    ink.text(if asked.is_some() { ": " } else { " " });
    if dns.rcode() != 0 && counts[1] > 0 {
        code(dns.rcode(), ink);
        ink.text(", ");
    }
    if counts[1] > 0 {
        listed(dns, &mut entries, counts[1], asked, ink)?;
    } else {
        nothing(dns, entries.clone(), asked, ink)?;
    }
    if dns.has(Dns::AUTHORITATIVE) && dns.dialect() == Dialect::Unicast {
        ink.text(" authoritative");
    }
    if dns.has(Dns::TRUNCATED) {
        ink.text(" truncated");
    }
    let mut errors = 0;
    for entry in entries.by_ref() {
        let Entry::Record(record) = entry else { continue };
        if record.kind == edns::OPT && record.section == Section::Additional && errors < LISTED {
            for (code, text) in edns::extended_errors(&record).take(3) {
                errors += 1;
                extended_error(code, text, ink);
            }
        }
    }
    entries.is_done().then_some(())
}

/// What it means that there are no answers.
fn nothing(
    dns: Dns<'_>,
    mut entries: Entries<'_>,
    asked: Option<Name<'_>>,
    ink: &mut Ink,
) -> Option<()> {
    let ahead = &mut entries.clone();
    let (mut first, mut extended) = (None, 0);
    for entry in ahead.by_ref() {
        if let Entry::Record(record) = entry {
            first.get_or_insert(record);
            if record.kind == edns::OPT && record.section == Section::Additional {
                extended = edns::rcode_bits(&record) << 4;
            }
        }
    }
    // RFC 6891 §6.1.3: EDNS may have the upper bits, which make 16 of 0 and 23 of 7.
    if !matches!(dns.rcode(), 0 | 7) {
        code(dns.rcode(), ink);
        return Some(());
    }
    if !ahead.is_done() {
        return None;
    }
    let rcode = extended | dns.rcode();
    let referral = |record: &Record<'_>| {
        record.section == Section::Authority && record.kind == 2 && record.class == 1
    };
    if rcode != 0 || dns.opcode() != 0 {
        code(rcode, ink);
        Some(())
    } else if !dns.has(Dns::AUTHORITATIVE) && first.as_ref().is_some_and(referral) {
        // RFC 2308 §2.2: no answer and no SOA, but the servers to ask instead.
        ink.text("try ");
        listed(dns, &mut entries, dns.counts()[2], asked, ink)
    } else {
        // A server that truncates may leave out the answers altogether.
        ink.text(if dns.has(Dns::TRUNCATED) { "no room" } else { "no data" });
        Some(())
    }
}

fn code(rcode: u16, ink: &mut Ink) {
    match rcode_name(rcode) {
        Some(name) => ink.text(name),
        None => ink.text("RCODE").number(rcode),
    };
}

fn extended_error(code: u16, text: &[u8], ink: &mut Ink) {
    ink.text(" (");
    match extended_error_name(code) {
        Some(name) => ink.text(name),
        None => ink.text("extended error ").number(code),
    };
    if !text.is_empty() {
        ink.text(": ").clipped(text, 60);
    }
    ink.text(")");
}

/// Writes records, each with its owner where that is not the name asked for, an alias of it, or
/// the owner of the record before.
fn listed(
    dns: Dns<'_>,
    entries: &mut Entries<'_>,
    count: u16,
    asked: Option<Name<'_>>,
    ink: &mut Ink,
) -> Option<()> {
    let mut expected = None;
    for nth in 0..count {
        let Some(Entry::Record(record)) = entries.next() else { return None };
        if nth >= LISTED {
            continue;
        }
        if nth > 0 {
            ink.text(", ");
        }
        let owner = record.name;
        let known = [asked, expected].into_iter().flatten().any(|name| name.is_same(owner));
        if !known {
            name(owner, ink);
            ink.text(" ");
        }
        class(dns.dialect().class(record.class), ink);
        kind(record.kind, ink);
        record::say(&record, ink);
        if dns.dialect() == Dialect::Multicast && record.ttl == 0 {
            // RFC 6762 §10.1: goodbye.
            ink.text(" gone");
        }
        expected = Some(record::alias(&record).unwrap_or(owner));
    }
    more(count, ink);
    Some(())
}

/// RFC 2136 §2.5: what is to be added and deleted.
fn update(dns: Dns<'_>, mut entries: Entries<'_>, ink: &mut Ink) -> Option<()> {
    let counts = dns.counts();
    if counts[1] > 0 {
        ink.text(" if ").number(counts[1]).text(if counts[1] == 1 { " holds" } else { " hold" });
    }
    for _ in 0..counts[1] {
        entries.next()?;
    }
    for nth in 0..counts[2] {
        let Some(Entry::Record(record)) = entries.next() else { return None };
        if nth >= LISTED {
            continue;
        }
        ink.text(if nth == 0 { ": " } else { ", " });
        ink.text(if matches!(record.class, 254 | 255) { "delete " } else { "add " });
        name(record.name, ink);
        if record.kind != 255 {
            ink.text(" ");
            kind(record.kind, ink);
        }
        record::say(&record, ink);
    }
    more(counts[2], ink);
    entries.by_ref().for_each(drop);
    entries.is_done().then_some(())
}
