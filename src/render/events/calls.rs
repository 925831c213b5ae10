//! What is a system call as a record?

use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use super::event::{Event, Link, Moved};
use crate::render::clock::Calendar;
use crate::render::sheet::{Form, Sheet};
use crate::tale::fetch::kind;
use crate::timeline::{
    Call, Errno, Evidence, Metric, Origin, Purpose, Refusal, SocketState, Stage, Stamp, TcpInfo,
    Timestamp, nanos,
};

/// An end that the kernel has not chosen yet.
pub(super) const UNKNOWN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);

/// What the kernel has told of sockets so far, where only what is new is worth an event.
#[derive(Default)]
pub(super) struct Calls {
    sockets: HashMap<u32, Known, RandomState>,
}

#[derive(Default)]
struct Known {
    is_in_time_wait: bool,
    state: Option<&'static str>,
    round_trip: Option<Duration>,
    /// Octets that went to the interface, by the last of each write.
    sent: Vec<u32>,
}

/// Sockets that are remembered; a fetch has far fewer.
const FOLLOWED: usize = 1024;

impl Calls {
    /// The call, and what the kernel told with it that is an event of its own. What packets show as well is
    /// told only where there are none.
    pub(super) fn of(&mut self, call: &Call, has_packets: bool) -> Vec<Event> {
        let (start, end) = (call.entered.realtime, call.left.realtime);
        let kind = kind::of_call(call);
        let event = Event::new(kind, start, end, text(call)).linked(link(call));
        let mut events = vec![event.with(|sheet| data(call, sheet))];
        if self.sockets.len() >= FOLLOWED && !self.sockets.contains_key(&call.socket) {
            return events;
        }
        let known = self.sockets.entry(call.socket).or_default();
        for evidence in &call.evidence {
            match evidence {
                Evidence::Refusal(refusal) => events.push(refused(call, refusal)),
                Evidence::Socket(state)
                    if state.state == Some("TIME-WAIT") && !known.is_in_time_wait =>
                {
                    known.is_in_time_wait = true;
                    events.push(time_wait(call, state));
                }
                Evidence::Info(info) if !has_packets => {
                    events.extend(moved(call, info.state(), known));
                    events.extend(measured(call, info, known));
                }
                Evidence::Socket(state) if !has_packets => {
                    events.extend(moved(call, state.state, known));
                }
                Evidence::Sent(stamp) if !has_packets && stamp.stage == Stage::Sent => {
                    if known.sent.contains(&stamp.last) {
                        events.push(fired(call, stamp));
                    } else if known.sent.len() < FOLLOWED {
                        known.sent.push(stamp.last);
                    }
                }
                _ => {}
            }
        }
        events.into_iter().map(|event| event.on(call.socket)).collect()
    }
}

/// The connection is in another state than when the kernel was asked before.
fn moved(call: &Call, now: Option<&'static str>, known: &mut Known) -> Option<Event> {
    let (before, after) = (known.state.unwrap_or("CLOSED"), now?);
    known.state = now;
    if before == after {
        return None;
    }
    let at = call.left.realtime;
    let text = format!("{before} became {after}");
    let event = Event::new(kind::TCP_STATE, at, at, text).changes(before, after);
    Some(event.because(call.name).with(|sheet| sheet.words("side", Some("client"))))
}

/// The kernel has another round trip time than before.
fn measured(call: &Call, info: &TcpInfo, known: &mut Known) -> Option<Event> {
    let smoothed = info.rtt()?;
    if known.round_trip.replace(smoothed) == Some(smoothed) {
        return None;
    }
    let at = call.left.realtime;
    let text = format!("the kernel has a round trip of {:.3} ms", smoothed.as_secs_f64() * 1e3);
    let event = Event::new(kind::TCP_RTT, at, at, text).because(call.name);
    Some(event.with(|sheet| {
        sheet.number("of_packet", None::<u64>);
        sheet.number("sample_ns", None::<u64>);
        sheet.number("smoothed_ns", Some(nanos(smoothed)));
        let variation = info.get("rttvar").map(Duration::from_micros);
        sheet.number("variation_ns", variation.map(nanos));
        sheet.number("timeout_ns", None::<u64>);
        sheet.number("linux_timeout_ns", info.rto().map(nanos));
    }))
}

/// The same octets went to the interface once more: a timer of the kernel's must have run out.
fn fired(call: &Call, stamp: &Stamp) -> Event {
    let text = format!("octets up to {} are sent again", stamp.last);
    let event = Event::new(kind::TCP_TIMER, stamp.time, stamp.time, text).because(call.name);
    event.inferred().with(|sheet| {
        sheet.words("timer", Some("unknown"));
        sheet.number("of_packet", None::<u64>);
    })
}

/// As strace has it.
fn text(call: &Call) -> String {
    let mut text = String::from(call.name);
    text.push('(');
    if let Some(descriptor) = call.descriptor {
        text.push_str(&descriptor.to_string());
        text.push_str(if call.arguments.is_empty() { "" } else { ", " });
    }
    text.push_str(&call.arguments);
    text.push_str(") = ");
    match &call.result {
        Ok(result) => text.push_str(&result.to_string()),
        Err(errno) => _ = write!(text, "{} ({})", errno.name, errno.sentence),
    }
    if let Some(lag) = call.lag().filter(|lag| lag.as_millis() > 0) {
        let millis = lag.as_secs_f64() * 1e3;
        _ = write!(text, ", {millis:.1} ms after the last octet had come");
    }
    text
}

fn link(call: &Call) -> Option<Link> {
    // Where our own end is not known yet, it is that of later calls on the socket.
    let local = call.local.unwrap_or(UNKNOWN);
    let remote = call.remote?;
    let octets = call.octets.clone().filter(|octets| !octets.is_empty());
    let what = match (kind::of_call(call), octets) {
        (kind::SYS_CONNECT | kind::SYS_CONNECTED, _) => Moved::Handshake,
        (kind::SYS_WRITE, Some(octets)) => Moved::Out(octets),
        (kind::SYS_READ, Some(octets)) => Moved::In(octets),
        (kind::SYS_SHUTDOWN | kind::SYS_CLOSE, _) => Moved::End,
        _ => Moved::Nothing,
    };
    Some(Link { local, remote, what })
}

fn data(call: &Call, sheet: &mut Sheet<'_>) {
    sheet.words("call", Some(call.name));
    sheet.words(
        "purpose",
        Some(match call.purpose {
            Purpose::Fetch => "fetch",
            Purpose::Evidence => "evidence",
        }),
    );
    sheet.number("socket", Some(call.socket));
    sheet.signed("descriptor", call.descriptor.map(i64::from));
    sheet.words("arguments", Some(&call.arguments));
    sheet.signed("result", call.result.as_ref().ok().copied());
    errno(sheet, "errno", call.result.as_ref().err());
    sheet.words("local", call.local.map(|end| end.to_string()).as_deref());
    sheet.words("remote", call.remote.map(|end| end.to_string()).as_deref());
    sheet.number("took_ns", Some(nanos(call.took())));
    sheet.number("first_octet", call.octets.as_ref().map(|octets| octets.start));
    sheet.number("end_octet", call.octets.as_ref().map(|octets| octets.end));
    sheet.number("lag_ns", call.lag().map(nanos));
    sheet.list("evidence", Some(&call.evidence), |one, _, ink| {
        let mut inner = Sheet::new(ink, Form::Json);
        evidence(one, &mut inner);
        inner.end();
    });
}

fn errno(sheet: &mut Sheet<'_>, name: &'static str, errno: Option<&Errno>) {
    sheet.words(name, errno.map(|errno| &*errno.name));
}

fn evidence(evidence: &Evidence, sheet: &mut Sheet<'_>) {
    match evidence {
        Evidence::Set { option, asked, got } => {
            sheet.words("what", Some("option"));
            sheet.words("option", Some(option));
            sheet.signed("asked", Some(*asked));
            sheet.signed("got", *got);
        }
        Evidence::Connected(how) => {
            sheet.words("what", Some("connected"));
            sheet.flag("is_connected", Some(how.is_ok()));
            errno(sheet, "errno", how.as_ref().err());
        }
        Evidence::Info(info) => {
            sheet.words("what", Some("tcp_info"));
            kernel(info, sheet);
        }
        Evidence::Arrived(at) => {
            sheet.words("what", Some("arrived"));
            time(sheet, *at);
        }
        Evidence::HopsLeft(hops) => {
            sheet.words("what", Some("hops_left"));
            sheet.number("hops", Some(*hops));
        }
        Evidence::Sent(stamp) => {
            sheet.words("what", Some("sent"));
            stamped(stamp, sheet);
        }
        Evidence::Refusal(it) => {
            sheet.words("what", Some("refusal"));
            refusal(it, sheet);
        }
        Evidence::Socket(state) => {
            sheet.words("what", Some("socket"));
            socket(state, sheet);
        }
        Evidence::Remembered { metrics, age } => {
            sheet.words("what", Some("remembered"));
            sheet.number("age_ns", age.map(nanos));
            sheet.nest("metrics", |sheet| all(metrics, sheet));
        }
    }
}

fn kernel(info: &TcpInfo, sheet: &mut Sheet<'_>) {
    sheet.words("state", info.state());
    let fields: Vec<Metric> = info.fields().filter(|field| field.name != "state").collect();
    sheet.nest("fields", |sheet| all(&fields, sheet));
}

fn all(metrics: &[Metric], sheet: &mut Sheet<'_>) {
    for metric in metrics {
        // Numbers beyond what a double holds are written as such all the same: none reaches there in life
        // but a rate without limit, which is unknown.
        sheet.number(metric.name, Some(metric.value).filter(|&value| value < 1 << 53));
    }
}

fn time(sheet: &mut Sheet<'_>, at: Timestamp) {
    sheet.time("at", Some(at), &mut Calendar::utc());
}

fn stamped(stamp: &Stamp, sheet: &mut Sheet<'_>) {
    sheet.words(
        "stage",
        Some(match stamp.stage {
            Stage::Scheduled => "scheduled",
            Stage::Sent => "sent",
            Stage::Acknowledged => "acknowledged",
        }),
    );
    time(sheet, stamp.time);
    sheet.number("last_octet", Some(stamp.last));
    sheet.nest("metrics", |sheet| all(&stamp.metrics, sheet));
}

fn refusal(refusal: &Refusal, sheet: &mut Sheet<'_>) {
    errno(sheet, "errno", Some(&refusal.errno));
    sheet.words(
        "origin",
        Some(match refusal.origin {
            Origin::Local => "local",
            Origin::Icmp => "icmp",
            Origin::Icmpv6 => "icmpv6",
        }),
    );
    sheet.number("icmp_type", Some(refusal.kind));
    sheet.number("icmp_code", Some(refusal.code));
    sheet.number("mtu", refusal.mtu);
    sheet.address("offender", refusal.offender);
}

fn socket(state: &SocketState, sheet: &mut Sheet<'_>) {
    sheet.words("state", state.state);
    sheet.words("timer", state.timer.map(|(name, _)| name));
    sheet.number("timer_ns", state.timer.map(|(_, left)| nanos(left)));
    sheet.number("unread_bytes", Some(state.unread));
    sheet.number("unacknowledged_bytes", Some(state.unacknowledged));
}

/// The kernel took an error out of the queue: with packets the message itself is another event.
fn refused(call: &Call, it: &Refusal) -> Event {
    let who = it.offender.map_or_else(|| "this computer".to_owned(), |who| who.to_string());
    let what = match it.origin {
        Origin::Local => it.errno.sentence.to_lowercase(),
        Origin::Icmp => format!("ICMP type {} code {}", it.kind, it.code),
        Origin::Icmpv6 => format!("ICMPv6 type {} code {}", it.kind, it.code),
    };
    let text = format!("{who} refuses: {what}");
    let at = call.left.realtime;
    Event::new(kind::ICMP_ERROR, at, at, text).because(format!("socket {}", call.socket)).with(
        |sheet| {
            sheet.number("socket", Some(call.socket));
            refusal(it, sheet);
        },
    )
}

fn time_wait(call: &Call, state: &SocketState) -> Event {
    let at = call.left.realtime;
    let left = state.timer.map(|(_, left)| left);
    let local = call.local.map_or(String::from("our port"), |it| format!("port {}", it.port()));
    let text = match left {
        Some(left) => {
            format!("{local} stays taken for {:.1} s: TIME-WAIT is ours", left.as_secs_f64())
        }
        None => format!("{local} stays taken: TIME-WAIT is ours"),
    };
    Event::new(kind::TCP_TIME_WAIT, at, at, text).because(format!("socket {}", call.socket)).with(
        |sheet| {
            sheet.number("socket", Some(call.socket));
            sheet.words("side", Some("client"));
            sheet.number("left_ns", left.map(nanos));
        },
    )
}
