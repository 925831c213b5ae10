//! What do the fields of IP and ICMP mean?

use super::{number, octets};
use crate::wire::field::Value;

/// What does not depend on the value.
pub(super) fn told(name: &str) -> Option<&'static str> {
    Some(match name {
        // RFC 791 §3.1
        "ip.version" => "the first four bits of the next field's octet",
        "ip.dsfield" | "ipv6.tclass" => "how routers are to treat it",
        "ip.id" => "the same in all fragments of one packet, so that they can be joined",
        "ip.flags" => "the first three bits of the next field's octets",
        "ip.flags.df" => "no router may cut it into fragments",
        "ip.flags.mf" | "ipv6.fraghdr.more" => "more fragments of the same packet follow this one",
        "ip.flags.rb" | "ipv6.fraghdr.reserved_octet" | "ipv6.fraghdr.reserved_bits" => {
            "must be zero"
        }
        "ip.proto" => "which protocol the packet carries",
        "ip.src" | "ipv6.src" => "where the packet comes from",
        "ip.dst" | "ipv6.dst" => "where the packet goes to",
        "ip.opt.type" | "ipv6.opt.type" => "what kind of option it is",
        "ip.opt.len" => "octets of the option, this one and the kind included",
        "ip.opt.ra" => "every router on the way is to look into it (RFC 2113)",
        "ip.rec_rt" => "a router that the packet passed",
        // RFC 2474 §3
        "ip.dsfield.dscp" | "ipv6.tclass.dscp" => "the class of service",
        // RFC 8200 §3
        "ipv6.version" => "the first four bits of the header",
        "ipv6.flow" => "the same in all packets of one flow, so that all take one way (RFC 6437)",
        "ipv6.plen" => "octets behind this header",
        "ipv6.nxt" | "ipv6.hopopts.nxt" | "ipv6.dstopts.nxt" => "what follows this header",
        "ipv6.fraghdr.nxt" => "what the packet carries, once it is joined",
        "ipv6.fraghdr.ident" => "the same in all fragments of one packet",
        // RFC 792
        "icmp.ident" | "icmpv6.echo.identifier" => {
            "tells the questions of one program from those of others"
        }
        "icmp.seq" | "icmpv6.echo.sequence_number" => "counts the questions",
        "icmp.unused" | "icmp.reserved" | "icmpv6.reserved" => "always zero",
        "icmp.redir_gw" => "the router that is nearer to the destination",
        "icmp.pointer" | "icmpv6.pointer" => "the octet of the quoted packet that is wrong",
        // RFC 1191 §4, RFC 8201 §4
        "icmp.mtu" | "icmpv6.mtu" => "the longest packet that fits through the next link",
        "icmp.code" | "icmpv6.code" => "what about it in particular",
        "ipv6.opt.length" => "octets of the option behind this field",
        "ipv6.opt.padn" => "fills up to a multiple of eight octets",
        "icmpv6.opt.type" => "which option it is",
        "icmpv6.opt.length" => "in units of eight octets, its header included",
        "ip.opt.time_stamp" => "when a router had the packet, in milliseconds since midnight",
        // RFC 4861 §4
        "icmpv6.nd.ns.target_address" => "the address whose station is looked for",
        "icmpv6.nd.na.target_address" => "the address that the station has",
        "icmpv6.nd.na.flag.r" => "the station is a router",
        "icmpv6.nd.na.flag.s" => "it was asked",
        "icmpv6.nd.na.flag.o" => "what was known before is to be replaced",
        "icmpv6.nd.ra.cur_hop_limit" => "the hop limit that hosts are to begin with",
        "icmpv6.nd.ra.router_lifetime" => "so many seconds it is a default router",
        "icmpv6.nd.ra.flag.m" => "addresses are to be asked for by DHCPv6",
        "icmpv6.nd.ra.flag.o" => "other configuration is to be asked for by DHCPv6",
        "icmpv6.opt.src_linkaddr" => "the hardware address of whoever sends this",
        "icmpv6.opt.target_linkaddr" => "the hardware address that belongs to the target",
        "icmpv6.opt.prefix" => "addresses on this link begin so",
        "icmpv6.opt.prefix.flag.a" => "hosts may make themselves an address from it (RFC 4862)",
        "icmpv6.opt.prefix.flag.l" => "what begins so is on this link",
        "icmpv6.opt.mtu" => "the longest packet on this link",
        "icmpv6.opt.rdnss" => "a DNS server to ask (RFC 8106)",
        // RFC 3376 §4
        "igmp.maddr" => "the group that it is about",
        "igmp.max_resp" => "answers may wait so long, so that not all come at once",
        // RFC 2784, RFC 2890
        "gre.proto" => "which protocol the tunnel carries",
        "gre.key" => "tells the tunnels between two ends apart",
        "gre.sequence_number" => "counts the packets of the tunnel",
        _ => return None,
    })
}

/// What depends on the value.
pub(super) fn computed(name: &str, value: Value<'_>) -> Option<String> {
    let number = number(value)?;
    Some(match name {
        "ip.hdr_len" if number == 20 => "octets of this header: no options".into(),
        "ip.hdr_len" if number > 20 => format!("octets of this header: {} of options", number - 20),
        "ip.len" if number == 0 => {
            "left to the network card, which cuts the packet up: the frame's length tells".into()
        }
        "ip.len" => "octets of the packet, this header included".into(),
        "ip.frag_offset" if number == 0 => {
            "in units of 8 octets: this is the begin of the packet".into()
        }
        "ip.frag_offset" | "ipv6.fraghdr.offset" => {
            format!("in units of 8 octets: {} lie before this fragment", octets(number * 8))
        }
        "ip.ttl" | "ipv6.hlim" => hops(number),
        // RFC 3168 §5
        "ip.dsfield.ecn" | "ipv6.tclass.ecn" => match number {
            0 => "its sender does not take marks for congestion".into(),
            3 => "a router on the way marked it: its queue fills up".into(),
            _ => "a router may mark it instead of dropping it".into(),
        },
        "ip.dsfield.dscp" | "ipv6.tclass.dscp" if number == 0 => {
            "the ordinary class of service".into()
        }
        "icmp.type" => icmp(number)?.into(),
        "icmpv6.type" => icmpv6(number)?.into(),
        _ => return None,
    })
}

/// RFC 791 §3.2, RFC 8200 §3: each router takes one off. Where it began is not in the packet.
fn hops(left: u64) -> String {
    match left {
        0 => "no router may hand it on".into(),
        1 => "the next router may not hand it on".into(),
        32 | 64 | 128 | 255 => {
            format!(
                "at most {left} routers may still hand it on; senders often begin with {left}, so probably none has yet (inferred)"
            )
        }
        _ => format!("at most {left} routers may still hand it on"),
    }
}

/// RFC 792 and what came after it.
fn icmp(kind: u64) -> Option<&'static str> {
    Some(match kind {
        0 => "the answer to an echo request",
        3 => "the quoted packet could not be delivered",
        4 => {
            "the sender of the quoted packet is to send more slowly; nobody obeys it any more (RFC 6633)"
        }
        5 => "there is a shorter way for packets like the quoted one",
        8 => "asks for an echo, as ping does",
        9 => "a router tells that it is there (RFC 1256)",
        10 => "asks which routers are there (RFC 1256)",
        11 => "the quoted packet was too long on its way",
        12 => "something in the header of the quoted packet is wrong",
        13 => "asks what time it is",
        14 => "tells what time it is",
        _ => return None,
    })
}

/// RFC 4443 §3 and §4, RFC 4861 §4, RFC 3810 §5.
fn icmpv6(kind: u64) -> Option<&'static str> {
    Some(match kind {
        1 => "the quoted packet could not be delivered",
        2 => "the quoted packet is longer than the next link takes",
        3 => "the quoted packet was too long on its way",
        4 => "something in the header of the quoted packet is wrong",
        128 => "asks for an echo, as ping does",
        129 => "the answer to an echo request",
        130 => "asks who listens to which groups",
        131 | 143 => "tells to which groups its sender listens",
        132 => "tells that its sender has left a group",
        133 => "asks which routers are there",
        134 => "a router tells that it is there, and how addresses are made",
        135 => "asks for the station that has an address",
        136 => "tells which station has an address",
        137 => "there is a shorter way",
        _ => return None,
    })
}
