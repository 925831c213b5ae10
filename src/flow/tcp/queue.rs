//! Which segments wait for their ACK?

use std::collections::VecDeque;

use arrayvec::ArrayVec;

use crate::timeline::Timestamp;
use crate::wire::tcp::Seq;

/// So many lie beside the rest of a direction's state; most conversations never have more.
const FEW: usize = 4;
/// When there are more, each two become one: fewer samples, no wrong ones.
const MOST: usize = 4096;

/// The segments of one direction that were not acknowledged yet, in the order of their ends.
#[derive(Debug)]
pub(super) enum Queue {
    Few(ArrayVec<Flying, FEW>),
    Many(VecDeque<Flying>),
}

/// A segment that was not acknowledged yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flying {
    pub(super) end: Seq,
    pub(super) resent: bool,
    /// When it was last sent.
    pub(super) sent: Timestamp,
    /// The packet that brought it first.
    pub(super) packet: u64,
}

impl Default for Queue {
    fn default() -> Self {
        Self::Few(ArrayVec::new_const())
    }
}

impl Queue {
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Few(few) => few.is_empty(),
            Self::Many(many) => many.is_empty(),
        }
    }

    /// Adds a segment in its place. Of two with one end the later counts.
    pub(super) fn push(&mut self, flying: Flying) {
        if let Self::Few(few) = self
            && few.is_full()
        {
            *self = Self::Many(few.iter().copied().collect());
        }
        match self {
            Self::Few(few) => {
                let at = few.iter().take_while(|other| other.end.past(flying.end) < 0).count();
                match few.get_mut(at) {
                    Some(other) if other.end == flying.end => other.sent = flying.sent,
                    _ => few.insert(at, flying),
                }
            }
            Self::Many(many) => {
                if many.len() >= MOST {
                    thin(many);
                }
                if many.back().is_none_or(|last| last.end.past(flying.end) < 0) {
                    return many.push_back(flying);
                }
                let at = many.partition_point(|other| other.end.past(flying.end) < 0);
                match many.get_mut(at) {
                    Some(other) if other.end == flying.end => other.sent = flying.sent,
                    _ => many.insert(at, flying),
                }
            }
        }
    }

    /// Takes the first segment out, if all of it lies below `ack`.
    pub(super) fn pop_below(&mut self, ack: Seq) -> Option<Flying> {
        match self {
            Self::Few(few) => {
                let first = few.first().filter(|first| first.end.past(ack) <= 0).copied()?;
                few.remove(0);
                Some(first)
            }
            Self::Many(many) => {
                many.front().filter(|first| first.end.past(ack) <= 0)?;
                many.pop_front()
            }
        }
    }

    /// Octets from `left` to `right` were sent again; gives the packet that brought them first.
    pub(super) fn resend(&mut self, left: Seq, right: Seq, time: Timestamp) -> Option<u64> {
        match self {
            Self::Few(few) => resend(few.iter_mut(), left, right, time),
            Self::Many(many) => {
                let from = many.partition_point(|flying| flying.end.past(left) <= 0);
                resend(many.range_mut(from..), left, right, time)
            }
        }
    }
}

fn resend<'q>(
    queue: impl Iterator<Item = &'q mut Flying>,
    left: Seq,
    right: Seq,
    time: Timestamp,
) -> Option<u64> {
    let mut first = None;
    for flying in queue.skip_while(|flying| flying.end.past(left) <= 0) {
        (flying.resent, flying.sent) = (true, time);
        first = first.or(Some(flying.packet));
        if flying.end.past(right) >= 0 {
            break;
        }
    }
    first
}

/// Makes one of each two.
fn thin(many: &mut VecDeque<Flying>) {
    let mut carried: Option<Flying> = None;
    many.retain_mut(|flying| match carried.take() {
        None => {
            carried = Some(*flying);
            false
        }
        Some(first) => {
            flying.resent |= first.resent;
            flying.sent = flying.sent.max(first.sent);
            true
        }
    });
    // The last one has no second to become one with.
    many.extend(carried);
}
