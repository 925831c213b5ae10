//! What is known of a packet only from those told before it.

use crate::timeline::Timestamp;
use crate::wire::Packet;
use crate::wire::field::{Listener, fields};
use crate::wire::frame;

fields! {
    DISPLAYED = "frame.time_delta_displayed", Text, "time since the packet before";
}

/// Remembers the last packet told.
#[derive(Debug, Default)]
pub(super) struct Since {
    last: Option<Timestamp>,
}

impl Since {
    /// Tells how long it took; must be called once a packet.
    pub(super) fn fields(&mut self, packet: &Packet<'_>, listener: &mut dyn Listener) {
        let time = packet.frame.time;
        let last = self.last.replace(time).unwrap_or(time);
        frame::since(last, time, |value| listener.field(&DISPLAYED, 0..0, value));
    }
}
