//! What is kept of a connection that got beyond its first SYN and SYN-ACK?

use super::handshake::Opening;
use super::life::{Close, State};
use super::segment::Segment;
use super::verdict::Reset;
use super::zeek::Zeek;
use crate::flow::mark::{Mark, Side};
use crate::wire::tcp::Seq;

/// The rest of its life.
#[derive(Debug)]
#[repr(C)]
pub(super) struct Story {
    pub(super) opening: Opening,
    /// The first SYN-ACK; packet 0 where there was none.
    pub(super) syn_ack: Mark,
    pub(super) zeek: Zeek,
    /// The client's first packet that acknowledges the server's SYN.
    pub(super) ack: Option<Mark>,
    /// The last SYN-ACK before that; where both opened at once, the server's SYN.
    pub(super) last_syn_ack: Option<Mark>,
    pub(super) fins: [Option<Fin>; 2],
    pub(super) resets: [Option<(Mark, Reset)>; 2],
    pub(super) close: Option<Close>,
    /// When both had heard that the other's FIN arrived.
    pub(super) over: Option<Mark>,
    /// Octets sent after the peer had finished.
    pub(super) after_fin: [u64; 2],
    /// The key of the protocol above TCP.
    pub(super) application: Option<&'static str>,
    pub(super) doubt: Option<Doubt>,
    /// A SYN in the midst of a connection: the begin of the next one, if it is answered.
    pub(super) pending: Option<Box<(Segment, Side)>>,
    /// What the peer acknowledged in answer to a SYN, and cannot have meant.
    pub(super) wrong: Option<Seq>,
    /// Under which other VLANs and tunnels copies of its packets were seen; 0 for none.
    pub(super) others: [u16; Story::OTHERS],
}

/// The end of what one side has to say.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fin {
    pub(super) mark: Mark,
    /// The place after it.
    pub(super) end: Seq,
}

/// Something that the peer may refuse to believe (RFC 5961 §3.2, §4.2).
#[derive(Clone, Copy, Debug)]
pub(super) struct Doubt {
    pub(super) mark: Mark,
    pub(super) by: Side,
    /// Where the connection was in its life before.
    pub(super) before: State,
    pub(super) close: Option<Close>,
}

impl Story {
    /// Copies under still other VLANs and tunnels are recognised again each time.
    const OTHERS: usize = 3;

    pub(super) fn new(zeek: Zeek, last_syn: Mark, syn_ack: Mark) -> Self {
        Self {
            syn_ack,
            opening: Opening { last_syn, ..Opening::default() },
            ack: None,
            last_syn_ack: None,
            fins: [None; 2],
            resets: [None; 2],
            close: None,
            over: None,
            after_fin: [0; 2],
            application: None,
            doubt: None,
            pending: None,
            wrong: None,
            others: [0; Self::OTHERS],
            zeek,
        }
    }

    /// The other end turns out to be the client.
    pub(super) fn flip(&mut self) {
        self.fins.swap(0, 1);
        self.resets.swap(0, 1);
        self.after_fin.swap(0, 1);
        if let Some(by) = self.close.as_mut().and_then(|close| close.by.as_mut()) {
            *by = by.peer();
        }
        if let Some(doubt) = &mut self.doubt {
            (doubt.by, doubt.before) = (doubt.by.peer(), doubt.before.flipped());
        }
        if let Some(pending) = &mut self.pending {
            pending.1 = pending.1.peer();
        }
    }
}
