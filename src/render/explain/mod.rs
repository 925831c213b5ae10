//! One packet in words: what it is, why it is here, what came of it, and what each octet of its headers says.
//!
//! Read twice as it were: what stands in the packet is noted when it passes, and told once it is known what
//! came of it.

mod head;
mod layer;
mod meaning;
mod outside;
mod page;
mod record;
mod rows;
mod state;
mod talk;
mod tell;
mod words;

use std::io;
use std::path::PathBuf;

use super::Report;
use super::clock::{Calendar, Clock};
use super::line::Numbers;
use super::out::Out;
use super::tally;
use crate::flow::tcp::{Connection, Facts};
use crate::flow::{Datagrams, Flows, Seen};
use crate::ink::Ink;
use crate::octets::Octets;
use crate::tale::packet::Inquiry;
use crate::timeline::{About, Timestamp};
use crate::wire::Packet;
use crate::wire::tcp::Origin;
use head::Head;
use meaning::{Segment, Sense};
use page::Page;
use rows::{Rest, Section};
use state::Change;
use tell::Whole;
use words::Words;

/// How it is written.
pub enum Form {
    /// For people, on a page of so many cells.
    Page {
        width: usize,
        clock: Clock,
        numbers: Numbers,
    },
    Ndjson,
}

/// Tells one packet.
pub struct Explanation {
    out: Out,
    form: Form,
    number: u64,
    files: Vec<PathBuf>,
    inquiry: Option<Inquiry>,
    noted: Option<Noted>,
    calendar: Calendar,
    /// Packets that passed the filters, and those that passed not that of packets.
    passed: u64,
    left_out: u64,
    is_left_out: bool,
    /// How many are read at most.
    limit: Option<u64>,
    ends_early: bool,
    words: Words,
}

/// What stands in the packet.
struct Noted {
    head: Head,
    time: Timestamp,
    /// As the clock writes it.
    shown_time: String,
    conversation: Option<u32>,
    changes: Vec<Change>,
    sections: Vec<Section>,
    rest: Rest,
    len: Octets<'static>,
    kept: usize,
    comment: Vec<u8>,
    filter: Option<String>,
}

impl Explanation {
    /// About packet `number` of these files.
    pub fn new(out: Out, form: Form, files: Vec<PathBuf>, number: u64) -> Self {
        let words = Words { ascii: out.ink.ascii };
        Self {
            out,
            form,
            number,
            files,
            inquiry: Some(Inquiry::new(number)),
            noted: None,
            calendar: Calendar::utc(),
            passed: 0,
            left_out: 0,
            is_left_out: false,
            limit: None,
            ends_early: true,
            words,
        }
    }

    /// When no more than so many packets are read.
    #[must_use]
    pub fn limited_to(self, limit: Option<u64>) -> Self {
        Self { limit, ..self }
    }

    /// For sources that are to be read to their end, whatever is known of the packet.
    #[must_use]
    pub fn to_the_end(self) -> Self {
        Self { ends_early: false, ..self }
    }

    fn note(&mut self, packet: &Packet<'_>, seen: &Seen<'_>) {
        let Some(subject) = self.inquiry.as_ref().and_then(Inquiry::subject) else { return };
        let (numbers, shown_time) = match &mut self.form {
            Form::Page { clock, numbers, .. } => {
                let time = packet.frame.time;
                (*numbers, self.words.written(|ink| clock.write(time, ink)))
            }
            Form::Ndjson => (Numbers::Relative, String::new()),
        };
        let segment = subject.side.zip(subject.origin).zip(packet.tcp());
        let segment = segment.map(|((side, origin), tcp)| Segment {
            origin: match numbers {
                Numbers::Relative => origin,
                Numbers::Absolute => Origin { scale: origin.scale, ..Origin::default() },
            },
            peer_syn: seen.connection.and_then(|(connection, side)| {
                let peer = connection.half(side.peer());
                peer.start().filter(|_| peer.facts().has(Facts::SYN))
            }),
            span: tcp.span(),
            flags: tcp.flags(),
            sender: head::name(side),
            peer: head::name(side.peer()),
        });
        let mut sense = Sense { segment, ..Sense::default() };
        self.noted = Some(Noted {
            head: Head::of(packet, seen, subject, numbers, self.words),
            time: packet.frame.time,
            shown_time,
            conversation: seen.id(),
            changes: state::changes(subject, seen, numbers, self.words),
            sections: rows::sections(packet, &mut sense, self.words.ascii),
            rest: rows::rest(packet),
            len: Octets::new(&[], packet.frame.octets.len()),
            kept: packet.frame.octets.kept().len(),
            comment: packet.frame.comment.to_vec(),
            filter: outside::filter(packet, seen),
        });
    }

    /// Why there is nothing to tell.
    fn missing(&self, about: &About) -> io::Error {
        let (number, all) = (self.number, self.passed + self.left_out + about.sifted);
        io::Error::other(if self.is_left_out {
            format!("packet {number} does not pass the filter of -Y")
        } else if let Some(limit) = self.limit.filter(|limit| self.passed >= *limit) {
            format!("packet {number} is not among the {limit} that -c lets pass")
        } else if number <= all && number > 0 {
            format!(
                "packet {number} is none of those that were to be read: -f, --from or --to leaves it out"
            )
        } else {
            format!(
                "there is no packet {number}: the capture has {}",
                words::many(all, "packet", "packets")
            )
        })
    }
}

impl Report for Explanation {
    fn begin(&mut self, about: &About) -> io::Result<()> {
        if let Form::Ndjson = self.form {
            tally::record(about, None, &mut self.calendar, &mut self.out.ink);
            self.out.ink.text("\n");
        }
        Ok(())
    }

    fn first(&mut self, time: Timestamp) {
        if let Form::Page { clock, .. } = &mut self.form {
            clock.begin(time);
        }
    }

    fn packet(&mut self, packet: &Packet<'_>, seen: &Seen<'_>) -> io::Result<()> {
        self.passed += 1;
        let Some(inquiry) = &mut self.inquiry else { return Ok(()) };
        inquiry.observe(packet, seen);
        if packet.frame.number == self.number && self.noted.is_none() {
            self.note(packet, seen);
        } else if self.noted.is_none()
            && let Form::Page { clock, .. } = &mut self.form
        {
            // For the time since the packet before.
            let mut ink = Ink::default();
            clock.write(packet.frame.time, &mut ink);
        }
        Ok(())
    }

    fn left_out(&mut self, packet: &Packet<'_>, seen: &Seen<'_>) -> io::Result<()> {
        self.left_out += 1;
        self.is_left_out |= packet.frame.number == self.number;
        if packet.frame.number != self.number
            && let Some(inquiry) = &mut self.inquiry
        {
            inquiry.observe(packet, seen);
        }
        Ok(())
    }

    fn gone(&mut self, connection: &Connection) -> io::Result<()> {
        if let Some(inquiry) = &mut self.inquiry {
            inquiry.over(connection);
        }
        Ok(())
    }

    fn silent(&mut self, datagrams: &Datagrams) -> io::Result<()> {
        if let Some(inquiry) = &mut self.inquiry {
            inquiry.silent(datagrams);
        }
        Ok(())
    }

    fn may_have_enough(&self) -> bool {
        self.ends_early
    }

    fn has_enough(&self) -> bool {
        self.is_left_out || self.inquiry.as_ref().is_some_and(Inquiry::is_done)
    }

    fn end(&mut self, about: &About, _: &Flows) -> io::Result<()> {
        let account = self.inquiry.take().and_then(Inquiry::end);
        let (Some(account), Some(noted)) = (account, self.noted.take()) else {
            self.out.ink.clear();
            return Err(self.missing(about));
        };
        let whole = Whole::of(self.number, &noted, &account, &self.files, self.words);
        match self.form {
            Form::Page { width, .. } => whole.write(&mut Page::new(&mut self.out.ink, width)),
            Form::Ndjson => {
                record::record(&whole, &mut self.calendar, &mut self.out.ink);
                self.out.ink.text("\n");
            }
        }
        self.out.flush()
    }
}
