//! How was the connection opened, and how long did it take?
//!
//! The round trip is cut in two at the capture point: from the SYN to the SYN-ACK on the server's side,
//! from the SYN-ACK to the ACK on the client's. Where packets were sent again, the last SYN before the
//! SYN-ACK counts, and the last SYN-ACK before the ACK.

use std::time::Duration;

use super::half::Facts;
use super::life::{Belief, State};
use super::roles::Roles;
use super::segment::Segment;
use super::verdict::{Confidence, Evidence, Verdict, Verdicts, What};
use super::{Connection, offer};
use crate::flow::mark::{Mark, Side};
use crate::wire::tcp::Flags;

/// The packets of the handshake, as far as they were seen.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Handshake {
    /// The client's first SYN.
    pub syn: Option<Mark>,
    /// The client's last SYN before the answer.
    pub last_syn: Option<Mark>,
    pub syn_ack: Option<Mark>,
    /// The last SYN-ACK before the ACK; where both opened at once, the server's SYN.
    pub last_syn_ack: Option<Mark>,
    /// The client's first packet that acknowledges the server's SYN, its SYN-ACK where both opened.
    pub ack: Option<Mark>,
    /// SYNs after the first.
    pub syn_retries: u8,
    /// SYN-ACKs after the first.
    pub syn_ack_retries: u8,
}

/// How often it was tried.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Opening {
    /// Packet 0 where there was none.
    pub(super) last_syn: Mark,
    pub(super) syn_retries: u8,
    pub(super) syn_ack_retries: u8,
}

/// Where between client and server the capture was made.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Vantage {
    AtClient,
    Between,
    AtServer,
}

impl Handshake {
    /// From the capture point to the client and back, its time to answer included.
    pub fn rtt_client(&self) -> Option<Duration> {
        between(self.last_syn_ack, self.ack)
    }

    /// From the capture point to the server and back, its time to answer included.
    pub fn rtt_server(&self) -> Option<Duration> {
        between(self.last_syn, self.syn_ack)
    }

    /// From the client to the server and back.
    pub fn rtt(&self) -> Option<Duration> {
        if self.syn_ack != self.last_syn_ack {
            return Some(self.rtt_client()? + self.rtt_server()?);
        }
        let in_order = self.syn_ack?.packet >= self.last_syn?.packet;
        between(self.last_syn, self.ack).filter(|_| in_order)
    }

    /// How long the client waited in vain before it sent the SYN that was answered.
    pub fn retry_wait(&self) -> Option<Duration> {
        between(self.syn, self.last_syn)
    }

    /// From the first SYN to the ACK.
    pub fn duration(&self) -> Option<Duration> {
        between(self.syn, self.ack)
    }
}

impl Vantage {
    /// By which share of the round trip lies on the client's side of the capture point.
    pub(super) fn of(share: f64) -> Self {
        match share {
            ..0.1 => Self::AtClient,
            0.9.. => Self::AtServer,
            _ => Self::Between,
        }
    }
}

/// Unknown where the capture has the two in the wrong order, or its clock stepped back.
fn between(from: Option<Mark>, to: Option<Mark>) -> Option<Duration> {
    const UNSTEADY: Duration = Duration::from_millis(1);
    let (from, to) = (from?, to?);
    let in_order = to.packet >= from.packet && from.time.since(to.time) <= UNSTEADY;
    in_order.then(|| to.time.since(from.time))
}

impl Connection {
    /// The handshake as far as it was seen.
    pub fn handshake(&self) -> Handshake {
        let known = |mark: Mark| (mark.packet != 0).then_some(mark);
        let Opening { syn_retries, syn_ack_retries, .. } =
            self.story.as_ref().map(|story| story.opening).unwrap_or_default();
        let (last_syn, syn_ack) = (known(self.last_syn()), self.syn_ack());
        let first = if self.begins_with_syn { Some(self.opened) } else { last_syn };
        let syn_ack = known(syn_ack);
        let story = self.story.as_ref();
        Handshake {
            syn: first,
            last_syn,
            syn_ack,
            last_syn_ack: story.and_then(|story| story.last_syn_ack).or(syn_ack),
            ack: story.and_then(|story| story.ack),
            syn_retries,
            syn_ack_retries,
        }
    }

    /// The client's last SYN; packet 0 where there was none.
    pub(super) fn last_syn(&self) -> Mark {
        match &self.story {
            Some(story) => story.opening.last_syn,
            None if self.begins_with_syn => self.opened,
            None => Mark::default(),
        }
    }

    /// The first SYN-ACK; packet 0 where there was none.
    pub(super) fn syn_ack(&self) -> Mark {
        match &self.story {
            Some(story) => story.syn_ack,
            None if self.halves[Side::Server.index()].packets > 0 => self.latest,
            None => Mark::default(),
        }
    }

    fn answered(&mut self, mark: Mark) {
        if let Some(story) = &mut self.story {
            story.syn_ack = mark;
        }
    }

    fn asked(&mut self, mark: Mark) {
        if let Some(story) = &mut self.story {
            story.opening.last_syn = mark;
        }
    }

    fn asked_again(&mut self) {
        if let Some(story) = &mut self.story {
            let retries = &mut story.opening.syn_retries;
            *retries = retries.saturating_add(1);
        }
    }

    /// Follows a segment with SYN.
    pub(super) fn open(
        &mut self,
        segment: &Segment,
        side: Side,
        verdicts: &mut Verdicts,
    ) -> Belief {
        let half = &self.halves[side.index()];
        let again = half.facts.has(Facts::SYN) && segment.seq == half.start;
        let belief = if segment.has(Flags::ACK) {
            self.answer(segment, side, again, verdicts)
        } else {
            self.ask(segment, side, again, verdicts)
        };
        if belief == Belief::All && !again {
            self.note_offer(segment, side);
        }
        belief
    }

    fn ask(
        &mut self,
        segment: &Segment,
        side: Side,
        again: bool,
        verdicts: &mut Verdicts,
    ) -> Belief {
        let (own, peer) = (&self.halves[side.index()], &self.halves[side.peer().index()]);
        // The capture may have the answer before the question.
        let was_answered = peer.facts.has(Facts::SYN)
            && own.facts.has(Facts::ACKED)
            && !own.facts.has(Facts::BEGUN)
            && own.acked.past(segment.seq) >= 1;
        if self.is_late(segment, side) {
            return self.begin_late(segment, side);
        }
        match self.state {
            State::Joined if own.packets == 1 && peer.packets == 0 => {
                self.state = State::Asked;
                self.begins_with_syn = true;
                self.asked(segment.mark);
                offer::fast_open(segment, verdicts);
            }
            State::Asked | State::AskedByBoth | State::Refused if again => {
                self.asked_again();
                if side == Side::Client {
                    self.asked(segment.mark);
                }
                if self.state == State::Refused {
                    self.state = State::Asked;
                    self.forget_close();
                }
            }
            _ if again => self.asked_again(),
            State::Asked if side == Side::Server => {
                self.state = State::AskedByBoth;
                if let Some(story) = &mut self.story {
                    story.last_syn_ack = Some(segment.mark);
                }
                let verdict = Verdict::certain(What::OpenedByBoth, Evidence::State);
                verdicts.push(verdict.of(self.last_syn().packet));
            }
            _ if was_answered => self.asked(segment.mark),
            _ => {
                let verdict = Verdict::certain(What::SynInEstablished, Evidence::State);
                verdicts.push(verdict);
                self.doubt(segment, side);
                if let Some(story) = &mut self.story {
                    story.pending = Some(Box::new((segment.clone(), side)));
                }
                return Belief::Nothing;
            }
        }
        Belief::All
    }

    fn answer(
        &mut self,
        segment: &Segment,
        side: Side,
        again: bool,
        verdicts: &mut Verdicts,
    ) -> Belief {
        let (own, peer) = (&self.halves[side.index()], &self.halves[side.peer().index()]);
        let fits = peer.facts.has(Facts::SYN)
            && segment.ack.past(peer.start) > 0
            && segment.ack.past(peer.next) <= 0;
        let crossed = again && self.state == State::AskedByBoth;
        let is_first = own.packets == 1 && peer.packets == 0;
        if self.is_late(segment, side) {
            return self.begin_late(segment, side);
        }
        if self.state == State::Joined && is_first {
            self.state = State::Answered;
            self.answered(segment.mark);
            return Belief::All;
        }
        if crossed && fits {
            return self.answer_both(segment, side, verdicts);
        }
        let unreachable = self.state == State::Refused && side == Side::Server;
        if fits && !again && side == Side::Server && (self.state == State::Asked || unreachable) {
            offer::accept(peer, segment, verdicts);
            self.state = State::Answered;
            self.answered(segment.mark);
            self.forget_close();
            return Belief::All;
        }
        if again {
            if let Some(story) = &mut self.story {
                let retries = &mut story.opening.syn_ack_retries;
                *retries = retries.saturating_add(1);
                if self.state == State::Answered {
                    story.last_syn_ack = Some(segment.mark);
                }
            }
            return Belief::All;
        }
        let verdict = Verdict::certain(What::WrongSynAck, Evidence::Numbers);
        verdicts.push(verdict.of(self.last_syn().packet));
        if let Some(story) = &mut self.story {
            story.wrong = Some(segment.ack);
        }
        Belief::Nothing
    }

    /// The octets after this SYN were followed already: only what it says itself is new.
    fn begin_late(&mut self, segment: &Segment, side: Side) -> Belief {
        let own = &mut self.halves[side.index()];
        own.start = segment.seq;
        own.trail().pace.extent += 1;
        self.note_offer(segment, side);
        let of = if segment.has(Flags::ACK) { Side::Server } else { Side::Client };
        match of {
            Side::Client => self.asked(segment.mark),
            Side::Server => self.answered(segment.mark),
        }
        self.roles = Roles::Handshake;
        if side != of {
            self.flip();
        }
        Belief::Nothing
    }

    /// Where both opened at once, each answers with a SYN-ACK: no SYN is sent again by that.
    fn answer_both(&mut self, segment: &Segment, side: Side, verdicts: &mut Verdicts) -> Belief {
        let Some(story) = &mut self.story else { return Belief::All };
        match side {
            Side::Server if story.syn_ack.packet == 0 => story.syn_ack = segment.mark,
            Side::Client if story.ack.is_none() => story.ack = Some(segment.mark),
            // The same once more.
            _ => return Belief::All,
        }
        if story.syn_ack.packet != 0 && story.ack.is_some() {
            self.connect(verdicts);
        }
        Belief::Ack
    }

    fn connect(&mut self, verdicts: &mut Verdicts) {
        self.state = State::Established;
        let handshake = self.handshake();
        let what = What::Connected { rtt: handshake.rtt() };
        let verdict = Verdict::certain(what, Evidence::Handshake);
        verdicts.push(verdict.of(handshake.syn_ack.map_or(0, |mark| mark.packet)));
    }

    /// Follows a segment without SYN and RST: the handshake may be over by it.
    pub(super) fn go_on(
        &mut self,
        segment: &Segment,
        side: Side,
        verdicts: &mut Verdicts,
    ) -> Belief {
        if let Some(of) = self.is_challenge(segment, side) {
            let (evidence, confidence) = (Evidence::Numbers, Confidence::Likely);
            let what = What::ChallengeAck;
            verdicts.push(Verdict { what, evidence, confidence, of: Some(of) });
            return Belief::Nothing;
        }
        if !segment.has(Flags::ACK) || !self.state.is_half_open() {
            return Belief::All;
        }
        let peer = &self.halves[side.peer().index()];
        let fits = peer.facts.has(Facts::SYN)
            && segment.ack.past(peer.start) > 0
            && segment.ack.past(peer.next) <= 0;
        let Some(story) = &mut self.story else { return Belief::All };
        match (self.state, side) {
            (State::Answered, Side::Client) if fits => {
                story.ack = Some(segment.mark);
                self.connect(verdicts);
            }
            (State::AskedByBoth, Side::Client) if fits => {
                story.ack = story.ack.or(Some(segment.mark));
                if self.halves[0].facts.has(Facts::ACKED) {
                    self.connect(verdicts);
                }
            }
            (State::AskedByBoth, Side::Server)
                if fits && self.halves[1].facts.has(Facts::ACKED) =>
            {
                self.connect(verdicts);
            }
            // The capture missed the SYN-ACK.
            (State::Asked, Side::Client) => {
                story.ack = Some(segment.mark);
                self.state = State::Established;
            }
            (State::Asked, Side::Server) if fits => self.state = State::Established,
            (State::Asked, Side::Server) if segment.len == 0 => {
                story.wrong = Some(segment.ack);
                let (evidence, confidence) = (Evidence::State, Confidence::Likely);
                let verdict = Verdict { what: What::ChallengeAck, evidence, confidence, of: None };
                verdicts.push(verdict.of(self.last_syn().packet));
                return Belief::Nothing;
            }
            _ => {}
        }
        Belief::All
    }

    fn forget_close(&mut self) {
        if let Some(story) = &mut self.story {
            story.close = None;
        }
    }
}
