//! Who is the neighbour (RFC 4861 §4.3, §4.4)?

use std::net::Ipv6Addr;

use super::super::field::Mac;
use super::option::NdOptions;
use super::{Goes, Icmpv6, shape};

impl Icmpv6<'_> {
    /// The address that a neighbour asks for, or has.
    pub fn target(self) -> Option<Ipv6Addr> {
        matches!(self.kind(), 135 | 136).then(|| self.address(8))
    }

    /// The hardware address that a neighbour tells of itself (RFC 4861 §4.6.1).
    pub fn link_address(self) -> Option<Mac> {
        let mut options = NdOptions::new(self.behind).iter();
        let has = shape(self.kind()).1 == Goes::Options;
        let option = options.find(|option| has && matches!(option.kind, 1 | 2))?;
        option.content.try_into().ok().map(Mac)
    }
}
