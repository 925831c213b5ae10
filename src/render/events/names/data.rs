//! What does a step of a lookup have to say, member by member?

use super::{kind_of, mismatch, next, rcode};
use crate::render::sheet::{Form, Sheet};
use crate::timeline::lookup::{
    self, Answered, Asked, Config, Data, Delegate, Kept, Message, Name, Nothing, Origin, Question,
    Record, Referral, Section, Server, Transport, Way,
};
use crate::timeline::nanos;

pub(super) fn data(event: &lookup::Event, sheet: &mut Sheet<'_>) {
    match event {
        lookup::Event::Sources(it) => {
            place(sheet, &it.place);
            strings(sheet, "listed", &it.listed);
            strings(sheet, "asked", &it.asked);
            strings(sheet, "passed_over", &it.passed_over);
        }
        lookup::Event::Hosts { file, name, entry } => {
            sheet.words("file", Some(file));
            said(sheet, "name", name);
            sheet.words("canonical", entry.as_ref().map(|it| it.canonical.as_str()));
            let lines = entry.as_ref().map(|entry| &entry.addresses);
            sheet.list("addresses", lines, |(ip, line), _, ink| {
                let mut one = Sheet::new(ink, Form::Json);
                one.address("address", Some(*ip));
                one.number("line", Some(*line));
                one.end();
            });
        }
        lookup::Event::Configured(config) => configured(config, sheet),
        lookup::Event::Searched { given, tried } => {
            said(sheet, "given", given);
            said(sheet, "tried", tried);
        }
        lookup::Event::Cached { way, question: it, kept, left } => {
            sheet.words("way", Some(if *way == Way::Stub { "stub" } else { "iterative" }));
            question(sheet, it);
            sheet.number("left_ns", Some(nanos(*left)));
            let (nothing, list) = match kept {
                Kept::Records(list) => (None, list.as_slice()),
                Kept::Nothing(Nothing::Name) => (Some("nxdomain"), [].as_slice()),
                Kept::Nothing(Nothing::Data) => (Some("nodata"), [].as_slice()),
            };
            sheet.words("negative", nothing);
            records(sheet, "records", list);
        }
        lookup::Event::Called(called) => {
            sheet.words("call", Some(called.name));
            sheet.signed("descriptor", called.descriptor.map(i64::from));
            sheet.words("arguments", Some(&called.with));
            sheet.words("result", called.result.as_ref().ok().map(String::as_str));
            sheet.signed("errno", called.result.as_ref().err().map(|&number| number.into()));
        }
        lookup::Event::Asked(it) => asked_data(it, sheet),
        lookup::Event::Answered(it) => answered_data(it, sheet),
        lookup::Event::Ignored { from, octets, why } => {
            sheet.words("from", Some(&from.to_string()));
            sheet.number("size_bytes", Some(*octets as u64));
            sheet.words("why", Some(mismatch(why)));
        }
        lookup::Event::Referred(it) => referred(it, sheet),
        lookup::Event::Lame { server: it, zone, why } => {
            match it {
                Delegate::Known(it) => server(sheet, it),
                Delegate::Named(name) => said(sheet, "server_name", name),
            }
            said(sheet, "zone", zone);
            sheet.words("why", Some(why));
        }
        lookup::Event::ThrownAway { server: it, zone, records: list } => {
            server(sheet, it);
            said(sheet, "zone", zone);
            records(sheet, "records", list);
        }
        lookup::Event::Detour { zone, server, depth } => {
            said(sheet, "zone", zone);
            said(sheet, "server_name", server);
            sheet.number("depth", Some(*depth));
        }
        lookup::Event::Alias { from, to, is_followed } => {
            said(sheet, "from", from);
            said(sheet, "to", to);
            sheet.flag("followed", Some(*is_followed));
        }
        lookup::Event::OverTcp { server: it, question: asked, why } => {
            server(sheet, it);
            question(sheet, asked);
            sheet.words("why", Some(why));
        }
        lookup::Event::Retried { question: asked, after, then } => {
            question(sheet, asked);
            sheet.words("after", Some(&after.to_string()));
            sheet.words("then", Some(&next(then)));
        }
        lookup::Event::Failed(failure) => {
            said(sheet, "name", &failure.name);
            sheet.words("code", Some(failure.code()));
        }
    }
}

fn said(sheet: &mut Sheet<'_>, name: &'static str, it: &Name) {
    sheet.words(name, Some(&it.to_string()));
}

pub(super) fn strings<T: AsRef<str>>(sheet: &mut Sheet<'_>, name: &'static str, list: &[T]) {
    sheet.list(name, Some(list), |one, _, ink| _ = ink.json(one.as_ref().as_bytes()));
}

fn place(sheet: &mut Sheet<'_>, place: &lookup::Place) {
    sheet.words("file", Some(&place.file));
    sheet.number("line", place.line);
}

fn server(sheet: &mut Sheet<'_>, it: &Server) {
    sheet.words("server", Some(&it.address.to_string()));
    sheet.words("server_name", it.name.as_ref().map(Name::to_string).as_deref());
}

fn question(sheet: &mut Sheet<'_>, it: &Question) {
    said(sheet, "name", &it.name);
    sheet.words("qtype", Some(&kind_of(it.kind)));
    sheet.words("qclass", Some("IN"));
}

fn transport(it: Transport) -> &'static str {
    match it {
        Transport::Udp => "udp",
        Transport::Tcp => "tcp",
    }
}

fn configured(config: &Config, sheet: &mut Sheet<'_>) {
    sheet.words("file", Some(&config.file));
    sheet.list("servers", Some(&config.servers), |(server, place), _, ink| {
        let mut one = Sheet::new(ink, Form::Json);
        one.words("server", Some(&server.to_string()));
        self::place(&mut one, place);
        one.flag("local_stub", Some(Config::is_local_stub(*server)));
        one.end();
    });
    let search: Vec<String> = config.search.iter().map(Name::to_string).collect();
    strings(sheet, "search", &search);
    sheet.number("ndots", Some(config.ndots));
    sheet.number("timeout_ns", Some(nanos(config.timeout)));
    sheet.number("attempts", Some(config.attempts));
    sheet.flag("rotate", Some(config.rotate));
    sheet.flag("use_vc", Some(config.use_vc));
    sheet.flag("edns0", Some(config.edns0));
    sheet.list("passed_over", Some(&config.passed_over), |(place, why), _, ink| {
        let mut one = Sheet::new(ink, Form::Json);
        self::place(&mut one, place);
        one.words("why", Some(why));
        one.end();
    });
}

fn asked_data(it: &Asked, sheet: &mut Sheet<'_>) {
    server(sheet, &it.server);
    sheet.words("transport", Some(transport(it.transport)));
    sheet.number("port", Some(it.port));
    sheet.number("id", Some(it.id));
    question(sheet, &it.question);
    sheet.flag("recursion_desired", Some(it.desired));
    sheet.number("edns_bytes", it.edns);
    sheet.number("attempt", Some(it.attempt));
    sheet.number("size_bytes", Some(it.octets as u64));
}

fn answered_data(it: &Answered, sheet: &mut Sheet<'_>) {
    server(sheet, &it.server);
    sheet.words("transport", Some(transport(it.transport)));
    let (origin, whole, left) = match it.origin {
        Origin::Authority => ("authority", None, None),
        Origin::Relayed => ("relayed", None, None),
        Origin::Cache { whole, left } => ("cache", Some(whole), Some(left)),
        Origin::Neither => ("neither", None, None),
    };
    sheet.words("origin", Some(origin));
    sheet.number("whole_ttl_s", whole);
    sheet.number("left_ttl_s", left);
    message(&it.message, sheet);
}

fn message(it: &Message, sheet: &mut Sheet<'_>) {
    sheet.number("id", Some(it.id));
    sheet.words("rcode", Some(&rcode(it.rcode)));
    sheet.flag("authoritative", Some(it.authoritative));
    sheet.flag("truncated", Some(it.truncated));
    sheet.flag("recursion_desired", Some(it.desired));
    sheet.flag("recursion_available", Some(it.available));
    sheet.flag("authenticated", Some(it.authenticated));
    match &it.question {
        Some(it) => question(sheet, it),
        None => ["name", "qtype", "qclass"].into_iter().for_each(|name| sheet.words(name, None)),
    }
    sheet.list("counts", Some(it.counts), |count, _, ink| _ = ink.number(count));
    let of = |section| it.records.iter().filter(move |record| record.section == section);
    for (name, section) in [
        ("answers", Section::Answer),
        ("authorities", Section::Authority),
        ("additionals", Section::Additional),
    ] {
        records(sheet, name, of(section));
    }
    sheet.number("edns_bytes", it.edns);
    sheet.list("extended_errors", Some(&it.errors), |error, _, ink| {
        let mut one = Sheet::new(ink, Form::Json);
        one.number("code", Some(error.code));
        one.words("words", error.words);
        one.words("text", Some(&error.text));
        one.end();
    });
    sheet.number("size_bytes", Some(it.octets as u64));
    sheet.flag("complete", Some(it.complete));
}

pub(super) fn records<'r>(
    sheet: &mut Sheet<'_>,
    name: &'static str,
    list: impl IntoIterator<Item = &'r Record>,
) {
    sheet.list(name, Some(list), |record, _, ink| {
        let mut one = Sheet::new(ink, Form::Json);
        said(&mut one, "name", &record.owner);
        one.words("type", Some(&kind_of(record.kind)));
        one.number("class", Some(record.class));
        one.number("ttl_s", Some(record.ttl));
        let address = match &record.data {
            Data::Address(ip) => Some(*ip),
            _ => None,
        };
        one.address("address", address);
        one.words("data", Some(&record.said));
        one.end();
    });
}

fn referred(it: &Referral, sheet: &mut Sheet<'_>) {
    server(sheet, &it.server);
    said(sheet, "parent_zone", &it.parent);
    said(sheet, "zone", &it.zone);
    let names = |list: &[Name]| list.iter().map(Name::to_string).collect::<Vec<_>>();
    strings(sheet, "servers", &names(&it.servers));
    sheet.list("glue", Some(&it.glue), |(name, ip), _, ink| {
        let mut one = Sheet::new(ink, Form::Json);
        said(&mut one, "name", name);
        one.address("address", Some(*ip));
        one.end();
    });
    strings(sheet, "glueless", &names(&it.glueless));
    records(sheet, "rejected", &it.rejected);
}
