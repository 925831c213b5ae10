//! What is the name of a domain, label by label?

use std::fmt;
use std::hash::{Hash, Hasher};

/// A domain name as on the wire, without pointers; the case is kept, but does not tell names apart
/// (RFC 4343). Shown with a backslash before what a zone file escapes, so always safe to show.
#[derive(Clone)]
pub struct Name(Box<[u8]>);

/// Why a text is no name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum BadName {
    Empty,
    EmptyLabel,
    LongLabel,
    Long,
    Escape,
}

impl Name {
    /// With all lengths and the root's (RFC 1035 §3.1).
    const LONGEST: usize = 255;

    pub fn root() -> Self {
        Self([0].into())
    }

    /// Takes octets as they stand in a message, if they are a name and nothing else.
    pub fn from_wire(octets: &[u8]) -> Option<Self> {
        let mut at = 0;
        loop {
            match usize::from(*octets.get(at)?) {
                0 => break,
                len @ 1..64 => at += 1 + len,
                _ => return None,
            }
        }
        (at + 1 == octets.len() && octets.len() <= Self::LONGEST).then(|| Self(octets.into()))
    }

    /// Reads `www.example.com`, with or without a dot at the end; `\.` and `\DDD` as in zone files.
    pub fn of(text: &str) -> Result<Self, BadName> {
        match text {
            "" => return Err(BadName::Empty),
            "." => return Ok(Self::root()),
            _ => {}
        }
        let (mut octets, mut start) = (vec![0], 0);
        let mut rest = text.bytes();
        let mut ended = false;
        while let Some(octet) = rest.next() {
            if octet == b'.' {
                if octets.len() == start + 1 {
                    return Err(BadName::EmptyLabel);
                }
                start = octets.len();
                octets.push(0);
                ended = true;
                continue;
            }
            ended = false;
            octets.push(if octet == b'\\' { escaped(&mut rest)? } else { octet });
            let len = octets.len() - start - 1;
            octets[start] =
                u8::try_from(len).ok().filter(|len| *len < 64).ok_or(BadName::LongLabel)?;
        }
        if !ended {
            octets.push(0);
        }
        if octets.len() > Self::LONGEST {
            return Err(BadName::Long);
        }
        Ok(Self(octets.into()))
    }

    pub fn wire(&self) -> &[u8] {
        &self.0
    }

    pub fn is_root(&self) -> bool {
        self.0.len() == 1
    }

    /// The name without its first label; the root has none.
    pub fn parent(&self) -> Option<Self> {
        let len = usize::from(self.0[0]);
        (len > 0).then(|| Self(self.0[1 + len..].into()))
    }

    /// The name and all above it, down to the root.
    pub fn line(&self) -> impl Iterator<Item = Self> {
        std::iter::successors(Some(self.clone()), Self::parent)
    }

    /// How many labels it has, the root none.
    pub fn depth(&self) -> usize {
        self.line().count() - 1
    }

    /// Whether it is `zone` or below it.
    pub fn is_within(&self, zone: &Self) -> bool {
        self.depth() >= zone.depth() && self.last(zone.depth()) == *zone
    }

    /// Its last `labels` labels.
    #[must_use]
    pub fn last(&self, labels: usize) -> Self {
        let more = self.depth().saturating_sub(labels);
        self.line().nth(more).unwrap_or_else(Self::root)
    }

    /// This name put before `suffix`, if the whole is not too long.
    pub fn below(&self, suffix: &Self) -> Option<Self> {
        let own = &self.0[..self.0.len() - 1];
        let whole = [own, &suffix.0].concat();
        (whole.len() <= Self::LONGEST).then(|| Self(whole.into()))
    }

    /// Whether both are the same to the letter's case.
    pub fn is_exactly(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

fn escaped(rest: &mut std::str::Bytes<'_>) -> Result<u8, BadName> {
    let first = rest.next().ok_or(BadName::Escape)?;
    if !first.is_ascii_digit() {
        return Ok(first);
    }
    let mut number = u32::from(first - b'0');
    for _ in 0..2 {
        let digit = rest.next().filter(u8::is_ascii_digit).ok_or(BadName::Escape)?;
        number = number * 10 + u32::from(digit - b'0');
    }
    u8::try_from(number).map_err(|_| BadName::Escape)
}

// No length of a label is a letter, so whole names can be compared as if they were text.
impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for Name {}

impl Hash for Name {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.to_ascii_lowercase().hash(state);
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_root() {
            return f.write_str(".");
        }
        let mut at = 0;
        while let Some(len @ 1..) = self.0.get(at).map(|len| usize::from(*len)) {
            if at > 0 {
                f.write_str(".")?;
            }
            for octet in &self.0[at + 1..=at + len] {
                match octet {
                    b'.' | b'\\' => write!(f, "\\{}", char::from(*octet))?,
                    b'!'..=b'~' => write!(f, "{}", char::from(*octet))?,
                    other => write!(f, "\\{other:03}")?,
                }
            }
            at += 1 + len;
        }
        Ok(())
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for BadName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "a name is missing",
            Self::EmptyLabel => "nothing stands between two dots",
            Self::LongLabel => "a label is longer than 63 octets",
            Self::Long => "it is longer than 255 octets",
            Self::Escape => "a backslash needs a character or three digits up to 255",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Name {
        Name::of(text).expect("a name")
    }

    #[test]
    fn a_name_is_read_and_shown_alike_whatever_is_in_it() {
        for text in [".", "www.example.com", "a\\.b.c", "\\000\\255.\\\\x", "xn--bcher-kva.example"]
        {
            assert_eq!(name(text).to_string(), text);
        }
        assert_eq!(name("example.com."), name("EXAMPLE.com"));
        assert!(!name("a.b").is_exactly(&name("A.b")));
        assert_eq!(Name::from_wire(b"\x01a\0"), Some(name("a")));
        assert_eq!(Name::from_wire(b"\x01a\0\0"), None);
        assert_eq!(Name::from_wire(b"\xc0\x0c"), None);
    }

    #[test]
    fn what_is_no_name_is_said() {
        assert_eq!(Name::of("a..b"), Err(BadName::EmptyLabel));
        assert_eq!(Name::of(".b"), Err(BadName::EmptyLabel));
        assert_eq!(Name::of(&"x".repeat(64)), Err(BadName::LongLabel));
        assert_eq!(Name::of(&"abc.".repeat(64)), Err(BadName::Long));
        assert_eq!(Name::of("a\\25"), Err(BadName::Escape));
        assert_eq!(Name::of("\\256"), Err(BadName::Escape));
    }

    #[test]
    fn a_name_is_within_what_stands_above_it_label_by_label() {
        let host = name("www.Example.com");
        assert!(host.is_within(&name("example.COM")) && host.is_within(&Name::root()));
        assert!(!host.is_within(&name("xample.com")) && !name("com").is_within(&host));
        assert_eq!((host.depth(), host.last(2)), (3, name("example.com")));
        assert_eq!(name("www").below(&name("lab.example")), Some(name("www.lab.example")));
    }
}
