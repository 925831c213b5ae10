//! Who serves a zone, as far as is known, and who may be asked at all?

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

use super::super::cache::Rank;
use super::super::lookup::{Data, Event, Kept, Message, Name, Question, Record, Referral};
use super::super::lookup::{Section, Server, Way};
use super::super::message::{A, AAAA, NS};
use super::{SERVERS, Walk};

/// A zone and who serves it, as far as known.
#[derive(Clone, Debug)]
pub(super) struct Zone {
    pub(super) name: Name,
    pub(super) servers: VecDeque<Server>,
    /// Those without an address yet.
    pub(super) nameless: Vec<Name>,
    pub(super) all: Vec<Name>,
}

impl Walk<'_, '_> {
    /// The deepest zone above a name whose servers are known.
    pub(super) fn closest(&mut self, name: &Name) -> Zone {
        for above in name.line().filter(|above| !above.is_root()) {
            let key = Question { name: above.clone(), kind: NS };
            let now = Instant::now();
            let Some((Kept::Records(records), left)) =
                self.cache.get(Way::Walk, &key, Rank::Mentioned, now)
            else {
                continue;
            };
            let records = records.clone();
            let zone = self.zone(above.clone(), &records);
            // Without a server's address the parent has to be asked again.
            if !zone.servers.is_empty() {
                let kept = Kept::Records(records);
                self.teller.say(Event::Cached { way: Way::Walk, question: key, kept, left });
                return zone;
            }
        }
        let servers: VecDeque<Server> = self.hints.iter().cloned().collect();
        let all = servers.iter().filter_map(|server| server.name.clone()).collect();
        Zone { name: Name::root(), servers, nameless: Vec::new(), all }
    }

    /// A zone by its NS records, with the addresses that are known of its servers.
    fn zone(&self, name: Name, records: &[Record]) -> Zone {
        let (mut servers, mut nameless, mut all) = (Vec::new(), Vec::new(), Vec::new());
        for record in records {
            let Data::Name(server) = &record.data else { continue };
            all.push(server.clone());
            let before = servers.len();
            for kind in [A, AAAA] {
                let key = Question { name: server.clone(), kind };
                let kept = self.cache.get(Way::Walk, &key, Rank::Mentioned, Instant::now());
                if let Some((Kept::Records(records), _)) = kept {
                    servers.extend(records.iter().filter_map(|record| self.server(record)));
                }
            }
            if servers.len() == before {
                nameless.push(server.clone());
            }
        }
        servers.sort_by_key(|server| server.address.is_ipv6());
        Zone { name, servers: servers.into(), nameless, all }
    }

    pub(super) fn server(&self, record: &Record) -> Option<Server> {
        let Data::Address(address) = record.data else { return None };
        self.may_ask(address).then(|| {
            let address = SocketAddr::new(address, self.port);
            Server { address, name: Some(record.owner.clone()) }
        })
    }

    /// Strangers must not make us send to ourselves or to everybody.
    pub(in super::super) fn may_ask(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        let local = self.hints.iter().any(|server| server.address.ip().is_loopback());
        let odd =
            address.is_unspecified() || address.is_multicast() || (address.is_loopback() && !local);
        !odd && !matches!(address, IpAddr::V4(v4) if v4.is_broadcast() || v4.octets()[0] == 0)
    }

    /// Takes a referral: who serves the zone further down.
    pub(super) fn refer(
        &mut self,
        message: &Message,
        name: Name,
        mut records: Vec<Record>,
        parent: &Zone,
        server: &Server,
    ) -> Zone {
        // More servers than are ever asked need not be remembered.
        records.truncate(4 * SERVERS);
        let now = Instant::now();
        let is_server = |owner: &Name| {
            records
                .iter()
                .any(|record| matches!(&record.data, Data::Name(server) if server == owner))
        };
        let additional =
            message.records.iter().filter(|record| record.section == Section::Additional);
        let (glue, rejected): (Vec<Record>, Vec<Record>) = additional
            .filter(|record| matches!(record.data, Data::Address(_)))
            .cloned()
            .partition(|record| {
                let Data::Address(address) = record.data else { return false };
                is_server(&record.owner)
                    && record.owner.is_within(&parent.name)
                    && self.may_ask(address)
            });
        let addresses = glue.iter().filter_map(|record| match record.data {
            Data::Address(address) => Some((record.owner.clone(), address)),
            _ => None,
        });
        let addresses: Vec<(Name, IpAddr)> = addresses.collect();
        let key = Question { name: name.clone(), kind: NS };
        self.cache.keep(Way::Walk, key, records.clone(), Rank::Mentioned, now);
        for record in &glue {
            let key = Question { name: record.owner.clone(), kind: record.kind };
            let same = glue
                .iter()
                .filter(|other| other.owner == record.owner && other.kind == record.kind);
            self.cache.keep(Way::Walk, key, same.cloned().collect(), Rank::Mentioned, now);
        }
        let mut zone = self.zone(name.clone(), &records);
        // A record that lives no time is not in the cache, but good for this walk.
        for server in glue.iter().filter_map(|record| self.server(record)) {
            if !zone.servers.contains(&server) {
                zone.nameless.retain(|name| Some(name) != server.name.as_ref());
                zone.servers.push_back(server);
            }
        }
        self.teller.say(Event::Referred(Box::new(Referral {
            server: server.clone(),
            parent: parent.name.clone(),
            zone: name,
            servers: zone.all.clone(),
            glue: addresses,
            glueless: zone.nameless.clone(),
            rejected,
        })));
        zone
    }
}
