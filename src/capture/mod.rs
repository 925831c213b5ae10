//! Where do frames come from?
//!
//! From files and pipes, by our own readers: several formats, each perhaps compressed, recognised
//! by content and never by name. Frames are lent from a large reused buffer. Several files are
//! read as one, in the order of time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use anyhow::bail;

use crate::timeline::{About, Frame, Moment, Source, Timestamp};

mod bpf;
mod chunks;
mod input;
pub mod interfaces;
pub mod live;
pub(crate) mod netlink;
pub mod owners;
mod pcap;
mod pcapng;
pub mod rights;
mod road;
pub mod save;
pub mod sift;
mod snoop;
mod tape;
mod unpack;

pub(crate) use input::shown;
use input::{Format, Input};
pub use road::Progress;
use road::Road;
pub(crate) use tape::cause;

/// Opens capture files, of which one may be `-` for standard input.
///
/// Waits until each has told by its first octets what it is. An error is one sentence that names
/// the file and the cause.
pub fn open(paths: &[PathBuf]) -> anyhow::Result<Files> {
    if paths.iter().filter(|path| path.as_path() == Path::new("-")).count() > 1 {
        bail!("standard input: can be read only once");
    }
    // All are opened before the first is read: whoever writes them may open them in this order.
    let road = Rc::new(Road::default());
    let opened = paths.iter().map(|path| Input::open(path, paths.len(), &road));
    read(opened.collect::<Result<_, _>>()?, road)
}

fn read(inputs: Vec<Input>, road: Rc<Road>) -> anyhow::Result<Files> {
    let among = inputs.len();
    let mut about = About::default();
    let mut readers = Vec::new();
    for input in inputs {
        about.names.push(input.name.clone());
        let (tape, format) = input.recognise(among)?;
        readers.push(match format {
            Format::Pcap => Reader::Pcap(pcap::Pcap::open(tape, &mut about)?),
            Format::Pcapng => Reader::Pcapng(Box::new(pcapng::Pcapng::open(tape, &mut about))),
            Format::Snoop => Reader::Snoop(snoop::Snoop::open(tape, &mut about)?),
        });
    }
    let behind = (0..readers.len()).rev().collect();
    Ok(Files {
        readers,
        road,
        current: 0,
        behind,
        heads: BinaryHeap::new(),
        about,
        number: 0,
        first: None,
        last: Timestamp(0),
        secrets: 0,
        held: None,
        damage: None,
    })
}

/// One or more capture files read as one.
pub struct Files {
    readers: Vec<Reader>,
    road: Rc<Road>,
    /// The reader whose frame is told.
    current: usize,
    /// Readers that do not stand on a frame not yet told; the next to be asked is the last.
    behind: Vec<usize>,
    /// The others, the earliest first; of equal times the file named first.
    heads: BinaryHeap<Reverse<(Timestamp, usize)>>,
    about: About,
    number: u64,
    first: Option<Timestamp>,
    last: Timestamp,
    /// How many secrets were announced.
    secrets: usize,
    /// The time of a frame that waits for its secrets to be learned.
    held: Option<Timestamp>,
    /// What is told once the undamaged files have ended.
    damage: Option<io::Error>,
}

enum Reader {
    Pcap(pcap::Pcap),
    Pcapng(Box<pcapng::Pcapng>),
    Snoop(snoop::Snoop),
}

/// How a reader got on.
enum Step {
    /// It stands on a frame of this time.
    Frame(Timestamp),
    /// There are secrets that were not announced.
    Secrets,
    Lull,
    End,
}

impl Reader {
    #[inline]
    fn advance(&mut self, about: &mut About) -> io::Result<Step> {
        match self {
            Self::Pcap(reader) => reader.advance(),
            Self::Pcapng(reader) => reader.advance(about),
            Self::Snoop(reader) => reader.advance(),
        }
    }

    /// The interface of the frame it stands on.
    #[inline]
    fn interface(&self) -> u32 {
        match self {
            Self::Pcap(reader) => reader.interface,
            Self::Pcapng(reader) => reader.frame().interface,
            Self::Snoop(reader) => reader.frame().interface,
        }
    }

    #[expect(clippy::inline_always, reason = "a frame handed up through memory is waited for")]
    #[inline(always)]
    fn frame(&self) -> Frame<'_> {
        match self {
            Self::Pcap(reader) => reader.frame(),
            Self::Pcapng(reader) => reader.frame(),
            Self::Snoop(reader) => reader.frame(),
        }
    }
}

impl Files {
    /// Tells after each block that is read how far it has come; never where one of them is a pipe.
    pub fn watch(&self, watcher: impl FnMut(Progress) + 'static) {
        self.road.watch(watcher);
    }

    /// Goes to the next frame, which [`Files::frame`] then lends.
    #[inline]
    fn advance(&mut self) -> io::Result<Step> {
        if let Some(time) = self.held.take() {
            return Ok(Step::Frame(time));
        }
        let step = match &mut self.readers[..] {
            [reader] if self.damage.is_none() && !self.behind.is_empty() => {
                match reader.advance(&mut self.about) {
                    Ok(step) => step,
                    Err(damage) => self.damaged(&damage),
                }
            }
            _ => self.merge(),
        };
        match step {
            Step::Frame(time) => {
                self.about.backwards += u64::from(time < self.last);
                self.last = time;
                self.first.get_or_insert(time);
                self.number += 1;
                let interface = self.readers[self.current].interface();
                self.about.interfaces[interface as usize].frames += 1;
                if self.about.secrets.len() > self.secrets {
                    return Ok(self.hold(time));
                }
                Ok(step)
            }
            Step::End => {
                self.behind.clear();
                self.damage.take().map_or(Ok(Step::End), Err)
            }
            Step::Lull | Step::Secrets => Ok(step),
        }
    }

    /// Announces secrets before the frame that was advanced to.
    #[cold]
    fn hold(&mut self, time: Timestamp) -> Step {
        self.secrets = self.about.secrets.len();
        self.held = Some(time);
        Step::Secrets
    }

    /// Asks every reader that is behind, then takes the earliest of all.
    fn merge(&mut self) -> Step {
        while let Some(reader) = self.behind.pop() {
            match self.readers[reader].advance(&mut self.about) {
                Ok(Step::Frame(time)) => self.heads.push(Reverse((time, reader))),
                Ok(Step::Lull) => {
                    self.behind.push(reader);
                    return Step::Lull;
                }
                Ok(Step::End | Step::Secrets) => {}
                Err(damage) => {
                    self.damaged(&damage);
                }
            }
        }
        let Some(Reverse((time, reader))) = self.heads.pop() else { return Step::End };
        self.current = reader;
        self.behind.push(reader);
        Step::Frame(time)
    }

    /// Notes the damage of one file; the others are read on.
    #[cold]
    fn damaged(&mut self, damage: &io::Error) -> Step {
        let sentence = match self.about.damage.take() {
            Some(before) => format!("{before}\n{damage}"),
            None => damage.to_string(),
        };
        self.damage = Some(io::Error::new(damage.kind(), sentence.clone()));
        self.about.damage = Some(sentence);
        Step::End
    }

    /// The frame last advanced to.
    #[expect(clippy::inline_always, reason = "as for the reader's")]
    #[inline(always)]
    fn frame(&self) -> Frame<'_> {
        let mut frame = self.readers[self.current].frame();
        frame.number = self.number;
        frame
    }
}

impl Source for Files {
    fn next(&mut self) -> io::Result<Option<Moment<'_>>> {
        Ok(match self.advance()? {
            Step::Frame(_) => Some(Moment::Frame(self.frame())),
            Step::Secrets => Some(Moment::Secrets),
            Step::Lull => Some(Moment::Lull),
            Step::End => None,
        })
    }

    fn ahead(&mut self) -> Option<Frame<'_>> {
        // Of several files nobody knows which frame is next.
        match &mut self.readers[..] {
            [Reader::Pcap(reader)] => reader.ahead(),
            _ => None,
        }
    }

    fn about(&self) -> &About {
        &self.about
    }
}

/// Which octet of a number a file has first.
#[derive(Clone, Copy, Debug)]
enum Order {
    Big,
    Little,
}

impl Order {
    #[inline]
    fn u16(self, octets: [u8; 2]) -> u16 {
        match self {
            Self::Big => u16::from_be_bytes(octets),
            Self::Little => u16::from_le_bytes(octets),
        }
    }

    #[inline]
    fn u32(self, octets: [u8; 4]) -> u32 {
        match self {
            Self::Big => u32::from_be_bytes(octets),
            Self::Little => u32::from_le_bytes(octets),
        }
    }

    fn u64(self, octets: [u8; 8]) -> u64 {
        match self {
            Self::Big => u64::from_be_bytes(octets),
            Self::Little => u64::from_le_bytes(octets),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Read;

    use super::*;

    /// Gives its octets a few at a time.
    struct Drops {
        octets: io::Cursor<Vec<u8>>,
        most: usize,
    }

    impl Read for Drops {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let most = self.most.min(into.len());
            self.octets.read(&mut into[..most])
        }
    }

    fn told(path: &str, most: usize, steady: bool) -> Vec<String> {
        let octets = fs::read(path).expect("a fixture");
        let drops = Drops { octets: io::Cursor::new(octets), most };
        let road = Rc::new(Road::default());
        let octets = Box::new(drops);
        let input = Input { name: path.to_owned(), octets, steady, road: Rc::clone(&road) };
        let mut files = read(vec![input], road).expect("a capture");
        let mut told = Vec::new();
        while let Some(moment) = files.next().expect("undamaged") {
            if let Moment::Frame(frame) = moment {
                told.push(format!("{frame:?}"));
            }
        }
        told
    }

    #[test]
    fn frames_do_not_depend_on_how_their_octets_arrive() {
        for name in [
            "http-get.pcap",
            "http-get.pcap.gz",
            "http-get.pcap.zst",
            "http-get.pcap.lz4",
            "two-requests.pcapng",
            "several-interfaces.pcapng",
            "big-endian-ns.pcap",
        ] {
            let path = format!("fixtures/{name}");
            let whole = told(&path, usize::MAX, true);
            assert!(!whole.is_empty(), "{name} has no frames");
            for most in [1, 2, 3, 7, 13, 64, 1000] {
                assert!(told(&path, most, most % 2 == 0) == whole, "{name} in pieces of {most}");
            }
        }
    }
}
