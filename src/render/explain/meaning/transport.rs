//! What do the fields of TCP and UDP mean?

use super::{Sense, number, octets};
use crate::wire::field::Value;
use crate::wire::tcp::{Flags, Scale, Seq};

/// What does not depend on the value.
pub(super) fn told(name: &str) -> Option<&'static str> {
    Some(match name {
        // RFC 768
        "udp.length" => "octets of the datagram, this header of 8 included",
        "udp.srcport" | "tcp.srcport" => "the sender's socket",
        "udp.dstport" | "tcp.dstport" => "the socket that it is for",
        // RFC 9293 §3.1
        "tcp.flags.ack" => "the acknowledgment number counts",
        "tcp.flags.push" => {
            "the receiver is to hand on what it has: the sender has nothing more just now"
        }
        "tcp.flags.reset" => "breaks the connection off",
        "tcp.flags.syn" => "opens the connection, and takes up one sequence number",
        "tcp.flags.fin" => "the sender has said its last; it takes up one sequence number",
        "tcp.flags.urg" => "the urgent pointer counts",
        "tcp.flags.str" => "the same in letters, as tcpdump writes them",
        // RFC 3168 §6.1
        "tcp.flags.cwr" => "the sender has slowed down, as it was told to",
        "tcp.flags.ece" => "packets arrived that a router had marked, or ECN is offered in a SYN",
        // RFC 9768 §3.1
        "tcp.flags.ae" => "accurate ECN",
        "tcp.flags.res" => "must be zero",
        // RFC 9293 §3.2
        "tcp.options.nop" => "fills up, so that what follows lies where it is read best",
        "tcp.options.eol" => "no more options",
        "tcp.option_kind" => "which option it is",
        "tcp.option_len" => "octets of the option, this one and the kind included",
        "tcp.options.mss" => "how long segments to this sender may be",
        "tcp.options.wscale" => "how its sender's windows are to be read",
        "tcp.options.mptcp.subtype" => {
            "what it is about: 0 opens, 1 joins another path, 2 carries on"
        }
        // RFC 2018 §2, §3
        "tcp.options.sack_perm" => "its sender takes reports of what arrived behind a gap",
        "tcp.options.sack" => "these octets arrived, behind some that are missing",
        // RFC 7323 §3
        "tcp.options.timestamp" => "measures round trips, and tells old segments from new ones",
        "tcp.options.timestamp.tsval" => "the sender's clock, in units of its own",
        // RFC 7413 §4.1
        "tcp.options.tfo" => "fast open: data in the SYN, for who has a cookie",
        "tcp.options.tfo.cookie" => "proves that its sender was at this address before",
        // RFC 8684 §3
        "tcp.options.mptcp" => "several paths for one connection",
        // RFC 2385, RFC 5925
        "tcp.options.md5" | "tcp.options.ao" => "proves that the sender knows a secret",
        // RFC 5482 §3
        "tcp.options.user_to" => "how long its sender keeps trying before it gives up",
        _ => return None,
    })
}

/// What depends on the value, or on the connection.
pub(super) fn computed(name: &str, value: Value<'_>, sense: &Sense) -> Option<String> {
    let segment = sense.segment.filter(|_| !sense.is_quoted && sense.layer == "tcp");
    let value = number(value)?;
    let place = |origin: Seq| Seq(value as u32).from(origin);
    Some(match name {
        "tcp.seq_raw" => {
            let segment = segment?;
            let place = place(segment.origin.seq);
            if segment.flags.has(Flags::SYN) {
                format!("where the {}'s count begins: told as {place} from here on", segment.sender)
            } else if segment.span == 0 {
                format!("the {}'s next octet would be its number {place}", segment.sender)
            } else {
                format!("the first octet here is the {}'s number {place}", segment.sender)
            }
        }
        "tcp.ack_raw" => {
            let segment = segment?;
            if segment.flags.has(Flags::ACK) {
                let place = place(segment.origin.ack);
                if segment.peer_syn.is_some_and(|syn| syn.plus(1) == Seq(value as u32)) {
                    format!("of the {} its SYN arrived, and no octet yet", segment.peer)
                } else {
                    format!("everything of the {} before its number {place} arrived", segment.peer)
                }
            } else {
                "means nothing: the ACK flag is not set".into()
            }
        }
        "tcp.hdr_len" if value == 20 => "octets of this header: no options".into(),
        "tcp.hdr_len" => format!("octets of this header: {} of options", value.saturating_sub(20)),
        "tcp.flags" => flags(Flags((value & 0xff) as u8)),
        "tcp.window_size_value" => {
            let segment = segment?;
            window(value, segment.origin.scale, segment.flags, segment.sender)
        }
        "tcp.urgent_pointer" => {
            if segment?.flags.has(Flags::URG) {
                format!("urgent octets end {value} behind the sequence number")
            } else {
                "means nothing: the URG flag is not set".into()
            }
        }
        "tcp.len" if value == 0 => "no payload".into(),
        "tcp.len" => format!("{} of payload follow this header", octets(value)),
        // RFC 9293 §3.7.1
        "tcp.options.mss_val" => {
            format!("no segment to this sender may carry more than {}", octets(value))
        }
        // RFC 7323 §2
        "tcp.options.wscale.shift" => {
            format!(
                "its sender's windows count {} times what they say, if the other side offers this, too",
                1_u64 << value.min(14)
            )
        }
        "tcp.options.timestamp.tsecr" => match segment {
            Some(segment) if segment.flags.has(Flags::ACK) => {
                format!("the {}'s clock, as this sender heard it last", segment.peer)
            }
            Some(_) => "means nothing: the ACK flag is not set".into(),
            None => return None,
        },
        "tcp.options.sack_le" => format!("from number {}", place(segment?.origin.ack)),
        "tcp.options.sack_re" => {
            format!("up to, without it, number {}", place(segment?.origin.ack))
        }
        _ => return None,
    })
}

fn flags(flags: Flags) -> String {
    let all = [
        (Flags::CWR, "CWR"),
        (Flags::ECE, "ECE"),
        (Flags::URG, "URG"),
        (Flags::ACK, "ACK"),
        (Flags::PSH, "PSH"),
        (Flags::RST, "RST"),
        (Flags::SYN, "SYN"),
        (Flags::FIN, "FIN"),
    ];
    let set: Vec<&str> =
        all.iter().filter(|(flag, _)| flags.has(*flag)).map(|(_, name)| *name).collect();
    if set.is_empty() {
        "none is set".into()
    } else {
        format!("{} set, the others not", set.join(", "))
    }
}

/// RFC 7323 §2.2: a window in a SYN is never scaled.
fn window(written: u64, scale: Scale, flags: Flags, sender: &str) -> String {
    if flags.has(Flags::RST) {
        return "of no use in a reset".into();
    }
    if written == 0 {
        return format!("closed: the {sender} takes nothing more for now");
    }
    if flags.has(Flags::SYN) {
        return format!("the {sender} takes {}; never scaled in a SYN", octets(written));
    }
    match scale {
        Scale::Shift(0) => format!(
            "the {sender} takes {} from the acknowledgment number on; not scaled",
            octets(written)
        ),
        Scale::Shift(shift) => {
            let factor = 1_u64 << shift.min(14);
            format!(
                "times {factor}: the {sender} takes {} from the acknowledgment number on",
                octets(written * factor)
            )
        }
        Scale::Unknown | Scale::Unasked => {
            "in units that only the handshake tells, and the capture does not have it".into()
        }
    }
}
