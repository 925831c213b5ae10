//! What is known of the way to the server, in a part of its own?
//!
//! The same at any level: where it is told elsewhere, at level 6, there is no part of its own.

use std::collections::HashMap;
use std::net::IpAddr;

use crate::flow::{Seen, Side};
use crate::render::fetch::entry::{Entry, Kind, Part, Place};
use crate::render::fetch::words::hop;
use crate::render::fetch::words::segment::{hops, routers};
use crate::render::fetch::words::way;
use crate::timeline::fetch::{Hop, Step};
use crate::timeline::way::Way;
use crate::timeline::{Call, Evidence, Timestamp};
use crate::wire::Packet;
use crate::wire::tcp::Flags;

/// What calls and packets tell of the ways to servers.
#[derive(Default)]
pub(super) struct Ways {
    /// To whom, where it is told, and when.
    told: Vec<(IpAddr, Place, Timestamp)>,
    /// The hop limits that were left of what servers sent.
    hops: HashMap<IpAddr, u8>,
    /// The largest packets, by the kernel's word.
    most: HashMap<IpAddr, u64>,
}

/// Who answered a probe: it is asked for with the part.
pub(super) fn hop(step: &Step, it: Result<&Hop, &str>) -> Entry {
    hop::hop(step, it, LEVEL)
}

/// From this level on.
const LEVEL: u8 = 2;

/// At this level the way is told anyhow.
const USUAL: u8 = 6;

/// Servers that are remembered; a fetch has far fewer.
const SERVERS: usize = 1024;

impl Ways {
    /// What is known before the first packet goes.
    pub(super) fn way(&mut self, step: &Step, it: &Way) -> Vec<Entry> {
        let place = Place::of(Part::Way, step.transfer);
        let destination = it.route.destination;
        self.told.push((destination, place, step.ended));
        let head = Entry::new(step.began, place, LEVEL, Kind::Head);
        let mut told = vec![head.text(format!("to {destination}"))];
        told.extend(way::way(step, it).into_iter().map(|mut entry| {
            entry.place = place;
            if *entry.levels.start() <= USUAL {
                entry.levels = LEVEL..=7;
            }
            for (level, _) in &mut entry.more {
                *level = if *level <= USUAL { LEVEL } else { *level };
            }
            entry
        }));
        told
    }

    pub(super) fn call(&mut self, call: &Call) {
        let Some(remote) = call.remote.map(|end| end.ip().to_canonical()) else { return };
        for evidence in &call.evidence {
            match evidence {
                Evidence::HopsLeft(left) if self.hops.len() < SERVERS => {
                    self.hops.entry(remote).or_insert(*left);
                }
                // With each stamp the kernel says what the last segment that came had left.
                Evidence::Sent(stamp) if self.hops.len() < SERVERS => {
                    let left = stamp.metrics.iter().find(|metric| metric.name == "ttl");
                    let left = left.and_then(|left| u8::try_from(left.value).ok());
                    self.hops.extend(left.filter(|left| *left > 0).map(|left| (remote, left)));
                }
                Evidence::Info(info) if self.most.len() < SERVERS => {
                    self.most.extend(info.get("pmtu").map(|most| (remote, most)));
                }
                _ => {}
            }
        }
    }

    pub(super) fn packet(&mut self, packet: &Packet<'_>, seen: &Seen<'_>) {
        let (Some((connection, Side::Server)), Some(tcp)) = (seen.connection, packet.tcp()) else {
            return;
        };
        // Whoever refuses may be somebody on the way.
        if !tcp.flags().has(Flags::RST) && self.hops.len() < SERVERS {
            let server = connection.end(Side::Server).address().to_canonical();
            self.hops.extend(hops(packet).map(|left| (server, left)));
        }
    }

    /// What is known in the end.
    pub(super) fn rest(self) -> Vec<Entry> {
        let mut rest = Vec::new();
        for (destination, place, at) in self.told {
            let fact = |text: String| Entry::new(at, place, LEVEL, Kind::Fact).text(text);
            rest.push(fact(match self.hops.get(&destination) {
                Some(left) => format!("hops       {}", routers(*left)),
                None => "hops       unknown: nothing came from there that tells".to_owned(),
            }));
            rest.push(fact(match self.most.get(&destination) {
                Some(most) => {
                    format!("path MTU   {most} octets in a packet, as far as the kernel knows (TCP_INFO)")
                }
                None => "path MTU   unknown: there was no connection".to_owned(),
            }));
        }
        rest
    }
}
