//! One file, of which only whole records are left.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Write};
use std::iter::Peekable;
use std::os::fd::AsFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::{anyhow, bail};

use super::super::input::shown;
use super::super::tape::cause;

/// A file that is being written.
pub(super) struct Savefile {
    pub(super) path: PathBuf,
    /// As people are shown it.
    pub(super) name: String,
    file: File,
    /// Whether it can be shortened: a pipe takes nothing back.
    regular: bool,
    /// Octets written out, all of whole records.
    pub(super) octets: u64,
    /// How many of the records are frames.
    pub(super) frames: u64,
}

/// Records that wait to be written out.
#[derive(Default)]
pub(super) struct Records {
    pub(super) octets: Vec<u8>,
    /// Where each ends, and how many frames it is: one, or none.
    pub(super) ends: Vec<(usize, u8)>,
}

impl Records {
    /// A record was put behind the others.
    pub(super) fn end(&mut self, frames: u8) {
        self.ends.push((self.octets.len(), frames));
    }

    pub(super) fn frames(&self) -> u64 {
        self.ends.iter().map(|(_, frames)| u64::from(*frames)).sum()
    }

    pub(super) fn clear(&mut self) {
        self.octets.clear();
        self.ends.clear();
    }
}

/// The smallest there is; larger ones end where one of these does.
const PAGE: usize = 4096;

impl Savefile {
    /// Opens a file, and empties it if it is there; `-` is standard output.
    pub(super) fn open(path: &Path, inputs: &[PathBuf]) -> anyhow::Result<Self> {
        if path == Path::new("-") {
            let stdout = io::stdout().as_fd().try_clone_to_owned()?;
            return Ok(Self::new(path, "standard output".to_owned(), stdout.into(), false));
        }
        let name = shown(path);
        let named = |error: io::Error| match error.raw_os_error() {
            Some(libc::ELOOP) => anyhow!("{name}: is a symbolic link, and those are not followed"),
            _ => anyhow!("{name}: {}", cause(&error)),
        };
        // What the system itself links to: /dev/stdout, and the pipes of our own shell.
        let systems = path
            .parent()
            .is_some_and(|parent| parent == Path::new("/dev") || parent == Path::new("/dev/fd"));
        let follow = if systems { 0 } else { libc::O_NOFOLLOW };
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false).mode(0o600).custom_flags(follow);
        let file = options.open(path).map_err(named)?;
        let about = file.metadata().map_err(named)?;
        spare(&about, &name, inputs)?;
        if about.is_file() {
            file.set_len(0).map_err(named)?;
        }
        let regular = about.is_file();
        Ok(Self::new(path, name, file, regular))
    }

    /// Makes a file of our own, in the place of one that is there.
    ///
    /// Whoever reads the old one, or may read it, does not come to see the new one.
    pub(super) fn replace(path: &Path, inputs: &[PathBuf]) -> anyhow::Result<Self> {
        let name = shown(path);
        let named = |error: io::Error| anyhow!("{name}: {}", cause(&error));
        match fs::symlink_metadata(path) {
            Ok(about) if about.is_file() => {
                spare(&about, &name, inputs)?;
                fs::remove_file(path).map_err(named)?;
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound && path != Path::new("-") => {}
            _ => return Self::open(path, inputs),
        }
        let mut options = OpenOptions::new();
        let file = options.write(true).create_new(true).mode(0o600).open(path).map_err(named)?;
        Ok(Self::new(path, name, file, true))
    }

    fn new(path: &Path, name: String, file: File, regular: bool) -> Self {
        Self { path: path.to_owned(), name, file, regular, octets: 0, frames: 0 }
    }

    /// Writes records out. When not all could be, the part of one is taken back; then
    /// [`Savefile::frames`] tells how many are in the file.
    pub(super) fn write(&mut self, records: &Records) -> io::Result<()> {
        let mut done = 0;
        let mut ends = records.ends.iter().map(|(end, _)| *end).peekable();
        while done < records.octets.len() {
            let piece = if self.regular { self.piece(done, &mut ends) } else { None };
            let piece = piece.unwrap_or(records.octets.len());
            while done < piece {
                match self.file.write(&records.octets[done..piece]) {
                    Ok(0) => return Err(self.cut(records, done, io::ErrorKind::WriteZero.into())),
                    Ok(count) => done += count,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(self.cut(records, done, error)),
                }
            }
        }
        self.frames += records.frames();
        self.octets += done as u64;
        Ok(())
    }

    /// How far to write in one go: the records that end in the page where the first begins, or, if that
    /// goes beyond it, in the next.
    ///
    /// When the process is killed as it writes, the kernel ends the write behind a page. So only a record
    /// on two pages can be cut, and only in the instant in which its first part is copied.
    fn piece(
        &self,
        start: usize,
        ends: &mut Peekable<impl Iterator<Item = usize>>,
    ) -> Option<usize> {
        let page = start + PAGE - (self.octets as usize + start) % PAGE;
        let until = if *ends.peek()? <= page { page } else { page + PAGE };
        let mut piece = None;
        while let Some(end) = ends.next_if(|end| *end <= until) {
            piece = Some(end);
        }
        // It may be longer than two.
        piece.or_else(|| ends.next())
    }

    /// Takes back the record of which only a part was written.
    #[cold]
    fn cut(&mut self, records: &Records, done: usize, error: io::Error) -> io::Error {
        let mut whole = 0;
        for (end, frames) in records.ends.iter().take_while(|(end, _)| *end <= done) {
            whole = *end;
            self.frames += u64::from(*frames);
        }
        self.octets += whole as u64;
        if self.regular {
            // Should this fail too, readers still find the whole records.
            let _ = self.file.set_len(self.octets);
        }
        error
    }
}

/// Refuses what is being read.
fn spare(about: &Metadata, name: &str, inputs: &[PathBuf]) -> anyhow::Result<()> {
    for input in inputs {
        let same = fs::metadata(input)
            .is_ok_and(|input| (input.dev(), input.ino()) == (about.dev(), about.ino()));
        if same {
            bail!("{name}: is being read, and would be overwritten");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_that_does_not_fit_is_taken_back() {
        let path = std::env::temp_dir().join(format!("taken-back-{}.pcap", std::process::id()));
        let mut file = Savefile::open(&path, &[]).expect("a new file");
        let mut records = Records::default();
        for (frames, len) in [(0, 24), (1, 76), (1, 76), (1, 76)] {
            records.octets.extend(vec![7; len]);
            records.end(frames);
        }
        // As if the disk had taken the header, one record, and a part of the second.
        let written = 24 + 76 + 30;
        file.file.write_all(&records.octets[..written]).expect("room");
        file.cut(&records, written, io::Error::from_raw_os_error(libc::ENOSPC));
        assert_eq!((file.frames, file.octets), (1, 24 + 76));
        assert_eq!(fs::metadata(&path).expect("the file").len(), 24 + 76);
        fs::remove_file(&path).expect("the file");
    }

    #[test]
    fn a_write_goes_beyond_the_page_of_its_first_record_only_to_end_that() {
        let path = std::env::temp_dir().join(format!("pieces-{}.pcap", std::process::id()));
        let mut file = Savefile::open(&path, &[]).expect("a new file");
        let mut records = Records::default();
        for number in 0..3000_usize {
            // Now and then one that is longer than two pages.
            let len = if number % 500 == 499 { 9000 } else { 16 + number * 7919 % 700 };
            records.octets.resize(records.octets.len() + len, number as u8);
            records.end(1);
        }
        for before in [0, 24, 4095, 4096, 70_000] {
            file.octets = before;
            let mut ends = records.ends.iter().map(|(end, _)| *end).peekable();
            let (mut start, mut pieces) = (0, 0);
            while start < records.octets.len() {
                let first = *ends.peek().expect("a record");
                let end = file.piece(start, &mut ends).expect("a piece");
                assert!(records.ends.iter().any(|(whole, _)| *whole == end));
                let page = |at: usize| (before as usize + at) / PAGE;
                let crosses = page(first - 1) - page(start);
                // A record on two pages may bring others that end in the second.
                assert!(page(end - 1) - page(start) <= crosses);
                (start, pieces) = (end, pieces + 1);
            }
            assert!(pieces <= 2 + records.octets.len() / PAGE, "{pieces} pieces");
        }
        fs::remove_file(&path).expect("the file");
    }
}
