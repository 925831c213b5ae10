//! What was found of a name, and who says so?

use std::fmt::Write as _;
use std::net::IpAddr;

use super::lookup::{When, kind};
use super::{answer, many};
use crate::render::fetch::entry::{Entry, Kind, Part};
use crate::timeline::lookup::{Addresses, Comparison, Difference, Failure, Record, Whence};

/// The name has addresses.
pub(in crate::render::fetch) fn found(when: When, name: &str, addresses: &Addresses) -> Vec<Entry> {
    let list: Vec<String> = addresses.list.iter().map(|address| address.ip.to_string()).collect();
    let mut text = match list.split_last() {
        None => format!("{name} has no address that is wanted"),
        Some((only, [])) => format!("{name} is {only}"),
        Some((end, others)) => format!("{name} is {} and {end}", others.join(", ")),
    };
    if !name.is_empty() && !addresses.canonical.eq_ignore_ascii_case(name) {
        _ = write!(text, ", by its other name {}", addresses.canonical);
    }
    let literal = |ip: &IpAddr| ip.to_string() == name || format!("[{ip}]") == name;
    let mut is_literal = false;
    if let [only] = &addresses.list[..]
        && (name.is_empty() || literal(&only.ip))
    {
        is_literal = true;
        text = format!("{} is an address already: nothing is looked up", only.ip);
    }
    let entry = |level, kind| Entry::new(when.ended, when.at(Part::Resolver), level, kind);
    // Who was given the address has no story to tell of a name.
    let kind = if is_literal { Kind::Head } else { Kind::Event };
    let mut told = vec![entry(2, kind).text(text)];
    for address in &addresses.list {
        let ttl = address.ttl.map(|ttl| format!(", TTL {ttl} s")).unwrap_or_default();
        let text = format!("{}{ttl}: {}", address.ip, whence(&address.whence));
        told.push(entry(6, Kind::Fact).text(text));
    }
    if let Some(failure) = &addresses.missing {
        told.push(entry(6, Kind::Fact).text(format!("none of the other family: {failure}")));
    }
    told
}

/// Records of another type that were asked for.
pub(in crate::render::fetch) fn records(
    when: When,
    name: &str,
    number: u16,
    records: &Result<Vec<Record>, Failure>,
) -> Entry {
    let entry = Entry::new(when.ended, when.at(Part::Resolver), 2, Kind::Event);
    match records {
        Err(failure) => entry.text(format!("no {} record: {failure}", kind(number))),
        Ok(records) => {
            let what = many(records.len() as u64, "record", "records");
            let mut told = entry.text(format!("{name} has {what} of type {}", kind(number)));
            for record in records {
                told = told.and(2, answer::record(record));
            }
            told
        }
    }
}

/// What the resolver says, and what the authorities say.
pub(in crate::render::fetch) fn compared(when: When, compared: &Comparison) -> Entry {
    let entry = Entry::new(when.ended, when.at(Part::Resolver), 2, Kind::Event);
    let age = compared.age.map(|age| format!("; the resolver had it for {age} s already"));
    let age = age.unwrap_or_default();
    if compared.differences.is_empty() {
        return entry.text(format!("the resolver and the authorities say the same{age}"));
    }
    let mut told = entry.text(format!("the resolver and the authorities differ{age}"));
    for difference in &compared.differences {
        told = told.and(2, self::difference(difference));
    }
    told
}

fn difference(difference: &Difference) -> String {
    let list = |names: &[String]| match names {
        [] => "none".to_owned(),
        names => names.join(", "),
    };
    match difference {
        Difference::OnlyStub(records) => {
            let why = "an old answer, another view, or a lie";
            format!("only the resolver says: {} ({why})", records.join("; "))
        }
        Difference::OnlyWalk(records) => {
            format!("only the authorities say: {}", records.join("; "))
        }
        Difference::Aliases { stub, walk } => {
            format!("aliases: the resolver {}, the authorities {}", list(stub), list(walk))
        }
        Difference::LivesLonger { stub, walk } => {
            format!("the resolver lets it live for {stub} s, the authority for {walk} s only")
        }
        Difference::Outcome { stub, walk } => {
            format!("the resolver: {stub}; the authorities: {walk}")
        }
    }
}

fn whence(whence: &Whence) -> String {
    match whence {
        Whence::Literal => "it was given".into(),
        Whence::System => "the system says so; who told it is not seen".into(),
        Whence::CommandLine => "the command line says so: nobody is asked".into(),
        Whence::Localhost => "localhost is this machine, whatever anybody says (RFC 6761)".into(),
        Whence::Hosts { file, line } => format!("{file}, line {line}"),
        Whence::Cache { left } => format!("remembered, for {} s more", left.as_secs()),
        Whence::Server { server, authoritative: true } => {
            format!("{server} says so, which serves the zone")
        }
        Whence::Server { server, .. } => format!("{server} says so"),
    }
}
