//! A named run of records, and the sentences that say where it ends too early.

use std::fmt::Display;
use std::io;

use super::chunks::Chunks;

/// What every reader reads from.
pub(super) struct Tape {
    /// As people are shown it.
    pub(super) name: String,
    pub(super) chunks: Chunks,
}

impl Tape {
    pub(super) fn new(name: String, chunks: Chunks) -> Self {
        Self { name, chunks }
    }

    /// The input ended within `what`, of which `need` octets were to come.
    #[cold]
    pub(super) fn cut(&self, what: impl Display, need: usize) -> io::Error {
        let have = self.chunks.ready().len();
        let end = self.chunks.passed() + have as u64;
        self.damage(format_args!("cut at octet {end}: {what} has {have} of its {need} octets"))
    }

    /// What begins here cannot be believed, and nothing behind it can be found.
    #[cold]
    pub(super) fn damaged(&self, cause: impl Display) -> io::Error {
        self.damage(format_args!("damaged at octet {}: {cause}", self.chunks.passed()))
    }

    /// The input could not be read on.
    #[cold]
    pub(super) fn failed(&self, error: &io::Error) -> io::Error {
        self.damage(cause(error))
    }

    fn damage(&self, cause: impl Display) -> io::Error {
        let read = match self.chunks.packets {
            1 => "1 packet was read".to_owned(),
            count => format!("{count} packets were read"),
        };
        io::Error::new(io::ErrorKind::InvalidData, format!("{}: {cause}; {read}", self.name))
    }
}

/// The cause in a few lower-case words, without the number of the system's error.
pub(crate) fn cause(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file".to_owned(),
        io::ErrorKind::IsADirectory => "is a directory".to_owned(),
        _ => {
            let text = error.to_string();
            let text = text.split(" (os error").next().unwrap_or_default();
            if error.raw_os_error().is_some() { text.to_lowercase() } else { text.to_owned() }
        }
    }
}
