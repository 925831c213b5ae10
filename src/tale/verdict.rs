//! Whose fault was it?
//!
//! What everybody spent is compared with floors below which nobody would notice. Whatever lies highest
//! above them is named; where nothing does, nothing stands out, and that is said.

use std::time::Duration;

use super::bucket::Bucket;
use super::budget::{Notes, Tiles};
use super::stall::one::{self, LONG};
use super::stall::{Name, Packets, Place, Stall};
use super::wait::Wait;
use crate::flow::tcp::{Confidence, Connection, Phases};
use crate::flow::{Mark, Side};

/// Who spent the time.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Culprit {
    Client,
    Server,
    Network,
    Resolver,
}

/// What may be said of who spent the time.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    pub culprit: Culprit,
    /// What it was spent on.
    pub cause: Cause,
    /// Where the network lost something, if that is known.
    pub place: Option<Place>,
    /// On how many connections the cause was found.
    pub connections: u64,
    /// On how many the culprit stands out; the time is of all of them.
    pub among: u64,
    pub time: Duration,
    /// How much of it the cause explains; the rest was the culprit's as well, for other reasons.
    pub named: Duration,
    /// Of the time in which something was under way, from 0.0 to 1.0.
    pub share: f64,
    pub confidence: Confidence,
    /// The longest wait for it.
    pub from: Mark,
    pub to: Mark,
    pub packets: Packets,
}

/// What time was spent on, in the words of a bucket or of a trouble with a name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Cause {
    Bucket(Bucket),
    Stall(Name),
}

/// Programs that take longer than this in all are noticed.
const THINKING: Duration = Duration::from_millis(100);
/// What is lost, or held up by windows, is noticed sooner: it is no part of anybody's work.
const TROUBLE: Duration = Duration::from_millis(50);
/// Transfers that take longer than this are noticed, whatever they carry.
const TRANSFER: Duration = Duration::from_secs(1);
/// So many losses are no accident.
const MANY: u64 = 3;
/// A client that pauses for longer is a person who reads.
const PERSON: Duration = Duration::from_secs(1);

impl Culprit {
    pub const ALL: [Self; 4] = [Self::Client, Self::Server, Self::Network, Self::Resolver];

    /// For programs.
    pub fn key(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
            Self::Network => "network",
            Self::Resolver => "resolver",
        }
    }
}

/// What everybody spent: by [`Culprit`], and then nobody. All five together are all of the time.
pub fn spent(tiles: &Tiles) -> [Duration; 5] {
    let mut spent = [Duration::ZERO; 5];
    for bucket in Bucket::ALL {
        let all = tiles.sum(bucket);
        let [client, server] = [Side::Client, Side::Server].map(|side| tiles.sum_of(side, bucket));
        match bucket {
            Bucket::WindowClosed | Bucket::WindowSmall | Bucket::Stall => {
                spent[Culprit::Client as usize] += client;
                spent[Culprit::Server as usize] += server;
                spent[Culprit::ALL.len()] += all.saturating_sub(client + server);
            }
            _ => spent[by(bucket).map_or(Culprit::ALL.len(), |culprit| culprit as usize)] += all,
        }
    }
    spent
}

/// Who spent time in a bucket, of which it is known whose it was; nobody where nobody was waited for.
pub fn spender(bucket: Bucket, side: Option<Side>) -> Option<Culprit> {
    match (bucket, side) {
        (Bucket::WindowClosed | Bucket::WindowSmall | Bucket::Stall, Some(Side::Client)) => {
            Some(Culprit::Client)
        }
        (Bucket::WindowClosed | Bucket::WindowSmall | Bucket::Stall, Some(Side::Server)) => {
            Some(Culprit::Server)
        }
        _ => by(bucket),
    }
}

/// Who is waited for in a bucket, where that does not depend on the side.
fn by(bucket: Bucket) -> Option<Culprit> {
    match bucket {
        Bucket::NameLookup => Some(Culprit::Resolver),
        Bucket::ClientBefore | Bucket::TlsClient | Bucket::ClientThink | Bucket::Request => {
            Some(Culprit::Client)
        }
        Bucket::ServerThink | Bucket::TlsServer | Bucket::ResponseApplication => {
            Some(Culprit::Server)
        }
        Bucket::ConnectRetry
        | Bucket::Connect
        | Bucket::TlsPath
        | Bucket::Path
        | Bucket::LossTimeout
        | Bucket::LossRecovery
        | Bucket::CongestionWindow
        | Bucket::Queueing
        | Bucket::Transmission => Some(Culprit::Network),
        Bucket::WindowClosed
        | Bucket::WindowSmall
        | Bucket::Stall
        | Bucket::HalfClosed
        | Bucket::Closing
        | Bucket::Idle
        | Bucket::Unknown => None,
    }
}

/// Buckets that are judged together, and how much of them is noticed: so long, and such a share.
#[derive(Clone, Copy)]
struct Charge {
    culprit: Culprit,
    buckets: &'static [Bucket],
    /// Whose; of everybody where nobody is named.
    side: Option<Side>,
    floor: (Duration, f64),
}

const fn charge(
    culprit: Culprit,
    buckets: &'static [Bucket],
    side: Option<Side>,
    floor: (Duration, f64),
) -> Charge {
    Charge { culprit, buckets, side, floor }
}

const LOSSES: &[Bucket] = &[Bucket::LossTimeout, Bucket::LossRecovery, Bucket::ConnectRetry];
const WINDOWS: &[Bucket] = &[Bucket::WindowClosed, Bucket::WindowSmall];
const WAY: &[Bucket] = &[Bucket::Connect, Bucket::Path, Bucket::TlsPath];
const RATE: &[Bucket] = &[Bucket::CongestionWindow, Bucket::Queueing, Bucket::Transmission];

const CHARGES: [Charge; 10] = [
    charge(Culprit::Resolver, &[Bucket::NameLookup], None, (THINKING, 0.25)),
    charge(
        Culprit::Server,
        &[Bucket::ServerThink, Bucket::TlsServer, Bucket::ResponseApplication],
        None,
        (THINKING, 0.25),
    ),
    charge(
        Culprit::Client,
        &[Bucket::ClientThink, Bucket::TlsClient, Bucket::Request, Bucket::ClientBefore],
        None,
        (Duration::from_millis(200), 0.5),
    ),
    charge(Culprit::Client, WINDOWS, Some(Side::Client), (TROUBLE, 0.1)),
    charge(Culprit::Server, WINDOWS, Some(Side::Server), (TROUBLE, 0.1)),
    charge(Culprit::Client, &[Bucket::Stall], Some(Side::Client), (TROUBLE, 0.2)),
    charge(Culprit::Server, &[Bucket::Stall], Some(Side::Server), (TROUBLE, 0.2)),
    charge(Culprit::Network, LOSSES, None, (TROUBLE, 0.1)),
    charge(Culprit::Network, WAY, None, (Duration::from_millis(300), 0.4)),
    charge(Culprit::Network, RATE, None, (TRANSFER, 0.4)),
];

/// Judges one connection.
pub(super) fn judge(
    connection: &Connection,
    tiles: &Tiles,
    notes: &Notes,
    stalls: &[Stall],
) -> Option<Verdict> {
    let never = [Name::Unanswered, Name::Refused, Name::Unreachable];
    let broken = [Name::InjectedReset, Name::Reset];
    let failed = stalls.iter().find(|stall| broken.contains(&stall.name));
    if let Some(stall) = stalls.iter().find(|stall| never.contains(&stall.name)) {
        return Some(Verdict::of_stall(stall, tiles.wall(), 1.0));
    }
    // Of the time in which something was under way.
    let passive = [Bucket::Idle, Bucket::Closing, Bucket::HalfClosed, Bucket::Unknown];
    let passive: Duration = passive.iter().map(|bucket| tiles.sum(*bucket)).sum();
    // Whoever has its answer may do what it likes, unless it is a program that asks all the time.
    let is_talk = matches!(connection.application(), Some("http" | "tls"));
    let of_people = |wait: &&Wait| {
        wait.bucket == Bucket::ClientThink
            && !notes.asks_first(wait.to.packet)
            && (is_talk || wait.time() > PERSON)
    };
    let people: Duration = tiles.waits().iter().filter(of_people).map(Wait::time).sum();
    let active = tiles.wall().saturating_sub(passive + people);
    if active.is_zero() {
        return failed.map(|stall| Verdict::of_stall(stall, Duration::ZERO, 0.0));
    }
    let sum = |charge: &Charge, bucket: Bucket| match (charge.side, bucket) {
        (Some(side), _) => tiles.sum_of(side, bucket),
        (None, Bucket::ClientThink) => tiles.sum(bucket).saturating_sub(people),
        (None, _) => tiles.sum(bucket),
    };
    let weigh = |charge: &Charge| {
        let time: Duration = charge.buckets.iter().map(|bucket| sum(charge, *bucket)).sum();
        let share = time.as_secs_f64() / active.as_secs_f64();
        let is_way_short = charge.buckets == WAY && connection.rtt().is_none_or(|rtt| rtt < LONG);
        // In a capture of a moment it is all there is to see.
        let is_moment = active < THINKING && !connection.phases().has(Phases::SYN);
        let is_noticed = time >= charge.floor.0 && share >= charge.floor.1 && !is_way_short
            || is_moment && charge.buckets == LOSSES && !time.is_zero()
            || is_moment && charge.buckets == WINDOWS && share >= 0.5;
        is_noticed.then_some((time, share, *charge))
    };
    let worst = CHARGES.iter().filter_map(weigh).max_by_key(|(time, ..)| *time);
    let Some((time, share, charge)) = worst else {
        return failed.map(|stall| Verdict::of_stall(stall, Duration::ZERO, 0.0));
    };
    let named = stalls.iter().filter(|stall| stall.name.is_of(charge.buckets));
    let named = named.filter(|stall| charge.side.is_none() || stall.side == charge.side);
    let named = named.max_by_key(|stall| stall.time).filter(|stall| stall.time * 2 >= time);
    let buckets = || charge.buckets.iter().copied();
    let greatest = buckets().max_by_key(|bucket| sum(&charge, *bucket))?;
    // What is lost makes the window small for long after it was repaired (RFC 5681 §3.1).
    let losses = [Name::Loss, Name::Timeout, Name::TailLoss];
    let lost = stalls.iter().find(|stall| losses.contains(&stall.name) && stall.count >= MANY);
    let named = if charge.buckets == RATE { lost.or(named) } else { named };
    let cause = match named {
        Some(stall) => Cause::Stall(stall.name),
        None => Cause::Bucket(greatest),
    };
    let explained = buckets().filter(|bucket| cause.explains(*bucket));
    let explained = explained.map(|bucket| sum(&charge, bucket)).sum();
    let is_it = |wait: &&Wait| {
        charge.buckets.contains(&wait.bucket)
            && (charge.side.is_none() || wait.side == charge.side)
            && !of_people(wait)
    };
    let waits = tiles.waits().iter().filter(is_it);
    let longest = waits.max_by_key(|wait| (cause.explains(wait.bucket), wait.time()))?;
    let shown = [longest.from.packet, longest.to.packet].into_iter().chain(longest.proof.packet());
    let mut packets: Packets = shown.filter(|packet| *packet != 0).collect();
    packets.sort_unstable();
    Some(Verdict {
        culprit: charge.culprit,
        cause,
        place: longest
            .side
            .filter(|_| longest.bucket.is_loss())
            .and_then(|it| one::place(connection, it)),
        connections: 1,
        among: 1,
        time,
        named: explained,
        share,
        confidence: if share >= 0.5 { Confidence::Certain } else { Confidence::Likely },
        from: longest.from,
        to: longest.to,
        packets,
    })
}

impl Cause {
    /// Whether its words fit time in this bucket, among those that are judged with it.
    fn explains(self, bucket: Bucket) -> bool {
        match self {
            Self::Bucket(own) if WAY.contains(&own) => WAY.contains(&bucket),
            Self::Bucket(own) => own == bucket || is_repair(own) && is_repair(bucket),
            Self::Stall(Name::Loss | Name::Timeout) => is_repair(bucket) || RATE.contains(&bucket),
            Self::Stall(Name::TailLoss) if RATE.contains(&bucket) => true,
            Self::Stall(Name::LongWay) => WAY.contains(&bucket),
            Self::Stall(name) => name.is_of(&[bucket]),
        }
    }
}

/// Whether it is called a lost segment.
fn is_repair(bucket: Bucket) -> bool {
    matches!(bucket, Bucket::LossTimeout | Bucket::LossRecovery)
}

impl Verdict {
    fn of_stall(stall: &Stall, time: Duration, share: f64) -> Self {
        let culprit = match (stall.name, stall.side) {
            (Name::Reset, Some(Side::Client)) => Culprit::Client,
            (Name::Refused, _) | (Name::Reset, Some(Side::Server)) => Culprit::Server,
            (Name::SlowResolver | Name::FailingResolver | Name::DnsRetry | Name::SearchList, _) => {
                Culprit::Resolver
            }
            _ => Culprit::Network,
        };
        Self {
            culprit,
            cause: Cause::Stall(stall.name),
            place: stall.place,
            connections: 1,
            among: 1,
            time,
            named: time,
            share,
            confidence: stall.confidence,
            from: stall.from,
            to: stall.to,
            packets: stall.packets.clone(),
        }
    }

    /// Of what a resolver did, where no connection came of it, or none that is to blame.
    pub(super) fn of_resolver(stall: &Stall) -> Self {
        Self::of_stall(stall, stall.time, 1.0)
    }
}

impl Name {
    /// Whether it is a name for time in these buckets.
    fn is_of(self, buckets: &[Bucket]) -> bool {
        let bucket = match self {
            Self::NagleDelayedAck => Bucket::Stall,
            Self::LostSyn | Self::LostSynAck | Self::PortReuse => Bucket::ConnectRetry,
            Self::TailLoss | Self::Timeout | Self::BlackHole => Bucket::LossTimeout,
            Self::Loss => Bucket::LossRecovery,
            Self::ZeroWindow => Bucket::WindowClosed,
            Self::SmallWindow | Self::NoWindowScaling => Bucket::WindowSmall,
            Self::SlowStartAfterIdle | Self::CertificateFlight => Bucket::CongestionWindow,
            Self::SilentMidResponse => Bucket::ResponseApplication,
            Self::SlowToAsk => Bucket::ClientThink,
            Self::SlowAnswer => Bucket::ServerThink,
            Self::LongWay => Bucket::Path,
            _ => return false,
        };
        buckets.contains(&bucket)
    }
}
