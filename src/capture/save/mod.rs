//! Keeps what passes, as a savefile or as several.
//!
//! Our own writer, because libpcap's says nothing when the disk is full. Only whole records are
//! left in a file: when one does not fit any more, its first part is taken back. Of several files each
//! is complete in itself: it tells again of the interfaces, names and keys.

use std::io;
use std::path::{Path, PathBuf};

use anyhow::{anyhow, bail};

use super::input::shown;
use super::tape::cause;
use crate::timeline::{About, Frame, Timestamp};

mod after;
mod block;
mod file;
mod kept;
mod remarks;
mod rotate;
mod told;

pub use after::After;
use file::{Records, Savefile};
pub use kept::Kept;
use remarks::Remarks;
pub use rotate::{Limits, Rotation};
use told::{MICRO, NANO, Style, Told};

/// A savefile that is being written, or a run of them.
///
/// After each turn of the source, [`Save::note`] is told what the source knows of itself: a frame
/// is lent by the source, which cannot be asked anything in the meantime.
pub struct Save {
    /// The present file; none while it has no name yet, and between two of them.
    file: Option<Savefile>,
    style: Style,
    records: Records,
    /// Where the last frame begins, while what must precede it may still have to be noted; and its time.
    latest: Option<(usize, Timestamp)>,
    /// What the present file holds.
    told: Told,
    failed: bool,
    /// Whether each packet is written out at once.
    at_once: bool,
    /// When there is to be another file.
    rotation: Option<Rotation>,
    inputs: Vec<PathBuf>,
    after: Option<After>,
    remarks: Remarks,
    kept: Kept,
    /// Whether as many files were written as there may be.
    over: bool,
}

impl Save {
    /// Begins a savefile: pcapng, or classic pcap when the name ends in `.pcap`; `-` is standard
    /// output.
    ///
    /// An existing file is overwritten unless it is one of `inputs`. Nobody else may read it, and
    /// a symbolic link is not followed.
    pub fn create(path: &Path, inputs: &[PathBuf]) -> anyhow::Result<Self> {
        Ok(Self::new(path, Some(Savefile::open(path, inputs)?)))
    }

    /// Begins the first of the files of a rotation, as soon as it has a name.
    ///
    /// A file that is there already gives way to a new one, unless it is one of `inputs`.
    pub fn rotating(mut rotation: Rotation, inputs: &[PathBuf]) -> anyhow::Result<Self> {
        let template = rotation.template().to_owned();
        let first = if rotation.is_named() {
            if rotation.is_of_several() && !rotate::is_file_or_free(&template) {
                bail!("{}: is no file, and only files follow one another", shown(&template));
            }
            let path = rotation.next(None).map_err(|error| anyhow!(error))?;
            Some(Savefile::replace(&path, inputs)?)
        } else {
            rotation.may_begin()?;
            None
        };
        let inputs = inputs.to_vec();
        Ok(Self { rotation: Some(rotation), inputs, ..Self::new(&template, first) })
    }

    /// Has each packet written out at once.
    #[must_use]
    pub fn at_once(self) -> Self {
        Self { at_once: true, ..self }
    }

    /// Leaves out the keys that the source knows.
    #[must_use]
    pub fn without_keys(mut self) -> Self {
        self.told.is_discreet = true;
        self
    }

    /// Has a command run on each file once it is finished.
    #[must_use]
    pub fn with(self, after: After) -> Self {
        Self { after: Some(after), ..self }
    }

    fn new(path: &Path, file: Option<Savefile>) -> Self {
        let style = match path.extension() {
            Some(end) if end == "pcap" => Style::Classic(None, None),
            _ => Style::Pcapng,
        };
        let octets = Vec::with_capacity(FULL + FULL / 4);
        Self {
            file,
            style,
            records: Records { octets, ends: Vec::new() },
            latest: None,
            told: Told::default(),
            failed: false,
            at_once: false,
            rotation: None,
            inputs: Vec::new(),
            after: None,
            remarks: Remarks::default(),
            kept: Kept::default(),
            over: false,
        }
    }

    /// Keeps a frame. Its interface may be told of at the next [`Save::note`].
    #[inline]
    pub fn frame(&mut self, frame: &Frame<'_>) -> io::Result<()> {
        let start = self.records.octets.len();
        match &mut self.style {
            Style::Pcapng => self.remarks.enhanced(&mut self.records.octets, frame),
            Style::Classic(link, unit) => {
                let first = *link.get_or_insert(frame.link);
                if first != frame.link {
                    return Err(self.refuse(first, frame.link));
                }
                block::record(&mut self.records.octets, frame, unit.unwrap_or(NANO));
            }
        }
        self.latest = Some((start, frame.time));
        self.records.end(1);
        Ok(())
    }

    /// Writes what the source has come to know before the frame kept last, and that frame.
    #[inline]
    pub fn note(&mut self, about: &About) -> io::Result<()> {
        let Some((start, time)) = self.latest.take() else { return Ok(()) };
        self.told.frames += 1;
        if self.file.is_none() || self.told.lacks(about) || self.is_due(time, 0) {
            self.settle(start, time, about)?;
        }
        if self.at_once || self.records.octets.len() >= FULL { self.flush() } else { Ok(()) }
    }

    /// Whether the frame laid out last begins another file, if `news` octets had to precede it.
    #[inline]
    fn is_due(&mut self, time: Timestamp, news: usize) -> bool {
        let (Some(rotation), Some(file)) = (&mut self.rotation, &self.file) else { return false };
        let statistics = match self.style {
            Style::Pcapng => block::STATISTICS * self.told.interfaces as u64,
            Style::Classic(..) => 0,
        };
        let octets = file.octets + (self.records.octets.len() + news) as u64 + statistics;
        let head = self.told.head + news as u64 + statistics;
        rotation.is_over(time)
            || (self.told.frames > 1 && rotation.is_full(self.told.frames, octets, head))
    }

    /// Puts before the frame laid out last what must precede it: in another file if it is time.
    #[cold]
    fn settle(&mut self, start: usize, time: Timestamp, about: &About) -> io::Result<()> {
        let unit_was_open = matches!(self.style, Style::Classic(_, None));
        let mut news = Vec::new();
        if self.file.is_some() {
            self.told.news(&mut self.style, about, &mut news);
            if self.is_due(time, news.len()) {
                let frame = self.records.octets.split_off(start);
                self.records.ends.pop();
                self.told.frames -= 1;
                let is_over = self.rotation.as_mut().is_some_and(|one| one.is_over(time));
                self.finish(about, 1)?;
                if is_over && self.rotation.as_mut().is_some_and(Rotation::close) {
                    self.over = true;
                    return Ok(());
                }
                self.records.octets.extend_from_slice(&frame);
                self.records.end(1);
                return self.settle(0, time, about);
            }
        } else {
            self.begin(time)?;
            self.told.frames = 1;
            self.told.news(&mut self.style, about, &mut news);
        }
        self.told.learn(about, news.len());
        let mut frame = self.records.octets.split_off(start);
        self.records.ends.pop();
        if let Style::Classic(_, Some(unit @ MICRO..)) = self.style
            && unit_was_open
        {
            // It was laid out before the clock was known.
            block::coarsen(&mut frame, unit);
        }
        self.records.octets.extend_from_slice(&news);
        self.records.end(0);
        self.records.octets.extend_from_slice(&frame);
        self.records.end(1);
        Ok(())
    }

    /// Puts down what the file has not been told, with no frame behind it.
    fn tell(&mut self, about: &About) {
        let mut news = Vec::new();
        self.told.news(&mut self.style, about, &mut news);
        self.told.learn(about, news.len());
        self.records.octets.extend_from_slice(&news);
        self.records.end(0);
    }

    /// Nothing comes just now: writes out what is complete, so that a reader of the file sees it.
    ///
    /// `now` is the time at a source whose frames are captured now: when the period of a file is over,
    /// the file is finished though no packet has come to say so.
    pub fn lull(&mut self, about: &About, now: Option<Timestamp>) -> io::Result<()> {
        let is_known = match self.style {
            Style::Pcapng => !about.interfaces.is_empty(),
            // Which link type the first frame will have is sure only where all have the same, and no
            // others will come.
            Style::Classic(..) => match &about.interfaces[..] {
                [first, others @ ..] if now.is_some() => {
                    others.iter().all(|other| other.link == first.link)
                }
                _ => false,
            },
        };
        if is_known && !self.told.begun && self.file.is_some() && !self.failed {
            self.tell(about);
        }
        self.flush()?;
        if let (Some(rotation), Some(now), Some(_)) = (&mut self.rotation, now, &self.file)
            && rotation.is_long_over(now)
        {
            self.over = rotation.close();
            self.finish(about, 0)?;
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.write(0)
    }

    /// Writes out everything but a frame that waits for what must precede it. `held` is how many frames
    /// besides are lost should it fail.
    fn write(&mut self, held: u64) -> io::Result<()> {
        if self.failed {
            self.records.clear();
        }
        let (Some(file), None) = (&mut self.file, self.latest) else { return Ok(()) };
        match file.write(&self.records) {
            Ok(()) => {
                self.records.clear();
                Ok(())
            }
            Err(error) => Err(self.lost(&error, held)),
        }
    }

    /// Opens the file of a frame.
    fn begin(&mut self, time: Timestamp) -> io::Result<()> {
        let Some(rotation) = &mut self.rotation else { return Ok(()) };
        let named = rotation.next(Some(time)).map_err(|error| anyhow!(error));
        match named.and_then(|path| Savefile::replace(&path, &self.inputs)) {
            Ok(file) => {
                self.kept.begun(&file.path);
                self.file = Some(file);
                Ok(())
            }
            Err(error) => {
                self.fail();
                let written = self.kept.written();
                let sentence = format!("{error:#}; packets written: {written}, lost: 1");
                Err(io::Error::other(sentence))
            }
        }
    }

    /// Ends the present file: what was counted about its interfaces comes last.
    fn finish(&mut self, about: &About, held: u64) -> io::Result<()> {
        if self.style == Style::Pcapng {
            for (number, interface) in
                about.interfaces.iter().take(self.told.interfaces).enumerate()
            {
                block::statistics(&mut self.records.octets, number as u32, interface);
            }
            self.records.end(0);
        }
        self.write(held)?;
        if let Some(file) = self.file.take() {
            self.kept.finished(&file);
            if let Some(after) = &mut self.after {
                after.finished(&file.path);
            }
        }
        self.told.begin_anew();
        Ok(())
    }

    /// Ends the last file.
    pub fn end(&mut self, about: &About) -> io::Result<()> {
        let mut ended = self.note(about);
        if ended.is_ok() && !self.failed && self.file.is_some() {
            self.tell(about);
            ended = self.finish(about, 0);
        }
        if let Some(after) = &mut self.after {
            after.end();
        }
        ended
    }

    /// Whether as many files were written as there may be: nothing more is kept.
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// What is in the files that were finished.
    pub fn kept(&self) -> &Kept {
        &self.kept
    }

    /// Gives the present file up, and all that comes.
    fn fail(&mut self) {
        self.failed = true;
        self.records.clear();
        if let Some(file) = self.file.take() {
            self.kept.finished(&file);
        }
    }

    /// Says what is lost, when not all could be written.
    #[cold]
    fn lost(&mut self, error: &io::Error, held: u64) -> io::Error {
        let before = self.kept.written();
        let laid_out = self.told.frames + held;
        let name = self.file.as_ref().map(|file| file.name.clone()).unwrap_or_default();
        let here = self.file.as_ref().map_or(0, |file| file.frames);
        self.fail();
        let (written, lost) = (before + here, laid_out - here);
        let sentence =
            format!("{name}: {}; packets written: {written}, lost: {lost}", cause(error));
        io::Error::new(error.kind(), sentence)
    }

    #[cold]
    fn refuse(&self, first: u16, link: u16) -> io::Error {
        let name = self.file.as_ref().map_or(&self.kept.last, |file| &file.name);
        io::Error::new(
            io::ErrorKind::InvalidInput,
            format!(
                "{name}: a .pcap file holds one link type, and after {first} comes {link}: let the name end in .pcapng",
            ),
        )
    }
}

/// Records are written out once they are longer than this.
const FULL: usize = 128 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::octets::Octets;
    use crate::timeline::Interface;

    #[test]
    fn a_full_disk_is_told_with_what_is_lost() {
        let about = About {
            interfaces: vec![Interface { link: 1, ..Interface::default() }],
            ..About::default()
        };
        let mut save = Save::create(Path::new("/dev/full"), &[]).expect("the device");
        for number in 1..=5 {
            let octets = Octets::whole(&[7; 60]);
            let time = Timestamp(number);
            let frame = Frame { number, time, link: 1, interface: 0, comment: &[], octets };
            save.frame(&frame).expect("room");
            save.note(&about).expect("room");
        }
        let said = save.end(&about).expect_err("no room").to_string();
        assert_eq!(said, "/dev/full: no space left on device; packets written: 0, lost: 5");
        save.end(&about).expect("nothing more to lose");
    }
}
