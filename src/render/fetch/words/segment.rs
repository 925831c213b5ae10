//! What does a segment say, in our words?

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::ops::Range;

use super::many;
use crate::flow::Side;
use crate::flow::tcp::{Connection, Facts, State};
use crate::wire::tcp::{Flags, Tcp, TcpOption};
use crate::wire::{Layer, Packet};

pub(super) fn len(tcp: Tcp<'_>) -> u32 {
    tcp.payload().len() as u32
}

/// The largest segment that the other side wants.
pub(super) fn mss(connection: &Connection, side: Side) -> u32 {
    connection.half(side.peer()).mss().map_or(u32::MAX, u32::from)
}

/// The segment itself.
pub(super) fn text(tcp: Tcp<'_>, side: Side, octets: &Range<u64>, ends: [SocketAddr; 2]) -> String {
    let arrow = if side == Side::Client { "->" } else { "<-" };
    let flags = tcp.flags();
    let mut names = Vec::new();
    for (flag, name) in
        [(Flags::SYN, "SYN"), (Flags::FIN, "FIN"), (Flags::RST, "RST"), (Flags::URG, "URG")]
    {
        if flags.has(flag) {
            names.push(name);
        }
    }
    if flags.has(Flags::ACK) && (octets.is_empty() || !names.is_empty()) {
        names.push("ACK");
    }
    if names.is_empty() && octets.is_empty() {
        names.push("no flags");
    }
    let mut text = format!("{arrow} {}", names.join(","));
    if !octets.is_empty() {
        let gap = if names.is_empty() { "" } else { "  " };
        _ = write!(text, "{gap}octets {}..{}", octets.start, octets.end - 1);
    }
    if flags.has(Flags::SYN) && side == Side::Client {
        _ = write!(text, " {} > {}", ends[0].port(), ends[1].port());
    }
    text
}

/// What a SYN offers, each explained.
pub(super) fn offers(tcp: Tcp<'_>) -> String {
    let mut offers = Vec::new();
    for option in tcp.options() {
        offers.push(match option {
            TcpOption::Mss(mss) => format!("MSS {mss}"),
            TcpOption::WindowScale(shift) => {
                format!("window scale {shift} (x {})", 1_u32 << shift.min(14))
            }
            TcpOption::SackPermitted => "SACK".into(),
            TcpOption::Timestamps { .. } => "time stamps".into(),
            TcpOption::FastOpen([]) => "asks for a fast open cookie".into(),
            TcpOption::FastOpen(_) => "fast open cookie".into(),
            TcpOption::Mptcp { .. } => "multipath".into(),
            _ => continue,
        });
    }
    offers.join("  ")
}

/// What else is in the header and says something, numbers as written.
pub(super) fn rest(tcp: Tcp<'_>) -> String {
    let mut words = Vec::new();
    for option in tcp.options() {
        match option {
            TcpOption::Timestamps { value, echo } => words.push(format!("TS {value} echo {echo}")),
            TcpOption::Other { kind, .. } => words.push(format!("option {kind}")),
            TcpOption::Broken { kind } => words.push(format!("option {kind} is broken")),
            _ => {}
        }
    }
    words.join("  ")
}

/// Our end's state (RFC 9293 section 3.3.2), as the packets show it.
pub(super) fn state(connection: &Connection) -> Option<&'static str> {
    let ended = |side| connection.fin(side).is_some();
    let heard = connection.half(Side::Client).facts().has(Facts::FIN_ACKED);
    Some(match connection.state() {
        State::Asked | State::Answered => "SYN-SENT",
        State::AskedByBoth => "SYN-RECEIVED",
        State::Established => "ESTABLISHED",
        State::HalfClosed(Side::Client) if heard => "FIN-WAIT-2",
        State::HalfClosed(Side::Client) => "FIN-WAIT-1",
        State::HalfClosed(Side::Server) => "CLOSE-WAIT",
        // Who said FIN first has to wait, in case the last ACK is lost.
        State::Closing | State::Closed => {
            let first = connection.fin(Side::Client).map(|fin| fin.packet);
            let is_ours = first < connection.fin(Side::Server).map(|fin| fin.packet);
            match (is_ours && ended(Side::Client), heard) {
                (true, true) => "TIME-WAIT",
                (true, false) => "CLOSING",
                (false, true) => "CLOSED",
                (false, false) => "LAST-ACK",
            }
        }
        State::Refused | State::Reset(_) => "CLOSED",
        State::Joined | State::Dropped => return None,
    })
}

/// The hop limit of the packet.
pub(in crate::render::fetch) fn hops(packet: &Packet<'_>) -> Option<u8> {
    packet.own_layers().iter().rev().find_map(|layer| match layer {
        Layer::Ipv4(ip) => Some(ip.ttl()),
        Layer::Ipv6(ip) => Some(ip.hop_limit()),
        _ => None,
    })
}

/// How many routers a packet passed, if it began with one of the usual hop limits.
pub(in crate::render::fetch) fn routers(hops: u8) -> String {
    let began = match hops {
        ..=32 => 32,
        33..=64 => 64,
        65..=128 => 128,
        _ => 255,
    };
    match began - hops {
        0 => format!("TTL {hops}: no router between, if it began there (inferred)"),
        passed => format!(
            "TTL {hops}: {} away, if it began at {began} (inferred)",
            many(passed.into(), "router", "routers")
        ),
    }
}
