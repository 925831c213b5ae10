//! What is kept of the one conversation that a page is about?

use std::io;

use super::escape::Markup;
use super::ladder::Rungs;
use super::roundtrips::RoundTrips;
use super::sequence::Course;
use crate::flow::{Seen, Side};
use crate::tale::accounts::Account;
use crate::timeline::{Timestamp, nanos};
use crate::wire::Packet;
use crate::wire::tcp::Flags;

/// One conversation, packet by packet and along the time.
#[derive(Debug)]
pub(super) struct CloseUp {
    wanted: u32,
    rungs: Rungs,
    curves: Option<Curves>,
    account: Option<Account>,
}

/// Of a connection.
#[derive(Debug)]
struct Curves {
    began: Timestamp,
    ended: Timestamp,
    courses: [Option<Course>; 2],
    round_trips: RoundTrips,
}

const SIDES: [Side; 2] = [Side::Client, Side::Server];

impl CloseUp {
    pub(super) fn new(wanted: u32) -> Self {
        Self { wanted, rungs: Rungs::new(), curves: None, account: None }
    }

    pub(super) fn wanted(&self) -> u32 {
        self.wanted
    }

    pub(super) fn account(&mut self, account: Account) {
        self.account = Some(account);
    }

    pub(super) fn told(&self) -> Option<&Account> {
        self.account.as_ref()
    }

    pub(super) fn rungs(&mut self) -> &mut Rungs {
        &mut self.rungs
    }

    pub(super) fn observe(&mut self, packet: &Packet<'_>, seen: &Seen<'_>) {
        if seen.id() != Some(self.wanted) {
            return;
        }
        self.rungs.add(packet, seen);
        let (Some((connection, side)), Some(tcp)) = (seen.connection, packet.tcp()) else { return };
        let time = packet.frame.time;
        let curves = self.curves.get_or_insert_with(|| Curves {
            began: time,
            ended: time,
            courses: [None, None],
            round_trips: RoundTrips::new(time),
        });
        curves.ended = curves.ended.max(time);
        let began = curves.began;
        for of in SIDES {
            // Where the beginning is missing, an ACK is the first that is known of the other side.
            let is_acked = tcp.flags().has(Flags::ACK);
            if of != side && !is_acked && connection.half(of).packets() == 0 {
                continue;
            }
            let base = connection.origin(of).seq.plus(1);
            let course = curves.courses[of.index()].get_or_insert_with(|| Course::new(base, began));
            if of == side {
                course.send(packet, tcp, seen);
            } else {
                course.hear(packet, tcp, connection, side);
            }
        }
        if let Some(round_trip) = seen.round_trip {
            curves.round_trips.add(time, side, nanos(round_trip.time()));
        }
    }

    /// Draws what was sent and the round trips; `section` begins a section and gives it a name.
    pub(super) fn draw(&mut self, page: &mut Markup<'_>) -> io::Result<()> {
        let (Some(curves), Some(account)) = (&mut self.curves, &self.account) else {
            return Ok(());
        };
        let (began, ended) = (curves.began, curves.ended);
        let segments = |course: &Option<Course>| course.as_ref().map_or(0, Course::segments);
        let [client, server] = [0, 1].map(|at| segments(&curves.courses[at]));
        let most = usize::from(client <= server);
        if segments(&curves.courses[most]) > 0 {
            page.own(
                "<section id=\"sequence\"><h2>What was sent, and how far it was acknowledged</h2>",
            );
            page.own("<p class=\"note\">Octets along the time. Behind them, in colour, who was waited for; the same is told in the tables below.</p>\n");
            for (at, side) in [(most, SIDES[most]), (1 - most, SIDES[1 - most])] {
                let Some(course) = curves.courses[at].as_mut().filter(|it| it.segments() > 0)
                else {
                    continue;
                };
                if at == most {
                    course.draw(side, began, ended, &account.tiles, page)?;
                } else {
                    page.own("<details><summary>and what ");
                    page.own(if side == Side::Client { "the client" } else { "the server" });
                    page.own(" sent</summary>\n");
                    course.draw(side, began, ended, &account.tiles, page)?;
                    page.own("</details>\n");
                }
            }
            page.own("</section>\n");
        }
        if !curves.round_trips.is_empty() {
            page.own("<section id=\"roundtrips\"><h2>Round trips</h2><p class=\"note\">");
            page.own("From the capture to one end and back: from a segment to the ACK that answers it, which may have been delayed.</p>\n");
            curves.round_trips.draw(began, ended, page)?;
            page.own("</section>\n");
        }
        Ok(())
    }
}
