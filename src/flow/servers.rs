//! Which ends serve?
//!
//! Learned from the conversations whose begin was seen, and of the others from how many different ends
//! talk to the same one. Ends beyond [`MOST`] are not learned.

use std::hash::BuildHasher;

use arrayvec::ArrayVec;
use foldhash::fast::RandomState;
use hashbrown::HashMap;

use super::key::End;

const MOST: usize = 65_536;

/// What is known of some ends.
#[derive(Debug, Default)]
pub(super) struct Servers {
    known: HashMap<End, Known, RandomState>,
}

#[derive(Debug, Default)]
struct Known {
    serves: bool,
    /// The hashes of different ends that talked to it.
    peers: ArrayVec<u32, { Known::MANY }>,
}

impl Known {
    /// No client talks to so many from one port.
    const MANY: usize = 3;
}

impl Servers {
    /// This end answered a SYN.
    pub(super) fn serves(&mut self, end: End) {
        if let Some(known) = self.entry(end) {
            known.serves = true;
        }
    }

    /// These two talk, and nobody knows which is the server.
    pub(super) fn talk(&mut self, ends: [End; 2]) {
        let hashes = ends.map(|end| self.known.hasher().hash_one(end) as u32);
        for (end, peer) in [(ends[0], hashes[1]), (ends[1], hashes[0])] {
            if let Some(known) = self.entry(end)
                && !known.peers.contains(&peer)
            {
                let _ = known.peers.try_push(peer);
            }
        }
    }

    pub(super) fn is_server(&self, end: End) -> bool {
        self.known.get(&end).is_some_and(|known| known.serves || known.peers.is_full())
    }

    fn entry(&mut self, end: End) -> Option<&mut Known> {
        if self.known.len() >= MOST && !self.known.contains_key(&end) {
            return None;
        }
        Some(self.known.entry(end).or_default())
    }
}
