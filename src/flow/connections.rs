//! Which connection does a segment belong to, and which one has to leave?

use super::key::{Key, Which};
use super::mark::Side;
use super::ports::{self, Ordinal};
use super::servers::Servers;
use super::table::{Keyed, Table, Use};
use super::tcp::{Connection, Evidence, Heir, Number, Roles, Segment, TIME_WAIT, Verdict, What};
use super::way::Ways;
use crate::timeline::Timestamp;
use crate::wire::tcp::Flags;
use crate::wire::{Layer, Packet};

/// Every connection that is followed.
#[derive(Debug)]
pub(super) struct Connections {
    table: Table<Connection>,
    /// How many are followed at once.
    most: usize,
    dropped: u64,
    ways: Ways,
    servers: Servers,
    gone: Vec<Connection>,
    /// The latest time that any packet had.
    now: Timestamp,
}

/// After so many seconds a SYN is hardly answered any more.
const HALF_OPEN: u32 = 5;
/// After so many seconds a quiet connection may be over without having said so.
const IDLE: u32 = 5 * 60;

impl Connections {
    pub(super) fn with_room_for(most: usize) -> Self {
        Self {
            table: Table::default(),
            most: most.max(1),
            dropped: 0,
            ways: Ways::default(),
            servers: Servers::default(),
            gone: Vec::new(),
            now: Timestamp::default(),
        }
    }

    /// Follows one packet; gives the place of the connection that its segment belongs to, and who sent
    /// it. `begun` counts the conversations.
    pub(super) fn observe(
        &mut self,
        packet: &Packet<'_>,
        begun: &mut Number,
        verdicts: &mut Vec<Verdict>,
    ) -> Option<(u32, Side)> {
        self.now = self.now.max(packet.frame.time);
        self.let_go();
        let mut segment = Segment::default();
        let Some((key, from)) = segment.read(packet) else {
            self.refuse(packet);
            return None;
        };
        let (way, carried) = self.ways.of(packet);
        let key = key.carried(way);
        let place = if let Some(place) = self.place(&key, &segment, from) {
            self.inherit(place, &segment, from, begun, verdicts)
        } else {
            self.make_room();
            let number = begun.connection();
            let roles = self.roles(&key, from, &segment, packet);
            let new = Connection::new(number, key, roles, segment.mark).carried(carried);
            self.table.insert(new, Use::HalfOpen, self.now)
        };
        let connection = self.table.at_mut(place)?;
        connection.observe(&segment, connection.side(from), verdicts);
        if segment.len > 0 {
            connection.carries(packet);
        }
        if connection.roles() < Roles::Content
            && segment.len > 0
            && let Some(client) = client_by_content(packet, from)
        {
            connection.is_client(client);
        }
        if verdicts.iter().any(|verdict| matches!(verdict.what, What::Connected { .. })) {
            self.servers.serves(connection.end(Side::Server));
        }
        let (side, queue) = (connection.side(from), queue(connection));
        self.table.touch(place, queue, self.now);
        Some((place, side))
    }

    pub(super) fn at(&self, place: u32) -> Option<&Connection> {
        self.table.at(place)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Connection> {
        self.table.rows()
    }

    pub(super) fn gone(&mut self) -> impl Iterator<Item = Connection> {
        self.gone.drain(..)
    }

    pub(super) fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Where the connection of a segment stands: one that goes the same way, or one between the same
    /// ends that saw this segment before, or waits for it.
    fn place(&mut self, key: &Key, segment: &Segment, from: Which) -> Option<u32> {
        if let Some(place) = self.table.find(key, |it| it.goes_by(key.way)) {
            return Some(place);
        }
        if self.ways.is_empty() {
            return None;
        }
        let place = self.table.find(key, |it| {
            let side = it.side(from);
            it.is_copy(segment, side) || it.is_answered_by(segment, side)
        })?;
        self.table.at_mut(place)?.goes_also_by(key.way);
        Some(place)
    }

    /// The place of the connection that a segment belongs to after all: it may be the first of another
    /// one between the same ends.
    fn inherit(
        &mut self,
        place: u32,
        segment: &Segment,
        from: Which,
        begun: &mut Number,
        verdicts: &mut Vec<Verdict>,
    ) -> u32 {
        let heir =
            self.table.at_mut(place).map_or(Heir::Same, |it| it.heir(segment, it.side(from)));
        let pending = match heir {
            Heir::Same => return place,
            Heir::New => None,
            Heir::Answer(pending) => Some(pending),
        };
        let Some(mut before) = self.table.remove(place) else { return place };
        let number = begun.connection();
        let first = pending.as_deref().map_or(segment, |(pending, _)| pending);
        let client = if segment.has(Flags::ACK) { from.other() } else { from };
        let roles = (client, Roles::Handshake);
        let mut next = Connection::new(number, *before.key(), roles, first.mark).after(&before);
        let what = What::PortsReused { connection: before.id() };
        verdicts.push(Verdict::certain(what, Evidence::State).of(before.latest().packet));
        if let Some(pending) = pending {
            before.disown(&pending.0, client);
            next.observe(&pending.0, Side::Client, &mut Vec::new());
        }
        self.gone.push(before);
        self.table.insert(next, Use::HalfOpen, self.now)
    }

    /// Which end is the client, and why.
    fn roles(
        &mut self,
        key: &Key,
        from: Which,
        segment: &Segment,
        packet: &Packet<'_>,
    ) -> (Which, Roles) {
        if segment.has(Flags::SYN) {
            let client = if segment.has(Flags::ACK) { from.other() } else { from };
            return (client, Roles::Handshake);
        }
        if let Some(client) = client_by_content(packet, from) {
            return (client, Roles::Content);
        }
        let ends = [key.end(from), key.end(from.other())];
        self.servers.talk(ends);
        match ends.map(|end| self.servers.is_server(end)) {
            [true, false] => return (from.other(), Roles::KnownServer),
            [false, true] => return (from, Roles::KnownServer),
            _ => {}
        }
        match ports::server(ends[0].port, ends[1].port) {
            Some(Ordinal::First) => (from.other(), Roles::Ports),
            Some(Ordinal::Second) => (from, Roles::Ports),
            None => (from, Roles::FirstSender),
        }
    }

    /// An ICMP error may send a SYN back.
    fn refuse(&mut self, packet: &Packet<'_>) {
        let unreachable = packet.own_layers().iter().any(|layer| match layer {
            // RFC 792, RFC 4443 §3.1; that a packet is too big refuses nothing.
            Layer::Icmp(icmp) => icmp.kind() == 3 && icmp.code() != 4,
            Layer::Icmpv6(icmp) => icmp.kind() == 1,
            _ => false,
        });
        if !unreachable {
            return;
        }
        let Some((quote, key, from)) = Segment::quoted(packet) else { return };
        let Some(place) = self.table.find(&key, |_| true) else { return };
        if let Some(connection) = self.table.at_mut(place) {
            connection.sent_back(quote, connection.side(from));
            let queue = queue(connection);
            self.table.touch(place, queue, self.now);
        }
    }

    /// Connections that have been over for long leave.
    fn let_go(&mut self) {
        while let Some((place, idle)) = self.table.oldest(Use::Over, self.now)
            && u64::from(idle) > TIME_WAIT.as_secs()
        {
            self.gone.extend(self.table.remove(place));
        }
    }

    /// Where there are too many, one leaves: one that is over, one that nobody answered, one that is
    /// quiet for long, or whichever was quiet for longest.
    fn make_room(&mut self) {
        if self.table.len() < self.most {
            return;
        }
        let [over, half_open, open] =
            [Use::Over, Use::HalfOpen, Use::Open].map(|queue| self.table.oldest(queue, self.now));
        let longest = half_open.into_iter().chain(open).max_by_key(|(_, idle)| *idle);
        let leaves = over
            .or(half_open.filter(|(_, idle)| *idle >= HALF_OPEN))
            .or(open.filter(|(_, idle)| *idle > IDLE))
            .or(longest);
        if let Some(mut leaver) = leaves.and_then(|(place, _)| self.table.remove(place)) {
            if !leaver.state().is_over() {
                leaver.drop_out();
                self.dropped += 1;
            }
            self.gone.push(leaver);
        }
    }
}

fn queue(connection: &Connection) -> Use {
    match connection.state() {
        state if state.is_over() => Use::Over,
        state if state.is_half_open() => Use::HalfOpen,
        _ => Use::Open,
    }
}

/// The client, when the packet says something that only one of the two would say.
fn client_by_content(packet: &Packet<'_>, from: Which) -> Option<Which> {
    let asks = packet.own_layers().iter().find_map(|layer| match layer {
        Layer::Http(http) => http.is_request(),
        // RFC 8446 §4: the kind of the first message in the first record.
        Layer::Tls(_) => match packet.tcp()?.payload().kept() {
            [22, 3, _, _, _, 1, ..] => Some(true),
            [22, 3, _, _, _, 2, ..] => Some(false),
            _ => None,
        },
        Layer::Dns(dns) => Some(!dns.is_response()),
        _ => None,
    })?;
    Some(if asks { from } else { from.other() })
}
