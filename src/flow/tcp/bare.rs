//! What is enough to know of a connection that only sent a SYN, or a SYN and a SYN-ACK?
//!
//! Of a flood or a scan there may be a million: nothing is allocated for them. Once any other packet
//! comes, what it needs is made of what was kept.

use super::copies;
use super::half::{Facts, Half, Pace};
use super::life::State;
use super::segment::Segment;
use super::story::Story;
use super::verdict::{RoundTrip, Verdicts};
use super::zeek::{Step, Zeek};
use super::{Connection, Handshake};
use crate::flow::key::Which;
use crate::flow::mark::{Mark, Side};
use crate::wire::tcp::Flags;

impl Connection {
    /// Follows a first SYN, or the SYN-ACK that fits, without any allocation; says whether it was one.
    pub(super) fn begin_bare(
        &mut self,
        segment: &Segment,
        side: Side,
        verdicts: &mut Verdicts,
    ) -> bool {
        let answers = segment.has(Flags::ACK);
        let is_new = self.is_new();
        let state = self.state;
        let (own, peer) = self.pair(side);
        let fits = match state {
            State::Joined => is_new,
            State::Asked => answers && side == Side::Server && segment.ack == peer.next,
            _ => false,
        };
        if !segment.is_bare() || own.packets > 0 || !fits || peer.trail.is_some() {
            return false;
        }
        own.sight(segment.seq, true);
        if answers {
            peer.sight(segment.ack, false);
        }
        own.packets = 1;
        own.octets = u64::from(segment.octets);
        own.identity = (copies::identity(segment), segment.place);
        own.facts.note(Facts::BEGUN);
        (own.start, own.next) = (segment.seq, segment.end());
        own.window = segment.window;
        if answers {
            own.facts.note(Facts::WINDOW);
            peer.facts.note(Facts::ACKED | Facts::EDGE);
            peer.acked = segment.ack;
            // RFC 7323 §2.2: never scaled in a segment with SYN.
            peer.edge = segment.ack.plus(segment.window.into());
        }
        self.note_offer(segment, side);
        if answers && !is_new {
            let nanos = segment.mark.time.0.saturating_sub(self.opened.time.0);
            verdicts.acknowledges(RoundTrip { of: self.opened.packet, nanos });
        }
        if answers {
            self.state = State::Answered;
        } else {
            self.begins_with_syn = true;
            self.state = State::Asked;
        }
        true
    }

    /// Makes room for everything else.
    pub(super) fn unfold(&mut self) {
        if self.story.is_some() {
            return;
        }
        self.story = Some(Box::new(Story::new(self.zeek(), self.last_syn(), self.syn_ack())));
        let Handshake { syn, syn_ack, .. } = self.handshake();
        let [client, server] = &mut self.halves;
        if let Some(syn) = syn.filter(|_| client.packets > 0) {
            client.unfold(syn);
        }
        if let Some(syn_ack) = syn_ack.filter(|_| server.packets > 0) {
            server.unfold(syn_ack);
            if let Some(trail) = &mut client.trail {
                trail.rtt.acked(client.acked, syn_ack);
            }
        }
    }

    /// Zeek's view.
    pub(super) fn zeek(&self) -> Zeek {
        if let Some(story) = &self.story {
            let mut zeek = story.zeek.clone();
            self.level(&mut zeek);
            return zeek;
        }
        let [client, server] = &self.halves;
        let steps = [
            (self.client, client.packets > 0, client.step(server, Flags::SYN)),
            (self.client.other(), server.packets > 0, server.step(client, Flags::SYN | Flags::ACK)),
        ];
        let mut steps = steps.iter().filter(|(_, was_seen, _)| *was_seen).peekable();
        let from = steps.peek().map_or(self.client, |(from, ..)| *from);
        let first = steps.peek().map_or(client.step(server, Flags::SYN), |(.., step)| *step);
        let mut zeek = Zeek::new(&self.key, from, &first);
        for (from, _, step) in steps {
            zeek.observe(*from, step);
        }
        zeek
    }

    /// Which end this side is.
    pub(super) fn which(&self, side: Side) -> Which {
        Which::of(side, self.client)
    }
}

impl Half {
    /// Its only packet: a SYN or a SYN-ACK.
    fn step(&self, peer: &Self, flags: u8) -> Step {
        let Self { start: seq, window, .. } = *self;
        Step { seq, ack: peer.acked, len: 0, flags: Flags(flags), window }
    }

    /// What following its only packet at length would have left.
    fn unfold(&mut self, mark: Mark) {
        let ((identity, place), next) = (self.identity, self.next);
        let extent = u64::from(next.past(self.start).cast_unsigned());
        let trail = self.trail();
        let time = mark.time;
        trail.pace = Pace { extent, latest: time, sent_at: time, ..Pace::default() };
        trail.copies.note(1, mark, identity, place);
        trail.rtt.sent(next, mark);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With its place in the table, and the index beside it.
    #[test]
    fn a_million_that_only_asked_stand_in_some_300_megabytes() {
        assert!(size_of::<Connection>() <= 240, "{} octets", size_of::<Connection>());
    }
}
