//! What does the kernel say of its interfaces and their addresses? Asked over a netlink socket.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};

use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::address::{AddressAttribute, AddressMessage, AddressScope};
use netlink_packet_route::link::{LinkAttribute, LinkMessage, State};

use crate::capture::netlink;

/// What was told; empty where the kernel does not tell.
#[derive(Default)]
pub(super) struct Facts {
    /// By index.
    pub(super) links: HashMap<u32, Link>,
    pub(super) addresses: Vec<Address>,
}

#[derive(Default)]
pub(super) struct Link {
    /// The `ARPHRD_` number.
    pub(super) kind: u16,
    pub(super) hardware: Vec<u8>,
    pub(super) mtu: Option<u32>,
    pub(super) state: Option<&'static str>,
    pub(super) promiscuous: bool,
}

pub(crate) struct Address {
    pub(crate) index: u32,
    /// Ours, not the peer's.
    pub(crate) local: IpAddr,
    pub(crate) prefix: u8,
    pub(crate) broadcast: Option<Ipv4Addr>,
    pub(crate) peer: Option<IpAddr>,
    pub(crate) scope: Option<&'static str>,
}

pub(super) fn ask() -> Facts {
    let mut facts = Facts::default();
    let questions = [
        RouteNetlinkMessage::GetLink(LinkMessage::default()),
        RouteNetlinkMessage::GetAddress(AddressMessage::default()),
    ];
    for question in questions {
        // What is not told stays unknown.
        for answer in netlink::route(&question, netlink::DUMP).unwrap_or_default() {
            facts.note(answer);
        }
    }
    facts
}

impl Facts {
    fn note(&mut self, message: RouteNetlinkMessage) {
        match message {
            RouteNetlinkMessage::NewLink(told) => {
                let mut link = Link { kind: told.header.link_layer_type.into(), ..Link::default() };
                for attribute in told.attributes {
                    match attribute {
                        LinkAttribute::Address(octets) => link.hardware = octets,
                        LinkAttribute::Mtu(mtu) => link.mtu = Some(mtu),
                        LinkAttribute::OperState(state) => link.state = word(state),
                        LinkAttribute::Promiscuity(count) => link.promiscuous = count > 0,
                        _ => {}
                    }
                }
                self.links.insert(told.header.index, link);
            }
            RouteNetlinkMessage::NewAddress(told) => self.addresses.extend(address(&told)),
            _ => {}
        }
    }
}

/// What a message says of an address; nothing where it names none.
pub(crate) fn address(told: &AddressMessage) -> Option<Address> {
    let (mut address, mut local, mut broadcast) = (None, None, None);
    for attribute in &told.attributes {
        match attribute {
            AddressAttribute::Address(it) => address = Some(*it),
            AddressAttribute::Local(it) => local = Some(*it),
            AddressAttribute::Broadcast(it) => broadcast = Some(*it),
            _ => {}
        }
    }
    let scope = match told.header.scope {
        AddressScope::Universe => Some("global"),
        AddressScope::Site => Some("site"),
        AddressScope::Link => Some("link"),
        AddressScope::Host => Some("host"),
        _ => None,
    };
    Some(Address {
        index: told.header.index,
        local: local.or(address)?,
        prefix: told.header.prefix_len,
        broadcast,
        // With a local address beside it, the other is the peer's, or the same again.
        peer: address.filter(|peer| local.is_some_and(|local| local != *peer)),
        scope,
    })
}

/// RFC 2863 §6, ifOperStatus; what the driver does not know is unknown here, too.
fn word(state: State) -> Option<&'static str> {
    Some(match state {
        State::Up => "up",
        State::Down => "down",
        State::Testing => "testing",
        State::Dormant => "dormant",
        State::NotPresent => "not_present",
        State::LowerLayerDown => "lower_layer_down",
        _ => return None,
    })
}
