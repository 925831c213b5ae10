//! Whose turn is it on a connection, and since when?
//!
//! Data passes the word to the other side. Between the last octet of one and the first of the other lies a
//! round trip between the capture and whoever answers, and what that side took to think; between two
//! segments of the same side whatever [`Course::pause`] finds. What brings nothing new does not move the
//! time on: copies, what was merely overtaken, and what was sent again for nothing.

use std::time::Duration;

use super::course::{Course, Path};
use super::notes::Notes;
use super::secured::Secured;
use super::tiles::{Charge, Tiles};
use super::view::Said;
use super::word::Word;
use crate::flow::tcp::{Connection, Facts, Need, Rtt, Segment, Trigger, Verdict, What};
use crate::flow::{End, Mark, Seen, Side};
use crate::tale::bucket::Bucket;
use crate::tale::wait::Proof;
use crate::wire::tcp::Flags;

/// One connection's time, while it goes on.
#[derive(Clone, Debug)]
pub struct Ledger {
    pub(super) tiles: Tiles,
    pub(super) stage: Stage,
    pub(super) courses: [Course; 2],
    pub(super) client: End,
    pub(super) word: Option<Word>,
    /// Who sent something again last because of a timer, in which packet, and who had the word before.
    pub(super) doubt: Option<(Side, u64, Option<Word>)>,
    pub(super) secured: Secured,
    pub(super) fins: [bool; 2],
    /// Whether this side ever sent something.
    pub(super) spoke: [bool; 2],
    pub(super) latest: Mark,
    pub(super) notes: Notes,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Stage {
    Opening,
    Talking,
    /// Both have said their last, or one broke it off.
    Over,
}

/// What a segment is to the side that sent it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum News {
    Ordinary,
    Resent(Trigger),
    /// Brings nothing, or came late.
    Nothing,
    /// Was not sent by anybody: see [`What::Copy`].
    Copy,
}

impl Ledger {
    /// Begins with the first packet of a connection, or with what was done before for its sake.
    pub(super) fn begin(connection: &Connection, tiles: Tiles) -> Self {
        Self {
            latest: tiles.mark(),
            tiles,
            stage: Stage::Opening,
            courses: [Course::default(), Course::default()],
            client: connection.end(Side::Client),
            word: None,
            doubt: None,
            secured: Secured::default(),
            fins: [false; 2],
            spoke: [false; 2],
            notes: Notes::default(),
        }
    }

    /// Where the time went so far.
    pub(super) fn tiles(&self) -> &Tiles {
        &self.tiles
    }

    /// Takes one packet; `connection` has it taken into account already.
    pub(super) fn observe(
        &mut self,
        segment: &Segment,
        octets: &[u8],
        side: Side,
        connection: &Connection,
        seen: &Seen<'_>,
    ) {
        let verdicts = seen.verdicts;
        if self.client != connection.end(Side::Client) {
            self.flip(connection);
        }
        let is_first = self.stage == Stage::Opening && segment.mark == connection.opened();
        // A clock that steps back takes no time back.
        let time = segment.mark.time.max(self.latest.time);
        let segment = &Segment { mark: Mark { time, ..segment.mark }, ..segment.clone() };
        self.latest = segment.mark;
        let mut news = News::of(verdicts);
        let is_old = |it: &Verdict| it.what == What::BeforeCapture;
        if self.courses[side.index()].is_asked_for(segment.seq) && verdicts.iter().any(is_old) {
            // The first try was before the capture; that it was asked for is in it.
            news = News::Resent(Trigger::Fast);
        }
        if news == News::Copy {
            return;
        }
        self.notes.see(segment, side);
        let course = &mut self.courses[side.index()];
        if let Some(stamps) = segment.stamps {
            course.clock.note(time, stamps.value);
        }
        if let Some(id) = segment.ip_id.filter(|_| !segment.has(Flags::SYN)) {
            let most = connection.half(side.peer()).mss().map_or(u32::MAX, u32::from).max(1);
            course.count.note(id, segment.len.div_ceil(most).max(1) as u16);
        }
        if is_first && segment.has(Flags::SYN) {
            self.hear(segment, side, connection);
            self.tiles.charge(
                segment.mark,
                Charge::new(Bucket::ClientBefore, Side::Client, Proof::Lookup),
            );
            return;
        }
        if self.stage == Stage::Opening && !self.open(segment, side, connection) {
            return;
        }
        let is_probe = |it: &Verdict| matches!(it.what, What::KeepAlive | What::WindowProbe);
        if segment.len > 0 && !verdicts.iter().any(is_probe) {
            self.speak(segment, octets, side, news, connection);
        }
        if verdicts.iter().any(|it| matches!(it.what, What::DuplicateSack { .. })) {
            self.take_back(side.peer());
        }
        if let Some(round_trip) = seen.round_trip.filter(|_| segment.len == 0) {
            self.hear_way(segment, side, round_trip.time(), connection);
        }
        self.hear(segment, side, connection);
        if segment.has(Flags::FIN) || segment.has(Flags::RST) {
            self.close(segment, side, connection);
        }
    }

    /// Follows the handshake; says whether it is over.
    fn open(&mut self, segment: &Segment, side: Side, connection: &Connection) -> bool {
        let mark = segment.mark;
        if segment.has(Flags::SYN) {
            let handshake = connection.handshake();
            let again = match side {
                Side::Client => handshake.syn.is_some_and(|syn| syn.packet != mark.packet),
                Side::Server => handshake.syn_ack.is_some_and(|it| it.packet != mark.packet),
            };
            if again {
                self.tiles.charge(mark, Charge::new(Bucket::ConnectRetry, side, Proof::SentAgain));
            }
            self.hear(segment, side, connection);
            return false;
        }
        let is_begun =
            connection.handshake().syn.is_some() || connection.handshake().syn_ack.is_some();
        if is_begun && side == Side::Server && !segment.has(Flags::RST) && segment.len == 0 {
            return false;
        }
        let charge = if is_begun {
            Charge::new(Bucket::Connect, None, Proof::Handshake)
        } else {
            Charge::new(Bucket::Unknown, None, Proof::Unseen)
        };
        self.tiles.charge(mark, charge);
        self.stage = Stage::Talking;
        true
    }

    /// Follows a segment with data.
    fn speak(
        &mut self,
        segment: &Segment,
        octets: &[u8],
        side: Side,
        news: News,
        connection: &Connection,
    ) {
        let path = self.path(connection, side);
        let end = segment.seq.plus(segment.len);
        let said = self.courses[side.index()].view(segment, &path);
        let had_only_tickets = self.secured.has_only_tickets();
        let in_handshake = self.secured.take(side, segment.seq, octets, segment.len);
        let goes_on = self.word.is_some_and(|word| word.by == side);
        let course = &mut self.courses[side.index()];
        match news {
            News::Copy => return,
            News::Nothing => return course.reach(end),
            // Something old that was repaired while the other side spoke.
            News::Resent(_) if !goes_on && self.word.is_some() => return course.reach(end),
            _ => {}
        }
        let began = self.tiles.at();
        let mut bucket = Bucket::of_thinking(side, in_handshake);
        match news {
            News::Resent(trigger) => {
                self.notes.resend(segment, side, trigger);
                self.doubt = Some((side, segment.mark.packet, self.word));
                let charge = course.resend(segment, trigger, side, said);
                self.tiles.charge(segment.mark, charge);
            }
            _ if goes_on => {
                let late = course.held_up(segment);
                let mut charge = course.pause((segment, late), side, said, &path, in_handshake);
                if had_only_tickets && charge.bucket == Bucket::ResponseApplication {
                    charge.bucket = Bucket::ServerThink;
                }
                if matches!(charge.bucket, Bucket::WindowSmall | Bucket::WindowClosed)
                    && course.sent_at_once()
                {
                    self.tiles.move_last(Bucket::Transmission, charge);
                }
                course.note_burst(segment, charge.bucket);
                bucket = charge.bucket;
                let paused = segment.mark.time.before(late).since(self.tiles.at());
                self.tiles.charge_for(paused, segment.mark, charge);
                let queue = Charge::new(Bucket::Queueing, side, Proof::SenderClock);
                self.tiles.charge(segment.mark, queue);
            }
            _ => {
                self.notes.end_burst(side.peer(), path.to_sender + path.to_receiver);
                self.answer((segment, side), &path, in_handshake, connection);
                self.courses[side.index()].note_burst(segment, bucket);
            }
        }
        if !matches!(news, News::Resent(_)) {
            let waited = segment.mark.time.since(began);
            let timeout = connection.half(side).rtt().and_then(Rtt::smoothed).unwrap_or_default();
            self.notes.send(segment, side, (bucket, waited), in_handshake, timeout);
        }
        self.courses[side.index()].send(segment, said);
        self.word = Some(Word::say(self.word, side, segment.mark, end, bucket));
        self.spoke[side.index()] = true;
    }

    /// What this side sent again last had arrived twice: it was not lost, and whatever it waited for it still
    /// waits for.
    fn take_back(&mut self, side: Side) {
        if let Some((by, packet, word)) = self.doubt.take()
            && by == side
            && self.tiles.take_back(packet)
        {
            self.courses[side.index()].take_back();
            self.word = word;
        }
    }

    /// The word passes to this side: what was the way, and what its thinking?
    fn answer(
        &mut self,
        (segment, side): (&Segment, Side),
        path: &Path,
        in_handshake: bool,
        connection: &Connection,
    ) {
        let thinking = Bucket::of_thinking(side, in_handshake);
        let mark = segment.mark;
        if let Some(closed) = self.courses[side.index()].closed_since(self.tiles.at()) {
            // It may have wanted to speak all the while; before, nobody knows.
            let before = Charge::new(Bucket::Unknown, None, Proof::Unseen);
            let proof = Proof::Window(closed.mark.packet);
            self.tiles.charge(closed.mark, before);
            self.tiles.charge(
                closed.opened.unwrap_or(mark),
                Charge::new(Bucket::WindowClosed, side.peer(), proof),
            );
        }
        let Some(word) = self.word else {
            // The first word of all: the client's comes on its own, the server's once it knows of the ACK.
            let charge = Charge::new(thinking, side, Proof::RoundTrip);
            if side == Side::Server {
                let way = Charge::new(Bucket::Path, None, Proof::RoundTrip);
                self.tiles.charge_for(path.to_sender, mark, way);
            }
            return self.tiles.charge(mark, charge);
        };
        let way = if in_handshake { Bucket::TlsPath } else { Bucket::Path };
        let gap = mark.time.since(self.tiles.at());
        let acked = word.acked_after();
        if acked.is_none() && path.to_sender.is_zero() && !self.knows(side) {
            return self.tiles.charge(mark, Charge::new(Bucket::Unknown, None, Proof::Unseen));
        }
        let round_trip = word.way(path.to_sender);
        let mut think = gap.saturating_sub(round_trip);
        let mut proof =
            word.acked.map_or(Proof::RoundTrip, |(ack, _)| Proof::Acknowledged(ack.packet));
        if let Some((_, Some(then))) = word.acked
            && let Some(now) = segment.stamps
            && let Some((pause, tick)) = self.courses[side.index()].clock.between(then, now.value)
        {
            let late = acked.unwrap_or_default().saturating_sub(round_trip);
            let by_clock = pause + late;
            // The capture's clock is finer; only what was held up on the way is left to the sender's.
            if think > by_clock + tick * 2 + Duration::from_millis(2) {
                (think, proof) = (by_clock, Proof::SenderClock);
            }
        }
        let on_the_way = gap.saturating_sub(think);
        self.charge_way(round_trip.min(on_the_way), mark, (way, path.to_sender), connection);
        let on_the_way = on_the_way.saturating_sub(round_trip);
        self.tiles.charge_for(on_the_way, mark, Charge::new(way, None, Proof::RoundTrip));
        self.tiles.charge(mark, Charge::new(thinking, side, proof));
    }

    /// Whether anything ever came from this side.
    fn knows(&self, side: Side) -> bool {
        self.spoke[side.index()]
    }

    /// Takes note of what a segment says of what the other side sent.
    fn hear(&mut self, segment: &Segment, side: Side, connection: &Connection) {
        if !segment.has(Flags::ACK) || segment.has(Flags::RST) {
            return;
        }
        // RFC 7323 §2.2: never scaled in a segment with SYN.
        let scale = if segment.has(Flags::SYN) { Some(0) } else { connection.window_scale(side) };
        let window = match segment.window {
            0 => Some(0),
            raw => scale.map(|scale| u32::from(raw) << scale),
        };
        self.courses[side.peer().index()].hear(Said {
            packet: segment.mark.packet,
            time: segment.mark.time,
            ack: segment.ack,
            edge: window.map(|window| segment.ack.plus(window)),
            is_closed: segment.window == 0,
            is_pure: segment.len == 0,
            stamp: segment.stamps.map(|stamps| stamps.value),
        });
        if let Some(word) = &mut self.word
            && word.by == side.peer()
            && word.acked.is_none()
            && segment.ack.past(word.end) >= 0
        {
            word.acked = Some((segment.mark, segment.stamps.map(|stamps| stamps.value)));
        }
    }

    /// What is known of the path between both ends, seen by this side as the sender.
    pub(super) fn path(&self, connection: &Connection, side: Side) -> Path {
        let (to_sender, to_receiver) =
            (self.away(connection, side), self.away(connection, side.peer()));
        let smoothed = connection.half(side).rtt().and_then(Rtt::smoothed);
        // RFC 6691 §2: options take from what a segment of full size carries.
        let options = if connection.agreed(Facts::STAMPS) == Some(true) { 12 } else { 0 };
        let mss = connection.half(side.peer()).mss().map_or(0, u32::from).saturating_sub(options);
        Path { to_sender, to_receiver, smoothed, mss }
    }

    /// From the capture to this side and back, at its shortest; zero when unknown.
    pub(super) fn away(&self, connection: &Connection, side: Side) -> Duration {
        let handshake = connection.handshake();
        let opened = match side {
            Side::Client => handshake.rtt_client(),
            Side::Server => handshake.rtt_server(),
        };
        let later = connection.half(side.peer()).rtt().and_then(Rtt::shortest);
        let known = opened.into_iter().chain(later).min();
        self.courses[side.index()].away(known.unwrap_or_default())
    }

    /// Client and server turn out to be the other way round.
    fn flip(&mut self, connection: &Connection) {
        self.client = connection.end(Side::Client);
        self.tiles.flip();
        self.courses.swap(0, 1);
        self.fins.swap(0, 1);
        self.spoke.swap(0, 1);
        (self.secured, self.doubt) = (Secured::default(), None);
        if let Some(word) = &mut self.word {
            word.by = word.by.peer();
        }
    }
}

impl News {
    fn of(verdicts: &[Verdict]) -> Self {
        let news = |it: &Verdict| match it.what {
            What::Copy(_) => Some(Self::Copy),
            What::Resent { need: Need::Spurious, .. }
            | What::Reordered { .. }
            | What::BeforeCapture => Some(Self::Nothing),
            What::Resent { trigger, .. } => Some(Self::Resent(trigger)),
            _ => None,
        };
        verdicts.iter().find_map(news).unwrap_or(Self::Ordinary)
    }
}
