//! A capture whose steps are written down, and the terminal on which it is shown meanwhile.

#![allow(dead_code)] // each test builds this anew and uses its own part

pub(crate) mod aligned;
pub(crate) mod traffic;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, Write};
use std::num::NonZeroU16;
use std::rc::Rc;
use std::time::Duration;

use wiretale::octets::Octets;
use wiretale::pipeline::{self, Passing};
use wiretale::render::flows::live::{Live, Terminal};
use wiretale::render::flows::{Naming, Order, Table};
use wiretale::render::out::Out;
use wiretale::timeline::{About, Frame, Moment, Source, Timestamp};

/// What the terminal was told, and what it was asked.
pub(crate) struct Stage {
    pub(crate) size: (u16, u16),
    pub(crate) clock: Duration,
    /// How often the clock was read.
    pub(crate) readings: u32,
    pub(crate) typed: Vec<u8>,
    pub(crate) is_open: bool,
    pub(crate) interrupts: u32,
    /// Whether it was ours when the last of them came.
    pub(crate) was_open: bool,
    pub(crate) suspensions: u32,
    /// Everything that was written while it was open.
    pub(crate) written: Vec<u8>,
    /// What a terminal shows; one that takes every character for narrow; one that is deaf to where
    /// columns begin.
    screens: [vt100::Parser; 3],
    shots: Vec<[Shot; 3]>,
}

/// What the cells of a screen hold, line by line; the second cell of a wide character holds nothing.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Shot(pub(crate) Vec<Vec<String>>);

/// One step of a capture.
pub(crate) enum Step {
    /// At so many nanoseconds after the first.
    Frame(u64, Vec<u8>),
    Note(&'static str),
    /// Nothing comes for so long.
    Rest(Duration),
    Do(Box<dyn FnOnce(&mut Stage)>),
    /// The screen is looked at.
    Look,
}

pub(crate) type Shared = Rc<RefCell<Stage>>;

struct Played {
    stage: Shared,
    steps: VecDeque<Step>,
    about: About,
    number: u64,
    octets: Vec<u8>,
}

struct Screen(Shared);

/// What is written to standard output at the end.
#[derive(Clone, Default)]
pub(crate) struct Paper(Rc<RefCell<Vec<u8>>>);

/// How it is shown.
pub(crate) struct Manner {
    pub(crate) order: Option<Order>,
    pub(crate) most: Option<usize>,
    pub(crate) colour: bool,
    pub(crate) ascii: bool,
    pub(crate) naming: Naming,
}

pub(crate) const PLAIN: Manner =
    Manner { order: None, most: None, colour: false, ascii: false, naming: Naming::Names };

pub(crate) const EPOCH: u64 = 1_700_000_000_000_000_000;

/// Plays the steps; gives the stage, the shots taken, and what the end left on the paper.
pub(crate) fn play(manner: &Manner, steps: Vec<Step>) -> (Shared, Vec<[Shot; 3]>, String) {
    let stage = Rc::new(RefCell::new(Stage::new((80, 24))));
    let paper = Paper::default();
    let out = Out::new(Box::new(paper.clone()), manner.colour, manner.ascii);
    let table = Table::new(out, 80, manner.order, 20, manner.naming);
    let clock = stage.clone();
    let clock = move || {
        clock.borrow_mut().readings += 1;
        clock.borrow().clock
    };
    let mut report = Live::new(table, manner.most, Screen(stage.clone()), clock);
    tell(&stage, steps, &mut report);
    let shots = std::mem::take(&mut stage.borrow_mut().shots);
    (stage, shots, paper.text())
}

/// The same capture told by the table that a file gets.
pub(crate) fn tabled(manner: &Manner, steps: Vec<Step>) -> String {
    let stage = Rc::new(RefCell::new(Stage::new((80, 24))));
    let paper = Paper::default();
    let out = Out::new(Box::new(paper.clone()), manner.colour, manner.ascii);
    tell(&stage, steps, &mut Table::new(out, 80, manner.order, 20, manner.naming));
    paper.text()
}

fn tell(stage: &Shared, steps: Vec<Step>, report: &mut dyn wiretale::render::Report) {
    let about = About { names: vec!["eth0".to_owned()], ..About::default() };
    let (stage, steps) = (stage.clone(), steps.into());
    let mut source = Played { stage, steps, about, number: 0, octets: Vec::new() };
    pipeline::run(&mut source, &mut Passing::default(), report).expect("a report");
}

impl Source for Played {
    fn next(&mut self) -> io::Result<Option<Moment<'_>>> {
        let mut stage = self.stage.borrow_mut();
        if stage.interrupts > 0 {
            return Ok(None);
        }
        if self.number == 0 && matches!(self.steps.front(), Some(Step::Frame(..))) {
            self.number = 1;
            return Ok(Some(Moment::Begin(Timestamp(EPOCH))));
        }
        let Some(step) = self.steps.pop_front() else { return Ok(None) };
        let lull = match step {
            Step::Frame(time, octets) => {
                stage.clock = stage.clock.max(Duration::from_nanos(time));
                self.octets = octets;
                let octets = Octets::whole(&self.octets);
                let (number, time) = (self.number, Timestamp(EPOCH + time));
                self.number += 1;
                let frame = Frame { number, time, link: 1, interface: 0, comment: &[], octets };
                return Ok(Some(Moment::Frame(frame)));
            }
            Step::Note(sentence) => return Ok(Some(Moment::Note(sentence))),
            Step::Rest(time) => time,
            Step::Do(act) => {
                act(&mut stage);
                Duration::from_millis(60)
            }
            Step::Look => {
                let shots = stage.screens.each_ref().map(Shot::of);
                stage.shots.push(shots);
                Duration::ZERO
            }
        };
        stage.clock += lull;
        Ok(Some(Moment::Lull))
    }

    fn about(&self) -> &About {
        &self.about
    }
}

impl Stage {
    fn new(size: (u16, u16)) -> Self {
        let screen = || vt100::Parser::new(lines(size.1), lines(size.0), 0);
        Self {
            size,
            clock: Duration::ZERO,
            readings: 0,
            typed: Vec::new(),
            is_open: false,
            interrupts: 0,
            was_open: false,
            suspensions: 0,
            written: Vec::new(),
            screens: [screen(), screen(), screen()],
            shots: Vec::new(),
        }
    }

    pub(crate) fn resize(&mut self, width: u16, height: u16) {
        self.size = (width, height);
        for screen in &mut self.screens {
            screen.set_size(lines(height), lines(width));
        }
    }
}

fn lines(count: u16) -> NonZeroU16 {
    NonZeroU16::new(count).expect("a size")
}

impl Terminal for Screen {
    fn size(&self) -> (u16, u16) {
        self.0.borrow().size
    }

    fn open(&mut self) -> io::Result<()> {
        self.0.borrow_mut().is_open = true;
        Ok(())
    }

    fn close(&mut self) -> io::Result<()> {
        self.0.borrow_mut().is_open = false;
        Ok(())
    }

    fn write(&mut self, octets: &[u8]) -> io::Result<()> {
        let mut stage = self.0.borrow_mut();
        assert!(stage.is_open, "nothing is drawn on a terminal that was given back");
        stage.written.extend(octets);
        let text = std::str::from_utf8(octets).expect("UTF-8");
        let narrow: String = text.chars().map(|c| if is_wide(c) { 'x' } else { c }).collect();
        let places = regex::Regex::new("\x1b\\[K\x1b\\[[0-9]+G").expect("a pattern");
        let deaf = places.replace_all(text, "").into_owned();
        for (screen, text) in stage.screens.iter_mut().zip([text, &narrow, &deaf]) {
            screen.process(text.as_bytes());
        }
        Ok(())
    }

    fn typed(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.0.borrow_mut().typed)
    }

    fn interrupt(&mut self) {
        let mut stage = self.0.borrow_mut();
        stage.interrupts += 1;
        stage.was_open = stage.is_open;
    }

    fn suspend(&mut self) {
        assert!(!self.0.borrow().is_open, "the shell gets the terminal as it was");
        self.0.borrow_mut().suspensions += 1;
    }
}

fn is_wide(character: char) -> bool {
    unicode_width::UnicodeWidthChar::width(character) == Some(2)
}

impl Shot {
    fn of(screen: &vt100::Parser) -> Self {
        Self::of_screen(screen.screen())
    }

    pub(crate) fn of_screen(screen: &vt100::Screen) -> Self {
        let (rows, columns) = screen.size();
        let cell = |row, column| {
            let cell = screen.cell(row, column).expect("a cell");
            let is_blank = !cell.has_contents() && !cell.is_wide_continuation();
            if is_blank { " ".to_owned() } else { cell.contents().to_owned() }
        };
        let line = |row| (0..columns.get()).map(|column| cell(row, column)).collect();
        Self((0..rows.get()).map(line).collect())
    }

    pub(crate) fn line(&self, at: usize) -> String {
        self.0[at].concat().trim_end().to_owned()
    }

    /// The lines of rows: those between the header and the two last lines.
    pub(crate) fn rows(&self) -> Vec<String> {
        let rows = (2..self.0.len() - 2).map(|at| self.line(at));
        rows.take_while(|line| !line.is_empty()).collect()
    }

    pub(crate) fn text(&self) -> String {
        (0..self.0.len()).map(|at| self.line(at) + "\n").collect()
    }
}

impl Write for Paper {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Paper {
    fn text(&self) -> String {
        String::from_utf8(self.0.borrow().clone()).expect("UTF-8")
    }
}
