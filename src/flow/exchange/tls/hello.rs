//! What do the hellos agree on? (RFC 8446 §4.1)

use std::ops::Range;

use crate::octets::Octets;
use crate::wire::field::{Field, Listener, Value};
use crate::wire::tls::Tls;
use crate::wire::{Hint, View};

/// What is taken from one hello.
#[derive(Debug, Default)]
pub(super) struct Hello {
    pub version: Option<(u16, Option<&'static str>)>,
    pub server_name: Option<Box<[u8]>>,
    /// Offered, or chosen.
    pub protocols: Vec<Box<[u8]>>,
    pub suite: Option<(u16, Option<&'static str>)>,
    pub group: Option<(u16, Option<&'static str>)>,
    /// A pre-shared key was selected.
    pub is_resumed: bool,
    /// The server asks for another hello.
    pub is_retry: bool,
}

/// Protocols beyond this are not listed.
const PROTOCOLS: usize = 16;

impl Hello {
    /// Reads a hello of this type, of which the capture may have cut the end.
    pub(super) fn read(kind: u8, body: Octets<'_>) -> Self {
        let mut hello = Self::default();
        // A view reads messages in their record.
        let len = body.len() + 4;
        let mut record = vec![22, 3, 3];
        record.extend_from_slice(&u16::try_from(len).unwrap_or(u16::MAX).to_be_bytes());
        record.push(kind);
        record.extend_from_slice(&(body.len() as u32).to_be_bytes()[1..]);
        record.extend_from_slice(body.kept());
        if let Ok((tls, ..)) = Tls::read(Hint::Tcp(0, 0), Octets::new(&record, 5 + len)) {
            tls.fields(&mut hello);
        }
        hello
    }
}

fn number(value: Value<'_>) -> Option<(u16, Option<&'static str>)> {
    match value {
        Value::Named(number, name) => Some((number as u16, Some(name))),
        Value::Number(number) => Some((number as u16, None)),
        _ => None,
    }
}

impl Listener for Hello {
    fn field(&mut self, field: &'static Field, _: Range<usize>, value: Value<'_>) {
        match (field.name, value) {
            ("tls.handshake.version", _) => {
                self.version = self.version.or(number(value));
            }
            // RFC 8446 §4.2.1: where it stands, the older field means nothing.
            ("tls.handshake.extensions.supported_version", _) => self.version = number(value),
            ("tls.handshake.ciphersuite", _) => self.suite = self.suite.or(number(value)),
            ("tls.handshake.extensions_key_share_group", _) => {
                self.group = self.group.or(number(value));
            }
            ("tls.handshake.extensions_key_share_selected_group", _) => self.is_retry = true,
            ("tls.handshake.extensions.psk.identity.selected", _) => self.is_resumed = true,
            ("tls.handshake.extensions_server_name", Value::Text(name)) => {
                self.server_name.get_or_insert_with(|| name.into());
            }
            ("tls.handshake.extensions_alpn_str", Value::Text(name))
                if self.protocols.len() < PROTOCOLS =>
            {
                self.protocols.push(name.into());
            }
            ("tls.handshake.random", Value::Octets(random)) => self.is_retry |= *random == RETRY,
            _ => {}
        }
    }
}

/// RFC 8446 §4.1.3: by this random a `ServerHello` is a `HelloRetryRequest`.
const RETRY: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];
