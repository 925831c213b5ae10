//! What becomes of the interfaces meanwhile? The kernel tells over a netlink socket.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use netlink_packet_core::{NetlinkBuffer, NetlinkMessage, NetlinkPayload};
use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::address::{AddressAttribute, AddressMessage};
use netlink_packet_route::link::{LinkAttribute, LinkFlags, LinkMessage};
use netlink_sys::protocols::NETLINK_ROUTE;
use netlink_sys::{Socket, SocketAddr};

use super::missing::shown;
use crate::capture::interfaces;
use crate::timeline::device::Flag;

/// A look at the interfaces listened to.
pub(super) struct Watch {
    /// Nothing is told where the kernel does not tell.
    socket: Option<Socket>,
    /// Empty when all are.
    names: Vec<String>,
    /// By index: the name, and whether it was up when last told.
    known: HashMap<u32, (String, bool)>,
    /// Addresses are announced again whenever their lifetime is renewed.
    addresses: HashSet<(u32, IpAddr)>,
    buffer: Vec<u8>,
}

/// The groups of changes of links, and of IPv4 and IPv6 addresses.
const GROUPS: u32 = 1 | 0x10 | 0x100;

/// Interfaces that are remembered.
const KNOWN: usize = 4096;

impl Watch {
    pub(super) fn begin(names: &[String]) -> Self {
        let all = names.iter().any(|name| name == "any");
        let (mut known, mut addresses) = (HashMap::new(), HashSet::new());
        for device in interfaces::all() {
            let Some(index) = device.index else { continue };
            addresses.extend(device.addresses.iter().map(|address| (index, address.address)));
            let name = String::from_utf8_lossy(&device.name).into_owned();
            known.insert(index, (name, device.is(Flag::Up)));
        }
        Self {
            socket: socket(),
            names: if all { Vec::new() } else { names.to_vec() },
            known,
            addresses,
            buffer: vec![0; 64 * 1024],
        }
    }

    /// What was told since the last time, each in one sentence.
    pub(super) fn news(&mut self) -> Vec<String> {
        let mut news = Vec::new();
        let Some(socket) = self.socket.take() else { return news };
        while let Ok(count) = socket.recv(&mut &mut self.buffer[..], 0) {
            let told = self.buffer.get(..count).unwrap_or_default().to_vec();
            let mut rest = &told[..];
            while let Ok(buffer) = NetlinkBuffer::new_checked(rest) {
                let len = (buffer.length() as usize).next_multiple_of(4);
                if let Ok(message) = NetlinkMessage::deserialize(rest)
                    && let NetlinkPayload::InnerMessage(message) = message.payload
                {
                    news.extend(self.sentence(&message));
                }
                let Some(behind) = rest.get(len.max(16)..) else { break };
                rest = behind;
            }
        }
        self.socket = Some(socket);
        news
    }

    fn sentence(&mut self, message: &RouteNetlinkMessage) -> Option<String> {
        match message {
            RouteNetlinkMessage::NewLink(link) => self.link(link),
            RouteNetlinkMessage::DelLink(link) => {
                let (name, _) = self.known.remove(&link.header.index)?;
                self.is_ours(&name).then(|| format!("{}: the interface went away", shown(&name)))
            }
            RouteNetlinkMessage::NewAddress(address) => self.address(address, true),
            RouteNetlinkMessage::DelAddress(address) => self.address(address, false),
            _ => None,
        }
    }

    fn link(&mut self, link: &LinkMessage) -> Option<String> {
        let name = link.attributes.iter().find_map(|attribute| match attribute {
            LinkAttribute::IfName(name) => Some(name.clone()),
            _ => None,
        })?;
        let up = link.header.flags.contains(LinkFlags::Up);
        if self.known.len() >= KNOWN && !self.known.contains_key(&link.header.index) {
            return None;
        }
        let before = self.known.insert(link.header.index, (name.clone(), up));
        let said = match before {
            None if self.names.is_empty() => format!("{}: a new interface", shown(&name)),
            Some((old, _)) if old != name && (self.is_ours(&old) || self.is_ours(&name)) => {
                format!("{}: is called {} now", shown(&old), shown(&name))
            }
            Some((_, was)) if was != up && self.is_ours(&name) => {
                let how = if up { "is up again" } else { "went down" };
                format!("{}: the interface {how}", shown(&name))
            }
            _ => return None,
        };
        Some(said)
    }

    fn address(&mut self, message: &AddressMessage, there: bool) -> Option<String> {
        let find = |local: bool| {
            message.attributes.iter().find_map(|attribute| match attribute {
                AddressAttribute::Local(address) if local => Some(*address),
                AddressAttribute::Address(address) if !local => Some(*address),
                _ => None,
            })
        };
        // On links between two points the other attribute is the peer's.
        let address: IpAddr = find(true).or_else(|| find(false))?;
        let entry = (message.header.index, address);
        let changed = if there {
            self.addresses.len() < KNOWN && self.addresses.insert(entry)
        } else {
            self.addresses.remove(&entry)
        };
        let (name, _) = self.known.get(&message.header.index)?;
        if !changed || !self.is_ours(name) {
            return None;
        }
        let length = message.header.prefix_len;
        let what = if there { "is new" } else { "was taken away" };
        Some(format!("{}: the address {address}/{length} {what}", shown(name)))
    }

    fn is_ours(&self, name: &str) -> bool {
        self.names.is_empty() || self.names.iter().any(|ours| ours == name)
    }
}

fn socket() -> Option<Socket> {
    let mut socket = Socket::new(NETLINK_ROUTE).ok()?;
    socket.bind(&SocketAddr::new(0, GROUPS)).ok()?;
    socket.set_non_blocking(true).ok()?;
    Some(socket)
}
