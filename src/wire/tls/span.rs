//! A stretch of a layer's octets, taken off the front, that knows where it lies.
//!
//! Positions are counted from the start of the layer. The end is where it was on the wire, or where
//! the segment ended; the capture may have kept less.

use std::ops::Range;

use crate::octets::Octets;
use crate::wire::field::{Field, Listener, Value};

#[derive(Clone, Copy, Debug)]
pub(super) struct Span<'a> {
    /// What was kept of the layer, from its start.
    kept: &'a [u8],
    at: usize,
    end: usize,
}

/// Where the answer would be, the capture or the segment had ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unseen;

/// A name for a number, where there is one.
pub(super) type Names = fn(u32) -> Option<&'static str>;

impl<'a> Span<'a> {
    pub(super) fn new(octets: Octets<'a>) -> Self {
        Self { kept: octets.kept(), at: 0, end: octets.len() }
    }

    /// No octets, where this begins.
    pub(super) fn nothing(&self) -> Self {
        Self { end: self.at, ..*self }
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// How many octets were left on the wire.
    pub(super) fn len(&self) -> usize {
        self.end - self.at
    }

    pub(super) fn is_empty(&self) -> bool {
        self.at == self.end
    }

    pub(super) fn range(&self) -> Range<usize> {
        self.at..self.end
    }

    /// What was kept of what is left.
    pub(super) fn kept(&self) -> &'a [u8] {
        self.kept.get(self.at..self.end.min(self.kept.len())).unwrap_or_default()
    }

    /// Octets all of which were sent and kept.
    pub(super) fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let taken = self.kept().get(..len)?;
        self.at += len;
        Some(taken)
    }

    /// A number of up to four octets.
    pub(super) fn number(&mut self, width: usize) -> Option<u32> {
        let octets = self.take(width)?;
        Some(octets.iter().fold(0, |number, octet| number << 8 | u32::from(*octet)))
    }

    /// The next `len` octets, or as many as there were on the wire.
    pub(super) fn part(&mut self, len: usize) -> Self {
        let end = self.at + len.min(self.len());
        let part = Self { end, ..*self };
        self.at = end;
        part
    }

    /// What follows a length of `width` octets, as long as that says.
    pub(super) fn vector(&mut self, width: usize) -> Option<Self> {
        let len = self.number(width)?;
        Some(self.part(len as usize))
    }

    pub(super) fn tell(
        &mut self,
        listener: &mut dyn Listener,
        field: &'static Field,
        width: usize,
    ) -> Option<u32> {
        self.tell_named(listener, field, width, |_| None)
    }

    /// Tells a number with its name.
    pub(super) fn tell_named(
        &mut self,
        listener: &mut dyn Listener,
        field: &'static Field,
        width: usize,
        names: Names,
    ) -> Option<u32> {
        let start = self.at;
        let number = self.number(width)?;
        let value = match names(number) {
            Some(name) => Value::Named(number.into(), name),
            None => Value::Number(number.into()),
        };
        listener.field(field, start..self.at, value);
        Some(number)
    }

    /// Tells `len` octets, when all are there.
    pub(super) fn tell_octets(
        &mut self,
        listener: &mut dyn Listener,
        field: &'static Field,
        len: usize,
    ) -> Option<&'a [u8]> {
        let start = self.at;
        let octets = self.take(len)?;
        if !octets.is_empty() {
            listener.field(field, start..self.at, Value::Octets(octets));
        }
        Some(octets)
    }

    /// As [`Span::tell_octets`], for text.
    pub(super) fn tell_text(
        &mut self,
        listener: &mut dyn Listener,
        field: &'static Field,
        len: usize,
    ) -> Option<&'a [u8]> {
        let start = self.at;
        let text = self.take(len)?;
        listener.field(field, start..self.at, Value::Text(text));
        Some(text)
    }

    /// Tells a length of `width` octets; what it spans comes back.
    pub(super) fn tell_vector(
        &mut self,
        listener: &mut dyn Listener,
        field: &'static Field,
        width: usize,
    ) -> Option<Self> {
        let len = self.tell(listener, field, width)?;
        Some(self.part(len as usize))
    }

    /// Tells the rest as numbers of `width` octets each.
    pub(super) fn tell_all(
        &mut self,
        listener: &mut dyn Listener,
        field: &'static Field,
        width: usize,
        names: Names,
    ) {
        for _ in 0..MOST {
            if self.tell_named(listener, field, width, names).is_none() {
                break;
            }
        }
    }
}

/// Of a list with more than this many entries the first are told. Browsers send 20 cipher suites,
/// scanners some 400.
pub(super) const MOST: usize = 512;
