//! One line a packet: number, time, source → destination, the innermost protocol and its words.

use std::io;
use std::mem::discriminant;
use std::slice;

use super::Report;
use super::clock::Clock;
use super::out::Out;
use super::owners::Owned;
use super::verdict;
use crate::flow::{Flows, Seen};
use crate::ink::{Ink, Paint};
use crate::timeline::{About, Timestamp};
use crate::wire::checksum::{self, Verdict};
use crate::wire::packet::LiesIn;
use crate::wire::tcp::Origin;
use crate::wire::{Layer, Packet, frame, packet};

pub struct Lines {
    out: Out,
    manner: Manner,
}

/// How times and numbers are written, and what is told beside.
pub struct Manner {
    pub clock: Clock,
    pub numbers: Numbers,
    /// Whose the ends are, if that is to be told.
    pub owned: Option<Owned>,
}

/// What sequence numbers are counted from.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Numbers {
    /// From the SYN of each side.
    #[default]
    Relative,
    /// As written.
    Absolute,
}

/// Cells for both ends of an IPv4 conversation with ports and the arrow between them.
const ENDS: usize = 45;

impl Lines {
    pub fn new(out: Out, manner: impl Into<Manner>) -> Self {
        Self { out, manner: manner.into() }
    }
}

impl From<Clock> for Manner {
    fn from(clock: Clock) -> Self {
        Self { clock, numbers: Numbers::default(), owned: None }
    }
}

impl Report for Lines {
    fn first(&mut self, time: Timestamp) {
        self.manner.clock.begin(time);
    }

    fn packet(&mut self, packet: &Packet<'_>, seen: &Seen<'_>) -> io::Result<()> {
        line(packet, seen, &mut self.manner, &mut self.out.ink);
        self.out.line()
    }

    fn owners(&mut self) -> Option<&mut Owned> {
        self.manner.owned.as_mut()
    }

    fn lull(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    fn end(&mut self, _: &About, _: &Flows) -> io::Result<()> {
        self.out.flush()
    }
}

/// Writes a packet's line without its end.
pub fn line(packet: &Packet<'_>, seen: &Seen<'_>, manner: &mut Manner, ink: &mut Ink) {
    let number = packet.frame.number;
    for edge in [10, 100, 1000, 10_000] {
        if number < edge {
            ink.text(" ");
        }
    }
    ink.number(number).text("  ");
    manner.clock.write(packet.frame.time, ink);
    ink.text("  ");
    let start = ink.len();
    ends(packet.own_layers(), ink);
    // All is ASCII but the arrow, which has two octets more than cells.
    let cells = (ink.len() - start).saturating_sub(if ink.ascii { 0 } else { 2 });
    ink.spaces(ENDS.saturating_sub(cells).max(1) + 1);
    words(packet, seen, manner.numbers, ink);
    if let Some(owned) = &mut manner.owned {
        owned.news(seen, ink);
    }
}

/// Writes what the innermost protocol says, what it quotes, what is wrong, and what the packet is to
/// its conversation.
pub(super) fn words(packet: &Packet<'_>, seen: &Seen<'_>, numbers: Numbers, ink: &mut Ink) {
    if let [first, others @ ..] = messages(packet) {
        ink.paint(Paint::Name, first.name().words).text("  ");
        match (first, seen.connection) {
            (Layer::Tcp(tcp), Some((connection, side))) => {
                let origin = connection.origin(side);
                let written = Origin { scale: origin.scale, ..Origin::default() };
                tcp.line_from(if numbers == Numbers::Relative { origin } else { written }, ink);
            }
            _ => first.line(ink),
        }
        for other in others {
            ink.text(", then ");
            other.line(ink);
        }
    } else {
        ink.paint(Paint::Name, "link type ").number(packet.frame.link);
        if let Some(name) = frame::link_name(packet.frame.link) {
            ink.text(" (").text(name).text(")");
        }
        ink.text(" len ").count(packet.frame.octets.len());
    }
    quote(packet, ink);
    notes(packet, ink);
    for verdict in seen.verdicts {
        ink.text(" ; ");
        verdict::words(verdict, ink);
    }
}

/// Writes the address it comes from, or the hardware address.
pub(super) fn source(packet: &Packet<'_>, ink: &mut Ink) {
    if let Some((source, _)) = packet.addresses() {
        ink.address(source);
    } else if let Some((source, _)) = packet::hardware(packet.own_layers()) {
        ink.mac(source.0);
    }
}

/// Writes the address it goes to, or the hardware address.
pub(super) fn destination(packet: &Packet<'_>, ink: &mut Ink) {
    if let Some((_, destination)) = packet.addresses() {
        ink.address(destination);
    } else if let Some((_, Some(destination))) = packet::hardware(packet.own_layers()) {
        ink.mac(destination.0);
    }
}

/// Who to whom: addresses with ports, or hardware addresses.
fn ends(layers: &[Layer<'_>], ink: &mut Ink) {
    if let Some((source, destination)) = packet::addresses(layers) {
        match packet::ports(layers) {
            Some((from, to)) => {
                ink.endpoint(source, from).arrow().endpoint(destination, to);
            }
            None => _ = ink.address(source).arrow().address(destination),
        }
    } else if let Some((source, destination)) = packet::hardware(layers) {
        ink.mac(source.0).arrow();
        match destination {
            Some(destination) => ink.mac(destination.0),
            None => ink.text("?"),
        };
    }
}

/// The innermost layer, with those of the same protocol beside it: requests sent in one segment,
/// QUIC packets in one datagram.
fn messages<'p, 'a>(packet: &'p Packet<'a>) -> &'p [Layer<'a>] {
    let layers = packet.own_layers();
    // Nothing was found beyond most frames, and no two layers of theirs are alike.
    if let [.., before, last] = layers
        && packet.found().is_empty()
        && discriminant(before) != discriminant(last)
    {
        return slice::from_ref(last);
    }
    let Some(last) = layers.len().checked_sub(1).map(|at| packet.place(at)) else { return &[] };
    let alike = |at: &usize| {
        let place = packet.place(*at);
        discriminant(place.layer) == discriminant(last.layer) && place.lies_in == last.lies_in
    };
    let first = layers.len() - (0..layers.len()).rev().take_while(alike).count();
    match layers[..first].last() {
        // What stood in clear text in front of it is not said again by what was decrypted.
        Some(Layer::Tls(sealed))
            if sealed.has_handshake() && matches!(last.layer, Layer::Tls(_)) =>
        {
            &layers[first - 1..]
        }
        Some(Layer::Tcp(_) | Layer::Udp(_) | Layer::Tls(_)) => &layers[first..],
        // Elsewhere one lies within the other, as in a tunnel.
        _ => &layers[layers.len() - 1..],
    }
}

/// What packet an error message is about.
fn quote(packet: &Packet<'_>, ink: &mut Ink) {
    let quoted = packet.quoted_layers();
    let Some(last) = quoted.last() else { return };
    ink.text(" for ");
    ends(quoted, ink);
    ink.text(" ").text(last.name().words).text(" ");
    last.line(ink);
}

/// What is wrong with the packet, behind a semicolon each.
fn notes(packet: &Packet<'_>, ink: &mut Ink) {
    if let Some(stop) = packet.stop {
        ink.text(" ; ").begin(Paint::Alarm);
        stop.line(ink);
        ink.plain();
    }
    checksum::verify(packet, |place, verdict| {
        if let Verdict::Bad { told, right } = verdict {
            ink.text(" ; ").begin(Paint::Alarm);
            wrong(place.layer, told, right, ink);
            ink.plain();
        }
    });
    for layer in packet.own_layers() {
        let (told, have) = match layer {
            Layer::Ipv4(ip) if ip.is_overlong() => {
                (ip.total_len(), ip.header_len() + ip.payload().len())
            }
            Layer::Ipv6(ip) if ip.is_overlong() => (ip.payload_len(), ip.payload().len()),
            _ => continue,
        };
        ink.text(" ; ").begin(Paint::Alarm).text(layer.name().words);
        ink.text(" length ").count(told).text(", but only ").count(have).text(" were sent").plain();
    }
    if packet.found().is_empty() && packet.closed().is_none() && packet.overlapped().is_none() {
        return;
    }
    joins(" ; joins fragments ", packet.fragments(), ink);
    joins(" ; joins segments ", packet.segments(), ink);
    for (lies_in, words) in [(LiesIn::Inflated, " ; inflated"), (LiesIn::Decrypted, " ; decrypted")]
    {
        if let Some(found) = packet.found().iter().rfind(|found| found.lies_in == lies_in) {
            ink.text(words);
            joins(" from ", found.numbers, ink);
        }
    }
    if let Some(closed) = packet.closed() {
        ink.text(" ; not decrypted: ").text(closed.words());
    }
    if let Some(other) = packet.overlapped() {
        ink.text(" ; ").begin(Paint::Alarm).text("overlaps the fragment in ").number(other);
        ink.text(", datagram given up").plain();
    }
}

/// Writes that a checksum is wrong.
pub(super) fn wrong(layer: &Layer<'_>, told: u16, right: u16, ink: &mut Ink) {
    ink.text(layer.name().words).text(" checksum 0x").hex(told.into(), 4);
    ink.text(" is wrong, 0x").hex(right.into(), 4).text(" is right");
}

/// Which packets brought the parts, the first few of them by number.
fn joins(words: &str, numbers: &[u64], ink: &mut Ink) {
    const SHOWN: usize = 8;
    for (at, number) in numbers.iter().take(SHOWN).enumerate() {
        ink.text(if at == 0 { words } else { ", " }).number(*number);
    }
    if numbers.len() > SHOWN {
        ink.ellipsis().text("(+").count(numbers.len() - SHOWN).text(")");
    }
}
