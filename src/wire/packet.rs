//! A frame and what it was found to hold.

use std::net::IpAddr;

use arrayvec::ArrayVec;

use super::field::Mac;
use super::{Hint, Layer, Name, tcp, udp};
use crate::ink::Ink;
use crate::octets::{Octets, Why, be16};
use crate::timeline::Frame;

/// A frame and its layers, outermost first.
#[derive(Debug)]
pub struct Packet<'a> {
    pub frame: Frame<'a>,
    layers: ArrayVec<Layer<'a>, { Packet::DEPTH }>,
    /// Where each layer begins, counted from the start of the octets it lies in.
    starts: [u32; Packet::DEPTH],
    /// From which layer on an error message quotes another packet; beyond the last when none does.
    quote: usize,
    /// From which layer on the octets are those of a datagram joined from fragments.
    joined: Option<(usize, Octets<'a>)>,
    /// What no layer claimed.
    pub rest: Octets<'a>,
    /// Why the reading ended early, if it did.
    pub stop: Option<Stop>,
}

/// A layer in its place.
#[derive(Clone, Copy, Debug)]
pub struct Place<'p, 'a> {
    pub layer: &'p Layer<'a>,
    /// Counted from the start of the frame, or of the joined datagram.
    pub start: usize,
    pub lies_in: LiesIn,
    /// The whole frame or datagram.
    pub octets: Octets<'a>,
}

/// Which octets a layer was read from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LiesIn {
    Frame,
    Datagram,
}

impl<'a> Packet<'a> {
    /// Layers beyond this are left in `rest`; real tunnels stay well below it.
    pub const DEPTH: usize = 16;

    /// Reads as many layers as the octets honestly give.
    pub fn dissect(frame: Frame<'a>) -> Self {
        let mut packet = Self {
            frame,
            layers: ArrayVec::new_const(),
            starts: [0; Self::DEPTH],
            quote: usize::MAX,
            joined: None,
            rest: frame.octets,
            stop: None,
        };
        packet.descend(Hint::Link(frame.link));
        packet
    }

    /// Reads on in the datagram whose last missing fragment this packet brought.
    #[must_use]
    pub fn join(mut self, protocol: u8, datagram: Octets<'a>) -> Self {
        self.joined = Some((self.layers.len(), datagram));
        self.rest = datagram;
        self.descend(Hint::Ip(protocol));
        self
    }

    /// Every layer, those of a quoted packet too.
    pub fn layers(&self) -> &[Layer<'a>] {
        &self.layers
    }

    /// The layers of the packet itself, without those of a packet quoted in an error message.
    pub fn own_layers(&self) -> &[Layer<'a>] {
        &self.layers[..self.quote.min(self.layers.len())]
    }

    /// The layers of the packet that an error message quotes.
    pub fn quoted_layers(&self) -> &[Layer<'a>] {
        &self.layers[self.quote.min(self.layers.len())..]
    }

    /// Every layer and where it lies.
    pub fn places(&self) -> impl Iterator<Item = Place<'_, 'a>> {
        let (joined, datagram) = self.joined.unwrap_or((usize::MAX, self.frame.octets));
        self.layers.iter().zip(self.starts).enumerate().map(move |(at, (layer, start))| {
            let start = start as usize;
            if at < joined {
                Place { layer, start, lies_in: LiesIn::Frame, octets: self.frame.octets }
            } else {
                Place { layer, start, lies_in: LiesIn::Datagram, octets: datagram }
            }
        })
    }

    /// The datagram that this packet completed, when it brought the last missing fragment.
    pub fn datagram(&self) -> Option<Octets<'a>> {
        self.joined.map(|(_, datagram)| datagram)
    }

    /// Where `rest` begins, in the frame or in the joined datagram.
    pub fn rest_start(&self) -> usize {
        self.rest.kept().as_ptr() as usize - self.base()
    }

    /// The innermost TCP segment, unless it is only quoted.
    pub fn tcp(&self) -> Option<tcp::Tcp<'a>> {
        self.own_layers().iter().rev().find_map(|layer| match layer {
            Layer::Tcp(tcp) => Some(*tcp),
            _ => None,
        })
    }

    /// The innermost UDP datagram, unless it is only quoted.
    pub fn udp(&self) -> Option<udp::Udp<'a>> {
        self.own_layers().iter().rev().find_map(|layer| match layer {
            Layer::Udp(udp) => Some(*udp),
            _ => None,
        })
    }

    /// Source and destination of the innermost IP packet, unless it is only quoted.
    pub fn addresses(&self) -> Option<(IpAddr, IpAddr)> {
        addresses(self.own_layers())
    }

    /// Source and destination port of the innermost transport, unless it is only quoted.
    pub fn ports(&self) -> Option<(u16, u16)> {
        ports(self.own_layers())
    }

    fn descend(&mut self, mut hint: Hint) {
        let base = self.base();
        while !self.layers.is_full() {
            if let Hint::Quote(ethertype) = hint {
                self.quote = self.quote.min(self.layers.len());
                self.rest = as_sent(ethertype, self.rest);
                hint = Hint::Ether(ethertype);
            }
            if hint == Hint::Ip(6) && self.quote != usize::MAX && self.rest.kept().len() < 20 {
                hint = Hint::Scrap(6);
            }
            if self.rest.is_empty() && matches!(hint, Hint::Tcp(..) | Hint::Udp(..) | Hint::Is(_)) {
                break;
            }
            match Layer::read(hint, self.rest) {
                Some(Ok((layer, next, rest))) => {
                    self.starts[self.layers.len()] =
                        (self.rest.kept().as_ptr() as usize - base) as u32;
                    self.layers.push(layer);
                    (hint, self.rest) = (next, rest);
                }
                Some(Err(stop)) => {
                    self.stop = Some(stop);
                    break;
                }
                None => break,
            }
        }
    }

    /// The address in memory that places are counted from.
    fn base(&self) -> usize {
        let octets = self.joined.map_or(self.frame.octets, |(_, datagram)| datagram);
        octets.kept().as_ptr() as usize
    }
}

/// The protocol that could not go on, and its reason.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Stop {
    pub name: Name,
    pub why: Why,
}

impl Stop {
    pub fn line(&self, ink: &mut Ink) {
        ink.text(self.name.words);
        match self.why {
            Why::Cut { need, kept } => {
                ink.text(" cut: capture kept ").count(kept).text(" of ").count(need)
            }
            Why::Short { need, have } => {
                ink.text(" too short: needs ").count(need).text(", has ").count(have)
            }
            Why::Malformed(what) => ink.text(" malformed: ").text(what),
        };
    }
}

/// Source and destination of the innermost IP packet among some layers.
pub fn addresses(layers: &[Layer<'_>]) -> Option<(IpAddr, IpAddr)> {
    layers.iter().rev().find_map(|layer| match layer {
        Layer::Ipv4(ip) => Some((ip.source().into(), ip.destination().into())),
        Layer::Ipv6(ip) => Some((ip.source().into(), ip.destination().into())),
        _ => None,
    })
}

/// Source and destination port of the innermost transport among some layers.
pub fn ports(layers: &[Layer<'_>]) -> Option<(u16, u16)> {
    layers.iter().rev().find_map(|layer| match layer {
        Layer::Tcp(tcp) => Some((tcp.source_port(), tcp.destination_port())),
        Layer::Udp(udp) => Some((udp.source_port(), udp.destination_port())),
        Layer::Scrap(scrap) => Some((scrap.source_port(), scrap.destination_port())),
        _ => None,
    })
}

/// Source and destination hardware address of the innermost link layer that has them; of a cooked
/// capture only the source is known.
pub fn hardware(layers: &[Layer<'_>]) -> Option<(Mac, Option<Mac>)> {
    layers.iter().rev().find_map(|layer| match layer {
        Layer::Ethernet(ethernet) => Some((ethernet.source(), Some(ethernet.destination()))),
        Layer::Sll(sll) => Some((sll.source()?, None)),
        Layer::Sll2(sll) => Some((sll.source()?, None)),
        _ => None,
    })
}

/// A quoted packet with the length it was sent with: for all purposes, the quote is a capture
/// with a small snap length.
fn as_sent(ethertype: u16, quote: Octets<'_>) -> Octets<'_> {
    let len = match (ethertype, quote.kept()) {
        (0x0800, [_, _, high, low, ..]) => u16::from_be_bytes([*high, *low]).into(),
        (0x86dd, [_, _, _, _, high, low, ..]) => 40 + usize::from(be16(&[*high, *low], 0)),
        _ => 0,
    };
    Octets::new(quote.kept(), len.max(quote.len()))
}
