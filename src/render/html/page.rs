//! In which order does the page tell?

use std::io;
use std::time::Duration;

use super::escape::Markup;
use super::party::Party;
use super::talk::Talk;
use super::waterfall::percent;
use super::{Conversation, Html, Question, style, tables, waterfall};
use crate::ink::safe;
use crate::render::why::words;
use crate::tale::accounts::Whole;
use crate::tale::stall::Stall;
use crate::timeline::{About, Timestamp};

/// Troubles that are told; of more, only how many.
const STALLS: usize = 12;
/// Rows of a table that the question is not about: of exchanges, and of conversations.
const ROWS: usize = 20;
const LISTED: usize = 32;

/// Everything that is shown, once all is known.
struct Sheet<'h> {
    question: Question,
    conversations: &'h [Conversation],
    talks: &'h [Talk],
    /// How many of each there were.
    counts: [u64; 2],
    spent: [Duration; 5],
    wall: Duration,
    began: Timestamp,
    packets: u64,
    shown: &'h [u64],
}

impl Html {
    pub(super) fn write(&mut self, about: &About, whole: &Whole) -> io::Result<()> {
        let conversations = self.conversations.take();
        let talks = self.talks.take();
        let shown = self.closeup.as_mut().map_or(Vec::new(), |it| it.rungs().shown());
        let mut spent = [Duration::ZERO; 5];
        let alone = self.closeup.as_ref().and_then(|it| it.told());
        let wall = match alone {
            Some(account) => {
                spent = crate::tale::verdict::spent(&account.tiles);
                account.tiles.wall()
            }
            None if self.closeup.is_none() => {
                spent = whole.all.spent;
                whole.all.wall
            }
            None => Duration::ZERO,
        };
        let sheet = Sheet {
            question: self.question,
            conversations: &conversations,
            talks: &talks,
            counts: [self.conversations.count(), self.talks.count()],
            spent,
            wall,
            began: self.tally.times.map_or(Timestamp::default(), |(first, _)| first),
            packets: self.tally.packets,
            shown: &shown,
        };
        let verdict = match (&self.closeup, alone, &whole.verdict) {
            (_, Some(account), _) => account.verdict.as_ref().map(|it| words::verdict(it, None)),
            (None, None, Some((id, verdict))) => Some(words::verdict(verdict, *id)),
            (Some(_), None, _) => {
                conversations.first().map(|one| format!("Conversation {}: {}", one.id, one.words))
            }
            _ => None,
        };
        let verdict = verdict.unwrap_or_else(|| words::NOTHING.to_owned());
        let lines = self.audit.sight.lines(about, &self.tally);
        let mut page = Markup::new(&mut self.out);
        sheet.head(about, &verdict, &lines, &mut page);
        sheet.spent(whole.all.connections, &mut page);
        let stalls = stalls(&sheet, alone.map(|one| &one.stalls[..]), whole);
        sheet.stalls(&stalls, &mut page)?;
        sheet.waterfall(&mut page)?;
        match self.question {
            Question::Flows => sheet.all_conversations(&mut page)?,
            Question::Exchanges => sheet.exchanges(usize::MAX, &mut page)?,
            _ => {}
        }
        if let Some(closeup) = &mut self.closeup {
            closeup.draw(&mut page)?;
        }
        sheet.buckets(&self.sums, &mut page);
        if let Some(account) = self.closeup.as_ref().and_then(|it| it.told()) {
            page.own("<section id=\"waits\"><h2>The longest waits</h2>");
            page.own("<p class=\"note\">Each begins with a packet and ends with one.</p>\n");
            tables::waits(&account.tiles, &shown, &mut page);
            page.own("</section>\n");
        }
        match self.question {
            Question::Tell => {
                self.protocols.sort_by_key(|one| (std::cmp::Reverse(one.3), one.0));
                let rows: Vec<_> = self.protocols.iter().map(|one| (one.1, one.2, one.3)).collect();
                page.own("<section id=\"protocols\"><h2>Protocols</h2>\n");
                tables::protocols(&rows, self.tally.octets, &mut page);
                page.own("</section>\n");
                sheet.all_conversations(&mut page)?;
                sheet.exchanges(ROWS, &mut page)?;
            }
            Question::Why => {
                sheet.all_conversations(&mut page)?;
                sheet.exchanges(ROWS, &mut page)?;
            }
            Question::WhyOf(_) | Question::Flow(_) => sheet.exchanges(usize::MAX, &mut page)?,
            Question::Flows => sheet.exchanges(ROWS, &mut page)?,
            Question::Exchanges => sheet.all_conversations(&mut page)?,
        }
        if let Some(closeup) = &mut self.closeup
            && !closeup.rungs().is_empty()
        {
            page.own("<section id=\"ladder\" class=\"long\"><h2>Packet by packet</h2>");
            page.own("<p class=\"note\">The client\u{2019}s on the left, the server\u{2019}s on the right; between them, who was waited for. Sequence numbers count from the beginning.</p>\n");
            let tiles = closeup.told().map(|one| one.tiles.clone());
            closeup.rungs().write(tiles.as_ref(), &mut page)?;
            page.own("</section>\n");
        }
        page.own("</main>\n<footer>Told by wiretale ").own(env!("CARGO_PKG_VERSION"));
        page.own(". The page is complete: it asks nobody for anything.</footer>\n</body></html>\n");
        Ok(())
    }
}

/// What stood in the way, what cost most first.
fn stalls<'h>(
    sheet: &Sheet<'h>,
    alone: Option<&'h [Stall]>,
    whole: &'h Whole,
) -> Vec<(Option<u32>, &'h Stall)> {
    let mut all: Vec<(Option<u32>, &Stall)> = Vec::new();
    match alone {
        Some(stalls) => all.extend(stalls.iter().map(|stall| (None, stall))),
        None if matches!(sheet.question, Question::Flow(_) | Question::WhyOf(_)) => {}
        None => {
            for one in sheet.conversations {
                let stalls = one.spending.iter().flat_map(|it| &it.stalls);
                all.extend(stalls.map(|stall| (Some(one.id), stall)));
            }
            all.extend(whole.stalls.iter().map(|stall| (None, stall)));
        }
    }
    all.sort_by_key(|(_, stall)| (std::cmp::Reverse(stall.time), stall.from.packet));
    all
}

impl Sheet<'_> {
    fn head(&self, about: &About, verdict: &str, lines: &[String], page: &mut Markup<'_>) {
        let names: Vec<_> = about.names.iter().map(|name| safe(name.as_bytes())).collect();
        page.own("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n");
        page.own("<meta http-equiv=\"Content-Security-Policy\" content=\"");
        page.text(&style::policy()).own("\">\n");
        page.own("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
        page.own("<meta name=\"color-scheme\" content=\"light dark\">\n");
        page.own("<meta name=\"referrer\" content=\"no-referrer\">\n<title>");
        page.text(&names.join(", ")).own(" · wiretale</title>\n<style>").own(style::SHEET);
        page.own("</style></head>\n<body>\n<header><p class=\"kind\">wiretale · ");
        page.own(match self.question {
            Question::Tell => "what is in the capture",
            Question::Why | Question::WhyOf(_) => "where the time went",
            Question::Flows => "conversations",
            Question::Flow(_) => "one conversation",
            Question::Exchanges => "questions and answers",
        });
        if let (Question::WhyOf(_) | Question::Flow(_), Some(one)) =
            (self.question, self.conversations.first())
        {
            page.own(" · ").number(one.id).own(": ").apart(&one.ends);
        }
        page.own("</p>\n<h1>").sentence(verdict, self.shown).own("</h1>\n");
        for (at, line) in lines.iter().enumerate() {
            match at {
                0 => page.own("<p class=\"of\">").text(line).own("</p>\n"),
                1 => page.own("<ul class=\"doubts\"><li>").text(line).own("</li>\n"),
                _ => page.own("<li>").text(line).own("</li>\n"),
            };
        }
        page.own(if lines.len() > 1 { "</ul>\n" } else { "" }).own("</header>\n<main>\n");
    }

    /// One bar for all of the time.
    fn spent(&self, connections: u64, page: &mut Markup<'_>) {
        if self.wall.is_zero() {
            return;
        }
        page.own("<figure class=\"spent\"><figcaption>Who spent the time<span>");
        page.text(&words::duration(self.wall));
        if connections > 1 && matches!(self.question, Question::WhyOf(_) | Question::Flow(_)) {
            page.own(", one of ").number(connections).own(" connections");
        } else if connections > 1 {
            page.own(" on ").number(connections).own(" connections, one after the other");
        }
        page.own("</span></figcaption>\n<svg role=\"img\" viewBox=\"0 0 1040 22\"><title>");
        let share = |time: Duration| time.as_secs_f64() / self.wall.as_secs_f64();
        for (party, time) in Party::ALL.into_iter().zip(self.spent) {
            if !time.is_zero() {
                page.own(party.words()).own(" ").text(&percent(share(time))).own("; ");
            }
        }
        page.own("</title>");
        let mut x = 0.0;
        for (party, time) in Party::ALL.into_iter().zip(self.spent) {
            let width = share(time) * 1040.0;
            if width > 0.0 {
                page.own("<rect class=\"").own(party.class()).own("\"").at("x", x);
                page.at("width", (width - 1.5).max(0.8)).own(" height=\"22\" rx=\"2\"/>");
            }
            x += width;
        }
        page.own("</svg>\n");
        waterfall::legend(&self.spent, self.wall, page);
        page.own("</figure>\n");
    }

    fn stalls(&self, stalls: &[(Option<u32>, &Stall)], page: &mut Markup<'_>) -> io::Result<()> {
        if stalls.is_empty() {
            return Ok(());
        }
        page.own("<section id=\"stalls\"><h2>What stood in the way</h2>\n<ol class=\"stalls\">\n");
        for (id, stall) in stalls.iter().take(STALLS) {
            let is_listed = id.is_some_and(|id| self.listed().iter().any(|one| one.id == id));
            tables::stall(stall, *id, is_listed, self.shown, page);
        }
        page.own("</ol>\n");
        let rest = stalls.get(STALLS..).unwrap_or_default();
        if !rest.is_empty() {
            let time: Duration = rest.iter().map(|(_, stall)| stall.time).sum();
            page.own("<p class=\"note\">and ").count(rest.len()).own(" more, ");
            page.text(&words::duration(time)).own(" in all</p>\n");
        }
        page.own("</section>\n");
        page.when_full()
    }

    fn waterfall(&self, page: &mut Markup<'_>) -> io::Result<()> {
        if self.conversations.iter().all(|one| one.spending.is_none()) && self.talks.is_empty() {
            return Ok(());
        }
        page.own("<section id=\"waterfall\"><h2>Along the time</h2><p class=\"note\">Connections, and below each what was asked on it, in the colours of who spent the time.</p>\n");
        waterfall::draw(self.conversations, self.listed(), self.talks, page)?;
        page.own("</section>\n");
        Ok(())
    }

    fn buckets(&self, sums: &tables::Sums, page: &mut Markup<'_>) {
        if self.wall.is_zero() {
            return;
        }
        page.own("<section id=\"buckets\"><h2>On what it was spent</h2>");
        page.own("<p class=\"note\">Every nanosecond is in exactly one row.</p>\n");
        tables::buckets(sums, self.wall, page);
        page.own("</section>\n");
    }

    /// The conversations in the table.
    fn listed(&self) -> &[Conversation] {
        let most = match self.question {
            Question::WhyOf(_) | Question::Flow(_) => 0,
            Question::Flows => self.conversations.len(),
            _ => LISTED.min(self.conversations.len()),
        };
        &self.conversations[..most]
    }

    fn all_conversations(&self, page: &mut Markup<'_>) -> io::Result<()> {
        if self.conversations.is_empty() {
            return Ok(());
        }
        page.own(
            "<section id=\"conversations\" class=\"long\"><h2>Conversations</h2><p class=\"note\">",
        );
        page.own(if self.question == Question::Flows {
            "The largest first.</p>\n"
        } else {
            "First those on which somebody is to blame for most, then the longest.</p>\n"
        });
        tables::conversations(self.listed(), self.counts[0], self.packets, page)?;
        page.own("</section>\n");
        Ok(())
    }

    fn exchanges(&self, most: usize, page: &mut Markup<'_>) -> io::Result<()> {
        if self.talks.is_empty() {
            return Ok(());
        }
        let mut rows: Vec<_> = self.talks.iter().take(most).collect();
        rows.sort_by_key(|talk| (talk.began, talk.id));
        page.own("<section id=\"exchanges\" class=\"long\"><h2>Questions and answers</h2>");
        page.own("<p class=\"note\">In the order asked");
        page.own(if self.counts[1] > rows.len() as u64 {
            ", those that took longest.</p>\n"
        } else {
            ".</p>\n"
        });
        tables::exchanges(&rows, self.counts[1], self.began, self.shown, page)?;
        page.own("</section>\n");
        Ok(())
    }
}
