//! How is a time written?

use jiff::tz::TimeZone;

use crate::ink::Ink;
use crate::timeline::Timestamp;

/// The ways to write a packet's time.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Style {
    /// Seconds since the first packet.
    #[default]
    Relative,
    /// Seconds since the packet before.
    Delta,
    /// Date and time of day, in UTC.
    Utc,
    /// Date and time of day where the reader is.
    Local,
    /// Seconds since 1970.
    Epoch,
}

/// Writes times in one style, and remembers what the style counts from.
pub struct Clock {
    style: Style,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
    calendar: Calendar,
}

/// Writes dates.
pub(crate) struct Calendar {
    zone: TimeZone,
    /// The second written last, and how: packets of one second differ only in the fraction.
    second: u64,
    written: Ink,
}

impl Default for Calendar {
    fn default() -> Self {
        Self::utc()
    }
}

impl Clock {
    pub fn new(style: Style) -> Self {
        let zone = match style {
            Style::Local => TimeZone::system(),
            _ => TimeZone::UTC,
        };
        Self { style, first: None, last: None, calendar: Calendar::new(zone) }
    }

    /// Counts from this time on, and not from that of the first packet told.
    pub fn begin(&mut self, time: Timestamp) {
        self.first = Some(time);
    }

    /// Writes the time of a packet; must be called once a packet.
    pub fn write(&mut self, time: Timestamp, ink: &mut Ink) {
        let first = *self.first.get_or_insert(time);
        match self.style {
            Style::Relative => span(time, first, ink),
            Style::Delta => span(time, self.last.unwrap_or(time), ink),
            Style::Epoch => _ = ink.seconds(time),
            Style::Utc | Style::Local => self.calendar.date(time, ink),
        }
        self.last = Some(time);
    }
}

impl Calendar {
    fn new(zone: TimeZone) -> Self {
        Self { zone, second: u64::MAX, written: Ink::default() }
    }

    /// For the dates of machines.
    pub(crate) fn utc() -> Self {
        Self::new(TimeZone::UTC)
    }

    /// Date and time of day, a space between them.
    fn date(&mut self, time: Timestamp, ink: &mut Ink) {
        self.second(time);
        ink.again(self.written.as_bytes()).text(".").digits(time.nanos().into(), 9);
    }

    /// As RFC 3339 has it, in UTC to the nanosecond.
    pub(crate) fn rfc3339(&mut self, time: Timestamp, ink: &mut Ink) {
        self.second(time);
        let (date, hour) = self.written.as_bytes().split_at(DATE);
        ink.again(date).text("T").again(&hour[1..]);
        ink.text(".").digits(time.nanos().into(), 9).text("Z");
    }

    /// Writes the whole second, if it is not there already.
    fn second(&mut self, time: Timestamp) {
        if time.seconds() != self.second {
            self.second = time.seconds();
            self.written.clear();
            let moment =
                jiff::Timestamp::from_second(time.seconds().cast_signed()).unwrap_or_default();
            let civil = self.zone.to_datetime(moment);
            let date = [
                (civil.year(), 4, "-"),
                (civil.month().into(), 2, "-"),
                (civil.day().into(), 2, " "),
            ];
            let hour = [
                (civil.hour().into(), 2, ":"),
                (civil.minute().into(), 2, ":"),
                (civil.second().into(), 2, ""),
            ];
            for (number, width, after) in date.into_iter().chain(hour) {
                self.written.digits(number.unsigned_abs().into(), width).text(after);
            }
        }
    }
}

/// Cells of a date without the time of day.
const DATE: usize = 10;

/// Seconds with six digits of fraction from one time to another, negative when it stepped back.
fn span(to: Timestamp, from: Timestamp, ink: &mut Ink) {
    if to < from {
        ink.text("-");
    }
    let nanos = to.0.abs_diff(from.0);
    ink.number(nanos / 1_000_000_000).text(".").digits(nanos % 1_000_000_000 / 1000, 6);
}
