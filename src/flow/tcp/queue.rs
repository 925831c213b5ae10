//! Which segments wait for their ACK?

use std::collections::VecDeque;

use arrayvec::ArrayVec;

use crate::flow::mark::Mark;
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
///
/// Sixteen octets, so that the few of most conversations fit into one line of the processor's cache.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flying {
    pub(super) end: Seq,
    /// The number of the packet that brought it first, as far as 31 bits reach back; and above them
    /// whether it was sent again.
    packet: u32,
    /// When it was last sent.
    pub(super) sent: Timestamp,
}

/// The bit above the packet's number.
const RESENT: u32 = 1 << 31;

impl Flying {
    pub(super) fn new(end: Seq, mark: Mark) -> Self {
        Self { end, packet: mark.packet as u32 & !RESENT, sent: mark.time }
    }

    pub(super) fn is_resent(self) -> bool {
        self.packet & RESENT != 0
    }

    /// The packet that brought it first, seen from a later one.
    fn first(self, now: Mark) -> u64 {
        let back = (now.packet as u32).wrapping_sub(self.packet) & !RESENT;
        now.packet.saturating_sub(back.into())
    }
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
    pub(super) fn resend(&mut self, left: Seq, right: Seq, mark: Mark) -> Option<u64> {
        match self {
            Self::Few(few) => resend(few.iter_mut(), left, right, mark),
            Self::Many(many) => {
                let from = many.partition_point(|flying| flying.end.past(left) <= 0);
                resend(many.range_mut(from..), left, right, mark)
            }
        }
    }
}

fn resend<'q>(
    queue: impl Iterator<Item = &'q mut Flying>,
    left: Seq,
    right: Seq,
    mark: Mark,
) -> Option<u64> {
    let mut first = None;
    for flying in queue.skip_while(|flying| flying.end.past(left) <= 0) {
        first = first.or(Some(flying.first(mark)));
        (flying.packet, flying.sent) = (flying.packet | RESENT, mark.time);
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
            flying.packet |= first.packet & RESENT;
            flying.sent = flying.sent.max(first.sent);
            true
        }
    });
    // The last one has no second to become one with.
    many.extend(carried);
}
