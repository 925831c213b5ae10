//! Segments written by hand, as the frames they would have been.

#![allow(dead_code)] // each test builds this anew and uses its own part

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use pnet::packet::tcp::{self, MutableTcpPacket};
use wiretale::flow::Side;
use wiretale::octets::Octets;
use wiretale::timeline::{Frame, Timestamp};

/// When the first packet of a capture is captured.
pub(crate) const EPOCH: u64 = 1_700_000_000_000_000_000;

/// A segment, its numbers counted from the initial ones of both sides.
#[derive(Clone, Debug)]
pub(crate) struct Written {
    /// Nanoseconds since the first packet of the capture.
    pub(crate) time: u64,
    pub(crate) by: Side,
    pub(crate) ip_id: u16,
    pub(crate) hops: u8,
    /// RFC 3168 §5: marked by a router.
    pub(crate) congested: bool,
    pub(crate) interface: u32,
    pub(crate) vlan: Option<u16>,
    /// What the capture kept of the frame.
    pub(crate) kept: Option<usize>,
    pub(crate) flags: u8,
    pub(crate) seq: u32,
    pub(crate) len: u16,
    pub(crate) ack: Option<u32>,
    pub(crate) window: u16,
    pub(crate) options: Vec<Offer>,
}

/// The options that the tracker reads.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Offer {
    Nop,
    Mss(u16),
    WindowScale(u8),
    SackPermitted,
    /// Edges counted from the initial number of the side that is acknowledged.
    Sack(Vec<(u32, u32)>),
    Timestamps(u32, u32),
    FastOpen(Vec<u8>),
}

/// Where both sides are, and where their numbers begin.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ends {
    pub(crate) initial: [u32; 2],
    pub(crate) addresses: [IpAddr; 2],
    pub(crate) ports: [u16; 2],
}

impl Ends {
    pub(crate) const V4: [IpAddr; 2] =
        [IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), IpAddr::V4(Ipv4Addr::new(198, 51, 100, 1))];
    pub(crate) const V6: [IpAddr; 2] = [
        IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)),
        IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 2)),
    ];
}

impl Default for Ends {
    fn default() -> Self {
        Self { initial: [1_000_000, 2_000_000], addresses: Self::V4, ports: [50_000, 9] }
    }
}

/// A frame that owns its octets.
#[derive(Debug)]
pub(crate) struct Made {
    pub(crate) time: u64,
    pub(crate) interface: u32,
    octets: Vec<u8>,
    len: usize,
}

impl Made {
    pub(crate) fn frame(&self, number: u64) -> Frame<'_> {
        Frame {
            number,
            time: Timestamp(EPOCH + self.time),
            link: 1,
            interface: self.interface,
            comment: &[],
            octets: Octets::new(&self.octets, self.len),
        }
    }
}

impl Written {
    /// Flags alone, on the usual way, as the first packet.
    pub(crate) fn bare(by: Side, flags: u8) -> Self {
        Self {
            time: 0,
            by,
            ip_id: 0,
            hops: 64,
            congested: false,
            interface: 0,
            vlan: None,
            kept: None,
            flags,
            seq: 0,
            len: 0,
            ack: None,
            window: 0,
            options: Vec::new(),
        }
    }

    /// An Ethernet frame, every length and checksum right.
    pub(crate) fn frame(&self, ends: &Ends) -> Made {
        let own = self.by.index();
        let mut octets = vec![2, 0, 0, 0, 0, 2 - own as u8, 2, 0, 0, 0, 0, 1 + own as u8];
        if let Some(vlan) = self.vlan {
            octets.extend([0x81, 0x00]);
            octets.extend(vlan.to_be_bytes());
        }
        let segment = self.segment(ends);
        let class = u8::from(self.congested) * 3;
        match (ends.addresses[own], ends.addresses[1 - own]) {
            (IpAddr::V4(source), IpAddr::V4(destination)) => {
                octets.extend([0x08, 0x00]);
                let ip = octets.len();
                octets.extend([0x45, class]);
                octets.extend((20 + segment.len() as u16).to_be_bytes());
                octets.extend(self.ip_id.to_be_bytes());
                octets.extend([0x40, 0, self.hops, 6, 0, 0]);
                octets.extend(source.octets());
                octets.extend(destination.octets());
                let sum = pnet::util::checksum(&octets[ip..], 5);
                octets[ip + 10..ip + 12].copy_from_slice(&sum.to_be_bytes());
            }
            (IpAddr::V6(source), IpAddr::V6(destination)) => {
                octets.extend([0x86, 0xdd, 0x60 | class >> 4, class << 4, 0, 0]);
                octets.extend((segment.len() as u16).to_be_bytes());
                octets.extend([6, self.hops]);
                octets.extend(source.octets());
                octets.extend(destination.octets());
            }
            _ => unreachable!("two families"),
        }
        octets.extend(segment);
        let len = octets.len();
        octets.truncate(self.kept.unwrap_or(len));
        Made { time: self.time, interface: self.interface, octets, len }
    }

    fn segment(&self, ends: &Ends) -> Vec<u8> {
        let (own, peer) = (self.by.index(), self.by.peer().index());
        let mut options = Vec::new();
        for option in &self.options {
            option.write(ends.initial[peer], &mut options);
        }
        options.resize(options.len().next_multiple_of(4), 0);
        assert!(options.len() <= 40, "{self:?} has too many options");
        let header = 20 + options.len();
        let mut octets = vec![0; header];
        octets.extend((0..self.len).map(|at| b'a' + (at % 26) as u8));
        let mut packet = MutableTcpPacket::new(&mut octets).expect("room for a header");
        packet.set_source(ends.ports[own]);
        packet.set_destination(ends.ports[peer]);
        packet.set_sequence(ends.initial[own].wrapping_add(self.seq));
        packet.set_acknowledgement(self.ack.map_or(0, |ack| ends.initial[peer].wrapping_add(ack)));
        packet.set_data_offset((header / 4) as u8);
        packet.set_flags(self.flags);
        packet.set_window(self.window);
        packet.get_options_raw_mut().copy_from_slice(&options);
        let packet = packet.to_immutable();
        let sum = match (ends.addresses[own], ends.addresses[peer]) {
            (IpAddr::V4(source), IpAddr::V4(destination)) => {
                tcp::ipv4_checksum(&packet, &source, &destination)
            }
            (IpAddr::V6(source), IpAddr::V6(destination)) => {
                tcp::ipv6_checksum(&packet, &source, &destination)
            }
            _ => unreachable!("two families"),
        };
        octets[16..18].copy_from_slice(&sum.to_be_bytes());
        octets
    }
}

impl Offer {
    fn write(&self, initial: u32, out: &mut Vec<u8>) {
        match self {
            Self::Nop => out.push(1),
            Self::Mss(mss) => {
                out.extend([2, 4]);
                out.extend(mss.to_be_bytes());
            }
            Self::WindowScale(shift) => out.extend([3, 3, *shift]),
            Self::SackPermitted => out.extend([4, 2]),
            Self::Sack(blocks) => {
                out.extend([5, 2 + 8 * blocks.len() as u8]);
                for (left, right) in blocks {
                    out.extend(initial.wrapping_add(*left).to_be_bytes());
                    out.extend(initial.wrapping_add(*right).to_be_bytes());
                }
            }
            Self::Timestamps(value, echo) => {
                out.extend([8, 10]);
                out.extend(value.to_be_bytes());
                out.extend(echo.to_be_bytes());
            }
            Self::FastOpen(cookie) => {
                out.extend([34, 2 + cookie.len() as u8]);
                out.extend(cookie);
            }
        }
    }
}
