//! When, in which packet, and by whom?

use crate::timeline::{Frame, Timestamp};

/// The proof of everything that is told: a packet, and when it was captured.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Mark {
    /// The packet's number, counted from 1.
    pub packet: u64,
    pub time: Timestamp,
}

impl Mark {
    pub fn of(frame: &Frame<'_>) -> Self {
        Self { packet: frame.number, time: frame.time }
    }
}

/// Who sent it: the one who opened the conversation, or the other.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Side {
    Client,
    Server,
}

impl Side {
    #[must_use]
    pub fn peer(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }

    /// Where this side's state stands in a pair.
    pub fn index(self) -> usize {
        self as usize
    }
}
