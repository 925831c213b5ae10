//! Which packets to tell, by field name.

use crate::wire::Packet;

pub struct Filter {}

impl Filter {
    pub fn admits(&self, packet: &Packet<'_>) -> bool {
        let _ = packet;
        true
    }
}
