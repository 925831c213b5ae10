//! Does `explain` tell the truth about every packet, and fit on its page?

mod command;
mod far;
mod golden;
mod laws;
#[path = "../program/mod.rs"]
mod program;

use std::cell::RefCell;
use std::io::{self, Write};
use std::path::PathBuf;
use std::rc::Rc;

use wiretale::octets::Octets;
use wiretale::pipeline::{self, Passing};
use wiretale::render::clock::{Clock, Style};
use wiretale::render::explain::{Explanation, Form};
use wiretale::render::line::Numbers;
use wiretale::render::out::Out;
use wiretale::timeline::{About, Frame, Moment, Source, Timestamp};

/// The captures that are told apart.
fn captures() -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir("fixtures")
        .expect("fixtures")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|end| end == "pcap" || end == "pcapng"))
        .collect();
    paths.sort();
    assert!(!paths.is_empty());
    paths
}

/// A frame that owns its octets.
#[derive(Clone, Debug)]
struct Kept {
    number: u64,
    time: Timestamp,
    link: u16,
    octets: Vec<u8>,
    len: usize,
}

/// Frames as a source.
struct Tape<'k> {
    about: About,
    frames: std::slice::Iter<'k, Kept>,
    begun: bool,
}

impl<'k> Tape<'k> {
    fn new(frames: &'k [Kept]) -> Self {
        Self { about: About::default(), frames: frames.iter(), begun: false }
    }
}

impl Source for Tape<'_> {
    fn next(&mut self) -> io::Result<Option<Moment<'_>>> {
        if !self.begun
            && let Some(first) = self.frames.as_slice().first()
        {
            self.begun = true;
            return Ok(Some(Moment::Begin(first.time)));
        }
        Ok(self.frames.next().map(|kept| {
            Moment::Frame(Frame {
                number: kept.number,
                time: kept.time,
                link: kept.link,
                interface: 0,
                comment: b"",
                octets: Octets::new(&kept.octets, kept.len),
            })
        }))
    }

    fn about(&self) -> &About {
        &self.about
    }
}

/// What a capture holds, as far as it can be read.
fn frames(path: &std::path::Path) -> Vec<Kept> {
    let mut source = wiretale::capture::open(&[path.to_owned()]).expect("a capture");
    let mut frames = Vec::new();
    while let Ok(Some(moment)) = source.next() {
        let Moment::Frame(frame) = moment else { continue };
        frames.push(Kept {
            number: frame.number,
            time: frame.time,
            link: frame.link,
            octets: frame.octets.kept().to_vec(),
            len: frame.octets.len(),
        });
    }
    frames
}

/// Paper that can be read afterwards.
#[derive(Clone, Default)]
struct Sheet(Rc<RefCell<Vec<u8>>>);

impl Write for Sheet {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What a page is to look like.
#[derive(Clone, Copy, Debug)]
enum Paper {
    Page { width: usize, ascii: bool },
    Ndjson,
}

fn explained(frames: &[Kept], number: u64, paper: Paper) -> String {
    let sheet = Sheet::default();
    let (form, ascii) = match paper {
        Paper::Page { width, ascii } => {
            let clock = Clock::new(Style::Relative);
            (Form::Page { width, clock, numbers: Numbers::Relative }, ascii)
        }
        Paper::Ndjson => (Form::Ndjson, false),
    };
    let out = Out::new(Box::new(sheet.clone()), false, ascii);
    let mut report = Explanation::new(out, form, vec!["x.pcap".into()], number);
    let mut passing = Passing::default();
    pipeline::run(&mut Tape::new(frames), &mut passing, &mut report).expect("an explanation");
    let told = sheet.0.borrow().clone();
    String::from_utf8(told).expect("UTF-8")
}
