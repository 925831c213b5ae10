//! Handshake messages, as long as they are in clear text (RFC 8446 §4, RFC 5246 §7.4).
//!
//! ```text
//! |      Type     |                    Length                     |   0
//! ```
//!
//! Nothing says that a handshake record is encrypted. It is taken to be when it cannot be read as
//! messages, or follows a change of cipher in the same packet.

use super::fields::{
    CONTEXT, CONTEXT_LEN, EXTENSIONS_LEN, TICKET_AGE_ADD, TICKET_NONCE, TICKET_NONCE_LEN, VERIFY_DATA,
    CLIENT_POINT, CLIENT_POINT_LEN, CONTINUED, CURVE_TYPE, G, G_LEN, HANDSHAKE, HANDSHAKE_LEN,
    NAMED_CURVE, P, P_LEN, SERVER_POINT, SERVER_POINT_LEN, AUTHORITIES_LEN, CERT_TYPE, CERT_TYPES_LEN, SIG, SIG_ALG, SIG_ALGS_LEN, SIG_LEN, TICKET, TICKET_LEN, TICKET_LIFETIME,
    TYPE, YS, YS_LEN,
};
use super::hello::{Hello, Side};
use super::span::Span;
use super::record::Record;
use super::certificate::Entries;
use super::{Version, certificate, extension, names};
use crate::ink::Ink;
use crate::wire::field::{Listener, Value};

/// What the records before this one in the same packet mean for it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Past {
    ciphers_changed: bool,
    /// How much of its last message the record before did not hold.
    owed: usize,
    /// The version, where the records were decrypted and nothing has to be guessed.
    known: Option<Version>,
}

/// A message, or as much of it as its record holds.
#[derive(Clone, Copy)]
struct Message<'a> {
    start: usize,
    kind: u32,
    len: usize,
    body: Span<'a>,
    form: Form,
}

/// What messages look like that differ between the versions.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Form {
    Old,
    /// RFC 8446 §4.
    Tls13,
}

/// What a handshake record holds.
enum Content<'a> {
    /// The end of a message that began in the record before, then others.
    Messages(Span<'a>, Span<'a>),
    Encrypted,
    /// The capture or the segment ended too early to tell.
    Unseen,
}

impl Past {
    pub(super) fn knowing(known: Option<Version>) -> Self {
        Self { known, ..Self::default() }
    }

    /// The version's number.
    pub(super) fn known(self) -> Option<u16> {
        self.known.map(|known| if known == Version::Tls13 { 0x0304 } else { 0x0303 })
    }

    pub(super) fn after(&mut self, record: &Record<'_>) {
        match record.content_type() {
            20 => self.ciphers_changed = true,
            22 => self.owed = owed(record, *self),
            _ => {}
        }
    }
}

impl<'a> Message<'a> {
    /// `beyond` octets of its record lie in a later segment.
    fn read(span: &mut Span<'a>, beyond: usize, past: Past) -> Option<Self> {
        let mut ahead = *span;
        let (kind, len) = (ahead.number(1)?, ahead.number(3)? as usize);
        let room = span.len() + beyond;
        let sensible = past.known.is_some() && names::message(kind).is_some()
            || makes_sense(kind, len, room, past)
            || may_be_hello(kind, len, room, past) && is_version({ ahead }.number(2)?);
        if !sensible {
            return None;
        }
        let start = span.at();
        let body = ahead.part(len);
        *span = ahead;
        let form = if past.known == Some(Version::Tls13) { Form::Tls13 } else { Form::Old };
        Some(Self { start, kind, len, body, form })
    }

    /// Writes the message; `None` where octets lacked to say more.
    fn line(self, ink: &mut Ink) -> Option<()> {
        match self.kind {
            1 => return Hello::line(Side::Client, self.body, ink),
            2 => return Hello::line(Side::Server, self.body, ink),
            _ => _ = ink.text(names::message(self.kind)?),
        }
        let mut body = self.body;
        match self.kind {
            4 => _ = ink.text(" for ").number(body.number(4)?).text(" s"),
            11 => {
                if self.form == Form::Tls13 {
                    body.vector(1)?;
                }
                certificate::line(body, ink)?;
            }
            12 => match Exchange::of(body)? {
                Exchange::Curve(group) => {
                    ink.text(" ");
                    super::or_number(names::group(group), group, ink);
                }
                Exchange::Prime(octets) => _ = ink.text(" DH ").number(octets * 8).text(" bits"),
                Exchange::Other => {}
            },
            _ => {}
        }
        Some(())
    }

    fn fields(self, listener: &mut dyn Listener) {
        let (at, mut body) = (self.start, self.body);
        listener.open(&HANDSHAKE, at..body.range().end, Value::Nothing);
        listener.field(&TYPE, at..at + 1, super::named(names::message, self.kind.into()));
        listener.field(&HANDSHAKE_LEN, at + 1..at + 4, Value::Number(self.len as u64));
        match (self.kind, self.form) {
            (4 | 8 | 11 | 13, Form::Tls13) => _ = new_fields(self.kind, body, listener),
            (20, _) => _ = body.tell_octets(listener, &VERIFY_DATA, body.len()),
            _ => self.old_fields(body, listener),
        }
        listener.close();
    }

    fn old_fields(self, mut body: Span<'a>, listener: &mut dyn Listener) {
        match self.kind {
            1 => _ = Hello::fields(Side::Client, body, listener),
            2 => _ = Hello::fields(Side::Server, body, listener),
            4 => _ = ticket_fields(&mut body, listener),
            11 => _ = certificate::fields(body, Entries::Bare, listener),
            12 => _ = exchange_fields(&mut body, listener),
            13 => _ = request_fields(body, listener),
            15 => _ = signature_fields(body, listener),
            16 if body.kept().first().is_some_and(|len| usize::from(*len) + 1 == self.len) => {
                // RFC 8422 §5.7: a point behind its length; after RSA the length has two octets.
                if let Some(len) = body.tell(listener, &CLIENT_POINT_LEN, 1) {
                    body.tell_octets(listener, &CLIENT_POINT, len as usize);
                }
            }
            _ => {}
        }
    }
}

/// Messages that TLS 1.3 has anew (RFC 8446 §4.3.1, §4.3.2, §4.4.2, §4.6.1).
fn new_fields(kind: u32, mut body: Span<'_>, listener: &mut dyn Listener) -> Option<()> {
    if kind == 4 {
        body.tell(listener, &TICKET_LIFETIME, 4)?;
        body.tell(listener, &TICKET_AGE_ADD, 4)?;
        let len = body.tell(listener, &TICKET_NONCE_LEN, 1)?;
        body.tell_octets(listener, &TICKET_NONCE, len as usize)?;
        let len = body.tell(listener, &TICKET_LEN, 2)?;
        body.tell_octets(listener, &TICKET, len as usize)?;
    } else if kind != 8 {
        let len = body.tell(listener, &CONTEXT_LEN, 1)?;
        body.tell_octets(listener, &CONTEXT, len as usize)?;
    }
    if kind == 11 {
        return certificate::fields(body, Entries::WithExtensions, listener);
    }
    let extensions = body.tell_vector(listener, &EXTENSIONS_LEN, 2)?;
    extension::fields(extensions, Side::Server, listener);
    Some(())
}

/// How the server's key is made.
enum Exchange {
    /// On a named curve (RFC 8422 §5.4).
    Curve(u32),
    /// Modulo a prime of so many octets (RFC 5246 §7.4.3).
    Prime(u32),
    /// Which the cipher suite would have to tell.
    Other,
}

impl Exchange {
    fn of(mut body: Span<'_>) -> Option<Self> {
        let mut prime = body;
        let (curve_type, group, point) = (body.number(1)?, body.number(2)?, body.number(1)?);
        if curve_type == 3 && names::group(group).is_some() && point > 16 {
            return Some(Self::Curve(group));
        }
        let octets = prime.number(2)?;
        let fits = (32..=2048).contains(&octets) && prime.len() > octets as usize;
        Some(if fits { Self::Prime(octets) } else { Self::Other })
    }
}

fn exchange_fields(body: &mut Span<'_>, listener: &mut dyn Listener) -> Option<()> {
    match Exchange::of(*body)? {
        Exchange::Curve(_) => {
            body.tell_named(listener, &CURVE_TYPE, 1, |_| Some("named_curve"))?;
            body.tell_named(listener, &NAMED_CURVE, 2, names::group)?;
            let len = body.tell(listener, &SERVER_POINT_LEN, 1)?;
            body.tell_octets(listener, &SERVER_POINT, len as usize)?;
        }
        Exchange::Prime(_) => {
            for (len, number) in [(&P_LEN, &P), (&G_LEN, &G), (&YS_LEN, &YS)] {
                let octets = body.tell(listener, len, 2)?;
                body.tell_octets(listener, number, octets as usize)?;
            }
        }
        Exchange::Other => return None,
    }
    signature_fields(*body, listener)
}

/// RFC 5246 §4.7; before TLS 1.2 no scheme stood before the signature.
fn signature_fields(mut body: Span<'_>, listener: &mut dyn Listener) -> Option<()> {
    let mut ahead = body;
    let known = names::signature_scheme(ahead.number(2)?).is_some();
    ahead.vector(2)?;
    if known && ahead.is_empty() {
        body.tell_named(listener, &SIG_ALG, 2, names::signature_scheme)?;
    }
    let len = body.tell(listener, &SIG_LEN, 2)?;
    body.tell_octets(listener, &SIG, len as usize)?;
    Some(())
}

/// RFC 5246 §7.4.4; before TLS 1.2 there were no schemes.
fn request_fields(mut body: Span<'_>, listener: &mut dyn Listener) -> Option<()> {
    let mut types = body.tell_vector(listener, &CERT_TYPES_LEN, 1)?;
    types.tell_all(listener, &CERT_TYPE, 1, names::certificate_type);
    let mut ahead = body;
    let schemes = ahead.vector(2)?;
    let is_1_2 = schemes.len() % 2 == 0 && !ahead.is_empty();
    if is_1_2 && ahead.number(2)? as usize == ahead.len() {
        let mut schemes = body.tell_vector(listener, &SIG_ALGS_LEN, 2)?;
        schemes.tell_all(listener, &SIG_ALG, 2, names::signature_scheme);
    }
    body.tell(listener, &AUTHORITIES_LEN, 2)?;
    Some(())
}

/// RFC 5077 §3.3.
fn ticket_fields(body: &mut Span<'_>, listener: &mut dyn Listener) -> Option<()> {
    body.tell(listener, &TICKET_LIFETIME, 4)?;
    let len = body.tell(listener, &TICKET_LEN, 2)?;
    body.tell_octets(listener, &TICKET, len as usize)?;
    Some(())
}

/// Writes a handshake record; `None` where octets lacked to say more.
pub(super) fn line(record: &Record<'_>, past: Past, ink: &mut Ink) -> Option<()> {
    let (continued, mut left) = match content(record, past) {
        Content::Messages(continued, left) => (continued, left),
        Content::Encrypted => return Some(_ = ink.text("encrypted handshake")),
        Content::Unseen => return None,
    };
    if !continued.is_empty() {
        ink.text("handshake continued");
    }
    let mut said = continued.is_empty();
    for _ in 0..SAID {
        let Some(message) = Message::read(&mut left, record.beyond(), past) else {
            let unseen = left.kept().len() < left.len().min(6);
            return (!unseen).then_some(());
        };
        if !std::mem::replace(&mut said, false) {
            ink.text(", ");
        }
        message.line(ink)?;
    }
    left.is_empty().then_some(())
}

pub(super) fn fields(record: &Record<'_>, past: Past, listener: &mut dyn Listener) {
    match content(record, past) {
        Content::Messages(mut continued, mut left) => {
            continued.tell_octets(listener, &CONTINUED, continued.len());
            for _ in 0..TOLD {
                let Some(message) = Message::read(&mut left, record.beyond(), past) else { break };
                message.fields(listener);
            }
        }
        Content::Encrypted => listener.field(&HANDSHAKE, record.body.range(), Value::Nothing),
        Content::Unseen => {}
    }
}

/// The version that a hello agrees on or offers at most; else that of the record. `None` when a
/// hello was not seen whole.
pub(super) fn version(record: &Record<'_>, past: Past) -> Option<u16> {
    if let Content::Messages(continued, mut left) = content(record, past)
        && continued.is_empty()
        && let Some(message) = Message::read(&mut left, record.beyond(), past)
    {
        match message.kind {
            1 => return Hello::read(Side::Client, message.body)?.best_version(),
            2 => return Hello::read(Side::Server, message.body)?.best_version(),
            _ => {}
        }
    }
    Some(record.version())
}

fn content<'a>(record: &Record<'a>, past: Past) -> Content<'a> {
    let mut left = record.body;
    if past.owed > 0 && !past.ciphers_changed {
        let continued = left.part(past.owed);
        return Content::Messages(continued, left);
    }
    if past.known.is_some() {
        return Content::Messages(record.body.nothing(), record.body);
    }
    let len = record.len();
    let (Some(kind), Some(told)) = (left.number(1), left.number(3)) else {
        return if len < 4 { Content::Encrypted } else { Content::Unseen };
    };
    let messages = Content::Messages(record.body.nothing(), record.body);
    if makes_sense(kind, told as usize, len, past) {
        return messages;
    }
    match left.number(2) {
        _ if !may_be_hello(kind, told as usize, len, past) => Content::Encrypted,
        Some(version) if is_version(version) => messages,
        Some(_) => Content::Encrypted,
        None => Content::Unseen,
    }
}

/// Whether a hello may begin here that is cut over several short records. Its version then has
/// to tell it from cipher text.
fn may_be_hello(kind: u32, len: usize, room: usize, past: Past) -> bool {
    !past.ciphers_changed && matches!(kind, 1 | 2) && (38..1 << 18).contains(&len) && room >= 6
}

fn is_version(version: u32) -> bool {
    matches!(version, 0x0300..=0x0303)
}

/// Whether these may be the type and length of a message in clear text that begins where `room`
/// octets are left of its record.
fn makes_sense(kind: u32, len: usize, room: usize, past: Past) -> bool {
    let least = match kind {
        // A nonce that counts from 0 looks like one; a real one comes alone (RFC 5246 §7.4.1.1).
        0 => return len == 0 && room == 4,
        14 => return len == 0,
        // RFC 8446 §D.4: after a HelloRetryRequest a change of cipher comes before the hello.
        1 if past.ciphers_changed => return len >= 38 && len + 4 == room,
        1 | 2 => 38,
        3 | 11 | 12 | 13 | 15 | 16 | 21 | 22 | 23 => 1,
        4 => 6,
        // Others are never sent in the clear.
        _ => return false,
    };
    let fits = len + 4 <= room || (room >= 256 && len <= 1 << 18);
    !past.ciphers_changed && len >= least && fits
}

/// How much of its last message a record does not hold.
fn owed(record: &Record<'_>, past: Past) -> usize {
    let Content::Messages(continued, mut left) = content(record, past) else { return 0 };
    if left.is_empty() {
        return past.owed.saturating_sub(continued.len());
    }
    let mut owed = 0;
    for _ in 0..TOLD {
        let Some(message) = Message::read(&mut left, record.beyond(), past) else { break };
        owed = message.len - message.body.len();
    }
    owed
}

/// Messages beyond this are not put into words.
const SAID: usize = 8;

/// Messages beyond this are left untold.
const TOLD: usize = 64;
