//! Where does a layer lie?
//!
//! In the frame; or in octets that no frame holds as they are: joined, inflated, decrypted.

use super::Layer;
use crate::octets::Octets;

/// A layer in its place.
#[derive(Clone, Copy, Debug)]
pub struct Place<'p, 'a> {
    pub layer: &'p Layer<'a>,
    /// Counted from the start of the frame, or of what else it lies in.
    pub start: usize,
    pub lies_in: LiesIn,
    /// The whole frame, or all of what else it lies in.
    pub octets: Octets<'a>,
}

/// Which octets a layer was read from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LiesIn {
    Frame,
    /// Joined from fragments.
    Datagram,
    /// Joined from the segments of a stream.
    Message,
    /// In the frame, behind the end of a body that an earlier segment began.
    Behind,
    Inflated,
    Decrypted,
}

/// Why a record stays closed though keys for its connection are known.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Closed {
    /// The version or the cipher suite is none of those that can be opened.
    Suite,
    /// Octets before it are not in the capture.
    Gap,
    /// It does not authenticate with the keys at hand.
    Tag,
}

impl Closed {
    pub fn words(self) -> &'static str {
        match self {
            Self::Suite => "the version or the cipher suite is not supported",
            Self::Gap => "octets before it are not in the capture",
            Self::Tag => "it does not authenticate with the keys at hand",
        }
    }
}

impl LiesIn {
    /// What it is called after `of the` in text for people; nothing for the frame.
    pub fn words(self) -> Option<&'static str> {
        match self {
            Self::Frame => None,
            Self::Datagram => Some("joined datagram"),
            Self::Message => Some("joined segments"),
            Self::Behind => Some("octets behind the body"),
            Self::Inflated => Some("inflated octets"),
            Self::Decrypted => Some("decrypted octets"),
        }
    }
}

/// Octets that no frame holds as they are, and that a packet made known.
#[derive(Clone, Copy, Debug)]
pub struct Found<'a> {
    /// The first layer that was read from them.
    pub(super) layer: usize,
    pub lies_in: LiesIn,
    pub octets: Octets<'a>,
    /// The packets that brought them, in order; empty when it was this one alone.
    pub numbers: &'a [u64],
    /// How many of them earlier packets made known.
    pub known: usize,
}
