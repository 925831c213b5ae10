//! What Solaris' snoop writes (RFC 1761): one link type, microseconds, always big-endian.

use std::io;
use std::time::Duration;

use super::Step;
use super::chunks::Got;
use super::pcap::longest;
use super::tape::Tape;
use crate::octets::{Octets, be32};
use crate::timeline::{About, Frame, Interface, Timestamp};

pub(super) struct Snoop {
    tape: Tape,
    link: u16,
    interface: u32,
    /// The record the reader stands on: its length in all, what it keeps of the packet, its time,
    /// its length on the wire.
    current: usize,
    kept: usize,
    time: Timestamp,
    len: usize,
}

impl Snoop {
    /// Reads the file header; waits for it.
    pub(super) fn open(mut tape: Tape, about: &mut About) -> io::Result<Self> {
        let header = tape.chunks.header::<16>().map_err(|error| tape.failed(&error))?;
        let Some(header) = header else { return Err(tape.cut("the file header", 16)) };
        let (version, kind) = (be32(&header, 8), be32(&header, 12));
        if version != 2 {
            return Err(tape.damaged(format_args!("snoop files of version {version} are unknown")));
        }
        // RFC 1761: 0 is IEEE 802.3, 2 a token ring, 4 Ethernet, 8 FDDI.
        let link = match kind {
            0 | 4 => 1,
            2 => 6,
            8 => 10,
            _ => {
                let cause = format_args!("snoop's data link type {kind} is unknown");
                return Err(tape.damaged(cause));
            }
        };
        let interface = about.interfaces.len() as u32;
        let step = Duration::from_micros(1);
        about.interfaces.push(Interface { link, step, ..Interface::default() });
        about.is_of("snoop");
        tape.chunks.pass(16);
        Ok(Self { tape, link, interface, current: 0, kept: 0, time: Timestamp(0), len: 0 })
    }

    /// Goes to the next record.
    pub(super) fn advance(&mut self) -> io::Result<Step> {
        self.tape.chunks.pass(self.current);
        self.current = 0;
        let record = self.tape.chunks.packets + 1;
        match self.tape.chunks.want(HEADER) {
            Ok(Got::All) => {}
            Ok(Got::Lull) => return Ok(Step::Lull),
            Ok(Got::Less) if self.tape.chunks.ready().is_empty() => return Ok(Step::End),
            Ok(Got::Less) => {
                return Err(self.tape.cut(format_args!("the header of record {record}"), HEADER));
            }
            Err(error) => return Err(self.tape.failed(&error)),
        }
        let Some(header) = self.tape.chunks.ready().first_chunk::<HEADER>() else {
            return Ok(Step::End);
        };
        let (len, kept, whole) =
            (be32(header, 0), be32(header, 4) as usize, be32(header, 8) as usize);
        let (seconds, micros) = (be32(header, 16), be32(header, 20));
        if kept > longest(self.link) || whole > longest(self.link) + SLACK {
            return Err(self
                .tape
                .damaged(format_args!("record {record} claims {} octets", kept.max(whole))));
        }
        if whole < HEADER + kept {
            return Err(self.tape.damaged(format_args!(
                "record {record} of {whole} octets claims a packet of {kept}"
            )));
        }
        match self.tape.chunks.want(whole) {
            Ok(Got::All) => {}
            Ok(Got::Lull) => return Ok(Step::Lull),
            Ok(Got::Less) => return Err(self.tape.cut(format_args!("record {record}"), whole)),
            Err(error) => return Err(self.tape.failed(&error)),
        }
        self.time = Timestamp(u64::from(seconds) * 1_000_000_000 + u64::from(micros) * 1000);
        (self.current, self.kept, self.len) = (whole, kept, len as usize);
        self.tape.chunks.packets += 1;
        Ok(Step::Frame(self.time))
    }

    /// The frame the reader stands on.
    pub(super) fn frame(&self) -> Frame<'_> {
        let kept = &self.tape.chunks.ready()[HEADER..HEADER + self.kept];
        Frame {
            number: self.tape.chunks.packets,
            time: self.time,
            link: self.link,
            interface: self.interface,
            comment: &[],
            octets: Octets::new(kept, self.len),
        }
    }
}

const HEADER: usize = 24;

/// How much longer than header and packet a record may be: they are padded.
const SLACK: usize = 1024;
