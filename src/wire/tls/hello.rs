//! What client and server propose and choose (RFC 8446 §4.1.2, §4.1.3).

use super::fields::{
    COMP_LEN, COMP_METHOD, EXTENSIONS_LEN, HELLO_VERSION, RANDOM, SESSION_ID, SESSION_ID_LEN,
    SUITE, SUITES, SUITES_LEN,
};
use super::span::{MOST, Span, Unseen};
use super::{Greeting, extension, names};
use crate::ink::Ink;
use crate::wire::field::{Listener, Value};

/// A `ClientHello` or `ServerHello` read up to its extensions.
#[derive(Clone, Copy)]
pub(super) struct Hello<'a> {
    side: Side,
    version: u16,
    random: &'a [u8],
    suites: Span<'a>,
    extensions: Span<'a>,
}

/// Whose hello it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Side {
    Client,
    Server,
    /// A server that asks for another hello.
    Retry,
}

impl<'a> Hello<'a> {
    /// `None` when not all octets before the extensions are there.
    pub(super) fn read(side: Side, mut body: Span<'a>) -> Option<Self> {
        let version = body.number(2)? as u16;
        let random = body.take(32)?;
        body.vector(1)?;
        let suites = if side == Side::Client { body.vector(2)? } else { body.part(2) };
        if side == Side::Client {
            body.vector(1)?;
        } else {
            body.number(1)?;
        }
        // RFC 8446 §4.1.3: by this random a ServerHello is a HelloRetryRequest.
        let side = if random == RETRY { Side::Retry } else { side };
        let extensions = if body.is_empty() { body } else { body.vector(2)? };
        Some(Self { side, version, random, suites, extensions })
    }

    /// What an extension holds, if it is there.
    fn find(self, kind: u32) -> Result<Option<Span<'a>>, Unseen> {
        let mut left = self.extensions;
        for _ in 0..MOST {
            if left.is_empty() {
                break;
            }
            let found = left.number(2).ok_or(Unseen)?;
            let data = left.vector(2).ok_or(Unseen)?;
            if found == kind {
                return Ok(Some(data));
            }
        }
        Ok(None)
    }

    /// The version agreed on, or the highest offered.
    pub(super) fn best_version(self) -> Option<u16> {
        let Some(mut data) = self.find(43).ok()? else { return Some(self.version) };
        if self.side != Side::Client {
            return data.number(2).map(|version| version as u16);
        }
        let mut versions = data.vector(1)?;
        let mut best = 0;
        while !versions.is_empty() {
            let version = versions.number(2)?;
            if !names::is_grease(version) {
                best = best.max(version as u16);
            }
        }
        Some(best)
    }

    /// Writes a hello; `None` where octets lacked to say more.
    pub(super) fn line(side: Side, body: Span<'a>, ink: &mut Ink) -> Option<()> {
        if side == Side::Client {
            ink.text("ClientHello");
            let hello = Self::read(side, body)?;
            if let Some(name) = hello.find(0).ok()?.filter(|data| !data.is_empty()) {
                ink.text(" sni ").clipped(server_name(name)?, 100);
            }
            return hello.alpn_line(ink);
        }
        let hello = Self::read(side, body)?;
        let retry = hello.random == RETRY;
        ink.text(if retry { "HelloRetryRequest " } else { "ServerHello " });
        let mut suites = hello.suites;
        let suite = suites.number(2)?;
        match names::suite(suite) {
            Some(name) => ink.text(name),
            None => ink.text("0x").hex(suite.into(), 4),
        };
        if let Some(mut share) = hello.find(51).ok()? {
            let group = share.number(2)?;
            ink.text(if retry { " asks for " } else { " " });
            super::or_number(names::group(group), group, ink);
        }
        if hello.find(41).ok()?.is_some() {
            ink.text(" resumed");
        }
        hello.alpn_line(ink)
    }

    fn alpn_line(self, ink: &mut Ink) -> Option<()> {
        let Some(mut data) = self.find(16).ok()? else { return Some(()) };
        let mut list = data.vector(2)?;
        ink.text(" alpn ");
        for count in 0..SAID_PROTOCOLS {
            let protocol = list.vector(1)?;
            let len = protocol.len();
            if count > 0 {
                ink.text(",");
            }
            ink.clipped({ protocol }.take(len)?, 40);
            if list.is_empty() {
                return Some(());
            }
        }
        ink.ellipsis();
        Some(())
    }

    /// Tells a hello as far as it goes.
    pub(super) fn fields(
        side: Side,
        mut body: Span<'a>,
        listener: &mut dyn Listener,
    ) -> Option<()> {
        body.tell_named(listener, &HELLO_VERSION, 2, names::version)?;
        let random = body.tell_octets(listener, &RANDOM, 32)?;
        let len = body.tell(listener, &SESSION_ID_LEN, 1)?;
        body.tell_octets(listener, &SESSION_ID, len as usize)?;
        if side == Side::Client {
            let mut suites = body.tell_vector(listener, &SUITES_LEN, 2)?;
            listener.open(&SUITES, suites.range(), Value::Nothing);
            suites.tell_all(listener, &SUITE, 2, names::suite);
            listener.close();
            let mut methods = body.tell_vector(listener, &COMP_LEN, 1)?;
            methods.tell_all(listener, &COMP_METHOD, 1, names::compression);
        } else {
            body.tell_named(listener, &SUITE, 2, names::suite)?;
            body.tell_named(listener, &COMP_METHOD, 1, names::compression)?;
        }
        let side = if random == RETRY { Side::Retry } else { side };
        if !body.is_empty() {
            let extensions = body.tell_vector(listener, &EXTENSIONS_LEN, 2)?;
            extension::fields(extensions, side, listener);
        }
        Some(())
    }
}

/// What the hello that a handshake begins with settles about keys.
pub(super) fn greeting(mut content: Span<'_>) -> Option<Greeting> {
    let kind = content.number(1)?;
    let body = content.vector(3)?;
    if body.kept().len() < body.len() {
        return None;
    }
    let side = if kind == 1 { Side::Client } else { Side::Server };
    let hello = Hello::read(side, body)?;
    let random = *hello.random.first_chunk()?;
    match (kind, hello.side) {
        (1, _) => Some(Greeting::Client { random }),
        (2, Side::Server) => {
            let suite = { hello.suites }.number(2)? as u16;
            Some(Greeting::Server { random, version: hello.best_version()?, suite })
        }
        _ => None,
    }
}

/// RFC 6066 §3: of the list, the first name.
fn server_name(mut data: Span<'_>) -> Option<&[u8]> {
    let mut list = data.vector(2)?;
    list.number(1)?;
    let mut name = list.vector(2)?;
    name.take(name.len())
}

/// Whether a handshake message is a `HelloRetryRequest` in the form of a `ServerHello`.
pub(super) fn is_retry(message: &[u8]) -> bool {
    message.first() == Some(&2) && message.get(6..38) == Some(RETRY)
}

/// SHA-256 of `HelloRetryRequest` (RFC 8446 §4.1.3).
const RETRY: &[u8] = &[
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

/// Protocols beyond this are not put into words.
const SAID_PROTOCOLS: usize = 5;
