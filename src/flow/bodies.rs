//! Where does the message behind a body begin?
//!
//! A view sees one segment, and looks for a head where that begins. Behind a body of told length the
//! next head may begin within a segment; it is looked for there. The octets between need not be in the
//! capture. At most [`BODIES`] ends are remembered; where there are more, all are forgotten.

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use super::key::{Key, Which};
use crate::wire::http::Http;
use crate::wire::packet::LiesIn;
use crate::wire::tcp::{Flags, Seq};
use crate::wire::{Hint, Layer, Packet};

const BODIES: usize = 4096;
/// A longer body is not waited for: its end could not be told from one before.
const LONGEST: usize = 1 << 30;

/// The bodies that end in later segments.
#[derive(Default)]
pub struct Bodies {
    ends: HashMap<(Key, Which), Seq, RandomState>,
}

impl Bodies {
    pub(super) fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    pub(super) fn awaits(&self, direction: &(Key, Which)) -> bool {
        self.ends.contains_key(direction)
    }

    /// Reads the message that begins in the middle of this packet's segment, if one does.
    pub fn read_behind(&mut self, packet: &mut Packet<'_>) {
        if !self.ends.is_empty() {
            self.look_behind(packet);
        }
    }

    fn look_behind(&mut self, packet: &mut Packet<'_>) {
        let Some(tcp) = packet.tcp() else { return };
        let Some(direction) = Key::of_segment(packet, tcp) else { return };
        if tcp.flags().has(Flags::SYN) {
            self.ends.remove(&direction);
            return;
        }
        let Some(end) = self.ends.get(&direction) else { return };
        let behind = end.past(tcp.seq());
        let is_unread = matches!(packet.own_layers().last(), Some(Layer::Tcp(_)));
        if behind > 0 && is_unread {
            let payload = tcp.payload();
            let at = behind.unsigned_abs() as usize;
            if at < payload.kept().len()
                && let Some((_, octets)) = payload.part(at)
            {
                let hint = Hint::Tcp(tcp.source_port(), tcp.destination_port());
                packet.read_on(LiesIn::Behind, hint, octets, &[]);
            }
        }
    }

    /// Notes where the body ends that this packet's last message has.
    pub fn note(&mut self, packet: &Packet<'_>) {
        if let Some(Layer::Http(http)) = packet.own_layers().last() {
            self.note_body(http, packet);
        }
    }

    fn note_body(&mut self, http: &Http<'_>, packet: &Packet<'_>) {
        let Some(body) = http.body_len().filter(|len| *len < LONGEST) else { return };
        let Some(tcp) = packet.tcp() else { return };
        let Some(direction) = Key::of_segment(packet, tcp) else { return };
        // Behind its head the message is left in `rest`, to the end of the segment.
        let Some(beyond) = body.checked_sub(packet.rest.len()).filter(|beyond| *beyond > 0) else {
            return;
        };
        if self.ends.len() >= BODIES && !self.ends.contains_key(&direction) {
            self.ends.clear();
        }
        self.ends.insert(direction, tcp.seq().plus(tcp.span()).plus(beyond as u32));
    }
}
