//! How records and blocks are laid out. Always little-endian.

use std::net::IpAddr;

use crate::capture::pcap::longest;
use crate::timeline::{Frame, Interface};

/// The header of a classic savefile.
///
/// Its snap length is the longest that is believed: readers cut what is longer, and the interfaces
/// of several files may have different ones.
pub(super) fn file_header(to: &mut Vec<u8>, link: u16, unit: u32) {
    let magic: u32 = if unit == 1 { 0xa1b2_3c4d } else { 0xa1b2_c3d4 };
    for word in [magic, 4 << 16 | 2, 0, 0, longest(link) as u32, link.into()] {
        to.extend_from_slice(&word.to_le_bytes());
    }
}

/// A record of a classic savefile; seconds beyond the year 2106 do not fit and wrap.
pub(super) fn record(to: &mut Vec<u8>, frame: &Frame<'_>, unit: u32) {
    let (kept, len) = (frame.octets.kept(), frame.octets.len() as u32);
    let time = frame.time;
    for word in [time.seconds() as u32, time.nanos() / unit, kept.len() as u32, len] {
        to.extend_from_slice(&word.to_le_bytes());
    }
    to.extend_from_slice(kept);
}

/// Rounds the nanoseconds of a record down to another unit.
pub(super) fn coarsen(record: &mut [u8], unit: u32) {
    if let Some([_, _, _, _, fraction @ ..]) = record.first_chunk_mut::<8>() {
        *fraction = (u32::from_le_bytes(*fraction) / unit).to_le_bytes();
    }
}

/// A section header with our name and comments on the section, as many as fit.
pub(super) fn section<'c>(to: &mut Vec<u8>, comments: impl Iterator<Item = &'c Box<[u8]>>) {
    block(to, 0x0a0d_0d0a, |to| {
        to.extend_from_slice(&0x1a2b_3c4d_u32.to_le_bytes());
        to.extend_from_slice(&[1, 0, 0, 0]);
        // The length of a section that is still being written is unknown.
        to.extend_from_slice(&[0xff; 8]);
        for comment in comments.take(128) {
            option(to, 1, comment);
        }
        option(to, 4, concat!("wiretale ", env!("CARGO_PKG_VERSION")).as_bytes());
        option(to, 0, &[]);
    });
}

pub(super) fn interface(to: &mut Vec<u8>, interface: &Interface) {
    block(to, 1, |to| {
        to.extend_from_slice(&interface.link.to_le_bytes());
        to.extend_from_slice(&[0, 0]);
        to.extend_from_slice(&interface.snaplen.to_le_bytes());
        if !interface.comment.is_empty() {
            option(to, 1, &interface.comment);
        }
        if !interface.name.is_empty() {
            option(to, 2, &interface.name);
        }
        if !interface.description.is_empty() {
            option(to, 3, &interface.description);
        }
        // Nanoseconds, whatever the clock's own step is.
        option(to, 9, &[9]);
        if !interface.filter.is_empty() {
            option(to, 11, &[&[0], &interface.filter[..]].concat());
        }
        option(to, 0, &[]);
    });
}

/// An enhanced packet block.
pub(super) fn enhanced(to: &mut Vec<u8>, frame: &Frame<'_>) {
    block(to, 6, |to| {
        let (kept, len) = (frame.octets.kept(), frame.octets.len() as u32);
        let time = frame.time.0;
        for word in [frame.interface, (time >> 32) as u32, time as u32, kept.len() as u32, len] {
            to.extend_from_slice(&word.to_le_bytes());
        }
        to.extend_from_slice(kept);
        pad(to, kept.len());
        if !frame.comment.is_empty() {
            option(to, 1, frame.comment);
            option(to, 0, &[]);
        }
    });
}

/// Name resolution blocks, each short enough to be believed.
pub(super) fn names(to: &mut Vec<u8>, resolved: &[(IpAddr, Box<[u8]>)]) {
    for resolved in resolved.chunks(128) {
        block(to, 4, |to| {
            for (address, name) in resolved {
                let (kind, mut value) = match address {
                    IpAddr::V4(v4) => (1, v4.octets().to_vec()),
                    IpAddr::V6(v6) => (2, v6.octets().to_vec()),
                };
                value.extend_from_slice(name);
                value.push(0);
                option(to, kind, &value);
            }
            option(to, 0, &[]);
        });
    }
}

/// A decryption secrets block.
pub(super) fn secrets(to: &mut Vec<u8>, (kind, secrets): &(u32, Box<[u8]>)) {
    block(to, 10, |to| {
        to.extend_from_slice(&kind.to_le_bytes());
        to.extend_from_slice(&(secrets.len() as u32).to_le_bytes());
        to.extend_from_slice(secrets);
        pad(to, secrets.len());
    });
}

/// How long an interface statistics block is at most.
pub(super) const STATISTICS: u64 = 52;

/// An interface statistics block, where something was counted.
pub(super) fn statistics(to: &mut Vec<u8>, number: u32, interface: &Interface) {
    if interface.received.is_none() && interface.dropped.is_none() {
        return;
    }
    block(to, 5, |to| {
        to.extend_from_slice(&number.to_le_bytes());
        to.extend_from_slice(&[0; 8]);
        for (code, count) in [(4, interface.received), (5, interface.dropped)] {
            if let Some(count) = count {
                option(to, code, &count.to_le_bytes());
            }
        }
        option(to, 0, &[]);
    });
}

/// A block: its type, its length, what `write` puts in, its length again.
fn block(to: &mut Vec<u8>, kind: u32, write: impl FnOnce(&mut Vec<u8>)) {
    let start = to.len();
    to.extend_from_slice(&kind.to_le_bytes());
    to.extend_from_slice(&[0; 4]);
    write(to);
    let len = (to.len() + 4 - start) as u32;
    to.extend_from_slice(&len.to_le_bytes());
    to[start + 4..start + 8].copy_from_slice(&len.to_le_bytes());
}

/// An option or a name record; what is longer than an option can be is cut.
fn option(to: &mut Vec<u8>, code: u16, value: &[u8]) {
    let value = &value[..value.len().min(u16::MAX.into())];
    to.extend_from_slice(&code.to_le_bytes());
    to.extend_from_slice(&(value.len() as u16).to_le_bytes());
    to.extend_from_slice(value);
    pad(to, value.len());
}

fn pad(to: &mut Vec<u8>, len: usize) {
    to.extend_from_slice(&[0; 3][..len.next_multiple_of(4) - len]);
}
