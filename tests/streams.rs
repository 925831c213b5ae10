//! Splitting a stream anywhere gives the same message.

mod fixtures;

use fixtures::{Kept, frames};
use wiretale::flow::{Bodies, Streams};
use wiretale::ink::written;
use wiretale::wire::{Layer, Packet};

/// Messages that end in their segment, in fixtures that hold them over TCP.
#[test]
fn a_message_split_anywhere_is_told_where_it_ends() {
    let mut tried = 0;
    for file in ["dns-over-tcp", "http-get", "two-requests", "tls12", "tls13"] {
        for kept in frames().iter().filter(|kept| kept.file.contains(&format!("/{file}."))) {
            let whole = Packet::dissect(kept.frame());
            let Some(tcp) = whole.tcp() else { continue };
            let (protocol, told) = (protocol(&whole), said(&whole));
            let waits = matches!(protocol, "dns" | "http") || told.contains("Hello");
            if !waits || told.contains('…') || told.contains("application data") {
                continue;
            }
            // Fewer octets tell nobody that a message begins.
            let least = if protocol == "http" { told.len() } else { 5 };
            for at in least..tcp.payload().len() {
                let [one, other] = split(kept, tcp.payload().len(), at);
                let mut streams = Streams::default();
                let first = {
                    let mut first = Packet::dissect(one.frame());
                    streams.join(&mut first);
                    said(&first)
                };
                let mut joined = Packet::dissect(other.frame());
                streams.join(&mut joined);
                if joined.segments().is_empty() {
                    // The split fell between two messages, or between a head and its body.
                    assert!(
                        protocol != "dns" && !first.contains('…'),
                        "{kept} split at {at}: {first}"
                    );
                    continue;
                }
                // Records that ended in the first segment were told there.
                assert!(told.ends_with(&said(&joined)), "{kept} split at {at}: {}", said(&joined));
                assert!(protocol == "tls" || told == said(&joined), "{kept} split at {at}");
                assert_eq!(joined.segments(), [1, 2], "{kept} split at {at}");
                tried += 1;
            }
        }
    }
    assert!(tried > 500, "only {tried} splits were tried");
}

/// A segment that was sent again changes nothing, and a gap gives the message up.
#[test]
fn only_the_next_segment_goes_on() {
    let kept = frames()
        .iter()
        .find(|kept| kept.file.contains("/dns-over-tcp.") && is_message(kept))
        .expect("a message over TCP");
    let len = Packet::dissect(kept.frame()).tcp().expect("TCP").payload().len();
    let [one, other] = split(kept, len, 20);
    let told = said(&Packet::dissect(kept.frame()));
    let joined = |order: [&Kept; 3]| {
        let mut streams = Streams::default();
        let told = order.map(|kept| {
            let mut packet = Packet::dissect(kept.frame());
            streams.join(&mut packet);
            said(&packet)
        });
        told.into_iter().last().expect("three packets")
    };
    assert_eq!(joined([&one, &one, &other]), told);
    let [_, beyond] = split(kept, len, 40);
    assert_ne!(joined([&one, &beyond, &other]), told);
}

/// Where a body of told length ends, the next head is looked for, wherever the segments were cut.
#[test]
fn a_head_is_found_behind_the_body_before_it() {
    let responses: Vec<&Kept> = frames()
        .iter()
        .filter(|kept| kept.file.contains("/two-requests.") && is_response(kept))
        .collect();
    let [one, other, ..] = responses[..] else { panic!("two responses") };
    let [first, second] = [one, other].map(|kept| payload(kept).to_vec());
    let mut octets = one.octets.clone();
    octets.extend_from_slice(&second);
    let len = octets.len();
    let both = Kept { file: one.file.clone(), octets, len, ..*one };
    let head = first.windows(4).position(|four| four == b"\r\n\r\n").expect("an end") + 4;
    let mut tried = 0;
    for at in head..first.len() {
        let [part, rest] = split(&both, first.len() + second.len(), at);
        let mut bodies = Bodies::default();
        let mut packet = Packet::dissect(part.frame());
        bodies.read_behind(&mut packet);
        bodies.note(&packet);
        let mut packet = Packet::dissect(rest.frame());
        bodies.read_behind(&mut packet);
        assert_eq!(said(&packet), said(&Packet::dissect(other.frame())), "cut at {at}");
        tried += 1;
    }
    assert!(tried > 10, "only {tried} cuts were tried");
}

fn is_response(kept: &Kept) -> bool {
    let packet = Packet::dissect(kept.frame());
    protocol(&packet) == "http" && said(&packet).starts_with("HTTP/")
}

fn payload(kept: &Kept) -> &[u8] {
    Packet::dissect(kept.frame()).tcp().expect("TCP").payload().kept()
}

fn is_message(kept: &Kept) -> bool {
    let packet = Packet::dissect(kept.frame());
    packet.tcp().is_some() && protocol(&packet) == "dns"
}

/// A frame's segment in two: IPv4 over Ethernet, checksums left as they were.
fn split(kept: &Kept, len: usize, at: usize) -> [Kept; 2] {
    let head = kept.octets.len() - len;
    let part = |number: u64, from: usize, to: usize| {
        let mut octets = kept.octets[..head].to_vec();
        octets.extend_from_slice(&kept.octets[head + from..head + to]);
        let total = (octets.len() - 14) as u16;
        octets[16..18].copy_from_slice(&total.to_be_bytes());
        let seq = u32::from_be_bytes([octets[38], octets[39], octets[40], octets[41]]);
        octets[38..42].copy_from_slice(&seq.wrapping_add(from as u32).to_be_bytes());
        Kept {
            file: kept.file.clone(),
            number,
            time: kept.time,
            link: kept.link,
            len: octets.len(),
            octets,
        }
    };
    [part(1, 0, at), part(2, at, len)]
}

/// What the innermost layer says, unless that is TCP itself.
fn said(packet: &Packet<'_>) -> String {
    let layer = packet.layers().last().filter(|layer| !matches!(layer, Layer::Tcp(_)));
    layer.map_or_else(String::new, |layer| written(|ink| layer.line(ink)))
}

fn protocol(packet: &Packet<'_>) -> &'static str {
    packet.layers().last().map_or("", |layer| layer.name().key)
}
