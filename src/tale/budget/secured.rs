//! How far is the TLS handshake, as far as the headers of the records tell?
//!
//! RFC 8446 §5.1, RFC 5246 §6.2: the kind and the length of each record are never encrypted.

use arrayvec::ArrayVec;

use crate::flow::Side;
use crate::wire::tcp::Seq;

/// A connection that may be TLS.
#[derive(Clone, Debug, Default)]
pub(super) struct Secured {
    stage: Stage,
    sides: [Records; 2],
    /// Since when the client encrypts, or will with its next record.
    client: Client,
    /// Records that the server encrypted since the client asked for something.
    since: u32,
    /// Whether one of them was longer than a ticket.
    is_answering: bool,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum Stage {
    #[default]
    Unknown,
    /// Nothing was said in the clear that begins a handshake.
    No,
    Handshake,
    Done,
}

/// What the client's records were so far.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum Client {
    #[default]
    Clear,
    Changed,
    /// Its Finished was sent: a handshake record in TLS 1.2 (RFC 5246 §7.4.9), data in TLS 1.3
    /// (RFC 8446 §4.4.4).
    Finished,
}

/// Where the next record of one direction begins.
#[derive(Clone, Debug, Default)]
struct Records {
    next: Option<Seq>,
    /// Octets of the record at hand that are still to come.
    left: u32,
    head: ArrayVec<u8, 5>,
    is_lost: bool,
}

/// A record's kind, and how long it is (RFC 8446 §5.1, B.1).
type Record = (u8, u32);

const CHANGE: u8 = 20;
const HANDSHAKE: u8 = 22;
const DATA: u8 = 23;
/// What servers say after the handshake without having been asked is shorter: RFC 8446 §4.6.1.
const TICKET: u32 = 512;
const TICKETS: u32 = 4;

impl Secured {
    /// Whether all that the server said since the handshake are, by their lengths, tickets to come back with.
    pub(super) fn has_only_tickets(&self) -> bool {
        self.stage == Stage::Done && (1..=TICKETS).contains(&self.since) && !self.is_answering
    }

    /// Takes what one segment brings, and says whether it belongs to the handshake.
    pub(super) fn take(&mut self, side: Side, seq: Seq, octets: &[u8], len: u32) -> bool {
        if self.stage == Stage::No || len == 0 || self.stage == Stage::Done && self.is_answering {
            return false;
        }
        if self.stage == Stage::Unknown {
            // RFC 8446 §4: a ClientHello is the first message of the first record.
            let is_hello = matches!(octets, [HANDSHAKE, 3, _, _, _, 1, ..]);
            if side == Side::Server || !is_hello {
                self.stage = Stage::No;
                return false;
            }
            self.stage = Stage::Handshake;
        }
        let mut found: ArrayVec<Record, 32> = ArrayVec::new();
        let records = &mut self.sides[side.index()];
        records.walk(seq, octets, len, |record| _ = found.try_push(record));
        let was_in_handshake = self.stage == Stage::Handshake;
        if records.is_lost {
            (self.stage, self.is_answering) = (Stage::Done, true);
            return was_in_handshake;
        }
        let mut asks_at = None;
        for (at, (kind, len)) in found.into_iter().enumerate() {
            if side == Side::Client && self.hear_client(kind) {
                asks_at.get_or_insert(at);
            } else if side == Side::Server && self.stage == Stage::Done {
                self.since += 1;
                self.is_answering |= len > TICKET || self.since > TICKETS;
            }
        }
        was_in_handshake && asks_at != Some(0)
    }

    /// Whether this record ends the handshake: it is the first that says what the connection is for.
    fn hear_client(&mut self, kind: u8) -> bool {
        let (next, asks) = match (self.client, kind) {
            (Client::Clear, CHANGE) => (Client::Changed, false),
            (Client::Finished, DATA) => (Client::Finished, true),
            // Early data (RFC 8446 §4.2.10).
            (Client::Clear, DATA) if self.sides[Side::Server.index()].next.is_none() => {
                (Client::Finished, true)
            }
            // Who changes nothing for show sends its Finished at once (RFC 8446 §D.4).
            (Client::Changed, HANDSHAKE | DATA) | (Client::Clear, DATA) => {
                (Client::Finished, false)
            }
            (state, _) => (state, false),
        };
        self.client = next;
        if asks && self.stage == Stage::Handshake {
            self.stage = Stage::Done;
            return true;
        }
        false
    }
}

impl Records {
    /// Goes through what is new in a segment, of whose octets the capture may have fewer than were sent.
    fn walk(&mut self, seq: Seq, octets: &[u8], len: u32, mut found: impl FnMut(Record)) {
        let next = *self.next.get_or_insert(seq);
        let seen_before = next.past(seq);
        if seen_before < 0 {
            self.is_lost = true;
            return;
        }
        let mut at = seen_before.cast_unsigned();
        if at >= len {
            return;
        }
        self.next = Some(seq.plus(len));
        while at < len {
            let skipped = self.left.min(len - at);
            (at, self.left) = (at + skipped, self.left - skipped);
            if at == len {
                break;
            }
            let Some(octet) = octets.get(at as usize) else {
                self.is_lost = true;
                return;
            };
            self.head.push(*octet);
            at += 1;
            if let [kind, major, _, high, low] = self.head[..] {
                self.is_lost = !(20..=24).contains(&kind) || major != 3;
                if self.is_lost {
                    return;
                }
                self.left = u32::from(u16::from_be_bytes([high, low]));
                self.head.clear();
                found((kind, self.left));
            }
        }
    }
}
