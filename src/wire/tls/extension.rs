//! What client and server can do beyond the plain hello (RFC 8446 §4.2, RFC 6066).

use super::fields::{
    ALPN_LEN, ALPN_STR, ALPN_STR_LEN, COMPRESS, COMPRESS_LEN, COOKIE, COOKIE_LEN, EXTENSION,
    EXTENSION_DATA, EXTENSION_LEN, EXTENSION_TYPE, FRAGMENT_LENGTH, GROUPS_LEN, KEY, KEY_LEN,
    KEY_SHARE_GROUP, KEY_SHARES_LEN, PADDING, POINT_FORMAT, POINT_LEN, PSK_AGE, PSK_BINDERS_LEN,
    PSK_IDENTITY, PSK_IDENTITY_LEN, PSK_LEN, PSK_MODE, PSK_MODES_LEN, PSK_SELECTED, RENEGOTIATION,
    RENEGOTIATION_LEN, SELECTED_GROUP, SIG_ALG, SIG_ALGS_LEN, SIZE_LIMIT, SNI, SNI_LEN,
    SNI_LIST_LEN, SNI_TYPE, STATUS_TYPE, SUPPORTED_GROUP, SUPPORTED_VERSION, VERSIONS_LEN,
};
use super::hello::Side;
use super::names;
use super::span::{MOST, Names, Span};
use crate::wire::field::{Field, Listener, Value};

/// Tells a list of extensions as far as it goes.
pub(super) fn fields(mut list: Span<'_>, side: Side, listener: &mut dyn Listener) {
    for _ in 0..MOST {
        let start = list.at();
        let (Some(kind), Some(len)) = (list.number(2), list.number(2)) else { break };
        let data = list.part(len as usize);
        let name = names::extension(kind).unwrap_or("unknown");
        listener.open(&EXTENSION, start..data.range().end, Value::Words(name));
        let value = super::named(names::extension, kind.into());
        listener.field(&EXTENSION_TYPE, start..start + 2, value);
        listener.field(&EXTENSION_LEN, start + 2..start + 4, Value::Number(len.into()));
        content(kind, data, side, listener);
        listener.close();
    }
}

fn content(
    kind: u32,
    mut data: Span<'_>,
    side: Side,
    listener: &mut dyn Listener,
) -> Option<()> {
    match (kind, side) {
        _ if data.is_empty() => {}
        (0, _) => {
            let mut names = data.tell_vector(listener, &SNI_LIST_LEN, 2)?;
            for _ in 0..MOST {
                names.tell_named(listener, &SNI_TYPE, 1, |kind| {
                    (kind == 0).then_some("host_name")
                })?;
                let len = names.tell(listener, &SNI_LEN, 2)?;
                names.tell_text(listener, &SNI, len as usize)?;
            }
        }
        (1, _) => _ = data.tell(listener, &FRAGMENT_LENGTH, 1)?,
        (5, Side::Client) => {
            data.tell_named(listener, &STATUS_TYPE, 1, |kind| (kind == 1).then_some("OCSP"))?;
        }
        (16, _) => {
            let mut protocols = data.tell_vector(listener, &ALPN_LEN, 2)?;
            for _ in 0..MOST {
                let len = protocols.tell(listener, &ALPN_STR_LEN, 1)?;
                protocols.tell_text(listener, &ALPN_STR, len as usize)?;
            }
        }
        (21, _) => _ = data.tell_octets(listener, &PADDING, data.len())?,
        (28, _) => _ = data.tell(listener, &SIZE_LIMIT, 2)?,
        (41, Side::Client) => pre_shared_keys(data, listener)?,
        (41, _) => _ = data.tell(listener, &PSK_SELECTED, 2)?,
        (43, Side::Server | Side::Retry) => {
            data.tell_named(listener, &SUPPORTED_VERSION, 2, names::version)?;
        }
        (44, _) => {
            let len = data.tell(listener, &COOKIE_LEN, 2)?;
            data.tell_octets(listener, &COOKIE, len as usize)?;
        }
        (51, Side::Client) => {
            let mut shares = data.tell_vector(listener, &KEY_SHARES_LEN, 2)?;
            for _ in 0..MOST {
                key_share(&mut shares, listener)?;
            }
        }
        (51, Side::Server) => key_share(&mut data, listener)?,
        (51, Side::Retry) => {
            data.tell_named(listener, &SELECTED_GROUP, 2, names::group)?;
        }
        (0xff01, _) => {
            let len = data.tell(listener, &RENEGOTIATION_LEN, 1)?;
            data.tell_octets(listener, &RENEGOTIATION, len as usize)?;
        }
        _ => match list(kind) {
            Some(List { len, len_width, entry, entry_width, names }) => {
                let mut entries = data.tell_vector(listener, len, len_width)?;
                entries.tell_all(listener, entry, entry_width, names);
            }
            None => _ = data.tell_octets(listener, &EXTENSION_DATA, data.len())?,
        },
    }
    Some(())
}

/// An extension that is nothing but a list of numbers.
struct List {
    len: &'static Field,
    len_width: usize,
    entry: &'static Field,
    entry_width: usize,
    names: Names,
}

fn list(kind: u32) -> Option<List> {
    let (len, len_width, entry, entry_width, names): (_, _, _, _, Names) = match kind {
        10 => (&GROUPS_LEN, 2, &SUPPORTED_GROUP, 2, names::group),
        11 => (&POINT_LEN, 1, &POINT_FORMAT, 1, names::point_format),
        13 | 34 | 50 => (&SIG_ALGS_LEN, 2, &SIG_ALG, 2, names::signature_scheme),
        27 => (&COMPRESS_LEN, 1, &COMPRESS, 2, names::certificate_compression),
        43 => (&VERSIONS_LEN, 1, &SUPPORTED_VERSION, 2, names::version),
        45 => (&PSK_MODES_LEN, 1, &PSK_MODE, 1, names::psk_mode),
        _ => return None,
    };
    Some(List { len, len_width, entry, entry_width, names })
}

/// RFC 8446 §4.2.8.
fn key_share(shares: &mut Span<'_>, listener: &mut dyn Listener) -> Option<()> {
    shares.tell_named(listener, &KEY_SHARE_GROUP, 2, names::group)?;
    let len = shares.tell(listener, &KEY_LEN, 2)?;
    shares.tell_octets(listener, &KEY, len as usize)?;
    Some(())
}

/// RFC 8446 §4.2.11: tickets of earlier sessions that the client would resume.
fn pre_shared_keys(mut data: Span<'_>, listener: &mut dyn Listener) -> Option<()> {
    let mut identities = data.tell_vector(listener, &PSK_LEN, 2)?;
    for _ in 0..MOST {
        if identities.is_empty() {
            break;
        }
        let len = identities.tell(listener, &PSK_IDENTITY_LEN, 2)?;
        identities.tell_octets(listener, &PSK_IDENTITY, len as usize)?;
        identities.tell(listener, &PSK_AGE, 4)?;
    }
    data.tell(listener, &PSK_BINDERS_LEN, 2)?;
    Some(())
}
