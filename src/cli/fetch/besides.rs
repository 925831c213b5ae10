//! What is written of a fetch besides its story: an archive, a line of somebody's own making, percentiles.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::Context;

use super::super::paper::Format;
use super::Fetch;
use crate::ink::{Ink, safe};
use crate::render::outcome::Outcome;
use crate::tale::fetch::Tale;

/// Where it goes; opened before anything is fetched, so that a wrong name costs nothing.
pub(super) struct Besides {
    har: Option<Box<dyn Write>>,
    format: Option<String>,
}

impl Fetch {
    pub(super) fn besides(&self) -> anyhow::Result<Besides> {
        let format = self.keeping.write_out.as_deref().map(format).transpose()?;
        Ok(Besides { har: self.keeping.har.as_deref().map(archive).transpose()?, format })
    }
}

/// As curl has it, `@` stands before a file that holds the format, and `@-` is standard input.
fn format(given: &str) -> anyhow::Result<String> {
    match given.strip_prefix('@') {
        None => Ok(given.to_owned()),
        Some("-") => io::read_to_string(io::stdin()).context("standard input"),
        Some(path) => std::fs::read_to_string(path).with_context(|| safe(path.as_bytes())),
    }
}

/// An archive tells what was said between two: it is its owner's alone.
fn archive(path: &Path) -> anyhow::Result<Box<dyn Write>> {
    if path.as_os_str() == "-" {
        return Ok(Box::new(io::stdout()));
    }
    let name = || safe(path.as_os_str().as_encoded_bytes());
    let mut options = OpenOptions::new();
    let file: File = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .custom_flags(libc::O_NOFOLLOW)
        .open(path)
        .with_context(name)?;
    Ok(Box::new(file))
}

impl Besides {
    pub(super) fn write(mut self, asked: &Fetch, outcome: &Outcome, tale: &Tale) -> io::Result<()> {
        let mut ink = Ink::default();
        ink.ascii = asked.paper.is_ascii();
        if asked.keeping.repeat.is_some() && asked.paper.format() == Format::Text {
            let width = u16::try_from(asked.paper.columns()).unwrap_or(u16::MAX);
            ink.text("\n");
            outcome.percentiles(tale, width, &mut ink);
            io::stdout().write_all(ink.as_bytes())?;
            ink.clear();
        }
        if let Some(mut to) = self.har.take() {
            outcome.har(tale, &mut ink);
            to.write_all(ink.as_bytes())?;
            to.flush()?;
        }
        if let Some(format) = &self.format {
            outcome.write_out(format, tale, &mut io::stdout(), &mut io::stderr())?;
        }
        Ok(())
    }
}
