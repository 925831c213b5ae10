//! What does an ASN.1 value in DER say? (ITU-T X.690)
//!
//! Only what certificates use: tags of one octet, definite lengths. Nothing is read twice and
//! nothing calls itself, so that no nesting costs anything.

use arrayvec::ArrayVec;

use super::span::Span;
use crate::timeline::Timestamp;

pub(super) const BOOLEAN: u8 = 0x01;
pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const OID: u8 = 0x06;
pub(super) const UTC_TIME: u8 = 0x17;
pub(super) const GENERALIZED_TIME: u8 = 0x18;
pub(super) const BMP_STRING: u8 = 0x1e;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;

/// Takes the next value: its tag and what it holds, or as much as there is.
pub(super) fn any<'a>(span: &mut Span<'a>) -> Option<(u8, Span<'a>)> {
    let mut ahead = *span;
    let tag = ahead.number(1)? as u8;
    let len = match ahead.number(1)? {
        short @ 0..=0x7f => short,
        long @ 0x81..=0x84 => ahead.number(long as usize - 0x80)?,
        _ => return None,
    };
    if tag & 0x1f == 0x1f {
        return None;
    }
    let value = ahead.part(len as usize);
    *span = ahead;
    Some((tag, value))
}

/// Takes the next value if it has this tag.
pub(super) fn value<'a>(span: &mut Span<'a>, wanted: u8) -> Option<Span<'a>> {
    let mut ahead = *span;
    let (_, value) = any(&mut ahead).filter(|(tag, _)| *tag == wanted)?;
    *span = ahead;
    Some(value)
}

/// All the octets of a value; `None` when some are lacking.
pub(super) fn octets(mut value: Span<'_>) -> Option<&[u8]> {
    value.take(value.len())
}

/// An object identifier with its dots. One longer than the text may be ends in dots.
pub(super) fn dotted(oid: &[u8]) -> ArrayVec<u8, 96> {
    let mut text = ArrayVec::new();
    let mut arc = 0u64;
    let mut first = true;
    for octet in oid {
        arc = arc << 7 | u64::from(octet & 0x7f);
        if octet & 0x80 != 0 {
            continue;
        }
        if std::mem::replace(&mut first, false) {
            let root = (arc / 40).min(2);
            decimal(root, &mut text);
            arc -= root * 40;
        }
        _ = text.try_push(b'.');
        decimal(arc, &mut text);
        arc = 0;
    }
    text
}

fn decimal(number: u64, text: &mut ArrayVec<u8, 96>) {
    let mut place = 1u64;
    while number / place >= 10 {
        place *= 10;
    }
    while place > 0 {
        _ = text.try_push(b'0' + (number / place % 10) as u8);
        place /= 10;
    }
}

/// A moment as certificates write it, in UTC.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Moment {
    pub(super) year: u16,
    /// Month, day, hour, minute, second.
    pub(super) rest: [u8; 5],
}

impl Moment {
    /// RFC 5280 §4.1.2.5: to the second, in UTC; two digits of the year mean 1950 to 2049.
    pub(super) fn read(tag: u8, value: Span<'_>) -> Option<Self> {
        let text = octets(value)?;
        let mut pairs = [0; 7];
        let digits = text.strip_suffix(b"Z")?;
        let missing = match (tag, digits.len()) {
            (UTC_TIME, 12) => 1,
            (GENERALIZED_TIME, 14) => 0,
            _ => return None,
        };
        for (place, pair) in pairs[missing..].iter_mut().zip(digits.chunks_exact(2)) {
            let [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] = pair else { return None };
            *place = (tens - b'0') * 10 + ones - b'0';
        }
        let [century, year, rest @ ..] = pairs;
        let century = match (missing, year) {
            (0, _) => century,
            (_, 50..) => 19,
            _ => 20,
        };
        let [month, day, ..] = rest;
        let sound = matches!((month, day), (1..=12, 1..=31));
        sound.then_some(Self { year: u16::from(century) * 100 + u16::from(year), rest })
    }

    /// The day, as `2036-11-17`.
    pub(super) fn day(self) -> [u8; 10] {
        let [month, day, ..] = self.rest;
        let mut text = *b"0000-00-00";
        digits(&mut text[..4], self.year);
        digits(&mut text[5..7], month.into());
        digits(&mut text[8..], day.into());
        text
    }

    /// As Wireshark writes it: `36-11-17 08:30:00 (UTC)`.
    pub(super) fn words(self) -> [u8; 25] {
        let [.., hour, minute, second] = self.rest;
        let mut text = *b"0000-00-00 00:00:00 (UTC)";
        text[..10].copy_from_slice(&self.day());
        digits(&mut text[11..13], hour.into());
        digits(&mut text[14..16], minute.into());
        digits(&mut text[17..19], second.into());
        text
    }

    /// `None` before 1970 and for times beyond what a timestamp holds.
    pub(super) fn time(self) -> Option<Timestamp> {
        let [month, day, hour, minute, second] = self.rest.map(i64::from);
        // Years are counted from March, so that the leap day is their last.
        let year = i64::from(self.year) - i64::from(month < 3);
        let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
        let days = year * 365 + year / 4 - year / 100 + year / 400 + of_year - 719_468;
        let seconds = ((days * 24 + hour) * 60 + minute) * 60 + second;
        u64::try_from(seconds).ok()?.checked_mul(1_000_000_000).map(Timestamp)
    }
}

fn digits(place: &mut [u8], number: u16) {
    let mut left = number;
    for digit in place.iter_mut().rev() {
        *digit = b'0' + (left % 10) as u8;
        left /= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::octets::Octets;

    fn read(tag: u8, text: &str) -> Option<Moment> {
        Moment::read(tag, Span::new(Octets::whole(text.as_bytes())))
    }

    #[test]
    fn two_digits_of_a_year_reach_to_2049() {
        let last = read(UTC_TIME, "491231235959Z").expect("a time");
        assert_eq!(&last.words(), b"2049-12-31 23:59:59 (UTC)");
        let first = read(UTC_TIME, "500101000000Z").expect("a time");
        assert_eq!(&first.day(), b"1950-01-01");
        assert_eq!(first.time(), None);
    }

    #[test]
    fn days_are_counted_across_leap_years() {
        let seconds = |text| read(GENERALIZED_TIME, text)?.time().map(Timestamp::seconds);
        assert_eq!(seconds("19700101000000Z"), Some(0));
        assert_eq!(seconds("20240229120000Z"), Some(1_709_208_000));
        assert_eq!(seconds("21000301000000Z"), Some(4_107_542_400));
        assert_eq!(seconds("99991231235959Z"), None);
        assert_eq!(seconds("20241301000000Z"), None);
    }

    #[test]
    fn object_identifiers_get_their_dots() {
        assert_eq!(dotted(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d]).as_slice(), b"1.2.840.113549");
        assert_eq!(dotted(&[0x55, 4, 3]).as_slice(), b"2.5.4.3");
        assert_eq!(dotted(&[0x88, 0x37, 3]).as_slice(), b"2.999.3");
        assert_eq!(dotted(&[0xff; 40]).as_slice(), b"");
    }
}
