//! Which name is meant, through all pointers, and how is it spelled?
//!
//! A pointer must lead to before the labels it ends (RFC 1035 §4.1.4 says "prior occurrence"), so
//! every name ends; at most 255 octets and 126 pointers of it are read (RFC 9267 §2). A name that
//! breaks a rule is spelled as far as it goes, with the reason in angle brackets.

use arrayvec::{ArrayString, ArrayVec};

use crate::ink::{self, Ink};

/// A name where it stands in a message; nothing of it was followed yet.
#[derive(Clone, Copy, Debug)]
pub struct Name<'a> {
    message: &'a [u8],
    at: usize,
}

/// A name in text: RFC 1035 §5.1 with `\.` and `\DDD`. UTF-8 that a terminal shows stays as it is
/// (RFC 6762 §16 has it in names), and so do spaces; the root is empty.
#[derive(Debug)]
pub struct Spelling {
    text: ArrayString<{ Spelling::LONGEST }>,
    labels: u8,
}

/// RFC 1035 §3.1, with all lengths and the root's.
const OCTETS: usize = 255;

/// As many as a name of one-octet labels could need.
const POINTERS: usize = 126;

impl<'a> Name<'a> {
    pub fn new(message: &'a [u8], at: usize) -> Self {
        Self { message, at }
    }

    /// Where the name ends in place, its pointers not followed; `None` if it is cut or too long.
    pub fn end(self) -> Option<usize> {
        let mut at = self.at;
        while at - self.at < OCTETS {
            match *self.message.get(at)? {
                0 => return Some(at + 1),
                len @ 1..64 => at += 1 + usize::from(len),
                0xc0.. => return self.message.get(at + 1).map(|_| at + 2),
                // RFC 6891 §5: the two other label types are not in use.
                _ => return None,
            }
        }
        None
    }

    /// The whole name as it would stand without pointers; `None` if it breaks a rule.
    pub fn octets(self) -> Option<ArrayVec<u8, OCTETS>> {
        let mut octets = ArrayVec::new();
        self.follow(|label| {
            // What is followed has at most 255 octets, with the root's.
            octets.push(label.len() as u8);
            octets.extend(label.iter().copied());
        })
        .ok()?;
        octets.push(0);
        Some(octets)
    }

    pub fn spell(self) -> Spelling {
        let mut spelling = Spelling { text: ArrayString::new_const(), labels: 0 };
        if let Err(reason) = self.follow(|label| spelling.label(label)) {
            spelling.push(reason);
        }
        spelling
    }

    /// Writes the name, the root as a dot, if that takes at most `most` octets and nothing must be
    /// escaped; says whether it did. So nearly every name is written without being spelled apart.
    pub(super) fn write(self, most: usize, ink: &mut Ink) -> bool {
        let start = ink.len();
        let mut plain = true;
        let followed = self.follow(|label| {
            plain &= is_plain(label);
            if plain {
                ink.text(if ink.len() > start { "." } else { "" }).again(label);
            }
        });
        if followed.is_err() || !plain || ink.len() - start > most {
            ink.back_to(start);
            return false;
        }
        if ink.len() == start {
            ink.text(".");
        }
        true
    }

    /// Whether both are the same name, whatever case (RFC 4343 §3).
    pub fn is_same(self, other: Self) -> bool {
        // Most owners point to where the other name stands.
        let here = std::ptr::eq(self.message, other.message) && self.target() == other.target();
        here || self.spell().text.eq_ignore_ascii_case(&other.spell().text)
    }

    /// Where the name stands, or what it points back to.
    fn target(self) -> usize {
        match self.message.get(self.at..) {
            Some([high @ 0xc0..=0xff, low, ..]) => {
                let target = usize::from(high & 0x3f) << 8 | usize::from(*low);
                if target < self.at { target } else { self.at }
            }
            _ => self.at,
        }
    }

    /// Hands out the labels, pointers followed, as far as they keep the rules.
    fn follow(self, mut take: impl FnMut(&'a [u8])) -> Result<(), &'static str> {
        let (mut at, mut run, mut octets, mut pointers) = (self.at, self.at, 1, 0);
        loop {
            let rest = self.message.get(at..).unwrap_or_default();
            match *rest {
                [0, ..] => return Ok(()),
                [len @ 1..64, ref rest @ ..] => {
                    let label = rest.get(..usize::from(len)).ok_or("<cut>")?;
                    at += 1 + label.len();
                    octets += 1 + label.len();
                    if octets > OCTETS {
                        return Err("<longer than 255 octets>");
                    }
                    take(label);
                }
                [high @ 0xc0..=0xff, low, ..] => {
                    at = usize::from(high & 0x3f) << 8 | usize::from(low);
                    pointers += 1;
                    if at >= run || pointers > POINTERS {
                        return Err("<pointer that does not lead back>");
                    }
                    run = at;
                }
                [] | [0xc0..=0xff] => return Err("<cut>"),
                _ => return Err("<unknown label type>"),
            }
        }
    }
}

impl Spelling {
    /// 255 octets of four characters each, and a reason.
    const LONGEST: usize = 1100;

    /// For lines: the root is a dot.
    pub fn or_dot(&self) -> &str {
        if self.text.is_empty() { "." } else { &self.text }
    }

    /// For fields: the root is as Wireshark has it.
    pub fn or_root(&self) -> &str {
        if self.text.is_empty() { "<Root>" } else { &self.text }
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Not counting the root (RFC 4034 §3.1.3).
    pub fn labels(&self) -> u8 {
        self.labels
    }

    fn push(&mut self, text: &str) {
        // LONGEST holds the longest name there can be.
        let _ = self.text.try_push_str(text);
    }

    fn label(&mut self, label: &[u8]) {
        if self.labels > 0 {
            self.push(".");
        }
        self.labels += 1;
        if let (true, Ok(text)) = (is_plain(label), str::from_utf8(label)) {
            return self.push(text);
        }
        for chunk in label.utf8_chunks() {
            for character in chunk.valid().chars() {
                let utf8 = &mut [0; 4];
                let text = &*character.encode_utf8(utf8);
                match character {
                    '.' => self.push("\\."),
                    '\\' => self.push("\\\\"),
                    safe if ink::is_safe(safe) => self.push(text),
                    _ => text.bytes().for_each(|octet| self.decimal(octet)),
                }
            }
            chunk.invalid().iter().for_each(|octet| self.decimal(*octet));
        }
    }

    /// RFC 1035 §5.1: `\DDD`.
    fn decimal(&mut self, octet: u8) {
        let digit = |value: u8| char::from(b'0' + value);
        self.push("\\");
        for value in [octet / 100, octet / 10 % 10, octet % 10] {
            self.push(digit(value).encode_utf8(&mut [0; 4]));
        }
    }
}

/// Whether a label is spelled as it stands.
fn is_plain(label: &[u8]) -> bool {
    label.iter().all(|octet| matches!(octet, b' '..=b'-' | b'/'..=b'[' | b']'..=b'~'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelled(message: &[u8], at: usize) -> String {
        Name::new(message, at).spell().or_dot().to_owned()
    }

    #[test]
    fn what_would_look_like_something_else_is_escaped() {
        let name = b"\x03a.b\x03\"x\"\x04\x1b[0m\x02\\\x00\x04sp c\x06k\xc3\xbcche\x03\xe2\x80\xae\x01\xff\0";
        assert_eq!(
            spelled(name, 0),
            r#"a\.b."x".\027[0m.\\\000.sp c.küche.\226\128\174.\255"#
        );
        assert_eq!(spelled(b"\0", 0), ".");
    }

    #[test]
    fn pointers_lead_back_or_nowhere() {
        let message = b"\x03lab\x07example\0\x03www\xc0\x00\xc0\x0d\x01a\xc0\x15\xc0\x00\xc0\x1b";
        assert_eq!(spelled(message, 13), "www.lab.example");
        assert_eq!(spelled(message, 19), "www.lab.example");
        // To its own label, to itself, forward, and beyond the end.
        assert_eq!(spelled(message, 21), "a<pointer that does not lead back>");
        assert_eq!(spelled(b"\xc0\x00", 0), "<pointer that does not lead back>");
        assert_eq!(spelled(b"\xc0\x02\x01a\0", 0), "<pointer that does not lead back>");
        assert_eq!(spelled(b"\xff\xff", 0), "<pointer that does not lead back>");
    }

    #[test]
    fn a_name_ends_with_its_octets() {
        assert_eq!(spelled(b"\x05ab", 0), "<cut>");
        assert_eq!(spelled(b"\x01a", 0), "a<cut>");
        assert_eq!(spelled(b"\x01a\xc0", 0), "a<cut>");
        assert_eq!(spelled(b"\x01a\x40", 0), "a<unknown label type>");
        assert_eq!(spelled(b"", 7), "<cut>");
        assert_eq!(Name::new(b"\x05ab", 0).end(), None);
    }

    #[test]
    fn no_name_is_longer_than_255_octets_or_127_labels() {
        let mut longest = [1, b'\x01'].repeat(127);
        longest.push(0);
        let name = Name::new(&longest, 0);
        assert_eq!((name.end(), name.spell().labels()), (Some(255), 127));
        assert_eq!(name.spell().as_str().len(), 127 * 5 - 1);
        let mut longer = b"\x01b".to_vec();
        longer.extend(&longest);
        assert!(spelled(&longer, 0).ends_with("<longer than 255 octets>"));
        assert_eq!(Name::new(&longer, 0).end(), None);
        // The same by pointers: every run is short, the whole is not.
        let mut runs = b"\x01z\0".to_vec();
        let mut last = 0;
        for _ in 0..200 {
            let here = runs.len();
            runs.extend([1, b'x', 0xc0 | (last >> 8) as u8, last as u8]);
            last = here;
        }
        assert!(spelled(&runs, last).ends_with('>'));
        assert!(spelled(&runs, last).len() < 300);
    }
}
