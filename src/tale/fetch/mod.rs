//! Why did a fetch take so long, or why did it fail?
//!
//! An [`Account`] is told what a report is told, and can in the end give for each transfer the spans that tile
//! its time, the party that spent what need not have been spent, and the fault where there is one. A span's
//! edges are packets where packets were seen, the kernel's stamps where not, and calls where there is nothing
//! better; what only follows from other numbers is called inferred.

use std::cmp::Reverse;
use std::mem::take;
use std::ops::Range;
use std::time::Duration;

mod account;
mod aside;
mod counted;
pub mod course;
pub mod fault;
mod join;
pub mod kind;
mod leg;
pub mod phase;
mod proof;
mod socket;
pub mod state;
mod talk;
pub mod tile;
mod tiles;
pub mod verdict;

use crate::timeline::Timestamp;
use crate::timeline::fetch::{Timing, Transfer};

pub use account::Account;
use aside::Aside;
pub use aside::Refused;
use course::{Course, Witness};
pub use fault::Fault;
pub use kind::Kind;
use phase::Edge;
pub use phase::{Basis, Phase, Span};
pub use tiles::sums;
pub use verdict::{Culprit, Verdict};

/// What there is to say of a fetch in the end.
#[derive(Clone, Debug)]
pub struct Tale {
    /// In the order of their numbers.
    pub told: Vec<Told>,
    /// Each URL that was asked for, as often as it was, with all that it led to.
    pub rounds: Vec<Whole>,
}

/// The time from the beginning of the first transfer for a URL that was asked for to the end of the last.
#[derive(Clone, Debug)]
pub struct Whole {
    /// Which of the transfers belong to it, as they stand in [`Tale::told`].
    pub told: Range<usize>,
    pub began: Timestamp,
    pub ended: Timestamp,
    /// They tile it: at any time those of the transfer whose end was waited for.
    pub spans: Vec<Span>,
    pub verdict: Verdict,
}

/// What there is to say of one transfer.
#[derive(Clone, Debug)]
pub struct Told {
    /// Its number in the steps.
    pub number: u32,
    pub transfer: Transfer,
    /// Its socket's number in the calls; 0 when it has none.
    pub socket: u32,
    /// The conversation's number, where packets were seen.
    pub connection: Option<u32>,
    /// On a connection that was open already.
    pub is_reused: bool,
    pub began: Timestamp,
    pub ended: Timestamp,
    /// They tile the time from the beginning to the end.
    pub spans: Vec<Span>,
    /// From the first FIN to the last packet, after the transfer: no part of its time.
    pub close: Option<(Edge, Edge)>,
    /// When curl's phases ended on the wire; without packets there are none.
    pub wire: Timing,
    pub witness: Witness,
    /// Octets of the answer that came, and that our own capture lost.
    pub unseen: u64,
    /// The shortest round trip known.
    pub round_trip: Option<Duration>,
    pub verdict: Verdict,
    pub fault: Option<Fault>,
}

impl Told {
    /// How much each phase took.
    pub fn phases(&self) -> Vec<(Phase, Duration)> {
        sums(&self.spans)
    }

    /// How long it took; the sum of its phases.
    pub fn total(&self) -> Duration {
        self.ended.since(self.began)
    }

    /// Edges of its spans that are packets, each once.
    pub fn packets(&self) -> Vec<u64> {
        let edges = self.spans.iter().flat_map(|span| [span.from.packet, span.to.packet]);
        let mut packets: Vec<u64> = edges.flatten().collect();
        packets.sort_unstable();
        packets.dedup();
        packets
    }
}

impl Account {
    /// What there is to say by now; of transfers that have not ended, nothing.
    pub fn tale(&self) -> Tale {
        let (mut told, mut rounds) = (self.settled.clone(), self.rounds.clone());
        self.round(&mut told, &mut rounds);
        Tale { told, rounds }
    }

    /// What came of the rounds that are over.
    pub fn settled(&self) -> (&[Told], &[Whole]) {
        (&self.settled, &self.rounds)
    }

    /// Takes down what came of a round, and forgets how: the next one may use the same ports.
    pub(super) fn settle(&mut self) {
        let (mut told, mut rounds) = (take(&mut self.settled), take(&mut self.rounds));
        self.round(&mut told, &mut rounds);
        (self.settled, self.rounds) = (told, rounds);
        self.legs.clear();
        self.sockets.clear();
        self.talks.clear();
        self.aside = Aside::default();
        self.neighbours.clear();
    }

    fn round(&self, told: &mut Vec<Told>, rounds: &mut Vec<Whole>) {
        let from = told.len();
        let round: Vec<(Told, Course)> =
            self.legs.iter().filter_map(|(number, leg)| self.told(*number, leg)).collect();
        rounds.extend(whole(&round, from));
        told.extend(round.into_iter().map(|(told, _)| told));
    }

    fn told(&self, number: u32, leg: &leg::Leg) -> Option<(Told, Course)> {
        let transfer = self.transfer(leg)?;
        let course = self.course(leg)?;
        let spans = tile::spans(&course);
        let verdict = verdict::judge(&spans, |phase, took| verdict::floor(&course, phase, took));
        let socket = self.sockets.get(&leg.socket);
        let talk = socket.and_then(|socket| self.talk(socket));
        let told = Told {
            number,
            fault: fault::of(&transfer, &self.proof(leg)),
            transfer,
            socket: leg.socket,
            connection: talk.map(|talk| talk.connection),
            is_reused: leg.reused.is_some(),
            began: course.began,
            ended: course.ended,
            spans,
            close: self.close(leg),
            wire: wire(&course, leg.reused.is_some()),
            witness: course.witness,
            unseen: course.unseen,
            round_trip: course.shortest,
            verdict,
        };
        Some((told, course))
    }
}

/// When curl's phases ended, by packets.
fn wire(course: &Course, is_reused: bool) -> Timing {
    let since = |edge: Edge| edge.packet.map(|_| edge.time.since(course.began));
    let answers = course.questions.iter().filter_map(|question| question.answered);
    let connected = course.attempts.iter().find(|attempt| attempt.connected && !is_reused);
    let last = course.answer.last().map(|arrived| arrived.edge);
    Timing {
        begin: Duration::ZERO,
        queue: Duration::ZERO,
        name_lookup: answers.filter_map(since).max(),
        connect: connected.and_then(|attempt| attempt.answer).and_then(since),
        app_connect: course.secured.and(course.flights.last()).and_then(|last| since(last.edge)),
        pre_transfer: course.request.first().and_then(|sent| since(sent.edge)),
        post_transfer: course.request.last().and_then(|sent| since(sent.edge)),
        start_transfer: course.answer.first().and_then(|arrived| since(arrived.edge)),
        total: last.and_then(since).unwrap_or_default(),
    }
}

/// The spans of those whose end was waited for, from the last end backwards.
fn whole(told: &[(Told, Course)], from: usize) -> Option<Whole> {
    let began = told.iter().map(|(told, _)| told.began).min()?;
    let ended = told.iter().map(|(told, _)| told.ended).max()?;
    let mut tiles = tiles::Tiles::new(began, ended, Phase::Local);
    let mut until = ended;
    let mut chain: Vec<&Course> = Vec::new();
    while until > began {
        // Of those that had begun by then: the one that ended last, and the longest of them.
        let active = told.iter().filter(|(told, _)| told.began < until);
        let last = active.max_by_key(|(told, _)| (told.ended.min(until), Reverse(told.began)));
        let Some((last, course)) = last else { break };
        let clipped = last.spans.iter().filter(|span| span.from.time < until).map(|span| {
            let to = if span.to.time > until { Edge::at(until) } else { span.to };
            Span { to, ..*span }
        });
        tiles.lay_row(&clipped.collect::<Vec<_>>());
        chain.push(course);
        until = last.began;
    }
    let spans = tiles.end();
    let verdict = verdict::judge(&spans, |phase, took| {
        let floors = chain.iter().map(|course| verdict::floor(course, phase, took));
        floors.fold(Duration::ZERO, Duration::saturating_add).min(took)
    });
    Some(Whole { told: from..from + told.len(), began, ended, spans, verdict })
}
