//! Which packets show that a limit is broken?
//!
//! Of a budget those of the longest waits, of a trouble those that prove it, of counts the first packets that
//! were counted, of round trips the longest. Of what no packet shows alone, the first packet and the last.

use std::time::Duration;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use super::values::{SIDES, STALL, Values};
use crate::filter::rule::{Found, Record, Subject, Value, share};
use crate::flow::tcp::What;
use crate::flow::{Seen, Side};
use crate::tale::accounts::Account;
use crate::tale::bucket::Bucket;
use crate::tale::stall::{Name, Packets, Stall};
use crate::wire::Packet;

/// Where the packets for a field are found.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Proof {
    Waits(Bucket),
    Verdict,
    /// Of all troubles, where none is named.
    Trouble(Option<Name>),
    /// The place of a [`Sign`].
    Sign(usize),
    /// Fields that hold packets' numbers.
    Fields(Vec<usize>),
}

/// What is to be noted of packets while they pass.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Sign {
    /// The sender's, if only one of them is meant.
    side: Option<Side>,
    look: Look,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Look {
    /// Of which this is said.
    Said(&'static str),
    Shortest,
    Longest,
}

/// What was noted of connections that are not over.
#[derive(Debug, Default)]
pub(super) struct Signs {
    wanted: Vec<Sign>,
    /// Whether segments with data are counted.
    counts: bool,
    open: HashMap<u32, Noted, RandomState>,
}

/// What was noted of one connection.
#[derive(Debug, Default)]
pub(super) struct Noted {
    /// Segments with data, and those of them that were sent again.
    data: u64,
    again: u64,
    packets: Vec<Packets>,
    trips: Vec<Duration>,
}

impl Proof {
    /// Where to look for the packets of this field of a connection.
    pub(super) fn of_connection(field: &str, subject: &Subject, signs: &mut Signs) -> Self {
        if let Some(rest) = field.strip_prefix("budget.") {
            let key = rest.strip_prefix("buckets.");
            let bucket = Bucket::ALL.into_iter().find(|bucket| Some(bucket.key()) == key);
            return bucket.map_or(Self::Verdict, Self::Waits);
        }
        if let Some(rest) = field.strip_prefix(STALL).and_then(|rest| rest.strip_prefix('.')) {
            let key = rest.strip_suffix(".count").unwrap_or(rest);
            return Self::Trouble(Name::ALL.into_iter().find(|name| name.key() == key));
        }
        if let Some(sign) = sign(field) {
            signs.counts |= field == RETRANSMITTED;
            return Self::Sign(signs.add(sign));
        }
        Self::Fields(marks(field, subject))
    }

    /// The same of other records, of which nothing is noted.
    pub(super) fn of_other(field: &str, subject: &Subject) -> Self {
        Self::Fields(marks(field, subject))
    }

    pub(super) fn packets(
        &self,
        values: &Values,
        account: Option<&Account>,
        noted: Option<&Noted>,
    ) -> Packets {
        let found = match self {
            Self::Waits(bucket) => account.map(|account| waits(account, *bucket)),
            Self::Verdict => account
                .and_then(|account| account.verdict.as_ref())
                .map(|verdict| verdict.packets.clone()),
            Self::Trouble(name) => account
                .and_then(|account| worst(&account.stalls, *name))
                .map(|it| it.packets.clone()),
            Self::Sign(at) => noted.and_then(|noted| noted.packets.get(*at)).cloned(),
            Self::Fields(fields) => {
                Some(fields.iter().filter_map(|at| packet(values, *at)).take(6).collect())
            }
        };
        let mut found = found.unwrap_or_default();
        found.sort_unstable();
        found
    }
}

/// The part of the time that is worth showing.
const MOST: f64 = 0.9;

/// The trouble of this name that took longest, or of all.
pub(super) fn worst(stalls: &[Stall], name: Option<Name>) -> Option<&Stall> {
    let own = stalls.iter().filter(|stall| name.is_none_or(|name| stall.name == name));
    own.max_by_key(|stall| (stall.time, std::cmp::Reverse(stall.from.packet)))
}

fn packet(values: &Values, field: usize) -> Option<u64> {
    match values.find(field) {
        Found::Known(Value::Number(packet @ 1..)) => Some(packet),
        _ => None,
    }
}

/// The packets of the longest waits, until those make up most of the time.
fn waits(account: &Account, bucket: Bucket) -> Packets {
    let mut waits: Vec<_> =
        account.tiles.waits().iter().filter(|wait| wait.bucket == bucket).collect();
    waits.sort_by_key(|wait| (std::cmp::Reverse(wait.time()), wait.from.packet));
    let mut packets = Packets::new();
    let mut left = account.tiles.sum(bucket).mul_f64(MOST);
    for wait in waits {
        if left.is_zero() {
            break;
        }
        left = left.saturating_sub(wait.time());
        let own = [Some(wait.from.packet), wait.proof.packet(), Some(wait.to.packet)];
        let mut own: Vec<u64> = own.into_iter().flatten().filter(|own| *own > 0).collect();
        own.dedup();
        own.retain(|packet| !packets.contains(packet));
        // Half a wait shows nothing.
        if packets.try_extend_from_slice(&own).is_err() {
            break;
        }
    }
    packets
}

/// The fields with packets' numbers that stand beside this one; of a side's own and where there are none, the
/// first packet and the last.
fn marks(field: &str, subject: &Subject) -> Vec<usize> {
    let is_mark = |name: &str| name == "packet" || name.ends_with("_packet");
    let with = |is: &dyn Fn(&str) -> bool| -> Vec<usize> {
        let names = subject.fields.iter().enumerate();
        names.filter(|(_, field)| is(&field.name)).map(|(at, _)| at).collect()
    };
    let side = SIDES.iter().find_map(|(side, _)| field.strip_prefix(side).map(|rest| (side, rest)));
    let own = if let Some((side, rest)) = side {
        let word = rest.split(['_', '.']).next().unwrap_or(rest);
        with(&|name| name.strip_prefix(side).is_some_and(|own| own == format!("{word}_packet")))
    } else {
        let nest = field.rsplit_once('.').map_or(field, |(nest, _)| nest);
        with(&|name| {
            let inner = name.strip_prefix(nest).and_then(|rest| rest.strip_prefix('.'));
            inner.is_some_and(is_mark)
        })
    };
    if own.is_empty() {
        return with(&|name| is_mark(name) && !name.contains('.'));
    }
    own
}

/// The share of segments with data that were sent again.
const RETRANSMITTED: &str = "retransmitted";

/// What to look for in packets, for a field that counts them.
fn sign(field: &str) -> Option<Sign> {
    match field {
        RETRANSMITTED => return Some(Sign { side: None, look: Look::Said("resent") }),
        "rtt" => return Some(Sign { side: None, look: Look::Shortest }),
        _ => {}
    }
    let (side, field) = SIDES
        .iter()
        .find_map(|(name, side)| field.strip_prefix(name).map(|field| (*side, field)))?;
    let own = |said| Some(Sign { side: Some(side), look: Look::Said(said) });
    let peers = |look| Some(Sign { side: Some(side.peer()), look });
    match field {
        "spurious_packets" | "lost_before_capture" | "lost_after_capture" => own("resent"),
        "reordered_packets" => own("reordered"),
        "duplicate_packets" | "capture_duplicate_packets" => own("copy"),
        "duplicate_acks" => own("duplicate_ack"),
        "dsacks" => own("duplicate_sack"),
        "keep_alives" => own("keep_alive"),
        "window_probes" => own("window_probe"),
        "window_updates" => own("window_update"),
        "gaps" => own("gap"),
        // Who acknowledges them shows that they were sent.
        "missed_bytes" => peers(Look::Said("ack_unseen")),
        "window.zero_count" | "window.zero_ns" | "window.min_bytes" => own("zero_window"),
        "window.shrunk" => own("window_shrunk"),
        // Who must not send more shows that it is full.
        "window.full_ns" => peers(Look::Said("window_full")),
        "rtt.min_ns" => peers(Look::Shortest),
        _ if field.starts_with("rtt.") => peers(Look::Longest),
        _ if field.starts_with("retransmitted_") => own("resent"),
        _ => None,
    }
}

impl Signs {
    fn add(&mut self, sign: Sign) -> usize {
        let known = self.wanted.iter().position(|known| *known == sign);
        known.unwrap_or_else(|| {
            self.wanted.push(sign);
            self.wanted.len() - 1
        })
    }

    pub(super) fn observe(&mut self, packet: &Packet<'_>, seen: &Seen<'_>) {
        let Some((connection, side)) = seen.connection else { return };
        if self.wanted.is_empty() {
            return;
        }
        let count = self.wanted.len();
        let noted = self.open.entry(connection.id()).or_insert_with(|| Noted {
            packets: vec![Packets::new(); count],
            trips: vec![Duration::ZERO; count],
            ..Noted::default()
        });
        let has_data = packet.tcp().is_some_and(|tcp| !tcp.payload().is_empty());
        let is = |name: &str| seen.verdicts.iter().any(|verdict| verdict.what.name() == name);
        let is_copy = seen.verdicts.iter().any(|verdict| matches!(verdict.what, What::Copy(_)));
        if self.counts && has_data && !is_copy {
            noted.data += 1;
            noted.again += u64::from(is("resent"));
        }
        for (at, sign) in self.wanted.iter().enumerate() {
            if sign.side.is_some_and(|wanted| wanted != side) {
                continue;
            }
            let packets = &mut noted.packets[at];
            match (sign.look, seen.round_trip) {
                (Look::Said(name), _) if is(name) => _ = packets.try_push(packet.frame.number),
                (Look::Said(_), _) | (_, None) => {}
                (look, Some(trip)) => {
                    let (time, before) = (trip.time(), noted.trips[at]);
                    let is_longer = look == Look::Longest && time > before;
                    let is_shorter = look == Look::Shortest && time < before;
                    if packets.is_empty() || is_longer || is_shorter {
                        noted.trips[at] = time;
                        *packets = [trip.of, packet.frame.number].into_iter().collect();
                    }
                }
            }
        }
    }

    /// What was noted of a connection that is over.
    pub(super) fn take(&mut self, connection: u32) -> Option<Noted> {
        self.open.remove(&connection)
    }
}

impl Noted {
    /// Not known of a connection without data.
    pub(super) fn resent(&self) -> Option<f64> {
        (self.data > 0).then(|| share(self.again, self.data))
    }
}
