//! ICMP messages (RFC 792).
//!
//! ```text
//! |      Type     |      Code     |           Checksum            |   0
//! |           identifier and sequence number, gateway, ...        |   4
//! ```
//!
//! Errors end with the start of the packet they are about.

mod extension;
mod words;

use std::net::Ipv4Addr;

pub(super) use extension::Extension;
pub(super) use words::named;

use super::field::{Field, Listener, Value, fields};
use super::{Hint, Name, View};
use crate::ink::Ink;
use crate::octets::{Octets, Why, be16, be32};
use words::{code_name, type_name};

#[derive(Clone, Copy, Debug)]
pub struct Icmp<'a> {
    header: &'a [u8; 8],
    /// What lies behind the first 8 octets.
    body: Octets<'a>,
    /// How many octets of it the message itself fills: addresses, time stamps.
    filled: u32,
}

fields! {
    TYPE        = "icmp.type", Number, "type";
    CODE        = "icmp.code", Number, "code";
    CHECKSUM    = "icmp.checksum", Hex(4), "checksum";
    UNUSED      = "icmp.unused", Octets, "unused";
    RESERVED    = "icmp.reserved", Octets, "reserved";
    ID          = "icmp.ident", Number, "identifier";
    SEQ         = "icmp.seq", Number, "sequence number";
    LENGTH      = "icmp.length", Number, "length of the quoted packet in units of 4 octets";
    MTU         = "icmp.mtu", Number, "next-hop MTU";
    GATEWAY     = "icmp.redir_gw", Address, "gateway";
    POINTER     = "icmp.pointer", Number, "pointer to the problem";
    COUNT       = "icmp.num_addrs", Number, "number of addresses";
    ENTRY_SIZE  = "icmp.addr_entry_size", Number, "words in an entry";
    LIFETIME    = "icmp.lifetime", Number, "lifetime in seconds";
    ROUTER      = "icmp.router_address", Address, "router";
    PREFERENCE  = "icmp.pref_level", Number, "preference";
    ENTRY       = "icmp.router", Group, "router";
    ORIGINATE   = "icmp.originate_timestamp", Number, "sent at, in milliseconds since midnight";
    RECEIVE     = "icmp.receive_timestamp", Number, "received at";
    TRANSMIT    = "icmp.transmit_timestamp", Number, "sent back at";
    MASK        = "icmp.address_mask", Address, "address mask";
    ECHO_SEQ    = "icmp.ext.echo.seq", Number, "sequence number";
    ECHO_FLAGS  = "icmp.ext.echo.flags", Hex(2), "flags";
}

impl<'a> Icmp<'a> {
    pub fn kind(self) -> u8 {
        self.header[0]
    }

    pub fn code(self) -> u8 {
        self.header[1]
    }

    /// Identifier and sequence number, in messages that have them.
    pub fn echo(self) -> Option<(u16, u16)> {
        let has = matches!(self.kind(), 0 | 8 | 13..=18);
        has.then(|| (be16(self.header, 4), be16(self.header, 6)))
    }

    /// The largest packet the next hop takes, where the error says so (RFC 1191 §4).
    pub fn next_hop_mtu(self) -> Option<u16> {
        let told = (self.kind(), self.code()) == (3, 4);
        Some(be16(self.header, 6)).filter(|mtu| told && *mtu > 0)
    }

    /// Whether it quotes the packet it is about.
    pub fn is_error(self) -> bool {
        matches!(self.kind(), 3 | 4 | 5 | 11 | 12 | 40)
    }

    /// How the body divides into the packet quoted and the extension behind it.
    fn quote(self) -> (Octets<'a>, Option<Extension<'a>>) {
        // RFC 4884 §5.1: the length was unused before; 0 means that there is no extension.
        let told = match self.kind() {
            3 | 11 | 12 => 4 * usize::from(self.header[5]),
            _ => 0,
        };
        match self.body.part(told) {
            Some((quote, extension)) if told > 0 && !extension.is_empty() => {
                (quote, Some(Extension(extension)))
            }
            _ => (self.body, None),
        }
    }

    /// How many octets of addresses and times are told, and of what size each.
    fn entries(self) -> (usize, usize) {
        match self.kind() {
            // RFC 1256 §3.
            9 => {
                let size = 4 * usize::from(self.header[5]);
                (size * usize::from(self.header[4]), size)
            }
            13 | 14 => (12, 4),
            17 | 18 => (4, 4),
            _ => (0, 0),
        }
    }

    /// The entries that were kept whole, and whether the capture lost some.
    fn words(self) -> (impl Iterator<Item = &'a [u8]>, bool) {
        let (told, size) = self.entries();
        let filled = self.body.kept().get(..self.filled as usize).unwrap_or(&[]);
        let is_cut = filled.len() < told.min(self.body.len()) && self.body.is_cut();
        (filled.chunks_exact(size.max(1)), is_cut)
    }
}

impl<'a> View<'a> for Icmp<'a> {
    const NAMES: &'static [Name] = &[Name { key: "icmp", words: "ICMP" }];
    const FIELDS: &'static [&'static Field] = &{
        let (own, more) = (FIELDS, extension::FIELDS);
        let mut all = [own[0]; FIELDS.len() + extension::FIELDS.len()];
        let mut at = 0;
        while at < all.len() {
            all[at] = if at < own.len() { own[at] } else { more[at - own.len()] };
            at += 1;
        }
        all
    };

    fn read(_: Hint, octets: Octets<'a>) -> Result<(Self, Hint, Octets<'a>), Why> {
        let (header, body) = octets.header()?;
        let mut icmp = Self { header, body, filled: 0 };
        if icmp.is_error() {
            return Ok((icmp, Hint::Quote(0x0800), icmp.quote().0));
        }
        let (told, size) = icmp.entries();
        let kept = told.min(body.kept().len());
        let filled = kept - kept.checked_rem(size).unwrap_or(0);
        icmp.filled = filled as u32;
        Ok((icmp, Hint::End, body.split(filled)?.1))
    }

    fn line(&self, ink: &mut Ink) {
        let (kind, code) = (self.kind(), self.code());
        match type_name(kind) {
            Some(name) => ink.text(name),
            None => ink.text("type ").number(kind),
        };
        if let Some((id, seq)) = self.echo() {
            ink.text(" id 0x").hex(id.into(), 4).text(" seq ").number(seq);
        }
        match kind {
            0 | 8 => _ = ink.text(" len ").count(self.body.len()),
            5 => {
                ink.text(" ").text(code_name(kind, code).unwrap_or("of unknown code"));
                ink.text(" to gateway ").address(self.gateway());
            }
            12 if code != 1 => _ = ink.text(" at octet ").number(self.header[4]),
            9 => _ = ink.text(" lifetime ").number(be16(self.header, 6)).text(" s"),
            42 | 43 => {
                ink.text(" id 0x").hex(be16(self.header, 4).into(), 4);
                ink.text(" seq ").number(self.header[6]);
            }
            _ => {}
        }
        match code_name(kind, code) {
            Some(_) if kind == 5 || kind == 9 || (kind, code) == (12, 0) => {}
            Some(name) if kind == 11 => _ = ink.text(" ").text(name),
            Some(name) => _ = ink.text(": ").text(name),
            None if code != 0 && kind != 5 => _ = ink.text(" code ").number(code),
            None => {}
        }
        if let Some(mtu) = self.next_hop_mtu() {
            ink.text(", next-hop MTU ").number(mtu);
        }
        let (words, is_cut) = self.words();
        for word in words.filter_map(|word| word.first_chunk::<4>()).take(8) {
            match kind {
                13 | 14 => ink.text(" ").number(be32(word, 0)),
                _ => ink.text(" ").address(Ipv4Addr::from(*word)),
            };
        }
        if is_cut {
            ink.ellipsis();
        } else if let (_, Some(extension)) = self.quote() {
            extension.line(ink);
        }
    }

    fn fields(&self, listener: &mut dyn Listener) {
        let (kind, code) = (self.kind(), self.code());
        listener.field(&TYPE, 0..1, named(kind, type_name(kind)));
        listener.field(&CODE, 1..2, named(code, code_name(kind, code)));
        listener.field(&CHECKSUM, 2..4, Value::Number(be16(self.header, 2).into()));
        self.second_word(listener);
        let (words, _) = self.words();
        let mut at = 8;
        for (place, word) in words.enumerate() {
            let to = at + word.len();
            let Some(first) = word.first_chunk::<4>() else { break };
            let number = Value::Number(be32(first, 0).into());
            match (kind, place) {
                (9, _) => {
                    listener.open(&ENTRY, at..to, Value::Nothing);
                    let address = Value::Address(Ipv4Addr::from(*first).into());
                    listener.field(&ROUTER, at..at + 4, address);
                    if let Some(level) = word.get(4..).and_then(|rest| rest.first_chunk::<4>()) {
                        let level = Value::Number(be32(level, 0).into());
                        listener.field(&PREFERENCE, at + 4..at + 8, level);
                    }
                    listener.close();
                }
                (17 | 18, _) => {
                    let mask = Value::Address(Ipv4Addr::from(*first).into());
                    listener.field(&MASK, at..to, mask);
                }
                (_, 0) => listener.field(&ORIGINATE, at..to, number),
                (_, 1) => listener.field(&RECEIVE, at..to, number),
                _ => listener.field(&TRANSMIT, at..to, number),
            }
            at = to;
        }
        if self.is_error()
            && let (_, Some(extension)) = self.quote()
        {
            extension.fields(8, listener);
        }
    }
}

impl Icmp<'_> {
    fn gateway(self) -> Ipv4Addr {
        be32(self.header, 4).into()
    }

    /// Tells the four octets behind the checksum.
    fn second_word(self, listener: &mut dyn Listener) {
        let header = self.header;
        let number = |at: usize| Value::Number(be16(header, at).into());
        match self.kind() {
            0 | 8 | 13..=18 => {
                listener.field(&ID, 4..6, number(4));
                listener.field(&SEQ, 6..8, number(6));
            }
            3 | 11 => {
                let mtu = (self.kind(), self.code()) == (3, 4);
                match (header[5], mtu) {
                    (0, false) => listener.field(&UNUSED, 4..8, Value::Octets(&header[4..8])),
                    (0, true) => listener.field(&UNUSED, 4..6, Value::Octets(&header[4..6])),
                    (len, _) => {
                        listener.field(&UNUSED, 4..5, Value::Octets(&header[4..5]));
                        listener.field(&LENGTH, 5..6, Value::Number(len.into()));
                        if !mtu {
                            listener.field(&UNUSED, 6..8, Value::Octets(&header[6..8]));
                        }
                    }
                }
                if mtu {
                    listener.field(&MTU, 6..8, number(6));
                }
            }
            5 => listener.field(&GATEWAY, 4..8, Value::Address(self.gateway().into())),
            9 => {
                listener.field(&COUNT, 4..5, Value::Number(header[4].into()));
                listener.field(&ENTRY_SIZE, 5..6, Value::Number(header[5].into()));
                listener.field(&LIFETIME, 6..8, number(6));
            }
            12 => {
                listener.field(&POINTER, 4..5, Value::Number(header[4].into()));
                listener.field(&LENGTH, 5..6, Value::Number(header[5].into()));
                listener.field(&UNUSED, 6..8, Value::Octets(&header[6..8]));
            }
            42 | 43 => {
                listener.field(&ID, 4..6, number(4));
                listener.field(&ECHO_SEQ, 6..7, Value::Number(header[6].into()));
                listener.field(&ECHO_FLAGS, 7..8, Value::Number(header[7].into()));
            }
            _ => listener.field(&RESERVED, 4..8, Value::Octets(&header[4..8])),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_does_not_swallow_the_extension_behind_it() {
        let mut octets = vec![11, 0, 0, 0, 0, 2, 0, 0];
        octets.extend([0x45; 8]);
        octets.extend([0x20, 0, 0, 0, 0, 8, 1, 1, 0x01, 0x00, 0x01, 0x01]);
        let (icmp, _, quote) = Icmp::read(Hint::Ip(1), Octets::whole(&octets)).expect("a message");
        assert_eq!(quote.kept(), [0x45; 8]);
        let said = crate::ink::written(|ink| icmp.line(ink));
        assert_eq!(said, "time exceeded in transit, MPLS label 4096 ttl 1");
    }
}
