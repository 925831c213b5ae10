//! What is a step of a lookup as a record?

mod data;

use super::calls::UNKNOWN;
use super::event::{Event, Link, Moved};
use crate::render::sheet::{Form, Sheet};
use crate::tale::fetch::kind;
use crate::timeline::fetch::Step;
use crate::timeline::lookup::{
    self, Answered, Comparison, Difference, Mismatch, Question, Record, Section, Then, Transport,
};
use crate::wire::dns::{rcode_name, type_name};
use data::{data, records, strings};

pub(super) fn of(step: &Step, event: &lookup::Event) -> Event {
    let message = match event {
        lookup::Event::Asked(it) if it.transport == Transport::Udp => {
            Some((it.server.address, it.id, false))
        }
        lookup::Event::Answered(it) if it.transport == Transport::Udp => {
            Some((it.server.address, it.message.id, true))
        }
        _ => None,
    };
    // Our own end is not told by the step.
    let link = message.map(|(remote, id, is_answer)| {
        let what = Moved::Message { id, is_answer };
        Link { local: UNKNOWN, remote, what }
    });
    let text = text(event);
    let event_of = Event::new(kind::of_step(step), step.began, step.ended, text).linked(link);
    event_of.with(|sheet| data(event, sheet))
}

fn kind_of(number: u16) -> String {
    type_name(number).map_or_else(|| format!("TYPE{number}"), Into::into)
}

fn asked(question: &Question) -> String {
    format!("{} {}", kind_of(question.kind), question.name)
}

fn text(event: &lookup::Event) -> String {
    match event {
        lookup::Event::Sources(sources) => {
            format!(
                "names are asked for in {} ({})",
                sources.asked.join(", then "),
                sources.place.file
            )
        }
        lookup::Event::Hosts { file, name, entry: Some(entry) } => {
            let list: Vec<String> = entry.addresses.iter().map(|(ip, _)| ip.to_string()).collect();
            format!("{file}: {name} is {}", list.join(", "))
        }
        lookup::Event::Hosts { file, name, entry: None } => format!("{file}: no entry for {name}"),
        lookup::Event::Configured(config) => {
            let servers: Vec<String> =
                config.servers.iter().map(|(server, _)| server.to_string()).collect();
            format!("{}: asks {}", config.file, servers.join(", "))
        }
        lookup::Event::Searched { given, tried } => format!("{given} is tried as {tried}"),
        lookup::Event::Cached { question, left, .. } => {
            format!("{} is known for {} s more", asked(question), left.as_secs())
        }
        lookup::Event::Called(called) => {
            let result = match &called.result {
                Ok(result) => result.clone(),
                Err(number) => format!("error {number}"),
            };
            format!("{}({}) = {result}", called.name, called.with)
        }
        lookup::Event::Asked(it) => {
            format!("{} is asked for {}, try {}", it.server, asked(&it.question), it.attempt)
        }
        lookup::Event::Answered(it) => answered(it),
        lookup::Event::Ignored { from, octets, why } => {
            format!("{octets} octets from {from} are no answer: {}", mismatch(why))
        }
        lookup::Event::Referred(it) => {
            format!("{} refers to the servers of {}", it.server, it.zone)
        }
        lookup::Event::Lame { server, zone, why } => {
            format!("{server} does not serve {zone}: {why}")
        }
        lookup::Event::ThrownAway { server, zone, records } => {
            format!("{} records of {server} are not of {zone}: thrown away", records.len())
        }
        lookup::Event::Detour { zone, server, .. } => {
            format!("{server} serves {zone}; its address is looked up first")
        }
        lookup::Event::Alias { from, to, .. } => format!("{from} is another name for {to}"),
        lookup::Event::OverTcp { server, why, .. } => format!("{server} is asked over TCP: {why}"),
        lookup::Event::Retried { question, after, then } => {
            format!("{} again: a server {after}; {}", asked(question), next(then))
        }
        lookup::Event::Failed(failure) => failure.to_string(),
    }
}

fn answered(it: &Answered) -> String {
    let message = &it.message;
    let code = rcode(message.rcode);
    let answers = message.records.iter().filter(|record| record.section == Section::Answer);
    let said: Vec<String> = answers
        .map(|record| format!("{} {} {}", record.owner, kind_of(record.kind), record.said))
        .collect();
    let said = if said.is_empty() { "no answer records".to_owned() } else { said.join(", ") };
    format!("{} answers {code}: {said}", it.server)
}

fn rcode(code: u16) -> String {
    rcode_name(code).map_or_else(|| format!("RCODE{code}"), Into::into)
}

fn mismatch(why: &Mismatch) -> &'static str {
    match why {
        Mismatch::Sender => "sender",
        Mismatch::Id(_) => "id",
        Mismatch::Question(_) => "question",
        Mismatch::Query => "query",
        Mismatch::Malformed => "malformed",
    }
}

fn next(then: &Then) -> String {
    match then {
        Then::SameServer(server) => format!("the same server, {server}, is asked again"),
        Then::NextServer(server) => format!("{server} is asked next"),
        Then::WithoutEdns => "without EDNS".to_owned(),
        Then::WholeName => "for the whole name".to_owned(),
    }
}

/// Records of other types that were asked for.
pub(super) fn records_of(
    step: &Step,
    kind: u16,
    found: &Result<Vec<Record>, lookup::Failure>,
) -> Event {
    let text = match found {
        Ok(found) => {
            let said: Vec<&str> = found.iter().map(|record| record.said.as_str()).collect();
            format!("{}: {}", kind_of(kind), said.join(", "))
        }
        Err(failure) => failure.to_string(),
    };
    Event::new(kind::of_step(step), step.began, step.ended, text).with(|sheet| {
        sheet.words("qtype", Some(&kind_of(kind)));
        records(sheet, "records", found.as_deref().unwrap_or_default());
        sheet.words("code", found.as_ref().err().map(lookup::Failure::code));
    })
}

/// What the resolver says, beside what the authorities say.
pub(super) fn compared(step: &Step, it: &Comparison) -> Event {
    let text = match it.differences.len() {
        0 => "the resolver and the authorities say the same".to_owned(),
        1 => "the resolver and the authorities differ in 1 point".to_owned(),
        many => format!("the resolver and the authorities differ in {many} points"),
    };
    Event::new(kind::of_step(step), step.began, step.ended, text).with(|sheet| {
        sheet.number("age_s", it.age);
        sheet.list("differences", Some(&it.differences), |difference, _, ink| {
            let mut one = Sheet::new(ink, Form::Json);
            let (what, stub, walk) = match difference {
                Difference::OnlyStub(list) => ("only_stub", list.clone(), Vec::new()),
                Difference::OnlyWalk(list) => ("only_walk", Vec::new(), list.clone()),
                Difference::Aliases { stub, walk } => ("aliases", stub.clone(), walk.clone()),
                Difference::LivesLonger { stub, walk } => {
                    ("lives_longer", vec![format!("{stub} s")], vec![format!("{walk} s")])
                }
                Difference::Outcome { stub, walk } => {
                    ("outcome", vec![(*stub).to_owned()], vec![(*walk).to_owned()])
                }
            };
            one.words("what", Some(what));
            strings(&mut one, "stub", &stub);
            strings(&mut one, "walk", &walk);
            one.end();
        });
    })
}
