//! Which segments come next?
//!
//! Those of usual frames are read before it is their turn, so that their connections can be asked for in
//! time. What was read is kept until then, to be read only once.

use super::key::{Key, Which};
use super::mark::Mark;
use super::tcp::Segment;
use crate::octets::Octets;
use crate::timeline::{AHEAD, Frame};
use crate::wire::Usual;

/// More than anybody looks ahead, and the one at hand.
const KEPT: usize = (AHEAD + 1).next_power_of_two();

/// The segments of the next frames, as far as they were looked at.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    coming: [Coming; KEPT],
}

/// A segment that was read, and will come or is at hand.
#[derive(Debug)]
pub(super) struct Coming {
    /// Of packet 0 where there is none.
    pub(super) segment: Segment,
    pub(super) key: Key,
    pub(super) from: Which,
    /// Where its connection probably stands.
    pub(super) place: Option<u32>,
    /// Where the payload begins in the frame.
    payload: usize,
}

impl Default for Coming {
    fn default() -> Self {
        let (key, from) = Key::unknown();
        Self { segment: Segment::default(), key, from, place: None, payload: 0 }
    }
}

impl Ahead {
    /// Reads the segment of a frame, if that is a usual one.
    #[inline]
    pub(super) fn read(&mut self, frame: &Frame<'_>) -> Option<&mut Coming> {
        let coming = &mut self.coming[frame.number as usize % KEPT];
        coming.segment = Segment::default();
        let usual = Usual::read(frame.link, frame.octets)?;
        (coming.key, coming.from) = coming.segment.skim(frame, &usual);
        coming.payload = usual.payload_start(frame.octets);
        coming.place = None;
        Some(coming)
    }

    /// The segment of a frame, if it was read.
    #[inline]
    pub(super) fn of(&self, frame: &Frame<'_>) -> Option<&Coming> {
        let coming = &self.coming[frame.number as usize % KEPT];
        (coming.segment.mark == Mark::of(frame)).then_some(coming)
    }

    /// The segment so many frames before one.
    #[inline]
    pub(super) fn before(&self, frame: &Frame<'_>, count: u64) -> Option<&Coming> {
        let number = frame.number.checked_sub(count)?;
        let coming = &self.coming[number as usize % KEPT];
        (coming.segment.mark.packet == number).then_some(coming)
    }
}

impl Coming {
    /// What the segment of this frame carries.
    pub(super) fn payload<'a>(&self, frame: &Frame<'a>) -> Octets<'a> {
        let behind = frame.octets.part(self.payload).map(|(_, behind)| behind);
        behind.unwrap_or(Octets::whole(&[])).limit(self.segment.len as usize)
    }

    /// Source and destination.
    pub(super) fn ports(&self) -> (u16, u16) {
        (self.key.end(self.from).port, self.key.end(self.from.other()).port)
    }
}
