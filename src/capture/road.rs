//! How far has the reading of files come?
//!
//! Known where whole blocks are read, so nothing is counted for each packet; of a compressed file,
//! by its compressed octets. Only where all are files: nobody knows how much a pipe will give.

use std::cell::{Cell, RefCell};
use std::fs::File;
use std::io::{self, Read, Seek};
use std::rc::Rc;

/// Octets read of all that the files have, and the packets found in them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Progress {
    pub octets: u64,
    pub whole: u64,
    pub packets: u64,
}

type Watcher = Box<dyn FnMut(Progress)>;

/// The way through all files, and who watches.
#[derive(Default)]
pub(super) struct Road {
    octets: Cell<u64>,
    whole: Cell<u64>,
    packets: Cell<u64>,
    has_no_end: Cell<bool>,
    watcher: RefCell<Option<Watcher>>,
}

impl Road {
    /// Whom to tell after each block.
    pub(super) fn watch(&self, watcher: impl FnMut(Progress) + 'static) {
        if !self.has_no_end.get() {
            *self.watcher.borrow_mut() = Some(Box::new(watcher));
        }
    }

    /// A pipe is among the inputs.
    pub(super) fn has_no_end(&self) {
        self.has_no_end.set(true);
    }

    /// So many packets were found since the last time.
    pub(super) fn found(&self, packets: u64) {
        self.packets.set(self.packets.get() + packets);
        if let Some(watcher) = self.watcher.borrow_mut().as_mut() {
            let (octets, whole) = (self.octets.get(), self.whole.get());
            // Who writes the file may be longer at it than the reader.
            let whole = whole.max(octets);
            watcher(Progress { octets, whole, packets: self.packets.get() });
        }
    }
}

/// A file whose octets count.
pub(super) struct Walked {
    file: File,
    road: Rc<Road>,
}

impl Walked {
    pub(super) fn new(mut file: File, road: &Rc<Road>) -> Self {
        let len = file.metadata().map_or(0, |about| about.len());
        // Standard input may have been read by others before.
        let rest = len.saturating_sub(file.stream_position().unwrap_or(0));
        road.whole.set(road.whole.get() + rest);
        Self { file, road: Rc::clone(road) }
    }
}

impl Read for Walked {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(into)?;
        self.road.octets.set(self.road.octets.get() + count as u64);
        Ok(count)
    }
}
