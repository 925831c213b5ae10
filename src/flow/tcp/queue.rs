//! Which segments wait for their ACK?

use std::collections::VecDeque;

use crate::flow::mark::Mark;
use crate::timeline::Timestamp;
use crate::wire::tcp::Seq;

/// So many lie beside the rest of a direction's state; most conversations never have more.
const FEW: usize = 3;
/// When there are more, each two become one: fewer samples, no wrong ones.
const MOST: usize = 4096;

/// The segments of one direction that were not acknowledged yet, in the order of their ends.
///
/// The few lie in columns, so that they leave room for one more word in a line of the processor's cache.
#[derive(Debug)]
pub(super) enum Queue {
    Few { sent: [Timestamp; FEW], ends: [Seq; FEW], packets: [u32; FEW], count: u8 },
    Many(VecDeque<Flying>),
}

const _: () = assert!(size_of::<Queue>() == 56);

/// A segment that was not acknowledged yet.
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
    pub(super) fn first(self, now: Mark) -> u64 {
        let back = (now.packet as u32).wrapping_sub(self.packet) & !RESENT;
        now.packet.saturating_sub(back.into())
    }
}

impl Default for Queue {
    fn default() -> Self {
        Self::Few { sent: [Timestamp(0); FEW], ends: [Seq(0); FEW], packets: [0; FEW], count: 0 }
    }
}

impl Queue {
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Few { count, .. } => *count == 0,
            Self::Many(many) => many.is_empty(),
        }
    }

    /// Adds a segment in its place. Of two with one end the later counts.
    pub(super) fn push(&mut self, flying: Flying) {
        if let Self::Few { sent, ends, packets, count } = self {
            let at = usize::from(*count);
            let last = at.checked_sub(1).and_then(|last| ends.get(last));
            if at < FEW && last.is_none_or(|last| last.past(flying.end) < 0) {
                (sent[at], ends[at], packets[at]) = (flying.sent, flying.end, flying.packet);
                *count += 1;
                return;
            }
        }
        self.insert(flying);
    }

    fn insert(&mut self, flying: Flying) {
        let many = self.many();
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

    /// Takes the first segment out, if all of it lies below `ack`.
    pub(super) fn pop_below(&mut self, ack: Seq) -> Option<Flying> {
        match self {
            Self::Few { sent, ends, packets, count } => {
                if *count == 0 || ends[0].past(ack) > 0 {
                    return None;
                }
                let first = Flying { end: ends[0], packet: packets[0], sent: sent[0] };
                *count -= 1;
                if *count > 0 {
                    sent.copy_within(1.., 0);
                    ends.copy_within(1.., 0);
                    packets.copy_within(1.., 0);
                }
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
        let many = self.many();
        let from = many.partition_point(|flying| flying.end.past(left) <= 0);
        resend(many.range_mut(from..), left, right, mark)
    }

    /// In rows, from now on.
    fn many(&mut self) -> &mut VecDeque<Flying> {
        if let Self::Few { sent, ends, packets, count } = self {
            let row = |at| Flying { end: ends[at], packet: packets[at], sent: sent[at] };
            *self = Self::Many((0..usize::from(*count)).map(row).collect());
        }
        match self {
            Self::Many(many) => many,
            Self::Few { .. } => unreachable!("they were just put in rows"),
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
