//! A frame and what it was found to hold.

use std::net::IpAddr;

use arrayvec::ArrayVec;

use super::field::Mac;
pub use super::place::{Closed, Found, LiesIn, Place};
use super::{Hint, Layer, Name, Usual, tcp, udp};
use crate::ink::Ink;
use crate::octets::{Octets, Why, be16};
use crate::timeline::Frame;

/// A frame and its layers, outermost first.
#[derive(Clone, Debug)]
pub struct Packet<'a> {
    pub frame: Frame<'a>,
    layers: ArrayVec<Layer<'a>, { Packet::DEPTH }>,
    /// Where each layer begins, counted from the start of the octets it lies in.
    starts: [u32; Packet::DEPTH],
    /// From which layer on an error message quotes another packet; beyond the last when none does.
    quote: usize,
    /// Where layers lie that do not lie in the frame, in the order found.
    found: ArrayVec<Found<'a>, { Packet::FOUND }>,
    /// The fragment that this one contradicts, if it does.
    overlapped: Option<u64>,
    closed: Option<Closed>,
    /// What no layer claimed.
    pub rest: Octets<'a>,
    /// Why the reading ended early, if it did.
    pub stop: Option<Stop>,
}

/// A part of a datagram, and what tells which datagram it is part of.
#[derive(Clone, Copy, Debug)]
pub struct Fragment<'a> {
    pub source: IpAddr,
    pub destination: IpAddr,
    pub id: u32,
    /// What the datagram holds; of IPv6 only the first fragment is to be believed.
    pub protocol: u8,
    /// In octets.
    pub offset: usize,
    pub more: bool,
    pub payload: Octets<'a>,
}

impl<'a> Packet<'a> {
    /// Layers beyond this are left in `rest`; real tunnels stay well below it.
    pub const DEPTH: usize = 16;

    /// What is found beyond this is not read: a datagram, what was inflated from it, a message, and
    /// what was decrypted of that, twice.
    pub const FOUND: usize = 6;

    /// Reads as many layers as the octets honestly give.
    pub fn dissect(frame: Frame<'a>) -> Self {
        let mut packet = Self::unread(frame);
        packet.read();
        packet
    }

    /// A packet whose layers are still to be [`Packet::read`]: in its place, because moving a packet
    /// costs as much as reading one.
    pub fn unread(frame: Frame<'a>) -> Self {
        Self {
            frame,
            layers: ArrayVec::new_const(),
            starts: [0; Self::DEPTH],
            quote: usize::MAX,
            found: ArrayVec::new_const(),
            overlapped: None,
            closed: None,
            rest: frame.octets,
            stop: None,
        }
    }

    /// Reads as many layers as the octets honestly give.
    pub fn read(&mut self) {
        self.descend(Hint::Link(self.frame.link));
    }

    /// Reads on in octets that this packet made known: the datagram whose last missing fragment it
    /// brought, or what one of its layers holds inflated or decrypted.
    ///
    /// `numbers` are those of all packets that brought them, in order.
    pub fn read_on(&mut self, lies_in: LiesIn, hint: Hint, octets: Octets<'a>, numbers: &'a [u64]) {
        let found = Found { layer: self.layers.len(), lies_in, octets, numbers, known: 0 };
        if self.found.try_push(found).is_ok() {
            self.rest = octets;
            self.descend(hint);
        }
    }

    /// Reads what the TCP segment holds again, as part of a message that earlier segments began.
    ///
    /// `segments` are the numbers of the packets that brought the message, in order.
    #[must_use]
    pub fn carried_on(&self, hint: Hint, message: Octets<'a>, segments: &'a [u64]) -> Self {
        let tcp = |layer: &Layer<'_>| matches!(layer, Layer::Tcp(_));
        let layers = self.layers.iter().rposition(tcp).map_or(self.layers.len(), |at| at + 1);
        let mut packet = self.clone();
        packet.layers.truncate(layers);
        packet.found.retain(|found| found.layer < layers);
        (packet.quote, packet.stop) = (usize::MAX, None);
        packet.read_on(LiesIn::Message, hint, message, segments);
        packet
    }

    /// Notes that this fragment contradicts the one in packet `number`.
    pub fn overlap(&mut self, number: u64) {
        self.overlapped = Some(number);
    }

    /// The packet's innermost layer as a fragment, unless it is whole or only quoted.
    pub fn fragment(&self) -> Option<Fragment<'a>> {
        let (id, protocol, offset, more, payload) = match self.own_layers().last()? {
            Layer::Ipv4(ip) if ip.is_fragment() => (
                ip.id().into(),
                ip.protocol(),
                ip.fragment_offset(),
                ip.has_more_fragments(),
                ip.payload(),
            ),
            // RFC 6946 §4: an atomic fragment waits for no other.
            Layer::Ipv6Fragment(part) if !part.is_atomic() => {
                (part.id(), part.next_header(), part.offset(), part.has_more(), part.payload())
            }
            _ => return None,
        };
        let (source, destination) = self.addresses()?;
        Some(Fragment { source, destination, id, protocol, offset, more, payload })
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
        (0..self.layers.len()).map(|at| self.place(at))
    }

    /// The layer at an index of [`Packet::layers`], and where it lies.
    pub fn place(&self, at: usize) -> Place<'_, 'a> {
        let (layer, start) = (&self.layers[at], self.starts[at] as usize);
        match self.found.iter().rev().find(|found| at >= found.layer) {
            Some(found) => Place { layer, start, lies_in: found.lies_in, octets: found.octets },
            None => Place { layer, start, lies_in: LiesIn::Frame, octets: self.frame.octets },
        }
    }

    /// Says that of what was found last earlier packets made so many octets known.
    pub fn already_knew(&mut self, known: usize) {
        if let Some(found) = self.found.last_mut() {
            found.known = known;
        }
    }

    /// What TLS kept secret of a stream, as far as this packet alone made it known.
    pub fn unsealed(&self) -> impl Iterator<Item = &'a [u8]> {
        let sealed = |found: &&Found<'a>| {
            found.lies_in == LiesIn::Decrypted
                && !matches!(self.layers.get(found.layer), Some(Layer::Tls(_)))
        };
        let found = self.found.iter().filter(sealed);
        found.map(|found| found.octets.kept().get(found.known..).unwrap_or_default())
    }

    /// What this packet made known that no frame holds as it is, in the order of the layers in it.
    pub fn found(&self) -> &[Found<'a>] {
        &self.found
    }

    /// The datagram that this packet completed, when it brought the last missing fragment.
    pub fn datagram(&self) -> Option<Octets<'a>> {
        self.found_in(LiesIn::Datagram).map(|found| found.octets)
    }

    /// The message that this packet completed, when earlier segments began it.
    pub fn message(&self) -> Option<Octets<'a>> {
        self.found_in(LiesIn::Message).map(|found| found.octets)
    }

    /// The numbers of the packets whose fragments make [`Packet::datagram`], this one's included.
    pub fn fragments(&self) -> &'a [u64] {
        self.found_in(LiesIn::Datagram).map_or(&[], |found| found.numbers)
    }

    /// The numbers of the packets whose segments make [`Packet::message`], this one's included.
    pub fn segments(&self) -> &'a [u64] {
        self.found_in(LiesIn::Message).map_or(&[], |found| found.numbers)
    }

    fn found_in(&self, lies_in: LiesIn) -> Option<&Found<'a>> {
        self.found.iter().rev().find(|found| found.lies_in == lies_in)
    }

    /// Notes that a record stays closed though keys are known.
    pub fn stay_closed(&mut self, why: Closed) {
        self.closed = Some(why);
    }

    /// Why a record stays closed though keys are known, if one does.
    pub fn closed(&self) -> Option<Closed> {
        self.closed
    }

    /// The packet whose fragment this one overlaps in part, for which the datagram was given up.
    pub fn overlapped(&self) -> Option<u64> {
        self.overlapped
    }

    /// Where `rest` begins, in the frame or in what was found last.
    pub fn rest_start(&self) -> usize {
        self.rest.kept().as_ptr() as usize - self.base()
    }

    /// The TCP segment in the innermost IP packet, unless it is only quoted.
    pub fn tcp(&self) -> Option<tcp::Tcp<'a>> {
        within_ip(self.own_layers()).find_map(|layer| match layer {
            Layer::Tcp(tcp) => Some(*tcp),
            _ => None,
        })
    }

    /// The UDP datagram in the innermost IP packet, unless it is only quoted.
    pub fn udp(&self) -> Option<udp::Udp<'a>> {
        within_ip(self.own_layers()).find_map(|layer| match layer {
            Layer::Udp(udp) => Some(*udp),
            _ => None,
        })
    }

    /// Source and destination of the innermost IP packet, unless it is only quoted.
    pub fn addresses(&self) -> Option<(IpAddr, IpAddr)> {
        addresses(self.own_layers())
    }

    /// Source and destination port in the innermost IP packet, unless it is only quoted.
    pub fn ports(&self) -> Option<(u16, u16)> {
        ports(self.own_layers())
    }

    fn descend(&mut self, mut hint: Hint) {
        let base = self.base();
        // Kept in hand until the end: stored and loaded for each layer, it would be waited for.
        let mut rest = self.rest;
        // Where a quote ends as it was sent; it is read as if it were longer.
        let mut quote_end = usize::MAX;
        if let Some(payload) = self.read_usual(hint, rest) {
            (hint, rest) = payload;
        }
        while !self.layers.is_full() {
            if let Hint::Quote(ethertype) = hint {
                self.quote = self.quote.min(self.layers.len());
                quote_end = rest.kept().as_ptr() as usize + rest.len();
                rest = as_sent(ethertype, rest);
                hint = Hint::Ether(ethertype);
            }
            if matches!(hint, Hint::Ip(6))
                && quote_end != usize::MAX
                && rest.kept().as_ptr() as usize + 20 > quote_end
            {
                hint = Hint::Scrap(6);
            }
            if rest.is_empty()
                && matches!(hint, Hint::Tcp(..) | Hint::Udp(..) | Hint::Tls(..) | Hint::Is(_))
            {
                break;
            }
            let start = rest.kept().as_ptr() as usize - base;
            self.starts[self.layers.len()] = start as u32;
            match Layer::read(&mut hint, &mut rest, &mut self.layers) {
                Ok(true) => {}
                Ok(false) => break,
                Err(stop) => {
                    // A quote that ends early is no loss: more was never sent.
                    let quoted = quote_end != usize::MAX && !self.whole().is_cut();
                    if !(quoted && matches!(stop.why, Why::Cut { .. })) {
                        self.stop = Some(stop);
                    }
                    break;
                }
            }
        }
        self.rest = rest;
    }

    /// Takes over the layers that most frames have, where nothing was read yet. What follows them comes
    /// back with its hint.
    #[inline]
    fn read_usual(&mut self, hint: Hint, frame: Octets<'a>) -> Option<(Hint, Octets<'a>)> {
        let Hint::Link(link) = hint else { return None };
        let usual = Usual::read(link, frame).filter(|_| self.layers.is_empty())?;
        let start = |octets: Octets<'_>| (octets.kept().as_ptr() as usize - self.base()) as u32;
        let starts = [0, start(usual.packet), start(usual.segment)];
        self.starts[..3].copy_from_slice(&starts);
        self.layers.push(Layer::Ethernet(usual.ethernet));
        self.layers.push(usual.ip.into());
        self.layers.push(Layer::Tcp(usual.tcp));
        Some((usual.hint, usual.tcp.payload()))
    }

    /// The address in memory that places are counted from.
    fn base(&self) -> usize {
        self.whole().kept().as_ptr() as usize
    }

    /// The frame, or what was found last.
    fn whole(&self) -> Octets<'a> {
        self.found.last().map_or(self.frame.octets, |found| found.octets)
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

/// The layers inside the innermost IP packet, innermost first: the ports of a tunnel's own datagrams
/// do not belong to the addresses within.
fn within_ip<'l, 'a>(layers: &'l [Layer<'a>]) -> impl Iterator<Item = &'l Layer<'a>> {
    layers.iter().rev().take_while(|layer| !matches!(layer, Layer::Ipv4(_) | Layer::Ipv6(_)))
}

/// Source and destination port in the innermost IP packet among some layers.
pub fn ports(layers: &[Layer<'_>]) -> Option<(u16, u16)> {
    within_ip(layers).find_map(|layer| match layer {
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
        Layer::Fddi(fddi) => Some((fddi.source(), Some(fddi.destination()))),
        Layer::Wifi(wifi) => wifi.hop().map(|(from, to)| (from, Some(to))),
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
