//! Which address has this name, and who says so?
//!
//! Asks the sources that this machine asks, in their order: the hosts file, and the DNS through the
//! configured resolver or, as a walk, from the root down. Every step is told as it happens.

mod ask;
pub mod cache;
mod compare;
pub mod config;
mod hints;
pub mod hosts;
pub mod message;
mod reply;
mod socket;
mod stub;
mod system;
#[cfg(test)]
mod trial;
mod walk;

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::timeline::lookup;
pub use crate::timeline::lookup::Difference;
pub use crate::timeline::lookup::{Address, Addresses, Whence};
use cache::Cache;
pub use compare::Comparison;
use config::Files;
use lookup::{Cause, Config, Data, Event, Failure, Name, Nothing, Place, Question, Record};
use lookup::{Server, Sources, Step, Way};
use message::{A, AAAA};
use socket::Teller;
use stub::Stub;
pub(super) use system::are_ordered;
use walk::Walk;

/// Finds names, and remembers what it found.
#[derive(Debug)]
pub struct Resolver {
    files: Files,
    pub config: Config,
    pub sources: Sources,
    hints: Vec<Server>,
    cache: Cache,
    turn: usize,
    pub way: Way,
    /// Whether addresses are asked of the system's own function instead.
    pub by_system: bool,
    /// Whether the hosts file is looked into.
    pub use_hosts: bool,
    /// Whether a walk tells each zone only as much of the name as it needs.
    pub minimise: bool,
    /// For how long a walk waits for each server.
    pub wait: Duration,
    /// After this nobody is asked any more.
    pub until: Option<Instant>,
}

/// Which addresses are wanted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Family {
    Any,
    V4,
    V6,
}

/// Records that were found, and the aliases that led to them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Found {
    pub aliases: Vec<Record>,
    pub records: Vec<Record>,
    pub whence: Whence,
}

impl Resolver {
    /// Reads this machine's configuration; files that are missing are told as events later.
    pub fn new(files: Files) -> Self {
        Self {
            config: config::config(&files),
            sources: config::sources(&files),
            hints: hints::compiled_in(files.port),
            cache: Cache::default(),
            turn: 0,
            way: Way::Stub,
            by_system: false,
            use_hosts: true,
            minimise: false,
            wait: Duration::from_secs(2),
            until: None,
            files,
        }
    }

    /// Asks this server instead of those configured.
    pub fn ask_only(&mut self, server: SocketAddr) {
        self.config.servers = vec![(server, Place { file: "the command line".into(), line: None })];
    }

    /// Forgets what it found.
    pub fn forget(&mut self) {
        self.cache = Cache::default();
    }

    /// Begins walks with the servers in a hints file.
    pub fn read_hints(&mut self, file: &Path) -> io::Result<()> {
        self.hints = hints::read(file, self.files.port)?;
        Ok(())
    }

    /// Finds the addresses of a host: a name, or an address as text.
    pub fn addresses(
        &mut self,
        host: &str,
        family: Family,
        tell: &mut dyn FnMut(Step),
    ) -> Result<Addresses, Failure> {
        let teller = &mut Teller::new(tell);
        let list = |ips: &[IpAddr], whence: &Whence| -> Vec<Address> {
            let wanted = ips.iter().filter(|ip| family.wants(**ip));
            wanted.map(|ip| Address { ip: *ip, ttl: None, whence: whence.clone() }).collect()
        };
        let done =
            |canonical: &str, list| Addresses { canonical: canonical.into(), list, missing: None };
        let failed = |cause| {
            let name = Name::of(host).unwrap_or_else(|_| Name::root());
            Failure { name, cause }
        };
        if let Ok(ip) = host.parse::<IpAddr>() {
            let literal = list(&[ip], &Whence::Literal);
            let other = || failed(Cause::OtherFamily);
            return if literal.is_empty() { Err(other()) } else { Ok(done(host, literal)) };
        }
        let name = Name::of(host).map_err(|why| failed(Cause::BadName(why)))?;
        let top = name.last(1).to_string().to_ascii_lowercase();
        if top == "onion" {
            return Err(failed(Cause::Private));
        }
        if self.by_system {
            let until = self.until;
            return system::addresses(&name, family, until, &self.sources, teller).map_err(failed);
        }
        teller.say(Event::Sources(self.sources.clone()));
        let mut result = Err(failed(Cause::NoSource));
        for source in self.sources.asked.clone() {
            match source {
                "files" if self.use_hosts => {
                    let file = self.files.hosts.display().to_string();
                    let entry = hosts::look_up(&self.files.hosts, host).ok().flatten();
                    teller.say(Event::Hosts {
                        file: file.clone(),
                        name: name.clone(),
                        entry: entry.clone(),
                    });
                    let Some(entry) = entry else { continue };
                    let mut found = Vec::new();
                    for (ip, line) in &entry.addresses {
                        found.extend(list(
                            &[*ip],
                            &Whence::Hosts { file: file.clone(), line: *line },
                        ));
                    }
                    if !found.is_empty() {
                        return Ok(done(&entry.canonical, found));
                    }
                }
                "dns" if top == "localhost" => {
                    let ips = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
                    return Ok(done(host, list(&ips, &Whence::Localhost)));
                }
                "dns" => {
                    result = self.by_dns(host, family, teller);
                    if result.is_ok() {
                        break;
                    }
                }
                _ => {}
            }
        }
        result
    }

    /// Finds records of any type, in the DNS only.
    pub fn records(
        &mut self,
        name: &str,
        kind: u16,
        tell: &mut dyn FnMut(Step),
    ) -> Result<Found, Failure> {
        let mut found = self.find(name, &[kind], &mut Teller::new(tell))?;
        found.pop().unwrap_or_else(|| Err(Failure { name: Name::root(), cause: Cause::NoSource }))
    }

    /// Finds the same by both ways, and says in what they differ.
    pub fn compare(&mut self, name: &str, kind: u16, tell: &mut dyn FnMut(Step)) -> Comparison {
        let before = self.way;
        self.way = Way::Stub;
        let stub = self.records(name, kind, tell);
        self.way = Way::Walk;
        // The name that the search list made of it.
        let whole = match &stub {
            Ok(Found { aliases, records, .. }) => {
                aliases.iter().chain(records).next().map(|it| it.owner.to_string())
            }
            Err(failure) => Some(failure.name.to_string()).filter(|_| Name::of(name).is_ok()),
        };
        let walk = self.records(whole.as_deref().unwrap_or(name), kind, tell);
        self.way = before;
        Comparison::of(stub, walk)
    }

    fn by_dns(
        &mut self,
        host: &str,
        family: Family,
        teller: &mut Teller<'_>,
    ) -> Result<Addresses, Failure> {
        let kinds: &[u16] = match family {
            Family::V4 => &[A],
            Family::V6 => &[AAAA],
            Family::Any if self.config.no_aaaa && self.way == Way::Stub => &[A],
            Family::Any => &[A, AAAA],
        };
        let (mut canonical, mut list, mut failures) = (String::new(), Vec::new(), Vec::new());
        for result in self.find(host, kinds, teller)? {
            match result {
                Ok(found) => {
                    for record in &found.records {
                        let Data::Address(ip) = record.data else { continue };
                        canonical = record.owner.to_string();
                        list.push(Address {
                            ip,
                            ttl: Some(record.ttl),
                            whence: found.whence.clone(),
                        });
                    }
                }
                Err(failure) => failures.push(failure),
            }
        }
        // That somebody could not be reached says more than that there is nothing of the other type.
        let is_data =
            |failure: &Failure| matches!(failure.cause, Cause::Nothing { what: Nothing::Data, .. });
        failures.sort_by_key(is_data);
        let missing = failures.into_iter().next();
        match missing {
            Some(failure) if list.is_empty() => Err(failure),
            missing => Ok(Addresses { canonical, list, missing }),
        }
    }

    fn find(
        &mut self,
        name: &str,
        kinds: &[u16],
        teller: &mut Teller<'_>,
    ) -> Result<Vec<Result<Found, Failure>>, Failure> {
        if self.way == Way::Stub {
            teller.say(Event::Configured(Box::new(self.config.clone())));
            self.turn += 1;
            let (config, cache, until, turn) =
                (&self.config, &mut self.cache, self.until, self.turn - 1);
            return Stub { config, cache, teller, until, turn }.find(name, kinds);
        }
        let name = Name::of(name)
            .map_err(|why| Failure { name: Name::root(), cause: Cause::BadName(why) })?;
        let mut walk = Walk {
            hints: &self.hints,
            cache: &mut self.cache,
            teller,
            wait: self.wait,
            until: self.until,
            port: self.files.port,
            minimise: self.minimise,
            detours: Vec::new(),
        };
        Ok(kinds
            .iter()
            .map(|kind| walk.find(&Question { name: name.clone(), kind: *kind }))
            .collect())
    }
}

impl Family {
    fn wants(self, ip: IpAddr) -> bool {
        match self {
            Self::Any => true,
            Self::V4 => ip.is_ipv4(),
            Self::V6 => ip.is_ipv6(),
        }
    }
}
