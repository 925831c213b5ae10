//! How does a fetch go, step by step?
//!
//! Everything is done on the thread that calls, but what a page embeds: there each connection has its own.

mod answer;
mod connection;
mod hops;
mod page;
mod transfer;

use std::collections::HashSet;
use std::net::IpAddr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use super::http::Redirects;
use super::kernel::Tracer;
use super::merge::{Shaking, Watched};
use super::plan::Plan;
use super::resolve::{Family, Resolver};
use super::route::Map;
use super::tls::{Client, Keys};
use super::url::{Host, Url};
use super::{neighbour, now};
use crate::ink::safe;
use crate::timeline::fetch::{self, Event, Policy, Step};
use crate::timeline::tls::{self, Problem};
use crate::timeline::{Timestamp, lookup};
use connection::Open;
use transfer::Job;

/// What all transfers of a fetch share.
struct Fetcher<'f> {
    plan: &'f Plan,
    url: &'f Url,
    resolver: &'f Mutex<Resolver>,
    watched: &'f Watched,
    tracer: &'f Tracer,
    client: &'f OnceLock<Result<Client, Problem>>,
    keys: &'f Arc<Keys>,
    /// How much of the keys was handed on.
    keys_told: &'f Mutex<usize>,
    transfers: &'f AtomicU32,
    began: Instant,
    /// When the time for all is over.
    until: Instant,
    /// Interfaces and routes, read before anything begins that is measured.
    map: Option<Map>,
    /// Addresses the way to which was told.
    ways: Mutex<HashSet<IpAddr>>,
    /// Those whose way was probed.
    probed: Mutex<HashSet<IpAddr>>,
    /// Connections that nobody uses just now.
    idle: Mutex<Vec<Open>>,
}

/// Fetches, and tells every step.
pub fn run(plan: &Plan, resolver: Resolver, keys: &Arc<Keys>, watched: &Watched) {
    let told = watched.clone();
    let tracer = Tracer::new(move |call| told.call(call));
    let told = watched.clone();
    let neighbours = neighbour::Watch::begin(move |change| {
        let at = change.told.realtime;
        let event = Event::Neighbour(change);
        told.step(Step { began: at, ended: at, transfer: 0, socket: 0, event });
    });
    let (resolver, keys_told) = (Mutex::new(resolver), Mutex::new(0));
    let (client, transfers) = (OnceLock::new(), AtomicU32::new(0));
    for round in 0..plan.rounds {
        if round > 0 {
            thread::sleep(plan.pause);
            locked(&resolver).forget();
        }
        for url in &plan.urls {
            let map = Map::read(Path::new("/")).ok();
            let now = Instant::now();
            let fetcher = Fetcher {
                plan,
                url,
                resolver: &resolver,
                watched,
                tracer: &tracer,
                client: &client,
                keys,
                keys_told: &keys_told,
                transfers: &transfers,
                began: now,
                until: now.checked_add(plan.limits.all).unwrap_or(now),
                map,
                ways: Mutex::default(),
                probed: Mutex::default(),
                idle: Mutex::new(Vec::new()),
            };
            fetcher.fetch();
        }
    }
    drop(neighbours);
}

impl Fetcher<'_> {
    fn fetch(&self) {
        let all = self.teller(0);
        all.step(now(), 0, Event::Policy(Box::new(self.policy())));
        if self.url.scheme.name() == "https" {
            // It is read whom to trust, which is no part of any transfer; what is wrong is told there.
            let _ = self.client();
        }
        let mut job = Job::first(self.url.clone(), self.next());
        let mut redirects = self.redirects();
        loop {
            let done = self.transfer(&job, &mut redirects);
            if let Some(next) = done.redirect {
                job = next;
                continue;
            }
            if let (Some(page), Some(html)) = (self.plan.page, done.html) {
                self.page(page, &job, &html);
            }
            break;
        }
        let idle = std::mem::take(&mut *locked(&self.idle));
        for open in idle {
            self.close(open, true);
        }
    }

    /// The redirects of one URL, if they are followed. Who is told secrets is decided by the URL of all.
    fn redirects(&self) -> Option<Redirects> {
        let redirects = Redirects::new(self.url.clone(), self.plan.redirects?);
        let is_typed = self.plan.request.method.is_some();
        Some(if is_typed { redirects.keeping_method() } else { redirects })
    }

    fn next(&self) -> u32 {
        self.transfers.fetch_add(1, Ordering::Relaxed) + 1
    }

    fn teller(&self, transfer: u32) -> Teller<'_> {
        Teller { watched: self.watched, transfer, began: Instant::now() }
    }

    fn policy(&self) -> Policy {
        let proxies = ["http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];
        Policy {
            engine: "kernel",
            packets: self.plan.packets.clone(),
            proxies: proxies
                .into_iter()
                .filter(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
                .map(str::to_owned)
                .collect(),
            family: match self.plan.family {
                Family::Any => "IPv4 and IPv6",
                Family::V4 => "IPv4",
                Family::V6 => "IPv6",
            },
            connect_within: self.plan.limits.connect,
            all_within: self.plan.limits.all,
            most: self.plan.limits.body,
            redirects: self.plan.redirects,
        }
    }

    /// Whoever secures connections, made when the first is needed.
    fn client(&self) -> Result<&Client, Problem> {
        let client =
            self.client.get_or_init(|| Client::new(self.plan.tls.clone(), Arc::clone(self.keys)));
        client.as_ref().map_err(Clone::clone)
    }

    /// Tells what is said of a connection's records.
    fn tell_tls(
        &self,
        transfer: u32,
        socket: u32,
        is_cut: Arc<AtomicBool>,
    ) -> impl FnMut(tls::Fact) + Send + 'static {
        let watched = self.watched.clone();
        move |fact| {
            if matches!(fact, tls::Fact::Ended(tls::End::Truncated)) {
                is_cut.store(true, Ordering::Relaxed);
            }
            let (began, ended) = match &fact {
                tls::Fact::Flight(flight) => (flight.began, flight.ended),
                tls::Fact::Handshake(shaken) => (shaken.began, shaken.ended),
                _ => (now(), now()),
            };
            watched.step(Step { began, ended, transfer, socket, event: Event::Tls(fact) });
        }
    }

    /// Hands on the keys that came since it was done last.
    fn pass_keys(&self, shaking: &Shaking<'_>) {
        let lines = self.keys.lines();
        let mut told = locked(self.keys_told);
        if let Some(fresh) = lines.get(*told..).filter(|fresh| !fresh.is_empty()) {
            shaking.keys(fresh);
            *told = lines.len();
        }
    }
}

/// A lock that somebody may have left in a panic, which has told itself.
fn locked<T: ?Sized>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Tells the steps of a transfer.
struct Teller<'t> {
    watched: &'t Watched,
    transfer: u32,
    began: Instant,
}

impl Teller<'_> {
    /// Since the transfer began.
    fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    fn step(&self, began: Timestamp, socket: u32, event: Event) {
        let transfer = self.transfer;
        self.watched.step(Step { began, ended: now(), transfer, socket, event });
    }

    fn lookup(&self, step: lookup::Step) {
        let lookup::Step { began, ended, event } = step;
        let (transfer, event) = (self.transfer, Event::Lookup(event));
        self.watched.step(Step { began, ended, transfer, socket: 0, event });
    }
}

/// What is told of a URL.
fn told(url: &Url) -> fetch::Url {
    let text = |octets: &[u8]| safe(octets);
    let host = url.host.as_ref();
    let (shown, sent) = match host {
        Some(Host::Name { ascii, unicode }) => {
            (text(unicode.as_bytes()), (ascii != unicode).then(|| text(ascii.as_bytes())))
        }
        Some(Host::V4 { address, odd: Some(odd) }) => {
            (text(odd.as_bytes()), Some(address.to_string()))
        }
        Some(host) => (text(host.to_string().as_bytes()), None),
        None => (String::new(), None),
    };
    fetch::Url {
        shown: text(url.to_string().as_bytes()),
        scheme: text(url.scheme.name().as_bytes()),
        scheme_words: url.scheme.words(),
        scheme_said: url.scheme_said,
        user: url.user.as_ref().map(|user| text(user)),
        has_password: url.password.is_some(),
        host: shown,
        host_sent: sent,
        port: url.port_used(),
        is_default_port: url.is_default_port(),
        path: text(url.path.as_bytes()),
        omits_file: url.omits_file(),
        query: url.query.as_ref().map(|query| text(query.as_bytes())),
        fragment: url.fragment.as_ref().map(|fragment| text(fragment.as_bytes())),
    }
}
