//! What messages and records does one side send, as long as they are in clear text?

use crate::octets::Octets;

/// One side's octets, cut into records and handshake messages.
#[derive(Debug, Default)]
pub(super) struct Records {
    /// Of the record at hand; whole with [`HEADER`] octets.
    header: Vec<u8>,
    /// How much of the record is still to come.
    left: usize,
    message: Message,
    /// What follows a change of cipher is encrypted.
    pub(super) is_encrypted: bool,
    is_lost: bool,
    /// The record at hand, unless it is a handshake: of an alert all is needed.
    body: Vec<u8>,
}

/// A handshake message as far as it came.
#[derive(Debug, Default)]
struct Message {
    octets: Vec<u8>,
    /// With its header; 0 until that is whole.
    len: usize,
    /// How many came, kept or not.
    come: usize,
}

/// What some octets ended.
#[derive(Clone, Copy, Debug)]
pub(super) enum Event<'a> {
    /// A message of this type and length, without its header, and as much of it as is needed.
    Message(u8, usize, Octets<'a>),
    /// A record that is encrypted, or whose type has no messages: type, length, octets.
    Record(u8, usize, &'a [u8]),
}

const HEADER: usize = 5;
/// Of other messages only the length is told.
const NEEDED: [u8; 3] = [1, 2, 12];
/// More of a message is not kept.
const LONGEST: usize = 64 * 1024;
/// More of a record is not kept.
const ALERT: usize = 2;

impl Records {
    /// Reads on; whoever listens says whether to go on.
    pub(super) fn read(&mut self, mut octets: &[u8], mut hear: impl FnMut(&mut Self, Event<'_>)) {
        while !octets.is_empty() && !self.is_lost {
            if self.left == 0 {
                let lacks = HEADER - self.header.len();
                let (more, rest) = octets.split_at(lacks.min(octets.len()));
                self.header.extend_from_slice(more);
                octets = rest;
                if let [kind, major, _, high, low] = *self.header {
                    self.left = u16::from_be_bytes([high, low]).into();
                    self.is_lost = !matches!(kind, 20..=24) || major != 3;
                    self.body.clear();
                    if self.left == 0 {
                        self.end_record(&mut hear);
                    }
                }
                continue;
            }
            let (body, rest) = octets.split_at(self.left.min(octets.len()));
            octets = rest;
            self.left -= body.len();
            if self.has_messages() {
                self.messages(body, &mut hear);
            } else {
                let room = ALERT.saturating_sub(self.body.len());
                self.body.extend_from_slice(&body[..room.min(body.len())]);
            }
            if self.left == 0 {
                self.end_record(&mut hear);
            }
        }
    }

    /// Passes over octets that nobody saw.
    pub(super) fn skip(&mut self, len: u64, mut hear: impl FnMut(&mut Self, Event<'_>)) {
        let Some(len) = usize::try_from(len).ok().filter(|len| *len <= self.left) else {
            self.is_lost = true;
            return;
        };
        self.left -= len;
        if self.has_messages() {
            let message = &mut self.message;
            message.come = message.come.saturating_add(len);
            // Where the next message begins is known only within one.
            self.is_lost = message.len == 0 || message.come > message.len;
            self.end_message(&mut hear);
        }
        if self.left == 0 {
            self.end_record(&mut hear);
        }
    }

    /// Octets of the message at hand that are kept.
    pub(super) fn held(&self) -> usize {
        self.message.octets.capacity()
    }

    fn has_messages(&self) -> bool {
        self.header.first() == Some(&22) && !self.is_encrypted
    }

    fn messages(&mut self, mut octets: &[u8], hear: &mut impl FnMut(&mut Self, Event<'_>)) {
        while !octets.is_empty() {
            let message = &mut self.message;
            let wanted = if message.len == 0 { 4 } else { message.len };
            let (more, rest) = octets.split_at((wanted - message.come).min(octets.len()));
            octets = rest;
            message.come += more.len();
            let kind = message.octets.first().or(more.first());
            let needed = message.len == 0 || kind.is_some_and(|kind| NEEDED.contains(kind));
            // After a gap, what comes is not what follows.
            let joins = message.octets.len() + more.len() == message.come;
            if needed && joins && message.octets.len() < LONGEST {
                message.octets.extend_from_slice(more);
            }
            if message.len == 0
                && let [_, a, b, c] = *message.octets
            {
                message.len = 4 + u32::from_be_bytes([0, a, b, c]) as usize;
            }
            self.end_message(hear);
        }
    }

    fn end_message(&mut self, hear: &mut impl FnMut(&mut Self, Event<'_>)) {
        if self.message.len == 0 || self.message.come < self.message.len {
            return;
        }
        let message = std::mem::take(&mut self.message);
        if let Some((kind, body)) = message.octets.split_first() {
            let body = Octets::new(body.get(3..).unwrap_or(&[]), message.len - 4);
            hear(self, Event::Message(*kind, message.len - 4, body));
        }
    }

    fn end_record(&mut self, hear: &mut impl FnMut(&mut Self, Event<'_>)) {
        let kind = self.header.first().copied().unwrap_or(0);
        let len =
            self.header.get(3..5).map_or(0, |len| u16::from_be_bytes([len[0], len[1]]).into());
        if !self.has_messages() {
            let body = std::mem::take(&mut self.body);
            hear(self, Event::Record(kind, len, &body));
        }
        self.header.clear();
    }
}
