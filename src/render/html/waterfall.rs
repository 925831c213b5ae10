//! What went on beside what, and who spent the time of it?

use std::io;
use std::time::Duration;

use super::Conversation;
use super::axis::Axis;
use super::escape::Markup;
use super::party::Party;
use super::strip::Piece;
use super::talk::Talk;
use crate::render::fit::cells;
use crate::render::why::words;
use crate::timeline::Timestamp;

/// A bar with words before it and a time behind it.
struct Bar<'r> {
    words: String,
    is_part: bool,
    begin: Timestamp,
    end: Timestamp,
    pieces: Vec<Piece>,
    time: Duration,
    /// The connection in the table, if it is there.
    link: Option<u32>,
    told: &'r str,
}

const WIDTH: f64 = 1040.0;
const LEFT: f64 = 344.0;
const RIGHT: f64 = 962.0;
const TOP: f64 = 24.0;
/// Bars are at least so wide.
const NARROW: f64 = 2.0;
/// Cells of the words before a bar.
const ROOM: usize = 50;
/// Connections that are drawn, exchanges of each, and exchanges of none.
const CONNECTIONS: usize = 24;
const PARTS: usize = 8;
const FREE: usize = 12;

/// Draws connections, heaviest first, and exchanges, longest first; `listed` are those of the table.
pub(super) fn draw(
    conversations: &[Conversation],
    listed: &[Conversation],
    talks: &[Talk],
    page: &mut Markup<'_>,
) -> io::Result<()> {
    let mut bars = bars(conversations, talks);
    for bar in &mut bars {
        bar.link = bar.link.filter(|id| listed.iter().any(|one| one.id == *id));
    }
    let began = bars.iter().map(|bar| bar.begin).min().unwrap_or_default();
    let ended = bars.iter().map(|bar| bar.end).max().unwrap_or_default();
    let span = ended.0.saturating_sub(began.0).max(1);
    let x = Axis::new(LEFT, RIGHT, 0, span);
    let at = |time: Timestamp| x.place(time.0.saturating_sub(began.0));
    let height = TOP + bars.iter().map(Bar::height).sum::<f64>() + 6.0;
    page.own("<div class=\"wide\"><svg role=\"img\" viewBox=\"0 0 ").place(WIDTH).own(" ");
    page.place(height).own("\"><title>Connections and exchanges along the time</title>\n");
    page.own("<path class=\"grid\" d=\"");
    let ticks = x.times(7);
    for (x, _) in &ticks {
        page.own("M").place(*x).own(" ").place(TOP - 4.0).own("V").place(height);
    }
    page.own("\"/>\n");
    for (x, words) in &ticks {
        page.own("<text class=\"s n\" text-anchor=\"middle\"").at("x", *x).at("y", 13.0);
        page.own(">").text(words).own("</text>\n");
    }
    let mut y = TOP;
    for bar in &bars {
        bar.draw(y, at, page);
        y += bar.height();
        page.when_full()?;
    }
    page.own("</svg></div>\n");
    let connections = conversations.iter().filter(|one| one.spending.is_some()).count();
    if connections > CONNECTIONS {
        page.own("<p class=\"note\">Those that weigh most are drawn: ").count(CONNECTIONS);
        page.own(" connections, and what was asked on them for longest.</p>\n");
    }
    Ok(())
}

fn bars<'r>(conversations: &'r [Conversation], talks: &'r [Talk]) -> Vec<Bar<'r>> {
    let mut drawn: Vec<_> =
        conversations.iter().filter(|one| one.spending.is_some()).take(CONNECTIONS).collect();
    drawn.sort_by_key(|one| (one.began(), one.id));
    let mut groups: Vec<(Timestamp, Vec<Bar<'r>>)> = Vec::new();
    for one in &drawn {
        let mut group = vec![Bar::of(one)];
        let mut parts: Vec<_> =
            talks.iter().filter(|talk| talk.connection == Some(one.id)).take(PARTS).collect();
        parts.sort_by_key(|talk| talk.began);
        group.extend(parts.into_iter().map(|talk| Bar::of_part(talk, one)));
        groups.push((one.began(), group));
    }
    // Beside connections only those count that may have held one up.
    let matters = |talk: &Talk| drawn.is_empty() || talk.party != Party::Several;
    let is_free = |talk: &&Talk| talk.connection.is_none() && matters(talk);
    for talk in talks.iter().filter(is_free).take(FREE) {
        groups.push((talk.began, vec![Bar::of_talk(talk)]));
    }
    groups.sort_by_key(|(began, _)| *began);
    groups.into_iter().flat_map(|(_, group)| group).collect()
}

impl<'r> Bar<'r> {
    fn of(one: &'r Conversation) -> Self {
        let spending = one.spending.as_ref();
        let pieces = spending.map_or(Vec::new(), |it| it.strip.pieces().to_vec());
        Self {
            words: format!("{}  {}", one.id, one.ends),
            is_part: false,
            begin: one.began(),
            end: one.ended(),
            pieces,
            time: one.span,
            link: Some(one.id),
            told: &one.words,
        }
    }

    /// In the colours of its connection at that time.
    fn of_part(talk: &'r Talk, one: &Conversation) -> Self {
        let strip = one.spending.as_ref().map(|it| &it.strip);
        let pieces = strip.map_or(Vec::new(), |it| it.cut(talk.began, talk.ended).collect());
        Self { is_part: true, link: None, pieces, ..Self::of_talk(talk) }
    }

    fn of_talk(talk: &'r Talk) -> Self {
        let piece = Piece { begin: talk.began, end: talk.ended, party: talk.party };
        Self {
            words: format!("{}  {}", talk.protocol, talk.words),
            is_part: false,
            begin: talk.began,
            end: talk.ended,
            pieces: vec![piece],
            time: talk.time(),
            link: None,
            told: &talk.words,
        }
    }

    fn height(&self) -> f64 {
        if self.is_part { 17.0 } else { 22.0 }
    }

    fn draw(&self, y: f64, at: impl Fn(Timestamp) -> f64, page: &mut Markup<'_>) {
        let thick = if self.is_part { 6.0 } else { 10.0 };
        let middle = y + self.height() / 2.0;
        page.own("<g><title>").text(self.told).own("</title>");
        let link = self.link.map(|id| page.own("<a href=\"#c").number(id).own("\">"));
        let is_linked = link.is_some();
        page.own(if self.is_part { "<text class=\"s\"" } else { "<text" });
        page.at("x", if self.is_part { 22.0 } else { 0.0 }).at("y", middle + 4.0).own(">");
        let room = if self.is_part { ROOM } else { ROOM - 2 };
        page.text(&short(&self.words, room)).own(if is_linked { "</text></a>" } else { "</text>" });
        let (begin, end) = (at(self.begin), at(self.end));
        page.own("<rect class=\"track\"").at("x", begin).at("y", middle - thick / 2.0);
        page.at("width", (end - begin).max(NARROW)).at("height", thick).own("/>");
        let longest = self.pieces.iter().max_by_key(|piece| piece.end.since(piece.begin));
        if let Some(longest) = longest.filter(|_| end - begin < NARROW) {
            // Too narrow for several colours: that of most of it.
            page.own("<rect class=\"").own(longest.party.class()).own("\"").at("x", begin);
            page.at("y", middle - thick / 2.0).at("width", NARROW).at("height", thick).own("/>");
        }
        let mut drawn = begin;
        for piece in self.pieces.iter().filter(|_| end - begin >= NARROW) {
            // What is narrower than can be seen is seen all the same, unless something is there already.
            let (from, to) = (at(piece.begin).max(drawn), at(piece.end));
            if to - from < 0.05 {
                continue;
            }
            drawn = to.max(from + 0.5);
            page.own("<rect class=\"").own(piece.party.class()).own("\"");
            page.at("x", from).at("y", middle - thick / 2.0).at("width", drawn - from);
            page.at("height", thick).own("><title>");
            page.text(&words::duration(piece.end.since(piece.begin))).own(": ");
            page.own(piece.party.words()).own("</title></rect>");
        }
        page.own("<text class=\"s n\" text-anchor=\"end\"").at("x", WIDTH - 2.0);
        page.at("y", middle + 4.0).own(">").text(&words::duration(self.time));
        page.own("</text></g>\n");
    }
}

/// Words in so many cells.
fn short(words: &str, room: usize) -> String {
    if cells(words) <= room {
        return words.to_owned();
    }
    let mut short = String::new();
    for character in words.chars() {
        short.push(character);
        if cells(&short) + 1 >= room {
            break;
        }
    }
    short.push('\u{2026}');
    short
}

/// What the colours mean, with the sums of all connections.
pub(super) fn legend(spent: &[Duration; 5], wall: Duration, page: &mut Markup<'_>) {
    page.own("<ul class=\"legend\">");
    for (party, time) in Party::ALL.into_iter().zip(*spent) {
        if time.is_zero() {
            continue;
        }
        let share = time.as_secs_f64() / wall.as_secs_f64().max(f64::MIN_POSITIVE);
        swatch(party, page);
        page.own(party.words()).own(" <b>").text(&words::duration(time)).own("</b> ");
        page.text(&percent(share)).own("</li>\n");
    }
    page.own("</ul>\n");
}

fn swatch(party: Party, page: &mut Markup<'_>) {
    page.own("<li><svg viewBox=\"0 0 22 11\" aria-hidden=\"true\"><rect class=\"");
    page.own(party.class()).own("\" width=\"22\" height=\"11\" rx=\"3\"/></svg>");
}

/// A part of a whole.
pub(super) fn percent(share: f64) -> String {
    match share * 100.0 {
        small if small > 0.0 && small < 0.1 => "below 0.1 %".to_owned(),
        percent if percent < 9.95 => format!("{percent:.1} %"),
        percent => format!("{percent:.0} %"),
    }
}
