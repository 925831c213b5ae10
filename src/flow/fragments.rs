//! Which fragments make one datagram?

use crate::wire::Packet;

#[derive(Default)]
pub struct Fragments {}

impl Fragments {
    pub fn join<'a>(&'a mut self, packet: Packet<'a>) -> Packet<'a> {
        packet
    }
}
