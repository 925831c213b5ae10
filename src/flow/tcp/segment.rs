//! What does a segment say, in the words of the tracker?

use arrayvec::ArrayVec;

use crate::flow::key::{End, Key, Which};
use crate::flow::mark::Mark;
use crate::timeline::Frame;
use crate::wire::tcp::{Flags, Seq, Tcp, TcpOption};
use crate::wire::usual::{Ip, Usual};
use crate::wire::{Layer, Packet, packet};

/// The parts of a packet that a connection is followed by.
#[derive(Clone, Debug, Default)]
pub struct Segment {
    pub mark: Mark,
    pub seq: Seq,
    /// Meaningful only when [`Flags::ACK`] is set.
    pub ack: Seq,
    pub flags: Flags,
    /// As written.
    pub window: u16,
    /// Octets of payload on the wire, kept by the capture or not.
    pub len: u32,
    /// Of IPv4; IPv6 has none.
    pub ip_id: Option<u16>,
    pub hops: u8,
    /// Where the capture saw it, in a number: the same for packets of one direction at one interface, on
    /// one link, that have come equally far.
    pub place: u32,
    /// RFC 3168 §5: a router marked it instead of dropping it.
    pub congested: bool,
    pub stamps: Option<Stamps>,
    pub sacks: Sacks,
    /// Meaningful only when [`Flags::SYN`] is set.
    pub offer: Offer,
    /// The frame's octets on the wire.
    pub octets: u32,
    /// The capture lost some of the options.
    pub is_cut: bool,
}

/// What a SYN proposes.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Offer {
    /// RFC 9293 §3.7.1; 0 when it names none.
    pub mss: u16,
    /// RFC 7323 §2, as written.
    pub scale: Option<u8>,
    /// RFC 2018 §2.
    pub sack: bool,
    /// RFC 7413 §4.1.1: how long the cookie is; 0 asks for one.
    pub cookie: Option<u8>,
    pub ecn: Ecn,
}

/// What a SYN proposes, or a SYN-ACK agrees to, of explicit congestion notification.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Ecn {
    #[default]
    None,
    /// RFC 3168 §6.1.1.
    Classic,
    /// RFC 9768 §3.1.1.
    Accurate,
}

/// Left and right edges (RFC 2018 §3), in the order sent.
pub type Sacks = ArrayVec<(Seq, Seq), 4>;

/// RFC 7323 §3.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Stamps {
    /// The sender's clock.
    pub value: u32,
    /// The peer's clock, as last heard; meaningful only with an ACK.
    pub echo: u32,
}

impl Segment {
    /// The segment in the innermost IP packet, its conversation, and which end of it sent it.
    pub fn of(packet: &Packet<'_>) -> Option<(Self, Key, Which)> {
        let mut segment = Self::default();
        let (key, which) = segment.read(packet)?;
        Some((segment, key, which))
    }

    /// Reads the segment in the innermost IP packet: in its place, because this is done for every packet.
    fn read(&mut self, packet: &Packet<'_>) -> Option<(Key, Which)> {
        let layers = packet.own_layers();
        let is_ip = |layer: &Layer<'_>| matches!(layer, Layer::Ipv4(_) | Layer::Ipv6(_));
        let at = layers.iter().rposition(is_ip)?;
        let Layer::Tcp(tcp) =
            layers[at + 1..].iter().find(|layer| matches!(layer, Layer::Tcp(_)))?
        else {
            return None;
        };
        let ip = match &layers[at] {
            Layer::Ipv4(ip) => Ip::V4(*ip),
            Layer::Ipv6(ip) => Ip::V6(*ip),
            _ => return None,
        };
        let (key, which) = self.read_headers(&packet.frame, ip, *tcp);
        let carriers = &layers[..at];
        for layer in carriers {
            self.pass(layer);
        }
        Some((key, which))
    }

    /// The layers that carry the innermost IP packet.
    pub(in crate::flow) fn carriers<'p, 'a>(packet: &'p Packet<'a>) -> &'p [Layer<'a>] {
        let layers = packet.own_layers();
        let is_ip = |layer: &Layer<'_>| matches!(layer, Layer::Ipv4(_) | Layer::Ipv6(_));
        &layers[..layers.iter().rposition(is_ip).unwrap_or(0)]
    }

    /// Reads the segment of a usual frame.
    #[inline]
    pub(in crate::flow) fn skim(&mut self, frame: &Frame<'_>, usual: &Usual<'_>) -> (Key, Which) {
        let found = self.read_headers(frame, usual.ip, usual.tcp);
        self.pass(&Layer::Ethernet(usual.ethernet));
        found
    }

    #[inline]
    fn read_headers(&mut self, frame: &Frame<'_>, ip: Ip<'_>, tcp: Tcp<'_>) -> (Key, Which) {
        let (from, to) = (tcp.source_port(), tcp.destination_port());
        let found = match ip {
            Ip::V4(ip) => {
                (self.ip_id, self.hops) = (Some(ip.id()), ip.ttl());
                self.congested = ip.header().0[1] & 3 == 3;
                Key::of(6, End::v4(ip.source(), from), End::v4(ip.destination(), to))
            }
            Ip::V6(ip) => {
                self.hops = ip.hop_limit();
                self.congested = ip.traffic_class() & 3 == 3;
                Key::of(6, End::v6(ip.source(), from), End::v6(ip.destination(), to))
            }
        };
        self.place = frame.interface << 8 ^ u32::from(self.hops);
        self.mark = Mark::of(frame);
        self.octets = frame.octets.len() as u32;
        (self.seq, self.ack) = (tcp.seq(), tcp.ack());
        (self.flags, self.window) = (tcp.flags(), tcp.window());
        self.len = tcp.payload().len() as u32;
        self.offer.ecn = Ecn::of(tcp);
        match tcp.lone_stamps() {
            Some((value, echo)) => self.stamps = Some(Stamps { value, echo }),
            None => self.read_options(tcp),
        }
        found
    }

    /// Where the capture saw it depends on what carried it there, too.
    #[inline]
    fn pass(&mut self, carrier: &Layer<'_>) {
        let told = match carrier {
            Layer::Ethernet(ethernet) => ethernet.link(),
            Layer::Vlan(vlan) => vlan.id().into(),
            Layer::Sll(sll) => sll.packet_type().into(),
            Layer::Sll2(sll) => u64::from(sll.packet_type()) << 32 | u64::from(sll.interface()),
            Layer::Ipv4(ip) => u32::from(ip.destination()).into(),
            _ => 1,
        };
        let mixed = (u64::from(self.place) ^ told).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.place = (mixed >> 32) as u32;
    }

    /// What an ICMP error sends back: in which packet, with which number as far as it was quoted, of
    /// which conversation, and which end of it had sent it.
    pub(in crate::flow) fn quoted(
        packet: &Packet<'_>,
    ) -> Option<((Mark, Option<Seq>), Key, Which)> {
        let layers = packet.quoted_layers();
        let (source, destination) = packet::addresses(layers)?;
        let (seq, ports) = layers.iter().rev().find_map(|layer| match layer {
            Layer::Tcp(tcp) => Some((tcp.seq(), (tcp.source_port(), tcp.destination_port()))),
            Layer::Scrap(scrap) => {
                Some((scrap.seq(), (scrap.source_port(), scrap.destination_port())))
            }
            _ => None,
        })?;
        let (source, destination) = (End::new(source, ports.0), End::new(destination, ports.1));
        let (key, which) = Key::of(6, source, destination);
        Some(((Mark::of(&packet.frame), Some(seq)), key, which))
    }

    fn read_options(&mut self, tcp: Tcp<'_>) {
        self.is_cut = tcp.options_are_cut();
        for option in tcp.options() {
            match option {
                TcpOption::Timestamps { value, echo } => {
                    self.stamps = Some(Stamps { value, echo });
                }
                TcpOption::Sack(blocks) => {
                    for block in blocks.edges() {
                        let _ = self.sacks.try_push(block);
                    }
                }
                TcpOption::Mss(mss) => self.offer.mss = mss,
                TcpOption::WindowScale(scale) => self.offer.scale = Some(scale),
                TcpOption::SackPermitted => self.offer.sack = true,
                TcpOption::FastOpen(cookie) => self.offer.cookie = Some(cookie.len() as u8),
                _ => {}
            }
        }
    }

    pub fn has(&self, flag: u8) -> bool {
        self.flags.has(flag)
    }

    /// Whether it is nothing but a first SYN or SYN-ACK as everybody sends it.
    pub(super) fn is_bare(&self) -> bool {
        const OTHERS: u8 = Flags::FIN | Flags::RST | Flags::PSH | Flags::URG;
        self.has(Flags::SYN)
            && self.flags.0 & OTHERS == 0
            && self.len == 0
            && self.window != 0
            && self.offer.cookie.is_none()
    }

    /// Whether it only acknowledges: no SYN, FIN or RST.
    pub fn is_plain(&self) -> bool {
        self.flags.0 & (Flags::SYN | Flags::FIN | Flags::RST) == 0
    }

    /// How far it moves the sequence: its payload, and one each for SYN and FIN.
    pub fn span(&self) -> u32 {
        self.len + u32::from(self.has(Flags::SYN)) + u32::from(self.has(Flags::FIN))
    }

    /// The first place after it.
    pub fn end(&self) -> Seq {
        self.seq.plus(self.span())
    }
}

impl Ecn {
    fn of(tcp: Tcp<'_>) -> Self {
        let flags = tcp.flags();
        let (cwr, ece) = (flags.has(Flags::CWR), flags.has(Flags::ECE));
        if !flags.has(Flags::SYN) {
            return Self::None;
        }
        match (flags.has(Flags::ACK), tcp.is_accurate_ecn(), cwr, ece) {
            // RFC 9768 §3.1.2: these say with which mark the SYN arrived. All three is an old stack
            // that throws back what it got.
            (false, true, true, true) | (true, false, true, _) | (true, true, _, false) => {
                Self::Accurate
            }
            (false, false, true, true) | (true, _, false, true) => Self::Classic,
            _ => Self::None,
        }
    }
}
