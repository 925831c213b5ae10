//! Domain names inside options, written as in DNS (RFC 1035 §4.1.4, RFC 3397 §2, RFC 8415 §10).

use arrayvec::ArrayVec;

/// A name as text; RFC 1035 §2.3.4 has it fit.
pub(crate) type Text = ArrayVec<u8, 255>;

/// The name that begins at `from`, and where it ends.
///
/// Pointers lead backwards only, each further than the last, so that they come to an end. A name
/// that is broken off is let through, as RFC 4704 §4.2 wants for names without a domain.
pub(crate) fn name(octets: &[u8], from: usize) -> Option<(Text, usize)> {
    let mut text = Text::new();
    let (mut at, mut lowest, mut end) = (from, from, None);
    loop {
        match octets.get(at) {
            None if end.is_none() && !text.is_empty() => return Some((text, at)),
            Some(0) => return Some((text, end.unwrap_or(at + 1))),
            Some(len @ 1..64) => {
                let label = octets.get(at + 1..at + 1 + usize::from(*len))?;
                if !text.is_empty() {
                    text.try_push(b'.').ok()?;
                }
                text.try_extend_from_slice(label).ok()?;
                at += 1 + label.len();
            }
            Some(high @ 0xc0..) => {
                let target = usize::from(high & 0x3f) << 8 | usize::from(*octets.get(at + 1)?);
                if target >= lowest {
                    return None;
                }
                end = end.or(Some(at + 2));
                (at, lowest) = (target, target);
            }
            None | Some(_) => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_leads_backwards_or_nowhere() {
        let octets = b"\x02ab\0\x01c\xc0\x00\xc0\x08";
        let (text, end) = name(octets, 4).expect("a name");
        assert_eq!((text.as_slice(), end), (b"c.ab".as_slice(), 8));
        assert_eq!(name(octets, 8), None);
    }
}
