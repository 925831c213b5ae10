//! What had the sender heard when it sent?
//!
//! Beside the receiver the capture sees an ACK half a round trip before the sender does. The time stamp
//! that the sender echoes tells what it had heard; without one, the round trip between it and the capture.

use std::collections::VecDeque;
use std::time::Duration;

use crate::timeline::{Timestamp, nanos};
use crate::wire::tcp::Seq;

/// What the peer said, as long as the sender may not have heard of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Heard {
    said: VecDeque<Said>,
}

/// What one packet of the peer allows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Said {
    pub(super) packet: u64,
    pub(super) time: Timestamp,
    pub(super) ack: Seq,
    /// Up to where the sender may send; unknown without the scale.
    pub(super) edge: Option<Seq>,
    pub(super) is_closed: bool,
    /// It brought nothing else.
    pub(super) is_pure: bool,
    /// The peer's clock.
    pub(super) stamp: Option<u32>,
}

/// So much is kept; of more, every second is forgotten.
const MOST: usize = 512;

impl Heard {
    pub(super) fn note(&mut self, said: Said) {
        if self.said.len() >= MOST {
            let mut keeps = false;
            self.said.retain(|_| {
                keeps = !keeps;
                keeps
            });
        }
        self.said.push_back(said);
    }

    /// The newest that had reached the sender when what is seen now left it; and how long the way to the
    /// sender and back took, where an echo tells. What is older is forgotten: nobody hears less than before.
    pub(super) fn by(
        &mut self,
        now: Timestamp,
        echo: Option<u32>,
        away: Duration,
    ) -> (Option<Said>, Option<Duration>) {
        // Nine tenths: what was sent at once counts as heard.
        let lag = nanos(away) / 10 * 9;
        let is_beside = away < Duration::from_micros(500);
        let latest = now.0.saturating_sub(lag);
        let could = |said: &Said| {
            let in_time = said.time.0 <= latest || is_beside && said.time <= now;
            let echoed = match (echo, said.stamp) {
                (Some(echo), Some(stamp)) => stamp.wrapping_sub(echo).cast_signed() <= 0,
                _ => true,
            };
            in_time && echoed
        };
        let told = echo.and_then(|echo| self.said.iter().position(|said| said.stamp == Some(echo)));
        let Some(at) = self.said.iter().rposition(could).max(told) else { return (None, None) };
        // The first that had this stamp is the one that is echoed (RFC 7323 §4.3), unless it was heard before.
        let sample = told.filter(|told| *told > 0).map(|told| now.since(self.said[told].time));
        self.said.drain(..at);
        (self.said.front().copied(), sample)
    }

    pub(super) fn newest(&self) -> Option<&Said> {
        self.said.back()
    }
}
