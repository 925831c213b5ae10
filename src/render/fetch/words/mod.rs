//! What is there to say about each fact of a fetch?

use std::net::SocketAddr;
use std::time::Duration;

use crate::ink::Ink;
use crate::render::quantity;
use crate::timeline::Timestamp;

mod answer;
pub(super) mod call;
pub(super) mod ended;
mod evidence;
pub(super) mod found;
pub(super) mod hop;
pub(super) mod http;
pub(super) mod lookup;
pub(super) mod packet;
pub(super) mod segment;
pub(super) mod tls;
pub(super) mod tried;
pub(super) mod url;
pub(super) mod way;

/// What a pen writes.
pub(super) fn written(write: impl FnOnce(&mut Ink)) -> String {
    // The story draws its own arrows; whoever shows no more than ASCII shows these, too.
    crate::ink::written(|ink| {
        ink.ascii = true;
        write(ink);
    })
}

/// A duration with its unit.
pub(super) fn duration(duration: Duration) -> String {
    written(|ink| quantity::duration(duration, ink))
}

/// Milliseconds with one digit, as they stand beside a call.
pub(super) fn millis(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1e3)
}

/// Octets with their unit.
pub(super) fn octets(count: u64) -> String {
    written(|ink| quantity::octets(count, ink))
}

/// A count with separators.
pub(super) fn count(count: u64) -> String {
    written(|ink| quantity::count(count, ink))
}

/// So many of something.
pub(super) fn many(number: u64, one: &str, several: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { several })
}

/// Milliseconds with three digits between two times, negative when the clock stepped back.
pub(super) fn clock(at: Timestamp, start: Timestamp) -> String {
    let sign = if at < start { "-" } else { "" };
    let micros = (at.0.abs_diff(start.0) + 500) / 1000;
    format!("{sign}{}.{:03}", micros / 1000, micros % 1000)
}

/// A server without the port that everybody has.
pub(super) fn server(address: SocketAddr, usual: u16) -> String {
    if address.port() == usual { address.ip().to_string() } else { address.to_string() }
}
