//! How is a limit typed, and is a value beyond it?

use std::cmp::Ordering;

use super::{Kind, Value, real, real_signed};

/// What a value is compared with, in the unit of its record.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Limit {
    Number(f64),
    Flag(bool),
    Text(Vec<u8>),
    /// Nanoseconds since 1970.
    Time(u64),
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Relation {
    Less,
    AtMost,
    Greater,
    AtLeast,
    Equal,
    Different,
}

impl Relation {
    pub(super) fn of(symbol: &str) -> Option<Self> {
        Some(match symbol {
            "<" => Self::Less,
            "<=" => Self::AtMost,
            ">" => Self::Greater,
            ">=" => Self::AtLeast,
            "==" => Self::Equal,
            "!=" => Self::Different,
            _ => return None,
        })
    }

    pub(super) fn is_ordered(self) -> bool {
        !matches!(self, Self::Equal | Self::Different)
    }

    /// Whether values must not be smaller than the limit.
    pub(super) fn is_lower(self) -> bool {
        matches!(self, Self::Greater | Self::AtLeast)
    }

    /// By how the value stands to the limit.
    pub(super) fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Less => order.is_lt(),
            Self::AtMost => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::AtLeast => order.is_ge(),
            Self::Equal => order.is_eq(),
            Self::Different => order.is_ne(),
        }
    }
}

impl Limit {
    /// Nothing where the two cannot be compared.
    pub(super) fn compare(&self, value: Value<'_>) -> Option<Ordering> {
        match (value, self) {
            (Value::Number(number), Self::Number(limit)) => real(number).partial_cmp(limit),
            (Value::Signed(number), Self::Number(limit)) => real_signed(number).partial_cmp(limit),
            (Value::Share(share), Self::Number(limit)) => share.partial_cmp(limit),
            (Value::Flag(flag), Self::Flag(limit)) => Some(flag.cmp(limit)),
            (Value::Text(text), Self::Text(limit)) => Some(text.cmp(limit.as_slice())),
            (Value::Time(time), Self::Time(limit)) => Some(time.0.cmp(limit)),
            _ => None,
        }
    }
}

/// Reads a limit; says also whether it is a share of a whole. `name` is the field's as typed, which may
/// say the unit.
pub(super) fn read(word: &str, name: &str, kind: Kind) -> Result<(Limit, bool), String> {
    let wrong = |wanted: &str| format!("{word:?} is no {wanted}");
    let limit = match kind {
        Kind::Number => scaled(word, "").ok_or_else(|| wrong("number"))?,
        Kind::Share => percent(word)
            .or_else(|| scaled(word, ""))
            .ok_or_else(|| wrong("share: write 0.1%, or a number from 0 to 1"))?,
        Kind::Part if word.ends_with('%') => {
            let share = percent(word).ok_or_else(|| wrong("share: write 0.1%"))?;
            return Ok((Limit::Number(share), true));
        }
        Kind::Duration | Kind::Part => duration(word, name).map_err(|what| match what {
            Wrong::Word if kind == Kind::Part => {
                wrong("duration and no share: write 200ms, 1.5s or 1%")
            }
            Wrong::Word => wrong("duration: write 200ms or 1.5s"),
            Wrong::Unit => format!("{word} of what? write ns, us, ms, s, m or h behind it"),
        })?,
        Kind::Size => size(word).ok_or_else(|| wrong("size: write 1500, 64k or 1MB"))?,
        Kind::Flag => match word {
            "true" | "1" => return Ok((Limit::Flag(true), false)),
            "false" | "0" => return Ok((Limit::Flag(false), false)),
            _ => return Err(wrong("flag: write true or false")),
        },
        Kind::Text => return Ok((Limit::Text(word.as_bytes().to_vec()), false)),
        Kind::Time => {
            let time = word.parse::<jiff::Timestamp>().ok();
            let nanos = time.and_then(|time| u64::try_from(time.as_nanosecond()).ok());
            let nanos = nanos.ok_or_else(|| wrong("time: write 2026-11-20T09:30:00Z"))?;
            return Ok((Limit::Time(nanos), false));
        }
    };
    Ok((Limit::Number(limit), false))
}

/// A decimal number times a power of ten, as near as a number can be: no sum of roundings.
fn scaled(digits: &str, exponent: &str) -> Option<f64> {
    let is_plain = digits.bytes().all(|octet| octet.is_ascii_digit() || b".-".contains(&octet));
    let number = format!("{digits}{exponent}").parse::<f64>().ok();
    number.filter(|number| is_plain && number.is_finite())
}

fn percent(word: &str) -> Option<f64> {
    scaled(word.strip_suffix('%')?, "e-2")
}

/// What is wrong with a duration.
enum Wrong {
    Word,
    /// It has none, and the name of the field says none.
    Unit,
}

fn duration(word: &str, name: &str) -> Result<f64, Wrong> {
    let (digits, unit) = parts(word);
    let nanos = match unit {
        "" => {
            let nanos = scaled(digits, "").ok_or(Wrong::Word)?;
            return if nanos == 0.0 || name.ends_with("_ns") {
                Ok(nanos)
            } else {
                Err(Wrong::Unit)
            };
        }
        "ns" => scaled(digits, ""),
        "us" | "µs" | "μs" => scaled(digits, "e3"),
        "ms" => scaled(digits, "e6"),
        "s" => scaled(digits, "e9"),
        "m" | "min" => scaled(digits, "e9").map(|nanos| nanos * 60.0),
        "h" => scaled(digits, "e9").map(|nanos| nanos * 3600.0),
        _ => None,
    };
    nanos.ok_or(Wrong::Word)
}

/// The units are those of all sizes on the command line.
fn size(word: &str) -> Option<f64> {
    let (digits, unit) = parts(word);
    let factor = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1.0,
        "k" | "kib" => 1024.0,
        "kb" => 1e3,
        "m" | "mib" => 1024.0 * 1024.0,
        "mb" => 1e6,
        "g" | "gib" => 1024.0 * 1024.0 * 1024.0,
        "gb" => 1e9,
        _ => return None,
    };
    scaled(digits, "").map(|number| number * factor)
}

/// The number in front, and the unit behind.
fn parts(word: &str) -> (&str, &str) {
    word.split_at(word.trim_end_matches(char::is_alphabetic).len())
}
