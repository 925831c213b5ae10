//! Which connection does a segment belong to, and which one has to leave?

use super::ahead::{Ahead, Coming};
use super::key::{Key, Which};
use super::mark::Side;
use super::ports::{self, Ordinal};
use super::servers::Servers;
use super::table::{Table, Use};
use super::tcp::{
    Connection, Evidence, Heir, Number, Roles, Segment, TIME_WAIT, Verdict, Verdicts, What,
};
use super::way::Ways;
use crate::timeline::{Frame, Timestamp};
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
    ahead: Ahead,
    /// When the packet at hand was captured.
    now: Timestamp,
}

/// So many frames before the one that is looked at ahead: its connection has come by now.
const NEAR: u64 = 6;
/// About as many connections as fit into a processor's second cache.
const MANY: usize = 2000;
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
            ahead: Ahead::default(),
            now: Timestamp::default(),
        }
    }

    /// Follows one packet; gives the connection that its segment belongs to, and who sent it. `begun`
    /// counts the conversations.
    pub(super) fn observe(
        &mut self,
        packet: &Packet<'_>,
        begun: &mut Number,
        verdicts: &mut Verdicts,
    ) -> Option<(&Connection, Side)> {
        self.turn_to(packet.frame.time);
        let known = self.ahead.of(&packet.frame);
        let known = known.map(|coming| (coming.segment.clone(), coming.key, coming.from));
        let carriers = if known.is_some() { &[] } else { Segment::carriers(packet) };
        let Some((segment, key, from)) = known.or_else(|| Segment::of(packet)) else {
            self.refuse(packet);
            return None;
        };
        let (way, carried) = self.ways.of(carriers);
        let key = key.carried(way);
        let place = match self.place(&key, &segment, from) {
            Some(place) if !segment.has(Flags::SYN) => place,
            Some(place) => self.inherit(place, &segment, from, begun, verdicts),
            None => {
                self.make_room();
                let number = begun.connection();
                let roles = self.roles(&key, from, &segment, packet);
                let new = Connection::new(number, key, roles, segment.mark).carried(carried);
                self.table.insert(new)
            }
        };
        let servers = &mut self.servers;
        let connection = self.table.serve(place, |connection| {
            connection.observe(&segment, connection.side(from), verdicts);
            if segment.len > 0 {
                connection.carries(packet);
                if connection.roles() < Roles::Content
                    && let Some(client) = client_by_content(packet, from)
                {
                    connection.is_client(client);
                }
            }
            if verdicts.said().iter().any(|verdict| matches!(verdict.what, What::Connected { .. }))
            {
                servers.serves(connection.end(Side::Server));
            }
        })?;
        Some((connection, connection.side(from)))
    }

    /// Prepares for a frame that will come soon.
    #[inline]
    pub(super) fn expect(&mut self, frame: &Frame<'_>) {
        if let Some(coming) = self.ahead.read(frame) {
            coming.place = self.table.expect(&coming.key);
        }
        if let Some(coming) = self.ahead.before(frame, NEAR)
            && let Some(connection) = coming.place.and_then(|place| self.table.at(place))
        {
            connection.expect(connection.side(coming.from));
        }
    }

    /// Follows a segment that only goes on with a connection, without reading what is above TCP, if
    /// nothing there is wanted by `wants`. Otherwise nothing is followed.
    #[inline]
    pub(super) fn skim(
        &mut self,
        frame: &Frame<'_>,
        verdicts: &mut Verdicts,
        wants: impl FnOnce(&Connection, &Coming) -> bool,
    ) -> Option<(&Connection, Side)> {
        if self.ahead.of(frame).is_none() {
            self.ahead.read(frame)?;
        }
        self.turn_to(frame.time);
        let coming = self.ahead.of(frame)?;
        let key = &coming.key;
        let is_it = |it: &Connection| it.key().is_beside(key) && it.goes_by(key.way);
        let expected = coming.place.filter(|place| self.table.at(*place).is_some_and(is_it));
        let place = expected.or_else(|| self.table.find(key, |it| it.goes_by(key.way)))?;
        let mut has_gone_on = false;
        let connection = self.table.serve(place, |connection| {
            if coming.segment.len == 0 || !wants(connection, coming) {
                let side = connection.side(coming.from);
                has_gone_on = connection.go_on_quietly(&coming.segment, side, verdicts);
            }
        })?;
        has_gone_on.then(|| (connection, connection.side(coming.from)))
    }

    /// Whether so many go on at once that not all of them lie near the processor.
    #[inline]
    pub(super) fn are_many(&self) -> bool {
        self.table.count(Use::Open) > MANY
    }

    /// The connection of this key that has this number.
    pub(super) fn of(&self, key: &Key, id: u32) -> Option<&Connection> {
        self.table.at(self.table.find(key, |it| it.id() == id)?)
    }

    /// How many are not over.
    pub(super) fn open(&self) -> usize {
        self.table.count(Use::Open) + self.table.count(Use::HalfOpen)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Connection> {
        self.table.rows()
    }

    /// Whether [`Connections::gone`] has any.
    pub(super) fn has_gone(&self) -> bool {
        !self.gone.is_empty()
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
        verdicts: &mut Verdicts,
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
            next.observe(&pending.0, Side::Client, &mut Verdicts::default());
        }
        self.gone.push(before);
        self.table.insert(next)
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
        self.table.serve(place, |connection| {
            connection.sent_back(quote, connection.side(from));
        });
    }

    /// Once a second, those leave that have to.
    #[inline]
    fn turn_to(&mut self, now: Timestamp) {
        let before = std::mem::replace(&mut self.now, now);
        if now.seconds() != before.seconds() {
            self.let_go();
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
