//! What must hold for every packet whatsoever, and for every view, present and future.

mod fixtures;

use std::ops::Range;

use fixtures::frames;
use proptest::prelude::*;
use wiretale::ink::Ink;
use wiretale::octets::{Octets, Why};
use wiretale::timeline::{Frame, Timestamp};
use wiretale::wire::field::{Field, Kind, Listener, Value};
use wiretale::wire::{Layer, PROTOCOLS, Packet, Stop, checksum};

/// Every octet of every header is told exactly once, in wire order; parts lie within their whole.
#[test]
fn fields_tile_the_header() {
    for kept in frames() {
        let packet = Packet::dissect(kept.frame());
        let places: Vec<_> = packet.places().collect();
        for (at, place) in places.iter().enumerate() {
            let next = places.get(at + 1).map_or(packet.rest_start(), |next| next.start);
            let told = tell(place.layer);
            let mut end = 0;
            for field in told.iter().filter(|field| field.depth == 0 && !field.octets.is_empty()) {
                assert_eq!(field.octets.start, end, "{kept}: {}", field.name);
                end = field.octets.end;
            }
            // A heading keeps the octets it stood for on the wire, though the capture lost some.
            let cut = place.start + end >= place.octets.kept().len() && place.octets.is_cut();
            assert!(
                place.start + end == next || cut,
                "{kept}: {} tells {end} of {} octets",
                place.layer.name().key,
                next - place.start
            );
        }
    }
}

/// A field within a field lies within its octets.
#[test]
fn parts_lie_within_their_whole() {
    for kept in frames() {
        let packet = Packet::dissect(kept.frame());
        for layer in packet.layers() {
            let mut open: Vec<Range<usize>> = Vec::new();
            for field in tell(layer) {
                open.truncate(field.depth);
                if let Some(whole) = open.last() {
                    let within = field.octets.start >= whole.start && field.octets.end <= whole.end;
                    assert!(within || field.octets.is_empty(), "{kept}: {}", field.name);
                }
                open.push(field.octets);
            }
        }
    }
}

/// Nothing is told that the protocol did not declare, and no value that its kind forbids.
#[test]
fn only_declared_fields_are_told() {
    for kept in frames() {
        for layer in Packet::dissect(kept.frame()).layers() {
            let mut check = Check(layer);
            layer.fields(&mut check);
        }
    }
}

struct Check<'l, 'a>(&'l Layer<'a>);
impl Listener for Check<'_, '_> {
    fn field(&mut self, field: &'static Field, _: Range<usize>, value: Value<'_>) {
        let declared = self.0.may_tell().iter().any(|known| std::ptr::eq(*known, field));
        assert!(declared, "{} is not declared by {}", field.name, self.0.name().key);
        let fits = match value {
            Value::Address(_) => field.kind == Kind::Address,
            Value::Flag(_) => field.kind == Kind::Flag,
            Value::Mac(_) => field.kind == Kind::Mac,
            Value::Number(_) | Value::Named(..) => {
                matches!(field.kind, Kind::Number | Kind::Hex(_))
            }
            Value::Octets(_) => field.kind == Kind::Octets,
            Value::Text(_) => field.kind == Kind::Text,
            Value::Time(_) => field.kind == Kind::Time,
            Value::Span(_) => field.kind == Kind::Span,
            Value::Words(_) => matches!(field.kind, Kind::Text | Kind::Group),
            Value::Nothing => field.kind == Kind::Group,
        };
        assert!(fits, "{} holds {value:?}", field.name);
    }
}

/// Names are what Wireshark's are made of, and each is of one kind wherever it occurs.
#[test]
fn field_names_are_filter_names() {
    let mut kinds = std::collections::HashMap::new();
    for field in PROTOCOLS.iter().flat_map(|(_, fields)| *fields) {
        let legal = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        assert!(field.name.chars().all(legal), "{}", field.name);
        assert!(!field.words.is_empty(), "{} has no words", field.name);
        let kind = kinds.entry(field.name).or_insert(field.kind);
        assert_eq!(*kind, field.kind, "{}", field.name);
    }
}

/// A shorter snap length may hide layers and fields, but never changes what the others say.
#[test]
fn truncation_only_hides() {
    for kept in frames() {
        let whole = Packet::dissect(kept.frame());
        let lines: Vec<String> = whole.layers().iter().map(said).collect();
        let fields: Vec<Vec<Told>> = whole.layers().iter().map(tell).collect();
        for len in cuts(kept.octets.len()) {
            let frame =
                Frame { octets: Octets::new(&kept.octets[..len], kept.len), ..kept.frame() };
            let cut = Packet::dissect(frame);
            let named = || format!("{kept} cut to {len}");
            assert!(cut.layers().len() <= whole.layers().len(), "{}", named());
            for (at, less) in cut.layers().iter().enumerate() {
                let said = said(less);
                let same = match said.strip_suffix('…') {
                    Some(begun) => lines[at].starts_with(begun),
                    None => lines[at] == said,
                };
                assert!(same, "{}: {said:?} became {:?}", named(), lines[at]);
                let mut more = fields[at].iter();
                for told in tell(less) {
                    assert!(
                        more.any(|other| *other == told),
                        "{}: {told:?} was not told before",
                        named()
                    );
                }
            }
            let says_so = matches!(cut.stop, Some(Stop { why: Why::Cut { .. }, .. }));
            let shows_it = cut.rest.is_cut()
                || cut.layers().last().is_some_and(|last| said(last).ends_with('…'));
            let lost_nothing = cut.layers().len() == whole.layers().len();
            assert!(says_so || shows_it || lost_nothing, "{}", named());
        }
    }
}

/// What the card adds behind a short packet belongs to nobody.
#[test]
fn a_trailer_is_nobodys_payload() {
    for kept in frames() {
        let bare = Packet::dissect(kept.frame());
        let limited = bare.own_layers().iter().any(|layer| match layer {
            Layer::Ipv4(ip) => ip.total_len() > 0,
            Layer::Ipv6(ip) => ip.payload_len() > 0,
            _ => false,
        });
        if kept.len != kept.octets.len() || !limited {
            continue;
        }
        let padded = [&kept.octets[..], &[0; 6]].concat();
        let frame = Frame { octets: Octets::whole(&padded), ..kept.frame() };
        let padded = Packet::dissect(frame);
        assert_eq!(padded.layers().len(), bare.layers().len(), "{kept}");
        for (one, other) in padded.layers().iter().zip(bare.layers()) {
            assert_eq!((said(one), tell(one)), (said(other), tell(other)), "{kept}");
        }
        assert_eq!(padded.rest.len(), bare.rest.len(), "{kept}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Real packets, cut and scribbled over: deep enough to reach every protocol.
    #[test]
    fn a_damaged_packet_is_still_read(
        which in any::<prop::sample::Index>(),
        scribbles in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
        kept in any::<prop::sample::Index>(),
        cut in prop::bool::weighted(0.3),
    ) {
        let original = which.get(frames());
        let mut octets = original.octets.clone();
        for (at, scribble) in scribbles {
            if !octets.is_empty() {
                *at.get_mut(&mut octets) = scribble;
            }
        }
        let len = if cut { kept.index(octets.len() + 1) } else { octets.len() };
        let frame = Frame { octets: Octets::new(&octets[..len], original.len), ..original.frame() };
        read_all(frame);
    }

    /// Nothing that can arrive makes the dissector panic, or read beyond what was kept.
    #[test]
    fn anything_may_arrive(
        link in prop::sample::select(LINKS),
        kept in prop::collection::vec(any::<u8>(), 0..300),
        extra in 0usize..2000,
    ) {
        let octets = Octets::new(&kept, kept.len() + extra);
        let frame = Frame { number: 1, time: Timestamp(0), link, interface: 0, comment: &[], octets };
        read_all(frame);
    }
}

/// Link types that we read, and one that nobody has.
const LINKS: &[u16] = &[
    0, 1, 9, 10, 12, 14, 50, 51, 101, 104, 105, 108, 113, 127, 129, 149, 166, 192, 228, 229, 239,
    242, 258, 276, 999,
];

/// Has a packet told in every way, and holds it to what needs no second packet to compare with.
fn read_all(frame: Frame<'_>) {
    let packet = Packet::dissect(frame);
    assert!(packet.rest.kept().len() <= frame.octets.kept().len());
    assert!(packet.rest_start() <= frame.octets.kept().len());
    for place in packet.places() {
        assert!(place.start <= place.octets.kept().len());
        let said = said(place.layer);
        assert!(said.len() < 70_000, "{} says too much", place.layer.name().key);
        assert!(!said.chars().any(char::is_control), "{said:?}");
        tell(place.layer);
    }
    checksum::verify(&packet, |_, _| {});
}

fn cuts(len: usize) -> impl Iterator<Item = usize> {
    (0..len.min(200)).chain((200..len).step_by(37))
}

fn said(layer: &Layer<'_>) -> String {
    let mut ink = Ink::default();
    layer.line(&mut ink);
    String::from_utf8(ink.as_bytes().to_vec()).expect("UTF-8")
}

#[derive(Debug, PartialEq)]
struct Told {
    name: &'static str,
    depth: usize,
    octets: Range<usize>,
    value: String,
}

/// Everything a layer tells. The value of a heading is left out: it may sum up what was cut.
fn tell(layer: &Layer<'_>) -> Vec<Told> {
    #[derive(Default)]
    struct Tell {
        told: Vec<Told>,
        depth: usize,
    }
    impl Listener for Tell {
        fn field(&mut self, field: &'static Field, octets: Range<usize>, value: Value<'_>) {
            self.told.push(Told {
                name: field.name,
                depth: self.depth,
                octets,
                value: format!("{value:?}"),
            });
        }
        fn open(&mut self, field: &'static Field, octets: Range<usize>, value: Value<'_>) {
            let _ = value;
            self.told.push(Told {
                name: field.name,
                depth: self.depth,
                octets,
                value: String::new(),
            });
            self.depth += 1;
        }
        fn close(&mut self) {
            self.depth = self.depth.checked_sub(1).expect("as many closed as opened");
        }
    }
    let mut tell = Tell::default();
    layer.fields(&mut tell);
    assert_eq!(tell.depth, 0, "{} leaves a field open", layer.name().key);
    tell.told
}
