//! What was a body before it was compressed? (RFC 9110 §8.4.1)
//!
//! Each coding is a stage that is fed as the octets come and hands on what it makes of them, a
//! little at a time, so that whoever counts can stop a stream that grows without end.

use crate::timeline::http::{Excess, Problem};

mod brotli;
mod flate;
mod zstd;

/// Takes what was undone.
pub(super) type Out<'a> = dyn FnMut(&[u8]) -> Result<(), Problem> + 'a;

/// One coding that is being undone.
pub(super) struct Stage {
    name: String,
    undo: Box<dyn Undo>,
    given: u64,
    room: Box<[u8]>,
    has_ended: bool,
    /// Octets behind the end of what was compressed.
    pub(super) behind: u64,
}

/// A decompressor.
trait Undo {
    /// Takes from the octets and gives into the room; an error is told in words.
    fn step(&mut self, octets: &[u8], room: &mut [u8]) -> Result<Step, String>;

    /// Whether it may end here.
    fn may_end(&self) -> bool;
}

/// What one step did.
#[derive(Clone, Copy, Debug)]
struct Step {
    taken: usize,
    given: usize,
    /// Nothing that follows belongs to it.
    has_ended: bool,
}

/// So much is given at once at most.
const ROOM: usize = 32 * 1024;

impl Stage {
    /// `None` if the coding, in small letters, is not known.
    pub(super) fn new(name: &str) -> Option<Self> {
        let undo: Box<dyn Undo> = match name {
            "gzip" | "x-gzip" => Box::new(flate::Gzip::new()),
            "deflate" => Box::new(flate::Deflate::new()),
            "br" => Box::new(brotli::Brotli::new()),
            "zstd" => Box::new(zstd::Zstd::new()),
            _ => return None,
        };
        let room = vec![0; ROOM].into();
        Some(Self { name: name.into(), undo, given: 0, room, has_ended: false, behind: 0 })
    }

    fn feed(&mut self, octets: &[u8], limit: u64, out: &mut Out<'_>) -> Result<(), Problem> {
        let mut left = octets;
        while !self.has_ended {
            let step = self.undo.step(left, &mut self.room).map_err(|why| self.broken(why))?;
            left = &left[step.taken..];
            self.has_ended = step.has_ended;
            self.given += step.given as u64;
            out(&self.room[..step.given])?;
            if self.given > limit {
                return Err(Problem::TooLarge { limit, what: Excess::Decoded });
            }
            if step.given == 0 && (left.is_empty() || step.taken == 0) {
                break;
            }
        }
        self.behind += left.len() as u64;
        Ok(())
    }

    fn broken(&self, why: String) -> Problem {
        Problem::BrokenCoding { name: self.name.clone(), why }
    }
}

/// Hands octets through all stages, the first of which was applied last.
pub(super) fn feed(
    stages: &mut [Stage],
    octets: &[u8],
    limit: u64,
    out: &mut Out<'_>,
) -> Result<(), Problem> {
    match stages.split_first_mut() {
        None => out(octets),
        Some((first, rest)) => {
            first.feed(octets, limit, &mut |octets| feed(rest, octets, limit, out))
        }
    }
}

/// Nothing more comes: whether that is where the stages end, too.
pub(super) fn finish(stages: &[Stage]) -> Result<(), Problem> {
    match stages.iter().find(|stage| !stage.has_ended && !stage.undo.may_end()) {
        Some(stage) => Err(stage.broken("it ends too early".into())),
        None => Ok(()),
    }
}
