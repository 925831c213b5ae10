//! What does a segment say, in the words of the tracker?

use std::net::IpAddr;

use arrayvec::ArrayVec;

use crate::flow::key::{End, Key, Which};
use crate::flow::mark::Mark;
use crate::wire::tcp::{Flags, Seq, Tcp, TcpOption};
use crate::wire::{Layer, Packet};

/// The parts of a packet that a connection is followed by.
#[derive(Clone, Debug)]
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
    /// RFC 3168 §5: a router marked it instead of dropping it.
    pub congested: bool,
    pub stamps: Option<Stamps>,
    pub sacks: Sacks,
    /// Which interface of the capture saw it.
    pub interface: u32,
    /// The frame's octets on the wire.
    pub octets: u32,
    /// The capture lost some of the options.
    pub is_cut: bool,
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
        let mut segment: Option<Tcp<'_>> = None;
        for layer in packet.own_layers().iter().rev() {
            match layer {
                Layer::Tcp(tcp) => segment = Some(*tcp),
                Layer::Ipv4(ip) => {
                    let (source, destination) = (ip.source().into(), ip.destination().into());
                    let (tcp, id, hops) = (segment?, Some(ip.id()), ip.ttl());
                    let congested = ip.header().0[1] & 3 == 3;
                    return Some(Self::read(packet, tcp, source, destination, id, hops, congested));
                }
                Layer::Ipv6(ip) => {
                    let (source, destination) = (ip.source().into(), ip.destination().into());
                    let (tcp, hops) = (segment?, ip.hop_limit());
                    let congested = ip.traffic_class() & 3 == 3;
                    return Some(Self::read(
                        packet,
                        tcp,
                        source,
                        destination,
                        None,
                        hops,
                        congested,
                    ));
                }
                _ => {}
            }
        }
        None
    }

    fn read(
        packet: &Packet<'_>,
        tcp: Tcp<'_>,
        source: IpAddr,
        destination: IpAddr,
        ip_id: Option<u16>,
        hops: u8,
        congested: bool,
    ) -> (Self, Key, Which) {
        let frame = &packet.frame;
        let mut segment = Self {
            mark: Mark::of(frame),
            seq: tcp.seq(),
            ack: tcp.ack(),
            flags: tcp.flags(),
            window: tcp.window(),
            len: tcp.payload().len() as u32,
            ip_id,
            hops,
            congested,
            stamps: None,
            sacks: Sacks::new_const(),
            interface: frame.interface,
            octets: frame.octets.len() as u32,
            is_cut: false,
        };
        for option in tcp.options() {
            match option {
                TcpOption::Timestamps { value, echo } => {
                    segment.stamps = Some(Stamps { value, echo });
                }
                TcpOption::Sack(blocks) => {
                    for block in blocks.edges() {
                        let _ = segment.sacks.try_push(block);
                    }
                }
                _ => {}
            }
        }
        segment.is_cut = tcp.options_are_cut();
        let source = End::new(source, tcp.source_port());
        let destination = End::new(destination, tcp.destination_port());
        let (key, which) = Key::of(6, source, destination);
        (segment, key, which)
    }

    pub fn has(&self, flag: u8) -> bool {
        self.flags.has(flag)
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
