//! What is known of a frame only from those before it.

use crate::timeline::Timestamp;
use crate::wire::Packet;
use crate::wire::field::{Listener, Value, fields};

fields! {
    RELATIVE  = "frame.time_relative", Text, "time since the first packet";
    DELTA     = "frame.time_delta", Text, "time since the frame before";
    DISPLAYED = "frame.time_delta_displayed", Text, "time since the packet before";
}

/// Remembers the first packet and the last one told.
#[derive(Debug, Default)]
pub(super) struct Since {
    first: Option<Timestamp>,
    last: Option<(u64, Timestamp)>,
}

impl Since {
    /// Counts from this time on, and not from that of the first packet told.
    pub(super) fn begin(&mut self, time: Timestamp) {
        self.first = Some(time);
    }

    /// Tells how long it took; must be called once a packet.
    ///
    /// Where a filter took away the frame before, `frame.time_delta` is not known and not told.
    pub(super) fn fields(&mut self, packet: &Packet<'_>, listener: &mut dyn Listener) {
        let (number, time) = (packet.frame.number, packet.frame.time);
        let mut tell = |field, from: Timestamp| {
            let mut text = arrayvec::ArrayString::<32>::new();
            seconds(time, from, &mut text);
            listener.field(field, 0..0, Value::Words(&text));
        };
        tell(&RELATIVE, *self.first.get_or_insert(time));
        let (before, last) = self.last.unwrap_or((number.saturating_sub(1), time));
        if before + 1 == number {
            tell(&DELTA, last);
        }
        tell(&DISPLAYED, last);
        self.last = Some((number, time));
    }
}

/// Seconds with nine digits of fraction, negative when the time stepped back.
fn seconds(to: Timestamp, from: Timestamp, text: &mut arrayvec::ArrayString<32>) {
    use std::fmt::Write;
    let sign = if to < from { "-" } else { "" };
    let nanos = to.0.abs_diff(from.0);
    // Twenty digits, a sign and a point fit.
    _ = write!(text, "{sign}{}.{:09}", nanos / 1_000_000_000, nanos % 1_000_000_000);
}
