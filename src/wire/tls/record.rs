//! Records: what stands in the five octets before everything else (RFC 8446 §5.1).

use super::fields::{
    ALERT, ALERT_DESC, ALERT_LEVEL, APP_DATA, CHANGE_CIPHER, CONTENT_TYPE, HEARTBEAT,
    HEARTBEAT_LEN, HEARTBEAT_TYPE, LENGTH, RECORD, VERSION,
};
use super::handshake::{self, Past};
use super::span::Span;
use super::{Opened, named, names, or_number};
use crate::ink::Ink;
use crate::wire::field::{Listener, Value};

/// One record, or as much of it as the segment has.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record<'a> {
    header: [u8; 5],
    /// Where it begins, counted from the start of the view.
    pub(super) start: usize,
    pub(super) body: Span<'a>,
    form: Form,
}

/// Whether the header stands before the content, as on the wire.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Form {
    Framed,
    Opened,
}

impl<'a> Record<'a> {
    pub(super) fn read(span: &mut Span<'a>) -> Option<Self> {
        let mut ahead = *span;
        let header = *ahead.take(5)?.first_chunk()?;
        if !may_begin(&header) {
            return None;
        }
        let start = span.at();
        let body = ahead.part(u16::from_be_bytes([header[3], header[4]]).into());
        *span = ahead;
        Some(Self { header, start, body, form: Form::Framed })
    }

    /// What records held that were decrypted, as if it were one.
    pub(super) fn opened(opened: Opened, span: &mut Span<'a>) -> Self {
        let start = span.at();
        let body = span.part(u16::MAX.into());
        let [high, low] = (body.len() as u16).to_be_bytes();
        Self { header: [opened.header().0, 3, 3, high, low], start, body, form: Form::Opened }
    }

    pub(super) fn content_type(&self) -> u8 {
        self.header[0]
    }

    pub(super) fn version(&self) -> u16 {
        u16::from_be_bytes([self.header[1], self.header[2]])
    }

    /// As its header says, wherever the segment ends.
    pub(super) fn len(&self) -> usize {
        u16::from_be_bytes([self.header[3], self.header[4]]).into()
    }

    /// How much of it lies in later segments.
    pub(super) fn beyond(&self) -> usize {
        self.len() - self.body.len()
    }

    /// Writes the record; `None` where octets lacked to say more.
    pub(super) fn line(&self, past: Past, ink: &mut Ink) -> Option<()> {
        let mut body = self.body;
        match self.content_type() {
            20 => _ = ink.text("ChangeCipherSpec"),
            21 if self.len() == 2 => {
                let (level, desc) = (body.number(1)?, body.number(1)?);
                ink.text("alert ");
                or_number(names::alert_level(level), level, ink);
                ink.text(": ");
                or_number(names::alert(desc), desc, ink);
            }
            21 => _ = ink.text("encrypted alert"),
            22 => return handshake::line(self, past, ink),
            23 => _ = ink.text("application data ").count(self.len()),
            _ => match heartbeat(body) {
                Some(kind) => {
                    body.number(1)?;
                    ink.text("heartbeat ").text(kind).text(" of ").number(body.number(2)?);
                    ink.text(" in ").count(self.len());
                }
                None => _ = ink.text("heartbeat ").count(self.len()),
            },
        }
        Some(())
    }

    pub(super) fn fields(&self, past: Past, listener: &mut dyn Listener) {
        let at = self.start;
        let (content_type, version) = (self.content_type().into(), self.version().into());
        listener.open(&RECORD, at..self.body.range().end, Value::Nothing);
        if self.form == Form::Framed {
            listener.field(&CONTENT_TYPE, at..at + 1, named(names::content_type, content_type));
            listener.field(&VERSION, at + 1..at + 3, named(names::version, version));
            listener.field(&LENGTH, at + 3..at + 5, Value::Number(self.len() as u64));
        } else {
            listener.field(&CONTENT_TYPE, at..at, named(names::content_type, content_type));
        }
        let mut body = self.body;
        match self.content_type() {
            _ if body.is_empty() => {}
            20 => listener.field(&CHANGE_CIPHER, body.range(), Value::Nothing),
            21 => {
                listener.open(&ALERT, body.range(), Value::Nothing);
                if self.len() == 2 {
                    body.tell_named(listener, &ALERT_LEVEL, 1, names::alert_level);
                    body.tell_named(listener, &ALERT_DESC, 1, names::alert);
                }
                listener.close();
            }
            22 => handshake::fields(self, past, listener),
            23 => _ = body.tell_octets(listener, &APP_DATA, body.len()),
            _ => {
                listener.open(&HEARTBEAT, body.range(), Value::Nothing);
                if heartbeat(body).is_some() {
                    body.tell_named(listener, &HEARTBEAT_TYPE, 1, names::heartbeat);
                    body.tell(listener, &HEARTBEAT_LEN, 2);
                }
                listener.close();
            }
        }
        listener.close();
    }
}

/// Whether these may be the first octets of a record, as far as there are any.
pub fn may_begin(octets: &[u8]) -> bool {
    let looks = |at: usize, fits: fn(u8) -> bool| octets.get(at).is_none_or(|octet| fits(*octet));
    let len = octets.get(3..5).map_or(0, |len| u16::from_be_bytes([len[0], len[1]]));
    looks(0, |content_type| matches!(content_type, 20..=24))
        && looks(1, |major| major == 3)
        && looks(2, |minor| minor <= 4)
        && len <= LONGEST
}

/// What kind of heartbeat it is, unless it is encrypted (RFC 6520 §4).
///
/// A payload longer than its record is not held against it: that is the attack.
fn heartbeat(mut body: Span<'_>) -> Option<&'static str> {
    names::heartbeat(body.number(1)?)
}

/// RFC 5246 §6.2.3: a compressed and encrypted fragment may be this long.
pub const LONGEST: u16 = (1 << 14) + 2048;
