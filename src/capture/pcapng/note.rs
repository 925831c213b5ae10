//! Blocks that hold no packet: what they say is noted in [`About`].
//!
//! What is too short for its own fields is passed over, but for section headers and interfaces,
//! without which no packet can be understood.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::option::{COMMENT, options};
use super::{Clock, Face, Pcapng};
use crate::octets::Octets;
use crate::timeline::{About, Interface};

impl Pcapng {
    #[cold]
    pub(super) fn note(&mut self, kind: u32, whole: usize, about: &mut About) -> io::Result<()> {
        if self.blocks == 0 && kind != SECTION {
            return Err(self.damaged("is no section header"));
        }
        match kind {
            SECTION => self.section(whole, about),
            INTERFACE => self.interface(whole, about),
            NAMES => {
                self.names(whole, about);
                Ok(())
            }
            STATISTICS => {
                self.statistics(whole, about);
                Ok(())
            }
            SECRETS => {
                self.secrets(whole, about);
                Ok(())
            }
            // Custom blocks, and whatever will be invented.
            _ => Ok(()),
        }
    }

    fn body(&self, whole: usize) -> &[u8] {
        &self.tape.chunks.ready()[8..whole - 4]
    }

    fn section(&mut self, whole: usize, about: &mut About) -> io::Result<()> {
        let Some((fixed, rest)) = self.body(whole).split_first_chunk::<16>() else {
            return Err(self.damaged("is too short"));
        };
        let half = |at: usize| self.order.u16([fixed[at], fixed[at + 1]]);
        // Some writers call the same format 1.2.
        if !matches!((half(4), half(6)), (1, 0 | 2)) {
            let version = format!("has the unknown version {}.{}", half(4), half(6));
            return Err(self.damaged(&version));
        }
        for (_, comment) in options(self.order, rest).filter(|(code, _)| *code == COMMENT) {
            if about.comments.len() < COMMENTS {
                about.comments.push(comment.into());
            }
        }
        self.faces.clear();
        Ok(())
    }

    fn interface(&mut self, whole: usize, about: &mut About) -> io::Result<()> {
        let Some((&[a, b, _, _, e, f, g, h], rest)) = self.body(whole).split_first_chunk::<8>()
        else {
            return Err(self.damaged("is too short"));
        };
        if about.interfaces.len() >= INTERFACES {
            return Err(self.damaged(&format!("describes more than {INTERFACES} interfaces")));
        }
        let (link, snaplen) = (self.order.u16([a, b]), self.order.u32([e, f, g, h]));
        let mut interface = Interface { link, snaplen, ..Interface::default() };
        let (mut resolution, mut offset, mut comments) = (MICROSECONDS, 0, Vec::new());
        for (code, value) in options(self.order, rest) {
            match (code, value) {
                (COMMENT, comment) => {
                    if !comments.is_empty() {
                        comments.push(b'\n');
                    }
                    comments.extend_from_slice(comment);
                }
                (2, name) => interface.name = name.into(),
                (3, description) => interface.description = description.into(),
                (9, [tick]) => resolution = *tick,
                (11, [0, filter @ ..]) => interface.filter = filter.into(),
                (14, value) => {
                    let seconds = value.first_chunk().map(|octets| self.order.u64(*octets));
                    offset = seconds.unwrap_or(0).cast_signed();
                }
                _ => {}
            }
        }
        interface.comment = comments.into();
        let clock = Clock::new(resolution, offset);
        interface.step = clock.step();
        let number = about.interfaces.len() as u32;
        self.faces.push(Face { number, link, snaplen, clock });
        about.interfaces.push(interface);
        Ok(())
    }

    fn names(&self, whole: usize, about: &mut About) {
        // Records are laid out as options are: a type, a length, a value; type 0 ends them.
        for (kind, value) in options(self.order, self.body(whole)) {
            let (address, names) = match kind {
                1 => match value.split_first_chunk::<4>() {
                    Some((address, names)) => (Ipv4Addr::from(*address).into(), names),
                    None => continue,
                },
                2 => match value.split_first_chunk::<16>() {
                    Some((address, names)) => (Ipv6Addr::from(*address).into(), names),
                    None => continue,
                },
                _ => continue,
            };
            for name in names.split(|octet| *octet == 0).filter(|name| !name.is_empty()) {
                if about.resolved.len() < RESOLVED {
                    about.resolved.push((address, name.into()));
                }
            }
        }
    }

    fn statistics(&self, whole: usize, about: &mut About) {
        let Some((&[a, b, c, d, ..], rest)) = self.body(whole).split_first_chunk::<12>() else {
            return;
        };
        let Some(face) = self.faces.get(self.order.u32([a, b, c, d]) as usize) else { return };
        let interface = &mut about.interfaces[face.number as usize];
        for (code, value) in options(self.order, rest) {
            let Some(count) = value.first_chunk().map(|octets| self.order.u64(*octets)) else {
                continue;
            };
            match code {
                4 => interface.received = Some(count),
                5 => interface.dropped = Some(count),
                _ => {}
            }
        }
    }

    fn secrets(&self, whole: usize, about: &mut About) {
        let Some((&[a, b, c, d, e, f, g, h], rest)) = self.body(whole).split_first_chunk::<8>()
        else {
            return;
        };
        let secrets = Octets::whole(rest).limit(self.order.u32([e, f, g, h]) as usize).kept();
        let held: usize = about.secrets.iter().map(|(_, secrets)| secrets.len()).sum();
        if held + secrets.len() <= SECRETS_HELD && about.secrets.len() < COMMENTS {
            about.secrets.push((self.order.u32([a, b, c, d]), secrets.into()));
        }
    }
}

const SECTION: u32 = 0x0a0d_0d0a;
const INTERFACE: u32 = 1;
const NAMES: u32 = 4;
const STATISTICS: u32 = 5;
const SECRETS: u32 = 10;

/// What `if_tsresol` is where it is absent.
const MICROSECONDS: u8 = 6;

/// An interface beyond these is damage: its packets could not be told from others.
const INTERFACES: usize = 1 << 20;

/// Comments on sections, and blocks of secrets, beyond these are passed over.
const COMMENTS: usize = 1024;

/// Names beyond these are passed over.
const RESOLVED: usize = 65_536;

/// Octets of secrets beyond these are passed over.
const SECRETS_HELD: usize = 32 << 20;
