//! The savefiles of Wireshark (draft-ietf-opsawg-pcapng): blocks in sections, each section in its
//! own byte order and with its own interfaces, each interface with its own link type and clock.

use std::io;
use std::mem;
use std::ops::Range;

use super::chunks::Got;
use super::pcap::longest;
use super::tape::Tape;
use super::{Order, Step};
use crate::octets::Octets;
use crate::timeline::{About, Frame, Timestamp};

mod clock;
mod note;
mod option;

use clock::Clock;
use option::{COMMENT, options};

pub(super) struct Pcapng {
    tape: Tape,
    /// That of the current section.
    order: Order,
    /// The interfaces of the current section.
    faces: Vec<Face>,
    /// Blocks read so far, over all sections.
    blocks: u64,
    /// The length of the block the reader stands on.
    current: usize,
    packet: Packet,
    /// The comments of the packet, if they are several.
    comments: Vec<u8>,
}

/// What the packets of an interface need to know of it.
#[derive(Clone, Copy, Debug)]
struct Face {
    /// Its number over all files and sections.
    number: u32,
    link: u16,
    snaplen: u32,
    clock: Clock,
}

/// Where the packet lies within its block, and what the block says of it.
#[derive(Clone, Debug, Default)]
struct Packet {
    octets: Range<usize>,
    comment: Range<usize>,
    len: usize,
    time: Timestamp,
    link: u16,
    interface: u32,
}

impl Pcapng {
    /// Waits for nothing: the first section header is read with the first packet.
    pub(super) fn open(tape: Tape, about: &mut About) -> Self {
        about.is_of("pcapng");
        Self {
            tape,
            order: Order::Little,
            faces: Vec::new(),
            blocks: 0,
            current: 0,
            packet: Packet::default(),
            comments: Vec::new(),
        }
    }

    /// Goes to the next block that holds a packet; notes what the others say.
    #[inline]
    pub(super) fn advance(&mut self, about: &mut About) -> io::Result<Step> {
        loop {
            self.tape.chunks.pass(mem::take(&mut self.current));
            match self.tape.chunks.want(12) {
                Ok(Got::All) => {}
                Ok(Got::Lull) => return Ok(Step::Lull),
                Ok(Got::Less) if self.tape.chunks.ready().is_empty() => return Ok(Step::End),
                Ok(Got::Less) => return Err(self.cut("the header of ", 12)),
                Err(error) => return Err(self.tape.failed(&error)),
            }
            let header = &self.tape.chunks.ready()[..12];
            let word = |at| [header[at], header[at + 1], header[at + 2], header[at + 3]];
            // The type of a section header reads the same from either side.
            if word(0) == SECTION {
                self.order = match word(8) {
                    [0x1a, 0x2b, 0x3c, 0x4d] => Order::Big,
                    [0x4d, 0x3c, 0x2b, 0x1a] => Order::Little,
                    _ => return Err(self.damaged("has no byte-order mark")),
                };
            }
            let (kind, len) = (self.order.u32(word(0)), self.order.u32(word(4)) as usize);
            if !(12..=LONGEST).contains(&len) {
                return Err(self.claims(len));
            }
            // Some writers forget to count the padding.
            let whole = len.next_multiple_of(4);
            match self.tape.chunks.want(whole) {
                Ok(Got::All) => {}
                Ok(Got::Lull) => return Ok(Step::Lull),
                Ok(Got::Less) => return Err(self.cut("", whole)),
                Err(error) => return Err(self.tape.failed(&error)),
            }
            let block = &self.tape.chunks.ready()[..whole];
            let again = self.order.u32([
                block[whole - 4],
                block[whole - 3],
                block[whole - 2],
                block[whole - 1],
            ]) as usize;
            if again != len {
                return Err(self.ends(len, again));
            }
            let found = match kind {
                ENHANCED => self.enhanced(whole),
                SIMPLE => self.simple(whole),
                OLD => self.old(whole),
                _ => self.note(kind, whole, about).map(|()| false),
            }?;
            self.current = whole;
            self.blocks += 1;
            if found {
                self.tape.chunks.packets += 1;
                return Ok(Step::Frame(self.packet.time));
            }
        }
    }

    /// The frame the reader stands on.
    #[inline]
    pub(super) fn frame(&self) -> Frame<'_> {
        let (packet, ready) = (&self.packet, self.tape.chunks.ready());
        Frame {
            number: self.tape.chunks.packets,
            time: packet.time,
            link: packet.link,
            interface: packet.interface,
            comment: if self.comments.is_empty() {
                &ready[packet.comment.clone()]
            } else {
                &self.comments
            },
            octets: Octets::new(&ready[packet.octets.clone()], packet.len),
        }
    }

    /// An enhanced packet block.
    #[inline]
    fn enhanced(&mut self, whole: usize) -> io::Result<bool> {
        let Some(fixed) = self.fixed() else { return Err(self.damaged("is too short")) };
        let word =
            |at: usize| self.order.u32([fixed[at], fixed[at + 1], fixed[at + 2], fixed[at + 3]]);
        let interface = word(0) as usize;
        let times = (word(4), word(8));
        self.packet(whole, interface, times, (word(12) as usize, word(16) as usize))
    }

    /// The packet block that the enhanced one replaced.
    #[cold]
    fn old(&mut self, whole: usize) -> io::Result<bool> {
        let Some(fixed) = self.fixed() else { return Err(self.damaged("is too short")) };
        let word =
            |at: usize| self.order.u32([fixed[at], fixed[at + 1], fixed[at + 2], fixed[at + 3]]);
        let interface = usize::from(self.order.u16([fixed[0], fixed[1]]));
        let times = (word(4), word(8));
        self.packet(whole, interface, times, (word(12) as usize, word(16) as usize))
    }

    /// A packet and nothing else. It has no time and stands at zero, as in libpcap.
    #[cold]
    fn simple(&mut self, whole: usize) -> io::Result<bool> {
        let Some(&face) = self.faces.first() else { return Err(self.no_interface(0)) };
        let block = &self.tape.chunks.ready()[..whole - 4];
        let Some(&[a, b, c, d]) = block.get(8..12).and_then(<[u8]>::first_chunk) else {
            return Err(self.damaged("is too short"));
        };
        let len = self.order.u32([a, b, c, d]) as usize;
        let kept = if face.snaplen == 0 { len } else { len.min(face.snaplen as usize) };
        if kept > block.len() - 12 || kept > longest(face.link) {
            return Err(self.too_long(whole, kept));
        }
        self.comments.clear();
        self.packet = Packet {
            octets: 12..12 + kept,
            comment: 0..0,
            len,
            time: Timestamp(0),
            link: face.link,
            interface: face.number,
        };
        Ok(true)
    }

    /// The fixed part of a packet block, which must end before the closing length.
    #[inline]
    fn fixed(&self) -> Option<&[u8; 20]> {
        self.tape.chunks.ready().get(8..)?.first_chunk()
    }

    #[inline]
    fn packet(
        &mut self,
        whole: usize,
        interface: usize,
        (high, low): (u32, u32),
        (kept, len): (usize, usize),
    ) -> io::Result<bool> {
        let Some(face) = self.faces.get(interface) else {
            return Err(self.no_interface(interface));
        };
        let end = whole - 4;
        if end < 28 || kept > end - 28 || kept > longest(face.link) {
            return Err(self.too_long(whole, kept));
        }
        self.packet = Packet {
            octets: 28..28 + kept,
            comment: 0..0,
            len,
            time: face.clock.time(high, low),
            link: face.link,
            interface: face.number,
        };
        self.comments.clear();
        let options = (28 + kept).next_multiple_of(4);
        if options < end {
            self.comment(options..end);
        }
        Ok(true)
    }

    fn comment(&mut self, within: Range<usize>) {
        let ready = self.tape.chunks.ready();
        let said = options(self.order, &ready[within.clone()]);
        let mut said = said.filter(|(code, _)| *code == COMMENT).map(|(_, comment)| comment);
        let Some(first) = said.next() else { return };
        let start = first.as_ptr().addr() - ready.as_ptr().addr();
        self.packet.comment = start..start + first.len();
        for further in said {
            if self.comments.is_empty() {
                self.comments.extend_from_slice(first);
            }
            self.comments.push(b'\n');
            self.comments.extend_from_slice(further);
        }
    }

    #[cold]
    fn cut(&self, what: &str, need: usize) -> io::Error {
        self.tape.cut(format_args!("{what}block {}", self.blocks + 1), need)
    }

    #[cold]
    fn damaged(&self, cause: &str) -> io::Error {
        self.tape.damaged(format_args!("block {} {cause}", self.blocks + 1))
    }

    #[cold]
    fn claims(&self, len: usize) -> io::Error {
        self.damaged(&format!("claims {len} octets"))
    }

    #[cold]
    fn ends(&self, len: usize, again: usize) -> io::Error {
        self.damaged(&format!("is {len} octets long at its beginning and {again} at its end"))
    }

    #[cold]
    fn too_long(&self, whole: usize, kept: usize) -> io::Error {
        self.damaged(&format!("of {whole} octets claims a packet of {kept}"))
    }

    #[cold]
    fn no_interface(&self, interface: usize) -> io::Error {
        let known = self.faces.len();
        self.damaged(&format!("is a packet of interface {interface}, and {known} are described"))
    }
}

const SECTION: [u8; 4] = [0x0a, 0x0d, 0x0d, 0x0a];
const OLD: u32 = 2;
const SIMPLE: u32 = 3;
const ENHANCED: u32 = 6;

/// The longest block that is believed, as in Wireshark.
const LONGEST: usize = 16 << 20;
