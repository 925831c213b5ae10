//! What is remembered of a packet that went by?

use std::collections::VecDeque;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::time::Duration;

use arrayvec::ArrayVec;

use crate::flow::tcp::{Connection, Rtt, State, Verdict, What};
use crate::flow::{Mark, Seen, Side, Which};
use crate::wire::tcp::{Flags, Seq, Tcp, TcpOption};
use crate::wire::{Layer, Packet, packet};

/// The packets that went by last.
#[derive(Debug, Default)]
pub(super) struct Past {
    traces: VecDeque<Trace>,
}

/// One of them.
#[derive(Clone, Debug)]
pub struct Trace {
    pub mark: Mark,
    /// The number of its conversation.
    pub conversation: Option<u32>,
    /// Which end sent it; the sides may still turn out to be the other way round.
    pub from: Which,
    pub segment: Option<Written>,
    pub has_ports: bool,
    pub verdicts: ArrayVec<Verdict, 3>,
    /// How the connection stands once the packet is taken into account.
    pub standing: Option<Standing>,
    /// What an ICMP error would quote of it, mixed.
    identity: u64,
    /// Whether its sender gave it a number of its own.
    is_identified: bool,
    /// Of the IP packet.
    len: usize,
}

/// What a segment says.
#[derive(Clone, Copy, Debug)]
pub struct Written {
    pub seq: Seq,
    /// The place after it, SYN and FIN included.
    pub end: Seq,
    pub ack: Seq,
    pub len: u32,
    pub flags: Flags,
    /// Value and echo of the time stamps; the echo means something only with an ACK.
    pub stamps: Option<(u32, u32)>,
}

/// How far a connection has come.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Standing {
    pub state: State,
    /// By [`Which`].
    ends: [Half; 2],
}

/// How far one end of it has come. What is not known is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Half {
    /// The first place that it has not sent yet, as far as was seen.
    pub next: Option<Seq>,
    /// Up to where the peer acknowledged.
    pub acked: Option<Seq>,
    /// Up to where the peer's window lets it send.
    pub edge: Option<Seq>,
    pub in_flight: Option<u32>,
    /// The window that it offered last, in octets.
    pub window: Option<u32>,
    /// RFC 6298 §2, of what it sends.
    pub smoothed: Option<Duration>,
    pub packets: u64,
}

impl Past {
    /// Packets that are remembered; of those before them nothing is known any more.
    pub(super) const MOST: usize = 1 << 16;

    pub(super) fn push(&mut self, trace: Trace) {
        if self.traces.len() == Self::MOST {
            self.traces.pop_front();
        }
        self.traces.push_back(trace);
    }

    /// Those of a conversation, the last first.
    pub(super) fn of(&self, conversation: u32) -> impl Iterator<Item = &Trace> {
        self.traces.iter().rev().filter(move |trace| trace.conversation == Some(conversation))
    }

    /// The same datagram, seen shortly before.
    pub(super) fn before(&self, trace: &Trace) -> Option<&Trace> {
        self.traces.iter().rev().find(|before| before.is_copied_by(trace))
    }

    /// The last packet that an error message could quote so.
    pub(super) fn quoted(&self, identity: u64) -> Option<&Trace> {
        self.traces.iter().rev().find(|trace| trace.identity == identity)
    }
}

impl Trace {
    pub(super) fn of(packet: &Packet<'_>, seen: &Seen<'_>) -> Self {
        let tcp = packet.tcp().filter(|_| seen.connection.is_some());
        let ip = packet.own_layers().iter().rev().find_map(|layer| match layer {
            Layer::Ipv4(ip) => Some((ip.id() != 0, ip.total_len())),
            _ => None,
        });
        let (is_identified, len) = ip.unwrap_or_default();
        Self {
            mark: Mark::of(&packet.frame),
            conversation: seen.id(),
            from: sender(seen).unwrap_or(Which::Lower),
            segment: tcp.map(Written::of),
            has_ports: packet.ports().is_some(),
            verdicts: seen.verdicts.iter().copied().take(3).collect(),
            standing: seen.connection.map(|(connection, _)| Standing::of(connection)),
            identity: identity(packet.own_layers()).unwrap_or(0),
            is_identified,
            len,
        }
    }

    /// Whether an error message quotes this packet, as far as it can tell.
    pub(super) fn is_quoted_as(&self, identity: u64) -> bool {
        self.identity != 0 && self.identity == identity
    }

    /// Whether another one is the same datagram, by its identification.
    pub(super) fn is_copied_by(&self, other: &Self) -> bool {
        let is_same =
            (self.from, self.conversation, self.len) == (other.from, other.conversation, other.len);
        let is_soon = other.mark.time.since(self.mark.time) <= SOON;
        self.is_identified && is_same && is_soon && other.is_quoted_as(self.identity)
    }

    /// The first thing that was said of it which is so.
    pub fn is(&self, so: impl Fn(What) -> bool) -> Option<Verdict> {
        self.verdicts.iter().copied().find(|verdict| so(verdict.what))
    }

    pub fn has(&self, flag: u8) -> bool {
        self.segment.is_some_and(|segment| segment.flags.has(flag))
    }
}

/// A datagram that is the same so soon after is no other.
const SOON: Duration = Duration::from_secs(1);

/// Which end sent it.
pub(super) fn sender(seen: &Seen<'_>) -> Option<Which> {
    let (key, end) = match (seen.connection, seen.datagrams) {
        (Some((connection, side)), _) => (*connection.key(), connection.end(side)),
        (None, Some((datagrams, side))) => (*datagrams.key(), datagrams.end(side)),
        (None, None) => return None,
    };
    Some(if key.end(Which::Lower) == end { Which::Lower } else { Which::Higher })
}

/// What is the same in a packet and where it is quoted: what a router on the way changes is left out.
pub(super) fn identity(layers: &[Layer<'_>]) -> Option<u64> {
    let mut hasher = DefaultHasher::new();
    let at = layers.iter().rposition(|it| matches!(it, Layer::Ipv4(_) | Layer::Ipv6(_)))?;
    packet::addresses(&layers[at..])?.hash(&mut hasher);
    if let Layer::Ipv4(ip) = &layers[at] {
        ip.id().hash(&mut hasher);
    }
    packet::ports(&layers[at..]).hash(&mut hasher);
    for layer in &layers[at + 1..] {
        match layer {
            Layer::Tcp(tcp) => tcp.seq().hash(&mut hasher),
            Layer::Scrap(scrap) => scrap.seq().hash(&mut hasher),
            Layer::Udp(udp) => udp.told_len().hash(&mut hasher),
            Layer::Icmp(icmp) => icmp.echo().hash(&mut hasher),
            Layer::Icmpv6(icmp) => icmp.echo().hash(&mut hasher),
            _ => continue,
        }
        return Some(hasher.finish().max(1));
    }
    None
}

impl Written {
    pub(super) fn of(tcp: Tcp<'_>) -> Self {
        let stamps = tcp.options().find_map(|option| match option {
            TcpOption::Timestamps { value, echo } => Some((value, echo)),
            _ => None,
        });
        Self {
            seq: tcp.seq(),
            end: tcp.seq().plus(tcp.span()),
            ack: tcp.ack(),
            len: tcp.payload().len() as u32,
            flags: tcp.flags(),
            stamps,
        }
    }

    /// The time stamp of the peer that it echoes (RFC 7323 §3.2).
    pub fn echo(&self) -> Option<u32> {
        self.stamps.filter(|_| self.flags.has(Flags::ACK)).map(|(_, echo)| echo)
    }

    /// Whether it takes up sequence.
    pub fn takes_up(&self) -> bool {
        self.seq != self.end
    }
}

impl Standing {
    fn of(connection: &Connection) -> Self {
        let lower = connection.key().end(Which::Lower);
        let mut ends = [Half::default(); 2];
        for side in [Side::Client, Side::Server] {
            let half = connection.half(side);
            let place = if connection.end(side) == lower { Which::Lower } else { Which::Higher };
            ends[place as usize] = Half {
                next: half.next(),
                acked: half.acked(),
                edge: half.edge(),
                in_flight: half.in_flight(),
                window: half.windows().and_then(|windows| {
                    windows.closed_since().map_or_else(|| windows.last(), |_| Some(0))
                }),
                smoothed: half.rtt().and_then(Rtt::smoothed),
                packets: half.packets(),
            };
        }
        Self { state: connection.state(), ends }
    }

    pub fn half(&self, which: Which) -> Half {
        self.ends[which as usize]
    }
}
