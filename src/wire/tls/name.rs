//! Who is named? Distinguished names as text (RFC 4514).

use arrayvec::ArrayVec;

use super::der::{self, BMP_STRING, OID, SEQUENCE, SET};
use super::span::Span;

/// A name in text, clipped to what fits.
pub(super) type Text = ArrayVec<u8, 512>;

/// The last common name, unless there is none.
pub(super) fn common(mut name: Span<'_>) -> Option<&[u8]> {
    let mut common = None;
    while let Some(mut part) = der::value(&mut name, SET) {
        while let Some(attribute) = Attribute::read(&mut part) {
            if attribute.id == [0x55, 4, 3] && attribute.tag != BMP_STRING {
                common = Some(attribute.value).filter(|value| !value.is_empty());
            }
        }
    }
    common
}

/// Writes a name, its last part first.
pub(super) fn write(mut name: Span<'_>, text: &mut Text) {
    let mut parts = ArrayVec::<Span<'_>, MOST_PARTS>::new();
    while let Some(part) = der::value(&mut name, SET) {
        if parts.try_push(part).is_err() {
            break;
        }
    }
    for (place, mut part) in parts.into_iter().rev().enumerate() {
        if place > 0 {
            put(b",", text);
        }
        let mut first = true;
        while let Some(attribute) = Attribute::read(&mut part) {
            if !std::mem::replace(&mut first, false) {
                put(b"+", text);
            }
            attribute.write(text);
        }
    }
}

struct Attribute<'a> {
    id: &'a [u8],
    tag: u8,
    value: &'a [u8],
}

impl<'a> Attribute<'a> {
    fn read(part: &mut Span<'a>) -> Option<Self> {
        let mut attribute = der::value(part, SEQUENCE)?;
        let id = der::octets(der::value(&mut attribute, OID)?)?;
        let (tag, value) = der::any(&mut attribute)?;
        Some(Self { id, tag, value: der::octets(value)? })
    }

    fn write(&self, text: &mut Text) {
        match kind(self.id) {
            Some(kind) => put(kind.as_bytes(), text),
            None => put(&der::dotted(self.id), text),
        }
        put(b"=", text);
        let last = self.value.len().saturating_sub(1);
        if self.tag == BMP_STRING {
            let units = self.value.chunks_exact(2).map(|unit| u16::from_be_bytes([unit[0], unit[1]]));
            for character in char::decode_utf16(units) {
                let character = character.unwrap_or(char::REPLACEMENT_CHARACTER);
                put(character.encode_utf8(&mut [0; 4]).as_bytes(), text);
            }
            return;
        }
        for (place, octet) in self.value.iter().enumerate() {
            // RFC 4514 §2.4.
            let escaped = match octet {
                b'"' | b'+' | b',' | b';' | b'<' | b'>' | b'\\' => true,
                b'#' => place == 0,
                b' ' => place == 0 || place == last,
                _ => false,
            };
            if escaped {
                put(b"\\", text);
            }
            put(&[*octet], text);
        }
    }
}

/// RFC 4514 §3, and what OpenSSL calls some others.
fn kind(id: &[u8]) -> Option<&'static str> {
    Some(match id {
        [0x55, 4, 3] => "CN",
        [0x55, 4, 4] => "SN",
        [0x55, 4, 5] => "serialNumber",
        [0x55, 4, 6] => "C",
        [0x55, 4, 7] => "L",
        [0x55, 4, 8] => "ST",
        [0x55, 4, 9] => "street",
        [0x55, 4, 10] => "O",
        [0x55, 4, 11] => "OU",
        [0x55, 4, 12] => "title",
        [0x55, 4, 13] => "description",
        [0x55, 4, 15] => "businessCategory",
        [0x55, 4, 17] => "postalCode",
        [0x55, 4, 42] => "GN",
        [0x55, 4, 97] => "organizationIdentifier",
        [0x2b, 6, 1, 4, 1, 0x82, 0x37, 60, 2, 1, 1] => "jurisdictionL",
        [0x2b, 6, 1, 4, 1, 0x82, 0x37, 60, 2, 1, 2] => "jurisdictionST",
        [0x2b, 6, 1, 4, 1, 0x82, 0x37, 60, 2, 1, 3] => "jurisdictionC",
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1] => "emailAddress",
        [0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 1] => "UID",
        [0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 25] => "DC",
        _ => return None,
    })
}

/// What does not fit is left out.
fn put(octets: &[u8], text: &mut Text) {
    if text.try_extend_from_slice(octets).is_err() {
        let room = text.remaining_capacity();
        _ = text.try_extend_from_slice(octets.get(..room).unwrap_or_default());
    }
}

/// Parts of a name beyond this are left out.
const MOST_PARTS: usize = 32;
