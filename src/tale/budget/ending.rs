//! What was waited for when nothing more was said, and after the first FIN?

use std::time::Duration;

use super::ledger::{Ledger, Stage};
use super::notes::Notes;
use super::tiles::{Charge, Tiles};
use crate::flow::tcp::{Connection, Segment};
use crate::flow::{Mark, Side};
use crate::tale::bucket::Bucket;
use crate::tale::wait::Proof;
use crate::wire::tcp::Flags;

impl Ledger {
    /// A FIN or an RST: what was before it, and what comes after?
    pub(super) fn close(&mut self, segment: &Segment, side: Side, connection: &Connection) {
        let mark = segment.mark;
        if self.stage == Stage::Over {
            return self.tiles.charge(mark, Charge::new(Bucket::Closing, None, Proof::Ended));
        }
        if segment.has(Flags::RST) {
            self.notes.was_owed = self.word.is_some_and(|word| {
                word.acked.is_none() || word.by == Side::Client && !self.fins.contains(&true)
            });
        }
        let has_begun = self.fins.contains(&true);
        if has_begun {
            let way = self.path(connection, side).to_sender;
            self.tiles.charge_for(way, mark, Charge::new(Bucket::Closing, None, Proof::Ended));
            self.tiles.charge(mark, Charge::new(Bucket::HalfClosed, side, Proof::Ended));
        } else {
            self.rest(mark, Some(side), connection);
        }
        if segment.has(Flags::FIN) {
            self.fins[side.index()] = true;
        }
        if segment.has(Flags::RST) || self.fins == [true; 2] {
            self.stage = Stage::Over;
        }
    }

    /// Nothing more was said up to this packet, with which `closer` ends it, or the capture does.
    fn rest(&mut self, to: Mark, closer: Option<Side>, connection: &Connection) {
        let idle = Charge::new(Bucket::Idle, None, Proof::Quiet);
        let Some(word) = self.word else { return self.tiles.charge(to, idle) };
        let answerer = word.by.peer();
        let path = self.path(connection, answerer);
        let gap = to.time.since(self.tiles.at());
        let follows = closer == Some(word.by) && gap <= self.courses[word.by.index()].usual();
        if follows {
            return self.tiles.charge(to, Charge::new(Bucket::Transmission, word.by, Proof::Close));
        }
        let is_owed = word.by == Side::Client
            && (connection.application() == Some("http") || !self.spoke[Side::Server.index()]);
        let Some((ack, _)) = word.acked else {
            let charge = if closer == Some(answerer) && is_owed {
                Charge::new(Bucket::ServerThink, Side::Server, Proof::RoundTrip)
            } else if closer.is_some() {
                idle
            } else {
                Charge::new(Bucket::Unknown, None, Proof::Unseen)
            };
            let way = Charge::new(Bucket::Path, None, Proof::RoundTrip);
            self.tiles.charge_for(path.to_sender, to, way);
            return self.tiles.charge(to, charge);
        };
        let way = word.way(path.to_sender);
        self.charge_way(way, to, (Bucket::Path, path.to_sender), connection);
        let rest = if is_owed {
            Charge::new(Bucket::ServerThink, Side::Server, Proof::Acknowledged(ack.packet))
        } else {
            idle
        };
        self.tiles.charge(to, rest);
    }

    /// Nothing more will come.
    pub(super) fn end(mut self, connection: &Connection) -> (Tiles, Notes) {
        let to = self.latest;
        match self.stage {
            Stage::Opening => {
                let retries = connection.handshake().syn_retries > 0;
                let bucket = if retries { Bucket::ConnectRetry } else { Bucket::Connect };
                self.tiles.charge(to, Charge::new(bucket, None, Proof::Handshake));
            }
            Stage::Talking if self.fins.contains(&true) => {
                let way = self.path(connection, Side::Client).to_sender
                    + self.path(connection, Side::Server).to_sender;
                let closing = Charge::new(Bucket::Closing, None, Proof::Ended);
                self.tiles.charge_for(way.max(Duration::from_millis(1)), to, closing);
                let silent =
                    if self.fins[Side::Client.index()] { Side::Server } else { Side::Client };
                self.tiles.charge(to, Charge::new(Bucket::HalfClosed, silent, Proof::Ended));
            }
            Stage::Talking => self.rest(to, None, connection),
            Stage::Over => {
                self.tiles.charge(to, Charge::new(Bucket::Closing, None, Proof::Ended));
            }
        }
        self.notes.end(connection.rtt().unwrap_or_default());
        (self.tiles, self.notes)
    }
}
