//! QUIC's long headers (RFC 8999, RFC 9000 §17.2): versions, connection IDs, lengths.
//!
//! Recognised by content on any port, through the version: one that is known, a greased one, or
//! the list of versions that a server offers. What is behind the header is encrypted and left so.
//! Several packets in one datagram are as many layers. A short header has nothing to know it by:
//! such packets are left in `rest`.
//!
//! ```text
//! |1|F|Type |Spec.|                    Version                    |   0
//! |               | DCID length | DCID ... | SCID length | SCID ...     5
//! ```

mod header;
mod version;

use super::field::{Field, Listener, Value, fields};
use super::{Hint, Name, View};
use crate::ink::Ink;
use crate::octets::{Octets, Why};
use header::{Header, Kind, TAG};
use version::{is_second, versions};

#[derive(Clone, Copy, Debug)]
pub struct Quic<'a> {
    /// The packet; what follows it in the datagram too, unless its end was kept.
    octets: Octets<'a>,
}

fields! {
    PACKET_LENGTH = "quic.packet_length", Number, "packet length";
    HEADER_FORM   = "quic.header_form", Number, "header form";
    FIXED_BIT     = "quic.fixed_bit", Flag, "fixed bit";
    PACKET_TYPE   = "quic.long.packet_type", Number, "packet type";
    PACKET_TYPE_2 = "quic.long.packet_type_v2", Number, "packet type";
    UNUSED        = "quic.vn.unused", Hex(2), "unused";
    VERSION       = "quic.version", Hex(8), "version";
    DCIL          = "quic.dcil", Number, "destination connection ID length";
    DCID          = "quic.dcid", Octets, "destination connection ID";
    SCIL          = "quic.scil", Number, "source connection ID length";
    SCID          = "quic.scid", Octets, "source connection ID";
    SUPPORTED     = "quic.supported_version", Hex(8), "supported version";
    TOKEN_LENGTH  = "quic.token_length", Number, "token length";
    TOKEN         = "quic.token", Octets, "token";
    RETRY_TOKEN   = "quic.retry_token", Octets, "retry token";
    INTEGRITY_TAG = "quic.retry_integrity_tag", Octets, "integrity tag";
    LENGTH        = "quic.length", Number, "length";
    PAYLOAD       = "quic.remaining_payload", Octets, "packet number and payload, encrypted";
}

/// Versions beyond this are counted in the line, not named.
const NAMED: usize = 8;

impl<'a> View<'a> for Quic<'a> {
    const NAMES: &'static [Name] = &[Name { key: "quic", words: "QUIC" }];
    const FIELDS: &'static [&'static Field] = FIELDS;

    fn claims(_: Hint, octets: Octets<'a>) -> bool {
        Header::read(octets).is_some()
    }

    fn read(_: Hint, octets: Octets<'a>) -> Result<(Self, Hint, Octets<'a>), Why> {
        let header = Header::read(octets).ok_or(Why::Malformed("no long header"))?;
        let (end, is_whole) = header.told(octets);
        let (told, rest) = octets.split(end)?;
        if is_whole {
            return Ok((Self { octets: Octets::whole(told) }, Hint::Is("quic"), rest));
        }
        Ok((Self { octets }, Hint::End, rest))
    }

    fn line(&self, ink: &mut Ink) {
        let Some(header) = Header::read(self.octets) else { return };
        ink.text(header.kind.word());
        if header.kind != Kind::Negotiation {
            ink.text(" ");
            version::write(header.version, ink);
        }
        for (word, id) in [(" dcid ", header.dcid), (" scid ", header.scid)] {
            match id {
                [] => ink.text(word).text("none"),
                id => ink.text(word).hex_octets(id),
            };
        }
        match header.kind {
            Kind::Unknown => {}
            Kind::Negotiation => self.offers(&header, ink),
            Kind::Retry => match header.retry(self.octets) {
                Some((token, _)) => _ = ink.text(" token ").count(token.len()).text(" octets"),
                None => _ = ink.ellipsis(),
            },
            Kind::Initial | Kind::ZeroRtt | Kind::Handshake => {
                if let Some((len @ 1.., _)) = header.token_length {
                    ink.text(" token ").number(len).text(" octets");
                }
                match header.length {
                    Some((len, _)) => ink.text(" len ").number(len),
                    None => ink.ellipsis(),
                };
            }
        }
    }

    fn fields(&self, listener: &mut dyn Listener) {
        let Some(header) = Header::read(self.octets) else { return };
        if let Some(end) = header.packet_end {
            listener.field(&PACKET_LENGTH, 0..0, Value::Number(end as u64));
        }
        listener.open(&HEADER_FORM, 0..1, Value::Named(1, "long"));
        tell_first(&header, listener);
        listener.close();
        let named = Value::Named(header.version.into(), version::word(header.version));
        listener.field(&VERSION, 1..5, named);
        let mut at = 5;
        for (len, field, id) in [(&DCIL, &DCID, header.dcid), (&SCIL, &SCID, header.scid)] {
            listener.field(len, at..at + 1, Value::Number(id.len() as u64));
            let end = at + 1 + id.len();
            if !id.is_empty() {
                listener.field(field, at + 1..end, Value::Octets(id));
            }
            at = end;
        }
        if let Some((len, octets)) = header.token_length {
            listener.field(&TOKEN_LENGTH, at..at + octets, Value::Number(len));
            at += octets;
        }
        if let Some(token) = header.token.filter(|token| !token.is_empty()) {
            listener.field(&TOKEN, at..at + token.len(), Value::Octets(token));
            at += token.len();
        }
        if let Some((len, octets)) = header.length {
            listener.field(&LENGTH, at..at + octets, Value::Number(len));
        }
        self.tell_rest(&header, listener);
    }
}

impl Quic<'_> {
    fn offers(&self, header: &Header<'_>, ink: &mut Ink) {
        ink.text(" offers");
        let offered = self.octets.kept().get(header.end..).unwrap_or_default();
        for (at, offer) in versions(offered).enumerate().take(NAMED) {
            ink.text(if at == 0 { " " } else { ", " });
            version::write(offer, ink);
        }
        if self.octets.is_cut() {
            ink.ellipsis();
        } else if let Some(more @ 1..) = (offered.len() / 4).checked_sub(NAMED) {
            ink.text(" and ").count(more).text(" more");
        }
    }

    /// What follows the header and belongs to the packet.
    fn tell_rest(&self, header: &Header<'_>, listener: &mut dyn Listener) {
        let at = header.end;
        let left = self.octets.kept().get(at..).unwrap_or_default();
        match header.kind {
            Kind::Negotiation => {
                for (index, offer) in versions(left).enumerate() {
                    let value = Value::Named(offer.into(), version::word(offer));
                    listener.field(&SUPPORTED, at + index * 4..at + index * 4 + 4, value);
                }
            }
            Kind::Retry => {
                if let Some((token, tag)) = header.retry(self.octets) {
                    let middle = at + token.len();
                    listener.field(&RETRY_TOKEN, at..middle, Value::Octets(token));
                    listener.field(&INTEGRITY_TAG, middle..middle + TAG, Value::Octets(tag));
                }
            }
            Kind::Initial | Kind::ZeroRtt | Kind::Handshake => {
                if let (end, true) = header.told(self.octets) {
                    listener.field(&PAYLOAD, at..end, Value::Octets(left));
                }
            }
            Kind::Unknown => {}
        }
    }
}

fn tell_first(header: &Header<'_>, listener: &mut dyn Listener) {
    let kind = (header.first >> 4 & 3).into();
    let (field, bits) = match header.kind {
        Kind::Negotiation => {
            let unused = Value::Number((header.first & 0x7f).into());
            return listener.field(&UNUSED, 0..1, unused);
        }
        _ if is_second(header.version) => (&PACKET_TYPE_2, kind),
        _ => (&PACKET_TYPE, kind),
    };
    listener.field(&FIXED_BIT, 0..1, Value::Flag(header.first & 0x40 != 0));
    if header.kind != Kind::Unknown {
        listener.field(field, 0..1, Value::Named(bits, header.kind.word()));
    }
}
