//! Which troubles have a name, and do these packets show one of them?
//!
//! Each rule is a few lines over what was counted and waited for, and names the packets that show it.
//! What it did not cost nothing is told of: see [`Stall::time`].

use std::time::Duration;

use arrayvec::ArrayVec;

use crate::flow::tcp::Confidence;
use crate::flow::{Mark, Side};

pub(super) mod between;
pub(super) mod http;
pub(super) mod one;
pub(super) mod resolver;

/// A trouble with a name, seen once or again and again.
#[derive(Clone, Debug, PartialEq)]
pub struct Stall {
    pub name: Name,
    /// Whose doing it is, where it is one of the two.
    pub side: Option<Side>,
    /// Of its longest occurrence: the packets that it begins and ends with.
    pub from: Mark,
    pub to: Mark,
    /// How often it was seen.
    pub count: u64,
    /// How long it took, all occurrences together; of what took no time by itself, nothing.
    pub time: Duration,
    /// The packets that show the longest occurrence, in their order.
    pub packets: Packets,
    pub confidence: Confidence,
    /// Where something was lost, if that is known.
    pub place: Option<Place>,
    /// Which name a resolver was asked for, safe to show.
    pub about: Option<Box<str>>,
}

/// On which side of the capture something was lost.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Place {
    /// Towards this end.
    pub towards: Side,
    /// So near that nothing but that end's own computer lies there: inferred from the round trip.
    pub is_inside: bool,
}

/// A few packets that prove something.
pub type Packets = ArrayVec<u64, 6>;

/// A trouble that is known by this name.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Name {
    /// A short segment waits for an ACK (RFC 896), which waits for more data (RFC 1122 §4.2.3.2).
    NagleDelayedAck,
    /// No SYN arrived, or no answer to it.
    LostSyn,
    LostSynAck,
    /// Nobody ever answered.
    Unanswered,
    /// The last segment of a burst was lost: no ACK could tell, only a timer did.
    TailLoss,
    /// A retransmission timer went off amid a burst.
    Timeout,
    /// Losses that ACKs told of.
    Loss,
    ZeroWindow,
    SmallWindow,
    /// A window that cannot be larger than 64 KiB (RFC 7323 §2.2).
    NoWindowScaling,
    /// Large segments never arrive, small ones do, and no ICMP error says why (RFC 2923 §2.1).
    BlackHole,
    /// RFC 5681 §4.1, RFC 2861.
    SlowStartAfterIdle,
    /// The server's certificates did not fit into the first window (RFC 6928 §2).
    CertificateFlight,
    DnsRetry,
    /// A name was asked for with domains behind it that do not have it.
    SearchList,
    SlowResolver,
    FailingResolver,
    /// An address of IPv6 that never answered came before one of IPv4.
    Ipv6InVain,
    /// A connection for each request.
    NoKeepAlive,
    /// Requests that wait for the answers to others on the same connection.
    HeadOfLine,
    Refused,
    /// A router sent the SYN back (RFC 792, RFC 4443 §3.1).
    Unreachable,
    Reset,
    /// A reset that its alleged sender hardly sent.
    InjectedReset,
    /// A SYN from a port whose last connection its peer had not forgotten (RFC 9293 §3.6.1).
    PortReuse,
    /// Options that the server offers to others were missing in its SYN-ACK.
    OptionsStripped,
    /// The server began its answer and then paused.
    SilentMidResponse,
    /// The client connected, and took long to ask.
    SlowToAsk,
    /// The server had the whole question, and took long to answer.
    SlowAnswer,
    /// The way there and back is long.
    LongWay,
}

impl Name {
    pub const ALL: [Self; 30] = [
        Self::NagleDelayedAck,
        Self::LostSyn,
        Self::LostSynAck,
        Self::Unanswered,
        Self::TailLoss,
        Self::Timeout,
        Self::Loss,
        Self::ZeroWindow,
        Self::SmallWindow,
        Self::NoWindowScaling,
        Self::BlackHole,
        Self::SlowStartAfterIdle,
        Self::CertificateFlight,
        Self::DnsRetry,
        Self::SearchList,
        Self::SlowResolver,
        Self::FailingResolver,
        Self::Ipv6InVain,
        Self::NoKeepAlive,
        Self::HeadOfLine,
        Self::Refused,
        Self::Unreachable,
        Self::Reset,
        Self::InjectedReset,
        Self::PortReuse,
        Self::OptionsStripped,
        Self::SilentMidResponse,
        Self::SlowToAsk,
        Self::SlowAnswer,
        Self::LongWay,
    ];

    /// For programs.
    pub fn key(self) -> &'static str {
        match self {
            Self::NagleDelayedAck => "nagle_delayed_ack",
            Self::LostSyn => "lost_syn",
            Self::LostSynAck => "lost_syn_ack",
            Self::Unanswered => "unanswered",
            Self::TailLoss => "tail_loss",
            Self::Timeout => "retransmission_timeout",
            Self::Loss => "loss",
            Self::ZeroWindow => "zero_window",
            Self::SmallWindow => "small_window",
            Self::NoWindowScaling => "no_window_scaling",
            Self::BlackHole => "path_mtu_black_hole",
            Self::SlowStartAfterIdle => "slow_start_after_idle",
            Self::CertificateFlight => "certificate_flight",
            Self::DnsRetry => "dns_retry",
            Self::SearchList => "dns_search_list",
            Self::SlowResolver => "slow_resolver",
            Self::FailingResolver => "failing_resolver",
            Self::Ipv6InVain => "ipv6_in_vain",
            Self::NoKeepAlive => "no_keep_alive",
            Self::HeadOfLine => "head_of_line",
            Self::Refused => "refused",
            Self::Unreachable => "unreachable",
            Self::Reset => "reset",
            Self::InjectedReset => "injected_reset",
            Self::PortReuse => "port_reuse",
            Self::OptionsStripped => "options_stripped",
            Self::SilentMidResponse => "silent_mid_response",
            Self::SlowToAsk => "slow_to_ask",
            Self::SlowAnswer => "slow_answer",
            Self::LongWay => "long_way",
        }
    }
}

impl Stall {
    /// One occurrence, from this packet to that.
    pub(super) fn once(name: Name, side: impl Into<Option<Side>>, from: Mark, to: Mark) -> Self {
        let packets = [from.packet, to.packet].into_iter().filter(|packet| *packet != 0).collect();
        Self {
            name,
            side: side.into(),
            from,
            to,
            count: 1,
            time: to.time.since(from.time),
            packets,
            confidence: Confidence::Certain,
            place: None,
            about: None,
        }
    }

    #[must_use]
    pub(super) fn at(self, place: Option<Place>) -> Self {
        Self { place, ..self }
    }

    #[must_use]
    pub(super) fn about(self, name: &str) -> Self {
        Self { about: Some(name.into()), ..self }
    }

    #[must_use]
    pub(super) fn taking(self, time: Duration) -> Self {
        Self { time, ..self }
    }

    #[must_use]
    pub(super) fn believed(self, confidence: Confidence) -> Self {
        Self { confidence, ..self }
    }

    /// Shown by these packets, too.
    #[must_use]
    pub(super) fn shown_by(mut self, packets: impl IntoIterator<Item = u64>) -> Self {
        for packet in packets {
            if packet != 0 && !self.packets.contains(&packet) {
                let _ = self.packets.try_push(packet);
            }
        }
        self.packets.sort_unstable();
        self
    }
}

/// The troubles of one connection, or of a capture: one of each name and side.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    stalls: Vec<Stall>,
}

impl Found {
    /// Adds an occurrence; of the same name and side the longest is shown.
    pub(super) fn add(&mut self, stall: Stall) {
        let same = |it: &&mut Stall| (it.name, it.side) == (stall.name, stall.side);
        let Some(known) = self.stalls.iter_mut().find(same) else { return self.stalls.push(stall) };
        let longest = known.to.time.since(known.from.time);
        let (count, time) = (known.count + stall.count, known.time + stall.time);
        if stall.to.time.since(stall.from.time) > longest {
            *known = Stall { count, time, ..stall };
        } else {
            (known.count, known.time) = (count, time);
            known.confidence = known.confidence.max(stall.confidence);
        }
    }

    /// What cost most comes first.
    pub(super) fn sorted(mut self) -> Vec<Stall> {
        self.stalls.sort_by(|one, other| {
            other.time.cmp(&one.time).then(one.from.packet.cmp(&other.from.packet))
        });
        self.stalls
    }
}
