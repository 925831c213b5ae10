//! Figures for people: at most four significant digits, and a unit.

use std::time::Duration;

use crate::ink::Ink;
use crate::timeline::nanos;

const PREFIXES: [&str; 6] = ["", "k", "M", "G", "T", "P"];

/// A count with separators: `12,345`.
pub(crate) fn count(number: u64, ink: &mut Ink) {
    if number < 1000 {
        ink.number(number);
    } else {
        count(number / 1000, ink);
        ink.text(",").digits(number % 1000, 3);
    }
}

/// Octets: `12,345 B` as long as that is short, then `1.234 MB`.
pub(crate) fn octets(number: u64, ink: &mut Ink) {
    if number < 100_000 {
        count(number, ink);
        ink.text(" B");
    } else {
        scaled(number.into(), "B", ink);
    }
}

/// Octets over nanoseconds in bits a second; nothing when no time passed.
pub(super) fn rate(octets: u64, nanos: u64, ink: &mut Ink) {
    if nanos > 0 {
        scaled(u128::from(octets) * 8_000_000_000 / u128::from(nanos), "bit/s", ink);
    }
}

/// A number in the unit, thousandfold where it is large.
fn scaled(number: u128, unit: &str, ink: &mut Ink) {
    let mut power = 1_u128;
    let mut prefixes = PREFIXES.into_iter();
    let mut prefix = prefixes.next().unwrap_or_default();
    while number / power >= 1000 {
        let Some(next) = prefixes.next() else { break };
        (prefix, power) = (next, power * 1000);
    }
    significant(number, power, ink);
    ink.text(" ").text(prefix).text(unit);
}

/// A duration with its unit; hours and days in two parts.
pub(crate) fn duration(span: Duration, ink: &mut Ink) {
    let nanos = nanos(span);
    let micro = if ink.ascii { " us" } else { " µs" };
    let (power, unit) = match nanos {
        0 => (1, " s"),
        1..1_000 => (1, " ns"),
        1_000..1_000_000 => (1_000, micro),
        1_000_000..1_000_000_000 => (1_000_000, " ms"),
        1_000_000_000..60_000_000_000 => (1_000_000_000, " s"),
        _ => return long(nanos / 1_000_000_000, ink),
    };
    significant(nanos.into(), power, ink);
    ink.text(unit);
}

fn long(seconds: u64, ink: &mut Ink) {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600, seconds / 60);
    let (large, small, names) = match seconds {
        0..3600 => (minutes, seconds % 60, [" min ", " s"]),
        3600..86_400 => (hours, minutes % 60, [" h ", " min"]),
        _ => (days, hours % 24, [" d ", " h"]),
    };
    count(large, ink);
    ink.text(names[0]).number(small).text(names[1]);
}

/// `number / power` to four significant digits, without zeros at the end of the fraction.
fn significant(number: u128, power: u128, ink: &mut Ink) {
    let whole = (number / power) as u64;
    let places = match whole {
        0..10 => 3,
        10..100 => 2,
        100..1000 => 1,
        _ => 0,
    };
    let fraction = (number % power * 1000 / power) as u64;
    count(whole, ink);
    let start = ink.len();
    ink.text(".").digits(fraction, 3).back_to(start + 1 + places);
    let zeros = ink.as_bytes()[start..].iter().rev().take_while(|octet| **octet == b'0').count();
    let kept = if zeros == places { start } else { start + 1 + places - zeros };
    ink.back_to(kept);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ink::written;

    #[test]
    fn figures_have_four_digits_at_most() {
        for (nanos, said) in [
            (0, "0 s"),
            (999, "999 ns"),
            (1_500, "1.5 µs"),
            (12_345_678, "12.34 ms"),
            (59_999_999_999, "59.99 s"),
            (61_000_000_000, "1 min 1 s"),
            (90_061_000_000_000, "1 d 1 h"),
        ] {
            assert_eq!(written(|ink| duration(Duration::from_nanos(nanos), ink)), said);
        }
        for (number, said) in
            [(7, "7 B"), (99_999, "99,999 B"), (100_000, "100 kB"), (1_234_567, "1.234 MB")]
        {
            assert_eq!(written(|ink| octets(number, ink)), said);
        }
        assert_eq!(written(|ink| count(1_000_023, ink)), "1,000,023");
        assert_eq!(written(|ink| rate(125_000, 1_000_000_000, ink)), "1 Mbit/s");
    }
}
