//! What does a savefile say of each packet of ours?

use crate::flow::Seen;
use crate::ink::Ink;
use crate::wire::Packet;
use crate::wire::packet::LiesIn;

use super::line::{self, Numbers};

/// What a line says of a packet, as its comment.
#[derive(Debug)]
pub struct Remarks {
    ink: Ink,
    keeps_keys: bool,
}

impl Remarks {
    /// With `keeps_keys` what was decrypted is told, too: whoever has the file has the keys as well.
    pub fn new(keeps_keys: bool) -> Self {
        Self { ink: Ink::default(), keeps_keys }
    }

    pub fn of(&mut self, packet: &Packet<'_>, seen: &Seen<'_>) -> &[u8] {
        self.ink.clear();
        if packet.found().iter().any(|found| found.lies_in == LiesIn::Decrypted) && !self.keeps_keys
        {
            self.ink
                .text("TLS  opened here, but neither its keys nor what it holds were to be kept");
        } else {
            line::words(packet, seen, Numbers::Relative, &mut self.ink);
        }
        self.ink.as_bytes()
    }
}
