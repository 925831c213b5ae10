//! How much may still be sent?
//!
//! A window is known in octets only when both SYNs were seen, or one that offers no scale (RFC 7323
//! §2.2); a window of zero is zero at any scale. What the sender knew of it when it sent is older than
//! what the capture knows: the time stamp it echoes tells how old.

use std::time::Duration;

use super::half::{Facts, Half, Trail};
use super::segment::Segment;
use super::verdict::{Confidence, Evidence, Verdict, What};
use crate::flow::mark::Mark;
use crate::wire::tcp::{Flags, Seq};

/// RFC 7323 §2.3.
pub(super) const MOST_SCALE: u8 = 14;
/// Offers that a sender may not have heard of yet. Of older ones the newest counts.
const OFFERS: usize = 7;

/// The windows that one side offered.
#[derive(Debug, Default)]
#[repr(C)]
pub struct Windows {
    offers: [Offer; OFFERS],
    /// Where the next offer is noted, and how many were.
    next: u8,
    made: u8,
    /// In octets, scaled; only those whose scale is known.
    range: Option<(u32, u32)>,
    last: Option<u32>,
    full_since: Option<Mark>,
    zeros: u64,
    zero_since: Option<Mark>,
    zero_time: Duration,
    full_time: Duration,
    shrunk: u64,
}

/// How far the peer may send, as of some reading of this side's clock.
#[derive(Clone, Copy, Debug, Default)]
struct Offer {
    stamp: u32,
    edge: Seq,
}

impl Windows {
    /// The smallest and the largest, in octets; `None` while the scale is unknown.
    pub fn range(&self) -> Option<(u32, u32)> {
        self.range
    }

    pub fn last(&self) -> Option<u32> {
        self.last
    }

    /// How often it closed.
    pub fn zeros(&self) -> u64 {
        self.zeros
    }

    /// How long it was closed.
    pub fn zero_time(&self) -> Duration {
        self.zero_time
    }

    /// How long it was used up, though not zero.
    pub fn full_time(&self) -> Duration {
        self.full_time
    }

    /// How often its right edge moved to the left.
    pub fn shrunk(&self) -> u64 {
        self.shrunk
    }

    /// Since when it has been closed.
    pub fn closed_since(&self) -> Option<Mark> {
        self.zero_since
    }

    fn note(&mut self, window: u32) {
        self.last = Some(window);
        let (least, most) = self.range.unwrap_or((window, window));
        self.range = Some((least.min(window), most.max(window)));
    }

    /// The edge that a peer which echoes this stamp had heard of.
    fn heard(&self, echo: u32) -> Option<Seq> {
        let last = usize::from(self.next);
        let newest_first = (1..=OFFERS).map(|back| self.offers[(last + OFFERS - back) % OFFERS]);
        let known = |offer: &Offer| offer.stamp.wrapping_sub(echo).cast_signed() <= 0;
        newest_first.take(self.made.into()).find(known).map(|offer| offer.edge)
    }

    fn offer(&mut self, stamp: u32, edge: Seq) {
        let last = &mut self.offers[(usize::from(self.next) + OFFERS - 1) % OFFERS];
        if self.made > 0 && last.stamp == stamp {
            last.edge = edge;
            return;
        }
        self.offers[usize::from(self.next) % OFFERS] = Offer { stamp, edge };
        self.next = ((usize::from(self.next) + 1) % OFFERS) as u8;
        self.made = (self.made + 1).min(OFFERS as u8);
    }
}

/// By how many bits the windows of `own` are shifted, if that is known.
pub(super) fn scale(own: &Half, peer: &Half) -> Option<u8> {
    let offers = |half: &Half| match half.facts {
        facts if facts.has(Facts::SCALE) => Some(true),
        facts if facts.has(Facts::SYN) && !facts.has(Facts::CUT) => Some(false),
        _ => None,
    };
    match (offers(own), offers(peer)) {
        (Some(false), _) | (_, Some(false)) => Some(0),
        (Some(true), Some(true)) => Some(own.scale.min(MOST_SCALE)),
        _ => None,
    }
}

/// Follows the window in a segment of `own` that is no copy; `peer` may fill it.
///
/// `moved` says whether the segment acknowledged something new, `named` whether it named something new.
pub(super) fn offer(
    own: &mut Half,
    peer: &mut Half,
    segment: &Segment,
    moved: bool,
    named: bool,
    verdicts: &mut Vec<Verdict>,
) {
    // RFC 7323 §2.2: never scaled in a segment with SYN.
    let scale = if segment.has(Flags::SYN) { Some(0) } else { scale(own, peer) };
    let window = match (segment.window, scale) {
        (0, _) => Some(0),
        (raw, scale) => scale.map(|scale| u32::from(raw) << scale),
    };
    let is_known = own.facts.has(Facts::WINDOW);
    let same = is_known && own.window == segment.window;
    if same && !moved && segment.len > 0 {
        return;
    }
    zero(own, peer, segment, verdicts);
    // A window that opens again is told as that.
    let was_open = is_known && own.window > 0;
    let update = was_open && !same && !moved && !named && segment.len == 0 && segment.window > 0;
    if update && segment.is_plain() && segment.seq == own.next {
        own.trail().sent().window_updates += 1;
        verdicts.push(Verdict::certain(What::WindowUpdate, Evidence::Numbers));
    }
    let Some(window) = window else {
        peer.facts.forget(Facts::EDGE);
        return;
    };
    let edge = segment.ack.plus(window);
    if peer.facts.has(Facts::EDGE) && !peer.facts.has(Facts::FIN) && segment.is_plain() {
        let left = peer.edge.past(edge);
        // Less than one step of the scale is rounding.
        if left > 0 && left >= 1 << scale.unwrap_or(0) {
            own.trail().windows.shrunk += 1;
            let what = What::WindowShrunk { octets: left.cast_unsigned() };
            verdicts.push(Verdict::certain(what, Evidence::Window));
        }
    }
    if let Some(since) = own.trail().windows.full_since.filter(|_| peer.edge != edge) {
        let windows = &mut own.trail().windows;
        windows.full_time += segment.mark.time.since(since.time);
        windows.full_since = None;
    }
    peer.facts.note(Facts::EDGE);
    peer.edge = edge;
    let windows = &mut own.trail().windows;
    if !segment.has(Flags::SYN) {
        windows.note(window);
    }
    if let Some(stamps) = segment.stamps {
        windows.offer(stamps.value, edge);
    }
}

/// Closed, or open again.
fn zero(own: &mut Half, peer: &Half, segment: &Segment, verdicts: &mut Vec<Verdict>) {
    // Once the peer has said its last, its window is of no use to anybody.
    let counts = segment.is_plain() && !peer.facts.has(Facts::FIN);
    let mark = segment.mark;
    if segment.window == 0 && counts {
        let windows = &mut own.trail().windows;
        if windows.zero_since.is_none() {
            windows.zeros += 1;
            windows.zero_since = Some(mark);
        }
        verdicts.push(Verdict::certain(What::ZeroWindow, Evidence::Window));
    } else if own.window == 0
        && own.facts.has(Facts::WINDOW)
        && let Some(since) = own.trail.as_mut().and_then(|trail| trail.windows.zero_since.take())
    {
        let after = mark.time.since(since.time);
        own.trail().windows.zero_time += after;
        if segment.window > 0 && segment.is_plain() {
            let reopened = Verdict::certain(What::WindowReopened { after }, Evidence::Window);
            verdicts.push(reopened.of(since.packet));
        }
    }
}

/// Whether new octets of `own` fill the window of `peer`, as far as `own` knew it.
pub(super) fn fill(own: &Half, peer: &mut Half, segment: &Segment, verdicts: &mut Vec<Verdict>) {
    if segment.len == 0 || !segment.is_plain() || !own.facts.has(Facts::EDGE) {
        return;
    }
    // RFC 6691 §2: options take from what a segment of full size carries.
    let options = if segment.stamps.is_some() { 12 } else { 0 };
    let mss = match (own.mss, peer.mss) {
        (_, 0) => 536,
        (0, mss) => mss,
        (own, peer) => own.min(peer),
    };
    let mss = (i32::from(mss) - options).max(1);
    let echoed = segment.stamps.filter(|_| segment.has(Flags::ACK));
    let heard = echoed.and_then(|stamps| peer.windows()?.heard(stamps.echo));
    let edge = heard.unwrap_or(own.edge);
    let left = edge.past(segment.end());
    if left >= mss {
        return;
    }
    let confidence = if echoed.is_some() { Confidence::Certain } else { Confidence::Likely };
    let what = if left <= 0 {
        let windows = &mut peer.trail().windows;
        windows.full_since = windows.full_since.or(Some(segment.mark));
        What::WindowFull
    } else {
        What::WindowLimited { left: left.cast_unsigned() }
    };
    verdicts.push(Verdict { what, evidence: Evidence::Window, confidence, of: None });
}

/// What one side asks the other without telling it anything.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Probe {
    KeepAlive,
    Window,
}

/// Whether a segment only asks the peer to say something.
///
/// RFC 9293 §3.8.4 and RFC 1122 §4.2.2.17; Linux probes a closed window with no octets at all, just
/// before what was acknowledged.
pub(super) fn probe(own: &Half, segment: &Segment) -> Option<Probe> {
    if segment.len > 1 || !segment.is_plain() || !segment.has(Flags::ACK) {
        return None;
    }
    let behind = own.next.past(segment.seq);
    let before_acked = own.facts.has(Facts::ACKED) && own.acked.past(segment.seq) == 1;
    if !own.facts.has(Facts::BEGUN)
        || !(behind == 1 || before_acked || behind == 0 && segment.len == 1)
    {
        return None;
    }
    let closed = own.facts.has(Facts::EDGE) && own.edge.past(own.next) <= 0;
    let all_acked = !own.facts.has(Facts::ACKED) || own.acked.past(own.next) >= 0;
    match (closed, behind) {
        (true, _) => Some(Probe::Window),
        // An octet that was not acknowledged yet is not asked about, but sent again.
        (false, 1) if all_acked || segment.len == 0 => Some(Probe::KeepAlive),
        _ => None,
    }
}

impl Trail {
    /// Notes a probe, and says what it is.
    pub(super) fn probes(&mut self, probe: Probe, segment: &Segment) -> Verdict {
        self.probing = Some((probe, segment.mark.packet));
        match probe {
            Probe::KeepAlive => {
                self.sent().keep_alives += 1;
                Verdict::certain(What::KeepAlive, Evidence::Numbers)
            }
            Probe::Window => {
                self.sent().window_probes += 1;
                self.probed = (segment.len > 0).then_some(segment.end());
                Verdict::certain(What::WindowProbe, Evidence::Window)
            }
        }
    }
}
