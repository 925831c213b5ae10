//! Which frames of the files are wanted at all?
//!
//! A capture filter and limits of time, before anything is dissected. Numbers stay those of the
//! files, so that they name the same packets with and without a filter.

use std::error::Error;
use std::fmt;
use std::io;
use std::ops::Range;
use std::time::Duration;

use super::bpf::Program;
use super::{Files, Step};
use crate::octets::Octets;
use crate::timeline::{About, Frame, Moment, Source, Timestamp};

/// Files of which some frames are left out.
pub struct Sift {
    files: Files,
    filter: Option<Filter>,
    from: Option<Edge>,
    to: Option<Edge>,
    /// The limits as times, known with the first frame.
    window: Option<Range<Timestamp>>,
    /// The time of a frame advanced to and not yet looked at.
    held: Option<Timestamp>,
    /// Whether the first frame was announced.
    begun: bool,
}

/// A limit of time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Edge {
    At(Timestamp),
    /// So long after the first frame of the files.
    After(Duration),
}

/// A capture filter that cannot be compiled; says so in libpcap's words.
#[derive(Clone, Debug)]
pub struct BadFilter(pub String);

impl Sift {
    /// `from` is the first instant wanted, `to` the first no longer wanted.
    ///
    /// The filter is in libpcap's language. It is compiled for the link types known by now; in
    /// pcapng they come later, so that here it must fit at least some.
    pub fn new(
        files: Files,
        filter: Option<&str>,
        from: Option<Edge>,
        to: Option<Edge>,
    ) -> Result<Self, BadFilter> {
        let filter = filter.map(|expression| Filter::new(expression, &files.about)).transpose()?;
        Ok(Self { files, filter, from, to, window: None, held: None, begun: false })
    }

    fn wants(&mut self, time: Timestamp) -> io::Result<bool> {
        let first = self.files.first.unwrap_or(time);
        let window = self.window.get_or_insert_with(|| {
            let edge = |edge| match edge {
                Edge::At(time) => time,
                Edge::After(wait) => first.after(wait),
            };
            self.from.map_or(Timestamp(0), edge)..self.to.map_or(Timestamp(u64::MAX), edge)
        });
        if time < window.start || (self.to.is_some() && time >= window.end) {
            return Ok(false);
        }
        let Some(filter) = &mut self.filter else { return Ok(true) };
        let frame = self.files.frame();
        filter.accepts(frame.link, frame.octets)
    }
}

impl Source for Sift {
    fn next(&mut self) -> io::Result<Option<Moment<'_>>> {
        loop {
            let step = self
                .held
                .take()
                .map_or_else(|| self.files.advance(), |time| Ok(Step::Frame(time)))?;
            match step {
                Step::End => return Ok(None),
                Step::Lull => return Ok(Some(Moment::Lull)),
                Step::Secrets => return Ok(Some(Moment::Secrets)),
                Step::Frame(time) if !self.begun => {
                    self.begun = true;
                    self.held = Some(time);
                    return Ok(Some(Moment::Begin(time)));
                }
                Step::Frame(time) if self.wants(time)? => {
                    return Ok(Some(Moment::Frame(self.files.frame())));
                }
                Step::Frame(_) => self.files.about.sifted += 1,
            }
        }
    }

    fn ahead(&mut self) -> Option<Frame<'_>> {
        let takes_all = self.filter.is_none() && self.from.is_none() && self.to.is_none();
        if takes_all { self.files.ahead() } else { None }
    }

    fn about(&self) -> &About {
        &self.files.about
    }
}

/// An expression, compiled for each link type met.
struct Filter {
    expression: String,
    programs: Vec<(u16, Program)>,
}

impl Filter {
    fn new(expression: &str, about: &About) -> Result<Self, BadFilter> {
        let mut filter = Self { expression: expression.to_owned(), programs: Vec::new() };
        for interface in &about.interfaces {
            filter.compile(interface.link).map_err(BadFilter)?;
        }
        if about.interfaces.is_empty() {
            let mut faults = LIKELY
                .iter()
                .map(|link| Program::compile(expression, *link).err())
                .collect::<Vec<_>>();
            if faults.iter().all(Option::is_some) {
                return Err(BadFilter(faults.swap_remove(0).unwrap_or_default()));
            }
        }
        Ok(filter)
    }

    fn compile(&mut self, link: u16) -> Result<(), String> {
        if !self.programs.iter().any(|(known, _)| *known == link) {
            self.programs.push((link, Program::compile(&self.expression, link)?));
        }
        Ok(())
    }

    fn accepts(&mut self, link: u16, octets: Octets<'_>) -> io::Result<bool> {
        if let Some((_, program)) = self.programs.iter().find(|(known, _)| *known == link) {
            return Ok(program.accepts(octets));
        }
        self.compile(link).map_err(|fault| {
            let sentence = format!("the capture filter does not fit link type {link}: {fault}");
            io::Error::new(io::ErrorKind::InvalidInput, sentence)
        })?;
        self.accepts(link, octets)
    }
}

impl fmt::Display for BadFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "capture filter: {}", self.0)
    }
}

impl Error for BadFilter {}

/// Link types one of which a filter must fit: Ethernet, IP, Wi-Fi with radiotap, cooked, PPP.
const LIKELY: [u16; 5] = [1, 101, 127, 113, 9];
