//! Radiotap: what a Wi-Fi driver knows of each frame, written before it (radiotap.org).
//!
//! ```text
//! |    Version    |       0       |            Length             |   0  little endian
//! |                            Present                            |   4  little endian, as long as bit 31 is set
//! ```

use super::field::{Field, Listener, Value, fields};
use super::{Hint, Name, View};
use crate::ink::Ink;
use crate::octets::{Octets, Reader, Why};

#[derive(Clone, Copy, Debug)]
pub struct Radiotap<'a> {
    header: &'a [u8],
    /// Where the words that say what is present end.
    words_end: usize,
}

fields! {
    VERSION = "radiotap.version", Number, "version";
    PAD     = "radiotap.pad", Number, "padding";
    LEN     = "radiotap.length", Number, "header length";
    PRESENT = "radiotap.present.word", Hex(8), "present";
    TIME    = "radiotap.mactime", Number, "time at the receiver / µs";
    FLAGS   = "radiotap.flags", Hex(2), "flags";
    MORE    = "radiotap.more", Octets, "more";
}

const HAS_TIME_BIT: u8 = 1;
const HAS_FLAGS_BIT: u8 = 2;
const PADDED: u8 = 0x20;
const CHECKSUM_AT_END: u8 = 0x10;

impl Radiotap<'_> {
    fn presence(self) -> u8 {
        self.header.get(4).copied().unwrap_or_default()
    }

    /// Each field begins at a multiple of its size, counted from the start of the header.
    fn time(self) -> Option<(usize, u64)> {
        let at = self.words_end.next_multiple_of(8);
        let time = Reader::from(self.header, at).array().copied().map(u64::from_le_bytes);
        time.filter(|_| self.presence() & HAS_TIME_BIT != 0).map(|time| (at, time))
    }

    fn flags(self) -> Option<(usize, u8)> {
        if self.presence() & HAS_FLAGS_BIT == 0 {
            return None;
        }
        let at = match self.presence() & HAS_TIME_BIT {
            0 => self.words_end,
            _ => self.time()?.0 + 8,
        };
        Some((at, *self.header.get(at)?))
    }
}

impl<'a> View<'a> for Radiotap<'a> {
    const NAMES: &'static [Name] = &[Name { key: "radiotap", words: "radiotap" }];
    const FIELDS: &'static [&'static Field] = FIELDS;

    fn read(_: Hint, octets: Octets<'a>) -> Result<(Self, Hint, Octets<'a>), Why> {
        let (&[_, _, low, high], _) = octets.header::<4>()?;
        let (header, mut rest) = octets.split(u16::from_le_bytes([low, high]).into())?;
        let mut words = Reader::from(header, 4);
        loop {
            match words.array() {
                None => return Err(Why::Malformed("header ends within what it says is present")),
                Some([_, _, _, 0x80..=0xff]) => {}
                Some([_, _, _, _]) => break,
            }
        }
        let radiotap = Self { header, words_end: words.at() };
        let flags = radiotap.flags().map_or(0, |(_, flags)| flags);
        if flags & CHECKSUM_AT_END != 0 {
            rest = rest.limit(rest.len().saturating_sub(4));
        }
        let hint = if flags & PADDED != 0 { Hint::Is("padded wlan") } else { Hint::Link(105) };
        Ok((radiotap, hint, rest))
    }

    fn line(&self, ink: &mut Ink) {
        ink.text("header len ").count(self.header.len());
    }

    fn fields(&self, listener: &mut dyn Listener) {
        let [version, pad, low, high, ..] = *self.header else { return };
        listener.field(&VERSION, 0..1, Value::Number(version.into()));
        listener.field(&PAD, 1..2, Value::Number(pad.into()));
        listener.field(&LEN, 2..4, Value::Number(u16::from_le_bytes([low, high]).into()));
        let mut words = Reader::from(self.header, 4);
        while words.at() < self.words_end
            && let Some(word) = words.array()
        {
            let word = u32::from_le_bytes(*word);
            listener.field(&PRESENT, words.at() - 4..words.at(), Value::Number(word.into()));
        }
        let mut end = self.words_end;
        if let Some((at, time)) = self.time() {
            if at > end {
                listener.field(&MORE, end..at, Value::Octets(&self.header[end..at]));
            }
            end = at + 8;
            listener.field(&TIME, at..end, Value::Number(time));
        }
        if let Some((at, flags)) = self.flags() {
            end = at + 1;
            listener.field(&FLAGS, at..end, Value::Number(flags.into()));
        }
        if end < self.header.len() {
            let more = &self.header[end..];
            listener.field(&MORE, end..self.header.len(), Value::Octets(more));
        }
    }
}
