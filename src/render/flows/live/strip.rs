//! One line of the screen, cell by cell.
//!
//! Terminals do not agree on how wide every character is. Behind each cell that is not all ASCII the place
//! is therefore named, and what may stand there wiped: whatever the terminal takes the characters for,
//! the next column begins where it should.

use unicode_width::UnicodeWidthChar;

use crate::ink::{Ink, Paint};

/// A line while it is written, from its first cell on.
pub(super) struct Strip {
    ink: Ink,
    at: usize,
    width: usize,
    scratch: Ink,
}

/// Where a text stands in its room.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Edge {
    Left,
    Right,
}

impl Strip {
    pub(super) fn new(width: usize, like: &Ink) -> Self {
        let (mut ink, mut scratch) = (Ink::default(), Ink::default());
        (ink.colour, ink.ascii, scratch.ascii) = (like.colour, like.ascii, like.ascii);
        Self { ink, at: 0, width, scratch }
    }

    /// How many cells are left.
    pub(super) fn left(&self) -> usize {
        self.width - self.at
    }

    /// Writes safe text without colours into so many cells, or as many as are left; what has no room is cut off.
    pub(super) fn cell(
        &mut self,
        room: usize,
        edge: Edge,
        paint: Option<Paint>,
        write: impl FnOnce(&mut Ink),
    ) {
        let room = room.min(self.left());
        self.scratch.clear();
        write(&mut self.scratch);
        let text = String::from_utf8_lossy(self.scratch.as_bytes()).into_owned();
        let text = clipped(&shown(&text, self.ink.ascii), room, self.ink.ascii);
        let blank = room - cells(&text);
        self.ink.spaces(if edge == Edge::Right { blank } else { 0 });
        match paint {
            Some(paint) => self.ink.paint(paint, &text),
            None => self.ink.text(&text),
        };
        self.ink.spaces(if edge == Edge::Left { blank } else { 0 });
        self.at += room;
        if !text.is_ascii() && self.left() > 0 {
            self.ink.text("\x1b[K\x1b[").count(self.at + 1).text("G");
        }
    }

    /// Leaves so many cells out.
    pub(super) fn gap(&mut self, count: usize) {
        let count = count.min(self.left());
        self.ink.spaces(count);
        self.at += count;
    }

    /// From here on in the colour of a meaning.
    pub(super) fn begin(&mut self, paint: Paint) {
        self.ink.begin(paint);
    }

    pub(super) fn end(mut self) -> Vec<u8> {
        self.ink.plain();
        self.ink.as_bytes().to_vec()
    }
}

/// As much of a text as so many cells hold, its end left out if it does not fit.
pub(super) fn clipped(text: &str, room: usize, ascii: bool) -> String {
    if cells(text) <= room {
        return text.to_owned();
    }
    let mark = if ascii { "..." } else { "…" };
    let mark = if cells(mark) < room { mark } else { "" };
    let mut clipped = head(text, room - cells(mark)).to_owned();
    clipped.push_str(mark);
    clipped
}

/// The same of an address, whose end says more than its middle.
pub(super) fn without_middle(text: &str, room: usize, ascii: bool) -> String {
    let mark = if ascii { "..." } else { "…" };
    if cells(text) <= room || room < 2 * cells(mark) + 2 {
        return clipped(text, room, ascii);
    }
    let left = room - cells(mark);
    let head = head(text, left / 2);
    format!("{head}{mark}{}", tail(text, left - left / 2))
}

/// The first characters that fit.
fn head(text: &str, room: usize) -> &str {
    let mut used = 0;
    let end = text.char_indices().find(|(_, character)| {
        used += wide(*character);
        used > room
    });
    end.map_or(text, |(at, _)| &text[..at])
}

/// The last characters that fit.
fn tail(text: &str, room: usize) -> &str {
    let mut used = 0;
    let before = text.char_indices().rev().find(|(_, character)| {
        used += wide(*character);
        used > room
    });
    before.map_or(text, |(at, character)| &text[at + character.len_utf8()..])
}

pub(super) fn cells(text: &str) -> usize {
    text.chars().map(wide).sum()
}

fn wide(character: char) -> usize {
    character.width().unwrap_or(0)
}

/// Where only ASCII can be shown, other characters are spelled.
fn shown(text: &str, ascii: bool) -> String {
    if !ascii || text.is_ascii() {
        return text.to_owned();
    }
    let spell = |character: char| {
        if character.is_ascii() {
            character.to_string()
        } else {
            character.escape_unicode().to_string()
        }
    };
    text.chars().map(spell).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_takes_the_cells_it_is_given_and_no_more() {
        for room in 0..14 {
            for text in ["한국어이름", "plain words", "a한b국c", "…→…"] {
                for ascii in [false, true] {
                    let shown = clipped(text, room, ascii);
                    assert!(cells(&shown) <= room, "{shown:?} in {room}");
                    assert!(cells(&without_middle(text, room, ascii)) <= room);
                }
            }
        }
        assert_eq!(clipped("한국어이름", 6, false), "한국…");
        assert_eq!(clipped("한국어이름", 10, false), "한국어이름");
        assert_eq!(without_middle("2001:db8::1234:5678", 11, false), "2001:…:5678");
    }

    #[test]
    fn what_is_no_ascii_is_followed_by_its_place() {
        let mut strip = Strip::new(20, &Ink::default());
        strip.cell(6, Edge::Left, None, |ink| _ = ink.text("한"));
        strip.cell(4, Edge::Right, None, |ink| _ = ink.text("12"));
        strip.cell(99, Edge::Left, None, |ink| _ = ink.text("the rest of it"));
        assert_eq!(strip.end(), "한    \x1b[K\x1b[7G  12the rest …".as_bytes());
        let mut like = Ink::default();
        like.ascii = true;
        let mut strip = Strip::new(20, &like);
        strip.cell(10, Edge::Left, None, |ink| _ = ink.text("한"));
        assert_eq!(strip.end(), b"\\u{d55c}  ");
    }
}
