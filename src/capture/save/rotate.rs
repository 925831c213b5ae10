//! When does the next file begin, and what is it called?
//!
//! Decided by the packets alone, their number, length and time, so that a capture that is read again
//! is cut where it was cut when it passed.

use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::anyhow;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use rustix::fs::{Access, access};

use super::super::input::shown;
use super::super::tape::cause;
use crate::timeline::{Timestamp, nanos};

/// How much a file may hold; without any of these there is one file.
#[derive(Clone, Debug, Default)]
pub struct Limits {
    /// Octets. No file is longer, unless what must precede its packets takes half of that.
    pub size: Option<u64>,
    /// Time, counted from the first packet kept.
    pub period: Option<Duration>,
    pub packets: Option<u64>,
    /// Files. With `size` or `packets` the oldest is then overwritten, of those of one period if there
    /// is a `period`; with a `period` alone nothing more is kept.
    pub files: Option<u64>,
}

/// A run of files that are written one after another.
pub struct Rotation {
    template: PathBuf,
    limits: Limits,
    zone: TimeZone,
    /// The period in nanoseconds.
    period: Option<u64>,
    /// When the present period began.
    began: Option<Timestamp>,
    /// Whether the present period is over, whatever time the next packet has.
    closed: bool,
    /// The name of the present file before a number is put in.
    base: Option<PathBuf>,
    number: u64,
    made: u64,
}

/// After the end of a period, so long packets of it may still be handed over.
const GRACE: u64 = 1_000_000_000;

impl Rotation {
    /// Names the files after `template`: where there is a period, with the conversions of strftime for
    /// the time in `zone` when the file's period began. A name that would come twice in a row gets a
    /// number.
    ///
    /// An error says what is wrong with the template.
    pub fn new(template: &Path, limits: Limits, zone: TimeZone) -> Result<Self, String> {
        let period = limits.period.map(|period| nanos(period).max(1));
        let rotation = Self {
            template: template.to_owned(),
            period,
            limits,
            zone,
            began: None,
            closed: false,
            base: None,
            number: 0,
            made: 0,
        };
        rotation.dated(Timestamp(0))?;
        Ok(rotation)
    }

    pub(super) fn template(&self) -> &Path {
        &self.template
    }

    /// Whether there may be more than one file.
    pub(super) fn is_of_several(&self) -> bool {
        self.period.is_some() || self.is_numbered()
    }

    /// Whether the name of the first file is known before its first packet.
    pub(super) fn is_named(&self) -> bool {
        self.period.is_none() || !self.template.as_os_str().as_bytes().contains(&b'%')
    }

    /// Whether files can be made where the first will be, if that is known: no packet should be the first
    /// to find out.
    pub(super) fn may_begin(&self) -> anyhow::Result<()> {
        let Some(folder) = self.template.parent() else { return Ok(()) };
        if folder.as_os_str().as_bytes().contains(&b'%') {
            return Ok(());
        }
        let folder = if folder == Path::new("") { Path::new(".") } else { folder };
        access(folder, Access::WRITE_OK)
            .map_err(|error| anyhow!("{}: {}", shown(folder), cause(&error.into())))
    }

    fn is_numbered(&self) -> bool {
        self.limits.size.is_some() || self.limits.packets.is_some()
    }

    /// Whether a file would be too full with its next packet. `head` is how many of the octets are not
    /// packets.
    pub(super) fn is_full(&self, packets: u64, octets: u64, head: u64) -> bool {
        // What precedes the packets is repeated in each file. Where that is much, the files must be
        // longer, lest a few octets of packets cost many of these.
        self.limits.size.is_some_and(|size| octets > size.max(2 * head))
            || self.limits.packets.is_some_and(|most| packets > most)
    }

    /// Whether a packet of this time comes after the present period; the first begins the first.
    #[inline]
    pub(super) fn is_over(&mut self, time: Timestamp) -> bool {
        let Some(period) = self.period else { return false };
        let began = self.began.get_or_insert(time);
        time.0 >= began.0.saturating_add(period)
    }

    /// Whether it is so late that no packet of the present period will come.
    pub(super) fn is_long_over(&self, now: Timestamp) -> bool {
        let (Some(began), Some(period)) = (self.began, self.period) else { return false };
        now.0 >= began.0.saturating_add(period).saturating_add(GRACE)
    }

    /// The present period is over; says whether its file was the last.
    pub(super) fn close(&mut self) -> bool {
        self.closed = true;
        !self.is_numbered() && self.limits.files.is_some_and(|most| self.made >= most)
    }

    /// The name of the next file, whose first packet has this time if there is one already.
    pub(super) fn next(&mut self, time: Option<Timestamp>) -> Result<PathBuf, String> {
        let base = match time {
            Some(time) => {
                let began = self.begin(time);
                self.dated(began)?
            }
            None => self.template.clone(),
        };
        let numbers = self.limits.files.filter(|_| self.is_numbered());
        // A period has its own numbers if it has its own name.
        self.number = match &self.base {
            Some(before) if *before == base => self.number + 1,
            _ => 0,
        };
        if let Some(files) = numbers {
            self.number %= files.max(1);
        }
        let width = numbers.map(|files| (files.max(1) - 1).to_string().len());
        let path = match (self.number, width) {
            (0, None) => base.clone(),
            (number, width) => numbered(&base, number, width.unwrap_or(0)),
        };
        self.base = Some(base);
        self.made += 1;
        Ok(path)
    }

    /// Goes on to the period of a packet. Periods follow one another without gaps from the first packet
    /// on, and never back: a packet that comes too late is in the present one.
    fn begin(&mut self, time: Timestamp) -> Timestamp {
        let began = match (self.began, self.period) {
            (Some(began), Some(period)) => {
                let periods = time.0.saturating_sub(began.0) / period;
                let periods = periods.max(u64::from(self.closed));
                Timestamp(began.0.saturating_add(periods.saturating_mul(period)))
            }
            _ => time,
        };
        self.closed = false;
        *self.began.insert(began)
    }

    /// The template with the date in it.
    fn dated(&self, time: Timestamp) -> Result<PathBuf, String> {
        if self.period.is_none() {
            return Ok(self.template.clone());
        }
        let instant = jiff::Timestamp::from_nanosecond(time.0.into()).unwrap_or_default();
        let template = self.template.as_os_str().as_bytes();
        match strtime::format(template, &instant.to_zoned(self.zone.clone())) {
            Ok(name) => Ok(PathBuf::from(std::ffi::OsString::from_vec(name.into_bytes()))),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// Puts a number between the name and its extension, so that a file is still known by that.
fn numbered(base: &Path, number: u64, width: usize) -> PathBuf {
    let mut name = base.file_stem().unwrap_or_default().to_owned();
    name.push(format!("-{number:0width$}"));
    if let Some(extension) = base.extension() {
        name.push(".");
        name.push(extension);
    }
    base.with_file_name(name)
}

/// Whether a path can be one of several files: it is free, or a file.
pub(super) fn is_file_or_free(path: &Path) -> bool {
    path.metadata().map_or(true, |about| about.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn rotation(template: &str, limits: Limits) -> Rotation {
        Rotation::new(Path::new(template), limits, TimeZone::UTC).expect("a template")
    }

    /// The names of files begun by packets at these times in seconds.
    fn names(mut rotation: Rotation, times: &[u64]) -> Vec<String> {
        let mut name = |seconds: &u64| {
            let path = rotation.next(Some(Timestamp(seconds * SECOND))).expect("a name");
            path.to_str().expect("UTF-8").to_owned()
        };
        times.iter().map(&mut name).collect()
    }

    #[test]
    fn numbers_stand_before_the_extension() {
        let limits = Limits { size: Some(1), ..Limits::default() };
        let named = names(rotation("a.b/kept.pcap", limits.clone()), &[0; 3]);
        assert_eq!(named, ["a.b/kept.pcap", "a.b/kept-1.pcap", "a.b/kept-2.pcap"]);
        assert_eq!(names(rotation("eth0", limits.clone()), &[0; 2]), ["eth0", "eth0-1"]);
        let ring = Limits { files: Some(11), ..limits };
        let named = names(rotation("kept.100%.pcap", ring), &[0; 12]);
        assert_eq!(named[0], "kept.100%-00.pcap");
        assert_eq!(named[10], "kept.100%-10.pcap");
        assert_eq!(named[11], "kept.100%-00.pcap");
    }

    #[test]
    fn a_name_says_when_its_period_began_and_comes_twice_only_with_a_number() {
        let limits = Limits { period: Some(Duration::from_secs(60)), ..Limits::default() };
        // Periods are counted from the first packet, whichever packets begin the others.
        let named = names(rotation("%H%M%S.pcap", limits.clone()), &[30, 95, 100, 200, 330]);
        let dated = ["000030.pcap", "000130.pcap", "000130-1.pcap", "000230.pcap", "000530.pcap"];
        assert_eq!(named, dated);
        let named = names(rotation("kept.pcap", limits.clone()), &[0, 60, 120]);
        assert_eq!(named, ["kept.pcap", "kept-1.pcap", "kept-2.pcap"]);
        let ring = Limits { size: Some(1), files: Some(2), ..limits };
        let named = names(rotation("%M.pcap", ring), &[0, 1, 2, 60, 61]);
        assert_eq!(named, ["00-0.pcap", "00-1.pcap", "00-0.pcap", "01-0.pcap", "01-1.pcap"]);
    }

    #[test]
    fn a_period_ends_by_the_time_of_a_packet_and_never_comes_back() {
        let period = Some(Duration::from_secs(60));
        let mut one = rotation("%M.pcap", Limits { period, ..Limits::default() });
        let at = |seconds| Timestamp(seconds * SECOND);
        assert!(!one.is_over(at(100)), "the first packet begins the first period");
        one.next(Some(at(100))).expect("a name");
        assert!(!one.is_over(Timestamp(160 * SECOND - 1)) && one.is_over(at(160)));
        assert!(!one.is_over(at(7)), "a packet that comes late");
        assert!(!one.is_long_over(at(160)) && one.is_long_over(at(161)));
        // Closed, because nothing came; then a packet that should have been in it.
        assert!(!one.close());
        assert_eq!(one.next(Some(at(159))).expect("a name"), Path::new("02.pcap"));
        assert!(!one.is_over(at(219)) && one.is_over(at(220)));
    }

    #[test]
    fn with_periods_alone_there_is_a_last_file() {
        let period = Some(Duration::from_secs(1));
        let limits = Limits { period, files: Some(2), ..Limits::default() };
        let mut one = rotation("%s", limits.clone());
        one.next(Some(Timestamp(0))).expect("a name");
        assert!(!one.close());
        one.next(Some(Timestamp(SECOND))).expect("a name");
        assert!(one.close());
        let mut ring = rotation("%s", Limits { packets: Some(9), ..limits });
        for seconds in 0..9 {
            ring.next(Some(Timestamp(seconds * SECOND))).expect("a name");
            assert!(!ring.close());
        }
    }

    #[test]
    fn what_is_repeated_in_each_file_is_at_most_half_of_it() {
        let one = rotation("kept", Limits { size: Some(1000), ..Limits::default() });
        assert!(!one.is_full(5, 1000, 200) && one.is_full(5, 1001, 200));
        assert!(!one.is_full(5, 5000, 2500) && one.is_full(5, 5001, 2500));
    }

    #[test]
    fn a_template_that_is_none_is_refused() {
        let period = Some(Duration::from_secs(1));
        for wrong in ["kept-%", "kept-%!.pcap"] {
            let limits = Limits { period, ..Limits::default() };
            assert!(Rotation::new(Path::new(wrong), limits, TimeZone::UTC).is_err(), "{wrong}");
            assert!(Rotation::new(Path::new(wrong), Limits::default(), TimeZone::UTC).is_ok());
        }
        let octets = Path::new(std::ffi::OsStr::from_bytes(b"kept\xff%S"));
        let limits = Limits { period, ..Limits::default() };
        assert!(
            Rotation::new(octets, limits, TimeZone::UTC).is_err(),
            "no date in what is no text"
        );
    }
}
