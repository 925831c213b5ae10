//! How does one conversation stand just now?

use std::time::Duration;

use crate::flow::tcp::{Connection, Half, How, Rtt, State};
use crate::flow::{Datagrams, End, Side};
use crate::render::flows::record;
use crate::timeline::Timestamp;
use crate::wire::dictionary;

/// What a row shows of it, all in numbers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Figures {
    /// The client and the server, and what each of them sent.
    pub(super) ends: [End; 2],
    pub(super) packets: [u64; 2],
    pub(super) octets: [u64; 2],
    /// In octets, as offered last; `None` where that is not known.
    pub(super) windows: [Option<u32>; 2],
    pub(super) has_ports: bool,
    pub(super) life: Life,
    /// As of late, where there is one.
    pub(super) rtt: Option<Duration>,
    pub(super) resent: u64,
    pub(super) opened: Timestamp,
    pub(super) latest: Timestamp,
    /// The key of the protocol above, or of the packets where there are no ports.
    pub(super) protocol: Option<&'static str>,
}

/// Where in its life it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Life {
    Tcp(State),
    /// A connection that an ICMP error refused.
    Unreachable,
    /// Without a connection nobody says when it begins and ends.
    Datagrams,
}

const SIDES: [Side; 2] = [Side::Client, Side::Server];

impl Figures {
    pub(super) fn of(one: &Connection) -> Self {
        let is_unreachable = one.close().is_some_and(|close| close.how == How::Unreachable);
        Self {
            ends: SIDES.map(|side| one.end(side)),
            packets: SIDES.map(|side| one.half(side).packets()),
            octets: SIDES.map(|side| one.half(side).octets()),
            windows: SIDES.map(|side| window(one.half(side))),
            has_ports: true,
            life: if is_unreachable { Life::Unreachable } else { Life::Tcp(one.state()) },
            rtt: round_trip(one),
            resent: SIDES.iter().map(|side| one.half(*side).sent().resent).sum(),
            opened: one.opened().time,
            latest: one.latest().time,
            protocol: Some(one.application().unwrap_or("tcp")),
        }
    }

    pub(super) fn of_datagrams(one: &Datagrams) -> Self {
        let key = one.application().map(|name| name.key);
        Self {
            ends: SIDES.map(|side| one.end(side)),
            packets: SIDES.map(|side| one.sent(side).packets),
            octets: SIDES.map(|side| one.sent(side).octets),
            windows: [None; 2],
            has_ports: one.protocol() == 17,
            life: Life::Datagrams,
            rtt: None,
            resent: 0,
            opened: one.opened().time,
            latest: one.latest().time,
            protocol: Some(key.unwrap_or_else(|| record::protocol(one.protocol()))),
        }
    }

    pub(super) fn protocol(&self) -> &'static str {
        self.protocol.and_then(dictionary::protocol).map_or("IP", |name| name.words)
    }

    /// In a word; of what has no connection the protocol.
    pub(super) fn state(&self) -> &'static str {
        match self.life {
            Life::Datagrams => self.protocol(),
            Life::Unreachable => "unreachable",
            Life::Tcp(state) => match state {
                State::Joined => "joined",
                State::Asked => "SYN sent",
                State::AskedByBoth => "SYN by both",
                State::Answered => "answered",
                State::Refused => "refused",
                State::Established => "connected",
                State::HalfClosed(_) => "half-closed",
                State::Closing => "closing",
                State::Closed => "closed",
                State::Reset(_) => "reset",
                State::Dropped => "dropped",
            },
        }
    }

    /// Whether it ended otherwise than both wanted.
    pub(super) fn has_failed(&self) -> bool {
        let broken = |state| matches!(state, State::Refused | State::Reset(_) | State::Dropped);
        matches!(self.life, Life::Tcp(state) if broken(state)) || self.life == Life::Unreachable
    }

    pub(super) fn is_over(&self) -> bool {
        matches!(self.life, Life::Tcp(state) if state.is_over()) || self.life == Life::Unreachable
    }

    /// How long it has lasted, or did.
    pub(super) fn span(&self, now: Timestamp) -> Duration {
        let goes_on = matches!(self.life, Life::Tcp(state) if !state.is_over());
        (if goes_on { now.max(self.latest) } else { self.latest }).since(self.opened)
    }
}

/// A window that is closed is so at any scale.
fn window(half: &Half) -> Option<u32> {
    let windows = half.windows()?;
    if windows.closed_since().is_some() { Some(0) } else { windows.last() }
}

/// From one end to the other and back: as of late by both parts, or that of the handshake.
fn round_trip(one: &Connection) -> Option<Duration> {
    let [client, server] = SIDES.map(|side| one.half(side).rtt().and_then(Rtt::smoothed));
    let handshake = one.handshake();
    // What the client sent makes the round trips to the server.
    let client = client.or_else(|| handshake.rtt_server());
    let server = server.or_else(|| handshake.rtt_client());
    match (client, server) {
        (Some(client), Some(server)) => Some(client + server),
        (client, server) => handshake.rtt().or(client).or(server),
    }
}

impl Life {
    /// For how many seconds it stays in the picture after its last packet; `None` for as long as it goes on.
    pub(super) fn stays(self) -> Option<u64> {
        match self {
            Self::Tcp(state) if state.is_over() => Some(10),
            Self::Tcp(state) if state.is_half_open() => Some(60),
            Self::Tcp(_) => None,
            Self::Unreachable => Some(10),
            Self::Datagrams => Some(30),
        }
    }
}
