//! Into which buckets does the time of each connection go?

mod clock;
mod course;
mod ledger;
mod secured;
mod tiles;
mod view;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

pub use ledger::Ledger;
pub use tiles::Tiles;

use crate::flow::tcp::{Connection, Segment};
use crate::flow::{Mark, Seen};
use crate::wire::Packet;

/// The time of every connection, one packet at a time.
#[derive(Debug, Default)]
pub struct Budgets {
    open: HashMap<u32, Ledger, RandomState>,
}

impl Budgets {
    pub fn observe(&mut self, packet: &Packet<'_>, seen: &Seen<'_>) {
        let Some((connection, side)) = seen.connection else { return };
        let Some((segment, ..)) = Segment::of(packet) else { return };
        let octets = packet.tcp().map_or(&[][..], |tcp| tcp.payload().kept());
        let ledger = self.open.entry(connection.id()).or_insert_with(|| {
            Ledger::begin(connection, Tiles::begin(Mark::of(&packet.frame), Tiles::MOST))
        });
        ledger.observe(&segment, octets, side, connection, seen.verdicts);
    }

    /// The time of a connection to which nothing will be added.
    pub fn end(&mut self, connection: &Connection) -> Option<Tiles> {
        self.open.remove(&connection.id()).map(|ledger| ledger.end(connection))
    }
}
