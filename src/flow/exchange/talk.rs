//! What do two ends of a connection talk about?
//!
//! Recognised by content: the first octets of either side that begin as a TLS handshake, as an HTTP
//! message or, where a port says so, as DNS. A side that begins in the middle of something is looked at
//! anew with every run of octets.

use super::dns::Messages;
use super::http::Conversation;
use super::tls::Handshake;
use super::{Outcome, Told, Who, of};
use crate::flow::stream::{Both, Part, Room, Run};
use crate::flow::tcp::Connection;
use crate::flow::{Mark, Side};
use crate::wire::http::Beginning;
use crate::wire::tcp::Tcp;

/// Octets of both sides after which nobody listens any more, if nothing was recognised.
const PATIENCE: u64 = 4 << 20;

/// One connection's two streams, and what is made of them.
#[derive(Debug)]
pub(super) struct Talk {
    both: Both,
    speech: Speech,
    /// What they talk about within TLS, where that was opened.
    within: Option<Box<Speech>>,
}

/// What was recognised.
#[derive(Debug)]
struct Speech {
    parties: Parties,
    tongue: Tongue,
    heard: u64,
    /// What each side said that is too short to be recognised.
    held: [Held; 2],
}

#[derive(Debug, Default)]
struct Held {
    octets: Vec<u8>,
    mark: Mark,
}

/// So many octets tell whether a TLS handshake begins with them.
const ENOUGH: usize = 6;

/// Who talks, as exchanges tell it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parties {
    pub connection: u32,
    pub client: Who,
    pub server: Who,
    /// Whether a port is one where DNS is spoken.
    dns: bool,
}

#[derive(Debug)]
enum Tongue {
    Unknown,
    Dns(Box<Messages>),
    Http(Box<Conversation>),
    Tls(Box<Handshake>),
    /// Nothing more is to be learned.
    Deaf,
}

impl Talk {
    /// About how many octets of unfinished messages it keeps.
    pub(super) fn weight(&self) -> usize {
        self.speech.weight() + self.within.as_ref().map_or(0, |within| within.weight())
    }

    /// Gives up what waits here, because there is no room for it.
    pub(super) fn give_up(&mut self, room: &mut Room, told: &mut Told) {
        let now = told.latest;
        self.both.end(now, room, &mut |_, _| ());
        let parties = self.speech.parties;
        let speech = std::mem::replace(&mut self.speech, Speech::new(parties));
        self.speech.tongue = Tongue::Deaf;
        let before = told.exchanges.len();
        speech.end(told);
        if let Some(within) = self.within.take() {
            within.end(told);
        }
        for exchange in &mut told.exchanges[before..] {
            exchange.outcome = Outcome::Dropped;
        }
    }

    pub(super) fn new(connection: &Connection) -> Self {
        let [client, server] = [Side::Client, Side::Server].map(|side| connection.end(side));
        let parties = Parties {
            connection: connection.id(),
            client: Who::At(client.address(), Some(client.port)),
            server: Who::At(server.address(), Some(server.port)),
            dns: [client.port, server.port].iter().any(|port| matches!(port, 53 | 5355)),
        };
        Self { both: Both::of(connection), speech: Speech::new(parties), within: None }
    }

    pub(super) fn hear(
        &mut self,
        tcp: Tcp<'_>,
        side: Side,
        now: Mark,
        room: &mut Room,
        told: &mut Told,
    ) {
        if matches!(self.speech.tongue, Tongue::Deaf) {
            return;
        }
        let speech = &mut self.speech;
        self.both.take(tcp, side, now, room, &mut |run, by| speech.hear(run, by, told));
        if matches!(self.speech.tongue, Tongue::Deaf) {
            self.both.end(now, room, &mut |_, _| ());
        }
    }

    /// Hears what was opened of TLS in a packet.
    pub(super) fn hear_unsealed(&mut self, octets: &[u8], side: Side, now: Mark, told: &mut Told) {
        if octets.is_empty() {
            return;
        }
        let parties = self.speech.parties;
        let within = self.within.get_or_insert_with(|| Box::new(Speech::new(parties)));
        let run = Run { offset: 0, mark: now, ready: now, part: Part::Octets(octets) };
        within.hear(run, side, told);
    }

    /// Hears that nothing more will come.
    pub(super) fn end(mut self, room: &mut Room, told: &mut Told) {
        let now = told.latest;
        let speech = &mut self.speech;
        self.both.end(now, room, &mut |run, by| speech.hear(run, by, told));
        self.speech.end(told);
        if let Some(within) = self.within {
            within.end(told);
        }
    }
}

impl Speech {
    fn new(parties: Parties) -> Self {
        Self { parties, tongue: Tongue::Unknown, heard: 0, held: <_>::default() }
    }

    fn weight(&self) -> usize {
        match &self.tongue {
            Tongue::Dns(messages) => messages.weight(),
            Tongue::Http(conversation) => conversation.weight(),
            Tongue::Tls(handshake) => handshake.weight(),
            Tongue::Unknown | Tongue::Deaf => 0,
        }
    }

    fn end(self, told: &mut Told) {
        match self.tongue {
            Tongue::Dns(messages) => messages.end(told),
            Tongue::Http(conversation) => conversation.end(told),
            Tongue::Tls(handshake) => handshake.end(told),
            Tongue::Unknown | Tongue::Deaf => {}
        }
    }

    fn hear(&mut self, run: Run<'_>, side: Side, told: &mut Told) {
        if let (Tongue::Unknown, Part::Octets(octets)) = (&self.tongue, run.part) {
            self.heard += octets.len() as u64;
            let held = of(side, &mut self.held);
            if held.octets.is_empty() && octets.len() >= ENOUGH {
                self.tongue = self.recognise(octets);
            } else {
                if held.octets.is_empty() {
                    held.mark = run.mark;
                }
                held.octets.extend_from_slice(octets);
                if held.octets.len() < ENOUGH {
                    return;
                }
                let Held { octets: both, mark } = std::mem::take(held);
                self.tongue = self.recognise(&both);
                if !matches!(self.tongue, Tongue::Unknown) {
                    return self.go_on(Run { mark, part: Part::Octets(&both), ..run }, side, told);
                }
                // A keep-alive's octet may have come before.
                self.tongue = self.recognise(octets);
            }
        }
        if let Part::Gap(_) = run.part {
            of(side, &mut self.held).octets.clear();
        }
        self.go_on(run, side, told);
    }

    fn go_on(&mut self, run: Run<'_>, side: Side, told: &mut Told) {
        if !matches!(self.tongue, Tongue::Unknown) {
            let Held { octets, mark } = std::mem::take(of(side.peer(), &mut self.held));
            if !octets.is_empty() {
                let part = Part::Octets(&octets);
                self.go_on(Run { offset: 0, mark, ready: mark, part }, side.peer(), told);
            }
        }
        let goes_on = match &mut self.tongue {
            Tongue::Unknown => self.heard < PATIENCE,
            Tongue::Deaf => false,
            Tongue::Dns(messages) => messages.hear(run, side, told),
            Tongue::Http(conversation) => conversation.hear(run, side, told),
            Tongue::Tls(handshake) => handshake.hear(run, side, told),
        };
        if !goes_on {
            self.tongue = match std::mem::replace(&mut self.tongue, Tongue::Deaf) {
                // RFC 9110 §9.3.6: what goes through a tunnel is another talk.
                Tongue::Http(conversation) if conversation.leaves_room() => {
                    conversation.end(told);
                    Tongue::Unknown
                }
                _ => Tongue::Deaf,
            };
        }
    }

    fn recognise(&self, octets: &[u8]) -> Tongue {
        let parties = self.parties;
        if Handshake::may_begin(octets) {
            Tongue::Tls(Box::new(Handshake::new(parties)))
        } else if parties.dns {
            Tongue::Dns(Box::new(Messages::new(parties)))
        } else if matches!(Beginning::read(octets), Beginning::Partial | Beginning::Head(_)) {
            Tongue::Http(Box::new(Conversation::new(parties)))
        } else {
            Tongue::Unknown
        }
    }
}
