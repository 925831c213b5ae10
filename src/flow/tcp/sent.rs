//! How much of what one side sent went wrong, and how?

use std::time::Duration;

use super::verdict::{Copied, Need, Trigger};
use crate::timeline::Timestamp;

/// Counts of one direction: packets unless the name says otherwise.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sent {
    /// As many as there were on the wire before the card joined them, by the peer's MSS.
    pub wire_packets: u64,
    /// Those that the card had joined.
    pub merged: u64,
    pub resent: u64,
    pub resent_octets: u64,
    /// By [`Trigger`].
    pub triggers: [u64; 6],
    pub spurious: u64,
    pub spurious_octets: u64,
    /// Lost between the sender and the capture point: the capture saw only the second try.
    pub lost_before: u64,
    /// Lost between the capture point and the receiver: the capture saw the first try.
    pub lost_after: u64,
    pub reordered: u64,
    pub reordered_octets: u64,
    /// By [`Copied`].
    pub copies: [u64; 2],
    /// ACKs of this side that said the same as the one before.
    pub duplicate_acks: u64,
    /// Those of them that brought a new SACK block.
    pub sack_duplicate_acks: u64,
    pub longest_duplicate_run: u32,
    pub duplicate_sacks: u64,
    pub old_acks: u64,
    pub window_updates: u64,
    pub keep_alives: u64,
    pub window_probes: u64,
    /// Times that octets before a segment were not seen yet.
    pub gaps: u64,
    /// Octets that the peer acknowledged and the capture never saw.
    pub missed_octets: u64,
    /// RFC 3168: marked by a router, and the answers to it.
    pub congested: u64,
    pub fast_recoveries: u64,
    pub timeout_recoveries: u64,
    /// The longest time without a packet of this side.
    pub idle: Duration,
    pub first_data: Option<Timestamp>,
    pub last_data: Option<Timestamp>,
    /// The packet that brought the first FIN, and the RST that was believed.
    pub fin: Option<u64>,
    pub rst: Option<u64>,
}

impl Sent {
    /// A card had made one packet of so many, more than none.
    pub(super) fn merged(&mut self, pieces: u32) {
        self.wire_packets += u64::from(pieces.saturating_sub(1));
        self.merged += 1;
    }

    pub(super) fn resent(&mut self, trigger: Trigger, need: Need, octets: u32) {
        self.resent += 1;
        self.resent_octets += u64::from(octets);
        self.triggers[trigger as usize] += 1;
        if need == Need::Spurious {
            self.spurious += 1;
            self.spurious_octets += u64::from(octets);
        }
    }

    pub fn triggered(&self, trigger: Trigger) -> u64 {
        self.triggers[trigger as usize]
    }

    pub fn copied(&self, by: Copied) -> u64 {
        self.copies[by as usize]
    }
}
