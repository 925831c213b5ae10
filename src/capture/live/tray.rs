//! Where are frames between the kernel's buffer and whoever wants them?
//!
//! They are copied in loads that fit the nearest caches. In a burst all that the kernel has is taken before
//! the first load is told, up to a limit: so its own buffer, which is small, has room for more.

use std::collections::VecDeque;
use std::time::Instant;

use crate::octets::Octets;
use crate::timeline::{AHEAD, Frame, Timestamp};

/// Frames in a load at most, and about how many octets.
const FRAMES: usize = 1024;
const OCTETS: usize = 128 * 1024;

/// So much is held at most, in octets.
const MOST: usize = 128 * 1024 * 1024;

/// Loads that were told and are filled again, to spare the memory's allocation.
const SPARE: usize = 8;

/// What was taken and not passed yet.
#[derive(Default)]
pub(super) struct Tray {
    /// What is passed now.
    front: Load,
    next: usize,
    /// The first frame of the front that nobody has looked at before its turn.
    seen: usize,
    behind: VecDeque<Load>,
    /// Octets in memory of what stands behind the front.
    held: usize,
    spare: Vec<Load>,
}

/// Frames that were taken at once.
#[derive(Default)]
pub(super) struct Load {
    octets: Vec<u8>,
    kept: Vec<Kept>,
    /// When.
    at: Option<Instant>,
    /// How many frames it may hold.
    pub(super) most: usize,
}

#[derive(Clone, Copy)]
struct Kept {
    time: Timestamp,
    from: usize,
    to: usize,
    len: u32,
}

impl Tray {
    pub(super) fn is_empty(&self) -> bool {
        self.next == self.front.kept.len() && self.behind.is_empty()
    }

    /// The time of the next frame, unless a load ends here.
    #[inline]
    pub(super) fn head(&self) -> Option<Timestamp> {
        self.front.kept.get(self.next).map(|kept| kept.time)
    }

    /// When the next frame was taken.
    pub(super) fn taken(&self) -> Option<Instant> {
        self.front.at
    }

    #[inline]
    pub(super) fn pass(&mut self) {
        self.next += 1;
    }

    /// The frame passed last.
    #[inline]
    pub(super) fn frame(&self, link: u16, number: u64, interface: u32) -> Frame<'_> {
        let kept = self.next.checked_sub(1).and_then(|last| self.front.kept.get(last));
        let (time, octets) =
            kept.map_or((Timestamp(0), Octets::whole(&[])), |kept| self.front.lend(kept));
        Frame { number, time, link, interface, comment: &[], octets }
    }

    /// A frame of the front that was neither passed nor looked at, if it is near; `number` is that of the
    /// next to pass.
    #[inline]
    pub(super) fn ahead(&mut self, link: u16, number: u64) -> Option<Frame<'_>> {
        let at = self.seen.max(self.next);
        let kept = self.front.kept.get(at).filter(|_| at < self.next + AHEAD)?;
        self.seen = at + 1;
        let number = number + (at - self.next) as u64;
        let (time, octets) = self.front.lend(kept);
        Some(Frame { number, time, link, interface: 0, comment: &[], octets })
    }

    /// A load to be filled, if there is room for more; it is then to be put back.
    pub(super) fn lift(&mut self) -> Option<Load> {
        if self.held >= MOST {
            return None;
        }
        let last = self.behind.back().unwrap_or(&self.front);
        let mean = last.octets.len() / last.kept.len().max(1);
        let most = (OCTETS / mean.max(1)).clamp(16, FRAMES);
        Some(Load { most, ..self.spare.pop().unwrap_or_default() })
    }

    /// Puts a load behind the others, where it waits for [`Tray::step`]; says whether there was anything in it.
    pub(super) fn put(&mut self, mut load: Load) -> bool {
        if load.kept.is_empty() {
            self.spare.push(load);
            return false;
        }
        load.at = Some(Instant::now());
        self.held += load.size();
        self.behind.push_back(load);
        true
    }

    /// Brings the next load to the front, if the one there has been passed.
    pub(super) fn step(&mut self) {
        if self.next < self.front.kept.len() {
            return;
        }
        if let Some(load) = self.behind.pop_front() {
            self.held -= load.size();
            let mut told = std::mem::replace(&mut self.front, load);
            (self.next, self.seen) = (0, 0);
            if self.spare.len() < SPARE {
                told.octets.clear();
                told.kept.clear();
                self.spare.push(told);
            }
        }
    }
}

impl Load {
    #[inline]
    pub(super) fn keep(&mut self, time: Timestamp, octets: &[u8], len: u32) {
        let from = self.octets.len();
        self.octets.extend_from_slice(octets);
        self.kept.push(Kept { time, from, to: self.octets.len(), len });
    }

    #[inline]
    fn lend(&self, kept: &Kept) -> (Timestamp, Octets<'_>) {
        (kept.time, Octets::new(&self.octets[kept.from..kept.to], kept.len as usize))
    }

    fn size(&self) -> usize {
        self.octets.len() + size_of_val(&self.kept[..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Puts a load of frames with these times on the tray, each of one octet that says so.
    fn put(tray: &mut Tray, times: std::ops::Range<u64>) {
        let mut load = tray.lift().expect("room");
        for time in times {
            load.keep(Timestamp(time), &[time as u8], 1);
        }
        assert!(tray.put(load));
    }

    #[test]
    fn frames_of_several_loads_come_in_the_order_they_were_taken() {
        let mut tray = Tray::default();
        put(&mut tray, 0..3);
        put(&mut tray, 3..5);
        let mut seen = Vec::new();
        while !tray.is_empty() {
            tray.step();
            while let Some(time) = tray.head() {
                tray.pass();
                let frame = tray.frame(1, time.0 + 1, 0);
                assert_eq!((frame.time, frame.octets.kept()), (time, &[time.0 as u8][..]));
                seen.push(time.0);
            }
        }
        assert_eq!(seen, [0, 1, 2, 3, 4]);
    }

    #[test]
    fn each_frame_is_lent_ahead_once_with_its_number_and_not_from_afar() {
        let mut tray = Tray::default();
        put(&mut tray, 0..40);
        tray.step();
        let (mut number, mut ahead) = (0, Vec::new());
        while tray.head().is_some() {
            while let Some(frame) = tray.ahead(1, number + 1) {
                assert_eq!(frame.number, frame.time.0 + 1);
                assert!(frame.number <= number + AHEAD as u64);
                ahead.push(frame.number);
            }
            tray.pass();
            number += 1;
        }
        assert_eq!(ahead, (1..=40).collect::<Vec<u64>>());
    }

    #[test]
    fn a_burst_is_held_up_to_a_limit_and_then_left_to_the_kernel() {
        let mut tray = Tray::default();
        let mut loads = 0_usize;
        while let Some(mut load) = tray.lift() {
            for _ in 0..load.most {
                load.keep(Timestamp(0), &[0; 1500], 1500);
            }
            tray.put(load);
            loads += 1;
            assert!(loads < 4096, "no limit");
        }
        assert!(tray.held >= MOST && tray.held < MOST + 2 * OCTETS + FRAMES * 1600);
        // Passing what stands in front makes room again.
        tray.step();
        tray.next = tray.front.kept.len();
        tray.step();
        assert!(tray.lift().is_some());
    }
}
