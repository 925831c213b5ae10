//! Where do frames come from?
//!
//! From files and pipes, by our own readers: several formats, each perhaps compressed, recognised
//! by content and never by name. Frames are lent from a large reused buffer.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::timeline::{About, Frame, Moment, Source, Timestamp};

mod chunks;
mod pcap;
pub mod save;

use chunks::Chunks;

/// Opens one capture file, or standard input when the path is `-`.
pub fn open(paths: &[PathBuf]) -> anyhow::Result<Files> {
    let [path] = paths else { bail!("one file") };
    let name = path.display().to_string();
    let input: Box<dyn Read> = if path == Path::new("-") {
        Box::new(io::stdin())
    } else {
        Box::new(File::open(path).with_context(|| name.clone())?)
    };
    let steady = path.metadata().is_ok_and(|meta| meta.is_file());
    let about = About { names: vec![name.clone()], ..About::default() };
    let mut about = about;
    let reader = pcap::Pcap::open(name, Chunks::new(input, steady), &mut about)?;
    Ok(Files { reader, about, last: Timestamp(0), ended: false })
}

/// One or more capture files read as one.
pub struct Files {
    reader: pcap::Pcap,
    ended: bool,
    about: About,
    last: Timestamp,
}

/// How a reader got on.
enum Step {
    /// It stands on a frame of this time.
    Frame(Timestamp),
    Lull,
    End,
}

impl Source for Files {
    fn next(&mut self) -> io::Result<Option<Moment<'_>>> {
        if self.ended {
            return Ok(None);
        }
        match self.reader.advance(&mut self.about) {
            Ok(Step::Frame(time)) => {
                self.about.backwards += u64::from(time < self.last);
                self.last = time;
                let frame: Frame<'_> = self.reader.frame();
                self.about.interfaces[frame.interface as usize].frames += 1;
                Ok(Some(Moment::Frame(frame)))
            }
            Ok(Step::Lull) => Ok(Some(Moment::Lull)),
            Ok(Step::End) => Ok(None),
            Err(damage) => {
                self.about.damage = Some(damage.to_string());
                self.ended = true;
                Err(damage)
            }
        }
    }

    fn about(&self) -> &About {
        &self.about
    }
}
