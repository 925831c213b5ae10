//! What goes into a stream, and what comes out?

use crate::flow::Mark;
use crate::octets::Octets;
use crate::wire::tcp::{Flags, Seq, Tcp};

/// What a stream needs to know of a segment.
#[derive(Clone, Copy, Debug)]
pub struct Segment<'a> {
    pub seq: Seq,
    pub flags: Flags,
    pub payload: Octets<'a>,
    pub mark: Mark,
}

/// What comes next in a stream.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Run<'a> {
    /// How many octets lie before it, gaps included.
    pub offset: u64,
    /// The packet that first brought it; of a gap, the packet at which it was given up.
    pub mark: Mark,
    /// The packet with which all before it was there too: the same, unless that filled a hole.
    pub ready: Mark,
    pub part: Part<'a>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Part<'a> {
    Octets(&'a [u8]),
    Gap(Gap),
    /// The FIN. Whatever lies beyond it is passed over.
    End,
}

/// Octets that were sent, and cannot be shown.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Gap {
    pub len: u64,
    pub why: Missing,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Missing {
    /// The frame was captured, but not to its end.
    Cut,
    /// The other side acknowledged them; the capture has no frame with them.
    Uncaptured,
    /// Later octets had to go on because there was no room for more.
    Crowded,
    /// They had not come when the capture or the connection ended.
    Awaited,
}

impl<'a> Segment<'a> {
    pub fn of(tcp: Tcp<'a>, mark: Mark) -> Self {
        Self { seq: tcp.seq(), flags: tcp.flags(), payload: tcp.payload(), mark }
    }
}
