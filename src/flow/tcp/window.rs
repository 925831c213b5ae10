//! How much may still be sent?
//!
//! A window is known in octets only when both SYNs were seen, or one that offers no scale (RFC 7323
//! §2.2); a window of zero is zero at any scale. What the sender knew of it when it sent is older than
//! what the capture knows: the time stamp it echoes tells how old.

use std::time::Duration;

use super::half::{Facts, Half, Trail};
use super::segment::Segment;
use super::verdict::{Confidence, Evidence, Verdict, Verdicts, What};
use crate::flow::fetch::fetch;
use crate::flow::mark::Mark;
use crate::timeline::Timestamp;
use crate::wire::tcp::{Flags, Seq};

/// RFC 7323 §2.3.
pub(super) const MOST_SCALE: u8 = 14;
/// Offers that a sender may not have heard of yet. Of older ones the newest counts.
const OFFERS: usize = 7;

/// The windows that one side offered.
#[derive(Debug, Default)]
#[repr(C, align(64))]
pub struct Windows {
    offers: [Offer; OFFERS],
    /// Where the newest offer stands, before the older ones, and how many there are.
    newest: u8,
    made: u8,
    /// Whether one was known in octets, so that what follows means something.
    is_known: bool,
    /// Whether `full_since` is some time.
    is_full: bool,
    /// In octets, scaled; only those whose scale is known.
    last: u32,
    least: u32,
    most: u32,
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
        self.is_known.then_some((self.least, self.most))
    }

    pub fn last(&self) -> Option<u32> {
        self.is_known.then_some(self.last)
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

    /// Asks for what the next offer will move on.
    pub(super) fn expect(&self) {
        fetch(&self.offers);
        fetch(&self.least);
    }

    fn note(&mut self, window: u32) {
        self.last = window;
        if !self.is_known {
            (self.least, self.most, self.is_known) = (window, window, true);
        }
        (self.least, self.most) = (self.least.min(window), self.most.max(window));
    }

    /// New octets fill it.
    fn fill(&mut self, mark: Mark) {
        if !self.is_full {
            (self.is_full, self.full_since) = (true, Some(mark));
        }
    }

    /// It is not full any more.
    fn drain(&mut self, time: Timestamp) {
        self.is_full = false;
        if let Some(since) = self.full_since.take() {
            self.full_time += time.since(since.time);
        }
    }

    /// The edge that a peer which echoes this stamp had heard of.
    fn heard(&self, echo: u32) -> Option<Seq> {
        let (before, newest) = self.offers.split_at_checked(self.newest.into())?;
        let known = |offer: &&Offer| offer.stamp.wrapping_sub(echo).cast_signed() <= 0;
        let mut newest_first = newest.iter().chain(before).take(self.made.into());
        newest_first.find(known).map(|offer| offer.edge)
    }

    fn offer(&mut self, stamp: u32, edge: Seq) {
        let last = &mut self.offers[usize::from(self.newest)];
        if self.made > 0 && last.stamp == stamp {
            last.edge = edge;
            return;
        }
        self.newest = if self.newest == 0 { OFFERS as u8 - 1 } else { self.newest - 1 };
        self.offers[usize::from(self.newest)] = Offer { stamp, edge };
        self.made = (self.made + 1).min(OFFERS as u8);
    }
}

/// By how many bits the windows of `own` are shifted, if that is known.
pub(super) fn scale(own: &Half, peer: &Half) -> Option<u8> {
    if own.facts.has(Facts::SCALE) && peer.facts.has(Facts::SCALE) {
        return Some(own.scale.min(MOST_SCALE));
    }
    let offers_none =
        |facts: Facts| facts.has(Facts::SYN) && !facts.has(Facts::SCALE) && !facts.has(Facts::CUT);
    (offers_none(own.facts) || offers_none(peer.facts)).then_some(0)
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
    verdicts: &mut Verdicts,
) {
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
    reach(own, peer, segment, verdicts);
}

/// Follows how far the window in a segment of `own` lets `peer` go.
pub(super) fn reach(own: &mut Half, peer: &mut Half, segment: &Segment, verdicts: &mut Verdicts) {
    // RFC 7323 §2.2: never scaled in a segment with SYN.
    let scale = if segment.has(Flags::SYN) { Some(0) } else { scale(own, peer) };
    let window = match (segment.window, scale) {
        (0, _) => 0,
        (raw, Some(scale)) => u32::from(raw) << scale,
        (_, None) => return peer.facts.forget(Facts::EDGE),
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
    let windows = &mut own.trail().windows;
    if windows.is_full && peer.edge != edge {
        windows.drain(segment.mark.time);
    }
    peer.facts.note(Facts::EDGE);
    peer.edge = edge;
    if !segment.has(Flags::SYN) {
        windows.note(window);
    }
    if let Some(stamps) = segment.stamps {
        windows.offer(stamps.value, edge);
    }
}

/// Closed, or open again.
fn zero(own: &mut Half, peer: &Half, segment: &Segment, verdicts: &mut Verdicts) {
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
pub(super) fn fill(own: &Half, peer: &mut Half, segment: &Segment, verdicts: &mut Verdicts) {
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
        peer.trail().windows.fill(segment.mark);
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
