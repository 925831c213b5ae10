//! Brotli (RFC 7932).

use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};

use super::{Step, Undo};

pub(super) struct Brotli {
    state: BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>,
    given: usize,
    has_begun: bool,
}

impl Brotli {
    pub(super) fn new() -> Self {
        // Strict: windows of 16 MiB at most.
        let state = BrotliState::new_strict(
            StandardAlloc::default(),
            StandardAlloc::default(),
            StandardAlloc::default(),
        );
        Self { state, given: 0, has_begun: false }
    }
}

impl Undo for Brotli {
    fn step(&mut self, octets: &[u8], room: &mut [u8]) -> Result<Step, String> {
        self.has_begun |= !octets.is_empty();
        let (mut unread, mut taken) = (octets.len(), 0);
        let (mut free, mut given) = (room.len(), 0);
        let result = BrotliDecompressStream(
            &mut unread,
            &mut taken,
            octets,
            &mut free,
            &mut given,
            room,
            &mut self.given,
            &mut self.state,
        );
        match result {
            BrotliResult::ResultFailure if given == 0 => Err("no brotli stream".into()),
            BrotliResult::ResultSuccess => Ok(Step { taken, given, has_ended: true }),
            _ => Ok(Step { taken, given, has_ended: false }),
        }
    }

    fn may_end(&self) -> bool {
        !self.has_begun
    }
}
