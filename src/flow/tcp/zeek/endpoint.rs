//! How does Zeek count what one end sends?

use super::Step;
use crate::wire::tcp::{Flags, Seq};

#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub(super) struct Endpoint {
    pub(super) start: Seq,
    pub(super) last: Seq,
    pub(super) acked: Seq,
    pub(super) wraps: i32,
    pub(super) ack_wraps: i32,
    pub(super) state: Stage,
    pub(super) before: Stage,
    pub(super) has_finished: bool,
    /// Where the last of each kind stood, counted from the start.
    pub(super) syn: Option<i64>,
    pub(super) fin: Option<i64>,
    pub(super) reset: Option<i64>,
    pub(super) closed_windows: u32,
    pub(super) again: u32,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) enum Stage {
    #[default]
    Inactive,
    SynSent,
    SynAckSent,
    Partial,
    Established,
    Closed,
    Reset,
}

/// Farther than this a SYN or RST does not move what was seen.
const LEAP: u32 = 1 << 20;

impl Endpoint {
    pub(super) fn enter(&mut self, state: Stage) {
        if state != self.state {
            (self.before, self.state) = (self.state, state);
        }
    }

    /// Where the count of octets begins.
    pub(super) fn begin(&mut self, step: &Step, end: Seq) {
        let syn = step.has(Flags::SYN);
        match self.state {
            Stage::Inactive if !syn => {
                self.start = step.seq.plus(u32::MAX);
                (self.acked, self.last) = (self.start, step.seq);
            }
            Stage::SynSent | Stage::SynAckSent if !syn || step.seq == self.start => {}
            Stage::Reset if !(syn && self.before == Stage::Inactive) => {}
            Stage::Closed => {}
            _ if syn => (self.start, self.acked, self.last) = (step.seq, step.seq, end),
            _ => {}
        }
    }

    /// A place in the sequence, counted from the start, however often it has wrapped.
    pub(super) fn place(&self, seq: Seq) -> i64 {
        let ahead = seq.past(self.last);
        let wraps = if ahead < 0 && seq.0 > self.last.0 {
            (self.wraps - 1).max(0)
        } else if ahead > 0 && seq.0 < self.last.0 {
            self.wraps.saturating_add(1)
        } else {
            self.wraps
        };
        if wraps == 0 {
            return seq.past(self.start).into();
        }
        i64::from(seq.0) + (i64::from(wraps) << 32) - i64::from(self.start.0)
    }

    /// The peer acknowledges.
    pub(super) fn hear(&mut self, step: &Step) {
        let ack = step.ack;
        if self.state == Stage::Inactive {
            self.start = ack.plus(u32::MAX);
            (self.acked, self.last) = (self.start, self.start);
            return;
        }
        let ahead = ack.past(self.acked);
        if ahead <= 0 || step.has(Flags::RST) || ack.0 == 0 && ahead.unsigned_abs() > LEAP {
            return;
        }
        if ack.0 < self.acked.0 {
            self.ack_wraps = self.ack_wraps.saturating_add(1);
        }
        self.acked = ack;
    }

    /// Follows the end of a segment; says whether it brought nothing new.
    pub(super) fn reach(&mut self, step: &Step, end: Seq) -> bool {
        let ahead = end.past(self.last);
        let leaps = ahead.unsigned_abs() > LEAP;
        if (step.has(Flags::SYN) || step.has(Flags::RST)) && leaps {
            return false;
        }
        let moves = step.has(Flags::FIN) && self.last == self.start.plus(1);
        if !moves && self.state == Stage::Reset {
            return false;
        }
        if moves || ahead > 0 {
            if ahead > 0 && end.0 < self.last.0 {
                self.wraps = self.wraps.saturating_add(1);
            }
            self.last = end;
            return false;
        }
        step.len > 0
    }
}
