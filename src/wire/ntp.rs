//! The network time protocol's header (RFC 5905 §7.3).
//!
//! ```text
//! | LI|Version| Mode|    Stratum    |      Poll     |   Precision   |   0
//! |                          Root delay                           |   4
//! |                        Root dispersion                        |   8
//! |                          Reference                            |  12
//! |     Reference, origin, receive, transmit time, 8 octets each ...  16
//! ```

use super::field::{Field, Listener, Value, fields};
use super::{Hint, Name, View};
use crate::ink::Ink;
use crate::octets::{Octets, Why, be32};
use crate::timeline::Timestamp;

#[derive(Clone, Copy, Debug)]
pub struct Ntp<'a> {
    flags: u8,
    /// Control messages have another header.
    clock: Option<&'a [u8; 47]>,
}

fields! {
    FLAGS      = "ntp.flags", Hex(2), "flags";
    LEAP       = "ntp.flags.li", Number, "leap second";
    VERSION    = "ntp.flags.vn", Number, "version";
    MODE       = "ntp.flags.mode", Number, "mode";
    STRATUM    = "ntp.stratum", Number, "stratum";
    POLL       = "ntp.ppoll", Number, "poll interval, as a power of two";
    PRECISION  = "ntp.precision", Number, "precision";
    DELAY      = "ntp.rootdelay", Number, "root delay";
    DISPERSION = "ntp.rootdispersion", Number, "root dispersion";
    REFERENCE  = "ntp.refid", Octets, "reference";
    SET        = "ntp.reftime", Time, "clock last set";
    ORIGIN     = "ntp.org", Time, "question left";
    RECEIVED   = "ntp.rec", Time, "question arrived";
    SENT       = "ntp.xmt", Time, "this left";
    UNSET      = "ntp.unset", Octets, "time not set";
}

impl Ntp<'_> {
    pub fn version(self) -> u8 {
        self.flags >> 3 & 7
    }

    /// 3 in a question, 4 in its answer.
    pub fn mode(self) -> u8 {
        self.flags & 7
    }

    /// How many clocks away from the one that knows; 0 means that nobody told.
    pub fn stratum(self) -> Option<u8> {
        self.clock.map(|clock| clock[0])
    }

    /// RFC 5905 §7.3: 3 is a clock that is not synchronized.
    fn leap(self) -> u8 {
        self.flags >> 6
    }
}

impl<'a> View<'a> for Ntp<'a> {
    const NAMES: &'static [Name] = &[Name { key: "ntp", words: "NTP" }];
    const FIELDS: &'static [&'static Field] = FIELDS;

    fn claims(_: Hint, octets: Octets<'a>) -> bool {
        octets.kept().first().is_some_and(|flags| matches!(flags >> 3 & 7, 1..=4))
    }

    fn read(_: Hint, octets: Octets<'a>) -> Result<(Self, Hint, Octets<'a>), Why> {
        let ([flags], rest) = octets.header::<1>()?;
        let mut ntp = Self { flags: *flags, clock: None };
        if matches!(ntp.mode(), 6 | 7) {
            return Ok((ntp, Hint::End, rest));
        }
        let (clock, rest) = rest.header()?;
        ntp.clock = Some(clock);
        Ok((ntp, Hint::End, rest))
    }

    fn line(&self, ink: &mut Ink) {
        ink.text("v").number(self.version()).text(" ").text(mode_name(self.mode()));
        let Some(clock) = self.clock.filter(|_| !matches!(self.mode(), 1 | 3)) else { return };
        if self.leap() == 3 {
            ink.text(" not synchronized");
        }
        let [stratum, _, _, _, _, _, _, _, _, _, _, a, b, c, d, ..] = *clock;
        ink.text(" stratum ").number(stratum);
        match stratum {
            // RFC 5905 §7.4: what the server wants of its client, in four letters.
            0 => ink.text(" kiss ").wire([a, b, c, d].trim_ascii_end()),
            1 => {
                let letters = [a, b, c, d];
                let end = letters.iter().position(|letter| *letter == 0).unwrap_or(4);
                ink.text(" from ").wire(&letters[..end])
            }
            _ => ink.text(" from ").address([a, b, c, d]),
        };
    }

    fn fields(&self, listener: &mut dyn Listener) {
        let leap = match self.leap() {
            0 => Value::Named(0, "none"),
            1 => Value::Named(1, "last minute has 61 seconds"),
            2 => Value::Named(2, "last minute has 59 seconds"),
            other => Value::Named(other.into(), "not synchronized"),
        };
        listener.open(&FLAGS, 0..1, Value::Number(self.flags.into()));
        listener.field(&LEAP, 0..1, leap);
        listener.field(&VERSION, 0..1, Value::Number(self.version().into()));
        listener.field(&MODE, 0..1, Value::Named(self.mode().into(), mode_name(self.mode())));
        listener.close();
        let Some(clock) = self.clock else { return };
        listener.field(&STRATUM, 1..2, Value::Number(clock[0].into()));
        listener.field(&POLL, 2..3, Value::Number(clock[1].into()));
        listener.field(&PRECISION, 3..4, Value::Number(clock[2].into()));
        listener.field(&DELAY, 4..8, Value::Number(be32(clock, 3).into()));
        listener.field(&DISPERSION, 8..12, Value::Number(be32(clock, 7).into()));
        listener.field(&REFERENCE, 12..16, Value::Octets(&clock[11..15]));
        for (field, at) in [(&SET, 16), (&ORIGIN, 24), (&RECEIVED, 32), (&SENT, 40)] {
            match time(be32(clock, at - 1), be32(clock, at + 3)) {
                Some(time) => listener.field(field, at..at + 8, Value::Time(time)),
                None => {
                    listener.field(&UNSET, at..at + 8, Value::Octets(&clock[at - 1..at + 7]));
                }
            }
        }
    }
}

/// A time as seconds since 1900 and a fraction of 2³²; zero means that there is none.
///
/// RFC 4330 §3: from 2036 on the seconds begin again, and their highest bit says which time it is.
fn time(seconds: u32, fraction: u32) -> Option<Timestamp> {
    const TO_1970: u64 = 2_208_988_800;
    if (seconds, fraction) == (0, 0) {
        return None;
    }
    let era = if seconds >> 31 == 0 { 1 << 32 } else { 0 };
    let nanos = (u64::from(fraction) * 1_000_000_000) >> 32;
    let seconds = (u64::from(seconds) + era).checked_sub(TO_1970)?;
    Some(Timestamp(seconds * 1_000_000_000 + nanos))
}

fn mode_name(mode: u8) -> &'static str {
    match mode {
        0 => "reserved",
        1 => "symmetric active",
        2 => "symmetric passive",
        3 => "client",
        4 => "server",
        5 => "broadcast",
        6 => "control message",
        _ => "private message",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seconds_begin_again_in_2036() {
        assert_eq!(time(2_208_988_800, 1 << 31), Some(Timestamp(500_000_000)));
        assert_eq!(time(0, 1 << 31), Some(Timestamp(2_085_978_496_500_000_000)));
        assert_eq!(time(0, 0), None);
    }
}
