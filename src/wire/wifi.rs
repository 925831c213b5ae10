//! Wi-Fi frames (IEEE 802.11-2020 §9.2 and §9.3).
//!
//! ```text
//! |Subtype|Typ|Ver|     Flags     |           Duration            |   0  little endian
//! |                   Address 1, then 2 and 3                         4
//! |       Sequence control        |       Address 4 ...              22  little endian
//! |          QoS control          |          HT control              24  or 30
//! ```

use super::field::{Field, Listener, Mac, Value, fields};
use super::{Hint, Name, View};
use crate::ink::Ink;
use crate::octets::{Octets, Reader, Why};

#[derive(Clone, Copy, Debug)]
pub struct Wifi<'a> {
    header: &'a [u8],
}

fields! {
    KIND      = "wlan.fc.type_subtype", Hex(4), "kind";
    CONTROL   = "wlan.fc", Hex(4), "frame control";
    VERSION   = "wlan.fc.version", Number, "version";
    TYPE      = "wlan.fc.type", Number, "type";
    SUBTYPE   = "wlan.fc.subtype", Number, "subtype";
    FLAGS     = "wlan.flags", Hex(2), "flags";
    TO_DS     = "wlan.fc.tods", Flag, "to the distribution system";
    FROM_DS   = "wlan.fc.fromds", Flag, "from the distribution system";
    MORE      = "wlan.fc.frag", Flag, "more fragments";
    RETRY     = "wlan.fc.retry", Flag, "sent again";
    SLEEPS    = "wlan.fc.pwrmgt", Flag, "will sleep";
    MORE_DATA = "wlan.fc.moredata", Flag, "more data waits";
    PROTECTED = "wlan.fc.protected", Flag, "protected";
    ORDER     = "wlan.fc.order", Flag, "HT control is there";
    DURATION  = "wlan.duration", Number, "duration / µs";
    AID       = "wlan.aid", Number, "association";
    RA        = "wlan.ra" | "wlan.addr", Mac, "receiver";
    TA        = "wlan.ta" | "wlan.addr", Mac, "transmitter";
    DA        = "wlan.da" | "wlan.addr", Mac, "destination";
    SA        = "wlan.sa" | "wlan.addr", Mac, "source";
    BSSID     = "wlan.bssid" | "wlan.addr", Mac, "network";
    FRAGMENT  = "wlan.frag", Number, "fragment";
    SEQUENCE  = "wlan.seq", Number, "sequence number";
    QOS       = "wlan.qos", Hex(4), "QoS control";
    TID       = "wlan.qos.tid", Number, "traffic";
    AGGREGATE = "wlan.qos.amsdupresent", Flag, "several packets";
    HT        = "wlan.htc", Hex(8), "HT control";
    PADDING   = "wlan.padding", Octets, "padding";
}

const MANAGEMENT: u8 = 0;
const CONTROLS: u8 = 1;
const DATA: u8 = 2;

impl Wifi<'_> {
    /// Who sent the frame through the air, and to whom: not always who wrote it and for whom.
    /// Acknowledgments do not say who sends them.
    pub fn hop(self) -> Option<(Mac, Mac)> {
        Some((Mac(self.address(2)?), Mac(self.address(1)?)))
    }

    fn octet(self, at: usize) -> u8 {
        self.header.get(at).copied().unwrap_or_default()
    }

    fn short(self, at: usize) -> u16 {
        u16::from_le_bytes([self.octet(at), self.octet(at + 1)])
    }

    fn kind(self) -> u8 {
        self.octet(0) >> 2 & 3
    }

    fn subtype(self) -> u8 {
        self.octet(0) >> 4
    }

    fn has(self, bit: u8) -> bool {
        self.octet(1) & bit != 0
    }

    fn address(self, number: usize) -> Option<[u8; 6]> {
        let at = [4, 10, 16, 24].get(number - 1)?;
        Reader::from(self.header, *at).array().copied().filter(|_| number <= self.addresses())
    }

    /// §9.3.1 to §9.3.3: how many addresses there are.
    fn addresses(self) -> usize {
        match (self.kind(), self.subtype()) {
            (CONTROLS, 2 | 4 | 5 | 8..=11 | 14 | 15) => 2,
            (CONTROLS, 7 | 12 | 13) => 1,
            (DATA, _) if self.has(1) && self.has(2) => 4,
            (MANAGEMENT | DATA, _) => 3,
            _ => 0,
        }
    }

    /// §9.2.4.5.1: data frames of which the highest bit of the subtype is set.
    fn has_qos(self) -> bool {
        self.kind() == DATA && self.subtype() & 8 != 0
    }

    /// §9.2.4.1.10: in data frames without `QoS`, the flag means something else.
    fn has_ht(self) -> bool {
        self.has(0x80) && (self.has_qos() || self.kind() == MANAGEMENT)
    }

    /// Where the sequence control and the fourth address end.
    fn addresses_end(self) -> usize {
        match self.addresses() {
            count @ 0..=2 => 4 + 6 * count,
            3 => 24,
            _ => 30,
        }
    }

    fn len(self) -> usize {
        let qos = if self.has_qos() { 2 } else { 0 };
        let ht = if self.has_ht() { 4 } else { 0 };
        self.addresses_end() + qos + ht
    }

    /// What an address is, beyond receiver or transmitter (§9.3.2.1, table 9-30).
    fn role(self, number: usize) -> Option<&'static Field> {
        let ds = if self.kind() == DATA { self.octet(1) & 3 } else { 0 };
        match (self.kind(), self.subtype(), ds, number) {
            (CONTROLS, 10, _, 1) | (CONTROLS, 14 | 15, _, 2) => Some(&BSSID),
            (CONTROLS, ..) | (_, _, 3, 1 | 2) => None,
            (_, _, 0, 3) | (_, _, 1, 1) | (_, _, 2, 2) => Some(&BSSID),
            (_, _, 0 | 2, 1) | (_, _, 1 | 3, 3) => Some(&DA),
            _ => Some(&SA),
        }
    }
}

impl<'a> View<'a> for Wifi<'a> {
    const NAMES: &'static [Name] = &[Name { key: "wlan", words: "802.11" }];
    const FIELDS: &'static [&'static Field] = FIELDS;

    fn read(hint: Hint, octets: Octets<'a>) -> Result<(Self, Hint, Octets<'a>), Why> {
        let (start, _) = octets.split(4)?;
        if start[0] & 3 != 0 {
            return Err(Why::Malformed("version is not 0"));
        }
        let mut len = Self { header: start }.len();
        if hint == Hint::Is("padded wlan") && start[0] & 0x0c == DATA << 2 {
            len = len.next_multiple_of(4);
        }
        let (header, rest) = octets.split(len)?;
        let wifi = Self { header };
        // §9.3.2.1: of the data frames, those with the bit 4 of the subtype carry none.
        let is_plain = wifi.kind() == DATA && wifi.subtype() & 4 == 0 && !wifi.has(0x40);
        let is_part = wifi.has(4) || wifi.short(22) & 15 != 0;
        let is_aggregate = wifi.has_qos() && wifi.octet(wifi.addresses_end()) & 0x80 != 0;
        let hint = if is_plain && !is_part && !is_aggregate { Hint::Llc } else { Hint::End };
        Ok((wifi, hint, rest))
    }

    fn line(&self, ink: &mut Ink) {
        ink.text(name(self.kind(), self.subtype()));
        if self.has(0x40) {
            ink.text(" protected");
        }
        match (self.address(1), self.address(2)) {
            (Some(to), None) => _ = ink.text(" to ").mac(to),
            (Some(to), Some(from)) => _ = ink.text(" from ").mac(from).text(" to ").mac(to),
            _ => {}
        }
    }

    fn fields(&self, listener: &mut dyn Listener) {
        let (kind, subtype) = (self.kind(), self.subtype());
        let both = Value::Named((kind << 4 | subtype).into(), name(kind, subtype));
        listener.field(&KIND, 0..0, both);
        listener.open(&CONTROL, 0..2, Value::Number(u16::from_be_bytes([self.octet(0), self.octet(1)]).into()));
        listener.field(&VERSION, 0..1, Value::Number((self.octet(0) & 3).into()));
        listener.field(&TYPE, 0..1, Value::Number(kind.into()));
        listener.field(&SUBTYPE, 0..1, Value::Number(subtype.into()));
        listener.open(&FLAGS, 1..2, Value::Number(self.octet(1).into()));
        let flags = [&TO_DS, &FROM_DS, &MORE, &RETRY, &SLEEPS, &MORE_DATA, &PROTECTED, &ORDER];
        for (at, flag) in flags.into_iter().enumerate() {
            listener.field(flag, 1..2, Value::Flag(self.has(1 << at)));
        }
        listener.close();
        listener.close();
        // §9.3.1.5: in PS-Poll the number of the association stands there.
        if (kind, subtype) == (CONTROLS, 10) {
            listener.field(&AID, 2..4, Value::Number((self.short(2) & 0x3fff).into()));
        } else {
            listener.field(&DURATION, 2..4, Value::Number((self.short(2) & 0x7fff).into()));
        }
        for (number, at) in [(1, 4), (2, 10), (3, 16), (4, 24)] {
            if number == 4 && self.addresses() > 2 {
                let sequence = self.short(22);
                listener.field(&FRAGMENT, 22..22, Value::Number((sequence & 15).into()));
                listener.field(&SEQUENCE, 22..24, Value::Number((sequence >> 4).into()));
            }
            let Some(address) = self.address(number).map(|octets| Value::Mac(Mac(octets))) else { continue };
            let mut range = at..at + 6;
            let first: Option<&'static Field> = match number {
                1 => Some(&RA),
                2 => Some(&TA),
                _ => None,
            };
            for field in first.into_iter().chain(self.role(number)) {
                listener.field(field, range, address);
                range = at + 6..at + 6;
            }
        }
        let mut end = self.addresses_end();
        if self.has_qos() {
            let qos = self.short(end);
            listener.open(&QOS, end..end + 2, Value::Number(qos.into()));
            listener.field(&TID, end..end + 1, Value::Number((qos & 15).into()));
            listener.field(&AGGREGATE, end..end + 1, Value::Flag(qos & 0x80 != 0));
            listener.close();
            end += 2;
        }
        if self.has_ht() {
            let ht = Reader::from(self.header, end).array().copied().map_or(0, u32::from_le_bytes);
            listener.field(&HT, end..end + 4, Value::Number(ht.into()));
            end += 4;
        }
        if end < self.header.len() {
            listener.field(&PADDING, end..self.header.len(), Value::Octets(&self.header[end..]));
        }
    }
}

/// §9.2.4.1.3, table 9-1.
fn name(kind: u8, subtype: u8) -> &'static str {
    match (kind, subtype) {
        (MANAGEMENT, 0) => "association request",
        (MANAGEMENT, 1) => "association response",
        (MANAGEMENT, 2) => "reassociation request",
        (MANAGEMENT, 3) => "reassociation response",
        (MANAGEMENT, 4) => "probe request",
        (MANAGEMENT, 5) => "probe response",
        (MANAGEMENT, 6) => "timing advertisement",
        (MANAGEMENT, 8) => "beacon",
        (MANAGEMENT, 9) => "ATIM",
        (MANAGEMENT, 10) => "disassociation",
        (MANAGEMENT, 11) => "authentication",
        (MANAGEMENT, 12) => "deauthentication",
        (MANAGEMENT, 13 | 14) => "action",
        (MANAGEMENT, _) => "management",
        (CONTROLS, 2) => "trigger",
        (CONTROLS, 4) => "beamforming report poll",
        (CONTROLS, 5) => "NDP announcement",
        (CONTROLS, 7) => "control wrapper",
        (CONTROLS, 8) => "block ack request",
        (CONTROLS, 9) => "block ack",
        (CONTROLS, 10) => "PS-poll",
        (CONTROLS, 11) => "RTS",
        (CONTROLS, 12) => "CTS",
        (CONTROLS, 13) => "ack",
        (CONTROLS, 14 | 15) => "CF-end",
        (CONTROLS, _) => "control",
        (DATA, 0..=3) => "data",
        (DATA, 4..=7) => "null",
        (DATA, 8..=11) => "QoS data",
        (DATA, _) => "QoS null",
        _ => "extension",
    }
}
