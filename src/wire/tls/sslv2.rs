//! A `ClientHello` in the form of SSL 2.0, which clients that also spoke SSL 3.0 or TLS sent first
//! (RFC 5246 §E.2).
//!
//! ```text
//! |1|           Length            |   1 (hello)   |   0
//! |            Version            |  Cipher specs length          |   3
//! |  Session ID length            |  Challenge length             |   7
//! |  Cipher specs, three octets each, session ID, challenge …        11
//! ```

use super::fields::{
    CHALLENGE, CHALLENGE_LEN, CIPHER_SPEC, CIPHER_SPEC_LEN, HELLO_VERSION, LENGTH, RECORD,
    SESSION_ID, SESSION_ID_LEN, TYPE,
};
use super::names;
use super::span::Span;
use crate::ink::Ink;
use crate::octets::Octets;
use crate::wire::field::{Listener, Value};

/// So little marks it that all its lengths must agree, and that it must fill its segment.
pub(super) fn claims(octets: Octets<'_>) -> bool {
    let Some(&[a, b, 1, major, minor, c, d, e, f, g, h]) = octets.kept().first_chunk() else {
        return false;
    };
    let told = |high: u8, low: u8| usize::from(u16::from_be_bytes([high, low]));
    let (specs, session, challenge) = (told(c, d), told(e, f), told(g, h));
    a >= 0x80
        && told(a & 0x7f, b) + 2 == octets.len()
        && matches!((major, minor), (3, 0..=4) | (0, 2))
        && specs > 0
        && specs % 3 == 0
        && matches!(session, 0 | 16)
        && (16..=32).contains(&challenge)
        && 11 + specs + session + challenge == octets.len()
}

pub(super) fn line(octets: Octets<'_>, ink: &mut Ink) {
    let mut span = Span::new(octets);
    span.part(3);
    ink.text("ClientHello in SSL 2.0 form");
    if let Some(version) = span.number(2).and_then(names::version) {
        ink.text(" offers ").text(version);
    }
}

pub(super) fn fields(octets: Octets<'_>, listener: &mut dyn Listener) {
    listener.open(&RECORD, 0..octets.len(), Value::Nothing);
    hello(octets, listener);
    listener.close();
}

fn hello(octets: Octets<'_>, listener: &mut dyn Listener) -> Option<()> {
    let mut span = Span::new(octets);
    let length = span.number(2)? & 0x7fff;
    listener.field(&LENGTH, 0..2, Value::Number(length.into()));
    span.tell_named(listener, &TYPE, 1, names::message)?;
    span.tell_named(listener, &HELLO_VERSION, 2, names::version)?;
    let specs = span.tell(listener, &CIPHER_SPEC_LEN, 2)?;
    let session = span.tell(listener, &SESSION_ID_LEN, 2)?;
    let challenge = span.tell(listener, &CHALLENGE_LEN, 2)?;
    // RFC 5246 §E.2: a suite of TLS has 0 before it.
    span.part(specs as usize).tell_all(listener, &CIPHER_SPEC, 3, names::suite);
    span.tell_octets(listener, &SESSION_ID, session as usize)?;
    let challenge = span.part(challenge as usize);
    listener.field(&CHALLENGE, challenge.range(), Value::Nothing);
    Some(())
}
