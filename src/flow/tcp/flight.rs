//! How much was on its way at once?

use crate::timeline::Timestamp;

/// Octets of one direction that were sent and neither acknowledged nor named in a SACK block, as the
/// capture point saw it.
#[derive(Debug, Default)]
pub struct Flight {
    now: u32,
    since: Timestamp,
    most: u32,
    /// Octets times nanoseconds.
    area: f64,
    time: u64,
}

impl Flight {
    pub fn most(&self) -> u32 {
        self.most
    }

    /// Over the time in which something was on its way.
    #[allow(clippy::cast_precision_loss, clippy::cast_sign_loss)]
    pub fn average(&self) -> Option<u32> {
        (self.time > 0).then(|| (self.area / self.time as f64) as u32)
    }

    #[allow(clippy::cast_precision_loss)]
    pub(super) fn becomes(&mut self, octets: u32, time: Timestamp) {
        if self.now > 0 {
            let waited = time.0.saturating_sub(self.since.0);
            self.area += f64::from(self.now) * waited as f64;
            self.time = self.time.saturating_add(waited);
        }
        (self.now, self.since) = (octets, self.since.max(time));
        self.most = self.most.max(octets);
    }
}
