//! What if we fetch it ourselves, and watch?

pub mod resolve;
pub mod url;

use std::time::{SystemTime, UNIX_EPOCH};

use crate::timeline::Timestamp;

/// The clock by which frames are stamped, too.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
}
