//! How does a connection to the server come about, from its name to its keys?

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use nix::errno::Errno as Number;

use super::{Fetcher, Teller, locked};
use crate::ink::safe;
use crate::probe::kernel::{self, Transport};
use crate::probe::now;
use crate::probe::order;
use crate::probe::plan::ends;
use crate::probe::resolve::{Addresses, are_ordered};
use crate::probe::route::{Flow, Map};
use crate::probe::url::{Host, Url};
use crate::timeline::fetch::{Choice, Doing, Event, Failure, Timing};
use crate::timeline::lookup::{Address, Whence};

/// A connection that can carry requests.
pub(super) struct Open {
    pub(super) transport: Box<dyn Transport + Send>,
    /// Its number in the calls.
    pub(super) socket: u32,
    /// Requests sent on it.
    pub(super) requests: u32,
    /// Octets that went and came: under TLS those that it carries.
    pub(super) sent: u64,
    pub(super) received: u64,
    /// Whether TLS found its stream to end before its end was announced.
    pub(super) is_cut: Arc<AtomicBool>,
    pub(super) origin: Origin,
}

/// Whom a connection leads to, and whether nobody else can read along.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) struct Origin {
    is_secured: bool,
    host: String,
    port: u16,
}

impl Origin {
    pub(super) fn of(url: &Url) -> Self {
        Self {
            is_secured: url.scheme.name() == "https",
            host: url.host.as_ref().map_or(String::new(), Host::sent),
            port: url.port_used().unwrap_or(80),
        }
    }
}

impl Fetcher<'_> {
    /// Finds the server, connects to it and secures the connection, as far as the URL wants that.
    pub(super) fn open(
        &self,
        url: &Url,
        teller: &Teller<'_>,
        timing: &mut Timing,
    ) -> Result<Open, Failure> {
        let origin = Origin::of(url);
        if origin.is_secured {
            // Reading whom to trust takes a while, which no open connection should wait for.
            self.client().map_err(|problem| Failure::Tls(Box::new(problem)))?;
        }
        let (host, port) = self.led(&origin.host, origin.port);
        let (destinations, is_ordered) = self.destinations(url, &host, port, teller)?;
        timing.name_lookup = Some(teller.elapsed());
        let plan = self.choose(&destinations, is_ordered, teller);
        // The way to an address is told once.
        let first = plan.first().filter(|first| locked(&self.ways).insert(first.destination.ip()));
        if let Some(first) = first {
            let began = now();
            let way = self.map.as_ref().map(|map| map.way(Flow::tcp(first.destination)));
            if let Some(Ok(way)) = way {
                teller.step(began, 0, Event::Way(Box::new(way)));
            }
        }
        let until = self.within(self.plan.limits.connect);
        let (began, since) = (now(), Instant::now());
        let (connected, tried) =
            kernel::connect(&plan, &self.plan.connect, Some(until), self.tracer);
        teller.step(
            began,
            tried.iter().map(|it| it.socket).max().unwrap_or(0),
            Event::Tried(tried.clone()),
        );
        let connected = connected.map_err(|errno| match errno.number {
            number if number == Number::ETIMEDOUT as i32 && Instant::now() >= until => {
                self.late(Doing::Connecting, self.plan.limits.connect, 0, 0)
            }
            number if is_own(number) => match sent_from(&self.plan.connect) {
                Some(asked) => Failure::Interface { asked, errno },
                None => Failure::Connect { errno, tried },
            },
            _ => Failure::Connect { errno, tried },
        })?;
        timing.connect = Some(teller.elapsed());
        let connecting = Instant::now();
        self.probe_way(&connected, connecting.saturating_duration_since(since), teller);
        // What the probes took is not taken from the handshake's time.
        let until = until.checked_add(connecting.elapsed()).unwrap_or(until).min(self.until);
        let socket = connected.number();
        let is_cut = Arc::new(AtomicBool::new(false));
        let transport: Box<dyn Transport + Send> = if origin.is_secured {
            let secured = self.secure(connected, &origin.host, until, &is_cut, teller)?;
            timing.app_connect = Some(teller.elapsed());
            secured
        } else {
            Box::new(connected)
        };
        Ok(Open { transport, socket, requests: 0, sent: 0, received: 0, is_cut, origin })
    }

    fn secure(
        &self,
        mut connected: kernel::Tcp,
        host: &str,
        until: Instant,
        is_cut: &Arc<AtomicBool>,
        teller: &Teller<'_>,
    ) -> Result<Box<dyn Transport + Send>, Failure> {
        connected.set_deadline(Some(until));
        let client = self.client().map_err(|problem| Failure::Tls(Box::new(problem)))?;
        let bare = host.trim_matches(['[', ']']);
        let told = self.tell_tls(teller.transfer, connected.number(), Arc::clone(is_cut));
        let shaking = self.watched.shaking();
        let secured = client.handshake(connected, bare, told);
        // A handshake that failed had keys, too, as soon as the server had answered.
        self.pass_keys(&shaking);
        let secured = secured.map_err(|problem| Failure::Tls(Box::new(problem)))?;
        Ok(Box::new(secured))
    }

    /// Who is to be connected to instead, if somebody wants that.
    fn led(&self, host: &str, port: u16) -> (String, u16) {
        let led = self.plan.detours.iter().find_map(|detour| detour.lead(host, port));
        led.unwrap_or_else(|| (host.to_owned(), port))
    }

    /// Where to connect to; and whether somebody else has put them in an order.
    fn destinations(
        &self,
        url: &Url,
        host: &str,
        port: u16,
        teller: &Teller<'_>,
    ) -> Result<(Vec<SocketAddr>, bool), Failure> {
        let known = self.plan.overrides.iter().find(|it| it.is_for(host, port));
        if let Some(known) = known {
            let whence = Whence::CommandLine;
            let list = known.addresses.iter();
            let list = list.map(|ip| Address { ip: *ip, ttl: None, whence: whence.clone() });
            let found =
                Addresses { canonical: safe(host.as_bytes()), list: list.collect(), missing: None };
            teller.step(now(), 0, Event::Found(found));
            return Ok((ends(&known.addresses, port), false));
        }
        let bare = host.trim_matches(['[', ']']);
        let began = now();
        let found = {
            let mut resolver = locked(self.resolver);
            let limit = self.plan.limits.lookup.unwrap_or(self.plan.limits.all);
            resolver.until = Some(self.within(limit));
            let mut tell = |step| teller.lookup(step);
            if self.plan.compare && bare.parse::<IpAddr>().is_err() {
                let compared = resolver.compare(bare, crate::probe::resolve::message::A, &mut tell);
                teller.step(began, 0, Event::Compared(compared.told()));
            }
            for kind in &self.plan.kinds {
                let records = resolver.records(bare, *kind, &mut tell);
                teller.step(
                    began,
                    0,
                    Event::Records { kind: *kind, records: records.map(|found| found.records) },
                );
            }
            resolver.addresses(bare, self.plan.family, &mut tell)
        };
        let found = match found {
            Ok(found) => found,
            Err(_) if Instant::now() >= self.until => {
                return Err(self.late(Doing::Lookup, self.plan.limits.all, 0, 0));
            }
            Err(failure) => return Err(Failure::Lookup(Box::new(failure))),
        };
        let addresses: Vec<IpAddr> = found.list.iter().map(|it| it.ip).collect();
        if bare.parse::<IpAddr>().is_err() {
            for address in &addresses {
                self.watched.name(*address, bare);
            }
        }
        let is_ordered = are_ordered(&found.list);
        teller.step(began, 0, Event::Found(found));
        let mut destinations = ends(&addresses, port);
        if let Some(Host::V6 { zone: Some(zone), .. }) = &url.host {
            for destination in &mut destinations {
                if let SocketAddr::V6(v6) = destination {
                    v6.set_scope_id(scope(zone));
                }
            }
        }
        Ok((destinations, is_ordered))
    }

    fn choose(
        &self,
        destinations: &[SocketAddr],
        is_ordered: bool,
        teller: &Teller<'_>,
    ) -> Vec<crate::timeline::fetch::Attempt> {
        let began = now();
        let interfaces = self.map.as_ref().map_or(&[][..], Map::interfaces);
        let (candidates, plan) = if is_ordered {
            let candidates = order::candidates(destinations, interfaces);
            let plan = order::plan_as_given(&candidates, self.plan.delay);
            (candidates, plan)
        } else {
            let candidates = order::order(destinations, interfaces);
            let plan = order::plan(&candidates, self.plan.delay);
            (candidates, plan)
        };
        let candidates = candidates.iter().map(order::Candidate::told).collect();
        teller.step(began, 0, Event::Chosen(Choice { candidates, plan: plan.clone() }));
        plan
    }

    /// The end of a limit, or of all if that is sooner.
    pub(super) fn within(&self, limit: Duration) -> Instant {
        Instant::now().checked_add(limit).map_or(self.until, |at| at.min(self.until))
    }

    /// The limit that is over now.
    pub(super) fn late(&self, doing: Doing, limit: Duration, sent: u64, received: u64) -> Failure {
        let is_all = Instant::now() >= self.until;
        let limit = if is_all { self.plan.limits.all } else { limit };
        Failure::Late { doing, limit, sent, received }
    }
}

/// What was asked to be sent from; `None` when the kernel was to choose.
fn sent_from(options: &kernel::Options) -> Option<String> {
    let device = options.device.as_ref().map(|device| safe(device.as_bytes()));
    let source = options.source.map(|source| source.to_string());
    let port = (options.source_port != 0).then(|| format!("port {}", options.source_port));
    let asked: Vec<String> = [device, source, port].into_iter().flatten().collect();
    (!asked.is_empty()).then(|| asked.join(", "))
}

/// Whether the fault is with what we wanted to send from.
fn is_own(number: i32) -> bool {
    [Number::ENODEV, Number::EADDRNOTAVAIL, Number::EADDRINUSE, Number::EPERM]
        .iter()
        .any(|own| *own as i32 == number)
}

/// The number of an interface, by name or as it is.
fn scope(zone: &str) -> u32 {
    let by_name = nix::net::if_::if_nametoindex(zone);
    by_name.unwrap_or_else(|_| zone.parse().unwrap_or(0))
}
