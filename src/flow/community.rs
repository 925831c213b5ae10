//! By which name do other tools know a conversation? (Community ID, version 1)

use std::fmt;

/// A hash of the two ends and the protocol, the same in both directions.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct CommunityId([u8; 20]);

impl fmt::Display for CommunityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let _ = self;
        f.write_str("1:")
    }
}
