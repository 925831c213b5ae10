//! What do control messages say? Stamps and errors that come beside octets, or alone in the error queue.

use std::net::IpAddr;
use std::time::Duration;

use libc::{sock_extended_err, sockaddr_in, sockaddr_in6};
use nix::sys::socket::ControlMessageOwned as Message;
use nix::sys::time::TimeSpec;

use crate::probe::{clock, netlink};
use crate::timeline::{Evidence, Metric, Origin, Refusal, Stage, Stamp, Timestamp, native};

/// Room for all control messages of one receive; the longest are the kernel's statistics.
pub(super) const ROOM: usize = 1024;

/// `SCM_TIMESTAMPING_OPT_STATS`, on all machines but those where sockets' constants are others altogether.
const STATISTICS: i32 = 54;

/// `SO_EE_ORIGIN_TIMESTAMPING`: no error at all.
const STAMP: u8 = 4;

/// What came beside received octets.
pub(super) fn received(messages: impl Iterator<Item = Message>) -> Vec<Evidence> {
    messages
        .filter_map(|message| match message {
            Message::ScmTimestampsns(stamps) => time(stamps.system).map(Evidence::Arrived),
            Message::Ipv4Ttl(hops) | Message::Ipv6HopLimit(hops) => {
                Some(Evidence::HopsLeft(u8::try_from(hops).ok()?))
            }
            _ => None,
        })
        .collect()
}

/// What one message of the error queue says.
pub(super) fn queued(messages: impl Iterator<Item = Message>) -> Option<Evidence> {
    let (mut at, mut error, mut metrics) = (None, None, Vec::new());
    for message in messages {
        match message {
            Message::ScmTimestampsns(stamps) => at = time(stamps.system),
            Message::Ipv4RecvErr(said, offender) => error = Some((said, offender.and_then(v4))),
            Message::Ipv6RecvErr(said, offender) => error = Some((said, offender.and_then(v6))),
            Message::Unknown(other)
                if other.cmsg_header.cmsg_level == libc::SOL_SOCKET
                    && other.cmsg_header.cmsg_type == STATISTICS =>
            {
                metrics = statistics(&other.data_bytes);
            }
            _ => {}
        }
    }
    let (error, offender) = error?;
    if error.ee_origin == STAMP {
        let stage = match error.ee_info {
            0 => Stage::Sent,
            1 => Stage::Scheduled,
            2 => Stage::Acknowledged,
            _ => return None,
        };
        return Some(Evidence::Sent(Stamp { stage, time: at?, last: error.ee_data, metrics }));
    }
    Some(Evidence::Refusal(refusal(&error, offender)?))
}

fn refusal(error: &sock_extended_err, offender: Option<IpAddr>) -> Option<Refusal> {
    let origin = match error.ee_origin {
        1 => Origin::Local,
        2 => Origin::Icmp,
        3 => Origin::Icmpv6,
        _ => return None,
    };
    let is_too_big = matches!(
        (origin, error.ee_type, error.ee_code),
        (Origin::Icmp, 3, 4) | (Origin::Icmpv6, 2, _)
    );
    Some(Refusal {
        errno: netlink::errno(error.ee_errno.cast_signed()),
        origin,
        kind: error.ee_type,
        code: error.ee_code,
        mtu: is_too_big.then_some(error.ee_info),
        offender,
    })
}

fn v4(offender: sockaddr_in) -> Option<IpAddr> {
    let is_told = i32::from(offender.sin_family) == libc::AF_INET;
    is_told.then(|| IpAddr::from(offender.sin_addr.s_addr.to_ne_bytes()))
}

fn v6(offender: sockaddr_in6) -> Option<IpAddr> {
    let is_told = i32::from(offender.sin6_family) == libc::AF_INET6;
    is_told.then(|| IpAddr::from(offender.sin6_addr.s6_addr))
}

fn time(spec: TimeSpec) -> Option<Timestamp> {
    let since = Duration::from(spec);
    (!since.is_zero()).then(|| clock::stamp(since))
}

/// `TCP_NLA_...` of linux/tcp.h, by number; the first is padding.
const NAMES: [(&str, &str); 27] = [
    ("", ""),
    ("busy_time", "us"),
    ("rwnd_limited", "us"),
    ("sndbuf_limited", "us"),
    ("data_segs_out", "segments"),
    ("total_retrans", "segments"),
    ("pacing_rate", "octets/s"),
    ("delivery_rate", "octets/s"),
    ("snd_cwnd", "segments"),
    ("reordering", "segments"),
    ("min_rtt", "us"),
    ("recur_retrans", "times"),
    ("delivery_rate_app_limited", ""),
    ("sndq_size", "octets"),
    ("ca_state", ""),
    ("snd_ssthresh", "segments"),
    ("delivered", "segments"),
    ("delivered_ce", "segments"),
    ("bytes_sent", "octets"),
    ("bytes_retrans", "octets"),
    ("dsack_dups", "blocks"),
    ("reord_seen", "times"),
    ("srtt", "us"),
    ("timeout_rehash", "times"),
    ("bytes_notsent", "octets"),
    ("edt", "ns"),
    ("ttl", "hops"),
];

fn statistics(octets: &[u8]) -> Vec<Metric> {
    let known = |(kind, value): (u16, Vec<u8>)| {
        let (name, unit) = *NAMES.get(usize::from(kind))?;
        let value = native(&value).filter(|_| !name.is_empty())?;
        Some(Metric { name, unit, value })
    };
    netlink::attributes(octets).filter_map(known).collect()
}
