//! Who is the client?

use super::verdict::Confidence;

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
