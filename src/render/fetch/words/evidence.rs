//! What did the kernel tell beside the results of calls?

use std::collections::HashMap;
use std::fmt::Write as _;
use std::time::Duration;

use super::{count, duration, many, millis, tried};
use crate::render::fetch::entry::{Entry, Kind, Place};
use crate::timeline::{Call, Evidence, Metric, SocketState, Stage, Stamp, TcpInfo, Timestamp};

/// When octets went through the stages of sending; the kernel's own word, for who sees no packets.
#[derive(Debug, Default)]
pub(super) struct Stamps {
    /// How often, and when last, an octet went through a stage.
    seen: HashMap<(u8, u32), (u32, Timestamp)>,
    /// Whether it was told that our end has to wait.
    waits: bool,
}

/// Stamps remembered of one socket.
const KEPT: usize = 4096;

/// A sentence about a stamp.
pub(super) struct Words {
    pub(super) level: u8,
    pub(super) text: String,
    pub(super) is_again: bool,
}

impl Stamps {
    pub(super) fn words(&mut self, stamp: &Stamp, start: Timestamp) -> Words {
        if self.seen.len() >= KEPT {
            self.seen.clear();
        }
        let (times, before) =
            self.seen.get(&(stamp.stage as u8, stamp.last)).copied().unwrap_or_default();
        self.seen.insert((stamp.stage as u8, stamp.last), (times + 1, stamp.time));
        let upto = count(u64::from(stamp.last) + 1);
        let sent = self.seen.get(&(Stage::Sent as u8, stamp.last)).map(|(_, at)| *at);
        let is_again = times > 0;
        let text = match stamp.stage {
            Stage::Acknowledged => {
                let after = match sent {
                    Some(sent) => format!(
                        ", {} after they were given to the interface",
                        millis(stamp.time.since(sent))
                    ),
                    None => String::new(),
                };
                format!("kernel     the server acknowledged all {upto} octets{after}")
            }
            stage if is_again => {
                let what = if stage == Stage::Sent {
                    "given to the interface"
                } else {
                    "put in its queue"
                };
                let after = millis(stamp.time.since(before));
                return Words {
                    level: if stage == Stage::Sent { 4 } else { 7 },
                    text: format!(
                        "! nobody acknowledged: the octets up to {upto} were {what} again at {} ms, {after} after the last time",
                        super::clock(stamp.time, start)
                    ),
                    is_again,
                };
            }
            Stage::Sent => {
                format!("kernel     the octets up to {upto} were given to the interface")
            }
            Stage::Scheduled => format!("kernel     the octets up to {upto} were put in its queue"),
        };
        let level = if stamp.stage == Stage::Scheduled { 6 } else { 5 };
        Words { level, text, is_again: false }
    }
}

/// A call whose evidence is told to those who do not want to see how it was had.
pub(super) struct Beside<'c> {
    pub(super) call: &'c Call,
    pub(super) place: Place,
    pub(super) is_connected: bool,
}

impl Beside<'_> {
    pub(super) fn tell(
        &self,
        stamps: &mut Stamps,
        has_packets: bool,
        start: Timestamp,
    ) -> Vec<Entry> {
        let at = self.call.left.realtime;
        let entry = |at, level, kind| Entry::new(at, self.place, level, kind);
        let mut told = Vec::new();
        for evidence in &self.call.evidence {
            match evidence {
                // Where packets are seen, each tells of itself.
                Evidence::Sent(stamp) if !has_packets => {
                    let Words { level, text, is_again } = stamps.words(stamp, start);
                    let kind = if is_again { Kind::Alarm } else { Kind::Event };
                    told.push(entry(stamp.time, level, kind).text(text).below(7));
                }
                Evidence::Refusal(refusal) if self.is_connected => {
                    let to = self.call.remote.map(|remote| remote.ip());
                    let own = self.call.local.map(|local| local.ip());
                    let text = format!("! {}", tried::refusal(refusal, to, own));
                    told.push(entry(at, 2, Kind::Alarm).text(text));
                }
                Evidence::Socket(state)
                    if state.state == Some("TIME-WAIT")
                        && !std::mem::replace(&mut stamps.waits, true) =>
                {
                    let left = state.timer.map(|(_, left)| format!(" for {} more", duration(left)));
                    let port = self.call.local.map(|local| local.port());
                    let port = port.map(|port| format!(", port {port} stays taken"));
                    let text = format!(
                        "the kernel keeps our end in TIME-WAIT{}{}",
                        left.unwrap_or_default(),
                        port.unwrap_or_default()
                    );
                    told.push(entry(at, 5, Kind::Fact).text(text).below(7));
                }
                _ => {}
            }
        }
        told
    }
}

/// A piece of evidence in a few words; `before` is what `TCP_INFO` said last, of which only changes are told.
pub(super) fn words(evidence: &Evidence, before: &mut Option<TcpInfo>, call: &Call) -> String {
    match evidence {
        Evidence::Set { asked, got, .. } => match got {
            Some(got) if got == asked => String::new(),
            Some(got) => format!("asked {asked}, got {got}"),
            None => format!("asked {asked}; what it is now is not told"),
        },
        Evidence::Connected(Ok(())) => "connected".into(),
        Evidence::Connected(Err(errno)) => format!("{} ({})", errno.sentence, errno.name),
        Evidence::Info(info) => {
            let words = changes(info, before.as_ref());
            *before = Some(info.as_ref().clone());
            words
        }
        // Told as the lag.
        Evidence::Arrived(_) => String::new(),
        Evidence::HopsLeft(hops) => format!("hop limit {hops} left"),
        Evidence::Sent(stamp) => stage(stamp),
        Evidence::Refusal(refusal) => {
            let [to, own] = [call.remote, call.local].map(|end| end.map(|end| end.ip()));
            tried::refusal(refusal, to, own)
        }
        Evidence::Socket(state) => socket(state),
        Evidence::Remembered { metrics, age } => {
            let age = age.map(|age| format!(", {} ago", duration(age))).unwrap_or_default();
            format!("remembered of connections before{age}: {}", list(metrics))
        }
    }
}

fn stage(stamp: &Stamp) -> String {
    let words = match stamp.stage {
        Stage::Scheduled => "queued",
        Stage::Sent => "given to the interface",
        Stage::Acknowledged => "acknowledged",
    };
    let wanted = ["snd_cwnd", "srtt", "total_retrans", "ttl"];
    let metrics: Vec<Metric> = stamp
        .metrics
        .iter()
        .filter(|it| wanted.contains(&it.name) && it.value > 0)
        .copied()
        .collect();
    let metrics = if metrics.is_empty() { String::new() } else { format!("; {}", list(&metrics)) };
    format!("octet {} {words}{metrics}", stamp.last)
}

fn list(metrics: &[Metric]) -> String {
    let words: Vec<String> = metrics.iter().map(metric).collect();
    words.join(", ")
}

fn metric(metric: &Metric) -> String {
    match metric.unit {
        "us" => format!("{} {}", metric.name, duration(Duration::from_micros(metric.value))),
        "ms" => format!("{} {}", metric.name, duration(Duration::from_millis(metric.value))),
        "" => format!("{} {}", metric.name, metric.value),
        unit if metric.value == 1 => format!("{} 1 {}", metric.name, unit.trim_end_matches('s')),
        unit => format!("{} {} {unit}", metric.name, count(metric.value)),
    }
}

/// Fields of `TCP_INFO` that are told, when they change.
const TOLD: [&str; 16] = [
    "rtt",
    "rttvar",
    "rto",
    "snd_ssthresh",
    "unacked",
    "sacked",
    "lost",
    "retrans",
    "total_retrans",
    "backoff",
    "reordering",
    "snd_wnd",
    "rcv_wnd",
    "pmtu",
    "bytes_acked",
    "bytes_received",
];

/// A threshold that was never set (`TCP_INFINITE_SSTHRESH`).
const NEVER: u64 = 0x7fff_ffff;

fn changes(info: &TcpInfo, before: Option<&TcpInfo>) -> String {
    let mut words = String::new();
    let mut say = |text: String| {
        words.push_str(if words.is_empty() { "" } else { ", " });
        words.push_str(&text);
    };
    if let Some(state) = info.state()
        && before.and_then(TcpInfo::state) != Some(state)
    {
        say(state.to_owned());
    }
    let window = |info: &TcpInfo| Some((info.get("snd_cwnd")?, info.get("snd_mss")?));
    if let Some((segments, mss)) = window(info)
        && before.and_then(window) != Some((segments, mss))
    {
        say(format!("cwnd {segments} x {mss}"));
    }
    for field in info.fields().filter(|field| TOLD.contains(&field.name)) {
        let is_news = match before {
            Some(before) => before.get(field.name) != Some(field.value),
            None => field.value != 0,
        };
        if is_news && !(field.name == "snd_ssthresh" && field.value >= NEVER) {
            say(metric(&field));
        }
    }
    words
}

fn socket(state: &SocketState) -> String {
    let mut words = match state.state {
        Some(state) => state.to_owned(),
        None => "the kernel knows no such socket any more".to_owned(),
    };
    if let Some((timer, left)) = state.timer {
        _ = write!(words, ", {timer} timer {} left", duration(left));
    }
    if state.unread > 0 {
        _ = write!(
            words,
            ", {} unread: a close is a reset",
            many(state.unread.into(), "octet", "octets")
        );
    }
    if state.unacknowledged > 0 {
        let octets = many(state.unacknowledged.into(), "octet", "octets");
        _ = write!(words, ", {octets} not acknowledged");
    }
    words
}
