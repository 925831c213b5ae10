//! DHCP for IPv4 (RFC 2131 §2), and BOOTP before it (RFC 951).
//!
//! ```text
//! |   Operation   | Hardware type |Hardware length|     Hops      |   0
//! |                        Transaction                            |   4
//! |            Seconds            |B|           Flags             |   8
//! |        Client's, your, next server's, relay's address ...        12
//! |      Client's hardware address, 16 octets ...                    28
//! |      Server's name, 64 octets ...                                44
//! |      Boot file, 128 octets ...                                  108
//! |                         Magic cookie                          | 236
//! ```

mod field;
pub(crate) mod names;
mod option;

use std::net::Ipv4Addr;

use super::arp::hardware_name;
use super::field::{Field, Listener, Mac, Value};
use super::{Hint, Name, View};
use crate::ink::Ink;
use crate::octets::{Octets, Why};
use field as name;
use option::{Options, Piece};

#[derive(Clone, Copy, Debug)]
pub struct Dhcp<'a> {
    /// As much of the message as can be read: where the capture cut it, up to the last whole
    /// field or option.
    octets: &'a [u8],
    is_cut: bool,
}

/// Where the fixed fields end.
const ENDS: [usize; 14] = [1, 2, 3, 4, 8, 10, 12, 16, 20, 24, 28, 44, 108, 236];

/// Where options begin, behind the cookie that says that there are any (RFC 2131 §3).
const OPTIONS: usize = 240;
const COOKIE: [u8; 4] = [99, 130, 83, 99];

impl<'a> Dhcp<'a> {
    /// What a client chose so that it knows the answers to its questions.
    pub fn transaction(self) -> u32 {
        self.array(4).map_or(0, u32::from_be_bytes)
    }

    /// RFC 2131 §3: 1 to 8 and more; none in BOOTP.
    pub fn message_type(self) -> Option<u8> {
        self.option(53)?.first().copied()
    }

    /// Whether a client sent it.
    pub fn is_question(self) -> bool {
        self.octets.first() == Some(&1)
    }

    /// The address that a server gives, or a client has.
    pub fn your_address(self) -> Option<Ipv4Addr> {
        self.array::<4>(16).map(Into::into)
    }

    /// The content of an option, wherever in the message it is.
    ///
    /// RFC 2131 §4.1: those in the boot file come next to the ordinary ones, those in the server's
    /// name last.
    pub fn option(self, code: u8) -> Option<&'a [u8]> {
        let ordinary = self.options();
        let overload = ordinary.find(52).and_then(|content| content.first()).copied().unwrap_or(0);
        let held = |bit: u8, octets: &'a [u8]| {
            Options::new(if overload & bit == 0 { &[] } else { octets }).find(code)
        };
        let find = || held(1, self.file()).or_else(|| held(2, self.server_name()));
        ordinary.find(code).or_else(find)
    }

    fn options(self) -> Options<'a> {
        match self.array(236) {
            Some(COOKIE) => Options::new(self.octets.get(OPTIONS..).unwrap_or(&[])),
            _ => Options::new(&[]),
        }
    }

    fn server_name(self) -> &'a [u8] {
        self.octets.get(44..108).unwrap_or(&[])
    }

    fn file(self) -> &'a [u8] {
        self.octets.get(108..236).unwrap_or(&[])
    }

    pub fn client_mac(self) -> Option<Mac> {
        match self.octets.first_chunk::<34>()? {
            [_, 1 | 6, 6, .., a, b, c, d, e, f] => Some(Mac([*a, *b, *c, *d, *e, *f])),
            _ => None,
        }
    }

    fn array<const N: usize>(self, at: usize) -> Option<[u8; N]> {
        self.octets.get(at..)?.first_chunk().copied()
    }
}

impl<'a> View<'a> for Dhcp<'a> {
    const NAMES: &'static [Name] =
        &[Name { key: "dhcp", words: "DHCP" }, Name { key: "dhcp", words: "BOOTP" }];
    const FIELDS: &'static [&'static Field] = name::FIELDS;

    fn claims(_: Hint, octets: Octets<'a>) -> bool {
        matches!(octets.kept(), [1 | 2, _, 0..=16, ..])
    }

    fn read(_: Hint, octets: Octets<'a>) -> Result<(Self, Hint, Octets<'a>), Why> {
        if octets.len() < 236 {
            return Err(octets.lacks(236));
        }
        let is_cut = octets.is_cut();
        let readable = if is_cut { whole_pieces(octets.kept()) } else { octets.len() };
        if readable < 8 {
            return Err(octets.lacks(236));
        }
        let (octets, rest) = octets.split(readable)?;
        Ok((Self { octets, is_cut }, Hint::End, rest))
    }

    fn name(&self) -> Name {
        let is_bootp = !self.is_cut && self.message_type().is_none();
        Self::NAMES[usize::from(is_bootp)]
    }

    fn line(&self, ink: &mut Ink) {
        match self.message_type() {
            Some(kind) => match type_name(kind) {
                Some(name) => _ = ink.text(name),
                None => _ = ink.text("message ").number(kind),
            },
            None if self.is_cut => {
                ink.ellipsis();
                return;
            }
            None if self.octets.first() == Some(&1) => _ = ink.text("request"),
            None => _ = ink.text("reply"),
        }
        let is_question = self.octets.first() == Some(&1);
        if is_question { self.question(ink) } else { self.answer(ink) };
    }

    fn fields(&self, listener: &mut dyn Listener) {
        for window in [0].iter().chain(&ENDS).zip(&ENDS) {
            let (from, to) = (*window.0, *window.1);
            let Some(octets) = self.octets.get(from..to) else { return };
            self.tell_fixed(from, octets, listener);
        }
        if self.octets.len() > 236 {
            if self.array(236) == Some(COOKIE) {
                listener.field(&name::COOKIE, 236..240, Value::Address(COOKIE.into()));
                option::tell(self.octets, OPTIONS..self.octets.len(), listener);
            } else {
                let area = Value::Octets(&self.octets[236..]);
                listener.field(&name::VENDOR, 236..self.octets.len(), area);
            }
        }
    }
}

impl Dhcp<'_> {
    /// Writes what a client asks for; `None` once the capture ends.
    fn question(self, ink: &mut Ink) -> Option<()> {
        let has_address = self.array(12).filter(|address| *address != [0; 4]);
        if let Some(address) = has_address {
            ink.text(" ").address(address);
        }
        ink.text(" xid 0x").hex(self.transaction().into(), 8);
        if let Some(mac) = self.client_mac() {
            ink.text(" from ").mac(mac.0);
        }
        self.addresses(" wants ", 50, ink)?;
        self.addresses(" server ", 54, ink)?;
        self.text(" host ", 12, ink)?;
        self.text(" says ", 56, ink)
    }

    /// Writes what a server gives; `None` once the capture ends.
    fn answer(self, ink: &mut Ink) -> Option<()> {
        if let Some(your) = self.your_address().filter(|address| !address.is_unspecified()) {
            ink.text(" ").address(your);
        }
        ink.text(" xid 0x").hex(self.transaction().into(), 8);
        self.addresses(" mask ", 1, ink)?;
        self.addresses(" router ", 3, ink)?;
        self.addresses(" dns ", 6, ink)?;
        self.lease(ink)?;
        self.addresses(" server ", 54, ink)?;
        self.text(" says ", 56, ink)
    }

    /// Writes an option's addresses after a word.
    fn addresses(self, word: &str, code: u8, ink: &mut Ink) -> Option<()> {
        let Some(content) = self.option(code) else { return self.missing(ink) };
        for (at, address) in content.as_chunks::<4>().0.iter().enumerate() {
            match at {
                0 => ink.text(word).address(*address),
                1 => ink.text(",").address(*address),
                _ => ink.text(",+").count(content.len() / 4 - 2),
            };
            if at == 2 {
                break;
            }
        }
        Some(())
    }

    fn text(self, word: &str, code: u8, ink: &mut Ink) -> Option<()> {
        let Some(content) = self.option(code) else { return self.missing(ink) };
        ink.text(word).clipped(content.trim_ascii_end(), 40);
        Some(())
    }

    fn lease(self, ink: &mut Ink) -> Option<()> {
        let Some(content) = self.option(51) else { return self.missing(ink) };
        if let [a, b, c, d] = *content {
            ink.text(" lease ");
            write_duration(u32::from_be_bytes([a, b, c, d]), ink);
        }
        Some(())
    }

    /// An option may be missing because the capture cut it off; then nothing more can be said.
    fn missing(self, ink: &mut Ink) -> Option<()> {
        if self.is_cut {
            ink.ellipsis();
            return None;
        }
        Some(())
    }

    /// Tells one of the fields before the options.
    fn tell_fixed(self, at: usize, octets: &[u8], listener: &mut dyn Listener) {
        let range = at..at + octets.len();
        let number = octets.iter().take(4).fold(0, |all, octet| all << 8 | u64::from(*octet));
        let number = match at {
            0 => Value::Named(number, if number == 1 { "request" } else { "reply" }),
            1 => match hardware_name(number as u16) {
                Some(name) => Value::Named(number, name),
                None => Value::Number(number),
            },
            _ => Value::Number(number),
        };
        match (at, octets) {
            (0, _) => listener.field(&name::OPERATION, range, number),
            (1, _) => listener.field(&name::HARDWARE, range, number),
            (2, _) => listener.field(&name::HARDWARE_LEN, range, number),
            (3, _) => listener.field(&name::HOPS, range, number),
            (4, _) => listener.field(&name::TRANSACTION, range, number),
            (8, _) => listener.field(&name::SECONDS, range, number),
            (10, [high, low]) => {
                let reserved = u64::from(u16::from_be_bytes([*high, *low]) & 0x7fff);
                listener.open(&name::FLAGS, range, number);
                listener.field(&name::BROADCAST, 10..11, Value::Flag(high & 0x80 != 0));
                listener.field(&name::RESERVED, 10..12, Value::Number(reserved));
                listener.close();
            }
            (12..28, [a, b, c, d]) => {
                let field = match at {
                    12 => &name::CLIENT,
                    16 => &name::YOUR,
                    20 => &name::SERVER,
                    _ => &name::RELAY,
                };
                listener.field(field, range, Value::Address([*a, *b, *c, *d].into()));
            }
            (28, _) => self.tell_hardware(octets, listener),
            (44, _) => self.tell_name(&name::SERVER_NAME, range, 2, listener),
            _ => self.tell_name(&name::FILE, range, 1, listener),
        }
    }

    fn tell_hardware(self, octets: &[u8], listener: &mut dyn Listener) {
        let len = self.octets.get(2).map_or(0, |len| usize::from(*len).min(octets.len()));
        let (address, padding) = octets.split_at(len);
        match self.client_mac() {
            Some(mac) => listener.field(&name::MAC, 28..34, Value::Mac(mac)),
            None if len > 0 => {
                listener.field(&name::HARDWARE_ADDRESS, 28..28 + len, Value::Octets(address));
            }
            None => {}
        }
        if !padding.is_empty() {
            listener.field(&name::HARDWARE_PADDING, 28 + len..44, Value::Octets(padding));
        }
    }

    /// A name that ends with a zero, or the options that a server put in its place.
    fn tell_name(
        self,
        field: &'static Field,
        range: std::ops::Range<usize>,
        bit: u8,
        listener: &mut dyn Listener,
    ) {
        let octets = &self.octets[range.clone()];
        let overload = self.options().find(52).and_then(<[u8]>::first);
        if overload.is_some_and(|overload| overload & bit != 0) {
            listener.open(field, range.clone(), Value::Words("holds options"));
            option::tell(self.octets, range, listener);
        } else {
            let end = octets.iter().position(|octet| *octet == 0).unwrap_or(octets.len());
            listener.open(field, range, Value::Text(&octets[..end]));
        }
        listener.close();
    }
}

/// How many of the octets that a capture kept make whole fields and options.
fn whole_pieces(kept: &[u8]) -> usize {
    let fixed = ENDS.into_iter().take_while(|end| *end <= kept.len()).last().unwrap_or(0);
    match kept.get(236..) {
        Some([a, b, c, d, options @ ..]) if [*a, *b, *c, *d] == COOKIE => {
            let mut pieces = Options::new(options);
            let mut whole = 0;
            while let Some((range, piece)) = pieces.step() {
                let may_go_on = matches!(piece, Piece::Padding) && range.end == options.len();
                if may_go_on || matches!(piece, Piece::Broken { .. }) {
                    break;
                }
                whole = range.end;
            }
            OPTIONS + whole
        }
        _ => fixed,
    }
}

/// RFC 2132 §9.6 and later RFCs.
pub fn type_name(kind: u8) -> Option<&'static str> {
    Some(match kind {
        1 => "DISCOVER",
        2 => "OFFER",
        3 => "REQUEST",
        4 => "DECLINE",
        5 => "ACK",
        6 => "NAK",
        7 => "RELEASE",
        8 => "INFORM",
        9 => "FORCERENEW",
        10 => "LEASEQUERY",
        11 => "LEASEUNASSIGNED",
        12 => "LEASEUNKNOWN",
        13 => "LEASEACTIVE",
        14 => "BULKLEASEQUERY",
        15 => "LEASEQUERYDONE",
        16 => "ACTIVELEASEQUERY",
        17 => "LEASEQUERYSTATUS",
        18 => "TLS",
        _ => return None,
    })
}

/// Writes seconds as days, hours, minutes and seconds, without those that are zero.
pub(super) fn write_duration(seconds: u32, ink: &mut Ink) {
    // RFC 2131 §3.3: this number stands for ever.
    if seconds == u32::MAX {
        ink.text("for ever");
        return;
    }
    for (unit, count) in [
        ("d", seconds / 86_400),
        ("h", seconds / 3600 % 24),
        ("m", seconds / 60 % 60),
        ("s", seconds % 60),
    ] {
        if count > 0 || unit == "s" && seconds == 0 {
            ink.number(count).text(unit);
        }
    }
}
