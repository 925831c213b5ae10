//! IPv4 options (RFC 791 §3.1 and the RFCs named at each).

use std::net::Ipv4Addr;

use super::super::field::{Field, Listener, Value, fields};
use crate::octets::{Reader, be32};

/// One option.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ipv4Option<'a> {
    pub(super) kind: u8,
    /// As written; padding has none.
    len: Option<u8>,
    /// Without type and length. A lying length takes all that is left.
    pub(super) content: &'a [u8],
    /// Where it begins and ends, counted from the first option.
    from: usize,
    to: usize,
}

fields! {
    OPTION    = "ip.opt", Group, "option";
    TYPE      = "ip.opt.type", Number, "type";
    COPIED    = "ip.opt.type.copy", Flag, "copied into every fragment";
    CLASS     = "ip.opt.type.class", Number, "class";
    NUMBER    = "ip.opt.type.number", Number, "number";
    LEN       = "ip.opt.len", Number, "length";
    POINTER   = "ip.opt.ptr", Number, "pointer to the next free place";
    RECORDED  = "ip.rec_rt", Address, "recorded address";
    CURRENT   = "ip.cur_rt", Address, "next address";
    TO_COME   = "ip.src_rt", Address, "address to come";
    EMPTY     = "ip.empty_rt", Address, "free place";
    OVERFLOW  = "ip.opt.overflow", Number, "hops that found no place";
    FLAG      = "ip.opt.flag", Number, "what is recorded";
    STAMP     = "ip.opt.time_stamp", Number, "time stamp";
    STAMPED   = "ip.opt.time_stamp_addr", Address, "stamped by";
    ALERT     = "ip.opt.ra", Number, "router alert";
    STREAM    = "ip.opt.sid", Number, "stream";
    MTU       = "ip.opt.mtu", Number, "MTU";
    PADDING   = "ip.opt.padding", Octets, "padding";
    DATA      = "ip.opt.data", Octets, "content";
}

/// The fields of the fixed header and those of the options.
pub(super) static WITH_OPTIONS: &[&Field] = &{
    let (fixed, options) = (super::FIELDS, FIELDS);
    let mut all = [FIELDS[0]; FIELDS.len() + super::FIELDS.len()];
    let mut at = 0;
    while at < all.len() {
        all[at] = if at < fixed.len() { fixed[at] } else { options[at - fixed.len()] };
        at += 1;
    }
    all
};

/// The options in order.
pub(super) fn each(octets: &[u8]) -> impl Iterator<Item = Ipv4Option<'_>> {
    let mut reader = Reader::new(octets);
    std::iter::from_fn(move || {
        let from = reader.at();
        let kind = reader.u8()?;
        let (len, content) = match kind {
            0 => (None, reader.take(reader.left().len())),
            1 => (None, None),
            _ => {
                let len = reader.u8();
                let content = len.and_then(|len| reader.take(usize::from(len).checked_sub(2)?));
                (len, content.or_else(|| reader.take(reader.left().len())))
            }
        };
        Some(Ipv4Option { kind, len, content: content.unwrap_or(&[]), from, to: reader.at() })
    })
}

/// Tells the options of a header, which begin 20 octets into it.
pub(super) fn fields(octets: &[u8], listener: &mut dyn Listener) {
    for option in each(octets) {
        let (from, to) = (20 + option.from, 20 + option.to);
        listener.open(&OPTION, from..to, Value::Words(name(option.kind).unwrap_or("unknown")));
        let kind = match name(option.kind) {
            Some(name) => Value::Named(option.kind.into(), name),
            None => Value::Number(option.kind.into()),
        };
        listener.open(&TYPE, from..from + 1, kind);
        listener.field(&COPIED, from..from + 1, Value::Flag(option.kind & 0x80 != 0));
        listener.field(&CLASS, from..from + 1, Value::Number((option.kind >> 5 & 3).into()));
        listener.field(&NUMBER, from..from + 1, Value::Number((option.kind & 31).into()));
        listener.close();
        if let Some(len) = option.len {
            listener.field(&LEN, from + 1..from + 2, Value::Number(len.into()));
        }
        option.content_fields(to - option.content.len(), listener);
        listener.close();
    }
}

impl Ipv4Option<'_> {
    /// Tells the content, which begins at `at`.
    fn content_fields(self, at: usize, listener: &mut dyn Listener) {
        let to = at + self.content.len();
        match (self.kind, self.content) {
            (_, []) => {}
            (0, padding) => listener.field(&PADDING, at..to, Value::Octets(padding)),
            (7 | 131 | 137, [pointer, route @ ..]) => {
                listener.field(&POINTER, at..at + 1, Value::Number((*pointer).into()));
                let (places, left) = route.as_chunks::<4>();
                for (place, address) in places.iter().enumerate() {
                    // The pointer counts from the type octet, beginning with 1.
                    let field = match (self.kind, (4 + 4 * place).cmp(&usize::from(*pointer))) {
                        (_, std::cmp::Ordering::Less) => &RECORDED,
                        (7, _) => &EMPTY,
                        (_, std::cmp::Ordering::Equal) => &CURRENT,
                        _ => &TO_COME,
                    };
                    let from = at + 1 + 4 * place;
                    let address = Value::Address(Ipv4Addr::from(*address).into());
                    listener.field(field, from..from + 4, address);
                }
                if !left.is_empty() {
                    listener.field(&DATA, to - left.len()..to, Value::Octets(left));
                }
            }
            (68, [pointer, flags, record @ ..]) => {
                listener.field(&POINTER, at..at + 1, Value::Number((*pointer).into()));
                let overflow = Value::Number((flags >> 4).into());
                listener.field(&OVERFLOW, at + 1..at + 2, overflow);
                listener.field(&FLAG, at + 1..at + 2, stamp_flag(flags & 15));
                let (words, left) = record.as_chunks::<4>();
                for (place, word) in words.iter().enumerate() {
                    let from = at + 2 + 4 * place;
                    let is_address = matches!(flags & 15, 1 | 3) && place.is_multiple_of(2);
                    let (field, value) = if is_address {
                        (&STAMPED, Value::Address(Ipv4Addr::from(*word).into()))
                    } else {
                        (&STAMP, Value::Number(be32(word, 0).into()))
                    };
                    listener.field(field, from..from + 4, value);
                }
                if !left.is_empty() {
                    listener.field(&DATA, to - left.len()..to, Value::Octets(left));
                }
            }
            (kind @ (148 | 136 | 11 | 12), [a, b]) => {
                let field = match kind {
                    148 => &ALERT,
                    136 => &STREAM,
                    _ => &MTU,
                };
                let number = u16::from_be_bytes([*a, *b]);
                listener.field(field, at..to, Value::Number(number.into()));
            }
            (_, content) => listener.field(&DATA, at..to, Value::Octets(content)),
        }
    }
}

/// RFC 791 §3.1, internet timestamp.
fn stamp_flag(flag: u8) -> Value<'static> {
    let name = match flag {
        0 => "time stamps only",
        1 => "time stamps and addresses",
        3 => "time stamps of given addresses",
        _ => return Value::Number(flag.into()),
    };
    Value::Named(flag.into(), name)
}

/// IANA's list of IP option numbers.
fn name(kind: u8) -> Option<&'static str> {
    Some(match kind {
        0 => "end of options",
        1 => "no operation",
        7 => "record route",
        11 => "MTU probe",
        12 => "MTU reply",
        25 => "quick start",
        68 => "time stamp",
        82 => "traceroute",
        130 => "security",
        131 => "loose source route",
        133 => "extended security",
        134 => "commercial security",
        136 => "stream identifier",
        137 => "strict source route",
        144 => "IMI traffic descriptor",
        145 => "extended internet protocol",
        147 => "address extension",
        148 => "router alert",
        149 => "selective directed broadcast",
        _ => return None,
    })
}
