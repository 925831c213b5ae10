//! Which response answers which request? (RFC 9112 §9.3.2: in the order asked)
//!
//! Where a gap may have held messages, the next response is taken to answer the request sent last; what
//! lies between was missed.

mod chunks;
mod reader;

use std::collections::VecDeque;

use super::talk::Parties;
use super::{Exchange, Outcome, Told, Topic, of};
use crate::flow::stream::{Part, Run};
use crate::flow::{Mark, Side};
use crate::wire::http::{Ending, Way};
use reader::{Event, Reader, Said};

/// The requests of a connection that wait for their responses; the oldest is given up.
const TURNS: usize = 256;

/// A request and its response. What is not known is `None`.
#[derive(Clone, Debug, Default)]
pub struct Http {
    /// Of the request; of a response without one, its own.
    pub version: Box<[u8]>,
    pub method: Option<Box<[u8]>>,
    pub target: Option<Box<[u8]>>,
    pub host: Option<Box<[u8]>>,
    pub status: Option<u16>,
    pub reason: Option<Box<[u8]>>,
    /// Octets of the head, the empty line included.
    pub request_head: Option<u64>,
    /// Octets of the content, without those of the transfer coding.
    pub request_body: Option<u64>,
    pub response_head: Option<u64>,
    pub response_body: Option<u64>,
    pub content_type: Option<Box<[u8]>>,
    pub content_encoding: Option<Box<[u8]>>,
    /// How the end of the response is found.
    pub framing: Option<Framing>,
    /// Whether both want to go on with the connection (RFC 9112 §9.3).
    pub keep_alive: Option<bool>,
    /// Responses before the final one (RFC 9110 §15.2).
    pub interim: u32,
    /// The heads as they were sent, where they were asked for.
    pub request_lines: Option<Box<[u8]>>,
    pub response_lines: Option<Box<[u8]>>,
    /// The packet that ended the request.
    pub request_end: Option<Mark>,
    /// The packet that began the response.
    pub response_begin: Option<Mark>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Framing {
    Nothing,
    Length,
    Chunked,
    Close,
    /// Another protocol goes on (RFC 9110 §7.8, §9.3.6).
    Upgrade,
}

/// What two ends say to one another in HTTP/1.x.
#[derive(Debug)]
pub(super) struct Conversation {
    parties: Parties,
    readers: [Reader; 2],
    /// Requests without a response yet, in the order asked.
    turns: VecDeque<Turn>,
    /// The one whose response is being read.
    answering: Option<Turn>,
    state: State,
}

/// How far the conversation has come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    /// No whole head was read yet.
    Unproven,
    Spoken,
    Tunnel,
    Upgraded,
}

#[derive(Debug)]
struct Turn {
    exchange: Exchange,
    http: Box<Http>,
    /// The last packet of the request so far.
    asked: Option<Mark>,
}

/// What a turn takes beside its texts.
const TURN: usize = 600;

impl Turn {
    /// About how many octets it takes.
    fn weight(&self) -> usize {
        let http = &self.http;
        let texts = [&http.target, &http.host, &http.method, &http.request_lines];
        TURN + texts.into_iter().flatten().map(|text| text.len()).sum::<usize>()
    }

    fn whole(mut self) -> Exchange {
        self.exchange.topic = Topic::Http(self.http);
        self.exchange
    }
}

impl Conversation {
    pub(super) fn new(parties: Parties) -> Self {
        let (readers, turns) = <_>::default();
        Self { parties, readers, turns, answering: None, state: State::Unproven }
    }

    /// Whether the connection may go on with something else.
    pub(super) fn leaves_room(&self) -> bool {
        matches!(self.state, State::Unproven | State::Tunnel)
    }

    /// About how many octets it keeps.
    pub(super) fn weight(&self) -> usize {
        let heads: usize = self.readers.iter().map(Reader::held).sum();
        heads + self.turns.iter().chain(&self.answering).map(Turn::weight).sum::<usize>()
    }

    /// Takes what one side said; says whether the conversation goes on.
    pub(super) fn hear(&mut self, run: Run<'_>, side: Side, told: &mut Told) -> bool {
        let now = run.ready;
        match run.part {
            Part::Octets(octets) => self.read(octets, side, [run.mark, now], told),
            Part::Gap(gap) => match of(side, &mut self.readers).skip(gap) {
                Event::Content(content) => self.content(content, side, None, told),
                Event::Head(said, begun) => {
                    self.head(*said, side, [begun, begun], told);
                    of(side, &mut self.readers).lose_place();
                }
                Event::Nothing | Event::End => {}
            },
            Part::End => {
                if of(side, &mut self.readers).closes() {
                    self.finish(side, Some(now), told);
                }
            }
        }
        match self.state {
            State::Unproven => !of(side, &mut self.readers).is_lost(),
            State::Spoken => true,
            State::Tunnel | State::Upgraded => false,
        }
    }

    fn read(&mut self, octets: &[u8], side: Side, [brought, now]: [Mark; 2], told: &mut Told) {
        let mut left = octets;
        of(side, &mut self.readers).look_anew(left);
        while !left.is_empty() && !matches!(self.state, State::Tunnel | State::Upgraded) {
            let (used, event) = of(side, &mut self.readers).step(left, brought);
            left = &left[used..];
            match event {
                Event::Nothing => {}
                Event::Head(said, begun) => self.head(*said, side, [begun, now], told),
                Event::Content(content) => self.content(content, side, Some(now), told),
                Event::End => self.finish(side, Some(now), told),
            }
        }
    }

    fn head(&mut self, said: Said, side: Side, [begun, now]: [Mark; 2], told: &mut Told) {
        if self.state == State::Unproven {
            self.state = State::Spoken;
        }
        let way = said.way;
        of(side, &mut self.readers).way = Some(way);
        let ending = match way {
            Way::Request => Some(self.request(said, side, [begun, now], told)),
            Way::Response => self.response(said, side, begun, told),
        };
        if let Some(turn) = &mut self.answering {
            turn.exchange.wanted.or(told.wanted);
        }
        // An interim response ends nothing.
        let Some(ending) = ending else { return of(side, &mut self.readers).expect(Ending::Head) };
        of(side, &mut self.readers).expect(ending);
        if matches!(ending, Ending::Head | Ending::Length(0)) {
            self.finish(side, Some(now), told);
        }
    }

    fn request(
        &mut self,
        said: Said,
        side: Side,
        [begun, now]: [Mark; 2],
        told: &mut Told,
    ) -> Ending {
        let http = Box::new(Http {
            version: said.version,
            method: Some(said.method),
            target: said.target,
            host: said.host,
            request_head: said.len,
            request_body: said.len.map(|_| 0),
            keep_alive: said.len.map(|_| said.goes_on),
            request_lines: told.lines(said.lines),
            ..Http::default()
        });
        let exchange = self.exchange(side, told);
        let exchange = Exchange { question: Some(begun), ..exchange };
        of(side, &mut self.readers).exchange = exchange.id;
        if self.turns.len() >= TURNS
            && let Some(turn) = self.turns.pop_front()
        {
            told.unanswered(turn.whole(), Outcome::Dropped);
        }
        self.turns.push_back(Turn { exchange, http, asked: Some(now) });
        said.ending
    }

    /// `None` when it is not the last word.
    fn response(&mut self, said: Said, side: Side, begun: Mark, told: &mut Told) -> Option<Ending> {
        if matches!(said.status, Some(100 | 102..=199)) {
            if let Some(turn) = self.turns.front_mut() {
                turn.http.interim += 1;
            }
            return None;
        }
        if let Some(turn) = self.answering.take() {
            told.unanswered(turn.whole(), Outcome::Begun);
        }
        let reader = of(side, &mut self.readers);
        if std::mem::take(&mut reader.has_missed) {
            while self.turns.len() > 1
                && let Some(turn) = self.turns.pop_front()
            {
                told.unanswered(turn.whole(), Outcome::Missed);
            }
        }
        let mut turn = self.turns.pop_front().unwrap_or_else(|| {
            let http = Box::new(Http { version: said.version, ..Http::default() });
            Turn { exchange: self.exchange(side.peer(), told), http, asked: None }
        });
        let http = &mut turn.http;
        let method = http.method.as_deref();
        let ending = match (method, said.status) {
            // RFC 9112 §6.3, rules 1 and 2.
            (Some(b"HEAD"), _) => Ending::Head,
            (Some(b"CONNECT"), Some(200..=299)) => {
                self.state = State::Tunnel;
                Ending::Head
            }
            (_, Some(101)) => {
                self.state = State::Upgraded;
                Ending::Head
            }
            _ => said.ending,
        };
        http.framing = match ending {
            _ if self.state != State::Spoken => Some(Framing::Upgrade),
            _ if said.len.is_none() => None,
            Ending::Head => Some(Framing::Nothing),
            Ending::Length(_) => Some(Framing::Length),
            Ending::Chunked => Some(Framing::Chunked),
            Ending::Close => Some(Framing::Close),
        };
        (http.status, http.reason) = (said.status, Some(said.reason));
        (http.response_head, http.response_body) = (said.len, said.len.map(|_| 0));
        (http.content_type, http.content_encoding) = (said.content_type, said.content_encoding);
        let goes_on = said.goes_on && ending != Ending::Close;
        // Of a request that is not known it is taken to be willing.
        let willing = http.keep_alive.unwrap_or(true) && goes_on;
        http.keep_alive = said.len.map(|_| willing);
        http.response_lines = told.lines(said.lines);
        http.response_begin = Some(begun);
        self.answering = Some(turn);
        Some(ending)
    }

    /// Takes in some of a body, and what brought it if it was seen.
    fn content(&mut self, content: u64, side: Side, now: Option<Mark>, told: &mut Told) {
        let reader = of(side, &mut self.readers);
        let ends = reader.ends();
        match reader.way {
            Some(Way::Request) => {
                let id = reader.exchange;
                if let Some(turn) = self.turn(id) {
                    turn.asked = now.or(turn.asked);
                    turn.http.request_body = turn.http.request_body.map(|all| all + content);
                }
            }
            Some(Way::Response) => {
                if let Some(turn) = &mut self.answering {
                    turn.http.response_body = turn.http.response_body.map(|all| all + content);
                }
            }
            None => {}
        }
        if ends {
            self.finish(side, now, told);
        }
    }

    /// Hears that the message at hand is over, and what ended it if that was seen.
    fn finish(&mut self, side: Side, now: Option<Mark>, told: &mut Told) {
        let reader = of(side, &mut self.readers);
        let id = reader.exchange;
        match reader.way.take() {
            Some(Way::Request) => {
                if let Some(turn) = self.turn(id) {
                    (turn.asked, turn.http.request_end) = (now.or(turn.asked), now);
                }
            }
            Some(Way::Response) => {
                let Some(mut turn) = self.answering.take() else { return };
                let Some(now) = now else { return told.unanswered(turn.whole(), Outcome::Begun) };
                turn.exchange.latency = turn.asked.map(|asked| now.time.since(asked.time));
                told.answered(turn.whole(), now);
            }
            None => {}
        }
    }

    /// The request that began this exchange, unless it is answered already.
    fn turn(&mut self, id: u64) -> Option<&mut Turn> {
        let waiting = self.turns.iter_mut().rev().chain(&mut self.answering);
        waiting.into_iter().find(|turn| turn.exchange.id == id)
    }

    fn exchange(&self, asker: Side, told: &mut Told) -> Exchange {
        let parties = self.parties;
        let [asker, asked] = match asker {
            Side::Client => [parties.client, parties.server],
            Side::Server => [parties.server, parties.client],
        };
        let topic = Topic::Http(Box::default());
        Exchange { connection: Some(parties.connection), ..told.begin(asker, asked, topic) }
    }

    /// Hears that the connection is over.
    pub(super) fn end(self, told: &mut Told) {
        if let Some(turn) = self.answering {
            told.unanswered(turn.whole(), Outcome::Begun);
        }
        let missed = self.readers.iter().any(|reader| reader.has_missed);
        let outcome = if missed { Outcome::Missed } else { Outcome::Unanswered };
        for turn in self.turns {
            told.unanswered(turn.whole(), outcome);
        }
    }
}
