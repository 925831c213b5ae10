//! How is a segment written in a ladder?

use super::Detail;
use crate::ink::Ink;
use crate::wire::tcp::{Flags, Origin, Tcp, TcpOption};
use crate::wire::{Layer, Packet};

/// A hop limit that is no news.
const USUAL_HOPS: u8 = 64;

/// What is not as usual, in brackets.
pub(super) fn unusual(packet: &Packet<'_>, detail: Detail, ink: &mut Ink) {
    let start = ink.len();
    let mut note = |words: &str, number: Option<u64>| {
        ink.text(if ink.len() > start { ", " } else { "[" }).text(words);
        if let Some(number) = number {
            ink.text(" ").number(number);
        }
    };
    for layer in packet.own_layers() {
        let (hops, id, congested) = match layer {
            Layer::Vlan(vlan) => {
                note("vlan", Some(vlan.id().into()));
                continue;
            }
            Layer::Ipv4(ip) => (ip.ttl(), ip.id(), ip.header().0[1] & 3 == 3),
            Layer::Ipv6(ip) => (ip.hop_limit(), 0, ip.traffic_class() & 3 == 3),
            _ => continue,
        };
        if detail == Detail::All && id != 0 {
            note("id", Some(id.into()));
        }
        if detail == Detail::All && hops != USUAL_HOPS {
            note("ttl", Some(hops.into()));
        }
        if congested {
            note("ce", None);
        }
    }
    let frame = &packet.frame;
    if frame.interface != 0 {
        note("interface", Some(frame.interface.into()));
    }
    if frame.octets.is_cut() {
        note("kept", Some(frame.octets.kept().len() as u64));
    }
    if ink.len() > start {
        ink.text("] ");
    }
}

/// A segment in the notation of packetdrill.
pub(super) fn write(tcp: Tcp<'_>, origin: Origin, detail: Detail, ink: &mut Ink) {
    let flags = tcp.flags();
    let letters = flags.letters();
    let letters = letters.trim_ascii_end();
    let (seq, len) = (tcp.seq().from(origin.seq), tcp.payload().len() as u32);
    ink.wire(if letters.is_empty() { b"-" } else { letters });
    ink.text(" ").number(seq).text(":").number(seq.wrapping_add(len));
    ink.text("(").number(len).text(")");
    if flags.has(Flags::ACK) {
        ink.text(" ack ").number(tcp.ack().from(origin.ack));
    }
    ink.text(" win ").number(tcp.window());
    let start = ink.len();
    for option in tcp.options() {
        let comma = if ink.len() > start { "," } else { " <" };
        match option {
            TcpOption::Mss(mss) => _ = ink.text(comma).text("mss ").number(mss),
            TcpOption::WindowScale(shift) => _ = ink.text(comma).text("wscale ").number(shift),
            TcpOption::SackPermitted => _ = ink.text(comma).text("sackOK"),
            TcpOption::Sack(blocks) => {
                ink.text(comma).text("sack");
                for (left, right) in blocks.edges() {
                    ink.text(" ").number(left.from(origin.ack));
                    ink.text(":").number(right.from(origin.ack));
                }
            }
            TcpOption::FastOpen(cookie) => {
                ink.text(comma).text(if cookie.is_empty() { "FO" } else { "FO " });
                ink.hex_octets(cookie);
            }
            TcpOption::Nop if detail == Detail::All => _ = ink.text(comma).text("nop"),
            TcpOption::Timestamps { value, echo } if detail == Detail::All => {
                ink.text(comma).text("TS val ").number(value).text(" ecr ").number(echo);
            }
            _ => {}
        }
    }
    if ink.len() > start {
        ink.text(">");
    }
}
