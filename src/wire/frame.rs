//! What is known of a frame before its first octet is read.

use std::fmt::Write;

use super::field::{Listener, Value, fields};
use super::packet::LiesIn;
use super::{Layer, Name, Packet};
use crate::timeline::Timestamp;

pub(crate) static NAMES: &[Name] = &[Name { key: "frame", words: "Frame" }];

fields! {
    NUMBER         = "frame.number", Number, "number";
    TIME           = "frame.time_epoch", Time, "time";
    SINCE_FIRST    = "frame.time_relative", Span, "time since the first frame";
    SINCE_BEFORE   = "frame.time_delta", Span, "time since the frame before";
    LEN            = "frame.len", Number, "length on the wire";
    CAP_LEN        = "frame.cap_len", Number, "length kept";
    INTERFACE      = "frame.interface_id", Number, "interface";
    LINK           = "frame.link_type", Number, "link type";
    PROTOCOLS      = "frame.protocols", Text, "protocols";
    COMMENT        = "frame.comment", Text, "comment";
    FRAGMENT       = "ip.fragment", Number, "fragment in packet";
    FRAGMENTS      = "ip.fragment.count", Number, "fragments joined";
    JOINED_LEN     = "ip.reassembled.length", Number, "length joined";
    V6_FRAGMENT    = "ipv6.fragment", Number, "fragment in packet";
    V6_FRAGMENTS   = "ipv6.fragment.count", Number, "fragments joined";
    V6_JOINED_LEN  = "ipv6.reassembled.length", Number, "length joined";
    SEGMENT        = "tcp.segment", Number, "segment in packet";
    SEGMENTS       = "tcp.segment.count", Number, "segments joined";
    MESSAGE_LEN    = "tcp.reassembled.length", Number, "length joined";
    // Wireshark has no names for these.
    INFLATED_LEN   = "ipcomp.inflated.length", Number, "length inflated";
    DECRYPTED_LEN  = "tls.decrypted.length", Number, "length decrypted";
}

/// When other frames came, where that is known.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Others {
    /// The first of the capture.
    pub first: Option<Timestamp>,
    /// The one before.
    pub before: Option<Timestamp>,
}

/// Tells what the capture says about the frame. None of it stands for an octet on the wire.
pub fn fields(packet: &Packet<'_>, others: Others, listener: &mut dyn Listener) {
    let frame = &packet.frame;
    listener.field(&NUMBER, 0..0, Value::Number(frame.number));
    listener.field(&TIME, 0..0, Value::Time(Timestamp(frame.time.0)));
    for (field, then) in [(&SINCE_FIRST, others.first), (&SINCE_BEFORE, others.before)] {
        if let Some(then) = then {
            since(then, frame.time, |value| listener.field(field, 0..0, value));
        }
    }
    let mut tell = |field, value| listener.field(field, 0..0, value);
    tell(&LEN, Value::Number(frame.octets.len() as u64));
    tell(&CAP_LEN, Value::Number(frame.octets.kept().len() as u64));
    tell(&INTERFACE, Value::Number(frame.interface.into()));
    tell(
        &LINK,
        match link_name(frame.link) {
            Some(name) => Value::Named(frame.link.into(), name),
            None => Value::Number(frame.link.into()),
        },
    );
    let mut protocols = arrayvec::ArrayString::<256>::new();
    for layer in packet.layers() {
        let colon = if protocols.is_empty() { "" } else { ":" };
        if protocols
            .try_push_str(colon)
            .and_then(|()| protocols.try_push_str(layer.name().key))
            .is_err()
        {
            break;
        }
    }
    tell(&PROTOCOLS, Value::Words(&protocols));
    if !frame.comment.is_empty() {
        tell(&COMMENT, Value::Text(frame.comment));
    }
    let is_ipv6 = packet.layers().iter().any(|layer| matches!(layer, Layer::Ipv6Fragment(_)));
    for found in packet.found() {
        let (parts, len) = match found.lies_in {
            LiesIn::Frame | LiesIn::Behind => continue,
            LiesIn::Datagram if is_ipv6 => (Some((&V6_FRAGMENT, &V6_FRAGMENTS)), &V6_JOINED_LEN),
            LiesIn::Datagram => (Some((&FRAGMENT, &FRAGMENTS)), &JOINED_LEN),
            LiesIn::Message => (Some((&SEGMENT, &SEGMENTS)), &MESSAGE_LEN),
            LiesIn::Inflated => (None, &INFLATED_LEN),
            LiesIn::Decrypted => (None, &DECRYPTED_LEN),
        };
        if let Some((each, count)) = parts {
            for number in found.numbers {
                tell(each, Value::Number(*number));
            }
            tell(count, Value::Number(found.numbers.len() as u64));
        }
        tell(len, Value::Number(found.octets.len() as u64));
    }
}

/// Tells how long it took: a span, or words with a sign where the clock was set back.
pub fn since(then: Timestamp, now: Timestamp, tell: impl FnOnce(Value<'_>)) {
    if then <= now {
        return tell(Value::Span(now.since(then)));
    }
    let nanos = then.0 - now.0;
    let mut text = arrayvec::ArrayString::<32>::new();
    // Twenty digits, a sign and a point fit.
    _ = write!(text, "-{}.{:09}", nanos / 1_000_000_000, nanos % 1_000_000_000);
    tell(Value::Words(&text));
}

/// The link type in words, where its number alone would say little.
pub fn link_name(link: u16) -> Option<&'static str> {
    Some(match link {
        0 | 108 => "BSD loopback",
        1 => "Ethernet",
        6 => "token ring",
        7 | 129 => "ARCNET",
        8 => "SLIP",
        9 | 50 => "PPP",
        10 => "FDDI",
        12 | 14 | 101 => "raw IP",
        51 => "PPPoE",
        104 => "Cisco HDLC",
        105 => "802.11",
        107 => "frame relay",
        113 => "Linux cooked",
        127 => "802.11 with radiotap",
        147..=162 => "for private use",
        165 => "BACnet MS/TP",
        187 | 201 => "Bluetooth HCI",
        189 | 220 | 249 => "USB",
        192 => "per-packet information",
        195 | 230 | 283 => "802.15.4",
        226 => "Solaris IPNET",
        227 => "CAN",
        228 => "IPv4",
        229 => "IPv6",
        231 => "D-Bus",
        239 => "netfilter log",
        242 => "IP over InfiniBand",
        251 => "Bluetooth LE",
        253 => "netlink",
        258 => "macOS packet tap",
        271 => "vsock",
        276 => "Linux cooked v2",
        _ => return None,
    })
}
