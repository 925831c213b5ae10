//! What lies behind a path: opened, recognised by its first octets, and unpacked.

use std::fs::{self, File};
use std::io::{self, Cursor, Read};
use std::os::fd::AsFd;
use std::path::Path;
use std::rc::Rc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use anyhow::{Context, bail};

use super::chunks::{CHUNK, Chunks};
use super::road::{Road, Walked};
use super::tape::{Tape, cause};
use super::unpack::{self, Packing};
use crate::ink::safe;

/// An input before anything was read of it.
pub(super) struct Input {
    pub(super) name: String,
    pub(super) octets: Box<dyn Read>,
    /// Whether a read never waits for somebody else, as in a regular file.
    pub(super) steady: bool,
    /// Where all inputs tell how far they are.
    pub(super) road: Rc<Road>,
}

/// What a capture is written in.
pub(super) enum Format {
    Pcap,
    Pcapng,
    Snoop,
}

impl Input {
    /// Opens a path, or standard input for `-`.
    ///
    /// `among` is how many are opened. Where there are several, a pipe is opened and read ahead on
    /// a thread of its own: who writes into two of them may not have to wait until we come to it.
    pub(super) fn open(path: &Path, among: usize, road: &Rc<Road>) -> anyhow::Result<Self> {
        let name = shown(path);
        let file = if path == Path::new("-") {
            let stdin = io::stdin().as_fd().try_clone_to_owned();
            File::from(stdin.map_err(|error| anyhow::anyhow!("{name}: {}", cause(&error)))?)
        } else {
            let named = |error: io::Error| anyhow::anyhow!("{name}: {}", cause(&error));
            let about = fs::metadata(path).map_err(named)?;
            if !about.is_file() && !about.is_dir() && among > 1 {
                let path = path.to_owned();
                return Ok(Self::ahead(name, road, move || File::open(path)));
            }
            File::open(path).map_err(named)?
        };
        let about = file.metadata().with_context(|| name.clone())?;
        if about.is_dir() {
            bail!("{name}: is a directory");
        }
        if !about.is_file() && among > 1 {
            return Ok(Self::ahead(name, road, move || Ok(file)));
        }
        let steady = about.is_file();
        if !steady {
            road.has_no_end();
        }
        let octets = Box::new(Walked::new(file, road));
        Ok(Self { name, octets, steady, road: Rc::clone(road) })
    }

    fn ahead(
        name: String,
        road: &Rc<Road>,
        open: impl FnOnce() -> io::Result<File> + Send + 'static,
    ) -> Self {
        road.has_no_end();
        let (sender, receiver) = sync_channel(AHEAD);
        thread::spawn(move || {
            let mut file = match open() {
                Ok(file) => file,
                Err(error) => return sender.send(Err(error)).unwrap_or_default(),
            };
            let mut piece = vec![0; PIECE];
            loop {
                let came = file.read(&mut piece).map(|count| piece[..count].to_vec());
                let ended = !came.as_ref().is_ok_and(|piece| !piece.is_empty());
                if sender.send(came).is_err() || ended {
                    break;
                }
            }
        });
        let octets = Box::new(Ahead { pieces: receiver, piece: Cursor::default() });
        Self { name, octets, steady: false, road: Rc::clone(road) }
    }

    /// Reads the first octets, waiting for them, and unpacks what they announce to be packed.
    pub(super) fn recognise(mut self, among: usize) -> anyhow::Result<(Tape, Format)> {
        let mut begin = self.begin()?;
        if let Some(packing) = Packing::of(&begin) {
            let unpacked = unpack::unpack(packing, self.octets);
            self.octets = unpacked.map_err(|advice| anyhow::anyhow!("{}: {advice}", self.name))?;
            begin = self.begin()?;
            if let Some(again) = Packing::of(&begin) {
                bail!("{}: packed twice: there is {} inside {packing}", self.name, again);
            }
        }
        let format = match begin[..] {
            [] => bail!("{}: empty: not even a file header", self.name),
            [0xd4, 0xc3, 0xb2, 0xa1, ..]
            | [0xa1, 0xb2, 0xc3, 0xd4, ..]
            | [0x4d, 0x3c, 0xb2, 0xa1, ..]
            | [0xa1, 0xb2, 0x3c, 0x4d, ..]
            | [0x34, 0xcd, 0xb2, 0xa1, ..]
            | [0xa1, 0xb2, 0xcd, 0x34, ..] => Format::Pcap,
            [0x0a, 0x0d, 0x0d, 0x0a, ..] => Format::Pcapng,
            [b's', b'n', b'o', b'o', b'p', 0, 0, 0] => Format::Snoop,
            _ => {
                let begin = safe(&begin).replace('"', "\\\"");
                bail!("{}: not a capture file (it begins with \"{begin}\")", self.name);
            }
        };
        // Many files share the memory that one would have for itself.
        let chunk = (4 * CHUNK / among).clamp(CHUNK / 16, CHUNK);
        let chunks = Chunks::new(self.octets, self.steady, chunk).along(self.road);
        Ok((Tape::new(self.name, chunks), format))
    }

    /// The first octets, which stay to be read.
    fn begin(&mut self) -> anyhow::Result<Vec<u8>> {
        let mut begin = Vec::with_capacity(8);
        let read = self.octets.by_ref().take(8).read_to_end(&mut begin);
        read.map_err(|error| anyhow::anyhow!("{}: {}", self.name, cause(&error)))?;
        let rest = std::mem::replace(&mut self.octets, Box::new(io::empty()));
        self.octets = Box::new(Cursor::new(begin.clone()).chain(rest));
        Ok(begin)
    }
}

/// The name of a file as people may be shown it.
pub(crate) fn shown(path: &Path) -> String {
    if path == Path::new("-") {
        return "standard input".to_owned();
    }
    safe(path.as_os_str().as_encoded_bytes())
}

/// What the thread of a pipe has read.
struct Ahead {
    pieces: Receiver<io::Result<Vec<u8>>>,
    piece: Cursor<Vec<u8>>,
}

impl Read for Ahead {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.piece.position() == self.piece.get_ref().len() as u64 {
            match self.pieces.recv() {
                Ok(piece) => self.piece = Cursor::new(piece?),
                // The thread is gone once it has said that the pipe ended.
                Err(_) => return Ok(0),
            }
        }
        self.piece.read(into)
    }
}

/// What a pipe's thread asks for at a time, and how many such pieces it is ahead at most.
const PIECE: usize = 64 * 1024;
const AHEAD: usize = 256;
