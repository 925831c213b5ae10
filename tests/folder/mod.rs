//! A folder of its own for one test; in memory where there is one, for thousands of small files.

use std::fs;
use std::path::PathBuf;

/// Gone with the test.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    /// `test` tells it from those of other tests.
    pub(crate) fn new(test: &str) -> Self {
        let memory = Some(PathBuf::from("/dev/shm")).filter(|path| path.is_dir());
        let path = memory.unwrap_or_else(std::env::temp_dir);
        let path = path.join(format!("wiretale-{test}-{}", std::process::id()));
        fs::create_dir_all(&path).expect("a new folder");
        Self(path)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
