//! Did packets of this sender never come by?
//!
//! Linux numbers the IP packets of each connection in a row, ACKs and all (RFC 6864 §4.1 leaves that to the
//! sender); one who numbers those of all its connections in a row is recognised by the leaps.

/// The IP identifications of one side's packets.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Count {
    /// Where the next one should begin.
    next: Option<u16>,
    /// Packets that had the number that was due, and those that had a higher one.
    steps: u32,
    leaps: u32,
    /// Of those that were due, so many did not come since the last segment that brought something.
    missing: u16,
}

/// A burst that is lost as a whole is not longer.
const LONGEST: u16 = 1024;

impl Count {
    /// Takes a packet that was made of so many, or will be: offload numbers each.
    pub(super) fn note(&mut self, id: u16, parts: u16) {
        let Some(next) = self.next.replace(id.wrapping_add(parts)) else { return };
        match id.wrapping_sub(next) {
            0 => self.steps = self.steps.saturating_add(1),
            missing @ 1..LONGEST => {
                self.leaps = self.leaps.saturating_add(1);
                self.missing = self.missing.saturating_add(missing);
            }
            // One that was overtaken was not missing after all.
            late if late > u16::MAX - LONGEST => {
                self.missing = self.missing.saturating_sub(parts);
                self.next = Some(next);
            }
            _ => self.leaps = self.leaps.saturating_add(1),
        }
    }

    /// Counts anew.
    pub(super) fn begin(&mut self) {
        self.missing = 0;
    }

    /// How many did not come by; nothing of a sender that does not number them in a row.
    pub(super) fn missed(&self) -> Option<u16> {
        (self.steps >= 8 && self.leaps * 4 <= self.steps).then_some(self.missing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(ids: impl IntoIterator<Item = u16>) -> Count {
        let mut count = Count::default();
        ids.into_iter().for_each(|id| count.note(id, 1));
        count
    }

    #[test]
    fn what_is_left_out_was_lost_and_what_comes_late_was_not() {
        let row = || (0..12).map(|at| 65_530_u16.wrapping_add(at));
        assert_eq!(count(row()).missed(), Some(0));
        assert_eq!(count(row().chain([9])).missed(), Some(3));
        assert_eq!(count(row().chain([9, 7])).missed(), Some(2));
        let mut count = count(row().chain([9]));
        count.begin();
        assert_eq!(count.missed(), Some(0));
    }

    #[test]
    fn of_a_sender_that_does_not_count_in_a_row_nothing_is_said() {
        assert_eq!(count((0..40).map(|at| at * 3)).missed(), None);
        assert_eq!(count([0; 40]).missed(), None);
        assert_eq!(count((0..40_u16).map(|at| at.wrapping_mul(31_337))).missed(), None);
        assert_eq!(count(0..4).missed(), None);
    }

    #[test]
    fn a_packet_of_several_has_their_numbers() {
        let mut count = Count::default();
        (0..12).for_each(|at| count.note(at * 3, 3));
        assert_eq!(count.missed(), Some(0));
    }
}
