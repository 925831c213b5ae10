//! The pen every report writes with.
//!
//! `write!` costs more than the dissection it describes, so numbers, addresses and times are put
//! down directly. Nothing here flushes; whoever owns the ink does, once per buffer.
//!
//! Octets from the wire go through [`Ink::wire`] or [`Ink::json`], which let no control, bidirectional
//! or invisible character through. Both are reversible: a backslash is doubled.

use unicode_width::UnicodeWidthChar;

use crate::timeline::Timestamp;

mod address;
mod digits;

use digits::{EIGHT_DIGITS, THREES, ZEROS, eight_digits, eight_nibbles};

/// Octets waiting to be written out. Every stroke returns the pen, so that a line reads as one.
#[derive(Debug, Default)]
pub struct Ink {
    /// Room to write in, used up to `end`.
    room: Vec<u8>,
    end: usize,
    /// Whether [`Ink::paint`] colours.
    pub colour: bool,
    /// Whether arrows and ellipses are drawn with ASCII.
    pub ascii: bool,
}

/// Text from the wire, or from whoever else, as people may be shown it.
pub fn safe(octets: &[u8]) -> String {
    written(|ink| _ = ink.wire(octets))
}

/// What a pen writes on its own.
pub fn written(write: impl FnOnce(&mut Ink)) -> String {
    let mut ink = Ink::default();
    write(&mut ink);
    String::from_utf8_lossy(ink.as_bytes()).into_owned()
}

/// What a colour means; never the only bearer of a meaning.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Paint {
    /// Beside the point: numbers of lines, octet offsets.
    Faint,
    /// The name of a thing: a protocol, a field.
    Name,
    /// What the eye should find: errors, damage.
    Alarm,
}

impl Ink {
    pub fn as_bytes(&self) -> &[u8] {
        &self.room[..self.end]
    }

    pub fn len(&self) -> usize {
        self.end
    }

    pub fn is_empty(&self) -> bool {
        self.end == 0
    }

    pub fn clear(&mut self) {
        self.end = 0;
    }

    /// Takes back everything after the first `len` octets.
    pub fn back_to(&mut self, len: usize) {
        self.end = self.end.min(len);
    }

    /// Our own words, or text already made safe.
    // Inlined, so that a literal becomes a move or two instead of a call; a third of the time of a
    // packet's line went into calls to copy a few octets.
    #[inline]
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.again(text.as_bytes())
    }

    /// Text in the colour of its meaning.
    pub fn paint(&mut self, paint: Paint, text: &str) -> &mut Self {
        if !self.colour {
            return self.text(text);
        }
        self.text(paint.begin()).text(text).text("\x1b[0m")
    }

    /// From here on in the colour of a meaning, until [`Ink::plain`].
    pub fn begin(&mut self, paint: Paint) -> &mut Self {
        if self.colour { self.text(paint.begin()) } else { self }
    }

    /// Ends what [`Ink::begin`] began.
    pub fn plain(&mut self) -> &mut Self {
        if self.colour { self.text("\x1b[0m") } else { self }
    }

    #[inline]
    pub fn number(&mut self, number: impl Into<u64>) -> &mut Self {
        let number = number.into();
        // Most numbers of a record are nothing or a few.
        if number < 10 { self.write([b'0' + number as u8], 1) } else { self.decimal(number) }
    }

    fn decimal(&mut self, number: u64) -> &mut Self {
        let (head, tail) = (number / EIGHT_DIGITS, number % EIGHT_DIGITS);
        let Some(place) = self.room.get_mut(self.end..self.end + 12) else {
            return self.decimal_in_new_room(number);
        };
        let tail = eight_digits(tail);
        if head == 0 {
            // The last digit is written even if it is zero.
            let zeros = (tail | 1 << 56).trailing_zeros() / 8;
            place[..8].copy_from_slice(&((tail | ZEROS) >> (8 * zeros)).to_le_bytes());
            self.end += 8 - zeros as usize;
        } else if let Some((digits, count)) = THREES.get(head as usize) {
            let count = usize::from(*count);
            place[..4].copy_from_slice(digits);
            place[count..][..8].copy_from_slice(&(tail | ZEROS).to_le_bytes());
            self.end += count + 8;
        } else {
            return self.long_decimal(number);
        }
        self
    }

    #[cold]
    fn decimal_in_new_room(&mut self, number: u64) -> &mut Self {
        self.make_room(12);
        self.decimal(number)
    }

    #[cold]
    fn long_decimal(&mut self, number: u64) -> &mut Self {
        self.decimal(number / EIGHT_DIGITS).digits(number, 8)
    }

    /// A count of octets or packets held in a `usize`.
    pub fn count(&mut self, count: usize) -> &mut Self {
        self.number(count as u64)
    }

    pub fn signed(&mut self, number: i64) -> &mut Self {
        if number < 0 {
            self.text("-");
        }
        self.number(number.unsigned_abs())
    }

    /// Hexadecimal without a prefix, padded to `width` digits.
    pub fn hex(&mut self, number: u64, width: u32) -> &mut Self {
        if width > 8 {
            self.hex(number >> 32, width - 8);
        }
        let width = width.min(8);
        let text = eight_nibbles(number).checked_shr(64 - 8 * width).unwrap_or_default();
        self.write(text.to_le_bytes(), width as usize)
    }

    /// Hexadecimal octets, one after the other.
    pub fn hex_octets(&mut self, octets: &[u8]) -> &mut Self {
        for octet in octets {
            self.hex((*octet).into(), 2);
        }
        self
    }

    /// Seconds and nine digits of fraction, as Wireshark writes `frame.time_epoch`.
    pub fn seconds(&mut self, time: Timestamp) -> &mut Self {
        self.number(time.seconds()).text(".").digits(time.nanos().into(), 9)
    }

    /// A number padded with zeros to `width` digits; higher digits are left out.
    #[inline]
    pub fn digits(&mut self, number: u64, width: usize) -> &mut Self {
        if width > 8 {
            self.digits(number / EIGHT_DIGITS, width - 8);
        }
        let width = width.min(8);
        let text = eight_digits(number % EIGHT_DIGITS) | ZEROS;
        let text = text.checked_shr(64 - 8 * width as u32).unwrap_or_default();
        self.write(text.to_le_bytes(), width)
    }

    pub fn arrow(&mut self) -> &mut Self {
        self.text(if self.ascii { " > " } else { " → " })
    }

    /// Says that something is missing from here on.
    pub fn ellipsis(&mut self) -> &mut Self {
        self.text(if self.ascii { "..." } else { "…" })
    }

    /// So many spaces.
    pub fn spaces(&mut self, count: usize) -> &mut Self {
        const SPACES: [u8; 64] = [b' '; 64];
        let mut left = count;
        while left > SPACES.len() {
            self.write(SPACES, SPACES.len());
            left -= SPACES.len();
        }
        self.write(SPACES, left)
    }

    /// Text from the wire: what cannot safely be shown becomes `\xNN` or `\u{NNNN}`.
    pub fn wire(&mut self, octets: &[u8]) -> &mut Self {
        if octets.iter().all(|octet| matches!(octet, b' '..=b'[' | b']'..=b'~')) {
            return self.again(octets);
        }
        for chunk in octets.utf8_chunks() {
            for character in chunk.valid().chars() {
                match character {
                    '\\' => self.text("\\\\"),
                    safe if is_safe(safe) => self.text(safe.encode_utf8(&mut [0; 4])),
                    ascii if ascii.is_ascii() => self.text("\\x").hex(u64::from(ascii), 2),
                    other => self.text("\\u{").hex(u64::from(other), nibbles(other)).text("}"),
                };
            }
            for octet in chunk.invalid() {
                self.text("\\x").hex((*octet).into(), 2);
            }
        }
        self
    }

    /// Text from the wire, clipped to about `width` characters; says how many octets were left out.
    pub fn clipped(&mut self, octets: &[u8], width: usize) -> &mut Self {
        let Some(clipped) = octets.get(..width).filter(|_| octets.len() > width) else {
            return self.wire(octets);
        };
        self.wire(clipped).ellipsis().text("(+").count(octets.len() - width).text(")")
    }

    /// A JSON string with its quotes. Octets that are no UTF-8 become `\\xNN`.
    pub fn json(&mut self, octets: &[u8]) -> &mut Self {
        self.text("\"");
        for chunk in octets.utf8_chunks() {
            for character in chunk.valid().chars() {
                match character {
                    '"' => self.text("\\\""),
                    '\\' => self.text("\\\\"),
                    safe if is_safe(safe) => self.text(safe.encode_utf8(&mut [0; 4])),
                    other => self.json_escape(other),
                };
            }
            for octet in chunk.invalid() {
                self.text("\\\\x").hex((*octet).into(), 2);
            }
        }
        self.text("\"")
    }

    fn json_escape(&mut self, character: char) -> &mut Self {
        for unit in character.encode_utf16(&mut [0; 2]) {
            self.text("\\u").hex((*unit).into(), 4);
        }
        self
    }

    /// Octets as they are: only for what this pen has written before.
    #[inline]
    pub fn again(&mut self, octets: &[u8]) -> &mut Self {
        let Some(place) = self.room.get_mut(self.end..self.end + octets.len()) else {
            self.make_room(octets.len());
            return self.again(octets);
        };
        place.copy_from_slice(octets);
        // After the copy, which might otherwise be thought to have changed it.
        self.end += octets.len();
        self
    }

    /// The first `used` of some octets, of which all are put down: a copy of fixed length is a move
    /// or two, one of unknown length is a call.
    #[inline]
    fn write<const N: usize>(&mut self, octets: [u8; N], used: usize) -> &mut Self {
        let Some(place) = self.room.get_mut(self.end..self.end + N) else {
            return self.write_in_new_room(octets, used);
        };
        place.copy_from_slice(&octets);
        self.end += used;
        self
    }

    // Apart, so that a stroke that has room saves no registers for it.
    #[cold]
    #[inline(never)]
    fn write_in_new_room<const N: usize>(&mut self, octets: [u8; N], used: usize) -> &mut Self {
        self.make_room(N);
        self.write(octets, used)
    }

    #[cold]
    #[inline(never)]
    fn make_room(&mut self, more: usize) {
        self.room.resize((self.end + more).max(self.room.len() * 2).max(256), 0);
    }
}

impl Paint {
    fn begin(self) -> &'static str {
        match self {
            Self::Faint => "\x1b[2m",
            Self::Name => "\x1b[36m",
            Self::Alarm => "\x1b[1;31m",
        }
    }
}

/// Whether a terminal shows the character and obeys nothing by it.
pub(crate) fn is_safe(character: char) -> bool {
    match character {
        ' '..='~' => true,
        '\u{e000}'..='\u{f8ff}' | '\u{f0000}'.. => false,
        other => other.width().is_some_and(|cells| cells > 0),
    }
}

fn nibbles(character: char) -> u32 {
    (32 - u32::from(character).leading_zeros()).div_ceil(4).max(4)
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    #[test]
    fn writes_what_the_standard_library_would() {
        let steps = (0..20).flat_map(|power| [10_u64.pow(power) - 1, 10_u64.pow(power)]);
        for number in (0..12_345).chain(steps).chain([65_535, u64::MAX]) {
            assert_eq!(written(|ink| _ = ink.number(number)), number.to_string());
            assert_eq!(written(|ink| _ = ink.digits(number, 20)), format!("{number:020}"));
            assert_eq!(written(|ink| _ = ink.hex(number, 16)), format!("{number:016x}"));
        }
        assert_eq!(written(|ink| _ = ink.digits(12_345, 3).digits(1, 0).digits(7, 2)), "34507");
        for address in [
            "0.0.0.0",
            "255.10.9.100",
            "::",
            "::1",
            "1::",
            "fe80::1:0:0:2",
            "1:0:2:3:4:5:6:7",
            "2001:db8:0:1:0:0:0:1",
            "1:2:3:4:5:6:7:8",
            "::ffff:1.2.3.4",
            "0:0:1::",
            "1::8",
        ] {
            let parsed: IpAddr = address.parse().expect("an address");
            assert_eq!(written(|ink| _ = ink.address(parsed)), parsed.to_string());
        }
    }

    #[test]
    fn no_escape_sequence_reaches_the_terminal() {
        let attack = "a\x1b[31m\u{202e}\u{9b}\\\u{200b}\r\n한";
        let shown = written(|ink| _ = ink.wire(attack.as_bytes()).wire(b"\xff\x9b"));
        assert_eq!(shown, r"a\x1b[31m\u{202e}\u{009b}\\\u{200b}\x0d\x0a한\xff\x9b");
    }

    #[test]
    fn json_strings_stay_valid_and_lose_nothing() {
        assert_eq!(written(|ink| _ = ink.json(b"q\"\\\x07\xff")), r#""q\"\\\u0007\\xff""#);
    }
}
