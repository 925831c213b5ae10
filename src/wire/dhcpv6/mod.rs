//! DHCP for IPv6 (RFC 8415 §8 and §9).
//!
//! ```text
//! |    Message    |                  Transaction                  |   0
//! |  Options ...                                                      4
//! ```
//!
//! Relays put the message of a client into an option of their own, one around the other.

mod option;

use std::net::Ipv6Addr;

use super::field::{Field, Listener, Value, fields};
use super::{Hint, Name, View};
use crate::ink::Ink;
use crate::octets::{Octets, Why};

#[derive(Clone, Copy, Debug)]
pub struct Dhcpv6<'a> {
    /// Where the capture cut the message, up to the last whole option.
    octets: &'a [u8],
    is_cut: bool,
}

fields! {
    MESSAGE     = "dhcpv6.msgtype", Number, "message";
    TRANSACTION = "dhcpv6.xid", Hex(6), "transaction";
    HOPS        = "dhcpv6.hopcount", Number, "hops";
    LINK        = "dhcpv6.linkaddr", Address, "link";
    PEER        = "dhcpv6.peeraddr", Address, "peer";
    OPTION      = "dhcpv6.option.type", Number, "option";
    LEN         = "dhcpv6.option.length", Number, "length";
    VALUE       = "dhcpv6.option.value", Octets, "content";
    DUID        = "dhcpv6.duid.bytes", Octets, "unique identifier";
    DUID_TYPE   = "dhcpv6.duid.type", Number, "type";
    DUID_LLT    = "dhcpv6.duidllt.hwtype", Number, "hardware type";
    DUID_TIME   = "dhcpv6.duidllt.time", Time, "time";
    DUID_LL     = "dhcpv6.duidll.hwtype", Number, "hardware type";
    LL_ADDRESS  = "dhcpv6.duidll.link_layer_addr", Octets, "link address";
    LLT_ADDRESS = "dhcpv6.duidllt.link_layer_addr", Octets, "link address";
    ENTERPRISE  = "dhcpv6.duiden.enterprise", Number, "enterprise";
    IDENTIFIER  = "dhcpv6.duiden.identifier", Octets, "identifier";
    UUID        = "dhcpv6.duiduuid.bytes", Octets, "UUID";
    IDENTITY    = "dhcpv6.iaid", Hex(8), "identity association";
    RENEW       = "dhcpv6.iaid.t1", Number, "renew after";
    REBIND      = "dhcpv6.iaid.t2", Number, "rebind after";
    TEMPORARY   = "dhcpv6.iata", Hex(8), "identity association";
    ADDRESS     = "dhcpv6.iaaddr.ip", Address, "address";
    PREFERRED   = "dhcpv6.iaaddr.pref_lifetime", Number, "preferred for seconds";
    VALID       = "dhcpv6.iaaddr.valid_lifetime", Number, "valid for seconds";
    PREFIX_PREF = "dhcpv6.iaprefix.pref_lifetime", Number, "preferred for seconds";
    PREFIX_VALID = "dhcpv6.iaprefix.valid_lifetime", Number, "valid for seconds";
    PREFIX_LEN  = "dhcpv6.iaprefix.pref_len", Number, "prefix length";
    PREFIX      = "dhcpv6.iaprefix.pref_addr", Address, "prefix";
    REQUESTED   = "dhcpv6.requested_option_code", Number, "asks for";
    PREFERENCE  = "dhcpv6.option_preference", Number, "preference";
    ELAPSED     = "dhcpv6.elapsed_time", Number, "hundredths of a second elapsed";
    UNICAST     = "dhcpv6.unicast", Address, "server's address";
    STATUS      = "dhcpv6.status_code", Number, "status";
    STATUS_TEXT = "dhcpv6.status_msg", Text, "words";
    DNS         = "dhcpv6.dns_server", Address, "DNS server";
    SEARCH      = "dhcpv6.search_list_entry", Text, "search list";
    SNTP        = "dhcpv6.sntp_server", Address, "time server";
    SIP         = "dhcpv6.sip_server_a", Address, "SIP server";
    INTERFACE   = "dhcpv6.interface_id", Octets, "interface";
    REFRESH     = "dhcpv6.lifetime", Number, "refresh after";
    SUBSCRIBER  = "dhcpv6.subscriber_id", Text, "subscriber";
    NAME_FLAGS  = "dhcpv6.client_fqdn_flags", Hex(2), "flags";
    NAME        = "dhcpv6.client_domain", Text, "client's name";
    PORTAL      = "dhcpv6.captive_portal", Text, "captive portal";
}

/// Where options begin.
fn options_start(message: &[u8]) -> usize {
    if is_relayed(message) { 34 } else { 4 }
}

/// RFC 8415 §9.
fn is_relayed(message: &[u8]) -> bool {
    matches!(message, [12 | 13, ..])
}

impl<'a> View<'a> for Dhcpv6<'a> {
    const NAMES: &'static [Name] = &[Name { key: "dhcpv6", words: "DHCPv6" }];
    const FIELDS: &'static [&'static Field] = FIELDS;

    fn claims(_: Hint, octets: Octets<'a>) -> bool {
        matches!(octets.kept(), [1..=36, ..])
    }

    fn read(_: Hint, octets: Octets<'a>) -> Result<(Self, Hint, Octets<'a>), Why> {
        let start = options_start(octets.kept());
        octets.split(start)?;
        let is_cut = octets.is_cut();
        let len = if is_cut { option::whole(octets.kept(), start) } else { octets.len() };
        let (octets, rest) = octets.split(len)?;
        Ok((Self { octets, is_cut }, Hint::End, rest))
    }

    fn line(&self, ink: &mut Ink) {
        write_message(self.octets, DEPTH, ink);
        if self.is_cut {
            ink.ellipsis();
        }
    }

    fn fields(&self, listener: &mut dyn Listener) {
        tell_message(self.octets, 0, DEPTH, listener);
    }
}

/// Messages and options deeper than this are told as octets.
const DEPTH: usize = 8;

fn write_message(message: &[u8], depth: usize, ink: &mut Ink) {
    let Some(kind) = message.first() else { return };
    match message_name(*kind) {
        Some(name) => _ = ink.text(name),
        None => _ = ink.text("message ").number(*kind),
    }
    match message {
        [12 | 13, hops, ..] => {
            ink.text(" hops ").number(*hops);
            if let Some(peer) = address(message, 18) {
                ink.text(" peer ").address(peer);
            }
        }
        [_, a, b, c, ..] => _ = ink.text(" xid 0x").hex_octets(&[*a, *b, *c]),
        _ => {}
    }
    option::write(message.get(options_start(message)..).unwrap_or(&[]), depth, ink);
}

/// Tells a message that begins `at` octets into the outermost one.
fn tell_message(message: &[u8], at: usize, depth: usize, listener: &mut dyn Listener) {
    let start = options_start(message);
    let Some(options) = message.get(start..).filter(|_| depth > 0) else {
        return option::tell_octets(message, at, listener);
    };
    let named = |kind: u8| match message_name(kind) {
        Some(name) => Value::Named(kind.into(), name),
        None => Value::Number(kind.into()),
    };
    match *message {
        [kind, hops, ..] if is_relayed(message) => {
            listener.field(&MESSAGE, at..at + 1, named(kind));
            listener.field(&HOPS, at + 1..at + 2, Value::Number(hops.into()));
            for (field, from) in [(&LINK, 2), (&PEER, 18)] {
                if let Some(address) = address(message, from) {
                    let range = at + from..at + from + 16;
                    listener.field(field, range, Value::Address(address.into()));
                }
            }
        }
        [kind, a, b, c, ..] => {
            let transaction = u32::from_be_bytes([0, a, b, c]);
            listener.field(&MESSAGE, at..at + 1, named(kind));
            listener.field(&TRANSACTION, at + 1..at + 4, Value::Number(transaction.into()));
        }
        _ => {}
    }
    option::tell(options, at + start, depth, listener);
}

fn address(octets: &[u8], at: usize) -> Option<Ipv6Addr> {
    octets.get(at..)?.first_chunk::<16>().map(|octets| (*octets).into())
}

/// RFC 8415 §7.3, RFC 5007, RFC 5460, RFC 7341.
fn message_name(kind: u8) -> Option<&'static str> {
    Some(match kind {
        1 => "SOLICIT",
        2 => "ADVERTISE",
        3 => "REQUEST",
        4 => "CONFIRM",
        5 => "RENEW",
        6 => "REBIND",
        7 => "REPLY",
        8 => "RELEASE",
        9 => "DECLINE",
        10 => "RECONFIGURE",
        11 => "INFORMATION-REQUEST",
        12 => "RELAY-FORW",
        13 => "RELAY-REPL",
        14 => "LEASEQUERY",
        15 => "LEASEQUERY-REPLY",
        16 => "LEASEQUERY-DONE",
        17 => "LEASEQUERY-DATA",
        20 => "DHCPV4-QUERY",
        21 => "DHCPV4-RESPONSE",
        _ => return None,
    })
}
