//! Who is the client?

use super::Connection;
use super::quiet::Quiet;
use super::verdict::Confidence;
use crate::flow::key::Which;

/// Why one end is taken for the client, the best reason last.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Roles {
    /// It sent the first packet that was seen.
    FirstSender,
    /// The other end's port is one that servers use.
    Ports,
    /// The other end is a server in other conversations.
    KnownServer,
    /// It asked in words that only a client uses, or was answered in words that only a server uses.
    Content,
    /// It sent the SYN, or was sent the SYN-ACK.
    Handshake,
}

impl Roles {
    pub fn confidence(self) -> Confidence {
        match self {
            Self::FirstSender => Confidence::Weak,
            Self::Ports | Self::KnownServer => Confidence::Likely,
            Self::Content | Self::Handshake => Confidence::Certain,
        }
    }
}

impl Connection {
    /// Learns who is the client, from its own words; the two sides change places if it is the other.
    pub(in crate::flow) fn is_client(&mut self, client: Which) {
        self.roles = Roles::Content;
        if client != self.client {
            self.flip();
        }
    }

    /// The other end is the client.
    pub(super) fn flip(&mut self) {
        self.catch_up();
        self.quiet = Quiet::default();
        self.client = self.client.other();
        self.halves.swap(0, 1);
        self.state = self.state.flipped();
        if let Some(story) = &mut self.story {
            story.flip();
        }
    }
}
