//! What is one thing that is told, and where does it belong?

use std::net::SocketAddr;
use std::ops::{Range, RangeInclusive};

use crate::flow::Side;
use crate::timeline::Timestamp;

/// One thing that is told: a line or several.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) at: Timestamp,
    pub(super) place: Place,
    /// The levels that it is told at.
    pub(super) levels: RangeInclusive<u8>,
    pub(super) kind: Kind,
    /// The call that brought it, told where calls are.
    pub(super) call: String,
    pub(super) text: String,
    /// What stands behind what the proof adds.
    pub(super) tail: String,
    /// Why, or what it leads to: the last of the three columns.
    pub(super) reason: String,
    /// What belongs to it, each on a line of its own, from a level on.
    pub(super) more: Vec<(u8, String)>,
    pub(super) proof: Proof,
    /// The client's and the server's end, where only these tell the socket.
    pub(super) ends: Option<[SocketAddr; 2]>,
    /// Lines of its own that are as wide as they are, already inked.
    pub(super) dump: Vec<u8>,
}

/// How a thing is told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// What its part of the story begins with; a second one of the same part is a fact.
    Head,
    Call,
    /// A packet of ours, by its number; the second is the last of several.
    Packet(u64, u64),
    /// Happened at its time.
    Event,
    /// Is told without a time.
    Fact,
    /// What the eye should find.
    Alarm,
}

/// Where in the story something belongs.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) struct Place {
    pub(super) part: Part,
    /// The transfer, or 0 as long as only the socket is known.
    pub(super) transfer: u32,
    /// The socket, or 0.
    pub(super) socket: u32,
}

/// The parts of a transfer's story, in their order.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) enum Part {
    /// How it will be done; it has no heading.
    Policy,
    Url,
    Hosts,
    Resolver,
    /// The way to the server, where it was asked for by name.
    Way,
    Connection,
    Security,
    Request,
    /// Something that a page embeds.
    Object,
    Close,
    /// Whatever goes on then.
    Stray,
}

/// Which packets show it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) enum Proof {
    #[default]
    None,
    /// Those of the handshake of this socket.
    Handshake { socket: u32, is_over: bool },
    /// Those that carried these octets, counted from 0.
    Octets { socket: u32, from: Side, octets: Range<u64> },
    /// The packet itself, which carries these.
    Carried { from: Side, octets: Range<u64> },
    /// That with the end of what this side sends.
    End { socket: u32, from: Side },
    /// A message of the DNS: our port, its id, and whether it is the answer.
    Message { port: u16, id: u16, is_answer: bool },
}

impl Place {
    pub(super) fn of(part: Part, transfer: u32) -> Self {
        Self { part, transfer, socket: 0 }
    }
}

impl Entry {
    pub(super) fn new(at: Timestamp, place: Place, level: u8, kind: Kind) -> Self {
        Self {
            at,
            place,
            levels: level..=7,
            kind,
            call: String::new(),
            text: String::new(),
            tail: String::new(),
            reason: String::new(),
            more: Vec::new(),
            proof: Proof::None,
            ends: None,
            dump: Vec::new(),
        }
    }

    pub(super) fn text(mut self, text: impl Into<String>) -> Self {
        self.text = text.into();
        self
    }

    pub(super) fn call(mut self, call: impl Into<String>) -> Self {
        self.call = call.into();
        self
    }

    pub(super) fn reason(mut self, reason: impl Into<String>) -> Self {
        self.reason = reason.into();
        self
    }

    pub(super) fn proof(mut self, proof: Proof) -> Self {
        self.proof = proof;
        self
    }

    /// Not told from this level on, because something else tells it there.
    pub(super) fn below(mut self, level: u8) -> Self {
        self.levels = *self.levels.start()..=level.saturating_sub(1);
        self
    }

    /// Adds a line of its own.
    pub(super) fn and(mut self, level: u8, text: impl Into<String>) -> Self {
        self.more.push((level, text.into()));
        self
    }
}
