//! What do the records of one side hold?
//!
//! Octets come in order, or with a gap said. From the side's handshake in clear text on its records are
//! counted; those that its keys open are handed on.

use super::cipher::Sealed;
use super::opening::Opening;
use crate::wire::packet::Closed;
use crate::wire::tls::{Greeting, Version, may_begin};

/// The records of one side of a connection.
#[derive(Debug, Default)]
pub(super) struct Records {
    /// In order, from the first record on that is not whole.
    octets: Vec<u8>,
    /// Which packets brought them: where each one's end, and its number.
    ends: Vec<(usize, u64)>,
    stage: Stage,
    /// Whether a record begins where the octets do.
    footing: Footing,
    pub(super) begun: Begun,
}

/// Data that begins a message which later records go on with, and the packets that brought it.
#[derive(Debug, Default)]
pub(super) struct Begun {
    data: Vec<u8>,
    numbers: Vec<u64>,
}

#[derive(Debug, Default)]
enum Stage {
    /// Its records are in clear text.
    #[default]
    Clear,
    Sealed(Box<Opening>),
    /// What follows is not looked at any more.
    Over,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum Footing {
    #[default]
    Firm,
    /// After a gap a record has to be found: where a segment begins.
    Lost,
}

/// What the records hold that a packet completed.
#[derive(Debug, Default)]
pub(super) struct Heard {
    pub(super) handshake: Vec<u8>,
    pub(super) alert: Vec<u8>,
    pub(super) data: Vec<u8>,
    /// Behind a record that stayed closed what the same packet brings is not told.
    data_is_over: bool,
    /// Where the first of those begins that were opened, counted like [`Records::octets`].
    first: Option<usize>,
    /// A record was closed to us though keys are known.
    pub(super) closed: Option<Closed>,
    text: Vec<u8>,
}

impl Heard {
    pub(super) fn clear(&mut self) {
        self.handshake.clear();
        self.alert.clear();
        self.data.clear();
        (self.first, self.closed, self.data_is_over) = (None, None, false);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.first.is_none() && self.closed.is_none()
    }
}

/// What a record in clear text means for both sides.
#[derive(Clone, Copy, Debug)]
pub(super) enum News {
    Greeting(Greeting),
    CipherChanged,
}

impl Records {
    /// Whether nothing more is to be learned from it.
    pub(super) fn is_over(&self) -> bool {
        matches!(self.stage, Stage::Over)
    }

    /// From the next record on it is sealed.
    pub(super) fn seal(&mut self, opening: Opening) {
        self.stage = Stage::Sealed(Box::new(opening));
    }

    pub(super) fn end(&mut self) {
        *self = Self { stage: Stage::Over, ..Self::default() };
    }

    /// How many octets wait for the rest of their record.
    pub(super) fn held(&self) -> usize {
        self.octets.len()
    }

    /// Some octets will never come.
    pub(super) fn lose(&mut self, heard: &mut Heard) {
        self.octets.clear();
        self.ends.clear();
        self.begun = Begun::default();
        self.footing = Footing::Lost;
        match &mut self.stage {
            Stage::Sealed(opening) => {
                opening.lose();
                heard.closed = Some(Closed::Gap);
            }
            // Whether the gap hid a change of cipher cannot be known.
            Stage::Clear | Stage::Over => self.end(),
        }
    }

    /// Appends what one packet brought.
    pub(super) fn take(&mut self, octets: &[u8], number: u64) {
        if self.footing == Footing::Lost {
            if octets.len() < 5 || !may_begin(octets) {
                return;
            }
            self.footing = Footing::Firm;
        }
        self.octets.extend_from_slice(octets);
        self.ends.push((self.octets.len(), number));
    }

    /// Reads the records that are whole, from octet `from` on; stops behind one that is news.
    pub(super) fn read(&mut self, from: &mut usize, heard: &mut Heard) -> Option<News> {
        while let Some((header, rest)) =
            self.octets.get(*from..).and_then(<[u8]>::split_first_chunk)
        {
            if !may_begin(header) {
                // Not TLS, or no longer.
                self.end();
                return None;
            }
            let len = usize::from(u16::from_be_bytes([header[3], header[4]]));
            let record = Sealed { header: *header, body: rest.get(..len)? };
            let start = std::mem::replace(from, *from + 5 + len);
            match (&mut self.stage, header[0]) {
                (Stage::Over, _) => return None,
                (Stage::Clear, 20) => return Some(News::CipherChanged),
                (Stage::Clear, 22) => {
                    if let Some(greeting) = Greeting::read(record.body) {
                        return Some(News::Greeting(greeting));
                    }
                }
                (Stage::Clear, _) => {}
                (Stage::Sealed(opening), content_type) => {
                    // RFC 8446 §5: a change of cipher means nothing, and an alert may come too early
                    // to be encrypted.
                    if opening.version() == Version::Tls13 && content_type != 23 {
                        continue;
                    }
                    heard.text.clear();
                    if let Some(content_type) = opening.open(record, &mut heard.text) {
                        heard.note(content_type, start);
                    } else {
                        heard.closed = Some(heard.closed.unwrap_or(Closed::Tag));
                        heard.data_is_over = !heard.data.is_empty();
                        self.begun = Begun::default();
                    }
                    if opening.is_over() {
                        self.end();
                        return None;
                    }
                }
            }
        }
        None
    }

    /// Writes the octets from the first record opened on, and the packets that brought them, when it
    /// began before this packet, or the packet let others in.
    pub(super) fn joined(&self, heard: &Heard, message: &mut Vec<u8>, numbers: &mut Vec<u64>) {
        let Some(first) = heard.first else { return };
        message.extend_from_slice(self.octets.get(first..).unwrap_or(&[]));
        let ends = self.ends.iter().filter(|(end, _)| *end > first);
        numbers.extend(ends.map(|(_, number)| *number));
        numbers.sort_unstable();
        numbers.dedup();
    }

    /// Forgets the records that were read.
    pub(super) fn forget(&mut self, read: usize) {
        self.octets.drain(..read.min(self.octets.len()));
        self.ends.retain_mut(|(end, _)| {
            *end = end.saturating_sub(read);
            *end > 0
        });
    }
}

impl Begun {
    pub(super) fn is_empty(&self) -> bool {
        self.data.is_empty()
    }

    /// Writes what was begun and the data that packet `number` adds; of earlier packets the numbers too.
    pub(super) fn go_on(
        &self,
        more: &[u8],
        number: u64,
        data: &mut Vec<u8>,
        numbers: &mut Vec<u64>,
    ) {
        data.clear();
        data.extend_from_slice(&self.data);
        data.extend_from_slice(more);
        numbers.clear();
        numbers.extend_from_slice(&self.numbers);
        if !numbers.is_empty() {
            numbers.push(number);
        }
    }

    /// Keeps what goes on from an octet of that data in later records.
    pub(super) fn wait(&mut self, from: Option<usize>, data: &[u8], numbers: &[u64], number: u64) {
        self.data.clear();
        self.numbers.clear();
        let Some(begun) = from.and_then(|from| data.get(from..)) else { return };
        if begun.len() > LONGEST {
            return;
        }
        self.data.extend_from_slice(begun);
        if from == Some(0) && !numbers.is_empty() {
            self.numbers.extend_from_slice(numbers);
        } else {
            self.numbers.push(number);
        }
    }
}

/// A longer message is told as far as its packets go; no head that is read is longer.
const LONGEST: usize = 64 << 10;

impl Heard {
    fn note(&mut self, content_type: u8, start: usize) {
        let of_type = match content_type {
            21 => &mut self.alert,
            22 => &mut self.handshake,
            23 if !self.data_is_over => &mut self.data,
            _ => return,
        };
        of_type.extend_from_slice(&self.text);
        self.first.get_or_insert(start);
    }
}
