//! Who finished, and did the other hear of it?

use std::time::Duration;

use super::Connection;
use super::half::{Facts, Half};
use super::life::{Close, How, State};
use super::segment::Segment;
use super::story::Fin;
use super::verdict::{Evidence, Verdict, Verdicts, What};
use crate::flow::mark::{Mark, Side};

/// Twice the longest life of a segment (RFC 9293 §3.4.2), as Linux counts it.
pub(in crate::flow) const TIME_WAIT: Duration = Duration::from_secs(60);

impl Connection {
    /// Octets after the peer's FIN.
    pub(super) fn talk_on(&mut self, segment: &Segment, side: Side) {
        if self.state == State::HalfClosed(side.peer())
            && let Some(story) = &mut self.story
        {
            story.after_fin[side.index()] += u64::from(segment.len);
        }
    }

    /// Follows a segment with FIN.
    pub(super) fn finish(&mut self, segment: &Segment, side: Side) {
        let own = &mut self.halves[side.index()];
        // Beyond what the peer allowed nobody takes it.
        let reaches_too_far = own.facts.has(Facts::EDGE) && segment.seq.past(own.edge) > 0;
        if own.facts.has(Facts::FIN) || reaches_too_far {
            return;
        }
        own.facts.note(Facts::FIN);
        own.trail().sent().fin = Some(segment.mark.packet);
        let fin = Fin { mark: segment.mark, end: segment.end() };
        let Some(story) = &mut self.story else { return };
        story.fins[side.index()] = Some(fin);
        let other = story.fins[side.peer().index()];
        let crossed = other.is_some_and(|other| segment.ack.past(other.end) < 0);
        match &mut story.close {
            None => {
                story.close =
                    Some(Close { how: How::HalfClosed, by: Some(side), at: segment.mark });
            }
            Some(close) if close.how == How::HalfClosed => {
                close.how = if crossed { How::FinishedByBoth } else { How::Finished };
                if crossed {
                    close.by = None;
                }
            }
            Some(_) => {}
        }
    }

    /// Goes on in the state once a FIN was seen: a side has finished when nothing before its FIN is
    /// missing, or when the FIN is acknowledged.
    pub(super) fn wind_up(&mut self, mark: Mark, verdicts: &mut Verdicts) {
        let Some(story) = &mut self.story else { return };
        for (half, fin) in self.halves.iter_mut().zip(&story.fins) {
            if let Some(fin) = fin
                && half.facts.has(Facts::ACKED)
                && half.acked.past(fin.end) >= 0
            {
                half.facts.note(Facts::FIN_ACKED);
            }
        }
        let may_go_on = matches!(
            self.state,
            State::Joined
                | State::Asked
                | State::AskedByBoth
                | State::Answered
                | State::Established
                | State::HalfClosed(_)
                | State::Closing
        );
        if !may_go_on {
            return;
        }
        let acked = self.halves.each_ref().map(|half| half.facts.has(Facts::FIN_ACKED));
        self.state = match self.halves.each_ref().map(Half::has_finished) {
            [true, true] if acked == [true, true] => {
                story.over = Some(mark);
                let by_both = story.close.is_some_and(|close| close.how == How::FinishedByBoth);
                let what = if by_both { What::FinishedByBoth } else { What::Finished };
                let first = story.close.map_or(0, |close| close.at.packet);
                verdicts.push(Verdict::certain(what, Evidence::State).of(first));
                State::Closed
            }
            [true, true] => State::Closing,
            [true, false] => State::HalfClosed(Side::Client),
            [false, true] => State::HalfClosed(Side::Server),
            [false, false] => self.state,
        };
    }
}

impl Half {
    fn has_finished(&self) -> bool {
        let trouble = self.trail.as_ref().and_then(|trail| trail.trouble.as_ref());
        let is_whole = trouble.is_none_or(|trouble| trouble.holes.octets() == 0);
        self.facts.has(Facts::FIN_ACKED) || self.facts.has(Facts::FIN) && is_whole
    }
}
