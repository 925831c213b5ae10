//! Is it what most frames are, a segment in IP in Ethernet and nothing between?
//!
//! Read without asking every protocol whether it comes next. The layers are the same as those of a
//! [`Packet`], which begins with them.

use super::ethernet::Ethernet;
use super::ipv4::Ipv4;
use super::ipv6::Ipv6;
use super::tcp::Tcp;
use super::{Hint, Layer, View};
use crate::octets::Octets;

/// The layers of such a frame.
#[derive(Clone, Copy, Debug)]
pub struct Usual<'a> {
    pub ethernet: Ethernet<'a>,
    pub ip: Ip<'a>,
    pub tcp: Tcp<'a>,
    /// Where the IP packet and the segment lie.
    pub(super) packet: Octets<'a>,
    pub(super) segment: Octets<'a>,
    /// What the segment says of its payload.
    pub(super) hint: Hint,
}

#[derive(Clone, Copy, Debug)]
pub enum Ip<'a> {
    V4(Ipv4<'a>),
    V6(Ipv6<'a>),
}

impl<'a> Usual<'a> {
    #[inline]
    pub fn read(link: u16, frame: Octets<'a>) -> Option<Self> {
        if link != 1 {
            return None;
        }
        let (ethernet, hint, packet) = Ethernet::read(Hint::Link(link), frame).ok()?;
        let (ip, hint, segment) = match hint {
            Hint::Ether(0x0800) => {
                let (ip, hint, segment) = Ipv4::read(hint, packet).ok()?;
                (Ip::V4(ip), hint, segment)
            }
            Hint::Ether(0x86dd) => {
                let (ip, hint, segment) = Ipv6::read(hint, packet).ok()?;
                (Ip::V6(ip), hint, segment)
            }
            _ => return None,
        };
        let Hint::Ip(6) = hint else { return None };
        let (tcp, hint, _) = Tcp::read(hint, segment).ok()?;
        Some(Self { ethernet, ip, tcp, packet, segment, hint })
    }

    /// Where the payload begins in the frame.
    pub fn payload_start(&self, frame: Octets<'a>) -> usize {
        self.tcp.payload().kept().as_ptr() as usize - frame.kept().as_ptr() as usize
    }
}

/// The key of the protocol that would read the payload of a segment between these ports, if one would.
pub fn above((source, destination): (u16, u16), payload: Octets<'_>) -> Option<&'static str> {
    Layer::claimant(Hint::Tcp(source, destination), payload)
}

impl<'a> From<Ip<'a>> for Layer<'a> {
    fn from(ip: Ip<'a>) -> Self {
        match ip {
            Ip::V4(ip) => Self::Ipv4(ip),
            Ip::V6(ip) => Self::Ipv6(ip),
        }
    }
}
