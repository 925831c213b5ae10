//! What is typed?

use super::order::By;

/// What a key asks for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Wish {
    Sort(By),
    /// Rows up, or down where it is positive.
    Scroll(isize),
    /// The same in screens.
    Page(isize),
    Top,
    Bottom,
    /// Keep the picture as it is, or go on.
    Pause,
    /// Draw everything again.
    Redraw,
    /// Let the shell have the terminal.
    Suspend,
    End,
}

/// The keys that sort.
pub(super) const SORTS: [(char, &str, By); 7] = [
    ('p', "packets", By::Packets),
    ('b', "bytes", By::Octets),
    ('r', "rate", By::Rate),
    ('t', "RTT", By::Rtt),
    ('s', "resent", By::Resent),
    ('d', "age", By::Duration),
    ('n', "new", By::Number),
];

/// Where a Korean keyboard has these letters while it writes Korean.
const KOREAN: [(char, char); 11] = [
    ('ㅔ', 'p'),
    ('ㅠ', 'b'),
    ('ㄱ', 'r'),
    ('ㅅ', 't'),
    ('ㄴ', 's'),
    ('ㅇ', 'd'),
    ('ㅜ', 'n'),
    ('ㅂ', 'q'),
    ('ㅓ', 'j'),
    ('ㅏ', 'k'),
    ('ㅎ', 'g'),
];

/// Reads what a terminal sent; what it means nothing by is passed over.
///
/// A sequence that comes in two pieces means nothing, and none of its letters is a key.
pub(super) fn wishes(typed: &[u8]) -> Vec<Wish> {
    let mut wishes = Vec::new();
    let text = String::from_utf8_lossy(typed);
    let mut rest = &*text;
    while let Some(first) = rest.chars().next() {
        let (wish, used) = match sequence(rest) {
            Some((wish, len)) => (wish, len),
            None => (key(first), first.len_utf8()),
        };
        wishes.extend(wish);
        rest = &rest[used..];
    }
    wishes
}

/// ECMA-48 §5.4: what begins with CSI, or with what VT100s sent in its place; and how long it is.
fn sequence(text: &str) -> Option<(Option<Wish>, usize)> {
    let body = text.strip_prefix("\x1b[").or_else(|| text.strip_prefix("\x1bO"))?;
    let end = body.bytes().position(|octet| (b'@'..=b'~').contains(&octet))?;
    let wish = match &body[..=end] {
        "A" => Some(Wish::Scroll(-1)),
        "B" => Some(Wish::Scroll(1)),
        "5~" => Some(Wish::Page(-1)),
        "6~" => Some(Wish::Page(1)),
        "H" | "1~" | "7~" => Some(Wish::Top),
        "F" | "4~" | "8~" => Some(Wish::Bottom),
        _ => None,
    };
    Some((wish, 2 + end + 1))
}

fn key(typed: char) -> Option<Wish> {
    let korean = KOREAN.iter().find(|(jamo, _)| *jamo == typed);
    let letter = korean.map_or(typed, |(_, letter)| *letter);
    if let Some((.., by)) = SORTS.iter().find(|(key, ..)| *key == letter) {
        return Some(Wish::Sort(*by));
    }
    Some(match letter {
        'j' => Wish::Scroll(1),
        'k' => Wish::Scroll(-1),
        'g' => Wish::Top,
        'G' => Wish::Bottom,
        ' ' => Wish::Pause,
        // Control-C, Control-L, Control-Z.
        'q' | '\x03' => Wish::End,
        '\x0c' => Wish::Redraw,
        '\x1a' => Wish::Suspend,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_known_alone_and_in_sequences() {
        let all = wishes("rj\x1b[A\x1bOB\x1b[5~\x1b[6~\x1b[1;5C \x03".as_bytes());
        assert_eq!(
            all,
            [
                Wish::Sort(By::Rate),
                Wish::Scroll(1),
                Wish::Scroll(-1),
                Wish::Scroll(1),
                Wish::Page(-1),
                Wish::Page(1),
                Wish::Pause,
                Wish::End,
            ]
        );
        assert_eq!(wishes("ㄱㅂ".as_bytes()), [Wish::Sort(By::Rate), Wish::End]);
    }

    #[test]
    fn nothing_that_is_typed_breaks_the_reading() {
        for typed in [&b"\x1b"[..], b"\x1b[", b"\x1b[5", b"\xff\xfe", b"\x1b\x1b[Z", b"[A", b"\xe3"]
        {
            assert_eq!(wishes(typed), [], "{typed:?}");
        }
    }
}
