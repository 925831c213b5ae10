//! By which VLANs and through which tunnel does a conversation go?
//!
//! Different customers may use the same addresses and ports. What tells them apart must be the same in
//! both directions: VLANs, the number of a network in a tunnel, the tunnel's two ends; not labels and
//! session numbers that each side chooses for itself (MPLS, GTP, L2TP).

use std::net::IpAddr;
use std::sync::Arc;

use arrayvec::ArrayVec;
use foldhash::fast::RandomState;
use hashbrown::HashMap;

use crate::wire::Layer;

/// What carries a conversation, beside plain links and IP.
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
    /// The protocol's name: `vxlan`, `gre`, ...; `ip` where nothing stands between the two IP packets.
    pub name: &'static str,
    /// The number of the network in it, where it has one that both directions share.
    pub network: Option<u32>,
    /// The addresses between which it goes, the lower one first.
    pub ends: Option<[IpAddr; 2]>,
}

/// Every way that was seen, by its number.
#[derive(Debug, Default)]
pub(super) struct Ways {
    numbers: HashMap<Arc<Way>, u16, RandomState>,
}

impl Ways {
    /// The number of the way that a packet came, from 1 on, by the layers around its innermost IP
    /// packet; 0 and nothing for a plain one.
    ///
    /// Beyond the last number, ways are not told apart.
    #[inline]
    pub(super) fn of(&mut self, carriers: &[Layer<'_>]) -> (u16, Option<Arc<Way>>) {
        if carriers.len() < 2 { (0, None) } else { self.find(carriers) }
    }

    fn find(&mut self, carriers: &[Layer<'_>]) -> (u16, Option<Arc<Way>>) {
        let Some(way) = Way::of(carriers) else { return (0, None) };
        if let Some((way, number)) = self.numbers.get_key_value(&way) {
            return (*number, Some(way.clone()));
        }
        let way = Arc::new(way);
        let Ok(number) = u16::try_from(self.numbers.len() + 1) else {
            return (u16::MAX, Some(way));
        };
        self.numbers.insert(way.clone(), number);
        (number, Some(way))
    }

    /// Whether every packet so far was a plain one.
    pub(super) fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }
}

impl Way {
    fn of(carriers: &[Layer<'_>]) -> Option<Self> {
        let mut way = Self::default();
        let mut outer: Option<[IpAddr; 2]> = None;
        for layer in carriers {
            let (name, network) = match layer {
                Layer::Vlan(vlan) => {
                    let _ = way.vlans.try_push(vlan.id());
                    continue;
                }
                Layer::Ipv4(ip) => ("ip", Some([ip.source().into(), ip.destination().into()])),
                Layer::Ipv6(ip) => ("ip", Some([ip.source().into(), ip.destination().into()])),
                Layer::Vxlan(_)
                | Layer::Geneve(_)
                | Layer::Gre(_)
                | Layer::Gtp(_)
                | Layer::L2tp(_) => (layer.name().key, None),
                _ => continue,
            };
            if let Some(mut ends) = network {
                ends.sort_unstable();
                outer = Some(ends);
            }
            let network = match layer {
                Layer::Vxlan(vxlan) => Some(vxlan.vni()),
                Layer::Geneve(geneve) => Some(geneve.vni()),
                _ => None,
            };
            way.tunnel = Some(Tunnel { name, network, ends: outer });
        }
        (way != Self::default()).then_some(way)
    }
}
