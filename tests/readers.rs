//! Independent readers agree: pnet and etherparse on the headers of every fixture.
//!
//! Where one of them gives up on a packet it is not asked; where it reads a header, ours must say the same.

mod fixtures;

use etherparse::{LaxSlicedPacket, TransportSlice};
use fixtures::frames;
use pnet::packet::arp::ArpPacket;
use pnet::packet::ethernet::EthernetPacket;
use pnet::packet::ipv4::Ipv4Packet;
use pnet::packet::ipv6::Ipv6Packet;
use pnet::packet::tcp::TcpPacket;
use pnet::packet::udp::UdpPacket;
use wiretale::octets::Octets;
use wiretale::wire::field::{Field, Listener, Value};
use wiretale::wire::tcp::Tcp;
use wiretale::wire::udp::Udp;
use wiretale::wire::{Layer, Packet};

#[test]
fn pnet_reads_the_same_headers() {
    let mut agreed = 0;
    for kept in frames().iter().filter(|kept| kept.link == 1) {
        let packet = Packet::dissect(kept.frame());
        for place in packet.places() {
            let octets = place.octets.kept().get(place.start..).unwrap_or_default();
            let (ours, theirs) = match place.layer {
                Layer::Ethernet(_) => {
                    (tell(place.layer, &["eth.dst", "eth.src"]), ethernet(octets))
                }
                Layer::Ipv4(_) => (
                    tell(
                        place.layer,
                        &[
                            "ip.hdr_len",
                            "ip.len",
                            "ip.id",
                            "ip.frag_offset",
                            "ip.ttl",
                            "ip.proto",
                            "ip.checksum",
                            "ip.src",
                            "ip.dst",
                        ],
                    ),
                    ipv4(octets),
                ),
                Layer::Ipv6(_) => (
                    tell(
                        place.layer,
                        &[
                            "ipv6.tclass",
                            "ipv6.flow",
                            "ipv6.plen",
                            "ipv6.nxt",
                            "ipv6.hlim",
                            "ipv6.src",
                            "ipv6.dst",
                        ],
                    ),
                    ipv6(octets),
                ),
                Layer::Tcp(_) => (
                    tell(
                        place.layer,
                        &[
                            "tcp.srcport",
                            "tcp.dstport",
                            "tcp.seq_raw",
                            "tcp.ack_raw",
                            "tcp.hdr_len",
                            "tcp.window_size_value",
                            "tcp.checksum",
                            "tcp.urgent_pointer",
                        ],
                    ),
                    tcp(octets),
                ),
                Layer::Udp(_) => (
                    tell(
                        place.layer,
                        &["udp.srcport", "udp.dstport", "udp.length", "udp.checksum"],
                    ),
                    udp(octets),
                ),
                Layer::Arp(_) => (
                    tell(
                        place.layer,
                        &[
                            "arp.opcode",
                            "arp.src.hw_mac",
                            "arp.src.proto_ipv4",
                            "arp.dst.hw_mac",
                            "arp.dst.proto_ipv4",
                        ],
                    ),
                    arp(octets),
                ),
                _ => continue,
            };
            if let Some(theirs) = theirs {
                assert_eq!(ours, theirs, "{kept}: {}", place.layer.name().key);
                agreed += 1;
            }
        }
    }
    assert!(agreed > 1000, "only {agreed} headers were compared");
}

#[test]
fn etherparse_finds_the_same_transport() {
    let mut agreed = 0;
    for kept in frames().iter().filter(|kept| kept.link == 1) {
        let ours = Packet::dissect(kept.frame());
        let Ok(theirs) = LaxSlicedPacket::from_ethernet(&kept.octets) else { continue };
        // It looks at the outermost IP packet only, and takes what was kept for all there was.
        let is_plain = ours.own_layers().iter().filter(|layer| is_ip(layer)).count() == 1;
        if !is_plain || kept.len != kept.octets.len() {
            continue;
        }
        let (ports, payload) = match &theirs.transport {
            Some(TransportSlice::Tcp(tcp)) => {
                ((tcp.source_port(), tcp.destination_port()), tcp.payload())
            }
            Some(TransportSlice::Udp(udp)) => {
                ((udp.source_port(), udp.destination_port()), udp.payload())
            }
            _ => continue,
        };
        let ours_kept = ours.tcp().map(Tcp::payload).or(ours.udp().map(Udp::payload));
        assert_eq!(ours.ports(), Some(ports), "{kept}");
        assert_eq!(ours_kept.map(Octets::kept), Some(payload), "{kept}");
        agreed += 1;
    }
    assert!(agreed > 500, "only {agreed} packets were compared");
}

fn is_ip(layer: &Layer<'_>) -> bool {
    matches!(layer, Layer::Ipv4(_) | Layer::Ipv6(_))
}

/// Some fields of a layer, in this order.
fn tell(layer: &Layer<'_>, names: &[&str]) -> Vec<String> {
    struct Ear<'n>(&'n [&'n str], Vec<String>);
    impl Listener for Ear<'_> {
        fn field(&mut self, field: &'static Field, _: std::ops::Range<usize>, value: Value<'_>) {
            if self.0.contains(&field.name) {
                self.1.push(match value {
                    Value::Number(number) | Value::Named(number, _) => number.to_string(),
                    Value::Address(address) => address.to_string(),
                    Value::Mac(mac) => mac.0.map(|octet| format!("{octet:02x}")).join(":"),
                    other => format!("{other:?}"),
                });
            }
        }
    }
    let mut ear = Ear(names, Vec::new());
    layer.fields(&mut ear);
    ear.1
}

fn told(values: &[&dyn std::fmt::Display]) -> Vec<String> {
    values.iter().map(|value| format!("{value}")).collect()
}

fn ethernet(octets: &[u8]) -> Option<Vec<String>> {
    let frame = EthernetPacket::new(octets)?;
    Some(told(&[&frame.get_destination(), &frame.get_source()]))
}

fn ipv4(octets: &[u8]) -> Option<Vec<String>> {
    let ip = Ipv4Packet::new(octets)?;
    Some(told(&[
        &(usize::from(ip.get_header_length()) * 4),
        &ip.get_total_length(),
        &ip.get_identification(),
        &ip.get_fragment_offset(),
        &ip.get_ttl(),
        &ip.get_next_level_protocol().0,
        &ip.get_checksum(),
        &ip.get_source(),
        &ip.get_destination(),
    ]))
}

fn ipv6(octets: &[u8]) -> Option<Vec<String>> {
    let ip = Ipv6Packet::new(octets)?;
    Some(told(&[
        &ip.get_traffic_class(),
        &ip.get_flow_label(),
        &ip.get_payload_length(),
        &ip.get_next_header().0,
        &ip.get_hop_limit(),
        &ip.get_source(),
        &ip.get_destination(),
    ]))
}

fn tcp(octets: &[u8]) -> Option<Vec<String>> {
    let tcp = TcpPacket::new(octets)?;
    Some(told(&[
        &tcp.get_source(),
        &tcp.get_destination(),
        &tcp.get_sequence(),
        &tcp.get_acknowledgement(),
        &(usize::from(tcp.get_data_offset()) * 4),
        &tcp.get_window(),
        &tcp.get_checksum(),
        &tcp.get_urgent_ptr(),
    ]))
}

fn udp(octets: &[u8]) -> Option<Vec<String>> {
    let udp = UdpPacket::new(octets)?;
    Some(told(&[&udp.get_source(), &udp.get_destination(), &udp.get_length(), &udp.get_checksum()]))
}

fn arp(octets: &[u8]) -> Option<Vec<String>> {
    let arp = ArpPacket::new(octets)?;
    Some(told(&[
        &arp.get_operation().0,
        &arp.get_sender_hw_addr(),
        &arp.get_sender_proto_addr(),
        &arp.get_target_hw_addr(),
        &arp.get_target_proto_addr(),
    ]))
}
