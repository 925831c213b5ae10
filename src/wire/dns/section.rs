//! Where does each question and record begin, and where does it end?

use super::name::Name;
use crate::octets::Reader;

/// The part of a message that a record stands in; updates use them otherwise (RFC 2136 §2).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Section {
    Question,
    Answer,
    Authority,
    Additional,
}

#[derive(Clone, Copy, Debug)]
pub enum Entry<'a> {
    Question(Question<'a>),
    Record(Record<'a>),
}

/// What is asked for, `start..end` in the message; its type and class are the last four octets.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    pub name: Name<'a>,
    pub kind: u16,
    pub class: u16,
    pub start: usize,
    pub end: usize,
}

/// A resource record, `start..end` in the message.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    pub section: Section,
    pub name: Name<'a>,
    pub kind: u16,
    pub class: u16,
    pub ttl: u32,
    pub start: usize,
    /// Where its data begins; the ten octets before are type, class, TTL and length.
    pub data: usize,
    pub end: usize,
    pub message: &'a [u8],
}

/// Goes from entry to entry; stops early where one does not fit what is left of the message, and
/// so after at most as many entries as octets can hold, whatever the counts say.
#[derive(Clone, Debug)]
pub struct Entries<'a> {
    message: &'a [u8],
    at: usize,
    left: [u16; 4],
}

impl<'a> Entries<'a> {
    pub fn new(message: &'a [u8], counts: [u16; 4]) -> Self {
        Self { message, at: 12, left: counts }
    }

    /// Where the entries read so far end.
    pub fn at(&self) -> usize {
        self.at
    }

    /// Whether all that were announced were there.
    pub fn is_done(&self) -> bool {
        self.left == [0; 4]
    }

    /// The name of the next entry and the octets behind it, if that is a question.
    pub(super) fn cut_question(&self) -> Option<(Name<'a>, Reader<'a>)> {
        let name = Name::new(self.message, self.at);
        (self.left[0] > 0).then_some(())?;
        Some((name, Reader::from(self.message, name.end()?)))
    }

    fn question(&self) -> Option<Question<'a>> {
        let name = Name::new(self.message, self.at);
        let mut reader = Reader::from(self.message, name.end()?);
        let (kind, class) = (reader.be16()?, reader.be16()?);
        Some(Question { name, kind, class, start: self.at, end: reader.at() })
    }

    fn record(&self, section: Section) -> Option<Record<'a>> {
        let name = Name::new(self.message, self.at);
        let mut reader = Reader::from(self.message, name.end()?);
        let (kind, class, ttl) = (reader.be16()?, reader.be16()?, reader.be32()?);
        let len = reader.be16()?;
        let data = reader.at();
        reader.take(len.into())?;
        let (start, end) = (self.at, reader.at());
        Some(Record { section, name, kind, class, ttl, start, data, end, message: self.message })
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Entry<'a>> {
        let which = self.left.iter().position(|left| *left > 0)?;
        let section =
            [Section::Question, Section::Answer, Section::Authority, Section::Additional][which];
        let (entry, end) = if section == Section::Question {
            self.question().map(|question| (Entry::Question(question), question.end))?
        } else {
            self.record(section).map(|record| (Entry::Record(record), record.end))?
        };
        self.left[which] -= 1;
        self.at = end;
        Some(entry)
    }
}
