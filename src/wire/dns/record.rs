//! What does a record say?

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::layout::{Layout, Part, layout};
use super::name::Name;
use super::section::{Record, Section};
use super::{Dialect, codes, edns, fields as f, line, service};
use crate::ink::Ink;
use crate::octets::Reader;
use crate::timeline::Timestamp;
use crate::wire::field::{Field, Kind, Listener, Mac, Value};

/// A number, with its name if it has one.
pub(super) fn named(number: u16, name: Option<&'static str>) -> Value<'static> {
    name.map_or(Value::Number(number.into()), |name| Value::Named(number.into(), name))
}

impl Record<'_> {
    /// Writes what it says, without its name and type.
    pub fn say(&self, ink: &mut Ink) {
        say(self, ink);
    }

    /// The address that its name has.
    pub fn address(&self) -> Option<IpAddr> {
        let octets = self.message.get(self.data..self.end)?;
        match self.kind {
            1 => <[u8; 4]>::try_from(octets).ok().map(IpAddr::from),
            28 => <[u8; 16]>::try_from(octets).ok().map(IpAddr::from),
            _ => None,
        }
    }

    /// The eight bits that an OPT record adds to the response code.
    pub fn rcode_bits(&self) -> u16 {
        edns::rcode_bits(self)
    }

    /// What an OPT record says of an error, each with its text (RFC 8914 §2).
    pub fn extended_errors(&self) -> impl Iterator<Item = (u16, &[u8])> {
        edns::extended_errors(self)
    }

    /// A name within the data, `skip` octets from its start.
    pub fn name_at(&self, skip: usize) -> Option<Name<'_>> {
        let name = Name::new(self.message, self.data + skip);
        name.end().filter(|end| *end <= self.end).map(|_| name)
    }
}

/// The data of one record, taken part by part.
#[derive(Clone, Copy)]
pub(super) struct Data<'a> {
    message: &'a [u8],
    at: usize,
    end: usize,
}

/// One part with its value, where it stands.
struct Piece<'a> {
    from: usize,
    content: Content<'a>,
}

enum Content<'a> {
    Name(Name<'a>),
    Number(u64),
    Address(IpAddr),
    Mac([u8; 6]),
    Octets(&'a [u8]),
}

impl<'a> Data<'a> {
    pub(super) fn of(record: &Record<'a>) -> Self {
        Self { message: record.message, at: record.data, end: record.end }
    }

    fn reader(&self) -> Reader<'a> {
        Reader::from(self.message.get(..self.end).unwrap_or_default(), self.at)
    }

    fn rest(&self) -> &'a [u8] {
        self.reader().left()
    }

    fn number(&mut self, octets: usize) -> Option<u64> {
        let taken = self.reader().take(octets)?;
        self.at += octets;
        Some(taken.iter().fold(0, |number, octet| number << 8 | u64::from(*octet)))
    }

    fn octets(&mut self, count: usize) -> Option<&'a [u8]> {
        let taken = self.reader().take(count)?;
        self.at += count;
        Some(taken)
    }

    /// Takes a part that is a single value; what counts it has been taken before.
    fn piece(&mut self, part: Part) -> Option<Piece<'a>> {
        let from = self.at;
        let content = match part {
            Part::Name(_) => {
                let name = Name::new(self.message, self.at);
                self.at = name.end().filter(|end| *end <= self.end)?;
                Content::Name(name)
            }
            Part::Number(_, octets)
            | Part::Named(_, octets, _)
            | Part::Flags(_, octets, _)
            | Part::Time(_, octets) => Content::Number(self.number(octets)?),
            Part::Ipv4(_) => {
                let octets: [u8; 4] = self.octets(4)?.try_into().ok()?;
                Content::Address(Ipv4Addr::from(octets).into())
            }
            Part::Ipv6(_) => {
                let octets: [u8; 16] = self.octets(16)?.try_into().ok()?;
                Content::Address(Ipv6Addr::from(octets).into())
            }
            Part::Mac(_) => Content::Mac(self.octets(6)?.try_into().ok()?),
            Part::Counted(_, octets, _) => {
                let before = self.at;
                let len = self.number(octets)?;
                let Some(octets) = self.octets(len as usize) else {
                    self.at = before;
                    return None;
                };
                Content::Octets(octets)
            }
            Part::Texts(..) | Part::Hash(..) => return self.piece(Part::Counted(&f::TXT_LEN, 1, &f::TXT)),
            Part::Rest(_) | Part::ServiceParameters => {
                Content::Octets(self.octets(self.rest().len())?)
            }
            Part::KeyTag(_) => Content::Number(0),
        };
        Some(Piece { from, content })
    }
}

/// Tells a record as one field made of its parts.
pub(super) fn fields(record: &Record<'_>, dialect: Dialect, listener: &mut dyn Listener) {
    let section = match record.section {
        Section::Question => "question",
        Section::Answer => "answer",
        Section::Authority => "authority",
        Section::Additional => "additional",
    };
    listener.open(&f::RECORD, record.start..record.end, Value::Words(section));
    head(record, dialect, listener);
    match layout(record.kind) {
        _ if record.kind == edns::OPT => edns::fields(record, listener),
        Some(layout) => data(record, layout, listener),
        None => octets(&f::DATA, record.data, record.end, record.message, listener),
    }
    listener.close();
}

/// Name, type, class, time to live and length.
fn head(record: &Record<'_>, dialect: Dialect, listener: &mut dyn Listener) {
    let at = record.data - 10;
    let spelling = record.name.spell();
    listener.field(&f::NAME, record.start..at, Value::Words(spelling.or_root()));
    if record.kind == 33 {
        // RFC 2782: the owner is made of service, protocol and domain.
        let (service, rest) = split_label(spelling.as_str());
        let (protocol, domain) = split_label(rest);
        for (field, part) in [(&f::SERVICE, service), (&f::PROTOCOL, protocol), (&f::DOMAIN, domain)] {
            if !part.is_empty() {
                listener.field(field, at..at, Value::Words(part));
            }
        }
    }
    listener.field(&f::TYPE, at..at + 2, named(record.kind, codes::type_name(record.kind)));
    if record.kind == edns::OPT {
        edns::head(record, at + 2, listener);
    } else {
        let class = dialect.class(record.class);
        listener.field(&f::CLASS, at + 2..at + 4, named(class, codes::class_name(class)));
        if dialect == Dialect::Multicast {
            listener.field(&f::FLUSH, at + 2..at + 2, Value::Flag(record.class >> 15 != 0));
        }
        listener.field(&f::TTL, at + 4..at + 8, Value::Number(record.ttl.into()));
    }
    let len = record.end - record.data;
    listener.field(&f::DATA_LEN, at + 8..at + 10, Value::Number(len as u64));
}

/// Splits a spelled name behind its first label.
fn split_label(name: &str) -> (&str, &str) {
    let mut escaped = false;
    let dot = name.find(|c| {
        let found = c == '.' && !escaped;
        escaped = c == '\\' && !escaped;
        found
    });
    dot.map_or((name, ""), |dot| (&name[..dot], &name[dot + 1..]))
}

fn data(record: &Record<'_>, layout: &Layout, listener: &mut dyn Listener) {
    let mut data = Data::of(record);
    // RFC 2136 §2.4, §2.5: an update may name a record without its data.
    if data.rest().is_empty() {
        return;
    }
    for part in layout.parts {
        let Some(piece) = data.piece(*part) else { break };
        tell(*part, &piece, data.at, record, listener);
        if let Part::Texts(..) = part {
            while !data.rest().is_empty() {
                let Some(piece) = data.piece(*part) else { break };
                tell(*part, &piece, data.at, record, listener);
            }
        }
    }
    octets(&f::DATA, data.at, record.end, record.message, listener);
}

/// Tells a part, which ends at `to`.
fn tell(part: Part, piece: &Piece<'_>, to: usize, record: &Record<'_>, listener: &mut dyn Listener) {
    let from = piece.from;
    match (part, &piece.content) {
        (Part::Name(field), Content::Name(name)) => {
            listener.field(field, from..to, Value::Words(name.spell().or_root()));
        }
        (Part::Named(field, _, name), Content::Number(number)) => {
            listener.field(field, from..to, named(*number as u16, name(*number as u16)));
        }
        (Part::Flags(field, _, flags), Content::Number(number)) => {
            listener.open(field, from..to, Value::Number(*number));
            for (flag, bits) in flags {
                listener.field(flag, from..to, Value::Flag(number & bits != 0));
            }
            listener.close();
        }
        (Part::Time(field, _), Content::Number(seconds)) => {
            let time = Timestamp(seconds.saturating_mul(1_000_000_000));
            listener.field(field, from..to, Value::Time(time));
        }
        (Part::KeyTag(field), _) => {
            let octets = record.message.get(record.data..record.end).unwrap_or_default();
            listener.field(field, to..to, Value::Number(key_tag(octets).into()));
        }
        (Part::Number(field, _), Content::Number(number)) => {
            listener.field(field, from..to, Value::Number(*number));
        }
        (Part::Ipv4(field) | Part::Ipv6(field), Content::Address(address)) => {
            listener.field(field, from..to, Value::Address(*address));
        }
        (Part::Mac(field), Content::Mac(mac)) => {
            listener.field(field, from..to, Value::Mac(Mac(*mac)));
        }
        (Part::Hash(len, field), Content::Octets(octets)) => {
            listener.field(len, from..from + 1, Value::Number(octets.len() as u64));
            let mut letters = arrayvec::ArrayString::<408>::new_const();
            base32hex(octets, |letter| _ = letters.try_push(letter));
            listener.field(field, from + 1..to, Value::Words(&letters));
        }
        (Part::Counted(len, _, field) | Part::Texts(len, field), Content::Octets(octets)) => {
            let begin = to - octets.len();
            listener.field(len, from..begin, Value::Number(octets.len() as u64));
            listener.field(field, begin..to, text(field, octets));
        }
        (Part::Rest(field), Content::Octets(octets)) => {
            listener.field(field, from..to, text(field, octets));
        }
        (Part::ServiceParameters, Content::Octets(octets)) => {
            service::fields(octets, from, listener);
        }
        _ => {}
    }
}

fn text<'a>(field: &Field, octets: &'a [u8]) -> Value<'a> {
    if field.kind == Kind::Text { Value::Text(octets) } else { Value::Octets(octets) }
}

/// Tells octets of the message, if there are any.
pub(super) fn octets(
    field: &'static Field,
    from: usize,
    to: usize,
    message: &[u8],
    listener: &mut dyn Listener,
) {
    if let Some(octets) = message.get(from..to).filter(|octets| !octets.is_empty()) {
        listener.field(field, from..to, Value::Octets(octets));
    }
}

/// Where a CNAME points.
pub(super) fn alias<'a>(record: &Record<'a>) -> Option<Name<'a>> {
    let name = Name::new(record.message, record.data);
    (record.kind == 5 && name.end() == Some(record.end)).then_some(name)
}

/// Writes a record's data, a blank before each part.
pub(super) fn say(record: &Record<'_>, ink: &mut Ink) {
    let Some(layout) = layout(record.kind) else { return };
    let mut data = Data::of(record);
    for part in &layout.parts[..layout.said.min(layout.parts.len())] {
        let Some(piece) = data.piece(*part) else { return };
        match (*part, piece.content) {
            (Part::KeyTag(_), _) => {}
            (Part::Named(_, _, name), Content::Number(number)) => {
                match name(number as u16) {
                    Some(name) => ink.text(" ").text(name),
                    None => ink.text(" ").number(number),
                };
            }
            (Part::ServiceParameters, Content::Octets(octets)) => service::say(octets, ink),
            (_, Content::Name(name)) => {
                ink.text(" ");
                line::name(name, ink);
            }
            (_, Content::Number(number)) => _ = ink.text(" ").number(number),
            (_, Content::Address(address)) => _ = ink.text(" ").address(address),
            (_, Content::Mac(mac)) => _ = ink.text(" ").mac(mac),
            (Part::Counted(.., field) | Part::Texts(_, field) | Part::Rest(field), Content::Octets(octets))
                if field.kind == Kind::Text =>
            {
                ink.text(" \"").clipped(octets, 40).text("\"");
            }
            (_, Content::Octets(octets)) => {
                ink.text(" ").hex_octets(octets.get(..8).unwrap_or(octets));
                if octets.len() > 8 {
                    ink.ellipsis();
                }
            }
        }
    }
}

/// RFC 4034 appendix B: a sum of the data, by which signatures find their key.
fn key_tag(data: &[u8]) -> u16 {
    let sum = data.chunks(2).fold(0u32, |sum, pair| {
        let low = pair.get(1).copied().unwrap_or(0);
        sum.wrapping_add(u16::from_be_bytes([pair[0], low]).into())
    });
    (sum.wrapping_add(sum >> 16)) as u16
}

/// RFC 4648 §7, small letters and no padding, as RFC 5155 §3.3 has it.
fn base32hex(octets: &[u8], mut letter: impl FnMut(char)) {
    for five in octets.chunks(5) {
        let number = (0..5).fold(0u64, |number, at| {
            number << 8 | u64::from(five.get(at).copied().unwrap_or(0))
        });
        for at in 0..(five.len() * 8).div_ceil(5) {
            let value = (number >> (35 - 5 * at) & 31) as u8;
            letter(char::from(if value < 10 { b'0' + value } else { b'a' + value - 10 }));
        }
    }
}
