//! How does a text fit into so many columns?

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// How many cells of a terminal a text takes.
pub(super) fn cells(text: &str) -> usize {
    text.width()
}

/// A text in lines of at most so many cells, the first and the others; never none. It is broken at spaces,
/// and within a word that is too long for any line.
pub(super) fn wrapped(text: &str, first: usize, others: usize) -> Vec<String> {
    let (mut lines, mut line, mut used) = (Vec::new(), String::new(), 0);
    let mut room = first.max(1);
    let mut gap = 0;
    for word in text.split(' ') {
        if word.is_empty() {
            gap += 1;
            continue;
        }
        let wide = cells(word);
        if used > 0 && used + gap + wide > room {
            lines.push(std::mem::take(&mut line));
            (used, gap, room) = (0, 0, others.max(1));
        }
        // Spaces in front of everything put a text in its place.
        line.extend(std::iter::repeat_n(' ', gap.min(room.saturating_sub(used + 1))));
        used += gap.min(room.saturating_sub(used + 1));
        for character in word.chars() {
            let wide = character.width().unwrap_or(0);
            if used > 0 && used + wide > room {
                lines.push(std::mem::take(&mut line));
                (used, room) = (0, others.max(1));
            }
            line.push(character);
            used += wide;
        }
        gap = 1;
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_are_too_long_are_cut_and_others_are_not() {
        assert_eq!(wrapped("one two three", 7, 5), ["one two", "three"]);
        assert_eq!(wrapped("= 80      one segment", 80, 80), ["= 80      one segment"]);
        assert_eq!(wrapped("a verylongword b", 6, 4), ["a", "very", "long", "word", "b"]);
        assert_eq!(wrapped("", 5, 5), [""]);
        // Each of these takes two cells.
        assert_eq!(wrapped("한글한글", 5, 4), ["한글", "한글"]);
    }

    #[test]
    fn no_line_is_longer_than_its_room() {
        let text = "some words, a-very-very-very-long-one, 한글 and   spaces  ";
        for (first, others) in (2..40).flat_map(|first| (2..40).map(move |others| (first, others)))
        {
            for (at, line) in wrapped(text, first, others).iter().enumerate() {
                assert!(cells(line) <= if at == 0 { first } else { others }, "{line:?}");
            }
        }
    }
}
