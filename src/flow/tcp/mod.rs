//! What happened on a connection, seen from somewhere between its ends?

use std::sync::Arc;
use std::time::Duration;

mod ack;
mod bare;
mod copies;
mod data;
mod flight;
mod half;
mod handshake;
mod holes;
mod life;
mod name;
mod offer;
mod order;
mod origin;
mod phases;
mod queue;
mod quiet;
mod reset;
mod reuse;
mod roles;
mod rtt;
mod sack;
mod segment;
mod sent;
mod story;
mod teardown;
mod told;
mod trigger;
mod verdict;
mod window;
mod zeek;

use super::fetch::fetch;
use super::key::{End, Key, Which};
use super::mark::{Mark, Side};
use super::table::{Keyed, Rank, Use};
use super::way::Way;
use crate::wire::tcp::Flags;
use crate::wire::{Layer, Packet};

pub use flight::Flight;
pub use half::{Facts, Half};
pub use handshake::{Handshake, Vantage};
pub use life::{Close, How, State};
pub use phases::Phases;
pub(super) use reuse::Heir;
pub use roles::Roles;
pub use rtt::Rtt;
pub use segment::{Ecn, Offer, Sacks, Segment, Stamps};
pub use sent::Sent;
pub(super) use teardown::TIME_WAIT;
pub(super) use verdict::Verdicts;
pub use verdict::{
    Confidence, Copied, Evidence, FastOpen, Need, Reset, RoundTrip, Trigger, Verdict, What,
};
pub use window::Windows;

use life::Belief;
use phases::Completeness;
use quiet::Quiet;
use story::Story;
use zeek::{Step, Zeek};

/// Two halves, watched from the middle.
///
/// Laid out by lines of the processor's cache, of which there are four with its place in the table; only
/// the first three are needed by what only goes on.
#[derive(Debug)]
#[repr(C)]
pub struct Connection {
    key: Key,
    /// The last packet.
    latest: Mark,
    /// Which end is the client, as far as is known.
    client: Which,
    roles: Roles,
    state: State,
    begins_with_syn: bool,
    /// Whether the protocol above is known.
    is_named: bool,
    /// Wireshark's, as far as it got.
    completeness: Completeness,
    quiet: Quiet,
    halves: [Half; 2],
    /// Nothing while there is no more than one SYN and one SYN-ACK.
    story: Option<Box<Story>>,
    number: Number,
    opened: Mark,
    /// What carried the first packet, beside plain links and IP.
    way: Option<Arc<Way>>,
    /// The one before it with the same key; 0 when there was none.
    reuses: u32,
}

const _: () = assert!(size_of::<Half>() == 64, "a half is one line");
const _: () = assert!(std::mem::offset_of!(Connection, halves) == 64, "and begins one");

/// Which one of all it is, in the order of the first packets.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Number {
    /// Of the conversations of every kind, counted from 1.
    pub(super) conversation: u32,
    /// Of the connections, counted from 0.
    pub(super) stream: u32,
}

impl Number {
    /// That of the next connection; what is counted are those before it.
    pub(super) fn connection(&mut self) -> Self {
        self.conversation += 1;
        let stream = self.stream;
        self.stream += 1;
        Self { stream, ..*self }
    }
}

impl Keyed for Connection {
    fn vacant() -> Self {
        Self::unknown()
    }

    fn fetch(&self) {
        fetch(&self.key);
        self.halves.iter().for_each(fetch);
    }

    fn key(&self) -> &Key {
        &self.key
    }

    fn rank(&self) -> Rank {
        let queue = match self.state {
            state if state.is_over() => Use::Over,
            state if state.is_half_open() => Use::HalfOpen,
            _ => Use::Open,
        };
        Rank::of(queue, self.latest.time)
    }
}

impl Connection {
    pub(super) fn new(
        number: Number,
        key: Key,
        (client, roles): (Which, Roles),
        mark: Mark,
    ) -> Self {
        Self {
            key,
            number,
            reuses: 0,
            client,
            roles,
            state: State::Joined,
            begins_with_syn: false,
            is_named: false,
            completeness: Completeness::default(),
            quiet: Quiet::default(),
            opened: mark,
            latest: mark,
            halves: [Half::default(), Half::default()],
            way: None,
            story: None,
        }
    }

    /// One of which nothing is known.
    pub fn unknown() -> Self {
        let (key, client) = Key::unknown();
        Self::new(Number::default(), key, (client, Roles::FirstSender), Mark::default())
    }

    /// Carried so.
    pub(super) fn carried(self, way: Option<Arc<Way>>) -> Self {
        Self { way, ..self }
    }

    /// Between the same ends as another one before it.
    pub(super) fn after(self, before: &Self) -> Self {
        Self { reuses: before.id(), way: before.way.clone(), ..self }
    }

    /// Whether packets of this number's way belong to it.
    pub(super) fn goes_by(&self, way: u16) -> bool {
        self.key.way == way || way != 0 && self.goes_by_another(way)
    }

    fn goes_by_another(&self, way: u16) -> bool {
        self.story.as_ref().is_some_and(|story| story.others.contains(&way))
    }

    /// Copies of its packets are seen on another way, too.
    pub(super) fn goes_also_by(&mut self, way: u16) {
        self.unfold();
        let Some(story) = &mut self.story else { return };
        if let Some(free) = story.others.iter_mut().find(|other| **other == 0) {
            *free = way;
        }
    }

    /// Its last packet was the first of another connection.
    pub(super) fn disown(&mut self, segment: &Segment, client: Which) {
        let half = &mut self.halves[self.side(client).index()];
        half.packets = half.packets.saturating_sub(1);
        half.octets = half.octets.saturating_sub(segment.octets.into());
    }

    /// There is no room for it any more.
    pub(super) fn drop_out(&mut self) {
        self.state = State::Dropped;
    }

    /// Counted from 1 over conversations of every kind, in the order of the first packets.
    pub fn id(&self) -> u32 {
        self.number.conversation
    }

    /// Counted from 0 over connections, as in Wireshark.
    pub fn stream(&self) -> u32 {
        self.number.stream
    }

    pub fn key(&self) -> &Key {
        &self.key
    }

    /// The first packet.
    pub fn opened(&self) -> Mark {
        self.opened
    }

    /// The last packet so far.
    pub fn latest(&self) -> Mark {
        self.latest
    }

    pub fn end(&self, side: Side) -> End {
        self.key.end(Which::of(side, self.client))
    }

    /// The key of the protocol above TCP, once one was read.
    pub fn application(&self) -> Option<&'static str> {
        self.story.as_ref()?.application
    }

    /// Whether it is known for certain who the client is, and what stands above TCP.
    pub(super) fn is_known(&self) -> bool {
        self.is_named && self.roles >= Roles::Content
    }

    pub(super) fn carries(&mut self, packet: &Packet<'_>) {
        let own = packet.own_layers();
        // Nothing stands above most segments: then there is nothing to look up.
        if self.is_named || matches!(own.last(), Some(Layer::Tcp(_))) {
            return;
        }
        if let Some(story) = &mut self.story {
            let tcp = own.iter().rposition(|layer| matches!(layer, Layer::Tcp(_)));
            let above = tcp.and_then(|at| own.get(at + 1));
            story.application = story.application.or(above.map(|layer| layer.name().key));
            self.is_named = story.application.is_some();
        }
    }

    /// Asks for what the next segment of this side will move on, should it only go on.
    pub(super) fn expect(&self, side: Side) {
        let (own, peer) = (self.half(side), self.half(side.peer()));
        if let (Some(own_trail), Some(peer_trail)) = (&own.trail, &peer.trail) {
            own_trail.expect_to_send(own.packets + 1);
            peer_trail.expect_to_hear();
        }
    }

    /// What this side sent.
    pub fn half(&self, side: Side) -> &Half {
        &self.halves[side.index()]
    }

    /// From one end to the other and back, by the shortest samples of both sides.
    pub fn rtt(&self) -> Option<Duration> {
        let [client, server] = &self.halves;
        client.round_trip(server)
    }

    pub(super) fn side(&self, from: Which) -> Side {
        if from == self.client { Side::Client } else { Side::Server }
    }

    /// Follows one segment.
    pub(super) fn observe(&mut self, segment: &Segment, side: Side, verdicts: &mut Verdicts) {
        if !self.go_on_quietly(segment, side, verdicts) {
            self.catch_up();
            self.observe_at_length(segment, side, verdicts);
            self.latest = segment.mark;
            self.settle_down();
        }
    }

    fn observe_at_length(&mut self, segment: &Segment, side: Side, verdicts: &mut Verdicts) {
        self.completeness.note(segment);
        if self.begin_bare(segment, side, verdicts) {
            return;
        }
        let (from, step) = (self.which(side), Step::of(segment));
        if self.is_new() {
            let zeek = Zeek::new(&self.key, from, &step);
            self.story = Some(Box::new(Story::new(zeek, Mark::default(), Mark::default())));
        } else {
            self.unfold();
        }
        if let Some(story) = &mut self.story {
            story.zeek.observe(from, &step);
        }
        let (own, peer) = self.pair(side);
        own.sight(segment.seq, segment.has(Flags::SYN));
        if segment.has(Flags::ACK) {
            peer.sight(segment.ack, false);
        }
        own.count(segment, peer.mss);
        if let Some((of, by)) = own.recognise(segment, peer) {
            own.trail().sent().copies[by as usize] += 1;
            verdicts.push(Verdict::certain(What::Copy(by), Evidence::Identity).of(of));
            return;
        }
        if segment.congested {
            verdicts.push(Verdict::certain(What::Congested, Evidence::Header));
        }
        let belief = self.live(segment, side, verdicts);
        let (own, peer) = self.pair(side);
        if belief == Belief::All {
            if let Some(probe) = window::probe(own, segment) {
                verdicts.push(own.trail().probes(probe, segment));
            } else if segment.span() > 0 {
                let is_new = own.facts.has(Facts::BEGUN) && segment.seq.past(own.next) >= 0;
                own.take(segment, peer, verdicts);
                if is_new {
                    window::fill(own, peer, segment, verdicts);
                }
            }
        }
        if belief != Belief::Nothing && segment.has(Flags::ACK) {
            ack::hear(own, peer, segment, verdicts);
        } else if segment.has(Flags::ACK) {
            ack::hear_reset(own, peer, segment, verdicts);
        }
        self.settle(segment.mark, verdicts);
    }

    /// Whether no packet was followed yet.
    fn is_new(&self) -> bool {
        self.halves.iter().all(|half| half.packets == 0)
    }

    /// The half of a side, and the other.
    fn pair(&mut self, side: Side) -> (&mut Half, &mut Half) {
        let [client, server] = &mut self.halves;
        match side {
            Side::Client => (client, server),
            Side::Server => (server, client),
        }
    }
}

impl Half {
    fn count(&mut self, segment: &Segment, mss: u16) {
        self.packets += 1;
        self.octets += u64::from(segment.octets);
        let time = segment.mark.time;
        let is_first = self.packets == 1;
        let joined = mss > 0 && segment.len > u32::from(mss);
        if joined {
            self.facts.note(Facts::OFFLOAD);
            let pieces = segment.len.div_ceil(mss.into());
            self.trail().sent().merged(pieces);
        }
        if segment.congested {
            self.trail().sent().congested += 1;
        }
        let trail = self.trail.get_or_insert_default();
        let pace = &mut trail.pace;
        let idle = if is_first { 0 } else { time.0.saturating_sub(pace.latest.0) };
        pace.latest = pace.latest.max(time);
        pace.payload += u64::from(segment.len);
        pace.idle = pace.idle.max(idle);
        if segment.len > 0 {
            if !self.facts.has(Facts::DATA) {
                self.facts.note(Facts::DATA);
                trail.first_data = time;
            }
            trail.pace.last_data = trail.pace.last_data.max(time);
        }
    }
}
