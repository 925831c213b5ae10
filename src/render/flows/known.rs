//! What is known beside the conversations themselves: which of them are told, and what their ends are
//! called, and whose they are?

use crate::flow::tcp::Connection;
use crate::flow::{Names, Seen};
use crate::render::owners::{Owned, Owners};
use crate::render::tally;
use crate::timeline::About;
use crate::wire::Packet;

/// Whether addresses are told with what they are called.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Naming {
    #[default]
    Names,
    Numbers,
}

/// Grows with each packet that is let through to be told.
#[derive(Debug, Default)]
pub struct Known {
    asked: Asked,
    naming: Naming,
    pub(super) names: Names,
    /// Whether the capturing system lost packets.
    pub(super) drops: bool,
    /// Whose the ends are, if that is to be told.
    owned: Option<Owned>,
}

impl Known {
    pub(in crate::render) fn new(naming: Naming) -> Self {
        Self { naming, ..Self::default() }
    }

    /// Tells whose the ends are, too, if that was asked.
    pub(in crate::render) fn with_owners(self, asked: bool) -> Self {
        Self { owned: asked.then(Owned::default), ..self }
    }

    /// Whose the ends of a conversation are; of none, whether that was asked.
    pub(in crate::render) fn owners(&self, id: Option<u32>) -> Owners<'_> {
        self.owned.as_ref().map_or_else(Owners::default, |owned| owned.of(id))
    }

    /// Where it is kept whose the ends are, if that is to be told.
    pub(in crate::render) fn owned(&mut self) -> Option<&mut Owned> {
        self.owned.as_mut()
    }

    /// Nothing more is told of a conversation.
    pub(in crate::render) fn forget(&mut self, id: u32) {
        self.names.forget(id);
        if let Some(owned) = &mut self.owned {
            owned.forget(id);
        }
    }

    /// What the capture tells of itself by now.
    pub(in crate::render) fn read(&mut self, about: &About) {
        if self.naming == Naming::Names {
            self.names.read(about);
        }
        self.drops = tally::dropped(about).is_some_and(|count| count > 0);
    }

    /// Whether what this protocol says on a connection may tell a name: all that is wanted of packets
    /// that only go on.
    pub(in crate::render) fn wants(&self, connection: &Connection, protocol: &str) -> bool {
        self.naming == Naming::Names && self.names.may_learn(connection.id(), protocol)
    }

    /// Learns what a packet shows of names.
    #[inline]
    pub(in crate::render) fn learn(&mut self, packet: &Packet<'_>, seen: &Seen<'_>) {
        if self.naming == Naming::Names {
            self.names.learn(packet, seen);
        }
    }

    /// The packet's conversation is told.
    #[inline]
    pub(in crate::render) fn ask(&mut self, seen: &Seen<'_>) {
        self.asked.note(seen);
    }

    /// Whether the conversation of this number is told.
    pub(in crate::render) fn tells(&self, id: u32) -> bool {
        self.asked.has(id)
    }
}

/// The conversations of which a packet was let through to be told: one bit each.
#[derive(Debug, Default)]
struct Asked(Vec<u64>);

impl Asked {
    fn note(&mut self, seen: &Seen<'_>) {
        let Some(id) = seen.id() else { return };
        let (word, bit) = (id as usize / 64, id % 64);
        if let Some(word) = self.0.get_mut(word) {
            *word |= 1 << bit;
        } else {
            self.0.resize(word + 1, 0);
            self.0[word] |= 1 << bit;
        }
    }

    fn has(&self, id: u32) -> bool {
        self.0.get(id as usize / 64).is_some_and(|word| word >> (id % 64) & 1 == 1)
    }
}
