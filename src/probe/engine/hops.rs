//! Which routers does a connection go through, by probes of its own?

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use nix::errno::Errno as Number;

use super::{Fetcher, Teller, locked};
use crate::capture::live::HANDED_OVER;
use crate::probe::hops::{Hops, Turn};
use crate::probe::kernel::{Tcp, Transport};
use crate::probe::sightings::{Answer, Standing};
use crate::probe::{netlink, now};
use crate::timeline::fetch::{Event, Hop, HopBy};

/// Hops at most, and probes of each.
const MOST: u8 = 30;
const TRIES: u8 = 3;

/// When so many hops in a row say nothing, those beyond are not asked.
const SILENT: u8 = 5;

/// How long an answer is waited for, beside what the capture takes to hand it over.
const WAIT: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(1));

/// A connection that is probed.
struct Probing<'p> {
    hops: &'p Hops,
    turn: Turn<'p>,
    /// As packets have them.
    client: SocketAddr,
    server: SocketAddr,
    standing: Standing,
    /// How long an answer is waited for.
    wait: Duration,
    /// When probing is over, wherever it is.
    until: Instant,
}

impl Fetcher<'_> {
    /// Probes the way of a connection that came about within `took`, if that is wanted and was not done for its
    /// server. Of the time that is left for all it takes half at most: something is still to be fetched.
    pub(super) fn probe_way(&self, connected: &Tcp, took: Duration, teller: &Teller<'_>) {
        let Some(hops) = &self.plan.hops else { return };
        let (client, server) = connected.ends();
        if !locked(&self.probed).insert(server.ip()) {
            return;
        }
        let mut began = now();
        let mut tell = |hop: Result<Hop, String>| {
            let event = Event::Hop(hop.map_err(Into::into));
            teller.step(began, connected.number(), event);
            began = now();
        };
        if self.plan.packets.is_err() {
            let why = "not probed: our own packets are not seen, nor would be the answers";
            return tell(Err(why.to_owned()));
        }
        match Probing::begin(hops, (client, server), took, self.until) {
            Ok(probing) => probing.run(tell),
            Err(why) => tell(Err(format!("not probed: {why}"))),
        }
    }
}

impl<'p> Probing<'p> {
    fn begin(
        hops: &'p Hops,
        (client, server): (SocketAddr, SocketAddr),
        took: Duration,
        until: Instant,
    ) -> Result<Self, String> {
        let turn = hops.turn(client, server);
        let turn = turn.map_err(|error| format!("a raw socket: {}", sentence(error)))?;
        let wait = (2 * took).clamp(WAIT.0, WAIT.1) + 2 * HANDED_OVER;
        let now = Instant::now();
        let until = now + until.saturating_duration_since(now) / 2;
        let [client, server] = [client, server].map(|end| SocketAddr::new(end.ip(), end.port()));
        let standing = hops.sightings.standing(client, server, until.min(now + wait));
        let standing = standing.ok_or("our capture did not see the handshake")?;
        Ok(Self { hops, turn, client, server, standing, wait, until })
    }

    fn run(&self, mut tell: impl FnMut(Result<Hop, String>)) {
        let mut silent = 0;
        for limit in 1..=MOST {
            let hop = self.hop(limit);
            let is_last = match &hop {
                Ok(Hop { by: HopBy::Router(_), .. }) => {
                    silent = 0;
                    false
                }
                Ok(Hop { by: HopBy::Nobody, .. }) => {
                    silent += 1;
                    silent == SILENT
                }
                Ok(Hop { by: HopBy::Server, .. }) | Err(_) => true,
            };
            tell(hop.map_err(|why| format!("probed no further: {why}")));
            if is_last {
                return;
            }
        }
    }

    fn hop(&self, limit: u8) -> Result<Hop, String> {
        for tries in 1..=TRIES {
            let sightings = &self.hops.sightings;
            sightings.expect(self.client, self.server, self.standing.next_out);
            self.turn.send(limit, self.standing).map_err(sentence)?;
            let until = self.until.min(Instant::now() + self.wait);
            if let Some((answer, round_trip)) = sightings.answer(until) {
                let by = match answer {
                    Answer::Router(router) => HopBy::Router(router),
                    Answer::Server => HopBy::Server,
                };
                return Ok(Hop { limit, tries, by, round_trip });
            }
            if Instant::now() >= self.until {
                return Err("half of the time that was left is over".to_owned());
            }
        }
        Ok(Hop { limit, tries: TRIES, by: HopBy::Nobody, round_trip: None })
    }
}

fn sentence(error: Number) -> String {
    let errno = netlink::errno(error as i32);
    format!("{} ({})", errno.sentence, errno.name)
}
