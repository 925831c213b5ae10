//! What is one thing that happened, as a record?

use std::net::SocketAddr;
use std::ops::Range;

use crate::ink::Ink;
use crate::render::clock::Calendar;
use crate::render::sheet::{Form, Sheet};
use crate::tale::fetch::Kind;
use crate::timeline::Timestamp;

/// An event, its own data already written.
#[derive(Debug)]
pub(super) struct Event {
    pub(super) kind: Kind,
    pub(super) start: Timestamp,
    pub(super) end: Timestamp,
    /// The socket of a call, by its number.
    pub(super) socket: Option<u32>,
    /// Which transfer it is for, where that is known.
    pub(super) transfer: Option<u32>,
    /// The conversation's number, where packets were seen.
    pub(super) connection: Option<u32>,
    pub(super) packets: Vec<u64>,
    pub(super) is_observed: bool,
    pub(super) before: Option<Box<str>>,
    pub(super) after: Option<Box<str>>,
    pub(super) cause: Option<Box<str>>,
    /// One sentence, safe to show.
    pub(super) text: Box<str>,
    /// The members of `data`.
    pub(super) data: Box<[u8]>,
    /// What joins calls with packets.
    pub(super) link: Option<Link>,
    /// The event that it is part of: where it stands among all.
    pub(super) parent: Option<usize>,
    /// Its number, once it has been written.
    pub(super) id: Option<u64>,
    /// Whether it is a record, and not only there to lend its packet to one.
    pub(super) is_told: bool,
}

/// By what a call and the packets it made, or that made it return, are joined.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Link {
    pub(super) local: SocketAddr,
    pub(super) remote: SocketAddr,
    pub(super) what: Moved,
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Moved {
    /// SYN, SYN-ACK, the ACK that ends the handshake; and the call that began it.
    Handshake,
    /// Octets of our stream.
    Out(Range<u64>),
    /// Octets of theirs.
    In(Range<u64>),
    /// A FIN or RST of ours; and the call that said it.
    End,
    /// A packet that says that all of our octets before this place have arrived.
    Arrived(u64),
    /// No octets: any other call on the connection.
    Nothing,
    /// A question to a name server, or its answer.
    Message { id: u16, is_answer: bool },
}

impl Event {
    pub(super) fn new(
        kind: Kind,
        start: Timestamp,
        end: Timestamp,
        text: impl Into<Box<str>>,
    ) -> Self {
        Self {
            kind,
            start,
            end,
            socket: None,
            transfer: None,
            connection: None,
            packets: Vec::new(),
            is_observed: true,
            before: None,
            after: None,
            cause: None,
            text: text.into(),
            data: [].into(),
            link: None,
            parent: None,
            id: None,
            is_told: true,
        }
    }

    /// With members of its own.
    #[must_use]
    pub(super) fn with(self, write: impl FnOnce(&mut Sheet<'_>)) -> Self {
        let mut ink = Ink::default();
        write(&mut Sheet::inside(&mut ink));
        Self { data: ink.as_bytes().into(), ..self }
    }

    #[must_use]
    pub(super) fn of(self, transfer: u32) -> Self {
        Self { transfer: (transfer != 0).then_some(transfer), ..self }
    }

    #[must_use]
    pub(super) fn on(self, socket: u32) -> Self {
        Self { socket: (socket != 0).then_some(socket), ..self }
    }

    #[must_use]
    pub(super) fn inferred(self) -> Self {
        Self { is_observed: false, ..self }
    }

    #[must_use]
    pub(super) fn changes(self, before: &str, after: &str) -> Self {
        Self { before: Some(before.into()), after: Some(after.into()), ..self }
    }

    #[must_use]
    pub(super) fn because(self, cause: impl Into<Box<str>>) -> Self {
        Self { cause: Some(cause.into()), ..self }
    }

    #[must_use]
    pub(super) fn linked(self, link: Option<Link>) -> Self {
        Self { link, ..self }
    }

    /// It was written: only what others may still ask of it stays.
    pub(super) fn forget(&mut self) {
        (self.text, self.data) = ("".into(), [].into());
        (self.before, self.after, self.cause) = (None, None, None);
    }

    /// Writes the record. Times count from `origin`; `parent` is the number of another.
    pub(super) fn write(
        &self,
        parent: Option<u64>,
        origin: Timestamp,
        calendar: &mut Calendar,
        ink: &mut Ink,
    ) {
        let mut sheet = Sheet::new(ink, Form::Json);
        sheet.words("type", Some("event"));
        sheet.number("id", self.id);
        sheet.number("parent", parent);
        sheet.words("kind", Some(self.kind.name));
        sheet.number("level", Some(self.kind.level));
        // What was asked before the fetch began, or a clock that was set: no time is negative.
        sheet.number("start_ns", Some(self.start.0.saturating_sub(origin.0)));
        sheet.number("end_ns", Some(self.end.0.saturating_sub(origin.0)));
        sheet.time("time", Some(self.start), calendar);
        sheet.number("connection", self.connection);
        sheet.list("packets", Some(&self.packets), |packet, _, ink| _ = ink.number(*packet));
        sheet.flag("observed", Some(self.is_observed));
        sheet.words("before", self.before.as_deref());
        sheet.words("after", self.after.as_deref());
        sheet.words("cause", self.cause.as_deref());
        sheet.words("text", Some(&self.text));
        sheet.number("transfer", self.transfer);
        sheet.raw("data", &self.data);
        sheet.end();
    }
}
