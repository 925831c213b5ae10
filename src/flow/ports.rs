//! Which ports do servers use?

use std::cmp::Ordering;

/// Ports that Zeek's scripts register for the protocols they know (`likely_server_ports`), in order.
const LIKELY: [u16; 71] = [
    20, 21, 22, 25, 37, 53, 67, 68, 69, 80, 81, 88, 102, 110, 123, 137, 138, 139, 143, 161, 162,
    389, 443, 445, 502, 514, 546, 547, 563, 585, 587, 614, 631, 636, 843, 989, 990, 992, 993, 995,
    1080, 1433, 1521, 1883, 2811, 3128, 3268, 3306, 3389, 3544, 5060, 5061, 5072, 5223, 5353, 5355,
    5432, 5433, 5900, 6379, 6666, 6667, 6668, 6669, 8000, 8080, 8443, 8883, 8888, 9042, 20000,
];

/// One of two.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Ordinal {
    First,
    Second,
}

/// Dynamic ports begin here on Linux; IANA's begin higher (RFC 6335 §6).
const DYNAMIC: u16 = 32_768;

/// Whether Zeek would take the end with this port for a server.
pub(super) fn is_likely_server(port: u16) -> bool {
    LIKELY.binary_search(&port).is_ok()
}

/// Which of two ports is a server's, if they tell.
pub(super) fn server(first: u16, second: u16) -> Option<Ordinal> {
    let class = |port: u16| match port {
        _ if is_likely_server(port) => 0,
        1..1024 => 1,
        1024..DYNAMIC => 2,
        _ => 3,
    };
    match class(first).cmp(&class(second)) {
        Ordering::Less => Some(Ordinal::First),
        Ordering::Greater => Some(Ordinal::Second),
        Ordering::Equal => None,
    }
}
