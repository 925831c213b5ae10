//! How is a packet written in a ladder?

use std::fmt::Write;

use wiretale::flow::Side;
use wiretale::wire::tcp::{Flags, TcpOption};
use wiretale::wire::{Layer, Packet};

use crate::segments::{EPOCH, Ends, Offer, Written};

/// In the order of the bits.
const LETTERS: &[u8; 8] = b"FSRP.UEW";
const USUAL_TTL: u8 = 64;

/// Obeys a line that is a directive.
pub(crate) fn direct(line: &str, ends: &mut Ends) -> bool {
    let words: Vec<&str> = line.split_whitespace().collect();
    match words[..] {
        ["isn", "client", isn] => ends.initial[0] = isn.parse().expect("a number"),
        ["isn", "server", isn] => ends.initial[1] = isn.parse().expect("a number"),
        ["ipv6"] => ends.addresses = Ends::V6,
        ["another", "connection"] => ends.ports[0] += 1,
        _ => return false,
    }
    true
}

/// Reads the left side of a line.
pub(crate) fn read(line: &str) -> Option<Written> {
    let (line, options) = match line.trim_end().strip_suffix('>').and_then(|it| it.rsplit_once('<'))
    {
        Some(parts) => parts,
        None => (line, ""),
    };
    let mut words = line.split_whitespace().peekable();
    let time = nanos(words.next()?)?;
    let by = match words.next()? {
        ">" => Side::Client,
        "<" => Side::Server,
        _ => return None,
    };
    let mut written = Written { time, hops: USUAL_TTL, ..Written::bare(by, 0) };
    if words.peek()?.starts_with('[') {
        unusual(line.split_once('[')?.1.split_once(']')?.0, &mut written)?;
        while !words.next()?.ends_with(']') {}
    }
    written.flags = flags(words.next()?)?;
    let (seq, rest) = words.next()?.split_once(':')?;
    let (end, len) = rest.strip_suffix(')')?.split_once('(')?;
    (written.seq, written.len) = (seq.parse().ok()?, len.parse().ok()?);
    if written.seq.wrapping_add(u32::from(written.len)) != end.parse::<u32>().ok()? {
        return None;
    }
    while let Some(word) = words.next() {
        match word {
            "ack" => written.ack = Some(words.next()?.parse().ok()?),
            "win" => written.window = words.next()?.parse().ok()?,
            _ => return None,
        }
    }
    for option in options.split(',').filter(|option| !option.is_empty()) {
        written.options.push(offer(option)?);
    }
    Some(written)
}

fn unusual(text: &str, written: &mut Written) -> Option<()> {
    for part in text.split(',') {
        let (name, value) = part.trim().split_once(' ').unwrap_or((part.trim(), ""));
        match name {
            "id" => written.ip_id = value.parse().ok()?,
            "ttl" => written.hops = value.parse().ok()?,
            "interface" => written.interface = value.parse().ok()?,
            "vlan" => written.vlan = Some(value.parse().ok()?),
            "kept" => written.kept = Some(value.parse().ok()?),
            "ce" => written.congested = true,
            _ => return None,
        }
    }
    Some(())
}

fn flags(text: &str) -> Option<u8> {
    if text == "-" {
        return Some(0);
    }
    text.bytes().try_fold(0, |flags, letter| {
        let bit = LETTERS.iter().position(|known| *known == letter)?;
        Some(flags | 1 << bit)
    })
}

fn offer(text: &str) -> Option<Offer> {
    let words: Vec<&str> = text.split_whitespace().collect();
    Some(match words[..] {
        ["nop"] => Offer::Nop,
        ["sackOK"] => Offer::SackPermitted,
        ["mss", mss] => Offer::Mss(mss.parse().ok()?),
        ["wscale", shift] => Offer::WindowScale(shift.parse().ok()?),
        ["TS", "val", value, "ecr", echo] => {
            Offer::Timestamps(value.parse().ok()?, echo.parse().ok()?)
        }
        ["sack", ref blocks @ ..] => {
            let block = |block: &&str| {
                let (left, right) = block.split_once(':')?;
                Some((left.parse().ok()?, right.parse().ok()?))
            };
            Offer::Sack(blocks.iter().map(block).collect::<Option<_>>()?)
        }
        ["FO"] => Offer::FastOpen(Vec::new()),
        ["FO", cookie] => {
            let octet = |at: usize| u8::from_str_radix(cookie.get(2 * at..2 * at + 2)?, 16).ok();
            Offer::FastOpen((0..cookie.len() / 2).map(octet).collect::<Option<_>>()?)
        }
        _ => return None,
    })
}

/// Seconds with up to nine decimals.
fn nanos(text: &str) -> Option<u64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let part: u64 = format!("{part:0<9}").parse().ok()?;
    Some(whole.parse::<u64>().ok()? * 1_000_000_000 + part)
}

/// Writes what was dissected, in the same notation.
pub(crate) fn write(packet: &Packet<'_>, ends: &Ends) -> String {
    let tcp = packet.tcp().expect("a segment");
    let client = packet.addresses().map(|(source, _)| source) == Some(ends.addresses[0]);
    let (own, peer) = if client { (0, 1) } else { (1, 0) };
    let from = |number: u32, side: usize| number.wrapping_sub(ends.initial[side]);
    let mut line = seconds(packet.frame.time.0 - EPOCH);
    line += if client { " > " } else { " < " };
    let unusual = not_usual(packet);
    if !unusual.is_empty() {
        write!(line, "[{}] ", unusual.join(", ")).expect("room");
    }
    let flags = tcp.flags();
    let letters = LETTERS.iter().enumerate().filter(|(bit, _)| flags.0 & 1 << bit != 0);
    let letters: String = letters.map(|(_, letter)| char::from(*letter)).collect();
    line += if letters.is_empty() { "-" } else { &letters };
    let (seq, len) = (from(tcp.seq().0, own), tcp.payload().len() as u32);
    write!(line, " {seq}:{}({len})", seq.wrapping_add(len)).expect("room");
    if flags.has(Flags::ACK) {
        write!(line, " ack {}", from(tcp.ack().0, peer)).expect("room");
    }
    write!(line, " win {}", tcp.window()).expect("room");
    let mut options = Vec::new();
    for option in tcp.options() {
        options.push(match option {
            TcpOption::End => continue,
            TcpOption::Nop => "nop".to_owned(),
            TcpOption::Mss(mss) => format!("mss {mss}"),
            TcpOption::WindowScale(shift) => format!("wscale {shift}"),
            TcpOption::SackPermitted => "sackOK".to_owned(),
            TcpOption::Sack(blocks) => blocks.edges().fold("sack".to_owned(), |text, edges| {
                format!("{text} {}:{}", from(edges.0.0, peer), from(edges.1.0, peer))
            }),
            TcpOption::Timestamps { value, echo } => format!("TS val {value} ecr {echo}"),
            TcpOption::FastOpen([]) => "FO".to_owned(),
            TcpOption::FastOpen(cookie) => {
                cookie.iter().fold("FO ".to_owned(), |text, octet| format!("{text}{octet:02x}"))
            }
            other => panic!("{other:?} is not written in ladders"),
        });
    }
    if !options.is_empty() {
        write!(line, " <{}>", options.join(",")).expect("room");
    }
    line
}

fn not_usual(packet: &Packet<'_>) -> Vec<String> {
    let mut told = Vec::new();
    for layer in packet.layers() {
        match layer {
            Layer::Vlan(vlan) => told.push(format!("vlan {}", vlan.id())),
            Layer::Ipv4(ip) => {
                if ip.id() != 0 {
                    told.push(format!("id {}", ip.id()));
                }
                if ip.ttl() != USUAL_TTL {
                    told.push(format!("ttl {}", ip.ttl()));
                }
                if ip.header().0[1] & 3 == 3 {
                    told.push("ce".to_owned());
                }
            }
            Layer::Ipv6(ip) => {
                if ip.hop_limit() != USUAL_TTL {
                    told.push(format!("ttl {}", ip.hop_limit()));
                }
                if ip.traffic_class() & 3 == 3 {
                    told.push("ce".to_owned());
                }
            }
            _ => {}
        }
    }
    let frame = &packet.frame;
    if frame.interface != 0 {
        told.push(format!("interface {}", frame.interface));
    }
    if frame.octets.kept().len() < frame.octets.len() {
        told.push(format!("kept {}", frame.octets.kept().len()));
    }
    told
}

/// With as many decimals as are needed, in threes.
fn seconds(nanos: u64) -> String {
    let (whole, part) = (nanos / 1_000_000_000, nanos % 1_000_000_000);
    let text = format!("{whole}.{part:09}");
    let zeros = text.len() - text.trim_end_matches('0').len();
    text[..text.len() - zeros.min(6) / 3 * 3].to_owned()
}
