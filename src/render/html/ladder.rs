//! One conversation packet by packet: which of very many are shown?
//!
//! The first and the last, and of those between them the ones before and after the longest silences and
//! those that are out of the ordinary: what a sentence names is among them.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use super::escape::Markup;
use super::party::Party;
use crate::flow::tcp::{Connection, State, What};
use crate::flow::{Seen, Side};
use crate::ink::written;
use crate::render::kept::Heaviest;
use crate::render::line::{self, Numbers};
use crate::render::why::words;
use crate::render::{ladder, quantity};
use crate::tale::budget::Tiles;
use crate::tale::verdict::spender;
use crate::tale::wait::Wait;
use crate::timeline::Timestamp;
use crate::wire::Packet;

/// Packets of one conversation.
#[derive(Debug)]
pub(super) struct Rungs {
    began: Option<Timestamp>,
    first: Vec<Rung>,
    between: Heaviest<u64, Rung>,
    last: VecDeque<Rung>,
    state: Option<State>,
    /// Of each side: which rung brought data last.
    data: [Option<(u64, Timestamp)>; 2],
    count: u64,
}

/// One packet.
#[derive(Clone, Debug)]
struct Rung {
    /// Which one of the conversation's.
    place: u64,
    packet: u64,
    time: Timestamp,
    side: Side,
    words: String,
    notes: String,
    is_bad: bool,
    /// The longest of the silences before and after it, of both sides and of its own, in nanoseconds.
    silence: u64,
}

const FIRST: usize = 400;
const BETWEEN: usize = 800;
const LAST: usize = 300;
/// Text of a packet is cut to so many octets.
const TEXT: usize = 400;
/// What is out of the ordinary counts as if it came after so long a silence.
const STRANGE: u64 = 5_000_000;

impl Rungs {
    pub(super) fn new() -> Self {
        Self {
            began: None,
            first: Vec::new(),
            between: Heaviest::new(BETWEEN),
            last: VecDeque::new(),
            state: None,
            data: [None; 2],
            count: 0,
        }
    }

    pub(super) fn add(&mut self, packet: &Packet<'_>, seen: &Seen<'_>) {
        let told = match (seen.connection, seen.datagrams, packet.tcp()) {
            (Some((connection, side)), _, Some(tcp)) => {
                let origin = connection.origin(side);
                let words = written(|ink| ladder::rung(packet, tcp, origin, ink));
                (side, words, self.notes(packet, connection, seen))
            }
            (_, Some((_, side)), _) => {
                let words = written(|ink| line::words(packet, seen, Numbers::Relative, ink));
                (side, words, String::new())
            }
            _ => return,
        };
        let (side, words, notes) = told;
        let is_bad = seen.verdicts.iter().any(|verdict| {
            matches!(
                verdict.what,
                What::Resent { .. }
                    | What::Gap { .. }
                    | What::ZeroWindow
                    | What::WindowFull
                    | What::Reset(_)
                    | What::AckUnseen { .. }
            )
        });
        let time = packet.frame.time;
        self.began.get_or_insert(time);
        let before = self.last.back().or(self.first.last()).map(|rung| rung.time);
        let mut silence = before.map_or(0, |before| time.0.saturating_sub(before.0));
        if let Some(before) = self.last.back_mut() {
            before.silence = before.silence.max(silence);
        }
        self.count += 1;
        if packet.tcp().is_none_or(|tcp| tcp.span() > 0) {
            let known = self.data[side.index()].replace((self.count, time));
            if let Some((place, before)) = known {
                let own = time.0.saturating_sub(before.0);
                silence = silence.max(own);
                let held = self.last.iter_mut().rev().find(|rung| rung.place <= place);
                if let Some(rung) = held.filter(|rung| rung.place == place) {
                    rung.silence = rung.silence.max(own);
                }
            }
        }
        let (place, packet) = (self.count, packet.frame.number);
        let [words, notes] = [words, notes].map(cut);
        self.push(Rung { place, packet, time, side, words, notes, is_bad, silence });
    }

    fn notes(&mut self, packet: &Packet<'_>, connection: &Connection, seen: &Seen<'_>) -> String {
        let state = &mut self.state;
        let notes = written(|ink| ladder::notes(packet, connection, seen, state, ink));
        notes.trim_start().to_owned()
    }

    fn push(&mut self, rung: Rung) {
        if self.first.len() < FIRST {
            return self.first.push(rung);
        }
        self.last.push_back(rung);
        if self.last.len() > LAST
            && let Some(rung) = self.last.pop_front()
        {
            let strange = if rung.is_bad { STRANGE } else { 0 };
            self.between.add(rung.silence + strange, rung);
        }
    }

    /// Those that are shown, in their order; nothing can be added any more.
    fn settle(&mut self) {
        let mut between = self.between.take();
        between.sort_by_key(|rung| rung.place);
        self.first.append(&mut between);
        self.first.extend(self.last.drain(..));
    }

    /// The numbers of the packets that are shown, in their order.
    pub(super) fn shown(&mut self) -> Vec<u64> {
        self.settle();
        self.first.iter().map(|rung| rung.packet).collect()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Writes the table; `tiles` are the waits between the packets.
    pub(super) fn write(&self, tiles: Option<&Tiles>, page: &mut Markup<'_>) -> io::Result<()> {
        let waits = tiles.map_or(Vec::new(), |tiles| worth(tiles));
        let mut waits = waits.into_iter().peekable();
        page.own("<div class=\"wide\"><table class=\"ladder\"><thead><tr><th scope=\"col\" class=\"n\">#</th>");
        page.own("<th scope=\"col\" class=\"n\">seconds</th><th scope=\"col\">the client sends</th><th scope=\"col\">the server sends</th>");
        page.own("<th scope=\"col\">what it is</th></tr></thead><tbody>\n");
        let mut place = 0;
        for rung in &self.first {
            if rung.place > place + 1 {
                let more = rung.place - place - 1;
                page.own("<tr class=\"wait\"><td></td><td></td><td colspan=\"3\">");
                page.text(&written(|ink| quantity::count(more, ink)));
                page.own(if more == 1 {
                    " packet more</td></tr>\n"
                } else {
                    " packets more</td></tr>\n"
                });
            }
            place = rung.place;
            while let Some(wait) = waits.next_if(|wait| wait.to.packet <= rung.packet) {
                if wait.to.packet == rung.packet {
                    pause(wait, page);
                }
            }
            self.rung(rung, page);
            page.when_full()?;
        }
        page.own("</tbody></table></div>\n");
        Ok(())
    }

    fn rung(&self, rung: &Rung, page: &mut Markup<'_>) {
        let since = rung.time.since(self.began.unwrap_or(rung.time));
        let seconds = format!("{}.{:06}", since.as_secs(), since.subsec_micros());
        page.own("<tr id=\"p").number(rung.packet).own(if rung.is_bad {
            "\" class=\"bad\">"
        } else {
            "\">"
        });
        page.own("<td class=\"n\">").number(rung.packet);
        page.own("</td><td class=\"n\">").text(&seconds);
        match rung.side {
            Side::Client => page.own("</td><td class=\"c\">").apart(&rung.words).own("</td><td>"),
            Side::Server => page.own("</td><td></td><td class=\"v\">").apart(&rung.words),
        };
        page.own("</td><td class=\"m\">").apart(&rung.notes).own("</td></tr>\n");
    }
}

/// Waits that are long enough to be told, in the order of the packets that end them.
fn worth(tiles: &Tiles) -> Vec<&Wait> {
    let least = (tiles.wall() / 200).max(Duration::from_micros(200));
    let mut waits: Vec<_> = tiles.waits().iter().filter(|wait| wait.time() >= least).collect();
    waits.sort_by_key(|wait| (wait.to.packet, wait.begin));
    waits
}

fn pause(wait: &Wait, page: &mut Markup<'_>) {
    let party = Party::of(spender(wait.bucket, wait.side));
    page.own("<tr class=\"wait\"><td></td><td></td><td colspan=\"3\">");
    page.own("<svg viewBox=\"0 0 12 12\" aria-hidden=\"true\"><rect class=\"").own(party.class());
    page.own("\" width=\"12\" height=\"12\" rx=\"3\"/></svg>");
    page.text(&words::duration(wait.time())).own(": ").own(words::bucket(wait.bucket));
    page.own("</td></tr>\n");
}

/// Not more of a text than can be read.
fn cut(mut text: String) -> String {
    if text.len() > TEXT {
        let end = (0..=TEXT).rev().find(|at| text.is_char_boundary(*at));
        text.truncate(end.unwrap_or(0));
        text.push('\u{2026}');
    }
    text
}
