//! What does the kernel know of a socket that we closed, and of a destination it met before?

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use netlink_sys::protocols::{NETLINK_GENERIC, NETLINK_SOCK_DIAG};

use crate::probe::netlink::{ask, attributes};
use crate::timeline::{Metric, SocketState, native, state_name};

/// `SOCK_DIAG_BY_FAMILY` of `linux/sock_diag.h`.
const BY_FAMILY: u16 = 20;

/// How the kernel keeps the TCP socket between two ends (`linux/inet_diag.h`).
pub fn state(local: SocketAddr, remote: SocketAddr) -> io::Result<SocketState> {
    let family = if local.is_ipv4() { libc::AF_INET } else { libc::AF_INET6 };
    let mut question = [family, libc::IPPROTO_TCP, 0, 0].map(|it| it.to_le_bytes()[0]).to_vec();
    question.extend(u32::MAX.to_ne_bytes());
    question.extend(local.port().to_be_bytes());
    question.extend(remote.port().to_be_bytes());
    for end in [local.ip(), remote.ip()] {
        let mut octets = [0; 16];
        match end {
            IpAddr::V4(v4) => octets[..4].copy_from_slice(&v4.octets()),
            IpAddr::V6(v6) => octets = v6.octets(),
        }
        question.extend(octets);
    }
    let scope = if let SocketAddr::V6(v6) = remote { v6.scope_id() } else { 0 };
    question.extend(scope.to_ne_bytes());
    // Any cookie.
    question.extend([0xff; 8]);
    let gone = SocketState { state: None, timer: None, unread: 0, unacknowledged: 0 };
    let answers = match ask(NETLINK_SOCK_DIAG, BY_FAMILY, 0, &question) {
        Ok(answers) => answers,
        Err(error) if error.raw_os_error() == Some(libc::ENOENT) => return Ok(gone),
        Err(error) => return Err(error),
    };
    let Some((_, answer)) = answers.first() else { return Ok(gone) };
    // Somebody who listens at our port is found where we are not any more.
    if answer.get(6..8) != Some(&remote.port().to_be_bytes()[..]) {
        return Ok(gone);
    }
    Ok(told(answer).unwrap_or(gone))
}

/// `struct inet_diag_msg`.
fn told(answer: &[u8]) -> Option<SocketState> {
    let number = |at: usize| answer.get(at..at + 4).and_then(native).unwrap_or_default();
    let timer = match answer.get(2)? {
        1 => Some("retransmission"),
        2 => Some("keep-alive"),
        3 => Some("TIME-WAIT"),
        4 => Some("zero window probe"),
        _ => None,
    };
    let left = Duration::from_millis(number(52));
    let state = state_name(*answer.get(1)?);
    Some(SocketState {
        state,
        timer: timer.map(|timer| (timer, left)),
        unread: number(56) as u32,
        unacknowledged: number(60) as u32,
    })
}

/// The generic netlink family that hands out the numbers of the others, and its question for one.
const CONTROL: u16 = 16;
const GET_FAMILY: u8 = 3;
const FAMILY_ID: u16 = 1;
const FAMILY_NAME: u16 = 2;

/// `linux/tcp_metrics.h`.
const GET: u8 = 1;
const AGE: u16 = 3;
const VALUES: u16 = 6;
/// Name, unit, and how many parts of the unit it is counted in; times in milliseconds are there again in
/// microseconds, in eighths and quarters of them as RFC 6298 computes.
const METRICS: [(&str, &str, u64); 7] = [
    ("", "", 1),
    ("", "", 1),
    ("ssthresh", "segments", 1),
    ("cwnd", "segments", 1),
    ("reordering", "segments", 1),
    ("rtt", "us", 8),
    ("rttvar", "us", 4),
];

/// What is remembered of a destination, and since when; `None` when nothing is.
pub fn remembered(destination: IpAddr) -> io::Result<Option<(Vec<Metric>, Option<Duration>)>> {
    let family =
        ask(NETLINK_GENERIC, CONTROL, 0, &generic(GET_FAMILY, FAMILY_NAME, b"tcp_metrics\0"))?;
    let id = family
        .first()
        .and_then(|(_, answer)| attributes(answer.get(4..)?).find(|(kind, _)| *kind == FAMILY_ID))
        .and_then(|(_, id)| native(&id))
        .ok_or(io::ErrorKind::Unsupported)?;
    let question = match destination {
        IpAddr::V4(v4) => generic(GET, 1, &v4.octets()),
        IpAddr::V6(v6) => generic(GET, 2, &v6.octets()),
    };
    let answers = match ask(NETLINK_GENERIC, id as u16, 0, &question) {
        Ok(answers) => answers,
        Err(error) if error.raw_os_error() == Some(libc::ESRCH) => return Ok(None),
        Err(error) => return Err(error),
    };
    let Some(answer) = answers.first().and_then(|(_, answer)| answer.get(4..)) else {
        return Ok(None);
    };
    let (mut metrics, mut age) = (Vec::new(), None);
    for (kind, value) in attributes(answer) {
        match kind {
            AGE => age = native(&value).map(Duration::from_millis),
            VALUES => metrics.extend(attributes(&value).filter_map(|(kind, value)| {
                let (name, unit, parts) = *METRICS.get(usize::from(kind).checked_sub(1)?)?;
                let value = native(&value).filter(|_| !name.is_empty())?;
                Some(Metric { name, unit, value: value / parts })
            })),
            _ => {}
        }
    }
    Ok(Some((metrics, age)))
}

/// A question of generic netlink with one attribute.
fn generic(command: u8, attribute: u16, value: &[u8]) -> Vec<u8> {
    let mut question = vec![command, 1, 0, 0];
    question.extend(((value.len() + 4) as u16).to_ne_bytes());
    question.extend(attribute.to_ne_bytes());
    question.extend(value);
    question.resize(question.len().next_multiple_of(4), 0);
    question
}
