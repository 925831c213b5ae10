//! What if we fetch it ourselves, and watch?

pub mod interface;
pub mod kernel;
pub mod lease;
pub mod neighbour;
pub mod order;
pub mod resolve;
pub mod route;
pub mod url;

mod clock;
mod netlink;

use std::time::{SystemTime, UNIX_EPOCH};

use crate::timeline::Timestamp;

/// The clock by which frames are stamped, too.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
}
