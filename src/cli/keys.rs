//! Which keys are in the files of `--keys`?

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{anyhow, bail};

use crate::capture::{cause, shown};
use crate::flow::Keyring;

/// Of a longer file the rest is not read: it is no key log, or has more keys than are kept.
const LONGEST: u64 = 64 << 20;

/// The keys of all files; an error where one has none.
pub(super) fn read(paths: &[PathBuf]) -> anyhow::Result<Keyring> {
    let mut keyring = Keyring::default();
    for path in paths {
        let text = text(path).map_err(|error| anyhow!("{}: {}", shown(path), cause(&error)))?;
        if keyring.learn(&text) == 0 {
            bail!("{}: no TLS keys in it, such as SSLKEYLOGFILE has one a line", shown(path));
        }
    }
    Ok(keyring)
}

fn text(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut text = Vec::new();
    File::open(path)?.take(LONGEST).read_to_end(&mut text)?;
    Ok(text)
}
