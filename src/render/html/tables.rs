//! What stands in the tables of a page?

use std::io;
use std::time::Duration;

use super::Conversation;
use super::escape::Markup;
use super::party::{self, Party};
use super::talk::Talk;
use super::waterfall::percent;
use crate::ink::written;
use crate::render::quantity;
use crate::render::why::words;
use crate::tale::bucket::Bucket;
use crate::tale::budget::Tiles;
use crate::tale::stall::Stall;
use crate::tale::verdict::spender;
use crate::timeline::Timestamp;

/// Of each bucket, in their order, what everybody spent.
pub(super) type Sums = [[Duration; 5]; Bucket::ALL.len()];

/// On what time was spent, the largest first.
pub(super) fn buckets(sums: &Sums, wall: Duration, page: &mut Markup<'_>) {
    let rows = Bucket::ALL.into_iter().zip(sums);
    let rows = rows.map(|(bucket, shares)| (bucket, shares.iter().sum::<Duration>(), shares));
    let mut rows: Vec<_> = rows.filter(|(_, time, _)| !time.is_zero()).collect();
    rows.sort_by_key(|(bucket, time, _)| (std::cmp::Reverse(*time), bucket.index()));
    page.own(
        "<table><thead><tr><th scope=\"col\">on what</th><th scope=\"col\" class=\"n\">time</th><th scope=\"col\" class=\"n\">share</th>",
    );
    page.own("<td></td></tr></thead><tbody>\n");
    let part = |time: Duration| time.as_secs_f64() / wall.as_secs_f64().max(f64::MIN_POSITIVE);
    for (bucket, time, shares) in rows {
        page.own("<tr><td>").own(words::bucket(bucket)).own("</td><td class=\"n\">");
        page.text(&words::duration(time)).own("</td><td class=\"n\">").text(&percent(part(time)));
        page.own("</td><td class=\"bar\"><svg viewBox=\"0 0 100 8\" preserveAspectRatio=\"none\"");
        page.own(" aria-hidden=\"true\">");
        let mut x = 0.0;
        for (party, time) in Party::ALL.into_iter().zip(*shares) {
            if !time.is_zero() {
                page.own("<rect class=\"").own(party.class()).own("\"").at("x", x);
                page.at("width", (part(time) * 100.0).max(0.4)).own(" height=\"8\"/>");
                x += part(time) * 100.0;
            }
        }
        page.own("</svg></td></tr>\n");
    }
    page.own("<tr class=\"sum\"><td>in all</td><td class=\"n\">").text(&words::duration(wall));
    page.own("</td><td></td><td></td></tr></tbody></table>\n");
}

/// A trouble with a name, and on which connection it was.
pub(super) fn stall(
    stall: &Stall,
    on: Option<u32>,
    is_listed: bool,
    shown: &[u64],
    page: &mut Markup<'_>,
) {
    page.own("<li><div class=\"t\">");
    if !stall.time.is_zero() {
        page.text(&words::duration(stall.time));
    }
    page.own("</div><div><p class=\"w\">").own(words::sure(stall.confidence));
    page.text(&words::title(stall));
    if stall.count > 1 {
        page.own(", ").number(stall.count).own(" times");
    }
    if let Some(id) = on.filter(|_| !is_listed) {
        page.own(" on connection ").number(id);
    } else if let Some(id) = on {
        page.own(" <a href=\"#c").number(id).own("\">on connection ").number(id).own("</a>");
    }
    page.own("</p><p class=\"e\">").own(if stall.count > 1 { "the longest: " } else { "" });
    page.sentence(&words::evidence(stall), shown);
    page.own("</p><p class=\"r\">").text(&words::remedy(stall)).own("</p></div></li>\n");
}

/// The longest waits of a connection.
pub(super) fn waits(tiles: &Tiles, shown: &[u64], page: &mut Markup<'_>) {
    let mut waits: Vec<_> = tiles.waits().iter().collect();
    waits.sort_by_key(|wait| (std::cmp::Reverse(wait.time()), wait.begin));
    page.own("<table><thead><tr><th scope=\"col\" class=\"n\">time</th><th scope=\"col\">who</th><th scope=\"col\">on what</th>");
    page.own("<th scope=\"col\" class=\"n\">from</th><th scope=\"col\" class=\"n\">to</th></tr></thead><tbody>\n");
    for wait in waits.iter().take(WAITS) {
        page.own("<tr><td class=\"n\">").text(&words::duration(wait.time()));
        page.own("</td><td class=\"k\">");
        page.own(Party::of(spender(wait.bucket, wait.side)).words());
        page.own("</td><td>").own(words::bucket(wait.bucket)).own("</td><td class=\"n\">");
        page.packet(wait.from.packet, shown).own("</td><td class=\"n\">");
        page.packet(wait.to.packet, shown).own("</td></tr>\n");
    }
    let more = waits.len().saturating_sub(WAITS) as u64 + tiles.omitted();
    if more > 0 {
        let rest: Duration = waits.iter().take(WAITS).map(|wait| wait.time()).sum();
        let rest = tiles.wall().saturating_sub(rest);
        page.own("<tr class=\"sum\"><td class=\"n\">").text(&words::duration(rest));
        page.own("</td><td></td><td>").text(&count(more)).own(" shorter ones</td>");
        page.own("<td></td><td></td></tr>\n");
    }
    page.own("</tbody></table>\n");
}

/// Conversations, in the order given; `all` counts those that are not here, too.
pub(super) fn conversations(
    rows: &[Conversation],
    all: u64,
    packets: u64,
    page: &mut Markup<'_>,
) -> io::Result<()> {
    page.own(
        "<div class=\"wide\"><table><thead><tr><th scope=\"col\" class=\"n\">id</th><th scope=\"col\">client → server</th>",
    );
    page.own("<th scope=\"col\">protocol</th><th scope=\"col\" class=\"n\">packets</th><th scope=\"col\" class=\"n\">octets</th>");
    page.own("<th scope=\"col\" class=\"n\">time</th><th scope=\"col\">most spent by</th><th scope=\"col\">how it went</th></tr></thead>");
    page.own("<tbody>\n");
    for one in rows {
        page.own("<tr id=\"c").number(one.id).own("\"><td class=\"n\">").number(one.id);
        page.own("</td><td>").apart(&one.ends).own("</td><td class=\"k\">").text(one.protocol);
        page.own("</td><td class=\"n\">").text(&count(one.packets)).own("</td><td class=\"n\">");
        page.text(&written(|ink| quantity::octets(one.octets, ink)));
        page.own("</td><td class=\"n\">").text(&words::duration(one.span)).own("</td><td>");
        if let Some((party, time)) = one.spending.as_ref().and_then(|it| party::most(&it.spent)) {
            page.own(party.words()).own(", ").text(&words::duration(time));
        }
        page.own("</td><td>").apart(&one.words).own("</td></tr>\n");
        page.when_full()?;
    }
    let more = all.saturating_sub(rows.len() as u64);
    if more > 0 {
        let here: u64 = rows.iter().map(|one| one.packets).sum();
        page.own("<tr class=\"sum\"><td></td><td>").text(&count(more)).own(" more</td><td></td>");
        page.own("<td class=\"n\">").text(&count(packets.saturating_sub(here)));
        page.own("</td><td></td><td></td><td></td><td></td></tr>\n");
    }
    page.own("</tbody></table></div>\n");
    Ok(())
}

/// Exchanges in the order asked.
pub(super) fn exchanges(
    rows: &[&Talk],
    all: u64,
    began: Timestamp,
    shown: &[u64],
    page: &mut Markup<'_>,
) -> io::Result<()> {
    page.own(
        "<div class=\"wide\"><table><thead><tr><th scope=\"col\" class=\"n\">id</th><th scope=\"col\" class=\"n\">at</th>",
    );
    page.own("<th scope=\"col\">who asks whom</th><th scope=\"col\">protocol</th><th scope=\"col\">what</th><th scope=\"col\" class=\"n\">answered after");
    page.own("</th><th scope=\"col\" class=\"n\">asked in</th><th scope=\"col\" class=\"n\">answered in</th></tr></thead>");
    page.own("<tbody>\n");
    for talk in rows {
        page.own("<tr id=\"x").number(talk.id).own("\"><td class=\"n\">").number(talk.id);
        page.own("</td><td class=\"n\">").text(&words::duration(talk.began.since(began)));
        page.own("</td><td>").apart(&talk.ends).own("</td><td class=\"k\">").own(talk.protocol);
        page.own("</td><td>").apart(&talk.words);
        if let Some(lack) = &talk.lack {
            page.own("; ").text(lack);
        }
        page.own("</td><td class=\"n\">");
        if let Some(latency) = talk.latency {
            page.text(&words::duration(latency));
        }
        for packet in [talk.question, talk.answer] {
            page.own("</td><td class=\"n\">");
            if let Some(packet) = packet {
                page.packet(packet, shown);
            }
        }
        page.own("</td></tr>\n");
        page.when_full()?;
    }
    let more = all.saturating_sub(rows.len() as u64);
    if more > 0 {
        page.own("<tr class=\"sum\"><td></td><td></td><td>").text(&count(more));
        page.own(" more, which took less</td><td></td><td></td><td></td><td></td><td></td></tr>\n");
    }
    page.own("</tbody></table></div>\n");
    Ok(())
}

/// Protocols by octets.
pub(super) fn protocols(rows: &[(&'static str, u64, u64)], octets: u64, page: &mut Markup<'_>) {
    page.own("<table><thead><tr><th scope=\"col\">protocol</th><th scope=\"col\" class=\"n\">packets</th>");
    page.own("<th scope=\"col\" class=\"n\">octets</th><th scope=\"col\" class=\"n\">share</th></tr></thead><tbody>\n");
    for (name, packets, of) in rows {
        let share = Duration::from_nanos(*of).div_duration_f64(Duration::from_nanos(octets.max(1)));
        page.own("<tr><td>").text(name).own("</td><td class=\"n\">").text(&count(*packets));
        page.own("</td><td class=\"n\">").text(&written(|ink| quantity::octets(*of, ink)));
        page.own("</td><td class=\"n\">").text(&percent(share)).own("</td></tr>\n");
    }
    page.own("</tbody></table>\n");
}

pub(super) fn count(number: u64) -> String {
    written(|ink| quantity::count(number, ink))
}

/// Waits in the table.
const WAITS: usize = 20;
