//! How was the connection opened, and how long did it take?
//!
//! The round trip is cut in two at the capture point: from the SYN to the SYN-ACK on the server's side,
//! from the SYN-ACK to the ACK on the client's. Where packets were sent again, the last SYN before the
//! SYN-ACK counts, and the last SYN-ACK before the ACK.

use std::time::Duration;

use crate::flow::mark::Mark;

/// The packets of the handshake, as far as they were seen.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Handshake {
    /// The client's first SYN.
    pub syn: Option<Mark>,
    /// The client's last SYN before the answer.
    pub last_syn: Option<Mark>,
    pub syn_ack: Option<Mark>,
    /// The last SYN-ACK before the ACK.
    pub last_syn_ack: Option<Mark>,
    /// The client's first packet that acknowledges the server's SYN.
    pub ack: Option<Mark>,
    /// SYNs after the first.
    pub syn_retries: u8,
    /// SYN-ACKs after the first.
    pub syn_ack_retries: u8,
}

/// Where between client and server the capture was made.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Vantage {
    AtClient,
    Between,
    AtServer,
}

impl Handshake {
    /// From the capture point to the client and back, its time to answer included.
    pub fn rtt_client(&self) -> Option<Duration> {
        between(self.last_syn_ack, self.ack)
    }

    /// From the capture point to the server and back, its time to answer included.
    pub fn rtt_server(&self) -> Option<Duration> {
        between(self.last_syn, self.syn_ack)
    }

    /// From the client to the server and back.
    pub fn rtt(&self) -> Option<Duration> {
        Some(self.rtt_client()? + self.rtt_server()?)
    }

    /// How long the client waited in vain before it sent the SYN that was answered.
    pub fn retry_wait(&self) -> Option<Duration> {
        between(self.syn, self.last_syn)
    }

    /// From the first SYN to the ACK.
    pub fn duration(&self) -> Option<Duration> {
        between(self.syn, self.ack)
    }
}

impl Vantage {
    /// By which share of the round trip lies on the client's side of the capture point.
    pub(super) fn of(share: f64) -> Self {
        match share {
            ..0.1 => Self::AtClient,
            0.9.. => Self::AtServer,
            _ => Self::Between,
        }
    }
}

/// Unknown where the capture has the two in the wrong order.
fn between(from: Option<Mark>, to: Option<Mark>) -> Option<Duration> {
    let (from, to) = (from?, to?);
    (to.packet >= from.packet).then(|| to.time.since(from.time))
}
