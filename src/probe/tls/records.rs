//! Which records is a run of octets? (RFC 8446 §5.1)

use std::ops::Range;

use rustls::ProtocolVersion;

use crate::timeline::tls::{Contents, Direction, Record};
use crate::wire::tls::{LONGEST, message_name};

/// Octets in front of a record's content.
pub(super) const HEADER: usize = 5;

/// One direction of a connection, record after record.
#[derive(Debug)]
pub(super) struct Side {
    direction: Direction,
    /// Octets of the stream so far.
    pub(super) octets: u64,
    /// Octets of application data so far.
    pub(super) plain: u64,
    /// Of TLS 1.2, since its `ChangeCipherSpec`.
    is_sealed: bool,
    /// What is left of a handshake message in clear text that goes on in the next record.
    left: usize,
}

/// The length of the record that begins here, header included; `None` if it is not there yet, or none.
pub(super) fn length(octets: &[u8]) -> Option<usize> {
    let &[_, _, _, high, low, ..] = octets else { return None };
    Some(HEADER + usize::from(u16::from_be_bytes([high, low])))
}

/// Whether this can be how a record begins, as far as it goes.
pub(super) fn may_be(octets: &[u8]) -> bool {
    match *octets {
        [] => true,
        [kind] => matches!(kind, 20..=24),
        [kind, major, _, high, low, ..] => {
            matches!((kind, major), (20..=24, 3)) && u16::from_be_bytes([high, low]) <= LONGEST
        }
        [kind, major, ..] => matches!((kind, major), (20..=24, 3)),
    }
}

impl Side {
    pub(super) fn new(direction: Direction) -> Self {
        Self { direction, octets: 0, plain: 0, is_sealed: false, left: 0 }
    }

    /// Takes the next record. `plain` is how much application data was in it, `noticed` what else its
    /// opening brought.
    pub(super) fn take(
        &mut self,
        record: &[u8],
        version: Option<ProtocolVersion>,
        plain: usize,
        noticed: Vec<&'static str>,
    ) -> Record {
        let (header, body) = record.split_at(record.len().min(HEADER));
        let content_type = header.first().copied().unwrap_or_default();
        // TLS 1.3 sends a ChangeCipherSpec too, which changes nothing (RFC 8446 appendix D.4).
        let is_sealed = self.is_sealed && version != Some(ProtocolVersion::TLSv1_3);
        let contents = match content_type {
            23 if plain > 0 => Contents::Data,
            20 => {
                self.is_sealed = true;
                Contents::ChangeCipherSpec
            }
            21 | 22 if is_sealed => Contents::Sealed(noticed),
            21 => match *body {
                [level, description] => Contents::Alert { level, description },
                _ => Contents::Unknown,
            },
            22 => Contents::Messages(self.messages(body)),
            // Data may be empty; then it hides how much there is.
            23 => Contents::Sealed(noticed),
            _ => Contents::Unknown,
        };
        Record {
            direction: self.direction,
            content_type,
            octets: advance(&mut self.octets, record.len()),
            contents,
            plain: (plain > 0).then(|| advance(&mut self.plain, plain)),
        }
    }

    /// The messages that begin in a record's content. A header cut over two records loses the count; then
    /// rustls has its own opinion of the peer.
    fn messages(&mut self, mut body: &[u8]) -> Vec<&'static str> {
        let mut names = Vec::new();
        loop {
            let rest = self.left.min(body.len());
            self.left -= rest;
            body = &body[rest..];
            let &[_, high, middle, low, ..] = body else { return names };
            if names.len() < MESSAGES {
                names.push(message_name(body).unwrap_or("unknown message"));
            }
            self.left =
                4 + usize::from(high) * 65_536 + usize::from(middle) * 256 + usize::from(low);
        }
    }
}

/// Names of messages in one record; of more nothing is said.
const MESSAGES: usize = 16;

fn advance(place: &mut u64, len: usize) -> Range<u64> {
    let start = *place;
    *place += len as u64;
    start..*place
}
