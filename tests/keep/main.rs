//! What passes is kept: in one file or many, to the last packet, whatever ends it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use wiretale::capture::{self, Files};
use wiretale::timeline::{About, Moment, Source, Timestamp};

mod cuts;
mod ends;
#[path = "../folder/mod.rs"]
mod folder;
mod live;
mod names;
mod periods;

use folder::Folder;

/// A frame as it was told, but for its number: each file counts its own.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Told {
    time: Timestamp,
    link: u16,
    interface: u32,
    comment: Vec<u8>,
    octets: Vec<u8>,
    len: usize,
}

impl Folder {
    /// What is in it, by name.
    fn names(&self) -> Vec<String> {
        let name = |entry: std::io::Result<fs::DirEntry>| {
            entry.expect("an entry").file_name().into_string().expect("UTF-8")
        };
        let mut names: Vec<_> = fs::read_dir(&self.0).expect("the folder").map(name).collect();
        names.sort();
        names
    }

    fn clear(&self) {
        for name in self.names() {
            fs::remove_file(self.path(&name)).expect("a file");
        }
    }

    /// The files that are there, in the order in which they were begun: numbers are not padded.
    fn in_order(&self) -> Vec<PathBuf> {
        let mut names = self.names();
        names.sort_by_key(|name| (name.len(), name.clone()));
        names.iter().map(|name| self.path(name)).collect()
    }
}

fn fixture(name: &str) -> PathBuf {
    Path::new("fixtures").join(name)
}

fn open(path: &Path) -> Files {
    capture::open(&[path.to_owned()]).expect("a capture")
}

/// All frames of a file, the sentence that says how it is damaged, and what it tells of itself.
fn look(path: &Path) -> (Vec<Told>, Option<String>, About) {
    let mut files = open(path);
    let mut told = Vec::new();
    let damage = loop {
        match files.next() {
            Ok(Some(Moment::Frame(frame))) => told.push(Told {
                time: frame.time,
                link: frame.link,
                interface: frame.interface,
                comment: frame.comment.to_vec(),
                octets: frame.octets.kept().to_vec(),
                len: frame.octets.len(),
            }),
            Ok(Some(_)) => {}
            Ok(None) => break None,
            Err(damage) => break Some(damage.to_string()),
        }
    };
    (told, damage, files.about().clone())
}

fn read(path: &Path) -> Vec<Told> {
    let (told, damage, _) = look(path);
    assert_eq!(damage, None, "{}", path.display());
    told
}

/// The frames of several files, one after another.
fn read_all(paths: &[PathBuf]) -> Vec<Told> {
    paths.iter().flat_map(|path| read(path)).collect()
}

fn wiretale() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wiretale"));
    command.env("LC_ALL", "C.UTF-8").env("TZ", "UTC").stdin(Stdio::null());
    command
}

/// `wiretale capture` of a file, in a folder.
fn capture(folder: &Folder, from: &str) -> Command {
    let from = fs::canonicalize(fixture(from)).expect("a fixture");
    let mut command = wiretale();
    command.current_dir(&folder.0).arg("capture").arg("-r").arg(from);
    command
}

/// The same of a capture of 43 packets in 1.6 ms, with these arguments.
fn captured(folder: &Folder, arguments: &str) -> Output {
    let mut command = capture(folder, "fast-retransmit.pcap");
    command.args(arguments.split_whitespace()).output().expect("the program")
}

fn text(octets: &[u8]) -> &str {
    std::str::from_utf8(octets).expect("UTF-8")
}

/// Its exit code, and what it said.
fn said(output: &Output) -> (Option<i32>, &str) {
    assert!(output.stdout.is_empty(), "{}", text(&output.stdout));
    (output.status.code(), text(&output.stderr))
}
