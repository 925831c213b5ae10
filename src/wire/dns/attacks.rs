//! Messages that lie (RFC 9267), and what is made of them.

use super::{Dialect, Dns, Entry};
use crate::octets::{Octets, Why};
use crate::wire::{Hint, View};

const UDP: Hint = Hint::Udp(53, 40_000);

fn read(octets: &[u8]) -> Dns<'_> {
    Dns::read(UDP, Octets::whole(octets)).expect("a header").0
}

fn said(dns: Dns<'_>) -> String {
    crate::ink::written(|ink| dns.line(ink))
}

fn message(flags: u16, counts: [u16; 4], entries: &[u8]) -> Vec<u8> {
    let mut octets = vec![0x1f, 0x2a];
    octets.extend(flags.to_be_bytes());
    octets.extend(counts.iter().flat_map(|count| count.to_be_bytes()));
    octets.extend(entries);
    octets
}

const QUESTION: &[u8] = b"\x03www\x03lab\0\0\x01\0\x01";

#[test]
fn a_pointer_loop_is_said_and_ends() {
    let octets = message(0x0100, [1, 0, 0, 0], b"\x01a\xc0\x0c\0\x01\0\x01");
    assert_eq!(said(read(&octets)), "query 0x1f2a A a<pointer that does not lead back>");
    let octets = message(0x0100, [1, 0, 0, 0], b"\xc0\x0c\0\x01\0\x01");
    assert_eq!(said(read(&octets)), "query 0x1f2a A <pointer that does not lead back>");
}

#[test]
fn counts_promise_but_octets_decide() {
    let octets = message(0x8180, [1, 65_535, 65_535, 65_535], QUESTION);
    let dns = read(&octets);
    assert_eq!(dns.entries().count(), 1);
    assert_eq!(said(dns), "answer 0x1f2a A www.lab: malformed");
    let octets = message(0x0100, [65_535, 0, 0, 0], QUESTION);
    assert_eq!(said(read(&octets)), "query 0x1f2a A www.lab malformed");
}

#[test]
fn a_data_length_beyond_the_message_ends_it() {
    let record = b"\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x05\x01\x02\x03\x04";
    let octets = message(0x8180, [1, 1, 0, 0], &[QUESTION, record].concat());
    assert_eq!(said(read(&octets)), "answer 0x1f2a A www.lab: malformed");
}

#[test]
fn data_that_does_not_fit_its_type_is_left_as_octets() {
    // An A record of three octets, and a CNAME whose name ends beyond its data.
    let short = b"\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x03\x01\x02\x03";
    let beyond = b"\xc0\x0c\0\x05\0\x01\0\0\0\x3c\0\x02\x04mail\0";
    let octets = message(0x8180, [1, 2, 0, 0], &[QUESTION, short, &beyond[..14]].concat());
    assert_eq!(said(read(&octets)), "answer 0x1f2a A www.lab: A, CNAME");
}

#[test]
fn what_the_capture_cut_is_not_called_malformed() {
    let record = b"\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\x0a\0\0\x50";
    let octets = message(0x8180, [1, 2, 0, 0], &[QUESTION, record, record].concat());
    let cut = Octets::new(&octets[..octets.len() - 1], octets.len());
    let (dns, next, left) = Dns::read(UDP, cut).expect("a header");
    assert_eq!(said(dns), "answer 0x1f2a A www.lab: A 10.0.0.80…");
    assert_eq!((next, left.len(), left.kept().len()), (Hint::End, 16, 15));
    assert!(matches!(Dns::read(UDP, Octets::new(&octets[..11], 40)), Err(Why::Cut { .. })));
}

#[test]
fn messages_follow_each_other_in_a_segment() {
    let one = message(0x0100, [1, 0, 0, 0], QUESTION);
    let len = (one.len() as u16).to_be_bytes();
    let both = [&len[..], &one, &len, &one[..20]].concat();
    let tcp = Hint::Tcp(40_000, 53);
    assert!(Dns::claims(tcp, Octets::whole(&both)));
    let (dns, next, rest) = Dns::read(tcp, Octets::whole(&both)).expect("the first");
    assert_eq!((said(dns).as_str(), next), ("query 0x1f2a A www.lab", Hint::Is("dns")));
    // The second goes on in a later segment before its question ends: only its id is there.
    assert!(Dns::claims(next, rest));
    let (dns, _, _) = Dns::read(next, rest).expect("the second");
    assert_eq!((said(dns).as_str(), dns.goes_on()), ("query 0x1f2a…", Some(0)));
    // Its length went ahead in a segment of its own.
    assert!(Dns::claims(tcp, Octets::whole(&one)));
    let (dns, _, _) = Dns::read(tcp, Octets::whole(&one)).expect("a message");
    assert_eq!(said(dns), "query 0x1f2a A www.lab");
}

#[test]
fn off_its_ports_only_what_reads_to_its_end_is_a_message() {
    let (udp, tcp) = (Hint::Udp(5000, 6000), Hint::Tcp(5000, 6000));
    let mut octets = message(0x0100, [1, 0, 0, 0], QUESTION);
    assert!(Dns::claims(udp, Octets::whole(&octets)));
    assert!(!Dns::claims(tcp, Octets::whole(&octets)));
    assert!(!Dns::claims(Hint::Udp(137, 137), Octets::whole(&octets)));
    octets.push(0);
    assert!(!Dns::claims(udp, Octets::whole(&octets)));
    assert!(!Dns::claims(udp, Octets::whole(&[0; 64])));
    assert!(!Dns::claims(udp, Octets::whole(b"GET / HTTP/1.1\r\nHost: lab\r\n\r\n")));
}

#[test]
fn the_port_decides_whose_rules_hold() {
    let octets = message(0, [1, 0, 0, 0], b"\x07printer\x05local\0\0\x01\x80\x01");
    let (dns, _, _) = Dns::read(Hint::Udp(5353, 5353), Octets::whole(&octets)).expect("mDNS");
    assert_eq!((dns.dialect(), dns.name().key), (Dialect::Multicast, "mdns"));
    assert_eq!(said(dns), "query 0x1f2a A printer.local QU");
    let Some(Entry::Question(question)) = dns.entries().next() else { panic!("no question") };
    assert_eq!(question.class, 0x8001);
}

#[test]
fn the_largest_message_is_read_in_proportion_to_its_length() {
    // Names that go through as many pointers as there may be, in as many records as fit.
    let mut entries = b"\x01a\0".to_vec();
    let mut last = 12u16;
    for _ in 0..125 {
        let here = 12 + entries.len() as u16;
        entries.extend([1, b'a', 0xc0 | (last >> 8) as u8, last as u8]);
        last = here;
    }
    let chain = entries.len() as u16;
    let mut octets = b"\0\x0a\0\x01\0\0\0\0".to_vec();
    octets.extend(chain.to_be_bytes());
    let mut body = [b"\0", &octets[..], &entries[..]].concat();
    let moved = 11u16;
    for at in (3..entries.len()).step_by(4) {
        let low = 11 + at + 2;
        let target = u16::from_be_bytes([body[low], body[low + 1]]) + moved;
        body[low..low + 2].copy_from_slice(&target.to_be_bytes());
    }
    let last = last + moved;
    let record = [&(0xc000 | last).to_be_bytes()[..], b"\0\x01\0\x01\0\0\0\0\0\0"].concat();
    let count = (65_000 - body.len()) / record.len();
    body.extend(record.repeat(count));
    let octets = message(0x8180, [0, count as u16 + 1, 0, 0], &body);
    let dns = read(&octets);
    assert_eq!(dns.entries().count(), count + 1);
    assert!(said(dns).len() < 4096);
    let deepest = dns.entries().last().expect("a record");
    let Entry::Record(deepest) = deepest else { panic!("no record") };
    assert_eq!(deepest.name.spell().labels(), 126);
}
