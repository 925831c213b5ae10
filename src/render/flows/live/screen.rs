//! What is on the terminal already, and what has to be written?

/// The lines that a terminal shows.
#[derive(Debug, Default)]
pub(super) struct Screen {
    size: Option<(u16, u16)>,
    lines: Vec<Vec<u8>>,
}

impl Screen {
    pub(super) fn is_of(&self, size: (u16, u16)) -> bool {
        self.size == Some(size)
    }

    /// Nobody knows what is on the terminal.
    pub(super) fn forget(&mut self) {
        self.size = None;
    }

    /// What has to be written so that the terminal shows these lines, none longer than it is wide.
    pub(super) fn turn_into(&mut self, lines: Vec<Vec<u8>>, size: (u16, u16)) -> Vec<u8> {
        // A terminal that knows these shows all of it at once; others pass them over.
        let mut octets = b"\x1b[?2026h".to_vec();
        if !self.is_of(size) {
            octets.extend(b"\x1b[0m\x1b[2J");
            (self.size, self.lines) = (Some(size), Vec::new());
        }
        let empty = Vec::new();
        for (at, line) in lines.iter().enumerate() {
            if line != self.lines.get(at).unwrap_or(&empty) {
                octets.extend(format!("\x1b[{};1H\x1b[2K", at + 1).bytes());
                octets.extend(line);
            }
        }
        self.lines = lines;
        octets.extend(b"\x1b[?2026l");
        octets
    }
}
