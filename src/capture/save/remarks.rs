//! What is said of packets beside what is said of them already?

use std::collections::HashMap;

use super::{Save, block};
use crate::timeline::Frame;

/// Remarks on packets, by their numbers.
#[derive(Debug, Default)]
pub(super) struct Remarks(pub(super) HashMap<u64, String>);

impl Remarks {
    /// Lays a frame out with what is said of it.
    #[inline]
    pub(super) fn enhanced(&self, to: &mut Vec<u8>, frame: &Frame<'_>) {
        let Some(remark) = self.0.get(&frame.number) else { return block::enhanced(to, frame) };
        let comment = besides(frame.comment, remark.as_bytes());
        block::enhanced(to, &Frame { comment: &comment, ..*frame });
    }
}

impl Save {
    /// Says something of the capture as a whole, and of packets by their numbers, beside what is said of
    /// them already; of classic files there is no place for it.
    #[must_use]
    pub fn with_remarks(mut self, capture: &str, packets: HashMap<u64, String>) -> Self {
        self.told.remark = Some(capture.as_bytes().into());
        Self { remarks: Remarks(packets), ..self }
    }
}

/// What is said already, and what comes to it: line by line, and each line once.
fn besides(said: &[u8], remark: &[u8]) -> Vec<u8> {
    let mut both = said.to_vec();
    for line in remark.split(|octet| *octet == b'\n') {
        if said.split(|octet| *octet == b'\n').any(|known| known == line) {
            continue;
        }
        if !both.is_empty() {
            both.push(b'\n');
        }
        both.extend_from_slice(line);
    }
    both
}

#[cfg(test)]
mod tests {
    use super::besides;

    #[test]
    fn what_was_said_stays_and_nothing_is_said_twice() {
        assert_eq!(besides(b"", b"one\ntwo"), b"one\ntwo");
        assert_eq!(besides(b"mine\ntwo", b"one\ntwo"), b"mine\ntwo\none");
    }
}
