//! How are a million marks along the time drawn with a few thousand?
//!
//! What falls into one column of the picture is joined, so that nothing that sticks out is lost. As long
//! as the end is not known, columns are as narrow as memory allows.

use crate::timeline::Timestamp;

/// Marks that can be drawn as one.
pub(super) trait Join {
    fn join(&mut self, later: Self);
}

/// Marks by columns of time.
#[derive(Clone, Debug)]
pub(super) struct Thinned<M> {
    began: Timestamp,
    /// How wide a column is, in nanoseconds.
    width: u64,
    columns: Vec<(u64, M)>,
}

/// So many columns are kept at most.
const MOST: usize = 4096;

impl<M: Join> Thinned<M> {
    pub(super) fn new(began: Timestamp) -> Self {
        Self { began, width: 1, columns: Vec::new() }
    }

    /// Adds a mark; where the clock stepped back, to the latest column.
    pub(super) fn add(&mut self, time: Timestamp, mark: M) {
        let column = time.0.saturating_sub(self.began.0) / self.width;
        match self.columns.last_mut() {
            Some((last, known)) if column <= *last => known.join(mark),
            _ => self.columns.push((column, mark)),
        }
        if self.columns.len() > MOST {
            while self.columns.len() > MOST / 2 {
                self.widen();
            }
        }
    }

    fn widen(&mut self) {
        self.width *= 2;
        let mut wide: Vec<(u64, M)> = Vec::with_capacity(self.columns.len() / 2 + 1);
        for (column, mark) in self.columns.drain(..) {
            match wide.last_mut() {
                Some((last, known)) if *last == column / 2 => known.join(mark),
                _ => wide.push((column / 2, mark)),
            }
        }
        self.columns = wide;
    }

    /// Leaves no column that is narrower than this, in nanoseconds.
    pub(super) fn thin(&mut self, width: u64) {
        while self.width.saturating_mul(2) <= width && self.columns.len() > 1 {
            self.widen();
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// Nanoseconds since the beginning, and what is there.
    pub(super) fn marks(&self) -> impl Iterator<Item = (u64, &M)> {
        self.columns.iter().map(|(column, mark)| (column * self.width, mark))
    }
}

/// The lowest, the highest and the last of what was at one place.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Span {
    pub(super) low: u64,
    pub(super) high: u64,
    pub(super) last: u64,
}

impl Span {
    pub(super) fn of(one: u64) -> Self {
        Self { low: one, high: one, last: one }
    }

    pub(super) fn between(low: u64, high: u64) -> Self {
        Self { low, high, last: high }
    }
}

impl Join for Span {
    fn join(&mut self, later: Self) {
        self.low = self.low.min(later.low);
        self.high = self.high.max(later.high);
        self.last = later.last;
    }
}

impl<M: Join> Join for Option<M> {
    fn join(&mut self, later: Self) {
        match (self.as_mut(), later) {
            (Some(known), Some(later)) => known.join(later),
            (None, later) => *self = later,
            (Some(_), None) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_bounded_and_nothing_that_sticks_out_is_lost() {
        let mut thinned = Thinned::new(Timestamp(100));
        for at in 0..1_000_000_u64 {
            let value = if at == 777_777 { 5_000_000 } else { at % 10 };
            thinned.add(Timestamp(100 + at * 1000), Span::of(value));
        }
        assert!(thinned.columns.len() <= MOST);
        let high = thinned.marks().max_by_key(|(_, span)| span.high).expect("marks");
        assert_eq!(high.1.high, 5_000_000);
        assert!(high.0.abs_diff(777_777_000) <= thinned.width);
        assert!(thinned.marks().all(|(_, span)| span.low <= 9));
        thinned.thin(1_000_000_000 / 500);
        assert!(thinned.columns.len() <= 1000);
    }

    #[test]
    fn few_marks_keep_their_times() {
        let mut thinned = Thinned::new(Timestamp(0));
        for at in [3, 17, 1_000_000_007] {
            thinned.add(Timestamp(at), Span::of(at));
        }
        assert_eq!(thinned.marks().map(|(at, _)| at).collect::<Vec<_>>(), [3, 17, 1_000_000_007]);
    }
}
