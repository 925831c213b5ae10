//! Which rows are seen, in which order?

use std::time::Duration;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use super::followed::{Followed, Row};
use super::keys::Wish;
use super::layout::columns;
use super::margins::{self, View, Whole};
use super::order::Sort;
use super::row::Page;
use crate::ink::Ink;
use crate::render::flows::known::Known;
use crate::timeline::Timestamp;

/// How everything stood when it was last looked at; while it is paused that may be long ago.
pub(super) struct Picture {
    pub(super) whole: Whole,
    rows: Vec<Row>,
    now: Timestamp,
    pub(super) sort: Sort,
    /// When the rows were last put in order.
    sorted: Option<Duration>,
    /// The first row that is seen, and how many there is room for.
    first: usize,
    room: usize,
    /// Rows that are shown at most.
    most: usize,
    pub(super) is_paused: bool,
}

/// Rows change their places no more often than somebody can follow.
const STILL: Duration = Duration::from_secs(1);

/// Lines above and below the rows.
const MARGINS: usize = 4;

impl Picture {
    pub(super) fn new(sort: Sort, most: usize) -> Self {
        Self {
            whole: Whole::default(),
            rows: Vec::new(),
            now: Timestamp::default(),
            sort,
            sorted: None,
            first: 0,
            room: 1,
            most,
            is_paused: false,
        }
    }

    /// Takes over how everything stands now; `clock` counts on.
    pub(super) fn renew(
        &mut self,
        whole: Whole,
        followed: &Followed,
        now: Timestamp,
        clock: Duration,
    ) {
        (self.whole, self.now) = (whole, now);
        let places = self.rows.iter().enumerate().map(|(place, row)| (row.id, place));
        let places: HashMap<u32, usize, RandomState> = places.collect();
        self.rows.clear();
        self.rows.extend(followed.rows().cloned());
        if self.sorted.is_none_or(|sorted| clock.saturating_sub(sorted) >= STILL) {
            self.put_in_order(clock);
        } else {
            let sort = self.sort;
            self.rows.sort_by_cached_key(|row| {
                (places.get(&row.id).copied().unwrap_or(usize::MAX), row.rank(sort))
            });
        }
        self.scroll_to(self.first);
    }

    fn put_in_order(&mut self, clock: Duration) {
        let sort = self.sort;
        self.rows.sort_by_cached_key(|row| row.rank(sort));
        self.sorted = Some(clock);
    }

    /// Does what a key asks for, as far as it is about the rows.
    pub(super) fn obey(&mut self, wish: Wish, clock: Duration) {
        let page = self.room.saturating_sub(1).max(1);
        match wish {
            Wish::Sort(by) => {
                self.sort.turn_to(by);
                self.put_in_order(clock);
                self.first = 0;
            }
            Wish::Scroll(rows) => self.scroll_to(self.first.saturating_add_signed(rows)),
            Wish::Page(pages) => {
                let rows = pages.saturating_mul(page.cast_signed());
                self.scroll_to(self.first.saturating_add_signed(rows));
            }
            Wish::Top => self.first = 0,
            Wish::Bottom => self.scroll_to(usize::MAX),
            Wish::Pause => self.is_paused = !self.is_paused,
            Wish::Redraw | Wish::Suspend | Wish::End => {}
        }
    }

    fn scroll_to(&mut self, first: usize) {
        self.first = first.min(self.count().saturating_sub(self.room));
    }

    fn count(&self) -> usize {
        self.rows.len().min(self.most)
    }

    /// Every line of a screen of this size.
    pub(super) fn lines(
        &mut self,
        (width, height): (u16, u16),
        known: &Known,
        note: Option<&str>,
        like: &Ink,
    ) -> Vec<Vec<u8>> {
        let (width, height) = (usize::from(width), usize::from(height));
        self.room = height.saturating_sub(MARGINS);
        self.scroll_to(self.first);
        let digits = self.rows.iter().map(|row| row.id).max().unwrap_or(0).max(10).ilog10() + 1;
        let columns = columns(width, digits as usize, known.owners(None).is_asked());
        let page = Page { columns: &columns, width, known, now: self.now, like };
        let seen = self.rows.iter().take(self.most).skip(self.first).take(self.room);
        let mut lines = vec![self.whole.line(width, like), margins::header(&columns, width, like)];
        lines.extend(seen.map(|row| page.row(row)));
        let shown = lines.len() - 2;
        lines.resize(2 + self.room, Vec::new());
        let (first, all) = (self.first, self.count());
        let view = View { first, shown, all, is_paused: self.is_paused };
        lines.push(margins::status(view, note, width, like));
        lines.push(margins::footer(self.sort, width, like));
        lines.truncate(height);
        lines
    }
}
