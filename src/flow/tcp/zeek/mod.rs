//! What would Zeek call it?
//!
//! Zeek's `conn_state` and `history`, from a connection's packets in the order captured, copies and what
//! nobody would believe included: Zeek tells neither apart. Where Zeek begins a new connection after some
//! idle time, we do not. Checksums are taken to be right (its option `-C`), and gaps are not told (its
//! letter `g`), because Zeek finds them while it puts streams together.

mod endpoint;

use arrayvec::ArrayString;

use super::half::Half;
use super::segment::Segment;
use crate::flow::key::{Key, Which};
use crate::flow::ports;
use crate::wire::tcp::{Flags, Seq};
use endpoint::{Endpoint, Stage};

/// Zeek's view of a connection.
#[derive(Clone, Debug)]
#[repr(C)]
pub(super) struct Zeek {
    ends: [Endpoint; 2],
    /// Letters that stand for both directions, one bit each.
    noted: u16,
    /// Whom it takes for the one who opened.
    origin: Which,
    /// Letters beyond this many are not kept.
    history: ArrayString<64>,
}

/// What Zeek looks at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub(super) seq: Seq,
    pub(super) ack: Seq,
    pub(super) len: u32,
    pub(super) flags: Flags,
    pub(super) window: u16,
}

impl Step {
    pub(super) fn of(segment: &Segment) -> Self {
        let Segment { seq, ack, len, flags, window, .. } = *segment;
        Self { seq, ack, len, flags, window }
    }

    fn has(&self, flag: u8) -> bool {
        self.flags.has(flag)
    }
}

impl Zeek {
    pub(super) fn new(key: &Key, from: Which, first: &Step) -> Self {
        let mut zeek =
            Self { origin: from, ends: Default::default(), history: ArrayString::new(), noted: 0 };
        let asks = first.has(Flags::SYN) && !first.has(Flags::ACK);
        let [source, destination] = [key.end(from).port, key.end(from.other()).port];
        let flips = ports::is_likely_server(source)
            && (!ports::is_likely_server(destination)
                || !first.has(Flags::SYN) && source < destination);
        if !asks && flips {
            zeek.origin = from.other();
            zeek.push('^');
        }
        zeek
    }

    pub(super) fn state(&self) -> &'static str {
        use Stage::{Closed, Established, Inactive, Partial, Reset, SynAckSent, SynSent};
        let (one, other) = (self.end(self.origin), self.end(self.origin.other()));
        let silent = |end: &Endpoint| matches!(end.state, Inactive | Partial);
        match (one.state, other.state) {
            (SynSent | SynAckSent, Reset) => "REJ",
            (Reset, Reset)
                if self.size(self.origin) == 0 && self.size(self.origin.other()) == 0 =>
            {
                "REJ"
            }
            (_, Reset) if silent(one) => "RSTRH",
            (_, Reset) => "RSTR",
            (Reset, _) if silent(other) && self.only_asked() => "RSTOS0",
            (Reset, _) if silent(other) => "OTH",
            (Reset, _) => "RSTO",
            (Closed, Closed) => "SF",
            (Closed, _) if silent(other) => "SH",
            (Closed, _) => "S2",
            (_, Closed) if silent(one) => "SHR",
            (_, Closed) => "S3",
            (SynSent, Inactive) => "S0",
            (Established, Established) => "S1",
            _ => "OTH",
        }
    }

    pub(super) fn history(&self) -> &str {
        &self.history
    }

    /// Whether the originator reset what it had only sent a SYN for: `^?S[^HAFGIQ]*R`.
    fn only_asked(&self) -> bool {
        let history = self.history.strip_prefix('^').unwrap_or(&self.history);
        history.strip_prefix('S').is_some_and(|rest| {
            rest.split_once('R')
                .is_some_and(|(middle, _)| !middle.contains(['H', 'A', 'F', 'G', 'I', 'Q']))
        })
    }

    fn end(&self, which: Which) -> &Endpoint {
        &self.ends[which as usize]
    }

    fn end_mut(&mut self, which: Which) -> &mut Endpoint {
        &mut self.ends[which as usize]
    }

    /// Octets sent, by the sequence numbers alone.
    fn size(&self, which: Which) -> i64 {
        let (own, peer) = (self.end(which), self.end(which.other()));
        if own.before == Stage::SynSent
            && own.state == Stage::Reset
            && peer.state == Stage::Inactive
            && own.acked != own.start
            && own.acked != own.start.plus(1)
        {
            return 0;
        }
        let sent = i64::from(own.last.0) + (i64::from(own.wraps) << 32);
        let acked = i64::from(own.acked.0) + (i64::from(own.ack_wraps) << 32);
        let mut size = sent.max(acked) - i64::from(own.start.0);
        size -= i64::from(size != 0);
        size - i64::from(own.has_finished && size != 0)
    }

    fn push(&mut self, letter: char) {
        let _ = self.history.try_push(letter);
    }

    /// Writes the letter of a direction.
    fn tell(&mut self, from: Which, letter: char) {
        self.push(if from == self.origin { letter } else { letter.to_ascii_lowercase() });
    }

    /// Writes a letter that stands once for each direction; says whether it stood already.
    fn tell_once(&mut self, from: Which, letter: char) -> bool {
        if matches!(letter, 'A' | 'D') && &self.history == "H" {
            // Who sent a SYN-ACK did not open.
            self.origin = self.origin.other();
            self.history.clear();
            let _ = self.history.try_push_str("^h");
        }
        let bit = bit(from, letter);
        if self.noted & bit != 0 {
            return true;
        }
        self.noted |= bit;
        self.tell(from, letter);
        false
    }

    pub(super) fn observe(&mut self, from: Which, step: &Step) {
        let Step { seq, len, .. } = *step;
        let is_reset = step.has(Flags::RST);
        let controls = u32::from(step.has(Flags::SYN)) + u32::from(step.has(Flags::FIN));
        let span = if is_reset { controls } else { len + controls };
        let end = seq.plus(span);
        self.end_mut(from).begin(step, end);
        let own = *self.end(from);
        let place = own.place(seq);
        self.note(from, step, place);
        let peer_closed = self.end(from.other()).state == Stage::Closed;
        if step.window == 0 && !is_reset && !peer_closed && own.state != Stage::Reset {
            let count = &mut self.end_mut(from).closed_windows;
            *count = count.saturating_add(1);
            if is_power_of_ten(*count) {
                self.tell(from, 'W');
            }
        }
        if step.has(Flags::FIN) {
            self.end_mut(from).has_finished = true;
        }
        if step.has(Flags::ACK) {
            self.end_mut(from.other()).hear(step);
        }
        if self.end_mut(from).reach(step, end) {
            let count = &mut self.end_mut(from).again;
            *count = count.saturating_add(1);
            if is_power_of_ten(*count) {
                self.tell(from, 'T');
            }
        }
        self.turn(from, step);
    }

    /// Whether pure ACKs, and octets, of this end are no news.
    pub(super) fn is_used_to(&self, from: Which) -> [bool; 2] {
        ['A', 'D'].map(|letter| self.noted & bit(from, letter) != 0)
    }

    /// Whether an end stands where its half does, and may go on.
    pub(super) fn is_level(&self, which: Which, half: &Half) -> bool {
        let end = self.end(which);
        end.state == Stage::Established && end.last == half.next && end.acked == half.acked
    }

    /// Follows what a half did since, none of which was more than to go on.
    pub(super) fn level(&mut self, which: Which, half: &Half) {
        let end = self.end_mut(which);
        (end.last, end.acked) = (half.next, half.acked);
    }

    fn note(&mut self, from: Which, step: &Step, place: i64) {
        let [syn, fin, reset] = [Flags::SYN, Flags::FIN, Flags::RST].map(|flag| step.has(flag));
        match u8::from(syn) + u8::from(fin) + u8::from(reset) {
            0 if step.len > 0 => _ = self.tell_once(from, 'D'),
            0 if step.has(Flags::ACK) => _ = self.tell_once(from, 'A'),
            0 => {}
            1 => {
                let (letter, place) = match (syn, fin) {
                    (true, _) if step.has(Flags::ACK) => ('H', place),
                    (true, _) => ('S', place),
                    (_, true) => ('F', place + i64::from(step.len)),
                    _ => ('R', place),
                };
                let stood = self.tell_once(from, letter);
                let own = self.end_mut(from);
                let last = match letter {
                    'F' => &mut own.fin,
                    'R' => &mut own.reset,
                    _ => &mut own.syn,
                };
                let moved = last.replace(place) != Some(place);
                if stood && moved {
                    self.tell(from, letter);
                }
            }
            _ => _ = self.tell_once(from, if fin && reset { 'I' } else { 'Q' }),
        }
    }

    /// Goes on in the states of both ends.
    fn turn(&mut self, from: Which, step: &Step) {
        use Stage::{Closed, Established, Inactive, Partial, Reset, SynAckSent, SynSent};
        let [syn, fin, reset, ack] =
            [Flags::SYN, Flags::FIN, Flags::RST, Flags::ACK].map(|flag| step.has(flag));
        let is_origin = from == self.origin;
        match self.end(from).state {
            Inactive => {
                if syn && is_origin {
                    self.end_mut(from).enter(if ack { SynAckSent } else { SynSent });
                } else if syn {
                    let peer = *self.end(from.other());
                    if !ack && peer.state == SynAckSent && step.seq == self.end(from).start {
                        // The capture had the answer before the question.
                        self.origin = from;
                        self.push('^');
                        self.end_mut(from.other()).enter(Established);
                    }
                    if peer.state == SynSent {
                        self.end_mut(from.other()).enter(Established);
                    }
                    self.end_mut(from).enter(Established);
                }
                if fin {
                    self.end_mut(from).enter(Closed);
                }
                if reset {
                    self.end_mut(from).enter(Reset);
                }
                let peer = self.end(from.other()).state;
                if self.end(from).state == Inactive {
                    let answers = from != self.origin && step.len == 0;
                    if answers && self.end(self.origin).state == SynSent {
                        return;
                    }
                    let joins = ack && peer == Established;
                    self.end_mut(from).enter(if joins { Established } else { Partial });
                }
            }
            SynSent | SynAckSent => {
                if fin {
                    self.end_mut(from).enter(Closed);
                }
                if reset {
                    self.end_mut(from).enter(Reset);
                }
            }
            state @ (Established | Partial) => {
                let peer = *self.end(from.other());
                if syn && state == Partial && peer.state == Inactive && !ack {
                    self.end_mut(from).enter(SynSent);
                }
                if fin && !reset {
                    self.end_mut(from).enter(Closed);
                    if peer.state == Reset && peer.before == Closed {
                        self.end_mut(from.other()).enter(Closed);
                    }
                }
                if reset {
                    self.end_mut(from).enter(Reset);
                }
            }
            Closed if reset && self.end(from.other()).state != Closed => {
                self.end_mut(from).enter(Reset);
            }
            Closed | Reset => {}
        }
    }
}

/// The bit of a letter that stands once for each direction.
fn bit(from: Which, letter: char) -> u16 {
    let at = match letter {
        'S' => 0,
        'H' => 1,
        'A' => 2,
        'D' => 3,
        'F' => 4,
        'R' => 5,
        'I' => 6,
        _ => 7,
    };
    1 << (at * 2 + from as usize)
}

fn is_power_of_ten(count: u32) -> bool {
    matches!(count, 1 | 10 | 100 | 1000 | 10_000 | 100_000)
}
