//! How are sentences set on a page of so many cells?

use super::super::value::cells;
use crate::ink::{Ink, Paint};

/// Writes words in lines of at most `width` cells.
pub(super) struct Page<'i> {
    pub(super) ink: &'i mut Ink,
    width: usize,
}

impl<'i> Page<'i> {
    pub(super) fn new(ink: &'i mut Ink, width: usize) -> Self {
        Self { ink, width }
    }

    pub(super) fn width(&self) -> usize {
        self.width
    }

    pub(super) fn heading(&mut self, words: &str) {
        self.ink.text("\n").paint(Paint::Name, words).text("\n");
    }

    /// A paragraph whose lines begin at `indent`; what stands before its first line is written already
    /// and takes `used` cells.
    pub(super) fn flow(&mut self, text: &str, used: usize, indent: usize) {
        let indent = indent.min(self.width / 2);
        let mut at = used;
        // Whether something of the text stands on the line.
        let mut begun = false;
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            let mut word = word;
            let gap = usize::from(begun);
            if at + gap + cells(word.as_bytes()) > self.width && (begun || at > indent) {
                self.end_line();
                self.ink.spaces(indent);
                (at, begun) = (indent, false);
            }
            if begun {
                self.ink.text(" ");
                at += 1;
            }
            // A word that is longer than a line is broken.
            while at + cells(word.as_bytes()) > self.width {
                let fits = fitting(word, self.width.saturating_sub(at).max(1));
                self.ink.text(&word[..fits]);
                self.end_line();
                self.ink.spaces(indent);
                (at, word) = (indent, &word[fits..]);
            }
            self.ink.text(word);
            at += cells(word.as_bytes());
            begun = true;
        }
        self.end_line();
    }

    /// Ends a line without the spaces at its end.
    pub(super) fn end_line(&mut self) {
        let line = self.ink.as_bytes();
        let spaces = line.iter().rev().take_while(|octet| **octet == b' ').count();
        self.ink.back_to(line.len() - spaces);
        self.ink.text("\n");
    }

    /// A paragraph of its own.
    pub(super) fn paragraph(&mut self, indent: usize, text: &str) {
        self.ink.spaces(indent);
        self.flow(text, indent, indent);
    }

    /// A paragraph behind a sign.
    pub(super) fn item(&mut self, text: &str) {
        self.ink.text("  - ");
        self.flow(text, 4, 4);
    }
}

/// How many octets of a word fit into so many cells; one character at least.
fn fitting(word: &str, room: usize) -> usize {
    let ends = word.char_indices().map(|(at, character)| at + character.len_utf8());
    let first = word.chars().next().map_or(0, char::len_utf8);
    ends.take_while(|end| cells(&word.as_bytes()[..*end]) <= room).last().unwrap_or(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(text: &str, width: usize) -> String {
        crate::ink::written(|ink| Page::new(ink, width).paragraph(2, text))
    }

    #[test]
    fn lines_end_between_words_and_long_words_are_broken() {
        assert_eq!(set("one two three", 10), "  one two\n  three\n");
        assert_eq!(set("abcdefghijkl", 10), "  abcdefgh\n  ijkl\n");
        assert_eq!(
            set("a \u{d55c}\u{d55c}\u{d55c} b", 8),
            "  a\n  \u{d55c}\u{d55c}\u{d55c}\n  b\n"
        );
        assert_eq!(set("", 8), "\n");
    }
}
