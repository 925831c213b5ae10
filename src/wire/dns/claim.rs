//! Do these octets look like a message?
//!
//! On the ports of DNS over UDP everything is one. Over TCP a segment may begin in the middle of a
//! message, so the first octets must be a length and a header that agree with each other; on any
//! other port the whole must read as a message, to its last octet.

use super::codes::{class_name, opcode_name, type_name};
use super::name::Name;
use super::section::{Entries, Entry};
use crate::octets::{Octets, be16};
use crate::wire::Hint;

pub(super) fn claims(hint: Hint, octets: Octets<'_>) -> bool {
    match hint {
        Hint::Udp(source, destination) => match (port(source), port(destination)) {
            (Port::Dns, _) | (_, Port::Dns) => true,
            // NetBIOS names look the same, but are something else (RFC 1002 §4.2).
            (Port::Netbios, _) | (_, Port::Netbios) => false,
            _ => is_message(octets.kept(), octets.len()),
        },
        Hint::Tcp(source, destination) => match (port(source), port(destination)) {
            (Port::Dns, _) | (_, Port::Dns) => has_length(octets) || is_bare(octets),
            _ => is_prefixed(octets),
        },
        Hint::Tls(853, _) | Hint::Tls(_, 853) => has_length(octets),
        Hint::Tls(..) => is_prefixed(octets),
        _ => has_length(octets),
    }
}

#[derive(Clone, Copy)]
enum Port {
    Dns,
    Netbios,
    Other,
}

fn port(port: u16) -> Port {
    match port {
        53 | 5353 | 5355 => Port::Dns,
        137 => Port::Netbios,
        _ => Port::Other,
    }
}

struct Header {
    flags: u16,
    counts: [u16; 4],
}

impl Header {
    /// Reads a header that could be one, before a message of so many octets.
    fn plausible(message: &[u8], len: usize) -> Option<Self> {
        let header = message.first_chunk::<12>()?;
        let flags = be16(header, 2);
        let counts = [4, 6, 8, 10].map(|at| be16(header, at));
        // A question takes five octets at least, a record eleven.
        let [questions, records @ ..] = counts.map(usize::from);
        let least = 12 + 5 * questions + 11 * records.iter().sum::<usize>();
        let fits = least <= len && counts != [0; 4];
        // RFC 6895 §2: Z must be zero.
        (fits && flags & 0x40 == 0 && opcode_name(flags >> 11 & 15).is_some())
            .then_some(Self { flags, counts })
    }
}

impl Header {
    /// Whether it asks one question, in every way as those that are sent.
    fn is_usual(&self) -> bool {
        let [questions, answers, authorities, additionals] = self.counts;
        let is_response = self.flags & 0x8000 != 0;
        let usual = match self.flags >> 11 & 15 {
            // A query sets neither AA nor RA, has no code and, but for a transfer's serial, no records.
            0 if !is_response => {
                self.flags & 0x048f == 0 && answers == 0 && authorities <= 1 && additionals <= 2
            }
            // A notify or update says what it is about (RFC 1996 §3.7, RFC 2136 §2).
            4 | 5 if !is_response => self.flags & 0x028f == 0,
            0 | 4 | 5 => self.flags & 15 <= 10,
            _ => false,
        };
        questions == 1 && usual
    }

    /// Whether the octets end within the question, in a name such as is asked for.
    fn ends_in_question(&self, message: &[u8]) -> bool {
        let name = Name::new(message, 12).spell();
        let begun = name.as_str().strip_suffix("<cut>").unwrap_or(name.as_str());
        self.is_usual() && !begun.contains(['\\', '<'])
    }
}

/// Whether a length and the beginning of a message stand first.
pub(super) fn has_length(octets: Octets<'_>) -> bool {
    let Some((length, message)) = octets.kept().split_first_chunk::<2>() else { return false };
    let len = usize::from(be16(length, 0));
    let Some(header) = Header::plausible(message, len) else { return false };
    let message = message.get(..len).unwrap_or(message);
    match Entries::new(message, header.counts).next() {
        Some(Entry::Question(question)) => class_name(question.class & 0x7fff).is_some(),
        Some(Entry::Record(record)) => {
            type_name(record.kind).is_some() && class_name(record.class & 0x7fff).is_some()
        }
        // The capture cut it, or it goes on in the next segment.
        None => message.len() < len && header.ends_in_question(message),
    }
}

/// Whether a message stands first whose length was sent in a segment of its own.
fn is_bare(octets: Octets<'_>) -> bool {
    let (message, len) = (octets.kept(), octets.len());
    match begins_message(message, len) {
        Some(mut entries) => {
            entries.by_ref().for_each(drop);
            entries.is_done() || octets.is_cut()
        }
        None if octets.is_cut() => Header::plausible(message, len).is_some_and(|header| {
            Entries::new(message, header.counts).next().is_none() && header.ends_in_question(message)
        }),
        None => false,
    }
}

/// Whether a length and a whole message stand first.
fn is_prefixed(octets: Octets<'_>) -> bool {
    let Some((length, message)) = octets.kept().split_first_chunk::<2>() else { return false };
    let len = usize::from(be16(length, 0));
    message.get(..len).is_some_and(|message| is_message(message, len))
}

/// Whether all of it reads as a message.
fn is_message(message: &[u8], len: usize) -> bool {
    let Some(mut entries) = begins_message(message, len) else { return false };
    if message.len() < len {
        return true;
    }
    entries.by_ref().for_each(drop);
    entries.is_done() && entries.at() == message.len()
}

/// What follows the only question of a message that in every way is as those that are sent.
fn begins_message(message: &[u8], len: usize) -> Option<Entries<'_>> {
    let header = Header::plausible(message, len)?;
    if !header.is_usual() {
        return None;
    }
    let mut entries = Entries::new(message, header.counts);
    let Some(Entry::Question(question)) = entries.next() else { return None };
    let known = type_name(question.kind).is_some() && class_name(question.class).is_some();
    // Names may hold anything, but those that are asked for hold letters.
    let letters = !question.name.spell().as_str().contains(['\\', '<']);
    (known && letters).then_some(entries)
}
