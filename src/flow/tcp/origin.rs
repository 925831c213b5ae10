//! What are the numbers of a connection counted from?
//!
//! As Wireshark has it: a SYN is 0; where none was seen, the first octet is 1.

use super::half::{Facts, Half};
use super::window;
use super::{Connection, Side};
use crate::wire::tcp::{Origin, Scale, Seq};

impl Connection {
    /// What the numbers in a segment of this side are counted from.
    pub fn origin(&self, side: Side) -> Origin {
        let (own, peer) = (self.half(side), self.half(side.peer()));
        let scale = window::scale(own, peer).map_or(Scale::Unknown, Scale::Shift);
        Origin { seq: own.origin, ack: peer.origin, scale }
    }
}

impl Half {
    /// Notes a place of this half, before it is followed.
    pub(super) fn sight(&mut self, seq: Seq, is_syn: bool) {
        if self.packets == 0 && !self.facts.has(Facts::ACKED) {
            self.origin = if is_syn { seq } else { Seq(seq.0.wrapping_sub(1)) };
        }
    }
}
