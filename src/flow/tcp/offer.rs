//! What do the SYNs propose?

use super::Connection;
use super::half::{Facts, Half};
use super::segment::{Ecn, Segment};
use super::verdict::{Evidence, FastOpen, Verdict, Verdicts, What};
use super::window::MOST_SCALE;
use crate::flow::mark::Side;
use crate::wire::tcp::Flags;

impl Connection {
    pub(super) fn note_offer(&mut self, segment: &Segment, side: Side) {
        let asked = self.halves[side.peer().index()].ecn;
        let half = &mut self.halves[side.index()];
        let offer = segment.offer;
        half.facts.note(Facts::SYN);
        half.mss = offer.mss;
        // RFC 7323 §2.3: more than 14 is taken for 14.
        half.scale = offer.scale.unwrap_or(0).min(MOST_SCALE);
        let answers = segment.has(Flags::ACK);
        half.ecn = match offer.ecn {
            // An answer in the new way to a question in the old one agrees to nothing.
            Ecn::Accurate if answers && asked == Ecn::Classic => Ecn::None,
            ecn => ecn,
        };
        for (fact, seen) in [
            (Facts::SCALE, offer.scale.is_some()),
            (Facts::SACK, offer.sack),
            (Facts::STAMPS, segment.stamps.is_some()),
            (Facts::FAST_OPEN, offer.cookie.is_some()),
            (Facts::ECN, half.ecn != Ecn::None),
            (Facts::CUT, segment.is_cut),
        ] {
            if seen {
                half.facts.note(fact);
            }
        }
    }
}

/// What a SYN asks of fast open.
pub(super) fn fast_open(segment: &Segment, verdicts: &mut Verdicts) {
    let told = match segment.offer.cookie {
        None => return,
        Some(0) => FastOpen::Asked,
        Some(_) => FastOpen::Data { octets: segment.len },
    };
    verdicts.push(Verdict::certain(What::FastOpen(told), Evidence::Handshake));
}

/// What a SYN-ACK says to it; `asked` is the half that sent the SYN.
pub(super) fn accept(asked: &Half, segment: &Segment, verdicts: &mut Verdicts) {
    if !asked.facts.has(Facts::FAST_OPEN) {
        return;
    }
    if segment.offer.cookie.is_some_and(|len| len > 0) {
        let what = What::FastOpen(FastOpen::CookieGiven);
        verdicts.push(Verdict::certain(what, Evidence::Handshake));
    }
    // RFC 7413 §4.2.2: what is acknowledged beyond the SYN was taken.
    if asked.next.past(asked.start) > 1 {
        let taken = segment.ack.past(asked.start) > 1;
        let told = if taken { FastOpen::Accepted } else { FastOpen::Ignored };
        verdicts.push(Verdict::certain(What::FastOpen(told), Evidence::Numbers));
    }
}
