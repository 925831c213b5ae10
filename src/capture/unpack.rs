//! Compressed captures, unpacked while they are read.

use std::cell::Cell;
use std::fmt;
use std::io::{self, BufRead, BufReader, Read};
use std::rc::Rc;

use flate2::read::MultiGzDecoder;
use lz4_flex::frame::FrameDecoder as Lz4Decoder;
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder as ZstdDecoder};

/// How a file is compressed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Packing {
    Gzip,
    Zstd,
    Lz4,
    Xz,
    Bzip2,
}

impl Packing {
    /// Told by the first octets.
    pub(super) fn of(begin: &[u8]) -> Option<Self> {
        match begin {
            [0x1f, 0x8b, ..] => Some(Self::Gzip),
            // Skippable frames are lz4's too, but only zstd's tools begin with one.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Self::Zstd),
            [0x04, 0x22, 0x4d, 0x18, ..] => Some(Self::Lz4),
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Self::Xz),
            [b'B', b'Z', b'h', b'1'..=b'9', ..] => Some(Self::Bzip2),
            _ => None,
        }
    }
}

impl fmt::Display for Packing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Lz4 => "lz4",
            Self::Xz => "xz",
            Self::Bzip2 => "bzip2",
        })
    }
}

/// Unpacks a stream; what is not unpacked here comes back as advice.
pub(super) fn unpack(packing: Packing, octets: Box<dyn Read>) -> Result<Box<dyn Read>, String> {
    let (taken, ended) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(false)));
    let counted = Counted { octets, taken: Rc::clone(&taken), ended: Rc::clone(&ended) };
    let packed = BufReader::with_capacity(STEP, counted);
    let unpacked: Box<dyn Read> = match packing {
        Packing::Gzip => Box::new(MultiGzDecoder::new(packed)),
        Packing::Zstd => Box::new(Zstd { packed, decoder: ZstdDecoder::new(), within: false }),
        Packing::Lz4 => Box::new(Lz4 {
            decoder: Lz4Decoder::new(packed),
            between: true,
            ended: Rc::clone(&ended),
        }),
        Packing::Xz | Packing::Bzip2 => {
            return Err(format!(
                "compressed with {packing}, which is not unpacked here: try `{packing} -dc FILE | wiretale packets -`"
            ));
        }
    };
    Ok(Box::new(Guard { unpacked, packing, taken, ended, given: 0, window: (0, 0) }))
}

/// Watches over what a stream grows to, and puts its failures into words.
struct Guard {
    unpacked: Box<dyn Read>,
    packing: Packing,
    taken: Rc<Cell<u64>>,
    /// Whether the compressed stream was asked for more than it has.
    ended: Rc<Cell<bool>>,
    given: u64,
    /// What was taken and given when the ratio was last looked at.
    window: (u64, u64),
}

impl Read for Guard {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        // What a failing read had already unpacked is lost, so each is small.
        let step = into.len().min(STEP);
        let packing = self.packing;
        match self.unpacked.read(&mut into[..step]) {
            Ok(count) => {
                self.given += count as u64;
                self.look()?;
                Ok(count)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) if error.raw_os_error().is_some() => Err(error),
            Err(_) if self.ended.get() => Err(io::Error::other(format!(
                "the {packing} stream is cut after {} octets",
                self.taken.get()
            ))),
            Err(error) => Err(io::Error::other(format!(
                "the {packing} stream is damaged before its octet {} ({error})",
                self.taken.get()
            ))),
        }
    }
}

impl Guard {
    fn look(&mut self) -> io::Result<()> {
        if self.given - self.window.1 < RATIO_WINDOW {
            return Ok(());
        }
        let (taken, given) = (self.taken.get() - self.window.0, self.given - self.window.1);
        self.window = (self.taken.get(), self.given);
        let packing = self.packing;
        if given / taken.max(1) > RATIO {
            return Err(io::Error::other(format!(
                "the {packing} stream grows to more than {RATIO} times its size: unpack it yourself if you trust it"
            )));
        }
        if self.given > UNPACKED {
            return Err(io::Error::other(format!(
                "the {packing} stream unpacks to more than {} GiB",
                UNPACKED >> 30
            )));
        }
        Ok(())
    }
}

/// Counts what is read of the compressed stream.
struct Counted {
    octets: Box<dyn Read>,
    taken: Rc<Cell<u64>>,
    ended: Rc<Cell<bool>>,
}

impl Read for Counted {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.octets.read(into)?;
        self.taken.set(self.taken.get() + count as u64);
        self.ended.set(count == 0 && !into.is_empty());
        Ok(count)
    }
}

/// Frames of RFC 8878, one after the other.
struct Zstd {
    packed: BufReader<Counted>,
    decoder: ZstdDecoder,
    /// Whether a frame was begun and not yet read to its end.
    within: bool,
}

impl Read for Zstd {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.within && self.decoder.can_collect() > 0 {
                return self.decoder.read(into);
            }
            if self.within && !self.decoder.is_finished() {
                let blocks = BlockDecodingStrategy::UptoBlocks(1);
                self.decoder.decode_blocks(&mut self.packed, blocks).map_err(io::Error::other)?;
                continue;
            }
            let told = self.decoder.get_checksum_from_data().filter(|_| self.within);
            if told.is_some() && told != self.decoder.get_calculated_checksum() {
                return Err(io::Error::other("a checksum does not fit"));
            }
            self.within = false;
            let mut magic = [0; 4];
            match read_some(&mut self.packed, &mut magic)? {
                0 => return Ok(0),
                4 if magic[0] & 0xf0 == 0x50 && magic[1..] == [0x2a, 0x4d, 0x18] => {
                    let mut len = [0; 4];
                    self.packed.read_exact(&mut len)?;
                    pass(&mut self.packed, u32::from_le_bytes(len))?;
                }
                _ => {
                    let frame = (&magic[..]).chain(&mut self.packed);
                    self.decoder.reset(frame).map_err(io::Error::other)?;
                    self.within = true;
                }
            }
        }
    }
}

/// Frames of the LZ4 frame format, one after the other.
struct Lz4 {
    decoder: Lz4Decoder<BufReader<Counted>>,
    /// Whether the next octets begin a frame.
    between: bool,
    ended: Rc<Cell<bool>>,
}

impl Read for Lz4 {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.between && self.decoder.get_mut().fill_buf()?.is_empty() || into.is_empty() {
                return Ok(0);
            }
            self.between = false;
            let error = match self.decoder.read(into) {
                // The decoder says so at the end of a frame, and where a block's header is cut.
                Ok(0) if self.ended.get() => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(0) => {
                    self.between = true;
                    continue;
                }
                Ok(count) => return Ok(count),
                Err(error) => error,
            };
            let cause = error.get_ref().and_then(|cause| cause.downcast_ref());
            let Some(lz4_flex::frame::Error::SkippableFrame(len)) = cause else {
                return Err(error);
            };
            pass(self.decoder.get_mut(), *len)?;
            self.between = true;
        }
    }
}

/// Passes over what a skippable frame holds.
fn pass(packed: &mut impl Read, len: u32) -> io::Result<()> {
    let passed = io::copy(&mut packed.take(len.into()), &mut io::sink())?;
    if passed < len.into() { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
}

/// Reads until `into` is full or the stream ends.
fn read_some(packed: &mut impl Read, into: &mut [u8]) -> io::Result<usize> {
    let mut have = 0;
    while have < into.len() {
        match packed.read(&mut into[have..]) {
            Ok(0) => break,
            Ok(count) => have += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(have)
}

/// What one step asks for.
const STEP: usize = 32 * 1024;

/// The most octets that a stream is unpacked to, and the most per octet in a window of so many.
const UNPACKED: u64 = 64 << 30;
const RATIO: u64 = 1100;
const RATIO_WINDOW: u64 = 64 << 20;
