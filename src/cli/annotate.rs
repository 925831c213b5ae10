//! How are verdicts written beside the packets that they are about?

use std::path::{Path, PathBuf};

use super::arguments::From;
use super::{Usage, keys, reply, usage};
use crate::capture;
use crate::capture::save::Save;
use crate::pipeline::{self, Passing};
use crate::render::Report;
use crate::render::annotations::Annotations;

/// Reads the capture twice: for what is to be said, and to say it.
pub(super) fn answer(
    from: &From,
    only: Option<u32>,
    report: Box<dyn Report>,
) -> anyhow::Result<()> {
    let (paths, _) = from.source();
    may(from, &paths)?;
    let mut passing = Passing {
        limit: from.count,
        keyring: keys::read(&from.keys)?,
        most: Some(from.max_connections),
        ..Passing::default()
    };
    let mut annotations = Annotations::new(only);
    let mut files = capture::open(&paths)?;
    from.bar.watch(&files, from.write.as_deref());
    // Where the capture is damaged, that is said when it is told; what comes before is annotated.
    let _ = pipeline::run(&mut files, &mut passing, &mut annotations);
    from.bar.clear();
    let said = annotations.said();
    let save = |inputs: &[PathBuf]| {
        let save = from.write.as_deref().map(|path| Save::create(path, inputs)).transpose()?;
        Ok(save.map(|save| save.with_remarks(&said.capture, said.packets)))
    };
    reply(from, false, report, save, |_| ())
}

/// Whether it can be done with this source and this file.
fn may(from: &From, paths: &[PathBuf]) -> Result<(), Usage> {
    if from.listen.is_asked() {
        return Err(usage("--annotate reads a capture twice: keep what passes in a file first"));
    }
    if let Some(path) = paths.iter().find(|path| !is_file(path)) {
        return Err(usage(format!(
            "--annotate reads a capture twice, and {} can be read only once: keep it in a file first",
            path.display()
        )));
    }
    let is_part = from.display_filter.is_some()
        || from.source().1.is_some()
        || from.begin.is_some()
        || from.end.is_some();
    if is_part {
        return Err(usage(
            "--annotate names packets by their numbers, which are others in a part of a capture: write the part first, with `packets -w`",
        ));
    }
    if from.write.as_ref().and_then(|path| path.extension()).is_some_and(|end| end == "pcap") {
        return Err(usage("a .pcap file has no place for comments: let the name end in .pcapng"));
    }
    Ok(())
}

/// What is not there is told by whoever opens it.
fn is_file(path: &Path) -> bool {
    path.as_os_str() != "-" && path.metadata().map_or(true, |about| about.is_file())
}
