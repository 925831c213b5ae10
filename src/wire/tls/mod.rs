//! TLS and SSL records (RFC 8446 §5.1, RFC 5246 §6.2, RFC 6101 §5.2).
//!
//! ```text
//! |  Content type |            Version            |   0
//! |             Length            | Content …         3
//! ```
//!
//! A segment is looked at by itself: the view covers the records that begin in it. The last may go
//! on in a later segment; then what is here is told. A segment that begins in the middle of a
//! record is not TLS to us. Nothing is decrypted here, and whether a handshake message is encrypted
//! is seen from whether it makes sense. What somebody else has decrypted is [`Opened`]: it has no
//! record header, and its kind and version are known.

mod certificate;
mod der;
mod extension;
mod fields;
mod handshake;
mod hello;
mod name;
mod names;
mod record;
mod span;
mod sslv2;
mod suites;

use super::field::{Listener, Value};
use super::{Hint, Name, View};
use crate::ink::Ink;
use crate::octets::{Octets, Why};
use crate::timeline::Timestamp;
use fields::FIELDS;
use handshake::Past;
use record::Record;
pub use record::{LONGEST, may_begin};
use span::Span;

/// The records that begin in a segment.
#[derive(Clone, Copy, Debug)]
pub struct Tls<'a> {
    octets: Octets<'a>,
    opened: Option<Opened>,
}

/// What decrypted records hold, beside the data of another protocol.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Opened {
    Handshake(Version),
    Alert(Version),
}

/// A version whose records can be decrypted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Version {
    Tls12,
    Tls13,
}

/// What a hello settles about the keys of its connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Greeting {
    Client { random: [u8; 32] },
    Server { random: [u8; 32], version: u16, suite: u16 },
}

impl Greeting {
    /// The hello that a handshake record's content begins with; `None` for a request to try again.
    pub fn read(content: &[u8]) -> Option<Self> {
        hello::greeting(Span::new(Octets::whole(content)))
    }
}

/// A cipher suite's name in IANA's registry.
pub fn suite_name(suite: u16) -> Option<&'static str> {
    suites::name(suite)
}

impl Opened {
    /// The content type that the record had, and its version.
    fn header(self) -> (u8, Version) {
        match self {
            Self::Handshake(version) => (22, version),
            Self::Alert(version) => (21, version),
        }
    }
}

impl<'a> Tls<'a> {
    fn records(self) -> impl Iterator<Item = Record<'a>> {
        let mut span = Span::new(self.octets);
        let opened = self.opened;
        std::iter::from_fn(move || match opened {
            Some(_) if span.is_empty() => None,
            Some(opened) => Some(Record::opened(opened, &mut span)),
            None => Record::read(&mut span),
        })
        .take(MOST_RECORDS)
    }

    /// Whether one of the records is of a handshake, in clear text or not.
    pub fn has_handshake(self) -> bool {
        self.records().any(|record| record.content_type() == 22)
    }

    /// What is known before the first record.
    fn past(self) -> Past {
        Past::knowing(self.opened.map(|opened| opened.header().1))
    }

    /// Whether something follows the records told that was not seen whole, and may be a record.
    fn has_tail(self, end: usize) -> bool {
        let mut span = Span::new(self.octets);
        span.part(end);
        self.opened.is_none() && !span.is_empty() && span.kept().len() < 5 && may_begin(span.kept())
    }
}

impl<'a> View<'a> for Tls<'a> {
    const NAMES: &'static [Name] = &[
        Name { key: "tls", words: "TLS" },
        Name { key: "tls", words: "SSL 2.0" },
        Name { key: "tls", words: "SSL 3.0" },
        Name { key: "tls", words: "TLS 1.0" },
        Name { key: "tls", words: "TLS 1.1" },
        Name { key: "tls", words: "TLS 1.2" },
        Name { key: "tls", words: "TLS 1.3" },
    ];
    const FIELDS: &'static [&'static super::field::Field] = FIELDS;

    fn claims(hint: Hint, octets: Octets<'a>) -> bool {
        match octets.kept() {
            _ if matches!(hint, Hint::Opened(_)) => true,
            [20..=24, 3, 0..=4, high, low, ..] => {
                matches!(u16::from_be_bytes([*high, *low]), 1..=LONGEST)
            }
            [0x80..=0x8f, ..] => sslv2::claims(octets),
            _ => false,
        }
    }

    fn read(hint: Hint, octets: Octets<'a>) -> Result<(Self, Hint, Octets<'a>), Why> {
        let opened = if let Hint::Opened(opened) = hint { Some(opened) } else { None };
        let tls = Self { octets, opened };
        let end = match tls.records().last() {
            Some(last) => last.body.range().end,
            None if sslv2::claims(octets) => octets.len(),
            None => return Err(octets.header::<5>().err().unwrap_or(NOT_A_RECORD)),
        };
        let (_, rest) = octets.part(end).ok_or(NOT_A_RECORD)?;
        Ok((tls, Hint::End, rest))
    }

    /// With the version agreed on, or offered, where the packet shows it. A record's own version
    /// is 1.2 in TLS 1.3 too (RFC 8446 §5.1), so on that alone it is only TLS.
    fn name(&self) -> Name {
        let mut past = self.past();
        let version = self.records().find_map(|record| {
            let version = match record.content_type() {
                _ if past.known().is_some() => Some(past.known()),
                22 => Some(handshake::version(&record, past)),
                21 => Some(Some(record.version())),
                _ => Some(Some(record.version())).filter(|_| record.version() < 0x0303),
            };
            past.after(&record);
            version
        });
        let at = match version.flatten() {
            Some(0x0002) => 1,
            Some(version @ 0x0300..=0x0304) => usize::from(version - 0x0300) + 2,
            Some(0x7f00..=0x7fff) => 6,
            _ => 0,
        };
        Self::NAMES[at]
    }

    /// Only handshakes are waited for: nobody without the keys can read on in the others.
    fn goes_on(&self) -> Option<usize> {
        if self.opened.is_some() {
            return None;
        }
        let last = self.records().last()?;
        let end = last.body.range().end;
        if self.has_tail(end) && self.octets.kept().get(end) == Some(&22) {
            return Some(end);
        }
        (last.content_type() == 22 && last.beyond() > 0).then_some(last.start)
    }

    fn line(&self, ink: &mut Ink) {
        let mut past = self.past();
        let mut end = 0;
        let mut before = 0;
        for (count, record) in self.records().enumerate() {
            if count == SAID_RECORDS {
                ink.ellipsis();
                return;
            }
            if count > 0 {
                ink.text(", ");
            }
            end = record.body.range().end;
            let said = if (before, record.content_type()) == (23, 23) {
                ink.count(record.len());
                Some(())
            } else {
                record.line(past, ink)
            };
            if said.is_none() || record.beyond() > 0 {
                ink.ellipsis();
                return;
            }
            before = record.content_type();
            past.after(&record);
        }
        if end == 0 {
            sslv2::line(self.octets, ink);
        } else if self.has_tail(end) {
            ink.ellipsis();
        }
    }

    fn fields(&self, listener: &mut dyn Listener) {
        let mut past = self.past();
        let mut any = false;
        for record in self.records() {
            record.fields(past, listener);
            past.after(&record);
            any = true;
        }
        if !any {
            sslv2::fields(self.octets, listener);
        }
    }
}

/// The name of the handshake message that begins with these octets.
pub fn message_name(start: &[u8]) -> Option<&'static str> {
    match start {
        [2, ..] if hello::is_retry(start) => names::message(6),
        [number, ..] => names::message(u32::from(*number)),
        [] => None,
    }
}

/// Tells what a certificate in DER says.
pub fn certificate(der: &[u8], listener: &mut dyn Listener) {
    certificate::whole(der, listener);
}

/// From when to when a certificate in DER is valid, each as far as a timestamp can say.
pub fn validity(der: &[u8]) -> (Option<Timestamp>, Option<Timestamp>) {
    certificate::validity(der)
}

/// RFC 8446 §4.2.7.
pub fn group_name(group: u16) -> Option<&'static str> {
    names::group(group.into())
}

/// RFC 8446 §6.
pub fn alert_name(description: u8) -> Option<&'static str> {
    names::alert(description.into())
}

fn named(names: span::Names, number: u64) -> Value<'static> {
    match u32::try_from(number).ok().and_then(names) {
        Some(name) => Value::Named(number, name),
        None => Value::Number(number),
    }
}

fn or_number(name: Option<&'static str>, number: u32, ink: &mut Ink) {
    match name {
        Some(name) => ink.text(name),
        None => ink.number(number),
    };
}

/// Records beyond this are left to what follows; a segment joined by the card holds some 40.
const MOST_RECORDS: usize = 128;

/// Records beyond this are not put into words.
const SAID_RECORDS: usize = 8;

const NOT_A_RECORD: Why = Why::Malformed("not a record");

#[cfg(test)]
mod tests {
    use super::*;

    fn said(octets: Octets<'_>) -> Option<String> {
        if !Tls::claims(Hint::Tcp(1, 2), octets) {
            return None;
        }
        let (tls, _, _) = Tls::read(Hint::Tcp(1, 2), octets).expect("a claimed record");
        Some(crate::ink::written(|ink| {
            ink.ascii = true;
            tls.line(ink);
        }))
    }

    fn line(octets: &[u8]) -> Option<String> {
        said(Octets::whole(octets))
    }

    /// A record of TLS 1.2.
    fn record(content_type: u8, body: &[u8]) -> Vec<u8> {
        let len = (body.len() as u16).to_be_bytes();
        [&[content_type, 3, 3], &len[..], body].concat()
    }

    #[test]
    fn random_octets_are_almost_never_claimed() {
        let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
        let mut claimed = 0;
        for _ in 0..1_000_000 {
            let mut octets = [0; 64];
            for chunk in octets.chunks_mut(8) {
                seed ^= seed << 13;
                seed ^= seed >> 7;
                seed ^= seed << 17;
                chunk.copy_from_slice(&seed.to_be_bytes());
            }
            claimed += u32::from(Tls::claims(Hint::Tcp(443, 50000), Octets::whole(&octets)));
        }
        assert!(claimed < 10, "{claimed} of a million");
    }

    #[test]
    fn a_record_may_go_on_in_the_next_segment() {
        let mut whole = record(23, &[7; 100]);
        whole.extend(record(23, &[7; 300]));
        assert_eq!(line(&whole).as_deref(), Some("application data 100, 300"));
        assert_eq!(line(&whole[..150]).as_deref(), Some("application data 100, 300..."));
        assert_eq!(line(&whole[..107]).as_deref(), Some("application data 100..."));
        assert_eq!(line(&whole[1..]), None);
    }

    #[test]
    fn what_follows_the_last_record_is_left() {
        let octets = [record(21, &[2, 40]), b"GET /".to_vec()].concat();
        let (_, _, rest) = Tls::read(Hint::End, Octets::whole(&octets)).expect("a record");
        assert_eq!(rest.kept(), b"GET /");
        assert_eq!(line(&octets).as_deref(), Some("alert fatal: handshake failure"));
    }

    #[test]
    fn a_counting_nonce_is_no_hello_request() {
        let finished = [&[0; 8][..], &[0xa5; 32]].concat();
        assert_eq!(line(&record(22, &finished)).as_deref(), Some("encrypted handshake"));
        assert_eq!(line(&record(22, &[0; 4])).as_deref(), Some("HelloRequest"));
    }

    #[test]
    fn a_heartbeat_that_asks_for_too_much_shows_it() {
        let bleed = line(&record(24, &[1, 0x40, 0]));
        assert_eq!(bleed.as_deref(), Some("heartbeat request of 16384 in 3"));
    }

    #[test]
    fn a_hello_cut_over_records_is_known_by_its_beginning() {
        let mut message = vec![1, 0, 0, 42, 3, 3];
        message.extend([9; 32]);
        message.extend([0, 0, 2, 0x13, 0x01, 1, 0, 0]);
        let octets = [record(22, &message[..20]), record(22, &message[20..])].concat();
        let said = line(&octets);
        assert_eq!(said.as_deref(), Some("ClientHello..."));
    }

    #[test]
    fn the_hello_of_old_clients_must_fill_its_segment() {
        let mut hello = vec![0x80, 28, 1, 3, 1, 0, 3, 0, 0, 0, 16, 0, 0, 0x2f];
        hello.extend([5; 16]);
        let said = line(&hello);
        assert_eq!(said.as_deref(), Some("ClientHello in SSL 2.0 form offers TLS 1.0"));
        hello.push(0);
        assert_eq!(line(&hello), None);
    }

    #[test]
    fn a_segment_of_tiny_records_costs_little() {
        let octets = record(23, &[0]).repeat(10_000);
        let (_, _, rest) = Tls::read(Hint::End, Octets::whole(&octets)).expect("records");
        assert_eq!(octets.len() - rest.len(), MOST_RECORDS * 6);
        let said = line(&octets).expect("claimed");
        assert_eq!(said, "application data 1, 1, 1, 1, 1, 1, 1, 1...");
    }
}
