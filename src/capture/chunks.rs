//! A file, a pipe or a compressed stream in large reused chunks that lend their octets.
//!
//! No memory map: a file cut underneath one would kill us, and on small packets it is slower.

use std::io::{self, Read};
use std::rc::Rc;

use super::road::Road;

/// What one read asks for. Larger ones fall out of the second-level cache.
pub(super) const CHUNK: usize = 256 * 1024;

/// Octets of a stream, of which a window is in memory.
pub(super) struct Chunks {
    input: Box<dyn Read>,
    /// Whether a read never waits for somebody else, as in a regular file.
    steady: bool,
    /// Whether a lull was announced since the last read.
    announced: bool,
    buffer: Vec<u8>,
    from: usize,
    to: usize,
    ended: bool,
    /// How many octets lie before `from`.
    passed: u64,
    /// Packets found so far, as the reader counts them.
    pub(super) packets: u64,
    /// Where it is told how far this is, and how many packets were told there.
    road: Option<(Rc<Road>, u64)>,
}

/// Whether the octets wanted are there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Got {
    All,
    /// The stream ended before them.
    Less,
    /// Not yet, and the next call may wait for them.
    Lull,
}

impl Chunks {
    pub(super) fn new(input: Box<dyn Read>, steady: bool, chunk: usize) -> Self {
        Self {
            input,
            steady,
            announced: false,
            buffer: vec![0; chunk],
            from: 0,
            to: 0,
            ended: false,
            passed: 0,
            packets: 0,
            road: None,
        }
    }

    /// Tells after each block how far it has come.
    pub(super) fn along(self, road: Rc<Road>) -> Self {
        Self { road: Some((road, 0)), ..self }
    }

    /// Sees to it that at least `len` octets are [`Chunks::ready`].
    ///
    /// The window grows only as octets arrive, so a length that lies costs nothing.
    #[inline]
    pub(super) fn want(&mut self, len: usize) -> io::Result<Got> {
        if self.to - self.from >= len { Ok(Got::All) } else { self.read(len) }
    }

    /// The first `N` octets, once they are there; `None` when the stream ends before them.
    pub(super) fn header<const N: usize>(&mut self) -> io::Result<Option<[u8; N]>> {
        while self.want(N)? == Got::Lull {}
        Ok(self.ready().first_chunk().copied())
    }

    /// The octets read and not yet passed.
    #[inline]
    pub(super) fn ready(&self) -> &[u8] {
        &self.buffer[self.from..self.to]
    }

    /// Lets go of the first `len` octets, which must be ready.
    #[inline]
    pub(super) fn pass(&mut self, len: usize) {
        self.from += len;
        self.passed += len as u64;
    }

    /// How many octets were passed since the beginning.
    pub(super) fn passed(&self) -> u64 {
        self.passed
    }

    #[cold]
    fn read(&mut self, len: usize) -> io::Result<Got> {
        while self.to - self.from < len {
            if self.ended {
                return Ok(Got::Less);
            }
            if !self.steady && !self.announced {
                self.announced = true;
                return Ok(Got::Lull);
            }
            if self.from > 0 {
                self.buffer.copy_within(self.from..self.to, 0);
                (self.from, self.to) = (0, self.to - self.from);
            }
            if self.to == self.buffer.len() {
                self.buffer.resize(self.buffer.len() * 2, 0);
            }
            match self.input.read(&mut self.buffer[self.to..]) {
                Ok(0) => self.ended = true,
                Ok(count) => self.to += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    self.ended = true;
                    return Err(error);
                }
            }
            self.announced = false;
            if let Some((road, told)) = &mut self.road {
                road.found(self.packets - *told);
                *told = self.packets;
            }
        }
        Ok(Got::All)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_that_lies_costs_no_memory() {
        let mut chunks = Chunks::new(Box::new(io::Cursor::new(vec![7; 1000])), true, CHUNK);
        assert_eq!(chunks.want(1 << 40).expect("readable"), Got::Less);
        assert_eq!(chunks.ready().len(), 1000);
        assert!(chunks.buffer.len() <= 2 * CHUNK);
    }

    #[test]
    fn a_pipe_announces_each_wait_once() {
        let mut chunks = Chunks::new(Box::new(io::Cursor::new(vec![7; 10])), false, CHUNK);
        assert_eq!(chunks.want(4).expect("readable"), Got::Lull);
        assert_eq!(chunks.want(4).expect("readable"), Got::All);
        chunks.pass(4);
        assert_eq!(chunks.want(6).expect("readable"), Got::All);
        chunks.pass(6);
        assert_eq!(chunks.want(1).expect("readable"), Got::Lull);
        assert_eq!(chunks.want(1).expect("readable"), Got::Less);
    }
}
