//! Classic savefiles (draft-ietf-opsawg-pcap): either byte order, micro- or nanoseconds, and the
//! variant with longer record headers that a patched libpcap wrote around 2000.

use std::io;

use super::Step;
use super::chunks::{Chunks, Got};
use crate::octets::Octets;
use crate::timeline::{About, Frame, Interface, Timestamp};

/// The longest record that is believed, as in libpcap.
const LONGEST: usize = 262_144;

pub(super) struct Pcap {
    name: String,
    chunks: Chunks,
    order: Order,
    /// Nanoseconds in one unit of the fraction: 1 or 1000.
    unit: u32,
    record_header: usize,
    /// Before version 2.3 the two lengths stood the other way round; in 2.3 sometimes.
    version: (u16, u16),
    link: u16,
    interface: u32,
    number: u64,
    /// The record the reader stands on: its length in all, its time, its length on the wire.
    current: usize,
    time: Timestamp,
    len: usize,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Order {
    Big,
    Little,
}

impl Order {
    #[inline]
    pub(super) fn u16(self, octets: [u8; 2]) -> u16 {
        match self {
            Self::Big => u16::from_be_bytes(octets),
            Self::Little => u16::from_le_bytes(octets),
        }
    }

    #[inline]
    pub(super) fn u32(self, octets: [u8; 4]) -> u32 {
        match self {
            Self::Big => u32::from_be_bytes(octets),
            Self::Little => u32::from_le_bytes(octets),
        }
    }
}

impl Pcap {
    /// Reads the file header. `chunks` must have the first 24 octets ready, if there are so many.
    pub(super) fn open(name: String, mut chunks: Chunks, about: &mut About) -> io::Result<Self> {
        while chunks.want(24)? == Got::Lull {}
        let Some(header) = chunks.ready().first_chunk::<24>() else {
            return Err(damage(format!(
                "{name}: the file header is cut: {} of 24 octets",
                chunks.ready().len()
            )));
        };
        let (order, unit, record_header) = match header[..4] {
            [0xd4, 0xc3, 0xb2, 0xa1] => (Order::Little, 1000, 16),
            [0xa1, 0xb2, 0xc3, 0xd4] => (Order::Big, 1000, 16),
            [0x4d, 0x3c, 0xb2, 0xa1] => (Order::Little, 1, 16),
            [0xa1, 0xb2, 0x3c, 0x4d] => (Order::Big, 1, 16),
            [0x34, 0xcd, 0xb2, 0xa1] => (Order::Little, 1000, 24),
            [0xa1, 0xb2, 0xcd, 0x34] => (Order::Big, 1000, 24),
            _ => return Err(damage(format!("{name}: not a capture file"))),
        };
        let half = |at| order.u16([header[at], header[at + 1]]);
        let word = |at| order.u32([header[at], header[at + 1], header[at + 2], header[at + 3]]);
        let (version, snaplen, link) = ((half(4), half(6)), word(16), word(20) as u16);
        let interface = about.interfaces.len() as u32;
        about.interfaces.push(Interface { link, snaplen, ..Interface::default() });
        if !about.formats.contains(&"pcap") {
            about.formats.push("pcap");
        }
        chunks.pass(24);
        Ok(Self {
            name,
            chunks,
            order,
            unit,
            record_header,
            version,
            link,
            interface,
            number: 0,
            current: 0,
            time: Timestamp(0),
            len: 0,
        })
    }

    /// Goes to the next record.
    #[inline]
    pub(super) fn advance(&mut self, _: &mut About) -> io::Result<Step> {
        self.chunks.pass(self.current);
        self.current = 0;
        match self.chunks.want(self.record_header)? {
            Got::All => {}
            Got::Lull => return Ok(Step::Lull),
            Got::Less if self.chunks.ready().is_empty() => return Ok(Step::End),
            Got::Less => return Err(self.cut(self.record_header, "header")),
        }
        let header = &self.chunks.ready()[..16];
        let word =
            |at| self.order.u32([header[at], header[at + 1], header[at + 2], header[at + 3]]);
        let (seconds, fraction, mut kept, mut len) =
            (word(0), word(4), word(8) as usize, word(12) as usize);
        if self.version < (2, 3) || self.version == (2, 3) && kept > len {
            (kept, len) = (len, kept);
        }
        if kept > longest(self.link) {
            return Err(self.claims(kept));
        }
        let whole = self.record_header + kept;
        match self.chunks.want(whole)? {
            Got::All => {}
            Got::Lull => return Ok(Step::Lull),
            Got::Less => return Err(self.cut(whole, "record")),
        }
        self.time = Timestamp(
            u64::from(seconds) * 1_000_000_000 + u64::from(fraction) * u64::from(self.unit),
        );
        (self.current, self.len) = (whole, len);
        self.number += 1;
        Ok(Step::Frame(self.time))
    }

    /// The frame the reader stands on.
    #[inline]
    pub(super) fn frame(&self) -> Frame<'_> {
        Frame {
            number: self.number,
            time: self.time,
            link: self.link,
            interface: self.interface,
            comment: &[],
            octets: Octets::new(&self.chunks.ready()[self.record_header..self.current], self.len),
        }
    }

    #[cold]
    fn cut(&self, need: usize, what: &str) -> io::Error {
        damage(format!(
            "{}: cut at octet {}: record {} has {} octets of its {need}-octet {what}; {} packets were read",
            self.name,
            self.chunks.passed() + self.chunks.ready().len() as u64,
            self.number + 1,
            self.chunks.ready().len(),
            self.number,
        ))
    }

    #[cold]
    fn claims(&self, kept: usize) -> io::Error {
        damage(format!(
            "{}: damaged at octet {}: record {} claims {kept} octets; {} packets were read",
            self.name,
            self.chunks.passed(),
            self.number + 1,
            self.number,
        ))
    }
}

/// As libpcap has it: D-Bus and USB captures may hold much longer records.
pub(super) fn longest(link: u16) -> usize {
    match link {
        231 | 249 => 128 * 1024 * 1024,
        _ => LONGEST,
    }
}

fn damage(sentence: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, sentence)
}
