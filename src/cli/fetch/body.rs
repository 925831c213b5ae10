//! Where does the body go?

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use crate::ink::safe;
use crate::probe::plan::Body;

/// A file, or with `-` standard output.
pub(super) fn body(path: &Path) -> Body {
    if path.as_os_str() == "-" {
        return Arc::new(Mutex::new(io::stdout()));
    }
    Arc::new(Mutex::new(Saved { path: path.to_owned(), file: None }))
}

/// As with curl a file is made, and what was in it is lost, only when something is saved; flushing saves
/// nothing at least.
struct Saved {
    path: PathBuf,
    file: Option<File>,
}

impl Saved {
    fn file(&mut self) -> io::Result<&mut File> {
        let file = match self.file.take() {
            Some(file) => file,
            None => File::create(&self.path).map_err(|error| self.named(&error))?,
        };
        Ok(self.file.insert(file))
    }

    fn named(&self, error: &io::Error) -> io::Error {
        let name = safe(self.path.as_os_str().as_encoded_bytes());
        io::Error::new(error.kind(), format!("{name}: {error}"))
    }
}

impl Write for Saved {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        let written = self.file()?.write(octets);
        written.map_err(|error| self.named(&error))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file()?.flush()
    }
}
