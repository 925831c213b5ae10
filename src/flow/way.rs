//! By which VLANs and through which tunnel does a conversation go?

use arrayvec::ArrayVec;

/// What carries a conversation, beside plain links and IP; the same for both directions.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub struct Way {
    /// Outermost first; those beyond the fourth are not told apart.
    pub vlans: ArrayVec<u16, 4>,
    /// The innermost.
    pub tunnel: Option<Tunnel>,
}

/// A tunnel, as far as both directions name it alike.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Tunnel {
    /// The protocol's name: `vxlan`, `gre`, ...
    pub name: &'static str,
    /// The number of the network in it, where it has one that both directions share.
    pub network: Option<u32>,
}
