//! An independent reader finds the same in every message of `fixtures/`.

mod fixtures;

use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::Range;

use simple_dns::rdata::RData;
use simple_dns::{QTYPE, ResourceRecord, TYPE};
use wiretale::wire::dns::{Dns, Entry};
use wiretale::wire::field::{Field, Listener, Value};
use wiretale::wire::{Layer, Packet, View};

#[test]
fn another_reader_finds_the_same_names_types_and_data() {
    let mut compared = 0;
    for kept in fixtures::frames() {
        for layer in Packet::dissect(kept.frame()).layers() {
            let Layer::Dns(dns) = layer else { continue };
            if dns.is_cut() {
                continue;
            }
            let Ok(other) = simple_dns::Packet::parse(dns.octets()) else {
                assert!(refuses(*dns), "{kept}: only the other reader refuses it");
                continue;
            };
            let mut expected = Vec::new();
            for question in &other.questions {
                expected.push(format!("dns.qry.name {}", name(&question.qname)));
                let kind = match question.qtype {
                    QTYPE::TYPE(kind) => kind.into(),
                    special => u16::from(special),
                };
                expected.push(format!("dns.qry.type {kind}"));
            }
            let sections = [&other.answers, &other.name_servers, &other.additional_records];
            for record in sections.into_iter().flatten() {
                expect(record, &mut expected);
            }
            assert_eq!(told(*dns), expected, "{kept}");
            compared += 1;
        }
    }
    assert!(compared > 100, "only {compared} messages compared");
}

/// What the other reader does not take: other opcodes, and types of question it has no name for.
fn refuses(dns: Dns<'_>) -> bool {
    let strange = |kind| QTYPE::try_from(kind).is_err();
    dns.opcode() != 0
        || dns.entries().any(|entry| match entry {
            Entry::Question(question) => strange(question.kind),
            Entry::Record(_) => false,
        })
}

fn name(name: &simple_dns::Name<'_>) -> String {
    let text = name.to_string();
    if text.is_empty() { "<Root>".to_owned() } else { text }
}

fn expect(record: &ResourceRecord<'_>, expected: &mut Vec<String>) {
    let mut push = |field: &str, value: String| expected.push(format!("{field} {value}"));
    push("dns.resp.name", name(&record.name));
    push("dns.resp.type", u16::from(record.rdata.type_code()).to_string());
    push("dns.resp.ttl", record.ttl.to_string());
    match &record.rdata {
        RData::A(a) => push("dns.a", Ipv4Addr::from(a.address).to_string()),
        RData::AAAA(aaaa) => push("dns.aaaa", Ipv6Addr::from(aaaa.address).to_string()),
        RData::NS(ns) => push("dns.ns", name(&ns.0)),
        RData::CNAME(cname) => push("dns.cname", name(&cname.0)),
        RData::PTR(ptr) => push("dns.ptr.domain_name", name(&ptr.0)),
        RData::MX(mx) => {
            push("dns.mx.preference", mx.preference.to_string());
            push("dns.mx.mail_exchange", name(&mx.exchange));
        }
        RData::SOA(soa) => {
            push("dns.soa.mname", name(&soa.mname));
            push("dns.soa.rname", name(&soa.rname));
            push("dns.soa.serial_number", soa.serial.to_string());
        }
        RData::SRV(srv) => {
            push("dns.srv.priority", srv.priority.to_string());
            push("dns.srv.weight", srv.weight.to_string());
            push("dns.srv.port", srv.port.to_string());
            push("dns.srv.target", name(&srv.target));
        }
        _ => {}
    }
}

/// What we tell of the same kinds, but for EDNS, which the other reader keeps apart.
fn told(dns: Dns<'_>) -> Vec<String> {
    #[derive(Default)]
    struct Tell {
        told: Vec<String>,
        record: Option<usize>,
    }
    impl Listener for Tell {
        fn field(&mut self, field: &'static Field, _: Range<usize>, value: Value<'_>) {
            if !COMPARED.contains(&field.name) {
                return;
            }
            if field.name == "dns.resp.name" {
                self.record = Some(self.told.len());
            }
            let value = match value {
                Value::Words(words) => words.to_owned(),
                Value::Number(number) | Value::Named(number, _) => number.to_string(),
                Value::Address(address) => address.to_string(),
                other => panic!("{} holds {other:?}", field.name),
            };
            let edns = field.name == "dns.resp.type" && value == u16::from(TYPE::OPT).to_string();
            self.told.push(format!("{} {value}", field.name));
            if let (true, Some(record)) = (edns, self.record) {
                self.told.truncate(record);
            }
        }
    }
    let mut tell = Tell::default();
    dns.fields(&mut tell);
    tell.told
}

const COMPARED: &[&str] = &[
    "dns.qry.name",
    "dns.qry.type",
    "dns.resp.name",
    "dns.resp.type",
    "dns.resp.ttl",
    "dns.a",
    "dns.aaaa",
    "dns.ns",
    "dns.cname",
    "dns.ptr.domain_name",
    "dns.mx.preference",
    "dns.mx.mail_exchange",
    "dns.soa.mname",
    "dns.soa.rname",
    "dns.soa.serial_number",
    "dns.srv.priority",
    "dns.srv.weight",
    "dns.srv.port",
    "dns.srv.target",
];
