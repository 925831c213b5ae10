//! Where reports are written to: one buffer, one write for many lines.

use std::io::{self, Write};

use crate::ink::Ink;

/// The ink and the place it dries on.
pub struct Out {
    pub ink: Ink,
    to: Box<dyn Write>,
}

/// The ink is written out once it is longer than this.
const FULL: usize = 64 * 1024;

impl Out {
    pub fn new(to: Box<dyn Write>, colour: bool, ascii: bool) -> Self {
        let mut ink = Ink::default();
        (ink.colour, ink.ascii) = (colour, ascii);
        Self { ink, to }
    }

    /// Ends a line. Writes the lines out when there are many.
    pub fn line(&mut self) -> io::Result<()> {
        self.ink.text("\n");
        if self.ink.len() < FULL { Ok(()) } else { self.flush() }
    }

    pub fn flush(&mut self) -> io::Result<()> {
        self.to.write_all(self.ink.as_bytes())?;
        self.ink.clear();
        self.to.flush()
    }
}
