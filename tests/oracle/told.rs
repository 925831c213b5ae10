//! What we tell of a packet, written as tshark writes it.

use std::ops::Range;

use wiretale::wire::Packet;
use wiretale::wire::field::{Field, Kind, Listener, Value};
use wiretale::wire::packet::LiesIn;

/// A value as tshark would print it.
pub(crate) struct Told {
    pub(crate) text: String,
    /// Where it ends in the frame; beyond all frames when it is not of this frame alone.
    pub(crate) end: usize,
}

pub(crate) fn joined(values: &[Told]) -> String {
    values.iter().map(|value| value.text.as_str()).collect::<Vec<_>>().join("|")
}

/// The values of some fields. Of TCP, and of the addresses `src` and `dst` that go with it, those of the
/// packet itself and not of one that it quotes.
pub(crate) fn tell(packet: &Packet<'_>, names: &[&str]) -> Vec<Vec<Told>> {
    struct Ear<'t, 'n> {
        names: &'n [&'n str],
        told: &'t mut [Vec<Told>],
        start: Option<usize>,
    }
    impl Listener for Ear<'_, '_> {
        fn field(&mut self, field: &'static Field, octets: Range<usize>, value: Value<'_>) {
            if let Some(at) = self.names.iter().position(|name| *name == field.name) {
                let end = self.start.map_or(usize::MAX, |start| start + octets.end);
                self.told[at].push(Told { text: text(field, value), end });
            }
        }
    }
    let mut told: Vec<Vec<Told>> = names.iter().map(|_| Vec::new()).collect();
    for (at, place) in packet.places().enumerate() {
        let quoted = at >= packet.own_layers().len();
        if quoted && names.first() == Some(&"src") {
            break;
        }
        let start = (place.lies_in == LiesIn::Frame).then_some(place.start);
        place.layer.fields(&mut Ear { names, told: &mut told, start });
    }
    if let (["src", "dst", ..], Some(_), Some((source, destination))) =
        (names, packet.tcp(), packet.addresses())
    {
        let end = told[2].last().map_or(usize::MAX, |port| port.end);
        told[0].push(Told { text: source.to_string(), end });
        told[1].push(Told { text: destination.to_string(), end });
    }
    told
}

fn text(field: &Field, value: Value<'_>) -> String {
    match value {
        Value::Number(number) | Value::Named(number, _) => match field.kind {
            Kind::Hex(width) => format!("0x{number:0width$x}", width = width as usize),
            _ => number.to_string(),
        },
        Value::Flag(flag) => u8::from(flag).to_string(),
        Value::Address(address) => address.to_string(),
        Value::Mac(mac) => mac.0.map(|octet| format!("{octet:02x}")).join(":"),
        Value::Text(text) => String::from_utf8_lossy(text).into_owned(),
        Value::Words(words) => words.to_owned(),
        other => format!("{other:?}"),
    }
}

/// What is left of some values when the packet is cut: those that lie within, and what the cut packet
/// tells beyond, such as a length that is known without the octets that it counts.
pub(crate) fn within(snaplen: usize, theirs: &str, told: &[Told], less: &[Told]) -> String {
    // Values are told in wire order, so those that are left come first.
    let within = told.iter().rposition(|value| value.end <= snaplen).map_or(0, |at| at + 1);
    theirs.split('|').take(within.max(less.len())).collect::<Vec<_>>().join("|")
}
