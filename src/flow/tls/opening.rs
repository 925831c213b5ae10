//! Which key opens a record, and which number does it have?
//!
//! Records are counted from each change of keys, and the count is part of what is authenticated. That a
//! side goes on to its next keys is said inside the records; it is simpler to try these when the ones at
//! hand do not fit. After a gap the number is looked for among the next [`LOOK`].

use super::cipher::Seal;
use super::cipher::{Sealed, Suite};
use super::log::{Secret, Secrets};
use crate::wire::tls::Version;

/// After a gap of more records their direction stays closed.
const LOOK: u64 = 32;

/// So many records in a row may fail; then the direction stays closed. Some are not ours to open: early
/// data, and handshakes when a log holds only the secrets that come after.
const PATIENCE: u32 = 16;

/// What is known for opening the records of one direction.
#[derive(Debug)]
pub(super) struct Opening {
    suite: Suite,
    seal: Option<Seal>,
    /// From which the next keys come.
    coming: Option<Secret>,
    /// The number of the next record under the keys at hand.
    seq: u64,
    count: Count,
    failures: u32,
}

/// Whether every record was counted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Count {
    Certain,
    Lost,
}

impl Opening {
    /// With the traffic secrets of TLS 1.3 that are known for a side.
    pub(super) fn tls13(suite: Suite, secrets: &Secrets, side: usize) -> Self {
        let handshake = secrets.handshake[side].as_deref();
        let seal = handshake.and_then(|secret| suite.seal_under(secret));
        Self::new(suite, seal, secrets.traffic[side].clone())
    }

    /// With the keys of TLS 1.2, which stay the same.
    pub(super) fn tls12(suite: Suite, seal: Seal) -> Self {
        Self::new(suite, Some(seal), None)
    }

    fn new(suite: Suite, seal: Option<Seal>, coming: Option<Secret>) -> Self {
        Self { suite, seal, coming, seq: 0, count: Count::Certain, failures: 0 }
    }

    pub(super) fn version(&self) -> Version {
        self.suite.version()
    }

    /// Whether too much has failed to go on.
    pub(super) fn is_over(&self) -> bool {
        self.failures > PATIENCE
    }

    /// Octets are missing, and with them an unknown number of records.
    pub(super) fn lose(&mut self) {
        self.count = Count::Lost;
    }

    /// Writes what a record holds into `text` and says what type of content that is; nothing when it
    /// does not authenticate.
    pub(super) fn open(&mut self, record: Sealed<'_>, text: &mut Vec<u8>) -> Option<u8> {
        let reach = if self.count == Count::Lost { LOOK } else { 1 };
        let mut under = |seal: &Seal, from: u64| {
            let mut tried = from..from.saturating_add(reach);
            tried.find_map(|seq| Some((seal.open(record, seq, text)?, seq)))
        };
        let mut found = self.seal.as_ref().and_then(|seal| under(seal, self.seq));
        if found.is_none()
            && let Some(secret) = &self.coming
            && let Some(seal) = self.suite.seal_under(secret)
        {
            found = under(&seal, 0);
            if found.is_some() {
                self.coming = self.suite.next(secret);
                self.seal = Some(seal);
            }
        }
        let Some((content_type, seq)) = found else {
            self.failures += 1;
            return None;
        };
        (self.seq, self.count, self.failures) = (seq.saturating_add(1), Count::Certain, 0);
        Some(content_type)
    }
}
