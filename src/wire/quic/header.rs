//! A long header, read as far as it was kept.

use super::version::{is_greased, is_known, is_second, versions};
use crate::octets::{Octets, Reader};

/// A header; what is `None` behind the connection IDs does not exist or was not kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header<'a> {
    pub first: u8,
    pub version: u32,
    pub kind: Kind,
    pub dcid: &'a [u8],
    pub scid: &'a [u8],
    /// The length of the token, and the octets that say so.
    pub token_length: Option<(u64, usize)>,
    pub token: Option<&'a [u8]>,
    pub length: Option<(u64, usize)>,
    /// Where the fields end that are all here.
    pub end: usize,
    /// Where the packet ends, once that is known.
    pub packet_end: Option<usize>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    Initial,
    ZeroRtt,
    Handshake,
    Retry,
    Negotiation,
    /// Of a version that exists only to be refused: RFC 8999 promises no more than the IDs.
    Unknown,
}

impl<'a> Header<'a> {
    pub(super) fn read(octets: Octets<'a>) -> Option<Self> {
        // A quick look first: nearly all datagrams end here.
        let [first @ 0x80..=0xff, a, b, c, d, ..] = octets.kept() else { return None };
        let version = u32::from_be_bytes([*a, *b, *c, *d]);
        let kind = Kind::of(*first, version)?;
        let mut reader = Reader::from(octets.kept(), 5);
        let dcid = id(&mut reader)?;
        let scid = id(&mut reader)?;
        let mut header = Self {
            first: *first,
            version,
            kind,
            dcid,
            scid,
            token_length: None,
            token: None,
            length: None,
            end: reader.at(),
            packet_end: None,
        };
        let is_there = header.take(&mut reader, octets).is_some();
        (is_there || octets.is_cut()).then_some(header).filter(|header| header.is_sound(octets))
    }

    /// Reads on behind the connection IDs; `None` where the octets end.
    fn take(&mut self, reader: &mut Reader<'a>, octets: Octets<'a>) -> Option<()> {
        match self.kind {
            Kind::Initial => {
                self.token_length = Some(varint(reader)?);
                self.end = reader.at();
                self.token = Some(reader.take(usize::try_from(self.token_length?.0).ok()?)?);
                self.end = reader.at();
            }
            Kind::ZeroRtt | Kind::Handshake => {}
            // These take what is left of the datagram.
            Kind::Retry | Kind::Negotiation | Kind::Unknown => {
                self.packet_end = Some(octets.len());
                return Some(());
            }
        }
        self.length = Some(varint(reader)?);
        self.end = reader.at();
        self.packet_end = self.end.checked_add(usize::try_from(self.length?.0).ok()?);
        Some(())
    }

    fn is_sound(&self, octets: Octets<'_>) -> bool {
        let left = octets.len() - self.end;
        match self.kind {
            // RFC 9001 §5.4.2: behind the header there are at least 20 octets to sample.
            Kind::Initial | Kind::ZeroRtt | Kind::Handshake => {
                self.length.is_none_or(|(length, _)| length >= 20)
                    && self.packet_end.is_none_or(|end| end <= octets.len())
            }
            Kind::Retry => left > TAG,
            Kind::Negotiation => {
                let offered = octets.kept().get(self.end..).unwrap_or_default();
                left.is_multiple_of(4) && versions(offered).any(is_known)
            }
            // RFC 9000 §14.1: a datagram that opens a connection has at least 1200 octets.
            Kind::Unknown => {
                self.first & 0x40 != 0 && octets.len() >= 1200 && self.dcid.len() >= 8
            }
        }
    }

    /// The token of a Retry and its tag.
    pub(super) fn retry(&self, octets: Octets<'a>) -> Option<(&'a [u8], &'a [u8])> {
        if self.kind != Kind::Retry || octets.is_cut() {
            return None;
        }
        let left = octets.kept().get(self.end..)?;
        left.split_at_checked(left.len().checked_sub(TAG)?)
    }

    /// Where what is told ends, and whether that is the packet's end.
    pub(super) fn told(&self, octets: Octets<'a>) -> (usize, bool) {
        match (self.kind, self.packet_end) {
            (Kind::Unknown, _) | (_, None) => (self.end, false),
            (Kind::Negotiation, Some(_)) if octets.is_cut() => {
                let kept = octets.kept().len() - self.end;
                (self.end + kept - kept % 4, false)
            }
            (_, Some(end)) if end <= octets.kept().len() => (end, true),
            _ => (self.end, false),
        }
    }
}

impl Kind {
    /// What a packet is; `None` for a version that nobody speaks.
    fn of(first: u8, version: u32) -> Option<Self> {
        if version == 0 {
            return Some(Self::Negotiation);
        }
        if is_greased(version) {
            return Some(Self::Unknown);
        }
        if !is_known(version) {
            return None;
        }
        // RFC 9369 §3.2: version 2 counts the types from one on, so that nobody relies on them.
        let kind = (first >> 4 & 3).wrapping_sub(u8::from(is_second(version))) & 3;
        Some([Self::Initial, Self::ZeroRtt, Self::Handshake, Self::Retry][usize::from(kind)])
    }

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Initial => "Initial",
            Self::ZeroRtt => "0-RTT",
            Self::Handshake => "Handshake",
            Self::Retry => "Retry",
            Self::Negotiation => "Version Negotiation",
            Self::Unknown => "long header",
        }
    }
}

/// Length of a Retry's integrity tag (RFC 9001 §5.8).
pub(super) const TAG: usize = 16;

/// A connection ID behind its length; RFC 9000 §17.2 allows 20 octets.
fn id<'a>(reader: &mut Reader<'a>) -> Option<&'a [u8]> {
    let len = reader.u8().filter(|len| *len <= 20)?;
    reader.take(len.into())
}

/// A variable-length integer (RFC 9000 §16), and how many octets it takes.
fn varint(reader: &mut Reader<'_>) -> Option<(u64, usize)> {
    let first = reader.u8()?;
    let more = (1 << (first >> 6)) - 1;
    let number = u64::from(first & 0x3f);
    let octets = reader.take(more)?;
    Some((octets.iter().fold(number, |number, octet| number << 8 | u64::from(*octet)), 1 + more))
}
