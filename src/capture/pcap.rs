//! Classic savefiles (draft-ietf-opsawg-pcap): either byte order, micro- or nanoseconds, and the
//! variant with longer record headers that a patched libpcap wrote around 2000.

use std::io;
use std::time::Duration;

use super::chunks::Got;
use super::tape::Tape;
use super::{Order, Step};
use crate::octets::Octets;
use crate::timeline::{AHEAD, About, Frame, Interface, Timestamp};

/// The longest record that is believed, as in libpcap.
const LONGEST: usize = 262_144;

pub(super) struct Pcap {
    tape: Tape,
    order: Order,
    /// Nanoseconds in one unit of the fraction: 1 or 1000.
    unit: u32,
    record_header: usize,
    /// Before version 2.3 the two lengths stood the other way round; in 2.3 sometimes.
    version: (u16, u16),
    link: u16,
    pub(super) interface: u32,
    /// The record the reader stands on: its length in all, its time, its length on the wire.
    current: usize,
    time: Timestamp,
    len: usize,
    scout: Scout,
}

/// Where the next record begins that was not looked at ahead, and how many packets are before it.
#[derive(Clone, Copy, Debug)]
struct Scout {
    passed: u64,
    packets: u64,
}

/// What a record's header says.
#[derive(Clone, Copy, Debug)]
struct Header {
    time: Timestamp,
    kept: usize,
    len: usize,
}

impl Pcap {
    /// Reads the file header; waits for it.
    pub(super) fn open(mut tape: Tape, about: &mut About) -> io::Result<Self> {
        let header = tape.chunks.header::<24>().map_err(|error| tape.failed(&error))?;
        let Some(header) = header else { return Err(tape.cut("the file header", 24)) };
        let (order, unit, record_header) = match header[..4] {
            [0xd4, 0xc3, 0xb2, 0xa1] => (Order::Little, 1000, 16),
            [0xa1, 0xb2, 0xc3, 0xd4] => (Order::Big, 1000, 16),
            [0x4d, 0x3c, 0xb2, 0xa1] => (Order::Little, 1, 16),
            [0xa1, 0xb2, 0x3c, 0x4d] => (Order::Big, 1, 16),
            [0x34, 0xcd, 0xb2, 0xa1] => (Order::Little, 1000, 24),
            _ => (Order::Big, 1000, 24),
        };
        let half = |at| order.u16([header[at], header[at + 1]]);
        let word = |at| order.u32([header[at], header[at + 1], header[at + 2], header[at + 3]]);
        let (version, snaplen, link) = ((half(4), half(6)), word(16), word(20) as u16);
        // 543.0 is what a Navtel analyser writes; the rest of the file is as in 2.4.
        if version.0 != 2 && version != (543, 0) {
            let (major, minor) = version;
            return Err(
                tape.damaged(format_args!("savefiles of version {major}.{minor} are unknown"))
            );
        }
        let interface = about.interfaces.len() as u32;
        let step = Duration::from_nanos(unit.into());
        about.interfaces.push(Interface { link, snaplen, step, ..Interface::default() });
        about.is_of("pcap");
        tape.chunks.pass(24);
        let scout = Scout { passed: tape.chunks.passed(), packets: 0 };
        Ok(Self {
            tape,
            order,
            unit,
            record_header,
            version,
            link,
            interface,
            current: 0,
            time: Timestamp(0),
            len: 0,
            scout,
        })
    }

    #[inline]
    fn header(&self, octets: &[u8]) -> Option<Header> {
        let header = octets.first_chunk::<16>()?;
        let word =
            |at| self.order.u32([header[at], header[at + 1], header[at + 2], header[at + 3]]);
        let (seconds, fraction, mut kept, mut len) =
            (word(0), word(4), word(8) as usize, word(12) as usize);
        if self.version < (2, 3) || self.version == (2, 3) && kept > len {
            (kept, len) = (len, kept);
        }
        let nanos = u64::from(fraction) * u64::from(self.unit);
        Some(Header { time: Timestamp(u64::from(seconds) * 1_000_000_000 + nanos), kept, len })
    }

    /// Goes to the next record.
    #[inline]
    pub(super) fn advance(&mut self) -> io::Result<Step> {
        self.tape.chunks.pass(self.current);
        self.current = 0;
        match self.tape.chunks.want(self.record_header) {
            Ok(Got::All) => {}
            Ok(Got::Lull) => return Ok(Step::Lull),
            Ok(Got::Less) if self.tape.chunks.ready().is_empty() => return Ok(Step::End),
            Ok(Got::Less) => return Err(self.cut(self.record_header, "the header of ")),
            Err(error) => return Err(self.tape.failed(&error)),
        }
        let header = self.header(self.tape.chunks.ready());
        let Some(Header { time, kept, len }) = header else { return Ok(Step::End) };
        if kept > longest(self.link) {
            return Err(self.claims(kept));
        }
        let whole = self.record_header + kept;
        match self.tape.chunks.want(whole) {
            Ok(Got::All) => {}
            Ok(Got::Lull) => return Ok(Step::Lull),
            Ok(Got::Less) => return Err(self.cut(whole, "")),
            Err(error) => return Err(self.tape.failed(&error)),
        }
        (self.current, self.time, self.len) = (whole, time, len);
        self.tape.chunks.packets += 1;
        Ok(Step::Frame(self.time))
    }

    /// The first frame behind the one the reader stands on that was not looked at and is all in memory.
    #[inline]
    pub(super) fn ahead(&mut self) -> Option<Frame<'_>> {
        let (packets, passed) = (self.tape.chunks.packets, self.tape.chunks.passed());
        if self.scout.packets < packets {
            self.scout = Scout { packets, passed: passed + self.current as u64 };
        }
        if self.scout.packets >= packets + AHEAD as u64 {
            return None;
        }
        let from = usize::try_from(self.scout.passed.checked_sub(passed)?).ok()?;
        let record = self.tape.chunks.ready().get(from..)?;
        let Header { time, kept, len } = self.header(record)?;
        let whole = self.record_header.checked_add(kept)?;
        let octets = Octets::new(record.get(self.record_header..whole)?, len);
        self.scout.packets += 1;
        self.scout.passed += whole as u64;
        let (number, link, interface) = (self.scout.packets, self.link, self.interface);
        Some(Frame { number, time, link, interface, comment: &[], octets })
    }

    /// The frame the reader stands on.
    #[inline]
    pub(super) fn frame(&self) -> Frame<'_> {
        Frame {
            number: self.tape.chunks.packets,
            time: self.time,
            link: self.link,
            interface: self.interface,
            comment: &[],
            octets: Octets::new(
                &self.tape.chunks.ready()[self.record_header..self.current],
                self.len,
            ),
        }
    }

    #[cold]
    fn cut(&self, need: usize, what: &str) -> io::Error {
        self.tape.cut(format_args!("{what}record {}", self.tape.chunks.packets + 1), need)
    }

    #[cold]
    fn claims(&self, kept: usize) -> io::Error {
        self.tape
            .damaged(format_args!("record {} claims {kept} octets", self.tape.chunks.packets + 1))
    }
}

/// As libpcap has it: D-Bus and USB captures may hold much longer records.
pub(super) fn longest(link: u16) -> usize {
    match link {
        231 | 249 => 128 * 1024 * 1024,
        _ => LONGEST,
    }
}
