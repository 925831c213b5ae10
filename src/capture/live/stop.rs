//! When does listening end? A signal, or the time that was given.

use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::{flag, low_level};

use super::clock;
use crate::timeline::Timestamp;

/// The signals that end listening, and what a second one of them exits with at once.
const SIGNALS: [i32; 3] = [SIGINT, SIGTERM, SIGHUP];

pub(super) struct Stop {
    signals: UnixStream,
    ender: Ender,
    /// When the time that was given is over.
    until: Option<Instant>,
    end: Option<End>,
}

/// Ends listening as a signal would, from another thread.
#[derive(Debug)]
pub struct Ender(UnixStream);

impl Ender {
    pub fn end(&self) {
        // Whoever does not listen any more need not be told.
        let _ = (&self.0).write(&[1]);
    }
}

/// What was captured later than this is no longer wanted.
#[derive(Clone, Copy)]
pub(super) struct End {
    pub(super) time: Timestamp,
    pub(super) at: Instant,
}

impl Stop {
    /// From now on the first signal is noted, and a second one ends the program.
    pub(super) fn after(span: Option<Duration>) -> io::Result<Self> {
        let (signals, writer) = UnixStream::pair()?;
        signals.set_nonblocking(true)?;
        for signal in SIGNALS {
            // A shell has what it runs in the background ignore SIGINT; who sends it then means it.
            if signal == SIGHUP && is_ignored(signal) {
                continue;
            }
            let noted = Arc::new(AtomicBool::new(false));
            flag::register_conditional_shutdown(signal, 128 + signal, noted.clone())?;
            flag::register(signal, noted)?;
            low_level::pipe::register(signal, writer.try_clone()?)?;
        }
        let until = span.and_then(|span| Instant::now().checked_add(span));
        Ok(Self { signals, ender: Ender(writer), until, end: None })
    }

    pub(super) fn ender(&self) -> io::Result<Ender> {
        Ok(Ender(self.ender.0.try_clone()?))
    }

    /// Whether it was found to be over, and since when.
    pub(super) fn end(&self) -> Option<End> {
        self.end
    }

    /// Finds out whether it is over. Asks the system: not for every frame.
    pub(super) fn look(&mut self) {
        if self.end.is_none() && (self.was_signalled() || self.has_passed()) {
            self.end = Some(End { time: clock::now(), at: Instant::now() });
        }
    }

    /// How long there may be waited at most before it is asked again.
    pub(super) fn left(&self) -> Option<Duration> {
        self.until.map(|until| until.saturating_duration_since(Instant::now()))
    }

    fn was_signalled(&mut self) -> bool {
        matches!(self.signals.read(&mut [0; 16]), Ok(count) if count > 0)
    }

    fn has_passed(&self) -> bool {
        self.until.is_some_and(|until| Instant::now() >= until)
    }
}

impl AsFd for Stop {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.signals.as_fd()
    }
}

/// Whether whoever started us wants a signal ignored, as `nohup` does.
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}
