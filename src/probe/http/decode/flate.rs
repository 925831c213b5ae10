//! gzip (RFC 1952) and deflate, which is zlib (RFC 1950) or, from many servers, bare (RFC 1951).

use flate2::{Decompress, FlushDecompress, Status};

use super::{Step, Undo};

pub(super) struct Gzip {
    stream: Decompress,
    place: Place,
    members: u32,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Place {
    Before,
    Within,
    Between,
}

/// Members are joined by those who append to a log; nobody needs more.
const MEMBERS: u32 = 1000;
/// The largest window, as the exponent of two.
const WINDOW: u8 = 15;

impl Gzip {
    pub(super) fn new() -> Self {
        Self { stream: Decompress::new_gzip(WINDOW), place: Place::Before, members: 0 }
    }
}

impl Undo for Gzip {
    fn step(&mut self, octets: &[u8], room: &mut [u8]) -> Result<Step, String> {
        let Some(first) = octets.first().or((self.place == Place::Within).then_some(&0)) else {
            return Ok(Step { taken: 0, given: 0, has_ended: false });
        };
        if self.place == Place::Between {
            // RFC 1952 §2.2: another member may follow; what else does is padding.
            if *first != 0x1f {
                return Ok(Step { taken: 0, given: 0, has_ended: true });
            }
            if self.members == MEMBERS {
                return Err(format!("it has more than {MEMBERS} members"));
            }
            self.stream = Decompress::new_gzip(WINDOW);
        }
        self.place = Place::Within;
        let (step, has_ended) = inflate(&mut self.stream, octets, room)?;
        if has_ended {
            (self.place, self.members) = (Place::Between, self.members + 1);
        }
        Ok(step)
    }

    fn may_end(&self) -> bool {
        self.place != Place::Within
    }
}

pub(super) struct Deflate {
    /// Octets that do not yet tell which of the two it is.
    begin: Vec<u8>,
    stream: Option<Decompress>,
}

impl Deflate {
    pub(super) fn new() -> Self {
        Self { begin: Vec::new(), stream: None }
    }
}

impl Undo for Deflate {
    fn step(&mut self, octets: &[u8], room: &mut [u8]) -> Result<Step, String> {
        let Some(stream) = &mut self.stream else {
            let missing = (2 - self.begin.len()).min(octets.len());
            self.begin.extend_from_slice(&octets[..missing]);
            if let [first, second] = self.begin[..] {
                // RFC 1950 §2.2: method 8, and a check over both.
                let is_zlib =
                    first & 15 == 8 && u16::from_be_bytes([first, second]).is_multiple_of(31);
                let mut stream = Decompress::new(is_zlib);
                // Two octets give nothing yet, or a stream that is over with the second.
                let (step, has_ended) = inflate(&mut stream, &self.begin, room)?;
                self.stream = Some(stream);
                return Ok(Step { taken: missing, given: step.given, has_ended });
            }
            return Ok(Step { taken: missing, given: 0, has_ended: false });
        };
        let (step, has_ended) = inflate(stream, octets, room)?;
        Ok(Step { has_ended, ..step })
    }

    fn may_end(&self) -> bool {
        self.stream.is_none() && self.begin.is_empty()
    }
}

/// One step, and whether the stream is over.
fn inflate(
    stream: &mut Decompress,
    octets: &[u8],
    room: &mut [u8],
) -> Result<(Step, bool), String> {
    let (taken, given) = (stream.total_in(), stream.total_out());
    let status = stream.decompress(octets, room, FlushDecompress::None);
    let taken = (stream.total_in() - taken) as usize;
    let given = (stream.total_out() - given) as usize;
    match status {
        Ok(status) => {
            let step = Step { taken, given, has_ended: false };
            Ok((step, status == Status::StreamEnd))
        }
        // What came before the damage is handed on; the next step fails again.
        Err(_) if given > 0 => Ok((Step { taken, given, has_ended: false }, false)),
        Err(error) => Err(error.message().unwrap_or("no deflate stream").to_owned()),
    }
}
