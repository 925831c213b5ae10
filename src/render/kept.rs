//! Which of very many are shown?

use std::cmp::Reverse;

/// What weighs most of any number of things: at least so many, and at most twice as many are held.
#[derive(Debug)]
pub(in crate::render) struct Heaviest<W, T> {
    most: usize,
    held: Vec<(W, T)>,
    /// How many there were.
    count: u64,
}

impl<W: Ord + Copy, T> Heaviest<W, T> {
    pub(in crate::render) fn new(most: usize) -> Self {
        Self { most, held: Vec::new(), count: 0 }
    }

    pub(in crate::render) fn add(&mut self, weight: W, one: T) {
        self.count += 1;
        self.held.push((weight, one));
        if self.held.len() > 2 * self.most {
            self.settle();
        }
    }

    /// Drops what is too light; of equal ones the first stay.
    fn settle(&mut self) {
        self.held.sort_by_key(|one| Reverse(one.0));
        self.held.truncate(self.most);
    }

    /// How many there were in all.
    pub(in crate::render) fn count(&self) -> u64 {
        self.count
    }

    /// The heaviest first, and no more than are asked for.
    pub(in crate::render) fn take(&mut self) -> Vec<T> {
        self.settle();
        self.take_all()
    }

    /// The heaviest first, and all that are held.
    pub(in crate::render) fn take_all(&mut self) -> Vec<T> {
        let mut held = std::mem::take(&mut self.held);
        held.sort_by_key(|one| Reverse(one.0));
        held.into_iter().map(|(_, one)| one).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_heaviest_stay_whenever_they_come() {
        let mut kept = Heaviest::new(3);
        for one in [5, 1, 9, 2, 8, 3, 7, 4, 6, 0] {
            kept.add(one, one * 10);
        }
        assert_eq!(kept.count(), 10);
        assert_eq!(kept.take(), [90, 80, 70]);
    }
}
