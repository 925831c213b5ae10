//! HTTP/2 in clear text (RFC 9113): the preface, and the frames that begin in this packet.
//!
//! Recognised by content on any port. Header blocks are not decoded: that needs every block sent
//! before (RFC 7541). A frame that goes on in a later segment is named in the line, and its octets
//! are left in `rest`; a segment that begins inside a frame is not recognised.

mod frame;
mod told;

use super::field::{Listener, Value};
use super::{Hint, Name, View};
use crate::ink::Ink;
use crate::octets::{Octets, Why};
use frame::{
    ACK, DATA, END_STREAM, Frame, GOAWAY, HEADER, PING, PUSH_PROMISE, RST_STREAM, SETTINGS,
    WINDOW_UPDATE, error,
};

#[derive(Clone, Copy, Debug)]
pub struct Http2<'a> {
    octets: Octets<'a>,
    /// Where the last frame ends that is all here.
    end: u32,
}

/// RFC 9113 §3.4: what a client sends first, so that no HTTP/1 server takes it for a request.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Frames beyond this are counted in the line, not named.
const NAMED: usize = 6;

impl<'a> Http2<'a> {
    fn frames(&self) -> Frames<'a> {
        let octets = self.octets.kept();
        Frames { octets, at: preface(octets) }
    }
}

impl<'a> View<'a> for Http2<'a> {
    const NAMES: &'static [Name] = &[Name { key: "http2", words: "HTTP/2" }];
    const FIELDS: &'static [&'static super::field::Field] = told::FIELDS;

    fn claims(_: Hint, octets: Octets<'a>) -> bool {
        match octets.kept() {
            [b'P', ..] => octets.kept().starts_with(PREFACE),
            // The length is at most 16,384, the type at most 9, and the reserved bit 0.
            [0, 0..=0x40, _, 0..=9, _, 0..=0x7f, ..] => is_chain(octets),
            _ => false,
        }
    }

    fn read(_: Hint, octets: Octets<'a>) -> Result<(Self, Hint, Octets<'a>), Why> {
        let frames = Frames { octets: octets.kept(), at: preface(octets.kept()) };
        let mut end = frames.at;
        for (at, frame) in frames.take_while(|(_, frame)| frame.is_sound() && frame.is_whole()) {
            end = at + HEADER + frame.len();
        }
        let (_, rest) = octets.split(end)?;
        Ok((Self { octets, end: end as u32 }, Hint::End, rest))
    }

    fn line(&self, ink: &mut Ink) {
        let mut separator = "";
        if preface(self.octets.kept()) > 0 {
            ink.text("preface");
            separator = ", ";
        }
        let end = self.end as usize;
        let mut more = 0u32;
        for (number, (at, frame)) in self.frames().enumerate() {
            let is_here = at < end;
            if number >= NAMED && is_here {
                more += 1;
                continue;
            }
            if !is_here {
                if number < NAMED && frame.is_sound() {
                    ink.text(separator);
                    gist(&frame, ink);
                }
                break;
            }
            ink.text(separator);
            gist(&frame, ink);
            separator = ", ";
        }
        if end < self.octets.len() {
            ink.ellipsis();
        } else if more > 0 {
            ink.text(" and ").number(more).text(" more");
        }
    }

    fn fields(&self, listener: &mut dyn Listener) {
        let start = preface(self.octets.kept());
        if start > 0 {
            listener.field(&told::MAGIC, 0..start, Value::Text(PREFACE));
        }
        for (at, frame) in self.frames().take_while(|(at, _)| *at < self.end as usize) {
            told::frame(&frame, at, listener);
        }
    }
}

fn preface(octets: &[u8]) -> usize {
    if octets.starts_with(PREFACE) { PREFACE.len() } else { 0 }
}

/// Whether octets are sound frames one behind the other, the last of which may go on later.
///
/// What follows a frame that is all there vouches for it; one that is not has to be plain.
fn is_chain(octets: Octets<'_>) -> bool {
    let mut at = 0;
    while let Some(frame) = octets.kept().get(at..).and_then(Frame::read) {
        if !frame.is_sound() {
            return false;
        }
        let end = at + HEADER + frame.len();
        if end == octets.len() {
            return true;
        }
        if end > octets.kept().len() {
            return at > 0 || frame.is_plain();
        }
        at = end;
    }
    at > 0
}

/// The frames from `at` on, the last of which may lack its end.
struct Frames<'a> {
    octets: &'a [u8],
    at: usize,
}

impl<'a> Iterator for Frames<'a> {
    type Item = (usize, Frame<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let at = self.at;
        let frame = Frame::read(self.octets.get(at..)?)?;
        self.at = at + HEADER + frame.len();
        Some((at, frame))
    }
}

/// A frame in a few words.
fn gist(frame: &Frame<'_>, ink: &mut Ink) {
    ink.text(frame.word());
    if frame.stream() != 0 {
        ink.text(" stream ").number(frame.stream());
    }
    match frame.kind() {
        DATA => _ = ink.text(" ").count(frame.len()).text(" octets"),
        SETTINGS | PING if frame.has(ACK) => _ = ink.text(" ack"),
        WINDOW_UPDATE => {
            if let Some(more) = frame.word_at(0) {
                ink.text(" +").number(more & 0x7fff_ffff);
            }
        }
        RST_STREAM => {
            if let Some(code) = frame.word_at(0) {
                ink.text(" ").text(error(code));
            }
        }
        GOAWAY => {
            if let (Some(last), Some(code)) = (frame.word_at(0), frame.word_at(4)) {
                ink.text(" last stream ").number(last & 0x7fff_ffff).text(" ").text(error(code));
            }
        }
        PUSH_PROMISE => {
            if let Some(promised) = frame.word_at(usize::from(frame.has(frame::PADDED))) {
                ink.text(" promises stream ").number(promised & 0x7fff_ffff);
            }
        }
        _ => {}
    }
    if matches!(frame.kind(), DATA | frame::HEADERS) && frame.has(END_STREAM) {
        ink.text(" end");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_claimed(octets: &[u8]) -> bool {
        Http2::claims(Hint::Tcp(1, 2), Octets::whole(octets))
    }

    #[test]
    fn what_only_looks_like_a_frame_is_left_alone() {
        let query = b"\0\x2c\0\0\x01\0\0\x01\0\0\0\0\0\0\x03www\x03lab\x07example\0\0\x01\0\x01";
        assert!(!is_claimed(query), "a DNS query over TCP");
        assert!(!is_claimed(&[0; 64]), "zeros");
        assert!(!is_claimed(b"\0\0\x85\xff\x53\x4d\x42\x72\0\0\0\0"), "an SMB message");
        assert!(!is_claimed(b"\0\x01\0\0\0\x06\x01\x03\0\0\0\x0a"), "a Modbus request");
    }

    #[test]
    fn a_frame_alone_is_known_when_it_fills_the_segment_or_is_plain() {
        assert!(is_claimed(b"\0\0\0\x04\x01\0\0\0\0"), "SETTINGS with ACK");
        assert!(is_claimed(b"\0\x0e\xaa\0\x01\0\0\0\x01<html>"), "DATA that goes on");
        assert!(!is_claimed(b"\0\x0e\xaa\0\x08\0\0\0\x01<html>"), "padded DATA that goes on");
    }
}
