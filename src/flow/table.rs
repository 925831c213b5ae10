//! Where is the state of a conversation kept, and who has to leave first?
//!
//! Rows stay where they are while they live, in blocks that are never moved; the index beside them
//! holds eight octets a row. Both are found by a seeded hash, so nobody on the wire can choose
//! collisions. Each row stands in one of a few queues, the one that was used last at the end; within a
//! second nothing is moved.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use super::key::Key;
use crate::timeline::Timestamp;

/// Rows that are allocated at once.
const BLOCK: usize = 1024;
/// The place of no row.
const NONE: u32 = u32::MAX;

/// A map of conversations.
#[derive(Debug)]
pub(super) struct Table<T> {
    index: HashTable<Slot>,
    blocks: Vec<Vec<Row<T>>>,
    free: Vec<u32>,
    queues: [Queue; 3],
    hasher: RandomState,
}

/// Why a row may have to leave: the first go first.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Use {
    Over,
    HalfOpen,
    Open,
}

/// Where a row stands among those that may have to leave.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Rank {
    queue: Use,
    /// The second of its last use.
    used: u32,
}

#[derive(Debug)]
#[repr(C, align(64))]
struct Row<T> {
    content: T,
    /// Whether it holds nothing: then the content is none.
    is_vacant: bool,
    /// In which it stands.
    queue: Use,
    before: u32,
    after: u32,
}

#[derive(Clone, Copy, Debug)]
struct Queue {
    first: u32,
    last: u32,
    count: usize,
}

/// A row's hash and place.
#[derive(Clone, Copy, Debug)]
struct Slot {
    hash: u32,
    place: u32,
}

/// A thing that is found by its key.
pub(super) trait Keyed {
    /// What stands where nothing is.
    fn vacant() -> Self;
    fn key(&self) -> &Key;
    fn rank(&self) -> Rank;
    /// Asks for what is needed first when it is used; without looking at it.
    fn fetch(&self) {}
}

impl Rank {
    pub(super) fn of(queue: Use, used: Timestamp) -> Self {
        Self { queue, used: second(used) }
    }
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self {
            index: HashTable::new(),
            blocks: Vec::new(),
            free: Vec::new(),
            queues: [Queue { first: NONE, last: NONE, count: 0 }; 3],
            hasher: RandomState::default(),
        }
    }
}

impl<T: Keyed> Table<T> {
    pub(super) fn len(&self) -> usize {
        self.index.len()
    }

    /// How many stand in a queue.
    pub(super) fn count(&self, queue: Use) -> usize {
        self.queues[queue as usize].count
    }

    /// Where the first row between the ends of this key stands that `is_it`.
    pub(super) fn find(&self, key: &Key, is_it: impl Fn(&T) -> bool) -> Option<u32> {
        let hash = self.hash(key);
        let is_it = |slot: &Slot| {
            slot.hash == hash
                && self.at(slot.place).is_some_and(|row| row.key().is_beside(key) && is_it(row))
        };
        self.index.find(spread(hash), is_it).map(|slot| slot.place)
    }

    /// Where the row of this key probably stands, not having looked at it; it is asked for.
    pub(super) fn expect(&self, key: &Key) -> Option<u32> {
        let hash = self.hash(key);
        let place = self.index.find(spread(hash), |slot| slot.hash == hash)?.place;
        self.row(place)?.content.fetch();
        Some(place)
    }

    pub(super) fn at(&self, place: u32) -> Option<&T> {
        self.row(place).filter(|row| !row.is_vacant).map(|row| &row.content)
    }

    pub(super) fn at_mut(&mut self, place: u32) -> Option<&mut T> {
        self.row_mut(place).filter(|row| !row.is_vacant).map(|row| &mut row.content)
    }

    /// Adds a row.
    pub(super) fn insert(&mut self, content: T) -> u32 {
        let hash = self.hash(content.key());
        let queue = content.rank().queue;
        let row = Row { before: NONE, after: NONE, queue, content, is_vacant: false };
        let place = self.place(row);
        self.index.insert_unique(spread(hash), Slot { hash, place }, |slot| spread(slot.hash));
        self.append(place);
        place
    }

    /// Takes a row out.
    pub(super) fn remove(&mut self, place: u32) -> Option<T> {
        let key = *self.at(place)?.key();
        let hash = self.hash(&key);
        if let Ok(entry) = self.index.find_entry(spread(hash), |slot| slot.place == place) {
            entry.remove();
        }
        self.cut_out(place);
        self.free.push(place);
        let row = self.row_mut(place)?;
        row.is_vacant = true;
        Some(std::mem::replace(&mut row.content, T::vacant()))
    }

    /// A row is used: by that it may become the last to leave among its like.
    pub(super) fn serve(&mut self, place: u32, serve: impl FnOnce(&mut T)) -> Option<&T> {
        let row = self.at_mut(place)?;
        let before = row.rank();
        serve(row);
        let rank = row.rank();
        if rank != before {
            self.move_back(place, rank.queue);
        }
        self.at(place)
    }

    fn move_back(&mut self, place: u32, queue: Use) {
        self.cut_out(place);
        if let Some(row) = self.row_mut(place) {
            row.queue = queue;
        }
        self.append(place);
    }

    /// The row of a queue that was not used for longest, and for how many seconds.
    pub(super) fn oldest(&self, queue: Use, now: Timestamp) -> Option<(u32, u32)> {
        let place = self.queues[queue as usize].first;
        let idle = second(now).wrapping_sub(self.at(place)?.rank().used);
        // The capture's clock may have stepped back.
        Some((place, if idle.cast_signed() < 0 { 0 } else { idle }))
    }

    /// Every row, in the order of their places.
    pub(super) fn rows(&self) -> impl Iterator<Item = &T> {
        let rows = self.blocks.iter().flatten();
        rows.filter(|row| !row.is_vacant).map(|row| &row.content)
    }

    fn row(&self, place: u32) -> Option<&Row<T>> {
        self.blocks.get(place as usize / BLOCK)?.get(place as usize % BLOCK)
    }

    fn row_mut(&mut self, place: u32) -> Option<&mut Row<T>> {
        self.blocks.get_mut(place as usize / BLOCK)?.get_mut(place as usize % BLOCK)
    }

    fn append(&mut self, place: u32) {
        let Some(queue) = self.row(place).map(|row| row.queue as usize) else { return };
        self.queues[queue].count += 1;
        let last = std::mem::replace(&mut self.queues[queue].last, place);
        match self.row_mut(last) {
            Some(row) => row.after = place,
            None => self.queues[queue].first = place,
        }
        if let Some(row) = self.row_mut(place) {
            (row.before, row.after) = (last, NONE);
        }
    }

    fn cut_out(&mut self, place: u32) {
        let Some((before, after, queue)) =
            self.row(place).map(|row| (row.before, row.after, row.queue as usize))
        else {
            return;
        };
        self.queues[queue].count -= 1;
        match self.row_mut(before) {
            Some(row) => row.after = after,
            None => self.queues[queue].first = after,
        }
        match self.row_mut(after) {
            Some(row) => row.before = before,
            None => self.queues[queue].last = before,
        }
    }

    fn place(&mut self, row: Row<T>) -> u32 {
        if let Some(place) = self.free.pop() {
            self.blocks[place as usize / BLOCK][place as usize % BLOCK] = row;
            return place;
        }
        if self.blocks.last().is_none_or(|block| block.len() == BLOCK) {
            self.blocks.push(Vec::with_capacity(BLOCK));
        }
        let block = self.blocks.last_mut().expect("a block with room");
        block.push(row);
        let last = block.len() - 1;
        ((self.blocks.len() - 1) * BLOCK + last) as u32
    }

    fn hash(&self, key: &Key) -> u32 {
        (self.hasher.hash_one(key) >> 32) as u32
    }
}

/// Wraps every 136 years: only differences count.
fn second(time: Timestamp) -> u32 {
    time.seconds() as u32
}

/// The index takes seven bits from the top and the rest from the bottom.
fn spread(hash: u32) -> u64 {
    u64::from(hash).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}
