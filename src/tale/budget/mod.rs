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
use crate::flow::{Mark, Seen};
use crate::tale::bucket::Bucket;
use crate::tale::wait::Proof;
use crate::wire::Packet;
use crate::wire::tcp::Flags;
use tiles::Charge;

/// The time of every connection, one packet at a time.
#[derive(Debug, Default)]
pub struct Budgets {
    /// Apart from the table: it is large, and most places of a table are empty.
    open: HashMap<u32, Box<Ledger>, RandomState>,
}

/// The question for an address, and its answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lookup {
    pub question: Mark,
    pub answer: Mark,
}

impl Budgets {
    /// Waits that are kept of all connections at once, about.
    const WAITS: usize = 1 << 20;

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
        let most = self.most();
        let ledger = self.open.entry(connection.id()).or_insert_with(|| {
            let lookup = Some(connection)
                .filter(|it| it.opened() == segment.mark && segment.has(Flags::SYN))
                .and_then(before);
            let began = lookup.map_or(connection.opened(), |lookup| lookup.question);
            let mut tiles = Tiles::begin(began, most);
            if let Some(lookup) = lookup {
                tiles.charge(lookup.answer, Charge::new(Bucket::NameLookup, None, Proof::Lookup));
            }
            Box::new(Ledger::begin(connection, tiles))
        });
        ledger.observe(&segment, octets, side, connection, seen);
    }

    /// How many waits of one more connection are kept: fewer when there are many.
    fn most(&self) -> usize {
        (Self::WAITS / (self.open.len() + 1)).clamp(16, Tiles::MOST)
    }

    /// Where the time of a connection went so far.
    pub fn of(&self, connection: u32) -> Option<&Tiles> {
        self.open.get(&connection).map(|ledger| ledger.tiles())
    }

    /// The time of a connection to which nothing will be added.
    pub fn end(&mut self, connection: &Connection) -> Option<(Tiles, Notes)> {
        self.open.remove(&connection.id()).map(|ledger| ledger.end(connection))
    }
}
