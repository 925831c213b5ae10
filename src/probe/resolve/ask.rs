//! What does one server say, and how is it made to say it?
//!
//! Over UDP, several questions at once from one socket; over TCP what was truncated; without EDNS
//! what was not understood. Of what arrives only that counts which comes from the server and
//! repeats the id and the question, letter by letter.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use nix::poll::PollFlags;
use ring::rand::{SecureRandom, SystemRandom};

use super::cache::Cache;
use super::lookup::{Answered, Asked, Event, Message, Mismatch, Origin, Question, Server};
use super::lookup::{Section, Then, Transport, Trouble};
use super::message::{self, Query, UDP_SIZE};
use super::socket::{Ready, Socket, Teller};
use crate::probe::now;
use crate::timeline::Timestamp;
use crate::wire::dns::type_name;

/// How a server is asked.
#[derive(Clone, Debug)]
pub(super) struct Ask<'a> {
    pub(super) server: &'a Server,
    /// RD: whether it shall find out for us.
    pub(super) desired: bool,
    pub(super) edns: bool,
    pub(super) trust: bool,
    pub(super) transport: Transport,
    pub(super) wait: Duration,
    /// How often it is asked this by now, counted from 1.
    pub(super) attempt: u8,
    /// Tells how long records live when they are fresh.
    pub(super) cache: &'a Cache,
}

pub(super) type Outcome = Result<Message, Trouble>;

/// Questions for one name, with all detours and repetitions.
pub(super) const QUESTIONS: usize = 60;

/// After so much that is no answer somebody tries to guess the id.
const IGNORED: usize = 64;

const FORMERR: u16 = 1;
const NOTIMP: u16 = 4;
const BADVERS: u16 = 16;

impl Ask<'_> {
    /// Puts the questions and waits for all answers; there is an outcome for each, in their order.
    /// A code that is not about the form of the question is an answer here.
    pub(super) fn ask(&self, questions: &[Question], teller: &mut Teller<'_>) -> Vec<Outcome> {
        if self.transport == Transport::Tcp {
            return questions.iter().map(|question| self.by_tcp(question, teller)).collect();
        }
        let mut outcomes = self.by_udp(questions, teller);
        if self.edns {
            let misunderstood = |outcome: &Outcome| {
                matches!(outcome, Ok(Message { rcode: FORMERR | NOTIMP | BADVERS, .. }))
            };
            let again: Vec<usize> =
                (0..outcomes.len()).filter(|at| misunderstood(&outcomes[*at])).collect();
            let questions: Vec<Question> = again.iter().map(|at| questions[*at].clone()).collect();
            for (at, question) in again.iter().zip(&questions) {
                if let Ok(Message { rcode, errors, .. }) = &outcomes[*at] {
                    let after = Trouble::Code { rcode: *rcode, errors: errors.clone() };
                    let question = question.clone();
                    teller.say(Event::Retried { question, after, then: Then::WithoutEdns });
                }
            }
            if !again.is_empty() {
                let plainly = Self { edns: false, ..self.clone() };
                for (at, outcome) in again.into_iter().zip(plainly.by_udp(&questions, teller)) {
                    outcomes[at] = outcome;
                }
            }
        }
        for (outcome, question) in outcomes.iter_mut().zip(questions) {
            if matches!(outcome, Ok(message) if message.truncated) {
                let (server, question) = (self.server.clone(), question.clone());
                let why = "the answer was truncated (TC=1)";
                teller.say(Event::OverTcp { server, question: question.clone(), why });
                *outcome = self.by_tcp(&question, teller);
            }
        }
        outcomes
    }

    fn by_udp(&self, questions: &[Question], teller: &mut Teller<'_>) -> Vec<Outcome> {
        let opened = Socket::udp(self.server.address, teller);
        let (socket, port) = match opened {
            Ok(opened) => opened,
            Err(trouble) => return questions.iter().map(|_| Err(trouble.clone())).collect(),
        };
        let mut round = Round { ask: self, socket, pending: Vec::new(), ignored: 0 };
        for question in questions {
            let mut pending = Pending { question, id: round.id(), outcome: None, asked: now() };
            let octets = self.write(question, pending.id);
            match round.socket.send_to(&octets, self.server.address, &words(question), teller) {
                Ok(()) => {
                    pending.asked = teller.began();
                    self.tell_asked(&pending, Transport::Udp, port, octets.len(), teller);
                }
                Err(trouble) => pending.outcome = Some(Err(trouble)),
            }
            round.pending.push(pending);
        }
        let outcomes = round.collect(teller);
        round.socket.close(teller);
        outcomes
    }

    fn by_tcp(&self, question: &Question, teller: &mut Teller<'_>) -> Outcome {
        let until = Instant::now() + self.wait;
        let (socket, port) = Socket::tcp(self.server.address, until, teller)
            .map_err(|trouble| self.timed(trouble))?;
        let outcome = self.over(&socket, port, question, until, teller);
        socket.close(teller);
        outcome.map_err(|trouble| self.timed(trouble))
    }

    fn over(
        &self,
        socket: &Socket,
        port: u16,
        question: &Question,
        until: Instant,
        teller: &mut Teller<'_>,
    ) -> Outcome {
        let id = random();
        let octets = self.write(question, id);
        let asked = now();
        // RFC 7766 §8: the length and the message in one segment.
        let framed = [&(octets.len() as u16).to_be_bytes()[..], &octets].concat();
        socket.write(&framed, &words(question), until, teller)?;
        let pending = Pending { question, id, outcome: None, asked };
        self.tell_asked(&pending, Transport::Tcp, port, octets.len(), teller);
        let mut length = [0; 2];
        socket.read(&mut length, until, teller)?;
        let mut answer = vec![0; u16::from_be_bytes(length).into()];
        socket.read(&mut answer, until, teller)?;
        match pending.matches(&answer) {
            Ok(message) => {
                self.tell_answered(&pending, Transport::Tcp, &message, teller);
                Ok(message)
            }
            Err(why) => {
                let (from, octets) = (self.server.address, answer.len());
                teller.brought(Event::Ignored { from, octets, why });
                Err(Trouble::Malformed)
            }
        }
    }

    fn timed(&self, trouble: Trouble) -> Trouble {
        match trouble {
            Trouble::Timeout { .. } => Trouble::Timeout { waited: self.wait, attempts: 1 },
            other => other,
        }
    }

    fn write(&self, question: &Question, id: u16) -> Vec<u8> {
        let (desired, edns, trust) = (self.desired, self.edns, self.trust);
        Query { id, question, desired, edns, trust }.write()
    }

    fn tell_asked(
        &self,
        pending: &Pending<'_>,
        transport: Transport,
        port: u16,
        octets: usize,
        teller: &mut Teller<'_>,
    ) {
        teller.asked += 1;
        teller.brought(Event::Asked(Asked {
            server: self.server.clone(),
            transport,
            question: pending.question.clone(),
            id: pending.id,
            desired: self.desired,
            edns: self.edns.then_some(UDP_SIZE),
            attempt: self.attempt,
            port,
            octets,
        }));
    }

    fn tell_answered(
        &self,
        pending: &Pending<'_>,
        transport: Transport,
        message: &Message,
        teller: &mut Teller<'_>,
    ) {
        teller.brought(Event::Answered(Box::new(Answered {
            server: self.server.clone(),
            transport,
            asked: pending.asked,
            origin: self.origin(message),
            message: message.clone(),
        })));
    }

    fn origin(&self, message: &Message) -> Origin {
        let answers = message.records.iter().filter(|record| record.section == Section::Answer);
        let mut aged = answers.filter_map(|record| {
            let question = Question { name: record.owner.clone(), kind: record.kind };
            let whole = self.cache.whole(&question)?;
            (record.ttl < whole).then_some(Origin::Cache { whole, left: record.ttl })
        });
        match (message.authoritative, aged.next()) {
            (true, _) => Origin::Authority,
            (false, Some(aged)) => aged,
            (false, None) if message.available => Origin::Relayed,
            (false, None) => Origin::Neither,
        }
    }
}

/// A question under way.
struct Pending<'q> {
    question: &'q Question,
    id: u16,
    asked: Timestamp,
    outcome: Option<Outcome>,
}

impl Pending<'_> {
    fn matches(&self, octets: &[u8]) -> Result<Message, Mismatch> {
        let message = message::read(octets)?;
        if message.id != self.id {
            return Err(Mismatch::Id(message.id));
        }
        let same = match &message.question {
            Some(question) => {
                question.name.is_exactly(&self.question.name) && question.kind == self.question.kind
            }
            // Who did not understand the question need not repeat it.
            None => matches!(message.rcode, FORMERR | NOTIMP),
        };
        if same { Ok(message) } else { Err(Mismatch::Question(message.question)) }
    }
}

/// Several questions to one server, from one socket.
struct Round<'a> {
    ask: &'a Ask<'a>,
    socket: Socket,
    pending: Vec<Pending<'a>>,
    ignored: usize,
}

impl Round<'_> {
    /// A random id that no other question of the round has.
    fn id(&self) -> u16 {
        loop {
            let id = random();
            if self.pending.iter().all(|pending| pending.id != id) {
                return id;
            }
        }
    }

    fn collect(&mut self, teller: &mut Teller<'_>) -> Vec<Outcome> {
        let began = Instant::now();
        let until = began + self.ask.wait;
        let mut octets = vec![0; usize::from(u16::MAX)];
        while self.pending.iter().any(|pending| pending.outcome.is_none()) {
            let arrived = match self.socket.wait(PollFlags::POLLIN, until, teller) {
                Ok(Ready::No) => break,
                Ok(Ready::Error) => {
                    // Without an entry in the queue, reading takes the error away.
                    if let Some(trouble) = self.socket.error(teller) {
                        self.fail(&trouble);
                        continue;
                    }
                    self.socket.receive_from(&mut octets, teller)
                }
                Ok(Ready::Yes) => self.socket.receive_from(&mut octets, teller),
                Err(trouble) => Err(trouble),
            };
            match arrived {
                Ok(Some((count, from))) => {
                    self.take(octets.get(..count).unwrap_or_default(), from, teller);
                }
                Ok(None) if Instant::now() >= until => break,
                Ok(None) => {}
                Err(trouble) => {
                    let told = self.socket.error(teller).unwrap_or(trouble);
                    self.fail(&told);
                }
            }
            if self.ignored >= IGNORED {
                self.fail(&Trouble::Flooded);
            }
        }
        let late = Trouble::Timeout { waited: began.elapsed().min(self.ask.wait), attempts: 1 };
        self.fail(&late);
        self.pending.iter_mut().filter_map(|pending| pending.outcome.take()).collect()
    }

    /// Gives up what has no answer yet.
    fn fail(&mut self, trouble: &Trouble) {
        for pending in &mut self.pending {
            pending.outcome.get_or_insert_with(|| Err(trouble.clone()));
        }
    }

    fn take(&mut self, octets: &[u8], from: SocketAddr, teller: &mut Teller<'_>) {
        let server = self.ask.server.address;
        let mut why = Mismatch::Sender;
        if from.ip() == server.ip() && from.port() == server.port() {
            for pending in self.pending.iter_mut().filter(|pending| pending.outcome.is_none()) {
                match pending.matches(octets) {
                    Ok(message) => {
                        self.ask.tell_answered(pending, Transport::Udp, &message, teller);
                        pending.outcome = Some(Ok(message));
                        return;
                    }
                    // Of several reasons the one against the question it means is told.
                    Err(Mismatch::Id(_)) if why != Mismatch::Sender => {}
                    Err(reason) => why = reason,
                }
            }
        }
        self.ignored += 1;
        teller.brought(Event::Ignored { from, octets: octets.len(), why });
    }
}

fn random() -> u16 {
    let mut octets = [0; 2];
    // The kernel's generator does not fail once it runs; a fixed id would be guessed.
    SystemRandom::new().fill(&mut octets).expect("the kernel's random numbers");
    u16::from_be_bytes(octets)
}

fn words(question: &Question) -> String {
    match type_name(question.kind) {
        Some(kind) => format!("{kind} {}?", question.name),
        None => format!("TYPE{} {}?", question.kind, question.name),
    }
}
