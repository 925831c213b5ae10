//! What do the fields of links mean? (Ethernet, VLANs, PPP, cooked captures, ARP)

use super::number;
use crate::wire::field::Value;

/// What does not depend on the value.
pub(super) fn told(name: &str) -> Option<&'static str> {
    Some(match name {
        // IEEE 802.3 §3.2.4
        "eth.dst" => "the station on this link that is to take the frame",
        "eth.src" => "the station on this link that sent the frame, a router perhaps",
        // IEEE 802.3 §3.2.6
        "eth.type" | "llc.type" | "llc.pid" | "llc.cisco_pid" | "vlan.etype" | "sll.etype"
        | "sll.gretype" | "ppp.protocol" => "which protocol the frame carries",
        "eth.len" => "octets of the frame behind this field; an 802.2 header follows",
        // IEEE 802.1Q §9.6
        "vlan.priority" | "ieee8021ad.priority" => {
            "how urgent the frame is to the switches, from 0 to 7"
        }
        "vlan.id" | "ieee8021ad.id" => "the virtual network that the frame belongs to",
        "vlan.dei" | "ieee8021ad.dei" => "whether switches may drop it first when they are full",
        // RFC 826
        "arp.hw.type" => "what kind of link the hardware addresses belong to",
        "arp.proto.type" => "what kind of address is asked about",
        "arp.hw.size" => "octets of a hardware address",
        "arp.proto.size" => "octets of a protocol address",
        "arp.src.hw_mac" => {
            "the sender's own hardware address: of a question where the answer goes, of an answer what was asked"
        }
        "arp.src.proto_ipv4" => "the sender's own address; whoever hears it may note both",
        "arp.dst.proto_ipv4" => {
            "of a question the address that is asked about, of an answer whom it is for"
        }
        // RFC 5227 §3
        "arp.isgratuitous" => "told without having been asked",
        "arp.isprobe" => "asks whether the address is free, before it is taken",
        "arp.isannouncement" => "tells that the address is taken from now on",
        // LINKTYPE_LINUX_SLL
        "sll.pkttype" => "whether the capturing host sent it, got it, or only overheard it",
        "sll.hatype" => "the kind of the link, by Linux's number",
        "sll.halen" => "octets of the link's address",
        "sll.src.eth" => {
            "the station that sent the frame; the other one is not told by this kind of capture"
        }
        "sll.unused" => "filled up to eight octets",
        "sll.ifindex" => "the interface of the capturing host, by its number",
        "null.family" => {
            "which protocol follows, by the number that the capturing system has for it"
        }
        // RFC 1661 §2, RFC 1662 §3.1
        "ppp.address" => "all stations: a link of two ends has no other",
        "ppp.control" => "unnumbered information",
        // RFC 2516 §4
        "pppoe.version" | "pppoe.type" => "always 1",
        "pppoe.session_id" => "the session that both ends agreed on",
        "pppoe.payload_length" => "octets of PPP behind this header",
        // IEEE 802.2 §3.3
        "llc.dsap" => "the service that the frame is for",
        "llc.ssap" => "the service that sent it",
        "llc.control" => "0x03: unnumbered information, as nearly always",
        "llc.oui" => "whose numbers the next field has",
        // RFC 3032 §2.1
        "mpls.label" => "by which the next router finds out where to send it",
        "mpls.exp" => "how urgent it is (RFC 5462)",
        "mpls.bottom" => "whether this is the last label, and a packet follows",
        "mpls.ttl" => "routers that may still hand it on",
        // IEEE 802.11 §9.2.4
        "wlan.fc.type_subtype" => "what kind of frame it is",
        "wlan.fc.type" => "0 manages, 1 controls, 2 carries data",
        "wlan.fc.subtype" => "what kind of these",
        "wlan.fc.version" => "always 0",
        "wlan.fc" | "wlan.flags" => "what kind of frame it is, and where it goes",
        "wlan.fc.tods" => "it goes to an access point",
        "wlan.fc.fromds" => "it comes from an access point",
        "wlan.sa" => "the station that made it",
        "wlan.da" => "the station that it is for in the end",
        "wlan.frag" => "which part of a frame that was cut up",
        "wlan.duration" => "how long the others are to keep quiet",
        "wlan.ra" => "the station that is to take the frame from the air",
        "wlan.ta" => "the station that sent it through the air",
        "wlan.bssid" => "the access point whose network it is",
        "wlan.seq" => "counts the frames of a station, so that copies are recognised",
        "wlan.fc.retry" => "sent again, because no acknowledgment came",
        "wlan.fc.protected" => "the content is encrypted",
        "wlan.fc.pwrmgt" => "the station sleeps after this frame",
        _ => return None,
    })
}

/// What depends on the value.
pub(super) fn computed(name: &str, value: Value<'_>) -> Option<String> {
    match (name, value) {
        ("eth.dst" | "wlan.ra" | "wlan.da", Value::Mac(mac)) => Some(match mac.0 {
            [0xff, 0xff, 0xff, 0xff, 0xff, 0xff] => {
                "broadcast: every station on this link is to take the frame".into()
            }
            // RFC 1112 §6.4
            [0x01, 0x00, 0x5e, ..] => "multicast: all stations in a group of IPv4".into(),
            // RFC 2464 §7
            [0x33, 0x33, ..] => "multicast: all stations in a group of IPv6".into(),
            // IEEE 802.1Q §8.6.3
            [0x01, 0x80, 0xc2, 0x00, 0x00, 0x00..=0x0f] => {
                "for the next bridge only: no bridge hands it on".into()
            }
            [first, ..] if first & 1 == 1 => "multicast: all stations in a group".into(),
            _ => return None,
        }),
        ("arp.dst.hw_mac", Value::Mac(mac)) => Some(if mac.0 == [0; 6] {
            "not known: that is what is asked".into()
        } else {
            "whom the answer is for".into()
        }),
        ("arp.opcode", _) => Some(match number(value)? {
            1 => "asks who has an address".into(),
            2 => "answers with a hardware address".into(),
            // RFC 903, RFC 2390
            3 | 8 => "asks which address a hardware address has".into(),
            4 | 9 => "answers with an address".into(),
            _ => return None,
        }),
        ("pppoe.code", _) => Some(match number(value)? {
            0x00 => "a session's data".into(),
            0x09 => "looks for access concentrators (PADI)".into(),
            0x07 => "an access concentrator offers itself (PADO)".into(),
            0x19 => "asks one of them for a session (PADR)".into(),
            0x65 => "the session begins (PADS)".into(),
            0xa7 => "the session ends (PADT)".into(),
            _ => return None,
        }),
        _ => None,
    }
}
