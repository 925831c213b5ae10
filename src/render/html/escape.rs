//! How does foreign text get into a page without becoming a part of it?
//!
//! Markup is our own and known when the program is built; everything else goes through [`Markup::text`],
//! within elements and within attributes alike. There is no other way in.

use std::io;

use crate::ink::{self, Ink};
use crate::render::out::Out;

/// A page while it is written.
pub(super) struct Markup<'o> {
    out: &'o mut Out,
}

impl<'o> Markup<'o> {
    pub(super) fn new(out: &'o mut Out) -> Self {
        Self { out }
    }

    fn ink(&mut self) -> &mut Ink {
        &mut self.out.ink
    }

    /// Markup, or words of ours that need no escape.
    pub(super) fn own(&mut self, markup: &'static str) -> &mut Self {
        self.ink().text(markup);
        self
    }

    /// Anything else, as text or within an attribute's quotation marks.
    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        let ink = self.ink();
        for character in text.chars() {
            match character {
                '&' => ink.text("&amp;"),
                '<' => ink.text("&lt;"),
                '>' => ink.text("&gt;"),
                '"' => ink.text("&quot;"),
                '\'' => ink.text("&#39;"),
                // What was made safe before stays as it is; nothing else comes through either.
                safe if ink::is_safe(safe) => ink.text(safe.encode_utf8(&mut [0; 4])),
                other => ink.text("\\u{").hex(u64::from(other), 4).text("}"),
            };
        }
        self
    }

    /// Foreign text whose direction shall not change that of what stands beside it.
    pub(super) fn apart(&mut self, text: &str) -> &mut Self {
        self.own("<bdi>").text(text).own("</bdi>")
    }

    pub(super) fn number(&mut self, number: impl Into<u64>) -> &mut Self {
        self.ink().number(number);
        self
    }

    pub(super) fn count(&mut self, count: usize) -> &mut Self {
        self.number(count as u64)
    }

    /// A place in a picture, to a tenth.
    pub(super) fn place(&mut self, place: f64) -> &mut Self {
        let tenths = (place * 10.0).round().clamp(-1e9, 1e9) as i64;
        let ink = self.ink();
        ink.signed(tenths / 10);
        if tenths < 0 && tenths > -10 {
            // The sign of what is less than one.
            ink.back_to(ink.len() - 1);
            ink.text("-0");
        }
        if tenths % 10 != 0 {
            ink.text(".").number((tenths % 10).unsigned_abs());
        }
        self
    }

    /// An attribute that says where something is, or how long.
    pub(super) fn at(&mut self, name: &'static str, place: f64) -> &mut Self {
        self.own(" ").own(name).own("=\"").place(place).own("\"")
    }

    /// A sentence in which the numbers of packets lead to them, where they are on this page: `shown`, in
    /// their order.
    pub(super) fn sentence(&mut self, sentence: &str, shown: &[u64]) -> &mut Self {
        let mut rest = sentence;
        while let Some(at) = rest.find('#') {
            let digits = rest[at + 1..].bytes().take_while(u8::is_ascii_digit).count();
            let (before, from) = rest.split_at(at);
            let (name, after) = from.split_at(1 + digits);
            self.text(before);
            match name[1..].parse() {
                Ok(packet) => self.packet(packet, shown),
                Err(_) => self.text(name),
            };
            rest = after;
        }
        self.text(rest)
    }

    /// A packet's number, and the way to it.
    pub(super) fn packet(&mut self, packet: u64, shown: &[u64]) -> &mut Self {
        if shown.binary_search(&packet).is_err() {
            return self.own("#").number(packet);
        }
        self.own("<a href=\"#p").number(packet).own("\">#").number(packet).own("</a>")
    }

    /// Writes out what is there, when it is much.
    pub(super) fn when_full(&mut self) -> io::Result<()> {
        self.out.when_full()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl Fn(&mut Markup<'_>)) -> String {
        let mut out = Out::new(Box::new(io::sink()), false, false);
        write(&mut Markup::new(&mut out));
        String::from_utf8(out.ink.as_bytes().to_vec()).expect("UTF-8")
    }

    #[test]
    fn text_is_neither_markup_nor_the_end_of_an_attribute() {
        let attack = "<script>\"'&\u{202e}\u{200b}\n\u{7}</title>";
        assert_eq!(
            written(|page| _ = page.text(attack)),
            "&lt;script&gt;&quot;&#39;&amp;\\u{202e}\\u{200b}\\u{000a}\\u{0007}&lt;/title&gt;"
        );
    }

    #[test]
    fn places_have_a_sign_and_a_tenth() {
        for (place, said) in
            [(0.04, "0"), (12.34, "12.3"), (-0.52, "-0.5"), (-3.0, "-3"), (7.0, "7")]
        {
            assert_eq!(written(|page| _ = page.place(place)), said);
        }
    }

    #[test]
    fn packets_on_the_page_are_linked_and_others_named() {
        assert_eq!(
            written(|page| _ = page.sentence("from #3 to #40; # <x>", &[3, 4])),
            "from <a href=\"#p3\">#3</a> to #40; # &lt;x&gt;"
        );
    }
}
