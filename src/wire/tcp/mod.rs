//! TCP segments (RFC 9293 §3.1).
//!
//! ```text
//! |          Source port          |       Destination port        |   0
//! |                        Sequence number                        |   4
//! |                    Acknowledgment number                      |   8
//! | Offset| Rsrvd |C|E|U|A|P|R|S|F|            Window             |  12
//! |           Checksum            |        Urgent pointer         |  16
//! ```

pub mod analysis;
pub mod option;

use super::field::{Listener, Value, fields};
use super::{Hint, Name, View};
use crate::ink::Ink;
use crate::octets::{Octets, Why, be16, be32};
pub use option::{TcpOption, TcpOptions};

#[derive(Clone, Copy, Debug)]
pub struct Tcp<'a> {
    header: &'a [u8; 20],
    /// As far as the capture kept them.
    options: &'a [u8],
    payload: Octets<'a>,
}

fields! {
    SOURCE_PORT      = "tcp.srcport" | "tcp.port", Number, "source port";
    DESTINATION_PORT = "tcp.dstport" | "tcp.port", Number, "destination port";
    SEQ              = "tcp.seq_raw", Number, "sequence number";
    ACK              = "tcp.ack_raw", Number, "acknowledgment number";
    HEADER_LEN       = "tcp.hdr_len", Number, "header length";
    FLAGS            = "tcp.flags", Hex(4), "flags";
    RESERVED         = "tcp.flags.res", Number, "reserved";
    AE               = "tcp.flags.ae", Flag, "AE";
    CWR              = "tcp.flags.cwr", Flag, "CWR";
    ECE              = "tcp.flags.ece", Flag, "ECE";
    URG              = "tcp.flags.urg", Flag, "URG";
    ACK_FLAG         = "tcp.flags.ack", Flag, "ACK";
    PUSH             = "tcp.flags.push", Flag, "PSH";
    RESET            = "tcp.flags.reset", Flag, "RST";
    SYN              = "tcp.flags.syn", Flag, "SYN";
    FIN              = "tcp.flags.fin", Flag, "FIN";
    LETTERS          = "tcp.flags.str", Text, "flags in letters";
    WINDOW           = "tcp.window_size_value", Number, "window as written";
    CHECKSUM         = "tcp.checksum", Hex(4), "checksum";
    URGENT           = "tcp.urgent_pointer", Number, "urgent pointer";
    LEN              = "tcp.len", Number, "payload length";
}

impl<'a> Tcp<'a> {
    pub fn source_port(self) -> u16 {
        be16(self.header, 0)
    }

    pub fn destination_port(self) -> u16 {
        be16(self.header, 2)
    }

    pub fn seq(self) -> Seq {
        Seq(be32(self.header, 4))
    }

    /// Meaningful only when [`Flags::ACK`] is set.
    pub fn ack(self) -> Seq {
        Seq(be32(self.header, 8))
    }

    pub fn header_len(self) -> usize {
        usize::from(self.header[12] >> 4) * 4
    }

    pub fn flags(self) -> Flags {
        Flags(self.header[13])
    }

    /// RFC 9768 §3.1.1: asks for accurate ECN in a SYN, with [`Flags::CWR`] and [`Flags::ECE`].
    pub fn is_accurate_ecn(self) -> bool {
        self.header[12] & 1 != 0
    }

    /// As written; the scale is known only to the connection.
    pub fn window(self) -> u16 {
        be16(self.header, 14)
    }

    pub fn checksum(self) -> u16 {
        be16(self.header, 16)
    }

    pub fn options(self) -> TcpOptions<'a> {
        TcpOptions::new(self.options, self.header_len() - 20)
    }

    /// Value and echo of the time stamps, where they stand as RFC 7323 appendix A recommends and nothing
    /// stands beside them.
    pub fn lone_stamps(self) -> Option<(u32, u32)> {
        let options: &[u8; 12] = self.options.try_into().ok()?;
        (be32(options, 0) == 0x0101_080a).then(|| (be32(options, 4), be32(options, 8)))
    }

    /// Whether the capture lost some of the options.
    pub fn options_are_cut(self) -> bool {
        self.options.len() < self.header_len() - 20
    }

    pub fn payload(self) -> Octets<'a> {
        self.payload
    }

    /// How far the segment moves the sequence: its payload, and one each for SYN and FIN.
    pub fn span(self) -> u32 {
        let flags = self.flags();
        self.payload.len() as u32 + u32::from(flags.has(Flags::SYN)) + u32::from(flags.has(Flags::FIN))
    }

    /// Writes the segment in a few words, its numbers counted from an origin.
    pub fn line_from(self, origin: Origin, ink: &mut Ink) {
        let (flags, len) = (self.flags(), self.payload.len() as u32);
        let seq = self.seq().from(origin.seq);
        ink.text("[");
        flags.line(ink);
        ink.text("] seq ").number(seq);
        if len > 0 {
            ink.text(":").number(seq.wrapping_add(len)).text("(").number(len).text(")");
        }
        if flags.has(Flags::ACK) {
            ink.text(" ack ").number(self.ack().from(origin.ack));
        }
        ink.text(" win ").number(origin.scale.window(self));
        // Nothing is nothing at any scale.
        if origin.scale == Scale::Unknown && !flags.has(Flags::SYN) && self.window() > 0 {
            ink.text("*?");
        }
        if flags.has(Flags::URG) {
            ink.text(" urg ").number(be16(self.header, 18));
        }
        for option in self.options() {
            option.line(origin, ink);
        }
        if self.options_are_cut() {
            ink.ellipsis();
        }
    }
}

/// What the numbers of a segment are counted from; by default they are as written.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Origin {
    pub seq: Seq,
    /// Of the peer's numbers: for the acknowledgment and SACK.
    pub ack: Seq,
    pub scale: Scale,
}

/// What a window is to be multiplied by (RFC 7323 §2.2).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Scale {
    /// Nobody asks: the window is told as written.
    #[default]
    Unasked,
    /// The handshake was not seen.
    Unknown,
    /// A power of two. Never in force for the window of a SYN.
    Shift(u8),
}

impl Scale {
    /// The window in octets, or as written where the scale is not known.
    pub fn window(self, tcp: Tcp<'_>) -> u32 {
        let written = u32::from(tcp.window());
        match self {
            // RFC 7323 §2.3: 14 at most.
            Self::Shift(shift) if !tcp.flags().has(Flags::SYN) => written << shift.min(14),
            _ => written,
        }
    }
}

impl<'a> View<'a> for Tcp<'a> {
    const NAMES: &'static [Name] = &[Name { key: "tcp", words: "TCP" }];
    const FIELDS: &'static [&'static super::field::Field] = option::WITH_OPTIONS;

    fn read(_: Hint, octets: Octets<'a>) -> Result<(Self, Hint, Octets<'a>), Why> {
        let (header, _) = octets.header::<20>()?;
        let mut tcp = Self { header, options: &[], payload: octets };
        if tcp.header_len() < 20 {
            return Err(Why::Malformed("data offset below 5"));
        }
        let Some((whole, payload)) = octets.part(tcp.header_len()) else {
            return Err(octets.lacks(tcp.header_len()));
        };
        (tcp.options, tcp.payload) = (&whole.kept()[20..], payload);
        Ok((tcp, Hint::Tcp(tcp.source_port(), tcp.destination_port()), payload))
    }

    fn line(&self, ink: &mut Ink) {
        self.line_from(Origin::default(), ink);
    }

    fn fields(&self, listener: &mut dyn Listener) {
        let flags = self.flags();
        let all = u64::from(be16(self.header, 12) & 0x0fff);
        listener.field(&SOURCE_PORT, 0..2, Value::Number(self.source_port().into()));
        listener.field(&DESTINATION_PORT, 2..4, Value::Number(self.destination_port().into()));
        listener.field(&SEQ, 4..8, Value::Number(self.seq().0.into()));
        listener.field(&ACK, 8..12, Value::Number(self.ack().0.into()));
        listener.field(&HEADER_LEN, 12..12, Value::Number(self.header_len() as u64));
        listener.open(&FLAGS, 12..14, Value::Number(all));
        listener.field(&RESERVED, 12..13, Value::Number(all >> 9));
        listener.field(&AE, 12..13, Value::Flag(all & 0x100 != 0));
        for (field, flag) in [
            (&CWR, Flags::CWR),
            (&ECE, Flags::ECE),
            (&URG, Flags::URG),
            (&ACK_FLAG, Flags::ACK),
            (&PUSH, Flags::PSH),
            (&RESET, Flags::RST),
            (&SYN, Flags::SYN),
            (&FIN, Flags::FIN),
        ] {
            listener.field(field, 13..14, Value::Flag(flags.has(flag)));
        }
        let letters = flags.letters();
        let letters = letters.trim_ascii_end();
        let letters = if letters.is_empty() { &b"none"[..] } else { letters };
        listener.field(&LETTERS, 13..14, Value::Text(letters));
        listener.close();
        listener.field(&WINDOW, 14..16, Value::Number(self.window().into()));
        listener.field(&CHECKSUM, 16..18, Value::Number(self.checksum().into()));
        listener.field(&URGENT, 18..20, Value::Number(be16(self.header, 18).into()));
        option::fields(self.options, self.header_len() - 20, listener);
        let end = self.header_len();
        listener.field(&LEN, end..end, Value::Number(self.payload.len() as u64));
    }
}

/// A point in the 32-bit sequence space, which has no beginning.
///
/// Not `Ord`: of three points each can come before the next, all the way round.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct Seq(pub u32);

impl Seq {
    #[must_use]
    pub fn plus(self, span: u32) -> Self {
        Self(self.0.wrapping_add(span))
    }

    /// How far this lies behind `origin`, once round the circle at most.
    pub fn from(self, origin: Self) -> u32 {
        self.0.wrapping_sub(origin.0)
    }

    /// Signed distance from `other` to here; negative when `other` is ahead.
    pub fn past(self, other: Self) -> i32 {
        self.0.wrapping_sub(other.0).cast_signed()
    }
}

/// The eight flags (RFC 9293 §3.1).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Flags(pub u8);

impl Flags {
    pub const FIN: u8 = 0x01;
    pub const SYN: u8 = 0x02;
    pub const RST: u8 = 0x04;
    pub const PSH: u8 = 0x08;
    pub const ACK: u8 = 0x10;
    pub const URG: u8 = 0x20;
    pub const ECE: u8 = 0x40;
    pub const CWR: u8 = 0x80;

    pub fn has(self, flag: u8) -> bool {
        self.0 & flag != 0
    }

    /// As tcpdump writes them; a dot is an ACK.
    pub fn letters(self) -> [u8; 8] {
        let mut letters = [b' '; 8];
        let set = b"FSRP.UEW".iter().enumerate().filter(|(bit, _)| self.has(1 << bit));
        for (place, (_, letter)) in letters.iter_mut().zip(set) {
            *place = *letter;
        }
        letters
    }

    fn line(self, ink: &mut Ink) {
        const COMMON: [&str; 32] = [
            "none", "F", "S", "FS", "R", "FR", "SR", "FSR", "P", "FP", "SP", "FSP", "RP", "FRP",
            "SRP", "FSRP", ".", "F.", "S.", "FS.", "R.", "FR.", "SR.", "FSR.", "P.", "FP.", "SP.",
            "FSP.", "RP.", "FRP.", "SRP.", "FSRP.",
        ];
        match self.0 {
            bits @ 0..32 => ink.text(COMMON[usize::from(bits)]),
            _ => ink.wire(self.letters().trim_ascii_end()),
        };
    }
}
