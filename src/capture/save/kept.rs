//! How much was kept, and in which files?

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use super::file::Savefile;

/// What is in the files that were finished and have not been overwritten since.
#[derive(Clone, Debug, Default)]
pub struct Kept {
    pub frames: u64,
    pub octets: u64,
    pub files: u64,
    /// The name of the oldest file, as people are shown it; empty when there is none.
    pub first: String,
    /// The name of the latest file.
    pub last: String,
    /// Frames and files that gave way to later ones.
    pub overwritten: (u64, u64),
    /// Those that are there, the oldest first.
    there: VecDeque<There>,
    /// Files that are no longer remembered: they count as being there.
    forgotten: u64,
}

#[derive(Clone, Debug)]
struct There {
    path: PathBuf,
    name: String,
    frames: u64,
    octets: u64,
}

/// Files remembered: as many as a ring of one a minute for a month. Of others that are overwritten
/// it is not known that they were ours.
const REMEMBERED: usize = 65_536;

impl Kept {
    /// Frames written, overwritten since or not.
    pub(super) fn written(&self) -> u64 {
        self.frames + self.overwritten.0
    }

    pub(super) fn finished(&mut self, file: &Savefile) {
        self.frames += file.frames;
        self.octets += file.octets;
        self.files += 1;
        self.last.clone_from(&file.name);
        if self.first.is_empty() {
            self.first.clone_from(&file.name);
        }
        if self.there.len() == REMEMBERED {
            self.there.pop_front();
            self.forgotten += 1;
        }
        let (path, name) = (file.path.clone(), file.name.clone());
        self.there.push_back(There { path, name, frames: file.frames, octets: file.octets });
    }

    /// A file is begun at this path, perhaps in the place of one of ours.
    pub(super) fn begun(&mut self, path: &Path) {
        // In a ring it is the first.
        let Some(at) = self.there.iter().position(|there| there.path == path) else { return };
        let Some(gone) = self.there.remove(at) else { return };
        self.frames -= gone.frames;
        self.octets -= gone.octets;
        self.files -= 1;
        self.overwritten.0 += gone.frames;
        self.overwritten.1 += 1;
        if at == 0 && self.forgotten == 0 {
            self.first = self.there.front().map(|there| there.name.clone()).unwrap_or_default();
        }
    }
}
