//! Where is the state of a conversation kept?
//!
//! Rows stay where they are while they live, in blocks that are never moved; the index beside them
//! holds eight octets a row. Both are found by a seeded hash, so nobody on the wire can choose
//! collisions.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use super::key::Key;

/// Rows that are allocated at once.
const BLOCK: usize = 1024;

/// A map of conversations.
#[derive(Debug)]
pub(super) struct Table<T> {
    index: HashTable<Slot>,
    blocks: Vec<Vec<Option<T>>>,
    free: Vec<u32>,
    hasher: RandomState,
}

/// A row's hash and place.
#[derive(Clone, Copy, Debug)]
struct Slot {
    hash: u32,
    place: u32,
}

/// A thing that is found by its key.
pub(super) trait Keyed {
    fn key(&self) -> &Key;
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self {
            index: HashTable::new(),
            blocks: Vec::new(),
            free: Vec::new(),
            hasher: RandomState::default(),
        }
    }
}

impl<T: Keyed> Table<T> {
    pub(super) fn len(&self) -> usize {
        self.index.len()
    }

    /// Where the row of this key stands.
    pub(super) fn find(&self, key: &Key) -> Option<u32> {
        let hash = self.hash(key);
        let is_it = |slot: &Slot| {
            slot.hash == hash && self.at(slot.place).is_some_and(|row| row.key() == key)
        };
        self.index.find(spread(hash), is_it).map(|slot| slot.place)
    }

    pub(super) fn at(&self, place: u32) -> Option<&T> {
        self.blocks.get(place as usize / BLOCK)?.get(place as usize % BLOCK)?.as_ref()
    }

    pub(super) fn at_mut(&mut self, place: u32) -> Option<&mut T> {
        self.blocks.get_mut(place as usize / BLOCK)?.get_mut(place as usize % BLOCK)?.as_mut()
    }

    /// Adds a row whose key is not in the table.
    pub(super) fn insert(&mut self, row: T) -> u32 {
        let hash = self.hash(row.key());
        let place = self.place(row);
        self.index.insert_unique(spread(hash), Slot { hash, place }, |slot| spread(slot.hash));
        place
    }

    /// Takes a row out.
    pub(super) fn remove(&mut self, place: u32) -> Option<T> {
        let key = *self.at(place)?.key();
        let hash = self.hash(&key);
        if let Ok(entry) = self.index.find_entry(spread(hash), |slot| slot.place == place) {
            entry.remove();
        }
        self.free.push(place);
        self.blocks[place as usize / BLOCK][place as usize % BLOCK].take()
    }

    /// Every row, in the order of their places.
    pub(super) fn rows(&self) -> impl Iterator<Item = (u32, &T)> {
        let rows = self.blocks.iter().flatten().enumerate();
        rows.filter_map(|(place, row)| Some((place as u32, row.as_ref()?)))
    }

    fn place(&mut self, row: T) -> u32 {
        if let Some(place) = self.free.pop() {
            self.blocks[place as usize / BLOCK][place as usize % BLOCK] = Some(row);
            return place;
        }
        if self.blocks.last().is_none_or(|block| block.len() == BLOCK) {
            self.blocks.push(Vec::with_capacity(BLOCK));
        }
        let block = self.blocks.last_mut().expect("a block with room");
        block.push(Some(row));
        let last = block.len() - 1;
        ((self.blocks.len() - 1) * BLOCK + last) as u32
    }

    fn hash(&self, key: &Key) -> u32 {
        (self.hasher.hash_one(key) >> 32) as u32
    }
}

/// The index takes seven bits from the top and the rest from the bottom.
fn spread(hash: u32) -> u64 {
    u64::from(hash).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}
