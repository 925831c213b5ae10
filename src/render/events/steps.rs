//! What is a step of a fetch as a record?

use super::event::Event;
use super::{https, names, secured, ways};
use crate::render::fetch::Secrets;
use crate::render::sheet::{Form, Sheet};
use crate::tale::fetch::kind;
use crate::timeline::fetch::{Choice, Event as Happened, Outcome, Policy, Step, Tried, Url};
use crate::timeline::lookup::{Addresses, Whence};
use crate::timeline::nanos;

/// The end of a transfer is told at the end of all, when it is known what its time was spent on.
pub(super) fn of(step: &Step, secrets: Secrets) -> Vec<Event> {
    let new = |text: String| Event::new(kind::of_step(step), step.began, step.ended, text);
    let events = match &step.event {
        Happened::Policy(policy) => {
            vec![new(policy_text(policy)).with(|it| policy_data(policy, it))]
        }
        Happened::Url(url) => vec![new(url_text(url)).with(|sheet| url_data(url, sheet))],
        Happened::Lookup(event) => vec![names::of(step, event)],
        Happened::Found(it) => vec![new(found_text(it)).with(|sheet| found_data(it, sheet))],
        Happened::Chosen(choice) => {
            vec![new(chosen_text(choice)).with(|it| chosen_data(choice, it))]
        }
        Happened::Way(way) => ways::of(step, way),
        Happened::Neighbour(change) => vec![ways::changed(step, change)],
        Happened::Tried(tried) => {
            vec![new(tried_text(tried)).with(|sheet| tried_data(tried, sheet))]
        }
        Happened::Hop(hop) => vec![ways::hop(step, hop.as_ref().map_err(AsRef::as_ref))],
        Happened::Reused { requests } => {
            let text = format!("the connection is used again, for request {requests} on it");
            vec![new(text).with(|sheet| {
                sheet.words("slot", Some("reused"));
                sheet.number("requests", Some(*requests));
                sheet.number("socket", Some(step.socket));
                sheet.number("waited_ns", None::<u64>);
            })]
        }
        Happened::Records { kind, records } => vec![names::records_of(step, *kind, records)],
        Happened::Compared(it) => vec![names::compared(step, it)],
        Happened::Tls(fact) => vec![secured::of(step, fact)],
        Happened::Request { request, octets } => {
            vec![https::request(step, request, octets, secrets)]
        }
        Happened::Response { response, after, octets } => {
            vec![https::response(step, response, (*after, octets), secrets)]
        }
        Happened::Body { body, octets, is_saved } => {
            vec![https::body(step, body, (octets, *is_saved), secrets)]
        }
        Happened::Redirected(it) => vec![https::redirected(step, it)],
        Happened::Objects(page) => vec![https::objects(step, page)],
        Happened::Interrupted => vec![new("somebody wants it to end".into())],
        Happened::Ended(_) => Vec::new(),
    };
    events.into_iter().map(|event| event.of(step.transfer)).collect()
}

fn policy_text(policy: &Policy) -> String {
    match &policy.packets {
        Ok(interfaces) => {
            format!("engine {}, packets seen on {}", policy.engine, interfaces.join(", "))
        }
        Err(why) => format!("engine {}, {why}", policy.engine),
    }
}

fn policy_data(policy: &Policy, sheet: &mut Sheet<'_>) {
    sheet.words("engine", Some(policy.engine));
    sheet.words("tier", Some(if policy.packets.is_ok() { "packets" } else { "calls" }));
    let seen = policy.packets.as_ref().ok();
    sheet.list("interfaces", seen, |name, _, ink| _ = ink.json(name.as_bytes()));
    sheet.words("no_packets", policy.packets.as_ref().err().map(String::as_str));
    let proxies = Some(&policy.proxies);
    sheet.list("proxies_not_used", proxies, |name, _, ink| _ = ink.json(name.as_bytes()));
    sheet.words("family", Some(policy.family));
    sheet.number("connect_within_ns", Some(nanos(policy.connect_within)));
    sheet.number("all_within_ns", Some(nanos(policy.all_within)));
    sheet.number("most_bytes", Some(policy.most));
    sheet.number("redirects", policy.redirects);
}

fn url_text(url: &Url) -> String {
    let file = if url.omits_file { "; no file is named, so the server picks one" } else { "" };
    format!("{} is {}{file}", url.shown, url.scheme_words)
}

fn url_data(url: &Url, sheet: &mut Sheet<'_>) {
    sheet.words("url", Some(&url.shown));
    sheet.words("scheme", Some(&url.scheme));
    sheet.flag("scheme_said", Some(url.scheme_said));
    sheet.words("user", url.user.as_deref());
    sheet.flag("has_password", Some(url.has_password));
    sheet.words("host", Some(&url.host));
    sheet.words("host_sent", url.host_sent.as_deref());
    sheet.number("port", url.port);
    sheet.flag("default_port", Some(url.is_default_port));
    sheet.words("path", Some(&url.path));
    sheet.flag("omits_file", Some(url.omits_file));
    sheet.words("query", url.query.as_deref());
    sheet.words("fragment_not_sent", url.fragment.as_deref());
}

fn found_text(found: &Addresses) -> String {
    let list: Vec<String> = found.list.iter().map(|address| address.ip.to_string()).collect();
    format!("{} is {}", found.canonical, list.join(", "))
}

fn found_data(found: &Addresses, sheet: &mut Sheet<'_>) {
    sheet.words("canonical", Some(&found.canonical));
    sheet.list("addresses", Some(&found.list), |address, _, ink| {
        let mut one = Sheet::new(ink, Form::Json);
        one.address("address", Some(address.ip));
        one.number("ttl_s", address.ttl);
        let (whence, from) = match &address.whence {
            Whence::Literal => ("literal", None),
            Whence::System => ("system", None),
            Whence::Localhost => ("localhost", None),
            Whence::Hosts { file, line } => ("hosts", Some(format!("{file}:{line}"))),
            Whence::CommandLine => ("command_line", None),
            Whence::Cache { left } => ("cache", Some(format!("{} s left", left.as_secs()))),
            Whence::Server { server, .. } => ("server", Some(server.to_string())),
        };
        one.words("whence", Some(whence));
        one.words("from", from.as_deref());
        let authoritative = match &address.whence {
            Whence::Server { authoritative, .. } => Some(*authoritative),
            _ => None,
        };
        one.flag("authoritative", authoritative);
        one.end();
    });
    sheet.words("missing", found.missing.as_ref().map(ToString::to_string).as_deref());
}

fn chosen_text(choice: &Choice) -> String {
    let list: Vec<String> =
        choice.plan.iter().map(|attempt| attempt.destination.to_string()).collect();
    match list.as_slice() {
        [only] => format!("{only} is tried"),
        list => format!("tried in this order: {}", list.join(", ")),
    }
}

fn chosen_data(choice: &Choice, sheet: &mut Sheet<'_>) {
    sheet.list("candidates", Some(&choice.candidates), |candidate, _, ink| {
        let mut one = Sheet::new(ink, Form::Json);
        one.words("destination", Some(&candidate.destination.to_string()));
        one.address("source", candidate.source);
        one.number("behind_by_rule", candidate.behind_by);
        one.end();
    });
    sheet.list("plan", Some(&choice.plan), |attempt, _, ink| {
        let mut one = Sheet::new(ink, Form::Json);
        one.words("destination", Some(&attempt.destination.to_string()));
        one.number("begins_ns", Some(nanos(attempt.begins)));
        one.end();
    });
}

fn outcome(tried: &Tried) -> &'static str {
    match tried.outcome {
        Outcome::Connected => "connected",
        Outcome::Failed(_) => "failed",
        Outcome::Overtaken => "overtaken",
        Outcome::Unanswered => "unanswered",
        Outcome::NotBegun => "not_begun",
    }
}

fn tried_text(tried: &[Tried]) -> String {
    let one = |it: &Tried| match &it.outcome {
        Outcome::Connected => format!("{} connected", it.destination),
        Outcome::Failed(errno) => format!("{} failed ({})", it.destination, errno.name),
        Outcome::Overtaken => format!("{} was overtaken", it.destination),
        Outcome::Unanswered => format!("{} did not answer", it.destination),
        Outcome::NotBegun => format!("{} was not tried", it.destination),
    };
    tried.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn tried_data(tried: &[Tried], sheet: &mut Sheet<'_>) {
    sheet.list("tried", Some(tried), |it, _, ink| {
        let mut one = Sheet::new(ink, Form::Json);
        one.words("destination", Some(&it.destination.to_string()));
        one.number("socket", (it.socket != 0).then_some(it.socket));
        one.words("outcome", Some(outcome(it)));
        let errno = match &it.outcome {
            Outcome::Failed(errno) => Some(&*errno.name),
            _ => None,
        };
        one.words("errno", errno);
        one.number("refusals", Some(it.refusals.len() as u64));
        one.end();
    });
}
