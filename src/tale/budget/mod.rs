//! Into which buckets does the time of each connection go?

mod clock;
mod count;
mod course;
mod ending;
mod ledger;
mod notes;
mod secured;
mod tiles;
mod view;
mod word;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

pub use ledger::Ledger;
pub use notes::Notes;
pub use tiles::Tiles;

use crate::flow::tcp::{Connection, Segment};
use crate::flow::{Mark, Seen, Side};
use crate::tale::bucket::Bucket;
use crate::tale::wait::Proof;
use crate::wire::Packet;
use crate::wire::tcp::Flags;
use tiles::Charge;

/// The time of every connection, one packet at a time.
#[derive(Debug, Default)]
pub struct Budgets {
    open: HashMap<u32, Open, RandomState>,
}

/// One connection's time, or what it is to be told from.
#[derive(Debug)]
enum Open {
    /// Nothing but these SYNs were seen yet: who sends a million of them is not given a million ledgers.
    Opening(Vec<(Segment, Side)>),
    /// Apart from the table: it is large, and most places of a table are empty.
    Followed(Box<Ledger>),
}

/// The question for an address, and its answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lookup {
    pub question: Mark,
    pub answer: Mark,
}

impl Budgets {
    /// Takes a packet; `before` is asked what was done for the sake of a connection before it began.
    pub fn observe(
        &mut self,
        packet: &Packet<'_>,
        seen: &Seen<'_>,
        before: impl FnOnce(&Connection) -> Option<Lookup>,
    ) {
        let Some((connection, side)) = seen.connection else { return };
        let Some((segment, ..)) = Segment::of(packet) else { return };
        let octets = packet.tcp().map_or(&[][..], |tcp| tcp.payload().kept());
        let followed = self.open.len();
        let lookup = Some(connection)
            .filter(|it| it.opened() == segment.mark && segment.has(Flags::SYN))
            .and_then(before);
        let is_plain = segment.has(Flags::SYN) && segment.len == 0 && seen.verdicts.is_empty();
        let open = self.open.entry(connection.id()).or_insert(Open::Opening(Vec::new()));
        match open {
            Open::Opening(segments) if is_plain && lookup.is_none() && segments.len() < 2 => {
                segments.reserve_exact(1);
                segments.push((segment, side));
            }
            Open::Opening(segments) => {
                let mut ledger = Box::new(opened(segments, connection, lookup, most(followed)));
                ledger.observe(&segment, octets, side, connection, seen);
                *open = Open::Followed(ledger);
            }
            Open::Followed(ledger) => ledger.observe(&segment, octets, side, connection, seen),
        }
    }

    /// Where the time of a connection went so far.
    pub fn of(&self, connection: u32) -> Option<&Tiles> {
        match self.open.get(&connection)? {
            Open::Opening(_) => None,
            Open::Followed(ledger) => Some(ledger.tiles()),
        }
    }

    /// The time of a connection to which nothing will be added.
    pub fn end(&mut self, connection: &Connection) -> Option<(Tiles, Notes)> {
        let ledger = match self.open.remove(&connection.id())? {
            Open::Opening(segments) => opened(&segments, connection, None, Tiles::LEAST),
            Open::Followed(ledger) => *ledger,
        };
        Some(ledger.end(connection))
    }
}

/// How many waits of one more connection are kept: fewer when there are many.
fn most(connections: usize) -> usize {
    /// Of all at once, about.
    const WAITS: usize = 1 << 20;
    (WAITS / (connections + 1)).clamp(Tiles::LEAST, Tiles::MOST)
}

/// A ledger that begins with what was seen before it was needed.
fn opened(
    segments: &[(Segment, Side)],
    connection: &Connection,
    lookup: Option<Lookup>,
    most: usize,
) -> Ledger {
    let began = lookup.map_or(connection.opened(), |lookup| lookup.question);
    let mut tiles = Tiles::begin(began, most);
    if let Some(lookup) = lookup {
        tiles.charge(lookup.answer, Charge::new(Bucket::NameLookup, None, Proof::Lookup));
    }
    let mut ledger = Ledger::begin(connection, tiles);
    for (segment, side) in segments {
        ledger.observe(segment, &[], *side, connection, &Seen::default());
    }
    ledger
}
