//! IEEE 802.2 logical link control, with the SNAP header where there is one.
//!
//! ```text
//! |      DSAP     |      SSAP     |    Control    |       ...         0
//! ```

use super::ethernet::named;
use super::field::{Listener, Value, fields};
use super::{Hint, Name, View};
use crate::ink::Ink;
use crate::octets::{Octets, Why};

#[derive(Clone, Copy, Debug)]
pub struct Llc<'a> {
    saps: &'a [u8; 2],
    /// One octet in unnumbered frames, two in all others.
    control: &'a [u8],
    snap: Option<&'a [u8; 5]>,
}

fields! {
    DSAP         = "llc.dsap", Hex(2), "destination service";
    SSAP         = "llc.ssap", Hex(2), "source service";
    CONTROL      = "llc.control", Hex(4), "control";
    ORGANIZATION = "llc.oui", Number, "organization";
    TYPE         = "llc.type", Hex(4), "type";
    CISCO        = "llc.cisco_pid", Hex(4), "protocol";
    PROTOCOL     = "llc.pid", Hex(4), "protocol";
}

impl Llc<'_> {
    /// Organization and protocol of the SNAP header.
    fn snap(self) -> Option<(u32, u16)> {
        self.snap.map(|[a, b, c, d, e]| {
            (u32::from_be_bytes([0, *a, *b, *c]), u16::from_be_bytes([*d, *e]))
        })
    }

    /// IEEE 802.2 §5.4: as in HDLC, 3 in the last two bits means unnumbered; 0x03 then is plain
    /// data.
    fn carries_data(self) -> bool {
        self.control == [0x03]
    }
}

impl<'a> View<'a> for Llc<'a> {
    const NAMES: &'static [Name] = &[Name { key: "llc", words: "LLC" }];
    const FIELDS: &'static [&'static super::field::Field] = FIELDS;

    /// Novell put IPX into 802.3 frames without 802.2; its checksum is always ffff.
    fn claims(_: Hint, octets: Octets<'a>) -> bool {
        !matches!(octets.kept(), [0xff, 0xff, ..])
    }

    fn read(_: Hint, octets: Octets<'a>) -> Result<(Self, Hint, Octets<'a>), Why> {
        let (saps, rest) = octets.header::<2>()?;
        let (first, _) = rest.header::<1>()?;
        let (control, rest) = rest.split(if first[0] & 3 == 3 { 1 } else { 2 })?;
        let mut llc = Self { saps, control, snap: None };
        if !llc.carries_data() {
            return Ok((llc, Hint::End, rest));
        }
        match saps[0] & 0xfe {
            0xaa => {
                let (snap, rest) = rest.header::<5>()?;
                llc.snap = Some(snap);
                let hint = match llc.snap() {
                    // RFC 1042, and IEEE 802.1H's bridge tunnel.
                    Some((0x00_0000 | 0x00_00f8, ethertype)) => Hint::Ether(ethertype),
                    _ => Hint::End,
                };
                Ok((llc, hint, rest))
            }
            0x06 => Ok((llc, Hint::Ether(0x0800), rest)),
            sap => Ok((llc, Hint::Sap(sap), rest)),
        }
    }

    fn line(&self, ink: &mut Ink) {
        match self.snap() {
            Some((organization, protocol)) => {
                ink.text("SNAP ").hex(organization.into(), 6);
                ink.text(" 0x").hex(protocol.into(), 4);
                if let (0x00_000c, Some(name)) = (organization, cisco_name(protocol)) {
                    ink.text(" ").text(name);
                }
            }
            None => match sap_name(self.saps[0] & 0xfe) {
                Some(name) => _ = ink.text(name),
                None => _ = ink.text("service 0x").hex(self.saps[0].into(), 2),
            },
        }
        if !self.carries_data() {
            ink.text(" control 0x").hex_octets(self.control);
        }
    }

    fn fields(&self, listener: &mut dyn Listener) {
        let control = match *self.control {
            [one] => one.into(),
            // The two octets are numbered from the low end on, as the bits in each of them are.
            [one, two, ..] => u16::from_le_bytes([one, two]),
            [] => 0,
        };
        let end = 2 + self.control.len();
        listener.field(&DSAP, 0..1, named_sap(self.saps[0]));
        listener.field(&SSAP, 1..2, named_sap(self.saps[1]));
        listener.field(&CONTROL, 2..end, Value::Number(control.into()));
        let Some((organization, protocol)) = self.snap() else { return };
        listener.field(&ORGANIZATION, end..end + 3, Value::Number(organization.into()));
        let (field, value) = match (organization, cisco_name(protocol)) {
            (0x00_0000 | 0x00_00f8, _) => (&TYPE, named(protocol)),
            (0x00_000c, Some(name)) => (&CISCO, Value::Named(protocol.into(), name)),
            (0x00_000c, None) => (&CISCO, Value::Number(protocol.into())),
            _ => (&PROTOCOL, Value::Number(protocol.into())),
        };
        listener.field(field, end + 3..end + 5, value);
    }
}

fn named_sap(sap: u8) -> Value<'static> {
    match sap_name(sap & 0xfe) {
        Some(name) => Value::Named(sap.into(), name),
        None => Value::Number(sap.into()),
    }
}

/// IEEE's registry of service access points, where an engineer would know them.
fn sap_name(sap: u8) -> Option<&'static str> {
    Some(match sap {
        0x00 => "null",
        0x02 => "LLC management",
        0x04 => "SNA path control",
        0x06 => "IP",
        0x42 => "spanning tree",
        0x7e => "X.25",
        0xaa => "SNAP",
        0xe0 => "IPX",
        0xf0 => "NetBIOS",
        0xf4 => "LAN management",
        0xfe => "ISO network layer",
        _ => return None,
    })
}

fn cisco_name(protocol: u16) -> Option<&'static str> {
    Some(match protocol {
        0x0102 => "drip",
        0x0104 => "PAgP",
        0x010b => "PVST spanning tree",
        0x010c => "VLAN bridge",
        0x0111 => "UDLD",
        0x2000 => "CDP",
        0x2003 => "VTP",
        0x2004 => "DTP",
        _ => return None,
    })
}
