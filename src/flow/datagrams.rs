//! Who else talked to whom? (UDP, ICMP, and everything between two addresses that is no TCP)
//!
//! Nothing says when such a conversation ends: after [`SILENCE`] the next packet begins another one, as
//! in Zeek. At most [`MOST`] are followed; beyond that the one whose turn it was to be looked at is told as
//! it is, and its next packet begins another.

use std::collections::VecDeque;
use std::mem;
use std::time::Duration;

use super::community::CommunityId;
use super::key::{End, Key, Which};
use super::mark::{Mark, Side};
use super::table::{Keyed, Rank, Table, Use};
use crate::wire::{Layer, Name, Packet};

/// Without a packet for so long, a conversation is over.
const SILENCE: Duration = Duration::from_secs(60);
/// Some 100 MB of them.
const MOST: usize = 500_000;

/// What two ends sent each other without a connection.
#[derive(Clone, Debug)]
pub struct Datagrams {
    key: Key,
    id: u32,
    client: Which,
    opened: Mark,
    latest: Mark,
    sent: [Sum; 2],
    application: Option<Name>,
    community: Option<CommunityId>,
}

/// Packets and their octets.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Sum {
    pub packets: u64,
    /// The frames', on the wire.
    pub octets: u64,
    /// What UDP carried; 0 where it is no UDP.
    pub payload: u64,
}

/// Those that are followed.
#[derive(Debug, Default)]
pub(super) struct Followed {
    table: Table<Datagrams>,
    /// Places and numbers, in the order in which they are looked at: have they fallen silent?
    turns: VecDeque<(u32, u32)>,
}

impl Keyed for Datagrams {
    fn vacant() -> Self {
        Self::unknown()
    }

    fn key(&self) -> &Key {
        &self.key
    }

    /// Those that have fallen silent are found in another way.
    fn rank(&self) -> Rank {
        Rank::of(Use::Open, self.opened.time)
    }
}

impl Datagrams {
    /// A conversation of which nothing is known.
    pub fn unknown() -> Self {
        let (key, client) = Key::unknown();
        let (opened, sent) = (Mark::default(), [Sum::default(); 2]);
        Self {
            key,
            id: 0,
            client,
            opened,
            latest: opened,
            sent,
            application: None,
            community: None,
        }
    }

    /// Counted from 1 in the order of the first packets, together with connections.
    pub fn id(&self) -> u32 {
        self.id
    }

    pub fn key(&self) -> &Key {
        &self.key
    }

    /// As in the IP header.
    pub fn protocol(&self) -> u8 {
        self.key.protocol
    }

    pub fn opened(&self) -> Mark {
        self.opened
    }

    /// The last packet so far.
    pub fn latest(&self) -> Mark {
        self.latest
    }

    /// Who asked, as far as ports tell it; else who spoke first.
    pub fn end(&self, side: Side) -> End {
        self.key.end(Which::of(side, self.client))
    }

    /// Sent by this side.
    pub fn sent(&self, side: Side) -> Sum {
        self.sent[side.index()]
    }

    /// The protocol above the ports, or of the packets where there are none.
    pub fn application(&self) -> Option<Name> {
        self.application
    }

    /// `None` for what has none, such as fragments.
    pub fn community_id(&self) -> Option<CommunityId> {
        self.community
    }

    fn new(id: u32, key: Key, from: Which, packet: &Packet<'_>) -> Self {
        let client = client(&key, from);
        let mark = Mark::of(&packet.frame);
        let community = CommunityId::of(packet);
        let sent = [Sum::default(); 2];
        Self { key, id, client, opened: mark, latest: mark, sent, application: None, community }
    }

    fn count(&mut self, packet: &Packet<'_>, from: Which) -> Side {
        let side = if from == self.client { Side::Client } else { Side::Server };
        let mark = Mark::of(&packet.frame);
        self.latest = Mark { packet: mark.packet, time: self.latest.time.max(mark.time) };
        let sum = &mut self.sent[side.index()];
        sum.packets += 1;
        sum.octets += packet.frame.octets.len() as u64;
        sum.payload += packet.udp().map_or(0, |udp| udp.payload().len() as u64);
        if self.application.is_none() {
            self.application = application(packet);
        }
        side
    }
}

impl Followed {
    /// Follows a packet between two addresses; `id` is the number of a conversation that it begins.
    ///
    /// What is over is added to `gone`.
    pub(super) fn observe(
        &mut self,
        packet: &Packet<'_>,
        id: u32,
        gone: &mut Vec<Datagrams>,
    ) -> Option<(&Datagrams, Side)> {
        let (key, from) = ends(packet)?;
        let mark = Mark::of(&packet.frame);
        self.look(mark, gone);
        let found = self.table.find(&key, |_| true);
        let place = match found {
            Some(place) => place,
            None => self.begin(Datagrams::new(id, key, from, packet), gone),
        };
        let datagrams = self.table.at_mut(place)?;
        if mark.time.since(datagrams.latest.time) > SILENCE {
            gone.push(mem::replace(datagrams, Datagrams::new(id, key, from, packet)));
            self.turns.push_back((place, id));
        }
        let side = datagrams.count(packet, from);
        self.table.at(place).map(|datagrams| (datagrams, side))
    }

    /// The conversation of this key, if it is still the one of this number.
    pub(super) fn of(&self, key: &Key, id: u32) -> Option<&Datagrams> {
        self.table.at(self.table.find(key, |it| it.id == id)?)
    }

    pub(super) fn count(&self) -> usize {
        self.table.len()
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = &Datagrams> {
        self.table.rows()
    }

    /// Looks at two of them, so that all are looked at again and again.
    fn look(&mut self, now: Mark, gone: &mut Vec<Datagrams>) {
        for _ in 0..2 {
            let Some((place, id)) = self.turns.pop_front() else { return };
            let Some(row) = self.table.at(place).filter(|row| row.id == id) else { continue };
            if now.time.since(row.latest.time) > SILENCE {
                gone.extend(self.table.remove(place));
            } else {
                self.turns.push_back((place, id));
            }
        }
    }

    fn begin(&mut self, row: Datagrams, gone: &mut Vec<Datagrams>) -> u32 {
        while self.table.len() >= MOST {
            let Some((place, id)) = self.turns.pop_front() else { break };
            if self.table.at(place).is_some_and(|row| row.id == id) {
                gone.extend(self.table.remove(place));
            }
        }
        let id = row.id;
        let place = self.table.insert(row);
        self.turns.push_back((place, id));
        place
    }
}

/// The conversation of a packet that is no TCP. Of a fragment nobody knows the ports.
fn ends(packet: &Packet<'_>) -> Option<(Key, Which)> {
    if packet.fragment().is_some() {
        return None;
    }
    let (source, destination) = packet.addresses()?;
    let (from, to) = packet.ports().unwrap_or((0, 0));
    let own = packet.own_layers();
    let protocol = own.iter().rev().find_map(|layer| match layer {
        Layer::Tcp(_) => Some(6),
        Layer::Udp(_) => Some(17),
        Layer::Icmp(_) => Some(1),
        Layer::Icmpv6(_) => Some(58),
        Layer::Ipv4(ip) => Some(ip.protocol()),
        Layer::Ipv6(ip) => Some(ip.next_header()),
        Layer::Ipv6Options(header) => Some(header.next_header()),
        Layer::Ipv6Routing(header) => Some(header.next_header()),
        Layer::Ipv6Fragment(header) => Some(header.next_header()),
        _ => None,
    })?;
    // A segment that could not be read belongs to no connection, and to nothing else.
    if protocol == 6 {
        return None;
    }
    Some(Key::of(protocol, End::new(source, from), End::new(destination, to)))
}

/// Whoever spoke first, unless only the first speaker's port is one that servers have.
fn client(key: &Key, from: Which) -> Which {
    let is_service = |which| (1..1024).contains(&key.end(which).port);
    let to_many = |which| match key.end(which).address() {
        std::net::IpAddr::V4(address) => address.is_multicast() || address.is_broadcast(),
        std::net::IpAddr::V6(address) => address.is_multicast(),
    };
    if is_service(from) && !is_service(from.other()) && !to_many(from.other()) {
        from.other()
    } else {
        from
    }
}

/// RFC 8200 §4: headers between that of IPv6 and what it carries.
fn is_extension(layer: &Layer<'_>) -> bool {
    matches!(layer, Layer::Ipv6Options(_) | Layer::Ipv6Routing(_) | Layer::Ipv6Fragment(_))
}

fn application(packet: &Packet<'_>) -> Option<Name> {
    let own = packet.own_layers();
    let carries = |layer: &Layer<'_>| {
        matches!(layer, Layer::Udp(_) | Layer::Ipv4(_) | Layer::Ipv6(_)) || is_extension(layer)
    };
    let at = own.iter().rposition(carries)?;
    own.get(at + 1).map(Layer::name)
}
