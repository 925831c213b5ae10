//! A file in Zeek's format: a head that names the columns, tab-separated cells, and a foot.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use crate::flow::End;
use crate::flow::exchange::Who;
use crate::ink::{Ink, written};
use crate::render::clock::Calendar;
use crate::render::out::Out;
use crate::timeline::Timestamp;

/// Names and types.
pub(super) type Fields = &'static [(&'static str, &'static str)];

/// One file, made with its first row.
pub(super) struct Log {
    directory: PathBuf,
    name: &'static str,
    fields: Fields,
    out: Option<Out>,
}

impl Log {
    pub(super) fn new(directory: &Path, name: &'static str, fields: Fields) -> Self {
        Self { directory: directory.to_owned(), name, fields, out: None }
    }

    pub(super) fn row(
        &mut self,
        opened: Timestamp,
        write: impl FnOnce(&mut Row<'_>),
    ) -> io::Result<()> {
        if self.out.is_none() {
            self.open(opened)?;
        }
        let Some(out) = &mut self.out else { return Ok(()) };
        write(&mut Row { ink: &mut out.ink, more: false });
        out.line()
    }

    fn open(&mut self, opened: Timestamp) -> io::Result<()> {
        let path = self.directory.join(self.name).with_extension("log");
        let file = File::create(&path).map_err(|error| {
            io::Error::new(error.kind(), format!("{}: {error}", path.display()))
        })?;
        let mut out = Out::new(Box::new(file), false, true);
        let ink = &mut out.ink;
        ink.text("#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n");
        ink.text("#path\t").text(self.name).text("\n#open\t");
        stamp(opened, ink);
        ink.text("\n#fields");
        for (name, _) in self.fields {
            ink.text("\t").text(name);
        }
        ink.text("\n#types");
        for (_, kind) in self.fields {
            ink.text("\t").text(kind);
        }
        out.line()?;
        self.out = Some(out);
        Ok(())
    }

    pub(super) fn close(&mut self, last: Timestamp) -> io::Result<()> {
        let Some(out) = &mut self.out else { return Ok(()) };
        out.ink.text("#close\t");
        stamp(last, &mut out.ink);
        out.line()?;
        out.flush()
    }
}

/// Cells of one row.
pub(super) struct Row<'i> {
    ink: &'i mut Ink,
    more: bool,
}

impl Row<'_> {
    /// A cell; unset when nothing is written into it.
    pub(super) fn cell(&mut self, write: impl FnOnce(&mut Ink)) {
        self.ink.text(if self.more { "\t" } else { "" });
        self.more = true;
        let start = self.ink.len();
        write(self.ink);
        if self.ink.len() == start {
            self.ink.text("-");
        }
    }

    pub(super) fn unset(&mut self) {
        self.cell(|_| {});
    }

    pub(super) fn number(&mut self, number: Option<u64>) {
        self.cell(|ink| {
            if let Some(number) = number {
                ink.number(number);
            }
        });
    }

    pub(super) fn words(&mut self, words: Option<&str>) {
        self.text(words.map(str::as_bytes));
    }

    pub(super) fn text(&mut self, text: Option<&[u8]>) {
        self.cell(|ink| {
            if let Some(text) = text {
                ink.wire(text);
            }
        });
    }

    pub(super) fn flag(&mut self, flag: Option<bool>) {
        self.words(flag.map(|flag| if flag { "T" } else { "F" }));
    }

    /// Seconds with six digits of fraction.
    pub(super) fn seconds(&mut self, nanos: Option<u64>) {
        self.cell(|ink| {
            if let Some(nanos) = nanos {
                ink.number(nanos / 1_000_000_000).text(".");
                ink.digits(nanos % 1_000_000_000 / 1000, 6);
            }
        });
    }

    pub(super) fn ends(&mut self, ends: [End; 2]) {
        for end in ends {
            self.cell(|ink| _ = ink.address(end.address()));
            self.number(Some(end.port.into()));
        }
    }

    pub(super) fn who(&mut self, who: Who) {
        let Who::At(address, port) = who else {
            self.unset();
            return self.unset();
        };
        self.cell(|ink| _ = ink.address(address));
        self.number(port.map(u64::from));
    }
}

/// `2026-11-20-22-35-32`.
fn stamp(time: Timestamp, ink: &mut Ink) {
    let date = written(|ink| Calendar::utc().rfc3339(time, ink));
    let text = date.replace(['T', ':'], "-");
    ink.text(text.get(..19).unwrap_or_default());
}
