//! With which keys could somebody read along? (draft-ietf-tls-keylogfile)
//!
//! The lines are kept in memory, so that a capture of ourselves can be opened, and are appended to the file
//! that `SSLKEYLOGFILE` names, as other programs do.

use std::fmt::{self, Write as _};
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use rustls::KeyLog;

use crate::ink::safe;

/// The secrets of our own connections. Showing it for debugging shows none of them.
#[derive(Default)]
pub struct Keys {
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    lines: Vec<u8>,
    file: Option<File>,
    /// Where the file is, for the sentence.
    path: String,
    trouble: Option<String>,
}

impl Keys {
    /// Keeps lines in memory, and in the file that the environment names, if it does.
    pub fn of_environment() -> Self {
        match std::env::var_os("SSLKEYLOGFILE").filter(|path| !path.is_empty()) {
            Some(path) => Self::with_file(Path::new(&path)),
            None => Self::default(),
        }
    }

    /// Keeps lines in a file as well. One that cannot be had costs nothing but a sentence, told with
    /// the first handshake.
    pub fn with_file(path: &Path) -> Self {
        let mut kept = Kept { path: shown(path), ..Kept::default() };
        match open(path) {
            Ok(file) => kept.file = Some(file),
            Err(why) => kept.fail(&why),
        }
        Self { kept: Mutex::new(kept) }
    }

    /// The lines so far, as a file of them has them.
    pub fn lines(&self) -> Vec<u8> {
        self.with(|kept| kept.lines.clone())
    }

    /// What went wrong with the file, once.
    pub(super) fn trouble(&self) -> Option<String> {
        self.with(|kept| kept.trouble.take())
    }

    fn with<R>(&self, what: impl FnOnce(&mut Kept) -> R) -> R {
        what(&mut self.kept.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Kept {
    fn fail(&mut self, why: &str) {
        self.trouble = Some(format!("{}: {why}: no keys are written to it", self.path));
        self.file = None;
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys")
    }
}

impl KeyLog for Keys {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        let mut line = format!("{label} ");
        for (octets, end) in [(client_random, ' '), (secret, '\n')] {
            for octet in octets {
                // Writing into a string does not fail.
                let _ = write!(line, "{octet:02x}");
            }
            line.push(end);
        }
        self.with(|kept| {
            if kept.lines.len() < MOST {
                kept.lines.extend(line.as_bytes());
            }
            // One write, so that programs that share the file do not mix their lines.
            let written = kept.file.as_mut().map(|file| file.write_all(line.as_bytes()));
            if let Some(Err(error)) = written {
                kept.fail(&words(&error));
            }
        });
    }
}

/// Octets kept in memory, enough for thousands of connections; keys beyond are only in the file.
const MOST: usize = 8 << 20;

/// Keys are nobody else's business, and nobody else says where they go: not for others to read, and never
/// through a link.
fn open(path: &Path) -> Result<File, String> {
    let file = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        // A pipe that nobody reads would keep us waiting.
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
        .open(path)
        .map_err(|error| match error.raw_os_error() {
            Some(libc::ELOOP) => "a symbolic link".to_owned(),
            _ => words(&error),
        })?;
    match file.metadata() {
        Ok(about) if about.is_file() => Ok(file),
        Ok(_) => Err("not a regular file".into()),
        Err(error) => Err(words(&error)),
    }
}

pub(super) fn shown(path: &Path) -> String {
    safe(path.as_os_str().as_encoded_bytes())
}

/// The system's words for an error, without its number.
pub(super) fn words(error: &std::io::Error) -> String {
    let words = error.to_string();
    words.split(" (os error").next().unwrap_or_default().to_lowercase()
}
