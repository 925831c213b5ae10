//! How is a question written, and what does the answer say?
//!
//! Questions are written here; answers are read by [`crate::wire::dns`], as those in any capture.

use super::lookup::{Data, Extended, Message, Mismatch, Name, Question, Record, Section};
use crate::ink::{Ink, written};
use crate::octets::Octets;
use crate::wire::dns::{self, Dns, DomainName, Entry};
use crate::wire::{Hint, View};

pub const A: u16 = 1;
pub const NS: u16 = 2;
pub const CNAME: u16 = 5;
pub const SOA: u16 = 6;
pub const AAAA: u16 = 28;

const IN: u16 = 1;

/// What EDNS announces: what fits into one packet nearly everywhere.
pub const UDP_SIZE: u16 = 1232;

/// Records of one message that are kept; what comes behind is only counted.
const RECORDS: usize = 1024;

/// A question as it goes out.
#[derive(Clone, Debug)]
pub struct Query<'a> {
    pub id: u16,
    pub question: &'a Question,
    /// RD: whether the server shall find out for us.
    pub desired: bool,
    pub edns: bool,
    /// AD: whether we want to know what the server thinks of the signatures (RFC 6840 §5.7).
    pub trust: bool,
}

impl Query<'_> {
    pub fn write(&self) -> Vec<u8> {
        let flag = |wanted: bool, bits| if wanted { bits } else { 0 };
        let flags = flag(self.desired, Dns::DESIRED) | flag(self.trust, Dns::AUTHENTICATED);
        let mut octets = Vec::with_capacity(64);
        for number in [self.id, flags, 1, 0, 0, u16::from(self.edns)] {
            octets.extend(number.to_be_bytes());
        }
        octets.extend(self.question.name.wire());
        octets.extend(self.question.kind.to_be_bytes());
        octets.extend(IN.to_be_bytes());
        if self.edns {
            // RFC 6891 §6.1.2: the root's name, then the size in place of the class.
            octets.push(0);
            octets.extend(dns::OPT.to_be_bytes());
            octets.extend(UDP_SIZE.to_be_bytes());
            octets.extend([0; 6]);
        }
        octets
    }
}

/// Reads what arrived, without its length if it came over TCP.
pub fn read(octets: &[u8]) -> Result<Message, Mismatch> {
    let (dns, ..) =
        Dns::read(Hint::Udp(53, 0), Octets::whole(octets)).map_err(|_| Mismatch::Malformed)?;
    if !dns.is_response() {
        return Err(Mismatch::Query);
    }
    let mut message = Message {
        id: dns.id(),
        authoritative: dns.has(Dns::AUTHORITATIVE),
        truncated: dns.has(Dns::TRUNCATED),
        desired: dns.has(Dns::DESIRED),
        available: dns.has(Dns::AVAILABLE),
        authenticated: dns.has(Dns::AUTHENTICATED),
        rcode: dns.rcode(),
        question: None,
        counts: dns.counts(),
        records: Vec::new(),
        edns: None,
        errors: Vec::new(),
        octets: octets.len(),
        complete: false,
    };
    let mut entries = dns.entries();
    let mut readable = true;
    for entry in entries.by_ref() {
        match entry {
            Entry::Question(question) => match (name(question.name), &message.question) {
                (Some(name), None) if question.class == IN => {
                    message.question = Some(Question { name, kind: question.kind });
                }
                _ => return Err(Mismatch::Question(None)),
            },
            Entry::Record(record) if record.kind == dns::OPT => {
                message.edns = Some(record.class);
                message.rcode |= record.rcode_bits() << 4;
                message.errors.extend(record.extended_errors().take(4).map(extended));
            }
            Entry::Record(record) if message.records.len() < RECORDS => match told(&record) {
                Some(record) => message.records.push(record),
                None => readable = false,
            },
            Entry::Record(_) => readable = false,
        }
    }
    message.complete = readable && entries.is_done();
    Ok(message)
}

fn name(name: DomainName<'_>) -> Option<Name> {
    Name::from_wire(&name.octets()?)
}

fn told(record: &dns::Record<'_>) -> Option<Record> {
    let octets = record.message.get(record.data..record.end)?;
    let named = || record.name_at(0).and_then(name).map(Data::Name);
    let data = match (record.address(), record.kind, octets) {
        (Some(address), ..) => Data::Address(address),
        (None, NS | CNAME | 12, _) => named()?,
        (None, A | AAAA, _) => return None,
        (None, SOA, [.., a, b, c, d]) => Data::Minimum(u32::from_be_bytes([*a, *b, *c, *d])),
        _ => Data::Other(octets.into()),
    };
    let section = match record.section {
        dns::Section::Authority => Section::Authority,
        dns::Section::Additional => Section::Additional,
        dns::Section::Answer | dns::Section::Question => Section::Answer,
    };
    // RFC 2181 §8: a time to live with the top bit set is none.
    let ttl = if record.ttl >> 31 == 0 { record.ttl } else { 0 };
    let said = shown(|ink| record.say(ink));
    Some(Record {
        section,
        owner: name(record.name)?,
        kind: record.kind,
        class: record.class,
        ttl,
        data,
        said,
    })
}

fn extended((code, text): (u16, &[u8])) -> Extended {
    let text = shown(|ink| _ = ink.clipped(text, 200));
    Extended { code, words: dns::extended_error_name(code), text }
}

fn shown(write: impl FnOnce(&mut Ink)) -> String {
    written(write).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use hickory_proto::op::{self, Edns, OpCode, ResponseCode};
    use hickory_proto::rr::{self, RData, RecordType, rdata};
    use proptest::prelude::*;

    use super::*;

    fn question(name: &str, kind: u16) -> Question {
        Question { name: Name::of(name).expect("a name"), kind }
    }

    proptest! {
        #[test]
        fn another_implementation_reads_our_questions(
            id: u16, desired: bool, edns: bool, trust: bool, kind in 1u16..40,
            name in "[a-zA-Z0-9][a-zA-Z0-9_-]{0,19}(\\.[a-zA-Z0-9]{1,60}){0,3}",
        ) {
            let question = question(&name, kind);
            let octets = Query { id, question: &question, desired, edns, trust }.write();
            let read = op::Message::from_vec(&octets).expect("a message");
            let asked = &read.queries[0];
            prop_assert_eq!(asked.name().to_string(), format!("{name}."));
            prop_assert_eq!((u16::from(asked.query_type()), asked.query_class()), (kind, rr::DNSClass::IN));
            let metadata = &read.metadata;
            prop_assert_eq!(
                (metadata.id, metadata.op_code, metadata.recursion_desired, metadata.authentic_data),
                (id, OpCode::Query, desired, trust)
            );
            prop_assert_eq!(read.edns.map(|edns| edns.max_payload()), edns.then_some(UDP_SIZE));
        }

        #[test]
        fn what_another_implementation_writes_is_read_alike(
            id: u16, ttl in 0u32..1 << 31, authoritative: bool, truncated: bool, code in 0u16..24,
            addresses in proptest::collection::vec(any::<[u8; 4]>(), 0..40),
        ) {
            let owner = rr::Name::from_ascii("www.lab.example.").expect("a name");
            let target = rr::Name::from_ascii("web1.lab.example.").expect("a name");
            let mut written = op::Message::response(id, OpCode::Query);
            written.metadata.authoritative = authoritative;
            written.metadata.truncation = truncated;
            written.metadata.response_code = ResponseCode::from((code >> 4) as u8, (code & 15) as u8);
            written.add_query(op::Query::query(owner.clone(), RecordType::A));
            let mut edns = Edns::new();
            edns.set_max_payload(1232);
            edns.set_rcode_high((code >> 4) as u8);
            written.edns = Some(edns);
            let alias = RData::CNAME(rdata::CNAME(target.clone()));
            written.add_answer(rr::Record::from_rdata(owner, ttl, alias));
            for [a, b, c, d] in &addresses {
                let address = RData::A(rdata::A::new(*a, *b, *c, *d));
                written.add_answer(rr::Record::from_rdata(target.clone(), ttl, address));
            }
            let octets = written.to_vec().expect("octets");
            let message = read(&octets).expect("an answer");
            prop_assert_eq!(
                (message.id, message.authoritative, message.truncated, message.rcode, message.edns),
                (id, authoritative, truncated, code, Some(1232))
            );
            prop_assert!(message.complete);
            prop_assert_eq!(message.question, Some(question("www.lab.example", A)));
            let [alias, rest @ ..] = &message.records[..] else { panic!("no records") };
            prop_assert_eq!(&alias.data, &Data::Name(Name::of("web1.lab.example").expect("a name")));
            prop_assert!(rest.iter().all(|record| record.ttl == ttl));
            let read: Vec<Data> = rest.iter().map(|record| record.data.clone()).collect();
            let meant: Vec<Data> = addresses.iter().map(|octets| Data::Address((*octets).into())).collect();
            prop_assert_eq!(read, meant);
        }

        #[test]
        fn any_octets_may_arrive(octets in proptest::collection::vec(any::<u8>(), 0..600)) {
            if let Ok(message) = read(&octets) {
                prop_assert!(message.records.len() <= RECORDS);
                prop_assert!(!message.records.iter().any(|record| record.said.contains(char::is_control)));
            }
        }
    }

    #[test]
    fn a_question_comes_back_only_as_an_answer() {
        let octets =
            Query { id: 7, question: &question("a", A), desired: true, edns: true, trust: false }
                .write();
        assert_eq!(read(&octets), Err(Mismatch::Query));
        assert_eq!(read(&octets[..11]), Err(Mismatch::Malformed));
    }
}
