//! What do the kernel's counts say of what came, where no packets were seen?
//!
//! The kernel is asked after every call. Between two answers something was missing where segments came out of
//! order; and we had no room where the peer used up all that we had offered.

use std::time::Duration;

use crate::timeline::{TcpInfo, Timestamp};

/// What `TCP_INFO` says of what comes.
#[derive(Clone, Copy, Debug)]
struct Counts {
    at: Timestamp,
    /// In order.
    octets: u64,
    /// Segments with octets, and those of them that came out of order.
    segments: u64,
    disordered: u64,
    /// Octets of a segment.
    size: u64,
    /// How much more the peer may send.
    room: Option<u64>,
}

impl Counts {
    /// Nothing where the kernel is too old to count what comes out of order (before Linux 5.4).
    fn of(info: &TcpInfo, at: Timestamp) -> Option<Self> {
        Some(Self {
            at,
            octets: info.get("bytes_received")?,
            segments: info.get("data_segs_in")?,
            disordered: info.get("rcv_ooopack")?,
            size: info.get("rcv_mss")?,
            room: info.get("rcv_wnd"),
        })
    }
}

/// Octets that had not come, though later ones had.
#[derive(Clone, Copy, Debug)]
struct Hole {
    since: Timestamp,
    /// Once so many octets came in order, it is filled for sure: the peer could not send beyond.
    until: Option<u64>,
}

/// What is known of a connection by counts.
#[derive(Debug, Default)]
pub(super) struct Counted {
    /// When nothing was missing, as far as we know.
    whole: Option<Counts>,
    last: Option<Counts>,
    hole: Option<Hole>,
    /// What is true of the time since the last read.
    since: Between,
}

/// What the counts say of the time between a read and the one before.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Between {
    /// Something was missing, and came in the end.
    pub(super) missing: bool,
    /// The peer used up all the room that we had offered.
    pub(super) full: bool,
}

impl Counted {
    /// Since when something is missing, at the latest.
    pub(super) fn missing(&self) -> Option<Timestamp> {
        self.hole.map(|hole| hole.since)
    }

    /// Octets that came in order, when the kernel was asked last.
    pub(super) fn received(&self) -> Option<u64> {
        self.last.map(|last| last.octets)
    }

    pub(super) fn hear(&mut self, info: &TcpInfo, at: Timestamp) {
        let Some(now) = Counts::of(info, at) else { return };
        let last = self.last.replace(now).unwrap_or(now);
        let came = now.octets.saturating_sub(last.octets);
        // A sender waits until there is room for a whole segment (RFC 9293 §3.8.6.2.1).
        let is_full = |room| came > 0 && came + now.size > room;
        self.since.full |= last.room.is_some_and(is_full);
        let was_missing = self.hole.is_some();
        self.since.missing |= was_missing;
        let whole = *self.whole.get_or_insert(now);
        let disordered = now.disordered.saturating_sub(whole.disordered);
        let is_beyond = |hole: Hole| hole.until.is_some_and(|until| now.octets >= until);
        if disordered == 0 || self.hole.is_some_and(is_beyond) {
            (self.whole, self.hole) = (Some(now), None);
            return;
        }
        // Segments behind a hole count as octets once it is filled.
        let in_order = now.segments.saturating_sub(whole.segments).saturating_sub(disordered);
        if now.octets.saturating_sub(whole.octets) > in_order.saturating_mul(now.size) {
            (self.whole, self.hole) = (Some(now), None);
            self.since.missing = true;
            return;
        }
        // What came out of order acknowledges, too: it came no later than the last acknowledgment.
        let ago = Duration::from_millis(info.get("last_ack_recv").unwrap_or(0));
        self.hole.get_or_insert(Hole {
            since: at.before(ago).max(last.at),
            until: now.room.map(|room| now.octets + room),
        });
    }

    /// The time until a read, about which the kernel was asked since.
    pub(super) fn take(&mut self) -> Between {
        std::mem::take(&mut self.since)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: u32 = 1000;
    const MS: u64 = 1_000_000;

    /// In order, segments, out of order, room, milliseconds since the last acknowledgment.
    fn raw(octets: u64, segments: u32, disordered: u32, room: u32, ago: u32) -> [u8; 280] {
        let mut all = [0; 280];
        all[128..136].copy_from_slice(&octets.to_ne_bytes());
        for (at, value) in [(20, SIZE), (56, ago), (152, segments), (224, disordered), (232, room)]
        {
            all[at..at + 4].copy_from_slice(&value.to_ne_bytes());
        }
        all
    }

    fn info(octets: u64, segments: u32, disordered: u32, room: u32, ago: u32) -> TcpInfo {
        TcpInfo::new(&raw(octets, segments, disordered, room, ago))
    }

    fn heard(all: &[(u64, TcpInfo)]) -> Counted {
        let mut counted = Counted::default();
        for (millis, info) in all {
            counted.hear(info, Timestamp(millis * MS));
        }
        counted
    }

    const PLAIN: Between = Between { missing: false, full: false };
    const MISSING: Between = Between { missing: true, full: false };
    const FULL: Between = Between { missing: false, full: true };

    #[test]
    fn what_comes_in_order_is_missed_by_nobody() {
        let mut counted = heard(&[
            (10, info(0, 0, 0, 64_000, 0)),
            (30, info(3000, 3, 0, 64_000, 0)),
            (50, info(3500, 4, 0, 64_000, 0)),
        ]);
        assert_eq!((counted.take(), counted.missing()), (PLAIN, None));
    }

    #[test]
    fn a_hole_is_open_until_what_lies_behind_it_counts() {
        let mut counted = heard(&[
            (10, info(0, 0, 0, 64_000, 0)),
            (30, info(1000, 1, 0, 64_000, 0)),
            // The second segment is missing, the third and the fourth are there.
            (90, info(1000, 3, 2, 64_000, 50)),
        ]);
        assert_eq!((counted.take(), counted.missing()), (PLAIN, Some(Timestamp(40 * MS))));
        // The first of two that were missing comes; behind the other more comes out of order.
        counted.hear(&info(2000, 5, 3, 64_000, 0), Timestamp(100 * MS));
        assert_eq!((counted.take(), counted.missing()), (MISSING, Some(Timestamp(40 * MS))));
        counted.hear(&info(6000, 6, 3, 64_000, 0), Timestamp(120 * MS));
        assert_eq!((counted.take(), counted.missing()), (MISSING, None));
        counted.hear(&info(7000, 7, 3, 64_000, 0), Timestamp(140 * MS));
        assert_eq!((counted.take(), counted.missing()), (PLAIN, None));
        // It opened and was filled while nobody asked.
        counted.hear(&info(10_000, 10, 5, 64_000, 0), Timestamp(400 * MS));
        assert_eq!((counted.take(), counted.missing()), (MISSING, None));
    }

    #[test]
    fn segments_that_come_twice_keep_no_hole_open_for_ever() {
        let mut counted = heard(&[
            (10, info(0, 0, 0, 4000, 0)),
            (30, info(0, 1, 1, 4000, 0)),
            // Filled, and one of them came twice.
            (50, info(2000, 3, 1, 4000, 0)),
        ]);
        assert!(counted.missing().is_some());
        counted.hear(&info(4000, 5, 1, 4000, 0), Timestamp(70 * MS));
        assert_eq!(counted.missing(), None);
    }

    #[test]
    fn room_that_is_used_up_is_full() {
        let mut counted =
            heard(&[(10, info(0, 0, 0, 2500, 0)), (500, info(2000, 2, 0, 2500, 400))]);
        assert_eq!(counted.take(), FULL);
        counted.hear(&info(3000, 3, 0, 2500, 0), Timestamp(520 * MS));
        assert_eq!(counted.take(), PLAIN);
        // A kernel that does not tell the window claims nothing.
        let older = TcpInfo::new(&raw(0, 0, 0, 2500, 0)[..228]);
        let mut short = heard(&[(10, older)]);
        short.hear(&info(2000, 2, 0, 2500, 0), Timestamp(30 * MS));
        assert_eq!(short.take(), PLAIN);
    }
}
