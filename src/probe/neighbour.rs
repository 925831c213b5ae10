//! Which machine on the link gets the frame? The neighbour cache, and what becomes of it meanwhile.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use netlink_packet_route::neighbour::{
    NeighbourAddress, NeighbourAttribute, NeighbourMessage, NeighbourState,
};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};
use netlink_sys::protocols::NETLINK_ROUTE;
use netlink_sys::{Socket, SocketAddr};

use super::{clock, netlink};
use crate::timeline::way::{Neighbour, NeighbourChange};

/// The cache's entry of an address; `None` when it has none.
pub fn entry(address: IpAddr, interface: u32) -> io::Result<Option<Neighbour>> {
    let mut message = NeighbourMessage::default();
    message.header.family =
        if address.is_ipv4() { AddressFamily::Inet } else { AddressFamily::Inet6 };
    message.header.ifindex = interface;
    message.attributes.push(NeighbourAttribute::Destination(address.into()));
    match netlink::route(&RouteNetlinkMessage::GetNeighbour(message), 0) {
        Ok(answers) => Ok(answers.iter().find_map(|answer| match answer {
            RouteNetlinkMessage::NewNeighbour(message) => neighbour(message),
            _ => None,
        })),
        Err(error) if error.raw_os_error() == Some(libc::ENOENT) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The cache counts time in hundredths of a second, whatever the kernel itself counts in.
const TICK: Duration = Duration::from_millis(10);

fn neighbour(message: &NeighbourMessage) -> Option<Neighbour> {
    let mut found = None;
    let (mut mac, mut ages) = (None, None);
    for attribute in &message.attributes {
        match attribute {
            NeighbourAttribute::Destination(NeighbourAddress::Inet(address)) => {
                found = Some(IpAddr::from(*address));
            }
            NeighbourAttribute::Destination(NeighbourAddress::Inet6(address)) => {
                found = Some(IpAddr::from(*address));
            }
            NeighbourAttribute::LinkLayerAddress(address) => {
                mac = address.as_slice().try_into().ok();
            }
            NeighbourAttribute::CacheInfo(info) => {
                ages = Some([info.confirmed, info.used, info.updated].map(|ticks| TICK * ticks));
            }
            _ => {}
        }
    }
    let state = match message.header.state {
        NeighbourState::Incomplete => "INCOMPLETE",
        NeighbourState::Reachable => "REACHABLE",
        NeighbourState::Stale => "STALE",
        NeighbourState::Delay => "DELAY",
        NeighbourState::Probe => "PROBE",
        NeighbourState::Failed => "FAILED",
        NeighbourState::Noarp => "NOARP",
        NeighbourState::Permanent => "PERMANENT",
        _ => "NONE",
    };
    Some(Neighbour {
        address: found?,
        interface: message.header.ifindex,
        mac,
        state,
        confirmed: ages.map(|ages| ages[0]),
        used: ages.map(|ages| ages[1]),
        updated: ages.map(|ages| ages[2]),
    })
}

/// A look at the neighbour cache, on a thread of its own so that each change is stamped when it is told.
pub struct Watch {
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// The group of changes of neighbours.
const GROUP: u32 = 4;

/// How long the end of watching may take, in milliseconds.
const PAUSE: u16 = 20;

impl Watch {
    /// Everything that changes from now on, until the watch is dropped.
    pub fn begin(mut tell: impl FnMut(NeighbourChange) + Send + 'static) -> io::Result<Self> {
        let mut socket = Socket::new(NETLINK_ROUTE)?;
        socket.bind(&SocketAddr::new(0, GROUP))?;
        socket.set_non_blocking(true)?;
        let is_over = Arc::new(AtomicBool::new(false));
        let over = Arc::clone(&is_over);
        let thread = thread::Builder::new().name("neighbours".to_owned()).spawn(move || {
            let mut buffer = vec![0; 64 * 1024];
            // Once more after the end: what was told before it is not lost.
            let mut last = false;
            while !last {
                last = over.load(Ordering::Acquire);
                if !netlink::is_ready(&socket, if last { 0 } else { PAUSE }).unwrap_or(false) {
                    continue;
                }
                while let Ok(count) = socket.recv(&mut &mut buffer[..], 0) {
                    let told = clock::now();
                    let mut rest = buffer.get(..count).unwrap_or_default();
                    while let Some((kind, payload, behind)) = netlink::message(rest) {
                        rest = behind;
                        let (message, is_gone) = match netlink::read_route(kind, payload) {
                            Some(RouteNetlinkMessage::NewNeighbour(message)) => (message, false),
                            Some(RouteNetlinkMessage::DelNeighbour(message)) => (message, true),
                            _ => continue,
                        };
                        if let Some(neighbour) = neighbour(&message) {
                            tell(NeighbourChange { told, neighbour, is_gone });
                        }
                    }
                }
            }
        })?;
        Ok(Self { is_over, thread: Some(thread) })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            // A panic there has told itself.
            let _ = thread.join();
        }
    }
}
