//! Which octets was a packet made of, and whose were they?

use crate::ink::Ink;
use crate::render::fetch::entry::{Entry, Kind, Part, Place};
use crate::render::fetch::words::written;
use crate::render::hex::Rows;
use crate::wire::Packet;

/// Puts the octets of packets behind what is told of them.
pub(super) struct Dumps {
    rows: Rows,
    /// What is not written yet, in octets of ink.
    held: usize,
    /// Packets whose octets are left out.
    pub(super) left_out: u64,
}

/// Octets of ink that are held until the story is told; beyond, those of further packets are left out.
const MOST: usize = 128 << 20;

impl Dumps {
    pub(super) fn new(width: usize) -> Self {
        Self { rows: Rows::new(width), held: 0, left_out: 0 }
    }

    /// Behind the line of the packet; if it has none it gets one.
    pub(super) fn add(&mut self, packet: &Packet<'_>, told: &mut Vec<Entry>, like: &Ink) {
        if self.held > MOST {
            self.left_out += 1;
            return;
        }
        let mut ink = Ink::default();
        (ink.colour, ink.ascii) = (like.colour, like.ascii);
        self.rows.write(packet, &mut ink);
        self.held += ink.len();
        let number = packet.frame.number;
        let is_of = |entry: &&mut Entry| entry.kind == Kind::Packet(number, number);
        if let Some(entry) = told.iter_mut().rfind(is_of) {
            entry.dump = ink.as_bytes().to_vec();
            return;
        }
        let text = written(|ink| {
            if let Some(layer) = packet.own_layers().last() {
                layer.line(ink);
            }
        });
        let place = Place::of(Part::Stray, 0);
        let mut entry =
            Entry::new(packet.frame.time, place, 7, Kind::Packet(number, number)).text(text);
        entry.dump = ink.as_bytes().to_vec();
        told.push(entry);
    }

    /// What was held is written.
    pub(super) fn left(&mut self) {
        self.held = 0;
    }
}
