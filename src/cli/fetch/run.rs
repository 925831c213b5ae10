//! A fetch from its rights to its exit code.

use std::sync::Arc;

use super::super::{Ended, usage};
use super::Fetch;
use super::body::body;
use crate::capture::interfaces;
use crate::capture::live::{self, Direction, Listening, Live};
use crate::capture::rights::Rights;
use crate::capture::save::Save;
use crate::capture::sift::BadFilter;
use crate::pipeline::{self, Passing};
use crate::probe::hops::Hops;
use crate::probe::resolve::Resolver;
use crate::probe::tls::Keys;
use crate::probe::{self, engine};
use crate::timeline::Source;
use crate::timeline::device::Flag;

/// Interfaces listened to at most, those first that have addresses longest.
const LISTENED: usize = 8;

/// The kernel's buffer for each: a fetch is small.
const BUFFER: usize = 4 << 20;

/// Fetches, tells, and ends with curl's code.
pub(in crate::cli) fn fetch(asked: &Fetch) -> anyhow::Result<()> {
    let mut plan = asked.plan()?;
    let resolver = asked.naming.resolver()?;
    let rights = Rights::of(None).map_err(usage)?.may_connect();
    let capture = capture(&resolver);
    let device = plan.connect.device.as_deref();
    let hops = asked.path.then(|| Hops::open(device));
    rights.give_up()?;
    plan.packets = match &capture {
        Ok(live) => Ok(live.about().names.clone()),
        Err(sentence) => Err(sentence.clone()),
    };
    let sightings = hops.as_ref().map(|hops| hops.sightings.clone());
    plan.hops = hops;
    let save = asked.keeping.write.as_deref().map(|path| Save::create(path, &[])).transpose()?;
    let save = if asked.securing.keys_in_pcap { save } else { save.map(Save::without_keys) };
    plan.body = asked.keeping.body.as_deref().map(body);
    let besides = asked.besides()?;
    let mut told = asked.told()?;
    let keys = Arc::new(Keys::of_environment());
    let mut probe = probe::watch(capture.ok(), sightings, move |watched| {
        engine::run(&plan, resolver, &keys, watched);
    })?;
    let mut passing = Passing { save, ..Passing::default() };
    pipeline::run(&mut probe, &mut passing, &mut told)?;
    let tale = told.tale();
    besides.write(asked, told.outcome(), &tale)?;
    match told.exit(&tale, probe.was_interrupted()) {
        0 => Ok(()),
        code => Err(Ended(code).into()),
    }
}

/// Listens wherever our packets may pass; or says why that cannot be.
fn capture(resolver: &Resolver) -> Result<Live, String> {
    let devices = interfaces::all();
    let names: Vec<String> = devices
        .iter()
        .filter(|device| device.index.is_some() && device.is(Flag::Up))
        .filter(|device| device.is(Flag::Loopback) || !device.addresses.is_empty())
        .filter_map(|device| String::from_utf8(device.name.to_vec()).ok())
        .take(LISTENED)
        .collect();
    if names.is_empty() {
        return Err("no interface is up".to_owned());
    }
    let mut ports = vec![53];
    ports.extend(resolver.config.servers.iter().map(|(server, _)| server.port()));
    ports.sort_unstable();
    ports.dedup();
    let ports: Vec<String> = ports.iter().map(|port| format!("udp port {port}")).collect();
    let above = format!("icmp or icmp6 or tcp or {}", ports.join(" or "));
    // Where there are no hardware addresses nobody can ask for them.
    let filters = [format!("arp or {above}"), above];
    let listen = |names: &[String]| {
        let [with, without] = &filters;
        listen(names, with).or_else(|error| {
            if error.is::<BadFilter>() { listen(names, without) } else { Err(error) }
        })
    };
    listen(&names).or_else(|error| {
        // One that cannot be listened to does not keep from the others.
        let able: Vec<String> = names
            .iter()
            .filter(|name| listen(std::slice::from_ref(name)).is_ok())
            .cloned()
            .collect();
        let none = |_| format!("{error:#}");
        if able.is_empty() { Err(format!("{error:#}")) } else { listen(&able).map_err(none) }
    })
}

fn listen(names: &[String], filter: &str) -> anyhow::Result<Live> {
    live::listen(&Listening {
        interfaces: names.to_vec(),
        filter: Some(filter.to_owned()),
        snaplen: 262_144,
        promiscuous: false,
        buffer: BUFFER,
        direction: Direction::Both,
        span: None,
    })
}
