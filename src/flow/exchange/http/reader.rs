//! Where does one side's message begin, and where does it end?

use super::chunks::{Chunks, Piece};
use crate::flow::Mark;
use crate::flow::stream::{Gap, Missing};
use crate::wire::http::{Beginning, Ending, Head, Way};

/// One side's octets, cut into messages.
#[derive(Debug, Default)]
pub(super) struct Reader {
    place: Place,
    /// Whether messages may lie in a gap since the last one read.
    pub(super) has_missed: bool,
    /// Of the message at hand.
    pub(super) way: Option<Way>,
    /// The exchange that the request at hand began.
    pub(super) exchange: u64,
}

#[derive(Debug, Default)]
enum Place {
    /// Between messages.
    #[default]
    Start,
    Head {
        octets: Vec<u8>,
        begun: Mark,
    },
    Length(u64),
    Chunked(Chunks),
    Close,
    /// Somewhere in something, or in what is not HTTP.
    Lost,
}

/// What some octets were.
#[derive(Debug)]
pub(super) enum Event {
    Nothing,
    /// A head, with the packet that began it.
    Head(Box<Said>, Mark),
    /// So many octets of content.
    Content(u64),
    End,
}

/// What a head says.
#[derive(Debug)]
pub(super) struct Said {
    pub way: Way,
    /// `None` when the capture cut its end.
    pub len: Option<u64>,
    pub ending: Ending,
    pub method: Box<[u8]>,
    pub target: Option<Box<[u8]>>,
    pub version: Box<[u8]>,
    pub status: Option<u16>,
    pub reason: Box<[u8]>,
    pub host: Option<Box<[u8]>>,
    pub content_type: Option<Box<[u8]>>,
    pub content_encoding: Option<Box<[u8]>>,
    /// RFC 9112 §9.3: whether the sender wants to go on with the connection.
    pub goes_on: bool,
    pub lines: Box<[u8]>,
}

impl Said {
    fn of(head: Head<'_>) -> Self {
        let value = |name| head.header(name).map(Box::from);
        let goes_on = if head.version() == b"HTTP/1.0" {
            head.lists("connection", "keep-alive")
        } else {
            !head.lists("connection", "close")
        };
        Self {
            way: head.way(),
            len: Some(head.len() as u64),
            ending: head.ending(),
            method: head.method().into(),
            target: head.target().map(Box::from),
            version: head.version().into(),
            status: head.status(),
            reason: head.reason().into(),
            host: value("host"),
            content_type: value("content-type"),
            content_encoding: value("content-encoding"),
            goes_on,
            lines: head.lines().into(),
        }
    }
}

impl Reader {
    pub(super) fn is_lost(&self) -> bool {
        matches!(self.place, Place::Lost)
    }

    /// Octets that wait for the rest of their head.
    pub(super) fn held(&self) -> usize {
        if let Place::Head { octets, .. } = &self.place { octets.capacity() } else { 0 }
    }

    /// Whether the end of the stream ends the message at hand.
    pub(super) fn closes(&self) -> bool {
        matches!(self.place, Place::Close)
    }

    /// Looks whether a message begins with these octets, where it is not known what they are.
    pub(super) fn look_anew(&mut self, octets: &[u8]) {
        if self.is_lost() && !matches!(Beginning::read(octets), Beginning::Other) {
            self.place = Place::Start;
        }
    }

    /// Hears how the message ends whose head was read last.
    pub(super) fn expect(&mut self, ending: Ending) {
        self.place = match ending {
            Ending::Head | Ending::Length(0) => Place::Start,
            Ending::Length(length) => Place::Length(length),
            Ending::Chunked => Place::Chunked(Chunks::BEGIN),
            Ending::Close => Place::Close,
        };
    }

    /// Reads on; tells how many octets it took, at least one.
    pub(super) fn step(&mut self, octets: &[u8], brought: Mark) -> (usize, Event) {
        match &mut self.place {
            Place::Start => match Beginning::read(octets) {
                Beginning::Head(head) => {
                    (head.len(), Event::Head(Box::new(Said::of(head)), brought))
                }
                Beginning::Partial => {
                    self.place = Place::Head { octets: octets.into(), begun: brought };
                    (octets.len(), Event::Nothing)
                }
                Beginning::Other => self.lose(octets),
            },
            Place::Head { octets: before, begun } => {
                let (known, begun) = (before.len(), *begun);
                before.extend_from_slice(octets);
                // A head ends with a line; without one there is nothing new to see.
                if !octets.contains(&b'\n') && before.len() < LONGEST {
                    return (octets.len(), Event::Nothing);
                }
                match Beginning::read(before) {
                    Beginning::Head(head) => {
                        let used = head.len().saturating_sub(known);
                        (used, Event::Head(Box::new(Said::of(head)), begun))
                    }
                    Beginning::Partial => (octets.len(), Event::Nothing),
                    Beginning::Other => self.lose(octets),
                }
            }
            Place::Length(left) => {
                let used = (*left).min(octets.len() as u64);
                *left -= used;
                (used as usize, Event::Content(used))
            }
            Place::Chunked(chunks) => match chunks.step(octets) {
                (used, Piece::Content(content)) => (used, Event::Content(content)),
                (used, Piece::Coding) => (used, Event::Nothing),
                (used, Piece::End) => {
                    self.place = Place::Start;
                    (used, Event::End)
                }
                (_, Piece::Broken) => self.lose(octets),
            },
            Place::Close => (octets.len(), Event::Content(octets.len() as u64)),
            Place::Lost => (octets.len(), Event::Nothing),
        }
    }

    /// Whether the content that was read last was all of it.
    pub(super) fn ends(&mut self) -> bool {
        let ends = matches!(self.place, Place::Length(0));
        if ends {
            self.place = Place::Start;
        }
        ends
    }

    /// Passes over octets that nobody saw.
    ///
    /// Of a head whose end the capture cut, what is there is told; where its body ends is not known.
    pub(super) fn skip(&mut self, gap: Gap) -> Event {
        let len = gap.len;
        match &mut self.place {
            Place::Head { octets, begun } if gap.why == Missing::Cut => {
                let (head, begun) = (Head::cut(octets), *begun);
                let said = head.map(|head| Said { len: None, ..Said::of(head) });
                self.lose_place();
                return said.map_or(Event::Nothing, |said| Event::Head(Box::new(said), begun));
            }
            Place::Length(left) if len <= *left => {
                *left -= len;
                return Event::Content(len);
            }
            Place::Close => return Event::Content(len),
            Place::Chunked(chunks) => {
                if let Piece::Content(content) = chunks.skip(len) {
                    return Event::Content(content);
                }
            }
            _ => {}
        }
        self.has_missed = true;
        self.lose_place();
        Event::Nothing
    }

    pub(super) fn lose_place(&mut self) {
        self.place = Place::Lost;
    }

    fn lose(&mut self, octets: &[u8]) -> (usize, Event) {
        self.lose_place();
        (octets.len(), Event::Nothing)
    }
}

/// A head that is longer is given up.
const LONGEST: usize = 64 * 1024;
