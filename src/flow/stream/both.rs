//! What did both sides of a connection send?

use super::{Room, Run, Segment, Stream};
use crate::flow::tcp::{Connection, Facts};
use crate::flow::{Mark, Side};
use crate::wire::tcp::{Flags, Tcp};

/// Both sides' octets.
#[derive(Debug, Default)]
pub struct Both([Stream; 2]);

impl Both {
    /// Where a stream begins is known from its SYN, if that was seen.
    pub fn of(connection: &Connection) -> Self {
        let mut both = Self::default();
        for side in [Side::Client, Side::Server] {
            let half = connection.half(side);
            if let Some(syn) = half.start().filter(|_| half.facts().has(Facts::SYN)) {
                both.0[side.index()].begin(syn.plus(1));
            }
        }
        both
    }

    /// Takes a segment of this side and what it acknowledges, and hands on what is now in order.
    pub fn take(
        &mut self,
        tcp: Tcp<'_>,
        side: Side,
        mark: Mark,
        room: &mut Room,
        reader: &mut impl FnMut(Run<'_>, Side),
    ) {
        if tcp.flags().has(Flags::ACK) && !tcp.flags().has(Flags::RST) {
            let peer = side.peer();
            let stream = &mut self.0[peer.index()];
            stream.acknowledge(tcp.ack(), mark, room, &mut |run| reader(run, peer));
        }
        let stream = &mut self.0[side.index()];
        stream.take(Segment::of(tcp, mark), room, &mut |run| reader(run, side));
    }

    /// Hands on what still waits, because nothing more will come.
    pub fn end(&mut self, mark: Mark, room: &mut Room, reader: &mut impl FnMut(Run<'_>, Side)) {
        for side in [Side::Client, Side::Server] {
            self.0[side.index()].end(mark, room, &mut |run| reader(run, side));
        }
    }
}
