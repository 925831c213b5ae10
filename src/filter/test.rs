//! Does a packet hold what is asked?

use std::cmp::Ordering;
use std::net::IpAddr;
use std::ops::Range;

use crate::flow::{self, Seen};
use crate::wire::field::{Field, Kind, Listener, Mac, Value};
use crate::wire::{Packet, frame};

/// One question about one field, which may occur several times in a packet.
#[derive(Debug)]
pub(super) enum Test {
    Present(Operand),
    Compare {
        operand: Operand,
        relation: Relation,
        literal: Literal,
    },
    Contains {
        operand: Operand,
        needle: Vec<u8>,
    },
    Matches {
        operand: Operand,
        pattern: regex::bytes::Regex,
    },
    /// Single values, or everything from one value to another.
    In {
        operand: Operand,
        members: Vec<(Literal, Option<Literal>)>,
    },
}

/// What a test looks at.
#[derive(Debug)]
pub(super) struct Operand {
    subject: Subject,
    pub(super) slice: Option<Slice>,
    pub(super) mask: Option<u64>,
}

#[derive(Debug)]
enum Subject {
    Protocol(&'static str),
    Fields(Vec<&'static Field>),
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Relation {
    Equal,
    AllDiffer,
    AnyDiffers,
    Less,
    AtMost,
    Greater,
    AtLeast,
}

/// A value as the expression wrote it.
#[derive(Debug)]
pub(super) enum Literal {
    Number(u64),
    Flag(bool),
    /// An address and how many of its bits count.
    Network(IpAddr, u8),
    Mac(Mac),
    Octets(Vec<u8>),
    Text(Vec<u8>),
}

/// Some octets of a value; negative positions count from the end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Slice {
    from: i64,
    count: Option<u64>,
}

impl Test {
    pub(super) fn holds(&self, packet: &Packet<'_>, seen: &Seen<'_>) -> bool {
        match self {
            Self::Present(operand) => {
                operand.any(packet, seen, &mut |value| match (operand.mask, value) {
                    (Some(_), Value::Number(number)) => number != 0,
                    _ => true,
                })
            }
            Self::Compare { operand, relation: Relation::AllDiffer, literal } => {
                let mut present = false;
                let equal = operand.any(packet, seen, &mut |value| {
                    present = true;
                    compare(value, literal) == Some(Ordering::Equal)
                });
                present && !equal
            }
            Self::Compare { operand, relation, literal } => {
                operand.any(packet, seen, &mut |value| {
                    compare(value, literal).is_some_and(|order| match relation {
                        Relation::Equal => order.is_eq(),
                        Relation::AnyDiffers | Relation::AllDiffer => order.is_ne(),
                        Relation::Less => order.is_lt(),
                        Relation::AtMost => order.is_le(),
                        Relation::Greater => order.is_gt(),
                        Relation::AtLeast => order.is_ge(),
                    })
                })
            }
            Self::Contains { operand, needle } => operand.any(packet, seen, &mut |value| {
                octets(&value).is_some_and(|octets| memchr::memmem::find(octets, needle).is_some())
            }),
            Self::Matches { operand, pattern } => operand.any(packet, seen, &mut |value| {
                octets(&value).is_some_and(|octets| pattern.is_match(octets))
            }),
            Self::In { operand, members } => operand.any(packet, seen, &mut |value| {
                members.iter().any(|(from, to)| match (compare(value, from), to) {
                    (order, None) => order == Some(Ordering::Equal),
                    (Some(from), Some(to)) => {
                        from.is_ge() && compare(value, to).is_some_and(Ordering::is_le)
                    }
                    (None, Some(_)) => false,
                })
            }),
        }
    }
}

impl Operand {
    pub(super) fn protocol(key: &'static str) -> Self {
        Self { subject: Subject::Protocol(key), slice: None, mask: None }
    }

    pub(super) fn fields(fields: Vec<&'static Field>) -> Self {
        Self { subject: Subject::Fields(fields), slice: None, mask: None }
    }

    /// The kind of value it yields.
    pub(super) fn kind(&self) -> Kind {
        match &self.subject {
            _ if self.slice.is_some() => Kind::Octets,
            Subject::Protocol(_) => Kind::Octets,
            Subject::Fields(fields) => fields.first().map_or(Kind::Group, |field| field.kind),
        }
    }

    /// Whether `test` holds for any occurrence in the packet.
    fn any(
        &self,
        packet: &Packet<'_>,
        seen: &Seen<'_>,
        test: &mut dyn FnMut(Value<'_>) -> bool,
    ) -> bool {
        let mut test = |value: Value<'_>| {
            let Some(slice) = self.slice else { return test(self.masked(value)) };
            match value {
                Value::Mac(mac) => test(Value::Octets(slice.of(&mac.0))),
                Value::Address(IpAddr::V4(ip)) => test(Value::Octets(slice.of(&ip.octets()))),
                Value::Address(IpAddr::V6(ip)) => test(Value::Octets(slice.of(&ip.octets()))),
                other => octets(&other).is_some_and(|octets| test(Value::Octets(slice.of(octets)))),
            }
        };
        match &self.subject {
            Subject::Protocol("frame") => test(Value::Octets(packet.frame.octets.kept())),
            Subject::Protocol(key) => {
                packet.places().filter(|place| place.layer.name().key == *key).any(|place| {
                    test(Value::Octets(place.octets.kept().get(place.start..).unwrap_or(&[])))
                })
            }
            Subject::Fields(fields) => {
                let mut ear = Ear { fields, test: &mut test, heard: false };
                if fields.iter().any(|field| belongs(frame::FIELDS, field)) {
                    frame::fields(packet, seen.others, &mut ear);
                }
                if !ear.heard && fields.iter().any(|field| belongs(flow::FIELDS, field)) {
                    flow::fields(packet, seen, &mut ear);
                }
                for layer in packet.layers() {
                    if !ear.heard && fields.iter().any(|field| belongs(layer.may_tell(), field)) {
                        layer.fields(&mut ear);
                    }
                }
                ear.heard
            }
        }
    }

    /// A number with only the bits the operand is about.
    fn masked<'v>(&self, value: Value<'v>) -> Value<'v> {
        match (self.mask, value) {
            (Some(mask), Value::Number(number) | Value::Named(number, _)) => {
                Value::Number(number & mask)
            }
            _ => value,
        }
    }
}

fn belongs(fields: &[&'static Field], field: &'static Field) -> bool {
    fields.iter().any(|known| std::ptr::eq(*known, field))
}

/// Listens for some fields and asks each occurrence, until one answers yes.
struct Ear<'f, 't> {
    fields: &'f [&'static Field],
    test: &'t mut dyn FnMut(Value<'_>) -> bool,
    heard: bool,
}

impl Listener for Ear<'_, '_> {
    fn field(&mut self, field: &'static Field, _: Range<usize>, value: Value<'_>) {
        if !self.heard && belongs(self.fields, field) {
            self.heard = (self.test)(value);
        }
    }
}

impl Slice {
    /// Reads what stands between the brackets: `at`, `at:count`, `first-last`, `:count`, `at:`.
    pub(super) fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Some((from, count)) = text.split_once(':') {
            let from = if from.is_empty() { 0 } else { from.parse().ok()? };
            let count = if count.is_empty() { None } else { Some(count.parse().ok()?) };
            return Some(Self { from, count });
        }
        if let Some((from, to)) = text.split_once('-').filter(|(from, _)| !from.is_empty()) {
            let (from, to): (u32, u32) = (from.parse().ok()?, to.parse().ok()?);
            return Some(Self {
                from: from.into(),
                count: Some(u64::from(to.checked_sub(from)?) + 1),
            });
        }
        Some(Self { from: text.parse().ok()?, count: Some(1) })
    }

    fn of(self, octets: &[u8]) -> &[u8] {
        let distance = usize::try_from(self.from.unsigned_abs()).ok();
        let from = match self.from {
            ..0 => distance.and_then(|distance| octets.len().checked_sub(distance)),
            _ => distance,
        };
        let Some(rest) = from.and_then(|from| octets.get(from..)) else { return &[] };
        match self.count {
            Some(count) => rest.get(..count as usize).unwrap_or(&[]),
            None => rest,
        }
    }
}

/// A value's octets, where it has any.
fn octets<'v>(value: &'v Value<'_>) -> Option<&'v [u8]> {
    match value {
        Value::Octets(octets) | Value::Text(octets) => Some(octets),
        Value::Words(words) => Some(words.as_bytes()),
        Value::Mac(mac) => Some(&mac.0),
        _ => None,
    }
}

/// How a value stands to a literal; `None` when they cannot be compared.
fn compare(value: Value<'_>, literal: &Literal) -> Option<Ordering> {
    match (value, literal) {
        (Value::Number(number) | Value::Named(number, _), Literal::Number(other)) => {
            Some(number.cmp(other))
        }
        (Value::Named(_, word), Literal::Text(other)) => word
            .as_bytes()
            .eq_ignore_ascii_case(other)
            .then_some(Ordering::Equal)
            .or(Some(Ordering::Less)),
        (Value::Time(time), Literal::Number(other)) => Some(time.0.cmp(other)),
        (Value::Span(span), Literal::Number(other)) => Some(span.as_nanos().cmp(&(*other).into())),
        (Value::Flag(flag), Literal::Flag(other)) => Some(flag.cmp(other)),
        (Value::Mac(mac), Literal::Mac(other)) => Some(mac.0.cmp(&other.0)),
        (Value::Address(address), Literal::Network(network, bits)) => {
            within(address, *network, *bits)
        }
        (value, Literal::Octets(other) | Literal::Text(other)) => {
            octets(&value).map(|octets| octets.cmp(other.as_slice()))
        }
        _ => None,
    }
}

/// How an address stands to a network; equal when it lies in it.
fn within(address: IpAddr, network: IpAddr, bits: u8) -> Option<Ordering> {
    let (address, network, width) = match (address, network) {
        (IpAddr::V4(one), IpAddr::V4(other)) => {
            (u32::from(one).into(), u32::from(other).into(), 32)
        }
        (IpAddr::V6(one), IpAddr::V6(other)) => (u128::from(one), u128::from(other), 128),
        _ => return None,
    };
    let shift = u32::from(width - bits);
    let network_part = |number: u128| number.checked_shr(shift).unwrap_or(0);
    Some(network_part(address).cmp(&network_part(network)))
}
