//! How far has the reading come, where somebody waits for it?
//!
//! A bar on standard error, if that is a terminal: from the second second of reading on, and gone
//! without a trace before anything else is written where it could be seen. It is drawn between blocks of a
//! file, so packets do not pay for it; of a pipe nobody knows how much will come, and there is none.

use std::cell::RefCell;
use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use nix::unistd::{getpgrp, tcgetpgrp};
use rustix::fs::{FileType, fstat};

use super::paper::Paper;
use crate::capture::{Files, Progress};
use crate::ink::written;
use crate::render::quantity;
use crate::timeline::nanos;

/// The one bar of a command.
#[derive(Clone, Debug, Default)]
pub(super) struct Bar(Rc<RefCell<State>>);

#[derive(Debug, Default)]
struct State {
    is_ascii: bool,
    /// Something was written that it must not disturb.
    is_over: bool,
    shown: Option<ProgressBar>,
    drawn: Option<Instant>,
}

impl Bar {
    /// Draws as the answer does.
    pub(super) fn on(&self, paper: &Paper) {
        self.0.borrow_mut().is_ascii = paper.is_ascii();
    }

    /// Is drawn while these are read; `kept` is where the packets are written.
    pub(super) fn watch(&self, files: &Files, kept: Option<&Path>) {
        if kept == Some(Path::new("-")) && is_seen(&io::stdout()) {
            self.end();
        }
        if !io::stderr().is_terminal() || self.0.borrow().is_over {
            return;
        }
        let begun = Instant::now();
        let state = Rc::clone(&self.0);
        files.watch(move |progress| state.borrow_mut().see(begun, progress));
    }

    /// Goes away; what is read next may show one again.
    pub(super) fn clear(&self) {
        self.0.borrow_mut().clear();
    }

    /// Goes away for good.
    pub(super) fn end(&self) {
        let mut state = self.0.borrow_mut();
        state.clear();
        state.is_over = true;
    }

    /// Goes away for good before the first octet is written there, unless it is a file: the other end of a
    /// pipe may be a pager on the same terminal.
    pub(super) fn before(&self, to: impl Write + AsFd + 'static) -> Box<dyn Write> {
        if is_seen(&to) { Box::new(Ending { bar: Some(self.clone()), to }) } else { Box::new(to) }
    }
}

/// Whether somebody may see what is written there while it is written.
fn is_seen(to: &impl AsFd) -> bool {
    let kind = fstat(to).map(|about| FileType::from_raw_mode(about.st_mode));
    matches!(kind, Ok(FileType::Fifo | FileType::Socket)) || to.as_fd().is_terminal()
}

/// Ends the bar, then only writes.
struct Ending<W> {
    bar: Option<Bar>,
    to: W,
}

impl<W: Write> Write for Ending<W> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        if !octets.is_empty()
            && let Some(bar) = self.bar.take()
        {
            bar.end();
        }
        self.to.write(octets)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

impl State {
    fn see(&mut self, begun: Instant, progress: Progress) {
        let now = Instant::now();
        let elapsed = now - begun;
        let is_early = self.drawn.is_some_and(|drawn| now - drawn < STEP);
        if self.is_over || elapsed < PATIENCE || is_early {
            return;
        }
        self.drawn = Some(now);
        // Whoever went on to something else on this terminal is not written to.
        if tcgetpgrp(io::stderr()).is_ok_and(|group| group != getpgrp()) {
            return;
        }
        let is_ascii = self.is_ascii;
        let bar = self.shown.get_or_insert_with(|| hidden(is_ascii));
        let (octets, whole) = (progress.octets, progress.whole);
        bar.set_message(sentence(progress, elapsed, is_ascii));
        bar.update(|state| {
            state.set_len(whole);
            state.set_pos(octets);
        });
        if bar.is_hidden() {
            bar.set_draw_target(ProgressDrawTarget::stderr());
            bar.tick();
        }
    }

    fn clear(&mut self) {
        if let Some(bar) = self.shown.take() {
            bar.finish_and_clear();
        }
    }
}

/// A bar that shows nothing yet.
fn hidden(is_ascii: bool) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:10} {wide_msg}");
    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
    let style = style.progress_chars(if is_ascii { "##-" } else { "██░" });
    ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::hidden()).with_style(style)
}

/// How much of how much, how fast, and how long it will still take if it goes on so.
fn sentence(progress: Progress, elapsed: Duration, is_ascii: bool) -> String {
    let Progress { octets, whole, packets } = progress;
    let span = u128::from(nanos(elapsed).max(1));
    let each_second = |number: u64| (u128::from(number) * 1_000_000_000 / span) as u64;
    let left = span * u128::from(whole - octets.min(whole)) / u128::from(octets.max(1));
    let seconds = left.div_ceil(1_000_000_000) as u64;
    written(|ink| {
        ink.ascii = is_ascii;
        ink.number((u128::from(octets) * 100 / u128::from(whole.max(1))) as u64).text(" %, ");
        quantity::duration(Duration::from_secs(seconds), ink);
        ink.text(" left, ");
        quantity::octets(octets, ink);
        ink.text(" of ");
        quantity::octets(whole, ink);
        ink.text(", ");
        quantity::octets(each_second(octets), ink);
        ink.text("/s, ");
        quantity::count(each_second(packets), ink);
        ink.text(" packets/s");
    })
}

/// What is read sooner needs no bar.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often it changes at most.
const STEP: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_left_is_what_the_rest_takes_at_the_same_pace() {
        let progress = Progress { octets: 250_000_000, whole: 1_000_000_000, packets: 3_000_000 };
        assert_eq!(
            sentence(progress, Duration::from_secs(2), false),
            "25 %, 6 s left, 250 MB of 1 GB, 125 MB/s, 1,500,000 packets/s"
        );
        let nothing = Progress { octets: 0, whole: 0, packets: 0 };
        assert_eq!(
            sentence(nothing, Duration::ZERO, true),
            "0 %, 0 s left, 0 B of 0 B, 0 B/s, 0 packets/s"
        );
    }
}
