//! What happened while a name was looked up, in sentences?

use std::fmt::Write as _;

use super::answer;
use super::{many, server};
use crate::render::fetch::entry::{Entry, Kind, Part, Place, Proof};
use crate::timeline::Timestamp;
use crate::timeline::lookup::{
    Asked, Called, Config, Event, HostsEntry, Kept, Mismatch, Nothing, Place as Line, Question,
    Referral, Server, Sources, Then, Transport,
};
use crate::wire::dns::type_name;

/// Tells the steps of lookups, one after the other.
#[derive(Debug, Default)]
pub(in crate::render::fetch) struct Lookups {
    /// The port we asked from, and the id: which question an answer is for.
    asked: Vec<(u16, u16)>,
    /// The call told last, as a reader expects it.
    call: String,
}

/// Questions remembered at once.
const OPEN: usize = 256;

/// A step of a lookup with its time, and for which transfer it was.
#[derive(Clone, Copy)]
pub(in crate::render::fetch) struct When {
    pub(in crate::render::fetch) began: Timestamp,
    pub(in crate::render::fetch) ended: Timestamp,
    pub(in crate::render::fetch) transfer: u32,
}

impl When {
    /// Something that happened then.
    fn event(self, level: u8) -> Entry {
        Entry::new(self.began, self.at(Part::Resolver), level, Kind::Event)
    }

    fn fact(self, level: u8) -> Entry {
        Entry::new(self.ended, self.at(Part::Resolver), level, Kind::Fact)
    }

    fn head(self, part: Part, level: u8) -> Entry {
        Entry::new(self.began, self.at(part), level, Kind::Head)
    }

    pub(super) fn at(self, part: Part) -> Place {
        Place::of(part, self.transfer)
    }
}

impl Lookups {
    pub(in crate::render::fetch) fn tell(&mut self, when: When, event: &Event) -> Vec<Entry> {
        match event {
            Event::Sources(sources) => self::sources(when, sources),
            Event::Hosts { file, name, entry } => {
                vec![when.head(Part::Hosts, 3).text(hosts(file, &name.to_string(), entry.as_ref()))]
            }
            Event::Configured(config) => configured(when, config),
            Event::Searched { given, tried } => {
                let why = if given == tried { "as it stands" } else { "with the search list" };
                vec![when.event(4).text(format!("tries {tried}: {given} {why}"))]
            }
            Event::Cached { question, kept, left, .. } => {
                let mut told = when.event(4).text(format!(
                    "{} is known already, for {} s: nothing is asked",
                    words(question),
                    left.as_secs()
                ));
                match kept {
                    Kept::Records(records) => {
                        for record in records {
                            told = told.and(4, answer::record(record));
                        }
                    }
                    Kept::Nothing(what) => told = told.and(4, nothing(*what)),
                }
                vec![told]
            }
            Event::Called(called) => self.called(when, called),
            Event::Asked(asked) => vec![self.asked(when, asked)],
            Event::Answered(answered) => {
                let id = answered.message.id;
                let port = self.asked.iter().rev().find(|asked| asked.1 == id).map(|asked| asked.0);
                let proof = port.map(|port| Proof::Message { port, id, is_answer: true });
                let told = answer::answered(when.event(3).call(self.call.clone()), when, answered);
                vec![told.proof(proof.unwrap_or_default())]
            }
            Event::Ignored { from, octets, why } => {
                let octets = many(*octets as u64, "octet", "octets");
                vec![when.event(3).text(format!("<- {octets} from {from}: ignored, {}", mismatch(why)))]
            }
            Event::Referred(referral) => vec![referred(when, referral)],
            Event::Lame { server, zone, why } => {
                vec![when.event(2).text(format!("{server} was said to serve {zone}, and does not: {why}"))]
            }
            Event::ThrownAway { server, zone, records } => {
                let what = many(records.len() as u64, "record", "records");
                let mut told = when.fact(4).text(format!(
                    "thrown away: {what} of {server}, which speaks for {zone} only"
                ));
                for record in records {
                    told = told.and(4, answer::record(record));
                }
                vec![told]
            }
            Event::Detour { zone, server, depth } => vec![when.event(4).text(format!(
                "{server} serves {zone}, but came without an address: that is looked up first (detour {depth})"
            ))],
            // The answer has told of one that is not.
            Event::Alias { is_followed: false, .. } => Vec::new(),
            Event::Alias { from, to, .. } => {
                vec![when.fact(4).text(format!("{from} is an alias: {to} is looked up next"))]
            }
            Event::OverTcp { server, question, why } => {
                vec![when.event(4).text(format!("{} is asked of {server} again over TCP: {why}", words(question)))]
            }
            Event::Retried { question, after, then } => vec![
                when.event(2).text(format!("{}: {after}; {}", words(question), self::then(*then))),
            ],
            // Told with the end of the transfer, if it is one.
            Event::Failed(failure) => vec![when.fact(6).text(failure.to_string())],
        }
    }

    /// Each call as it was made, for who wants to see all; and how the next fact begins.
    fn called(&mut self, when: When, called: &Called) -> Vec<Entry> {
        let descriptor = called.descriptor.map(|it| it.to_string()).unwrap_or_default();
        let comma = if descriptor.is_empty() || called.with.is_empty() { "" } else { ", " };
        let result = match &called.result {
            Ok(result) => result.clone(),
            Err(number) => std::io::Error::from_raw_os_error(*number).to_string(),
        };
        self.call = format!("{}({descriptor})", called.name);
        let raw = format!("{}({descriptor}{comma}{}) = {result}", called.name, called.with);
        let entry = |level| Entry::new(when.began, when.at(Part::Resolver), level, Kind::Call);
        let mut told = vec![entry(7).text(raw)];
        match called.name {
            Called::SYSTEM => {
                let told = entry(4).text(format!("{}({}) = {result}", called.name, called.with));
                return vec![told.and(
                    4,
                    "the system's own function, one call for us: whom it asks is not seen",
                )];
            }
            "socket" => {
                let kind = if called.with.contains("DGRAM") { "UDP" } else { "TCP" };
                told.push(entry(4).text(format!("socket({kind}) = {result}")).below(7));
            }
            "connect" if called.result.as_ref().is_err_and(|number| *number == IN_PROGRESS) => {
                told.push(
                    entry(4).call(self.call.clone()).text("-> waiting for the handshake").below(7),
                );
            }
            "sendto" | "recvfrom" if called.result.is_ok() => {}
            "sendto" | "recvfrom" | "recvmsg" => {
                told.push(entry(4).call(self.call.clone()).text(format!("= {result}")).below(7));
            }
            "poll" if called.result.as_ref().is_ok_and(|result| result == "nothing") => {
                let text = format!("nothing came, {}", called.with);
                told.push(entry(4).text(text).below(7));
            }
            "close" => told.push(entry(4).call(self.call.clone()).text("= 0").below(7)),
            _ => {}
        }
        told
    }

    fn asked(&mut self, when: When, asked: &Asked) -> Entry {
        if self.asked.len() == OPEN {
            self.asked.remove(0);
        }
        self.asked.push((asked.port, asked.id));
        let mut text = format!("-> {} ?  id {:04x}", words(&asked.question), asked.id);
        text.push_str(if asked.desired { ", recursion desired" } else { ", recursion not wanted" });
        if asked.transport == Transport::Tcp {
            text.push_str(", over TCP");
        }
        if asked.attempt > 1 {
            _ = write!(text, ", try {}", asked.attempt);
        }
        let edns = match asked.edns {
            Some(size) => format!("answers of up to {size} octets fit (EDNS)"),
            None => "without EDNS: answers of up to 512 octets fit".to_owned(),
        };
        when.event(3)
            .call(self.call.clone())
            .text(text)
            .and(3, format!("to {}", named(&asked.server)))
            .and(7, format!("class IN, {} octets from port {}; {edns}", asked.octets, asked.port))
            .proof(Proof::Message { port: asked.port, id: asked.id, is_answer: false })
    }
}

/// `EINPROGRESS`.
const IN_PROGRESS: i32 = 115;

fn sources(when: When, sources: &Sources) -> Vec<Entry> {
    let asked = match sources.asked.join(", then ") {
        none if none.is_empty() => "nothing that we know".to_owned(),
        asked => asked,
    };
    let text = format!("asks {asked} ({}: {})", line(&sources.place), sources.listed.join(" "));
    let place = when.at(Part::Hosts);
    let entry = |level| Entry::new(when.began, place, level, Kind::Fact);
    let mut told = vec![entry(6).text(text)];
    if !sources.passed_over.is_empty() {
        let text = format!(
            "this machine would ask {} before the DNS: that is not done here",
            sources.passed_over.join(", ")
        );
        told.push(entry(4).text(text));
    }
    told
}

fn hosts(file: &str, name: &str, entry: Option<&HostsEntry>) -> String {
    let Some(entry) = entry else { return format!("{file}: no entry") };
    let mut text = format!("{file}: {name} is");
    for (at, (address, line)) in entry.addresses.iter().enumerate() {
        _ = write!(text, "{} {address} (line {line})", if at == 0 { "" } else { "," });
    }
    if !entry.canonical.eq_ignore_ascii_case(name) {
        _ = write!(text, ", first called {}", entry.canonical);
    }
    text
}

fn configured(when: When, config: &Config) -> Vec<Entry> {
    let servers: Vec<String> =
        config.servers.iter().map(|(address, _)| server(*address, 53)).collect();
    let from = config.servers.first().map_or(&config.file, |(_, place)| &place.file);
    let tries = many(config.attempts.into(), "try", "tries");
    let text =
        format!("{}  ({from}, {tries} of {} s)", servers.join(", "), config.timeout.as_secs_f64());
    let mut told = vec![when.head(Part::Resolver, 4).text(text)];
    let mut fact = |level: u8, text: String| {
        told.push(Entry::new(when.began, when.at(Part::Resolver), level, Kind::Fact).text(text));
    };
    for (address, place) in &config.servers {
        if Config::is_local_stub(*address) {
            let text = "is systemd-resolved on this machine: the true question goes out later";
            fact(4, format!("{} {text}", address.ip()));
        }
        if place.line.is_some() {
            fact(6, format!("{}: {}", server(*address, 53), line(place)));
        }
    }
    if !config.search.is_empty() {
        let list: Vec<String> = config.search.iter().map(ToString::to_string).collect();
        let (list, place) = (list.join(" "), line(&config.searched_by));
        fact(
            6,
            format!("search list {list} ({place}), for names with less than {} dots", config.ndots),
        );
    }
    for (is_on, word) in [
        (config.rotate, "rotate: each lookup begins with another server"),
        (config.use_vc, "use-vc: questions go over TCP"),
        (!config.edns0, "no EDNS was asked for; it is used all the same"),
        (config.trust_ad, "trust-ad: the servers' word for checked signatures is believed"),
        (config.no_aaaa, "no-aaaa: no IPv6 addresses are asked for"),
    ] {
        if is_on {
            fact(6, word.to_owned());
        }
    }
    for (place, why) in &config.passed_over {
        fact(6, format!("{} is not used: {why}", line(place)));
    }
    told
}

fn referred(when: When, referral: &Referral) -> Entry {
    let Referral { server, zone, servers, glue, glueless, rejected, .. } = referral;
    let names: Vec<String> = servers.iter().map(ToString::to_string).collect();
    let mut told = when.fact(4).text(format!(
        "{} does not know it, but who serves {zone}: {}",
        named(server),
        names.join(", ")
    ));
    for (name, address) in glue {
        told = told.and(4, format!("{name} is {address} (glue, said along by the parent)"));
    }
    if !glueless.is_empty() {
        let names: Vec<String> = glueless.iter().map(ToString::to_string).collect();
        told = told.and(4, format!("without an address: {}", names.join(", ")));
    }
    for record in rejected {
        let why = "the parent has no say about it";
        told = told.and(4, format!("thrown away: {} ({why})", answer::record(record)));
    }
    told
}

/// A server with its name, where it has one.
pub(super) fn named(server: &Server) -> String {
    let address = self::server(server.address, 53);
    match &server.name {
        Some(name) => format!("{name} ({address})"),
        None => address,
    }
}

/// What is asked for: `A www.example.com`.
pub(super) fn words(question: &Question) -> String {
    format!("{} {}", kind(question.kind), question.name)
}

/// The name of a type of records.
pub(super) fn kind(number: u16) -> String {
    type_name(number).map_or_else(|| format!("TYPE{number}"), str::to_owned)
}

fn nothing(what: Nothing) -> &'static str {
    match what {
        Nothing::Name => "the name does not exist",
        Nothing::Data => "the name exists, but has no such record",
    }
}

fn mismatch(why: &Mismatch) -> String {
    match why {
        Mismatch::Sender => "nobody asked there".into(),
        Mismatch::Id(id) => format!("its id is {id:04x}, which no question has"),
        Mismatch::Question(None) => "it does not repeat the question".into(),
        Mismatch::Question(Some(other)) => format!("it answers {}", words(other)),
        Mismatch::Query => "it is a question itself".into(),
        Mismatch::Malformed => "it is no message of the DNS".into(),
    }
}

fn then(then: Then) -> String {
    match then {
        Then::SameServer(address) => format!("{} is asked again", server(address, 53)),
        Then::NextServer(address) => format!("{} is asked next", server(address, 53)),
        Then::WithoutEdns => "asked again without EDNS".into(),
        Then::WholeName => "asked again for the whole name".into(),
    }
}

fn line(place: &Line) -> String {
    match place.line {
        Some(line) => format!("{}, line {line}", place.file),
        None if place.file.is_empty() => "a default".into(),
        None => format!("{}, a default", place.file),
    }
}
