//! Where reports are written to: one buffer, one write for many lines.

use std::io::{self, Write};

use crate::ink::Ink;

/// The ink and the place it dries on.
pub struct Out {
    pub ink: Ink,
    to: Box<dyn Write>,
    /// The ink is written out at the end of a line that is longer than this.
    full: usize,
}

/// So many octets are written at once.
const FULL: usize = 64 * 1024;

impl Out {
    pub fn new(to: Box<dyn Write>, colour: bool, ascii: bool) -> Self {
        let mut ink = Ink::default();
        (ink.colour, ink.ascii) = (colour, ascii);
        Self { ink, to, full: FULL }
    }

    /// Each line as soon as it is there, for somebody who watches.
    #[must_use]
    pub fn line_by_line(self) -> Self {
        Self { full: 0, ..self }
    }

    /// Ends a line. Writes the lines out when there are many.
    pub fn line(&mut self) -> io::Result<()> {
        self.ink.text("\n");
        self.when_full()
    }

    /// Writes the ink out when there is much.
    pub fn when_full(&mut self) -> io::Result<()> {
        if self.ink.len() < self.full { Ok(()) } else { self.flush() }
    }

    /// Writes octets as they are, safe or not, after the ink.
    pub fn octets(&mut self, octets: &[u8]) -> io::Result<()> {
        self.flush()?;
        self.to.write_all(octets)
    }

    pub fn flush(&mut self) -> io::Result<()> {
        self.to.write_all(self.ink.as_bytes())?;
        self.ink.clear();
        self.to.flush()
    }
}
