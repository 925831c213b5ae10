//! How do other tools show the same packet?

use std::fmt::Write as _;
use std::net::Ipv4Addr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use crate::flow::{End, Seen, Side};
use crate::ink::is_safe;
use crate::wire::{Layer, Packet};

/// A command line that shows packet `number` of these files in Wireshark's words.
pub(super) fn tshark(files: &[PathBuf], number: u64) -> String {
    let filter = format!("-Y 'frame.number=={number}' -V");
    let names: Vec<String> = files.iter().map(|path| quoted(&named(path))).collect();
    match &names[..] {
        [one] => format!("tshark -r {one} {filter}"),
        // Like us, it merges by time; tshark reads one file.
        several => format!("mergecap -w - {} | tshark -r - {filter}", several.join(" ")),
    }
}

/// What begins with a hyphen is no option, and a hyphen alone is standard input.
fn named(path: &Path) -> Vec<u8> {
    let name = path.as_os_str().as_bytes();
    let is_option = name.starts_with(b"-") && name != b"-";
    if is_option { [b"./", name].concat() } else { name.to_vec() }
}

/// A word that a shell takes as it is; what no terminal should see is escaped as bash has it.
pub(super) fn quoted(word: &[u8]) -> String {
    let plain = |octet: &u8| octet.is_ascii_alphanumeric() || b"_-./:@%+,=".contains(octet);
    let text = String::from_utf8_lossy(word);
    if !word.is_empty() && word.iter().all(plain) {
        return text.into_owned();
    }
    if str::from_utf8(word).is_ok_and(|text| text.chars().all(is_safe)) {
        return format!("'{}'", text.replace('\'', r"'\''"));
    }
    let mut quoted = "$'".to_owned();
    for octet in word {
        match octet {
            b'\'' | b'\\' => _ = write!(quoted, "\\{}", char::from(*octet)),
            b' '..=b'~' => quoted.push(char::from(*octet)),
            other => _ = write!(quoted, "\\x{other:02x}"),
        }
    }
    quoted + "'"
}

/// A display filter that lets the packet's conversation pass.
pub(super) fn filter(packet: &Packet<'_>, seen: &Seen<'_>) -> Option<String> {
    let ends: [End; 2] = match (seen.connection, seen.datagrams) {
        (Some((one, _)), _) => [Side::Client, Side::Server].map(|side| one.end(side)),
        (None, Some((one, _))) => [Side::Client, Side::Server].map(|side| one.end(side)),
        (None, None) => return elsewhere(packet),
    };
    let mut filter = String::new();
    for end in ends {
        let address = end.address();
        let field = if address.is_ipv6() { "ipv6.addr" } else { "ip.addr" };
        let and = if filter.is_empty() { "" } else { " && " };
        _ = write!(filter, "{and}{field}=={address}");
    }
    let carrier = match (packet.ports(), packet.tcp().is_some(), packet.udp().is_some()) {
        (Some(_), true, _) => Some("tcp"),
        (Some(_), _, true) => Some("udp"),
        _ => None,
    };
    if let Some(carrier) = carrier {
        for end in ends {
            _ = write!(filter, " && {carrier}.port=={}", end.port);
        }
    } else if let Some(last) = packet.own_layers().last() {
        _ = write!(filter, " && {}", last.name().key);
    }
    Some(filter)
}

/// The same of packets that belong to no conversation.
fn elsewhere(packet: &Packet<'_>) -> Option<String> {
    let last = packet.own_layers().last()?;
    match last {
        Layer::Arp(arp) => {
            let [sender, target] =
                [arp.sender(), arp.target()].map(|it| <[u8; 4]>::try_from(it).ok());
            let asked = if arp.operation() == 1 { target } else { sender };
            let asked = asked.filter(|_| arp.protocol_type() == 0x0800).map(Ipv4Addr::from);
            Some(asked.map_or_else(
                || "arp".to_owned(),
                |asked| format!("arp.src.proto_ipv4=={asked} || arp.dst.proto_ipv4=={asked}"),
            ))
        }
        Layer::Ipv4(ip) if ip.is_fragment() => {
            let (from, to) = packet.addresses()?;
            Some(format!("ip.src=={from} && ip.dst=={to} && ip.id=={:#06x}", ip.id()))
        }
        other => Some(other.name().key.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_takes_every_name_as_it_is() {
        assert_eq!(quoted(b"fixtures/a-1.pcap"), "fixtures/a-1.pcap");
        assert_eq!(quoted(b"my file's; rm -rf $HOME"), r"'my file'\''s; rm -rf $HOME'");
        assert_eq!(quoted(b""), "''");
        assert_eq!(quoted(b"a\x1b'\xff"), r"$'a\x1b\'\xff'");
        assert_eq!(tshark(&["-x.pcap".into()], 3), "tshark -r ./-x.pcap -Y 'frame.number==3' -V");
        let two = tshark(&["a".into(), "b c".into()], 3);
        assert_eq!(two, "mergecap -w - a 'b c' | tshark -r - -Y 'frame.number==3' -V");
    }
}
