//! What did the server answer, as far as it has come?

use std::io::Write;

use memchr::memchr;

use super::body::Taking;
use super::chunks::{Chunked, Piece};
use super::head::{self, Asked};
use crate::timeline::http::{Body, Chunks, Excess, Framing, Problem, Request, Response};

/// How much is taken at most, in octets.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Of all heads of one answer, the interim ones too; of a trailer as much again.
    pub head: usize,
    /// Of a body, both as it comes and as it is handed on.
    pub body: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { head: 256 * 1024, body: 64 * 1024 * 1024 }
    }
}

/// What becomes of a `Content-Encoding`. Transfer codings are undone always.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Codings {
    Undone,
    /// As curl without `--compressed`: the body is handed on as it comes.
    Kept,
}

/// One answer, read as it comes.
///
/// It is fed with what each read gave, in pieces of any size, and tells what is known after it. How
/// the octets were cut into reads changes nothing of what is told in the end, except how much comes
/// out of a coding before its damage is seen.
#[derive(Debug)]
pub struct Exchange {
    asked: Asked,
    codings: Codings,
    limits: Limits,
    place: Place,
    /// Where the next octet stands in the stream.
    at: u64,
    /// Where the body begins.
    body_at: u64,
    /// Of all whole heads, in octets.
    heads: usize,
    taking: Taking,
    state: State,
}

#[derive(Debug)]
enum Place {
    /// With what is there of it, and where in that the line at hand begins.
    Head {
        octets: Vec<u8>,
        line: usize,
    },
    Length {
        left: u64,
        of: u64,
    },
    Chunked(Box<Chunked>),
    UntilClose,
    Over,
}

/// What feeding brought.
#[derive(Clone, Debug)]
pub struct Progress {
    /// How many octets belong to the answer. What is left over came behind its end, and nobody asked
    /// for it; after a problem it was not looked at.
    pub used: usize,
    /// What became complete, each with the place in the stream behind its last octet.
    pub facts: Vec<(u64, Fact)>,
    pub state: State,
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Fact {
    /// A 1xx answer; another follows.
    Interim(Box<Response>),
    /// The head of the answer itself.
    Head(Box<Response>),
}

/// Whether more is awaited.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum State {
    Awaits,
    /// The answer is whole, at [`Exchange::at`].
    Ended,
    Failed(Problem),
}

impl Exchange {
    /// The answer to a request, whose first octet will be the one at `at` in the stream of the connection.
    pub fn new(request: &Request, codings: Codings, limits: Limits, at: u64) -> Self {
        Self {
            asked: Asked::of(request),
            codings,
            limits,
            place: Place::head(),
            at,
            body_at: at,
            heads: 0,
            taking: Taking::nothing(),
            state: State::Awaits,
        }
    }

    /// Takes what one read gave; content is handed on to `sink`.
    pub fn feed(&mut self, octets: &[u8], sink: &mut dyn Write) -> Progress {
        let (mut used, mut facts) = (0, Vec::new());
        while used < octets.len() && self.state == State::Awaits {
            match self.step(&octets[used..], &mut facts, sink) {
                Ok(taken) => used += taken,
                Err(problem) => self.fail(problem),
            }
        }
        Progress { used, facts, state: self.state.clone() }
    }

    /// Hears that the stream is at its end: the peer has sent its FIN, and all before it was fed.
    pub fn ended_by_peer(&mut self) -> State {
        if self.state == State::Awaits {
            match self.missing() {
                Some(problem) => self.fail(problem),
                None => {
                    if let Err(problem) = self.end() {
                        self.fail(problem);
                    }
                }
            }
        }
        self.state.clone()
    }

    /// Nothing more will be fed, for a reason that is not the answer's: a reset, or a time that is over.
    /// What is missing is told as if the stream had ended; `None` if nothing is.
    pub fn give_up(&mut self) -> Option<Problem> {
        let problem = if self.state == State::Awaits { self.missing() } else { None };
        self.taking.close();
        problem
    }

    /// Where in the stream the next octet of the answer would stand; once it has ended, where it did.
    pub fn at(&self) -> u64 {
        self.at
    }

    /// What came of the body so far; its hash is there once nothing more is awaited.
    pub fn body(&self) -> &Body {
        &self.taking.body
    }

    pub fn state(&self) -> &State {
        &self.state
    }

    /// What is awaited, in words that go behind "waiting for".
    pub fn awaits(&self) -> String {
        match &self.place {
            Place::Head { octets, .. } if octets.is_empty() => {
                "the first octet of the answer".into()
            }
            Place::Head { .. } => "the rest of the head".into(),
            Place::Length { left, of } => format!("{left} of {of} octets of the body"),
            Place::Chunked(chunked) => chunked.awaits(),
            Place::UntilClose => "the end of the connection, which ends the body".into(),
            Place::Over => "nothing".into(),
        }
    }

    /// Takes the next piece, which is not empty; returns its length.
    fn step(
        &mut self,
        octets: &[u8],
        facts: &mut Vec<(u64, Fact)>,
        sink: &mut dyn Write,
    ) -> Result<usize, Problem> {
        let taken = match &mut self.place {
            Place::Head { .. } => return self.head(octets, facts),
            Place::Length { left, .. } => {
                let taken = (*left).min(octets.len() as u64);
                *left -= taken;
                let is_over = *left == 0;
                let taken = taken as usize;
                self.pass(taken);
                self.taking.take(&octets[..taken], sink)?;
                if is_over {
                    self.end()?;
                }
                taken
            }
            Place::Chunked(chunked) => {
                let chunks = self.taking.body.chunks.get_or_insert_default();
                let (taken, piece) = chunked.step(octets, self.at, self.limits.head, chunks)?;
                self.pass(taken);
                match piece {
                    Piece::Content => self.taking.take(&octets[..taken], sink)?,
                    Piece::Framing => {}
                    Piece::Over(trailers) => {
                        self.taking.body.trailers = trailers?;
                        self.end()?;
                    }
                }
                taken
            }
            Place::UntilClose => {
                self.pass(octets.len());
                self.taking.take(octets, sink)?;
                octets.len()
            }
            Place::Over => 0,
        };
        Ok(taken)
    }

    /// Notes that so many octets of the body's framing or content were taken.
    fn pass(&mut self, taken: usize) {
        self.at += taken as u64;
        self.taking.body.framed = self.at - self.body_at;
    }

    fn head(&mut self, octets: &[u8], facts: &mut Vec<(u64, Fact)>) -> Result<usize, Problem> {
        let Place::Head { octets: held, line } = &mut self.place else { return Ok(0) };
        let room = self.limits.head.saturating_sub(self.heads + held.len());
        let seen = &octets[..octets.len().min(room)];
        let end = memchr(b'\n', seen);
        let taken = end.map_or(seen.len(), |end| end + 1);
        held.extend_from_slice(&seen[..taken]);
        if *line == 0 && !held.iter().zip(BEGIN).all(|(octet, of)| octet == of) {
            /// So many octets are enough to see what it is.
            const FIRST: usize = 64;
            held.extend_from_slice(&octets[taken..octets.len().min(taken + FIRST)]);
            held.truncate(FIRST);
            let first = std::mem::take(held);
            let looks = head::looks(&first);
            return Err(Problem::NotHttp { first: first.into(), looks });
        }
        if end.is_none() {
            self.at += taken as u64;
            return if taken < octets.len() { Err(self.head_too_large()) } else { Ok(taken) };
        }
        self.at += taken as u64;
        let is_end = matches!(&held[*line..], b"\n" | b"\r\n");
        *line = held.len();
        if is_end {
            let whole = std::mem::take(held);
            self.heads += whole.len();
            self.read(&whole, facts)?;
        }
        Ok(taken)
    }

    fn head_too_large(&self) -> Problem {
        Problem::HeadTooLarge(self.limits.head as u64)
    }

    /// Reads a whole head, and gets ready for what is behind it.
    fn read(&mut self, octets: &[u8], facts: &mut Vec<(u64, Fact)>) -> Result<(), Problem> {
        let (response, transfer) = head::read(octets, self.asked)?;
        let framing = response.framing;
        if response.is_interim() {
            facts.push((self.at, Fact::Interim(Box::new(response))));
            self.place = Place::head();
            return Ok(());
        }
        self.body_at = self.at;
        self.place = match framing {
            Framing::None(_) | Framing::Length(0) => Place::Over,
            Framing::Length(of) => Place::Length { left: of, of },
            Framing::Chunked => Place::Chunked(Box::default()),
            Framing::UntilClose => Place::UntilClose,
        };
        let limit = self.limits.body;
        let taking = match self.place {
            Place::Over => Ok(Taking::nothing()),
            _ => Taking::new(&response, &transfer, self.codings, limit),
        };
        facts.push((self.at, Fact::Head(Box::new(response))));
        self.taking = taking?;
        match self.place {
            Place::Over => self.end(),
            Place::Length { of, .. } if of > limit => {
                Err(Problem::TooLarge { limit, what: Excess::Announced(of) })
            }
            Place::Chunked(_) => {
                self.taking.body.chunks = Some(Chunks::default());
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn end(&mut self) -> Result<(), Problem> {
        self.taking.body.is_complete = true;
        self.place = Place::Over;
        self.taking.finish()?;
        self.taking.close();
        self.state = State::Ended;
        Ok(())
    }

    fn fail(&mut self, problem: Problem) {
        self.taking.close();
        self.place = Place::Over;
        self.state = State::Failed(problem);
    }

    /// What is wrong if the stream ends here.
    fn missing(&mut self) -> Option<Problem> {
        match &mut self.place {
            Place::Head { octets, .. } if octets.is_empty() && self.heads == 0 => {
                Some(Problem::Empty)
            }
            Place::Head { octets, .. } => Some(Problem::HeadCut(octets.len() as u64)),
            Place::Length { left, of } => Some(Problem::Truncated { had: *of - *left, of: *of }),
            Place::Chunked(chunked) => {
                let chunks = self.taking.body.chunks.get_or_insert_default();
                Some(chunked.cut(self.taking.body.raw, chunks))
            }
            Place::UntilClose | Place::Over => None,
        }
    }
}

/// What every answer begins with that is read here.
const BEGIN: &[u8] = b"HTTP/1.";

impl Place {
    fn head() -> Self {
        Self::Head { octets: Vec::new(), line: 0 }
    }
}
