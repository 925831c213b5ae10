//! How is our own fetch told, from one sentence to everything?

mod bars;
mod chapter;
mod entry;
mod links;
mod page;
mod story;
mod words;

use crate::timeline::http::Field;

pub use story::Story;

/// Whether passwords and the like are told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Secrets {
    Masked,
    Shown,
}

impl Secrets {
    /// A field's value as it may be told.
    pub(super) fn of(self, field: &Field) -> &[u8] {
        match self {
            Self::Shown => &field.value,
            Self::Masked => field.shown(),
        }
    }
}

/// How the story is to look.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Look {
    /// From 1, one sentence, to 7, everything.
    pub level: u8,
    /// Columns; fewer than 40 are taken for 40.
    pub width: usize,
    /// Each line as soon as it is known, in the order of time, instead of everything in its place.
    pub follows: bool,
    /// Whether the way to the server has a part of its own.
    pub path: bool,
    /// Whether the octets of packets are told, at level 7.
    pub octets: bool,
    pub secrets: Secrets,
}
