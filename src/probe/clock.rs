//! What time is it, by both clocks?

use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

use crate::timeline::{Clocks, Timestamp, nanos};

/// One look at both clocks. Neither is a system call where the kernel maps its clocks into programs.
pub(super) fn now() -> Clocks {
    let read = |clock| clock_gettime(clock).map(Duration::from).unwrap_or_default();
    Clocks {
        realtime: stamp(read(ClockId::CLOCK_REALTIME)),
        monotonic: read(ClockId::CLOCK_MONOTONIC),
    }
}

/// A time since the epoch.
pub(super) fn stamp(since: Duration) -> Timestamp {
    Timestamp(nanos(since))
}
