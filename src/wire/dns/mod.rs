//! DNS messages (RFC 1035 §4.1), over UDP and TCP, multicast (RFC 6762) and link-local (RFC 4795).
//!
//! ```text
//! |              Id               |Q|  Op   |A|T|R|R|Z|A|C| Rcode |   0
//! |           Questions           |            Answers            |   4
//! |       Authority records       |      Additional records       |   8
//! ```
//!
//! Of a message that goes on in a later segment, or that the capture cut, the entries that are
//! whole are read and the rest is left. Over TCP the length before a message (RFC 1035 §4.2.2) is
//! its first field, as Wireshark has it, and what follows a message is the next one; where the
//! length went ahead in a segment of its own, the message is read without.

#[cfg(test)]
mod attacks;
mod claim;
mod codes;
mod edns;
mod fields;
mod layout;
mod line;
mod name;
mod record;
mod section;
mod service;

use std::ops::Range;

use super::field::{Field, Listener, Value};
use super::{Hint, Name, View};
use crate::ink::Ink;
use crate::octets::{Octets, Reader, Why, be16};
use record::named;
pub use codes::{class_name, extended_error_name, rcode_name, type_name};
pub use edns::OPT;
pub use name::{Name as DomainName, Spelling};
pub use section::{Entries, Entry, Question, Record, Section};

#[derive(Clone, Copy, Debug)]
pub struct Dns<'a> {
    header: &'a [u8; 12],
    /// As far as it can be read.
    message: &'a [u8],
    /// What was written before it over TCP.
    length: Option<u16>,
    dialect: Dialect,
    cut: bool,
}

/// Whose rules a message follows; the port tells.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Dialect {
    Unicast,
    Multicast,
    LinkLocal,
}

impl Dialect {
    fn of(hint: Hint) -> Self {
        match hint {
            Hint::Udp(5353, _) | Hint::Udp(_, 5353) => Self::Multicast,
            Hint::Udp(5355, _)
            | Hint::Udp(_, 5355)
            | Hint::Tcp(5355, _)
            | Hint::Tcp(_, 5355)
            | Hint::Is("llmnr") => Self::LinkLocal,
            _ => Self::Unicast,
        }
    }

    /// RFC 6762 §10.2, §18.12: the top bit of a class is a flag of its own.
    fn class(self, class: u16) -> u16 {
        if self == Self::Multicast { class & 0x7fff } else { class }
    }
}

impl<'a> Dns<'a> {
    pub fn id(self) -> u16 {
        be16(self.header, 0)
    }

    pub fn is_response(self) -> bool {
        self.flags() & Self::RESPONSE != 0
    }

    pub fn opcode(self) -> u16 {
        self.flags() >> 11 & 15
    }

    /// The four bits in the header; EDNS may add eight.
    pub fn rcode(self) -> u16 {
        self.flags() & 15
    }

    /// How many questions, answers, authority and additional records the header announces.
    pub fn counts(self) -> [u16; 4] {
        [4, 6, 8, 10].map(|at| be16(self.header, at))
    }

    pub fn dialect(self) -> Dialect {
        self.dialect
    }

    /// The message as far as it can be read.
    pub fn octets(self) -> &'a [u8] {
        self.message
    }

    /// The questions and records, as many of them as can be read.
    pub fn entries(self) -> Entries<'a> {
        Entries::new(self.message, self.counts())
    }

    /// Whether the end of the message is missing.
    pub fn is_cut(self) -> bool {
        self.cut
    }

    pub fn has(self, flag: u16) -> bool {
        self.flags() & flag != 0
    }

    pub const RESPONSE: u16 = 0x8000;
    pub const AUTHORITATIVE: u16 = 0x0400;
    pub const TRUNCATED: u16 = 0x0200;
    pub const DESIRED: u16 = 0x0100;
    pub const AVAILABLE: u16 = 0x0080;
    const Z: u16 = 0x0040;
    pub const AUTHENTICATED: u16 = 0x0020;
    const UNCHECKED: u16 = 0x0010;

    const UPDATE: u16 = 5;

    fn flags(self) -> u16 {
        be16(self.header, 2)
    }

    fn header_fields(self, listener: &mut dyn Listener) {
        listener.field(&fields::ID, 0..2, Value::Number(self.id().into()));
        listener.open(&fields::FLAGS, 2..4, Value::Number(self.flags().into()));
        let (opcode, rcode) = (self.opcode(), self.rcode());
        let mut flag = |field, bits, at| {
            listener.field(field, at..at + 1, Value::Flag(self.has(bits)));
        };
        flag(&fields::RESPONSE, Self::RESPONSE, 2);
        listener.field(&fields::OPCODE, 2..3, named(opcode, codes::opcode_name(opcode)));
        let mut flag = |field, bits, at| {
            listener.field(field, at..at + 1, Value::Flag(self.has(bits)));
        };
        if self.dialect == Dialect::LinkLocal {
            // RFC 4795 §2.1.1.
            flag(&fields::CONFLICT, Self::AUTHORITATIVE, 2);
            flag(&fields::TRUNCATED, Self::TRUNCATED, 2);
            flag(&fields::TENTATIVE, Self::DESIRED, 2);
        } else {
            if self.is_response() {
                flag(&fields::AUTHORITATIVE, Self::AUTHORITATIVE, 2);
            }
            flag(&fields::TRUNCATED, Self::TRUNCATED, 2);
            flag(&fields::DESIRED, Self::DESIRED, 2);
            if self.is_response() {
                flag(&fields::AVAILABLE, Self::AVAILABLE, 3);
            }
            flag(&fields::Z, Self::Z, 3);
            // RFC 6840 §5.7: set in a query, it asks for the bit in the answer.
            if self.is_response() || self.has(Self::AUTHENTICATED) {
                flag(&fields::AUTHENTICATED, Self::AUTHENTICATED, 3);
            }
            flag(&fields::UNCHECKED, Self::UNCHECKED, 3);
        }
        if self.is_response() {
            listener.field(&fields::RCODE, 3..4, named(rcode, rcode_name(rcode)));
        }
        listener.close();
        let names = if opcode == Self::UPDATE {
            [&fields::ZONES, &fields::PREREQUISITES, &fields::UPDATES, &fields::ADDITIONALS]
        } else {
            [&fields::QUERIES, &fields::ANSWERS, &fields::AUTHORITIES, &fields::ADDITIONALS]
        };
        for (nth, (field, count)) in names.into_iter().zip(self.counts()).enumerate() {
            let at = 4 + 2 * nth;
            listener.field(field, at..at + 2, Value::Number(count.into()));
        }
    }

    fn question_fields(self, question: &Question<'_>, listener: &mut dyn Listener) {
        let (start, end) = (question.start, question.end);
        let class = self.dialect.class(question.class);
        listener.open(&fields::QUERY, start..end, Value::Nothing);
        name_fields(question.name, start..end - 4, listener);
        let at = end - 4;
        let kind = named(question.kind, type_name(question.kind));
        listener.field(&fields::QUERY_TYPE, at..at + 2, kind);
        listener.field(&fields::QUERY_CLASS, at + 2..end, named(class, class_name(class)));
        if self.dialect == Dialect::Multicast {
            listener.field(&fields::UNICAST, at + 2..at + 2, Value::Flag(question.class >> 15 != 0));
        }
        listener.close();
    }
}

/// Tells of a question what the capture kept: its name, and the type if it is there.
fn cut_question_fields(
    start: usize,
    name: DomainName<'_>,
    mut behind: Reader<'_>,
    listener: &mut dyn Listener,
) {
    let end = behind.at() + 4;
    listener.open(&fields::QUERY, start..end, Value::Nothing);
    name_fields(name, start..end - 4, listener);
    if let Some(kind) = behind.be16() {
        listener.field(&fields::QUERY_TYPE, end - 4..end - 2, named(kind, type_name(kind)));
    }
    listener.close();
}

fn name_fields(name: DomainName<'_>, octets: Range<usize>, listener: &mut dyn Listener) {
    let (spelling, at) = (name.spell(), octets.end);
    let text = spelling.or_root();
    listener.field(&fields::QUERY_NAME, octets, Value::Words(text));
    listener.field(&fields::NAME_LEN, at..at, Value::Number(text.len() as u64));
    listener.field(&fields::LABELS, at..at, Value::Number(spelling.labels().into()));
}

impl<'a> View<'a> for Dns<'a> {
    const NAMES: &'static [Name] = &[
        Name { key: "dns", words: "DNS" },
        Name { key: "mdns", words: "mDNS" },
        Name { key: "llmnr", words: "LLMNR" },
    ];
    const FIELDS: &'static [&'static Field] = fields::FIELDS;

    fn claims(hint: Hint, octets: Octets<'a>) -> bool {
        claim::claims(hint, octets)
    }

    fn read(hint: Hint, octets: Octets<'a>) -> Result<(Self, Hint, Octets<'a>), Why> {
        let dialect = Dialect::of(hint);
        let bare = matches!(hint, Hint::Udp(..)) || !claim::has_length(octets);
        let (length, message, after) = if bare {
            (None, octets, Octets::whole(&[]))
        } else {
            let (length, rest) = octets.header::<2>()?;
            let length = be16(length, 0);
            // A message longer than the segment goes on in the next one.
            let goes_on = || (Octets::new(rest.kept(), length.into()), Octets::whole(&[]));
            let (message, after) = rest.part(length.into()).unwrap_or_else(goes_on);
            (Some(length), message, after)
        };
        let (header, _) = message.header()?;
        let cut = message.is_cut();
        let mut dns = Self { header, message: message.kept(), length, dialect, cut };
        if cut {
            let mut entries = dns.entries();
            entries.by_ref().for_each(drop);
            // The capture may have lost the end of a question only.
            let asks = octets.is_cut() && entries.cut_question().is_some();
            let end = if asks { message.kept().len() } else { entries.at() };
            let (read, left) = message.split(end)?;
            dns.message = read;
            return Ok((dns, Hint::End, left));
        }
        let next = Hint::Is(if dialect == Dialect::LinkLocal { "llmnr" } else { "dns" });
        match length {
            Some(_) => Ok((dns, next, after)),
            None => Ok((dns, Hint::End, message.split(message.len())?.1)),
        }
    }

    fn name(&self) -> Name {
        Self::NAMES[self.dialect as usize]
    }

    fn goes_on(&self) -> Option<usize> {
        (self.length.is_some() && self.cut).then_some(0)
    }

    fn line(&self, ink: &mut Ink) {
        line::line(*self, ink);
    }

    fn fields(&self, listener: &mut dyn Listener) {
        let by = match self.length {
            Some(length) => {
                listener.field(&fields::LENGTH, 0..2, Value::Number(length.into()));
                2
            }
            None => 0,
        };
        let listener = &mut Moved { by, listener };
        self.header_fields(listener);
        let mut entries = self.entries();
        for entry in entries.by_ref() {
            match entry {
                Entry::Question(question) => self.question_fields(&question, listener),
                Entry::Record(record) => record::fields(&record, self.dialect, listener),
            }
        }
        if let Some((name, behind)) = entries.cut_question().filter(|_| self.cut) {
            return cut_question_fields(entries.at(), name, behind, listener);
        }
        let left = if entries.is_done() { &fields::EXTRA } else { &fields::UNREADABLE };
        record::octets(left, entries.at(), self.message.len(), self.message, listener);
    }
}

/// Passes on what it hears, its places counted from before the length.
struct Moved<'l> {
    by: usize,
    listener: &'l mut dyn Listener,
}

impl Moved<'_> {
    fn place(&self, octets: &Range<usize>) -> Range<usize> {
        octets.start + self.by..octets.end + self.by
    }
}

impl Listener for Moved<'_> {
    fn field(&mut self, field: &'static Field, octets: Range<usize>, value: Value<'_>) {
        self.listener.field(field, self.place(&octets), value);
    }

    fn open(&mut self, field: &'static Field, octets: Range<usize>, value: Value<'_>) {
        self.listener.open(field, self.place(&octets), value);
    }

    fn close(&mut self) {
        self.listener.close();
    }
}
