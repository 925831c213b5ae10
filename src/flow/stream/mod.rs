//! What did one side send, octet by octet?
//!
//! Segments go in as they were captured, in whatever order; octets come out in the order they were
//! sent, each once, as soon as all before them are there or are known to be lost. What arrives in order
//! is handed on where it lies in the frame; what arrives early is copied and waits for the hole in front
//! of it to be filled. Of octets that came twice the first are handed on.
//!
//! A hole is given up when the other side acknowledged it and [`PATIENCE`] has passed, when there is
//! no [`Room`] to wait any longer, or when the connection is over. Then it is handed on as a [`Gap`].

mod both;
mod pieces;
mod room;
mod run;

use std::time::Duration;

use super::mark::Mark;
use crate::octets::Octets;
use crate::wire::tcp::{Flags, Seq};
pub use both::Both;
use pieces::Pieces;
pub use room::Room;
pub use run::{Gap, Missing, Part, Run, Segment};

/// How long after its acknowledgment a hole may still be filled: interfaces with several queues
/// are captured out of order.
pub const PATIENCE: Duration = Duration::from_millis(10);
/// RFC 7323 §2.3: no window is larger. What begins further ahead belongs to no stream of ours and
/// is passed over.
const WINDOW: i32 = 1 << 30;

/// One side's octets.
#[derive(Debug, Default)]
pub struct Stream {
    /// The sequence number of offset 0, once it is known.
    start: Option<Seq>,
    /// How many octets were handed on, gaps included.
    next: u64,
    /// Where the FIN lies, and the packet that brought it first.
    fin: Option<(u64, Mark)>,
    /// What the other side acknowledged last before any octet was seen.
    floor: Option<Seq>,
    state: State,
    contradictions: u32,
    /// Most streams never need it.
    early: Option<Box<Early>>,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum State {
    #[default]
    Open,
    Ended,
}

/// What waits behind a hole.
#[derive(Debug, Default)]
struct Early {
    pieces: Pieces,
    acknowledged: Option<Acknowledged>,
}

/// That the other side has octets which were not handed on.
#[derive(Clone, Copy, Debug)]
struct Acknowledged {
    to: u64,
    /// The first packet that said so.
    since: Mark,
    /// Up to where later packets say so.
    highest: u64,
}

impl Stream {
    /// Says with which sequence number the stream begins, where that is known from elsewhere: the
    /// other side's SYN-ACK acknowledges it. Changes nothing once octets were seen.
    pub fn begin(&mut self, seq: Seq) {
        self.start.get_or_insert(seq);
    }

    /// How many octets were handed on, gaps included.
    pub fn offset(&self) -> u64 {
        self.next
    }

    /// Whether the FIN was reached.
    pub fn is_over(&self) -> bool {
        self.state == State::Ended
    }

    /// How many octets wait behind a hole.
    pub fn waiting(&self) -> usize {
        self.early.as_ref().map_or(0, |early| early.pieces.octets())
    }

    /// How many segments brought other octets for a place that waited already.
    ///
    /// What was handed on is not kept, so a segment that contradicts it goes unnoticed.
    pub fn contradictions(&self) -> u32 {
        self.contradictions
    }

    /// Takes a segment of this side, and hands on what is now in order.
    ///
    /// Without a SYN the stream begins with the first octet seen; what lies before it is passed over.
    pub fn take(
        &mut self,
        segment: Segment<'_>,
        room: &mut Room,
        reader: &mut impl FnMut(Run<'_>),
    ) {
        let Segment { mut seq, flags, payload, mark } = segment;
        // RFC 9293 §3.5.3: what a reset carries is a remark, not part of the stream.
        if flags.has(Flags::RST) {
            return;
        }
        if flags.has(Flags::SYN) {
            seq = seq.plus(1);
            self.begin(seq);
        }
        self.lose_patience(mark, room, reader);
        if self.is_over() || (payload.is_empty() && !flags.has(Flags::FIN)) {
            return;
        }
        if self.start.is_none() && payload.len() == 1 && self.floor == Some(seq.plus(1)) {
            // A keep-alive repeats an octet that was acknowledged before the capture began.
            return;
        }
        let start = *self.start.get_or_insert(seq);
        let ahead = seq.past(start.plus(self.next as u32));
        if ahead > WINDOW {
            return;
        }
        let before = self.next.checked_add_signed(ahead.into());
        // What lies before the start is nobody's.
        let (from, payload) = match before {
            Some(from) => (from, payload),
            None => match payload.part(ahead.unsigned_abs() as usize - self.next as usize) {
                Some((_, payload)) => (0, payload),
                None => return,
            },
        };
        let to = from + payload.len() as u64;
        if flags.has(Flags::FIN) && to >= self.next {
            self.fin.get_or_insert((to, mark));
        }
        let fresh = Fresh { from, payload, mark };
        while fresh.from > self.next && !payload.is_empty() {
            if self.keep(fresh, room) {
                return;
            }
            self.give_up_before(from, Missing::Crowded, mark, room, reader);
            if self.is_over() {
                return;
            }
        }
        self.hand_on(fresh, Filled::By(mark), room, reader);
    }

    /// Hears that the other side has all octets before `ack`.
    pub fn acknowledge(
        &mut self,
        ack: Seq,
        mark: Mark,
        room: &mut Room,
        reader: &mut impl FnMut(Run<'_>),
    ) {
        if self.is_over() {
            return;
        }
        let Some(start) = self.start else {
            self.floor = Some(ack);
            return;
        };
        let ahead = ack.past(start.plus(self.next as u32));
        // The FIN is acknowledged like an octet.
        let is_fin = self.fin.is_some_and(|(fin, _)| start.plus(fin as u32).plus(1) == ack);
        let ahead = if is_fin { ahead - 1 } else { ahead };
        if ahead > 0 && ahead <= WINDOW {
            let to = self.next + u64::from(ahead.unsigned_abs());
            let early = self.early.get_or_insert_default();
            let new = Acknowledged { to, since: mark, highest: to };
            let known = early.acknowledged.get_or_insert(new);
            known.highest = known.highest.max(to);
        }
        self.lose_patience(mark, room, reader);
    }

    /// Hands on what still waits, because nothing more will come, and leaves its room to others.
    pub fn end(&mut self, mark: Mark, room: &mut Room, reader: &mut impl FnMut(Run<'_>)) {
        if let Some(known) = self.early.as_ref().and_then(|early| early.acknowledged) {
            self.go_on_to(known.highest, mark, room, reader);
        }
        while let Some(first) = self.first_early() {
            self.give_up_before(first, Missing::Awaited, mark, room, reader);
        }
        if let Some((fin, _)) = self.fin.filter(|_| !self.is_over()) {
            self.skip_to(fin, Missing::Awaited, mark, reader);
        }
        self.hand_end(Mark::default(), room, reader);
        self.clear(room);
    }

    fn first_early(&self) -> Option<u64> {
        self.early.as_ref()?.pieces.first()
    }

    fn keep(&mut self, fresh: Fresh<'_>, room: &mut Room) -> bool {
        let early = self.early.get_or_insert_default();
        let Some(contradicts) = early.pieces.insert(fresh, room) else { return false };
        self.contradictions = self.contradictions.saturating_add(contradicts);
        true
    }

    /// Gives up a hole that was acknowledged long enough ago.
    fn lose_patience(&mut self, now: Mark, room: &mut Room, reader: &mut impl FnMut(Run<'_>)) {
        let Some(early) = &mut self.early else { return };
        let Some(known) = &mut early.acknowledged else { return };
        let Acknowledged { to, since, highest } = *known;
        if to > self.next && now.time.since(since.time) < PATIENCE {
            return;
        }
        *known = Acknowledged { to: highest, since: now, highest };
        if highest <= self.next {
            early.acknowledged = None;
        }
        self.go_on_to(to, now, room, reader);
    }

    /// Gives up all holes before `to`, which the other side has.
    fn go_on_to(&mut self, to: u64, mark: Mark, room: &mut Room, reader: &mut impl FnMut(Run<'_>)) {
        while self.next < to && !self.is_over() {
            self.give_up_before(to, Missing::Uncaptured, mark, room, reader);
        }
    }

    /// Gives up the hole in front, which reaches to `to` unless early octets end it before.
    fn give_up_before(
        &mut self,
        to: u64,
        why: Missing,
        mark: Mark,
        room: &mut Room,
        reader: &mut impl FnMut(Run<'_>),
    ) {
        let to = self.first_early().map_or(to, |first| first.min(to));
        self.skip_to(to, why, mark, reader);
        self.hand_on(
            Fresh { from: to, payload: Octets::whole(&[]), mark },
            Filled::Never,
            room,
            reader,
        );
    }

    fn skip_to(&mut self, to: u64, why: Missing, mark: Mark, reader: &mut impl FnMut(Run<'_>)) {
        if to > self.next {
            let gap = Gap { len: to - self.next, why };
            reader(Run { offset: self.next, mark, ready: mark, part: Part::Gap(gap) });
            self.next = to;
        }
    }

    /// Hands on octets that begin at or before the next one, and the early ones that follow.
    fn hand_on(
        &mut self,
        fresh: Fresh<'_>,
        filled: Filled,
        room: &mut Room,
        reader: &mut impl FnMut(Run<'_>),
    ) {
        let mut ready = match filled {
            Filled::By(mark) => mark,
            Filled::Never => Mark::default(),
        };
        loop {
            let until = self.first_early().unwrap_or(u64::MAX);
            self.hand(fresh.limit(until), ready, reader);
            if self.next != until {
                break;
            }
            let Some(early) = &mut self.early else { break };
            let Some(piece) = early.pieces.pop(room) else { break };
            let waited = piece.fresh();
            // Without anything to wait for, it was ready when it came.
            if ready.packet < waited.mark.packet {
                ready = waited.mark;
            }
            self.hand(waited, ready, reader);
            self.note_contradiction(fresh, waited);
        }
        self.hand_end(ready, room, reader);
    }

    fn note_contradiction(&mut self, fresh: Fresh<'_>, waited: Fresh<'_>) {
        self.contradictions =
            self.contradictions.saturating_add(u32::from(fresh.contradicts(waited)));
    }

    /// Hands on what of these octets lies beyond those handed on already.
    fn hand(&mut self, fresh: Fresh<'_>, ready: Mark, reader: &mut impl FnMut(Run<'_>)) {
        let fresh = fresh.after(self.next);
        if fresh.from != self.next {
            return;
        }
        let kept = fresh.payload.kept();
        if !kept.is_empty() {
            reader(Run { offset: self.next, mark: fresh.mark, ready, part: Part::Octets(kept) });
            self.next += kept.len() as u64;
        }
        self.skip_to(fresh.end(), Missing::Cut, fresh.mark, reader);
    }

    fn hand_end(&mut self, ready: Mark, room: &mut Room, reader: &mut impl FnMut(Run<'_>)) {
        let Some((_, mark)) = self.fin.filter(|(fin, _)| *fin <= self.next) else { return };
        if self.state == State::Open {
            self.state = State::Ended;
            let ready = if ready.packet < mark.packet { mark } else { ready };
            reader(Run { offset: self.next, mark, ready, part: Part::End });
            self.clear(room);
        }
    }

    fn clear(&mut self, room: &mut Room) {
        if let Some(mut early) = self.early.take() {
            while early.pieces.pop(room).is_some() {}
        }
    }
}

/// Whether a hole in front of some octets was filled.
#[derive(Clone, Copy, Debug)]
enum Filled {
    By(Mark),
    /// It was given up.
    Never,
}

/// Octets at their place in the stream.
#[derive(Clone, Copy, Debug)]
struct Fresh<'a> {
    from: u64,
    payload: Octets<'a>,
    mark: Mark,
}

impl Fresh<'_> {
    fn end(self) -> u64 {
        self.from + self.payload.len() as u64
    }

    fn limit(self, end: u64) -> Self {
        let len = end.saturating_sub(self.from);
        Self { payload: self.payload.limit(usize::try_from(len).unwrap_or(usize::MAX)), ..self }
    }

    /// What lies at or beyond `from`.
    fn after(self, from: u64) -> Self {
        let known = from.saturating_sub(self.from).min(self.payload.len() as u64);
        let rest = self.payload.part(known as usize).map(|(_, rest)| rest);
        let payload = rest.unwrap_or(Octets::whole(&[]));
        Self { from: self.from + known, payload, ..self }
    }

    /// Whether both kept an octet of one place, and not the same.
    fn contradicts(self, other: Fresh<'_>) -> bool {
        let from = self.from.max(other.from);
        let (one, other) = (self.after(from).payload.kept(), other.after(from).payload.kept());
        one.iter().zip(other).any(|(one, other)| one != other)
    }
}
