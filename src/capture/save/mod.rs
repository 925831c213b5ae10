//! Keeps what passes, as a savefile.
//!
//! Our own writer, because libpcap's says nothing when the disk is full. Only whole records are
//! left in a file: when one does not fit any more, its first part is taken back.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{anyhow, bail};

use super::input::shown;
use super::tape::cause;
use crate::timeline::{About, Frame};

mod block;

/// A savefile that is being written.
///
/// After each turn of the source, [`Save::note`] is told what the source knows of itself: a frame
/// is lent by the source, which cannot be asked anything in the meantime.
pub struct Save {
    name: String,
    file: File,
    /// Whether the file can be shortened: a pipe takes nothing back.
    regular: bool,
    style: Style,
    /// Records not yet written out.
    records: Vec<u8>,
    /// Where each ends, and whether it is a frame.
    ends: Vec<(usize, bool)>,
    /// Where the last frame begins, while what must precede it may still have to be noted.
    latest: Option<usize>,
    /// Octets written out, all of whole records.
    written: u64,
    frames: u64,
    /// How many of each the file has been told of.
    begun: bool,
    interfaces: usize,
    resolved: usize,
    secrets: usize,
    failed: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Style {
    Pcapng,
    /// The link type, and nanoseconds in one unit of the fraction, once known.
    Classic(Option<(u16, u32)>),
}

impl Save {
    /// Begins a savefile: pcapng, or classic pcap when the name ends in `.pcap`; `-` is standard
    /// output.
    ///
    /// An existing file is overwritten unless it is one of `inputs`. Nobody else may read it, and
    /// a symbolic link is not followed.
    pub fn create(path: &Path, inputs: &[PathBuf]) -> anyhow::Result<Self> {
        let style = match path.extension() {
            Some(end) if end == "pcap" => Style::Classic(None),
            _ => Style::Pcapng,
        };
        if path == Path::new("-") {
            let stdout = io::stdout().as_fd().try_clone_to_owned()?;
            return Ok(Self::new("standard output".to_owned(), stdout.into(), false, style));
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
        for input in inputs {
            let same = fs::metadata(input)
                .is_ok_and(|input| (input.dev(), input.ino()) == (about.dev(), about.ino()));
            if same {
                bail!("{name}: is being read, and would be overwritten");
            }
        }
        if about.is_file() {
            file.set_len(0).map_err(named)?;
        }
        Ok(Self::new(name, file, about.is_file(), style))
    }

    fn new(name: String, file: File, regular: bool, style: Style) -> Self {
        Self {
            name,
            file,
            regular,
            style,
            records: Vec::with_capacity(FULL + FULL / 4),
            ends: Vec::new(),
            latest: None,
            written: 0,
            frames: 0,
            begun: false,
            interfaces: 0,
            resolved: 0,
            secrets: 0,
            failed: false,
        }
    }

    /// Keeps a frame. Its interface may be told of at the next [`Save::note`].
    pub fn frame(&mut self, frame: &Frame<'_>) -> io::Result<()> {
        self.latest = Some(self.records.len());
        match &mut self.style {
            Style::Pcapng => block::enhanced(&mut self.records, frame),
            Style::Classic(Some((link, unit))) => {
                if *link != frame.link {
                    self.latest = None;
                    return Err(self.refuse(frame.link));
                }
                block::record(&mut self.records, frame, *unit);
            }
            // Only the source knows how fine its clock is: the unit is put in with the header.
            Style::Classic(style) => {
                *style = Some((frame.link, NANO));
                block::record(&mut self.records, frame, NANO);
            }
        }
        self.ends.push((self.records.len(), true));
        Ok(())
    }

    /// Writes what the source has come to know before the frame kept last, and that frame.
    pub fn note(&mut self, about: &About) -> io::Result<()> {
        let Some(latest) = self.latest.take() else { return Ok(()) };
        let news = self.interfaces < about.interfaces.len()
            || self.resolved < about.resolved.len()
            || self.secrets < about.secrets.len()
            || !self.begun;
        if news {
            let frame = self.records.split_off(latest);
            self.ends.pop();
            self.news(about, &frame);
        }
        if self.records.len() >= FULL { self.flush() } else { Ok(()) }
    }

    fn news(&mut self, about: &About, frame: &[u8]) {
        let first = !self.begun;
        self.head(about);
        match self.style {
            // The first frame was laid out with a nanosecond clock before the clock was known.
            Style::Classic(Some((_, unit))) if first && unit != NANO => {
                let mut frame = frame.to_vec();
                block::coarsen(&mut frame, unit);
                self.records.extend_from_slice(&frame);
            }
            _ => self.records.extend_from_slice(frame),
        }
        if !frame.is_empty() {
            self.ends.push((self.records.len(), true));
        }
    }

    /// What goes before a frame: the file's header, interfaces, names, secrets.
    fn head(&mut self, about: &About) {
        match &mut self.style {
            Style::Classic(style) => {
                if !self.begun {
                    let fine = about.interfaces.iter().any(|interface| {
                        !interface.step.is_zero() && interface.step < Duration::from_micros(1)
                    });
                    // A file without frames is still of some type: Ethernet if nothing is known.
                    let first = about.interfaces.first().map_or(1, |interface| interface.link);
                    let link = style.map_or(first, |(link, _)| link);
                    let unit = if fine { NANO } else { MICRO };
                    *style = Some((link, unit));
                    block::file_header(&mut self.records, link, unit);
                    self.ends.push((self.records.len(), false));
                }
            }
            Style::Pcapng => {
                if !self.begun {
                    block::section(&mut self.records, &about.comments);
                }
                for interface in about.interfaces.iter().skip(self.interfaces) {
                    block::interface(&mut self.records, interface);
                }
                for secrets in about.secrets.iter().skip(self.secrets) {
                    block::secrets(&mut self.records, secrets);
                }
                if let Some(resolved) = about.resolved.get(self.resolved..)
                    && !resolved.is_empty()
                {
                    block::names(&mut self.records, resolved);
                }
                self.ends.push((self.records.len(), false));
            }
        }
        self.begun = true;
        self.interfaces = about.interfaces.len();
        self.resolved = about.resolved.len();
        self.secrets = about.secrets.len();
    }

    /// Writes out what is complete, so that a reader of the file sees it.
    pub fn flush(&mut self) -> io::Result<()> {
        if self.failed {
            self.records.clear();
            self.ends.clear();
        }
        // What must precede the latest frame is not known yet.
        if self.latest.is_some() {
            return Ok(());
        }
        let mut done = 0;
        while done < self.records.len() {
            match self.file.write(&self.records[done..]) {
                Ok(0) => return Err(self.lost(done, &io::ErrorKind::WriteZero.into())),
                Ok(count) => done += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.lost(done, &error)),
            }
        }
        self.frames += self.ends.iter().filter(|(_, frame)| *frame).count() as u64;
        self.written += done as u64;
        self.records.clear();
        self.ends.clear();
        Ok(())
    }

    /// Ends the file: what was counted about its interfaces comes last.
    pub fn end(&mut self, about: &About) -> io::Result<()> {
        self.note(about)?;
        if !self.failed {
            self.head(about);
            if self.style == Style::Pcapng {
                for (number, interface) in about.interfaces.iter().enumerate() {
                    block::statistics(&mut self.records, number as u32, interface);
                }
                self.ends.push((self.records.len(), false));
            }
        }
        self.flush()
    }

    /// How many frames are in the file.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// Takes back the record of which only a part was written, and says what is lost.
    #[cold]
    fn lost(&mut self, done: usize, error: &io::Error) -> io::Error {
        let whole = self.ends.iter().take_while(|(end, _)| *end <= done);
        let (mut end, mut kept, mut frames) = (0, 0, 0);
        for (record, frame) in whole {
            (end, kept) = (*record, kept + u64::from(*frame));
        }
        for (_, frame) in &self.ends {
            frames += u64::from(*frame);
        }
        if self.regular {
            // Should this fail too, readers still find the whole records.
            let _ = self.file.set_len(self.written + end as u64);
        }
        self.failed = true;
        self.frames += kept;
        self.records.clear();
        self.ends.clear();
        let lost = frames - kept;
        let sentence = format!(
            "{}: {}; packets written: {}, lost: {lost}",
            self.name,
            cause(error),
            self.frames
        );
        io::Error::new(error.kind(), sentence)
    }

    #[cold]
    fn refuse(&self, link: u16) -> io::Error {
        let Style::Classic(Some((first, _))) = self.style else {
            return io::ErrorKind::InvalidInput.into();
        };
        io::Error::new(
            io::ErrorKind::InvalidInput,
            format!(
                "{}: a .pcap file holds one link type, and after {first} comes {link}: let the name end in .pcapng",
                self.name
            ),
        )
    }
}

/// Records are written out once they are longer than this.
const FULL: usize = 256 * 1024;

/// Nanoseconds in one unit of a classic savefile's fractions.
const NANO: u32 = 1;
const MICRO: u32 = 1000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::octets::Octets;
    use crate::timeline::{Interface, Timestamp};

    fn about() -> About {
        About {
            interfaces: vec![Interface { link: 1, ..Interface::default() }],
            ..About::default()
        }
    }

    fn keep(save: &mut Save, count: u64) {
        for number in 1..=count {
            let octets = Octets::whole(&[7; 60]);
            let time = Timestamp(number);
            let frame = Frame { number, time, link: 1, interface: 0, comment: &[], octets };
            save.frame(&frame).expect("room");
            save.note(&about()).expect("room");
        }
    }

    #[test]
    fn a_record_that_does_not_fit_is_taken_back() {
        let path = std::env::temp_dir().join(format!("taken-back-{}.pcap", std::process::id()));
        let mut save = Save::create(&path, &[]).expect("a new file");
        keep(&mut save, 3);
        // As if the disk had taken the header, one record, and a part of the second.
        let written = 24 + 76 + 30;
        save.file.write_all(&save.records[..written]).expect("room");
        let said = save.lost(written, &io::Error::from_raw_os_error(libc::ENOSPC)).to_string();
        assert!(said.ends_with("no space left on device; packets written: 1, lost: 2"), "{said}");
        assert_eq!(fs::metadata(&path).expect("the file").len(), 24 + 76);
        fs::remove_file(&path).expect("the file");
    }

    #[test]
    fn a_full_disk_is_told_with_what_is_lost() {
        let mut save = Save::create(Path::new("/dev/full"), &[]).expect("the device");
        keep(&mut save, 5);
        let said = save.end(&about()).expect_err("no room").to_string();
        assert_eq!(said, "/dev/full: no space left on device; packets written: 0, lost: 5");
        save.end(&about()).expect("nothing more to lose");
    }
}
