//! Zstandard (RFC 8878), with the window that RFC 9659 allows on the web.

use std::io::Read;

use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::{Step, Undo};

pub(super) struct Zstd {
    decoder: FrameDecoder,
    /// Of what is read next, as it comes.
    held: Vec<u8>,
    place: Place,
    has_checksum: bool,
    frames: u32,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Place {
    /// Where a frame may begin.
    Frame,
    /// Within a frame that is passed over.
    Skipped(u64),
    Block,
    /// All blocks are read, and wait to be handed on.
    Last,
}

/// RFC 9659 §3.
const WINDOW: u64 = 8 * 1024 * 1024;
/// More frames than that are nobody's wish.
const FRAMES: u32 = 1000;
const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

impl Zstd {
    pub(super) fn new() -> Self {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(WINDOW);
        Self { decoder, held: Vec::new(), place: Place::Frame, has_checksum: false, frames: 0 }
    }

    /// How many octets must be held before something can be done with them.
    fn need(&self) -> Result<usize, String> {
        Ok(match (self.place, self.held.as_slice()) {
            (Place::Frame, [_, _, _, _, rest @ ..]) if self.held.starts_with(&MAGIC) => {
                rest.first().map_or(5, |descriptor| 5 + header(*descriptor))
            }
            (Place::Frame, [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..]) => 8,
            (Place::Frame, _) => 4,
            (Place::Block, [low, middle, high, ..]) => {
                let word = u32::from_le_bytes([*low, *middle, *high, 0]);
                let size = match word >> 1 & 3 {
                    0 | 2 => (word >> 3) as usize,
                    1 => 1,
                    _ => return Err("a block is of no known type".into()),
                };
                if size > BLOCK {
                    return Err("a block is larger than 128 KiB".into());
                }
                let is_last = word & 1 == 1;
                3 + size + if is_last && self.has_checksum { 4 } else { 0 }
            }
            (Place::Block, _) => 3,
            (Place::Skipped(_) | Place::Last, _) => 0,
        })
    }

    /// Does what the held octets say; `false` if they are of no frame.
    fn act(&mut self) -> Result<bool, String> {
        let held = std::mem::take(&mut self.held);
        match self.place {
            Place::Frame if held.starts_with(&MAGIC) => {
                if self.frames == FRAMES {
                    return Err(format!("it has more than {FRAMES} frames"));
                }
                self.has_checksum = held[4] & 4 != 0;
                self.decoder.reset(held.as_slice()).map_err(|error| error.to_string())?;
                self.place = Place::Block;
            }
            Place::Frame => {
                let [0x50..=0x5f, 0x2a, 0x4d, 0x18, size @ ..] = held.as_slice() else {
                    self.held = held;
                    return Ok(false);
                };
                let size = size.try_into().map_err(|_| "a skippable frame has no size")?;
                self.place = Place::Skipped(u32::from_le_bytes(size).into());
                self.frames += 1;
            }
            Place::Block => {
                let one = BlockDecodingStrategy::UptoBlocks(1);
                let is_last = self.decoder.decode_blocks(held.as_slice(), one);
                if is_last.map_err(|error| error.to_string())? {
                    self.place = Place::Last;
                }
            }
            Place::Skipped(_) | Place::Last => {}
        }
        Ok(true)
    }

    /// Gives what is decoded, except what the window still needs.
    fn hand_on(&mut self, room: &mut [u8]) -> Result<usize, String> {
        let mut given = 0;
        if self.decoder.can_collect() > 0 {
            given = self.decoder.read(room).map_err(|error| error.to_string())?;
        }
        if self.place == Place::Last && self.decoder.can_collect() == 0 {
            let told = self.decoder.get_checksum_from_data();
            if told.is_some() && told != self.decoder.get_calculated_checksum() {
                return Err("the checksum of a frame differs".into());
            }
            (self.place, self.frames) = (Place::Frame, self.frames + 1);
        }
        Ok(given)
    }
}

impl Undo for Zstd {
    fn step(&mut self, octets: &[u8], room: &mut [u8]) -> Result<Step, String> {
        let given = self.hand_on(room)?;
        if given > 0 {
            return Ok(Step { taken: 0, given, has_ended: false });
        }
        if let Place::Skipped(left) = self.place {
            let taken = left.min(octets.len() as u64);
            let left = left - taken;
            self.place = if left == 0 { Place::Frame } else { Place::Skipped(left) };
            return Ok(Step { taken: taken as usize, given: 0, has_ended: false });
        }
        let mut taken = 0;
        loop {
            let missing = self.need()?.saturating_sub(self.held.len());
            if missing == 0 {
                break;
            }
            let more = missing.min(octets.len() - taken);
            self.held.extend_from_slice(&octets[taken..taken + more]);
            taken += more;
            if more < missing {
                return Ok(Step { taken, given: 0, has_ended: false });
            }
        }
        if !self.act()? {
            if self.frames == 0 {
                return Err("no zstd frame begins there".into());
            }
            return Ok(Step { taken, given: 0, has_ended: true });
        }
        let given = self.hand_on(room)?;
        Ok(Step { taken, given, has_ended: false })
    }

    fn may_end(&self) -> bool {
        let is_whole = matches!(self.place, Place::Frame | Place::Skipped(0));
        is_whole && (self.held.is_empty() || self.frames > 0 && !self.held.starts_with(&MAGIC[..1]))
    }
}

/// How long a frame's header is behind its descriptor (RFC 8878 §3.1.1.1).
fn header(descriptor: u8) -> usize {
    let is_single = descriptor & 0x20 != 0;
    let dictionary = [0, 1, 2, 4][usize::from(descriptor & 3)];
    let content = match descriptor >> 6 {
        0 => usize::from(is_single),
        flag => 1 << flag,
    };
    usize::from(!is_single) + dictionary + content
}

/// RFC 8878 §3.1.1.2.4.
const BLOCK: usize = 128 * 1024;
